// The agent and TURN servers: what goes through them, when, and what is never told.

#include "check.h"
#include "ice/world.h"

static struct ice_world world;
static struct turn_element turns[2];
static const char *const allow[] = {"198.51.100.0/24", "203.0.113.0/24", NULL};

static void on_send(void *ctx, const struct yodel_path *path, struct bytes datagram)
{
    ice_world_inject(ctx, path, datagram);
}

static void add_turn(size_t at, const char *addr, const char *password)
{
    turns[at] = (struct turn_element){.send = on_send, .ctx = &world};
    turn_element_open(&turns[at], addr, allow);
    world.turns[at] = &turns[at];
    for (size_t i = 0; i < 2; i++) {
        ice_add_turn_server(&world.agents[i].ice, &(struct ice_turn_server){.addr = turns[at].addr,
                                                      .host = "turn.example.org",
                                                      .url = "turn:turn.example.org",
                                                      .username = "user",
                                                      .password = password});
    }
}

static void open_world(uint64_t seed, bool is_relay_only)
{
    ice_world_init(&world, seed);
    for (size_t i = 0; i < 2; i++) {
        world.agents[i].ice.config.is_relay_only = is_relay_only;
    }
}

// Both are behind NATs through which nothing comes that was not asked for, at ports that depend on
// the other end: no direct path can be.
static void hide_both(void)
{
    ice_world_add_nat(&world, "10.0.0.1:5000", "198.51.100.1:40000");
    ice_world_add_nat(&world, "10.0.0.2:5000", "198.51.100.2:50000");
    for (size_t i = 0; i < 2; i++) {
        world.nats[i].is_strict = true;
        world.nats[i].is_symmetric = true;
    }
}

static void begin(void)
{
    ice_world_add_local(&world, 0, "10.0.0.1:5000");
    ice_world_add_local(&world, 1, "10.0.0.2:5000");
    ice_end_local(&world.agents[0].ice);
    ice_end_local(&world.agents[1].ice);
    ice_world_signal(&world);
}

static void close_world(void)
{
    for (size_t i = 0; i < 2; i++) {
        ice_deinit(&world.agents[i].ice);
        if (world.turns[i]) {
            turn_element_close(world.turns[i]);
        }
    }
}

static enum ice_type local_type(size_t agent)
{
    const struct ice *ice = &world.agents[agent].ice;

    return ice->locals[ice_local_find_base(ice, YODEL_UDP, &ice->selected.path.local)].type;
}

static bool is_relayed(size_t agent)
{
    const struct ice *ice = &world.agents[agent].ice;
    uint8_t pair = ice->selected.pair;

    return local_type(agent) == ICE_RELAY ||
           (pair != ICE_NONE && ice->remotes[ice->pairs[pair].remote].type == ICE_RELAY);
}

