// RFC 6544: streams from side to side, where UDP does not get through.

#include "base/addr.h"
#include "check.h"
#include "ice/message.h"
#include "place.h"
#include "sim.h"

#define SEEDS 10
#define MESSAGE_MAX 4000
#define FALL_BACK YODEL_SECONDS(5)
#define RESUMED YODEL_SECONDS(2)
#define ACTIVE_PORT 9 // RFC 6544 §4.5: of who opens streams.
#define BOTH 3        // As a mask of sides; and each is 1 << side.

// The sides in some order, one or both of them.
static unsigned draw_sides(uint64_t seed)
{
    return 1 + (unsigned)(seed % 3);
}

static void listen_at(struct sim *sim, unsigned sides)
{
    sim->sides[0].interfaces[0].is_listening = sides & 1;
    sim->sides[1].interfaces[0].is_listening = sides >> 1 & 1;
}

static void block_udp(struct sim *sim, unsigned sides)
{
    for (int i = 0; i < 2; i++) {
        int link = sim->sides[i].interfaces[0].link;
        sim->network.links[link].is_udp_blocked = sides >> i & 1;
    }
}

static bool is_over(const struct sim *sim, enum yodel_transport transport)
{
    return sim->sides[0].data_out.transport == transport &&
           sim->sides[1].data_out.transport == transport && sim_is_agreed(sim);
}

static void connect_public(struct sim *sim, uint64_t seed, unsigned listening, uint32_t count)
{
    sim_init(sim, seed);
    listen_at(sim, listening);
    block_udp(sim, BOTH);
    sim_exchange(sim, count, MESSAGE_MAX);
    SIM_CHECK(sim, sim_run(sim, sim_is_connected, sim->now + FALL_BACK));
}

static void where_no_udp_gets_through_whoever_listens_is_connected_to(void)
{
    for (uint64_t seed = 0; seed < 9 * SEEDS; seed++) {
        unsigned blocked = draw_sides(seed), listening = draw_sides(seed / 3);
        struct sim sim;

        sim_init(&sim, seed);
        listen_at(&sim, listening);
        block_udp(&sim, blocked);
        sim.network.quality = (struct network_quality){.delay = YODEL_MS(10 + seed),
            .jitter = seed % 2 ? YODEL_MS(20) : 0,
            .loss = seed % 4 ? 0 : 0.02,
            .duplication = seed % 5 ? 0 : 0.05};
        sim_exchange(&sim, 20, MESSAGE_MAX);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, sim.now + FALL_BACK));
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(20)));
        sim_wait(&sim, YODEL_SECONDS(10)); // Of two streams one has been chosen by then.
        sim.flows[0].count += 5;
        sim.flows[1].count += 5;
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(20)));
        SIM_CHECK(&sim, is_over(&sim, YODEL_TCP));
        SIM_CHECK(&sim, sim.sides[0].stranger_bytes + sim.sides[1].stranger_bytes == 0);
        sim_deinit(&sim);
    }
}

// Behind a NAT nobody is called, who calls from there gets through.
static void who_cannot_be_called_calls(void)
{
    for (int side = 0; side < 2; side++) {
        enum place places[] = {PLACE_PUBLIC, PLACE_PUBLIC};
        struct sim sim;

        places[side] = PLACE_BLOCKED;
        place_init(&sim, (uint64_t)side, places);
        listen_at(&sim, BOTH);
        sim_exchange(&sim, 20, MESSAGE_MAX);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, sim.now + FALL_BACK));
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(10)));
        SIM_CHECK(&sim, sim.sides[side].data_out.local.port == ACTIVE_PORT);
        SIM_CHECK(&sim, is_over(&sim, YODEL_TCP));
        sim_deinit(&sim);
    }
}

// Without simultaneous opens there is no way between the two, but through a relay.
static void two_that_cannot_be_called_fail_or_take_a_relay(void)
{
    for (int has_relay = 0; has_relay < 2; has_relay++) {
        const enum place places[] = {PLACE_BLOCKED, PLACE_BLOCKED};
        struct sim sim;

        (has_relay ? place_init_relayed : place_init)(&sim, 1, places);
        listen_at(&sim, BOTH);
        sim_exchange(&sim, 20, MESSAGE_MAX);
        bool is_delivered = sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(60));
        SIM_CHECK(&sim, is_delivered == has_relay);
        for (int i = 0; i < 2 && !has_relay; i++) {
            SIM_CHECK(&sim, sim.sides[i].connection == YODEL_CONNECTION_FAILED);
            SIM_CHECK(&sim, yodel_peer_error_text(sim.sides[i].peer)[0] != '\0');
            SIM_CHECK(&sim, sim.sides[i].last_data_at == 0);
        }
        sim_deinit(&sim);
    }
}

