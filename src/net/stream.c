// Streams: one socket, what waits for it, and the steps until it is open.
//
//   CONNECTING --> TUNNELLING --> SHAKING --> OPEN        A plain one goes from CONNECTING to OPEN;
//        |  (with a proxy)  | (with TLS) |       |        an accepted one is connected already.
//        +------------------+------------+-------+--> CLOSING, and on_closed once all is let go

#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/assert.h"
#include "base/ring.h"
#include "net/proxy.h"
#include "net/sockaddr.h"
#include "net/socket.h"
#include "net/stream_tls.h"

#define READS_MAX 4                       // On one visit of the loop.
#define QUEUE_KEPT (16u * 1024)           // What an empty queue may keep of memory,
#define QUEUE_IDLE YODEL_SECONDS(1)       // after that time: whoever is busy needs it again.
#define ROOM_AGAIN (STREAM_QUEUE_MAX / 2) // On_room comes when no more than this waits.
#define WHY_MAX 160

enum state { CONNECTING, TUNNELLING, SHAKING, OPEN, CLOSING };

// What a client needs until it is open.
struct opening {
    char host[STREAM_HOST_MAX];
    char credentials[STREAM_CREDENTIALS_MAX];
    char alpn[32];
    struct proxy_answer answer;
    struct stream_target target; // Its texts are those above.
    struct stream_proxy proxy;
};

struct stream {
    const struct env *env;
    const struct stream_handler *handler;
    void *ctx;
    enum state state;
    int fd;
    bool has_poll;
    bool is_held;
    bool wants_room; // Somebody waits for on_room.
    bool is_paused;
    bool is_resumed; // And not read since: libssl may hold what the socket does not show.
    bool is_left;    // Paused, and the other side has gone.
    bool is_ending;
    bool is_shut; // It was told so.
    int events;   // That the loop watches for.
    uint32_t handle_count;
    struct yodel_addr local, remote;
    struct ring queue;
    struct stream_tls tls;
    struct opening *opening; // Of one that connects; NULL once it is open.
    bool has_why;
    char why[WHY_MAX];
    uv_poll_t poll;
    uv_timer_t timer;
};

static void on_poll(uv_poll_t *poll, int status, int events);

// ---- the end

static void let_go(struct stream *s)
{
    if (--s->handle_count > 0) {
        return;
    }
    const struct stream_handler *handler = s->handler;
    void *ctx = s->ctx;
    char why[WHY_MAX];
    bool has_why = s->has_why;

    memcpy(why, s->why, sizeof why);
    ring_deinit(&s->queue);
    alloc_free(s->env->alloc, s->opening);
    alloc_free(s->env->alloc, s);
    handler->on_closed(ctx, has_why ? why : NULL);
}

static void on_poll_closed(uv_handle_t *handle)
{
    let_go(CONTAINER_OF((uv_poll_t *)handle, struct stream, poll));
}

static void on_timer_closed(uv_handle_t *handle)
{
    let_go(CONTAINER_OF((uv_timer_t *)handle, struct stream, timer));
}

