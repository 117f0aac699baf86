// Worker: the turn.

#include "runtime/worker.h"

#include "base/assert.h"
#include "net/clock.h"
#include "runtime/listener.h"
#include "runtime/lookup.h"
#include "runtime/networks.h"
#include "runtime/port.h"
#include "runtime/streams.h"

// ---- what a peer has to tell

// Hands the application what a peer has to tell it. The application may send at once, on this peer
// or on others, and may remove any: nothing is mid-flight here. Whom it touches, it wakes.
void worker_listen(struct attachment *a)
{
    struct yodel_event event;

    while (a->peer && yodel_peer_next_event(a->peer, &event)) {
        if (event.type == YODEL_EVENT_GATHER) {
            networks_gather(a);
        } else if (event.type == YODEL_EVENT_RESOLVE) {
            lookup_start(a, event.name);
        } else if (event.type == YODEL_EVENT_CONNECT) {
            streams_connect(a, &event);
        } else if (event.type == YODEL_EVENT_DISCONNECT) {
            streams_disconnect(a, &event.stream.path);
        } else {
            a->handler(a->ctx, a->peer, &event);
        }
    }
}

void worker_touch(struct attachment *a)
{
    if (a->peer && !list_is_linked(&a->dirty)) {
        list_push_back(&a->worker->dirty, &a->dirty);
    }
}

static void on_wake(void *ctx)
{
    worker_touch(ctx);
}

// ---- what a peer has to say

// Sends the batch. Returns whether nothing is left of it: otherwise nobody may speak until a socket
// has room again, so that what is sent then is not stale.
static bool flush(struct worker *w, yodel_time now)
{
    struct list_node *node = list_first(&w->touched);
    bool is_full = false;

    streams_flush(w); // They have room, or drop: nothing waits for them, nor they for it.
    while (node) {
        struct port *port = CONTAINER_OF(node, struct port, touched);
        node = list_next(&w->touched, node);
        udp_flush(&port->udp, &w->out);
        if (port->udp.is_cut_off && w->has_watch) {
            interfaces_watch_hint(&w->watch, now);
        }
        if (port->udp.is_full) {
            is_full = true;
        } else {
            list_remove(&port->touched);
        }
        port_wait_for_room(port, port->udp.is_full);
    }
    w->flushes_left -= w->flushes_left > 0;
    if (is_full && !batch_out_is_empty(&w->out)) {
        w->full_since = w->full_since == YODEL_NEVER ? now : w->full_since;
        return false;
    }
    batch_out_clear(&w->out);
    w->full_since = YODEL_NEVER;
    return true;
}

static bool is_full(const struct worker *w)
{
    return w->full_since != YODEL_NEVER;
}

// Empty where a socket is full, or the turn is over.
static struct span room_to_speak(struct worker *w, yodel_time now)
{
    struct span room = {0};

    if (is_full(w) || w->flushes_left == 0) {
        return room;
    }
    room = batch_room(&w->out);
    if (room.len == 0 && flush(w, now)) {
        room = batch_room(&w->out);
    }
    return room;
}

// The datagram just built goes along `path`: through which socket?
static void note_port(struct worker *w, struct attachment *a, const struct yodel_path *path)
{
    struct port *port = port_find(w->udp_port ? &w->ports : &a->ports, &path->local);

    if (!port) {
        return; // Of an address that is gone. The next flush forgets the datagram.
    }
    if (!list_is_linked(&port->touched)) {
        list_push_back(&w->touched, &port->touched);
    }
    if (w->udp_port) {
        route_learn(&w->routes, &a->routes, path);
    }
}

// Builds one datagram. Returns false where there was no room, or nothing to say.
static bool speak_once(struct worker *w, struct attachment *a, bool *is_done, yodel_time now)
{
    struct span room = room_to_speak(w, now);
    struct yodel_path path;

    *is_done = false;
    if (room.len == 0) {
        return false;
    }
    size_t len = yodel_peer_emit(a->peer, room.ptr, room.len, &path, now);
    *is_done = len == 0;
    if (len > 0 && path.transport != YODEL_UDP) {
        streams_send(a, &path, bytes_of(room.ptr, len));
    } else if (len > 0) {
        batch_commit(&w->out, &path, len);
        note_port(w, a, &path);
    }
    return len > 0;
}

