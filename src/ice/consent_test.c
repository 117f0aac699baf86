// Consent: silence is noticed, forgiven in time, and in the end believed.

#include "ice/consent.h"

#include "check.h"
#include "ice/world.h"
#include "stun/attr.h"

static struct ice_world world;

static void connect(uint64_t seed)
{
    ice_world_init(&world, seed);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    for (size_t i = 0; i < 2; i++) {
        ice_end_local(&world.agents[i].ice);
    }
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(10), NULL);
    CHECK(ice_world_both_nominated(&world));
}

// Agent 0 has a second address, and uses the first.
static struct ice *connect_with(uint64_t seed, const struct yodel_addr *spare)
{
    struct ice *ice = &world.agents[0].ice;

    ice_world_init(&world, seed);
    ice_add_local(ice, spare, 10);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(10), NULL);
    CHECK_EQ(ice->selected.path.local.ip[3], 1);
    return ice;
}

static enum ice_state state_of(size_t agent)
{
    return ice_state(&world.agents[agent].ice);
}

static yodel_time asked[64];
static size_t asked_count;

static bool note_requests(struct ice_world *w, size_t from, struct bytes datagram)
{
    if (from == 0 && datagram.ptr[0] == 0 && datagram.ptr[1] == 1 && asked_count < 64) {
        asked[asked_count++] = w->now;
    }
    return true;
}

// RFC 7675 §5.1, and security property 6.
static void consent_is_asked_for_every_four_to_six_seconds(void)
{
    yodel_duration least = YODEL_NEVER, most = 0;

    connect(1);
    world.tap = note_requests;
    asked_count = 0;
    ice_world_run(&world, YODEL_SECONDS(250), NULL);
    CHECK(asked_count > 40);
    for (size_t i = 1; i < asked_count; i++) {
        // From the answer, a round trip later.
        yodel_duration period = asked[i] - asked[i - 1] - 2 * world.delay;
        least = period < least ? period : least;
        most = period > most ? period : most;
    }
    CHECK(least >= YODEL_SECONDS(4) && most <= YODEL_SECONDS(6));
    CHECK(most - least > YODEL_SECONDS(1)); // At random.
    CHECK_EQ(state_of(0), ICE_COMPLETED);
}

static void silence_disconnects_and_then_ends_it(void)
{
    connect(2);
    world.is_down[0] = world.is_down[1] = true;
    yodel_time down_at = world.now;
    ice_world_run(&world, down_at + YODEL_SECONDS(4), NULL);
    CHECK_EQ(state_of(0), ICE_COMPLETED);
    ice_world_run(&world, down_at + YODEL_SECONDS(12), NULL);
    CHECK_EQ(state_of(0), ICE_DISCONNECTED);
    CHECK_EQ(state_of(1), ICE_DISCONNECTED);
    CHECK(ice_world_both_selected(&world)); // There is consent still.
    ice_world_run(&world, down_at + YODEL_SECONDS(30), NULL);
    for (size_t i = 0; i < 2; i++) {
        struct yodel_path path;
        CHECK_EQ(state_of(i), ICE_FAILED);
        CHECK(!ice_selected(&world.agents[i].ice, &path));
        CHECK(!ice_is_valid(&world.agents[i].ice, &world.agents[i].selected));
        CHECK_EQ(ice_next_timeout(&world.agents[i].ice), YODEL_NEVER);
    }
    // V7: nothing more goes there, though the network is back.
    world.is_down[0] = world.is_down[1] = false;
    size_t sent = world.sent_count;
    ice_world_run(&world, down_at + YODEL_SECONDS(120), NULL);
    CHECK_EQ(world.sent_count, sent);
}

// F17: up to 29 s of silence are forgiven at once when it ends.
static void what_comes_back_in_time_is_connected_again(void)
{
    static const yodel_duration outages[] = {
        YODEL_SECONDS(1), YODEL_SECONDS(5), YODEL_SECONDS(15), YODEL_SECONDS(23)};

    for (size_t i = 0; i < COUNT(outages); i++) {
        connect(i);
        world.is_down[0] = world.is_down[1] = true;
        ice_world_run(&world, world.now + outages[i], NULL);
        world.is_down[0] = world.is_down[1] = false;
        ice_world_run(&world, world.now + YODEL_SECONDS(1) + YODEL_MS(20), NULL);
        CHECK_EQ(state_of(0), ICE_COMPLETED);
        CHECK_EQ(state_of(1), ICE_COMPLETED);
    }
}

