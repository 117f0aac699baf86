// HTTP: one request, as text.
//
// Implements  RFC 9112 §3, RFC 6750 §2.1 (the token)
// Ownership   borrows
// Limits      the room that is given

#ifndef SIGNALING_HTTP_REQUEST_H
#define SIGNALING_HTTP_REQUEST_H

#include "base/bytes.h"
#include "signaling/http_url.h"

struct signaling_http_request {
    const char *method;
    const struct signaling_http_url *url;
    const char *token;        // NULL: none.
    const char *content_type; // NULL: there is no body.
    const char *if_match;     // Or NULL.
    struct bytes body;
};

// The head; the body is to follow it. Every text in it must be visible ASCII.
void signaling_http_request_put(struct writer *w, const struct signaling_http_request *request);

#endif