// Even where much is lost, and a stream may be the first to work.
static void where_both_work_udp_is_preferred(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim sim;

        sim_init(&sim, seed);
        listen_at(&sim, BOTH);
        sim.network.quality = (struct network_quality){
            .delay = YODEL_MS(40), .jitter = YODEL_MS(20), .loss = seed % 2 ? 0.1 : 0};
        sim_exchange(&sim, 100, MESSAGE_MAX);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(60)));
        sim.flows[0].count += 20;
        sim.flows[1].count += 20;
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(60)));
        SIM_CHECK(&sim, is_over(&sim, YODEL_UDP));
        SIM_CHECK(&sim, seed % 2 || sim.streams.tcp.opened == 0);
        sim_deinit(&sim);
    }
}

static void check_resumes(struct sim *sim, yodel_duration patience)
{
    sim_wait(sim, YODEL_MS(100)); // What was on its way.
    sim_check_resumes(sim, patience);
}

static void connect_transfer(
    struct sim *sim, uint64_t seed, unsigned listening, yodel_duration wait)
{
    connect_public(sim, seed, listening, 4000);
    sim->network.quality.rate_bps = 1000000;
    sim_wait(sim, wait);
}

static void a_stream_that_is_reset_is_opened_again(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim sim;

        connect_transfer(&sim, seed, draw_sides(seed), YODEL_SECONDS(seed % 2 ? 3 : 40));
        stream_cut_sides(&sim);
        check_resumes(&sim, RESUMED);
        SIM_CHECK(&sim, is_over(&sim, YODEL_TCP));
        sim_deinit(&sim);
    }
}

static void a_stream_that_is_reset_gives_way_to_udp_that_works_by_then(void)
{
    struct sim sim;

    connect_transfer(&sim, 1, 1, YODEL_SECONDS(40)); // UDP was given up long ago.
    block_udp(&sim, 0);
    sim_wait(&sim, YODEL_SECONDS(1));
    SIM_CHECK(&sim, is_over(&sim, YODEL_TCP));
    stream_cut_sides(&sim);
    check_resumes(&sim, RESUMED);
    SIM_CHECK(&sim, is_over(&sim, YODEL_UDP));
    sim_deinit(&sim);
}

// Nobody listens any more: it fails, and a restart finds who listens again.
static void a_stream_that_cannot_be_opened_again_needs_a_restart(void)
{
    struct sim sim;

    connect_transfer(&sim, 1, 2, YODEL_SECONDS(3));
    listen_at(&sim, 0);
    stream_cut_sides(&sim);
    sim_wait(&sim, YODEL_SECONDS(60));
    SIM_CHECK(&sim, sim.sides[0].connection == YODEL_CONNECTION_FAILED);
    listen_at(&sim, 2);
    sim.is_offering = true;
    yodel_peer_restart_ice(sim.sides[0].peer);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, sim.now + FALL_BACK));
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(200)));
    SIM_CHECK(&sim, is_over(&sim, YODEL_TCP));
    sim_deinit(&sim);
}

static void connect_late_udp(struct sim *sim, uint64_t seed, yodel_duration at)
{
    sim_init(sim, seed);
    listen_at(sim, draw_sides(seed));
    block_udp(sim, BOTH);
    sim->network.quality.rate_bps = 1000000;
    sim_exchange(sim, 4000, MESSAGE_MAX);
    sim_wait(sim, at);
    block_udp(sim, 0);
    sim_wait(sim, YODEL_SECONDS(8));
}

// Within the time in which the choice may change; what comes later is there in case.
static void a_firewall_that_opens_soon_gives_way_to_udp(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim sim;

        connect_late_udp(&sim, seed, YODEL_MS(600 + 50 * seed));
        SIM_CHECK(&sim, sim.streams.tcp.opened > 0);
        SIM_CHECK(&sim, sim_is_connected(&sim) && is_over(&sim, YODEL_UDP));
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(200)));
        sim_deinit(&sim);
    }
}