// F16.
static void one_deaf_side_stops_the_other(void)
{
    connect(3);
    world.is_down[1] = true; // What agent 1 sends is lost: agent 0 hears nothing.
    ice_world_run(&world, world.now + YODEL_SECONDS(31), NULL);
    CHECK_EQ(state_of(0), ICE_FAILED);
    // Then agent 0 is silent too, and agent 1 believes it in turn.
    ice_world_run(&world, world.now + YODEL_SECONDS(31), NULL);
    CHECK_EQ(state_of(1), ICE_FAILED);
}

static void a_single_loss_is_no_disconnection(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        connect(seed);
        world.loss_percent = 10;
        ice_world_run(&world, world.now + YODEL_SECONDS(60), NULL);
        CHECK_EQ(state_of(0), ICE_COMPLETED);
        CHECK_EQ(state_of(1), ICE_COMPLETED);
        CHECK(world.agents[0].state_count <= 3);
    }
}

static bool answer_without_integrity(struct ice_world *w, size_t from, struct bytes datagram)
{
    uint8_t room[128];
    struct writer out = writer_of(span_of(room, sizeof room));

    if (from != 0 || datagram.ptr[0] != 0) {
        return false;
    }
    // Case I10: on the path, with the right id and the right source, but without the password.
    stun_msg_put_header(&out, STUN_BINDING | STUN_SUCCESS, datagram.ptr + 8);
    stun_attr_put_xor_addr(&out, STUN_XOR_MAPPED_ADDRESS, &w->agents[0].selected.local);
    struct yodel_path back = {
        .local = w->agents[0].selected.remote, .remote = w->agents[0].selected.local};
    ice_world_inject(w, &back, writer_bytes(&out));
    w->tapped++;
    return false;
}

static void a_forged_answer_is_no_consent(void)
{
    connect(4);
    world.tap = answer_without_integrity;
    ice_world_run(&world, world.now + YODEL_SECONDS(31), NULL);
    CHECK(world.tapped > 5);
    CHECK_EQ(state_of(0), ICE_FAILED);
    CHECK_EQ(ice_stats(&world.agents[0].ice)->drops[ICE_DROP_INTEGRITY], world.tapped);
}

static bool answer_with_error(struct ice_world *w, size_t from, struct bytes datagram)
{
    uint8_t room[256];
    struct writer out = writer_of(span_of(room, sizeof room));
    struct ice_reply reply = {.error = STUN_UNKNOWN_ATTRIBUTE};
    struct yodel_path back = {
        .local = w->agents[0].selected.remote, .remote = w->agents[0].selected.local};

    if (from == 0 && datagram.ptr[0] == 0) {
        memcpy(reply.id, datagram.ptr + 8, STUN_ID_SIZE);
        ice_message_put_reply(&out, &reply, bytes_of_text(ice_local_pwd(&w->agents[1].ice)));
        ice_world_inject(w, &back, writer_bytes(&out));
        w->tapped++;
    }
    return false;
}

static void a_refusal_is_no_consent(void)
{
    connect(8);
    world.tap = answer_with_error;
    ice_world_run(&world, world.now + YODEL_SECONDS(31), NULL);
    CHECK(world.tapped > 5);
    CHECK_EQ(state_of(0), ICE_FAILED);
}

static bool answer_from_elsewhere(struct ice_world *w, size_t from, struct bytes datagram)
{
    uint8_t room[256];
    struct writer out = writer_of(span_of(room, sizeof room));
    struct ice_reply reply = {.path.remote = w->agents[0].selected.local};
    struct yodel_path back = {
        .local = w->agents[0].selected.remote, .remote = w->agents[0].selected.local};

    if (from == 0 && datagram.ptr[0] == 0) {
        back.local.port++;
        memcpy(reply.id, datagram.ptr + 8, STUN_ID_SIZE);
        ice_message_put_reply(&out, &reply, bytes_of_text(ice_local_pwd(&w->agents[1].ice)));
        ice_world_inject(w, &back, writer_bytes(&out));
        w->tapped++;
    }
    return false;
}

