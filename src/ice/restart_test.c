// Roles and restarts: conflicts end, and what worked works on until something new does.

#include "check.h"
#include "ice/ice.h"
#include "ice/message.h"
#include "ice/world.h"
#include "stun/attr.h"

static struct ice_world world;

static void add_locals(void)
{
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    for (size_t i = 0; i < 2; i++) {
        ice_end_local(&world.agents[i].ice);
    }
}

static void connect(uint64_t seed)
{
    ice_world_init(&world, seed);
    add_locals();
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(10), NULL);
    CHECK(ice_world_both_nominated(&world));
}

// ---- Roles (RFC 8445 §7.2.5.1, §7.3.1.1).

static void check_that_roles_settle(bool is_controlling, uint64_t ours, uint64_t theirs)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        ice_world_init(&world, seed);
        for (size_t i = 0; i < 2; i++) {
            ice_set_role(&world.agents[i].ice, is_controlling);
        }
        world.agents[0].ice.tie_breaker = ours;
        world.agents[1].ice.tie_breaker = theirs;
        world.loss_percent = seed == 0 ? 0 : 20;
        add_locals();
        ice_world_signal(&world);
        ice_world_run(&world, YODEL_SECONDS(20), ice_world_both_nominated);
        CHECK(ice_world_both_nominated(&world));
        CHECK(ice_is_controlling(&world.agents[0].ice) != ice_is_controlling(&world.agents[1].ice));
        if (ours != theirs) {
            // The larger one controls.
            CHECK_EQ(ice_is_controlling(&world.agents[0].ice), ours > theirs);
        }
    }
}

static void two_that_control_agree(void)
{
    check_that_roles_settle(true, 5, 4);
    check_that_roles_settle(true, 4, 5);
}

static void two_that_are_controlled_agree(void)
{
    check_that_roles_settle(false, 5, 4);
    check_that_roles_settle(false, 4, 5);
}

// Case S16, I9: equal tie-breakers do not make a storm of 487s.
static void equal_tie_breakers_end_too(void)
{
    check_that_roles_settle(true, 7, 7);
    CHECK(world.sent_count < 100);
    check_that_roles_settle(false, 7, 7);
    CHECK(world.sent_count < 100);
}

// ---- Restarts (RFC 8445 §9).

static void a_restart_finds_a_path_while_the_old_one_works(void)
{
    char ufrag[ICE_LOCAL_UFRAG_LEN + 1];

    connect(1);
    memcpy(ufrag, ice_local_ufrag(&world.agents[0].ice), sizeof ufrag);
    size_t selected_count = world.agents[0].selected_count;
    ice_restart(&world.agents[0].ice);
    CHECK(strcmp(ufrag, ice_local_ufrag(&world.agents[0].ice)) != 0);
    CHECK(ice_world_both_selected(&world));

    // Signaling takes its time: the old path is kept by both, with the old credentials.
    world.agents[0].is_quiet = true;
    ice_world_run(&world, world.now + YODEL_SECONDS(60), NULL);
    CHECK(ice_world_both_selected(&world));
    CHECK_EQ(ice_state(&world.agents[0].ice), ICE_CONNECTED);
    CHECK_EQ(ice_state(&world.agents[1].ice), ICE_COMPLETED);
    CHECK_EQ(world.agents[0].candidate_count, 2); // Told anew.
    CHECK_TEXT(world.agents[0].candidates[1].ufrag, ice_local_ufrag(&world.agents[0].ice));

    ice_restart(&world.agents[1].ice);
    ice_world_signal(&world);
    ice_add_remote(&world.agents[1].ice, &world.agents[0].candidates[1]);
    ice_world_run(&world, world.now + YODEL_SECONDS(5), NULL);
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(world.agents[0].selected_count, selected_count + 1);
    ice_world_run(&world, world.now + YODEL_SECONDS(60), NULL);
    CHECK(ice_world_both_nominated(&world));
}

