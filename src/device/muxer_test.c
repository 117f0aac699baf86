// Muxer: what is written is read again, in sync, by libavformat and libavcodec; and what was written before the process
// ended plays.

#include "device/muxer.h"

#include "device/muxer_fixture.h"

static struct device_muxer muxer;

static const char *const endings[] = {".webm", ".mkv", ".mp4", ".ogg", ".opus"};

static const struct {
    enum yodel_codec codec;
    enum AVCodecID id;
    const char *endings;
} codecs[] = {
    {YODEL_OPUS, AV_CODEC_ID_OPUS, ".webm .mkv .mp4 .ogg .opus"},
    {YODEL_PCMU, AV_CODEC_ID_PCM_MULAW, ".mkv"},
    {YODEL_PCMA, AV_CODEC_ID_PCM_ALAW, ".mkv"},
    {YODEL_VP8, AV_CODEC_ID_VP8, ".webm .mkv"},
    {YODEL_VP9, AV_CODEC_ID_VP9, ".webm .mkv .mp4"},
    {YODEL_H264, AV_CODEC_ID_H264, ".mkv .mp4"},
    {YODEL_AV1, AV_CODEC_ID_AV1, ".webm .mkv .mp4"},
};

static bool is_near(double a, double b, double most)
{
    return fabs(a - b) <= most;
}

// From picture `first` on, each at its time after picture 0, which is at `start`.
static void check_pictures(uint32_t first, size_t count, double start)
{
    CHECK_EQ(seen.wrong, 0);
    CHECK_EQ(seen.pictures, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(seen.shown[i].number, first + i);
        CHECK(is_near(seen.shown[i].at, start + (double)(first + i) / CLIP_RATE, 0.0015));
    }
}

static void check_table(const char *ending, size_t row)
{
    const struct clip *clip = clip_of(codecs[row].codec);
    enum yodel_media_kind kind = media_kind(codecs[row].codec);
    const char *path = fixture_path(ending);

    fixture_open(&muxer, path, kind == YODEL_AUDIO ? DEVICE_MUXER_AUDIO : DEVICE_MUXER_VIDEO);
    fixture_put_both(
        &muxer, kind == YODEL_AUDIO ? clip : NULL, kind == YODEL_VIDEO ? clip : NULL, NULL);
    fixture_close(&muxer);
    fixture_see(path);
    CHECK(seen.opens && seen.tracks[kind].is_there && !seen.tracks[!kind].is_there);
    CHECK_EQ(seen.tracks[kind].codec, codecs[row].id);
    CHECK_EQ(muxer.written, clip->count);
    CHECK(is_near(seen.duration, CLIP_SECONDS, 0.021));
    CHECK_EQ(muxer.duration, (int64_t)CLIP_SECONDS * 1000000);
    if (kind == YODEL_AUDIO) {
        CHECK(is_near(seen.onset, 2, 0.015));
        CHECK(is_near(seen.tracks[kind].at[0], 0, 0.0001));
    } else {
        check_pictures(0, clip->count, 0);
    }
    fixture_remove(path);
}

static void each_container_holds_what_its_row_says(void)
{
    char text[MUXER_TEXT_MAX];

    for (size_t i = 0; i < COUNT(endings); i++) {
        for (size_t row = 0; row < COUNT(codecs); row++) {
            bool holds = strstr(codecs[row].endings, endings[i]) != NULL;
            CHECK_EQ(
                device_muxer_can_hold(fixture_path(endings[i]), codecs[row].codec, text), holds);
            CHECK_EQ(text[0] == '\0', holds);
            if (holds) {
                check_table(endings[i], row);
            }
        }
    }
}

static void the_tone_begins_with_its_picture(void)
{
    static const struct {
        const char *ending;
        enum yodel_codec sound, video;
    } rows[] = {{".webm", YODEL_OPUS, YODEL_VP8}, {".webm", YODEL_OPUS, YODEL_AV1},
        {".mkv", YODEL_PCMU, YODEL_H264}, {".mkv", YODEL_OPUS, YODEL_VP9},
        {".mp4", YODEL_OPUS, YODEL_H264}, {".mp4", YODEL_OPUS, YODEL_AV1}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *path = fixture_path(rows[i].ending);
        fixture_open(&muxer, path, DEVICE_MUXER_BOTH);
        fixture_put_both(&muxer, clip_of(rows[i].sound), clip_of(rows[i].video), NULL);
        fixture_close(&muxer);
        fixture_see(path);
        check_pictures(0, CLIP_SECONDS * CLIP_RATE, 0);
        CHECK_EQ(seen.tracks[YODEL_AUDIO].packets, CLIP_SECONDS * 50);
        CHECK(is_near(seen.onset, seen.shown[CLIP_ONSET_PICTURE].at, 0.015));
        fixture_remove(path);
    }
}

