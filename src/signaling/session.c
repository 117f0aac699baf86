// Session: everything that is said to a client passes here.

#include "signaling/session.h"

#include <stdarg.h>
#include <stdio.h>

void signaling_session_make_ready(struct signaling_core *core, struct signaling_client *client)
{
    if (!list_is_linked(&client->ready)) {
        list_push_back(&core->ready, &client->ready);
    }
}

void signaling_session_close(
    struct signaling_core *core, struct signaling_client *client, enum signaling_close why)
{
    if (client->close != SIGNALING_CLOSE_NONE) {
        return;
    }
    client->close = why;
    core->stats.closed[why]++;
    log_debug(core->config.env, "signaling", "%.8s closed: %s", client->id,
        signaling_core_close_text(why));
    if (why == SIGNALING_CLOSE_SLOW || why == SIGNALING_CLOSE_GONE) {
        signaling_queue_deinit(&client->queue, core->config.env->alloc); // It would never drain.
    }
    signaling_session_make_ready(core, client);
}

void signaling_session_push(
    struct signaling_core *core, struct signaling_client *client, struct signaling_text *text)
{
    if (client->close != SIGNALING_CLOSE_NONE) {
        return;
    }
    enum yodel_err err = signaling_queue_push(&client->queue, core->config.env->alloc, text);
    if (err != YODEL_OK) {
        signaling_session_close(core, client,
            err == YODEL_ERR_TOO_LARGE ? SIGNALING_CLOSE_SLOW : SIGNALING_CLOSE_NO_MEMORY);
        return;
    }
    signaling_session_make_ready(core, client);
}

static struct signaling_text *format_text(
    struct signaling_core *core, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    YODEL_ASSERT(len >= 0);
    // One byte more, for the NUL that vsnprintf insists on and nobody sends.
    struct signaling_text *text =
        signaling_queue_new_text(core->config.env->alloc, (size_t)len + 1);
    if (text) {
        (void)vsnprintf((char *)text->ptr, (size_t)len + 1, format, args);
        text->len = (uint32_t)len;
    }
    return text;
}

void signaling_session_say(
    struct signaling_core *core, struct signaling_client *client, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct signaling_text *text = format_text(core, format, args);
    va_end(args);
    if (!text) {
        signaling_session_close(core, client, SIGNALING_CLOSE_NO_MEMORY);
        return;
    }
    signaling_session_push(core, client, text);
    signaling_queue_release_text(core->config.env->alloc, text);
}

void signaling_session_say_others(
    struct signaling_core *core, struct signaling_client *client, const char *format, ...)
{
    struct signaling_room *room = client->member.room;
    va_list args;
    va_start(args, format);
    struct signaling_text *text = format_text(core, format, args);
    va_end(args);
    for (struct list_node *node = list_first(&room->members); node;
         node = list_next(&room->members, node)) {
        struct signaling_client *other = CONTAINER_OF(node, struct signaling_client, member.node);
        if (other == client) {
            continue;
        }
        if (text) {
            signaling_session_push(core, other, text);
        } else {
            signaling_session_close(core, other, SIGNALING_CLOSE_NO_MEMORY);
        }
    }
    if (text) {
        signaling_queue_release_text(core->config.env->alloc, text);
    }
}

void signaling_session_fail(struct signaling_core *core, struct signaling_client *client,
    const struct signaling_failure *failure)
{
    const char *re = failure->re;

    core->stats.errors[failure->error]++;
    signaling_session_say(core, client,
        "{\"type\":\"error\",\"code\":\"%s\",\"text\":\"%s\"%s%s%s}",
        signaling_core_error_name(failure->error), failure->text, *re ? ",\"re\":\"" : "", re,
        *re ? "\"" : "");
}
