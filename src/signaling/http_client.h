// An HTTP client: one request at a time, each on a connection of its own, in a libuv loop.
//
// Implements  RFC 9112 §9 (connections), RFC 9110 §4.3 (https: the certificate must be the host's)
// Not here    redirections, and what answers mean
// Ownership   the caller frees; an answer is valid for the call; both callbacks come from the loop
// Limits      SIGNALING_HTTP_REQUEST_MAX bytes a request, those of signaling/http_response.h its answer.
//             How long an answer may take is the caller's to say, by asking for something else

#ifndef SIGNALING_HTTP_CLIENT_H
#define SIGNALING_HTTP_CLIENT_H

#include "base/env.h"
#include "signaling/http_request.h"
#include "signaling/http_response.h"

#define SIGNALING_HTTP_REQUEST_MAX (96u * 1024)

struct uv_loop_s;
struct signaling_http_client;

struct signaling_http_client_options {
    struct uv_loop_s *loop;
    const struct env *env;
    bool is_insecure; // Takes any certificate.
    void (*on_answer)(void *ctx, const struct signaling_http_response *response);
    void (*on_trouble)(void *ctx, const char *why); // There is none; a clause.
    void *ctx;
};

YODEL_MUST_USE enum yodel_err signaling_http_client_new(
    const struct signaling_http_client_options *options, struct signaling_http_client **client);
void signaling_http_client_free(struct signaling_http_client *client);

// Copies the request, and drops the one before it. Fails with TOO_LARGE, NO_MEMORY, NETWORK.
YODEL_MUST_USE enum yodel_err signaling_http_client_ask(
    struct signaling_http_client *client, const struct signaling_http_request *request);

// Drops the request; nobody is told.
void signaling_http_client_stop(struct signaling_http_client *client);

#endif
