// /signal: WebSocket messages to and from the signaling core.
//
// Implements  RFC 6455 through libwebsockets; docs/SIGNALING.md
// Limits      those of signaling/pieces.h for a message

#ifndef SERVER_WEBSOCKET_H
#define SERVER_WEBSOCKET_H

#include <libwebsockets.h>
#include <stdbool.h>

#include "signaling/pieces.h"

#define SERVER_RX_BUFFER 1024 // What most messages fit in; longer ones are gathered.

struct signaling_client;

struct server_websocket {
    struct lws *wsi;
    struct signaling_client *client;
    struct signaling_pieces pieces;
    bool wants_goodbye; // The server stops.
    bool said_goodbye;
};

int server_websocket_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in, size_t len);

// Something waits for it to be written, or it is to be closed.
void server_websocket_wake(struct server_websocket *ws);

#endif
