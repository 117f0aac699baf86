// DTLS: two engines in memory, from the first ClientHello to close_notify.

#include "dtls/dtls.h"

#include <stdio.h>

#include "check.h"
#include "dtls_pair.h"
#include "virtual_clock.h"

static void two_engines_connect_and_talk_both_ways(void)
{
    struct pair pair;

    pair_connect(&pair, 1);
    CHECK_EQ(pair.sent, 4); // Two datagrams each way, and nothing left over.
    CHECK(pair_send(&pair, PAIR_CLIENT, bytes_of_text("from the client")));
    CHECK(pair_send(&pair, PAIR_SERVER, bytes_of_text("from the server")));
    CHECK_EQ(dtls_next_timeout(&pair.side[PAIR_CLIENT].dtls), YODEL_NEVER);
    CHECK_EQ(dtls_next_timeout(&pair.side[PAIR_SERVER].dtls), YODEL_NEVER);
    pair_close(&pair);
}

static void one_seed_gives_the_same_bytes(void)
{
    uint8_t first[DTLS_MTU], second[DTLS_MTU];
    struct pair pair;

    pair_open(&pair, 7);
    pair_start(&pair);
    size_t first_len =
        dtls_emit(&pair.side[PAIR_CLIENT].dtls, span_of(first, sizeof first), pair.now);
    pair_close(&pair);
    pair_open(&pair, 7);
    pair_start(&pair);
    size_t second_len =
        dtls_emit(&pair.side[PAIR_CLIENT].dtls, span_of(second, sizeof second), pair.now);
    pair_close(&pair);
    CHECK_BYTES(bytes_of(first, first_len), bytes_of(second, second_len));
}

static void another_certificate_than_promised_fails_on_either_side(void)
{
    for (int liar = 0; liar < 2; liar++) {
        struct pair pair;

        pair_open(&pair, 2);
        pair.side[liar].fingerprint.value[31] ^= 1; // What signaling says of it is wrong.
        pair_start(&pair);
        pair_run(&pair, YODEL_SECONDS(60));
        CHECK_EQ(pair.side[!liar].failure, DTLS_FAILURE_FINGERPRINT);
        CHECK(!pair.side[!liar].is_connected);
        CHECK(!pair.side[liar].is_connected);
        pair_close(&pair);
    }
}

static void several_records_in_one_datagram_are_several_events(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct pair pair;
    size_t len = 0;

    pair_connect(&pair, 3);
    for (int i = 0; i < DTLS_RECORDS_MAX + 1; i++) {
        uint8_t message = (uint8_t)i;
        len += pair_seal(
            &pair, PAIR_CLIENT, bytes_of(&message, 1), span_of(room + len, sizeof room - len));
    }
    struct dtls *server = &pair.side[PAIR_SERVER].dtls;
    dtls_recv(server, span_of(room, len), 0);
    struct dtls_event event;
    for (int i = 0; i < DTLS_RECORDS_MAX; i++) {
        CHECK(dtls_next_event(server, &event));
        CHECK_EQ(event.type, DTLS_EVENT_DATA);
        CHECK_EQ(event.data.len, 1);
        CHECK_EQ(event.data.ptr[0], i);
        CHECK(event.data.ptr >= room && event.data.ptr < room + len); // In place.
    }
    CHECK(!dtls_next_event(server, &event));
    CHECK_EQ(server->stats.drop[DTLS_DROP_LIMIT], 1);
    pair_close(&pair);
}

static void sealing_is_in_place_and_has_named_limits(void)
{
    static uint8_t room[DTLS_DATA_MAX + DTLS_SEAL_OVERHEAD + 1];
    struct pair pair;

    pair_open(&pair, 4);
    CHECK_EQ(dtls_seal(&pair.side[0].dtls, span_of(room, sizeof room), 1), 0); // Not connected.
    pair_start(&pair);
    pair_exchange(&pair);
    struct dtls *client = &pair.side[PAIR_CLIENT].dtls;
    CHECK_EQ(dtls_seal(client, span_of(room, 100 + DTLS_SEAL_OVERHEAD - 1), 100), 0);
    CHECK_EQ(dtls_seal(client, span_of(room, 100 + DTLS_SEAL_OVERHEAD), 0), 0);
    size_t len = dtls_seal(client, span_of(room, 100 + DTLS_SEAL_OVERHEAD), 100);
    CHECK_EQ(len, 100 + DTLS_SEAL_OVERHEAD);
    CHECK_EQ(room[0], DTLS_RECORD_DATA);
    CHECK_EQ(dtls_seal(client, span_of(room, sizeof room), DTLS_DATA_MAX + 1), 0);
    CHECK(dtls_seal(client, span_of(room, sizeof room), DTLS_DATA_MAX) > 0);
    pair_close(&pair);
}

