// Frames: first from what arrived, else from what was kept.

#include "runtime/frames.h"

#include "turn/frame.h"

void frames_init(struct frames *f, enum yodel_framing framing, struct alloc *alloc)
{
    *f = (struct frames){.framing = framing, .alloc = alloc};
}

void frames_deinit(struct frames *f)
{
    alloc_free(f->alloc, f->kept);
    f->kept = NULL;
}

void frames_put(struct frames *f, struct span data)
{
    f->arrived = data;
}

//   0                   1
//  +--------------------+----------          RFC 4571 §2
//  | length (16)        | message …
//  +--------------------+----------
static enum frames_result cut_ice(struct span from, struct span *message, size_t *total)
{
    struct reader r = reader_of(bytes_of_span(from));
    size_t len = read_u16(&r);

    if (r.failed) {
        return FRAMES_MORE;
    }
    if (len > FRAMES_ICE_MAX - FRAMES_PREFIX_SIZE) {
        return FRAMES_FOREIGN;
    }
    if (r.left < len) {
        return FRAMES_MORE;
    }
    *message = span_sub(from, FRAMES_PREFIX_SIZE, len);
    *total = FRAMES_PREFIX_SIZE + len;
    return FRAMES_WHOLE;
}

static enum frames_result cut_turn(struct span from, struct span *message, size_t *total)
{
    switch (turn_frame_length(bytes_of_span(from), total)) {
    case TURN_FRAME_MORE:
        return FRAMES_MORE;
    case TURN_FRAME_FOREIGN:
        return FRAMES_FOREIGN;
    case TURN_FRAME_WHOLE:
        break;
    }
    *message = span_sub(from, 0, *total);
    return FRAMES_WHOLE;
}

static enum frames_result cut(
    const struct frames *f, struct span from, struct span *message, size_t *total)
{
    *total = 0;
    return f->framing == YODEL_FRAMING_ICE ? cut_ice(from, message, total)
                                           : cut_turn(from, message, total);
}

// What no message exceeds is room enough to make one whole.
static enum frames_result keep(struct frames *f)
{
    size_t max = f->framing == YODEL_FRAMING_ICE ? FRAMES_ICE_MAX : TURN_FRAME_MAX;

    if (!f->kept) {
        f->kept = alloc_new(f->alloc, max);
        if (!f->kept) {
            return FRAMES_NO_MEMORY;
        }
    }
    memmove(f->kept, f->kept + f->used, f->kept_len - f->used);
    f->kept_len -= f->used;
    f->used = 0;
    size_t room = max - f->kept_len;
    size_t len = f->arrived.len < room ? f->arrived.len : room;
    memcpy(f->kept + f->kept_len, f->arrived.ptr, len);
    f->kept_len += len;
    f->arrived = span_sub(f->arrived, len, f->arrived.len);
    return len > 0 ? FRAMES_MORE : FRAMES_FOREIGN;
}

enum frames_result frames_next(struct frames *f, struct span *message)
{
    size_t total;

    for (;;) {
        bool is_kept = f->kept_len > f->used;
        struct span from = is_kept ? span_of(f->kept + f->used, f->kept_len - f->used) : f->arrived;
        enum frames_result result = cut(f, from, message, &total);

        if (is_kept) {
            f->used += total;
        } else {
            f->arrived = span_sub(f->arrived, total, f->arrived.len);
        }
        if (result != FRAMES_MORE || f->arrived.len == 0) {
            return result;
        }
        result = keep(f);
        if (result != FRAMES_MORE) {
            return result;
        }
    }
}

bool frames_is_within(const struct frames *f)
{
    return f->kept_len > f->used;
}
