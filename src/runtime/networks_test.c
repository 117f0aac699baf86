// Networks that change, in one of the test's own, where it may have one: real addresses come and
// go, and the peers are told.

#include "runtime/networks.h"

#include "check.h"
#include "net/clock.h"
#include "own_network.h"
#include "runtime/fake_peer.h"

struct scene {
    uv_loop_t loop;
    yodel_runtime *runtime;
    yodel_peer ann, bob;
};

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    (void)ctx;
    (void)peer;
    (void)event;
}

static void run(const char *command)
{
    CHECK_EQ(system(command), 0);
}

// A link takes a moment to come up.
static void wait_for_address(const struct yodel_addr *ip)
{
    yodel_time end = clock_now() + YODEL_SECONDS(5);
    struct interface_list all = {0};

    while (!interfaces_has(&all, ip) && clock_now() < end) {
        CHECK_EQ(interfaces_read(&all), YODEL_OK);
    }
    CHECK(interfaces_has(&all, ip));
}

static void scene_open(struct scene *s, struct yodel_runtime_config config)
{
    static const char *const patterns[] = {"192.*", "198.*"};

    if (!own_network_enter("ip link add yd0 type veth peer name yd1 2>/dev/null && "
                           "ip addr add 192.0.2.1/24 dev yd0 && "
                           "ip link set yd0 up && ip link set yd1 up && ip link set lo up")) {
        skip(); // Without the right to it, or without iproute2.
    }
    struct yodel_addr ip = addr_v4(192, 0, 2, 1, 0);
    wait_for_address(&ip);
    *s = (struct scene){.ann = {.wants_addresses = true}};
    config.loop = &s->loop;
    config.interfaces = patterns;
    config.interface_count = COUNT(patterns);
    CHECK_EQ(uv_loop_init(&s->loop), 0);
    CHECK_EQ(yodel_runtime_new(&config, &s->runtime), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(s->runtime, &s->ann, on_event, s), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(s->runtime, &s->bob, on_event, s), YODEL_OK); // Gathers never.
    for (int i = 0; i < 3; i++) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
    }
    CHECK(s->ann.addrs_ended);
    CHECK_EQ(s->ann.addr_count, 1);
}

static void scene_close(struct scene *s)
{
    yodel_runtime_free(s->runtime);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&s->loop), 0);
}

static void wait_for(struct scene *s, const uint32_t *counter, uint32_t want)
{
    yodel_time end = clock_now() + YODEL_SECONDS(5);

    while (*counter < want && clock_now() < end) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
    }
    CHECK_EQ(*counter, want);
}

// What was gone is there again, whatever stood in for it meanwhile.
static void wait_until_back(struct scene *s)
{
    yodel_time end = clock_now() + YODEL_SECONDS(5);
    struct yodel_addr ip = addr_v4(192, 0, 2, 1, 0);
    bool is_back = false;

    while (!is_back && clock_now() < end) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
        is_back = s->ann.addr_count > 1 && addr_same_ip(&s->ann.addrs[s->ann.addr_count - 1], &ip);
    }
    CHECK(is_back);
}

static void settle(struct scene *s)
{
    yodel_time end = clock_now() + 2 * INTERFACES_SETTLE;

    while (clock_now() < end) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
    }
}

static void addresses_come_and_go(uint16_t udp_port)
{
    struct scene s;
    struct yodel_addr first = addr_v4(192, 0, 2, 1, 0), second = addr_v4(198, 51, 100, 1, 0);

    scene_open(&s, (struct yodel_runtime_config){.udp_port = udp_port, .tcp = true});
    CHECK(addr_same_ip(&s.ann.addrs[0], &first));
    CHECK_EQ(s.ann.tcp_addr_count, 1);

    run("ip addr add 198.51.100.1/24 dev yd1");
    wait_for(&s, &s.ann.addr_count, 2);
    CHECK(addr_same_ip(&s.ann.addrs[1], &second) && s.ann.addrs[1].port != 0);
    CHECK_EQ(s.ann.tcp_addr_count, 2);
    CHECK_EQ(s.ann.removed_count, 0);

    run("ip addr del 192.0.2.1/24 dev yd0");
    wait_for(&s, &s.ann.removed_count, 2); // Its UDP port, and its TCP port.
    settle(&s);
    CHECK_EQ(s.ann.addr_count, 2);
    CHECK_EQ(s.bob.addr_count + s.bob.removed_count, 0);

    run("ip addr add 192.0.2.1/24 dev yd0; ip addr del 198.51.100.1/24 dev yd1");
    wait_for(&s, &s.ann.addr_count, 3);
    wait_for(&s, &s.ann.removed_count, 4);
    scene_close(&s);
}