static void an_ended_file_can_be_sought_in(void)
{
    static const char *const seekable[] = {".webm", ".mkv", ".mp4"};

    for (size_t i = 0; i < COUNT(seekable); i++) {
        const char *path = fixture_path(seekable[i]);
        AVFormatContext *file = NULL;
        AVPacket *packet = av_packet_alloc();
        fixture_open(&muxer, path, DEVICE_MUXER_VIDEO);
        fixture_put_both(&muxer, NULL, clip_of(i == 0 ? YODEL_VP8 : YODEL_H264), NULL);
        fixture_close(&muxer);
        CHECK_EQ(avformat_open_input(&file, path, NULL, NULL), 0);
        CHECK(avformat_find_stream_info(file, NULL) >= 0);
        CHECK(av_seek_frame(file, -1, 2500000, AVSEEK_FLAG_BACKWARD) >= 0);
        CHECK_EQ(av_read_frame(file, packet), 0);
        CHECK(is_near((double)packet->pts * av_q2d(file->streams[0]->time_base), 2, 0.001));
        av_packet_free(&packet);
        avformat_close_input(&file);
        fixture_remove(path);
    }
}

// ---- ended at any moment

static uint8_t bytes[4 << 20];
static size_t bytes_len;
static const char *killed_ending;
static size_t kills;

static void read_file(const char *path)
{
    FILE *file = fopen(path, "rb");

    CHECK(file != NULL);
    bytes_len = fread(bytes, 1, sizeof bytes, file);
    CHECK(bytes_len < sizeof bytes);
    CHECK_EQ(fclose(file), 0);
}

static void write_file(const char *path, size_t len)
{
    FILE *file = fopen(path, "wb");

    CHECK(file != NULL);
    CHECK_EQ(fwrite(bytes, 1, len, file), len);
    CHECK_EQ(fclose(file), 0);
}

