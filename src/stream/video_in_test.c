// Video that comes, with a decoder that takes as long as the test wants: nothing is left out in silence, and nothing
// waits for ever.

#include "stream/video_in.h"

#include "check.h"
#include "net/clock.h"

#define FRAME YODEL_MS(33)

// Its pictures are grey, of the frame's first byte; it waits for leave.
struct slow_decoder {
    struct yodel_decoder base;
    uv_sem_t leave;
    uv_sem_t begun;
    uint32_t made, freed;
    bool fails;
    bool has_picture;
    struct yodel_picture picture;
    uint8_t pixels[16 * 16];
};

static struct slow_decoder slow;

static enum yodel_err decode(struct yodel_decoder *base, const struct yodel_frame *frame)
{
    uv_sem_post(&slow.begun);
    uv_sem_wait(&slow.leave);
    if (slow.fails || (base->is_key_needed && !frame->is_key)) {
        base->is_key_needed = true;
        return slow.fails ? YODEL_ERR_MALFORMED : YODEL_ERR_INVALID_STATE;
    }
    base->is_key_needed = false;
    memset(slow.pixels, frame->data[0], sizeof slow.pixels);
    slow.picture =
        (struct yodel_picture){16, 16, {slow.pixels, slow.pixels, slow.pixels}, {16, 8, 8}};
    slow.has_picture = true;
    return YODEL_OK;
}

static bool next(struct yodel_decoder *base, struct yodel_raw *raw)
{
    bool has = slow.has_picture;

    (void)base;
    *raw = (struct yodel_raw){.kind = YODEL_VIDEO, .picture = slow.picture};
    slow.has_picture = false;
    return has;
}

static void decoder_free(struct yodel_decoder *base)
{
    (void)base;
    slow.freed++;
}

static enum yodel_err slow_new(enum yodel_codec codec, const struct yodel_decoder_config *config,
    struct yodel_decoder **decoder)
{
    static const struct yodel_decoder_ops ops = {decode, NULL, next, decoder_free};

    (void)config;
    slow.base = (struct yodel_decoder){.ops = &ops, .codec = codec, .is_key_needed = true};
    slow.made++;
    *decoder = &slow.base;
    return YODEL_OK;
}

static struct stage {
    uv_loop_t loop;
    struct alloc alloc;
    size_t alloc_most; // More at once there is not.
    struct video_in in;
    yodel_time now;
    uint64_t sent;
    uint32_t given, keys_wanted, changes;
    uint8_t last;
    bool is_closed;
} stage;

static void *resize(struct alloc *self, void *ptr, size_t len)
{
    (void)self;
    return len > stage.alloc_most ? NULL : alloc_system()->resize(alloc_system(), ptr, len);
}

static void give(void *ctx, const struct yodel_raw *raw, uint16_t rotation, uint64_t ntp)
{
    CHECK(ctx == &stage && rotation == 180 && ntp == 7);
    CHECK(!stage.is_closed);
    CHECK(stage.given == 0 || raw->picture.planes[0][0] > stage.last);
    stage.last = raw->picture.planes[0][0];
    stage.given++;
}

static void want_key(void *ctx)
{
    CHECK(ctx == &stage);
    stage.keys_wanted++;
}

static void changed(void *ctx)
{
    CHECK(ctx == &stage);
    stage.changes++;
}

static void begin(void)
{
    stage = (struct stage){.alloc = {resize}, .alloc_most = SIZE_MAX, .now = clock_now()};
    slow = (struct slow_decoder){.made = 0};
    CHECK_EQ(uv_loop_init(&stage.loop), 0);
    CHECK_EQ(uv_sem_init(&slow.leave, 0), 0);
    CHECK_EQ(uv_sem_init(&slow.begun, 0), 0);
    struct video_in_config config = {.loop = &stage.loop,
        .alloc = &stage.alloc,
        .give = give,
        .want_key = want_key,
        .changed = changed,
        .ctx = &stage,
        .decoder_new = slow_new};
    video_in_init(&stage.in, &config);
}