// F13, F15: a spare stream helps if it is still there, and if it has been closed it is opened anew.
static void when_udp_goes_black_a_stream_takes_over_be_it_open_or_not(void)
{
    for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
        bool is_closed = seed % 2;
        struct sim sim;

        connect_late_udp(&sim, seed, YODEL_MS(700));
        sim_wait(&sim, is_closed ? YODEL_SECONDS(35) : 0);
        SIM_CHECK(&sim, is_over(&sim, YODEL_UDP));
        SIM_CHECK(&sim, (stream_count_sides(&sim) == 0) == is_closed);
        block_udp(&sim, BOTH);
        check_resumes(&sim, RESUMED);
        SIM_CHECK(&sim, is_over(&sim, YODEL_TCP));
        sim_deinit(&sim);
    }
}

static void of_the_streams_that_work_one_stays(void)
{
    struct sim sim;

    connect_public(&sim, 1, BOTH, 20);
    sim_wait(&sim, YODEL_SECONDS(10));
    SIM_CHECK(&sim, stream_count_sides(&sim) == 4);
    sim_wait(&sim, YODEL_SECONDS(30));
    SIM_CHECK(&sim, stream_count_sides(&sim) == 2);
    sim_wait(&sim, YODEL_SECONDS(600));
    SIM_CHECK(&sim, sim_is_connected(&sim) && stream_count_sides(&sim) == 2);
    sim_deinit(&sim);
}

static void a_listener_that_never_answers_is_not_waited_for(void)
{
    for (int side = 0; side < 2; side++) {
        struct sim sim;

        sim_init(&sim, (uint64_t)side);
        sim.sides[side].interfaces[0].is_mute = true;
        listen_at(&sim, BOTH);
        block_udp(&sim, BOTH);
        sim_exchange(&sim, 20, MESSAGE_MAX);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + FALL_BACK));
        SIM_CHECK(&sim, sim.sides[side].data_out.local.port == ACTIVE_PORT);
        sim_deinit(&sim);
    }
}

static void a_listener_alone_that_never_answers_is_a_failure_with_a_reason(void)
{
    struct sim sim;

    sim_init(&sim, 1);
    sim.sides[1].interfaces[0].is_mute = true;
    listen_at(&sim, 2);
    block_udp(&sim, BOTH);
    sim_exchange(&sim, 20, MESSAGE_MAX);
    sim_wait(&sim, YODEL_SECONDS(60));
    for (int i = 0; i < 2; i++) {
        SIM_CHECK(&sim, sim.sides[i].connection == YODEL_CONNECTION_FAILED);
        SIM_CHECK(&sim, yodel_peer_error_text(sim.sides[i].peer)[0] != '\0');
    }
    SIM_CHECK(&sim, sim.streams.tcp.opened > 0 && sim.sides[0].last_data_at == 0);
    sim_deinit(&sim);
}

// ---- strangers

#define STRANGERS 12

enum stranger { SILENT, GARBAGE, HALF, FORGED, KINDS };

struct crowd {
    int links[3];
    struct tcp_socket *sockets[STRANGERS];
    bool has_spoken[STRANGERS];
    uint32_t ended;
};

static void come(struct sim *sim, struct crowd *crowd, size_t i)
{
    int link = crowd->links[i % COUNT(crowd->links)];
    struct yodel_path path = {.local = sim->network.links[link].ip,
        .remote = sim->sides[1].interfaces[0].addr,
        .transport = YODEL_TCP};

    crowd->sockets[i] = tcp_connect(&sim->streams.tcp, link, &path, sim->now);
    SIM_CHECK(sim, crowd->sockets[i]);
    crowd->has_spoken[i] = false;
}

// It knows the name that signaling told, and not the password.
static void put_forged(struct sim *sim, struct writer *w)
{
    uint8_t room[512];
    struct writer message = writer_of(span_of(room, sizeof room));
    const char *current, *previous;

    yodel_peer_local_ufrags(sim->sides[1].peer, &current, &previous);
    struct ice_check check = {.remote_ufrag = bytes_of_text(current),
        .local_ufrag = bytes_of_text("evil"),
        .priority = 1000,
        .tie_breaker = 1};
    ice_message_put(&message, &check, bytes_of_text("abcdefghijklmnopqrstuv"));
    put_u16(w, (uint16_t)message.len);
    put_bytes(w, writer_bytes(&message));
}