void stream_close(struct stream *s)
{
    if (s->state == CLOSING) {
        return;
    }
    s->state = CLOSING;
    stream_tls_close(&s->tls);
    if (s->has_poll) {
        (void)uv_poll_stop(&s->poll);
        uv_close((uv_handle_t *)&s->poll, on_poll_closed);
    }
    if (s->fd >= 0) {
        socket_close(s->fd);
    }
    uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

static void fail(struct stream *s, const char *why)
{
    if (s->state != CLOSING) {
        s->has_why = true;
        (void)snprintf(s->why, sizeof s->why, "%s", why);
        stream_close(s);
    }
}

static void fail_by_errno(struct stream *s, int error)
{
    switch (error) {
    case ECONNREFUSED:
        fail(s, "nobody listens there (connection refused)");
        break;
    case ETIMEDOUT:
        fail(s, "it does not answer (connection timed out)");
        break;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
        fail(s, "there is no way to it from this address");
        break;
    case EACCES:
    case EPERM:
        fail(s, "this machine's firewall forbids it");
        break;
    case ECONNRESET:
    case EPIPE:
        fail(s, "the other side broke the connection off");
        break;
    default:
        fail(s, strerror(error));
    }
}

static void fail_by_tls(struct stream *s)
{
    char why[WHY_MAX];

    if (s->tls.error > 0) {
        fail_by_errno(s, s->tls.error);
        return;
    }
    stream_tls_explain(&s->tls, span_of((uint8_t *)why, sizeof why));
    fail(s, why);
}

// ---- what the loop watches

static int events_of(const struct stream *s)
{
    bool wants_room = s->state == CONNECTING || s->wants_room || s->is_resumed ||
                      s->tls.wants_room || (s->state == OPEN && s->queue.count > 0 && !s->is_held);
    int room = wants_room ? UV_WRITABLE : 0;

    if (s->is_paused) { // An end would go unnoticed, as nothing reads it.
        return room | (s->is_left ? 0 : UV_DISCONNECT);
    }
    return room | (s->state == CONNECTING ? 0 : UV_READABLE);
}

static void watch(struct stream *s)
{
    int events = events_of(s);

    if (s->has_poll && s->state != CLOSING && events != s->events) {
        s->events = events;
        (void)uv_poll_start(&s->poll, events, on_poll);
    }
}

static void shrink_queue(struct stream *s)
{
    if (s->queue.count == 0) {
        ring_deinit(&s->queue);
        ring_init(&s->queue, s->env->alloc, 1, STREAM_QUEUE_MAX);
    }
}

static void on_timeout(uv_timer_t *timer)
{
    struct stream *s = CONTAINER_OF(timer, struct stream, timer);

    switch (s->state) {
    case CONNECTING:
        fail(s, "it does not answer (connection timed out)");
        break;
    case TUNNELLING:
        fail(s, "the proxy does not answer");
        break;
    case SHAKING:
        fail(s, "it does not answer in TLS");
        break;
    case OPEN:
        if (s->is_ending) {
            stream_close(s);
        } else if (s->is_left) {
            fail(s, "the other side closed the connection");
        } else {
            shrink_queue(s);
        }
        break;
    case CLOSING:
        break;
    }
}

static void limit(struct stream *s, yodel_duration timeout)
{
    uv_update_time(s->timer.loop); // The turn may have been a long one.
    (void)uv_timer_start(&s->timer, on_timeout, timeout / 1000, 0);
}

// ---- writing

// Sends what it can of `count` pieces. False: nothing more can be sent, and the stream may be
// closing.
static bool send_pieces(struct stream *s, const struct bytes *pieces, size_t count, size_t *sent)
{
    struct iovec parts[STREAM_PIECES_MAX];
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = count};

    for (size_t i = 0; i < count; i++) {
        // The system does not write there.
        parts[i] = (struct iovec){(void *)(uintptr_t)pieces[i].ptr, pieces[i].len};
    }
    ssize_t len = sendmsg(s->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    *sent = len > 0 ? (size_t)len : 0;
    if (len < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        fail_by_errno(s, errno);
    }
    return len >= 0;
}

static bool flush_plain(struct stream *s, size_t *sent)
{
    struct bytes pieces[2] = {ring_view(&s->queue, 0)};

    pieces[1] = ring_view(&s->queue, pieces[0].len); // Behind the seam.
    return send_pieces(s, pieces, 2, sent);
}

static bool flush_tls(struct stream *s, size_t *sent)
{
    struct bytes front = ring_view(&s->queue, 0);

    s->tls.has_more = s->queue.count > STREAM_TLS_RECORD;
    enum stream_io got = stream_tls_write(&s->tls, front, sent);

    if (got == STREAM_IO_FAILED || got == STREAM_IO_END) {
        fail_by_tls(s);
    }
    return got == STREAM_IO_DONE;
}

// Everything that waited has left. Whoever closed now with something unread would have the system
// break the connection off, and what is on its way might be lost: RFC 9112 §9.6.
static void shut(struct stream *s)
{
    s->is_shut = true;
    stream_tls_end(&s->tls);
    (void)shutdown(s->fd, SHUT_WR);
}

static void flush(struct stream *s)
{
    bool may_go_on = true;

    while (s->state == OPEN && s->queue.count > 0 && may_go_on) {
        size_t sent = 0;
        may_go_on = s->tls.ssl ? flush_tls(s, &sent) : flush_plain(s, &sent);
        ring_drop(&s->queue, sent);
    }
    bool is_large = s->state == OPEN && s->queue.count == 0 && s->queue.places > QUEUE_KEPT;
    if (is_large && !uv_is_active((uv_handle_t *)&s->timer)) {
        limit(s, QUEUE_IDLE);
    }
    if (s->state == OPEN && s->is_ending && !s->is_shut && s->queue.count == 0) {
        shut(s);
    }
    watch(s);
}

// From the loop only, so that a write never leads to another.
static void tell_of_room(struct stream *s)
{
    if (s->state == OPEN && s->wants_room && s->queue.count <= ROOM_AGAIN) {
        s->wants_room = false;
        if (s->handler->on_room) {
            s->handler->on_room(s->ctx);
        }
    }
}

// Puts all but the first `skipped` bytes behind what waits.
static bool enqueue(struct stream *s, const struct bytes *pieces, size_t count, size_t skipped)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes rest = bytes_sub(pieces[i], skipped, pieces[i].len);
        skipped -= pieces[i].len < skipped ? pieces[i].len : skipped;
        if (ring_put(&s->queue, rest.ptr, rest.len) != YODEL_OK) {
            fail(s, "there is no memory left");
            return false;
        }
    }
    return true;
}

