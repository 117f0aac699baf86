// Fuzzes the media session: the input is a list of orders to two sessions that send each other sound and video, to the
// way between them, and to one of them who has the keys and lies in RTP and RTCP.
//
// Assertions are on: nothing that the other side sends may reach one, nor may a session fall silent too late or never.

#include "fuzz.h"
#include "peer/session.h"

#define GIVEN_MAX 400
#define EMITS_MAX 10000 // In one turn: more is a session that never falls silent.
#define ROOM 1500

struct side {
    struct jsep jsep;
    struct session *session;
    struct yodel_transceiver *sound, *video;
};

static struct side sides[2];
static struct reader orders;
static yodel_time now;
static uint32_t to_lose;

static struct bytes read_some(void)
{
    size_t len = read_u16(&orders) % GIVEN_MAX;

    return read_bytes(&orders, len < orders.left ? len : orders.left);
}

// ---- the two, and the way between

static void listen_to(struct side *side)
{
    struct yodel_event event = {0};

    while (session_next_event(side->session, &event)) {
        YODEL_ASSERT(event.transceiver != NULL);
        if (event.type == YODEL_EVENT_FRAME) {
            YODEL_ASSERT(event.frame->len > 0 && event.frame->len <= INBOUND_FRAME_ROOM);
        }
        if (event.type == YODEL_EVENT_FRAME && side == &sides[1]) {
            // An echo, as of who passes media on.
            (void)!session_put(side->session, event.transceiver, event.frame);
        }
    }
}

static void settle(void)
{
    uint8_t room[ROOM];
    uint32_t count = 0;
    size_t len = 0;

    do {
        len = 0;
        for (int i = 0; i < 2; i++) {
            session_tick(sides[i].session, now);
            listen_to(&sides[i]);
            len = session_emit(sides[i].session, span_of(room, sizeof room), now);
            YODEL_ASSERT(len <= OUTBOUND_PACKET_MAX && count++ < EMITS_MAX);
            if (len > 0 && to_lose > 0) {
                to_lose--;
            } else if (len > 0) {
                session_recv(sides[1 - i].session, span_of(room, len), now);
                listen_to(&sides[1 - i]);
            }
            if (len > 0) {
                break; // Who spoke speaks on.
            }
        }
    } while (len > 0);
    for (int i = 0; i < 2; i++) {
        YODEL_ASSERT(session_next_timeout(sides[i].session) > now);
    }
}

static void wait(yodel_duration duration)
{
    yodel_time until = now + duration;

    settle();
    while (now < until) {
        yodel_time next = time_min(
            session_next_timeout(sides[0].session), session_next_timeout(sides[1].session));
        now = time_min(next, until);
        settle();
    }
}

// ---- orders

static void send_frame(struct side *side, uint8_t how)
{
    struct bytes given = read_some();
    struct yodel_transceiver *t = how & 1 ? side->video : side->sound;
    struct yodel_frame frame = {.data = given.ptr,
        .len = given.len,
        .codec = how & 1 ? (enum yodel_codec)(YODEL_VP8 + (how >> 1) % 4)
                         : (enum yodel_codec)((how >> 1) % 3),
        .is_key = how & 16,
        .timestamp = now * 90 / 1000,
        .has_audio_level = how & 32};

    if (frame.len > 0) {
        (void)!session_put(side->session, t, &frame);
    }
}

static void give(int from, const uint8_t *packet, size_t len)
{
    uint8_t room[ROOM];

    memcpy(room, packet, len);
    session_recv(sides[1 - from].session, span_of(room, len), now);
    listen_to(&sides[1 - from]);
}

static void lie_in_rtcp(int from)
{
    struct bytes given = read_some();
    uint8_t room[ROOM];
    size_t len = 0;

    if (given.len >= 8 && srtp_protect_rtcp(&sides[from].session->sending, given,
                              span_of(room, sizeof room), &len) == YODEL_OK) {
        give(from, room, len);
    }
}

// Feedback for all of the transport, about packets near the last one.
static void put_feedback(struct writer *w, const struct session *about)
{
    size_t at = rtcp_put_header(w, RTCP_TYPE_TRANSPORT, RTCP_FORMAT_TWCC);

    put_u32(w, 1);
    put_u32(w, 2);
    put_u16(w, (uint16_t)(about->transport_seq - read_u8(&orders)));
    put_u16(w, read_u8(&orders));
    put_u32(w, read_u32(&orders)); // Its time, and its number.
    put_u32(w, read_u32(&orders)); // Two chunks, or one and a difference.
    put_u32(w, read_u32(&orders));
    rtcp_put_end(w, at);
}

