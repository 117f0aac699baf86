// TURN's relays for TCP.

#include "server/turn_tcp.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "net/clock.h"
#include "net/socket.h"
#include "net/stream.h"
#include "server/pump.h"

// The socket of a relay.
struct server_turn_door {
    struct list_node node; // First.
    struct server_turn *turn;
    struct turn_relay *relay;
    int fd;
    bool is_resting; // The system had no more descriptors.
    uv_poll_t poll;
};

// What is read at one end of a pipe goes to the other one.
struct end {
    struct stream *stream; // NULL: not there yet, or closed.
    bool is_held_up;       // The other end has no room.
    yodel_time until;      // Nothing more is read before: the rate.
};

struct server_turn_pipe {
    struct list_node node; // First.
    struct list_node pacing;
    struct server_turn *turn;
    struct turn_connection *connection; // NULL: the core has let go.
    struct end peer, client;
    bool is_connecting; // The core waits to hear how it went.
};

// ---- their life

static struct server_turn_pipe *new_pipe(
    struct server_turn *turn, struct turn_connection *connection)
{
    struct server_turn_pipe *pipe = alloc_new(turn->env->alloc, sizeof *pipe);

    if (pipe) {
        pipe->turn = turn;
        pipe->connection = connection;
        connection->user = pipe;
        list_push_back(&turn->pipes, &pipe->node);
    }
    return pipe;
}

static void free_where_done(struct server_turn_pipe *pipe)
{
    if (pipe->peer.stream || pipe->client.stream || pipe->connection) {
        return;
    }
    if (list_is_linked(&pipe->pacing)) {
        list_remove(&pipe->pacing);
    }
    list_remove(&pipe->node);
    alloc_free(pipe->turn->env->alloc, pipe);
}

// Ends what is there yet; what waits is sent.
static void end_both(struct server_turn_pipe *pipe)
{
    if (pipe->peer.stream) {
        stream_end(pipe->peer.stream);
    }
    if (pipe->client.stream) {
        stream_end(pipe->client.stream);
    }
}

void server_turn_tcp_hang_up(struct turn_connection *connection)
{
    struct server_turn_pipe *pipe = connection->user;

    if (pipe) {
        pipe->connection = NULL;
        end_both(pipe);
        free_where_done(pipe);
    }
}

// ---- bytes

static void on_pace(uv_timer_t *timer);

static void slow_down(struct server_turn_pipe *pipe)
{
    struct server_turn *turn = pipe->turn;

    if (!list_is_linked(&pipe->pacing)) {
        list_push_back(&turn->pacing, &pipe->pacing);
    }
    if (!uv_is_active((uv_handle_t *)&turn->pace)) {
        (void)uv_timer_start(
            &turn->pace, on_pace, SERVER_TURN_TCP_PACE_MS, SERVER_TURN_TCP_PACE_MS);
    }
}

static void go_on(struct end *end, yodel_time now)
{
    if (end->stream && !end->is_held_up && end->until <= now) {
        stream_resume(end->stream);
    }
}

static void pass(struct server_turn_pipe *pipe, struct end *from, struct end *to, struct bytes data)
{
    yodel_time now = clock_now();

    if (!to->stream || !pipe->connection || data.len == 0) {
        return; // It ends.
    }
    from->is_held_up = server_pump_pass(from->stream, to->stream, data);
    from->until =
        turn_server_carried(pipe->turn->core, pipe->connection, to == &pipe->client, data.len, now);
    if (from->until > now) {
        stream_pause(from->stream);
        slow_down(pipe);
    }
}

// Who waited for long enough goes on.
static void on_pace(uv_timer_t *timer)
{
    struct server_turn *turn = timer->data;
    struct list_node *node = list_first(&turn->pacing);
    yodel_time now = clock_now();

    while (node) {
        struct server_turn_pipe *pipe = CONTAINER_OF(node, struct server_turn_pipe, pacing);
        node = list_next(&turn->pacing, node);
        go_on(&pipe->peer, now);
        go_on(&pipe->client, now);
        if (pipe->peer.until <= now && pipe->client.until <= now) {
            list_remove(&pipe->pacing);
        }
    }
    if (list_is_empty(&turn->pacing)) {
        (void)uv_timer_stop(timer);
    }
}

