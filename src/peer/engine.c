// The engine: datagrams in and out, time, and who gets which.
//
//   first byte   0..3    STUN    -> ice
//                20..63  DTLS    -> dtls -> sctp, from addresses that ice validated
//                64..79  TURN    -> what is inside, by its own first byte
//                128..191 RTP    -> session, from addresses that ice validated; kept until there are keys
//
// Implements  RFC 7983 §7 (demultiplexing), RFC 8261 (SCTP over DTLS), RFC 8445 §14 (who speaks
//             when)

#include "base/assert.h"
#include "crypto/secret.h"
#include "peer/peer.h"
#include "sctp/assoc.h"

// W3C webrtc §6.1.1.3: the channels end with what carried them.
static void fail_dtls(yodel_peer *peer, const char *what, const char *why)
{
    peer->has_failed = true;
    early_clear(&peer->early, peer->env->alloc);
    (void)peer_fail(peer, YODEL_ERR_NETWORK, "DTLS %s: %s", what, why);
    sctp_assoc_fail(&peer->sctp, SCTP_FAIL_ABORTED, SCTP_CAUSE_USER_ABORT);
}

// DTLS begins with the first path, and not with the description: its patience is not for ICE's.
static bool start_dtls(yodel_peer *peer, yodel_time now)
{
    if (peer->dtls.state == DTLS_NEW && peer->promised_count > 0 && !peer->has_failed) {
        enum yodel_err err =
            dtls_start(&peer->dtls, peer->is_dtls_client ? DTLS_CLIENT : DTLS_SERVER,
                peer->promised, peer->promised_count, now);
        if (err) {
            fail_dtls(peer, "cannot start", yodel_err_text(err));
        }
    }
    return peer->dtls.state != DTLS_NEW;
}

// The keys of media, once there is something to encrypt with them. They make one session, which is kept as long as the
// DTLS connection is: a second one would use nonces twice (RFC 3711 §9.1).
void peer_open_session(yodel_peer *peer)
{
    struct dtls_srtp keys;

    if (peer->session || peer->dtls.state != DTLS_CONNECTED || !session_is_needed(&peer->jsep)) {
        return;
    }
    enum yodel_err err = dtls_export_srtp(&peer->dtls, &keys);
    if (err) {
        (void)peer_fail(peer, err, "no keys for media: %s", yodel_err_text(err));
        return;
    }
    peer->session = session_new(peer->env, &peer->jsep, (enum srtp_suite)keys.profile,
        bytes_of(keys.local, keys.master_len), bytes_of(keys.remote, keys.master_len), peer->now);
    secret_wipe_span(span_of(&keys, sizeof keys));
    if (peer->session) {
        early_give(&peer->early, peer->env->alloc, peer->session, peer->now);
    }
}

// ---- in

static void take_dtls_events(yodel_peer *peer, yodel_time now)
{
    struct dtls_event event;

    while (dtls_next_event(&peer->dtls, &event)) {
        switch (event.type) {
        case DTLS_EVENT_CONNECTED:
            if (peer->has_data) {
                sctp_start(&peer->sctp);
            }
            peer_open_session(peer);
            break;
        case DTLS_EVENT_DATA:
            sctp_recv(&peer->sctp, bytes_of_span(event.data), now);
            break;
        case DTLS_EVENT_CLOSED:
            // close_notify: the other side is gone, and its channels with it.
            sctp_assoc_fail(&peer->sctp, SCTP_FAIL_ABORTED, SCTP_CAUSE_USER_ABORT);
            break;
        case DTLS_EVENT_FAILED:
            fail_dtls(peer, "failed", dtls_failure_name(event.failure));
            break;
        }
    }
}

static void recv_media(yodel_peer *peer, struct span datagram, yodel_time now)
{
    if (peer->session) {
        session_recv(peer->session, datagram, now);
    } else if (!peer->has_failed && jsep_transceiver_next(&peer->jsep, NULL)) {
        early_keep(&peer->early, peer->env->alloc, bytes_of_span(datagram));
    }
}

YODEL_API void yodel_peer_recv(
    yodel_peer *peer, const struct yodel_path *path, void *datagram, size_t len, yodel_time now)
{
    struct yodel_path inner = *path;
    struct span inside = span_of(datagram, len);

    if (len == 0 || peer->is_closed) {
        return;
    }
    peer->now = now;
    peer->packets_received++;
    peer->bytes_received += len;
    if (!ice_unwrap(&peer->ice, &inner, &inside, now)) {
        return;
    }
    uint8_t first = inside.ptr[0];
    if (first < 4) {
        ice_recv(&peer->ice, &inner, bytes_of_span(inside), now);
    } else if (first >= 20 && first < 64 && ice_is_valid(&peer->ice, &inner) &&
               start_dtls(peer, now)) {
        ice_heard(&peer->ice, &inner, now);
        dtls_recv(&peer->dtls, inside, now);
        take_dtls_events(peer, now);
    } else if (first >= 128 && first < 192 && ice_is_valid(&peer->ice, &inner)) {
        ice_heard(&peer->ice, &inner, now);
        recv_media(peer, inside, now);
    }
}

