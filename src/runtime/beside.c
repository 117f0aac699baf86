// Beside the loop: see the header.

#include "runtime/beside.h"

#include "base/assert.h"

static void on_closed(struct mailbox *mailbox)
{
    struct beside *beside = CONTAINER_OF(mailbox, struct beside, mailbox);

    mailbox_deinit(mailbox);
    uv_cond_destroy(&beside->changed);
    uv_mutex_destroy(&beside->mutex);
    if (beside->ended) {
        beside->ended(beside);
    }
}

// The thread's last words, on the loop: it has nothing more to do than to return.
static void on_last(void *ctx)
{
    struct beside *beside = ctx;

    uv_thread_join(&beside->thread);
    mailbox_close(&beside->mailbox, on_closed);
}

// False: it never came to be.
static bool wait_for_start(struct beside *beside)
{
    beside_lock(beside);
    while (!beside->is_ready && !beside->is_ending) {
        beside_wait(beside, YODEL_NEVER);
    }
    bool is_ready = beside->is_ready;
    beside_unlock(beside);
    return is_ready;
}

// Who is done before it was asked to end waits until its owner lets go.
static void wait_for_end(struct beside *beside)
{
    beside_lock(beside);
    while (!beside->is_ending) {
        beside_wait(beside, YODEL_NEVER);
    }
    beside_unlock(beside);
}

static void run(void *ctx)
{
    struct beside *beside = ctx;

    if (wait_for_start(beside)) {
        beside->run(beside);
        wait_for_end(beside);
        beside_post(beside, &beside->last, on_last, beside);
    }
}

static void set(struct beside *beside, bool *what)
{
    beside_lock(beside);
    *what = true;
    beside_wake(beside);
    beside_unlock(beside);
}

enum yodel_err beside_start(
    struct beside *beside, uv_loop_t *loop, struct alloc *alloc, void (*call)(struct beside *))
{
    *beside = (struct beside){.run = call};
    if (uv_mutex_init(&beside->mutex) != 0) {
        return YODEL_ERR_NO_MEMORY;
    }
    if (uv_cond_init(&beside->changed) != 0) {
        uv_mutex_destroy(&beside->mutex);
        return YODEL_ERR_NO_MEMORY;
    }
    enum yodel_err err =
        uv_thread_create(&beside->thread, run, beside) ? YODEL_ERR_NO_MEMORY : YODEL_OK;
    // The mailbox comes last, as it is the one thing that cannot be undone at once.
    if (!err && (err = mailbox_init(&beside->mailbox, loop, alloc))) {
        set(beside, &beside->is_ending);
        uv_thread_join(&beside->thread);
    }
    if (err) {
        uv_cond_destroy(&beside->changed);
        uv_mutex_destroy(&beside->mutex);
        return err;
    }
    set(beside, &beside->is_ready);
    return YODEL_OK;
}

void beside_lock(struct beside *beside)
{
    uv_mutex_lock(&beside->mutex);
}

void beside_unlock(struct beside *beside)
{
    uv_mutex_unlock(&beside->mutex);
}

void beside_wait(struct beside *beside, yodel_duration most)
{
    if (most == YODEL_NEVER) {
        uv_cond_wait(&beside->changed, &beside->mutex);
    } else {
        (void)uv_cond_timedwait(&beside->changed, &beside->mutex, most * 1000);
    }
}

void beside_wake(struct beside *beside)
{
    uv_cond_broadcast(&beside->changed);
}

bool beside_is_ending(struct beside *beside)
{
    beside_lock(beside);
    bool is_ending = beside->is_ending;
    beside_unlock(beside);
    return is_ending;
}

void beside_post(struct beside *beside, struct mail *mail, void (*call)(void *ctx), void *ctx)
{
    enum yodel_err err = mailbox_post_kept(&beside->mailbox, mail, call, ctx);

    YODEL_ASSERT(!err); // It is closed when this thread has ended.
}

void beside_end(struct beside *beside, void (*ended)(struct beside *beside))
{
    beside->ended = ended;
    set(beside, &beside->is_ending);
}
