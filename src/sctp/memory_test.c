// SCTP without memory: every allocation fails once, and nothing that was accepted is lost for it,
// nor any memory.

#include <stdio.h>

#include "check.h"
#include "sctp/pair.h"

#define ALLOCATIONS_MAX 10000

static struct pair pair;
static size_t messages;
static size_t resets;
static size_t resets_done;
static size_t connected;

static void listen(struct pair *network, int peer)
{
    struct sctp_event event;

    while (sctp_next_event(&network->peers[peer], &event)) {
        messages += event.type == SCTP_EVENT_MESSAGE && event.stream != 9;
        connected += event.type == SCTP_EVENT_CONNECTED;
        resets += event.type == SCTP_EVENT_STREAM_RESET_INCOMING;
        resets_done += event.type == SCTP_EVENT_STREAM_RESET_DONE;
    }
}

static void run_for(yodel_duration wait)
{
    pair_run_for(&pair, wait, listen);
}

// A refusal for lack of memory changed nothing: the second try succeeds.
static void send_stubbornly(int from, uint16_t stream, size_t len)
{
    static const uint8_t bytes[60000];
    struct sctp_send_options options = {
        .unordered = stream == 2, .has_max_retransmits = stream == 9, .max_retransmits = 0};

    enum yodel_err err = sctp_send(&pair.peers[from], stream, 1, bytes_of(bytes, len), &options);
    if (err == YODEL_ERR_NO_MEMORY) {
        err = sctp_send(&pair.peers[from], stream, 1, bytes_of(bytes, len), &options);
    }
    CHECK_EQ(err, YODEL_OK);
}

static bool live_a_life(size_t fail_at)
{
    messages = resets = resets_done = connected = 0;
    pair_init(&pair, 5, &(struct sctp_config){0});
    pair.alloc.fail_at = fail_at;
    sctp_start(&pair.peers[0]);
    run_for(YODEL_SECONDS(5));
    CHECK_EQ(connected, 2);
    pair.loss = 100;
    for (uint16_t i = 0; i < 12; i++) {
        send_stubbornly(i % 2, (uint16_t)(i % 3), 30000);
        send_stubbornly(i % 2, 9, 5000);
        send_stubbornly(i % 2, 300, 10);
    }
    for (uint16_t i = 0; i < 3; i++) {
        if (sctp_reset_stream(&pair.peers[0], i) != YODEL_OK) {
            CHECK_EQ(sctp_reset_stream(&pair.peers[0], i), YODEL_OK);
        }
    }
    run_for(YODEL_SECONDS(30));
    pair.loss = 0;
    run_for(YODEL_SECONDS(30));
    CHECK_EQ(messages, 24);
    CHECK(resets >= 3);
    CHECK_EQ(resets_done, 3);
    CHECK(sctp_tx_is_empty(&pair.peers[0].tx) && sctp_tx_is_empty(&pair.peers[1].tx));
    CHECK_EQ(pair.peers[0].rx.assembly.held + pair.peers[1].rx.assembly.held, 0);
    pair_deinit(&pair);
    CHECK_EQ(pair.alloc.blocks, 0);
    return pair.alloc.has_failed;
}

static void every_allocation_may_fail_once(void)
{
    size_t fail_at = 1;

    while (live_a_life(fail_at)) {
        fail_at++;
        CHECK(fail_at < ALLOCATIONS_MAX);
    }
    CHECK(fail_at > 50); // The measure of it: that many were tried.
}

TEST_MAIN(TEST(every_allocation_may_fail_once))
