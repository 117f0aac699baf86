// Frames: the messages in a stream, cut out as they arrive, whole.
//
// What is whole already is given where it lies; only what is not yet is copied.
//
// Implements  RFC 4571 §2 (a length before each), and RFC 8656 §12.5 by turn/frame.h
// Ownership   messages live until the next call; owns what is kept of one that is not whole
// Limits      FRAMES_ICE_MAX, TURN_FRAME_MAX: what announces more is no stream of ours

#ifndef RUNTIME_FRAMES_H
#define RUNTIME_FRAMES_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "yodel/addr.h"

#define FRAMES_PREFIX_SIZE 2                       // Of RFC 4571.
#define FRAMES_ICE_MAX (FRAMES_PREFIX_SIZE + 2048) // As over UDP (net/batch.h).

enum frames_result {
    FRAMES_MORE,  // All that arrived is used up.
    FRAMES_WHOLE, // A message, which may be empty.
    FRAMES_FOREIGN,
    FRAMES_NO_MEMORY,
};

struct frames {
    enum yodel_framing framing;
    struct alloc *alloc;
    struct span arrived; // And not looked at yet.
    uint8_t *kept;       // NULL until something must be.
    size_t kept_len;
    size_t used; // Of that: it was given.
};

void frames_init(struct frames *frames, enum yodel_framing framing, struct alloc *alloc);
void frames_deinit(struct frames *frames);

// `data` arrived, and is cut up by the calls of frames_next until it says MORE.
void frames_put(struct frames *frames, struct span data);
enum frames_result frames_next(struct frames *frames, struct span *message);

// Whether a message began and is not whole yet: all that arrived is used up.
bool frames_is_within(const struct frames *frames);

#endif
