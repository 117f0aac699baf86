// The media session against strangers, and against a peer who has the keys and lies: the cases of docs/HOSTILE.md that
// are the engine's own. What one packet can say is tried where it is read (src/srtp, src/rtp).

#include "check.h"
#include "peer/media_pair.h"

static struct media_pair m;

static const struct session *session(int side)
{
    return media_pair_session(&m, side);
}

static uint64_t drops(int side, enum srtp_drop reason)
{
    return session(side)->receiving.stats.drops[reason];
}

static uint64_t all_drops(int side)
{
    uint64_t sum = 0;

    for (enum srtp_drop reason = 0; reason < SRTP_DROPS; reason++) {
        sum += drops(side, reason);
    }
    return sum;
}

// What the receiver must go on with, whatever was tried.
static void check_unharmed(void)
{
    uint32_t frames = m.got[1][YODEL_VIDEO].frames, sounds = m.got[1][YODEL_AUDIO].frames;

    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK(m.got[1][YODEL_VIDEO].frames - frames > 25);
    CHECK(m.got[1][YODEL_AUDIO].frames - sounds > 45);
    CHECK_EQ(m.got[1][YODEL_VIDEO].broken, 0);
    CHECK_EQ(m.got[1][YODEL_AUDIO].broken, 0);
}

static void open_and_play(uint64_t seed)
{
    media_pair_open(&m, seed);
    media_pair_play(&m, YODEL_SECONDS(1));
}

// ---- strangers

static struct copy {
    size_t len;
    uint8_t data[YODEL_DATAGRAM_MAX];
} copies[256];
static size_t copy_count;

static bool keep(
    struct peer_pair *pair, int from, const struct yodel_path *path, uint8_t *data, size_t *len)
{
    (void)pair, (void)path;
    if (from == 0 && data[0] >= 128 && data[0] < 192 && copy_count < COUNT(copies)) {
        copies[copy_count].len = *len;
        memcpy(copies[copy_count++].data, data, *len);
    }
    return true;
}

// R3, R8: the same again, which is all that somebody on the path can do.
static void what_was_heard_is_not_heard_again(void)
{
    open_and_play(1);
    m.pair.filter = keep;
    copy_count = 0;
    media_pair_play(&m, YODEL_SECONDS(1));
    m.pair.filter = NULL;
    uint32_t frames = m.got[1][YODEL_VIDEO].frames, sounds = m.got[1][YODEL_AUDIO].frames;
    CHECK(copy_count > 100);
    for (size_t i = 0; i < copy_count; i++) {
        media_pair_give(&m, 0, copies[i].data, copies[i].len);
    }
    CHECK_EQ(m.got[1][YODEL_VIDEO].frames, frames);
    CHECK_EQ(m.got[1][YODEL_AUDIO].frames, sounds);
    CHECK_EQ(drops(1, SRTP_DROP_REPLAYED), copy_count);
    check_unharmed();
    media_pair_close(&m);
}

// R2, L6: each packet changed in one bit, a hundred times as much as there is.
static void what_is_changed_is_dropped(void)
{
    open_and_play(2);
    m.pair.filter = keep;
    copy_count = 0;
    media_pair_play(&m, YODEL_SECONDS(1));
    m.pair.filter = NULL;
    uint64_t packets = m.video[1]->in->source.packets;
    for (size_t i = 0; i < 100 * copy_count; i++) {
        struct copy changed = copies[i % copy_count];
        store_u16(changed.data + 2, (uint16_t)(i * 7)); // Another number, so that it is no replay.
        changed.data[i % changed.len] ^= (uint8_t)(1u << i % 8);
        if (changed.data[0] >= 128 && changed.data[0] < 192) {
            media_pair_give(&m, 0, changed.data, changed.len);
        }
    }
    CHECK_EQ(m.video[1]->in->source.packets, packets);
    CHECK(drops(1, SRTP_DROP_FORGED) > 50 * copy_count);
    check_unharmed();
    media_pair_close(&m);
}

