// The media session's RTCP: what the other side says of our streams, and what we say of its.

#include "base/assert.h"
#include "peer/session.h"

#define REPORT_ROOM 160 // A report, its block, a CNAME, and a word on a receiver's clock.
#define RTT_SMOOTHING 8

// ---- taking

static struct yodel_transceiver *find_sender(const struct session *session, uint32_t ssrc)
{
    struct yodel_transceiver *t = jsep_transceiver_next(session->jsep, NULL);

    while (t && !(t->out && t->ssrc == ssrc)) {
        t = jsep_transceiver_next(session->jsep, t);
    }
    return t;
}

static struct inbound *find_inbound(const struct session *session, uint32_t ssrc)
{
    for (struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        if (t->in && t->in->is_begun && t->in->source.ssrc == ssrc) {
            return t->in;
        }
    }
    return NULL;
}

static void take_rtt(struct session *session, const struct rtcp_echo *echo, yodel_time now)
{
    yodel_duration rtt;

    if (!rtp_ntp_rtt(echo, now, &rtt)) {
        return;
    }
    session->rtt =
        session->rtt == 0 ? rtt : session->rtt - session->rtt / RTT_SMOOTHING + rtt / RTT_SMOOTHING;
    cc_gcc_set_rtt(&session->gcc, session->rtt);
    for (struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        if (t->in) {
            rtp_nack_set_rtt(&t->in->nack, session->rtt);
        }
        if (t->out && t->out->is_video) {
            rtp_history_set_rtt(&t->out->history, session->rtt);
        }
    }
}

static void take_report(struct session *session, const struct rtcp_block *block, yodel_time now)
{
    struct yodel_transceiver *t = find_sender(session, block->ssrc);

    if (!t) {
        return; // Of another's, or of RTX, which is reported on too.
    }
    struct outbound *out = t->out;
    outbound_recv_report(out, &block->report, t->redundancy);
    take_rtt(session, &block->report.echo, now);
    if (out->is_video && !session->has_feedback) {
        cc_gcc_recv_report(&session->gcc, block->report.fraction_lost, now);
    }
}

static void take_twcc(struct session *session, struct bytes twcc, yodel_time now)
{
    struct rtp_twcc_feedback feedback;
    struct rtp_twcc_status status;

    if (rtp_twcc_parse(&feedback, &session->twcc_clock, twcc, session->transport_seq) != YODEL_OK) {
        session->stats.rtcp_malformed++;
        return;
    }
    while (rtp_twcc_next(&feedback, &status)) {
        cc_gcc_recv_status(
            &session->gcc, &(struct cc_status){status.seq, status.is_received, status.arrival});
    }
    cc_gcc_feedback_end(&session->gcc, now);
}

static void take_sender_info(
    struct session *session, const struct rtcp_block *block, yodel_time now)
{
    struct inbound *in = find_inbound(session, block->sender);

    rtp_ntp_clock_recv(&session->clock, block->sender_info.ntp, now);
    if (in) {
        rtp_source_recv_info(&in->source, &block->sender_info, now);
    }
}

static void take_bye(struct session *session, uint32_t ssrc)
{
    struct inbound *in = find_inbound(session, ssrc);

    session->stats.byes++;
    if (in) {
        in->has_ended = true; // Until a packet says otherwise (C5: it may be anybody's word).
    }
}

// What the other side, as a receiver, asks of a stream of ours.
static void take_request(struct session *session, const struct rtcp_block *block, yodel_time now)
{
    struct yodel_transceiver *t = find_sender(session, block->ssrc);

    if (!t || !t->out->is_video) {
        return;
    }
    struct outbound *out = t->out;
    if (block->kind == RTCP_NACK) {
        out->nacks++;
        rtp_history_recv_nack(&out->history, &block->nack, now);
        session->waiting.is_stale = true;
    } else if (block->kind == RTCP_PLI) {
        out->plis++;
        rtp_sender_recv_pli(&out->sender);
    } else {
        out->firs++;
        rtp_sender_recv_fir(&out->sender, block->fir_seq);
    }
}

static void take_block(struct session *session, const struct rtcp_block *block, yodel_time now)
{
    switch (block->kind) {
    case RTCP_SENDER_INFO:
        take_sender_info(session, block, now);
        break;
    case RTCP_REPORT:
        take_report(session, block, now);
        break;
    case RTCP_BYE:
        take_bye(session, block->ssrc);
        break;
    case RTCP_NACK:
    case RTCP_PLI:
    case RTCP_FIR:
        take_request(session, block, now);
        break;
    case RTCP_TWCC:
        take_twcc(session, block->twcc, now);
        break;
    case RTCP_REMB:
        cc_gcc_recv_remb(&session->gcc, block->remb.rate_bps);
        break;
    case RTCP_RRTR:
        session->rrtr_ntp = block->ntp;
        session->rrtr_ssrc = block->sender;
        session->rrtr_arrival = now;
        break;
    case RTCP_DLRR:
        if (session_owns(session, block->ssrc)) { // One names whoever has told of its clock.
            take_rtt(session, &block->echo, now);
        }
        break;
    case RTCP_CNAME:
        break; // One side has one clock, whatever it calls itself.
    }
}

void session_rtcp_recv(struct session *session, struct bytes packet, yodel_time now)
{
    struct rtcp_reader reader;
    struct rtcp_block block;

    if (rtcp_open(&reader, packet) != YODEL_OK) {
        session->stats.rtcp_malformed++;
        return;
    }
    while (rtcp_next(&reader, &block)) {
        take_block(session, &block, now);
    }
    session->stats.rtcp_malformed += reader.malformed;
    session->stats.rtcp_unknown += reader.unknown;
}

// ---- reports

