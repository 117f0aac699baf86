// Video's playout: when frames are shown, and what is counted.

#include "playout/video.h"

#include "base/assert.h"

#define RENDERING YODEL_MS(10) // From a decoded picture to the screen.
#define DECODING_MAX YODEL_MS(200)
#define DECODING_SHIFT 5
#define SLEW_DIVISOR 10           // The distance changes by a tenth of the time that passes.
#define FREEZE_FACTOR 3           // The W3C's freezeCount: so many averages,
#define FREEZE_MORE YODEL_MS(150) // or the average and so much more.
#define FREEZE_INTERVALS_MIN 5    // Before that there is no average.

void playout_video_init(struct playout_video *video)
{
    *video = (struct playout_video){.is_key_needed = true, .is_key_wanted = true};
}

// ---- the delay

static yodel_duration longer(yodel_duration a, yodel_duration b)
{
    return a > b ? a : b;
}

static yodel_duration limited(yodel_duration wanted)
{
    return time_min(wanted, PLAYOUT_VIDEO_TARGET_MAX);
}

// What network and decoder alone demand.
static yodel_duration least_of(const struct playout_video *video)
{
    return playout_delay_wanted(&video->network) + video->decoding + RENDERING;
}

yodel_duration playout_video_target(const struct playout_video *video)
{
    yodel_duration asked = longer(video->asked, video->has_limits ? video->min : 0);
    yodel_duration target = longer(least_of(video), asked) + video->extra;

    return video->has_limits ? time_min(target, video->max) : target;
}

void playout_video_set_asked(struct playout_video *video, yodel_duration asked)
{
    video->asked = limited(asked);
}

void playout_video_set_extra(struct playout_video *video, yodel_duration extra)
{
    video->extra = limited(extra);
}

void playout_video_set_limits(struct playout_video *video, yodel_duration min, yodel_duration max)
{
    video->has_limits = true;
    video->min = limited(min);
    video->max = max;
}

void playout_video_decoded(struct playout_video *video, yodel_duration took)
{
    video->decoding -= video->decoding >> DECODING_SHIFT;
    video->decoding = time_min(longer(video->decoding, took), DECODING_MAX);
}

// ---- when a frame is shown

static bool is_at_once(const struct playout_video *video)
{
    return video->has_limits && video->max == 0;
}

// Brings the distance nearer to what it should be, as far as the time that passed allows.
static void follow(struct playout_video *video, yodel_time now)
{
    int64_t wanted = video->network.base + (int64_t)playout_video_target(video);
    int64_t most = (int64_t)(time_since(now, video->last) / SLEW_DIVISOR);
    int64_t off = wanted - video->offset;

    video->offset += off > most ? most : off < -most ? -most : off;
}

static yodel_time show_at(
    const struct playout_video *video, const struct playout_video_frame *frame)
{
    uint64_t sent = playout_delay_us(frame->timestamp, PLAYOUT_VIDEO_CLOCK_RATE);
    yodel_time at = sent + video->network.origin + (uint64_t)video->offset;
    int64_t after = (int64_t)(at - frame->arrival); // Below 0: it is late.
    int64_t most = (int64_t)(PLAYOUT_VIDEO_TARGET_MAX + PLAYOUT_DELAY_LATE_MAX);

    // What leaps is shown as it comes.
    return after > most || after < -most || is_at_once(video) ? frame->arrival : at;
}

// ---- receiving

static void want_key(struct playout_video *video, bool is_needed, yodel_time now)
{
    video->key_due = video->is_key_wanted ? video->key_due : longer(video->key_due, now);
    video->is_key_wanted = true;
    video->is_key_needed = video->is_key_needed || is_needed;
}

void playout_video_heard(struct playout_video *video, yodel_time now)
{
    if (!video->is_started) {
        video->is_started = true;
        video->last = now;
        video->key_due = time_after(now, PLAYOUT_VIDEO_KEY_INTERVAL);
    }
    video->is_heard = true;
}

bool playout_video_recv(
    struct playout_video *video, const struct playout_video_frame *frame, yodel_time now)
{
    bool has_room = video->tail - video->head < PLAYOUT_VIDEO_FRAMES_MAX;
    bool was_started = video->network.is_started;

    if (!has_room || (video->is_key_needed && !frame->is_key)) {
        want_key(video, true, now);
        video->stats.refused++;
        return false;
    }
    enum playout_delay_verdict verdict =
        playout_delay_add(&video->network, frame->timestamp, PLAYOUT_VIDEO_CLOCK_RATE, now);
    if (!was_started || verdict == PLAYOUT_DELAY_RESTART) {
        video->offset = video->network.base + (int64_t)playout_video_target(video);
    } else {
        follow(video, now);
    }
    struct playout_video_frame *stored = &video->frames[video->tail++ % PLAYOUT_VIDEO_FRAMES_MAX];
    *stored = *frame;
    stored->arrival = now;
    video->is_started = true;
    video->last = now;
    video->is_heard = video->is_key_needed = video->is_key_wanted = false;
    return true;
}

void playout_video_failed(struct playout_video *video, yodel_time now)
{
    want_key(video, true, now);
    video->is_heard = true;
}

// ---- what is done next

static const struct playout_video_frame *at(const struct playout_video *video, uint64_t index)
{
    return index < video->tail ? &video->frames[index % PLAYOUT_VIDEO_FRAMES_MAX] : NULL;
}