// R10, F28: not encrypted at all, from the peer's address and from elsewhere.
static void plain_rtp_is_nothing(void)
{
    uint8_t rtp[64] = {0x80, 96, 0, 1}, rtcp[32] = {0x81, 201, 0, 7};

    open_and_play(3);
    store_u32(rtp + 8, m.video[0]->ssrc);
    store_u32(rtcp + 4, m.video[0]->ssrc);
    for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
        struct yodel_path path = {.local = m.pair.side[1].addr, .remote = m.pair.side[0].addr};
        path.remote.port = (uint16_t)(path.remote.port + elsewhere);
        uint64_t received = session(1)->receiving.stats.packets;
        uint8_t copy[64];
        memcpy(copy, rtp, sizeof rtp);
        yodel_peer_recv(m.pair.side[1].peer, &path, copy, sizeof rtp, m.pair.now);
        memcpy(copy, rtcp, sizeof rtcp);
        yodel_peer_recv(m.pair.side[1].peer, &path, copy, sizeof rtcp, m.pair.now);
        CHECK_EQ(session(1)->receiving.stats.packets, received);
    }
    CHECK_EQ(all_drops(1), 2); // From elsewhere it does not even come so far.
    check_unharmed();
    media_pair_close(&m);
}

// R4, R10: another's packets, whole and with keys of its own, as they are and as if they were our peer's next.
static void not_one_packet_of_a_stranger_is_decoded(void)
{
    open_and_play(16);
    m.pair.filter = keep;
    copy_count = 0;
    media_pair_play(&m, YODEL_SECONDS(1));
    media_pair_close(&m);

    open_and_play(17);
    const struct srtp *srtp = &session(1)->receiving;
    uint64_t decoded = srtp->stats.packets + srtp->stats.rtcp_packets, dropped = all_drops(1);
    size_t streams = srtp->streams.count;
    CHECK(copy_count > 100);
    for (size_t i = 0; i < 2 * copy_count; i++) {
        struct copy copy = copies[i / 2];
        if (i % 2 == 1 && rtp_packet_kind(bytes_of(copy.data, copy.len)) == RTP_KIND_RTP) {
            store_u32(copy.data + 8, m.video[0]->ssrc);
            store_u16(copy.data + 2, (uint16_t)(m.video[0]->out->seq + i));
        } else if (i % 2 == 1) {
            store_u32(copy.data + 4, m.video[0]->ssrc);
        }
        media_pair_give(&m, 0, copy.data, copy.len);
    }
    CHECK_EQ(srtp->stats.packets + srtp->stats.rtcp_packets, decoded);
    CHECK_EQ(srtp->streams.count, streams);
    CHECK_EQ(all_drops(1) - dropped, 2 * copy_count);
    check_unharmed();
    media_pair_close(&m);
}

// Before there are keys nothing is decrypted, and of who answered no check nothing is kept (early_test.c).
static void media_before_the_keys_are_dropped(void)
{
    uint8_t rtp[64] = {0x80, 96};

    memset(&m, 0, sizeof m);
    peer_pair_open(&m.pair, 4);
    media_pair_give(&m, 0, rtp, sizeof rtp);
    CHECK(session(1) == NULL);
    CHECK_EQ(m.pair.side[1].peer->early.count, 0);
    peer_pair_close(&m.pair);
}

// ---- a peer who lies: RTP

static struct rtp_packet packet_of(uint32_t ssrc, uint16_t seq, uint8_t payload_type)
{
    static const uint8_t payload[] = {0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 1, 0, 1, 0};

    return (struct rtp_packet){.ssrc = ssrc,
        .seq = seq,
        .payload_type = payload_type,
        .payload = bytes_of(payload, sizeof payload)};
}

// P14: a stream with our own SSRC is not taken for one of the peer's.
static void our_own_ssrc_is_not_believed(void)
{
    open_and_play(5);
    struct rtp_packet packet = packet_of(m.video[1]->ssrc, 1, 96);
    media_pair_give_rtp(&m, 0, 1, &packet);
    CHECK_EQ(session(1)->stats.drops[SESSION_DROP_COLLISION], 1);
    check_unharmed();
    media_pair_close(&m);
}