static bool has_sent(const struct yodel_transceiver *t)
{
    return t->out && t->out->sender.packets > 0 && t->is_agreed && t->agreed.sends;
}

static bool has_news(const struct yodel_transceiver *t)
{
    return t->in && t->in->is_begun && !t->in->has_ended && rtp_source_has_news(&t->in->source);
}

static void put_name(const struct session *session, struct writer *w, uint32_t ssrc)
{
    rtcp_put_cname(w, ssrc, bytes_of_text(session->jsep->cname));
}

// A report of the SSRC that is the transceiver's: on what it sends, and on what it receives.
static void put_report(
    struct session *session, const struct yodel_transceiver *t, struct writer *w, yodel_time now)
{
    struct rtcp_sender_info info;
    struct rtcp_report report;
    size_t at = w->len;

    if (has_sent(t) && rtp_sender_report(&t->out->sender, &info, now)) {
        rtcp_put_sr(w, t->ssrc, &info);
    } else {
        rtcp_put_rr(w, t->ssrc);
    }
    if (has_news(t)) {
        rtp_source_report(&t->in->source, &report, now);
        bool is_put = rtcp_put_report(w, at, t->in->source.ssrc, &report);
        YODEL_ASSERT(is_put);
    }
    put_name(session, w, t->ssrc);
}

// RFC 3611 §4.4, §4.5: who sends nothing learns the round trip in this way; and lets the other side.
static void put_clocks(
    struct session *session, uint32_t ssrc, bool is_sender, struct writer *w, yodel_time now)
{
    if (session->rrtr_ntp != 0) {
        struct rtcp_echo echo = rtp_ntp_echo(session->rrtr_ntp, session->rrtr_arrival, now);
        rtcp_put_dlrr(w, ssrc, session->rrtr_ssrc, &echo);
        session->rrtr_ntp = 0;
    }
    if (!is_sender) {
        rtcp_put_rrtr(w, ssrc, rtp_ntp_of(now));
    }
}

static yodel_duration next_interval(const struct session *session)
{
    return SESSION_REPORT_INTERVAL / 2 + env_random_u32(session->env) % SESSION_REPORT_INTERVAL;
}

static void put_reports(struct session *session, struct writer *w, yodel_time now)
{
    if (!session->is_reporting && now >= session->report_due) {
        session->is_reporting = true;
        session->report_next = jsep_transceiver_next(session->jsep, NULL);
        session->report_due = time_after(now, next_interval(session));
    }
    for (struct yodel_transceiver *t = session->report_next;
         session->is_reporting && t && writer_left(w) >= REPORT_ROOM;
         t = jsep_transceiver_next(session->jsep, t)) {
        if (has_sent(t) || has_news(t)) {
            put_report(session, t, w, now);
            put_clocks(session, t->ssrc, has_sent(t), w, now);
        }
        session->report_next = jsep_transceiver_next(session->jsep, t);
    }
    session->is_reporting = session->is_reporting && session->report_next;
}

// ---- feedback

static void put_feedback(struct session *session, struct writer *w, yodel_time now)
{
    const struct yodel_transceiver *first = jsep_transceiver_next(session->jsep, NULL);

    if (!first) {
        return;
    }
    if (session->has_feedback && writer_left(w) > REPORT_ROOM) {
        (void)rtp_twcc_emit(&session->twcc, w, first->ssrc, session->heard_ssrc, now);
    }
    for (struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        if (t->in && t->is_agreed && t->agreed.receives && writer_left(w) > REPORT_ROOM) {
            inbound_put_feedback(t->in, &t->agreed, t->ssrc, w, now);
        }
    }
}

static size_t seal(struct session *session, const struct writer *w, struct span room)
{
    size_t len = 0;
    enum yodel_err err = srtp_protect_rtcp(&session->sending, writer_bytes(w), room, &len);

    session->stats.protect_failures += err != YODEL_OK;
    return err == YODEL_OK ? len : 0;
}

static struct writer begin(struct span room)
{
    YODEL_ASSERT(room.len > SRTP_RTCP_OVERHEAD_MAX);
    return writer_of(span_sub(room, 0, room.len - SRTP_RTCP_OVERHEAD_MAX));
}

size_t session_rtcp_emit(struct session *session, struct span room, yodel_time now)
{
    const struct yodel_transceiver *first = jsep_transceiver_next(session->jsep, NULL);
    struct writer w = begin(room);

    put_reports(session, &w, now);
    bool is_report = w.len > 0;
    if (!is_report && !session->is_reduced && first) {
        rtcp_put_rr(&w, first->ssrc); // RFC 3550 §6.1: each compound begins so.
        put_name(session, &w, first->ssrc);
    }
    size_t head = w.len;
    put_feedback(session, &w, now);
    YODEL_ASSERT(!w.failed);
    return is_report || w.len > head ? seal(session, &w, room) : 0;
}

yodel_time session_rtcp_next_timeout(const struct session *session)
{
    yodel_time at = session->is_reporting ? session->now : session->report_due;

    return session->has_feedback ? time_min(at, rtp_twcc_next_timeout(&session->twcc)) : at;
}

size_t session_emit_bye(struct session *session, struct span room)
{
    uint32_t ssrcs[RTCP_REPORTS_MAX];
    struct writer w = begin(room);
    size_t count = 0;

    for (struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        if (t->out && t->out->sender.packets > 0 && count < RTCP_REPORTS_MAX) {
            ssrcs[count++] = t->ssrc;
        }
    }
    if (session->has_said_bye || count == 0) {
        return 0;
    }
    session->has_said_bye = true;
    rtcp_put_rr(&w, ssrcs[0]); // RFC 3550 §6.1.
    put_name(session, &w, ssrcs[0]);
    rtcp_put_bye(&w, ssrcs, count);
    return seal(session, &w, room);
}
