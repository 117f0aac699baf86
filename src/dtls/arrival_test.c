// DTLS on a network that is honest and untidy: fragments, other orders, copies, changed bits, data
// ahead of its time.

#include <openssl/ssl.h>
#include <stdio.h>

#include "check.h"
#include "dtls/identity_native.h"
#include "dtls_pair.h"
#include "virtual_clock.h"

#define FLIGHT_MAX 8

// Records, each a datagram of its own.
struct flight {
    size_t count;
    size_t lens[FLIGHT_MAX];
    uint8_t records[FLIGHT_MAX][PAIR_DATAGRAM_MAX];
};

static bool talks(struct pair *pair)
{
    return pair_is_connected(pair) && pair_send(pair, PAIR_CLIENT, bytes_of_text("ping")) &&
           pair_send(pair, PAIR_SERVER, bytes_of_text("pong"));
}

static size_t emit(struct pair *pair, int from, uint8_t room[PAIR_DATAGRAM_MAX])
{
    return dtls_emit(&pair->side[from].dtls, span_of(room, PAIR_DATAGRAM_MAX), pair->now);
}

// All that a side has to send, one record a datagram.
static void take_flight(struct pair *pair, int from, struct flight *flight)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    size_t len;

    flight->count = 0;
    while ((len = emit(pair, from, room)) > 0) {
        struct span left = span_of(room, len);

        while (left.len > 0) {
            struct dtls_record record;

            CHECK_EQ(dtls_record_parse(&record, left), YODEL_OK);
            CHECK(flight->count < FLIGHT_MAX);
            memcpy(flight->records[flight->count], record.whole.ptr, record.whole.len);
            flight->lens[flight->count++] = record.whole.len;
            left = span_sub(left, record.whole.len, left.len);
        }
    }
}

// Delivers the flight in the order number `order` of count! many.
static void deliver_in_order(struct pair *pair, int to, const struct flight *flight, size_t order)
{
    size_t left[FLIGHT_MAX];

    for (size_t i = 0; i < flight->count; i++) {
        left[i] = i;
    }
    for (size_t count = flight->count; count > 0; count--) {
        uint8_t copy[PAIR_DATAGRAM_MAX];
        size_t pick = order % count, index = left[pick];

        order /= count;
        memmove(left + pick, left + pick + 1, (count - pick - 1) * sizeof *left);
        memcpy(copy, flight->records[index], flight->lens[index]);
        pair_deliver(pair, to, span_of(copy, flight->lens[index]));
    }
}

// Whichever way round a flight of five records arrives, nothing needs to be sent again but
// Finished, and that heals.
static void every_order_of_a_flights_records_connects(void)
{
    static struct flight flight;
    struct pair pair;

    pair_open(&pair, 1);
    for (size_t order = 0; order < 240; order++) {
        pair_reopen(&pair, 1);
        pair_start(&pair);
        take_flight(&pair, PAIR_CLIENT, &flight);
        deliver_in_order(&pair, PAIR_SERVER, &flight, 0);
        take_flight(&pair, PAIR_SERVER, &flight);
        CHECK_EQ(flight.count, 5); // ServerHello, Certificate, key exchange, request, done.
        deliver_in_order(&pair, PAIR_CLIENT, &flight, order < 120 ? order : 0);
        take_flight(&pair, PAIR_CLIENT, &flight);
        CHECK_EQ(flight.count, 5); // Certificate, key exchange, verify, change, Finished.
        deliver_in_order(&pair, PAIR_SERVER, &flight, order < 120 ? 0 : order - 120);
        pair_run(&pair, YODEL_SECONDS(10));
        CHECK(talks(&pair));
        CHECK(pair.now <= YODEL_MS(100));
        CHECK(order < 120 || pair.side[PAIR_SERVER].received_count == 1);
    }
    pair_close(&pair);
}

// A hello as long as a browser's, by an extension that the server does not know.
static void offer_much(struct pair *pair)
{
    uint8_t protocols[1400];

    for (size_t i = 0; i < sizeof protocols; i++) {
        protocols[i] = i % 140 == 0 ? 139 : 'x';
    }
    SSL_CTX *context = dtls_identity_context(pair->side[PAIR_CLIENT].identity);
    CHECK_EQ(SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols), 0);
}

