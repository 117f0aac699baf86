// Look-ups: the names that a peer wants to know the address of.
//
// Ownership   a look-up belongs to its attachment, until it has its answer

#ifndef RUNTIME_LOOKUP_H
#define RUNTIME_LOOKUP_H

#include "runtime/worker.h"

#define LOOKUPS_PER_PEER 64

// Answers YODEL_EVENT_RESOLVE, now or later.
void lookup_start(struct attachment *attachment, const char *name);

// The worker's multicast DNS, from the first use on; NULL: no memory.
struct mdns_socket *lookup_local(struct worker *worker);

// The worker goes, and with it what asks on the local network.
void lookup_stop(struct worker *worker);

// The peer goes: nobody wants to know any more.
void lookup_cancel_all(struct attachment *attachment);

#endif
