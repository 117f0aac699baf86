// Networks: the ports of this machine's addresses, as these come and go.
//
// Implements  YODEL_EVENT_GATHER (yodel/peer.h), and what comes after it: RFC 8838 §10 lets
//             candidates come at any time
// Not here    which addresses are worth it (net/interfaces.h), when they change
//             (net/interfaces_watch.h)
// Limits      NETWORKS_PATTERNS_MAX patterns of NETWORKS_PATTERN_MAX bytes

#ifndef RUNTIME_NETWORKS_H
#define RUNTIME_NETWORKS_H

#include "runtime/worker.h"

// Copies the configuration's policy. Fails with TOO_LARGE.
YODEL_MUST_USE enum yodel_err networks_init(
    struct worker *worker, const struct yodel_runtime_config *config);

// Answers YODEL_EVENT_GATHER: opens what is missing, and tells the peer of all.
void networks_gather(struct attachment *attachment);

// Opens the shared ports; afterwards there is at least one, or NETWORK.
YODEL_MUST_USE enum yodel_err networks_open_shared(struct worker *worker);

// Addresses may have changed: closes what has none any more, opens what is new, and tells every
// peer that has gathered.
void networks_update(struct worker *worker);

void networks_stop(struct worker *worker);

#endif
