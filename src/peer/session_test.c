// The media session: frames from one peer to another, over paths that lose, with keys that are kept.

#include "peer/session.h"

#include "check.h"
#include "peer/media_pair.h"

static struct media_pair m;

static struct media_pair_got *got(int side, enum yodel_media_kind kind)
{
    return &m.got[side][kind];
}

static void check_whole(const struct media_pair_got *g, uint32_t sent)
{
    CHECK_EQ(g->frames, sent);
    CHECK_EQ(g->next, sent);
    CHECK_EQ(g->broken, 0);
    CHECK_EQ(g->backward, 0);
}

static void frames_arrive_as_they_were_sent(void)
{
    static const enum yodel_codec codecs[] = {YODEL_VP8, YODEL_H264};

    for (size_t i = 0; i < COUNT(codecs); i++) {
        media_pair_open(&m, 1);
        m.codec = codecs[i];
        media_pair_play(&m, YODEL_SECONDS(3));
        peer_pair_run(&m.pair, YODEL_SECONDS(1));
        CHECK(m.numbers[0][YODEL_VIDEO] > 85 && m.numbers[0][YODEL_AUDIO] > 145);
        check_whole(got(1, YODEL_VIDEO), m.numbers[0][YODEL_VIDEO]);
        check_whole(got(1, YODEL_AUDIO), m.numbers[0][YODEL_AUDIO]);
        CHECK_EQ(got(1, YODEL_VIDEO)->keys, 1);
        CHECK_EQ(m.refused, 0);
        CHECK_EQ(media_pair_session(&m, 0)->stats.protect_failures, 0);
        media_pair_close(&m);
    }
}

// ---- paths that lose

static uint32_t chance;
static uint32_t percent;
static uint32_t lost;

static bool is_rtp(const uint8_t *data)
{
    return data[0] >= 128 && data[0] < 192 && (data[1] < 192 || data[1] > 223);
}

static bool lose(
    struct peer_pair *pair, int from, const struct yodel_path *path, uint8_t *data, size_t *len)
{
    (void)pair, (void)path, (void)len;
    chance = chance * 1664525 + 1013904223;
    bool is_lost = from == 0 && is_rtp(data) && (chance >> 8) % 100 < percent;
    lost += is_lost;
    return !is_lost;
}

static void what_is_lost_is_sent_again(void)
{
    media_pair_open(&m, 2);
    m.pair.filter = lose;
    percent = 10;
    lost = 0;
    media_pair_play(&m, YODEL_SECONDS(10));
    m.pair.filter = NULL;
    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK(lost > 50);
    CHECK(m.video[0]->out->nacks > 0);
    CHECK(m.video[1]->in->nack.recovered > 20);
    CHECK(got(1, YODEL_VIDEO)->frames > m.numbers[0][YODEL_VIDEO] * 95 / 100);
    CHECK_EQ(got(1, YODEL_VIDEO)->broken, 0);
    CHECK_EQ(got(1, YODEL_VIDEO)->backward, 0);
    CHECK_EQ(media_pair_session(&m, 0)->stats.protect_failures, 0);
    media_pair_close(&m);
}

// RFC 2198: once losses are reported, each packet of sound brings the one or two before it, and each is heard once.
static void what_is_lost_of_sound_comes_with_what_follows(void)
{
    static const unsigned percents[] = {6, 20};

    for (size_t i = 0; i < COUNT(percents); i++) {
        media_pair_open(&m, 17 + i);
        yodel_transceiver_set_redundancy(m.sound[0], 2);
        m.pair.filter = lose;
        percent = percents[i];
        media_pair_play(&m, YODEL_SECONDS(5));
        CHECK_EQ(m.sound[0]->out->distance, i + 1);
        CHECK(yodel_transceiver_loss(m.sound[0]) > percents[i] / 200.0);
        CHECK(yodel_transceiver_loss(m.sound[0]) < percents[i] / 50.0);
        uint32_t sent = m.numbers[0][YODEL_AUDIO], heard = got(1, YODEL_AUDIO)->frames;
        uint64_t copies = m.sound[1]->in->copies;
        lost = 0;
        media_pair_play(&m, YODEL_SECONDS(20));
        sent = m.numbers[0][YODEL_AUDIO] - sent;
        heard = got(1, YODEL_AUDIO)->frames - heard;
        CHECK(m.sound[1]->in->copies - copies > sent * percent / 200);
        CHECK(heard <= sent + 2 && heard > sent - sent / 50);
        CHECK_EQ(got(1, YODEL_AUDIO)->broken, 0);
        m.pair.filter = NULL;
        media_pair_play(&m, YODEL_SECONDS(12));
        CHECK_EQ(m.sound[0]->out->distance, 0); // Nothing is lost any more.
        media_pair_close(&m);
    }
}

