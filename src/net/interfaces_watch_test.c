// Watching interfaces, in a network of the test's own, where it may have one.

#include "net/interfaces_watch.h"

#include "check.h"
#include "net/clock.h"
#include "own_network.h"

struct scene {
    uv_loop_t loop;
    struct interfaces_watch watch;
    uint32_t changes;
    bool is_closed;
};

static void on_changed(void *ctx)
{
    ((struct scene *)ctx)->changes++;
}

static void on_closed(void *ctx)
{
    ((struct scene *)ctx)->is_closed = true;
}

static void run(const char *command)
{
    CHECK_EQ(system(command), 0);
}

static void turn_for(struct scene *s, yodel_duration wait)
{
    yodel_time end = clock_now() + wait;

    while (clock_now() < end) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
    }
}

static void what_changes_is_told_once_it_has_settled(void)
{
    static struct scene s;

    if (!own_network_enter("ip link add yd0 type veth peer name yd1 2>/dev/null")) {
        skip(); // Without the right to it, or without iproute2.
    }
    CHECK_EQ(uv_loop_init(&s.loop), 0);
    interfaces_watch_start(&s.watch, &s.loop, on_changed, &s);
    if (s.watch.fd >= 0) {
        uv_ref((uv_handle_t *)&s.watch.poll); // Nothing else keeps this loop going.
        turn_for(&s, YODEL_MS(50));
        CHECK_EQ(s.changes, 0);
    }
    for (int i = 0; i < 5; i++) { // Flapping.
        run("ip addr add 192.0.2.1/24 dev yd0; ip link set yd0 up; ip addr flush dev yd0");
    }
    yodel_time end = clock_now() + YODEL_SECONDS(5);
    while (s.changes == 0 && clock_now() < end) {
        uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    CHECK(s.changes >= 1);
    CHECK(s.changes <= 5);
    turn_for(&s, INTERFACES_SETTLE * 2);
    uint32_t before = s.changes;
    interfaces_watch_hint(&s.watch, clock_now());
    interfaces_watch_hint(&s.watch, clock_now());
    turn_for(&s, INTERFACES_SETTLE * 2);
    CHECK(s.changes <= before + 1);
    interfaces_watch_stop(&s.watch, on_closed);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    CHECK(s.is_closed);
    CHECK_EQ(uv_loop_close(&s.loop), 0);
}

TEST_MAIN(TEST(what_changes_is_told_once_it_has_settled))