// Blocks that are well-formed, with numbers of the input's.
static void lie_in_blocks(int from)
{
    struct yodel_transceiver *theirs = sides[1 - from].video;
    struct yodel_transceiver *ours = sides[from].video;
    uint8_t packet[256], room[ROOM];
    struct writer w = writer_of(span_of(packet, sizeof packet));
    uint8_t how = read_u8(&orders);
    struct rtcp_report report = {.fraction_lost = read_u8(&orders),
        .highest_seq = read_u32(&orders),
        .echo = {read_u32(&orders), read_u16(&orders)}};
    uint64_t seqs[] = {read_u16(&orders), UINT16_MAX + 1 + read_u16(&orders)};
    size_t len = 0;

    rtcp_put_sr(&w, ours->ssrc,
        &(struct rtcp_sender_info){.ntp = read_u64(&orders), .timestamp = read_u32(&orders)});
    (void)rtcp_put_report(&w, 0, theirs->ssrc, &report);
    if (how & 1) {
        (void)rtcp_put_nack(&w, ours->ssrc, theirs->ssrc, seqs, COUNT(seqs));
    }
    if (how & 2) {
        rtcp_put_pli(&w, ours->ssrc, theirs->ssrc);
        rtcp_put_fir(&w, ours->ssrc, theirs->ssrc, how);
    }
    if (how & 4) {
        rtcp_put_remb(&w, ours->ssrc, read_u64(&orders) >> 1, &theirs->ssrc, 1);
    }
    if (how & 8) {
        rtcp_put_rrtr(&w, ours->ssrc, report.highest_seq);
        rtcp_put_dlrr(&w, ours->ssrc, theirs->ssrc, &report.echo);
    }
    if (how & 16) {
        put_feedback(&w, sides[1 - from].session);
    }
    if (how & 32) {
        rtcp_put_bye(&w, &ours->ssrc, 1);
    }
    if (!w.failed && srtp_protect_rtcp(&sides[from].session->sending, writer_bytes(&w),
                         span_of(room, sizeof room), &len) == YODEL_OK) {
        give(from, room, len);
    }
}

static void lie_in_rtp(int from)
{
    uint8_t how = read_u8(&orders);
    struct yodel_transceiver *t = how & 1 ? sides[from].video : sides[from].sound;
    uint64_t near = (t->out ? (how & 4 ? t->out->rtx_seq : t->out->seq) : 0) + read_u8(&orders);
    struct rtp_packet packet = {.marker = how & 2,
        .payload_type = read_u8(&orders) & 0x7f,
        .seq = (uint16_t)near,
        .timestamp = read_u16(&orders) * 3000u,
        .ssrc = how & 4   ? t->rtx_ssrc
                : how & 8 ? read_u8(&orders)
                          : t->ssrc};
    uint8_t room[ROOM];
    struct writer w = writer_of(span_of(room, sizeof room - SRTP_RTP_OVERHEAD_MAX));
    size_t len = 0;

    if (how & 16) {
        packet.ext_form = how & 32 ? RTP_EXT_ONE_BYTE : RTP_EXT_TWO_BYTE;
        packet.ext_profile = how & 32 ? RTP_PACKET_ONE_BYTE_PROFILE : RTP_PACKET_TWO_BYTE_PROFILE;
        struct bytes exts = read_some();
        packet.exts = bytes_sub(exts, 0, exts.len & ~(size_t)3);
    }
    rtp_packet_put_header(&w, &packet);
    size_t head = w.len;
    put_bytes(&w, read_some());
    if (srtp_protect(&sides[from].session->sending, near, bytes_of(room, head),
            bytes_of(room + head, w.len - head), span_of(room, sizeof room), &len) == YODEL_OK) {
        give(from, room, len);
    }
}