bool stream_write(struct stream *s, const struct bytes *pieces, size_t count)
{
    size_t total = 0, sent = 0;

    YODEL_ASSERT(count <= STREAM_PIECES_MAX);
    for (size_t i = 0; i < count; i++) {
        total += pieces[i].len;
    }
    if (s->state == CLOSING || s->is_ending || total > STREAM_QUEUE_MAX - s->queue.count) {
        s->wants_room = !s->is_ending;
        watch(s);
        return false;
    }
    bool is_direct = s->state == OPEN && !s->tls.ssl && !s->is_held && s->queue.count == 0;
    if (is_direct) {
        (void)send_pieces(s, pieces, count, &sent);
    }
    if (s->state == CLOSING || !enqueue(s, pieces, count, sent)) {
        return false;
    }
    if (is_direct || s->is_held) {
        watch(s);
    } else if (s->tls.ssl && s->state == OPEN) {
        flush(s);
    }
    return true;
}

void stream_hold(struct stream *s)
{
    s->is_held = true;
}

void stream_release(struct stream *s)
{
    s->is_held = false;
    if (s->state == OPEN) {
        flush(s);
    }
}

// ---- reading

static enum stream_io read_plain(struct stream *s, struct span room, size_t *len)
{
    ssize_t got = recv(s->fd, room.ptr, room.len, MSG_DONTWAIT);

    *len = got > 0 ? (size_t)got : 0;
    if (got >= 0) {
        return got > 0 ? STREAM_IO_DONE : STREAM_IO_END;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return STREAM_IO_AGAIN;
    }
    fail_by_errno(s, errno);
    return STREAM_IO_FAILED;
}

static enum stream_io read_tls(struct stream *s, struct span room, size_t *len)
{
    enum stream_io got = stream_tls_read(&s->tls, room, len);

    if (got == STREAM_IO_FAILED) {
        fail_by_tls(s);
    }
    return got;
}