// `end` has room: the other one may go on.
static void has_room(struct end *other)
{
    other->is_held_up = false;
    go_on(other, clock_now());
}

// ---- the client's end

struct server_turn_pipe *server_turn_tcp_join(
    struct turn_connection *connection, struct stream *client)
{
    struct server_turn_pipe *pipe = connection->user;

    YODEL_ASSERT(pipe && !pipe->client.stream);
    pipe->client.stream = client;
    if (pipe->peer.stream) {
        stream_resume(pipe->peer.stream);
    }
    return pipe;
}

void server_turn_tcp_from_client(struct server_turn_pipe *pipe, struct bytes data)
{
    pass(pipe, &pipe->client, &pipe->peer, data);
}

void server_turn_tcp_client_has_room(struct server_turn_pipe *pipe)
{
    has_room(&pipe->peer);
}

// One end has closed: so does the other one, and the core hears of it.
static void ended(struct server_turn_pipe *pipe)
{
    struct server_turn *turn = pipe->turn;

    end_both(pipe);
    if (turn->is_stopping) {
        pipe->connection = NULL;
    }
    if (pipe->connection) {
        turn_server_disconnected(turn->core, pipe->connection);
        server_turn_end_input(
            turn, clock_now()); // Its HANG_UP, and with it perhaps the pipe's end.
    } else {
        free_where_done(pipe);
    }
}

void server_turn_tcp_client_closed(struct server_turn_pipe *pipe)
{
    pipe->client.stream = NULL;
    ended(pipe);
}

// ---- the peer's end

static void on_peer_data(void *ctx, struct span data)
{
    struct server_turn_pipe *pipe = ctx;

    pass(pipe, &pipe->peer, &pipe->client, bytes_of_span(data));
}

static void on_peer_room(void *ctx)
{
    has_room(&((struct server_turn_pipe *)ctx)->client);
}

static void tell_core(struct server_turn *turn, struct turn_connection *connection, bool is_good)
{
    struct span room = server_turn_batch_room(turn->batch);
    struct turn_output out;

    if (turn_server_connected(turn->core, connection, is_good, room, &out, clock_now())) {
        server_turn_send(turn, &out);
    }
}

static void on_peer_open(void *ctx)
{
    struct server_turn_pipe *pipe = ctx;

    if (pipe->is_connecting && pipe->connection) {
        pipe->is_connecting = false;
        tell_core(pipe->turn, pipe->connection, true);
        server_turn_end_input(pipe->turn, clock_now());
    }
}

static void on_peer_closed(void *ctx, const char *why)
{
    struct server_turn_pipe *pipe = ctx;
    struct server_turn *turn = pipe->turn;

    (void)why;
    pipe->peer.stream = NULL;
    if (pipe->is_connecting && pipe->connection && !turn->is_stopping) {
        pipe->is_connecting = false;
        tell_core(turn, pipe->connection, false);
        server_turn_end_input(turn, clock_now()); // Its HANG_UP, and with it the pipe's end.
    } else {
        ended(pipe);
    }
    server_turn_handle_closed(turn);
}

static const struct stream_handler handler = {.on_open = on_peer_open,
    .on_data = on_peer_data,
    .on_room = on_peer_room,
    .on_closed = on_peer_closed};

static void count_in(struct server_turn_pipe *pipe)
{
    stream_pause(pipe->peer.stream);
    pipe->turn->handle_count++;
}

void server_turn_tcp_connect(struct server_turn *turn, struct turn_connection *connection)
{
    const struct stream_target target = {.local = connection->relay->bound,
        .shares_local = true,
        .remote = connection->remote,
        .connect_timeout = TURN_SERVER_CONNECT_TIMEOUT};
    struct server_turn_pipe *pipe = new_pipe(turn, connection);

    if (!pipe || stream_connect(&pipe->peer.stream, turn->loop, turn->env, &target, &handler,
                     pipe) != YODEL_OK) {
        tell_core(turn, connection, false);
        return; // Its HANG_UP follows, which frees the pipe.
    }
    pipe->is_connecting = true;
    count_in(pipe);
}