static void an_answer_along_another_path_is_no_consent(void)
{
    connect(12);
    world.tap = answer_from_elsewhere;
    ice_world_run(&world, world.now + YODEL_SECONDS(31), NULL);
    CHECK(world.tapped > 5);
    CHECK_EQ(state_of(0), ICE_FAILED);
}

static struct ice_world_flight recorded;

// Records the first answer of agent 1; whatever is sent afterwards meets that answer again.
static bool replay_answer(struct ice_world *w, size_t from, struct bytes datagram)
{
    struct yodel_path back = {
        .local = w->agents[0].selected.remote, .remote = w->agents[0].selected.local};

    if (recorded.len == 0) {
        if (from == 1 && datagram.ptr[0] == 1) {
            recorded.len = datagram.len;
            memcpy(recorded.datagram, datagram.ptr, datagram.len);
        }
        return true;
    }
    ice_world_inject(w, &back, bytes_of(recorded.datagram, recorded.len));
    return false;
}

static void an_answer_counts_once(void)
{
    connect(9);
    recorded.len = 0;
    world.tap = replay_answer;
    ice_world_run(&world, world.now + YODEL_SECONDS(45), NULL);
    CHECK(recorded.len > 0);
    CHECK_EQ(state_of(0), ICE_FAILED);
    CHECK(ice_stats(&world.agents[0].ice)->drops[ICE_DROP_TRANSACTION] > 5);
}

static bool expect_use_candidate(struct ice_world *w, size_t from, struct bytes datagram)
{
    struct stun_msg msg;

    CHECK_EQ(stun_msg_parse(&msg, datagram), YODEL_OK);
    if (msg.type == (STUN_BINDING | STUN_REQUEST)) {
        CHECK_EQ(stun_msg_find(&msg, STUN_USE_CANDIDATE) != NULL, from == 0);
        w->tapped++;
    }
    return true;
}

static void who_controls_nominates_with_each_consent_check(void)
{
    connect(10);
    world.tap = expect_use_candidate;
    ice_world_run(&world, world.now + YODEL_SECONDS(20), NULL);
    CHECK(world.tapped >= 6);
}

static void the_last_interface_gone_is_not_the_end_at_once(void)
{
    connect(11);
    ice_world_run(&world, YODEL_SECONDS(60), NULL);
    struct yodel_addr gone = ice_world_addr("192.0.2.1:5000");
    ice_remove_local(&world.agents[0].ice, &gone);
    ice_world_run(&world, YODEL_SECONDS(61), NULL);
    CHECK_EQ(state_of(0), ICE_CHECKING);
    ice_world_add_local(&world, 0, "192.0.2.8:5000");
    ice_world_run(&world, YODEL_SECONDS(63), NULL);
    CHECK_EQ(state_of(0), ICE_COMPLETED);
    CHECK_EQ(world.agents[1].selected.remote.ip[3], 8); // It went along.
}

static void the_other_path_is_taken_when_the_selected_one_dies(void)
{
    struct yodel_addr spare = ice_world_addr("192.0.2.9:5000");

    (void)connect_with(5, &spare);
    world.black = ice_world_addr("192.0.2.1:5000");
    ice_world_run(&world, YODEL_SECONDS(25), NULL);
    CHECK(addr_equal(&world.agents[0].selected.local, &spare));
    CHECK(addr_equal(&world.agents[1].selected.remote, &spare));
    CHECK_EQ(state_of(0), ICE_CONNECTED);
    CHECK_EQ(state_of(1), ICE_CONNECTED);
}

