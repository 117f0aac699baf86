// Transceivers: see the header.

#include "peer/transceiver.h"

#include "base/assert.h"
#include "peer/codecs.h"
#include "peer/jsep_transceiver.h"
#include "peer/peer.h"
#include "sdp/text.h"

static const char *const direction_names[] = {
    "sendrecv", "sendonly", "recvonly", "inactive", "stopped"};

// In the order of enum yodel_direction.
static const enum sdp_direction directions[] = {
    SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE};

YODEL_API const char *yodel_direction_name(enum yodel_direction direction)
{
    return (unsigned)direction < COUNT(direction_names) ? direction_names[direction] : "?";
}

YODEL_API const char *yodel_codec_mime_type(enum yodel_codec codec)
{
    return (unsigned)codec < YODEL_CODEC_COUNT ? peer_codecs_get(codec)->mime_type : "?";
}

YODEL_API bool yodel_codec_of_mime_type(const char *mime_type, enum yodel_codec *codec)
{
    for (int i = 0; i < YODEL_CODEC_COUNT; i++) {
        if (sdp_text_equal_any_case(
                bytes_of_text(mime_type), peer_codecs_get((enum yodel_codec)i)->mime_type)) {
            *codec = (enum yodel_codec)i;
            return true;
        }
    }
    return false;
}

YODEL_API uint32_t yodel_codec_clock_rate(enum yodel_codec codec)
{
    return peer_codecs_get(codec)->clock_rate;
}

static enum yodel_direction public_direction(enum sdp_direction direction)
{
    for (size_t i = 0; i < COUNT(directions); i++) {
        if (directions[i] == direction) {
            return (enum yodel_direction)i;
        }
    }
    return YODEL_STOPPED;
}

// ---- making

// RFC 8830 §2: msid-id and appdata are tokens of at most 64 characters.
static bool is_id(const char *id)
{
    return !id || sdp_text_is_token(bytes_of_text(id));
}

static enum yodel_err check_init(yodel_peer *peer, const struct yodel_transceiver_init *init)
{
    if (peer->is_closed) {
        return peer_fail(peer, YODEL_ERR_INVALID_STATE, "the peer connection is closed");
    }
    if ((unsigned)init->direction >= COUNT(directions)) {
        return peer_fail(peer, YODEL_ERR_TYPE, "a transceiver cannot begin stopped");
    }
    if (!is_id(init->stream_id) || !is_id(init->track_id)) {
        return peer_fail(peer, YODEL_ERR_TYPE, "an id is 1 to %u letters and digits", JSEP_ID_MAX);
    }
    return YODEL_OK;
}

static void take_init(yodel_transceiver *t, const struct yodel_transceiver_init *init)
{
    t->direction = directions[init->direction];
    if (init->stream_id) {
        memcpy(t->stream_id, init->stream_id, strlen(init->stream_id) + 1);
    }
    if (init->track_id) {
        memcpy(t->track_id, init->track_id, strlen(init->track_id) + 1);
    }
}

static enum yodel_err add(yodel_peer *peer, enum yodel_media_kind kind,
    const struct yodel_transceiver_init *init, yodel_transceiver **transceiver)
{
    enum yodel_err err =
        jsep_transceiver_new(&peer->jsep, kind == YODEL_AUDIO ? SDP_AUDIO : SDP_VIDEO, transceiver);

    if (err) {
        return peer_fail(peer, err, "%s", jsep_error_text(&peer->jsep));
    }
    take_init(*transceiver, init);
    peer_changed(peer);
    return YODEL_OK;
}

static const struct yodel_transceiver_init no_init;

YODEL_API enum yodel_err yodel_peer_add_transceiver(yodel_peer *peer, enum yodel_media_kind kind,
    const struct yodel_transceiver_init *init, yodel_transceiver **transceiver)
{
    init = init ? init : &no_init;
    enum yodel_err err = check_init(peer, init);

    return err ? err : add(peer, kind, init, transceiver);
}

// W3C webrtc §5.1, addTrack: one of the kind that has not sent and is not about to.
static yodel_transceiver *find_idle(yodel_peer *peer, enum sdp_kind kind)
{
    yodel_transceiver *t = jsep_transceiver_next(&peer->jsep, NULL);

    while (t && !(t->kind == kind && t->is_theirs && !t->is_stopping)) {
        t = jsep_transceiver_next(&peer->jsep, t);
    }
    return t;
}

