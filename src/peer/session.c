// The media session: its life, packets in, frames out. RTCP is in session_rtcp.c, rates are in session_rate.c, and what
// is sent when in session_emit.c.

#include "peer/session.h"

#include "base/assert.h"
#include "peer/codecs.h"

// ---- life

struct session *session_new(const struct env *env, struct jsep *jsep, enum srtp_suite suite,
    struct bytes sending, struct bytes receiving, yodel_time now)
{
    struct session *session = alloc_new(env->alloc, sizeof *session);
    struct cc_gcc_limits limits = {SESSION_BPS_MIN, SESSION_BPS_START, SESSION_BPS_START};

    if (!session) {
        return NULL;
    }
    session->env = env;
    session->jsep = jsep;
    session->now = now;
    // Two streams of ours for each transceiver, over the life of all (RFC 3711 §9.1: keys are not used anew).
    srtp_init(&session->sending, env, suite, sending, (size_t)4 * SDP_MEDIA_MAX);
    srtp_init(&session->receiving, env, suite, receiving, DEMUX_SOURCES_MAX);
    rtp_twcc_init(&session->twcc);
    cc_gcc_init(&session->gcc, &limits);
    cc_pacer_init(&session->pacer, SESSION_BPS_START, now);
    session->report_due = time_after(now, SESSION_REPORT_INTERVAL / 2);
    session_agree(session, jsep);
    return session;
}

void session_free(struct session *session)
{
    if (!session) {
        return;
    }
    srtp_deinit(&session->sending);
    srtp_deinit(&session->receiving);
    alloc_free(session->env->alloc, session->frame_room);
    alloc_free(session->env->alloc, session);
}

void session_forget(struct session *session, struct yodel_transceiver *transceiver)
{
    outbound_free(transceiver->out);
    inbound_free(transceiver->in);
    transceiver->out = NULL;
    transceiver->in = NULL;
    if (!session) {
        return;
    }
    demux_forget(&session->demux, transceiver);
    session->waiting.is_stale = true;
    if (session->report_next == transceiver) {
        session->report_next = jsep_transceiver_next(session->jsep, transceiver);
    }
    if (session->emitted == transceiver) {
        session->emitted = NULL;
    }
}

// ---- what was agreed on

bool session_is_needed(const struct jsep *jsep)
{
    struct yodel_transceiver *t = jsep_transceiver_next(jsep, NULL);

    while (t && !(t->is_agreed && (t->agreed.sends || t->agreed.receives))) {
        t = jsep_transceiver_next(jsep, t);
    }
    return t != NULL;
}

static void agree(struct jsep *jsep, struct yodel_transceiver *t)
{
    t->is_agreed = jsep_rtp_find(jsep, t, &t->agreed);
    if (t->out && !(t->is_agreed && t->agreed.sends)) {
        outbound_clear(t->out); // What waited is not for a later time.
    }
}

void session_agree(struct session *session, struct jsep *jsep)
{
    struct rtp_ext_map exts = {0};
    bool is_reduced = true, has_feedback = false;

    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        agree(jsep, t);
        for (enum rtp_ext_kind kind = 0; t->is_agreed && kind < RTP_EXT_KINDS; kind++) {
            if (t->agreed.exts.ids[kind] != 0 && exts.ids[kind] == 0) {
                (void)!rtp_ext_map_set(&exts, kind, t->agreed.exts.ids[kind]);
            }
        }
        is_reduced = is_reduced && (!t->is_agreed || t->agreed.is_reduced_size);
        has_feedback = has_feedback || (t->is_agreed && t->agreed.has_transport_feedback);
    }
    if (session) {
        session->exts = exts;
        session->is_reduced = is_reduced;
        session->has_feedback = has_feedback;
        session_rate_agree(session);
    }
}

// ---- packets in

static void drop(struct session *session, enum session_drop reason)
{
    session->stats.drops[reason]++;
}

bool session_owns(const struct session *session, uint32_t ssrc)
{
    struct yodel_transceiver *t = jsep_transceiver_next(session->jsep, NULL);

    while (t && t->ssrc != ssrc && t->rtx_ssrc != ssrc) {
        t = jsep_transceiver_next(session->jsep, t);
    }
    return t != NULL;
}

static struct inbound *get_inbound(struct session *session, struct yodel_transceiver *t)
{
    if (!t->in) {
        t->in = inbound_new(session->env, t->kind == SDP_VIDEO);
    }
    return t->in;
}

static void take_rtp(
    struct session *session, struct rtp_packet *packet, size_t header_len, yodel_time now)
{
    struct rtp_ext_values values;

    rtp_ext_read(&values, packet, &session->exts);
    if (rtp_ext_has(&values, RTP_EXT_TRANSPORT_SEQ)) {
        session->heard_ssrc = packet->ssrc;
        rtp_twcc_recv(&session->twcc, values.transport_seq, now);
    }
    if (session_owns(session, packet->ssrc)) {
        drop(session, SESSION_DROP_COLLISION);
        return;
    }
    struct yodel_transceiver *t = demux_find(&session->demux, session->jsep, packet, &values);
    if (!t) {
        drop(session, SESSION_DROP_UNROUTED);
        return;
    }
    struct inbound *in = get_inbound(session, t);
    if (!in) {
        drop(session, SESSION_DROP_MEMORY);
        return;
    }
    in->header_octets += header_len + packet->padding_len;
    inbound_recv(in, &t->agreed, packet, &values, now);
}