static void after_an_outage_a_key_frame_is_asked_for(void)
{
    media_pair_open(&m, 3);
    media_pair_play(&m, YODEL_SECONDS(1));
    m.pair.filter = lose;
    percent = 100;
    media_pair_play(&m, YODEL_SECONDS(3));
    m.pair.filter = NULL;
    media_pair_play(&m, YODEL_SECONDS(1));
    uint32_t before = got(1, YODEL_VIDEO)->frames;
    media_pair_play(&m, YODEL_SECONDS(3));
    CHECK(got(0, YODEL_VIDEO)->key_requests > 0);
    CHECK(got(1, YODEL_VIDEO)->keys >= 2);
    CHECK(got(1, YODEL_VIDEO)->frames - before > 60);
    CHECK_EQ(got(1, YODEL_VIDEO)->broken, 0);
    media_pair_close(&m);
}

// ---- what is negotiated, and when

static void one_session_serves_over_restarts(void)
{
    media_pair_open(&m, 4);
    struct session *before[2] = {media_pair_session(&m, 0), media_pair_session(&m, 1)};

    for (int i = 0; i < 3; i++) {
        media_pair_play(&m, YODEL_SECONDS(1));
        yodel_peer_restart_ice(m.pair.side[i % 2].peer);
        CHECK_EQ(peer_pair_negotiate(&m.pair, i % 2), YODEL_OK);
        media_pair_play(&m, YODEL_SECONDS(1));
    }
    peer_pair_run(&m.pair, YODEL_SECONDS(1));
    for (int i = 0; i < 2; i++) {
        CHECK(media_pair_session(&m, i) == before[i]);
        CHECK_EQ(media_pair_session(&m, i)->stats.protect_failures, 0); // R10: no nonce twice.
    }
    check_whole(got(1, YODEL_VIDEO), m.numbers[0][YODEL_VIDEO]);
    media_pair_close(&m);
}

// V12, R10: under one key no number is there twice on the wire, of a stream or of RTCP, whatever is negotiated, lost,
// stopped and begun: nonces are made of nothing else (RFC 7714 §8.1, §9.1).
static struct {
    uint32_t ssrc;
    bool seen[65536];
} wires[16];
static bool rtcp_seen[4096];
static uint32_t twice, rtcp_count;
static size_t wire_count;

static void watch_rtcp(const uint8_t *data, size_t len)
{
    struct reader r = reader_of(bytes_of(data + len - 4, 4)); // What ends a packet of AEAD's.
    uint32_t index = read_u32(&r) & 0x7fffffff;

    CHECK(index < COUNT(rtcp_seen));
    twice += rtcp_seen[index];
    rtcp_seen[index] = true;
    rtcp_count++;
}

static bool watch_numbers(
    struct peer_pair *pair, int from, const struct yodel_path *path, uint8_t *data, size_t *len)
{
    size_t i = 0;

    if (from == 0 && is_rtp(data)) {
        struct reader r = reader_of(bytes_of(data + 2, 10));
        uint16_t seq = read_u16(&r);
        (void)read_u32(&r);
        uint32_t ssrc = read_u32(&r);
        while (i < wire_count && wires[i].ssrc != ssrc) {
            i++;
        }
        CHECK(i < COUNT(wires));
        wire_count += i == wire_count;
        wires[i].ssrc = ssrc;
        twice += wires[i].seen[seq];
        wires[i].seen[seq] = true;
    } else if (from == 0 && data[0] >= 128 && data[0] < 192) {
        watch_rtcp(data, *len);
    }
    return lose(pair, from, path, data, len);
}

