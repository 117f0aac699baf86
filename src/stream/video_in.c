// Video that comes: see the header.

#include "stream/video_in.h"

#include "base/assert.h"
#include "net/clock.h"

#define SECOND YODEL_SECONDS(1)

static struct decoder_job *first_of(const struct list *list)
{
    struct list_node *node = list_first(list);

    return node ? CONTAINER_OF(node, struct decoder_job, link) : NULL;
}

void video_in_init(struct video_in *in, const struct video_in_config *config)
{
    *in = (struct video_in){.config = *config};
    playout_video_init(&in->playout);
    list_init(&in->waiting);
    list_init(&in->done);
}

// ---- frames

// The one that playout speaks of: it speaks of each, in their order.
static struct decoder_job *take_waiting(struct video_in *in, uint64_t id)
{
    struct decoder_job *job = first_of(&in->waiting);

    YODEL_ASSERT(job && job->id == id);
    list_remove(&job->link);
    in->waiting_bytes -= job->frame.len;
    return job;
}

static void forget(struct video_in *in)
{
    struct list_node *node;

    while ((node = list_pop_front(&in->waiting))) {
        decoder_job_free(in->config.alloc, CONTAINER_OF(node, struct decoder_job, link));
    }
    while ((node = list_pop_front(&in->done))) {
        decoder_release(CONTAINER_OF(node, struct decoder_job, link));
    }
    in->waiting_bytes = 0;
}

void video_in_reset(struct video_in *in)
{
    struct playout_video_stats stats = in->playout.stats;
    yodel_duration asked = in->playout.asked, extra = in->playout.extra;

    forget(in);
    playout_video_init(&in->playout);
    in->playout.stats = stats;
    playout_video_set_asked(&in->playout, asked);
    playout_video_set_extra(&in->playout, extra);
    in->last_key = in->next_id; // What is being decoded fails for nobody.
}

void video_in_recv(struct video_in *in, const struct yodel_frame *frame, yodel_time now)
{
    bool has_room = frame->len <= VIDEO_IN_BYTES_MAX - in->waiting_bytes;
    struct decoder_job *job = has_room ? decoder_job_new(in->config.alloc, frame) : NULL;
    struct playout_video_frame next = {
        .id = in->next_id, .timestamp = frame->timestamp, .is_key = frame->is_key};

    playout_video_heard(&in->playout, now);
    if (!job) {
        in->dropped++;
        playout_video_failed(&in->playout, now);
        return;
    }
    if (!playout_video_recv(&in->playout, &next, now)) {
        in->dropped++;
        decoder_job_free(in->config.alloc, job);
        return;
    }
    job->id = in->next_id++;
    job->arrival = now;
    in->last_key = frame->is_key ? job->id : in->last_key;
    in->waiting_bytes += frame->len;
    list_push_back(&in->waiting, &job->link);
}

// ---- decoding

static void count_decoded(struct video_in *in, const struct decoder_job *job, yodel_time now)
{
    in->decoded++;
    in->keys_decoded += job->frame.is_key;
    in->decode_time += job->took;
    in->processing_delay += time_since(now, job->arrival);
    in->in_second++;
    if (time_since(now, in->second) >= SECOND) {
        in->frame_rate = in->in_second * 1e6 / (double)time_since(now, in->second);
        in->second = now;
        in->in_second = 0;
    }
    playout_video_decoded(&in->playout, job->took);
}

// Where a key frame came after it, what lies between the two is refused by the decoder, and all goes on with that.
static void count_failed(struct video_in *in, const struct decoder_job *job, yodel_time now)
{
    bool is_consequence = job->err == YODEL_ERR_INVALID_STATE;

    in->failures += !is_consequence;
    in->dropped += is_consequence;
    if (job->id >= in->last_key) {
        playout_video_failed(&in->playout, now);
    }
}

static void on_done(void *ctx, struct decoder_job *job)
{
    struct video_in *in = ctx;
    yodel_time now = clock_now();

    if (job->err) {
        count_failed(in, job, now);
    } else {
        count_decoded(in, job, now);
    }
    if (job->place) {
        list_push_back(&in->done, &job->link);
    } else {
        decoder_release(job);
    }
    in->config.changed(in->config.ctx);
}

// The thread begins with the first frame. Without one, for lack of memory, nothing is decoded yet.
static bool can_decode(struct video_in *in)
{
    struct decoder_config config = {
        in->config.loop, in->config.alloc, on_done, in, in->config.decoder_new};

    if (!in->is_decoding && decoder_init(&in->decoder, &config)) {
        in->failures++;
        video_in_reset(in);
        return false;
    }
    in->is_decoding = true;
    return decoder_has_room(&in->decoder);
}

// What waits for longer than it has to waits for a decoder that is too slow.
static bool is_stale(const struct video_in *in, const struct decoder_job *job, yodel_time now)
{
    int64_t delay = in->playout.offset - in->playout.network.base;
    int64_t waited = (int64_t)time_since(now, job->arrival);

    return waited > delay + (int64_t)PLAYOUT_VIDEO_LATE_MAX;
}

