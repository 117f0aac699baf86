// The doctor's look at a server's front door.

#include "cli/doctor_web.h"

#include <netdb.h>
#include <stdio.h>

#include "net/clock.h"
#include "net/sockaddr.h"

static uint32_t ms_since(const struct doctor_web_probe *web, uint64_t started)
{
    return (uint32_t)(uv_now(web->loop) - started);
}

static void finish(struct doctor_web_probe *web)
{
    if (!web->is_done) {
        web->is_done = true;
        (void)uv_timer_stop(&web->timer);
        web->on_done(web->ctx);
    }
}

// ---- what is said over the connection

static void send_bytes(struct doctor_web_probe *web, struct bytes data)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data.ptr, (unsigned)data.len);

    // A few hundred bytes on a fresh connection: the system takes them, or the answer stays away.
    (void)uv_try_write((uv_stream_t *)&web->taken->tcp, &buf, 1);
}

static void flush_tls(struct doctor_web_probe *web)
{
    uint8_t room[4096];
    size_t len;

    while ((len = doctor_tls_emit(&web->tls, span_of(room, sizeof room))) > 0) {
        send_bytes(web, bytes_of(room, len));
    }
}

static void ask(struct doctor_web_probe *web)
{
    char request[512];
    bool is_v6 = strchr(web->url->host, ':') != NULL;
    int len = snprintf(request, sizeof request,
        "GET /healthz HTTP/1.1\r\nHost: %s%s%s:%u\r\nConnection: close\r\n\r\n", is_v6 ? "[" : "",
        web->url->host, is_v6 ? "]" : "", (unsigned)web->url->port);

    web->is_asked = true;
    if (web->has_tls) {
        doctor_tls_write(&web->tls, bytes_of(request, (size_t)len));
        flush_tls(web);
    } else {
        send_bytes(web, bytes_of(request, (size_t)len));
    }
}

static void take_plain(struct doctor_web_probe *web, struct bytes data)
{
    size_t room = sizeof web->head - web->head_len;
    size_t len = data.len < room ? data.len : room;

    if (web->is_answered || len == 0) {
        return;
    }
    memcpy(web->head + web->head_len, data.ptr, len);
    web->head_len += len;
    enum yodel_err err = doctor_http_parse(&web->http, bytes_of(web->head, web->head_len));
    if (err == YODEL_ERR_WOULD_BLOCK) {
        return;
    }
    web->is_answered = true;
    web->answered_at = clock_wall_seconds();
    web->web = (struct doctor_web){.is_http = err == YODEL_OK, .status = web->http.status};
    finish(web);
}

static void take_sealed(struct doctor_web_probe *web, struct bytes data)
{
    uint8_t room[4096];
    size_t len;

    doctor_tls_recv(&web->tls, data);
    flush_tls(web);
    if (web->tls.state == DOCTOR_TLS_FAILED) {
        finish(web);
        return;
    }
    if (web->tls.state == DOCTOR_TLS_OPEN && !web->is_asked) {
        ask(web);
    }
    while (web->tls.state == DOCTOR_TLS_OPEN && !web->is_done &&
           (len = doctor_tls_read(&web->tls, span_of(room, sizeof room))) > 0) {
        take_plain(web, bytes_of(room, len));
    }
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct doctor_web_way *way = handle->data;

    (void)wanted;
    *buf = uv_buf_init((char *)way->web->room, sizeof way->web->room);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct doctor_web_way *way = stream->data;
    struct doctor_web_probe *web = way->web;

    if (web->is_done) {
        (void)uv_read_stop(stream);
    } else if (len < 0) {
        finish(web); // It closed before it said enough.
    } else if (len > 0) {
        struct bytes data = bytes_of(buf->base, (size_t)len);
        web->has_tls ? take_sealed(web, data) : take_plain(web, data);
    }
}

static void talk(struct doctor_web_probe *web, struct doctor_web_way *way)
{
    web->taken = way;
    web->has_tls = web->url->is_secure && doctor_tls_init(&web->tls, web->url->host) == YODEL_OK;
    (void)uv_read_start((uv_stream_t *)&way->tcp, on_room, on_read);
    if (web->has_tls) {
        flush_tls(web);
    } else {
        ask(web);
    }
}

// ---- connecting

static enum doctor_connect state_of(int status)
{
    switch (status) {
    case 0:
        return DOCTOR_CONNECT_OK;
    case UV_ECONNREFUSED:
        return DOCTOR_CONNECT_REFUSED;
    case UV_ETIMEDOUT:
        return DOCTOR_CONNECT_SILENT;
    default:
        return DOCTOR_CONNECT_UNREACHABLE;
    }
}

