// Multicast DNS on the loop.

#include "net/mdns_socket.h"

#include <stdio.h>

#include "net/clock.h"
#include "net/sockaddr.h"

#define GROUP_V4 "224.0.0.251"
#define GROUP_V6 "ff02::fb"
#define LINK_TEXT_MAX 64

static void serve(struct mdns_socket *s);

static void on_timer(uv_timer_t *timer)
{
    struct mdns_socket *s = CONTAINER_OF(timer, struct mdns_socket, timer);

    mdns_tick(&s->mdns, clock_now());
    serve(s);
}

// ---- asking

// How libuv wants a link to be named: by an address of its, or by its name behind any address.
static const char *link_text(const struct interface *link, char room[LINK_TEXT_MAX])
{
    char ip[ADDR_TEXT_MAX];

    if (link->addr.family == YODEL_ADDR_V4) {
        (void)snprintf(room, LINK_TEXT_MAX, "%.45s", addr_ip_text(&link->addr, ip));
    } else {
        (void)snprintf(room, LINK_TEXT_MAX, "::%%%s", link->name);
    }
    return room;
}

static void send_to_link(
    struct mdns_socket *s, const struct interface *link, char *query, size_t len)
{
    bool is_v4 = link->addr.family == YODEL_ADDR_V4;
    uv_udp_t *udp = is_v4 ? &s->v4 : &s->v6;
    char text[LINK_TEXT_MAX];
    struct yodel_addr group;
    struct sockaddr_storage to;
    uv_buf_t buffer = uv_buf_init(query, (unsigned int)len);

    if (!(is_v4 ? s->has_v4 : s->has_v6) ||
        uv_udp_set_multicast_interface(udp, link_text(link, text)) != 0 ||
        addr_parse_ip(&group, bytes_of_text(is_v4 ? GROUP_V4 : GROUP_V6)) != YODEL_OK) {
        return;
    }
    group.port = MDNS_PORT;
    (void)sockaddr_write(&to, &group);
    // What is not sent now is asked again soon.
    (void)uv_udp_try_send(udp, &buffer, 1, (const struct sockaddr *)&to);
}

static void send_to_group(struct mdns_socket *s, char *message, size_t len)
{
    for (size_t i = 0; i < s->links.count; i++) {
        send_to_link(s, &s->links.items[i], message, len);
    }
}

static void send_to_one(
    struct mdns_socket *s, const struct yodel_addr *to, char *message, size_t len)
{
    bool is_v4 = to->family == YODEL_ADDR_V4;
    struct sockaddr_storage storage;
    uv_buf_t buffer = uv_buf_init(message, (unsigned int)len);

    (void)sockaddr_write(&storage, to);
    if (is_v4 ? s->has_v4 : s->has_v6) {
        (void)uv_udp_try_send(
            is_v4 ? &s->v4 : &s->v6, &buffer, 1, (const struct sockaddr *)&storage);
    }
}

static void respond(struct mdns_socket *s, yodel_time now)
{
    char response[MDNS_RESPONSE_MAX];
    struct span room = span_of((uint8_t *)response, sizeof response);
    struct yodel_addr to;
    size_t len;

    while ((len = mdns_responder_emit(&s->responder, room, &to, now)) > 0) {
        if (to.family == YODEL_ADDR_NONE) {
            send_to_group(s, response, len);
        } else {
            send_to_one(s, &to, response, len);
        }
    }
}

static void serve(struct mdns_socket *s)
{
    char query[MDNS_QUERY_MAX];
    struct mdns_answer answer;
    size_t len;
    yodel_time now = clock_now();

    while ((len = mdns_emit(&s->mdns, span_of(query, sizeof query), now)) > 0) {
        send_to_group(s, query, len);
    }
    respond(s, now);
    while (mdns_next_answer(&s->mdns, &answer)) {
        s->answer(s->ctx, &answer);
    }
    yodel_time due = mdns_next_timeout(&s->mdns);
    if (due == YODEL_NEVER) {
        (void)uv_timer_stop(&s->timer);
    } else {
        (void)uv_timer_start(&s->timer, on_timer, (time_since(due, now) + 999) / 1000, 0);
    }
}

// ---- hearing

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    struct mdns_socket *s = handle->data;

    (void)wanted;
    *buffer = uv_buf_init(s->room, sizeof s->room);
}

static void on_datagram(uv_udp_t *udp, ssize_t len, const uv_buf_t *buffer,
    const struct sockaddr *from, unsigned int flags)
{
    struct mdns_socket *s = udp->data;

    if (len <= 0 || !from || (flags & UV_UDP_PARTIAL)) {
        return;
    }
    struct yodel_addr sender = sockaddr_parse(from);
    struct bytes datagram = bytes_of(buffer->base, (size_t)len);
    mdns_recv(&s->mdns, &sender, datagram, clock_now());
    mdns_responder_recv(&s->responder, &sender, datagram, clock_now());
    serve(s);
}

