// Early media: what came before the keys is heard once they are there, and of strangers nothing is kept.

#include "check.h"
#include "peer/media_pair.h"

static struct media_pair m;
static bool is_held; // Side 1 gets nothing more of DTLS once side 0 has its keys.

static bool hold_the_last_flight(
    struct peer_pair *pair, int from, const struct yodel_path *path, uint8_t *data, size_t *len)
{
    (void)path, (void)len;
    return !(is_held && from == 0 && data[0] >= 20 && data[0] < 64 &&
             pair->side[0].peer->dtls.state == DTLS_CONNECTED);
}

static const struct early *early(void)
{
    return &m.pair.side[1].peer->early;
}

// To where side 0 may speak, and side 1 does not understand it yet.
static void open_half(uint64_t seed)
{
    media_pair_begin(&m, seed, NULL);
    m.pair.filter = hold_the_last_flight;
    is_held = true;
    while (m.pair.side[0].peer->dtls.state != DTLS_CONNECTED) {
        CHECK(m.pair.now < YODEL_SECONDS(20));
        peer_pair_run(&m.pair, YODEL_MS(1));
    }
    m.due[0] = m.due[1] = m.pair.now;
    CHECK(media_pair_session(&m, 0) && !media_pair_session(&m, 1));
}

static void open_whole(void)
{
    is_held = false;
    peer_pair_run(&m.pair, YODEL_SECONDS(3));
    CHECK(media_pair_session(&m, 1));
    CHECK_EQ(early()->count, 0);
}

static void what_overtakes_the_last_flight_is_heard(void)
{
    open_half(1);
    media_pair_play(&m, YODEL_MS(200));
    CHECK(early()->count > 20);
    CHECK_EQ(m.got[1][YODEL_VIDEO].frames, 0);
    open_whole();
    CHECK(m.numbers[0][YODEL_VIDEO] >= 6 && m.numbers[0][YODEL_AUDIO] >= 10);
    CHECK_EQ(m.got[1][YODEL_VIDEO].frames, m.numbers[0][YODEL_VIDEO]);
    CHECK_EQ(m.got[1][YODEL_AUDIO].frames, m.numbers[0][YODEL_AUDIO]);
    CHECK_EQ(m.got[1][YODEL_VIDEO].broken + m.got[1][YODEL_AUDIO].broken, 0);
    CHECK_EQ(m.got[1][YODEL_VIDEO].keys, 1);
    CHECK_EQ(m.video[1]->in->nacks, 0); // Nothing had to be sent again,
    CHECK_EQ(m.video[1]->in->plis, 0);  // nor to begin anew.
    CHECK_EQ(early()->dropped, 0);
    media_pair_close(&m);
}

// What is over the limit is lost as on the way, and then asked for.
static void no_more_is_kept_than_the_limit_says(void)
{
    open_half(2);
    media_pair_play(&m, YODEL_MS(900));
    CHECK_EQ(early()->count, EARLY_PACKETS_MAX);
    CHECK(early()->dropped > 0);
    open_whole();
    uint32_t frames = m.got[1][YODEL_VIDEO].frames;
    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK(m.got[1][YODEL_VIDEO].frames - frames > 25);
    CHECK_EQ(m.got[1][YODEL_VIDEO].broken, 0);
    media_pair_close(&m);
}

static void give(uint16_t port_offset, uint8_t first, uint8_t second, size_t len)
{
    static uint8_t data[YODEL_DATAGRAM_MAX];
    struct yodel_path path = {.local = m.pair.side[1].addr, .remote = m.pair.side[0].addr};

    memset(data, 7, sizeof data);
    data[0] = first;
    data[1] = second;
    path.remote.port = (uint16_t)(path.remote.port + port_offset);
    yodel_peer_recv(m.pair.side[1].peer, &path, data, len, m.pair.now);
}

// R10: from where no check was answered, of no RTP, or longer than any packet.
static void of_strangers_nothing_is_kept(void)
{
    open_half(3);
    for (int i = 0; i < 100; i++) {
        give(1, 0x80, 96, 100);
    }
    CHECK_EQ(early()->count, 0);
    CHECK_EQ(early()->dropped, 0); // They do not even come so far.
    give(0, 0x80, 96, 1);
    give(0, 0x80, 96, EARLY_PACKET_SIZE + 1);
    CHECK_EQ(early()->count, 0);
    CHECK_EQ(early()->dropped, 2);
    media_pair_close(&m);
}

// Who guessed the address can take the room, and no more: nothing of it passes for media.
static void what_was_forged_among_it_is_not_decoded(void)
{
    open_half(4);
    for (uint32_t i = 0; i < EARLY_PACKETS_MAX / 2; i++) {
        give(0, 0x80, 96, 12 + i);
        give(0, 0x80, 200, 8 + i);
    }
    CHECK_EQ(early()->count, EARLY_PACKETS_MAX);
    open_whole();
    const struct srtp *srtp = &media_pair_session(&m, 1)->receiving;
    CHECK_EQ(srtp->streams.count, 0);
    CHECK_EQ(srtp->stats.packets + srtp->stats.rtcp_packets, 0);
    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK(m.got[1][YODEL_VIDEO].frames > 25);
    CHECK_EQ(m.got[1][YODEL_VIDEO].broken, 0);
    media_pair_close(&m);
}

static void who_has_no_media_keeps_none(void)
{
    yodel_channel *channels[2];

    memset(&m, 0, sizeof m);
    peer_pair_open(&m.pair, 5);
    peer_pair_connect(&m.pair, NULL, channels);
    give(0, 0x80, 96, 100);
    CHECK_EQ(early()->count + early()->dropped, 0);
    peer_pair_close(&m.pair);
}

// The pair's end checks that no memory is left.
static void what_nobody_will_hear_goes_with_the_peer(void)
{
    open_half(6);
    media_pair_play(&m, YODEL_MS(100));
    CHECK(early()->count > 0);
    yodel_peer_close(m.pair.side[1].peer);
    media_pair_close(&m);

    open_half(7);
    media_pair_play(&m, YODEL_MS(100));
    CHECK(early()->count > 0);
    m.pair.side[1].memory.fail_at = m.pair.side[1].memory.count + 1;
    uint64_t dropped = early()->dropped;
    give(0, 0x80, 96, 100);
    CHECK_EQ(early()->dropped, dropped + 1); // Without memory it is lost.
    media_pair_close(&m);
}

TEST_MAIN(TEST(what_overtakes_the_last_flight_is_heard), TEST(no_more_is_kept_than_the_limit_says),
    TEST(of_strangers_nothing_is_kept), TEST(what_was_forged_among_it_is_not_decoded),
    TEST(who_has_no_media_keeps_none), TEST(what_nobody_will_hear_goes_with_the_peer))