YODEL_API enum yodel_err yodel_peer_add_track(yodel_peer *peer, enum yodel_media_kind kind,
    const struct yodel_transceiver_init *init, yodel_transceiver **transceiver)
{
    init = init ? init : &no_init;
    enum yodel_err err = check_init(peer, init);
    if (err) {
        return err;
    }
    yodel_transceiver *idle = find_idle(peer, kind == YODEL_AUDIO ? SDP_AUDIO : SDP_VIDEO);
    if (!idle) {
        err = add(peer, kind, init, transceiver);
        if (!err) {
            (*transceiver)->may_be_reused = true;
        }
        return err;
    }
    take_init(idle, init);
    idle->is_theirs = false;
    *transceiver = idle;
    peer_changed(peer);
    return YODEL_OK;
}

// ---- using

YODEL_API yodel_transceiver *yodel_peer_transceiver(const yodel_peer *peer, size_t index)
{
    yodel_transceiver *t = jsep_transceiver_next(&peer->jsep, NULL);

    while (t && index-- > 0) {
        t = jsep_transceiver_next(&peer->jsep, t);
    }
    return t;
}

YODEL_API enum yodel_media_kind yodel_transceiver_kind(const yodel_transceiver *transceiver)
{
    return transceiver->kind == SDP_AUDIO ? YODEL_AUDIO : YODEL_VIDEO;
}

YODEL_API const char *yodel_transceiver_mid(const yodel_transceiver *transceiver)
{
    return transceiver->section == JSEP_NO_SECTION ? NULL : transceiver->mid;
}

YODEL_API enum yodel_direction yodel_transceiver_direction(const yodel_transceiver *transceiver)
{
    return transceiver->is_stopping || transceiver->is_stopped
               ? YODEL_STOPPED
               : public_direction(transceiver->direction);
}

YODEL_API enum yodel_err yodel_transceiver_set_direction(
    yodel_transceiver *transceiver, enum yodel_direction direction)
{
    if (transceiver->is_stopping || transceiver->is_stopped) {
        return peer_fail(transceiver->peer, YODEL_ERR_INVALID_STATE, "the transceiver is stopped");
    }
    if ((unsigned)direction >= COUNT(directions)) {
        return peer_fail(transceiver->peer, YODEL_ERR_TYPE, "yodel_transceiver_stop stops one");
    }
    transceiver->direction = directions[direction];
    peer_changed(transceiver->peer);
    return YODEL_OK;
}

YODEL_API bool yodel_transceiver_current_direction(
    const yodel_transceiver *transceiver, enum yodel_direction *direction)
{
    if (transceiver->current == SDP_DIRECTION_NONE && !transceiver->is_stopped) {
        return false;
    }
    *direction = public_direction(transceiver->current); // Of a stopped one it is NONE.
    return true;
}

YODEL_API void yodel_transceiver_stop(yodel_transceiver *transceiver)
{
    if (transceiver->is_stopping || transceiver->is_stopped) {
        return;
    }
    transceiver->is_stopping = true;
    transceiver->is_stopped = transceiver->section == JSEP_NO_SECTION; // Nobody has to know.
    peer_changed(transceiver->peer);
}

static bool has(const enum yodel_codec *codecs, size_t count, enum yodel_codec codec)
{
    for (size_t i = 0; i < count; i++) {
        if (codecs[i] == codec) {
            return true;
        }
    }
    return false;
}

YODEL_API enum yodel_err yodel_transceiver_set_codec_preferences(
    yodel_transceiver *transceiver, const enum yodel_codec *codecs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((unsigned)codecs[i] >= YODEL_CODEC_COUNT ||
            peer_codecs_get(codecs[i])->kind != transceiver->kind || has(codecs, i, codecs[i])) {
            return peer_fail(transceiver->peer, YODEL_ERR_INVALID_MODIFICATION,
                "codec %zu is of another kind, or there twice", i);
        }
    }
    if (count == 0) {
        count = peer_codecs_all(transceiver->kind, transceiver->codecs);
    } else {
        memcpy(transceiver->codecs, codecs, count * sizeof *codecs);
    }
    transceiver->codec_count = count;
    return YODEL_OK;
}

