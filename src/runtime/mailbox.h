// Mailbox: calls that other threads ask a loop to make, in the order in which they asked.
//
// Threads     mailbox_post from any; the rest on the loop's own
// Ownership   the owner's struct holds it; its memory must stay until `closed` was called
// Limits      none: who posts must not post faster than the loop runs

#ifndef RUNTIME_MAILBOX_H
#define RUNTIME_MAILBOX_H

#include <stdbool.h>

#include <uv.h>

#include "base/alloc.h"
#include "base/err.h"

struct mail {
    struct mail *next;
    void (*call)(void *ctx);
    void *ctx;
    bool is_kept; // Its memory is the poster's.
};

struct mailbox {
    uv_async_t async;
    uv_mutex_t mutex;
    struct alloc *alloc;
    struct mail *first; // Under the mutex, as what follows.
    struct mail **end;
    bool is_closed;
    void (*closed)(struct mailbox *mailbox);
};

// Fails with NO_MEMORY, or NETWORK where the loop takes no more handles.
YODEL_MUST_USE enum yodel_err mailbox_init(
    struct mailbox *mailbox, uv_loop_t *loop, struct alloc *alloc);

// Fails with NO_MEMORY, INVALID_STATE (closed).
YODEL_MUST_USE enum yodel_err mailbox_post(
    struct mailbox *mailbox, void (*call)(void *ctx), void *ctx);

// The same for who must be heard without memory: `mail` stays the poster's, and in its place until the call is made.
// Fails with INVALID_STATE (closed).
YODEL_MUST_USE enum yodel_err mailbox_post_kept(
    struct mailbox *mailbox, struct mail *mail, void (*call)(void *ctx), void *ctx);

// Makes the calls that wait, takes no more, and lets go of the loop; `closed` comes from there.
void mailbox_close(struct mailbox *mailbox, void (*closed)(struct mailbox *mailbox));

// After `closed`.
void mailbox_deinit(struct mailbox *mailbox);

#endif
