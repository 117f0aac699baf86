// A whole stream in virtual time: video through a network that loses packets both ways, with losses
// asked for, sent again as RTX, and put in their frames; feedback for all of it.

#include "check.h"
#include "rtp/ext.h"
#include "rtp/frames.h"
#include "rtp/history.h"
#include "rtp/nack.h"
#include "rtp/payload/payload_fixture.h"
#include "rtp/payload/vp8.h"
#include "rtp/rtx.h"
#include "rtp/sender.h"
#include "rtp/twcc.h"

#define SSRC 1
#define RTX_SSRC 2
#define TYPE 96
#define RTX_TYPE 97
#define RECEIVER 3
#define DATAGRAM_MAX 1200
#define FRAME_LEN 6000
#define FRAMES_MAX 2000
#define FRAME_EVERY YODEL_MS(33)
#define ONE_WAY YODEL_MS(50)
#define LATE YODEL_MS(350) // What a jitter buffer of 300 ms would have shown too late.
#define STEP YODEL_MS(1)
#define REPORT_EVERY YODEL_SECONDS(1)

// ---- a network, which delays all datagrams alike and loses some

struct datagram {
    yodel_time due;
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

#define LINK_MAX 512

struct link {
    struct datagram queue[LINK_MAX];
    size_t first, count;
    uint32_t loss;  // Of 1000,
    uint32_t burst; // so many in a row.
    uint32_t losing;
    uint64_t carried;
};

static uint64_t noise;

static void link_send(struct link *link, struct bytes bytes, yodel_time now)
{
    CHECK(bytes.len > 0 && bytes.len <= DATAGRAM_MAX && link->count < LINK_MAX);
    link->carried += bytes.len;
    if (link->losing == 0 && payload_fixture_draw(&noise, 1000 * link->burst) < link->loss) {
        link->losing = link->burst;
    }
    if (link->losing > 0) {
        link->losing--;
        return;
    }
    struct datagram *last = &link->queue[(link->first + link->count++) % LINK_MAX];
    *last = (struct datagram){.due = now + ONE_WAY, .len = bytes.len};
    memcpy(last->bytes, bytes.ptr, bytes.len);
}

static struct datagram *link_recv(struct link *link, yodel_time now)
{
    struct datagram *datagram = &link->queue[link->first];

