// Listener: a TCP socket in the loop, beside the UDP one of the same address, for all peers.
//
// Implements  RFC 6544 §5.1 (the candidates that are called passive)
// Ownership   a listener frees itself once libuv has let go of it
// Limits      LISTENER_ACCEPTS_MAX connections at once; where the process has no descriptor left it
//             pauses for LISTENER_PAUSE

#ifndef RUNTIME_LISTENER_H
#define RUNTIME_LISTENER_H

#include "runtime/worker.h"

#define LISTENER_ACCEPTS_MAX 16
#define LISTENER_PAUSE YODEL_SECONDS(1)

// One at this IP, on the worker's port, unless there is one; tells the peers. Fails with NETWORK (the worker's error says why),
// NO_MEMORY.
YODEL_MUST_USE enum yodel_err listener_open(struct worker *worker, const struct yodel_addr *ip);

// Those whose address is not among `chosen`, and tells the peers.
void listener_close_lost(struct worker *worker, const struct interface_list *chosen);

// Tells a peer of all there are.
void listener_announce(struct attachment *attachment);

void listener_tick(struct worker *worker, yodel_time now);
void listener_stop(struct worker *worker);

#endif
