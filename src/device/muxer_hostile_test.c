// The muxer and what it must not fall over: what peers send, what is in the way on a disk, and a disk that is full.

#include "device/muxer.h"

#include <sys/stat.h>

#include "capped_alloc.h"
#include "device/muxer_fixture.h"

static struct device_muxer muxer;

static const struct {
    const char *ending;
    enum yodel_codec codec;
} rows[] = {{".webm", YODEL_VP8}, {".webm", YODEL_VP9}, {".webm", YODEL_AV1}, {".mkv", YODEL_H264},
    {".mkv", YODEL_VP8}, {".mp4", YODEL_H264}, {".mp4", YODEL_VP9}, {".mp4", YODEL_AV1},
    {".mkv", YODEL_PCMU}, {".ogg", YODEL_OPUS}, {".webm", YODEL_OPUS}, {".mp4", YODEL_OPUS}};

static uint32_t random_number = 99;

static uint8_t random_byte(void)
{
    random_number = random_number * 1664525 + 1013904223;
    return (uint8_t)(random_number >> 24);
}

static void only(const char *path, enum yodel_codec codec)
{
    fixture_open(
        &muxer, path, media_kind(codec) == YODEL_AUDIO ? DEVICE_MUXER_AUDIO : DEVICE_MUXER_VIDEO);
}

static void garbage_among_frames_spoils_no_others(void)
{
    for (size_t row = 0; row < COUNT(rows); row++) {
        const struct clip *clip = clip_of(rows[row].codec);
        const char *path = fixture_path(rows[row].ending);
        uint8_t garbage[300];
        only(path, rows[row].codec);
        for (size_t i = 0; i < clip->count; i++) {
            struct yodel_frame bad = clip->frames[i];
            for (size_t n = 0; n < sizeof garbage; n++) {
                garbage[n] = random_byte();
            }
            bad.data = garbage;
            bad.len = 1 + i * 7 % sizeof garbage;
            bad.is_key = i % 3 == 0;
            bad.timestamp += 100;
            bad.captured += 1000;
            fixture_put(&muxer, &bad); // The first comes before there is a head.
            fixture_put(&muxer, &clip->frames[i]);
        }
        fixture_close(&muxer);
        fixture_see(path);
        enum yodel_media_kind kind = media_kind(rows[row].codec);
        CHECK(seen.opens && seen.tracks[kind].packets >= clip->count);
        CHECK(kind == YODEL_AUDIO || seen.pictures > 0);
        fixture_remove(path);
    }
}

static void no_beginning_is_too_short_or_too_damaged(void)
{
    for (size_t row = 0; row < COUNT(rows); row++) {
        const struct clip *clip = clip_of(rows[row].codec);
        const char *path = fixture_path(rows[row].ending);
        uint8_t copy[200];
        for (size_t i = 0; i < 20; i++) {
            struct yodel_frame bad = clip->frames[0];
            size_t most = bad.len < sizeof copy ? bad.len : sizeof copy;
            memcpy(copy, bad.data, most);
            copy[random_byte() % 40u % most] ^= (uint8_t)(1u << random_byte() % 8u);
            bad.data = copy;
            bad.len = i % 2 == 0 ? most : 1 + i % most;
            only(path, rows[row].codec);
            enum yodel_err put = device_muxer_put(&muxer, &bad);
            CHECK_EQ(muxer.text[0] == '\0', put == YODEL_OK);
            enum yodel_err closed = device_muxer_close(&muxer);
            CHECK_EQ(muxer.text[0] == '\0', closed == YODEL_OK);
            CHECK_EQ(closed == YODEL_ERR_NOT_FOUND, access(path, F_OK) != 0);
            CHECK(put == YODEL_OK || put == closed);
        }
        (void)unlink(path);
    }
    CHECK_EQ(rmdir(fixture_folder), 0);
    fixture_folder[0] = '\0';
}

static void times_that_jump_by_hours_leave_a_file_that_plays(void)
{
    for (size_t row = 0; row < COUNT(rows); row++) {
        const struct clip *clip = clip_of(rows[row].codec);
        const char *path = fixture_path(rows[row].ending);
        only(path, rows[row].codec);
        for (size_t i = 0; i < clip->count; i++) {
            struct yodel_frame frame = clip->frames[i];
            frame.arrival = frame.captured;
            if (i % 5 == 1) {
                frame.timestamp += UINT64_C(90000) * 7200;
            } else if (i % 5 == 2) {
                frame.captured -= YODEL_SECONDS(60);
            } else if (i % 5 == 3) {
                frame.captured += YODEL_SECONDS(36000);
                frame.timestamp -= UINT64_C(90000) * 3600 * 24;
            }
            fixture_put(&muxer, &frame);
        }
        fixture_close(&muxer);
        CHECK_EQ(muxer.written, clip->count);
        fixture_see(path);
        enum yodel_media_kind kind = media_kind(rows[row].codec);
        CHECK(seen.opens && seen.tracks[kind].packets >= clip->count);
        CHECK(seen.tracks[kind].at[clip->count - 1] < CLIP_SECONDS + 0.1);
        CHECK(kind == YODEL_AUDIO || seen.pictures == clip->count);
        fixture_remove(path);
    }
}