    if (link->count == 0 || datagram->due > now) {
        return NULL;
    }
    link->first = (link->first + 1) % LINK_MAX;
    link->count--;
    return datagram;
}

static struct link there, back;
static struct rtp_ext_map map;

// ---- the sender

static struct {
    struct rtp_sender stats;
    struct rtp_history history;
    struct rtp_twcc_clock clock;
    uint64_t seq, rtx_seq, transport_seq;
    uint64_t frames;
    yodel_time captured[FRAMES_MAX];
    uint64_t media_bytes;
    uint64_t told, told_lost;
    yodel_duration rtt;
} sender;

// Gives a packet its transport-wide number and lets it go.
static void sender_let_go(struct span packet, yodel_time now)
{
    rtp_ext_store_send_time(packet, &map, now);
    rtp_ext_store_transport_seq(packet, &map, ++sender.transport_seq);
    link_send(&there, bytes_of_span(packet), now);
}

static void sender_emit_frame(yodel_time now)
{
    static uint8_t frame[FRAME_LEN];
    struct rtp_vp8_descriptor descriptor = {.has_picture_id = true,
        .is_long_picture_id = true,
        .picture_id = (uint16_t)sender.frames & RTP_PAYLOAD_PICTURE_MASK};
    struct rtp_ext_values values = {
        .present = RTP_EXT_BIT(RTP_EXT_SEND_TIME) | RTP_EXT_BIT(RTP_EXT_TRANSPORT_SEQ)};
    struct rtp_vp8_packetizer packetizer;
    bool is_last = false, is_key = rtp_sender_take_key(&sender.stats, now) || sender.frames == 0;
    uint64_t content = sender.frames;

    payload_fixture_fill(&content, span_of(frame, sizeof frame));
    frame[0] = is_key ? 2 : 1;
    rtp_vp8_start(&packetizer, bytes_of(frame, sizeof frame), &descriptor);
    while (!is_last) {
        uint8_t packet[DATAGRAM_MAX];
        struct writer w = writer_of(span_of(packet, sizeof packet - RTP_RTX_OSN_SIZE));
        struct rtp_packet header = {.payload_type = TYPE,
            .seq = (uint16_t)sender.seq,
            .timestamp = (uint32_t)(sender.frames * 2970),
            .ssrc = SSRC};
        rtp_packet_put_header(&w, &header);
        rtp_ext_put(&w, 0, &map, &values);
        size_t before = w.len;
        CHECK(rtp_vp8_emit(&packetizer, &w, &is_last));
        if (is_last) {
            rtp_packet_store_marker(span_of(packet, w.len));
        }
        rtp_sender_sent(&sender.stats, w.len - before, header.timestamp, now);
        rtp_history_put(&sender.history, sender.seq++, writer_bytes(&w), now);
        sender.media_bytes += w.len;
        sender_let_go(span_of(packet, w.len), now);
    }
    CHECK(sender.frames < FRAMES_MAX);
    sender.captured[sender.frames++] = now;
}

static void sender_emit_again(yodel_time now)
{
    struct bytes original;
    uint64_t seq;

    while (rtp_history_take(&sender.history, &seq, &original, now)) {
        uint8_t packet[DATAGRAM_MAX];
        struct writer w = writer_of(span_of(packet, sizeof packet));
        struct rtp_rtx rtx = {
            .ssrc = RTX_SSRC, .seq = (uint16_t)sender.rtx_seq++, .payload_type = RTX_TYPE};
        rtp_rtx_put(&w, original, &rtx, &map);
        CHECK(!w.failed);
        sender_let_go(span_of(packet, w.len), now);
    }
}

static void sender_recv_feedback(struct bytes twcc)
{
    struct rtp_twcc_feedback feedback;
    struct rtp_twcc_status status;

    CHECK_EQ(rtp_twcc_parse(&feedback, &sender.clock, twcc, sender.transport_seq), YODEL_OK);
    while (rtp_twcc_next(&feedback, &status)) {
        sender.told++;
        sender.told_lost += !status.is_received;
    }
}

static void sender_recv(struct bytes datagram, yodel_time now)
{
    struct rtcp_reader reader;
    struct rtcp_block block;

    CHECK_EQ(rtp_packet_kind(datagram), RTP_KIND_RTCP);
    CHECK_EQ(rtcp_open(&reader, datagram), YODEL_OK);
    while (rtcp_next(&reader, &block)) {
        if (block.kind == RTCP_NACK && block.ssrc == SSRC) {
            rtp_history_recv_nack(&sender.history, &block.nack, now);
        } else if (block.kind == RTCP_PLI) {
            rtp_sender_recv_pli(&sender.stats);
        } else if (block.kind == RTCP_TWCC) {
            sender_recv_feedback(block.twcc);
        } else if (block.kind == RTCP_REPORT && rtp_ntp_rtt(&block.report.echo, now, &sender.rtt)) {
            rtp_history_set_rtt(&sender.history, sender.rtt);
        }
    }
    CHECK_EQ(reader.malformed + reader.unknown, 0);
}

// ---- the receiver

static struct {
    struct rtp_source source;
    struct rtp_nack nack;
    struct rtp_frames frames;
    struct rtp_twcc_receiver twcc;
    uint64_t whole, wrong;
    uint64_t next_timestamp;
    uint64_t late; // Frames that were whole more than LATE after they were captured.
} receiver;

static void receiver_recv_rtp(struct rtp_packet *packet, yodel_time now)
{
    bool is_repaired = packet->ssrc == RTX_SSRC;
    struct rtp_ext_values values;
    struct rtp_place place;

    rtp_ext_read(&values, packet, &map);
    CHECK(rtp_ext_has(&values, RTP_EXT_TRANSPORT_SEQ));
    rtp_twcc_recv(&receiver.twcc, values.transport_seq, now);
    if (is_repaired) {
        CHECK_EQ(rtp_rtx_unpack(packet, SSRC, TYPE), YODEL_OK);
        CHECK(rtp_source_find(&receiver.source, packet, &place));
    } else {
        CHECK(rtp_source_recv(&receiver.source, packet, &place, now));
    }
    rtp_nack_recv(&receiver.nack, place.seq, is_repaired, now);
    rtp_frames_recv(&receiver.frames,
        &(struct rtp_frames_packet){place, RTP_CODEC_VP8, packet->marker, packet->payload}, now);
}

static void receiver_recv(struct bytes datagram, yodel_time now)
{
    struct rtp_packet packet;
    struct rtcp_reader reader;
    struct rtcp_block block;

    if (rtp_packet_kind(datagram) == RTP_KIND_RTP) {
        CHECK_EQ(rtp_packet_parse(&packet, datagram), YODEL_OK);
        receiver_recv_rtp(&packet, now);
        return;
    }
    CHECK_EQ(rtcp_open(&reader, datagram), YODEL_OK);
    while (rtcp_next(&reader, &block)) {
        if (block.kind == RTCP_SENDER_INFO) {
            rtp_source_recv_info(&receiver.source, &block.sender_info, now);
        }
    }
}

static void receiver_take_frames(yodel_time now)
{
    static uint8_t room[2 * FRAME_LEN], want[FRAME_LEN];
    struct rtp_frame frame;

    while (rtp_frames_next(&receiver.frames, span_of(room, sizeof room), &frame, now)) {
        uint64_t content = (uint32_t)frame.timestamp / 2970;
        payload_fixture_fill(&content, span_of(want, sizeof want));
        want[0] = frame.is_key ? 2 : 1;
        receiver.wrong += !bytes_equal(frame.data, bytes_of(want, sizeof want));
        receiver.wrong += frame.timestamp <= receiver.next_timestamp && receiver.whole > 0;
        receiver.next_timestamp = frame.timestamp;
        receiver.whole++;
        receiver.late += now - sender.captured[(uint32_t)frame.timestamp / 2970] > LATE;
        if (frame.is_key) {
            rtp_nack_forget_below(&receiver.nack, frame.first);
        }
    }
}

static void receiver_speak(yodel_time now)
{
    uint8_t room[DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));

