// Readers: what was put into a file comes out of it, at its time.

#include "device/reader.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "device/reader_fixture.h"

#define HEARD_MAX 96000

struct reading {
    struct device_reader *reader;
    uint32_t pictures, pieces;
    uint32_t number; // Of the last picture that could be read.
    uint32_t in_order;
    yodel_time first_picture, last_picture, last_piece, first_piece;
    uint64_t last_position;
    uint32_t width, height, channels;
    yodel_time latest;        // Of both kinds,
    yodel_duration behind;    // and how far one was at most before what had come already.
    int16_t heard[HEARD_MAX]; // The first channel.
    uint32_t heard_count;
    char why[DEVICE_TEXT_MAX];
};

static struct reading reading;

static void open_fixture(const struct file_fixture *f, struct device_reader_config config)
{
    memset(&reading, 0, sizeof reading);
    config.memory = bytes_of(f->data, f->len);
    enum yodel_err err = device_reader_open(&reading.reader, &config, reading.why);
    if (err) {
        fprintf(stderr, "%s: %s\n", f->format, reading.why);
    }
    CHECK_EQ(err, YODEL_OK);
}

static void see(const struct yodel_raw *raw)
{
    uint32_t number;

    CHECK(reading.pictures == 0 || raw->captured > reading.last_picture);
    CHECK_EQ(raw->timestamp, raw->captured * 9 / 100);
    if (reading.pictures++ == 0) {
        reading.first_picture = raw->captured;
    }
    reading.last_picture = raw->captured;
    reading.width = raw->picture.width;
    reading.height = raw->picture.height;
    if (media_pattern_read(&raw->picture, &number)) {
        reading.in_order += number == reading.number + 1 || (number == 0 && reading.number == 0);
        reading.number = number;
    }
}

static void hear(const struct yodel_raw *raw)
{
    CHECK_EQ(raw->sound.rate, 48000);
    CHECK_EQ(raw->sound.count, 480);
    CHECK(reading.pieces == 0 || raw->timestamp >= reading.last_position + 480);
    CHECK(reading.pieces == 0 || raw->captured >= reading.last_piece);
    if (reading.pieces++ == 0) {
        reading.first_piece = raw->captured;
    }
    reading.last_piece = raw->captured;
    reading.last_position = raw->timestamp;
    reading.channels = raw->sound.channels;
    for (uint32_t i = 0; i < 480 && reading.heard_count < HEARD_MAX; i++) {
        reading.heard[reading.heard_count++] = raw->sound.samples[i * raw->sound.channels];
    }
}

static enum yodel_err read_all(void)
{
    struct yodel_raw raw;
    enum yodel_err err;

    while (!(err = device_reader_next(reading.reader, &raw, reading.why))) {
        if (raw.captured > reading.latest) {
            reading.latest = raw.captured;
        } else if (reading.latest - raw.captured > reading.behind) {
            reading.behind = reading.latest - raw.captured;
        }
        if (raw.kind == YODEL_VIDEO) {
            see(&raw);
        } else {
            hear(&raw);
        }
    }
    return err;
}

static void check_tone(void)
{
    struct yodel_sound sound = {48000, 1, 9600, reading.heard + 9600};
    struct media_tone_heard heard;

    CHECK(reading.heard_count >= 2 * 9600);
    CHECK(media_tone_hear(&sound, &heard));
    CHECK(fabs(heard.hz - FIXTURE_TONE_HZ) < 2);
    CHECK(fabs(heard.amplitude - 0.5) < 0.06);
    CHECK(heard.purity > 0.95);
}

