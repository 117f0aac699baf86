// Pacing: when the next packet may be sent, so that a frame does not leave in one burst.
//
//   bytes sent -> a debt, which falls with the pacing rate; nobody but audio sends while there is one
//   a cluster  -> as long as it lasts its own rate counts, for whatever is sent, and padding fills it
//
// Implements  draft-ietf-rmcat-gcc-02 §4 (bursts of CC_PACER_BURST)
// Not here    packets: the caller holds them, and asks
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      a debt of more than CC_PACER_DEBT_MAX of time is forgotten; the rate rises where what
//             waits would not be gone before the oldest of it has waited for CC_PACER_WAIT_MAX

#ifndef CC_PACER_H
#define CC_PACER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"
#include "cc/probe.h"

#define CC_PACER_BURST YODEL_MS(5)
#define CC_PACER_DEBT_MAX YODEL_MS(500)
#define CC_PACER_WAIT_MAX YODEL_SECONDS(2)
#define CC_PACER_PROBE_PATIENCE YODEL_SECONDS(1) // A cluster that is not sent by then is dropped.

// In the order in which they should be sent.
enum cc_pacer_kind {
    CC_PACER_AUDIO, // Is never held up.
    CC_PACER_AGAIN, // What was lost.
    CC_PACER_VIDEO,
    CC_PACER_PADDING,
};

// What waits at the caller's.
struct cc_pacer_queue {
    size_t bytes;
    yodel_time oldest; // When it came; YODEL_NEVER: nothing waits.
};

struct cc_pacer {
    double bps;
    double padding_bps;
    struct cc_pacer_queue queue;
    double debt;    // In bytes.
    double padding; // Bytes of padding that may be sent; negative: too much was.
    yodel_time updated;
    struct cc_probe probe; // The cluster under way; its id is 0: none.
    size_t probe_bytes;    // Of it, sent.
    uint32_t probe_packets;
    yodel_time probe_asked;
    yodel_time probe_due; // When its next packet is.
};

void cc_pacer_init(struct cc_pacer *pacer, uint64_t pacing_bps, yodel_time now);

// `padding_bps` is sent for its own sake, when nothing else waits; 0: none.
void cc_pacer_set_rates(
    struct cc_pacer *pacer, uint64_t pacing_bps, uint64_t padding_bps, yodel_time now);
void cc_pacer_set_queue(struct cc_pacer *pacer, const struct cc_pacer_queue *queue, yodel_time now);

// Whether a cluster may begin: one at a time.
bool cc_pacer_is_probing(const struct cc_pacer *pacer);
void cc_pacer_start_probe(struct cc_pacer *pacer, const struct cc_probe *probe, yodel_time now);

bool cc_pacer_may_send(const struct cc_pacer *pacer, enum cc_pacer_kind kind, yodel_time now);

// Returns the cluster that the packet belongs to; 0: none.
uint32_t cc_pacer_sent(
    struct cc_pacer *pacer, enum cc_pacer_kind kind, size_t size, yodel_time now);

// When something may be sent, of what waits or was asked for, or a cluster ends.
yodel_time cc_pacer_next_timeout(const struct cc_pacer *pacer, yodel_time now);

// Drops a cluster that nobody sends.
void cc_pacer_tick(struct cc_pacer *pacer, yodel_time now);

#endif
