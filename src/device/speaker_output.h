// What is behind a loudspeaker: the system's device, with a ring of samples that its thread empties.
//
// Ownership   owns its one allocation and the device
// Threads     the device's own thread takes samples; the library's lock is held meanwhile

#ifndef DEVICE_SPEAKER_OUTPUT_H
#define DEVICE_SPEAKER_OUTPUT_H

#include "base/err.h"
#include "device/speaker.h"

// Fails with NOT_FOUND (no such device), OPERATION, NO_MEMORY, NOT_SUPPORTED; the speaker's text says why.
YODEL_MUST_USE enum yodel_err speaker_output_open(struct device_speaker *speaker);
void speaker_output_close(struct speaker_output *output, struct alloc *alloc);

bool speaker_output_is_gone(const struct speaker_output *output);
void speaker_output_put(struct speaker_output *output, const int16_t *samples, uint32_t count);

// What waits here, and what the device holds beyond it, about.
yodel_duration speaker_output_queued(struct speaker_output *output);
yodel_duration speaker_output_beyond(const struct speaker_output *output);
uint64_t speaker_output_underruns(struct speaker_output *output);

#endif
