// SCTP association: the handshake with its collisions, and the two ways out.

#include "sctp/assoc.h"

#include "sctp/sack.h"

static bool is_alive(const struct sctp *sctp)
{
    return sctp->state >= SCTP_ESTABLISHED && sctp->state <= SCTP_SHUTDOWN_ACK_SENT;
}

// ---- timers T1 and T2

static void begin_setup_timer(struct sctp *sctp)
{
    sctp->setup_due = true;
    sctp->setup_at = YODEL_NEVER;
    sctp->setup_count = 0;
}

static void stop_setup_timer(struct sctp *sctp)
{
    sctp->setup_due = false;
    sctp->setup_at = YODEL_NEVER;
}

static void arm_setup_timer(struct sctp *sctp, yodel_time now)
{
    sctp->setup_due = false;
    sctp->setup_at = time_after(now, sctp->tx.rto.rto);
    sctp->setup_count++;
}

void sctp_assoc_tick(struct sctp *sctp, yodel_time now)
{
    if (now < sctp->setup_at) {
        return;
    }
    sctp->setup_at = YODEL_NEVER;
    sctp_rto_back_off(&sctp->tx.rto);
    if (sctp->setup_count > SCTP_RETRANSMITS_MAX) {
        sctp_assoc_fail(sctp, SCTP_FAIL_TIMEOUT, SCTP_CAUSE_USER_ABORT);
        return;
    }
    sctp->setup_due = true;
}

// ---- set-up

void sctp_assoc_start(struct sctp *sctp)
{
    if (sctp->state == SCTP_CLOSED && !sctp->is_started) {
        sctp->is_started = true;
        sctp->state = SCTP_COOKIE_WAIT;
        begin_setup_timer(sctp);
    }
}

static struct sctp_init our_init(const struct sctp *sctp, uint32_t tag, uint32_t tsn)
{
    size_t window = sctp_rx_window(&sctp->rx);

    return (struct sctp_init){.tag = tag,
        .a_rwnd = window < UINT32_MAX ? (uint32_t)window : UINT32_MAX,
        .out_streams = SCTP_STREAMS_MAX,
        .in_streams = SCTP_STREAMS_MAX,
        .tsn = tsn,
        .forward_tsn = true,
        .re_config = true};
}

// X5. §3.3.2, §3.3.3: what has a tag of 0, no streams or a window below 1500 bytes is discarded.
static bool is_sound(const struct sctp_init *init)
{
    return init->tag != 0 && init->out_streams != 0 && init->in_streams != 0 &&
           init->a_rwnd >= SCTP_RX_WINDOW_MIN;
}

void sctp_assoc_recv_init(struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now)
{
    struct sctp_init_reply *reply = &sctp->init_reply;
    struct sctp_init init;

    if (sctp_chunk_parse_init(&init, chunk) != YODEL_OK || !is_sound(&init)) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
        return;
    }
    if (sctp->state == SCTP_SHUTDOWN_ACK_SENT || sctp->state == SCTP_ENDED) {
        sctp->stats.drops[SCTP_DROP_STATE]++;
        return;
    }
    struct writer report = writer_of(span_of(reply->report, sizeof reply->report));
    sctp_chunk_put_unknown(&report, &init);
    reply->report_len = writer_bytes(&report).len;
    reply->due = true;
    reply->cookie = (struct sctp_cookie){
        .made_at = now, .our_tag = sctp->our_tag, .our_tsn = sctp->our_first_tsn, .peer = init};
    if (is_alive(sctp)) {
        // §5.2.2: a peer that restarts, or a forgery. Whoever returns this cookie has seen this
        // tag; the tie tags say what there was before.
        reply->cookie.our_tag = env_random_u32(sctp->env) | 1;
        reply->cookie.tie_ours = sctp->our_tag;
        reply->cookie.tie_theirs = sctp->peer_tag;
    }
}

static void put_init_ack(struct sctp *sctp, struct writer *w)
{
    struct sctp_init_reply *reply = &sctp->init_reply;
    uint8_t cookie[SCTP_COOKIE_SIZE];
    struct sctp_init ack = our_init(sctp, reply->cookie.our_tag, reply->cookie.our_tsn);

    sctp_cookie_write(&reply->cookie, bytes_of(sctp->cookie_key, sizeof sctp->cookie_key), cookie);
    ack.cookie = bytes_of(cookie, sizeof cookie);
    ack.report = bytes_of(reply->report, reply->report_len);
    sctp_chunk_put_init(w, SCTP_INIT_ACK, &ack);
    reply->due = false;
}

