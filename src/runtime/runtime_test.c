// The runtime on real sockets of the loopback interface, with peers that speak no protocol.

#include "yodel/runtime.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <uv.h>

#include "base/addr.h"
#include "check.h"
#include "net/clock.h"
#include "runtime/fake_peer.h"
#include "runtime/worker.h"

static struct {
    bool is_on;
    uint32_t calls;
} sockets_are_full;

// Before the system's, so that a socket can be full when a test wants it.
int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
    if (sockets_are_full.is_on) {
        sockets_are_full.calls++;
        errno = EAGAIN;
        return -1;
    }
    return (int)syscall(SYS_sendmmsg, fd, msgs, count, flags);
}

struct scene {
    uv_loop_t loop;
    yodel_runtime *runtime;
    yodel_peer ann, bob;
    uint32_t events;
};

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct scene *s = ctx;

    CHECK(peer == &s->ann || peer == &s->bob);
    CHECK_EQ(event->type, YODEL_EVENT_NEGOTIATION_NEEDED);
    s->events++;
}

static void turn_until(struct scene *s, const bool *is_done)
{
    yodel_time end = clock_now() + YODEL_SECONDS(5);

    while (!*is_done && clock_now() < end) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
    }
    CHECK(*is_done);
}

static void turns(struct scene *s, int count)
{
    for (int i = 0; i < count; i++) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
    }
}

static void wait_for(struct scene *s, const uint32_t *counter, uint32_t want)
{
    yodel_time end = clock_now() + YODEL_SECONDS(5);

    while (*counter < want && clock_now() < end) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
    }
    CHECK_EQ(*counter, want);
}

static void scene_open_with(struct scene *s, uint16_t udp_port)
{
    struct yodel_runtime_config config = {
        .loop = &s->loop, .udp_port = udp_port, .loopback = YODEL_LOOPBACK_ONLY};

    *s = (struct scene){.ann = {.wants_addresses = true}, .bob = {.wants_addresses = true}};
    CHECK_EQ(uv_loop_init(&s->loop), 0);
    CHECK_EQ(yodel_runtime_new(&config, &s->runtime), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(s->runtime, &s->ann, on_event, s), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(s->runtime, &s->bob, on_event, s), YODEL_OK);
    turn_until(s, &s->bob.addrs_ended);
    CHECK(s->ann.addr_count > 0 && s->bob.addr_count > 0);
}

static void scene_open(struct scene *s)
{
    scene_open_with(s, 0);
    s->ann.to = (struct yodel_path){.local = s->ann.addrs[0], .remote = s->bob.addrs[0]};
    s->bob.to = (struct yodel_path){.local = s->bob.addrs[0], .remote = s->ann.addrs[0]};
}

static void scene_close(struct scene *s)
{
    yodel_runtime_free(s->runtime);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&s->loop), 0);
}

static void say(yodel_peer *peer, uint32_t count)
{
    peer->to_say = count;
    fake_wake(peer);
}

static void peers_gather_hear_and_speak(void)
{
    struct scene s;

    scene_open(&s);
    CHECK(addr_is_loopback(&s.ann.addrs[0]) && s.ann.addrs[0].port != 0);
    CHECK(!addr_equal(&s.ann.addrs[0], &s.bob.addrs[0])); // Each has ports of its own.
    s.ann.text = "to bob";
    say(&s.ann, 300);
    wait_for(&s, &s.bob.heard, 300);
    CHECK_TEXT(s.bob.last_heard, "to bob");
    CHECK(addr_equal(&s.bob.last_path.remote, &s.ann.addrs[0]));
    CHECK(addr_equal(&s.bob.last_path.local, &s.bob.addrs[0]));
    say(&s.bob, 1);
    wait_for(&s, &s.ann.heard, 1);
    scene_close(&s);
}

