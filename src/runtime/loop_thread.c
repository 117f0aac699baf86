// Loop threads, on libuv.

#include "runtime/loop_thread.h"

#include "base/assert.h"

enum yodel_err loop_thread_init(struct loop_thread *thread, struct alloc *alloc)
{
    thread->is_running = false;
    if (uv_loop_init(&thread->loop) != 0) {
        return YODEL_ERR_NETWORK;
    }
    enum yodel_err err = mailbox_init(&thread->mailbox, &thread->loop, alloc);
    if (err != YODEL_OK) {
        (void)uv_loop_close(&thread->loop);
    }
    return err;
}

static void run(void *ctx)
{
    struct loop_thread *thread = ctx;

    (void)uv_run(&thread->loop, UV_RUN_DEFAULT); // Until the last handle is closed.
}

enum yodel_err loop_thread_start(struct loop_thread *thread)
{
    thread->is_running = true; // Before the thread, which reads it.
    if (uv_thread_create(&thread->thread, run, thread) != 0) {
        thread->is_running = false;
        return YODEL_ERR_NO_MEMORY;
    }
    return YODEL_OK;
}

static void on_mailbox_closed(struct mailbox *mailbox)
{
    (void)mailbox;
}

void loop_thread_end(struct loop_thread *thread)
{
    mailbox_close(&thread->mailbox, on_mailbox_closed);
}

void loop_thread_join(struct loop_thread *thread)
{
    if (thread->is_running) {
        (void)uv_thread_join(&thread->thread);
    } else {
        run(thread);
    }
    mailbox_deinit(&thread->mailbox);
    YODEL_ASSERT(uv_loop_close(&thread->loop) == 0);
}