static void hear_end(struct stream *s)
{
    if (s->is_ending) {
        stream_close(s);
    } else {
        fail(s, "the other side closed the connection");
    }
}

// All that is there, within bounds: where there is more, the loop comes back. What libssl holds of
// it the loop would not see, so its bound lies below libssl (STREAM_TLS_READS).
static void receive(struct stream *s)
{
    uint8_t bytes[STREAM_READ_ROOM];
    struct span room = span_of(bytes, sizeof bytes);
    bool is_tls = s->tls.ssl != NULL;
    size_t len;

    stream_tls_visit(&s->tls);
    s->is_resumed = false;
    for (int i = 0; (i < READS_MAX || is_tls) && s->state == OPEN && !s->is_paused; i++) {
        enum stream_io got = is_tls ? read_tls(s, room, &len) : read_plain(s, room, &len);
        if (got == STREAM_IO_END) {
            hear_end(s);
        }
        if (got != STREAM_IO_DONE) {
            break;
        }
        if (!s->is_ending) {
            s->handler->on_data(s->ctx, span_of(bytes, len));
        }
        if (len < sizeof bytes && !is_tls) {
            break; // There was no more.
        }
    }
    watch(s);
}

// ---- opening

static void opened(struct stream *s)
{
    s->state = OPEN;
    (void)uv_timer_stop(&s->timer);
    alloc_free(s->env->alloc, s->opening);
    s->opening = NULL;
    if (s->handler->on_open) {
        s->handler->on_open(s->ctx);
    }
    if (s->state == OPEN && !s->is_held) {
        flush(s); // What was written before.
    }
    if (s->state == OPEN) {
        receive(s); // With the last of the handshake there may have come more.
    }
}

static void shake(struct stream *s)
{
    stream_tls_visit(&s->tls);
    switch (stream_tls_shake(&s->tls)) {
    case STREAM_IO_DONE:
        opened(s);
        break;
    case STREAM_IO_AGAIN:
        watch(s);
        break;
    case STREAM_IO_END:
        fail(s, "the other side closed the connection in the middle of TLS's handshake");
        break;
    case STREAM_IO_FAILED:
        fail_by_tls(s);
        break;
    }
}

static const char *certified_host(const struct opening *o, char room[ADDR_TEXT_MAX])
{
    return o->host[0] ? o->host : addr_ip_text(&o->target.remote, room);
}

// A way to the other end is there: TLS, where it is wanted.
static void secure(struct stream *s)
{
    struct opening *o = s->opening;
    char ip[ADDR_TEXT_MAX];
    bool is_tls = o ? o->target.tls != NULL : s->tls.ssl != NULL;
    bool is_ready =
        !o || !is_tls || stream_tls_connect(&s->tls, s->fd, &o->target, certified_host(o, ip));

    if (!is_ready) {
        fail(s, "there is no memory left, or its name cannot be checked");
    } else if (is_tls) {
        s->state = SHAKING;
        limit(s, STREAM_HANDSHAKE_TIMEOUT);
        shake(s);
    } else {
        opened(s);
    }
}