static void no_number_is_sent_twice_whatever_happens(void)
{
    memset(wires, 0, sizeof wires);
    memset(rtcp_seen, 0, sizeof rtcp_seen);
    wire_count = twice = rtcp_count = 0;
    media_pair_begin(&m, 19, NULL);
    m.pair.filter = watch_numbers;
    percent = 0;
    peer_pair_run(&m.pair, YODEL_SECONDS(2));
    const struct session *only = media_pair_session(&m, 0);
    CHECK(only->sending.rtcp.is_aead);
    m.due[0] = m.due[1] = m.pair.now;
    percent = 5;
    yodel_transceiver_set_redundancy(m.sound[0], 2);
    for (int i = 0; i < 6; i++) {
        media_pair_play(&m, YODEL_SECONDS(1));
        CHECK_EQ(yodel_transceiver_set_direction(
                     m.video[0], i % 2 == 0 ? YODEL_RECVONLY : YODEL_SENDRECV),
            YODEL_OK);
        if (i == 3) {
            yodel_peer_restart_ice(m.pair.side[0].peer);
        }
        CHECK_EQ(peer_pair_negotiate(&m.pair, 0), YODEL_OK);
    }
    media_pair_play(&m, YODEL_SECONDS(2));
    CHECK(wire_count >= 3); // Sound, video, and what was sent again.
    CHECK(m.video[0]->out->rtx_packets > 0);
    CHECK(rtcp_count > 5);
    CHECK_EQ(twice, 0);
    CHECK(media_pair_session(&m, 0) == only); // There was one key.
    CHECK_EQ(only->stats.protect_failures, 0);
    media_pair_close(&m);
}

static void data_may_come_after_media(void)
{
    yodel_channel *channel;

    media_pair_open(&m, 5);
    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK_EQ(yodel_peer_create_data_channel(m.pair.side[0].peer, "late", NULL, &channel), YODEL_OK);
    CHECK_EQ(peer_pair_negotiate(&m.pair, 0), YODEL_OK);
    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK_EQ(yodel_channel_ready_state(channel), YODEL_CHANNEL_OPEN);
    CHECK_EQ(yodel_channel_send_text(channel, "hello", 5), YODEL_OK);
    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK_EQ(m.pair.side[1].message_count, 1);
    check_whole(got(1, YODEL_VIDEO), m.numbers[0][YODEL_VIDEO]);
    media_pair_close(&m);
}

static void media_may_come_after_data(void)
{
    yodel_channel *channels[2];

    memset(&m, 0, sizeof m);
    peer_pair_open(&m.pair, 6);
    m.pair.listener = media_pair_on_event;
    m.picture_len = 3000;
    peer_pair_connect(&m.pair, NULL, channels);
    CHECK(media_pair_session(&m, 0) == NULL);
    CHECK_EQ(yodel_peer_add_track(m.pair.side[0].peer, YODEL_VIDEO, NULL, &m.video[0]), YODEL_OK);
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, true), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(peer_pair_negotiate(&m.pair, 0), YODEL_OK);
    peer_pair_run(&m.pair, YODEL_SECONDS(1));
    CHECK_EQ(peer_pair_count(&m.pair.side[1], YODEL_EVENT_TRACK), 1);
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, true), YODEL_OK);
    peer_pair_run(&m.pair, YODEL_SECONDS(1));
    CHECK_EQ(got(1, YODEL_VIDEO)->frames, 1);
    CHECK_EQ(got(1, YODEL_VIDEO)->broken, 0);
    media_pair_close(&m);
}

