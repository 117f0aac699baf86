// Coder: what is put comes out encoded, in order and on the loop; what is stale is left out.

#include "runtime/coder.h"

#include "check.h"

#define SEEN_MAX 64

// An encoder as an application may bring one: a frame is its picture's timestamp. It waits for leave.
struct slow_encoder {
    struct yodel_encoder base;
    uv_sem_t leave;
    uv_sem_t begun;
    bool has_frame;
    bool fails;
    uint64_t bitrate;
    struct yodel_frame frame;
};

static struct slow_encoder slow;

static enum yodel_err encode(
    struct yodel_encoder *base, const struct yodel_raw *raw, bool is_key_wanted)
{
    uv_sem_post(&slow.begun);
    uv_sem_wait(&slow.leave);
    if (slow.fails) {
        memcpy(base->error_text, "out of ink", sizeof "out of ink");
        return YODEL_ERR_OPERATION;
    }
    slow.frame = (struct yodel_frame){.data = (const uint8_t *)&slow.bitrate,
        .len = sizeof slow.bitrate,
        .codec = YODEL_VP8,
        .is_key = is_key_wanted,
        .timestamp = raw->timestamp + raw->picture.planes[0][0]};
    slow.has_frame = true;
    return YODEL_OK;
}

static bool next(struct yodel_encoder *base, struct yodel_frame *frame)
{
    bool has = slow.has_frame;

    (void)base;
    *frame = slow.frame;
    slow.has_frame = false;
    return has;
}

static void set_target(struct yodel_encoder *base, const struct yodel_encoder_target *target)
{
    (void)base;
    slow.bitrate = target->bitrate;
}

static void encoder_free(struct yodel_encoder *base)
{
    (void)base;
    uv_sem_destroy(&slow.leave);
    uv_sem_destroy(&slow.begun);
}

struct run {
    uv_loop_t loop;
    struct coder coder;
    uint32_t count;
    uint64_t timestamps[SEEN_MAX];
    bool keys[SEEN_MAX];
    uint64_t bitrates[SEEN_MAX];
    uint32_t failures;
    bool is_closed;
};

static struct run run;

static void on_frame(void *ctx, const struct yodel_frame *frame)
{
    CHECK(ctx == &run && run.count < SEEN_MAX);
    run.timestamps[run.count] = frame->timestamp;
    run.keys[run.count] = frame->is_key;
    memcpy(&run.bitrates[run.count], frame->data,
        frame->len < sizeof run.bitrates[0] ? frame->len : sizeof run.bitrates[0]);
    run.count++;
}

static void on_failure(void *ctx, enum yodel_err err, const char *text)
{
    (void)ctx;
    CHECK_EQ(err, YODEL_ERR_OPERATION);
    CHECK_TEXT(text, "out of ink");
    run.failures++;
}

static void on_closed(struct coder *coder)
{
    CHECK(coder == &run.coder);
    run.is_closed = true;
}

static void begin(struct yodel_encoder *encoder)
{
    run = (struct run){0};
    CHECK_EQ(uv_loop_init(&run.loop), 0);
    struct coder_config config = {.loop = &run.loop,
        .alloc = alloc_system(),
        .encoder = encoder,
        .on_frame = on_frame,
        .on_failure = on_failure,
        .ctx = &run};
    CHECK_EQ(coder_init(&run.coder, &config), YODEL_OK);
}

static void begin_slow(void)
{
    static const struct yodel_encoder_ops ops = {encode, next, set_target, encoder_free};

    slow = (struct slow_encoder){.base = {.ops = &ops, .codec = YODEL_VP8}};
    CHECK_EQ(uv_sem_init(&slow.leave, 0), 0);
    CHECK_EQ(uv_sem_init(&slow.begun, 0), 0);
    begin(&slow.base);
}

static void end(void)
{
    coder_close(&run.coder, on_closed);
    uv_run(&run.loop, UV_RUN_DEFAULT);
    CHECK(run.is_closed);
    CHECK_EQ(uv_loop_close(&run.loop), 0);
}

// A picture whose first pixel is its number; its memory is anything afterwards, for it was copied.
static void put(uint64_t number)
{
    uint8_t pixels[16 * 16];
    struct yodel_raw raw = {.kind = YODEL_VIDEO,
        .timestamp = number * 1000,
        .picture = {16, 16, {pixels, pixels, pixels}, {16, 8, 8}}};

    memset(pixels, (int)number, sizeof pixels);
    CHECK_EQ(coder_put(&run.coder, &raw), YODEL_OK);
    memset(pixels, 0xee, sizeof pixels);
}

