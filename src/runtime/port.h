// Port: a UDP socket in the loop.
//
// Ownership   a port frees itself once libuv has let go of it

#ifndef RUNTIME_PORT_H
#define RUNTIME_PORT_H

#include "runtime/worker.h"

// `owner` NULL: for all peers. Fails with NETWORK (the worker's error says why), NO_MEMORY.
YODEL_MUST_USE enum yodel_err port_open(struct port **port, struct worker *worker,
    struct attachment *owner, const struct yodel_addr *local);
void port_close(struct port *port);

// Asks the loop to tell when the socket has room again, or no more.
void port_wait_for_room(struct port *port, bool wait);

// The port of `list` that is bound to `local`, or NULL.
struct port *port_find(const struct list *list, const struct yodel_addr *local);

#endif