// ---- who comes by themselves

static void welcome(struct server_turn_door *door, int fd, yodel_time now)
{
    struct server_turn *turn = door->turn;
    struct yodel_addr remote = socket_remote(fd);
    struct span room = server_turn_batch_room(turn->batch);
    struct turn_output out;
    struct turn_connection *connection =
        turn_server_accepted(turn->core, door->relay, &remote, room, &out, now);

    if (!connection) {
        socket_close(fd); // RFC 6062 §5.3: at once.
        return;
    }
    struct server_turn_pipe *pipe = new_pipe(turn, connection);
    if (!pipe) {
        socket_close(fd);
        turn_server_disconnected(turn->core, connection);
        return;
    }
    if (stream_accept(&pipe->peer.stream, turn->loop, turn->env, fd, NULL, &handler, pipe) !=
        YODEL_OK) {
        turn_server_disconnected(turn->core, connection);
        return;
    }
    count_in(pipe);
    server_turn_send(turn, &out);
}

static bool is_out_of_room(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct server_turn_door *door = poll->data;
    struct server_turn *turn = door->turn;
    yodel_time now = clock_now();

    (void)status;
    (void)events;
    for (int i = 0; i < SERVER_TURN_TCP_ACCEPTS; i++) {
        int fd = socket_accept(door->fd);
        if (fd >= 0) {
            welcome(door, fd, now);
        } else if (is_out_of_room(errno)) {
            // Else who waits would wake the loop again and again.
            door->is_resting = true;
            (void)uv_poll_stop(poll);
        }
        if (fd < 0) {
            break;
        }
    }
    server_turn_end_input(turn, now);
}

void server_turn_tcp_look(struct server_turn *turn)
{
    struct list_node *node = list_first(&turn->doors);

    for (; node; node = list_next(&turn->doors, node)) {
        struct server_turn_door *door = (struct server_turn_door *)node;
        if (door->is_resting) {
            door->is_resting = false;
            (void)uv_poll_start(&door->poll, UV_READABLE, on_connection);
        }
    }
}

// ---- doors

bool server_turn_tcp_open(struct server_turn *turn, struct turn_relay *relay)
{
    struct yodel_addr bound = relay->bound;
    struct server_turn_door *door = alloc_new(turn->env->alloc, sizeof *door);
    int fd = door ? socket_listen_tcp(&bound) : -1;

    if (fd < 0 || uv_poll_init(turn->loop, &door->poll, fd) != 0) {
        if (fd >= 0) {
            socket_close(fd);
        }
        alloc_free(turn->env->alloc, door);
        return false;
    }
    socket_share_port(fd); // With the connections that leave from it.
    door->turn = turn;
    door->relay = relay;
    door->fd = fd;
    door->poll.data = door;
    list_push_back(&turn->doors, &door->node);
    turn->handle_count++;
    (void)uv_poll_start(&door->poll, UV_READABLE, on_connection);
    relay->user = door;
    return true;
}

static void on_door_closed(uv_handle_t *handle)
{
    struct server_turn_door *door = handle->data;
    struct server_turn *turn = door->turn;

    alloc_free(turn->env->alloc, door);
    server_turn_handle_closed(turn);
}

static void close_door(struct server_turn_door *door)
{
    list_remove(&door->node);
    (void)uv_poll_stop(&door->poll);
    socket_close(door->fd);
    uv_close((uv_handle_t *)&door->poll, on_door_closed);
}

void server_turn_tcp_close(struct turn_relay *relay)
{
    close_door(relay->user);
}

void server_turn_tcp_close_all(struct server_turn *turn)
{
    struct list_node *node;

    while ((node = list_first(&turn->doors))) {
        close_door((struct server_turn_door *)node);
    }
    for (node = list_first(&turn->pipes); node; node = list_next(&turn->pipes, node)) {
        struct server_turn_pipe *pipe = (struct server_turn_pipe *)node;
        if (pipe->peer.stream) {
            stream_close(pipe->peer.stream);
        }
    }
}