static void on_closed(void *ctx)
{
    CHECK(ctx == &stage);
    stage.is_closed = true;
}

static void end(void)
{
    video_in_close(&stage.in, on_closed);
    uv_sem_post(&slow.leave);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    CHECK(stage.is_closed);
    CHECK_EQ(slow.freed, slow.made);
    CHECK_EQ(uv_loop_close(&stage.loop), 0);
    uv_sem_destroy(&slow.leave);
    uv_sem_destroy(&slow.begun);
}

// One more frame, and the time that it takes.
static void receive_as(enum yodel_codec codec, bool is_key, size_t len)
{
    static uint8_t data[VIDEO_IN_BYTES_MAX];
    struct yodel_frame frame = {.data = data,
        .len = len,
        .codec = codec,
        .is_key = is_key,
        .timestamp = stage.sent * 2970,
        .rotation = 180,
        .capture_ntp = 7};

    data[0] = (uint8_t)stage.sent++;
    stage.now += FRAME;
    video_in_recv(&stage.in, &frame, stage.now);
    video_in_tick(&stage.in, stage.now);
}

static void receive(bool is_key)
{
    receive_as(YODEL_VP8, is_key, 100);
}

// Until the decoder has done so many more; then all that it gave is due.
static void let_decode(uint32_t count)
{
    uint32_t until = stage.changes + count;

    for (uint32_t i = 0; i < count; i++) {
        uv_sem_post(&slow.leave);
    }
    while (stage.changes < until) {
        uv_run(&stage.loop, UV_RUN_ONCE);
        stage.now +=
            YODEL_MS(300); // Longer than anything waits, as nothing is late before it is decoded.
        video_in_tick(&stage.in, stage.now);
    }
}

// ---- the claims

static void what_is_decoded_is_given_when_it_is_time(void)
{
    begin();
    receive(true);
    while (stage.in.decoder.count == 0) { // Nobody has looked at the clock yet.
        stage.now = video_in_next_timeout(&stage.in);
        video_in_tick(&stage.in, stage.now);
    }
    uv_sem_post(&slow.leave);
    while (stage.changes == 0) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    yodel_time due = video_in_next_timeout(&stage.in);
    CHECK(due > stage.now);
    video_in_tick(&stage.in, due - 1);
    CHECK_EQ(stage.given, 0);
    video_in_tick(&stage.in, due);
    CHECK_EQ(stage.given, 1);
    CHECK_EQ(stage.keys_wanted, 0);
    CHECK_EQ(video_in_next_timeout(&stage.in), YODEL_NEVER);
    end();
}

static void who_decodes_too_slowly_goes_on_with_a_key_frame(void)
{
    begin();
    receive(true);
    for (int i = 0; i < 30; i++) {
        receive(false);
    }
    CHECK_EQ(stage.in.decoder.count, DECODER_JOBS); // The rest waits: nothing was left out.
    CHECK_EQ(stage.in.dropped, 0);
    CHECK_EQ(stage.keys_wanted, 0);
    let_decode(1);
    CHECK_EQ(stage.keys_wanted, 1);
    let_decode(DECODER_JOBS - 1);
    CHECK(!list_first(&stage.in.waiting)); // Without a key frame it was of no use.
    uint32_t given = stage.given;
    receive(false);
    receive(true);
    receive(false);
    stage.now += YODEL_MS(300);
    video_in_tick(&stage.in, stage.now);
    let_decode(2);
    CHECK(stage.given > given);
    CHECK_EQ(stage.last, (uint8_t)(stage.sent - 1));
    end();
}

static void more_than_fits_is_refused_and_a_key_frame_asked_for(void)
{
    begin();
    for (int i = 0; i < 40; i++) {
        receive_as(YODEL_VP8, i == 0, VIDEO_IN_BYTES_MAX / 16);
    }
    CHECK(stage.in.waiting_bytes <= VIDEO_IN_BYTES_MAX);
    CHECK(stage.in.dropped > 0);
    CHECK(stage.keys_wanted > 0);
    end();
}