// ---- opening and closing

static bool open_socket(struct mdns_socket *s, uv_udp_t *udp, const char *any)
{
    struct yodel_addr local;
    struct sockaddr_storage storage;
    bool is_v6 = udp == &s->v6;

    (void)uv_udp_init(s->loop, udp); // Without a family it opens nothing, and cannot fail.
    s->handle_count++;
    udp->data = s;
    if (addr_parse_ip(&local, bytes_of_text(any)) != YODEL_OK) {
        return false;
    }
    local.port = MDNS_PORT;
    (void)sockaddr_write(&storage, &local);
    unsigned int flags = UV_UDP_REUSEADDR | (is_v6 ? (unsigned int)UV_UDP_IPV6ONLY : 0u);
    if (uv_udp_bind(udp, (const struct sockaddr *)&storage, flags) != 0) {
        return false;
    }
    (void)uv_udp_set_multicast_ttl(udp, 255); // §11.
    return uv_udp_recv_start(udp, on_room, on_datagram) == 0;
}

void mdns_socket_init(struct mdns_socket *s, uv_loop_t *loop, const struct env *env,
    enum yodel_loopback loopback, void (*answer)(void *ctx, const struct mdns_answer *answer),
    void *ctx)
{
    s->loop = loop;
    s->loopback = loopback;
    s->answer = answer;
    s->ctx = ctx;
    mdns_init(&s->mdns);
    mdns_responder_init(&s->responder, env);
    (void)uv_timer_init(loop, &s->timer);
    s->handle_count = 1;
    s->has_v4 = open_socket(s, &s->v4, "0.0.0.0");
    s->has_v6 = open_socket(s, &s->v6, "::");
}

// Links come and go, and a group is joined on each: once more does no harm.
static void join(struct mdns_socket *s)
{
    static const char *const every[] = {"*"}; // A container's browser is asked, too.
    struct interface_list all;
    char text[LINK_TEXT_MAX];

    if (interfaces_read(&all) != YODEL_OK) {
        return;
    }
    interfaces_choose(&s->links, &all,
        &(struct interfaces_policy){
            .loopback = s->loopback, .patterns = every, .pattern_count = COUNT(every)});
    for (size_t i = 0; i < s->links.count; i++) {
        const struct interface *link = &s->links.items[i];
        bool is_v4 = link->addr.family == YODEL_ADDR_V4;
        if (is_v4 ? s->has_v4 : s->has_v6) {
            (void)uv_udp_set_membership(is_v4 ? &s->v4 : &s->v6, is_v4 ? GROUP_V4 : GROUP_V6,
                link_text(link, text), UV_JOIN_GROUP);
        }
    }
}

enum yodel_err mdns_socket_ask(struct mdns_socket *s, const char *name)
{
    if (!s->has_v4 && !s->has_v6) {
        return YODEL_ERR_NETWORK;
    }
    enum yodel_err err = mdns_ask(&s->mdns, name, clock_now());
    if (err == YODEL_OK) {
        join(s);
        // Answers are given from the loop, even where one is known already.
        (void)uv_timer_start(&s->timer, on_timer, 0, 0);
    }
    return err;
}

const char *mdns_socket_name(struct mdns_socket *s, const struct yodel_addr *ip)
{
    join(s);
    return mdns_responder_name(&s->responder, ip);
}

void mdns_socket_keep_only(struct mdns_socket *s, const struct interface_list *left)
{
    for (size_t i = 0; i < MDNS_NAMES_MAX; i++) {
        struct yodel_addr ip = s->responder.own[i].addr;
        if (s->responder.own[i].is_used && !interfaces_has(left, &ip)) {
            mdns_responder_remove(&s->responder, &ip);
        }
    }
    join(s);
    respond(s, clock_now());
}

static void on_closed(uv_handle_t *handle)
{
    struct mdns_socket *s = handle->data;

    s->handle_count--;
    if (s->handle_count == 0) {
        s->closed(s->ctx);
    }
}

void mdns_socket_close(struct mdns_socket *s, void (*closed)(void *ctx))
{
    mdns_responder_remove_all(&s->responder);
    respond(s, clock_now());
    s->closed = closed;
    s->timer.data = s;
    uv_close((uv_handle_t *)&s->v4, on_closed);
    uv_close((uv_handle_t *)&s->v6, on_closed);
    uv_close((uv_handle_t *)&s->timer, on_closed);
}