static void a_restart_moves_to_another_address(void)
{
    connect(2);
    ice_world_add_local(&world, 0, "192.0.2.99:5001");
    struct yodel_addr gone = ice_world_addr("192.0.2.1:5000");
    ice_remove_local(&world.agents[0].ice, &gone);
    for (size_t i = 0; i < 2; i++) {
        ice_restart(&world.agents[i].ice);
    }
    ice_world_signal(&world);
    ice_world_run(&world, world.now + YODEL_SECONDS(2), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(world.agents[1].selected.remote.ip[3], 99);
}

static bool drop_nominations(struct ice_world *w, size_t from, struct bytes datagram)
{
    struct stun_msg msg;

    (void)from;
    CHECK_EQ(stun_msg_parse(&msg, datagram), YODEL_OK);
    return !stun_msg_find(&msg, STUN_USE_CANDIDATE) || w->agents[0].ice.selected.is_previous == 0;
}

static void nothing_changes_until_the_new_path_is_nominated(void)
{
    connect(7);
    for (size_t i = 0; i < 2; i++) {
        ice_restart(&world.agents[i].ice);
    }
    ice_world_signal(&world);
    world.tap = drop_nominations;
    ice_world_run(&world, world.now + YODEL_SECONDS(3), NULL);
    for (size_t i = 0; i < 2; i++) {
        CHECK(world.agents[i].ice.selected.is_previous);
        CHECK_EQ(world.agents[i].ice.pairs[0].state, ICE_PAIR_SUCCEEDED);
    }
    world.tap = NULL;
    ice_world_run(&world, world.now + YODEL_SECONDS(3), NULL);
    CHECK(ice_world_both_nominated(&world));
}

static void a_restart_asks_the_servers_again(void)
{
    ice_world_init(&world, 8);
    world.server = ice_world_addr("198.51.100.1:3478");
    ice_add_server(&world.agents[0].ice, &world.server);
    ice_world_add_nat(&world, "192.0.2.1:5000", "203.0.113.1:5000");
    add_locals();
    ice_world_run(&world, YODEL_SECONDS(5), NULL);
    CHECK_EQ(world.agents[0].candidate_count, 2);
    CHECK_EQ(world.agents[0].gathering, ICE_GATHERING_COMPLETE);
    world.nats[0].outside = ice_world_addr("203.0.113.2:5000");
    ice_restart(&world.agents[0].ice);
    CHECK_EQ(ice_gathering(&world.agents[0].ice), ICE_GATHERING_GATHERING);
    ice_world_run(&world, YODEL_SECONDS(10), NULL);
    CHECK_EQ(world.agents[0].candidate_count, 4);
    CHECK_EQ(world.agents[0].candidates[3].addr.ip[3], 2);
    CHECK_EQ(world.agents[0].gathering, ICE_GATHERING_COMPLETE);
}

static void what_failed_is_restarted(void)
{
    connect(3);
    world.is_down[0] = world.is_down[1] = true;
    ice_world_run(&world, world.now + YODEL_SECONDS(60), NULL);
    CHECK_EQ(ice_state(&world.agents[0].ice), ICE_FAILED);
    world.is_down[0] = world.is_down[1] = false;
    for (size_t i = 0; i < 2; i++) {
        ice_restart(&world.agents[i].ice);
    }
    ice_world_signal(&world);
    ice_world_run(&world, world.now + YODEL_SECONDS(5), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
}

static void a_peer_that_alone_changes_its_credentials_is_followed(void)
{
    connect(4);
    ice_restart(&world.agents[1].ice);
    CHECK_EQ(ice_set_remote_credentials(&world.agents[0].ice, ice_local_ufrag(&world.agents[1].ice),
                 ice_local_pwd(&world.agents[1].ice)),
        YODEL_OK);
    CHECK_EQ(ice_set_remote_credentials(&world.agents[1].ice, ice_local_ufrag(&world.agents[0].ice),
                 ice_local_pwd(&world.agents[0].ice)),
        YODEL_OK);
    struct ice_candidate known = world.agents[0].candidates[0];
    ice_add_remote(&world.agents[1].ice, &known);
    ice_world_run(&world, world.now + YODEL_SECONDS(40), NULL);
    CHECK(ice_world_both_nominated(&world));
}

static void the_same_credentials_again_change_nothing(void)
{
    connect(5);
    size_t selected_count = world.agents[0].selected_count;
    ice_world_signal(&world);
    ice_world_run(&world, world.now + YODEL_SECONDS(10), NULL);
    CHECK_EQ(world.agents[0].selected_count, selected_count);
    CHECK(ice_world_both_nominated(&world));
}

// Case I11: a check of before the restart is answered where it came from all the time, and
// neither reveals nor nominates anything.
static void checks_of_before_the_restart_have_no_effect(void)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct yodel_path path;

    connect(6);
    struct ice *ice = &world.agents[1].ice;
    struct ice_local_credentials old = ice->local;
    ice_restart(ice);
    while (ice_emit(ice, span_of(room, sizeof room), &path, world.now) > 0) {
    }
    for (uint16_t port = 5000; port < 5002; port++) {
        struct ice_check check = {.remote_ufrag = bytes_of_text(old.ufrag),
            .local_ufrag = bytes_of_text("abcd"),
            .priority = 7,
            .is_controlling = true,
            .use_candidate = true};
        struct writer w = writer_of(span_of(room, sizeof room));
        ice_message_put(&w, &check, bytes_of_text(old.pwd));
        path = (struct yodel_path){
            .local = ice_world_addr("192.0.2.2:6000"), .remote = ice_world_addr("192.0.2.1:5000")};
        path.remote.port = port;
        ice_recv(ice, &path, writer_bytes(&w), world.now);
        CHECK_EQ(ice->pair_end, 0);
        size_t len = ice_emit(ice, span_of(room, sizeof room), &path, world.now);
        CHECK_EQ(len > 0, port == 5000);
    }
    CHECK_EQ(ice_stats(ice)->drops[ICE_DROP_USERNAME], 1);
}

static void credentials_that_no_peer_may_have_are_refused(void)
{
    static const char *const rows[][2] = {
        {"abc", "abcdefghijklmnopqrstuv"},
        {"abcd", "abcdefghijklmnopqrstu"},
        {"ab d", "abcdefghijklmnopqrstuv"},
        {"ab:d", "abcdefghijklmnopqrstuv"},
        {"", ""},
    };

    ice_world_init(&world, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(ice_set_remote_credentials(&world.agents[0].ice, rows[i][0], rows[i][1]),
            YODEL_ERR_SYNTAX);
    }
    CHECK(!world.agents[0].ice.has_remote);
    // Not by RFC 8839 §5.4, but there are stacks that use them.
    CHECK_EQ(ice_set_remote_credentials(&world.agents[0].ice, "a-_=#+/", "-_=#+/abcdefghijklmnop"),
        YODEL_OK);
}

TEST_MAIN(TEST(two_that_control_agree), TEST(two_that_are_controlled_agree),
    TEST(equal_tie_breakers_end_too), TEST(a_restart_finds_a_path_while_the_old_one_works),
    TEST(a_restart_moves_to_another_address), TEST(nothing_changes_until_the_new_path_is_nominated),
    TEST(a_restart_asks_the_servers_again), TEST(what_failed_is_restarted),
    TEST(a_peer_that_alone_changes_its_credentials_is_followed),
    TEST(the_same_credentials_again_change_nothing),
    TEST(checks_of_before_the_restart_have_no_effect),
    TEST(credentials_that_no_peer_may_have_are_refused))