static void act(void)
{
    uint8_t order = read_u8(&orders);
    int from = order & 1;
    struct bytes given;

    switch (order >> 1 & 7) {
    case 0:
        lie_in_rtcp(from);
        break;
    case 1:
        lie_in_rtp(from);
        break;
    case 2:
        lie_in_blocks(from);
        break;
    case 3:
        given = read_some();
        if (given.len > 0) {
            give(from, given.ptr, given.len);
        }
        break;
    case 4:
        to_lose = order >> 4;
        break;
    case 5:
    case 6:
        send_frame(&sides[from], read_u8(&orders));
        break;
    case 7:
        wait(YODEL_MS(1u << (order >> 4) % 12));
        break;
    }
    settle();
}

// ---- beginning and end

static void zeros_and_ones(void *ctx, struct span out)
{
    (void)ctx;
    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] = (uint8_t)(i * 37 + 11);
    }
}

static const struct env env = {.alloc = &alloc_heap, .random = zeros_and_ones};

static struct bytes text_of(struct side *side, const struct jsep_facts *facts, bool is_offer)
{
    struct bytes text = {0};
    enum yodel_err err = is_offer ? jsep_create_offer(&side->jsep, facts, &text)
                                  : jsep_create_answer(&side->jsep, facts, &text);

    YODEL_ASSERT(err == YODEL_OK);
    return text;
}

// `from` sets what it made, and the other side takes it.
static void tell(int from, enum yodel_sdp_type type)
{
    static const uint8_t print[JSEP_FINGERPRINT_SIZE] = {1};
    struct jsep_facts facts = {.ufrag = bytes_of_text(from == 0 ? "abcd" : "efgh"),
        .pwd = bytes_of_text("abcdefghijklmnopqrstuv"),
        .fingerprint = bytes_of(print, sizeof print),
        .sctp_port = 5000};
    struct jsep_change change;
    struct bytes text = text_of(&sides[from], &facts, type == YODEL_SDP_OFFER);
    enum yodel_err err = jsep_set_local(&sides[from].jsep, type, text, &change);

    YODEL_ASSERT(err == YODEL_OK);
    err =
        jsep_set_remote(&sides[1 - from].jsep, type, jsep_local(&sides[from].jsep)->text, &change);
    YODEL_ASSERT(err == YODEL_OK);
}

static void begin(void)
{
    static const uint8_t masters[2][SRTP_MASTER_MAX] = {{1}, {2}};
    size_t len =
        srtp_suite_key_size(SRTP_AEAD_AES_128_GCM) + srtp_suite_salt_size(SRTP_AEAD_AES_128_GCM);

    memset(sides, 0, sizeof sides);
    now = YODEL_SECONDS(1);
    to_lose = 0;
    for (int i = 0; i < 2; i++) {
        struct side *side = &sides[i];

        jsep_init(&side->jsep, &env, false);
        side->jsep.takes_media = true;
        enum yodel_err err = jsep_transceiver_new(&side->jsep, SDP_AUDIO, &side->sound);
        YODEL_ASSERT(err == YODEL_OK);
        err = jsep_transceiver_new(&side->jsep, SDP_VIDEO, &side->video);
        YODEL_ASSERT(err == YODEL_OK);
        side->sound->may_be_reused = side->video->may_be_reused = true;
        for (struct yodel_transceiver *t = NULL;
             (t = jsep_transceiver_next(&side->jsep, t)) != NULL;) {
            t->ssrc += 1000u * (uint32_t)(i + 1); // Chance is none here.
            t->rtx_ssrc += 1000u * (uint32_t)(i + 1);
        }
    }
    tell(0, YODEL_SDP_OFFER);
    tell(1, YODEL_SDP_ANSWER);
    for (int i = 0; i < 2; i++) {
        sides[i].session = session_new(&env, &sides[i].jsep, SRTP_AEAD_AES_128_GCM,
            bytes_of(masters[i], len), bytes_of(masters[1 - i], len), now);
        YODEL_ASSERT(sides[i].session && sides[i].video->agreed.sends);
    }
}

static void end(void)
{
    for (int i = 0; i < 2; i++) {
        session_forget(sides[i].session, sides[i].sound);
        session_forget(sides[i].session, sides[i].video);
        session_free(sides[i].session);
        jsep_deinit(&sides[i].jsep);
    }
}

FUZZ(input)
{
    orders = reader_of(input);
    begin();
    for (uint32_t i = 0; i < 200 && orders.left > 0; i++) {
        act();
    }
    wait(YODEL_SECONDS(1));
    end();
}