static void recv_rtp(struct session *session, struct span datagram, yodel_time now)
{
    struct srtp_opened opened;
    struct rtp_packet packet;

    if (!srtp_unprotect(&session->receiving, datagram, &opened)) {
        return;
    }
    struct bytes whole = bytes_of(datagram.ptr, opened.header.len + opened.payload.len);
    if (rtp_packet_parse(&packet, whole) != YODEL_OK) {
        drop(session, SESSION_DROP_FOREIGN);
        return;
    }
    take_rtp(session, &packet, opened.header.len, now);
}

static void recv_rtcp(struct session *session, struct span datagram, yodel_time now)
{
    size_t len = 0;

    if (srtp_unprotect_rtcp(&session->receiving, datagram, &len)) {
        session_rtcp_recv(session, bytes_of(datagram.ptr, len), now);
    }
}

void session_recv(struct session *session, struct span datagram, yodel_time now)
{
    session->now = now;
    switch (rtp_packet_kind(bytes_of_span(datagram))) {
    case RTP_KIND_RTP:
        recv_rtp(session, datagram, now);
        break;
    case RTP_KIND_RTCP:
        recv_rtcp(session, datagram, now);
        break;
    case RTP_KIND_FOREIGN:
        drop(session, SESSION_DROP_FOREIGN);
        break;
    }
}

void session_tick(struct session *session, yodel_time now)
{
    session->now = now;
    for (struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        if (t->in) {
            inbound_tick(t->in, now);
        }
    }
    cc_gcc_tick(&session->gcc, now);
    cc_pacer_tick(&session->pacer, now);
    session_rate_update(session, now);
}

// ---- frames in and out

static bool has_codec(const struct jsep_rtp *agreed, enum yodel_codec codec)
{
    for (size_t i = 0; i < agreed->codec_count; i++) {
        if (agreed->codecs[i].codec == codec) {
            return true;
        }
    }
    return false;
}

enum yodel_err session_put(
    struct session *session, struct yodel_transceiver *transceiver, const struct yodel_frame *frame)
{
    struct yodel_transceiver *t = transceiver;

    if (!t->is_agreed || !t->agreed.sends) {
        return YODEL_ERR_INVALID_STATE;
    }
    if (!has_codec(&t->agreed, frame->codec)) {
        return YODEL_ERR_NOT_SUPPORTED;
    }
    if (!t->out) {
        uint32_t clock_rate = peer_codecs_get(frame->codec)->clock_rate;
        t->out = outbound_new(session->env, t, clock_rate);
        session_rate_agree(session);
    }
    session->waiting.is_stale = true;
    return t->out ? outbound_put(t->out, frame, session->now) : YODEL_ERR_NO_MEMORY;
}

// A frame of video needs a room to be put together in, which all streams share.
static struct span frame_room(struct session *session, const struct inbound *in)
{
    if (in->is_video && !session->frame_room && in->frames.stored > 0) {
        session->frame_room = alloc_new(session->env->alloc, INBOUND_FRAME_ROOM);
    }
    return span_of(session->frame_room, session->frame_room ? INBOUND_FRAME_ROOM : 0);
}

static bool next_frame(
    struct session *session, struct yodel_transceiver *t, struct yodel_event *event)
{
    static const struct yodel_frame none;
    struct inbound *in = t->in;

    if (!in || !t->is_agreed || !t->agreed.receives) {
        return false;
    }
    struct span room = frame_room(session, in);
    session->frame = none;
    if (!inbound_next(in, &session->clock, room, &session->frame, session->now)) {
        return false; // Without memory for the room a frame is lost, as one that is too large is.
    }
    event->type = YODEL_EVENT_FRAME;
    event->frame = &session->frame;
    return true;
}

// A change by a sixteenth is one worth telling.
static bool next_bitrate(struct outbound *out, struct yodel_event *event)
{
    uint64_t difference =
        out->bps > out->told_bps ? out->bps - out->told_bps : out->told_bps - out->bps;

    if (!out->is_video || difference <= out->told_bps / 16) {
        return false;
    }
    out->told_bps = out->bps;
    event->type = YODEL_EVENT_BITRATE;
    event->bitrate = out->bps;
    return true;
}

static bool next_of(struct session *session, struct yodel_transceiver *t, struct yodel_event *event)
{
    bool sends = t->out && t->is_agreed && t->agreed.sends;

    if (sends && rtp_sender_take_key(&t->out->sender, session->now)) {
        event->type = YODEL_EVENT_KEY_FRAME_NEEDED;
        return true;
    }
    return (sends && next_bitrate(t->out, event)) || next_frame(session, t, event);
}

bool session_next_event(struct session *session, struct yodel_event *event)
{
    struct yodel_transceiver *t = jsep_transceiver_next(session->jsep, NULL);

    while (t && !next_of(session, t, event)) {
        t = jsep_transceiver_next(session->jsep, t);
    }
    event->transceiver = t ? t : event->transceiver;
    return t != NULL;
}
