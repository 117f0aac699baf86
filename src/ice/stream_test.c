// The agent over TCP: who opens streams to whom, when, and what becomes of them.

#include <stdio.h>

#include "check.h"
#include "ice/message.h"
#include "ice/world.h"
#include "stun/auth.h"

static struct ice_world world;
static struct ice *const ours = &world.agents[0].ice;
static struct ice *const theirs = &world.agents[1].ice;

static void prepare(uint64_t seed)
{
    ice_world_init(&world, seed);
    ours->config.has_tcp = true;
    theirs->config.has_tcp = true;
}

static void end_locals(void)
{
    ice_end_local(ours);
    ice_end_local(theirs);
}

#define BOTH 3u // As a mask of sides; and each is 1 << side.

// Both have an address, and those of the mask listen there.
static void add_locals(unsigned listening)
{
    static const char *const udp[] = {"192.0.2.1:5000", "192.0.2.2:6000"};
    static const char *const tcp[] = {"192.0.2.1:5001", "192.0.2.2:6001"};

    for (size_t i = 0; i < 2; i++) {
        ice_world_add_local(&world, i, udp[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        if (listening >> i & 1) {
            ice_world_listen(&world, i, tcp[i]);
        }
    }
    end_locals();
    ice_world_signal(&world);
}

static void start(uint64_t seed, size_t listener)
{
    prepare(seed);
    add_locals(1u << listener);
}

static void run_for(yodel_duration time)
{
    ice_world_run(&world, world.now + time, NULL);
}

static void connect_over_tcp(uint64_t seed, size_t listener)
{
    start(seed, listener);
    world.is_udp_lost = true;
    ice_world_run(&world, world.now + YODEL_SECONDS(5), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
}

static void a_pair_without_udp_connects_whoever_listens_and_whoever_controls(void)
{
    for (size_t listener = 0; listener < 2; listener++) {
        struct yodel_path a, b;

        connect_over_tcp(1 + listener, listener);
        CHECK(world.now <= YODEL_SECONDS(3)); // It began at one, and waits a second for UDP.
        CHECK(ice_selected(ours, &a) && ice_selected(theirs, &b));
        CHECK_EQ(a.transport, YODEL_TCP);
        CHECK_EQ(b.transport, YODEL_TCP);
        CHECK(addr_same_ip(&a.local, &b.remote) && addr_same_ip(&a.remote, &b.local));
        const struct yodel_path *opener = listener == 1 ? &a : &b;
        CHECK_EQ(opener->local.port, ICE_ACTIVE_PORT);
        CHECK_EQ(world.stream_count, 1);
    }
}

static void the_candidates_say_who_connects_and_come_after_those_of_udp(void)
{
    start(1, 0);
    run_for(YODEL_MS(1));
    CHECK_EQ(world.agents[0].candidate_count, 3);
    const struct ice_candidate *udp = &world.agents[0].candidates[0];
    const struct ice_candidate *active = &world.agents[0].candidates[1];
    const struct ice_candidate *passive = &world.agents[0].candidates[2];
    CHECK_EQ(active->transport, YODEL_TCP);
    CHECK_EQ(active->tcp_type, ICE_TCP_ACTIVE);
    CHECK_EQ(active->addr.port, 9);
    CHECK_EQ(passive->tcp_type, ICE_TCP_PASSIVE);
    CHECK_EQ(passive->addr.port, 5001);
    CHECK(udp->priority > active->priority && active->priority > passive->priority);
    CHECK(passive->priority > ice_candidate_priority(ICE_RELAY, UINT16_MAX, 1));
    CHECK(active->priority < ice_candidate_priority(ICE_SRFLX, 0, 1));
    CHECK(strcmp(udp->foundation, active->foundation) != 0);
    CHECK(strcmp(active->foundation, passive->foundation) != 0);
    CHECK_EQ(world.agents[1].candidate_count, 2);
}

static void where_udp_works_no_stream_is_opened(void)
{
    start(1, 1);
    run_for(YODEL_SECONDS(40));
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(world.agents[0].selected.transport, YODEL_UDP);
    CHECK_EQ(world.stream_count, 0);
    CHECK_EQ(ice_state(ours), ICE_COMPLETED); // And no pair waits for ever.
}

static void udp_that_comes_late_takes_over_from_tcp(void)
{
    start(1, 1);
    world.is_udp_lost = true;
    run_for(YODEL_MS(600)); // Before TCP's patience is over.
    CHECK_EQ(world.agents[0].selected.transport, YODEL_TCP);
    world.is_udp_lost = false;
    run_for(YODEL_SECONDS(3));
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(world.agents[0].selected.transport, YODEL_UDP);
    CHECK_EQ(world.agents[1].selected.transport, YODEL_UDP);
}

static size_t count_open(const struct ice *ice)
{
    size_t open = 0;

    for (size_t i = 0; i < ICE_STREAMS_MAX; i++) {
        open += ice->streams[i].state == ICE_STREAM_OPEN;
    }
    return open;
}

// RFC 8445 §8.3: it is kept for a while, in case.
static void a_stream_beside_the_chosen_one_is_closed_in_time(void)
{
    for (size_t listener = 0; listener < 2; listener++) {
        start(1, listener);
        world.is_udp_lost = true;
        run_for(YODEL_MS(600));
        world.is_udp_lost = false;
        run_for(YODEL_SECONDS(20));
        CHECK_EQ(world.agents[0].selected.transport, YODEL_UDP);
        CHECK_EQ(count_open(ours), 1);
        CHECK_EQ(count_open(theirs), 1);
        run_for(ICE_STREAM_SPARE);
        CHECK_EQ(count_open(ours), 0);
        CHECK_EQ(count_open(theirs), 0);
        CHECK_EQ(world.closed_count, 1);
        CHECK(ice_world_both_nominated(&world));
    }
}

static uint64_t priority_of(const struct ice *ice, enum ice_tcp_type type)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        const struct ice_pair *pair = &ice->pairs[i];
        if (pair->is_used && ice->locals[pair->local].tcp_type == type) {
            return pair->priority;
        }
    }
    return 0;
}

// Otherwise each would prefer the stream that it opened itself.
static void a_stream_has_one_priority_at_both_ends(void)
{
    prepare(1);
    add_locals(BOTH);
    world.is_udp_lost = true;
    run_for(YODEL_SECONDS(3));
    CHECK(priority_of(ours, ICE_TCP_ACTIVE) != 0 && priority_of(theirs, ICE_TCP_ACTIVE) != 0);
    CHECK(priority_of(ours, ICE_TCP_ACTIVE) == priority_of(theirs, ICE_TCP_PASSIVE));
    CHECK(priority_of(ours, ICE_TCP_PASSIVE) == priority_of(theirs, ICE_TCP_ACTIVE));
    CHECK(priority_of(ours, ICE_TCP_ACTIVE) != priority_of(ours, ICE_TCP_PASSIVE));
}

// Each listens: of the two streams that leave the chosen one stays, and where that fails another is opened.
static void of_two_streams_the_chosen_one_stays(void)
{
    prepare(1);
    add_locals(BOTH);
    world.is_udp_lost = true;
    run_for(YODEL_SECONDS(20));
    CHECK_EQ(count_open(ours), 2);
    run_for(ICE_STREAM_SPARE);
    CHECK_EQ(count_open(ours), 1);
    CHECK_EQ(count_open(theirs), 1);
    CHECK(ice_world_both_nominated(&world));
    ice_world_cut(&world);
    ice_world_run(&world, world.now + YODEL_SECONDS(3), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
}

static void a_refused_connection_fails_its_pair_and_in_time_the_agent(void)
{
    start(1, 1);
    world.is_udp_lost = true;
    world.is_tcp_refused = true;
    run_for(YODEL_MS(500));
    CHECK_EQ(world.stream_count, 1);
    CHECK_EQ(ice_state(ours), ICE_CHECKING);
    run_for(YODEL_SECONDS(40));
    CHECK_EQ(ice_state(ours), ICE_FAILED);
    CHECK_EQ(ice_state(theirs), ICE_FAILED);
}

static void a_stream_that_ends_is_opened_again(void)
{
    for (size_t listener = 0; listener < 2; listener++) {
        connect_over_tcp(3 + listener, listener);
        ice_world_cut(&world);
        CHECK(!ice_world_both_selected(&world));
        CHECK_EQ(ice_state(ours), ICE_CHECKING);
        ice_world_run(&world, world.now + YODEL_SECONDS(3), ice_world_both_nominated);
        CHECK(ice_world_both_nominated(&world));
        CHECK_EQ(world.stream_count, 2);
    }
}

static void a_path_over_udp_that_goes_black_is_left_for_tcp(void)
{
    start(1, 1);
    run_for(YODEL_SECONDS(6));
    CHECK_EQ(world.agents[0].selected.transport, YODEL_UDP);
    world.is_udp_lost = true;
    for (int i = 0; i < 250; i++) {
        ice_sent(ours, world.now); // Both send, as a transfer does.
        ice_sent(theirs, world.now);
        run_for(YODEL_MS(20));
    }
    CHECK_EQ(world.agents[0].selected.transport, YODEL_TCP);
    CHECK_EQ(world.agents[1].selected.transport, YODEL_TCP);
}

static void consent_is_asked_for_over_tcp_and_its_end_ends_the_stream(void)
{
    connect_over_tcp(1, 1);
    run_for(YODEL_SECONDS(60));
    CHECK(ice_world_both_selected(&world));
    CHECK(ice_stats(ours)->consent_requests_sent >= 8);
    // The peer's program stands still, its system goes on acknowledging.
    world.agents[1].ice.is_closed = true;
    run_for(YODEL_SECONDS(40));
    CHECK_EQ(ice_state(ours), ICE_FAILED);
    CHECK_EQ(world.closed_count, 1);
}

static void restart(void)
{
    ice_restart(ours);
    ice_restart(theirs);
    ice_world_signal(&world);
}

static void a_restart_keeps_the_stream_that_it_finds(void)
{
    connect_over_tcp(1, 1);
    restart();
    run_for(YODEL_MS(1));
    CHECK(ice_world_both_selected(&world)); // What worked works on.
    ice_world_run(&world, world.now + YODEL_SECONDS(3), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(world.agents[0].selected.transport, YODEL_TCP);
    CHECK_EQ(world.stream_count, 1);
    run_for(YODEL_SECONDS(60));
    CHECK(ice_world_both_selected(&world));
}

static void an_interface_that_goes_takes_its_candidates_of_tcp_along(void)
{
    struct yodel_addr udp = ice_world_addr("192.0.2.1:5000");
    struct yodel_addr tcp = ice_world_addr("192.0.2.1:5001");

    connect_over_tcp(1, 1);
    ice_remove_local(ours, &udp);
    run_for(YODEL_MS(100));
    CHECK(!ours->selected.is_used);
    CHECK_EQ(world.closed_count, 1);
    ice_world_add_local(&world, 0, "192.0.2.3:5000");
    ice_world_listen(&world, 0, "192.0.2.3:5001");
    ice_world_run(&world, world.now + YODEL_SECONDS(5), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));

    start(2, 0);
    world.is_udp_lost = true;
    ice_world_run(&world, world.now + YODEL_SECONDS(5), ice_world_both_nominated);
    ice_remove_local(ours, &tcp);
    run_for(YODEL_MS(1));
    CHECK_EQ(world.closed_count, 1);
}

static void where_relays_alone_may_be_used_tcp_is_neither_told_nor_used(void)
{
    prepare(1);
    ours->config.is_relay_only = true;
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_listen(&world, 0, "192.0.2.1:5001");
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    ice_world_listen(&world, 1, "192.0.2.2:6001");
    end_locals();
    ice_world_signal(&world);
    run_for(YODEL_SECONDS(10));
    CHECK_EQ(world.agents[0].candidate_count, 0);
    CHECK_EQ(world.stream_count, 0);
}

static void whoever_does_without_tcp_says_nothing_of_it(void)
{
    prepare(1);
    ours->config.has_tcp = false;
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_listen(&world, 0, "192.0.2.1:5001");
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    ice_world_listen(&world, 1, "192.0.2.2:6001");
    world.is_udp_lost = true;
    end_locals();
    ice_world_signal(&world);
    run_for(YODEL_SECONDS(10));
    CHECK_EQ(world.agents[0].candidate_count, 1);
    CHECK_EQ(world.stream_count, 0);
}

static void candidates_over_tcp_are_few(void)
{
    prepare(1);
    for (int i = 0; i < 12; i++) {
        struct yodel_addr addr = addr_v4(192, 0, 2, (uint8_t)(1 + i), 5000);
        ice_add_local(ours, &addr, (uint16_t)(UINT16_MAX - i));
        ice_add_local_tcp(ours, &addr);
    }
    run_for(YODEL_MS(1));
    CHECK_EQ(world.agents[0].candidate_count, 12 + 2 * ICE_LOCALS_TCP_MAX);
}

// ---- what peers may try

static size_t count_events(enum ice_event_type type)
{
    struct ice_event event;
    size_t count = 0;

    while (ice_next_event(ours, &event)) {
        count += event.type == type;
    }
    return count;
}

static void drain(void)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct yodel_path path;

    while (ice_emit(ours, span_of(room, sizeof room), &path, world.now) > 0) {
    }
}

static void start_alone(void)
{
    prepare(1);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_listen(&world, 0, "192.0.2.1:5001");
    CHECK_EQ(ice_set_remote_credentials(ours, "peer", "abcdefghijklmnopqrstuv"), YODEL_OK);
    drain();
    (void)count_events(ICE_EVENT_CONNECT);
}

static void add_candidate(const char *text)
{
    struct ice_candidate candidate;

    CHECK_EQ(ice_candidate_parse(&candidate, bytes_of_text(text)), YODEL_OK);
    ice_add_remote(ours, &candidate);
}

// I6, I7: what connects by itself, what nobody uses, ourselves, and services that are no peers.
static void candidates_of_no_use_are_never_connected_to(void)
{
    static const char *const rows[] = {
        "candidate:1 1 tcp 1 192.0.2.2 9 typ host tcptype active",
        "candidate:1 1 tcp 1 192.0.2.2 5000 typ host tcptype active",
        "candidate:1 1 tcp 1 192.0.2.2 5000 typ host tcptype so",
        "candidate:1 1 tcp 1 192.0.2.1 5001 typ host tcptype passive",
        "candidate:1 1 tcp 1 192.0.2.2 25 typ host tcptype passive",
        "candidate:1 1 tcp 1 192.0.2.2 1023 typ host tcptype passive",
        "candidate:1 1 tcp 1 127.0.0.1 5000 typ host tcptype passive",
        "candidate:1 1 tcp 1 255.255.255.255 5000 typ host tcptype passive",
        "candidate:1 1 tcp 1 0.0.0.0 5000 typ host tcptype passive",
        "candidate:1 2 tcp 1 192.0.2.2 5000 typ host tcptype passive",
    };

    start_alone();
    for (size_t i = 0; i < COUNT(rows); i++) {
        add_candidate(rows[i]);
        drain();
        CHECK_EQ(ours->pair_end, 0);
        CHECK_EQ(count_events(ICE_EVENT_CONNECT), 0);
    }
    add_candidate("candidate:1 1 tcp 1 192.0.2.2 443 typ host tcptype passive");
    drain();
    CHECK_EQ(count_events(ICE_EVENT_CONNECT), 1);
}

// I3: whoever names many is not connected to many.
static void a_hundred_candidates_are_four_connections_at_once(void)
{
    start_alone();
    for (int i = 0; i < 100; i++) {
        char text[128];
        (void)snprintf(text, sizeof text,
            "candidate:%d 1 tcp 1 198.51.100.%d 5000 typ host tcptype passive", i, i);
        add_candidate(text);
    }
    for (int i = 0; i < 100; i++) {
        world.now += YODEL_MS(50);
        drain();
    }
    CHECK_EQ(count_events(ICE_EVENT_CONNECT), ICE_STREAMS_OPENING_MAX);
}

static struct yodel_path path_from(uint16_t port)
{
    return (struct yodel_path){.local = ice_world_addr("192.0.2.1:5001"),
        .remote = addr_v4(203, 0, 113, 1, port),
        .transport = YODEL_TCP};
}

static void recv_check(const struct yodel_path *path, const char *pwd, const char *ufrag)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct ice_check check = {.remote_ufrag = bytes_of_text(ufrag),
        .local_ufrag = bytes_of_text("peer"),
        .priority = 1000,
        .tie_breaker = 1};

    ice_message_put(&w, &check, bytes_of_text(pwd));
    ice_recv(ours, path, writer_bytes(&w), world.now);
}

