// STUN and TURN: sockets, their turns, and the core's events.

#include "server/turn.h"

#include <unistd.h>

#include "base/assert.h"
#include "net/clock.h"
#include "net/socket.h"
#include "server/turn_stream.h"
#include "server/turn_tcp.h"

// ---- what leaves

static struct server_turn_socket *find_listener(
    const struct server_turn *turn, const struct yodel_addr *local)
{
    for (size_t i = 0; i < turn->listener_count; i++) {
        const struct server_turn_udp *udp = &turn->listeners[i]->udp;
        if (udp->local.port == local->port &&
            (udp->is_wildcard || addr_same_ip(&udp->local, local))) {
            return turn->listeners[i];
        }
    }
    return NULL;
}

void server_turn_send(struct server_turn *turn, const struct turn_output *out)
{
    struct server_turn_item item = {
        .head = out->head, .body = out->body, .padding = (uint16_t)out->padding};
    struct server_turn_route route = {.to = out->relay ? out->peer : out->client.addr};
    struct server_turn_socket *socket;

    if (!out->relay && out->client.transport != YODEL_UDP) {
        server_turn_stream_put(turn, out);
        return;
    }
    if (out->relay) {
        socket = out->relay->user;
    } else {
        socket = find_listener(turn, &out->client.local);
        route.from = out->client.local;
    }
    if (socket) {
        server_turn_batch_put(turn->batch, &socket->udp.outlet, &item, &route);
    }
}

static void leave(struct server_turn *turn)
{
    server_turn_batch_flush(turn->batch);
    server_turn_udp_slots_release(turn->slots);
}

// ---- what arrives

struct turn_connection *server_turn_recv(struct server_turn *turn,
    const struct turn_client_id *from, struct bytes datagram, yodel_time now)
{
    struct span room = server_turn_batch_room(turn->batch);
    struct turn_output out;

    if (turn_server_recv(turn->core, from, datagram, room, &out, now)) {
        server_turn_send(turn, &out);
    }
    return out.joined;
}

static void recv_from_peer(struct server_turn_socket *socket, const struct yodel_addr *peer,
    struct bytes datagram, yodel_time now)
{
    struct server_turn *turn = socket->turn;
    struct span room = server_turn_batch_room(turn->batch);
    struct turn_output out;

    if (turn_server_recv_peer(turn->core, socket->relay, peer, datagram, room, &out, now)) {
        server_turn_send(turn, &out);
    }
}

static void recv_one(struct server_turn_socket *socket, const struct server_turn_arrival *arrival,
    struct bytes datagram, yodel_time now)
{
    if (socket->relay) {
        recv_from_peer(socket, &arrival->from, datagram, now);
    } else {
        struct turn_client_id from = {
            .addr = arrival->from, .local = arrival->to, .transport = YODEL_UDP};
        (void)server_turn_recv(socket->turn, &from, datagram, now);
    }
}

static void recv_slot(struct server_turn_socket *socket, uint32_t slot, yodel_time now)
{
    struct server_turn_arrival arrival;
    size_t at = 0;

    if (!server_turn_udp_arrival(&socket->udp, socket->turn->slots, slot, &arrival)) {
        return;
    }
    do {
        recv_one(socket, &arrival, bytes_sub(arrival.bytes, at, arrival.segment), now);
        at += arrival.segment;
    } while (at < arrival.bytes.len);
}

static void take_events(struct server_turn *turn, yodel_time now);

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct server_turn_socket *socket = poll->data;
    struct server_turn *turn = socket->turn;
    bool may_have_more = true;
    yodel_time now = clock_now();

    (void)events;
    if (status < 0) { // libuv gave up on it, for an error that this takes away.
        int why;
        (void)getsockopt(socket->udp.fd, SOL_SOCKET, SO_ERROR, &why, &(socklen_t){sizeof why});
        (void)uv_poll_start(poll, UV_READABLE, on_readable);
    }
    for (int i = 0; i < SERVER_TURN_ROUNDS && may_have_more; i++) {
        if (turn->slots->used > SERVER_TURN_UDP_SLOTS / 2) {
            leave(turn);
        }
        uint32_t first, free = SERVER_TURN_UDP_SLOTS - turn->slots->used;
        uint32_t count = server_turn_udp_recv(&socket->udp, turn->slots, &first);
        for (uint32_t slot = first; slot < first + count; slot++) {
            recv_slot(socket, slot, now);
        }
        may_have_more = count == free;
    }
    take_events(turn, now);
}