static void follow(struct video_in *in, const struct playout_video_step *step, yodel_time now)
{
    struct decoder_job *job = take_waiting(in, step->id);

    if (step->action == PLAYOUT_VIDEO_DROP) {
        decoder_job_free(in->config.alloc, job);
    } else if (is_stale(in, job, now) && !job->frame.is_key) {
        in->dropped++;
        playout_video_failed(&in->playout, now);
        decoder_job_free(in->config.alloc, job);
    } else {
        job->is_shown = step->is_shown;
        job->show_at = step->show_at;
        decoder_put(&in->decoder, job);
    }
}

// ---- showing

static struct decoder_job *second_of(const struct list *list)
{
    struct list_node *first = list_first(list);
    struct list_node *node = first ? list_next(list, first) : NULL;

    return node ? CONTAINER_OF(node, struct decoder_job, link) : NULL;
}

static void show(struct video_in *in, struct decoder_job *job, yodel_time now)
{
    const struct yodel_picture *picture = &job->place->picture.view;
    struct yodel_raw raw = {.kind = YODEL_VIDEO,
        .captured = job->show_at,
        .timestamp = job->show_at * PLAYOUT_VIDEO_CLOCK_RATE / SECOND,
        .picture = *picture};

    in->width = picture->width;
    in->height = picture->height;
    playout_video_shown(&in->playout, now);
    in->config.give(in->config.ctx, &raw, job->frame.rotation, job->frame.capture_ntp);
}

// Of several that are late, only the last.
static void show_due(struct video_in *in, yodel_time now)
{
    struct decoder_job *job;

    while ((job = first_of(&in->done)) && job->show_at <= now) {
        struct decoder_job *second = second_of(&in->done);
        list_remove(&job->link);
        if (second && second->show_at <= now) {
            in->dropped++;
        } else {
            show(in, job, now);
        }
        decoder_release(job);
    }
}

void video_in_tick(struct video_in *in, yodel_time now)
{
    struct playout_video_step step;

    playout_video_tick(&in->playout, now);
    show_due(in, now);
    while (
        first_of(&in->waiting) && can_decode(in) && playout_video_next(&in->playout, &step, now)) {
        follow(in, &step, now);
    }
    if (playout_video_take_request(&in->playout, now)) {
        in->config.want_key(in->config.ctx);
    }
}

// While the decoder has no room, what it has done says when to go on.
yodel_time video_in_next_timeout(const struct video_in *in)
{
    const struct decoder_job *job = first_of(&in->done);
    yodel_time show_at = job ? job->show_at : YODEL_NEVER;

    if (in->is_decoding && !decoder_has_room(&in->decoder)) {
        return show_at;
    }
    return time_min(show_at, playout_video_next_timeout(&in->playout));
}

// ---- the end, and numbers

static void on_closed(struct decoder *decoder)
{
    struct video_in *in = CONTAINER_OF(decoder, struct video_in, decoder);

    in->closed(in->config.ctx);
}

void video_in_close(struct video_in *in, void (*closed)(void *ctx))
{
    video_in_reset(in);
    in->closed = closed;
    if (in->is_decoding) {
        decoder_close(&in->decoder, on_closed);
    } else {
        closed(in->config.ctx);
    }
}

static double seconds(yodel_duration us)
{
    return (double)us / 1e6;
}

void video_in_visit(const struct video_in *in, yodel_time now,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *ctx)
{
    const struct playout_video_stats *stats = &in->playout.stats;
    bool is_still = time_since(now, in->second) > 2 * SECOND;
    const struct {
        const char *name;
        double number;
    } rows[] = {
        {"framesDecoded", (double)in->decoded},
        {"keyFramesDecoded", (double)in->keys_decoded},
        {"framesDropped", (double)(stats->frames_dropped + in->dropped + in->failures)},
        {"framesRendered", (double)stats->frames_rendered},
        {"frameWidth", in->width},
        {"frameHeight", in->height},
        {"framesPerSecond", is_still ? 0 : in->frame_rate},
        {"totalDecodeTime", seconds(in->decode_time)},
        {"totalProcessingDelay", seconds(in->processing_delay)},
        {"totalInterFrameDelay", seconds(stats->total_inter_frame_delay)},
        {"totalSquaredInterFrameDelay", stats->total_squared_inter_frame_delay},
        {"jitterBufferEmittedCount", (double)stats->jitter_buffer_emitted_count},
        {"jitterBufferDelay", seconds(stats->jitter_buffer_delay)},
        {"jitterBufferTargetDelay", seconds(stats->jitter_buffer_target_delay)},
        {"jitterBufferMinimumDelay", seconds(stats->jitter_buffer_minimum_delay)},
        {"freezeCount", (double)stats->freeze_count},
        {"totalFreezesDuration", seconds(stats->total_freezes_duration)},
        {"pauseCount", (double)stats->pause_count},
        {"totalPausesDuration", seconds(stats->total_pauses_duration)},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        visit(ctx, rows[i].name, NULL, rows[i].number);
    }
}