static void a_stream_that_brings_no_authentic_check_is_closed(void)
{
    struct yodel_path path = path_from(1);
    static const uint8_t garbage[] = {0, 1, 2, 3};

    start_alone();
    recv_check(&path, "abcdefghijklmnopqrstuv", ice_local_ufrag(ours)); // Of the peer, not ours.
    CHECK_EQ(count_events(ICE_EVENT_DISCONNECT), 1);
    recv_check(&path, ice_local_pwd(ours), "who?");
    CHECK_EQ(count_events(ICE_EVENT_DISCONNECT), 1);
    ice_recv(ours, &path, bytes_of(garbage, sizeof garbage), world.now);
    CHECK_EQ(count_events(ICE_EVENT_DISCONNECT), 1);
    CHECK(!ice_is_valid(ours, &path)); // DTLS before a check goes nowhere.
    recv_check(&path, ice_local_pwd(ours), ice_local_ufrag(ours));
    CHECK_EQ(count_events(ICE_EVENT_DISCONNECT), 0);
    CHECK(ice_is_valid(ours, &path));
    recv_check(&path, "abcdefghijklmnopqrstuv", ice_local_ufrag(ours)); // By then a counter.
    CHECK_EQ(count_events(ICE_EVENT_DISCONNECT), 0);
}

