// HTTP: the head of a server's answer, as far as the doctor reads it.
//
// Implements  RFC 9112 §4 (status line), §5 (fields); RFC 9110 §6.6.1 (Date, in the preferred form)
// Not here    the connection; bodies
// Ownership   borrows for the call
// Limits      DOCTOR_HTTP_HEAD_MAX bytes of a head; more is no answer

#ifndef DOCTOR_HTTP_H
#define DOCTOR_HTTP_H

#include "base/bytes.h"
#include "base/err.h"

#define DOCTOR_HTTP_HEAD_MAX 8192

struct doctor_http {
    uint32_t status;
    bool has_date;
    int64_t date; // Seconds since 1970.
};

// WOULD_BLOCK: the head is not whole yet. MALFORMED: this is not HTTP, or too much of it.
YODEL_MUST_USE enum yodel_err doctor_http_parse(struct doctor_http *http, struct bytes stream);

// "Sun, 06 Nov 1994 08:49:37 GMT".
YODEL_MUST_USE enum yodel_err doctor_http_parse_date(int64_t *seconds, struct bytes text);

#endif