// R9: a payload type that with the marker looks like RTCP is read as RTCP, of which nothing holds; P7, P11: of codecs that
// are not spoken, FEC and H.265, nothing is made.
static void types_that_were_not_agreed_on_are_nothing(void)
{
    static const uint8_t types[] = {64, 72, 76, 95, 49, 35};

    open_and_play(18);
    struct inbound *in = m.video[1]->in;
    uint64_t frames = in->frames_received, unknown = in->unknown;
    for (size_t i = 0; i < COUNT(types); i++) {
        for (int marked = 0; marked < 2; marked++) {
            uint64_t seq = m.video[0]->out->rtx_seq++, before = all_drops(1) + in->unknown;
            struct rtp_packet packet = packet_of(m.video[0]->rtx_ssrc, (uint16_t)seq, types[i]);
            packet.marker = marked;
            media_pair_give_rtp(&m, 0, seq, &packet);
            CHECK_EQ(all_drops(1) + in->unknown, before + 1);
        }
    }
    CHECK_EQ(in->unknown - unknown, COUNT(types) + 2); // All without the marker, and two with it.
    CHECK_EQ(in->frames_received, frames);
    check_unharmed();
    media_pair_close(&m);
}

// R4: a thousand SSRCs find the end of what is remembered, and a MID of nobody's ends the search.
static void strange_ssrcs_fill_nothing(void)
{
    open_and_play(6);
    for (uint32_t i = 0; i < 1000; i++) {
        struct rtp_packet packet = packet_of(77 + i, 1, 96);
        media_pair_give_rtp(&m, 0, 1, &packet);
    }
    CHECK(session(1)->receiving.streams.count <= DEMUX_SOURCES_MAX);
    CHECK(drops(1, SRTP_DROP_STREAMS) > 400); // As many as the liar's own session lets it make.
    media_pair_close(&m);
}

static void a_mid_of_nobodys_is_for_nobody(void)
{
    static const uint8_t mid[] = {0x12, 'x', 'y', 'z'};

    open_and_play(7);
    struct rtp_packet packet = packet_of(77, 1, 96);
    packet.ext_form = RTP_EXT_ONE_BYTE;
    packet.ext_profile = RTP_PACKET_ONE_BYTE_PROFILE;
    packet.exts = bytes_of(mid, sizeof mid);
    CHECK_EQ(session(1)->exts.ids[RTP_EXT_MID], 1);
    media_pair_give_rtp(&m, 0, 1, &packet);
    CHECK_EQ(session(1)->stats.drops[SESSION_DROP_UNROUTED], 1);
    check_unharmed();
    media_pair_close(&m);
}

// P5, and payload types that nobody agreed on.
static void rtx_and_types_that_lie_are_counted(void)
{
    static const uint8_t half[] = {1};

    open_and_play(8);
    struct inbound *in = m.video[1]->in;
    uint64_t next = m.video[0]->out->rtx_seq;
    m.video[0]->out->rtx_seq += 3;
    uint64_t frames = in->frames_received, rtx_packets = in->rtx_packets;
    struct rtp_packet packet = packet_of(m.video[0]->rtx_ssrc, (uint16_t)next, 97);
    packet.payload = bytes_of(half, sizeof half);
    media_pair_give_rtp(&m, 0, next, &packet);
    packet = packet_of(
        m.video[0]->rtx_ssrc, (uint16_t)(next + 1), 97); // Of a packet that never was: far away.
    media_pair_give_rtp(&m, 0, next + 1, &packet);
    CHECK_EQ(in->rtx_packets, rtx_packets + 2);
    packet =
        packet_of(m.video[0]->rtx_ssrc, (uint16_t)(next + 2), 60); // A payload type of nobody's.
    media_pair_give_rtp(&m, 0, next + 2, &packet);
    CHECK_EQ(in->unknown, 1);
    CHECK_EQ(in->frames_received, frames);
    check_unharmed();
    media_pair_close(&m);
}