static void a_stream_to_an_agent_that_has_ended_is_closed(void)
{
    struct yodel_path path = path_from(1);

    start_alone();
    ice_close(ours);
    recv_check(&path, ice_local_pwd(ours), ice_local_ufrag(ours));
    CHECK_EQ(count_events(ICE_EVENT_DISCONNECT), 1);
    CHECK(!ice_is_valid(ours, &path));
}

// The server that we relay through may send us a Binding request: its stream is not the peer's.
static void a_stream_to_a_turn_server_is_not_judged(void)
{
    struct yodel_path path = {.local = ice_world_addr("192.0.2.1:5000"),
        .remote = ice_world_addr("198.51.100.9:3478"),
        .transport = YODEL_TCP};

    start_alone();
    path.local.port = 0;
    recv_check(&path, ice_local_pwd(ours), ice_local_ufrag(ours));
    recv_check(&path, "abcdefghijklmnopqrstuv", ice_local_ufrag(ours));
    CHECK_EQ(count_events(ICE_EVENT_DISCONNECT), 0);
    CHECK(!ice_is_valid(ours, &path));
}

static void a_peer_that_opens_a_hundred_streams_keeps_sixteen(void)
{
    start_alone();
    for (uint16_t i = 0; i < 100; i++) {
        struct yodel_path path = path_from((uint16_t)(1000 + i));
        recv_check(&path, ice_local_pwd(ours), ice_local_ufrag(ours));
        drain();
    }
    CHECK(ours->pair_end <= ICE_PRFLX_MAX + 1);
    world.now += ICE_STREAM_GRACE;
    ice_tick(ours, world.now);
    size_t open = 0;
    for (size_t i = 0; i < ICE_STREAMS_MAX; i++) {
        open += ours->streams[i].state == ICE_STREAM_OPEN;
    }
    CHECK(open <= ICE_PRFLX_MAX);
    CHECK(ours->stats.drops[ICE_DROP_LIMIT] > 0);
}

