// Descriptions and candidates: between the caller's text, JSEP, and the engines that it concerns.
//
// Implements  W3C webrtc §4.4.2 (createOffer … addIceCandidate), RFC 9429 §5
// Departs     createOffer after restartIce makes the new ICE credentials at once, not when the
//             offer is set: the path in use works on with the old ones until then

#include "base/assert.h"
#include "peer/candidates.h"
#include "peer/peer.h"

static struct jsep_facts facts_of(const yodel_peer *peer, uint8_t fingerprint[CRYPTO_SHA256_SIZE])
{
    dtls_identity_fingerprint(peer->certificate->identity, fingerprint);
    return (struct jsep_facts){
        .ufrag = bytes_of_text(ice_local_ufrag(&peer->ice)),
        .pwd = bytes_of_text(ice_local_pwd(&peer->ice)),
        .fingerprint = bytes_of(fingerprint, CRYPTO_SHA256_SIZE),
        .ice_options = "trickle",
        .sctp_port = PEER_SCTP_PORT,
        .max_message_size = peer->max_message_size,
        .candidates = peer_candidates_lines(&peer->candidates),
        .has_data = !list_is_empty(&peer->channels),
    };
}

bool peer_needs_negotiation(const yodel_peer *peer)
{
    uint8_t fingerprint[CRYPTO_SHA256_SIZE];
    struct jsep_facts facts = facts_of(peer, fingerprint);

    if (peer->is_closed || peer->jsep.state != YODEL_SIGNALING_STABLE) {
        return false;
    }
    return peer->wants_restart || jsep_needs_negotiation(&peer->jsep, &facts);
}

// Stores what JSEP says about its failure.
static enum yodel_err fail_jsep(yodel_peer *peer, enum yodel_err err)
{
    return peer_fail(peer, err, "%s", jsep_error_text(&peer->jsep));
}

static enum yodel_err refuse_closed(yodel_peer *peer)
{
    return peer_fail(peer, YODEL_ERR_INVALID_STATE, "the peer connection is closed");
}

// ---- making

static void restart(yodel_peer *peer)
{
    ice_restart(&peer->ice);
    peer_candidates_clear(&peer->candidates);
    peer_recovery_await_names(peer);
}

YODEL_API enum yodel_err yodel_peer_create_offer(yodel_peer *peer, struct yodel_description *offer)
{
    uint8_t fingerprint[CRYPTO_SHA256_SIZE];
    struct bytes text;

    if (peer->is_closed) {
        return refuse_closed(peer);
    }
    bool may_offer = peer->jsep.state == YODEL_SIGNALING_STABLE ||
                     peer->jsep.state == YODEL_SIGNALING_HAVE_LOCAL_OFFER;
    if (may_offer && peer->wants_restart && !peer->has_restarted) {
        restart(peer);
        peer->has_restarted = true;
    }
    struct jsep_facts facts = facts_of(peer, fingerprint);
    enum yodel_err err = jsep_create_offer(&peer->jsep, &facts, &text);
    if (err) {
        return fail_jsep(peer, err);
    }
    *offer = (struct yodel_description){YODEL_SDP_OFFER, (const char *)text.ptr};
    return YODEL_OK;
}

YODEL_API enum yodel_err yodel_peer_create_answer(
    yodel_peer *peer, struct yodel_description *answer)
{
    uint8_t fingerprint[CRYPTO_SHA256_SIZE];
    struct jsep_facts facts = facts_of(peer, fingerprint);
    struct bytes text;

    if (peer->is_closed) {
        return refuse_closed(peer);
    }
    enum yodel_err err = jsep_create_answer(&peer->jsep, &facts, &text);
    if (err) {
        return fail_jsep(peer, err);
    }
    *answer = (struct yodel_description){YODEL_SDP_ANSWER, (const char *)text.ptr};
    return YODEL_OK;
}

YODEL_API void yodel_peer_restart_ice(yodel_peer *peer)
{
    if (peer->is_closed || !jsep_local(&peer->jsep)) {
        return; // W3C webrtc §4.4.2: nothing was negotiated, so the first offer is fresh anyway.
    }
    peer->wants_restart = true;
    peer->has_restarted = false;
    peer->told_negotiation = false;
    peer_changed(peer);
}

// ---- setting

// Keeps what DTLS needs; it starts with the first path (engine.c).
static void allow_dtls(yodel_peer *peer, const struct jsep_change *change)
{
    peer->is_dtls_client = change->dtls_role == JSEP_DTLS_CLIENT;
    peer->promised_count = 0;
    for (size_t i = 0; i < change->fingerprint_count; i++) {
        const struct sdp_fingerprint *given = &change->fingerprints[i];

        if (peer->promised_count < DTLS_FINGERPRINTS_MAX &&
            dtls_fingerprint_make(
                &peer->promised[peer->promised_count], given->hash, given->value) == YODEL_OK) {
            peer->promised_count++;
        }
    }
    if (peer->promised_count == 0) {
        peer->has_failed = true;
        (void)peer_fail(peer, YODEL_ERR_UNAUTHENTIC,
            "the remote description has no fingerprint of a hash that proves anything");
    }
    dcep_set_role(&peer->dcep, peer->is_dtls_client);
}