static void each_format_gives_its_pictures_and_its_tone(void)
{
    static const struct file_fixture files[] = {
        {.format = "webm", .video = AV_CODEC_ID_VP8, .audio = AV_CODEC_ID_OPUS},
        {.format = "mp4", .video = AV_CODEC_ID_MPEG4, .audio = AV_CODEC_ID_AAC, .rate = 44100},
        {.format = "mov",
            .video = AV_CODEC_ID_MJPEG,
            .audio = AV_CODEC_ID_PCM_S16LE,
            .rate = 22050},
        {.format = "mpegts", .video = AV_CODEC_ID_MPEG2VIDEO, .audio = AV_CODEC_ID_MP2},
        {.format = "ogg", .audio = AV_CODEC_ID_FLAC, .rate = 96000, .channels = 2},
        {.format = "wav", .audio = AV_CODEC_ID_PCM_S16LE, .rate = 8000},
        {.format = "matroska", .video = AV_CODEC_ID_FFV1},
    };

    for (size_t i = 0; i < COUNT(files); i++) {
        struct file_fixture f = files[i];
        struct device_reader_config config = {.channels = 1};
        fixture_make(&f);
        open_fixture(&f, config);
        const struct device_reader_about *about = device_reader_about(reading.reader);
        CHECK_EQ(about->has_audio, f.audio != AV_CODEC_ID_NONE);
        CHECK_EQ(about->has_video, f.video != AV_CODEC_ID_NONE);
        CHECK(about->duration > YODEL_MS(900) && about->duration < YODEL_MS(1200));
        CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
        CHECK_EQ(device_reader_damaged(reading.reader), 0);
        if (about->has_video) {
            CHECK_EQ(about->width, 320);
            CHECK_EQ(about->frame_rate, 25);
            CHECK_EQ(reading.pictures, 25);
            CHECK_EQ(reading.in_order, 25);
            CHECK_EQ(reading.width, 320);
            CHECK_EQ(reading.height, 240);
            CHECK(reading.last_picture - reading.first_picture >= YODEL_MS(959));
            CHECK(reading.last_picture - reading.first_picture <= YODEL_MS(961));
        }
        if (about->has_audio) {
            CHECK(reading.pieces >= 99 && reading.pieces <= 108);
            CHECK_EQ(reading.last_piece / 10000 + 1 - reading.first_piece / 10000, reading.pieces);
            check_tone();
        }
        device_reader_close(reading.reader);
        fixture_free(&f);
    }
}

// As phones write them.
static void what_a_file_has_in_runs_comes_in_the_order_of_time(void)
{
    struct file_fixture f = {.format = "matroska",
        .video = AV_CODEC_ID_MJPEG,
        .audio = AV_CODEC_ID_PCM_S16LE,
        .pictures = 50,
        .run = 25};
    struct device_reader_config config = {0};

    fixture_make(&f);
    open_fixture(&f, config);
    CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
    CHECK_EQ(reading.in_order, 50);
    CHECK(reading.pieces >= 200);
    CHECK(reading.behind < YODEL_MS(60));
    device_reader_close(reading.reader);
    fixture_free(&f);
}

static void the_second_round_goes_on_where_the_first_ended(void)
{
    struct file_fixture f = {
        .format = "webm", .video = AV_CODEC_ID_VP8, .audio = AV_CODEC_ID_OPUS, .pictures = 10};
    struct device_reader_config config = {.channels = 2};

    fixture_make(&f);
    open_fixture(&f, config);
    CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
    uint32_t pictures = reading.pictures;
    yodel_time last_picture = reading.last_picture, last_piece = reading.last_piece;
    uint32_t pieces = reading.pieces;
    CHECK_EQ(device_reader_rewind(reading.reader, reading.why), YODEL_OK);
    reading.pictures = reading.pieces =
        0; // The checks of order go on with what is kept of the last ones.
    reading.number = 0;
    CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
    CHECK_EQ(reading.pictures, pictures);
    CHECK_EQ(reading.pieces, pieces);
    CHECK_EQ(reading.channels, 2);
    CHECK(reading.first_picture > last_picture + YODEL_MS(30));
    CHECK(reading.first_picture < last_picture + YODEL_MS(90));
    CHECK(reading.first_piece > last_piece);
    CHECK(reading.first_piece < last_piece + YODEL_MS(60));
    device_reader_close(reading.reader);
    fixture_free(&f);
}

static void a_round_that_is_cut_short_begins_again(void)
{
    struct file_fixture f = {.format = "wav", .audio = AV_CODEC_ID_PCM_S16LE};
    struct yodel_raw raw;
    struct device_reader_config config = {.channels = 1};

    fixture_make(&f);
    open_fixture(&f, config);
    CHECK_EQ(device_reader_next(reading.reader, &raw, reading.why), YODEL_OK);
    yodel_time first = raw.captured;
    CHECK_EQ(device_reader_rewind(reading.reader, reading.why), YODEL_OK);
    CHECK_EQ(device_reader_next(reading.reader, &raw, reading.why), YODEL_OK);
    CHECK(raw.captured > first);
    CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
    CHECK(reading.pieces >= 98);
    device_reader_close(reading.reader);
    fixture_free(&f);
}