// I9: a conflict is answered along the stream, which stays for the next attempt.
static void a_stream_outlives_a_role_conflict(void)
{
    struct yodel_path path = path_from(1000);
    uint8_t room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct ice_check check = {.remote_ufrag = bytes_of_text(ice_local_ufrag(ours)),
        .local_ufrag = bytes_of_text("peer"),
        .priority = 1000,
        .has_role = true,
        .is_controlling = true};
    struct yodel_path to;

    start_alone();
    check.remote_ufrag = bytes_of_text(ice_local_ufrag(ours));
    ice_message_put(&w, &check, bytes_of_text(ice_local_pwd(ours)));
    ice_recv(ours, &path, writer_bytes(&w), world.now);
    CHECK(ice_emit(ours, span_of(room, sizeof room), &to, world.now) > 0);
    CHECK(path_equal(&to, &path));
    CHECK_EQ(room[0] << 8 | room[1], STUN_BINDING | STUN_ERROR);
    CHECK_EQ(count_events(ICE_EVENT_DISCONNECT), 0);
    world.now += ICE_STREAM_GRACE; // But not for ever.
    ice_tick(ours, world.now);
    CHECK_EQ(count_events(ICE_EVENT_DISCONNECT), 1);
}

TEST_MAIN(TEST(a_pair_without_udp_connects_whoever_listens_and_whoever_controls),
    TEST(the_candidates_say_who_connects_and_come_after_those_of_udp),
    TEST(where_udp_works_no_stream_is_opened), TEST(udp_that_comes_late_takes_over_from_tcp),
    TEST(a_stream_beside_the_chosen_one_is_closed_in_time),
    TEST(a_stream_has_one_priority_at_both_ends), TEST(of_two_streams_the_chosen_one_stays),
    TEST(a_refused_connection_fails_its_pair_and_in_time_the_agent),
    TEST(a_stream_that_ends_is_opened_again), TEST(a_path_over_udp_that_goes_black_is_left_for_tcp),
    TEST(consent_is_asked_for_over_tcp_and_its_end_ends_the_stream),
    TEST(a_restart_keeps_the_stream_that_it_finds),
    TEST(an_interface_that_goes_takes_its_candidates_of_tcp_along),
    TEST(where_relays_alone_may_be_used_tcp_is_neither_told_nor_used),
    TEST(whoever_does_without_tcp_says_nothing_of_it), TEST(candidates_over_tcp_are_few),
    TEST(candidates_of_no_use_are_never_connected_to),
    TEST(a_hundred_candidates_are_four_connections_at_once),
    TEST(a_stream_that_brings_no_authentic_check_is_closed),
    TEST(a_stream_to_an_agent_that_has_ended_is_closed),
    TEST(a_stream_to_a_turn_server_is_not_judged),
    TEST(a_peer_that_opens_a_hundred_streams_keeps_sixteen),
    TEST(a_stream_outlives_a_role_conflict))
