// HTTP: the page, /healthz, /metrics, and who may open /signal.
//
// Implements  RFC 9110 §9.3 (GET, HEAD), §13.1 (If-None-Match)
// Not here    what is sent on /signal (server/websocket.h)
// Limits      GET and HEAD only; no request has a body
// Departs     nothing is compressed: the page is small, and compression beside secrets leaks them

#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>

struct server_http {
    const unsigned char *body;
    size_t left;
    unsigned char *owned; // To free, where the body was made for this answer.
    bool closes;          // When it is sent.
};

// On every answer of this server.
extern const struct lws_protocol_vhost_options *const server_http_headers;

int server_http_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in, size_t len);

#endif
