// On the loopback interface, with a responder of its own beside it on the same port.

#include "net/mdns_socket.h"

#include "check.h"
#include "net/clock.h"
#include "net/env.h"
#include "net/sockaddr.h"

struct scene {
    uv_loop_t loop;
    struct mdns_socket asker;
    uv_udp_t responder;
    char room[MDNS_DATAGRAM_MAX];
    uint32_t queries;
    uint32_t answers;
    struct mdns_answer last;
    bool is_closed;
};

static void on_answer(void *ctx, const struct mdns_answer *answer)
{
    struct scene *s = ctx;

    s->answers++;
    s->last = *answer;
}

static void on_closed(void *ctx)
{
    ((struct scene *)ctx)->is_closed = true;
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    struct scene *s = handle->data;

    (void)wanted;
    *buffer = uv_buf_init(s->room, sizeof s->room);
}

// Answers the second query for anything, to the group: the first is lost, as may happen.
static void on_query(uv_udp_t *udp, ssize_t len, const uv_buf_t *buffer,
    const struct sockaddr *from, unsigned int flags)
{
    static char response[] =
        "\0\0\x84\0\0\0\0\1\0\0\0\0\1a\5local\0\0\1\x80\1\0\0\0\x78\0\4\x7f\0\0\1";
    struct scene *s = udp->data;
    struct yodel_addr group = addr_v4(224, 0, 0, 251, MDNS_PORT);
    struct sockaddr_storage to;
    uv_buf_t out = uv_buf_init(response, sizeof response - 1);

    (void)flags;
    if (len < 20 || !from || (buffer->base[2] & 0x80) ||
        memcmp(buffer->base + 12, response + 12, 9) != 0) {
        return; // Its own answer, too, and what others on this machine ask for.
    }
    s->queries++;
    if (s->queries >= 2) {
        (void)sockaddr_write(&to, &group);
        (void)uv_udp_try_send(udp, &out, 1, (struct sockaddr *)&to);
    }
}

static bool open_responder(struct scene *s)
{
    struct sockaddr_storage local;
    struct yodel_addr any = addr_v4(0, 0, 0, 0, MDNS_PORT);

    (void)uv_udp_init(&s->loop, &s->responder);
    s->responder.data = s;
    (void)sockaddr_write(&local, &any);
    return uv_udp_bind(&s->responder, (struct sockaddr *)&local, UV_UDP_REUSEADDR) == 0 &&
           uv_udp_set_membership(&s->responder, "224.0.0.251", "127.0.0.1", UV_JOIN_GROUP) == 0 &&
           uv_udp_set_multicast_interface(&s->responder, "127.0.0.1") == 0 &&
           uv_udp_recv_start(&s->responder, on_room, on_query) == 0;
}

static void close_scene(struct scene *s)
{
    uv_close((uv_handle_t *)&s->responder, NULL);
    mdns_socket_close(&s->asker, on_closed);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    CHECK(s->is_closed);
    CHECK_EQ(uv_loop_close(&s->loop), 0);
}

static void a_name_is_found_on_the_link(void)
{
    static struct scene s;
    yodel_time end = clock_now() + YODEL_SECONDS(4);

    CHECK_EQ(uv_loop_init(&s.loop), 0);
    bool can_multicast = open_responder(&s);
    mdns_socket_init(&s.asker, &s.loop, net_env_system(LOG_ERROR, NET_ENV_TEXT),
        YODEL_LOOPBACK_ONLY, on_answer, &s);
    if (!can_multicast || !s.asker.has_v4) {
        close_scene(&s);
        skip(); // A machine that has no multicast, or keeps its port for another.
    }
    CHECK_EQ(mdns_socket_ask(&s.asker, "a.local"), YODEL_OK);
    CHECK_EQ(mdns_socket_ask(&s.asker, "a..local"), YODEL_ERR_SYNTAX);
    while (s.answers == 0 && clock_now() < end) {
        uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    CHECK_EQ(s.answers, 1);
    CHECK_TEXT(s.last.name, "a.local");
    CHECK(s.last.is_found);
    CHECK(addr_is_loopback(&s.last.addr));
    CHECK_EQ(s.queries, 2);

    CHECK_EQ(mdns_socket_ask(&s.asker, "a.local"), YODEL_OK); // Known by now.
    CHECK_EQ(s.answers, 1);
    while (s.answers == 1 && clock_now() < end) {
        uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    CHECK_EQ(s.answers, 2);
    CHECK_EQ(mdns_socket_ask(&s.asker, "b.local"), YODEL_OK); // And closed while it is asked for.
    close_scene(&s);
    CHECK_EQ(s.answers, 2);
}

// Our own responder, asked by our own asker, over the link between them.
static void a_name_that_we_made_up_is_found(void)
{
    static struct scene s, t;
    const struct env *env = net_env_system(LOG_ERROR, NET_ENV_TEXT);
    struct yodel_addr ip = addr_v4(127, 0, 0, 1, 0);
    yodel_time end = clock_now() + YODEL_SECONDS(5);

    CHECK_EQ(uv_loop_init(&s.loop), 0);
    mdns_socket_init(&s.asker, &s.loop, env, YODEL_LOOPBACK_ONLY, on_answer, &s);
    mdns_socket_init(&t.asker, &s.loop, env, YODEL_LOOPBACK_ONLY, on_answer, &t);
    bool can_multicast = open_responder(&s); // Says whether there is multicast at all.
    if (can_multicast && s.asker.has_v4 && t.asker.has_v4) {
        const char *name = mdns_socket_name(&t.asker, &ip);
        CHECK(name && name == mdns_socket_name(&t.asker, &ip));
        CHECK_EQ(mdns_socket_ask(&s.asker, name), YODEL_OK);
        while (s.answers == 0 && clock_now() < end) {
            uv_run(&s.loop, UV_RUN_NOWAIT);
        }
        CHECK_EQ(s.answers, 1);
        CHECK(s.last.is_found && addr_same_ip(&s.last.addr, &ip));
    }
    mdns_socket_close(&t.asker, on_closed);
    while (!t.is_closed) {
        uv_run(&s.loop, UV_RUN_NOWAIT); // Its goodbye is heard,
    }
    if (can_multicast && s.answers == 1) {
        for (int i = 0; i < 50; i++) {
            uv_run(&s.loop, UV_RUN_NOWAIT);
        }
        CHECK_EQ(mdns_socket_ask(&s.asker, s.last.name), YODEL_OK);
        for (int i = 0; i < 50; i++) {
            uv_run(&s.loop, UV_RUN_NOWAIT);
        }
        CHECK_EQ(s.answers, 1); // so that it is not known any more.
    }
    close_scene(&s);
    if (!can_multicast) {
        skip();
    }
}

TEST_MAIN(TEST(a_name_is_found_on_the_link), TEST(a_name_that_we_made_up_is_found))
