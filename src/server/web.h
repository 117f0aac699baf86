// The web: libwebsockets, which listens nowhere. Connections are given to it.
//
// Implements  HTTP/1.1 and WebSocket through libwebsockets
// Not here    accepting (server/front.h), what is answered (server/http.h, server/websocket.h)
// Ownership   its context is the server's; a connection is libwebsockets' once adopted
// Limits      WEB_HEADERS_MAX bytes of a request's headers, which are whole, TLS included, within
//             WEB_HANDSHAKE_S; WEB_KEEP_ALIVE_S between requests

#ifndef SERVER_WEB_H
#define SERVER_WEB_H

#include "server/state.h"

#define WEB_HEADERS_MAX 8192
#define WEB_HANDSHAKE_S 8
#define WEB_KEEP_ALIVE_S 5

YODEL_MUST_USE enum yodel_err server_web_start(struct server *server, char why[SERVER_ERROR_MAX]);

// Takes the socket over, and closes it where it cannot. `is_tls`: its handshake is still to come.
// `client` is who is behind it, NULL: who is at its other end.
void server_web_adopt(struct server *server, int fd, bool is_tls, const struct yodel_addr *client);

// That `client`, or NULL.
const struct yodel_addr *server_web_client(struct lws *wsi);

// Libwebsockets has done with the connection.
void server_web_forget(struct lws *wsi);

#endif