static void ask_proxy(struct stream *s)
{
    struct opening *o = s->opening;
    char ip[ADDR_TEXT_MAX];
    uint8_t room[PROXY_REQUEST_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct bytes request;
    size_t sent = 0;

    s->state = TUNNELLING;
    limit(s, STREAM_HANDSHAKE_TIMEOUT);
    if (proxy_put_request(&w, certified_host(o, ip), o->target.remote.port, o->credentials) !=
        YODEL_OK) {
        fail(s, "a proxy cannot be asked for a host of this name");
        return;
    }
    request = writer_bytes(&w);
    if (send_pieces(s, &request, 1, &sent) && sent < request.len) {
        fail(s, "the proxy takes nothing"); // A new socket has room for a request.
    }
    watch(s);
}

static void hear_proxy(struct stream *s)
{
    uint8_t bytes[1024];
    char why[PROXY_WHY_MAX];
    size_t len, used;
    enum stream_io got = read_plain(s, span_of(bytes, sizeof bytes), &len);

    if (got == STREAM_IO_END) {
        fail(s, "the proxy closed the connection");
    }
    if (got != STREAM_IO_DONE) {
        return;
    }
    switch (proxy_recv(&s->opening->answer, bytes_of(bytes, len), &used)) {
    case PROXY_MORE:
        break;
    case PROXY_OPEN:
        // In every protocol that we tunnel the client speaks first: what follows is a forgery.
        if (used < len) {
            fail(s, "the proxy sent more than its answer");
        } else {
            secure(s);
        }
        break;
    case PROXY_REFUSED:
        proxy_explain(s->opening->answer.status, why);
        fail(s, why);
        break;
    case PROXY_MALFORMED:
        fail(s, "what answers is no HTTP proxy");
        break;
    }
}

static int socket_error(const struct stream *s)
{
    int error = 0;
    socklen_t len = sizeof error;

    return getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

static void connected(struct stream *s)
{
    int error = socket_error(s);

    if (error != 0) {
        fail_by_errno(s, error);
        return;
    }
    s->local = socket_local(s->fd);
    if (s->opening && s->opening->target.proxy) {
        ask_proxy(s);
    } else {
        secure(s);
    }
}

// ---- the loop's visits

// Of a paused stream the other side has gone: what it said last is to be taken soon, or never.
static void leave(struct stream *s, int events)
{
    if ((events & UV_DISCONNECT) && !s->is_left) {
        s->is_left = true;
        limit(s, STREAM_END_TIMEOUT);
        watch(s);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct stream *s = CONTAINER_OF(poll, struct stream, poll);

    if (status < 0) { // The socket has an error, which libuv does not tell.
        int error = socket_error(s);
        fail_by_errno(s, error != 0 ? error : ECONNRESET);
        return;
    }
    s->tls.wants_room = s->tls.wants_room && !(events & UV_WRITABLE);
    switch (s->state) {
    case CONNECTING:
        connected(s);
        break;
    case TUNNELLING:
        hear_proxy(s);
        break;
    case SHAKING:
        shake(s);
        break;
    case OPEN:
        if ((events & UV_WRITABLE) && !s->is_held) {
            flush(s);
            tell_of_room(s);
        }
        if (s->state == OPEN && s->is_paused) {
            leave(s, events);
        } else if (s->state == OPEN && ((events & UV_READABLE) || s->tls.ssl || s->is_resumed)) {
            receive(s);
        }
        break;
    case CLOSING:
        break;
    }
}

static void on_no_socket(uv_timer_t *timer)
{
    struct stream *s = CONTAINER_OF(timer, struct stream, timer);

    fail_by_errno(s, s->tls.error);
}

// Either end, with its socket; -1 and errno where there is none.
static void start(struct stream *s, uv_loop_t *loop, int fd)
{
    int error = fd < 0 ? errno : 0;

    s->fd = fd;
    (void)uv_timer_init(loop, &s->timer);
    s->handle_count = 1;
    if (fd >= 0) {
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // Datagrams do not wait.
        error = -uv_poll_init(loop, &s->poll, fd);
    }
    if (error != 0) {
        s->tls.error = error;
        (void)uv_timer_start(&s->timer, on_no_socket, 0, 0);
        return;
    }
    s->has_poll = true;
    s->handle_count = 2;
    bool is_patient = s->opening && s->opening->target.connect_timeout > 0;
    limit(s, is_patient ? s->opening->target.connect_timeout : STREAM_CONNECT_TIMEOUT);
    watch(s);
}

static struct stream *new_stream(
    const struct env *env, const struct stream_handler *handler, void *ctx)
{
    struct stream *s = alloc_new(env->alloc, sizeof *s);

    if (s) {
        s->env = env;
        s->handler = handler;
        s->ctx = ctx;
        ring_init(&s->queue, env->alloc, 1, STREAM_QUEUE_MAX);
    }
    return s;
}

// Texts that are too long are cut here, and found wrong where they are used.
static const char *keep(char *room, size_t size, const char *text)
{
    (void)snprintf(room, size, "%s", text ? text : "");
    return room;
}

static struct opening *new_opening(const struct env *env, const struct stream_target *target)
{
    struct opening *o = alloc_new(env->alloc, sizeof *o);

    if (!o) {
        return NULL;
    }
    o->target = *target;
    o->target.host = keep(o->host, sizeof o->host, target->host);
    o->target.alpn = target->alpn ? keep(o->alpn, sizeof o->alpn, target->alpn) : NULL;
    if (target->proxy) {
        o->proxy.addr = target->proxy->addr;
        o->proxy.credentials =
            keep(o->credentials, sizeof o->credentials, target->proxy->credentials);
        o->target.proxy = &o->proxy;
    }
    return o;
}

enum yodel_err stream_connect(struct stream **stream, uv_loop_t *loop, const struct env *env,
    const struct stream_target *target, const struct stream_handler *handler, void *ctx)
{
    struct stream *s = new_stream(env, handler, ctx);

    if (!s) {
        return YODEL_ERR_NO_MEMORY;
    }
    s->opening = new_opening(env, target);
    if (!s->opening) {
        alloc_free(env->alloc, s);
        return YODEL_ERR_NO_MEMORY;
    }
    s->remote = target->proxy ? target->proxy->addr : target->remote;
    start(s, loop,
        target->shares_local ? socket_connect_tcp_shared(&target->local, &s->remote)
                             : socket_connect_tcp(&target->local, &s->remote));
    *stream = s;
    return YODEL_OK;
}

enum yodel_err stream_accept(struct stream **stream, uv_loop_t *loop, const struct env *env, int fd,
    struct ssl_ctx_st *tls, const struct stream_handler *handler, void *ctx)
{
    struct stream *s = new_stream(env, handler, ctx);

    if (!s) {
        socket_close(fd);
        return YODEL_ERR_NO_MEMORY;
    }
    if (tls && !stream_tls_accept(&s->tls, fd, tls)) {
        socket_close(fd);
        alloc_free(env->alloc, s);
        return YODEL_ERR_NO_MEMORY;
    }
    s->remote = socket_remote(fd);
    start(s, loop, fd);
    *stream = s;
    return YODEL_OK;
}

// ---- what else may be asked of it

void stream_hand_over(struct stream *s, const struct stream_handler *handler, void *ctx)
{
    s->handler = handler;
    s->ctx = ctx;
}

static void ignore_end(void *ctx, const char *why)
{
    (void)ctx;
    (void)why;
}

void stream_abandon(struct stream *s)
{
    static const struct stream_handler nobody = {.on_closed = ignore_end};

    stream_hand_over(s, &nobody, NULL);
    stream_close(s);
}

void stream_pause(struct stream *s)
{
    s->is_paused = true;
    s->is_resumed = false;
    watch(s);
}

void stream_resume(struct stream *s)
{
    s->is_resumed = s->is_paused;
    s->is_paused = s->is_left = false;
    watch(s);
}

void stream_want_room(struct stream *s)
{
    s->wants_room = true;
    watch(s);
}

void stream_end(struct stream *s)
{
    if (s->state != OPEN) {
        stream_close(s);
        return;
    }
    s->is_ending = true;
    s->is_held = s->wants_room = false;
    limit(s, STREAM_END_TIMEOUT);
    stream_resume(s); // Its end is awaited.
    flush(s);
}

size_t stream_queued(const struct stream *s)
{
    return s->queue.count;
}

struct yodel_addr stream_local(const struct stream *s)
{
    return s->local;
}

struct yodel_addr stream_remote(const struct stream *s)
{
    return s->remote;
}
