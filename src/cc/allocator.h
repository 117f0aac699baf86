// Sharing the target: audio first, then what is sent again, then video by priority; never more than
// there is.
//
//   target --> audio, what it asks for --> repair, a share of the rest --> video:
//              each stream's minimum in the order of priority, as far as it goes; the rest by priority
//              until each has its maximum
//
// Implements  RFC 8836 §2 (one controller for all streams between two hosts); W3C webrtc-priority §4.1
//             (weights of priorities, each twice the one below)
// Not here    the target (cc/gcc.h), encoders
// Ownership   the streams are the caller's
// Limits      CC_ALLOCATOR_STREAMS_MAX streams
// Departs     a stream without its minimum gets nothing rather than a picture that nobody can see; to
//             come back it needs a tenth more than its minimum

#ifndef CC_ALLOCATOR_H
#define CC_ALLOCATOR_H

#include <stddef.h>
#include <stdint.h>

#define CC_ALLOCATOR_STREAMS_MAX 64
#define CC_ALLOCATOR_REPAIR_MAX 0.5 // Of what audio leaves.

struct cc_allocator_stream {
    uint64_t min_bps;
    uint64_t max_bps;
    uint32_t priority; // Its weight; 0 counts as 1.
    uint64_t bps;      // What it has; 0: it is paused. In and out.
};

struct cc_allocator_budget {
    uint64_t target_bps;
    uint64_t audio_bps; // What audio asks for.
    double repair;      // The share that is sent again: about what is lost.
};

struct cc_allocator_shares {
    uint64_t audio_bps;
    uint64_t repair_bps;
    uint64_t video_bps; // All streams together.
    uint64_t left_bps;
};

struct cc_allocator_shares cc_allocator_split(
    const struct cc_allocator_budget *budget, struct cc_allocator_stream *streams, size_t count);

#endif