static void addresses_come_and_go_for_a_peer(void)
{
    addresses_come_and_go(0);
}

static void addresses_come_and_go_for_all(void)
{
    addresses_come_and_go(40123);
}

static void flapping_changes_nothing(void)
{
    struct scene s;

    scene_open(&s, (struct yodel_runtime_config){0});
    for (int i = 0; i < 5; i++) {
        run("ip addr del 192.0.2.1/24 dev yd0; ip addr add 192.0.2.1/24 dev yd0");
        uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    settle(&s);
    // Whatever was seen of it, it is there in the end.
    struct yodel_addr ip = addr_v4(192, 0, 2, 1, 0);
    CHECK(addr_same_ip(&s.ann.addrs[s.ann.addr_count - 1], &ip));
    CHECK(s.ann.removed_count <= 5 * 3);
    scene_close(&s);
}

static void a_link_that_goes_down_takes_its_addresses_along(void)
{
    struct scene s;

    scene_open(&s, (struct yodel_runtime_config){0});
    run("ip link set yd0 down");
    wait_for(&s, &s.ann.removed_count, 1);
    run("ip link set yd0 up");
    wait_until_back(&s);
    scene_close(&s);
}

static void the_end_may_come_before_it_has_settled(void)
{
    struct scene s;

    scene_open(&s, (struct yodel_runtime_config){0});
    run("ip addr add 198.51.100.1/24 dev yd1");
    uv_run(&s.loop, UV_RUN_NOWAIT);
    scene_close(&s);
    run("ip addr del 198.51.100.1/24 dev yd1");
}

static void addresses_hide_behind_names(void)
{
    struct scene s;
    char first[64];

    scene_open(&s, (struct yodel_runtime_config){.hide_addresses = true});
    CHECK(addr_same_ip(&s.ann.named, &s.ann.addrs[0]));
    CHECK_TEXT(s.ann.name + 36, ".local");
    memcpy(first, s.ann.name, sizeof first);
    run("ip addr del 192.0.2.1/24 dev yd0");
    wait_for(&s, &s.ann.removed_count, 1);
    run("ip addr add 192.0.2.1/24 dev yd0");
    wait_until_back(&s);
    CHECK_TEXT(s.ann.name + 36, ".local");
    CHECK(strcmp(s.ann.name, first) != 0); // Nobody can tell that it is the same network.
    scene_close(&s);
}

static void too_many_patterns_are_refused(void)
{
    const char *patterns[NETWORKS_PATTERNS_MAX + 1];
    char long_one[NETWORKS_PATTERN_MAX + 1] = {0};
    struct yodel_runtime_config config = {.interfaces = patterns};
    yodel_runtime *runtime = NULL;

    for (size_t i = 0; i < COUNT(patterns); i++) {
        patterns[i] = "*";
    }
    config.interface_count = COUNT(patterns);
    CHECK_EQ(yodel_runtime_new(&config, &runtime), YODEL_ERR_TOO_LARGE);
    memset(long_one, 'a', NETWORKS_PATTERN_MAX);
    patterns[0] = long_one;
    config.interface_count = 1;
    CHECK_EQ(yodel_runtime_new(&config, &runtime), YODEL_ERR_TOO_LARGE);
    CHECK(runtime == NULL);
}

TEST_MAIN(TEST(addresses_come_and_go_for_a_peer), TEST(addresses_come_and_go_for_all),
    TEST(flapping_changes_nothing), TEST(a_link_that_goes_down_takes_its_addresses_along),
    TEST(the_end_may_come_before_it_has_settled), TEST(addresses_hide_behind_names),
    TEST(too_many_patterns_are_refused))