static void another_codec_has_another_decoder(void)
{
    begin();
    receive_as(YODEL_VP8, true, 10);
    receive_as(YODEL_H264, true, 10);
    receive_as(YODEL_H264, false, 10);
    stage.now += YODEL_MS(300);
    video_in_tick(&stage.in, stage.now);
    let_decode(3);
    CHECK_EQ(slow.made, 2);
    CHECK_EQ(slow.freed, 1);
    CHECK_EQ(stage.in.decoded, 3);
    end();
}

static void a_failure_is_counted_and_asks_for_a_key_frame(void)
{
    begin();
    slow.fails = true;
    receive(true);
    receive(false);
    stage.now += YODEL_MS(300);
    video_in_tick(&stage.in, stage.now);
    let_decode(2);
    CHECK_EQ(stage.in.failures, 1);
    CHECK_EQ(stage.in.dropped, 1); // The one behind it is no failure of its own.
    CHECK_EQ(stage.keys_wanted, 1);
    CHECK_EQ(stage.given, 0);
    end();
}

// Frames between the one that failed and a key frame that came meanwhile are no reason to wait for yet another.
static void a_key_frame_that_is_there_already_is_enough(void)
{
    begin();
    slow.fails = true;
    receive(true);
    receive(true);
    receive(false);
    stage.now += YODEL_MS(300);
    video_in_tick(&stage.in, stage.now);
    let_decode(1);
    slow.fails = false;
    let_decode(2);
    CHECK_EQ(stage.keys_wanted, 0);
    CHECK_EQ(stage.in.decoded, 2);
    end();
}

static void a_picture_without_memory_is_a_failure(void)
{
    begin();
    stage.alloc_most = 300; // Enough for a job, not for a picture of 16 x 16.
    receive_as(YODEL_VP8, true, 10);
    stage.now += YODEL_MS(300);
    video_in_tick(&stage.in, stage.now);
    let_decode(1);
    CHECK_EQ(stage.in.failures, 1);
    CHECK_EQ(stage.keys_wanted, 1);
    stage.alloc_most = 10; // Not even for a job.
    receive_as(YODEL_VP8, true, 10);
    CHECK_EQ(stage.in.dropped, 1);
    stage.alloc_most = SIZE_MAX;
    end();
}

static void it_ends_while_it_decodes(void)
{
    begin();
    receive(true);
    receive(false);
    receive(false);
    stage.now += YODEL_MS(300);
    video_in_tick(&stage.in, stage.now);
    uv_sem_wait(&slow.begun); // The first is being decoded; the others wait.
    end();
    CHECK_EQ(stage.given, 0);
    CHECK_EQ(stage.changes, 0);
}

static void it_ends_while_pictures_wait_to_be_shown(void)
{
    begin();
    video_in_reset(&stage.in);
    playout_video_set_asked(&stage.in.playout, YODEL_SECONDS(4));
    receive(true);
    stage.now = video_in_next_timeout(&stage.in);
    video_in_tick(&stage.in, stage.now);
    uv_sem_post(&slow.leave);
    while (stage.changes == 0) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK(list_first(&stage.in.done));
    end();
    CHECK_EQ(stage.given, 0);
}

TEST_MAIN(TEST(what_is_decoded_is_given_when_it_is_time),
    TEST(who_decodes_too_slowly_goes_on_with_a_key_frame),
    TEST(more_than_fits_is_refused_and_a_key_frame_asked_for),
    TEST(another_codec_has_another_decoder), TEST(a_failure_is_counted_and_asks_for_a_key_frame),
    TEST(a_key_frame_that_is_there_already_is_enough), TEST(a_picture_without_memory_is_a_failure),
    TEST(it_ends_while_it_decodes), TEST(it_ends_while_pictures_wait_to_be_shown))