static void pictures_are_as_small_and_as_few_as_wished_for(void)
{
    static const struct {
        uint32_t width, height, wished_width, wished_height, rate, want_width, want_height,
            want_count;
    } rows[] = {
        {320, 240, 160, 160, 0, 160, 120, 25}, {320, 240, 0, 60, 5, 80, 60, 5},
        {320, 240, 1280, 720, 50, 320, 240, 25}, {321, 241, 0, 0, 10, 320, 240, 10},
        {64, 200, 8, 0, 1, 16, 24, 2}, // At 0 s and 0.96 s: an eighth of a period early is in time.
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct file_fixture f = {.format = "matroska", .video = AV_CODEC_ID_MPEG4};
        struct device_reader_config config = {.width = rows[i].wished_width,
            .height = rows[i].wished_height,
            .frame_rate = rows[i].rate};
        f.width = rows[i].width;
        f.height = rows[i].height;
        fixture_make(&f);
        open_fixture(&f, config);
        CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
        CHECK_EQ(reading.width, rows[i].want_width);
        CHECK_EQ(reading.height, rows[i].want_height);
        CHECK_EQ(device_reader_about(reading.reader)->width, rows[i].want_width);
        CHECK_EQ(reading.pictures, rows[i].want_count);
        device_reader_close(reading.reader);
        fixture_free(&f);
    }
}

static void only_what_is_wanted_is_read(void)
{
    struct file_fixture f = {
        .format = "webm", .video = AV_CODEC_ID_VP8, .audio = AV_CODEC_ID_OPUS, .pictures = 5};
    struct device_reader_config sound = {.has_no_video = true}, pictures = {.has_no_audio = true};
    struct device_reader_config neither = {.has_no_audio = true, .has_no_video = true};
    char why[DEVICE_TEXT_MAX];
    struct device_reader *reader;

    fixture_make(&f);
    open_fixture(&f, sound);
    CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
    CHECK(reading.pictures == 0 && reading.pieces > 0);
    device_reader_close(reading.reader);
    open_fixture(&f, pictures);
    CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
    CHECK(reading.pictures == 5 && reading.pieces == 0);
    device_reader_close(reading.reader);
    neither.memory = bytes_of(f.data, f.len);
    CHECK_EQ(device_reader_open(&reader, &neither, why), YODEL_ERR_NOT_SUPPORTED);
    fixture_free(&f);
}

