// The reader's feed: a file, from its beginning to its end, or in rounds; or a device, as it comes.

#include <stdio.h>
#include <string.h>

#include "device/reader.h"
#include "stream/feed.h"

_Static_assert(FEED_TEXT_MAX == DEVICE_TEXT_MAX, "a reader's sentences are a feed's");

struct reader_feed {
    struct feed base;
    struct alloc *alloc;
    struct device_reader_config config;
    struct device_reader *reader;
    bool is_looped;
    bool has_given; // In this round.
    char name[];
};

static enum yodel_err open_feed(struct feed *base, const struct feed_pulse *pulse,
    struct feed_about *about, char why[FEED_TEXT_MAX])
{
    struct reader_feed *feed = CONTAINER_OF(base, struct reader_feed, base);

    feed->config.is_interrupted = pulse->is_ending;
    feed->config.ctx = pulse->ctx;
    enum yodel_err err = device_reader_open(&feed->reader, &feed->config, why);
    if (!err) {
        const struct device_reader_about *found = device_reader_about(feed->reader);
        *about = (struct feed_about){.has_audio = found->has_audio,
            .has_video = found->has_video,
            .rotation = found->rotation};
    }
    return err;
}

// A round without anything is the last one: the next would be no better.
static enum yodel_err next(struct feed *base, struct yodel_raw *raw, char why[FEED_TEXT_MAX])
{
    struct reader_feed *feed = CONTAINER_OF(base, struct reader_feed, base);
    enum yodel_err err = device_reader_next(feed->reader, raw, why);

    if (err == YODEL_ERR_NOT_FOUND && feed->is_looped && feed->has_given) {
        feed->has_given = false;
        err = device_reader_rewind(feed->reader, why);
        if (!err) {
            err = device_reader_next(feed->reader, raw, why);
        }
    }
    feed->has_given = feed->has_given || !err;
    return err;
}

static void close_feed(struct feed *base)
{
    struct reader_feed *feed = CONTAINER_OF(base, struct reader_feed, base);

    device_reader_close(feed->reader);
    alloc_free(feed->alloc, feed);
}

struct feed *feed_reader_new(
    struct alloc *alloc, const struct device_reader_config *config, bool is_looped)
{
    static const struct feed_ops ops = {open_feed, next, close_feed};
    size_t len = config->name ? strlen(config->name) + 1 : 0;
    struct reader_feed *feed = alloc_new(alloc, sizeof *feed + len);

    if (!feed) {
        return NULL;
    }
    feed->base = (struct feed){.ops = &ops, .is_live = config->kind != DEVICE_READER_FILE};
    feed->alloc = alloc;
    feed->config = *config;
    feed->is_looped = is_looped;
    if (len > 0) {
        memcpy(feed->name, config->name, len);
        feed->config.name = feed->name;
    }
    return &feed->base;
}