static void nothing_goes_where_it_was_not_agreed_on(void)
{
    media_pair_open(&m, 7);
    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK_EQ(yodel_transceiver_set_direction(m.video[1], YODEL_INACTIVE), YODEL_OK);
    CHECK_EQ(peer_pair_negotiate(&m.pair, 1), YODEL_OK);
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, true), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(media_pair_send(&m, 0, YODEL_OPUS, true), YODEL_OK);
    uint32_t frames = got(1, YODEL_VIDEO)->frames;
    peer_pair_run(&m.pair, YODEL_SECONDS(1));
    CHECK_EQ(got(1, YODEL_VIDEO)->frames, frames);
    media_pair_close(&m);
}

static void who_wants_no_media_rejects_them(void)
{
    struct yodel_peer_config plain = {0}, none = {.no_media = true};
    yodel_transceiver *t;
    enum yodel_direction direction;

    memset(&m, 0, sizeof m);
    peer_pair_open_with(&m.pair, 8, &plain, &none);
    CHECK_EQ(yodel_peer_add_transceiver(m.pair.side[0].peer, YODEL_AUDIO, NULL, &t), YODEL_OK);
    CHECK_EQ(peer_pair_negotiate(&m.pair, 0), YODEL_OK);
    peer_pair_run(&m.pair, YODEL_SECONDS(1));
    CHECK_EQ(peer_pair_count(&m.pair.side[0], YODEL_EVENT_TRANSCEIVER_STOPPED), 1);
    CHECK(yodel_peer_transceiver(m.pair.side[1].peer, 0) == NULL);
    peer_pair_close(&m.pair);

    // And W3C's default: who does nothing receives.
    peer_pair_open_with(&m.pair, 9, &plain, &plain);
    CHECK_EQ(yodel_peer_add_transceiver(m.pair.side[0].peer, YODEL_AUDIO, NULL, &t), YODEL_OK);
    CHECK_EQ(peer_pair_negotiate(&m.pair, 0), YODEL_OK);
    CHECK(yodel_transceiver_current_direction(t, &direction));
    CHECK_EQ(direction, YODEL_SENDONLY);
    peer_pair_close(&m.pair);
}

// ---- frames that cannot be sent

static void a_frame_is_refused_by_name(void)
{
    static uint8_t data[2u << 20];
    struct yodel_frame frame = {.data = data, .len = 10, .codec = YODEL_VP8, .is_key = true};

    media_pair_open(&m, 10);
    CHECK_EQ(yodel_transceiver_send_frame(m.sound[0], &frame), YODEL_ERR_TYPE);
    frame.len = 0;
    CHECK_EQ(yodel_transceiver_send_frame(m.video[0], &frame), YODEL_ERR_TYPE);
    frame.len = sizeof data;
    CHECK_EQ(yodel_transceiver_send_frame(m.video[0], &frame), YODEL_ERR_TOO_LARGE);
    frame.len = 10;
    frame.codec = YODEL_CODEC_COUNT;
    CHECK_EQ(yodel_transceiver_send_frame(m.video[0], &frame), YODEL_ERR_TYPE);
    media_pair_close(&m);
}

static void whoever_begins_with_another_frame_is_asked_for_a_key_frame(void)
{
    media_pair_open(&m, 15);
    m.answers_keys = false;
    for (uint32_t asked = 1; asked <= 3; asked++) { // Again, where that did not help.
        CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, false), YODEL_ERR_WOULD_BLOCK);
        CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, false), YODEL_ERR_WOULD_BLOCK);
        peer_pair_run(&m.pair, YODEL_SECONDS(1));
        CHECK_EQ(got(0, YODEL_VIDEO)->key_requests, asked);
    }
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, true), YODEL_OK);
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, false), YODEL_OK);
    media_pair_close(&m);
}

static void after_a_refused_frame_only_a_key_frame_will_do(void)
{
    media_pair_open(&m, 11);
    m.picture_len = MEDIA_PAIR_FRAME_MAX;
    m.answers_keys = false;
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, false), YODEL_ERR_WOULD_BLOCK);
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, true), YODEL_OK);
    uint32_t sent = 1;
    while (media_pair_send(&m, 0, YODEL_VP8, false) == YODEL_OK) {
        CHECK(++sent <= OUTBOUND_FRAMES_MAX);
    }
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, false), YODEL_ERR_WOULD_BLOCK);
    peer_pair_run(&m.pair, YODEL_SECONDS(30));
    CHECK_EQ(got(0, YODEL_VIDEO)->key_requests, 1);
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, false), YODEL_ERR_WOULD_BLOCK);
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, true), YODEL_OK);
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, false), YODEL_OK);
    media_pair_close(&m);
}

