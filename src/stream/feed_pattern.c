// The test's feed: numbered pictures that move, and a tone. Picture and sound of one moment have one time, so that who
// sees and hears both can measure how far they are apart.

#include <string.h>

#include "media/pattern.h"
#include "media/tone.h"
#include "stream/feed.h"

#define WIDTH 1280u
#define HEIGHT 720u
#define RATE 30u
#define TONE 440u
#define AMPLITUDE 0.3

struct pattern_feed {
    struct feed base;
    struct alloc *alloc;
    struct media_picture picture;
    struct media_tone tone;
    uint32_t width, height, frame_rate, channels;
    bool has_audio, has_video;
    uint64_t pictures, pieces; // That were given.
    int16_t samples[FEED_PIECE * 2];
};

static enum yodel_err open_feed(struct feed *base, const struct feed_pulse *pulse,
    struct feed_about *about, char why[FEED_TEXT_MAX])
{
    struct pattern_feed *feed = CONTAINER_OF(base, struct pattern_feed, base);

    (void)pulse;
    (void)why;
    about->has_audio = feed->has_audio;
    about->has_video = feed->has_video;
    memcpy(about->label, "test pattern", sizeof "test pattern");
    return YODEL_OK;
}

static enum yodel_err next_picture(struct pattern_feed *feed, struct yodel_raw *raw, yodel_time at)
{
    enum yodel_err err = media_picture_resize(&feed->picture, feed->width, feed->height);

    if (!err) {
        media_pattern_draw(&feed->picture, (uint32_t)feed->pictures & MEDIA_PATTERN_NUMBER_MASK);
        *raw =
            (struct yodel_raw){.kind = YODEL_VIDEO, .captured = at, .picture = feed->picture.view};
        feed->pictures++;
    }
    return err;
}

static void next_piece(struct pattern_feed *feed, struct yodel_raw *raw, yodel_time at)
{
    media_tone_make(&feed->tone, feed->channels, feed->samples, FEED_PIECE);
    *raw = (struct yodel_raw){.kind = YODEL_AUDIO,
        .captured = at,
        .sound = {feed->tone.rate, feed->channels, FEED_PIECE, feed->samples}};
    feed->pieces++;
}

static enum yodel_err next(struct feed *base, struct yodel_raw *raw, char why[FEED_TEXT_MAX])
{
    struct pattern_feed *feed = CONTAINER_OF(base, struct pattern_feed, base);
    yodel_time picture_at = feed->pictures * YODEL_SECONDS(1) / feed->frame_rate;
    yodel_time piece_at = feed->pieces * YODEL_MS(10);

    (void)why;
    if (feed->has_video && (!feed->has_audio || picture_at <= piece_at)) {
        return next_picture(feed, raw, picture_at);
    }
    next_piece(feed, raw, piece_at);
    return YODEL_OK;
}

static void close_feed(struct feed *base)
{
    struct pattern_feed *feed = CONTAINER_OF(base, struct pattern_feed, base);

    media_picture_deinit(&feed->picture);
    alloc_free(feed->alloc, feed);
}

struct feed *feed_pattern_new(struct alloc *alloc, const struct yodel_source_config *config)
{
    static const struct feed_ops ops = {open_feed, next, close_feed};
    struct pattern_feed *feed = alloc_new(alloc, sizeof *feed);

    if (!feed) {
        return NULL;
    }
    *feed = (struct pattern_feed){.base = {.ops = &ops},
        .alloc = alloc,
        .tone = {.hz = config->tone_hz ? config->tone_hz : TONE,
            .rate = 48000,
            .amplitude = AMPLITUDE},
        .width = config->width ? config->width : WIDTH,
        .height = config->height ? config->height : HEIGHT,
        .frame_rate = config->frame_rate ? config->frame_rate : RATE,
        .channels = config->channels ? config->channels : 1,
        .has_audio = !config->has_no_audio,
        .has_video = !config->has_no_video};
    media_picture_init(&feed->picture, alloc);
    return &feed->base;
}