static void speak(struct sim *sim, struct crowd *crowd, size_t i)
{
    static const uint8_t garbage[] = "GET / HTTP/1.1\r\n\r\n", half[] = {0, 100, 0, 1, 2};
    uint8_t room[600];
    struct writer w = writer_of(span_of(room, sizeof room));

    switch ((enum stranger)(i % KINDS)) {
    case GARBAGE:
        put_bytes(&w, bytes_of(garbage, sizeof garbage));
        break;
    case HALF:
        put_bytes(&w, bytes_of(half, sizeof half));
        break;
    case FORGED:
        put_forged(sim, &w);
        break;
    case SILENT:
    case KINDS:
        break;
    }
    crowd->has_spoken[i] = true;
    (void)tcp_write(&sim->streams.tcp, crowd->sockets[i], writer_bytes(&w), sim->now);
}

// Who was shown out comes again at once.
static void annoy(struct sim *sim, struct crowd *crowd, bool comes_again)
{
    for (size_t i = 0; i < STRANGERS; i++) {
        struct tcp_socket *socket = crowd->sockets[i];

        if (socket && (socket->state > TCP_OPEN || tcp_is_at_end(socket))) {
            tcp_reset(&sim->streams.tcp, socket, sim->now);
            crowd->sockets[i] = NULL;
            crowd->ended++;
        }
        if (!crowd->sockets[i] && comes_again) {
            come(sim, crowd, i);
        } else if (crowd->sockets[i] && crowd->sockets[i]->state == TCP_OPEN &&
                   !crowd->has_spoken[i]) {
            speak(sim, crowd, i);
        }
    }
    sim_wait(sim, YODEL_MS(50));
}

static void strangers_do_not_push_the_honest_one_out(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct crowd crowd = {0};
        struct sim sim;

        sim_init(&sim, seed);
        for (size_t i = 0; i < COUNT(crowd.links); i++) {
            struct yodel_addr ip = addr_v4(66, 0, 0, (uint8_t)(i + 1), 0);
            crowd.links[i] = network_attach(&sim.network, NETWORK_INTERNET, &ip, NETWORK_STRANGER);
        }
        listen_at(&sim, 2);
        block_udp(&sim, BOTH);
        for (int i = 0; i < 20; i++) {
            annoy(&sim, &crowd, true);
        }
        sim_exchange(&sim, 500, MESSAGE_MAX);
        for (int i = 0; i < 100; i++) {
            annoy(&sim, &crowd, true);
        }
        SIM_CHECK(&sim, sim_is_connected(&sim) && sim.sides[1].connected_at < YODEL_SECONDS(7));
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(20)));
        for (int i = 0; i < 200; i++) {
            annoy(&sim, &crowd, false);
        }
        for (size_t i = 0; i < STRANGERS; i++) {
            SIM_CHECK(&sim, !crowd.sockets[i]);
        }
        SIM_CHECK(&sim, crowd.ended > 3 * STRANGERS);
        SIM_CHECK(&sim, sim.sides[1].stranger_bytes == 0 && stream_count_sides(&sim) == 2);
        sim_deinit(&sim);
    }
}

TEST_MAIN(TEST(where_no_udp_gets_through_whoever_listens_is_connected_to),
    TEST(who_cannot_be_called_calls), TEST(two_that_cannot_be_called_fail_or_take_a_relay),
    TEST(where_both_work_udp_is_preferred), TEST(a_stream_that_is_reset_is_opened_again),
    TEST(a_stream_that_is_reset_gives_way_to_udp_that_works_by_then),
    TEST(a_stream_that_cannot_be_opened_again_needs_a_restart),
    TEST(a_firewall_that_opens_soon_gives_way_to_udp),
    TEST(when_udp_goes_black_a_stream_takes_over_be_it_open_or_not),
    TEST(of_the_streams_that_work_one_stays), TEST(a_listener_that_never_answers_is_not_waited_for),
    TEST(a_listener_alone_that_never_answers_is_a_failure_with_a_reason),
    TEST(strangers_do_not_push_the_honest_one_out))