    rtp_nack_tick(&receiver.nack, now);
    if (rtp_nack_take_key_frame(&receiver.nack)) {
        rtp_frames_lose(&receiver.frames, now);
    }
    rtp_frames_tick(&receiver.frames, now);
    if (now % REPORT_EVERY == 0 && rtp_source_has_news(&receiver.source)) {
        struct rtcp_report report;
        rtcp_put_rr(&w, RECEIVER);
        rtp_source_report(&receiver.source, &report, now);
        CHECK(rtcp_put_report(&w, 0, SSRC, &report));
        rtcp_put_cname(&w, RECEIVER, bytes_of_text("receiver"));
    }
    while (rtp_nack_emit(&receiver.nack, &w, RECEIVER, SSRC, now)) {
    }
    if (rtp_frames_take_request(&receiver.frames, now)) {
        rtcp_put_pli(&w, RECEIVER, SSRC);
    }
    while (rtp_twcc_emit(&receiver.twcc, &w, RECEIVER, SSRC, now)) {
    }
    CHECK(!w.failed);
    if (w.len > 0) {
        link_send(&back, writer_bytes(&w), now);
    }
    CHECK(rtp_nack_next_timeout(&receiver.nack) > now);
    CHECK(rtp_frames_next_timeout(&receiver.frames) > now);
    CHECK(rtp_twcc_next_timeout(&receiver.twcc) > now);
}

// ---- both, for a while

static yodel_time clock;

static void begin(uint32_t loss, uint32_t burst)
{
    clock = YODEL_SECONDS(1000);
    noise = 1;
    memset(&there, 0, sizeof there);
    memset(&back, 0, sizeof back);
    there.loss = back.loss = loss;
    there.burst = back.burst = burst;
    memset(&map, 0, sizeof map);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_SEND_TIME, 2), YODEL_OK);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_TRANSPORT_SEQ, 3), YODEL_OK);
    memset(&sender, 0, sizeof sender);
    sender.seq = 0x1ff00; // Soon around the corner.
    rtp_sender_init(&sender.stats, SSRC, 90000);
    CHECK_EQ(rtp_history_init(&sender.history, alloc_system(), 1000000, 1024), YODEL_OK);
    memset(&receiver, 0, sizeof receiver);
    rtp_source_init(&receiver.source, SSRC, 90000);
    rtp_nack_init(&receiver.nack);
    CHECK_EQ(rtp_frames_init(&receiver.frames, alloc_system(), 512), YODEL_OK);
    rtp_twcc_init(&receiver.twcc);
}

