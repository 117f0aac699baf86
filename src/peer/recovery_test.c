// A peer whose ICE has failed asks for a restart by itself: who does, when, how often; and which
// names are looked up again.

#include "peer/recovery.h"

#include "check.h"
#include "peer/pair.h"

#define FAILED YODEL_SECONDS(37) // Consent ends within 30 s of its last answer: 6 s old at most.

static struct peer_pair pair;

static bool nothing_arrives(
    struct peer_pair *p, int from, const struct yodel_path *path, uint8_t *data, size_t *len)
{
    (void)p;
    (void)from;
    (void)path;
    (void)data;
    (void)len;
    return false;
}

static void connect(uint64_t seed)
{
    yodel_channel *channels[2];

    peer_pair_open(&pair, seed);
    peer_pair_connect(&pair, NULL, channels);
    peer_pair_forget(&pair);
    CHECK(ice_is_controlling(&pair.side[0].peer->ice));
}

static uint32_t asked(int side)
{
    return peer_pair_count(&pair.side[side], YODEL_EVENT_NEGOTIATION_NEEDED);
}

static bool has_failed(int side)
{
    return yodel_peer_connection_state(pair.side[side].peer) == YODEL_CONNECTION_FAILED;
}

static void who_controls_asks_at_once_and_the_other_in_case(void)
{
    connect(1);
    pair.filter = nothing_arrives;
    while (!has_failed(0) || !has_failed(1)) {
        peer_pair_run(&pair, YODEL_MS(100));
        CHECK_EQ(asked(0), has_failed(0));
    }
    CHECK_EQ(asked(1), 0);
    peer_pair_run(&pair, PEER_RECOVERY_YIELD);
    CHECK_EQ(asked(1), 1);
    // An application that does not want it has its failed connection.
    peer_pair_run(&pair, YODEL_SECONDS(3600));
    CHECK_EQ(asked(0), 1);
    CHECK_EQ(asked(1), 1);
    CHECK(has_failed(0) && has_failed(1));
    peer_pair_close(&pair);
}

static void a_failure_is_told_before_the_restart_is_asked_for(void)
{
    connect(2);
    pair.filter = nothing_arrives;
    peer_pair_run(&pair, FAILED);
    CHECK_EQ(asked(0), 1);
    uint32_t told = peer_pair_first(&pair.side[0], YODEL_EVENT_NEGOTIATION_NEEDED);
    uint32_t failed = 0;
    for (uint32_t i = 0; i < told; i++) {
        failed += pair.side[0].seen[i].type == YODEL_EVENT_CONNECTION_STATE_CHANGE;
    }
    CHECK(failed > 0);
    peer_pair_close(&pair);
}

static void who_restarts_by_itself_is_not_asked_again(void)
{
    connect(3);
    pair.filter = nothing_arrives;
    peer_pair_run(&pair, YODEL_SECONDS(10));
    yodel_peer_restart_ice(pair.side[0].peer);
    peer_pair_run(&pair, FAILED);
    CHECK(has_failed(0));
    CHECK_EQ(asked(0), 1);
    peer_pair_close(&pair);
}

// What an application does that only carries descriptions.
static void follow(yodel_duration duration)
{
    for (yodel_time until = pair.now + duration; pair.now < until;) {
        uint32_t before[2] = {asked(0), asked(1)};

        peer_pair_run(&pair, YODEL_MS(100));
        for (int i = 0; i < 2; i++) {
            if (asked(i) > before[i]) {
                CHECK_EQ(peer_pair_negotiate(&pair, i), YODEL_OK);
            }
        }
    }
}

static void an_application_that_only_signals_is_connected_again(void)
{
    connect(4);
    pair.filter = nothing_arrives;
    follow(YODEL_SECONDS(100));
    CHECK(asked(0) > 1);
    CHECK_EQ(asked(1), 0); // One side is enough.
    pair.filter = NULL;
    follow(YODEL_SECONDS(10));
    CHECK(peer_pair_is_connected(&pair));
    peer_pair_close(&pair);
}

static void restarts_in_vain_keep_their_pace_and_end(void)
{
    connect(5);
    pair.filter = nothing_arrives;
    follow(YODEL_SECONDS(60));
    uint32_t before = asked(0);
    follow(YODEL_SECONDS(150));
    CHECK(asked(0) - before <= 10); // PEER_RECOVERY_PACE.
    follow(YODEL_SECONDS(3600));
    CHECK_EQ(asked(0), PEER_RECOVERY_TRIES_MAX);
    CHECK(has_failed(0));
    // Another network than those it knows.
    struct yodel_addr late = addr_v4(192, 0, 2, 77, 7000);
    yodel_peer_add_local_address(pair.side[0].peer, &late);
    peer_pair_run(&pair, YODEL_SECONDS(40));
    CHECK_EQ(asked(0), PEER_RECOVERY_TRIES_MAX + 1);
    peer_pair_close(&pair);
}