static void where_nothing_else_works_a_relay_stands_within_three_seconds(void)
{
    open_world(1, false);
    hide_both();
    add_turn(0, "203.0.113.9:3478", "pass");
    begin();
    yodel_time start = world.now;
    ice_world_run(&world, start + YODEL_SECONDS(10), ice_world_both_selected);
    CHECK(ice_world_both_selected(&world));
    CHECK(time_since(world.now, start) < YODEL_SECONDS(3));
    CHECK(is_relayed(0) && is_relayed(1));
    ice_world_run(&world, start + YODEL_SECONDS(20), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    close_world();
}

static void a_direct_path_is_preferred_to_a_relay(void)
{
    open_world(2, false);
    add_turn(0, "203.0.113.9:3478", "pass");
    ice_world_add_local(&world, 0, "198.51.100.1:5000");
    ice_world_add_local(&world, 1, "198.51.100.2:5000");
    ice_end_local(&world.agents[0].ice);
    ice_end_local(&world.agents[1].ice);
    ice_world_signal(&world);
    ice_world_run(&world, world.now + YODEL_SECONDS(10), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK(!is_relayed(0) && !is_relayed(1));
    close_world();
}

static void only_relays_are_told_of_and_used_where_that_is_asked_for(void)
{
    open_world(3, true);
    add_turn(0, "203.0.113.9:3478", "pass");
    begin();
    ice_world_run(&world, world.now + YODEL_SECONDS(10), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(local_type(0), ICE_RELAY);
    CHECK_EQ(local_type(1), ICE_RELAY);
    for (size_t i = 0; i < 2; i++) {
        struct ice_world_agent *agent = &world.agents[i];
        CHECK_EQ(agent->gathering, ICE_GATHERING_COMPLETE);
        CHECK(agent->candidate_count > 0);
        for (size_t j = 0; j < agent->candidate_count; j++) {
            char text[ICE_CANDIDATE_TEXT_MAX] = "";
            struct writer w = writer_of(span_of(text, sizeof text - 1));
            ice_candidate_write(&w, &agent->candidates[j]);
            CHECK(strstr(text, " typ relay raddr 0.0.0.0 rport 9"));
            CHECK(!strstr(text, "10.0.0."));
        }
    }
    close_world();
}

static size_t direct_count;

static bool goes_to_the_server_only(struct ice_world *w, size_t from, struct bytes datagram)
{
    (void)w;
    (void)from;
    // A Binding request or answer on the wire itself would be a check without a relay.
    direct_count += datagram.len > 1 && datagram.ptr[0] < 2 && datagram.ptr[1] == STUN_BINDING;
    return true;
}

static void relays_only_means_not_a_datagram_to_the_peer(void)
{
    open_world(4, true);
    add_turn(0, "203.0.113.9:3478", "pass");
    world.tap = goes_to_the_server_only;
    direct_count = 0;
    begin();
    // The peer found out where we are, and asks us there, with the right password.
    struct ice *ice = &world.agents[0].ice;
    uint8_t room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct ice_check check = {.local_ufrag = bytes_of_text(ice_local_ufrag(&world.agents[1].ice)),
        .remote_ufrag = bytes_of_text(ice_local_ufrag(ice)),
        .priority = 1,
        .is_controlling = true}; // A conflict, which would be answered at once.
    ice_message_put(&w, &check, bytes_of_text(ice_local_pwd(ice)));
    struct yodel_path path = {
        .local = ice_world_addr("10.0.0.2:5000"), .remote = ice_world_addr("10.0.0.1:5000")};
    ice_world_inject(&world, &path, writer_bytes(&w));
    ice_world_run(&world, world.now + YODEL_SECONDS(10), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(direct_count, 0);
    CHECK(ice->stats.drops[ICE_DROP_PATH] > 0);
    close_world();
}

static void without_a_relay_relays_only_fails_at_once_and_says_why(void)
{
    open_world(5, true);
    add_turn(0, "203.0.113.9:3478", "wrong");
    begin();
    ice_world_run(&world, world.now + YODEL_SECONDS(2), NULL);
    CHECK_EQ(ice_state(&world.agents[0].ice), ICE_FAILED);
    CHECK_TEXT(
        ice_failure(&world.agents[0].ice), "the TURN server refused the user name or the password");
    close_world();

    open_world(6, true);
    begin();
    ice_add_remote(&world.agents[0].ice,
        &(struct ice_candidate){
            .component = 1, .priority = 1, .addr = ice_world_addr("198.51.100.7:1")});
    ice_world_run(&world, world.now + YODEL_SECONDS(2), NULL);
    CHECK_EQ(ice_state(&world.agents[0].ice), ICE_FAILED);
    CHECK_TEXT(ice_failure(&world.agents[0].ice), "there is no TURN server to relay through");
    close_world();
}

static void a_silent_server_does_not_hold_gathering_up(void)
{
    open_world(7, false);
    add_turn(0, "203.0.113.9:3478", "pass");
    turns[0].is_down = true;
    begin();
    yodel_time start = world.now;
    ice_world_run(&world, start + YODEL_SECONDS(4), NULL);
    CHECK_EQ(world.agents[0].gathering, ICE_GATHERING_GATHERING);
    ice_world_run(&world, start + ICE_RELAY_WAIT + YODEL_MS(100), NULL);
    CHECK_EQ(world.agents[0].gathering, ICE_GATHERING_COMPLETE);
    close_world();
}

static bool is_bound(const struct ice_world *w)
{
    const struct ice *ice = &w->agents[0].ice;

    return ice->selected.is_used && ice_head(ice, &ice->selected.path) == 4;
}

static void data_is_wrapped_and_unwrapped_in_place(void)
{
    uint8_t room[256];
    struct yodel_path inner, path;

    open_world(8, true);
    add_turn(0, "203.0.113.9:3478", "pass");
    begin();
    ice_world_run(&world, world.now + YODEL_SECONDS(10), is_bound);
    struct ice *ice = &world.agents[0].ice;
    CHECK(ice_selected(ice, &inner));
    path = inner;
    size_t head = ice_head(ice, &path);
    CHECK_EQ(head, 4); // A channel.
    memcpy(room + head, "hello", 5);
    CHECK_EQ(ice_wrap(ice, span_of(room, sizeof room), &path, 5, world.now), 9);
    CHECK(addr_equal(&path.remote, &turns[0].addr));
    CHECK(ice_is_valid(ice, &inner));

    // The same datagram back, as if the peer had sent it.
    struct span datagram = span_of(room, 9);
    CHECK(ice_unwrap(ice, &path, &datagram, world.now));
    CHECK(path_equal(&path, &inner));
    CHECK_BYTES(bytes_of_span(datagram), bytes_of_text("hello"));

    // From anywhere but the server, it is no business of the relay's.
    path = (struct yodel_path){
        .local = ice_world_addr("10.0.0.1:5000"), .remote = ice_world_addr("198.51.100.66:3478")};
    datagram = span_of(room, 9);
    CHECK(ice_unwrap(ice, &path, &datagram, world.now));
    CHECK_EQ(datagram.len, 9);
    CHECK(!ice_is_valid(ice, &path));
    close_world();
}

// Case F20 of a crash, while data is being sent.
static void a_relay_that_crashes_is_left_for_the_second_within_three_seconds(void)
{
    open_world(9, true);
    add_turn(0, "203.0.113.9:3478", "pass");
    add_turn(1, "203.0.113.10:3478", "pass");
    begin();
    ice_world_run(&world, world.now + YODEL_SECONDS(10), ice_world_both_nominated);
    ice_world_run(&world, world.now + YODEL_SECONDS(10), NULL);
    struct ice *ice = &world.agents[0].ice;
    struct yodel_addr relayed = ice->selected.path.local;
    size_t used = addr_same_ip(&relayed, &turns[0].addr) ? 0 : 1;
    turns[used].is_down = true;
    yodel_time crash = world.now;
    while (time_since(world.now, crash) < YODEL_SECONDS(20) && ice->selected.is_used &&
           addr_same_ip(&ice->selected.path.local, &turns[used].addr)) {
        ice_sent(ice, world.now);
        ice_world_run(&world, world.now + YODEL_MS(100), NULL);
    }
    CHECK(time_since(world.now, crash) < YODEL_SECONDS(3));
    CHECK(ice_state(ice) == ICE_CONNECTED || ice_state(ice) == ICE_COMPLETED);
    CHECK(ice->selected.is_used);
    CHECK(addr_same_ip(&ice->selected.path.local, &turns[1 - used].addr));
    close_world();
}

static void a_restart_keeps_the_relay_and_tells_of_it_again(void)
{
    open_world(10, true);
    add_turn(0, "203.0.113.9:3478", "pass");
    begin();
    ice_world_run(&world, world.now + YODEL_SECONDS(10), ice_world_both_nominated);
    for (size_t i = 0; i < 2; i++) {
        world.agents[i].candidate_count = 0;
        ice_restart(&world.agents[i].ice);
    }
    ice_world_signal(&world);
    ice_world_run(&world, world.now + YODEL_SECONDS(10), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK(world.agents[0].candidate_count > 0);
    CHECK_EQ(turn_server_stats(turns[0].server)->allocated, 2);
    close_world();
}

static void a_day_goes_by_without_a_missed_refresh(void)
{
    open_world(11, true);
    add_turn(0, "203.0.113.9:3478", "pass");
    begin();
    ice_world_run(&world, world.now + YODEL_SECONDS(10), ice_world_both_nominated);
    world.agents[0].state_count = 0;
    ice_world_run(&world, world.now + YODEL_SECONDS(86400), NULL);
    CHECK_EQ(world.agents[0].state_count, 0);
    CHECK(ice_world_both_nominated(&world));
    const struct turn_server_stats *stats = turn_server_stats(turns[0].server);
    CHECK_EQ(stats->allocated, 2);
    CHECK_EQ(stats->drops[TURN_DROP_NO_PERMISSION], 0);
    CHECK_EQ(stats->drops[TURN_DROP_NO_CHANNEL], 0);
    CHECK_EQ(stats->drops[TURN_DROP_NO_ALLOCATION], 0);
    close_world();
}

static void at_the_end_the_relay_is_given_back(void)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct yodel_path path;

    open_world(12, true);
    add_turn(0, "203.0.113.9:3478", "pass");
    begin();
    ice_world_run(&world, world.now + YODEL_SECONDS(10), ice_world_both_nominated);
    CHECK_EQ(turn_server_stats(turns[0].server)->allocations, 2);
    struct ice *ice = &world.agents[1].ice;
    size_t len = ice_emit_farewell(ice, span_of(room, sizeof room), &path, world.now);
    CHECK(len > 0);
    ice_world_inject(&world, &path, bytes_of(room, len));
    CHECK_EQ(ice_emit_farewell(ice, span_of(room, sizeof room), &path, world.now), 0);
    ice_world_run(&world, world.now + YODEL_SECONDS(1), NULL);
    CHECK_EQ(turn_server_stats(turns[0].server)->allocations, 1);
    close_world();
}

TEST_MAIN(TEST(where_nothing_else_works_a_relay_stands_within_three_seconds),
    TEST(a_direct_path_is_preferred_to_a_relay),
    TEST(only_relays_are_told_of_and_used_where_that_is_asked_for),
    TEST(relays_only_means_not_a_datagram_to_the_peer),
    TEST(without_a_relay_relays_only_fails_at_once_and_says_why),
    TEST(a_silent_server_does_not_hold_gathering_up), TEST(data_is_wrapped_and_unwrapped_in_place),
    TEST(a_relay_that_crashes_is_left_for_the_second_within_three_seconds),
    TEST(a_restart_keeps_the_relay_and_tells_of_it_again),
    TEST(a_day_goes_by_without_a_missed_refresh), TEST(at_the_end_the_relay_is_given_back))