static void run_for(yodel_duration wait)
{
    struct datagram *datagram;

    for (yodel_time end = clock + wait; clock < end; clock += STEP) {
        yodel_time now = clock;
        if (now % FRAME_EVERY < STEP) {
            sender_emit_frame(now);
        }
        if (now % REPORT_EVERY == 0) {
            uint8_t room[64];
            struct writer w = writer_of(span_of(room, sizeof room));
            struct rtcp_sender_info info;
            CHECK(rtp_sender_report(&sender.stats, &info, now) || now == YODEL_SECONDS(1000));
            rtcp_put_sr(&w, SSRC, &info);
            link_send(&there, writer_bytes(&w), now);
        }
        while ((datagram = link_recv(&back, now))) {
            sender_recv(bytes_of(datagram->bytes, datagram->len), now);
        }
        sender_emit_again(now);
        while ((datagram = link_recv(&there, now))) {
            receiver_recv(bytes_of(datagram->bytes, datagram->len), now);
        }
        receiver_take_frames(now);
        receiver_speak(now);
    }
}

static void end(void)
{
    rtp_history_deinit(&sender.history);
    rtp_frames_deinit(&receiver.frames);
}

static void without_loss_nothing_is_asked_for(void)
{
    begin(0, 1);
    run_for(YODEL_SECONDS(20));
    CHECK_EQ(receiver.wrong, 0);
    CHECK(receiver.whole >= sender.frames - 2);
    CHECK_EQ(receiver.nack.asked + receiver.frames.key_requests + sender.history.again, 0);
    CHECK(sender.rtt >= 2 * ONE_WAY - YODEL_MS(1) && sender.rtt <= 2 * ONE_WAY + YODEL_MS(1));
    CHECK_EQ(sender.told_lost, 0);
    CHECK(sender.told + 40 >= sender.transport_seq); // The others are on their way.
    end();
}

// F1: loss, even, both ways; and F2, in bursts. A frame is late where an answer was lost too. One
// key frame is asked for where the very first packet was lost, of which nobody knows.
static void losses_are_repaired(void)
{
    static const struct {
        uint32_t loss, burst;
        uint64_t late_of_1000; // At most.
    } rows[] = {{10, 1, 2}, {50, 1, 20}, {100, 1, 110}, {50, 5, 10}, {30, 20, 10}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(rows[i].loss, rows[i].burst);
        run_for(YODEL_SECONDS(60));
        CHECK_EQ(receiver.wrong, 0);
        CHECK(receiver.whole + 20 >= sender.frames);
        CHECK(receiver.frames.key_requests <= 1);
        CHECK(receiver.late * 1000 <= sender.frames * rows[i].late_of_1000);
        // C6: what is sent again is little more than what was lost.
        uint64_t lost = sender.media_bytes * rows[i].loss / 1000;
        CHECK(sender.history.again_bytes <= lost * 3 / 2 + sender.media_bytes / 100);
        CHECK(sender.told_lost > 0);
        end();
    }
}

// F17: nothing at all for three seconds. What was lost is too much and too old; a key frame
// follows.
static void an_outage_ends_with_a_key_frame(void)
{
    begin(0, 1);
    run_for(YODEL_SECONDS(5));
    uint64_t before = receiver.whole;
    there.losing = 3 * 30 * 6; // As many packets as go in three seconds.
    run_for(YODEL_SECONDS(5));
    CHECK_EQ(receiver.wrong, 0);
    CHECK(receiver.frames.key_requests >= 1 && receiver.frames.key_requests <= 2);
    CHECK_EQ(receiver.frames.key_frames, 2);
    CHECK(receiver.whole - before >= 30);
    end();
}

TEST_MAIN(TEST(without_loss_nothing_is_asked_for), TEST(losses_are_repaired),
    TEST(an_outage_ends_with_a_key_frame))