// P6: RED that ends too early, of itself, of others, and of times and numbers that never were.
static void red_that_lies_brings_nothing_back(void)
{
    static const struct {
        const char *bytes;
        size_t len, frames;
    } rows[] = {
        {"", 0, 0},         // Nothing.
        {"\xef\0\0", 3, 0}, // Half a head.
        {"\xef\0\0\x10\x6f"
         "short",
            10, 0},                 // A block past the end.
        {"\xbf\0\0\1\x6fxy", 7, 0}, // RED in RED.
        {"\xef\0\0\1\xef\0\0\1\x80\0\0\1\x80\0\0\1\x80\0\0\1\x80\0\0\1\x80\0\0\1\x80\0\0\1", 32, 0},
        {"\x80\0\0\1\x6fxy", 7, 1},     // A copy of another codec's.
        {"\xef\xff\xfc\1\x6fxy", 7, 1}, // A copy of what came.
        {"\xef\0\0\0\x6fy", 6, 1},      // An empty one.
    };

    open_and_play(15);
    struct inbound *in = m.sound[1]->in;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t frames = in->frames_received, brought = in->copies;
        uint64_t seq = m.sound[0]->out->seq++;
        struct rtp_packet packet = packet_of(m.sound[0]->ssrc, (uint16_t)seq, 63);
        packet.timestamp = m.sound[0]->out->sender.timestamp + 960;
        packet.payload = bytes_of(rows[i].bytes, rows[i].len);
        media_pair_give_rtp(&m, 0, seq, &packet);
        CHECK_EQ(in->frames_received - frames, rows[i].frames);
        CHECK_EQ(in->copies, brought);
    }
    media_pair_close(&m);
}

// RFC 3550 §8.2: a new SSRC begins a new stream, and what is late of the one before is not taken for its.
static void a_new_stream_takes_the_place_of_the_one_before(void)
{
    open_and_play(9);
    struct inbound *in = m.video[1]->in;
    uint32_t before = in->source.ssrc;
    struct rtp_packet packet = packet_of(4242, 1, 96);
    packet.marker = true;
    media_pair_give_rtp(&m, 0, 1, &packet);
    CHECK_EQ(in->source.ssrc, 4242);
    CHECK_EQ(in->before, before);
    uint64_t discarded = in->discarded;
    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK_EQ(in->source.ssrc, 4242);
    CHECK(in->discarded > discarded + 25);
    media_pair_close(&m);
}

// ---- a peer who lies: RTCP

// C7: a thousand requests a second are two key frames a second.
static void key_frames_are_not_made_for_each_request(void)
{
    uint8_t room[32];

    open_and_play(10);
    uint32_t requests = m.got[0][YODEL_VIDEO].key_requests;
    for (int i = 0; i < 3000; i++) {
        struct writer w = writer_of(span_of(room, sizeof room));
        if (i % 2) {
            rtcp_put_pli(&w, 1, m.video[0]->ssrc);
        } else {
            rtcp_put_fir(&w, 1, m.video[0]->ssrc, (uint8_t)i);
        }
        media_pair_give_rtcp(&m, 1, writer_bytes(&w));
        peer_pair_run(&m.pair, YODEL_MS(1));
    }
    CHECK(m.got[0][YODEL_VIDEO].key_requests - requests <= 7);
    CHECK(m.got[0][YODEL_VIDEO].key_requests - requests >= 5);
    media_pair_close(&m);
}

// C6: who asks for everything for ever gets no more than was sent, and a reserve.
static void asking_for_everything_has_its_limit(void)
{
    uint8_t room[1200];

    open_and_play(11);
    uint64_t sent = m.video[0]->out->sender.octets;
    for (int i = 0; i < 200; i++) {
        struct writer w = writer_of(span_of(room, 1100));
        uint64_t seqs[250];
        for (size_t k = 0; k < COUNT(seqs); k++) {
            seqs[k] = m.video[0]->out->seq - COUNT(seqs) + k;
        }
        (void)rtcp_put_nack(&w, 1, m.video[0]->ssrc, seqs, COUNT(seqs));
        media_pair_give_rtcp(&m, 1, writer_bytes(&w));
        peer_pair_run(&m.pair, YODEL_MS(10));
    }
    CHECK(m.video[0]->out->rtx_octets > 0);
    CHECK(m.video[0]->out->history.again_bytes <= 2 * sent + RTP_HISTORY_RESERVE);
    check_unharmed();
    media_pair_close(&m);
}

// C5: BYE for a stream that goes on, and for others'.
static void a_bye_of_somebodys_ends_nothing_that_goes_on(void)
{
    uint8_t room[64];

    open_and_play(12);
    struct writer w = writer_of(span_of(room, sizeof room));
    const uint32_t ssrcs[] = {m.video[0]->ssrc, m.sound[0]->ssrc, 4711, m.video[1]->ssrc};
    rtcp_put_bye(&w, ssrcs, COUNT(ssrcs));
    media_pair_give_rtcp(&m, 0, writer_bytes(&w));
    CHECK_EQ(session(1)->stats.byes, COUNT(ssrcs));
    check_unharmed();
    CHECK(!m.video[1]->in->has_ended);
    media_pair_close(&m);
}

