// A recorder's writer: see the header.

#include "stream/recorder_writer.h"

#include <string.h>

#include "media/codec.h"

struct entry {
    struct list_node link;
    struct yodel_frame frame;
    uint8_t data[];
};

static size_t size_of(const struct yodel_frame *frame)
{
    return sizeof(struct entry) + frame->len;
}

static bool is_key(const struct yodel_frame *frame)
{
    return frame->is_key && media_kind(frame->codec) == YODEL_VIDEO;
}

// ---- on the thread

static void tell_started(void *ctx)
{
    struct recorder_writer *writer = ctx;

    writer->config.on_started(writer->config.ctx);
}

static void tell_failed(void *ctx)
{
    struct recorder_writer *writer = ctx;

    writer->config.on_failed(writer->config.ctx, writer->err, writer->why);
}

// Once.
static void fail(struct recorder_writer *writer, enum yodel_err err)
{
    if (!writer->err) {
        writer->err = err;
        memcpy(writer->why, writer->muxer.text, sizeof writer->why);
        beside_post(&writer->beside, &writer->failed_mail, tell_failed, writer);
    }
}

static struct entry *first(struct recorder_writer *writer)
{
    struct list_node *node = list_first(&writer->queue);

    return node ? CONTAINER_OF(node, struct entry, link) : NULL;
}

// NULL: the end.
static struct entry *wait_for_entry(struct recorder_writer *writer)
{
    struct entry *entry;

    beside_lock(&writer->beside);
    while (!(entry = first(writer)) && !writer->beside.is_ending) {
        beside_wait(&writer->beside, YODEL_NEVER);
    }
    if (entry) {
        list_remove(&entry->link);
    }
    beside_unlock(&writer->beside);
    return entry;
}

static void update_stats(struct recorder_writer *writer)
{
    const struct device_muxer *muxer = &writer->muxer;

    writer->stats.frames = muxer->written;
    writer->stats.bytes = muxer->file.len;
    writer->stats.duration = (yodel_duration)muxer->duration;
    writer->stats.dropped = 0;
    for (size_t i = 0; i < DEVICE_MUXER_DROP_COUNT; i++) {
        writer->stats.dropped += muxer->dropped[i];
    }
}

// Its room is free once it is written, and not before. What says no size was no key frame after all.
static void let_go(struct recorder_writer *writer, struct entry *entry)
{
    bool is_useless = is_key(&entry->frame) && !writer->muxer.tracks[YODEL_VIDEO].is_known;

    beside_lock(&writer->beside);
    writer->bytes -= size_of(&entry->frame);
    writer->is_key_missing = writer->is_key_missing || is_useless;
    update_stats(writer);
    beside_unlock(&writer->beside);
    alloc_free(writer->config.alloc, entry);
}

static void tell_if_begun(struct recorder_writer *writer)
{
    if (writer->muxer.is_begun && !writer->err && !writer->is_started) {
        writer->is_started = true;
        beside_post(&writer->beside, &writer->started_mail, tell_started, writer);
    }
}

static void write_all(struct recorder_writer *writer)
{
    struct entry *entry;

    while ((entry = wait_for_entry(writer))) {
        if (!writer->err) {
            enum yodel_err err = device_muxer_put(&writer->muxer, &entry->frame);
            if (err && writer->muxer.err) {
                fail(writer, err);
            }
        }
        let_go(writer, entry);
        tell_if_begun(writer);
    }
}

static void run(struct beside *beside)
{
    struct recorder_writer *writer = CONTAINER_OF(beside, struct recorder_writer, beside);
    struct device_muxer_config config = {.alloc = writer->config.alloc,
        .expects = writer->config.expects,
        .overwrites = writer->config.overwrites};
    enum yodel_err err = device_muxer_open(&writer->muxer, writer->path, &config);
    bool is_open = !err;

    if (err) {
        fail(writer, err);
    }
    write_all(writer);
    if (is_open && (err = device_muxer_close(&writer->muxer))) {
        fail(writer, err);
    }
    tell_if_begun(writer); // A short one begins with its end.
    beside_lock(beside);
    update_stats(writer);
    beside_unlock(beside);
}

// ---- on the loop

enum yodel_err recorder_writer_start(
    struct recorder_writer *writer, const struct recorder_writer_config *config)
{
    size_t len = strlen(config->path);

    YODEL_ASSERT(len < sizeof writer->path);
    *writer = (struct recorder_writer){
        .config = *config, .is_key_missing = config->expects != DEVICE_MUXER_AUDIO};
    memcpy(writer->path, config->path, len + 1);
    list_init(&writer->queue);
    return beside_start(&writer->beside, config->loop, config->alloc, run);
}

// NULL: there is no memory.
static struct entry *copy(struct recorder_writer *writer, const struct yodel_frame *frame)
{
    struct entry *entry = alloc_new(writer->config.alloc, size_of(frame));

    if (entry) {
        entry->frame = *frame;
        entry->frame.data = entry->data;
        memcpy(entry->data, frame->data, frame->len);
    }
    return entry;
}

// Nobody else adds to it: what has room keeps it.
static bool has_room(struct recorder_writer *writer, size_t size)
{
    beside_lock(&writer->beside);
    bool has = writer->bytes + size <= RECORDER_WRITER_BYTES_MAX;
    beside_unlock(&writer->beside);
    return has;
}

static bool enqueue(struct recorder_writer *writer, const struct yodel_frame *frame)
{
    struct entry *entry = has_room(writer, size_of(frame)) ? copy(writer, frame) : NULL;

    if (entry) {
        beside_lock(&writer->beside);
        writer->bytes += size_of(frame);
        writer->is_key_missing = writer->is_key_missing && !is_key(frame);
        list_push_back(&writer->queue, &entry->link);
        beside_wake(&writer->beside);
        beside_unlock(&writer->beside);
    }
    return entry;
}

bool recorder_writer_put(struct recorder_writer *writer, const struct yodel_frame *frame)
{
    bool is_video = media_kind(frame->codec) == YODEL_VIDEO;
    bool is_of_use = !is_video || !writer->is_key_lost || frame->is_key;

    if (is_of_use && enqueue(writer, frame)) {
        writer->is_key_lost = writer->is_key_lost && !is_video;
        return true;
    }
    writer->is_key_lost = writer->is_key_lost || is_video;
    writer->dropped++;
    return false;
}

bool recorder_writer_wants_key(struct recorder_writer *writer)
{
    beside_lock(&writer->beside);
    bool wants = writer->bytes < RECORDER_WRITER_BYTES_MAX / 2 &&
                 (writer->is_key_missing || writer->is_key_lost);
    beside_unlock(&writer->beside);
    return wants;
}

struct yodel_recorder_stats recorder_writer_stats(struct recorder_writer *writer)
{
    struct yodel_recorder_stats stats;

    if (writer->is_ended) { // The lock is gone with the thread.
        stats = writer->stats;
    } else {
        beside_lock(&writer->beside);
        stats = writer->stats;
        beside_unlock(&writer->beside);
    }
    stats.dropped += writer->dropped;
    return stats;
}

static void on_ended(struct beside *beside)
{
    struct recorder_writer *writer = CONTAINER_OF(beside, struct recorder_writer, beside);

    writer->is_ended = true;
    writer->config.on_ended(writer->config.ctx);
}

void recorder_writer_end(struct recorder_writer *writer)
{
    beside_end(&writer->beside, on_ended);
}