// Lets a peer send all it wants to, then asks when it next wants to be woken. What the application
// adds to that when it hears of it, the peer wakes us for.
static void let_speak(struct worker *w, struct attachment *a, yodel_time now)
{
    bool is_done = false;

    while (speak_once(w, a, &is_done, now)) {
    }
    worker_listen(a);
    if (!a->peer) {
        return;
    }
    if (w->udp_port || w->has_tcp) {
        route_rename(&w->routes, &a->routes);
    }
    if (!is_done) {
        worker_touch(a); // Cut short: it goes on when there is room, or in the next turn.
        return;
    }
    // Cannot fail: its place was made when it was added.
    YODEL_ASSERT(heap_set(&w->timers, &a->timer, yodel_peer_next_timeout(a->peer)) == YODEL_OK);
}

// ---- the turn

static void tick_due(struct worker *w, yodel_time now)
{
    struct heap_entry *entry = heap_first(&w->timers);

    for (; entry && entry->key <= now; entry = heap_first(&w->timers)) {
        struct attachment *a = CONTAINER_OF(entry, struct attachment, timer);

        YODEL_ASSERT(heap_set(&w->timers, &a->timer, YODEL_NEVER) == YODEL_OK);
        yodel_peer_tick(a->peer, now);
        worker_listen(a);
        worker_touch(a);
    }
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer; // That the loop woke is enough: the turn follows.
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

// When to wake at the latest. libuv counts milliseconds: never too early, so that no turn is idle.
static void set_timer(struct worker *w, yodel_time now)
{
    struct heap_entry *first = heap_first(&w->timers);
    yodel_time due = first ? first->key : YODEL_NEVER;

    due = time_min(due, time_min(streams_next_timeout(w), w->listen_again));
    if (is_full(w)) {
        due = time_min(due, time_after(w->full_since, WORKER_STALL_MAX));
    }
    if (due == YODEL_NEVER) {
        (void)uv_timer_stop(&w->timer);
        return;
    }
    uv_update_time(w->loop);
    (void)uv_timer_start(&w->timer, on_timer, (time_since(due, now) + 999) / 1000, 0);
}

// What a socket could not take for so long is worth nothing any more, and others wait behind it.
static void drop_stale(struct worker *w, yodel_time now)
{
    struct list_node *node;

    if (!is_full(w) || time_since(now, w->full_since) < WORKER_STALL_MAX) {
        return;
    }
    w->stale_dropped++;
    batch_out_clear(&w->out);
    w->full_since = YODEL_NEVER;
    while ((node = list_pop_front(&w->touched))) {
        port_wait_for_room(CONTAINER_OF(node, struct port, touched), false);
    }
}

static void bury(struct worker *w)
{
    struct list_node *node;

    while ((node = list_pop_front(&w->buried))) {
        alloc_free(w->env->alloc, CONTAINER_OF(node, struct attachment, link));
    }
}

static void turn(struct worker *w)
{
    yodel_time now = clock_now();
    struct list_node *node;

    bury(w);
    drop_stale(w, now);
    streams_tick(w, now);
    listener_tick(w, now);
    tick_due(w, now);
    w->flushes_left = WORKER_FLUSHES_MAX;
    while (!is_full(w) && w->flushes_left > 0 && (node = list_pop_front(&w->dirty))) {
        let_speak(w, CONTAINER_OF(node, struct attachment, dirty), now);
    }
    if (!is_full(w)) {
        (void)flush(w, now);
    }
    set_timer(w, now);
    if (!is_full(w) && !list_is_empty(&w->dirty)) {
        (void)uv_idle_start(&w->idle, on_idle); // The loop does not wait, but serves its others.
    } else {
        (void)uv_idle_stop(&w->idle);
    }
}

// Before the loop waits, for what its other callbacks did; and after, for what arrived.
static void on_prepare(uv_prepare_t *prepare)
{
    turn(CONTAINER_OF(prepare, struct worker, prepare));
}

static void on_check(uv_check_t *check)
{
    turn(CONTAINER_OF(check, struct worker, check));
}

static struct attachment *addressee(
    struct worker *w, const struct port *port, const struct batch_arrival *arrival)
{
    if (port->owner || port->is_closing) {
        return port->owner;
    }
    struct route_owner *owner =
        route_find(&w->routes, &arrival->path, bytes_of_span(arrival->datagram));
    return owner ? CONTAINER_OF(owner, struct attachment, routes) : NULL;
}

void worker_receive(struct port *port)
{
    struct worker *w = port->worker;
    struct batch_arrival arrival;

    // Once: where there is more, the loop comes back, after its other sockets had their turn.
    (void)udp_recv(&port->udp, &w->in);
    yodel_time now = clock_now();
    struct attachment *unheard = NULL; // It was given a datagram, and may have something to tell.
    while (batch_next(&w->in, &arrival)) {
        struct attachment *a = addressee(w, port, &arrival);
        if (unheard && unheard != a) {
            worker_listen(unheard);
        }
        unheard = NULL;
        if (a && a->peer) {
            yodel_peer_recv(
                a->peer, &arrival.path, arrival.datagram.ptr, arrival.datagram.len, now);
            worker_touch(a);
            unheard = a;
        }
        // Not after each of a train, and not after all there is: its window must not fill up.
        if (unheard && arrival.is_last) {
            worker_listen(unheard);
            unheard = NULL;
        }
    }
}

void worker_has_room(struct worker *w)
{
    if (is_full(w)) {
        (void)flush(w, clock_now());
    }
}

// ---- coming and going

enum yodel_err worker_add(
    struct worker *w, yodel_peer *peer, yodel_peer_handler *handler, void *ctx)
{
    if (w->is_closing) {
        return YODEL_ERR_INVALID_STATE;
    }
    struct attachment *a = alloc_new(w->env->alloc, sizeof *a);
    if (!a) {
        return YODEL_ERR_NO_MEMORY;
    }
    *a = (struct attachment){.worker = w, .peer = peer, .handler = handler, .ctx = ctx};
    list_init(&a->ports);
    list_init(&a->lookups);
    list_init(&a->streams);
    enum yodel_err err = map_insert(&w->by_peer, &a->by_peer, bytes_of(&a->peer, sizeof a->peer));
    if (err == YODEL_OK) {
        err = heap_set(&w->timers, &a->timer, YODEL_NEVER);
    }
    if (err != YODEL_OK) {
        map_remove(&w->by_peer, &a->by_peer);
        alloc_free(w->env->alloc, a);
        return err;
    }
    list_push_back(&w->attachments, &a->link);
    route_start(&a->routes, peer);
    yodel_peer_set_wake(peer, on_wake, a);
    worker_touch(a);
    return YODEL_OK;
}

static void detach(struct attachment *a)
{
    struct worker *w = a->worker;
    struct list_node *node;

    yodel_peer_set_wake(a->peer, NULL, NULL);
    map_remove(&w->by_peer, &a->by_peer);
    heap_remove(&w->timers, &a->timer);
    if (list_is_linked(&a->dirty)) {
        list_remove(&a->dirty);
    }
    lookup_cancel_all(a);
    streams_drop_all(a);
    route_forget(&w->routes, &a->routes);
    while ((node = list_first(&a->ports))) {
        struct port *port = CONTAINER_OF(node, struct port, link);
        port->owner = NULL;
        port_close(port);
    }
    a->peer = NULL;
    // Whoever is being served right now still looks at it.
    list_remove(&a->link);
    list_push_back(&w->buried, &a->link);
}

// A close is worth sending even at the end of a turn.
static void say_goodbye(struct worker *w, struct attachment *a)
{
    yodel_time now = clock_now();
    uint32_t flushes_left = w->flushes_left;
    bool is_done;

    w->flushes_left = WORKER_FLUSHES_MAX;
    while (speak_once(w, a, &is_done, now)) {
    }
    if (!is_full(w)) {
        (void)flush(w, now);
    }
    w->flushes_left = flushes_left;
}

void worker_remove(struct worker *w, yodel_peer *peer)
{
    struct map_entry *entry = map_find(&w->by_peer, bytes_of(&peer, sizeof peer));

    if (entry) {
        struct attachment *a = CONTAINER_OF(entry, struct attachment, by_peer);
        say_goodbye(w, a);
        detach(a);
    }
}

enum yodel_err worker_init(struct worker *w, uv_loop_t *loop, const struct env *env,
    const struct yodel_runtime_config *config)
{
    *w = (struct worker){.loop = loop,
        .env = env,
        .udp_port = config->udp_port,
        .has_tcp = config->tcp,
        .hides_addresses = config->hide_addresses,
        .listen_again = YODEL_NEVER,
        .full_since = YODEL_NEVER};
    enum yodel_err err = streams_init(w, config);
    err = err ? err : networks_init(w, config);
    if (err != YODEL_OK) {
        return err;
    }
    if (batch_in_init(&w->in, env->alloc) != YODEL_OK ||
        batch_out_init(&w->out, env->alloc) != YODEL_OK) {
        batch_in_deinit(&w->in, env->alloc);
        return YODEL_ERR_NO_MEMORY;
    }
    list_init(&w->attachments);
    list_init(&w->buried);
    list_init(&w->dirty);
    list_init(&w->ports);
    list_init(&w->touched);
    list_init(&w->local_lookups);
    list_init(&w->listeners);
    map_init(&w->by_peer, env);
    heap_init(&w->timers, env->alloc);
    routes_init(&w->routes, env);
    // These four cannot fail.
    (void)uv_prepare_init(loop, &w->prepare);
    (void)uv_check_init(loop, &w->check);
    (void)uv_idle_init(loop, &w->idle);
    (void)uv_timer_init(loop, &w->timer);
    w->handle_count = 4;
    (void)uv_prepare_start(&w->prepare, on_prepare);
    (void)uv_check_start(&w->check, on_check);
    return YODEL_OK;
}

void worker_let_go(struct worker *w)
{
    w->handle_count--;
    if (w->handle_count == 0) {
        w->closed(w);
    }
}

static void on_prepare_closed(uv_handle_t *handle)
{
    worker_let_go(CONTAINER_OF((uv_prepare_t *)handle, struct worker, prepare));
}

static void on_check_closed(uv_handle_t *handle)
{
    worker_let_go(CONTAINER_OF((uv_check_t *)handle, struct worker, check));
}

static void on_idle_closed(uv_handle_t *handle)
{
    worker_let_go(CONTAINER_OF((uv_idle_t *)handle, struct worker, idle));
}

static void on_timer_closed(uv_handle_t *handle)
{
    worker_let_go(CONTAINER_OF((uv_timer_t *)handle, struct worker, timer));
}

void worker_close(struct worker *w, void (*closed)(struct worker *worker))
{
    struct list_node *node;

    YODEL_ASSERT(!w->is_closing);
    w->is_closing = true;
    w->closed = closed;
    while ((node = list_first(&w->attachments))) {
        struct attachment *a = CONTAINER_OF(node, struct attachment, link);
        say_goodbye(w, a);
        detach(a);
    }
    while ((node = list_first(&w->ports))) {
        port_close(CONTAINER_OF(node, struct port, link));
    }
    networks_stop(w);
    listener_stop(w);
    streams_stop(w);
    lookup_stop(w);
    uv_close((uv_handle_t *)&w->prepare, on_prepare_closed);
    uv_close((uv_handle_t *)&w->check, on_check_closed);
    uv_close((uv_handle_t *)&w->idle, on_idle_closed);
    uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}

void worker_deinit(struct worker *w)
{
    bury(w);
    streams_deinit(w);
    routes_deinit(&w->routes);
    heap_deinit(&w->timers);
    map_deinit(&w->by_peer);
    batch_out_deinit(&w->out, w->env->alloc);
    batch_in_deinit(&w->in, w->env->alloc);
}