static void adopt(struct sctp *sctp, const struct sctp_init *peer)
{
    uint32_t streams = peer->in_streams < SCTP_STREAMS_MAX ? peer->in_streams : SCTP_STREAMS_MAX;

    sctp->peer_tag = peer->tag;
    sctp->peer_re_config = peer->re_config;
    sctp_rx_start(&sctp->rx, peer->tsn);
    sctp_tx_start(&sctp->tx, peer->a_rwnd, streams, peer->forward_tsn);
    sctp_reset_start(&sctp->reset, sctp->our_first_tsn, peer->tsn);
}

void sctp_assoc_recv_init_ack(struct sctp *sctp, const struct sctp_chunk *chunk)
{
    struct sctp_init init;

    if (sctp->state != SCTP_COOKIE_WAIT) {
        sctp->stats.drops[SCTP_DROP_STATE]++; // §5.2.3
        return;
    }
    if (sctp_chunk_parse_init(&init, chunk) != YODEL_OK || !is_sound(&init) ||
        init.cookie.len == 0 || init.cookie.len > SCTP_ASSOC_COOKIE_MAX) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++; // Perhaps not the peer's own: T1 asks again.
        return;
    }
    uint8_t *cookie = alloc_resize(sctp->env->alloc, sctp->peer_cookie, init.cookie.len);
    if (!cookie) {
        return;
    }
    memcpy(cookie, init.cookie.ptr, init.cookie.len);
    sctp->peer_cookie = cookie;
    sctp->peer_cookie_len = init.cookie.len;
    adopt(sctp, &init);
    sctp->state = SCTP_COOKIE_ECHOED;
    begin_setup_timer(sctp);
}

static void establish(struct sctp *sctp, yodel_time now)
{
    sctp->state = SCTP_ESTABLISHED;
    stop_setup_timer(sctp);
    sctp_rto_recover(&sctp->tx.rto);
    sctp->heartbeat_at = time_after(now, SCTP_HEARTBEAT_INTERVAL);
    sctp->tell_connected = true;
    alloc_free(sctp->env->alloc, sctp->peer_cookie);
    sctp->peer_cookie = NULL;
    if (sctp->shutdown_wanted) {
        sctp_assoc_shutdown(sctp);
    }
}

// §5.2.4, for a cookie made for the very association that there is.
static void on_own_cookie(struct sctp *sctp, const struct sctp_cookie *cookie, yodel_time now)
{
    if (is_alive(sctp)) {
        // D where the peer's tag is the same: our COOKIE ACK was lost. B otherwise, too late to
        // matter: dropped.
        sctp->cookie_ack_due = sctp->peer_tag == cookie->peer.tag;
        return;
    }
    if (sctp->peer_tag != cookie->peer.tag) {
        adopt(sctp, &cookie->peer); // B: its INIT crossed ours.
    }
    sctp->cookie_ack_due = true;
    establish(sctp, now);
}

void sctp_assoc_recv_cookie_echo(
    struct sctp *sctp, uint32_t tag, const struct sctp_chunk *chunk, yodel_time now)
{
    struct sctp_cookie cookie;
    enum yodel_err err = sctp_cookie_parse(
        &cookie, bytes_of(sctp->cookie_key, sizeof sctp->cookie_key), chunk->value, now);

    if (err == YODEL_ERR_UNAUTHENTIC || tag != cookie.our_tag || sctp->state == SCTP_ENDED) {
        sctp->stats.drops[SCTP_DROP_COOKIE]++; // X7
        return;
    }
    bool is_ours = cookie.our_tag == sctp->our_tag;
    bool is_known = is_ours && is_alive(sctp) && cookie.peer.tag == sctp->peer_tag;
    if (err == YODEL_ERR_TIMEOUT && !is_known) {
        sctp->stats.drops[SCTP_DROP_COOKIE]++;
        sctp->stale_cookie_due = true; // §5.1.5 step 4.
        sctp->stale_cookie_tag = cookie.peer.tag;
        return;
    }
    if (is_ours) {
        on_own_cookie(sctp, &cookie, now);
    } else if (is_alive(sctp) && cookie.tie_ours == sctp->our_tag &&
               cookie.tie_theirs == sctp->peer_tag) {
        sctp_assoc_fail(sctp, SCTP_FAIL_RESTARTED, SCTP_CAUSE_RESTART); // A
    } else {
        sctp->stats.drops[SCTP_DROP_COOKIE]++; // C
    }
}

