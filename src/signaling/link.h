// The link to a signaling server: one WebSocket, text both ways, on the caller's loop.
//
// Implements  docs/SIGNALING.md (the connection), RFC 6455 through libwebsockets
// Not here    what the messages say (signaling/meet.h)
// Ownership   the caller frees; callbacks come from the loop
// Limits      LINK_MESSAGE_MAX bytes a message, LINK_QUEUE_MAX messages waiting

#ifndef SIGNALING_LINK_H
#define SIGNALING_LINK_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

#define SIGNALING_LINK_MESSAGE_MAX 65536
#define SIGNALING_LINK_QUEUE_MAX 128

struct uv_loop_s;
struct signaling_link;

struct signaling_link_options {
    struct uv_loop_s *loop;
    const char *url;  // "http://host:port", https, ws or wss; a path is left out.
    bool is_insecure; // Take any certificate (--self-signed servers).
    void (*on_open)(void *ctx);
    void (*on_message)(void *ctx, struct bytes text);
    // The link is over; `why` is a sentence. Not called for signaling_link_free.
    void (*on_close)(void *ctx, const char *why);
    void *ctx;
};

// Begins to connect. SYNTAX: the URL; NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_link_new(
    const struct signaling_link_options *options, struct signaling_link **link);

// Connects anew, once it is over. INVALID_STATE: the old connection is not gone yet.
YODEL_MUST_USE enum yodel_err signaling_link_again(struct signaling_link *link);

// Ends the connection; on_close is not called.
void signaling_link_close(struct signaling_link *link);

// Closes in order and frees, in the loop's next turns; no callback comes any more.
void signaling_link_free(struct signaling_link *link);

// Copies the text. TOO_LARGE, WOULD_BLOCK (too many wait), INVALID_STATE (it is closed), NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_link_send(struct signaling_link *link, struct bytes text);

// A server's URL in parts. SYNTAX where it is not one.
struct signaling_url {
    bool is_secure;
    char host[254]; // Without brackets.
    uint16_t port;
};
YODEL_MUST_USE enum yodel_err signaling_link_parse_url(
    struct signaling_url *url, struct bytes text);

#endif