// SCTP begins with the first data section: with DTLS, or later (RFC 8831 §6.2).
static void allow_data(yodel_peer *peer)
{
    if (!peer->has_data && peer->dtls.state == DTLS_CONNECTED) {
        sctp_start(&peer->sctp);
    }
    peer->has_data = true;
}

// What a description means for the engines.
static void apply(yodel_peer *peer, const struct jsep_change *change)
{
    if (!change->has_transport) {
        return;
    }
    ice_set_remote_lite(&peer->ice, change->is_ice_lite);
    ice_set_role(&peer->ice, change->is_controlling);
    if (change->max_message_size > 0) {
        peer->remote_max_message_size = change->max_message_size;
        dcep_set_max_message_size(&peer->dcep, change->max_message_size);
    }
    if (change->is_negotiated && peer->dtls.state == DTLS_NEW) {
        allow_dtls(peer, change);
    }
    if (change->is_negotiated && change->has_data) {
        allow_data(peer);
    }
    peer_open_session(peer);
}

static void begin_gathering(yodel_peer *peer)
{
    if (!peer->gathering_begun) {
        peer->gathering_begun = true;
        peer->wants_gather = true;
    }
}

YODEL_API enum yodel_err yodel_peer_set_local_description(
    yodel_peer *peer, const struct yodel_description *description)
{
    struct jsep_change change = {0};
    struct yodel_description made = {0};
    enum yodel_err err = YODEL_OK;

    if (peer->is_closed) {
        return refuse_closed(peer);
    }
    if (!description) {
        bool is_offer = jsep_implied_type(&peer->jsep) == YODEL_SDP_OFFER;
        err =
            is_offer ? yodel_peer_create_offer(peer, &made) : yodel_peer_create_answer(peer, &made);
        if (err) {
            return err;
        }
        description = &made;
    }
    err = jsep_set_local(&peer->jsep, description->type,
        bytes_of_text(description->sdp ? description->sdp : ""), &change);
    if (err) {
        return fail_jsep(peer, err);
    }
    session_agree(peer->session, &peer->jsep);
    if (description->type == YODEL_SDP_OFFER) {
        peer->wants_restart = false;
        peer->has_restarted = false;
    }
    apply(peer, &change);
    if (description->type != YODEL_SDP_ROLLBACK) {
        begin_gathering(peer);
    }
    peer_changed(peer);
    return YODEL_OK;
}

static bool is_pinned(const yodel_peer *peer, const struct sdp_common *common)
{
    for (size_t i = 0; i < common->fingerprint_count; i++) {
        const struct sdp_fingerprint *given = &common->fingerprints[i];
        if (bytes_equal(given->hash, bytes_of_text("sha-256")) &&
            bytes_equal(given->value, bytes_of(peer->pinned.value, CRYPTO_SHA256_SIZE))) {
            return common->fingerprint_count == 1; // A second one would open a second way in.
        }
    }
    return common->fingerprint_count == 0;
}

// Whether every fingerprint in the description is the pinned one, and there is one.
static bool has_pinned_only(const yodel_peer *peer, const struct sdp *sdp)
{
    size_t count = sdp->common.fingerprint_count;
    bool good = is_pinned(peer, &sdp->common);

    for (size_t i = 0; i < sdp->media_count; i++) {
        good = good && is_pinned(peer, &sdp->media[i].common);
        count += sdp->media[i].common.fingerprint_count;
    }
    return good && count > 0;
}

static enum yodel_err check_pinned(yodel_peer *peer, struct bytes text)
{
    struct arena arena;
    struct sdp_error error;
    struct sdp sdp;

    if (!peer->has_pinned) {
        return YODEL_OK;
    }
    arena_init(&arena, peer->env->alloc, SDP_TREE_MAX);
    enum yodel_err err = sdp_parse(&sdp, &arena, text, &error);
    bool is_good = !err && has_pinned_only(peer, &sdp);
    arena_deinit(&arena);
    // What cannot be read here, for lack of memory for one, must not be read by JSEP either.
    if (err || is_good) {
        return err ? peer_fail(peer, err, "%s", error.text) : YODEL_OK;
    }
    return peer_fail(peer, YODEL_ERR_UNAUTHENTIC,
        "the remote description's fingerprint is not the one that was agreed on: somebody between "
        "the two sides has changed it");
}

// What a remote description says beyond what both have in force.
static enum yodel_err apply_remote(yodel_peer *peer, const struct jsep_change *change)
{
    char ufrag[ICE_UFRAG_MAX + 1], pwd[ICE_PWD_MAX + 1];
    struct bytes none = {0};