static void events_reach_the_handler(void)
{
    struct scene s;

    scene_open(&s);
    s.ann.events_to_tell = 2;
    s.bob.events_to_tell = 1;
    fake_wake(&s.ann);
    fake_wake(&s.bob);
    wait_for(&s, &s.events, 3);
    scene_close(&s);
}

static void a_timeout_is_kept_and_never_early(void)
{
    struct scene s;
    yodel_time start = clock_now();

    scene_open(&s);
    s.ann.timeout = start + YODEL_MS(30);
    fake_wake(&s.ann);
    while (clock_now() < start + YODEL_MS(20)) {
        uv_run(&s.loop, UV_RUN_NOWAIT); // However busy the loop is meanwhile.
    }
    while (s.ann.ticks == 0) {
        uv_run(&s.loop, UV_RUN_ONCE); // Waits: the timer alone wakes it.
    }
    CHECK(s.ann.ticked_at >= start + YODEL_MS(30));
    CHECK_EQ(s.ann.ticks, 1);
    CHECK_EQ(s.bob.ticks, 0);
    scene_close(&s);
}

static void what_is_said_last_is_still_sent(void)
{
    struct scene s;

    scene_open(&s);
    s.ann.text = "goodbye";
    s.ann.to_say = 3; // Nobody was woken.
    yodel_runtime_remove(s.runtime, &s.ann);
    CHECK(s.ann.wake == NULL);
    memset(&s.ann, 0xee, sizeof s.ann); // It may be freed at once.
    wait_for(&s, &s.bob.heard, 3);
    CHECK_TEXT(s.bob.last_heard, "goodbye");
    scene_close(&s);
}

static void remove_all(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct scene *s = ctx;

    (void)peer;
    (void)event;
    s->events++;
    yodel_runtime_remove(s->runtime, &s->ann);
    yodel_runtime_remove(s->runtime, &s->bob);
    memset(&s->ann, 0, sizeof s->ann);
    memset(&s->bob, 0, sizeof s->bob);
}

static void a_handler_may_remove_any_peer(void)
{
    struct scene s;

    scene_open(&s);
    yodel_runtime_remove(s.runtime, &s.ann);
    CHECK_EQ(yodel_runtime_add(s.runtime, &s.ann, remove_all, &s), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(s.runtime, &s.ann, remove_all, &s), YODEL_ERR_EXISTS);
    s.ann.events_to_tell = 5;
    s.bob.to_say = 5;
    fake_wake(&s.ann);
    fake_wake(&s.bob);
    turns(&s, 10);
    CHECK_EQ(s.events, 1);
    scene_close(&s);
}

static void a_full_socket_stops_those_who_speak(void)
{
    struct scene s;

    scene_open(&s);
    s.ann.size = 1200;
    sockets_are_full.is_on = true;
    say(&s.ann, 1000);
    turns(&s, 5);
    CHECK(s.ann.to_say > 700); // No more than one batch was built.
    uint32_t emits = s.ann.emits;
    turns(&s, 5);
    CHECK_EQ(s.ann.emits, emits);
    sockets_are_full.is_on = false;
    wait_for(&s, &s.bob.heard, 1000); // Nothing was lost.
    scene_close(&s);
}

