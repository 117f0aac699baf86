// SCTP against a model: random messages over a random network, and every promise checked on what
// comes out.

#include <stdio.h>

#include "check.h"
#include "sctp/pair.h"
#include "sctp/sctp.h"

#define STREAMS 8
#define MESSAGES_MAX 400 // On a stream in one direction.
#define SEEDS 40
#define MESSAGE_MAX 40000
#define FAULTS_END YODEL_SECONDS(30)

enum promise { ORDERED, UNORDERED, PARTIAL_ORDERED, PARTIAL_UNORDERED };

static const enum promise promises[STREAMS] = {ORDERED, ORDERED, ORDERED, UNORDERED, UNORDERED,
    PARTIAL_ORDERED, PARTIAL_UNORDERED, PARTIAL_ORDERED};

static struct pair pair;
static uint64_t seed;

// What was sent towards a peer and what arrived there.
static struct side {
    uint32_t sent[STREAMS];
    uint32_t next[STREAMS];
    bool has[STREAMS][MESSAGES_MAX];
    uint32_t len[STREAMS][MESSAGES_MAX];
    uint32_t delivered;
    bool is_connected;
} sides[2];

static uint8_t pattern(uint32_t stream, uint32_t number, size_t i)
{
    return (uint8_t)(stream * 101 + number * 7 + i * 31 + (i >> 8));
}

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, #condition);              \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

static void on_message(struct side *side, const struct sctp_event *event)
{
    uint32_t number = event->ppid;

    HOLDS(event->stream < STREAMS && number < side->sent[event->stream]);
    HOLDS(!side->has[event->stream][number]); // Never twice.
    HOLDS(event->data.len == side->len[event->stream][number]);
    for (size_t i = 0; i < event->data.len; i++) {
        HOLDS(event->data.ptr[i] == pattern(event->stream, number, i));
    }
    if (promises[event->stream] == ORDERED) {
        HOLDS(number == side->next[event->stream]);
    }
    if (promises[event->stream] == PARTIAL_ORDERED) {
        HOLDS(number >= side->next[event->stream]);
    }
    side->next[event->stream] = number + 1;
    side->has[event->stream][number] = true;
    side->delivered++;
}

static void send_some(int from)
{
    static uint8_t data[MESSAGE_MAX];
    struct side *to = &sides[!from];
    uint16_t stream = (uint16_t)(pair_random(&pair) % STREAMS);
    uint32_t number = to->sent[stream];
    bool is_large = pair_random(&pair) % 8 == 0;
    size_t len = 1 + pair_random(&pair) % (is_large ? MESSAGE_MAX : 1500);
    struct sctp_send_options options = {
        .unordered = promises[stream] == UNORDERED || promises[stream] == PARTIAL_UNORDERED,
        .has_max_retransmits = stream == 5,
        .max_retransmits = pair_random(&pair) % 3,
        .has_max_lifetime = stream == 6 || stream == 7,
        .max_lifetime = YODEL_MS(pair_random(&pair) % 300)};

    if (number == MESSAGES_MAX) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        data[i] = pattern(stream, number, i);
    }
    if (sctp_send(&pair.peers[from], stream, number, bytes_of(data, len), &options) == YODEL_OK) {
        to->len[stream][number] = (uint32_t)len;
        to->sent[stream]++;
    }
}

static void play(struct pair *network, int peer)
{
    struct sctp_event event;

    // An application that looks away for a while: its window closes.
    if (pair_random(network) % 4 != 0 || network->now > FAULTS_END) {
        while (sctp_next_event(&network->peers[peer], &event)) {
            HOLDS(event.type != SCTP_EVENT_FAILED && event.type != SCTP_EVENT_CLOSED);
            sides[peer].is_connected |= event.type == SCTP_EVENT_CONNECTED;
            if (event.type == SCTP_EVENT_MESSAGE) {
                on_message(&sides[peer], &event);
            }
        }
    }
    if (network->now < FAULTS_END && pair_random(network) % 3 == 0) {
        send_some(peer);
    }
}

static void begin(void)
{
    struct sctp_config config = {.max_message_size = MESSAGE_MAX, .receive_window = 1};

    memset(sides, 0, sizeof sides);
    config.mtu = 512 + seed % 4 * 200;
    config.receive_window = seed % 3 == 0 ? 1 : (size_t)1 << 20;
    pair_init(&pair, seed, &config);
    pair.loss = pair_random(&pair) % 250;
    pair.duplicates = pair_random(&pair) % 200;
    pair.flips = pair_random(&pair) % 50;
    pair.delay = YODEL_MS(pair_random(&pair) % 150);
    pair.jitter = YODEL_MS(pair_random(&pair) % 100);
    sctp_start(&pair.peers[0]);
    if (seed % 2) {
        sctp_start(&pair.peers[1]);
    }
}

static void everything_promised_has_arrived(void)
{
    for (int i = 0; i < 2; i++) {
        const struct sctp *sctp = &pair.peers[i];

        HOLDS(sides[i].is_connected);
        for (uint32_t stream = 0; stream < STREAMS; stream++) {
            if (promises[stream] == ORDERED || promises[stream] == UNORDERED) {
                for (uint32_t k = 0; k < sides[i].sent[stream]; k++) {
                    HOLDS(sides[i].has[stream][k]);
                }
            }
        }
        // And nothing is left behind.
        HOLDS(sctp_tx_is_empty(&sctp->tx));
        HOLDS(sctp->tx.waiting == 0 && sctp->tx.flight == 0 && sctp->tx.lost_count == 0);
        HOLDS(sctp->tx.abandoned_count == 0);
        HOLDS(sctp->rx.assembly.held == 0 && sctp->rx.assembly.piece_count == 0);
        HOLDS(sctp->rx.run_count == 0);
    }
}

static void any_network_keeps_every_promise(void)
{
    for (seed = 1; seed <= SEEDS; seed++) {
        begin();
        while (pair.now < FAULTS_END && pair_turn(&pair, play)) {
        }
        pair.loss = pair.duplicates = pair.flips = 0;
        pair.jitter = 0;
        while (pair.now < 5 * FAULTS_END && pair_turn(&pair, play)) {
        }
        everything_promised_has_arrived();
        pair_deinit(&pair);
        HOLDS(pair.alloc.blocks == 0);
    }
}

TEST_MAIN(TEST(any_network_keeps_every_promise))
