// The doctor's datagrams, on libuv.

#include "cli/doctor_udp.h"

#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/udp.h"

#define SIZES 2 // The sizes' socket.

static void on_tick(uv_timer_t *timer);

static void send_to(
    struct doctor_udp_socket *socket, struct bytes data, const struct yodel_addr *to)
{
    struct sockaddr_storage storage;
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data.ptr, (unsigned)data.len);

    (void)sockaddr_write(&storage, to);
    // What the system cannot send now, the engines send again.
    (void)uv_udp_try_send(&socket->udp, &buf, 1, (struct sockaddr *)&storage);
}

static void send_size(struct doctor_udp_probe *probe, struct bytes data)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data.ptr, (unsigned)data.len);

    if (uv_udp_try_send(&probe->sockets[SIZES].udp, &buf, 1, NULL) == UV_EMSGSIZE) {
        doctor_mtu_refuse(&probe->mtu, data.len);
    }
}

static void speak(struct doctor_udp_probe *probe, yodel_time now)
{
    struct span room = span_of(probe->room, sizeof probe->room);
    struct yodel_addr to;
    uint32_t index;
    size_t len;

    while ((len = doctor_nat_emit(&probe->nat, room, &index, &to, now)) > 0) {
        send_to(&probe->sockets[index], bytes_of(room.ptr, len), &to);
    }
    while (probe->has_sized && (len = doctor_mtu_emit(&probe->mtu, room, now)) > 0) {
        send_size(probe, bytes_of(room.ptr, len));
    }
}

// Sizes are asked about once it is known that anything is answered.
static void begin_sizes(struct doctor_udp_probe *probe, yodel_time now)
{
    if (probe->can_size && !probe->has_sized && doctor_nat_facts(&probe->nat).is_answered) {
        probe->has_sized = true;
        doctor_mtu_init(&probe->mtu, probe->nat.env, &probe->nat.config.server, now);
    }
}

static void go_on(struct doctor_udp_probe *probe, yodel_time now)
{
    if (probe->is_done) {
        return;
    }
    begin_sizes(probe, now);
    speak(probe, now);
    yodel_time next = doctor_nat_next_timeout(&probe->nat);
    if (probe->has_sized) {
        next = time_min(next, doctor_mtu_next_timeout(&probe->mtu));
    }
    if (next == YODEL_NEVER) {
        probe->is_done = true;
        (void)uv_timer_stop(&probe->timer);
        probe->on_done(probe->ctx);
        return;
    }
    (void)uv_timer_start(&probe->timer, on_tick, time_since(next, now) / 1000 + 1, 0);
}

static void on_tick(uv_timer_t *timer)
{
    struct doctor_udp_probe *probe = timer->data;
    yodel_time now = clock_now();

    doctor_nat_tick(&probe->nat, now);
    if (probe->has_sized) {
        doctor_mtu_tick(&probe->mtu, now);
    }
    go_on(probe, now);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct doctor_udp_socket *socket = handle->data;

    (void)wanted;
    *buf = uv_buf_init((char *)socket->probe->room, sizeof socket->probe->room);
}

static void on_datagram(
    uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct doctor_udp_socket *socket = udp->data;
    struct doctor_udp_probe *probe = socket->probe;
    yodel_time now = clock_now();

    if (len <= 0 || !from || (flags & UV_UDP_PARTIAL) || probe->is_done) {
        return;
    }
    struct yodel_addr source = sockaddr_parse(from);
    struct bytes data = bytes_of(buf->base, (size_t)len);
    if (socket->index < DOCTOR_NAT_SOCKETS) {
        doctor_nat_recv(&probe->nat, socket->index, &source, data, now);
    } else if (probe->has_sized) {
        doctor_mtu_recv(&probe->mtu, &source, data);
    }
    go_on(probe, now);
}

// ---- the sockets

static struct yodel_addr name_of(const uv_udp_t *udp)
{
    struct sockaddr_storage storage;
    int len = sizeof storage;

    if (uv_udp_getsockname(udp, (struct sockaddr *)&storage, &len) != 0) {
        return (struct yodel_addr){0};
    }
    return sockaddr_parse((struct sockaddr *)&storage);
}

static bool open_socket(
    struct doctor_udp_probe *probe, uv_loop_t *loop, uint32_t index, const struct yodel_addr *local)
{
    struct doctor_udp_socket *socket = &probe->sockets[index];
    struct sockaddr_storage storage;

    *socket = (struct doctor_udp_socket){.probe = probe, .index = index};
    if (uv_udp_init(loop, &socket->udp) != 0) {
        return false;
    }
    socket->is_open = true;
    socket->udp.data = socket;
    (void)sockaddr_write(&storage, local);
    if (uv_udp_bind(&socket->udp, (struct sockaddr *)&storage, 0) != 0) {
        return false;
    }
    socket->local = name_of(&socket->udp);
    return uv_udp_recv_start(&socket->udp, on_room, on_datagram) == 0;
}

// The sizes' socket: connected, so that the system says from which of our addresses it would send.
static bool open_sizes(
    struct doctor_udp_probe *probe, uv_loop_t *loop, const struct yodel_addr *server)
{
    struct doctor_udp_socket *socket = &probe->sockets[SIZES];
    struct sockaddr_storage storage;
    uv_os_fd_t fd;

    *socket = (struct doctor_udp_socket){.probe = probe, .index = SIZES};
    (void)sockaddr_write(&storage, server);
    if (uv_udp_init(loop, &socket->udp) != 0) {
        return false;
    }
    socket->is_open = true;
    socket->udp.data = socket;
    if (uv_udp_connect(&socket->udp, (struct sockaddr *)&storage) != 0 ||
        uv_fileno((uv_handle_t *)&socket->udp, &fd) != 0 ||
        uv_udp_recv_start(&socket->udp, on_room, on_datagram) != 0) {
        return false;
    }
    probe->can_size = udp_forbid_fragments(fd, server->family);
    socket->local = name_of(&socket->udp);
    return socket->local.family != YODEL_ADDR_NONE;
}

bool doctor_udp_start(struct doctor_udp_probe *probe, uv_loop_t *loop, const struct env *env,
    const struct yodel_addr *server, const struct yodel_addr *second, void (*on_done)(void *ctx),
    void *ctx)
{
    struct doctor_nat_config config = {.server = *server};
    yodel_time now = clock_now();

    *probe = (struct doctor_udp_probe){.on_done = on_done, .ctx = ctx};
    probe->has_timer = uv_timer_init(loop, &probe->timer) == 0;
    probe->timer.data = probe;
    if (!open_sizes(probe, loop, server)) {
        return false;
    }
    struct yodel_addr local = probe->sockets[SIZES].local;
    local.port = 0;
    for (uint32_t i = 0; i < DOCTOR_NAT_SOCKETS; i++) {
        if (!open_socket(probe, loop, i, &local)) {
            return false;
        }
        config.local[i] = probe->sockets[i].local;
    }
    config.second = second ? *second : config.second;
    doctor_nat_init(&probe->nat, env, &config, now);
    go_on(probe, now);
    return true;
}

void doctor_udp_close(struct doctor_udp_probe *probe)
{
    probe->is_done = true;
    for (int i = 0; i < DOCTOR_UDP_SOCKETS; i++) {
        if (probe->sockets[i].is_open) {
            probe->sockets[i].is_open = false;
            uv_close((uv_handle_t *)&probe->sockets[i].udp, NULL);
        }
    }
    if (probe->has_timer) {
        probe->has_timer = false;
        uv_close((uv_handle_t *)&probe->timer, NULL);
    }
}