// What is in the file now is what would be left. All plays that is older than a part and what waits
// for its order, but for a packet of sound that libavformat keeps.
static void see_what_a_kill_leaves(struct device_muxer *m, yodel_time captured)
{
    int64_t age = (int64_t)(captured - CLIP_START) - (int64_t)(MUXER_PART + MUXER_ORDER);

    if (captured % YODEL_MS(300) != 0 || age < (int64_t)CLIP_PICTURE) {
        return;
    }
    read_file(m->path);
    char path[MUXER_PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s.killed%s", m->path, killed_ending);
    write_file(path, bytes_len);
    fixture_see(path);
    CHECK(seen.opens);
    if (m->tracks[YODEL_VIDEO].is_expected) {
        CHECK(seen.pictures >= (size_t)age / CLIP_PICTURE);
        check_pictures(0, seen.pictures, 0);
    }
    CHECK(seen.tracks[YODEL_AUDIO].packets + 1 >= (size_t)age / CLIP_SOUND);
    CHECK_EQ(unlink(path), 0);
    kills++;
}

static void what_was_written_before_a_kill_plays(void)
{
    static const struct {
        const char *ending;
        enum yodel_codec video;
    } rows[] = {{".webm", YODEL_VP8}, {".mkv", YODEL_H264}, {".mp4", YODEL_H264},
        {".mp4", YODEL_VP9}, {".ogg", YODEL_CODEC_COUNT}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *path = fixture_path(rows[i].ending);
        killed_ending = rows[i].ending;
        kills = 0;
        fixture_open(&muxer, path, DEVICE_MUXER_BOTH);
        fixture_put_both(&muxer, clip_of(YODEL_OPUS),
            rows[i].video == YODEL_CODEC_COUNT ? NULL : clip_of(rows[i].video),
            see_what_a_kill_leaves);
        fixture_close(&muxer);
        CHECK(kills >= 8);
        fixture_remove(path);
    }
}

static void a_file_that_ends_anywhere_opens_and_shows_nothing_wrong(void)
{
    static const enum yodel_codec video[] = {YODEL_VP9, YODEL_H264, YODEL_H264};
    uint32_t random = 12345;

    for (size_t i = 0; i < COUNT(video); i++) {
        const char *path = fixture_path(endings[i]);
        fixture_open(&muxer, path, DEVICE_MUXER_BOTH);
        fixture_put_both(&muxer, clip_of(YODEL_OPUS), clip_of(video[i]), NULL);
        fixture_close(&muxer);
        read_file(path);
        size_t whole = bytes_len, pictures = 0;
        for (int cut = 0; cut < 12; cut++) {
            random = random * 1664525 + 1013904223;
            write_file(path, whole / 2 + random % (whole / 2));
            fixture_see(path);
            CHECK(seen.opens);
            check_pictures(0, seen.pictures, 0);
            pictures += seen.pictures;
        }
        CHECK(pictures > 12 * 10);
        fixture_remove(path);
    }
}

// ---- beginnings

static void a_file_begins_with_both_and_video_with_a_key_frame(void)
{
    const struct clip *sound = clip_of(YODEL_OPUS), *video = clip_of(YODEL_VP8);
    struct clip late = {0};
    const char *path = fixture_path(".webm");

    for (size_t i = 5; i < video->count; i++) { // Its first key frame is picture 20.
        late.frames[late.count++] = video->frames[i];
    }
    fixture_open(&muxer, path, DEVICE_MUXER_BOTH);
    fixture_put_both(&muxer, sound, &late, NULL);
    fixture_close(&muxer);
    CHECK_EQ(muxer.dropped[DEVICE_MUXER_NEEDS_KEY], 15);
    fixture_see(path);
    CHECK_EQ(seen.tracks[YODEL_AUDIO].packets, sound->count);
    check_pictures(20, 20, 0);
    CHECK(is_near(seen.onset, seen.shown[0].at, 0.015));
    fixture_remove(path);
}

static void what_never_comes_is_waited_for_two_seconds(void)
{
    const struct clip *sound = clip_of(YODEL_OPUS), *video = clip_of(YODEL_VP8);
    const char *path = fixture_path(".webm");

    fixture_open(&muxer, path, DEVICE_MUXER_BOTH);
    for (size_t i = 0; i < sound->count; i++) {
        fixture_put(&muxer, &sound->frames[i]);
        CHECK_EQ(muxer.is_begun, i * CLIP_SOUND >= MUXER_WAIT);
    }
    fixture_put(&muxer, &video->frames[0]);
    fixture_close(&muxer);
    CHECK_EQ(muxer.dropped[DEVICE_MUXER_UNEXPECTED], 1);
    fixture_see(path);
    CHECK_EQ(seen.tracks[YODEL_AUDIO].packets, sound->count);
    CHECK(!seen.tracks[YODEL_VIDEO].is_there);
    fixture_remove(path);
}

static void a_short_recording_of_one_kind_is_a_file(void)
{
    const char *path = fixture_path(".mp4");

    fixture_open(&muxer, path, DEVICE_MUXER_BOTH);
    fixture_put(&muxer, &clip_of(YODEL_H264)->frames[0]);
    fixture_close(&muxer);
    fixture_see(path);
    check_pictures(0, 1, 0);
    fixture_remove(path);
}

static void a_kind_that_is_not_expected_is_dropped(void)
{
    const char *path = fixture_path(".webm");

    fixture_open(&muxer, path, DEVICE_MUXER_VIDEO);
    fixture_put_both(&muxer, clip_of(YODEL_OPUS), clip_of(YODEL_VP8), NULL);
    fixture_close(&muxer);
    CHECK_EQ(muxer.dropped[DEVICE_MUXER_UNEXPECTED], clip_of(YODEL_OPUS)->count);
    fixture_see(path);
    CHECK(!seen.tracks[YODEL_AUDIO].is_there);
    check_pictures(0, CLIP_SECONDS * CLIP_RATE, 0);
    fixture_remove(path);
}

// ---- time

static void a_gap_stays_a_gap(void)
{
    const struct clip *sound = clip_of(YODEL_OPUS);

    for (size_t i = 0; i < COUNT(endings); i++) {
        const char *path = fixture_path(endings[i]);
        fixture_open(&muxer, path, DEVICE_MUXER_AUDIO);
        for (size_t n = 0; n < sound->count; n++) { // The tone begins with 100.
            if (n < 37 || n >= 90) {
                fixture_put(&muxer, &sound->frames[n]);
            }
        }
        fixture_close(&muxer);
        fixture_see(path);
        bool is_filled = i >= 3; // Ogg has no gaps: what is to be concealed is in them.
        size_t next = is_filled ? 90 : 37;
        CHECK_EQ(seen.tracks[YODEL_AUDIO].packets, is_filled ? 200 : 37 + 110);
        CHECK(is_near(seen.tracks[YODEL_AUDIO].at[36], 36 * 0.02, 0.0015));
        CHECK(is_near(seen.tracks[YODEL_AUDIO].at[next], 90 * 0.02, 0.0015));
        CHECK(is_near(seen.onset, 2, 0.015));
        fixture_remove(path);
    }
}

static void sound_is_put_in_order_again_and_what_is_too_late_is_dropped(void)
{
    struct clip sound = *clip_of(YODEL_OPUS);
    const char *path = fixture_path(".ogg");
    struct yodel_frame late = sound.frames[50];

    for (size_t i = 60; i + 8 < sound.count; i += 8) {
        struct yodel_frame other = sound.frames[i];
        sound.frames[i] = sound.frames[i + 7];
        sound.frames[i + 7] = other;
    }
    fixture_open(&muxer, path, DEVICE_MUXER_AUDIO);
    for (size_t i = 0; i < sound.count; i++) {
        fixture_put(&muxer, &sound.frames[i]);
    }
    fixture_put(&muxer, &late);
    fixture_close(&muxer);
    CHECK_EQ(muxer.dropped[DEVICE_MUXER_LATE], 1);
    fixture_see(path);
    CHECK_EQ(seen.tracks[YODEL_AUDIO].packets, sound.count);
    for (size_t i = 0; i < sound.count; i++) {
        CHECK(is_near(seen.tracks[YODEL_AUDIO].at[i], (double)i * 0.02, 0.0015));
    }
    CHECK(is_near(seen.onset, 2, 0.015));
    fixture_remove(path);
}

static void video_that_stands_still_for_long_stays_in_sync(void)
{
    const struct clip *sound = clip_of(YODEL_OPUS), *video = clip_of(YODEL_H264);
    const char *path = fixture_path(".mp4");

    fixture_open(&muxer, path, DEVICE_MUXER_BOTH);
    for (size_t i = 0, v = 0; i < sound->count; i++) {
        fixture_put(&muxer, &sound->frames[i]);
        for (; v < video->count && video->frames[v].captured < sound->frames[i].captured; v++) {
            if (v < 7 || v >= 20) {
                fixture_put(&muxer, &video->frames[v]);
            }
        }
    }
    fixture_close(&muxer);
    fixture_see(path);
    CHECK(is_near(seen.shown[6].at, 0.6, 0.0015));
    CHECK_EQ(seen.shown[7].number, 20);
    CHECK(is_near(seen.shown[7].at, 2, 0.0015));
    CHECK(is_near(seen.onset, 2, 0.015));
    fixture_remove(path);
}

// ---- pictures

static void pictures_of_another_size_play_on(void)
{
    for (size_t row = 3; row < COUNT(codecs); row++) {
        struct clip video = {0};
        clip_pictures(&video, codecs[row].codec, 0, 20, 160);
        clip_pictures(&video, codecs[row].codec, 20, 20, 320);
        for (size_t i = 0; i < COUNT(endings); i++) {
            if (!strstr(codecs[row].endings, endings[i])) {
                continue;
            }
            const char *path = fixture_path(endings[i]);
            fixture_open(&muxer, path, DEVICE_MUXER_VIDEO);
            fixture_put_both(&muxer, NULL, &video, NULL);
            fixture_close(&muxer);
            fixture_see(path);
            check_pictures(0, 40, 0);
            CHECK_EQ(seen.shown[19].width, 160);
            CHECK_EQ(seen.shown[20].width, 320);
            fixture_remove(path);
        }
        for (size_t i = 0; i < video.count; i++) {
            free((void *)(uintptr_t)video.frames[i].data);
        }
    }
}

static void a_file_goes_on_without_what_it_cannot_hold(void)
{
    const struct clip *video = clip_of(YODEL_VP8);
    const char *path = fixture_path(".webm");

    fixture_open(&muxer, path, DEVICE_MUXER_VIDEO);
    CHECK_EQ(device_muxer_put(&muxer, &clip_of(YODEL_H264)->frames[0]), YODEL_ERR_TYPE);
    CHECK_TEXT(muxer.text, "WebM cannot hold H.264; use .mkv or .mp4");
    for (size_t i = 0; i < video->count; i++) {
        fixture_put(&muxer, &video->frames[i]);
        CHECK_EQ(device_muxer_put(&muxer, &clip_of(YODEL_VP9)->frames[0]), YODEL_ERR_TYPE);
        CHECK_TEXT(muxer.text, "the file has VP8, and cannot go on with VP9; begin another one");
    }
    fixture_close(&muxer);
    fixture_see(path);
    check_pictures(0, video->count, 0);
    fixture_remove(path);
}

TEST_MAIN(TEST(each_container_holds_what_its_row_says), TEST(the_tone_begins_with_its_picture),
    TEST(an_ended_file_can_be_sought_in), TEST(what_was_written_before_a_kill_plays),
    TEST(a_file_that_ends_anywhere_opens_and_shows_nothing_wrong),
    TEST(a_file_begins_with_both_and_video_with_a_key_frame),
    TEST(what_never_comes_is_waited_for_two_seconds), TEST(a_short_recording_of_one_kind_is_a_file),
    TEST(a_kind_that_is_not_expected_is_dropped), TEST(a_gap_stays_a_gap),
    TEST(sound_is_put_in_order_again_and_what_is_too_late_is_dropped),
    TEST(video_that_stands_still_for_long_stays_in_sync), TEST(pictures_of_another_size_play_on),
    TEST(a_file_goes_on_without_what_it_cannot_hold))
