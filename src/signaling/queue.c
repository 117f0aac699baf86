// Queue: a chain of shares in texts.

#include "signaling/queue.h"

#include "base/assert.h"

struct signaling_queued {
    struct signaling_queued *next;
    struct signaling_text *text;
};

struct signaling_text *signaling_queue_new_text(struct alloc *alloc, size_t len)
{
    struct signaling_text *text = alloc_new(alloc, sizeof *text + len);

    if (text) {
        text->shares = 1;
        text->len = (uint32_t)len;
    }
    return text;
}

void signaling_queue_release_text(struct alloc *alloc, struct signaling_text *text)
{
    YODEL_ASSERT(text->shares > 0);
    if (--text->shares == 0) {
        alloc_free(alloc, text);
    }
}

void signaling_queue_deinit(struct signaling_queue *queue, struct alloc *alloc)
{
    while (queue->first) {
        signaling_queue_pop(queue, alloc);
    }
}

enum yodel_err signaling_queue_push(
    struct signaling_queue *queue, struct alloc *alloc, struct signaling_text *text)
{
    if (queue->count >= SIGNALING_QUEUE_TEXTS_MAX ||
        queue->bytes + text->len > SIGNALING_QUEUE_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    struct signaling_queued *queued = alloc_new(alloc, sizeof *queued);
    if (!queued) {
        return YODEL_ERR_NO_MEMORY;
    }
    queued->text = text;
    text->shares++;
    if (queue->last) {
        queue->last->next = queued;
    } else {
        queue->first = queued;
    }
    queue->last = queued;
    queue->count++;
    queue->bytes += text->len;
    return YODEL_OK;
}

struct bytes signaling_queue_first(const struct signaling_queue *queue)
{
    if (!queue->first) {
        return (struct bytes){0};
    }
    return bytes_of(queue->first->text->ptr, queue->first->text->len);
}

void signaling_queue_pop(struct signaling_queue *queue, struct alloc *alloc)
{
    struct signaling_queued *queued = queue->first;

    YODEL_ASSERT(queued);
    queue->first = queued->next;
    if (!queue->first) {
        queue->last = NULL;
    }
    queue->count--;
    queue->bytes -= queued->text->len;
    signaling_queue_release_text(alloc, queued->text);
    alloc_free(alloc, queued);
}
