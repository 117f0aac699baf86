// HTTP URLs: whom to ask, and for what; and where a reference in an answer leads.
//
// Implements  RFC 9110 §4.2 (http and https URIs), RFC 3986 §5.2 (references), §5.2.4 (dot segments)
// Not here    user names in URLs, and fragments: the first are refused, the second left out
// Ownership   copies
// Limits      SIGNALING_HTTP_PATH_MAX bytes of path and query

#ifndef SIGNALING_HTTP_URL_H
#define SIGNALING_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define SIGNALING_HTTP_PATH_MAX 2048
#define SIGNALING_HTTP_HOST_MAX 254 // RFC 1035's 253, and the NUL.

struct signaling_http_url {
    bool is_secure;
    char host[SIGNALING_HTTP_HOST_MAX]; // Without brackets.
    uint16_t port;
    char path
        [SIGNALING_HTTP_PATH_MAX]; // With the query; it begins with a slash, and is visible ASCII.
};

// "http://host:port/path?query", or https. SYNTAX for anything else, and for what no header can hold.
YODEL_MUST_USE enum yodel_err signaling_http_url_parse(
    struct signaling_http_url *url, struct bytes text);

// What `reference` means in an answer from `base`: another URL, or a path, or a part of one.
YODEL_MUST_USE enum yodel_err signaling_http_url_resolve(
    struct signaling_http_url *url, const struct signaling_http_url *base, struct bytes reference);

bool signaling_http_url_has_host_of(
    const struct signaling_http_url *url, const struct signaling_http_url *other);
// Scheme, host and port (RFC 6454 §4).
bool signaling_http_url_has_origin_of(
    const struct signaling_http_url *url, const struct signaling_http_url *other);

// "host", "host:8080" or "[::1]:8080": what a Host header says.
#define SIGNALING_HTTP_AUTHORITY_MAX (SIGNALING_HTTP_HOST_MAX + 8)
void signaling_http_url_authority(
    const struct signaling_http_url *url, char text[SIGNALING_HTTP_AUTHORITY_MAX]);

#endif