static yodel_time decode_at(
    const struct playout_video *video, const struct playout_video_frame *frame)
{
    yodel_time show = show_at(video, frame);
    yodel_duration before = video->decoding + RENDERING;

    return show > before ? show - before : 0;
}

static bool has_key_behind(const struct playout_video *video)
{
    for (uint64_t i = video->head + 1; i < video->tail; i++) {
        if (at(video, i)->is_key) {
            return true;
        }
    }
    return false;
}

// What cannot be decoded without a key frame any more, or is so late that it is not worth it.
static bool is_useless(
    const struct playout_video *video, const struct playout_video_frame *frame, yodel_time now)
{
    bool is_lost = video->is_key_needed && !frame->is_key;
    bool is_late = time_since(now, show_at(video, frame)) > PLAYOUT_VIDEO_LATE_MAX;

    return is_lost || (is_late && has_key_behind(video));
}

static void count_delay(
    struct playout_video *video, const struct playout_video_frame *frame, yodel_time now)
{
    struct playout_video_stats *stats = &video->stats;

    stats->jitter_buffer_emitted_count++;
    stats->jitter_buffer_delay += time_since(now, frame->arrival);
    stats->jitter_buffer_target_delay += playout_video_target(video);
    stats->jitter_buffer_minimum_delay += least_of(video);
}

bool playout_video_next(
    struct playout_video *video, struct playout_video_step *step, yodel_time now)
{
    const struct playout_video_frame *frame = at(video, video->head);

    if (!frame) {
        return false;
    }
    if (is_useless(video, frame, now)) {
        *step = (struct playout_video_step){.action = PLAYOUT_VIDEO_DROP, .id = frame->id};
        video->head++;
        video->stats.frames_dropped++;
        return true;
    }
    if (now < decode_at(video, frame)) {
        return false;
    }
    const struct playout_video_frame *second = at(video, video->head + 1);
    yodel_time show = longer(show_at(video, frame), longer(now, video->last_show));
    *step = (struct playout_video_step){.action = PLAYOUT_VIDEO_DECODE,
        .id = frame->id,
        .is_shown = !second || show_at(video, second) > now,
        .show_at = show};
    count_delay(video, frame, now);
    video->last_show = step->is_shown ? show : video->last_show;
    video->stats.frames_dropped += !step->is_shown;
    video->head++;
    return true;
}

// ---- what was shown

static yodel_duration average_interval(const struct playout_video *video)
{
    uint64_t count = time_min(video->interval_count, PLAYOUT_VIDEO_AVERAGED);
    yodel_duration sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        sum += video->intervals[i];
    }
    return count > 0 ? sum / count : 0;
}

// The W3C's freezeCount. What lasts as long as a pause is none: a sender who shows a page that does not
// change sends nothing.
static bool is_freeze(const struct playout_video *video, yodel_duration interval)
{
    yodel_duration average = average_interval(video);

    return video->interval_count >= FREEZE_INTERVALS_MIN && interval <= PLAYOUT_VIDEO_PAUSE &&
           interval >= longer(FREEZE_FACTOR * average, average + FREEZE_MORE);
}

static void count_interval(struct playout_video *video, yodel_duration interval)
{
    struct playout_video_stats *stats = &video->stats;
    double seconds = (double)interval / 1e6;

    stats->total_inter_frame_delay += interval;
    stats->total_squared_inter_frame_delay += seconds * seconds;
    if (is_freeze(video, interval)) {
        stats->freeze_count++;
        stats->total_freezes_duration += interval;
    }
    if (interval > PLAYOUT_VIDEO_PAUSE) {
        stats->pause_count++;
        stats->total_pauses_duration += interval;
        video->interval_count = 0;
        return;
    }
    video->intervals[video->interval_count++ % PLAYOUT_VIDEO_AVERAGED] = interval;
}

void playout_video_shown(struct playout_video *video, yodel_time now)
{
    if (video->stats.frames_rendered++ > 0) {
        count_interval(video, time_since(now, video->shown));
    }
    video->shown = now;
}

// ---- key frames, and time

static yodel_time stall_at(const struct playout_video *video)
{
    bool is_stalling = video->is_heard && !video->is_key_wanted;

    return is_stalling ? time_after(video->last, PLAYOUT_VIDEO_STALL) : YODEL_NEVER;
}

void playout_video_tick(struct playout_video *video, yodel_time now)
{
    if (now >= stall_at(video)) {
        want_key(video, false, now);
    }
}

bool playout_video_take_request(struct playout_video *video, yodel_time now)
{
    if (!video->is_key_wanted || !video->is_heard || now < video->key_due) {
        return false;
    }
    video->key_due = time_after(now, PLAYOUT_VIDEO_KEY_INTERVAL);
    video->is_heard = false;
    video->stats.key_requests++;
    return true;
}

yodel_time playout_video_next_timeout(const struct playout_video *video)
{
    const struct playout_video_frame *first = at(video, video->head);
    yodel_time frame = first ? decode_at(video, first) : YODEL_NEVER;
    bool may_ask = video->is_key_wanted && video->is_heard;
    yodel_time key = may_ask ? video->key_due : stall_at(video);

    return time_min(frame, key);
}