static void what_does_not_open_says_why(void)
{
    static const char subtitles[] = "1\n00:00:00,000 --> 00:00:01,000\nNobody is heard.\n\n";
    static const char nothing[] = "This is nothing that could be seen or heard by anybody.";
    static const char absolute[] = "ffconcat version 1.0\nfile /etc/hostname\n";
    static const char relative[] = "ffconcat version 1.0\nfile hostname\n";
    static const struct {
        const char *name;
        const char *memory;
        enum yodel_err err;
        const char *why;
    } rows[] = {
        {"/nowhere/a.webm", NULL, YODEL_ERR_NOT_FOUND, "there is no /nowhere/a.webm"},
        {"concat:a.wav|b.wav", NULL, YODEL_ERR_NOT_FOUND, "there is no concat:a.wav|b.wav"},
        {"file:///nowhere/a.wav", NULL, YODEL_ERR_NOT_FOUND, "there is no file:///nowhere/a.wav"},
        {"/tmp", NULL, YODEL_ERR_TYPE, "/tmp is not a file"},
        {"/dev/zero", NULL, YODEL_ERR_TYPE, "/dev/zero is not a file"},
        {"gopher://host/x", NULL, YODEL_ERR_NOT_SUPPORTED,
            "gopher:// is of a protocol that is not read from"},
        {NULL, NULL, YODEL_ERR_TYPE, "there is no name of a file"},
        {NULL, nothing, YODEL_ERR_MALFORMED,
            "what is in memory is no pictures and no sound, or is damaged"},
        {NULL, subtitles, YODEL_ERR_NOT_SUPPORTED,
            "what is in memory has no picture and no sound that is wanted and can be decoded"},
        // What it names is not opened.
        {NULL, absolute, YODEL_ERR_IO, "no permission to read what is in memory"},
        {NULL, relative, YODEL_ERR_IO, "what is in memory: Invalid argument"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct device_reader_config config = {.name = rows[i].name};
        struct device_reader *reader;
        char why[DEVICE_TEXT_MAX];
        config.memory = bytes_of(rows[i].memory, rows[i].memory ? strlen(rows[i].memory) : 0);
        enum yodel_err err = device_reader_open(&reader, &config, why);
        if (err != rows[i].err || strcmp(why, rows[i].why) != 0) {
            fprintf(stderr, "row %zu: %s, %s\n", i, yodel_err_name(err), why);
        }
        CHECK_EQ(err, rows[i].err);
        CHECK_TEXT(why, rows[i].why);
    }
}

static void three_channels_are_refused(void)
{
    struct device_reader_config config = {.channels = 3};
    struct device_reader *reader;
    char why[DEVICE_TEXT_MAX];

    CHECK_EQ(device_reader_open(&reader, &config, why), YODEL_ERR_RANGE);
}

// Whatever was asked for, and before.
static uint32_t asked, allowed;

static bool is_interrupted(void *ctx)
{
    (void)ctx;
    return ++asked > allowed;
}

static void whoever_interrupts_it_ends_it_at_any_time(void)
{
    struct file_fixture f = {.format = "mp4", .video = AV_CODEC_ID_MPEG4, .pictures = 5};
    bool has_ended = false;

    fixture_make(&f);
    for (allowed = 0; !has_ended && allowed < 1000; allowed++) {
        struct device_reader_config config = {
            .memory = {f.data, f.len}, .is_interrupted = is_interrupted};
        asked = 0;
        memset(&reading, 0, sizeof reading);
        enum yodel_err err = device_reader_open(&reading.reader, &config, reading.why);
        if (!err) {
            err = read_all();
            has_ended = err == YODEL_ERR_NOT_FOUND;
            device_reader_close(reading.reader);
        }
        CHECK(err == YODEL_ERR_ABORTED || has_ended);
    }
    CHECK(allowed > 5 && has_ended);
    fixture_free(&f);
}

// Every so many bytes one is another; and most of it still comes.
static void what_is_damaged_is_left_out(void)
{
    struct file_fixture f = {
        .format = "matroska", .video = AV_CODEC_ID_MJPEG, .audio = AV_CODEC_ID_MP2};

    fixture_make(&f);
    for (size_t i = 20000; i < f.len; i += 7000) {
        f.data[i] ^= 0xff;
    }
    struct device_reader_config config = {0};
    open_fixture(&f, config);
    CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
    CHECK(reading.pictures > 10);
    CHECK(reading.pieces > 50);
    device_reader_close(reading.reader);
    fixture_free(&f);
}

static void a_file_of_noise_behind_its_head_is_given_up(void)
{
    struct file_fixture f = {.format = "matroska", .video = AV_CODEC_ID_MPEG4, .pictures = 250};
    uint8_t *at;
    size_t left;

    fixture_make(&f);
    // Each block's payload, but not what holds it.
    for (at = f.data, left = f.len; left > 8; at++, left--) {
        if (memcmp(at, "\0\0\1\xb6", 4) == 0) {
            memset(at, 0xff, 8);
        }
    }
    struct device_reader_config config = {0};
    open_fixture(&f, config);
    CHECK_EQ(read_all(), YODEL_ERR_MALFORMED);
    CHECK_TEXT(reading.why, "what is in memory is damaged: 100 packets in a row cannot be decoded");
    device_reader_close(reading.reader);
    fixture_free(&f);
}

static void a_file_with_a_name_is_the_same(void)
{
    struct file_fixture f = {.format = "wav", .audio = AV_CODEC_ID_PCM_S16LE, .pictures = 5};
    // A name that libavformat would take for something else.
    char folder[] = "/tmp/yodel-reader-XXXXXX", path[64];
    char why[DEVICE_TEXT_MAX];

    CHECK(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/subfile,,x:%%d.wav", folder);
    fixture_make(&f);
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(f.data, 1, f.len, file) == f.len && fclose(file) == 0);
    struct device_reader_config config = {.name = path};
    memset(&reading, 0, sizeof reading);
    enum yodel_err err = device_reader_open(&reading.reader, &config, why);
    (void)unlink(path);
    (void)rmdir(folder);
    CHECK_EQ(err, YODEL_OK);
    CHECK_EQ(read_all(), YODEL_ERR_NOT_FOUND);
    CHECK(reading.pieces >= 20);
    // It is opened again, and is gone.
    CHECK_EQ(device_reader_rewind(reading.reader, why), YODEL_ERR_NOT_FOUND);
    struct yodel_raw raw;
    CHECK_EQ(device_reader_next(reading.reader, &raw, why), YODEL_ERR_INVALID_STATE);
    device_reader_close(reading.reader);
    fixture_free(&f);
}

TEST_MAIN(TEST(each_format_gives_its_pictures_and_its_tone),
    TEST(what_a_file_has_in_runs_comes_in_the_order_of_time),
    TEST(the_second_round_goes_on_where_the_first_ended),
    TEST(a_round_that_is_cut_short_begins_again),
    TEST(pictures_are_as_small_and_as_few_as_wished_for), TEST(only_what_is_wanted_is_read),
    TEST(what_does_not_open_says_why), TEST(three_channels_are_refused),
    TEST(whoever_interrupts_it_ends_it_at_any_time), TEST(what_is_damaged_is_left_out),
    TEST(a_file_of_noise_behind_its_head_is_given_up), TEST(a_file_with_a_name_is_the_same))
