// The table of channels: making them, numbering them, finding them by handle and by stream.
//
// Implements  RFC 8832 §6 (who uses even and who odd numbers)
// Not here    what channels do (dcep/dcep.h)

#ifndef DCEP_CHANNEL_H
#define DCEP_CHANNEL_H

#include "dcep/dcep.h"

void dcep_channel_deinit_all(struct dcep *dcep);

// As dcep_open fails. The channel has no number yet.
YODEL_MUST_USE enum yodel_err dcep_channel_new(
    struct dcep *dcep, const struct dcep_options *options, struct dcep_channel **channel);
void dcep_channel_free(struct dcep *dcep, struct dcep_channel *channel);

struct dcep_channel *dcep_channel_find(const struct dcep *dcep, uint32_t handle);
struct dcep_channel *dcep_channel_of_stream(const struct dcep *dcep, uint16_t id);

// Gives the channel this number, or the lowest free one of our role. Fails with EXISTS, TOO_LARGE, NO_MEMORY.
YODEL_MUST_USE enum yodel_err dcep_channel_set_id(
    struct dcep *dcep, struct dcep_channel *channel, uint16_t id);
YODEL_MUST_USE enum yodel_err dcep_channel_choose_id(
    struct dcep *dcep, struct dcep_channel *channel);

#endif