// ---- sockets

static struct server_turn_socket *open_socket(
    struct server_turn *turn, int fd, const struct yodel_addr *local, struct turn_relay *relay)
{
    struct server_turn_socket *socket = alloc_new(turn->env->alloc, sizeof *socket);

    if (!socket || uv_poll_init(turn->loop, &socket->poll, fd) != 0) {
        alloc_free(turn->env->alloc, socket);
        close(fd);
        return NULL;
    }
    server_turn_udp_init(&socket->udp, fd, local,
        relay ? SERVER_TURN_RELAY_BUFFER : SERVER_TURN_BUFFER,
        relay ? &turn->to_relays : &turn->to_us);
    socket->turn = turn;
    socket->relay = relay;
    list_push_back(&turn->sockets, &socket->node);
    socket->poll.data = socket;
    turn->handle_count++;
    (void)uv_poll_start(&socket->poll, UV_READABLE, on_readable);
    return socket;
}

static void free_all(struct server_turn *turn)
{
    turn_server_free(turn->core);
    turn->core = NULL;
    map_deinit(&turn->streams);
    map_deinit(&turn->sources);
    server_turn_setup_free(&turn->setup, turn->env);
    server_turn_batch_free(turn->batch);
    server_turn_udp_slots_free(turn->slots, turn->env->alloc);
}

// The last handle takes everything along.
void server_turn_handle_closed(struct server_turn *turn)
{
    if (--turn->handle_count == 0) {
        free_all(turn);
        turn->on_stopped(turn->ctx);
    }
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct server_turn_socket *socket = handle->data;
    struct server_turn *turn = socket->turn;

    alloc_free(turn->env->alloc, socket);
    server_turn_handle_closed(turn);
}

static void close_socket(struct server_turn_socket *socket)
{
    if (socket->turn->batch) { // Else it never started.
        // What is to leave through it.
        server_turn_batch_flush(socket->turn->batch);
    }
    list_remove(&socket->node);
    (void)uv_poll_stop(&socket->poll);
    close(socket->udp.fd);
    uv_close((uv_handle_t *)&socket->poll, on_socket_closed);
}

// ---- relayed addresses

static void tell_relay(struct server_turn *turn, const struct yodel_addr *bound, bool is_open)
{
    if (turn->on_relay) {
        turn->on_relay(turn->relay_ctx, turn, bound, is_open);
    }
}

static bool open_udp(struct server_turn *turn, struct turn_relay *relay)
{
    struct yodel_addr bound = relay->bound;
    int fd = socket_open_udp(&bound);

    if (fd >= 0) {
        relay->user = open_socket(turn, fd, &bound, relay);
    }
    if (relay->user) {
        tell_relay(turn, &bound, true); // Before its client hears of it.
    }
    return relay->user != NULL;
}

static void open_relay(struct server_turn *turn, struct turn_relay *relay, yodel_time now)
{
    bool is_good = relay->is_tcp ? server_turn_tcp_open(turn, relay) : open_udp(turn, relay);
    struct span room = server_turn_batch_room(turn->batch);
    struct turn_output out;

    if (turn_server_opened(turn->core, relay, is_good, room, &out, now)) {
        server_turn_send(turn, &out);
    }
}

static void close_relay(struct server_turn *turn, struct turn_relay *relay)
{
    if (relay->user && relay->is_tcp) {
        server_turn_tcp_close(relay);
    } else if (relay->user) {
        close_socket(relay->user);
        tell_relay(turn, &relay->bound, false); // Before its port is another's.
    }
    relay->user = NULL;
}

