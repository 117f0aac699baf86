// The doctor's allocation on a TURN server.

#include "cli/doctor_turn.h"

#include <stdio.h>

#include "net/clock.h"
#include "net/sockaddr.h"

static void on_tick(uv_timer_t *timer);

static void finish(struct doctor_turn_probe *probe)
{
    if (!probe->is_done) {
        probe->is_done = true;
        (void)uv_timer_stop(&probe->timer);
        probe->options.on_done(probe->options.ctx);
    }
}

static void send_request(struct doctor_turn_probe *probe, struct bytes data)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data.ptr, (unsigned)data.len);

    if (probe->has_udp) {
        (void)uv_udp_try_send(&probe->udp, &buf, 1, NULL); // Else the client sends it again.
    } else if (probe->stream) {
        (void)stream_write(probe->stream, &data, 1);
    }
}

static void speak(struct doctor_turn_probe *probe, yodel_time now)
{
    uint8_t room[DOCTOR_TURN_REQUEST_MAX];
    size_t len;

    while ((len = turn_client_emit(&probe->client, span_of(room, sizeof room), now)) > 0) {
        send_request(probe, bytes_of(room, len));
    }
}

static void go_on(struct doctor_turn_probe *probe, yodel_time now)
{
    if (probe->is_done) {
        return;
    }
    speak(probe, now);
    if (probe->client.state == TURN_CLIENT_READY) {
        probe->allocated = now;
        finish(probe);
    } else if (probe->client.state == TURN_CLIENT_FAILED ||
               time_since(now, probe->started) >= YODEL_MS(DOCTOR_TURN_MS)) {
        finish(probe);
    } else {
        yodel_time next = time_min(turn_client_next_timeout(&probe->client),
            time_after(probe->started, YODEL_MS(DOCTOR_TURN_MS)));
        (void)uv_timer_start(&probe->timer, on_tick, time_since(next, now) / 1000 + 1, 0);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct doctor_turn_probe *probe = timer->data;
    yodel_time now = clock_now();

    turn_client_tick(&probe->client, now);
    go_on(probe, now);
}

static void take(struct doctor_turn_probe *probe, struct span message)
{
    struct turn_client_data data;
    yodel_time now = clock_now();

    if (!probe->is_done) {
        (void)turn_client_recv(&probe->client, message, &data, now);
        go_on(probe, now);
    }
}

// ---- over UDP

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct doctor_turn_probe *probe = handle->data;

    (void)wanted;
    *buf = uv_buf_init((char *)probe->room, sizeof probe->room);
}

static void on_datagram(
    uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct doctor_turn_probe *probe = udp->data;

    if (len == UV_ECONNREFUSED) {
        (void)snprintf(probe->why, sizeof probe->why, "nothing listens there");
    }
    if (len > 0 && from && !(flags & UV_UDP_PARTIAL)) {
        take(probe, span_of(buf->base, (size_t)len));
    }
}

static bool open_udp(struct doctor_turn_probe *probe, uv_loop_t *loop)
{
    struct sockaddr_storage storage;

    (void)sockaddr_write(&storage, &probe->options.server);
    probe->has_udp = uv_udp_init(loop, &probe->udp) == 0;
    probe->udp.data = probe;
    return probe->has_udp && uv_udp_connect(&probe->udp, (struct sockaddr *)&storage) == 0 &&
           uv_udp_recv_start(&probe->udp, on_room, on_datagram) == 0;
}

// ---- over a stream

static void on_stream_open(void *ctx)
{
    struct doctor_turn_probe *probe = ctx;

    turn_client_connected(&probe->client, &probe->client.path);
    go_on(probe, clock_now());
}

static void on_stream_data(void *ctx, struct span data)
{
    struct doctor_turn_probe *probe = ctx;
    size_t len = 0;

    if (data.len > sizeof probe->room - probe->room_len) {
        stream_close(probe->stream); // More than any answer: this is no TURN.
        return;
    }
    memcpy(probe->room + probe->room_len, data.ptr, data.len);
    probe->room_len += data.len;
    while (turn_frame_length(bytes_of(probe->room, probe->room_len), &len) == TURN_FRAME_WHOLE) {
        take(probe, span_of(probe->room, len));
        probe->room_len -= len;
        memmove(probe->room, probe->room + len, probe->room_len);
    }
}

static void on_stream_closed(void *ctx, const char *why)
{
    struct doctor_turn_probe *probe = ctx;

    probe->stream = NULL;
    (void)snprintf(probe->why, sizeof probe->why, "%s", why ? why : "what answers is not TURN");
    finish(probe);
}

static bool open_stream(struct doctor_turn_probe *probe, uv_loop_t *loop)
{
    static const struct stream_handler handler = {
        on_stream_open, on_stream_data, NULL, on_stream_closed};
    bool is_tls = probe->options.transport == YODEL_TLS;
    struct stream_target target = {
        .remote = probe->options.server,
        .host = probe->options.host,
        .tls = is_tls ? probe->options.tls : NULL,
        .is_insecure = probe->options.is_insecure,
        .alpn = is_tls ? "stun.turn" : NULL,
    };

    return (!is_tls || target.tls) && stream_connect(&probe->stream, loop, probe->options.env,
                                          &target, &handler, probe) == YODEL_OK;
}

// ---- its life

void doctor_turn_start(
    struct doctor_turn_probe *probe, uv_loop_t *loop, const struct doctor_turn_options *options)
{
    struct turn_client_config config = {
        .path = {.remote = options->server, .transport = options->transport},
        .username = options->username,
        .password = options->password,
    };
    struct yodel_path path;
    bool opens;

    *probe = (struct doctor_turn_probe){.options = *options, .loop = loop};
    config.path.local.family = options->server.family;
    probe->started = clock_now();
    probe->has_timer = uv_timer_init(loop, &probe->timer) == 0;
    probe->timer.data = probe;
    turn_client_init(&probe->client, options->env, &config);
    probe->has_client = true;
    turn_client_start(&probe->client, probe->started);
    (void)turn_client_next_stream(&probe->client, &path, &opens); // We open it in any case.
    bool is_open =
        options->transport == YODEL_UDP ? open_udp(probe, loop) : open_stream(probe, loop);
    if (!is_open) {
        (void)snprintf(probe->why, sizeof probe->why, "no socket can be opened towards it");
        probe->started -= YODEL_MS(DOCTOR_TURN_MS); // Over, at the next turn of the loop.
    }
    (void)uv_timer_start(&probe->timer, on_tick, is_open ? 0 : 1, 0);
}

void doctor_turn_close(struct doctor_turn_probe *probe)
{
    probe->is_done = true;
    if (probe->has_client) {
        turn_client_close(&probe->client);
        speak(probe, clock_now());
        turn_client_deinit(&probe->client);
        probe->has_client = false;
    }
    if (probe->stream) {
        stream_close(probe->stream);
    }
    if (probe->has_udp) {
        probe->has_udp = false;
        uv_close((uv_handle_t *)&probe->udp, NULL);
    }
    if (probe->has_timer) {
        probe->has_timer = false;
        uv_close((uv_handle_t *)&probe->timer, NULL);
    }
}