// Gathering can end only when the servers' names are known too, or have been waited for long
// enough.
static void end_gathering(yodel_peer *peer)
{
    if (peer->local_ended && peer->servers_unresolved == 0) {
        peer->names_due = YODEL_NEVER;
        ice_end_local(&peer->ice);
    }
}

// Begins the wait for names once the addresses are there, and ends it.
static void watch_names(yodel_peer *peer, yodel_time now)
{
    if (!peer->local_ended || peer->servers_unresolved == 0) {
        return;
    }
    if (peer->names_due == YODEL_NEVER) {
        peer->names_due = now + PEER_NAMES_WAIT;
    } else if (now >= peer->names_due) {
        for (uint32_t i = 0; i < peer->server_count; i++) {
            peer->servers[i].is_resolved = true;
        }
        peer->servers_unresolved = 0;
        end_gathering(peer);
    }
}

YODEL_API void yodel_peer_tick(yodel_peer *peer, yodel_time now)
{
    if (peer->is_closed) {
        return;
    }
    peer->now = now;
    watch_names(peer, now);
    ice_tick(&peer->ice, now);
    dtls_tick(&peer->dtls, now);
    take_dtls_events(peer, now); // A handshake may have run out of time.
    if (peer->session) {
        session_tick(peer->session, now);
    }
    sctp_tick(&peer->sctp, now);
    peer_recovery_run(peer, now);
}

// ---- out

// One SCTP packet, written where it is sealed.
static size_t emit_sctp(yodel_peer *peer, struct span room, yodel_time now)
{
    struct span inside = span_sub(room, DTLS_SEAL_HEAD, PEER_SCTP_PACKET_MAX);
    size_t len = sctp_emit(&peer->sctp, inside, now);

    return len > 0 ? dtls_seal(&peer->dtls, room, len) : 0;
}

// What goes on the selected path.
static size_t emit_selected(
    yodel_peer *peer, struct span room, struct yodel_path *path, yodel_time now)
{
    if (!ice_selected(&peer->ice, path) || !start_dtls(peer, now)) {
        return 0;
    }
    struct span inside = ice_inside(&peer->ice, room, path);
    size_t len = dtls_emit(&peer->dtls, inside, now);
    if (len == 0 && peer->dtls.state == DTLS_CONNECTED) {
        len = peer->session ? session_emit(peer->session, inside, now) : 0;
        len =
            len > 0 ? len : emit_sctp(peer, inside, now); // Media are paced, and leave it its part.
    }
    if (len > 0) {
        ice_sent(&peer->ice, now);
    }
    return ice_wrap(&peer->ice, room, path, len, now);
}

static size_t emit_last(yodel_peer *peer, struct span room, yodel_time now)
{
    size_t len = peer->session ? session_emit_bye(peer->session, room) : 0;

    return len > 0 ? len : emit_sctp(peer, room, now);
}

// The last words: RTCP's BYE, SCTP's ABORT, then the close_notify, then what TURN servers are to know.
static size_t emit_farewell(
    yodel_peer *peer, struct span room, struct yodel_path *path, yodel_time now)
{
    if (peer->is_muted || !ice_selected(&peer->ice, path)) {
        peer->is_muted = true;
        return ice_emit_farewell(&peer->ice, room, path, now);
    }
    struct span inside = ice_inside(&peer->ice, room, path);
    size_t len = peer->dtls.state == DTLS_CONNECTED ? emit_last(peer, inside, now) : 0;
    if (len == 0) {
        dtls_close(&peer->dtls); // A handshake that has not ended is not continued either.
        len = dtls_emit(&peer->dtls, inside, now);
    }
    peer->is_muted = len == 0;
    return len > 0 ? ice_wrap(&peer->ice, room, path, len, now)
                   : ice_emit_farewell(&peer->ice, room, path, now);
}

// What the path swallowed is sent again, and not when its timer says so.
static void hurry(yodel_peer *peer, yodel_time now)
{
    enum ice_revival revival = ice_take_revival(&peer->ice);

    if (revival != ICE_REVIVAL_NONE) {
        sctp_hurry(&peer->sctp, revival == ICE_REVIVAL_MOVED, now);
    }
}

