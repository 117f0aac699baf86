// The loss-based rate: what is lost because of us costs rate, what is lost anyway does not.
//
// A radio loses a tenth of whatever is sent; a queue that is full loses what is too much. The two
// differ in what more sending brings: of a radio nine tenths of it arrive, of a full queue nothing.
// So each observation adds to a line of what arrives over what is sent. While its slope is about one,
// or what is sent has not varied enough to say, the usual loss is nobody's fault and only what is
// above it counts; with a slope near zero all of it does.
//
// Implements  draft-ietf-rmcat-gcc-02 §6 (2 % and 10 %, 8 % a second)
// Departs     from its fixed bounds, under which a path that loses 10 % by nature is never used; the
//             idea of inherent loss is that of browsers since 2023
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      no more than CC_LOSS_INNOCENT_MAX is ever taken for nobody's fault

#ifndef CC_LOSS_H
#define CC_LOSS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define CC_LOSS_PACKETS_MIN 20 // In an observation,
#define CC_LOSS_SPAN_MIN YODEL_MS(200)
#define CC_LOSS_INNOCENT_MAX 0.15

struct cc_loss_count {
    yodel_time first_sent;
    yodel_time last_sent;
    uint64_t packets;
    uint64_t lost;
    uint64_t bytes;
    uint64_t lost_bytes;
};

struct cc_loss {
    struct cc_loss_count count; // The observation under way.
    uint64_t observations;
    double sent_bps; // Averages over the last observations,
    double delivered_bps;
    double variance; // of what was sent, and with what was delivered.
    double covariance;
    double usual;    // The average loss, 0 to 1,
    double fraction; // and the last one's.
    double excess;   // What of it is more than nobody's fault.
    bool is_ours;
    double bps;
    double min_bps;
    double max_bps;
    yodel_time updated;
    yodel_time decreased; // When it was last; YODEL_NEVER: never.
};

void cc_loss_init(struct cc_loss *loss, double max_bps);
void cc_loss_set_limits(struct cc_loss *loss, double min_bps, double max_bps);

// What became of a packet.
void cc_loss_add(struct cc_loss *loss, yodel_time sent, size_t size, bool is_received);

// One that was said to be lost did arrive.
void cc_loss_take_back(struct cc_loss *loss, size_t size);

// All that a feedback said was added; `target_bps` is what was aimed at until now.
void cc_loss_update(struct cc_loss *loss, double target_bps, yodel_duration rtt, yodel_time now);

// The same from a receiver report: the fraction that was lost while `sent_bps` were sent.
void cc_loss_report(struct cc_loss *loss, double fraction, double sent_bps, double target_bps,
    yodel_duration rtt, yodel_time now);

// Whether the last observation says that more may be sent.
bool cc_loss_is_quiet(const struct cc_loss *loss);

// Whatever was: this, within the limits.
void cc_loss_set(struct cc_loss *loss, double bps);

// A probe got through at this rate.
void cc_loss_raise(struct cc_loss *loss, double bps);

#endif