static void moments_that_jump_by_hours_are_a_long_file(void)
{
    for (size_t row = 0; row < COUNT(rows); row++) {
        const struct clip *clip = clip_of(rows[row].codec);
        const char *path = fixture_path(rows[row].ending);
        only(path, rows[row].codec);
        for (size_t i = 0; i < clip->count; i++) {
            struct yodel_frame frame = clip->frames[i];
            frame.captured += YODEL_SECONDS(3600) * (i >= clip->count / 2 ? 22 : 2);
            frame.captured -= i >= clip->count * 3 / 4 ? YODEL_SECONDS(3600) * 21 : 0;
            fixture_put(&muxer, &frame);
        }
        fixture_close(&muxer);
        enum yodel_media_kind kind = media_kind(rows[row].codec);
        CHECK(muxer.duration > INT64_C(3600) * 20 * 1000000);
        CHECK_EQ(muxer.written, kind == YODEL_AUDIO ? clip->count * 3 / 4 : clip->count);
        if (rows[row].codec != YODEL_OPUS || strcmp(rows[row].ending, ".ogg") != 0) {
            fixture_see(path); // Ogg is filled for ten minutes.
            CHECK(seen.opens && seen.tracks[kind].packets == muxer.written);
        }
        fixture_remove(path);
    }
}

static void a_large_frame_is_written_and_a_larger_one_refused(void)
{
    static uint8_t large[MUXER_FRAME_MAX + 1];

    for (size_t row = 0; row < COUNT(rows); row++) {
        struct yodel_frame frame = clip_of(rows[row].codec)->frames[0];
        const char *path = fixture_path(rows[row].ending);
        only(path, rows[row].codec);
        fixture_put(&muxer, &frame);
        frame.data = large;
        frame.timestamp += 5000;
        frame.captured += 50000;
        frame.len = 1 << 20;
        fixture_put(&muxer, &frame);
        frame.len = sizeof large;
        CHECK_EQ(device_muxer_put(&muxer, &frame), YODEL_ERR_TOO_LARGE);
        CHECK_TEXT(muxer.text, "a frame of 16777217 bytes is not written");
        frame.len = 0;
        CHECK_EQ(device_muxer_put(&muxer, &frame), YODEL_ERR_TYPE);
        CHECK_TEXT(muxer.text, "a frame of 0 bytes is not written");
        fixture_close(&muxer);
        CHECK_EQ(muxer.written + muxer.dropped[DEVICE_MUXER_DAMAGED], 2);
        fixture_see(path);
        CHECK(seen.opens);
        fixture_remove(path);
    }
}

static void what_waits_has_a_limit(void)
{
    static uint8_t data[1 << 20];
    struct yodel_frame frame = clip_of(YODEL_VP8)->frames[0];
    const char *path = fixture_path(".webm");

    fixture_open(&muxer, path, DEVICE_MUXER_BOTH);
    fixture_put(&muxer, &frame);
    frame.data = data;
    frame.len = sizeof data;
    for (int i = 0; i < 40; i++) {
        frame.timestamp++;
        fixture_put(&muxer, &frame);
        CHECK(muxer.queue.bytes < MUXER_QUEUE_BYTES_MAX);
        CHECK_EQ(muxer.is_begun, i >= 15);
    }
    fixture_close(&muxer);
    CHECK_EQ(muxer.written, 41);
    fixture_remove(path);
}

// ---- files and disks

static enum yodel_err open_with(const char *path, bool overwrites)
{
    struct device_muxer_config config = {.expects = DEVICE_MUXER_VIDEO, .overwrites = overwrites};

    return device_muxer_open(&muxer, path, &config);
}

static void a_file_is_overwritten_where_that_is_said(void)
{
    char want[128];
    struct stat info;
    const char *path = fixture_path(".webm");
    FILE *file = fopen(path, "w");

    CHECK(file && fputs("precious", file) >= 0 && fclose(file) == 0);
    CHECK_EQ(open_with(path, false), YODEL_ERR_EXISTS);
    (void)snprintf(want, sizeof want, "\"%s\" is there already, and is not overwritten", path);
    CHECK_TEXT(muxer.text, want);
    CHECK(stat(path, &info) == 0 && info.st_size == 8);
    CHECK_EQ(open_with(path, true), YODEL_OK);
    fixture_put(&muxer, &clip_of(YODEL_VP8)->frames[0]);
    fixture_close(&muxer);
    fixture_see(path);
    CHECK_EQ(seen.pictures, 1);
    fixture_remove(path);
}

