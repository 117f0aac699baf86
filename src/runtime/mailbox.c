// Mailbox: a list under a mutex, and libuv's async handle to wake the loop.

#include "runtime/mailbox.h"

// Only what is there now: a call that posts another must not keep the loop from its sockets.
static void make_calls(struct mailbox *mailbox)
{
    uv_mutex_lock(&mailbox->mutex);
    struct mail *mail = mailbox->first;
    mailbox->first = NULL;
    mailbox->end = &mailbox->first;
    uv_mutex_unlock(&mailbox->mutex);

    while (mail) {
        struct mail one = *mail; // What is kept may go with its call.
        if (!one.is_kept) {
            alloc_free(mailbox->alloc, mail);
        }
        one.call(one.ctx);
        mail = one.next;
    }
}

static void on_async(uv_async_t *async)
{
    make_calls(CONTAINER_OF(async, struct mailbox, async));
}

enum yodel_err mailbox_init(struct mailbox *mailbox, uv_loop_t *loop, struct alloc *alloc)
{
    *mailbox = (struct mailbox){.alloc = alloc};
    mailbox->end = &mailbox->first;
    if (uv_mutex_init(&mailbox->mutex) != 0) {
        return YODEL_ERR_NO_MEMORY;
    }
    if (uv_async_init(loop, &mailbox->async, on_async) != 0) {
        uv_mutex_destroy(&mailbox->mutex);
        return YODEL_ERR_NETWORK;
    }
    return YODEL_OK;
}

static enum yodel_err put(struct mailbox *mailbox, struct mail *mail)
{
    uv_mutex_lock(&mailbox->mutex);
    bool is_closed = mailbox->is_closed;
    if (!is_closed) {
        *mailbox->end = mail;
        mailbox->end = &mail->next;
        // Under the mutex, so that the handle is not closed in between.
        (void)uv_async_send(&mailbox->async);
    }
    uv_mutex_unlock(&mailbox->mutex);
    return is_closed ? YODEL_ERR_INVALID_STATE : YODEL_OK;
}

enum yodel_err mailbox_post(struct mailbox *mailbox, void (*call)(void *ctx), void *ctx)
{
    struct mail *mail = alloc_new(mailbox->alloc, sizeof *mail);

    if (!mail) {
        return YODEL_ERR_NO_MEMORY;
    }
    *mail = (struct mail){.call = call, .ctx = ctx};
    enum yodel_err err = put(mailbox, mail);
    if (err) {
        alloc_free(mailbox->alloc, mail);
    }
    return err;
}

enum yodel_err mailbox_post_kept(
    struct mailbox *mailbox, struct mail *mail, void (*call)(void *ctx), void *ctx)
{
    *mail = (struct mail){.call = call, .ctx = ctx, .is_kept = true};
    return put(mailbox, mail);
}

static void on_closed(uv_handle_t *handle)
{
    struct mailbox *mailbox = CONTAINER_OF((uv_async_t *)handle, struct mailbox, async);

    mailbox->closed(mailbox);
}

void mailbox_close(struct mailbox *mailbox, void (*closed)(struct mailbox *mailbox))
{
    uv_mutex_lock(&mailbox->mutex);
    mailbox->is_closed = true;
    uv_mutex_unlock(&mailbox->mutex);
    make_calls(mailbox); // Somebody may be waiting for one.
    mailbox->closed = closed;
    uv_close((uv_handle_t *)&mailbox->async, on_closed);
}

void mailbox_deinit(struct mailbox *mailbox)
{
    uv_mutex_destroy(&mailbox->mutex);
}