static void closing_tells_the_peer_once(void)
{
    struct pair pair;

    pair_connect(&pair, 5);
    dtls_close(&pair.side[PAIR_CLIENT].dtls);
    pair_exchange(&pair);
    CHECK(pair.side[PAIR_SERVER].is_closed);
    CHECK(!pair.side[PAIR_CLIENT].is_closed); // It asked for it.
    CHECK(!pair_send(&pair, PAIR_SERVER, bytes_of_text("too late")));
    CHECK(!pair_send(&pair, PAIR_CLIENT, bytes_of_text("too late")));
    pair_close(&pair);
}

static void starting_needs_fingerprints_and_happens_once(void)
{
    struct dtls_fingerprint many[DTLS_FINGERPRINTS_MAX + 1] = {0};
    struct pair pair;

    pair_open(&pair, 6);
    struct dtls *dtls = &pair.side[PAIR_CLIENT].dtls;
    CHECK_EQ(dtls_start(dtls, DTLS_CLIENT, many, 0, 0), YODEL_ERR_RANGE);
    CHECK_EQ(dtls_start(dtls, DTLS_CLIENT, many, COUNT(many), 0), YODEL_ERR_RANGE);
    CHECK_EQ(dtls_start(dtls, DTLS_CLIENT, many, 1, 0), YODEL_OK);
    CHECK_EQ(dtls_start(dtls, DTLS_CLIENT, many, 1, 0), YODEL_ERR_INVALID_STATE);
    pair_close(&pair);
}

static void silence_ends_after_patience(void)
{
    struct pair pair;

    pair_open(&pair, 8);
    pair_start(&pair);
    pair.filter = pair_lose;
    pair.lost = UINT64_MAX;
    pair_run(&pair, YODEL_SECONDS(60));
    CHECK_EQ(pair.side[PAIR_CLIENT].failure, DTLS_FAILURE_TIMEOUT);
    CHECK(pair.now >= YODEL_SECONDS(25) && pair.now <= DTLS_PATIENCE);
    CHECK_EQ(dtls_next_timeout(&pair.side[PAIR_CLIENT].dtls), YODEL_NEVER);
    pair_close(&pair);
}

static void a_lost_hello_comes_again_after_100_ms_then_200(void)
{
    struct pair pair;

    pair_open(&pair, 9);
    pair_start(&pair);
    pair.filter = pair_lose;
    pair.lost = 3;
    pair_run(&pair, YODEL_SECONDS(60));
    CHECK(pair_is_connected(&pair));
    CHECK_EQ(pair.side[PAIR_CLIENT].dtls.stats.retransmissions, 2);
    // libssl takes a timer for due when less than 15 ms are left.
    CHECK(pair.now >= YODEL_MS(270) && pair.now <= YODEL_MS(300));
    pair_close(&pair);
}

// The handshake has four datagrams without loss; the masks also lose what replaces the lost.
static void every_loss_among_the_first_twelve_datagrams_heals(void)
{
    uint64_t failed = 0;
    yodel_time slowest = 0;
    struct pair pair;

    pair_open(&pair, 10);
    pair.filter = pair_lose;
    for (uint64_t mask = 0; mask < 4096; mask++) {
        pair_reopen(&pair, mask);
        pair_start(&pair);
        pair.lost = mask;
        pair_run(&pair, YODEL_SECONDS(60));
        bool is_whole = pair_is_connected(&pair) &&
                        pair_send(&pair, PAIR_CLIENT, bytes_of_text("ping")) &&
                        pair_send(&pair, PAIR_SERVER, bytes_of_text("pong"));
        if (!is_whole) {
            fprintf(stderr, "loss mask %03x fails\n", (unsigned)mask);
            failed++;
        }
        slowest = pair.now > slowest ? pair.now : slowest;
    }
    pair_close(&pair);
    CHECK_EQ(failed, 0);
    CHECK(slowest < YODEL_SECONDS(25));
}

TEST_MAIN(TEST(two_engines_connect_and_talk_both_ways), TEST(one_seed_gives_the_same_bytes),
    TEST(another_certificate_than_promised_fails_on_either_side),
    TEST(several_records_in_one_datagram_are_several_events),
    TEST(sealing_is_in_place_and_has_named_limits), TEST(closing_tells_the_peer_once),
    TEST(starting_needs_fingerprints_and_happens_once), TEST(silence_ends_after_patience),
    TEST(a_lost_hello_comes_again_after_100_ms_then_200),
    TEST(every_loss_among_the_first_twelve_datagrams_heals))
