// Receiver: see the header. Listeners are called by the loop and may do anything: what they end is let go of later.

#include "stream/receiver.h"

#include "base/assert.h"
#include "net/clock.h"
#include "playout/sync.h"
#include "runtime/runtime.h"
#include "stream/audio_in.h"
#include "stream/track.h"
#include "stream/video_in.h"

// One transceiver's. It is held by the receiver, by its tracks and by its decoder's thread.
struct line {
    struct list_node link;
    struct receiver *receiver;
    yodel_transceiver *transceiver; // NULL: the line has ended.
    struct track_source source;
    yodel_track *track;
    uint32_t holds;
    bool is_listened;
    bool is_heard;
    yodel_time heard; // When a frame came last; only where something is heard.
    yodel_time due;   // The next 10 ms of sound.
    union {
        struct audio_in audio;
        struct video_in video;
    };
};

struct receiver {
    struct alloc *alloc;
    const struct receiver_ops *ops;
    void *ctx;
    uv_timer_t timer;
    uint32_t holds; // The timer, and lines whose video is open.
    void (*ended)(void *ctx);
    struct list lines;
    yodel_duration delay;
    struct playout_sync sync;
    struct line *synced[2]; // By enum yodel_media_kind; NULL: none yet.
};

// ---- life

static void line_drop(struct line *line)
{
    YODEL_ASSERT(line->holds > 0);
    if (--line->holds == 0) {
        alloc_free(line->source.alloc, line);
    }
}

static void drop(struct receiver *receiver)
{
    YODEL_ASSERT(receiver->holds > 0);
    if (--receiver->holds == 0) {
        receiver->ended(receiver->ctx);
        alloc_free(receiver->alloc, receiver);
    }
}

static bool is_video(const struct line *line)
{
    return line->source.kind == YODEL_VIDEO;
}

static struct line *find(const struct receiver *receiver, const yodel_transceiver *transceiver)
{
    for (struct list_node *node = list_first(&receiver->lines); node;
         node = list_next(&receiver->lines, node)) {
        struct line *line = CONTAINER_OF(node, struct line, link);
        if (line->transceiver == transceiver) {
            return line;
        }
    }
    return NULL;
}

// ---- lip sync

static void set_extras(struct receiver *receiver)
{
    if (receiver->synced[YODEL_AUDIO]) {
        audio_in_set_extra(&receiver->synced[YODEL_AUDIO]->audio, receiver->sync.audio_extra);
    }
    if (receiver->synced[YODEL_VIDEO]) {
        playout_video_set_extra(
            &receiver->synced[YODEL_VIDEO]->video.playout, receiver->sync.video_extra);
    }
}

// True: the line is the one of its kind that is in sync.
static bool join_sync(struct line *line)
{
    struct line **synced = &line->receiver->synced[line->source.kind];

    *synced = *synced ? *synced : line;
    return *synced == line;
}

static void leave_sync(struct line *line, yodel_time now)
{
    struct receiver *receiver = line->receiver;

    if (receiver->synced[line->source.kind] == line) {
        playout_sync_init(&receiver->sync, now);
        set_extras(receiver);
        receiver->synced[line->source.kind] = NULL;
    }
}

// ---- the clock

static yodel_time line_timeout(const struct line *line)
{
    if (!line->transceiver) {
        return 0; // To be swept away.
    }
    if (line->source.is_muted == line->is_heard) {
        return 0; // To be told.
    }
    if (line->source.is_muted) {
        return YODEL_NEVER;
    }
    yodel_time silence = time_after(line->heard, RECEIVER_SILENCE);
    yodel_time next = is_video(line) ? video_in_next_timeout(&line->video) : line->due;
    return time_min(silence, line->is_listened ? next : YODEL_NEVER);
}

static void tick(struct receiver *receiver, yodel_time now);

