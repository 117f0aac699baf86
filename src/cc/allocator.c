// Sharing the target among streams.

#include "cc/allocator.h"

#include <math.h>
#include <stdbool.h>

#include "base/assert.h"

#define COME_BACK 10 // A tenth.

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t weight_of(const struct cc_allocator_stream *stream)
{
    return stream->priority > 0 ? stream->priority : 1;
}

static uint64_t ceiling_of(const struct cc_allocator_stream *stream)
{
    return stream->max_bps > stream->min_bps ? stream->max_bps : stream->min_bps;
}

// The most important stream that was not looked at; of equals the first.
static size_t next_by_priority(
    const struct cc_allocator_stream *streams, size_t count, const bool *is_done)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        if (!is_done[i] && (best == count || weight_of(&streams[i]) > weight_of(&streams[best]))) {
            best = i;
        }
    }
    return best;
}

// Gives minima in the order of priority. A stream that does not fit leaves room for smaller ones.
static uint64_t give_minima(struct cc_allocator_stream *streams, size_t count, uint64_t left)
{
    bool is_done[CC_ALLOCATOR_STREAMS_MAX] = {false};

    for (size_t i = next_by_priority(streams, count, is_done); i < count;
         i = next_by_priority(streams, count, is_done)) {
        struct cc_allocator_stream *stream = &streams[i];
        uint64_t spare = stream->bps == 0 ? stream->min_bps / COME_BACK : 0;
        bool fits = stream->min_bps <= left && left - stream->min_bps >= spare;
        stream->bps = fits ? stream->min_bps : 0;
        left -= stream->bps;
        is_done[i] = true;
    }
    return left;
}

static bool wants_more(const struct cc_allocator_stream *stream)
{
    bool is_on = stream->bps > 0 || stream->min_bps == 0;

    return is_on && stream->bps < ceiling_of(stream);
}

// One round: each takes its part of what is left, or what it lacks. Each round fills a stream or
// leaves less than a bit for each weight.
static uint64_t give_round(struct cc_allocator_stream *streams, size_t count, uint64_t left)
{
    uint64_t weights = 0, given = 0;

    for (size_t i = 0; i < count; i++) {
        weights += wants_more(&streams[i]) ? weight_of(&streams[i]) : 0;
    }
    for (size_t i = 0; i < count && weights > 0; i++) {
        struct cc_allocator_stream *stream = &streams[i];
        if (wants_more(stream)) {
            double part = (double)left * (double)weight_of(stream) / (double)weights;
            uint64_t more = min((uint64_t)part, ceiling_of(stream) - stream->bps);
            more = min(more, left - given); // The doubles may have rounded up.
            stream->bps += more;
            given += more;
        }
    }
    return given;
}

static uint64_t give_video(struct cc_allocator_stream *streams, size_t count, uint64_t left)
{
    left = give_minima(streams, count, left);
    for (size_t round = 0; round < count; round++) {
        left -= give_round(streams, count, left);
    }
    return left;
}

struct cc_allocator_shares cc_allocator_split(
    const struct cc_allocator_budget *budget, struct cc_allocator_stream *streams, size_t count)
{
    struct cc_allocator_shares shares = {.audio_bps = min(budget->audio_bps, budget->target_bps)};
    double repair = fmin(fmax(budget->repair, 0), CC_ALLOCATOR_REPAIR_MAX);
    uint64_t left = budget->target_bps - shares.audio_bps;

    YODEL_ASSERT(count <= CC_ALLOCATOR_STREAMS_MAX);
    shares.repair_bps = min((uint64_t)((double)left * repair), left);
    left -= shares.repair_bps;
    shares.left_bps = give_video(streams, count, left);
    shares.video_bps = left - shares.left_bps;
    return shares;
}
