// Every allocation fails once: through making, connecting, talking and closing, nothing crashes,
// nothing leaks, and what a call could not do it says.
//
// A certificate that a peer makes for itself is the system's memory; that is made once here.

#include "check.h"
#include "peer/pair.h"
#include "yodel/transceiver.h"

#define MESSAGES 4

static struct peer_pair pair;
static yodel_certificate *certificate;
static uint32_t pictures_sent, pictures_received;
static bool memory_ends; // At the failure, and not only there.

static bool is_clean(enum yodel_err err)
{
    return err == YODEL_OK || err == YODEL_ERR_NO_MEMORY;
}

static bool make(int side)
{
    struct yodel_peer_config config = {.certificate = certificate};
    enum yodel_err err = peer_new(&pair.side[side].env, &config, &pair.side[side].peer);

    CHECK(is_clean(err));
    return err == YODEL_OK;
}

// Like an application that tries again: one failure must not be the end.
static bool try_negotiate(void)
{
    for (int i = 0; i < 2; i++) {
        struct yodel_description description;
        enum yodel_err err = yodel_peer_set_local_description(pair.side[i].peer, NULL);

        if (err == YODEL_ERR_NO_MEMORY) {
            err = yodel_peer_set_local_description(pair.side[i].peer, NULL);
        }
        CHECK(is_clean(err));
        if (err) {
            return false;
        }
        peer_pair_settle(&pair);
        if (!yodel_peer_local_description(pair.side[i].peer, &description) &&
            !yodel_peer_local_description(pair.side[i].peer, &description)) {
            return false;
        }
        err = yodel_peer_set_remote_description(pair.side[1 - i].peer, &description);
        if (err == YODEL_ERR_NO_MEMORY) {
            err = yodel_peer_set_remote_description(pair.side[1 - i].peer, &description);
        }
        CHECK(is_clean(err));
        if (err) {
            return false;
        }
    }
    return true;
}

static void add_video(int side)
{
    yodel_transceiver *transceiver;

    CHECK(is_clean(yodel_peer_add_track(pair.side[side].peer, YODEL_VIDEO, NULL, &transceiver)));
}

// A key frame, which is sent back as any other is.
static void show(void)
{
    static const uint8_t frame[3000] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 1, 0, 1, 0};
    yodel_transceiver *video = yodel_peer_transceiver(pair.side[0].peer, 0);

    if (video) {
        enum yodel_err err = yodel_transceiver_send_frame(
            video, &(struct yodel_frame){
                       .data = frame, .len = sizeof frame, .codec = YODEL_VP8, .is_key = true});
        CHECK(is_clean(err) || err == YODEL_ERR_INVALID_STATE);
        pictures_sent += err == YODEL_OK;
    }
}

static void on_event(struct peer_pair_side *side, const struct yodel_event *event)
{
    if (event->type == YODEL_EVENT_FRAME && side->index == 1) {
        pictures_received++;
        (void)!yodel_transceiver_send_frame(event->transceiver, event->frame);
    }
}

// Everything that two peers do, as far as memory goes; true where all messages arrived.
static bool live(void)
{
    static const uint8_t data[5000];
    yodel_channel *channel = NULL;
    uint32_t sent = 0;

    if (!make(0) || !make(1)) {
        return false;
    }
    enum yodel_err err = yodel_peer_create_data_channel(pair.side[0].peer, "label", NULL, &channel);
    CHECK(is_clean(err));
    add_video(0);
    add_video(1);
    if (err || !try_negotiate()) {
        return false;
    }
    peer_pair_run(&pair, YODEL_SECONDS(5));
    // The channel may have gone with a connection that could not be made.
    if (!peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_OPEN) ||
        peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_CLOSE)) {
        return false;
    }
    for (int i = 0; i < MESSAGES; i++) {
        err = yodel_channel_send(channel, data, sizeof data);
        CHECK(is_clean(err) || err == YODEL_ERR_INVALID_STATE);
        sent += !err;
        show();
        peer_pair_run(&pair, YODEL_SECONDS(5));
        if (peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_CLOSE)) {
            return false;
        }
    }
    yodel_peer_restart_ice(pair.side[0].peer);
    bool restarted = try_negotiate();
    peer_pair_run(&pair, YODEL_SECONDS(5));
    if (peer_pair_count(&pair.side[1], YODEL_EVENT_DATA_CHANNEL) && !memory_ends) {
        // What was taken for sending is delivered, though a packet of it found no memory at first.
        CHECK_EQ(pair.side[1].message_count, sent);
    }
    yodel_peer_close(pair.side[1].peer);
    peer_pair_settle(&pair);
    return pictures_received == MESSAGES && sent == MESSAGES && restarted &&
           pair.side[1].message_count == MESSAGES;
}

static uint64_t run_with(int side, uint64_t fail_at, bool *is_whole)
{
    peer_pair_init(&pair, 1);
    pair.listener = on_event;
    pictures_sent = pictures_received = 0;
    pair.side[side].memory.fail_at = fail_at;
    pair.side[side].memory.fails_on = memory_ends;
    *is_whole = live();
    uint64_t count = pair.side[side].memory.count;
    peer_pair_close(&pair);
    return count;
}

static void fail_each(void)
{
    bool is_whole;

    CHECK_EQ(yodel_certificate_generate(VIRTUAL_CLOCK_WALL, &certificate), YODEL_OK);
    for (int side = 0; side < 2; side++) {
        uint64_t at = 1, whole = 0;

        while (run_with(side, at, &is_whole) >= at) {
            whole += is_whole;
            at++;
        }
        CHECK(is_whole); // The last run had all it asked for.
        CHECK(at > 30);
        // One failure is mostly made up for; without memory there is no connection.
        CHECK(memory_ends || whole * 2 > at);
    }
    yodel_certificate_free(certificate);
}

static void each_allocation_may_fail_once(void)
{
    memory_ends = false;
    fail_each();
}

static void memory_may_end_at_each_allocation(void)
{
    memory_ends = true;
    fail_each();
}

TEST_MAIN(TEST(each_allocation_may_fail_once), TEST(memory_may_end_at_each_allocation))
