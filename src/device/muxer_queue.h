// The muxer's queue: frames of both tracks that wait to be written, in the order of their moments.
//
// Ownership   it owns the frames, until they are taken
// Limits      MUXER_QUEUE_BYTES_MAX and MUXER_QUEUE_COUNT_MAX, to which its owner holds (muxer_queue_is_full)

#ifndef DEVICE_MUXER_QUEUE_H
#define DEVICE_MUXER_QUEUE_H

#include "base/alloc.h"
#include "base/list.h"
#include "yodel/frame.h"

#define MUXER_QUEUE_BYTES_MAX (16u << 20)
#define MUXER_QUEUE_COUNT_MAX 4096u
#define MUXER_QUEUE_PADDING 64u // Zeros behind each frame: libavformat reads ahead.

struct muxer_entry {
    struct list_node node;
    enum yodel_media_kind kind;
    bool is_key;
    int64_t moment;   // In microseconds.
    int64_t duration; // 0: until the next one.
    size_t len;
    uint8_t data[];
};

struct muxer_queue {
    struct alloc *alloc;
    struct list entries;
    size_t bytes;
    size_t count;
};

void muxer_queue_init(struct muxer_queue *queue, struct alloc *alloc);
void muxer_queue_deinit(struct muxer_queue *queue);

// Copies the frame, and puts it behind those of its moment. False: no memory.
YODEL_MUST_USE bool muxer_queue_put(struct muxer_queue *queue, const struct yodel_frame *frame,
    enum yodel_media_kind kind, int64_t moment, int64_t duration);

// The oldest, or NULL; and the next one of the same kind as `entry`.
struct muxer_entry *muxer_queue_first(const struct muxer_queue *queue);
struct muxer_entry *muxer_queue_next(
    const struct muxer_queue *queue, const struct muxer_entry *entry);
void muxer_queue_drop_first(struct muxer_queue *queue);

// From the oldest to the newest.
int64_t muxer_queue_span(const struct muxer_queue *queue);

bool muxer_queue_is_full(const struct muxer_queue *queue);

#endif