static void a_hello_in_two_fragments_connects_in_either_order(void)
{
    for (int swapped = 0; swapped < 2; swapped++) {
        uint8_t first[PAIR_DATAGRAM_MAX], second[PAIR_DATAGRAM_MAX];
        struct pair pair;

        pair_open(&pair, 2);
        offer_much(&pair);
        pair_start(&pair);
        size_t first_len = emit(&pair, PAIR_CLIENT, first);
        size_t second_len = emit(&pair, PAIR_CLIENT, second);
        CHECK(first_len > 1000 && first_len <= DTLS_MTU && second_len > 100);
        if (swapped) {
            pair_deliver(&pair, PAIR_SERVER, span_of(second, second_len));
            pair_deliver(&pair, PAIR_SERVER, span_of(first, first_len));
        } else {
            pair_deliver(&pair, PAIR_SERVER, span_of(first, first_len));
            CHECK_EQ(emit(&pair, PAIR_SERVER, first), 0);
            pair_deliver(&pair, PAIR_SERVER, span_of(second, second_len));
        }
        pair_run(&pair, YODEL_SECONDS(10));
        CHECK(talks(&pair));
        CHECK_EQ(pair.now, 0);
        pair_close(&pair);
    }
}

static void each_fragment_of_a_hello_may_be_lost(void)
{
    for (uint64_t lost = 1; lost < 16; lost++) {
        struct pair pair;

        pair_open(&pair, 3);
        offer_much(&pair);
        pair_start(&pair);
        pair.filter = pair_lose;
        pair.lost = lost;
        pair_run(&pair, YODEL_SECONDS(10));
        CHECK(talks(&pair));
        CHECK(pair.now <= YODEL_MS(300));
        pair_close(&pair);
    }
}