static void sweep(struct receiver *receiver)
{
    struct list_node *next;

    for (struct list_node *node = list_first(&receiver->lines); node; node = next) {
        struct line *line = CONTAINER_OF(node, struct line, link);
        next = list_next(&receiver->lines, node);
        if (!line->transceiver) {
            track_source_end(&line->source, "the other side has stopped it");
            list_remove(node);
            yodel_track_stop(line->track);
            line_drop(line);
        }
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct receiver *receiver = CONTAINER_OF(timer, struct receiver, timer);

    sweep(receiver);
    tick(receiver, clock_now());
}

static void arm(struct receiver *receiver, yodel_time now)
{
    yodel_time due = YODEL_NEVER;

    for (struct list_node *node = list_first(&receiver->lines); node;
         node = list_next(&receiver->lines, node)) {
        due = time_min(due, line_timeout(CONTAINER_OF(node, struct line, link)));
    }
    if (receiver->synced[YODEL_AUDIO] && receiver->synced[YODEL_VIDEO]) {
        due = time_min(due, playout_sync_next_timeout(&receiver->sync));
    }
    if (receiver->ended) {
        return;
    }
    if (due == YODEL_NEVER) {
        (void)uv_timer_stop(&receiver->timer);
    } else {
        uint64_t wait_ms = (time_since(due, now) + YODEL_MS(1) - 1) / YODEL_MS(1);
        (void)uv_timer_start(&receiver->timer, on_timer, wait_ms, 0);
    }
}

// All of one receiver's sound is taken at the same moments.
static yodel_time next_piece(yodel_time now)
{
    return now - now % PLAYOUT_AUDIO_PIECE + PLAYOUT_AUDIO_PIECE;
}

static void give_sound(struct line *line, yodel_time now)
{
    struct yodel_raw raw = {.kind = YODEL_AUDIO,
        .captured = line->due,
        .timestamp = line->due * AUDIO_IN_RATE / YODEL_SECONDS(1)};

    if (audio_in_take(&line->audio, &raw.sound, now)) {
        if (join_sync(line)) {
            playout_sync_audio(&line->receiver->sync, audio_in_position(&line->audio),
                line->due + PLAYOUT_AUDIO_PIECE);
        }
        track_source_give(&line->source, &raw, 0);
    }
}

static bool is_playing(const struct line *line)
{
    return line->transceiver && line->is_listened && !line->source.is_muted;
}

static void tick_audio(struct line *line, yodel_time now)
{
    if (time_since(now, line->due) > RECEIVER_LATE_MAX) {
        line->due = next_piece(now);
    }
    while (is_playing(line) && line->due <= now) {
        give_sound(line, now);
        line->due += PLAYOUT_AUDIO_PIECE;
    }
}

// Tells whether something comes, or has not come for long.
static void follow_silence(struct line *line, yodel_time now)
{
    bool is_silent = !line->is_heard || time_since(now, line->heard) >= RECEIVER_SILENCE;

    line->is_heard = !is_silent;
    if (line->source.is_muted == is_silent) {
        return;
    }
    line->due = next_piece(now);
    if (is_silent) {
        leave_sync(line, now);
    }
    track_source_mute(&line->source, is_silent);
}

static void tick_line(struct line *line, yodel_time now)
{
    if (line->transceiver) {
        follow_silence(line, now);
    }
    if (is_playing(line) && is_video(line)) {
        video_in_tick(&line->video, now);
    } else if (is_playing(line)) {
        tick_audio(line, now);
    }
}

// Lines are not taken out of the list meanwhile, whatever listeners do.
static void tick(struct receiver *receiver, yodel_time now)
{
    for (struct list_node *node = list_first(&receiver->lines); node;
         node = list_next(&receiver->lines, node)) {
        tick_line(CONTAINER_OF(node, struct line, link), now);
    }
    if (playout_sync_tick(&receiver->sync, now)) {
        set_extras(receiver);
    }
    arm(receiver, now);
}

// ---- lines

static void give_picture(void *ctx, const struct yodel_raw *raw, uint16_t rotation, uint64_t ntp)
{
    struct line *line = ctx;

    if (join_sync(line)) {
        playout_sync_video(&line->receiver->sync, ntp, raw->captured);
    }
    track_source_give(&line->source, raw, rotation);
}

static void want_key(void *ctx)
{
    struct line *line = ctx;

    line->receiver->ops->want_key(line->receiver->ctx, line->transceiver);
}

static void on_decoded(void *ctx)
{
    tick(((struct line *)ctx)->receiver, clock_now());
}

static void on_listened(struct track_source *source, bool is_listened)
{
    struct line *line = CONTAINER_OF(source, struct line, source);
    yodel_time now = clock_now();

    if (!line->transceiver) {
        return;
    }
    line->is_listened = is_listened;
    line->due = next_piece(now);
    if (!is_listened) {
        leave_sync(line, now);
    } else if (is_video(line)) {
        want_key(line);
    }
    if (is_video(line)) {
        video_in_reset(&line->video);
    } else {
        audio_in_reset(&line->audio);
    }
    arm(line->receiver, now);
}

static void on_tracks_gone(struct track_source *source)
{
    line_drop(CONTAINER_OF(source, struct line, source));
}

static void init_in(struct line *line, struct receiver *receiver)
{
    struct video_in_config config = {.loop = receiver->timer.loop,
        .alloc = receiver->alloc,
        .give = give_picture,
        .want_key = want_key,
        .changed = on_decoded,
        .ctx = line};

    if (is_video(line)) {
        video_in_init(&line->video, &config);
        playout_video_set_asked(&line->video.playout, receiver->delay);
    } else {
        audio_in_init(&line->audio, receiver->alloc);
        audio_in_set_asked(&line->audio, receiver->delay);
    }
}

static struct line *line_new(struct receiver *receiver, yodel_transceiver *transceiver)
{
    static const struct track_source_ops ops = {on_listened, on_tracks_gone};
    enum yodel_media_kind kind = yodel_transceiver_kind(transceiver);
    struct line *line = alloc_new(receiver->alloc, sizeof *line);

    if (!line) {
        return NULL;
    }
    track_source_init(&line->source, &ops, receiver->alloc, kind,
        kind == YODEL_VIDEO ? "remote video" : "remote audio");
    line->source.is_muted = true; // W3C webrtc §5.3: until something comes.
    line->track = track_new(&line->source);
    if (!line->track) {
        alloc_free(receiver->alloc, line);
        return NULL;
    }
    line->receiver = receiver;
    line->transceiver = transceiver;
    line->holds = 2; // The receiver, and the tracks.
    init_in(line, receiver);
    list_push_back(&receiver->lines, &line->link);
    return line;
}

static void on_video_closed(void *ctx)
{
    struct line *line = ctx;
    struct receiver *receiver = line->receiver;

    line_drop(line);
    drop(receiver);
}

// What is left of it is swept away by the timer.
// Its tracks are told by whoever sweeps it away, or by its receiver's end.
static void line_end(struct line *line)
{
    struct receiver *receiver = line->receiver;

    leave_sync(line, clock_now());
    line->transceiver = NULL;
    if (is_video(line)) {
        line->holds++;
        receiver->holds++;
        video_in_close(&line->video, on_video_closed);
    } else {
        audio_in_deinit(&line->audio);
    }
}

// ---- what its owner calls

struct receiver *receiver_new(yodel_runtime *runtime, const struct receiver_ops *ops, void *ctx)
{
    struct alloc *alloc = runtime_env(runtime)->alloc;
    struct receiver *receiver = alloc_new(alloc, sizeof *receiver);

    if (receiver) {
        receiver->alloc = alloc;
        receiver->ops = ops;
        receiver->ctx = ctx;
        receiver->holds = 1;
        list_init(&receiver->lines);
        playout_sync_init(&receiver->sync, clock_now());
        (void)uv_timer_init(runtime_loop(runtime), &receiver->timer);
    }
    return receiver;
}

yodel_track *receiver_track(struct receiver *receiver, yodel_transceiver *transceiver)
{
    struct line *line = find(receiver, transceiver);

    line = line ? line : line_new(receiver, transceiver);
    return line ? line->track : NULL;
}

void receiver_recv(struct receiver *receiver, yodel_transceiver *transceiver,
    const struct yodel_frame *frame, yodel_time now)
{
    struct line *line = find(receiver, transceiver);

    if (!line) {
        return;
    }
    line->is_heard = true;
    line->heard = now;
    if (line->is_listened && is_video(line)) {
        video_in_recv(&line->video, frame, now);
    } else if (line->is_listened) {
        audio_in_recv(&line->audio, frame, now);
    }
    arm(receiver, now);
}

void receiver_mute(struct receiver *receiver, yodel_transceiver *transceiver)
{
    struct line *line = find(receiver, transceiver);

    if (line) {
        line->is_heard = false;
        arm(receiver, clock_now());
    }
}

void receiver_stop(struct receiver *receiver, yodel_transceiver *transceiver)
{
    struct line *line = find(receiver, transceiver);

    if (line) {
        line_end(line);
        arm(receiver, clock_now());
    }
}

void receiver_set_delay(struct receiver *receiver, yodel_duration delay)
{
    receiver->delay = delay;
    for (struct list_node *node = list_first(&receiver->lines); node;
         node = list_next(&receiver->lines, node)) {
        struct line *line = CONTAINER_OF(node, struct line, link);
        if (line->transceiver && is_video(line)) {
            playout_video_set_asked(&line->video.playout, delay);
        } else if (line->transceiver) {
            audio_in_set_asked(&line->audio, delay);
        }
    }
}

void receiver_visit(struct receiver *receiver, yodel_transceiver *transceiver,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *visit_ctx)
{
    const struct line *line = find(receiver, transceiver);

    if (line && is_video(line)) {
        video_in_visit(&line->video, clock_now(), visit, visit_ctx);
    } else if (line) {
        audio_in_visit(&line->audio, visit, visit_ctx);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct receiver *receiver = CONTAINER_OF((uv_timer_t *)handle, struct receiver, timer);

    sweep(receiver);
    drop(receiver);
}

void receiver_end(struct receiver *receiver, void (*ended)(void *ctx))
{
    receiver->ended = ended;
    for (struct list_node *node = list_first(&receiver->lines); node;
         node = list_next(&receiver->lines, node)) {
        struct line *line = CONTAINER_OF(node, struct line, link);
        if (line->transceiver) {
            line_end(line);
            track_source_end(&line->source, "the connection has ended");
        }
    }
    uv_close((uv_handle_t *)&receiver->timer, on_timer_closed);
}