static void a_name_says_which_container_or_a_sentence_says_which_there_are(void)
{
    static char path[MUXER_PATH_MAX + 8];

    CHECK_EQ(open_with("a.avi", false), YODEL_ERR_NOT_SUPPORTED);
    CHECK_TEXT(muxer.text, "\"a.avi\" does not say what to write: let its name end in .webm, .mkv, "
                           ".mp4, .ogg or .opus");
    CHECK_EQ(open_with(".webm", false), YODEL_ERR_NOT_SUPPORTED);
    CHECK_EQ(open_with("/nowhere/a.WebM", false), YODEL_ERR_IO);
    CHECK_TEXT(muxer.text, "cannot write \"/nowhere/a.WebM\": No such file or directory");
    memset(path, 'a', MUXER_PATH_MAX);
    memcpy(path + MUXER_PATH_MAX, ".mkv", sizeof ".mkv");
    CHECK_EQ(open_with(path, false), YODEL_ERR_RANGE);
    CHECK_TEXT(muxer.text, "the name is longer than 1023 bytes");
}

static void nothing_is_no_file(void)
{
    const char *path = fixture_path(".webm");
    struct yodel_frame frame = clip_of(YODEL_VP8)->frames[1];

    CHECK_EQ(open_with(path, false), YODEL_OK);
    CHECK_EQ(device_muxer_close(&muxer), YODEL_ERR_NOT_FOUND);
    CHECK_TEXT(muxer.text, "nothing was written: nothing came");
    CHECK(access(path, F_OK) != 0);
    CHECK_EQ(open_with(path, false), YODEL_OK);
    fixture_put(&muxer, &frame);
    CHECK_EQ(device_muxer_close(&muxer), YODEL_ERR_NOT_FOUND);
    CHECK_TEXT(muxer.text, "nothing was written: no key frame of the video came");
    CHECK(access(path, F_OK) != 0);
}

static void a_full_disk_is_said_and_ends_the_file(void)
{
    for (size_t row = 0; row < COUNT(rows); row++) {
        const struct clip *clip = clip_of(rows[row].codec);
        const char *path = fixture_path(rows[row].ending);
        enum yodel_err err = YODEL_OK;
        CHECK_EQ(symlink("/dev/full", path), 0);
        only(path, rows[row].codec);
        for (size_t i = 0; i < clip->count && !err; i++) {
            err = device_muxer_put(&muxer, &clip->frames[i]);
        }
        CHECK_EQ(err, YODEL_ERR_IO);
        CHECK(strncmp(muxer.text, "the disk is full: ", 18) == 0);
        CHECK_EQ(device_muxer_put(&muxer, &clip->frames[0]), YODEL_ERR_IO);
        CHECK_EQ(device_muxer_close(&muxer), YODEL_ERR_IO);
        CHECK(strncmp(muxer.text, "the disk is full: ", 18) == 0);
        fixture_remove(path);
    }
}

// ---- memory

static void without_memory_what_was_written_plays(void)
{
    struct capped_alloc memory = capped_alloc(0);
    struct device_muxer_config config = {
        .alloc = &memory.alloc, .expects = DEVICE_MUXER_VIDEO, .overwrites = true};
    const struct clip *clip = clip_of(YODEL_H264);
    const char *path = fixture_path(".mp4");

    for (uint32_t n = 0; n < 40; n += 3) {
        enum yodel_err err = YODEL_OK;
        memory.allowed = n;
        CHECK_EQ(device_muxer_open(&muxer, path, &config), YODEL_OK);
        for (size_t i = 0; i < clip->count && !err; i++) {
            err = device_muxer_put(&muxer, &clip->frames[i]);
            CHECK_EQ(err, i < n ? YODEL_OK : YODEL_ERR_NO_MEMORY);
        }
        CHECK_EQ(device_muxer_close(&muxer), YODEL_ERR_NO_MEMORY);
        CHECK_TEXT(muxer.text, "there is no memory to write with");
        CHECK_EQ(memory.held, 0);
        fixture_see(path);
        CHECK(seen.pictures >= (n > 14 ? n - 14 : 0));
    }
    fixture_remove(path);
}

TEST_MAIN(TEST(garbage_among_frames_spoils_no_others),
    TEST(no_beginning_is_too_short_or_too_damaged),
    TEST(times_that_jump_by_hours_leave_a_file_that_plays),
    TEST(moments_that_jump_by_hours_are_a_long_file),
    TEST(a_large_frame_is_written_and_a_larger_one_refused), TEST(what_waits_has_a_limit),
    TEST(a_file_is_overwritten_where_that_is_said),
    TEST(a_name_says_which_container_or_a_sentence_says_which_there_are), TEST(nothing_is_no_file),
    TEST(a_full_disk_is_said_and_ends_the_file), TEST(without_memory_what_was_written_plays))
