// Streams of peers.

#include "runtime/streams.h"

#include <stdio.h>

#include "net/clock.h"
#include "net/dns.h"
#include "net/socket.h"
#include "net/stream.h"
#include "runtime/frames.h"

struct peer_stream {
    struct worker *worker;
    struct attachment *owner; // NULL: nobody's yet, or no more.
    struct yodel_path path;
    struct frames frames;
    struct stream *stream;   // NULL: a proxy's address is being looked up,
    struct dns_query *query; // by this.
    char host[STREAM_HOST_MAX];
    bool is_open;
    bool is_accepted;      // Others opened it.
    yodel_time since;      // A stranger came.
    yodel_time half_since; // A message began.
    struct list_node link; // In the owner's, or among strangers.
    struct list_node held; // Something was written since the last flush.
    struct list_node half; // Others opened it, and it is within a message.
};

// ---- coming and going

static void unlink_stream(struct peer_stream *s)
{
    if (list_is_linked(&s->link)) {
        list_remove(&s->link);
        if (s->owner) {
            s->owner->stream_count--;
        } else {
            s->worker->stranger_count--;
        }
    }
    if (list_is_linked(&s->held)) {
        list_remove(&s->held);
    }
    if (list_is_linked(&s->half)) {
        list_remove(&s->half);
    }
    s->owner = NULL;
}

static void free_stream(struct peer_stream *s)
{
    struct worker *worker = s->worker;

    frames_deinit(&s->frames);
    alloc_free(worker->env->alloc, s);
    worker_let_go(worker);
}

// Nobody wants it any more.
static void drop(struct peer_stream *s)
{
    unlink_stream(s);
    if (s->query) {
        dns_cancel(s->query);
        s->query = NULL;
    }
    if (s->stream) {
        stream_close(s->stream);
    } else {
        free_stream(s);
    }
}

// It ended by itself, and its peer is to know.
static void tell_of_end(struct peer_stream *s, const char *why)
{
    struct attachment *owner = s->owner;
    char text[ADDR_TEXT_MAX];

    if (!owner) {
        return;
    }
    log_info(s->worker->env, "runtime", "stream to %s: %s", addr_text(&s->path.remote, text), why);
    (void)snprintf(s->worker->error, sizeof s->worker->error, "%.100s: %s",
        s->host[0] ? s->host : addr_text(&s->path.remote, text), why);
    yodel_peer_disconnected(owner->peer, &s->path);
    worker_touch(owner);
}

static void give_up(struct peer_stream *s, const char *why)
{
    tell_of_end(s, why);
    drop(s);
}

static void on_closed(void *ctx, const char *why)
{
    struct peer_stream *s = ctx;

    s->stream = NULL;
    tell_of_end(s, why ? why : "closed");
    unlink_stream(s);
    free_stream(s);
}

// ---- what arrives

static void adopt(struct peer_stream *s, struct attachment *owner)
{
    unlink_stream(s);
    s->owner = owner;
    list_push_back(&owner->streams, &s->link);
    owner->stream_count++;
}

// RFC 6544 §7.1: the first message is a check, whose user name says for whom.
static bool introduce(struct peer_stream *s, struct span message)
{
    struct route_owner *owner = route_find_named(&s->worker->routes, bytes_of_span(message));
    struct attachment *a = owner ? CONTAINER_OF(owner, struct attachment, routes) : NULL;

    if (!a || !a->peer || a->stream_count == STREAMS_PER_PEER) {
        return false;
    }
    adopt(s, a);
    return true;
}

// The time for a message counts from its first byte: who sends one byte at a time gains nothing.
static void note_half(struct peer_stream *s, bool has_ended_one, yodel_time now)
{
    bool is_within = s->is_accepted && frames_is_within(&s->frames);

    if (list_is_linked(&s->half) && (has_ended_one || !is_within)) {
        list_remove(&s->half);
    }
    if (is_within && !list_is_linked(&s->half)) {
        s->half_since = now;
        list_push_back(&s->worker->halves, &s->half);
    }
}

static void on_data(void *ctx, struct span data)
{
    struct peer_stream *s = ctx;
    struct span message;
    enum frames_result result;
    bool has_ended_one = false;
    yodel_time now = clock_now();

    frames_put(&s->frames, data);
    while ((result = frames_next(&s->frames, &message)) == FRAMES_WHOLE) {
        if (!s->owner && !introduce(s, message)) {
            result = FRAMES_FOREIGN;
            break;
        }
        yodel_peer_recv(s->owner->peer, &s->path, message.ptr, message.len, now);
        has_ended_one = true;
    }
    struct attachment *owner = s->owner;
    if (result == FRAMES_MORE) {
        note_half(s, has_ended_one, now);
    } else {
        give_up(s, "what came over it makes no sense");
    }
    if (owner) {
        worker_touch(owner);
        worker_listen(owner); // The stream may be gone after this.
    }
}