static void a_restart_of_the_other_sides_is_as_good_as_ones_own(void)
{
    connect(6);
    yodel_peer_restart_ice(pair.side[0].peer);
    yodel_peer_restart_ice(pair.side[1].peer);
    CHECK_EQ(peer_pair_negotiate(&pair, 0), YODEL_OK);
    peer_pair_forget(&pair);
    peer_pair_run(&pair, YODEL_SECONDS(5));
    CHECK_EQ(asked(0), 0);
    CHECK_EQ(asked(1), 0);
    CHECK(peer_pair_is_connected(&pair));
    peer_pair_close(&pair);
}

// ---- names

static uint32_t lookups(void)
{
    return peer_pair_count(&pair.side[0], YODEL_EVENT_RESOLVE);
}

// Side 0 knows two servers by name, and a third by its address; names are answered by the test.
static void open_with_servers(uint64_t seed)
{
    const char *urls[] = {"stun:192.0.2.9", "stun:there.example.org", "stun:away.example.org"};
    struct yodel_ice_server server = {.urls = urls, .url_count = 3};
    struct yodel_peer_config config = {.ice_servers = &server, .ice_server_count = 1};
    struct yodel_addr at = addr_v4(192, 0, 2, 99, 1);
    yodel_channel *channel;

    peer_pair_open_with(&pair, seed, &config, NULL);
    pair.side[0].is_unsettled = true;
    pair.filter = nothing_arrives;
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &channel), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(pair.side[0].peer, NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(lookups(), 2);
    yodel_peer_resolved(pair.side[0].peer, "there.example.org", &at);
    yodel_peer_resolved(pair.side[0].peer, "away.example.org", NULL);
}

static void answer(void)
{
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(pair.side[1].peer, NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
}

static void a_name_without_an_address_is_looked_up_while_a_path_is_sought(void)
{
    open_with_servers(7);
    peer_pair_run(&pair, YODEL_SECONDS(600));
    CHECK_EQ(lookups(), 2); // Nobody has answered, there is no hurry.
    answer();
    peer_pair_run(&pair, PEER_RECOVERY_NAMES + YODEL_MS(1));
    CHECK_EQ(lookups(), 3);
    CHECK_TEXT(pair.side[0].text, "away.example.org");
    peer_pair_run(&pair, YODEL_SECONDS(10));
    CHECK_EQ(lookups(), 3); // One that goes on is not begun again.
    yodel_peer_resolved(pair.side[0].peer, "away.example.org", NULL);
    peer_pair_run(&pair, PEER_RECOVERY_NAMES + YODEL_MS(1));
    CHECK_EQ(lookups(), 4);
    struct yodel_addr at = addr_v4(192, 0, 2, 98, 1);
    yodel_peer_resolved(pair.side[0].peer, "away.example.org", &at);
    peer_pair_run(&pair, YODEL_SECONDS(600));
    CHECK_EQ(lookups(), 4);
    peer_pair_close(&pair);
}

static void a_restart_waits_for_the_names_that_had_no_address(void)
{
    open_with_servers(8);
    answer();
    pair.filter = NULL;
    peer_pair_run(&pair, YODEL_SECONDS(6));
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), YODEL_GATHERING_COMPLETE);
    CHECK(peer_pair_is_connected(&pair));
    uint32_t before = lookups();
    yodel_peer_restart_ice(pair.side[0].peer);
    CHECK_EQ(yodel_peer_set_local_description(pair.side[0].peer, NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(lookups(), before + 1);
    peer_pair_run(&pair, PEER_NAMES_WAIT - YODEL_MS(1));
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), YODEL_GATHERING_GATHERING);
    peer_pair_run(&pair, YODEL_SECONDS(6));
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), YODEL_GATHERING_COMPLETE);
    peer_pair_close(&pair);
}

TEST_MAIN(TEST(who_controls_asks_at_once_and_the_other_in_case),
    TEST(a_failure_is_told_before_the_restart_is_asked_for),
    TEST(who_restarts_by_itself_is_not_asked_again),
    TEST(an_application_that_only_signals_is_connected_again),
    TEST(restarts_in_vain_keep_their_pace_and_end),
    TEST(a_restart_of_the_other_sides_is_as_good_as_ones_own),
    TEST(a_name_without_an_address_is_looked_up_while_a_path_is_sought),
    TEST(a_restart_waits_for_the_names_that_had_no_address))