YODEL_API bool yodel_transceiver_codec(
    const yodel_transceiver *transceiver, enum yodel_codec *codec)
{
    bool is_known =
        transceiver->is_agreed && transceiver->agreed.sends && transceiver->agreed.codec_count > 0;

    if (is_known) {
        *codec = transceiver->agreed.codecs[0].codec;
    }
    return is_known;
}

// ---- frames

YODEL_API enum yodel_err yodel_transceiver_send_frame(
    yodel_transceiver *transceiver, const struct yodel_frame *frame)
{
    yodel_peer *peer = transceiver->peer;

    if (frame->len == 0 || (unsigned)frame->codec >= YODEL_CODEC_COUNT ||
        peer_codecs_get(frame->codec)->kind != transceiver->kind) {
        return peer_fail(peer, YODEL_ERR_TYPE, "an empty frame, or of another kind");
    }
    if (peer->is_closed || !peer->session) {
        return YODEL_ERR_INVALID_STATE;
    }
    enum yodel_err err = session_put(peer->session, transceiver, frame);
    peer_wake(peer); // A refused one asks for a key frame.
    return err;
}

YODEL_API void yodel_transceiver_request_key_frame(yodel_transceiver *transceiver)
{
    if (transceiver->in && transceiver->in->is_video && transceiver->in->is_begun) {
        rtp_frames_lose(&transceiver->in->frames, transceiver->peer->session->now);
        peer_wake(transceiver->peer);
    }
}

YODEL_API void yodel_transceiver_set_max_bitrate(yodel_transceiver *transceiver, uint64_t bitrate)
{
    transceiver->max_bps = bitrate;
    if (transceiver->peer->session) {
        session_rate_agree(transceiver->peer->session);
        peer_wake(transceiver->peer);
    }
}

YODEL_API void yodel_transceiver_set_redundancy(yodel_transceiver *transceiver, unsigned frames)
{
    transceiver->redundancy = frames < REDUNDANCY_MAX ? frames : REDUNDANCY_MAX;
    if (transceiver->out) {
        outbound_choose_distance(transceiver->out, transceiver->redundancy);
    }
}

YODEL_API double yodel_transceiver_loss(const yodel_transceiver *transceiver)
{
    return transceiver->out ? transceiver->out->lost : 0;
}

YODEL_API void yodel_transceiver_set_user(yodel_transceiver *transceiver, void *user)
{
    transceiver->user = user;
}

YODEL_API void *yodel_transceiver_user(const yodel_transceiver *transceiver)
{
    return transceiver->user;
}

// ---- events

void transceiver_free_departed(yodel_peer *peer)
{
    if (peer->departed_transceiver) {
        session_forget(peer->session, peer->departed_transceiver);
        jsep_transceiver_free(&peer->jsep, peer->departed_transceiver);
        peer->departed_transceiver = NULL;
    }
}

void transceiver_free_streams(yodel_peer *peer)
{
    for (struct list_node *node = list_first(&peer->jsep.transceivers); node;
         node = list_next(&peer->jsep.transceivers, node)) {
        session_forget(peer->session, CONTAINER_OF(node, yodel_transceiver, node));
    }
}

static bool next_of(yodel_transceiver *t, struct yodel_event *event)
{
    if (t->remote_sends == t->told_track && !t->is_stopped) {
        return false;
    }
    event->transceiver = t;
    if (t->remote_sends != t->told_track) {
        t->told_track = t->remote_sends;
        event->type = t->remote_sends ? YODEL_EVENT_TRACK : YODEL_EVENT_TRACK_MUTE;
    } else {
        t->peer->departed_transceiver = t;
        event->type = YODEL_EVENT_TRANSCEIVER_STOPPED;
    }
    return true;
}

bool transceiver_next_event(yodel_peer *peer, struct yodel_event *event)
{
    struct list_node *node = list_first(&peer->jsep.transceivers);

    while (node && !next_of(CONTAINER_OF(node, yodel_transceiver, node), event)) {
        node = list_next(&peer->jsep.transceivers, node);
    }
    return node != NULL;
}