static void on_open(void *ctx)
{
    struct peer_stream *s = ctx;

    s->is_open = true;
    if (s->owner) {
        yodel_peer_connected(s->owner->peer, &s->path);
        worker_touch(s->owner);
    }
}

static const struct stream_handler handler = {
    .on_open = on_open, .on_data = on_data, .on_closed = on_closed};

static struct peer_stream *new_stream(
    struct worker *w, const struct yodel_path *path, enum yodel_framing framing)
{
    struct peer_stream *s = alloc_new(w->env->alloc, sizeof *s);

    if (s) {
        s->worker = w;
        s->path = *path;
        frames_init(&s->frames, framing, w->env->alloc);
        w->handle_count++;
    }
    return s;
}

// ---- to servers

// Without memory for a context the stream is not opened at all, rather than without TLS.
static bool prepare_tls(struct worker *w, const struct yodel_path *path)
{
    if (path->transport == YODEL_TLS && !w->tls) {
        w->tls = stream_tls_new();
    }
    return path->transport != YODEL_TLS || w->tls;
}

static bool open_stream(struct peer_stream *s, const struct stream_proxy *proxy)
{
    struct worker *w = s->worker;
    bool is_turn = s->frames.framing == YODEL_FRAMING_TURN;
    struct stream_target target = {.local = s->path.local,
        .remote = s->path.remote,
        .host = s->host,
        .is_insecure = w->takes_any_certificate,
        .alpn = is_turn ? "stun.turn" : NULL, // RFC 7443.
        .proxy = proxy};

    target.local.port = 0; // What the path says is a part of its name.
    if (!prepare_tls(w, &s->path)) {
        return false;
    }
    target.tls = s->path.transport == YODEL_TLS ? w->tls : NULL;
    return stream_connect(&s->stream, w->loop, w->env, &target, &handler, s) == YODEL_OK;
}

static void open_through(struct peer_stream *s, const struct yodel_addr *proxy_addr)
{
    const struct proxy_url *url = &s->worker->proxy;
    struct stream_proxy proxy = {.addr = *proxy_addr, .credentials = url->credentials};

    proxy.addr.port = url->port;
    if (!open_stream(s, &proxy)) {
        give_up(s, "there is no memory left");
    }
}

static void on_proxy_found(void *ctx, const struct yodel_addr *addrs, size_t count)
{
    struct peer_stream *s = ctx;

    s->query = NULL;
    if (count > 0) {
        open_through(s, &addrs[0]);
    } else {
        give_up(s, "the proxy's name has no address");
    }
}

static void find_proxy(struct peer_stream *s)
{
    struct worker *w = s->worker;
    struct yodel_addr addr;

    if (addr_parse_ip(&addr, bytes_of_text(w->proxy.host)) == YODEL_OK) {
        open_through(s, &addr);
    } else if (dns_start(&s->query, w->loop, w->env->alloc, w->proxy.host, on_proxy_found, s) !=
               YODEL_OK) {
        give_up(s, "the proxy's name cannot be looked up");
    }
}

void streams_connect(struct attachment *a, const struct yodel_event *event)
{
    const struct yodel_path *path = &event->stream.path;
    struct peer_stream *s = a->stream_count < STREAMS_PER_PEER
                                ? new_stream(a->worker, path, event->stream.framing)
                                : NULL;

    if (!s) {
        yodel_peer_disconnected(a->peer, path);
        worker_touch(a);
        return;
    }
    (void)snprintf(s->host, sizeof s->host, "%s", event->stream.host ? event->stream.host : "");
    adopt(s, a);
    if (a->worker->has_proxy && event->stream.framing == YODEL_FRAMING_TURN) {
        find_proxy(s);
    } else if (!open_stream(s, NULL)) {
        give_up(s, "there is no memory left");
    }
}

static struct peer_stream *find(struct attachment *a, const struct yodel_path *path)
{
    for (struct list_node *n = list_first(&a->streams); n; n = list_next(&a->streams, n)) {
        struct peer_stream *s = CONTAINER_OF(n, struct peer_stream, link);
        if (path_equal(&s->path, path)) {
            return s;
        }
    }
    return NULL;
}

void streams_disconnect(struct attachment *a, const struct yodel_path *path)
{
    struct peer_stream *s = find(a, path);

    if (s) {
        if (s->stream) {
            stream_release(s->stream); // Its last words, for instance a Refresh to zero.
        }
        drop(s);
    }
}

void streams_send(struct attachment *a, const struct yodel_path *path, struct bytes message)
{
    struct peer_stream *s = find(a, path);
    uint8_t prefix[FRAMES_PREFIX_SIZE];
    struct bytes pieces[] = {bytes_of(prefix, sizeof prefix), message};

    if (!s || !s->is_open) {
        return;
    }
    if (!list_is_linked(&s->held)) {
        stream_hold(s->stream);
        list_push_back(&a->worker->held, &s->held);
    }
    bool is_ice = s->frames.framing == YODEL_FRAMING_ICE;
    store_u16(prefix, (uint16_t)message.len);
    if (!stream_write(s->stream, is_ice ? pieces : pieces + 1, is_ice ? 2 : 1)) {
        a->worker->stream_dropped++;
    }
}