static void take_events(struct server_turn *turn, yodel_time now)
{
    struct turn_server_event event;

    while (turn_server_next_event(turn->core, &event)) {
        switch (event.type) {
        case TURN_SERVER_OPEN:
            open_relay(turn, event.relay, now);
            break;
        case TURN_SERVER_CLOSE:
            close_relay(turn, event.relay);
            break;
        case TURN_SERVER_CONNECT:
            server_turn_tcp_connect(turn, event.connection);
            break;
        case TURN_SERVER_HANG_UP:
            server_turn_tcp_hang_up(event.connection);
            break;
        }
    }
}

void server_turn_end_input(struct server_turn *turn, yodel_time now)
{
    server_turn_batch_flush(turn->batch);
    take_events(turn, now);
}

// ---- time

static void on_look(uv_timer_t *timer)
{
    server_turn_stream_look(timer->data, clock_now());
    server_turn_tcp_look(timer->data);
}

static void on_tick(uv_timer_t *timer)
{
    struct server_turn *turn = timer->data;
    yodel_time now = clock_now();

    turn->due = YODEL_NEVER;
    turn_server_tick(turn->core, now);
    take_events(turn, now);
}

// Everything of this turn leaves; then the timer is set, where the core's mind has changed.
static void on_end_of_turn(uv_check_t *check)
{
    struct server_turn *turn = check->data;

    leave(turn);
    yodel_time due = turn_server_next_timeout(turn->core);
    if (due == turn->due) {
        return;
    }
    turn->due = due;
    if (due == YODEL_NEVER) {
        (void)uv_timer_stop(&turn->tick);
        return;
    }
    // A millisecond more than to the due time, or the timer would come before it and again.
    (void)uv_timer_start(&turn->tick, on_tick, time_since(due, clock_now()) / YODEL_MS(1) + 1, 0);
}

static void look_at_clock(struct server_turn *turn)
{
    turn_server_set_clock(turn->core, (uint64_t)clock_wall_seconds(), clock_now());
}

void server_turn_reload(struct server_turn *turn)
{
    if (turn->core && server_turn_setup_reload(&turn->setup, turn->env)) {
        turn_server_set_credentials(turn->core, turn->setup.credentials);
        server_turn_setup_forget(&turn->setup, turn->env);
        log_info(turn->env, "turn", "users and secrets were read again");
    }
}

void server_turn_review_addresses(struct server_turn *turn)
{
    struct turn_rules rules = turn->setup.core.rules;

    if (!turn->core || turn->is_stopping || !turn->setup.has_relays) {
        return;
    }
    enum yodel_err err = server_turn_setup_read_own(&rules);
    if (err == YODEL_OK) {
        err = turn_server_set_rules(turn->core, &rules);
    }
    if (err) {
        log_warn(turn->env, "turn", "relays may reach an address that this machine has now: %s",
            yodel_err_name(err));
        return;
    }
    server_turn_end_input(turn, clock_now()); // Connections that end.
}

static void on_review(uv_timer_t *timer)
{
    look_at_clock(timer->data);
    server_turn_reload(timer->data);
}

// ---- its life

static void on_handle_closed(uv_handle_t *handle)
{
    server_turn_handle_closed(handle->data);
}

static void start_handles(struct server_turn *turn)
{
    (void)uv_timer_init(turn->loop, &turn->tick);
    (void)uv_timer_init(turn->loop, &turn->review);
    (void)uv_timer_init(turn->loop, &turn->look);
    (void)uv_timer_init(turn->loop, &turn->pace);
    (void)uv_check_init(turn->loop, &turn->end_of_turn);
    turn->tick.data = turn->review.data = turn->look.data = turn->pace.data = turn;
    turn->end_of_turn.data = turn;
    turn->handle_count += 5;
    turn->due = YODEL_NEVER;
}

// Takes all of `fds`, also where it fails.
static enum yodel_err open_listeners(struct server_turn *turn, const int *fds)
{
    const struct turn_server_config *core = &turn->setup.core;
    size_t count = core->listener_count;