// ---- feedback

static void reports_measure_the_path_and_join_the_clocks(void)
{
    media_pair_open(&m, 12);
    media_pair_play(&m, YODEL_SECONDS(5));
    CHECK(m.video[0]->out->has_report && m.sound[0]->out->has_report);
    CHECK_EQ(m.video[0]->out->report.fraction_lost, 0);
    CHECK(m.video[0]->out->report.highest_seq > 0);
    // Both kinds are on one clock: captured at one moment, they are within a millisecond.
    const struct media_pair_got *sound = got(1, YODEL_AUDIO), *video = got(1, YODEL_VIDEO);
    CHECK(sound->captured > 0 && video->captured > 0);
    CHECK(sound->captured > sound->arrival - YODEL_MS(1));
    CHECK(sound->captured < sound->arrival + YODEL_MS(1));
    CHECK(video->captured > video->arrival - YODEL_MS(40)); // The pacer held it up.
    CHECK(video->captured < video->arrival + YODEL_MS(1));
    media_pair_close(&m);
}

// Nobody counts what waits for each packet, but when something came, and when no more can leave.
static void the_pacer_knows_what_waits(void)
{
    media_pair_open(&m, 16);
    const struct session *session = media_pair_session(&m, 0);
    m.picture_len = MEDIA_PAIR_FRAME_MAX;
    CHECK_EQ(media_pair_send(&m, 0, YODEL_VP8, true), YODEL_OK);
    peer_pair_run(&m.pair, YODEL_MS(20));
    CHECK(session->pacer.queue.bytes > MEDIA_PAIR_FRAME_MAX / 2);
    CHECK_EQ(session->pacer.queue.bytes, m.video[0]->out->bytes);
    CHECK_EQ(session->pacer.queue.oldest, outbound_oldest(m.video[0]->out));
    peer_pair_run(&m.pair, YODEL_SECONDS(3));
    CHECK_EQ(m.video[0]->out->bytes, 0);
    CHECK_EQ(session->pacer.queue.bytes, 0);
    CHECK_EQ(session->pacer.queue.oldest, YODEL_NEVER);
    media_pair_close(&m);
}

static void the_estimate_grows_where_there_is_room(void)
{
    media_pair_open(&m, 13);
    m.picture_len = 4000;
    media_pair_play(&m, YODEL_SECONDS(8));
    CHECK(got(0, YODEL_VIDEO)->bitrates > 0);
    CHECK(got(0, YODEL_VIDEO)->bitrate > SESSION_BPS_START);
    yodel_transceiver_set_max_bitrate(m.video[0], 300000);
    media_pair_play(&m, YODEL_SECONDS(1));
    CHECK(got(0, YODEL_VIDEO)->bitrate <= 300000);
    media_pair_close(&m);
}

struct wanted {
    const char *type, *name;
    double number;
    uint32_t count;
};

static void look_for(void *ctx, const struct yodel_stats_member *member)
{
    struct wanted *wanted = ctx;

    if (strcmp(member->type, wanted->type) == 0 && strcmp(member->name, wanted->name) == 0) {
        wanted->number = member->number;
        wanted->count++;
    }
}

static double stat(int side, const char *type, const char *name, uint32_t count)
{
    struct wanted wanted = {.type = type, .name = name};

    yodel_peer_stats(m.pair.side[side].peer, look_for, &wanted);
    CHECK_EQ(wanted.count, count);
    return wanted.number; // Of the last: video.
}

