// Senders: a track, encoded as the path and the processor allow, through a transceiver.
//
//   track ──► chosen, gathered ──► coder (a thread) ──► transceiver
//                    ▲ BITRATE, KEY_FRAME_NEEDED, the codec that was agreed on
//
// Ownership   the sender owns itself from sender_new to sender_end; it listens to the track, and uses the transceiver until then
// Threads     the loop's
// Limits      pictures above SENDER_RATE_MAX a second are left out

#ifndef STREAM_SENDER_H
#define STREAM_SENDER_H

#include "runtime/coder.h"
#include "stream/quality.h"
#include "yodel/media.h"

#define SENDER_RATE_MAX 60
#define SENDER_BPS_START 300000u // Until the path is better known.

struct sender;

// NULL: no memory. `on_ended` is called when the sender, asked to end, is gone from the loop.
struct sender *sender_new(
    yodel_runtime *runtime, yodel_transceiver *transceiver, void (*on_ended)(void *ctx), void *ctx);

// Lets go of the track and of the transceiver at once.
void sender_end(struct sender *sender);

// NULL: nothing is sent. Fails with TYPE, NO_MEMORY, INVALID_STATE (it has ended).
YODEL_MUST_USE enum yodel_err sender_set_track(struct sender *sender, yodel_track *track);

// For sound only the first call matters: nothing is encoded before.
void sender_set_bitrate(struct sender *sender, uint64_t bitrate);
void sender_want_key(struct sender *sender);

// Calls for each member that is known here of its objects "outbound-rtp" and "media-source" (W3C webrtc-stats §6.4, §6.6).
void sender_visit_encoding(struct sender *sender,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *ctx);
void sender_visit_source(struct sender *sender,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *ctx);

#endif
