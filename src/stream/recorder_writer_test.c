// A recorder's writer: what waits for a slow disk has a limit, and what is left out spoils nothing.

#include "stream/recorder_writer.h"

#include "device/muxer_fixture.h"

// Memory that the writer's thread gets only with leave, as if its disk were slow. The loop gets it at once, or none.
struct slow_alloc {
    struct alloc base;
    uv_sem_t leave;
    uv_thread_t loop;
    bool is_empty; // For the loop.
};

#define LARGE (1u << 20)

static struct slow_alloc slow;
static struct recorder_writer writer;
static uv_loop_t loop;
static bool is_ended;
static int started, failed;

static void *slow_resize(struct alloc *self, void *ptr, size_t len)
{
    uv_thread_t thread = uv_thread_self();
    bool is_loop = uv_thread_equal(&thread, &slow.loop) != 0;

    (void)self;
    if (!is_loop && len > 0) {
        uv_sem_wait(&slow.leave);
    }
    return is_loop && slow.is_empty && len > 0 ? NULL
                                               : alloc_system()->resize(alloc_system(), ptr, len);
}

static void on_started(void *ctx)
{
    (void)ctx;
    started++;
}

static void on_failed(void *ctx, enum yodel_err err, const char *text)
{
    (void)ctx;
    (void)err;
    CHECK_TEXT(text, "");
    failed++;
}

static void on_ended(void *ctx)
{
    CHECK(ctx == &writer);
    is_ended = true;
}

static void begin(const char *path, enum device_muxer_expects expects, unsigned leave)
{
    struct recorder_writer_config config = {.loop = &loop,
        .alloc = &slow.base,
        .path = path,
        .expects = expects,
        .overwrites = true,
        .on_started = on_started,
        .on_failed = on_failed,
        .on_ended = on_ended,
        .ctx = &writer};

    slow = (struct slow_alloc){.base = {slow_resize}, .loop = uv_thread_self()};
    is_ended = false;
    started = failed = 0;
    CHECK_EQ(uv_sem_init(&slow.leave, leave), 0);
    CHECK_EQ(uv_loop_init(&loop), 0);
    CHECK_EQ(recorder_writer_start(&writer, &config), YODEL_OK);
}

static void finish(void)
{
    recorder_writer_end(&writer);
    while (!is_ended) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    CHECK_EQ(uv_loop_close(&loop), 0);
    uv_sem_destroy(&slow.leave);
    CHECK_EQ(failed, 0);
}

static bool put_large(const struct yodel_frame *frame)
{
    static uint8_t data[LARGE];
    struct yodel_frame one = *frame;

    memcpy(data, frame->data, frame->len); // What follows a frame of VP8 is not looked at.
    memset(data + frame->len, 0, sizeof data - frame->len);
    one.data = data;
    one.len = sizeof data;
    return recorder_writer_put(&writer, &one);
}

static void what_waits_for_a_slow_disk_is_bounded_and_pictures_go_on_with_a_key_frame(void)
{
    const struct clip *clip = clip_of(YODEL_VP8);
    const char *path = fixture_path(".webm");
    const size_t fit = RECORDER_WRITER_BYTES_MAX / LARGE - 1;

    begin(path, DEVICE_MUXER_VIDEO, 0);
    CHECK(recorder_writer_wants_key(&writer));
    for (size_t i = 0; i < CLIP_ONSET_PICTURE; i++) {
        CHECK_EQ(put_large(&clip->frames[i]), i < fit);
        CHECK(!recorder_writer_wants_key(&writer)); // There would be no room for it.
    }
    CHECK(!recorder_writer_put(&writer, &clip->frames[CLIP_ONSET_PICTURE - 1])); // It would fit.
    for (size_t i = 0; i < clip->count; i++) {
        uv_sem_post(&slow.leave);
    }
    while (!recorder_writer_wants_key(&writer)) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    for (size_t i = CLIP_ONSET_PICTURE; i < clip->count; i++) {
        CHECK(recorder_writer_put(&writer, &clip->frames[i]));
        CHECK(!recorder_writer_wants_key(&writer));
    }
    finish();
    CHECK_EQ(started, 1);
    CHECK_EQ(recorder_writer_stats(&writer).dropped, CLIP_ONSET_PICTURE - fit + 1);
    CHECK_EQ(recorder_writer_stats(&writer).frames, fit + clip->count - CLIP_ONSET_PICTURE);
    fixture_see(path);
    CHECK_EQ(seen.wrong, 0);
    CHECK_EQ(seen.pictures, fit + clip->count - CLIP_ONSET_PICTURE);
    for (size_t i = 0; i < seen.pictures; i++) {
        CHECK_EQ(seen.shown[i].number, i < fit ? i : i - fit + CLIP_ONSET_PICTURE);
    }
    fixture_remove(path);
}

static void without_memory_pictures_go_on_with_a_key_frame(void)
{
    const struct clip *clip = clip_of(YODEL_H264);
    const char *path = fixture_path(".mp4");

    begin(path, DEVICE_MUXER_VIDEO, 1000);
    for (size_t i = 0; i < clip->count; i++) {
        slow.is_empty = i == 5;
        CHECK_EQ(recorder_writer_put(&writer, &clip->frames[i]), i < 5 || i >= CLIP_ONSET_PICTURE);
        CHECK_EQ(recorder_writer_wants_key(&writer), i >= 5 && i < CLIP_ONSET_PICTURE);
    }
    finish();
    CHECK_EQ(recorder_writer_stats(&writer).dropped, 15);
    fixture_see(path);
    CHECK_EQ(seen.pictures, clip->count - 15);
    fixture_remove(path);
}

static void what_was_no_key_frame_after_all_is_asked_for_again(void)
{
    struct yodel_frame bad = clip_of(YODEL_VP8)->frames[1];
    const char *path = fixture_path(".webm");

    begin(path, DEVICE_MUXER_BOTH, 1000);
    bad.is_key = true; // So it says.
    CHECK(recorder_writer_put(&writer, &bad));
    while (!recorder_writer_wants_key(&writer)) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    CHECK(recorder_writer_put(&writer, &clip_of(YODEL_VP8)->frames[0]));
    finish();
    CHECK_EQ(started, 1); // With its end, as no sound came.
    CHECK_EQ(recorder_writer_stats(&writer).frames, 1);
    CHECK_EQ(recorder_writer_stats(&writer).dropped, 1);
    fixture_remove(path);
}

TEST_MAIN(TEST(what_waits_for_a_slow_disk_is_bounded_and_pictures_go_on_with_a_key_frame),
    TEST(without_memory_pictures_go_on_with_a_key_frame),
    TEST(what_was_no_key_frame_after_all_is_asked_for_again))