    YODEL_ASSERT(count <= SERVER_TURN_LISTENERS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct server_turn_socket *socket = open_socket(turn, fds[i], &core->listeners[i], NULL);
        if (socket) {
            turn->listeners[turn->listener_count++] = socket;
        }
    }
    return turn->listener_count == count ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

enum yodel_err server_turn_start(struct server_turn *turn, uv_loop_t *loop, const struct env *env,
    const struct server_turn_setup *setup, const int *fds)
{
    struct turn_server_config config = setup->core;

    *turn = (struct server_turn){.env = env, .loop = loop, .setup = *setup};
    list_init(&turn->sockets);
    list_init(&turn->stream_list);
    list_init(&turn->doors);
    list_init(&turn->pipes);
    list_init(&turn->pacing);
    map_init(&turn->streams, env);
    map_init(&turn->sources, env);
    start_handles(turn);
    config.env = env;
    config.credentials = turn->setup.credentials;
    turn->batch = server_turn_batch_new(env->alloc);
    turn->slots = server_turn_udp_slots_new(env->alloc);
    enum yodel_err err = open_listeners(turn, fds);
    if (err == YODEL_OK && (!turn->batch || !turn->slots)) {
        err = YODEL_ERR_NO_MEMORY;
    }
    if (err == YODEL_OK) {
        err = turn_server_new(&turn->core, &config);
    }
    if (err != YODEL_OK) {
        return err;
    }
    look_at_clock(turn);
    (void)uv_check_start(&turn->end_of_turn, on_end_of_turn);
    (void)uv_timer_start(&turn->review, on_review, SERVER_TURN_REVIEW_MS, SERVER_TURN_REVIEW_MS);
    (void)uv_timer_start(
        &turn->look, on_look, SERVER_TURN_STREAM_LOOK_MS, SERVER_TURN_STREAM_LOOK_MS);
    return YODEL_OK;
}

void server_turn_drain(struct server_turn *turn)
{
    turn->is_draining = true;
    if (turn->core) {
        turn_server_drain(turn->core);
    }
}

void server_turn_watch_relays(struct server_turn *turn,
    void (*on_relay)(
        void *ctx, const struct server_turn *turn, const struct yodel_addr *bound, bool is_open),
    void *ctx)
{
    turn->on_relay = on_relay;
    turn->relay_ctx = ctx;
}

void server_turn_stop(struct server_turn *turn, void (*on_stopped)(void *ctx), void *ctx)
{
    struct list_node *node;

    turn->on_stopped = on_stopped;
    turn->ctx = ctx;
    if (!turn->env) {
        on_stopped(ctx); // It was never started.
        return;
    }
    turn->is_stopping = true;
    while ((node = list_first(&turn->sockets))) {
        close_socket((struct server_turn_socket *)node);
    }
    server_turn_stream_close_all(turn);
    server_turn_tcp_close_all(turn);
    uv_close((uv_handle_t *)&turn->tick, on_handle_closed);
    uv_close((uv_handle_t *)&turn->review, on_handle_closed);
    uv_close((uv_handle_t *)&turn->look, on_handle_closed);
    uv_close((uv_handle_t *)&turn->pace, on_handle_closed);
    uv_close((uv_handle_t *)&turn->end_of_turn, on_handle_closed);
}

struct yodel_addr server_turn_address(const struct server_turn *turn)
{
    return turn->core ? turn->listeners[0]->udp.local : (struct yodel_addr){0};
}

void server_turn_add_listener(struct server_turn *turn, const struct yodel_addr *listener)
{
    if (turn->core && !turn_server_add_listener(turn->core, listener)) {
        log_warn(turn->env, "turn", "relays for TCP could connect to a listener of ours");
    }
}

bool server_turn_offer(
    const struct server_turn *turn, struct server_ice_offer *offer, struct server_turn_grant *grant)
{
    offer->stun = server_turn_address(turn).port;
    if (!turn->core || turn->is_draining ||
        !server_turn_setup_grant(&turn->setup, turn->env, (uint64_t)clock_wall_seconds(), grant)) {
        return false;
    }
    offer->turn_udp = offer->stun;
    offer->turn_tcp = turn->tcp_port;
    offer->turn_tls = turn->tls_port;
    offer->username = grant->name;
    offer->credential = grant->password;
    return true;
}