void streams_flush(struct worker *w)
{
    struct list_node *node;

    while ((node = list_pop_front(&w->held))) {
        stream_release(CONTAINER_OF(node, struct peer_stream, held)->stream);
    }
}

// ---- strangers

static struct peer_stream *oldest_stranger(const struct worker *w)
{
    struct list_node *node = list_first(&w->strangers);

    return node ? CONTAINER_OF(node, struct peer_stream, link) : NULL;
}

static bool is_same_source(const struct yodel_addr *a, const struct yodel_addr *b)
{
    uint8_t keys[2][ADDR_SOURCE_SIZE];

    return bytes_equal(addr_source(keys[0], a), addr_source(keys[1], b));
}

static uint32_t count_strangers(const struct worker *w, const struct yodel_addr *source)
{
    uint32_t count = 0;

    for (struct list_node *n = list_first(&w->strangers); n; n = list_next(&w->strangers, n)) {
        const struct peer_stream *s = CONTAINER_OF(n, struct peer_stream, link);
        count += is_same_source(&s->path.remote, source);
    }
    return count;
}

// The oldest of the source with the most: who came once is not pushed out by who came often.
static struct peer_stream *most_superfluous(const struct worker *w)
{
    struct peer_stream *worst = NULL;
    uint32_t most = 0;

    for (struct list_node *n = list_first(&w->strangers); n; n = list_next(&w->strangers, n)) {
        struct peer_stream *s = CONTAINER_OF(n, struct peer_stream, link);
        uint32_t count = count_strangers(w, &s->path.remote);
        if (count > most) {
            most = count;
            worst = s;
        }
    }
    return worst;
}

void streams_accept(struct worker *w, const struct yodel_addr *listening, int fd)
{
    struct yodel_path path = {
        .local = *listening, .remote = socket_remote(fd), .transport = YODEL_TCP};
    bool is_one_too_many = count_strangers(w, &path.remote) >= STREAMS_PER_SOURCE;
    struct peer_stream *s = is_one_too_many ? NULL : new_stream(w, &path, YODEL_FRAMING_ICE);

    if (!s) {
        socket_close(fd);
        return;
    }
    if (stream_accept(&s->stream, w->loop, w->env, fd, NULL, &handler, s) != YODEL_OK) {
        free_stream(s);
        return;
    }
    if (w->stranger_count == STREAMS_STRANGERS_MAX) {
        drop(most_superfluous(w));
    }
    s->is_accepted = true;
    s->since = clock_now();
    list_push_back(&w->strangers, &s->link);
    w->stranger_count++;
}

static yodel_time next_stranger_timeout(const struct worker *w)
{
    const struct peer_stream *oldest = oldest_stranger(w);

    return oldest ? time_after(oldest->since, STREAMS_STRANGER_TIMEOUT) : YODEL_NEVER;
}

static struct peer_stream *oldest_half(const struct worker *w)
{
    struct list_node *node = list_first(&w->halves);

    return node ? CONTAINER_OF(node, struct peer_stream, half) : NULL;
}

static yodel_time next_half_timeout(const struct worker *w)
{
    const struct peer_stream *oldest = oldest_half(w);

    return oldest ? time_after(oldest->half_since, STREAMS_HALF_TIMEOUT) : YODEL_NEVER;
}

yodel_time streams_next_timeout(const struct worker *w)
{
    return time_min(next_stranger_timeout(w), next_half_timeout(w));
}

void streams_tick(struct worker *w, yodel_time now)
{
    while (next_stranger_timeout(w) <= now) {
        drop(oldest_stranger(w));
    }
    while (next_half_timeout(w) <= now) {
        give_up(oldest_half(w), "it stopped within a message");
    }
}

// ---- with the worker

enum yodel_err streams_init(struct worker *w, const struct yodel_runtime_config *config)
{
    list_init(&w->strangers);
    list_init(&w->halves);
    list_init(&w->held);
    w->takes_any_certificate = config->takes_any_certificate;
    w->has_proxy = config->proxy && config->proxy[0];
    return w->has_proxy ? proxy_parse_url(&w->proxy, config->proxy) : YODEL_OK;
}

void streams_deinit(struct worker *w)
{
    stream_tls_free(w->tls);
}

void streams_drop_all(struct attachment *a)
{
    struct list_node *node;

    streams_flush(a->worker); // The peer's last words.
    while ((node = list_first(&a->streams))) {
        drop(CONTAINER_OF(node, struct peer_stream, link));
    }
}

void streams_stop(struct worker *w)
{
    while (oldest_stranger(w)) {
        drop(oldest_stranger(w));
    }
}