void sctp_assoc_recv_cookie_ack(struct sctp *sctp, yodel_time now)
{
    if (sctp->state == SCTP_COOKIE_ECHOED) { // §5.2.5: in any other state it is late.
        establish(sctp, now);
    }
}

void sctp_assoc_recv_error(struct sctp *sctp, const struct sctp_chunk *chunk)
{
    // §5.2.6: a stale cookie begins it all again. Every other report is for people.
    if (sctp_chunk_first_cause(chunk) == SCTP_CAUSE_STALE_COOKIE &&
        sctp->state == SCTP_COOKIE_ECHOED) {
        sctp->state = SCTP_COOKIE_WAIT;
        sctp->setup_due = true;
        sctp->setup_at = YODEL_NEVER;
    }
}

// ---- ending

static void end(struct sctp *sctp)
{
    sctp->state = SCTP_ENDED;
    stop_setup_timer(sctp);
    sctp->heartbeat_at = YODEL_NEVER;
    sctp->tx.t3 = YODEL_NEVER;
    sctp->rx.ack_at = YODEL_NEVER;
    sctp_reset_stop(&sctp->reset);
    sctp->init_reply.due = false;
    sctp->cookie_ack_due = false;
}

void sctp_assoc_fail(struct sctp *sctp, enum sctp_failure failure, enum sctp_cause cause)
{
    if (sctp->state == SCTP_ENDED) {
        return;
    }
    sctp->abort_due = sctp->peer_tag != 0;
    sctp->abort_cause = cause;
    sctp->tell_failure = failure;
    end(sctp);
}

void sctp_assoc_recv_abort(struct sctp *sctp)
{
    if (sctp->state == SCTP_CLOSED || sctp->state == SCTP_ENDED) {
        return;
    }
    sctp->tell_failure = SCTP_FAIL_ABORTED;
    end(sctp);
}

void sctp_assoc_shutdown(struct sctp *sctp)
{
    if (sctp->state == SCTP_ESTABLISHED) {
        sctp->state = SCTP_SHUTDOWN_PENDING;
        sctp_assoc_advance(sctp);
    } else if (sctp->state == SCTP_CLOSED) {
        sctp->tell_closed = true;
        end(sctp);
    } else if (sctp->state < SCTP_ESTABLISHED) {
        sctp->shutdown_wanted = true;
    }
}

void sctp_assoc_advance(struct sctp *sctp)
{
    if (!sctp_tx_is_empty(&sctp->tx)) {
        return;
    }
    if (sctp->state == SCTP_SHUTDOWN_PENDING) {
        sctp->state = SCTP_SHUTDOWN_SENT;
        begin_setup_timer(sctp);
    } else if (sctp->state == SCTP_SHUTDOWN_RECEIVED) {
        sctp->state = SCTP_SHUTDOWN_ACK_SENT;
        begin_setup_timer(sctp);
    }
}

void sctp_assoc_recv_shutdown(struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now)
{
    struct reader r = reader_of(chunk->value);
    uint32_t cumulative = read_u32(&r);

    if (r.failed || !is_alive(sctp)) {
        sctp->stats.drops[r.failed ? SCTP_DROP_MALFORMED : SCTP_DROP_STATE]++;
        return;
    }
    if (!sctp_sack_recv_cumulative(&sctp->tx, cumulative, now)) {
        sctp_assoc_fail(sctp, SCTP_FAIL_PROTOCOL, SCTP_CAUSE_PROTOCOL_VIOLATION);
        return;
    }
    if (sctp->state == SCTP_SHUTDOWN_SENT) {
        sctp->state = SCTP_SHUTDOWN_ACK_SENT; // §9.2: both began.
        begin_setup_timer(sctp);
    } else if (sctp->state < SCTP_SHUTDOWN_SENT) {
        sctp->state = SCTP_SHUTDOWN_RECEIVED;
    } else if (sctp->state == SCTP_SHUTDOWN_ACK_SENT) {
        sctp->setup_due = true; // Our SHUTDOWN ACK was lost.
    }
    sctp_assoc_advance(sctp);
}