    if (!change->has_transport) {
        return YODEL_OK;
    }
    if (change->ufrag.len >= sizeof ufrag || change->pwd.len >= sizeof pwd) {
        return YODEL_ERR_SYNTAX;
    }
    *(char *)mempcpy(ufrag, change->ufrag.ptr, change->ufrag.len) = '\0';
    *(char *)mempcpy(pwd, change->pwd.ptr, change->pwd.len) = '\0';
    if (change->is_restart && !change->is_negotiated) {
        restart(peer); // An offer restarts: our answer has new credentials too, and the wish for
        peer->wants_restart = false; // some is fulfilled (W3C webrtc §4.4.1.5).
        peer->has_restarted = false;
    }
    enum yodel_err err = ice_set_remote_credentials(&peer->ice, ufrag, pwd);
    for (size_t i = 0; i < change->candidates.count && !err; i++) {
        peer_candidates_take_remote(peer, change->candidates.items[i], none);
    }
    if (change->end_of_candidates && !err) {
        ice_end_remote(&peer->ice);
    }
    return err;
}

YODEL_API enum yodel_err yodel_peer_set_remote_description(
    yodel_peer *peer, const struct yodel_description *description)
{
    struct bytes text = bytes_of_text(description->sdp ? description->sdp : "");
    struct jsep_change change = {0};

    if (peer->is_closed) {
        return refuse_closed(peer);
    }
    // A rollback has no text that counts.
    enum yodel_err err =
        description->type == YODEL_SDP_ROLLBACK ? YODEL_OK : check_pinned(peer, text);
    if (err) {
        return err;
    }
    err = jsep_set_remote(&peer->jsep, description->type, text, &change);
    if (err) {
        return fail_jsep(peer, err);
    }
    session_agree(
        peer->session, &peer->jsep); // What was agreed on before is gone, whatever follows.
    err = apply_remote(peer, &change);
    if (err) {
        return peer_fail(peer, err, "the remote description's ICE credentials are not valid");
    }
    apply(peer, &change);
    peer_changed(peer);
    return YODEL_OK;
}

YODEL_API enum yodel_err yodel_peer_add_ice_candidate(
    yodel_peer *peer, const struct yodel_ice_candidate *candidate)
{
    static const struct yodel_ice_candidate end = {.candidate = ""};
    bool is_ours = false;

    if (peer->is_closed) {
        return refuse_closed(peer);
    }
    if (!candidate) {
        candidate = &end;
    }
    struct bytes mid = bytes_of_text(candidate->sdp_mid ? candidate->sdp_mid : "");
    struct bytes ufrag =
        bytes_of_text(candidate->username_fragment ? candidate->username_fragment : "");
    unsigned index = candidate->sdp_mline_index > 0 ? (unsigned)candidate->sdp_mline_index : 0;
    enum yodel_err err = jsep_check_candidate(&peer->jsep, mid, index, ufrag, &is_ours);
    if (err) {
        return fail_jsep(peer, err);
    }
    if (is_ours && !candidate->candidate[0]) {
        ice_end_remote(&peer->ice);
    } else if (is_ours) {
        err = peer_candidates_take_remote(peer, bytes_of_text(candidate->candidate), ufrag);
    }
    peer_wake(peer);
    return err;
}

// ---- reading

// Gives a description's text; a local one with the candidates gathered so far.
static bool give(yodel_peer *peer, const struct jsep_description *from, bool is_local,
    struct yodel_description *to)
{
    if (!from || !from->is_set) {
        return false;
    }
    if (!is_local) {
        *to = (struct yodel_description){from->type, (const char *)from->text.ptr};
        return true;
    }
    size_t room = from->text.len + PEER_CANDIDATES_MAX * (ICE_CANDIDATE_TEXT_MAX + 4) + 64;
    char *text = alloc_resize(peer->env->alloc, peer->description, room);
    if (!text) {
        return false;
    }
    peer->description = text;
    struct jsep_candidates candidates = peer_candidates_lines(&peer->candidates);
    struct writer w = writer_of(span_of(text, room - 1));
    jsep_write_description(
        &peer->jsep, from, bytes_of_text(ice_local_ufrag(&peer->ice)), &candidates, &w);
    YODEL_ASSERT(!w.failed);
    text[w.len] = '\0';
    char *fitting = alloc_resize(peer->env->alloc, text, w.len + 1); // It is kept for a while.
    peer->description = fitting ? fitting : text;
    *to = (struct yodel_description){from->type, peer->description};
    return true;
}

YODEL_API bool yodel_peer_local_description(yodel_peer *peer, struct yodel_description *description)
{
    return give(peer, jsep_local(&peer->jsep), true, description);
}

YODEL_API bool yodel_peer_remote_description(
    yodel_peer *peer, struct yodel_description *description)
{
    return give(peer, jsep_remote(&peer->jsep), false, description);
}

YODEL_API bool yodel_peer_current_local_description(
    yodel_peer *peer, struct yodel_description *description)
{
    return give(peer, &peer->jsep.current_local, true, description);
}

YODEL_API bool yodel_peer_pending_local_description(
    yodel_peer *peer, struct yodel_description *description)
{
    return give(peer, &peer->jsep.pending_local, true, description);
}

YODEL_API bool yodel_peer_current_remote_description(
    yodel_peer *peer, struct yodel_description *description)
{
    return give(peer, &peer->jsep.current_remote, false, description);
}

YODEL_API bool yodel_peer_pending_remote_description(
    yodel_peer *peer, struct yodel_description *description)
{
    return give(peer, &peer->jsep.pending_remote, false, description);
}
