// Routes: whose a datagram is, where many peers share a socket.
//
// A binding request is the peer's whose user name it bears. Anything else is the peer's that last
// spoke along its path: a peer speaks only where a check of its own goes, or where an authentic
// request came from, so that a stranger's bytes make no route. A path that carries a peer's
// connection is not given to another, whatever that one's candidates say.
//
// Implements  RFC 8445 §7.3 (by the local fragment of USERNAME), and by address
// Ownership   an owner lives in its peer's attachment, and is forgotten before that goes
// Limits      ROUTES_PER_PEER; the oldest makes room

#ifndef RUNTIME_ROUTE_H
#define RUNTIME_ROUTE_H

#include "base/bytes.h"
#include "base/env.h"
#include "base/list.h"
#include "base/map.h"
#include "yodel/peer.h"

#define ROUTES_PER_PEER 128
#define ROUTE_NAME_MAX 32
#define ROUTE_KEY_SIZE 43

struct routes {
    const struct env *env;
    struct map by_path;
    struct map by_name;
};

struct route_name {
    struct map_entry entry;
    struct route_owner *owner;
    char text[ROUTE_NAME_MAX + 1];
};

struct route_owner {
    const yodel_peer *peer;
    struct list routes; // The oldest first.
    uint32_t route_count;
    struct yodel_path last;     // What was learnt last need not be looked up again.
    struct route_name names[2]; // Of this ICE generation, and of the one before.
};

void routes_init(struct routes *routes, const struct env *env);
void routes_deinit(struct routes *routes);

void route_start(struct route_owner *owner, const yodel_peer *peer);
void route_forget(struct routes *routes, struct route_owner *owner);

// NULL: nobody's.
struct route_owner *route_find(
    const struct routes *routes, const struct yodel_path *path, struct bytes datagram);

// Whose the binding request is by its user name alone; NULL: nobody's, or no binding request.
struct route_owner *route_find_named(const struct routes *routes, struct bytes datagram);

// The peer speaks along `path`. Without memory nothing is learnt, and the peer's checks will retry.
void route_learn(struct routes *routes, struct route_owner *owner, const struct yodel_path *path);

// The peer may have new user names.
void route_rename(struct routes *routes, struct route_owner *owner);

#endif
