// A TURN server in a simulated network: the real core, with datagrams for sockets.
//
// Ownership   the caller owns the element, which must not move
// Limits      TURN_ELEMENT_RELAYS_MAX relays

#ifndef TESTS_TURN_ELEMENT_H
#define TESTS_TURN_ELEMENT_H

#include "turn/server.h"

#define TURN_ELEMENT_RELAYS_MAX 64

struct turn_element {
    uint64_t seed;
    struct env env;
    struct turn_credentials credentials;
    struct turn_server *server;
    struct yodel_addr addr; // Where clients reach it, and where its relays are.
    bool is_down;           // Takes nothing and says nothing.
    size_t relay_count;
    struct turn_relay *relays[TURN_ELEMENT_RELAYS_MAX];
    // A datagram leaves, from path->local to path->remote.
    void (*send)(void *ctx, const struct yodel_path *path, struct bytes datagram);
    void *ctx;
};

// User "user", password "pass"; peers in special ranges are allowed as far as `allow` says (a list
// that ends with NULL).
void turn_element_open(struct turn_element *element, const char *addr, const char *const *allow);
void turn_element_close(struct turn_element *element);

// Forgets everything, as after a crash.
void turn_element_restart(struct turn_element *element, const char *const *allow);

// Whether a datagram to `addr` is for this element; then, what becomes of it.
bool turn_element_owns(const struct turn_element *element, const struct yodel_addr *addr);
void turn_element_recv(struct turn_element *element, const struct yodel_path *path,
    struct bytes datagram, yodel_time now);
void turn_element_tick(struct turn_element *element, yodel_time now);
yodel_time turn_element_next_timeout(const struct turn_element *element);

#endif