static void what_stays_too_long_is_dropped(void)
{
    struct scene s;

    scene_open(&s);
    say(&s.ann, 1);
    sockets_are_full.is_on = true;
    yodel_time end = clock_now() + WORKER_STALL_MAX + YODEL_MS(20);
    while (clock_now() < end) {
        uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    sockets_are_full.is_on = false;
    say(&s.ann, 1); // The way is free,
    wait_for(&s, &s.bob.heard, 1);
    say(&s.bob, 1); // for others too,
    wait_for(&s, &s.ann.heard, 1);
    turns(&s, 5);
    CHECK_EQ(s.bob.heard, 1); // and what waited is not sent late.
    scene_close(&s);
}

static void count_one(uv_timer_t *timer)
{
    (*(uint32_t *)timer->data)++;
}

static void who_never_stops_speaking_leaves_the_loop_to_others(void)
{
    struct scene s;
    uv_timer_t timer;
    uint32_t fired = 0;

    scene_open(&s);
    uv_timer_init(&s.loop, &timer);
    timer.data = &fired;
    uv_timer_start(&timer, count_one, 1, 1);
    s.ann.says_without_end = true;
    s.ann.size = 1200;
    s.bob.text = "me too";
    fake_wake(&s.ann);
    say(&s.bob, 1);
    wait_for(&s, &s.ann.heard, 1);
    for (int i = 0; i < 1000 && fired < 3; i++) {
        uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    CHECK(fired >= 3);
    s.ann.says_without_end = false;
    uv_close((uv_handle_t *)&timer, NULL);
    scene_close(&s);
}

static void names_are_looked_up(void)
{
    struct scene s;

    scene_open(&s);
    s.ann.wants_name = "localhost";
    s.bob.wants_name = "no such name";
    fake_wake(&s.ann);
    fake_wake(&s.bob);
    turn_until(&s, &s.ann.is_resolved);
    turn_until(&s, &s.bob.is_resolved);
    CHECK(addr_is_loopback(&s.ann.resolved));
    CHECK_EQ(s.bob.resolved.family, YODEL_ADDR_NONE);

    s.ann.is_resolved = false;
    s.ann.wants_name = "localhost";
    fake_wake(&s.ann);
    turns(&s, 1);
    yodel_runtime_remove(s.runtime, &s.ann); // Whatever the answer, nobody hears it.
    turns(&s, 20);
    scene_close(&s);
}

static void a_local_name_that_nobody_has_is_given_up(void)
{
    struct scene s;

    scene_open(&s);
    s.ann.wants_name = "f9f1d6b2-6b3e-4b0e-9a55-0d1b6c3a9d10.LOCAL";
    s.bob.wants_name = "..local";
    fake_wake(&s.ann);
    fake_wake(&s.bob);
    turn_until(&s, &s.bob.is_resolved);
    CHECK_EQ(s.bob.resolved.family, YODEL_ADDR_NONE);
    turns(&s, 5);
    CHECK(!s.ann.is_resolved); // Five seconds are too long to wait here: it goes while it asks.
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

static void peers_share_a_fixed_port(void)
{
    struct scene s;
    uint16_t port = free_port();
    yodel_peer carl = {.wants_addresses = true};

    scene_open_with(&s, port);
    CHECK_EQ(s.ann.addrs[0].port, port);
    CHECK(addr_equal(&s.ann.addrs[0], &s.bob.addrs[0]));

    struct yodel_runtime_config config = {.loop = &s.loop, .loopback = YODEL_LOOPBACK_ONLY};
    yodel_runtime *other;
    CHECK_EQ(yodel_runtime_new(&config, &other), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(other, &carl, on_event, &s), YODEL_OK);
    turn_until(&s, &carl.addrs_ended);
    carl.to = (struct yodel_path){.local = carl.addrs[0], .remote = s.bob.addrs[0]};
    say(&carl, 1);
    turns(&s, 10);
    CHECK_EQ(s.ann.heard + s.bob.heard, 0); // A stranger, to both.

    s.bob.to = (struct yodel_path){.local = s.bob.addrs[0], .remote = carl.addrs[0]};
    say(&s.bob, 1);
    wait_for(&s, &carl.heard, 1);
    say(&carl, 2);
    wait_for(&s, &s.bob.heard, 2);
    CHECK_EQ(s.ann.heard, 0);
    yodel_runtime_free(other);
    scene_close(&s);
}

static void a_taken_port_is_explained(void)
{
    struct scene s;
    uint16_t port = free_port();
    struct yodel_runtime_config config = {.udp_port = port, .loopback = YODEL_LOOPBACK_ONLY};
    yodel_runtime *second = NULL;

    scene_open_with(&s, port);
    CHECK_EQ(yodel_runtime_new(&config, &second), YODEL_ERR_NETWORK); // With a thread of its own,
    CHECK(strstr(yodel_runtime_error_text(NULL), "address already in use") ||
          strstr(yodel_runtime_error_text(NULL), "Address already in use"));
    config.loop = &s.loop;
    CHECK_EQ(yodel_runtime_new(&config, &second), YODEL_ERR_NETWORK); // or in our loop.
    CHECK(second == NULL);
    scene_close(&s);
}

// ---- with a thread of its own

#define THREADS 3
#define POSTS 300

struct threaded {
    yodel_runtime *runtime;
    yodel_peer ann, bob;
    uint32_t heard;  // Copied on the loop's thread.
    uint32_t posted; // Counted there, without a lock.
};

static void never(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    (void)ctx;
    (void)peer;
    (void)event;
}

static void add_both(void *ctx)
{
    struct threaded *t = ctx;

    CHECK_EQ(yodel_runtime_add(t->runtime, &t->ann, never, t), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(t->runtime, &t->bob, never, t), YODEL_OK);
}

static void ann_says_one(void *ctx)
{
    struct threaded *t = ctx;

    t->posted++;
    if (t->ann.addrs_ended && t->bob.addrs_ended) {
        t->ann.to = (struct yodel_path){.local = t->ann.addrs[0], .remote = t->bob.addrs[0]};
        t->ann.to_say++;
        fake_wake(&t->ann);
    }
}

static void copy_heard(void *ctx)
{
    struct threaded *t = ctx;

    t->heard = t->bob.heard;
}

static void look(void *ctx)
{
    struct threaded *t = ctx;

    CHECK_EQ(yodel_runtime_call(t->runtime, copy_heard, t), YODEL_OK); // On the loop's: at once.
}

static void post_many(void *ctx)
{
    struct threaded *t = ctx;

    for (int i = 0; i < POSTS; i++) {
        if (i % 10 == 0) {
            (void)yodel_runtime_call(t->runtime, ann_says_one, t);
        } else {
            (void)yodel_runtime_post(t->runtime, ann_says_one, t);
        }
    }
}

static void threads_post_while_the_loop_runs(void)
{
    struct yodel_runtime_config config = {.loopback = YODEL_LOOPBACK_ONLY};
    struct threaded t = {.ann = {.wants_addresses = true}, .bob = {.wants_addresses = true}};
    uv_thread_t threads[THREADS];

    CHECK_EQ(yodel_runtime_new(&config, &t.runtime), YODEL_OK);
    CHECK_EQ(yodel_runtime_call(t.runtime, add_both, &t), YODEL_OK);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK_EQ(uv_thread_create(&threads[i], post_many, &t), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        uv_thread_join(&threads[i]);
    }
    yodel_time end = clock_now() + YODEL_SECONDS(5);
    while (t.heard == 0 && clock_now() < end) {
        CHECK_EQ(yodel_runtime_call(t.runtime, look, &t), YODEL_OK);
    }
    CHECK(t.heard > 0);
    CHECK_EQ(t.posted, THREADS * POSTS); // A call comes after the posts before it.
    yodel_runtime_free(t.runtime);
    CHECK(t.ann.wake == NULL);
}

TEST_MAIN(TEST(peers_gather_hear_and_speak), TEST(events_reach_the_handler),
    TEST(a_timeout_is_kept_and_never_early), TEST(what_is_said_last_is_still_sent),
    TEST(a_handler_may_remove_any_peer), TEST(a_full_socket_stops_those_who_speak),
    TEST(what_stays_too_long_is_dropped), TEST(who_never_stops_speaking_leaves_the_loop_to_others),
    TEST(names_are_looked_up), TEST(a_local_name_that_nobody_has_is_given_up),
    TEST(peers_share_a_fixed_port), TEST(a_taken_port_is_explained),
    TEST(threads_post_while_the_loop_runs))
