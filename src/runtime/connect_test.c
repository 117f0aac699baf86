// Real peers in the runtime, over sockets of the loopback interface: the layers together.

#include <stdio.h>

#include <uv.h>

#include "base/addr.h"
#include "check.h"
#include "net/clock.h"
#include "net/udp.h"
#include "yodel/runtime.h"

#define CALLS_MAX 4

struct side {
    struct call *call;
    struct side *other;
    yodel_runtime *runtime;
    yodel_peer *peer;
    yodel_channel *channel;
    bool is_open;
    uint32_t heard;
    char last[64];
    bool is_closed;
};

struct call {
    struct side caller, callee;
};

struct scene {
    uv_loop_t loop;
    yodel_runtime *near, *far;
    yodel_certificate *certificate;
    struct call calls[CALLS_MAX];
};

static void on_message(struct side *side, const struct yodel_event *event)
{
    side->heard++;
    (void)snprintf(side->last, sizeof side->last, "%.*s", (int)event->message.len,
        (const char *)event->message.data);
    if (side == &side->call->callee) { // An echo, from within the handler.
        CHECK_EQ(
            yodel_channel_send(event->channel, event->message.data, event->message.len), YODEL_OK);
    }
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct side *side = ctx;

    CHECK(peer == side->peer);
    if (event->type == YODEL_EVENT_ICE_CANDIDATE && side->other->peer) {
        CHECK_EQ(yodel_peer_add_ice_candidate(side->other->peer, &event->candidate), YODEL_OK);
    } else if (event->type == YODEL_EVENT_CHANNEL_OPEN) {
        side->channel = event->channel;
        side->is_open = true;
    } else if (event->type == YODEL_EVENT_CHANNEL_MESSAGE) {
        on_message(side, event);
    } else if (event->type == YODEL_EVENT_CHANNEL_CLOSE) {
        side->is_closed = true;
    }
}

static void scene_open(struct scene *s, uint16_t far_port)
{
    struct yodel_runtime_config config = {.loop = &s->loop, .loopback = YODEL_LOOPBACK_ONLY};

    *s = (struct scene){0};
    CHECK_EQ(uv_loop_init(&s->loop), 0);
    CHECK_EQ(yodel_runtime_new(&config, &s->near), YODEL_OK);
    config.udp_port = far_port;
    CHECK_EQ(yodel_runtime_new(&config, &s->far), YODEL_OK);
    CHECK_EQ(yodel_certificate_generate(clock_wall_seconds(), &s->certificate), YODEL_OK);
}

static void add_side(struct scene *s, struct side *side, yodel_runtime *runtime)
{
    struct yodel_peer_config config = {.certificate = s->certificate};

    side->runtime = runtime;
    CHECK_EQ(yodel_peer_new(&config, &side->peer), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(runtime, side->peer, on_event, side), YODEL_OK);
}

static void hand_over(struct side *from, struct side *to)
{
    struct yodel_description description;

    CHECK_EQ(yodel_peer_set_local_description(from->peer, NULL), YODEL_OK);
    CHECK(yodel_peer_local_description(from->peer, &description));
    CHECK_EQ(yodel_peer_set_remote_description(to->peer, &description), YODEL_OK);
}

static void call(struct scene *s, struct call *c)
{
    yodel_channel *channel;

    c->caller = (struct side){.call = c, .other = &c->callee};
    c->callee = (struct side){.call = c, .other = &c->caller};
    add_side(s, &c->caller, s->near);
    add_side(s, &c->callee, s->far);
    CHECK_EQ(yodel_peer_create_data_channel(c->caller.peer, "test", NULL, &channel), YODEL_OK);
    hand_over(&c->caller, &c->callee);
    hand_over(&c->callee, &c->caller);
}

static void turn_until(struct scene *s, const bool *is_done)
{
    yodel_time end = clock_now() + YODEL_SECONDS(10);

    while (!*is_done && clock_now() < end) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
    }
    CHECK(*is_done);
}

static void hang_up(struct side *side)
{
    yodel_peer_close(side->peer);
    yodel_runtime_remove(side->runtime, side->peer);
    yodel_peer_free(side->peer);
    side->peer = NULL;
}

static void scene_close(struct scene *s)
{
    yodel_runtime_free(s->near);
    yodel_runtime_free(s->far);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&s->loop), 0);
    yodel_certificate_free(s->certificate);
}

// Each call says its own number, so that a datagram in the wrong hands would show.
static void exchange(struct scene *s, size_t count)
{
    yodel_time end = clock_now() + YODEL_SECONDS(10);

    for (size_t i = 0; i < count; i++) {
        turn_until(s, &s->calls[i].caller.is_open);
        turn_until(s, &s->calls[i].callee.is_open);
    }
    for (size_t i = 0; i < count; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "call %zu", i);
        for (int j = 0; j < 20; j++) {
            CHECK_EQ(yodel_channel_send(s->calls[i].caller.channel, text, (size_t)len), YODEL_OK);
        }
    }
    for (size_t i = 0; i < count; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "call %zu", i);
        while (s->calls[i].caller.heard < 20 && clock_now() < end) {
            uv_run(&s->loop, UV_RUN_NOWAIT);
        }
        CHECK_EQ(s->calls[i].callee.heard, 20);
        CHECK_EQ(s->calls[i].caller.heard, 20);
        CHECK_TEXT(s->calls[i].callee.last, text);
        CHECK_TEXT(s->calls[i].caller.last, text);
    }
}

static void calls_with_ports_of_their_own(void)
{
    static struct scene s;

    scene_open(&s, 0);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        call(&s, &s.calls[i]);
    }
    exchange(&s, CALLS_MAX);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        hang_up(&s.calls[i].caller);
        turn_until(&s, &s.calls[i].callee.is_closed); // It is told.
        hang_up(&s.calls[i].callee);
    }
    scene_close(&s);
}

static uint16_t free_port(void)
{
    struct udp_socket udp;
    struct yodel_addr any = {.family = YODEL_ADDR_V4, .ip = {127, 0, 0, 1}};

    CHECK_EQ(udp_open(&udp, &any), YODEL_OK);
    udp_close(&udp);
    return udp.local.port;
}

static void calls_to_one_port(void)
{
    static struct scene s;

    scene_open(&s, free_port());
    for (size_t i = 0; i < CALLS_MAX; i++) {
        call(&s, &s.calls[i]);
    }
    exchange(&s, CALLS_MAX);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        hang_up(&s.calls[i].callee);
        turn_until(&s, &s.calls[i].caller.is_closed);
        hang_up(&s.calls[i].caller);
    }
    scene_close(&s);
}

static void a_runtime_may_end_in_the_middle_of_a_call(void)
{
    static struct scene s;

    scene_open(&s, 0);
    call(&s, &s.calls[0]);
    call(&s, &s.calls[1]);
    turn_until(&s, &s.calls[0].caller.is_open);
    scene_close(&s);
    for (size_t i = 0; i < 2; i++) { // Detached by it, not freed.
        yodel_peer_free(s.calls[i].caller.peer);
        yodel_peer_free(s.calls[i].callee.peer);
    }
}

TEST_MAIN(TEST(calls_with_ports_of_their_own), TEST(calls_to_one_port),
    TEST(a_runtime_may_end_in_the_middle_of_a_call))
