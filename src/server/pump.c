// Pumps: two streams, each of which writes what the other one reads.

#include "server/pump.h"

#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"

#define MUCH                                                                                       \
    (STREAM_QUEUE_MAX - STREAM_READ_ROOM) // From here on the next data might not find room.

struct pump;

struct end {
    struct pump *pump;
    struct end *other;
    struct stream *stream; // NULL: closed.
};

struct pump {
    struct list_node node; // First.
    struct server_pumps *pumps;
    struct end outer, inner;
};

bool server_pump_pass(struct stream *from, struct stream *to, struct bytes data)
{
    // Refused only where it ends: `from` was paused else before there was no room.
    (void)stream_write(to, &data, 1);
    bool is_much = stream_queued(to) > MUCH;
    if (is_much) {
        stream_pause(from);
        stream_want_room(to);
    }
    return is_much;
}

static void pass(struct end *to, struct bytes data)
{
    if (to->stream) {
        (void)server_pump_pass(to->other->stream, to->stream, data);
    }
}

static void on_data(void *ctx, struct span data)
{
    pass(((struct end *)ctx)->other, bytes_of_span(data));
}

static void on_room(void *ctx)
{
    struct end *end = ctx;

    if (end->other->stream) {
        stream_resume(end->other->stream);
    }
}

static void free_pump(struct pump *pump)
{
    struct server_pumps *pumps = pump->pumps;

    list_remove(&pump->node);
    pumps->count--;
    alloc_free(pumps->env->alloc, pump);
    if (pumps->count == 0 && pumps->on_stopped) {
        pumps->on_stopped(pumps->ctx);
    }
}

static void on_closed(void *ctx, const char *why)
{
    struct end *end = ctx;

    (void)why;
    end->stream = NULL;
    if (end->other->stream) {
        stream_end(end->other->stream);
    } else {
        free_pump(end->pump);
    }
}

static const struct stream_handler handler = {
    .on_data = on_data, .on_room = on_room, .on_closed = on_closed};

// Its inner end; the other one of the pair is the web's.
static bool open_inner(struct pump *pump, int *web)
{
    struct server_pumps *pumps = pump->pumps;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        return false;
    }
    if (stream_accept(&pump->inner.stream, pumps->loop, pumps->env, pair[0], NULL, &handler,
            &pump->inner) != YODEL_OK) {
        close(pair[1]);
        return false;
    }
    *web = pair[1];
    return true;
}

static struct pump *new_pump(struct server_pumps *pumps, int *web)
{
    struct pump *pump = pumps->count < SERVER_PUMPS_MAX && !pumps->on_stopped
                            ? alloc_new(pumps->env->alloc, sizeof *pump)
                            : NULL;
    if (!pump) {
        return NULL;
    }
    pump->pumps = pumps;
    pump->outer.pump = pump->inner.pump = pump;
    pump->outer.other = &pump->inner;
    pump->inner.other = &pump->outer;
    if (!open_inner(pump, web)) {
        alloc_free(pumps->env->alloc, pump);
        return NULL;
    }
    list_push_back(&pumps->all, &pump->node);
    pumps->count++;
    return pump;
}

void server_pump_start(
    struct server_pumps *pumps, struct stream *stream, struct bytes early, struct bytes rest)
{
    struct yodel_addr client = stream_remote(stream);
    int web = -1;
    struct pump *pump = new_pump(pumps, &web);

    if (!pump) {
        pumps->refused++;
        stream_abandon(stream);
        return;
    }
    pump->outer.stream = stream;
    stream_hand_over(stream, &handler, &pump->outer);
    pass(&pump->inner, early);
    pass(&pump->inner, rest);
    pumps->adopt(pumps->adopt_ctx, web, &client);
}

void server_pumps_init(struct server_pumps *pumps, uv_loop_t *loop, const struct env *env,
    void (*adopt)(void *ctx, int fd, const struct yodel_addr *client), void *ctx)
{
    *pumps = (struct server_pumps){.env = env, .loop = loop, .adopt = adopt, .adopt_ctx = ctx};
    list_init(&pumps->all);
}

void server_pumps_stop(struct server_pumps *pumps, void (*on_stopped)(void *ctx), void *ctx)
{
    struct list_node *node;

    pumps->on_stopped = on_stopped;
    pumps->ctx = ctx;
    if (pumps->count == 0) {
        on_stopped(ctx);
        return;
    }
    for (node = list_first(&pumps->all); node; node = list_next(&pumps->all, node)) {
        struct pump *pump = (struct pump *)node;
        if (pump->outer.stream) {
            stream_close(pump->outer.stream);
        }
        if (pump->inner.stream) {
            stream_close(pump->inner.stream);
        }
    }
}
