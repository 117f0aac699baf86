// The media session: what is sent, in which order, and when next.

#include "base/assert.h"
#include "peer/session.h"

typedef bool emit_packet(struct outbound *out, const struct jsep_rtp *agreed,
    const struct outbound_stamp *stamp, struct writer *w, struct outbound_packet *packet);

static bool may_send(const struct yodel_transceiver *t)
{
    return t->out && t->is_agreed && t->agreed.sends;
}

// Encrypts in place. 0: it cannot leave.
static size_t protect(struct session *session, const struct outbound_packet *packet,
    struct bytes plain, struct span room)
{
    size_t len = 0;
    struct bytes payload = bytes_sub(plain, packet->header_len, SIZE_MAX);

    if (payload.len == 0) {
        payload = bytes_of(plain.ptr + plain.len, 0);
    }
    enum yodel_err err = srtp_protect(&session->sending, packet->seq,
        bytes_of(plain.ptr, packet->header_len), payload, room, &len);
    session->stats.protect_failures += err != YODEL_OK;
    return err == YODEL_OK ? len : 0;
}

// The next packet of a stream. One that cannot be encrypted, for lack of memory for its stream, is lost as on the way.
static size_t send_one(struct session *session, struct yodel_transceiver *t, emit_packet *emit,
    enum cc_pacer_kind kind, struct span room)
{
    size_t len = 0;

    while (len == 0 && cc_pacer_may_send(&session->pacer, kind, session->now)) {
        struct outbound_stamp stamp = {session->transport_seq + 1, session->now};
        struct writer w = writer_of(room);
        struct outbound_packet packet;

        session->waiting.has_left = true;
        if (!emit(t->out, &t->agreed, &stamp, &w, &packet)) {
            break;
        }
        session->transport_seq += packet.has_transport_seq;
        len = protect(session, &packet, writer_bytes(&w), room);
        session_rate_sent(session, kind, w.len, packet.has_transport_seq, session->now);
    }
    return len;
}

// Sound does not wait, in the order of the transceivers.
static size_t emit_sound(struct session *session, struct span room)
{
    size_t len = 0;

    for (struct yodel_transceiver *t = NULL;
         len == 0 && (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        if (may_send(t) && !t->out->is_video) {
            len = send_one(session, t, outbound_emit, CC_PACER_AUDIO, room);
        }
    }
    return len;
}

static struct yodel_transceiver *after(const struct session *session, struct yodel_transceiver *t)
{
    struct yodel_transceiver *next = jsep_transceiver_next(session->jsep, t);

    return next ? next : jsep_transceiver_next(session->jsep, NULL);
}

// One packet of one of the streams of video, in turns.
static size_t emit_video(
    struct session *session, emit_packet *emit, enum cc_pacer_kind kind, struct span room)
{
    struct yodel_transceiver *first = after(session, session->emitted);
    struct yodel_transceiver *t = first;
    size_t len = 0;

    if (!first || !cc_pacer_may_send(&session->pacer, kind, session->now)) {
        return 0;
    }
    do {
        if (may_send(t) && t->out->is_video) {
            len = send_one(session, t, emit, kind, room);
        }
        session->emitted = t;
        t = after(session, t);
    } while (len == 0 && t != first);
    return len;
}

static size_t emit_media(struct session *session, struct span room)
{
    const struct session_waiting *waiting = &session->waiting;
    size_t len = 0;

    if (waiting->has_sound) {
        len = emit_sound(session, room);
    }
    if (len == 0 && waiting->has_wanted) {
        len = emit_video(session, outbound_emit_again, CC_PACER_AGAIN, room);
    }
    if (len == 0 && waiting->has_video) {
        len = emit_video(session, outbound_emit, CC_PACER_VIDEO, room);
    }
    return len > 0 ? len : emit_video(session, outbound_emit_padding, CC_PACER_PADDING, room);
}

size_t session_emit(struct session *session, struct span room, yodel_time now)
{
    session->now = now;
    session_rate_update(session, now);
    struct span packet = span_sub(room, 0, OUTBOUND_PACKET_MAX);
    size_t len = session_rtcp_emit(session, packet, now);

    len = len > 0 ? len : emit_media(session, packet);
    if (len == 0) {
        session_rate_rest(session, now);
    }
    return len;
}

yodel_time session_next_timeout(const struct session *session)
{
    yodel_time at =
        time_min(session_rtcp_next_timeout(session), cc_gcc_next_timeout(&session->gcc));

    for (struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        if (t->in && t->is_agreed && t->agreed.receives) { // Else nothing is asked for again.
            at = time_min(at, inbound_next_timeout(t->in));
        }
        if (may_send(t)) {
            at = time_min(at, rtp_sender_next_timeout(&t->out->sender));
            at = t->out->is_video || t->out->frame_count == 0 ? at : session->now;
        }
    }
    return time_min(at, cc_pacer_next_timeout(&session->pacer, session->now));
}
