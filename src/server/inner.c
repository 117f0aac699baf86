// Inside TLS: the first bytes, kept until they are enough.

#include "server/inner.h"

#include <unistd.h>

#include "net/stream.h"
#include "server/turn_stream.h"

struct inner {
    struct server_front_guest guest; // First.
    struct stream *stream;
    uint8_t early[SERVER_FIRST_PLAIN_MAX]; // Not enough to tell.
    size_t early_len;
};

static void free_inner(struct inner *inner)
{
    struct server_front *front = inner->guest.front;

    server_front_leave(&inner->guest);
    alloc_free(front->env->alloc, inner);
    server_front_gone(front);
}

static void dismiss(struct server_front_guest *guest)
{
    struct inner *inner = (struct inner *)guest;

    guest->front->refused++;
    server_front_leave(guest);
    stream_close(inner->stream);
}

// Whoever takes the stream hears of what came, from the beginning.
static void give(struct inner *inner, enum server_first first, struct span rest)
{
    const struct server_front_takers *to = &inner->guest.front->takers;
    struct bytes early = bytes_of(inner->early, inner->early_len);

    if (first == SERVER_FIRST_HTTP && inner->guest.is_web) {
        to->http_inside(to->ctx, inner->stream, early, rest);
        free_inner(inner);
    } else if (first == SERVER_FIRST_STUN && to->turn) {
        server_turn_stream_take(to->turn, inner->stream, early, rest);
        free_inner(inner);
    } else {
        dismiss(&inner->guest);
    }
}

static void on_data(void *ctx, struct span data)
{
    struct inner *inner = ctx;
    uint8_t bytes[SERVER_FIRST_PLAIN_MAX];
    size_t room = sizeof bytes - inner->early_len;
    size_t more = data.len < room ? data.len : room;

    memcpy(bytes, inner->early, inner->early_len);
    memcpy(bytes + inner->early_len, data.ptr, more);
    enum server_first first = server_first_bytes_look(bytes_of(bytes, inner->early_len + more));
    if (first != SERVER_FIRST_MORE) {
        give(inner, first, data);
    } else if (more == room) {
        dismiss(&inner->guest); // Only of TLS so much is too little, and inside there is no other.
    } else {
        memcpy(inner->early + inner->early_len, data.ptr, more);
        inner->early_len += more;
    }
}

static void on_closed(void *ctx, const char *why)
{
    struct inner *inner = ctx;

    (void)why;
    inner->guest.front->refused += list_is_linked(&inner->guest.node); // Else it was dismissed.
    free_inner(inner);
}

static const struct stream_handler handler = {.on_data = on_data, .on_closed = on_closed};

void server_inner_start(struct server_front *front, int fd, bool is_web)
{
    struct inner *inner = alloc_new(front->env->alloc, sizeof *inner);

    if (!inner) {
        front->refused++;
        close(fd);
        return;
    }
    inner->guest.is_web = is_web;
    inner->guest.dismiss = dismiss;
    if (stream_accept(&inner->stream, front->loop, front->env, fd, front->tls, &handler, inner) !=
        YODEL_OK) {
        front->refused++;
        alloc_free(front->env->alloc, inner);
        return;
    }
    server_front_join(front, &inner->guest);
}