// Somebody else's second half makes another hello of it. It may end this handshake, as RFC 6347 has
// no remedy, but no more.
static void a_fragment_with_other_content_does_no_harm(void)
{
    uint8_t first[PAIR_DATAGRAM_MAX], second[PAIR_DATAGRAM_MAX], forged[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_open(&pair, 4);
    offer_much(&pair);
    for (size_t at = DTLS_RECORD_HEADER_SIZE + 1; at < 300; at++) {
        pair_reopen(&pair, 4);
        pair_start(&pair);
        size_t first_len = emit(&pair, PAIR_CLIENT, first);
        size_t second_len = emit(&pair, PAIR_CLIENT, second);
        memcpy(forged, second, second_len);
        forged[at % second_len] ^= 0x15;
        pair_deliver(&pair, PAIR_SERVER, span_of(forged, second_len));
        pair_deliver(&pair, PAIR_SERVER, span_of(first, first_len));
        pair_deliver(&pair, PAIR_SERVER, span_of(second, second_len));
        pair_run(&pair, YODEL_SECONDS(60));
        CHECK(pair_is_connected(&pair) || pair.side[0].failure || pair.side[1].failure);
    }
    pair_close(&pair);
}

static bool deliver_three_times(struct pair *pair, int from, uint32_t index, struct span *datagram)
{
    (void)index;
    for (int i = 0; i < 2; i++) {
        uint8_t copy[PAIR_DATAGRAM_MAX];

        memcpy(copy, datagram->ptr, datagram->len);
        pair_deliver(pair, !from, span_of(copy, datagram->len));
    }
    return true;
}

static void copies_change_nothing(void)
{
    struct pair pair;

    pair_open(&pair, 5);
    pair_start(&pair);
    pair.filter = deliver_three_times;
    pair_run(&pair, YODEL_SECONDS(10));
    CHECK(talks(&pair));
    CHECK_EQ(pair.now, 0);
    pair_close(&pair);
}

// The server is done when its last flight is lost. It answers the client's repeated Finished all
// the same.
static void a_finished_side_answers_a_repeated_finished(void)
{
    struct pair pair;

    pair_open(&pair, 6);
    pair_start(&pair);
    pair.filter = pair_lose;
    pair.lost = 1u << 3;
    pair_exchange(&pair);
    CHECK(pair.side[PAIR_SERVER].is_connected && !pair.side[PAIR_CLIENT].is_connected);
    pair_run(&pair, YODEL_SECONDS(10));
    CHECK(talks(&pair));
    CHECK(pair.now <= YODEL_MS(100));
    pair_close(&pair);
}

static void data_that_overtakes_the_handshake_waits_for_it(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_open(&pair, 7);
    pair_start(&pair);
    pair.filter = pair_lose;
    pair.lost = 1u << 3;
    pair_exchange(&pair);
    for (uint8_t i = 0; i < DTLS_EARLY_COUNT + 1; i++) {
        size_t len = pair_seal(&pair, PAIR_SERVER, bytes_of(&i, 1), span_of(room, sizeof room));
        pair_deliver(&pair, PAIR_CLIENT, span_of(room, len));
    }
    struct dtls *client = &pair.side[PAIR_CLIENT].dtls;
    CHECK_EQ(pair.side[PAIR_CLIENT].received_count, 0);
    CHECK_EQ(client->stats.drop[DTLS_DROP_LIMIT], 1);
    // The client asks again, and the server's Finished comes after all.
    virtual_clock_set(pair.now = YODEL_MS(100));
    dtls_tick(client, pair.now);
    size_t len;
    while ((len = emit(&pair, PAIR_CLIENT, room)) > 0) {
        pair_deliver(&pair, PAIR_SERVER, span_of(room, len));
    }
    while ((len = emit(&pair, PAIR_SERVER, room)) > 0) {
        dtls_recv(client, span_of(room, len), pair.now);
    }
    struct dtls_event event;
    CHECK(dtls_next_event(client, &event));
    CHECK_EQ(event.type, DTLS_EVENT_CONNECTED);
    for (uint8_t i = 0; i < DTLS_EARLY_COUNT; i++) {
        CHECK(dtls_next_event(client, &event));
        CHECK_EQ(event.type, DTLS_EVENT_DATA);
        CHECK_BYTES(bytes_of_span(event.data), bytes_of(&i, 1));
    }
    CHECK(!dtls_next_event(client, &event));
    pair.side[PAIR_CLIENT].is_connected = true;
    CHECK(talks(&pair));
    CHECK(!client->early); // It has served.
    pair_close(&pair);
}

struct flip {
    uint32_t index;
    size_t from_end;
};

static bool flip_once(struct pair *pair, int from, uint32_t index, struct span *datagram)
{
    const struct flip *flip = pair->ctx;

    (void)from;
    if (index == flip->index && flip->from_end < datagram->len) {
        datagram->ptr[datagram->len - 1 - flip->from_end] ^= 4;
    }
    return true;
}

static void a_finished_with_a_changed_byte_is_asked_for_again(void)
{
    struct pair pair;

    pair_open(&pair, 8);
    pair.filter = flip_once;
    for (struct flip flip = {2, 0}; flip.index < 4; flip.from_end++) {
        pair.ctx = &flip;
        pair_reopen(&pair, 8);
        pair_start(&pair);
        pair_run(&pair, YODEL_SECONDS(60));
        CHECK(talks(&pair));
        CHECK(pair.now > 0);
        if (flip.from_end == 47) { // All of the sealed Finished; then the server's.
            flip.index++;
            flip.from_end = SIZE_MAX;
        }
    }
    pair_close(&pair);
}

TEST_MAIN(TEST(every_order_of_a_flights_records_connects),
    TEST(a_hello_in_two_fragments_connects_in_either_order),
    TEST(each_fragment_of_a_hello_may_be_lost), TEST(a_fragment_with_other_content_does_no_harm),
    TEST(copies_change_nothing), TEST(a_finished_side_answers_a_repeated_finished),
    TEST(data_that_overtakes_the_handshake_waits_for_it),
    TEST(a_finished_with_a_changed_byte_is_asked_for_again))