// C9, C12: REMB of nothing and of everything, reports and clocks that lie.
static void rates_and_clocks_that_lie_stay_within_limits(void)
{
    static const uint64_t rates[] = {0, UINT64_MAX >> 1, 1};
    uint8_t room[128];

    open_and_play(13);
    for (size_t i = 0; i < COUNT(rates); i++) {
        struct writer w = writer_of(span_of(room, sizeof room));
        rtcp_put_remb(&w, 1, rates[i], NULL, 0);
        media_pair_give_rtcp(&m, 1, writer_bytes(&w));
        struct cc_target target = cc_gcc_target(&session(0)->gcc);
        CHECK(target.target_bps >= SESSION_BPS_MIN);
        CHECK(target.target_bps <= SESSION_VIDEO_BPS_MAX + SESSION_SOUND_BPS + SESSION_BPS_MIN);
    }
    for (uint32_t i = 0; i < 100; i++) {
        struct writer w = writer_of(span_of(room, sizeof room));
        struct rtcp_report report = {.fraction_lost = 255,
            .lost = -1,
            .highest_seq = UINT32_MAX,
            .jitter = UINT32_MAX,
            .echo = {i * 0x9e3779b9u, i * 0x85ebca6bu}};
        rtcp_put_sr(&w, m.video[1]->ssrc,
            &(struct rtcp_sender_info){.ntp = (uint64_t)i << 57, .timestamp = i << 25});
        (void)rtcp_put_report(&w, 0, m.video[0]->ssrc, &report);
        rtcp_put_dlrr(&w, 1, m.video[0]->ssrc, &report.echo);
        media_pair_give_rtcp(&m, 1, writer_bytes(&w));
        peer_pair_run(&m.pair, YODEL_MS(10));
    }
    CHECK(session(0)->rtt <= RTP_NTP_RTT_MAX);
    media_pair_close(&m);
}

// C8: feedback of what was never sent is refused.
static void feedback_of_what_was_never_sent_is_refused(void)
{
    uint8_t room[64];

    open_and_play(14);
    uint64_t before = session(0)->stats.rtcp_malformed;
    struct writer w = writer_of(span_of(room, sizeof room));
    size_t at = rtcp_put_header(&w, RTCP_TYPE_TRANSPORT, RTCP_FORMAT_TWCC);
    put_u32(&w, 1);
    put_u32(&w, m.video[0]->ssrc);
    put_u16(&w, (uint16_t)(session(0)->transport_seq + 100));
    put_u16(&w, 5);
    put_u24(&w, 1);
    put_u8(&w, 0);
    put_u16(&w, 0x2005);
    put_u16(&w, 0);
    rtcp_put_end(&w, at);
    media_pair_give_rtcp(&m, 1, writer_bytes(&w));
    CHECK_EQ(session(0)->stats.rtcp_malformed, before + 1);
    CHECK(cc_gcc_target(&session(0)->gcc).target_bps >= SESSION_BPS_MIN);
    media_pair_close(&m);
}

TEST_MAIN(TEST(what_was_heard_is_not_heard_again), TEST(what_is_changed_is_dropped),
    TEST(plain_rtp_is_nothing), TEST(not_one_packet_of_a_stranger_is_decoded),
    TEST(types_that_were_not_agreed_on_are_nothing), TEST(media_before_the_keys_are_dropped),
    TEST(our_own_ssrc_is_not_believed), TEST(strange_ssrcs_fill_nothing),
    TEST(a_mid_of_nobodys_is_for_nobody), TEST(rtx_and_types_that_lie_are_counted),
    TEST(red_that_lies_brings_nothing_back), TEST(a_new_stream_takes_the_place_of_the_one_before),
    TEST(key_frames_are_not_made_for_each_request), TEST(asking_for_everything_has_its_limit),
    TEST(a_bye_of_somebodys_ends_nothing_that_goes_on),
    TEST(rates_and_clocks_that_lie_stay_within_limits),
    TEST(feedback_of_what_was_never_sent_is_refused))