void sctp_assoc_recv_shutdown_ack(struct sctp *sctp)
{
    if (sctp->state != SCTP_SHUTDOWN_SENT && sctp->state != SCTP_SHUTDOWN_ACK_SENT) {
        // §8.5.1 E: it has nothing to do with an association that is being set up, but it does want
        // its answer.
        sctp->stats.drops[SCTP_DROP_STATE]++;
        sctp->shutdown_complete_due |= sctp->state == SCTP_ENDED && sctp->peer_tag != 0;
        return;
    }
    sctp->shutdown_complete_due = true;
    sctp->tell_closed = true;
    end(sctp);
}

void sctp_assoc_recv_shutdown_complete(struct sctp *sctp)
{
    if (sctp->state == SCTP_SHUTDOWN_ACK_SENT) {
        sctp->tell_closed = true;
        end(sctp);
    } else {
        sctp->stats.drops[SCTP_DROP_STATE]++; // §9.2
    }
}

// ---- writing

static void start_packet(const struct sctp *sctp, struct writer *w, uint32_t tag)
{
    sctp_packet_start(w, &(struct sctp_header){.source_port = sctp->config.local_port,
                             .destination_port = sctp->config.remote_port,
                             .tag = tag});
}

static void put_setup(struct sctp *sctp, struct writer *w, yodel_time now)
{
    if (sctp->state == SCTP_COOKIE_WAIT) {
        struct sctp_init init = our_init(sctp, sctp->our_tag, sctp->our_first_tsn);

        start_packet(sctp, w, 0);
        sctp_chunk_put_init(w, SCTP_INIT, &init);
    } else {
        start_packet(sctp, w, sctp->peer_tag);
        size_t chunk = sctp_packet_begin_chunk(w, SCTP_COOKIE_ECHO, 0);
        put_bytes(w, bytes_of(sctp->peer_cookie, sctp->peer_cookie_len));
        sctp_packet_end_chunk(w, chunk);
    }
    arm_setup_timer(sctp, now);
}

bool sctp_assoc_put_alone(struct sctp *sctp, struct writer *w, yodel_time now)
{
    static const uint8_t staleness[4] = {0};

    if (sctp->init_reply.due) {
        start_packet(sctp, w, sctp->init_reply.cookie.peer.tag);
        put_init_ack(sctp, w);
    } else if (sctp->stale_cookie_due) {
        sctp->stale_cookie_due = false;
        start_packet(sctp, w, sctp->stale_cookie_tag);
        sctp_chunk_put_error(
            w, SCTP_ERROR, 0, SCTP_CAUSE_STALE_COOKIE, bytes_of(staleness, sizeof staleness));
    } else if (sctp->abort_due) {
        sctp->abort_due = false;
        start_packet(sctp, w, sctp->peer_tag);
        sctp_chunk_put_error(w, SCTP_ABORT, 0, sctp->abort_cause, bytes_of(NULL, 0));
    } else if (sctp->shutdown_complete_due) {
        sctp->shutdown_complete_due = false;
        start_packet(sctp, w, sctp->peer_tag);
        sctp_packet_end_chunk(w, sctp_packet_begin_chunk(w, SCTP_SHUTDOWN_COMPLETE, 0));
    } else if (sctp->setup_due && sctp->state < SCTP_ESTABLISHED) {
        put_setup(sctp, w, now);
    } else {
        return false;
    }
    return true;
}

void sctp_assoc_put_first(struct sctp *sctp, struct writer *w)
{
    if (sctp->cookie_ack_due) {
        sctp->cookie_ack_due = false;
        sctp_packet_end_chunk(w, sctp_packet_begin_chunk(w, SCTP_COOKIE_ACK, 0));
    }
}

void sctp_assoc_put_last(struct sctp *sctp, struct writer *w, yodel_time now)
{
    if (!sctp->setup_due || writer_left(w) < 8) {
        return;
    }
    if (sctp->state == SCTP_SHUTDOWN_SENT) {
        size_t chunk = sctp_packet_begin_chunk(w, SCTP_SHUTDOWN, 0);
        put_u32(w, (uint32_t)sctp->rx.cumulative);
        sctp_packet_end_chunk(w, chunk);
        arm_setup_timer(sctp, now);
    } else if (sctp->state == SCTP_SHUTDOWN_ACK_SENT) {
        sctp_packet_end_chunk(w, sctp_packet_begin_chunk(w, SCTP_SHUTDOWN_ACK, 0));
        arm_setup_timer(sctp, now);
    }
}