static void on_connected(uv_connect_t *request, int status)
{
    struct doctor_web_way *way = request->data;
    struct doctor_web_probe *web = way->web;

    if (!way->is_pending || status == UV_ECANCELED) {
        return;
    }
    way->is_pending = false;
    way->facts.state = state_of(status);
    way->facts.ms = ms_since(web, way->started);
    if (status == 0 && !web->taken && !web->is_done) {
        talk(web, way);
    } else if (!web->taken && !web->ways[0].is_pending && !web->ways[1].is_pending) {
        finish(web);
    }
}

static void connect_way(struct doctor_web_probe *web, int index, const struct yodel_addr *addr)
{
    struct doctor_web_way *way = &web->ways[index];
    struct sockaddr_storage storage;

    *way = (struct doctor_web_way){.web = web, .facts.addr = *addr, .started = uv_now(web->loop)};
    way->facts.addr.port = web->url->port;
    way->facts.state = DOCTOR_CONNECT_UNREACHABLE;
    if (uv_tcp_init(web->loop, &way->tcp) != 0) {
        return;
    }
    way->is_open = true;
    way->tcp.data = way;
    way->connect.data = way;
    (void)sockaddr_write(&storage, &way->facts.addr);
    way->is_pending =
        uv_tcp_connect(&way->connect, &way->tcp, (struct sockaddr *)&storage, on_connected) == 0;
}

static void on_late(uv_timer_t *timer)
{
    struct doctor_web_probe *web = timer->data;

    for (int i = 0; i < 2; i++) {
        if (web->ways[i].is_pending) {
            web->ways[i].is_pending = false;
            web->ways[i].facts.state = DOCTOR_CONNECT_SILENT;
        }
    }
    web->dns.is_late = web->is_looking_up;
    web->web.is_late = web->is_asked && !web->is_answered;
    finish(web);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct doctor_web_probe *web = request->data;
    struct yodel_addr first[2] = {{0}};

    web->is_looking_up = false;
    web->dns.ms = ms_since(web, web->started);
    web->dns.error = status == 0 ? NULL : uv_strerror(status);
    for (struct addrinfo *i = list; status == 0 && i; i = i->ai_next) {
        struct yodel_addr addr = sockaddr_parse(i->ai_addr);
        bool is_v6 = addr.family == YODEL_ADDR_V6;
        web->dns.v6_count += is_v6;
        web->dns.v4_count += addr.family == YODEL_ADDR_V4;
        if (first[is_v6].family == YODEL_ADDR_NONE) {
            first[is_v6] = addr;
        }
    }
    uv_freeaddrinfo(list);
    if (web->is_done) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (first[i].family != YODEL_ADDR_NONE) {
            connect_way(web, i, &first[i]);
        }
    }
    if (!web->ways[0].is_pending && !web->ways[1].is_pending) {
        finish(web);
    } else {
        (void)uv_timer_start(&web->timer, on_late, DOCTOR_WEB_STEP_MS, 0);
    }
}

void doctor_web_start(struct doctor_web_probe *web, uv_loop_t *loop,
    const struct signaling_url *url, void (*on_done)(void *ctx), void *ctx)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct yodel_addr addr;

    *web = (struct doctor_web_probe){.loop = loop, .url = url, .on_done = on_done, .ctx = ctx};
    web->dns.host = url->host;
    web->dns.is_literal = addr_parse_ip(&addr, bytes_of_text(url->host)) == YODEL_OK;
    web->started = uv_now(loop);
    (void)uv_timer_init(loop, &web->timer);
    web->timer.data = web;
    web->lookup.data = web;
    (void)uv_timer_start(&web->timer, on_late, DOCTOR_WEB_STEP_MS, 0);
    int err = uv_getaddrinfo(loop, &web->lookup, on_found, url->host, NULL, &hints);
    web->is_looking_up = err == 0;
    web->dns.error = err == 0 ? NULL : uv_strerror(err);
}

void doctor_web_close(struct doctor_web_probe *web)
{
    web->is_done = true;
    if (web->is_looking_up) {
        (void)uv_cancel((uv_req_t *)&web->lookup);
    }
    for (int i = 0; i < 2; i++) {
        if (web->ways[i].is_open) {
            web->ways[i].is_pending = false;
            uv_close((uv_handle_t *)&web->ways[i].tcp, NULL);
        }
    }
    uv_close((uv_handle_t *)&web->timer, NULL);
    if (web->has_tls) {
        doctor_tls_deinit(&web->tls);
        web->has_tls = false;
    }
}