YODEL_API size_t yodel_peer_emit(
    yodel_peer *peer, void *room, size_t room_len, struct yodel_path *path, yodel_time now)
{
    struct span span = span_of(room, room_len);
    size_t len = 0;

    YODEL_ASSERT(room_len >= YODEL_DATAGRAM_MAX);
    peer->now = now;
    if (peer->is_closed) {
        len = emit_farewell(peer, span, path, now);
    } else {
        watch_names(peer, now);
        len = ice_emit(&peer->ice, span, path, now);
        hurry(peer, now);
        peer_recovery_run(peer, now);
        len = len > 0 ? len : emit_selected(peer, span, path, now);
    }
    peer->packets_sent += len > 0;
    peer->bytes_sent += len;
    return len;
}

YODEL_API yodel_time yodel_peer_next_timeout(const yodel_peer *peer)
{
    struct yodel_path path;

    if (peer->is_closed) {
        return YODEL_NEVER;
    }
    yodel_time at = time_min(ice_next_timeout(&peer->ice), peer->names_due);
    at = time_min(at, peer_recovery_next_timeout(peer));
    if (ice_selected(&peer->ice, &path)) {
        at = time_min(at, dtls_next_timeout(&peer->dtls));
        if (peer->dtls.state == DTLS_CONNECTED) {
            at = time_min(at, sctp_next_timeout(&peer->sctp));
            at = peer->session ? time_min(at, session_next_timeout(peer->session)) : at;
        }
    }
    return at;
}

// ---- what a loop must know

YODEL_API bool yodel_peer_claims(const yodel_peer *peer, const void *datagram, size_t len)
{
    return !peer->is_closed && ice_claims(&peer->ice, bytes_of(datagram, len));
}

YODEL_API void yodel_peer_local_ufrags(
    const yodel_peer *peer, const char **current, const char **previous)
{
    *current = ice_local_ufrag(&peer->ice);
    *previous = ice_previous_ufrag(&peer->ice);
}

YODEL_API void yodel_peer_add_local_address(yodel_peer *peer, const struct yodel_addr *addr)
{
    // The earlier an address is given, the better its interface.
    ice_add_local(&peer->ice, addr, (uint16_t)(UINT16_MAX - peer->local_count));
    if (peer->local_count < UINT16_MAX) {
        peer->local_count++;
    }
    if (peer->local_ended) {
        peer_recovery_network_came(peer);
    }
    peer_wake(peer);
}

YODEL_API void yodel_peer_add_local_name(
    yodel_peer *peer, const struct yodel_addr *addr, const char *name)
{
    peer_candidates_name(&peer->candidates, addr, name);
}

YODEL_API void yodel_peer_end_local_addresses(yodel_peer *peer)
{
    peer->local_ended = true;
    end_gathering(peer);
    peer_wake(peer);
}

YODEL_API void yodel_peer_remove_local_address(yodel_peer *peer, const struct yodel_addr *addr)
{
    ice_remove_local(&peer->ice, addr);
    peer_wake(peer);
}

YODEL_API void yodel_peer_add_local_tcp_address(
    yodel_peer *peer, const struct yodel_addr *listening)
{
    ice_add_local_tcp(&peer->ice, listening);
    peer_wake(peer);
}

YODEL_API void yodel_peer_connected(yodel_peer *peer, const struct yodel_path *path)
{
    ice_connected(&peer->ice, path);
    peer_wake(peer);
}

YODEL_API void yodel_peer_disconnected(yodel_peer *peer, const struct yodel_path *path)
{
    ice_disconnected(&peer->ice, path);
    peer_wake(peer);
}

static void take_server(yodel_peer *peer, struct peer_server *server, const struct yodel_addr *addr)
{
    uint32_t family = 1u << addr->family;

    if (!(server->families & family)) {
        server->families |= family;
        peer_use_server(peer, server, *addr);
    }
}

YODEL_API void yodel_peer_resolved(
    yodel_peer *peer, const char *name, const struct yodel_addr *addr)
{
    // A server's name and a candidate's may be one and the same.
    for (uint32_t i = 0; i < peer->server_count; i++) {
        struct peer_server *server = &peer->servers[i];

        if (!server->is_asked || strcmp(server->url.host, name) != 0) {
            continue;
        }
        peer->servers_unresolved -= !server->is_resolved;
        server->is_resolved = true;
        server->is_answered = true;
        if (addr) {
            take_server(peer, server, addr);
        }
    }
    ice_resolved(&peer->ice, name, addr);
    end_gathering(peer);
    peer_wake(peer);
}

YODEL_API void yodel_peer_set_wake(yodel_peer *peer, void (*wake)(void *ctx), void *ctx)
{
    peer->wake = wake;
    peer->wake_ctx = ctx;
}
