// What the server has to say to one client: texts in order, each stored once however many get it.
//
// Ownership   a text is counted: whoever makes one lets it go, and each queue holds its own share
// Limits      SIGNALING_QUEUE_MAX bytes and SIGNALING_QUEUE_TEXTS_MAX texts wait for one client

#ifndef SIGNALING_QUEUE_H
#define SIGNALING_QUEUE_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

#define SIGNALING_QUEUE_MAX (256 * 1024)
#define SIGNALING_QUEUE_TEXTS_MAX 2048

struct signaling_text {
    uint32_t shares;
    uint32_t len;
    uint8_t ptr[];
};

// Room for `len` bytes, with one share; NULL where there is no memory.
struct signaling_text *signaling_queue_new_text(struct alloc *alloc, size_t len);
void signaling_queue_release_text(struct alloc *alloc, struct signaling_text *text);

struct signaling_queued;
struct signaling_queue {
    struct signaling_queued *first;
    struct signaling_queued *last;
    uint32_t count;
    uint32_t bytes;
};

void signaling_queue_deinit(struct signaling_queue *queue, struct alloc *alloc);

// Fails with TOO_LARGE (the client does not read) or NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_queue_push(
    struct signaling_queue *queue, struct alloc *alloc, struct signaling_text *text);

// The first, or empty. It lives until the pop.
struct bytes signaling_queue_first(const struct signaling_queue *queue);
void signaling_queue_pop(struct signaling_queue *queue, struct alloc *alloc);

#endif