static void an_interface_that_went_away_is_left_at_once(void)
{
    struct yodel_addr spare = ice_world_addr("192.0.2.9:5000");
    struct yodel_addr gone = ice_world_addr("192.0.2.1:5000");
    struct ice *ice = connect_with(6, &spare);

    ice_remove_local(ice, &gone);
    ice_world_run(&world, YODEL_SECONDS(11), NULL);
    CHECK(addr_equal(&world.agents[0].selected.local, &spare));
    CHECK_EQ(state_of(0), ICE_CONNECTED);
}

// F21, F22: a clock that jumps is believed, and nothing comes in bursts.
static void an_hour_asleep_is_the_end_but_not_a_storm(void)
{
    connect(7);
    size_t sent = world.sent_count;
    world.now += YODEL_SECONDS(3600);
    ice_world_run(&world, world.now + YODEL_SECONDS(1), NULL);
    CHECK_EQ(state_of(0), ICE_FAILED);
    CHECK(world.sent_count - sent <= 2);
}

// Case F15: the path goes black, and another is there.
static void who_sends_and_hears_nothing_soon_tries_another_path(void)
{
    struct yodel_addr spare = ice_world_addr("192.0.2.9:5000");
    struct ice *ice = connect_with(41, &spare);

    world.black = ice->selected.path.local;
    yodel_time black = world.now;
    while (addr_equal(&ice->selected.path.local, &world.black)) {
        CHECK(time_since(world.now, black) < YODEL_MS(1000));
        ice_sent(ice, world.now);
        ice_world_run(&world, world.now + YODEL_MS(20), NULL);
    }
    CHECK(ice_state(ice) != ICE_DISCONNECTED);
}

// A queue may swallow the questions, and another path answer meanwhile: who hears data stays.
static bool drop_answers(struct ice_world *w, size_t from, struct bytes datagram)
{
    return from != 1 || datagram.ptr[0] != 1 || w->tapped++ % 2 == 0;
}

static void who_hears_data_does_not_leave(void)
{
    struct yodel_addr spare = ice_world_addr("192.0.2.9:5000");
    struct ice *ice = connect_with(43, &spare);
    struct yodel_path path = ice->selected.path;
    world.tap = drop_answers;
    for (int i = 0; i < 200; i++) {
        ice_sent(ice, world.now);
        ice_world_run(&world, world.now + YODEL_MS(500), NULL);
        ice_heard(ice, &path, world.now);
    }
    CHECK(world.tapped > 10);
    CHECK(path_equal(&ice->selected.path, &path));
}

// A path that carries data both ways is not asked more often for it.
static void who_is_answered_asks_no_more_than_before(void)
{
    ice_world_init(&world, 42);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_add_local(&world, 1, "192.0.2.3:5000");
    ice_world_signal(&world);
    ice_world_run(&world, world.now + YODEL_SECONDS(8), NULL);
    struct ice *ice = &world.agents[0].ice;
    uint64_t before = ice->stats.consent_requests_sent;
    for (int i = 0; i < 600; i++) { // A minute.
        ice_sent(ice, world.now);
        ice_world_run(&world, world.now + YODEL_MS(100), NULL);
        ice_heard(ice, &ice->selected.path, world.now);
    }
    CHECK(ice->stats.consent_requests_sent - before <= 60 / 4);
}

TEST_MAIN(TEST(who_sends_and_hears_nothing_soon_tries_another_path),
    TEST(who_is_answered_asks_no_more_than_before), TEST(who_hears_data_does_not_leave),
    TEST(consent_is_asked_for_every_four_to_six_seconds),
    TEST(silence_disconnects_and_then_ends_it), TEST(what_comes_back_in_time_is_connected_again),
    TEST(one_deaf_side_stops_the_other), TEST(a_single_loss_is_no_disconnection),
    TEST(a_forged_answer_is_no_consent), TEST(a_refusal_is_no_consent),
    TEST(an_answer_along_another_path_is_no_consent), TEST(an_answer_counts_once),
    TEST(who_controls_nominates_with_each_consent_check),
    TEST(the_last_interface_gone_is_not_the_end_at_once),
    TEST(the_other_path_is_taken_when_the_selected_one_dies),
    TEST(an_interface_that_went_away_is_left_at_once),
    TEST(an_hour_asleep_is_the_end_but_not_a_storm))
