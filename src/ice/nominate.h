// Nomination and selection: which of the valid pairs is used.
//
// Implements  RFC 8445 §8.1 (nomination), §8.2 (what the controlled agent does), §12.1 (data before
//             it)
//
// The controlling agent nominates the first valid pair that nothing better can follow, or after
// ICE_NOMINATE_WAIT (through a relay, ICE_NOMINATE_WAIT_RELAY) the best so far; a better one that turns up within ICE_NOMINATE_WINDOW replaces
// it.
// Both agents send along the best nominated pair, and along the best valid one before there is any.

#ifndef ICE_NOMINATE_H
#define ICE_NOMINATE_H

#include <stdbool.h>

#include "base/time.h"

struct ice;

void ice_nominate_switch_role(struct ice *ice, bool is_controlling);
void ice_nominate_run(struct ice *ice, yodel_time now);
yodel_time ice_nominate_next_timeout(const struct ice *ice);

#endif