static void statistics_of_both_ends_agree(void)
{
    media_pair_open(&m, 15);
    media_pair_play(&m, YODEL_SECONDS(5));
    peer_pair_run(&m.pair, YODEL_SECONDS(2));
    uint32_t frames = m.numbers[0][YODEL_VIDEO];
    CHECK(stat(0, "outbound-rtp", "framesSent", 1) == frames);
    CHECK(stat(1, "inbound-rtp", "framesReceived", 1) == frames);
    CHECK(stat(1, "inbound-rtp", "packetsLost", 2) == 0);
    CHECK(stat(1, "inbound-rtp", "packetsReceived", 2) == (double)m.video[0]->out->sender.packets);
    CHECK(stat(1, "inbound-rtp", "bytesReceived", 2) == (double)m.video[0]->out->sender.octets);
    CHECK(stat(0, "remote-inbound-rtp", "fractionLost", 2) == 0);
    CHECK(stat(1, "remote-outbound-rtp", "packetsSent", 2) ==
          (double)m.video[0]->out->sender.packets);
    CHECK(stat(0, "candidate-pair", "availableOutgoingBitrate", 1) >= SESSION_BPS_MIN);
    CHECK(stat(0, "codec", "clockRate", YODEL_CODEC_COUNT) == 90000);
    media_pair_close(&m);
}

// What the other side, as one who sends, answers a receiver that told of its clock so long ago.
static void answer_clock(uint32_t ssrc, yodel_duration ago)
{
    uint8_t room[64];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct rtcp_echo echo = rtp_ntp_echo(rtp_ntp_of(m.pair.now - ago), m.pair.now, m.pair.now);

    rtcp_put_dlrr(&w, m.sound[0]->ssrc, ssrc, &echo);
    media_pair_give_rtcp(&m, 0, writer_bytes(&w));
}

// RFC 3611 §4.5; that both sides speak of their clocks is seen over a network, in tests/sim.
static void who_only_receives_knows_the_round_trip(void)
{
    media_pair_open(&m, 20);
    media_pair_play(&m, YODEL_SECONDS(3));
    const struct session *session = media_pair_session(&m, 1);
    yodel_duration before = session->rtt;
    CHECK(before < YODEL_MS(1)); // This pair has no network between.
    answer_clock(4711, YODEL_MS(200));
    CHECK_EQ(session->rtt, before); // It is another's.
    answer_clock(m.video[1]->ssrc, YODEL_MS(200));
    CHECK(session->rtt > YODEL_MS(20));
    double told = stat(1, "remote-outbound-rtp", "roundTripTime", 2);
    CHECK(told > 0.02 && told < 0.21);
    media_pair_close(&m);
}

static void the_end_is_told_by_a_bye(void)
{
    media_pair_open(&m, 14);
    media_pair_play(&m, YODEL_SECONDS(1));
    yodel_peer_close(m.pair.side[0].peer);
    peer_pair_settle(&m.pair);
    CHECK_EQ(media_pair_session(&m, 1)->stats.byes, 2);
    CHECK(m.video[1]->in->has_ended);
    media_pair_close(&m);
}

TEST_MAIN(TEST(frames_arrive_as_they_were_sent), TEST(what_is_lost_is_sent_again),
    TEST(what_is_lost_of_sound_comes_with_what_follows),
    TEST(after_an_outage_a_key_frame_is_asked_for), TEST(one_session_serves_over_restarts),
    TEST(no_number_is_sent_twice_whatever_happens), TEST(data_may_come_after_media),
    TEST(media_may_come_after_data), TEST(nothing_goes_where_it_was_not_agreed_on),
    TEST(who_wants_no_media_rejects_them), TEST(a_frame_is_refused_by_name),
    TEST(whoever_begins_with_another_frame_is_asked_for_a_key_frame),
    TEST(after_a_refused_frame_only_a_key_frame_will_do),
    TEST(reports_measure_the_path_and_join_the_clocks), TEST(the_pacer_knows_what_waits),
    TEST(the_estimate_grows_where_there_is_room), TEST(statistics_of_both_ends_agree),
    TEST(who_only_receives_knows_the_round_trip), TEST(the_end_is_told_by_a_bye))
