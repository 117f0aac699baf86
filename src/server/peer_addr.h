// Who is at the other end of a connection, proxies taken into account where they are trusted.

#ifndef SERVER_PEER_ADDR_H
#define SERVER_PEER_ADDR_H

#include <libwebsockets.h>

#include "base/addr.h"

// While the request's headers are there; family NONE where it cannot be told.
struct yodel_addr server_peer_addr(struct lws *wsi);

#endif
