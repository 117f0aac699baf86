// Servers that share: limits are of all together, tokens and relays of one are known to the other.

#include "check.h"
#include "turn/server_fixture.h"

static struct world one, other;
static struct env env;
static uint64_t chance;
static struct turn_shared *shared;
static int inside, entered;

static void enter(void *ctx)
{
    (void)ctx;
    CHECK_EQ(inside++, 0);
    entered++;
}

static void leave(void *ctx)
{
    (void)ctx;
    CHECK_EQ(--inside, 0);
}

static void start(struct turn_limits limits)
{
    struct turn_lock lock = {enter, leave, NULL};

    chance = 3;
    env = (struct env){.alloc = alloc_system(), .random = world_random, .ctx = &chance};
    CHECK_EQ(turn_shared_new(&shared, &env, limits.port_min, limits.port_max, &lock), YODEL_OK);
    world_prepare(&one);
    world_prepare(&other);
    one.config.limits = other.config.limits = limits;
    one.config.shared = other.config.shared = shared;
    other.client.addr.port++;
    world_start(&one);
    world_start(&other);
}

static void finish(void)
{
    world_deinit(&one);
    world_deinit(&other);
    turn_shared_free(shared);
    CHECK_EQ(inside, 0);
}

static void limits_are_of_all_together(void)
{
    static const struct {
        struct turn_limits limits;
        uint32_t error;
    } cases[] = {
        {{.allocations_per_user = 1}, 486},
        {{.allocations_per_address = 1}, 486},
        {{.allocations = 1}, 508},
        {{.port_min = 50000, .port_max = 50000}, 508},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        start(cases[i].limits);
        CHECK_EQ(world_allocate(&one), 0);
        CHECK_EQ(world_allocate(&other), cases[i].error);
        CHECK_EQ(turn_server_stats(other.server)->ports, 1);
        CHECK_EQ(world_refresh(&one, 0), 0);
        CHECK_EQ(world_allocate(&other), 0);
        CHECK_EQ(world_allocate(&one), cases[i].error);
        finish();
    }
}

static void no_port_is_taken_twice(void)
{
    start((struct turn_limits){.port_min = 50000, .port_max = 50001});
    CHECK_EQ(world_allocate(&one), 0);
    CHECK_EQ(world_allocate(&other), 0);
    CHECK(one.relays[0]->bound.port != other.relays[0]->bound.port);
    finish();
}

static void a_token_of_one_is_good_at_the_other(void)
{
    uint8_t token[TURN_RESERVATION_TOKEN_SIZE];

    start((struct turn_limits){0});
    world_learn_nonce(&one);
    world_begin_allocate(&one);
    turn_msg_put_byte(&one.w, TURN_ATTR_EVEN_PORT, 0x80);
    CHECK_EQ(world_send(&one), 0);
    memcpy(token, stun_msg_find(&one.answer, TURN_ATTR_RESERVATION_TOKEN)->value.ptr, sizeof token);
    world_learn_nonce(&other);
    world_begin_allocate(&other);
    stun_msg_put_attr(&other.w, TURN_ATTR_RESERVATION_TOKEN, bytes_of(token, sizeof token));
    CHECK_EQ(world_send(&other), 0);
    CHECK_EQ(other.relays[0]->bound.port, one.relays[0]->bound.port + 1);
    CHECK_EQ(turn_server_stats(one.server)->ports, 2);
    finish();
}

static void a_sibling_s_relay_is_a_peer_while_it_is_open(void)
{
    char peer[ADDR_TEXT_MAX];

    start((struct turn_limits){0});
    CHECK_EQ(world_allocate(&one), 0);
    CHECK_EQ(world_allocate(&other), 0);
    struct yodel_addr bound = other.relays[0]->bound;
    addr_text(&bound, peer);
    CHECK_EQ(world_permit(&one, peer), 0);
    CHECK(!world_send_data(&one, peer)); // Nothing was told yet.
    turn_server_set_sibling(one.server, &bound, true);
    CHECK(world_send_data(&one, peer));
    CHECK(addr_equal(&one.out.peer, &bound));
    turn_server_set_sibling(one.server, &bound, false);
    CHECK(!world_send_data(&one, peer));
    finish();
}

// Who relays waits for nobody.
static void data_needs_no_lock(void)
{
    start((struct turn_limits){0});
    CHECK_EQ(world_allocate(&one), 0);
    CHECK_EQ(world_bind(&one, 0x4000, "9.9.9.9:9"), 0);
    int before = entered;
    CHECK(world_send_channel(&one, 0x4000, bytes_of("x", 1)));
    CHECK(
        turn_server_recv_peer(one.server, one.relays[0], &(struct yodel_addr){0}, bytes_of("x", 1),
            span_of(one.answered, sizeof one.answered), &one.out, one.now) == false);
    CHECK_EQ(entered, before);
    finish();
}

TEST_MAIN(TEST(limits_are_of_all_together), TEST(no_port_is_taken_twice),
    TEST(a_token_of_one_is_good_at_the_other), TEST(a_sibling_s_relay_is_a_peer_while_it_is_open),
    TEST(data_needs_no_lock))
