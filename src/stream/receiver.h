// Receiver: what comes of one peer, decoded, in time and in sync, as tracks.
//
//   YODEL_EVENT_FRAME ──► receiver_recv ──► its transceiver's line ──► audio_in, video_in ──► track ──► listeners
//                                                             └──── lip sync ────┘
//
// A line, and its track, is there for each transceiver whose track was asked for. Nothing is decoded while nobody
// listens; who begins to listen causes a key frame. A track is muted until something comes, and again when nothing came
// for RECEIVER_SILENCE. What a track gives is given when it is to be played, and that moment is its `captured`: sound and
// pictures that belong together have the same, as far as the sender's reports tell (`capture_ntp` of frames).
//
// Not here    whole frames, losses and their repair (peer); what is sent
// Ownership   the receiver owns its tracks; clones of them may outlive it, and have ended. It lives from receiver_new
//             until `ended`
// Threads     the loop's; decoders of video have their own. Listeners are called from the loop, never from within these
//             functions, but for receiver_end
// Limits      lip sync is of two lines: the first of each kind that is heard and seen

#ifndef STREAM_RECEIVER_H
#define STREAM_RECEIVER_H

#include "base/time.h"
#include "yodel/media.h"

#define RECEIVER_SILENCE YODEL_SECONDS(3)
#define RECEIVER_LATE_MAX                                                                          \
    YODEL_MS(200) // A loop that stood still for longer does not make up for it.

struct receiver;

struct receiver_ops {
    // Its decoder cannot go on; yodel_transceiver_request_key_frame is the answer.
    void (*want_key)(void *ctx, yodel_transceiver *transceiver);
};

// NULL: no memory.
struct receiver *receiver_new(yodel_runtime *runtime, const struct receiver_ops *ops, void *ctx);

// The transceiver's track, made when first asked for; NULL: no memory.
yodel_track *receiver_track(struct receiver *receiver, yodel_transceiver *transceiver);

// A frame came. Whatever is wrong with it is the peer's fault, and counted.
void receiver_recv(struct receiver *receiver, yodel_transceiver *transceiver,
    const struct yodel_frame *frame, yodel_time now);

// The other side has said that it sends nothing any more (YODEL_EVENT_TRACK_MUTE), or we that we receive nothing.
void receiver_mute(struct receiver *receiver, yodel_transceiver *transceiver);

// The transceiver has stopped: its track ends, and it is not used any more.
void receiver_stop(struct receiver *receiver, yodel_transceiver *transceiver);

// jitterBufferTarget: at least so much delay, of all that comes from now on.
void receiver_set_delay(struct receiver *receiver, yodel_duration delay);

// Members of the transceiver's "inbound-rtp" object (webrtc-stats) that the peer does not know; none where its track was
// not asked for.
void receiver_visit(struct receiver *receiver, yodel_transceiver *transceiver,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *visit_ctx);

// Ends all tracks at once, and lets go of the loop: `ended` comes from there. No transceiver is used any more.
void receiver_end(struct receiver *receiver, void (*ended)(void *ctx));

#endif
