// The muxer's queue: see the header.

#include "device/muxer_queue.h"

#include <string.h>

static struct muxer_entry *entry_of(struct list_node *node)
{
    return node ? CONTAINER_OF(node, struct muxer_entry, node) : NULL;
}

void muxer_queue_init(struct muxer_queue *queue, struct alloc *alloc)
{
    *queue = (struct muxer_queue){.alloc = alloc};
    list_init(&queue->entries);
}

void muxer_queue_deinit(struct muxer_queue *queue)
{
    while (queue->count > 0) {
        muxer_queue_drop_first(queue);
    }
}

bool muxer_queue_put(struct muxer_queue *queue, const struct yodel_frame *frame,
    enum yodel_media_kind kind, int64_t moment, int64_t duration)
{
    struct muxer_entry *entry =
        alloc_new(queue->alloc, sizeof *entry + frame->len + MUXER_QUEUE_PADDING);

    if (!entry) {
        return false;
    }
    entry->kind = kind;
    entry->is_key = frame->is_key || kind == YODEL_AUDIO;
    entry->moment = moment;
    entry->duration = duration;
    entry->len = frame->len;
    memcpy(entry->data, frame->data, frame->len);
    struct list_node *place = &queue->entries.end;
    while (place->prev != &queue->entries.end && entry_of(place->prev)->moment > moment) {
        place = place->prev;
    }
    list_insert_before(place, &entry->node);
    queue->bytes += entry->len;
    queue->count++;
    return true;
}

struct muxer_entry *muxer_queue_first(const struct muxer_queue *queue)
{
    return entry_of(list_first(&queue->entries));
}

struct muxer_entry *muxer_queue_next(
    const struct muxer_queue *queue, const struct muxer_entry *entry)
{
    struct muxer_entry *next = entry_of(list_next(&queue->entries, &entry->node));

    while (next && next->kind != entry->kind) {
        next = entry_of(list_next(&queue->entries, &next->node));
    }
    return next;
}

void muxer_queue_drop_first(struct muxer_queue *queue)
{
    struct muxer_entry *entry = entry_of(list_pop_front(&queue->entries));

    queue->bytes -= entry->len;
    queue->count--;
    alloc_free(queue->alloc, entry);
}

int64_t muxer_queue_span(const struct muxer_queue *queue)
{
    return queue->count == 0 ? 0
                             : entry_of(list_last(&queue->entries))->moment -
                                   entry_of(list_first(&queue->entries))->moment;
}

bool muxer_queue_is_full(const struct muxer_queue *queue)
{
    return queue->bytes >= MUXER_QUEUE_BYTES_MAX || queue->count >= MUXER_QUEUE_COUNT_MAX;
}