static void wait_for(const uint32_t *counter, uint32_t count)
{
    while (*counter < count) {
        uv_run(&run.loop, UV_RUN_ONCE);
    }
}

static void what_is_put_comes_out_in_order(void)
{
    begin_slow();
    for (uint64_t n = 1; n <= 20; n++) {
        put(n);
        uv_sem_post(&slow.leave);
        wait_for(&run.count, (uint32_t)n);
        CHECK_EQ(run.timestamps[n - 1], n * 1000 + n);
    }
    CHECK_EQ(coder_dropped(&run.coder), 0);
    end();
}

static void what_is_stale_is_left_out(void)
{
    begin_slow();
    put(1);
    uv_sem_wait(&slow.begun); // The first is at work, and stays there.
    for (uint64_t n = 2; n <= 9; n++) {
        put(n);
    }
    CHECK_EQ(coder_dropped(&run.coder), 6);
    for (int i = 0; i < 3; i++) {
        uv_sem_post(&slow.leave);
    }
    wait_for(&run.count, 3);
    CHECK_EQ(run.timestamps[0], 1001);
    CHECK_EQ(run.timestamps[1], 8008);
    CHECK_EQ(run.timestamps[2], 9009);
    end();
    CHECK_EQ(run.count, 3);
}

// Also where the picture that it was wanted of was left out.
static void wishes_reach_the_encoder(void)
{
    struct yodel_encoder_target target = {.bitrate = 123456};

    begin_slow();
    put(1);
    uv_sem_wait(&slow.begun);
    coder_want_key(&run.coder);
    coder_set_target(&run.coder, &target);
    for (uint64_t n = 2; n <= 5; n++) {
        put(n);
    }
    for (int i = 0; i < 3; i++) {
        uv_sem_post(&slow.leave);
    }
    wait_for(&run.count, 3);
    CHECK(!run.keys[0] && run.keys[1] && !run.keys[2]);
    CHECK_EQ(run.bitrates[0], 0);
    CHECK_EQ(run.bitrates[1], 123456);
    end();
}

static void a_failure_is_told_and_work_goes_on(void)
{
    begin_slow();
    slow.fails = true;
    put(1);
    uv_sem_post(&slow.leave);
    wait_for(&run.failures, 1);
    slow.fails = false;
    put(2);
    uv_sem_post(&slow.leave);
    wait_for(&run.count, 1);
    CHECK_EQ(run.timestamps[0], 2002);
    end();
}

static void what_waits_at_the_end_is_let_go(void)
{
    begin_slow();
    put(1);
    uv_sem_wait(&slow.begun);
    put(2);
    put(3);
    uv_sem_post(&slow.leave);
    uv_sem_post(&slow.leave);
    uv_sem_post(&slow.leave);
    end();
    CHECK(run.count >= 1); // What was at work is delivered.
    CHECK_EQ(run.timestamps[0], 1001);
}

static void sound_goes_through_a_real_encoder(void)
{
    struct yodel_encoder *encoder;
    int16_t samples[160] = {0};
    struct yodel_raw raw = {.kind = YODEL_AUDIO, .sound = {8000, 1, 160, samples}};
    struct yodel_raw picture = {.kind = YODEL_VIDEO};

    CHECK_EQ(yodel_encoder_new(YODEL_PCMU, NULL, &encoder), YODEL_OK);
    begin(encoder);
    CHECK_EQ(coder_put(&run.coder, &picture), YODEL_ERR_TYPE);
    for (uint32_t n = 0; n < 8; n++) {
        raw.timestamp = n;
        CHECK_EQ(coder_put(&run.coder, &raw), YODEL_OK);
    }
    wait_for(&run.count, 8);
    for (uint32_t n = 0; n < 8; n++) {
        CHECK_EQ(run.timestamps[n], n);
    }
    raw.sound.count = CODER_SAMPLES_MAX + 1;
    CHECK_EQ(coder_put(&run.coder, &raw), YODEL_ERR_RANGE);
    end();
}

TEST_MAIN(TEST(what_is_put_comes_out_in_order), TEST(what_is_stale_is_left_out),
    TEST(wishes_reach_the_encoder), TEST(a_failure_is_told_and_work_goes_on),
    TEST(what_waits_at_the_end_is_let_go), TEST(sound_goes_through_a_real_encoder))
