// Events: what a peer has to tell, one at a time.
//
// A change of state is an event because it differs from what was told last, so no queue can
// overflow, and what went back and forth in between is not told at all.
//
// Implements  W3C webrtc §4.4.4 (order of the state events), §6.2 (channels)

#include "base/assert.h"
#include "peer/channel.h"
#include "peer/peer.h"
#include "peer/transceiver.h"

static enum yodel_signaling_state signaling_of(const yodel_peer *peer)
{
    return peer->is_closed ? YODEL_SIGNALING_CLOSED : peer->jsep.state;
}

YODEL_API enum yodel_signaling_state yodel_peer_signaling_state(const yodel_peer *peer)
{
    return signaling_of(peer);
}

YODEL_API enum yodel_ice_gathering_state yodel_peer_ice_gathering_state(const yodel_peer *peer)
{
    return peer->gathering_state;
}

YODEL_API enum yodel_ice_connection_state yodel_peer_ice_connection_state(const yodel_peer *peer)
{
    return peer->is_closed ? YODEL_ICE_CLOSED : peer->ice_state;
}

// W3C webrtc §4.3.3: the table of ICE's state and DTLS's.
YODEL_API enum yodel_connection_state yodel_peer_connection_state(const yodel_peer *peer)
{
    if (peer->is_closed) {
        return YODEL_CONNECTION_CLOSED;
    }
    if (peer->has_failed || peer->ice_state == YODEL_ICE_FAILED) {
        return YODEL_CONNECTION_FAILED;
    }
    if (peer->ice_state == YODEL_ICE_DISCONNECTED) {
        return YODEL_CONNECTION_DISCONNECTED;
    }
    // W3C webrtc §4.3.3: new where both are; after a restart ICE alone is.
    bool is_ice_new = peer->ice_state == YODEL_ICE_NEW;
    if (is_ice_new && peer->dtls.state == DTLS_NEW) {
        return YODEL_CONNECTION_NEW;
    }
    bool is_secure = peer->dtls.state == DTLS_CONNECTED || peer->dtls.state == DTLS_CLOSED;
    bool is_checking = is_ice_new || peer->ice_state == YODEL_ICE_CHECKING;
    return is_secure && !is_checking ? YODEL_CONNECTION_CONNECTED : YODEL_CONNECTION_CONNECTING;
}

// ---- what the loop must do

static bool next_request(yodel_peer *peer, struct yodel_event *event)
{
    for (uint32_t i = 0; i < peer->server_count && peer->gathering_begun; i++) {
        struct peer_server *server = &peer->servers[i];

        if (!server->is_asked) {
            server->is_asked = true;
            event->type = YODEL_EVENT_RESOLVE;
            event->name = server->url.host;
            return true;
        }
    }
    if (peer->wants_gather) {
        peer->wants_gather = false;
        event->type = YODEL_EVENT_GATHER;
        return true;
    }
    return false;
}

// ---- changes of state

static bool next_change(yodel_peer *peer, struct yodel_event *event)
{
    struct peer_told now = {
        .signaling = signaling_of(peer),
        .gathering = peer->gathering_state,
        .ice = yodel_peer_ice_connection_state(peer),
        .connection = yodel_peer_connection_state(peer),
    };
    struct peer_told *told = &peer->told;

    if (told->signaling != now.signaling) {
        told->signaling = now.signaling;
        event->type = YODEL_EVENT_SIGNALING_STATE_CHANGE;
    } else if (told->gathering != now.gathering) {
        told->gathering = now.gathering;
        event->type = YODEL_EVENT_ICE_GATHERING_STATE_CHANGE;
    } else if (told->ice != now.ice) {
        told->ice = now.ice;
        event->type = YODEL_EVENT_ICE_CONNECTION_STATE_CHANGE;
    } else if (told->connection != now.connection) {
        told->connection = now.connection;
        event->type = YODEL_EVENT_CONNECTION_STATE_CHANGE;
    } else {
        return false;
    }
    return true;
}

// W3C webrtc §4.7.3: told once, when stable, until it was answered by an offer. Only a call of the
// user's can change the answer, so it is worked out after those alone.
static bool next_negotiation(yodel_peer *peer, struct yodel_event *event)
{
    if (!peer->asks_negotiation) {
        return false;
    }
    peer->asks_negotiation = false;
    bool is_needed = peer_needs_negotiation(peer);
    bool tells = is_needed && !peer->told_negotiation;
    peer->told_negotiation = is_needed;
    event->type = YODEL_EVENT_NEGOTIATION_NEEDED;
    return tells;
}

// ---- ICE

// Of the section whose transport the candidates are of.
static const char *mid_of(yodel_peer *peer)
{
    struct writer w = writer_of(span_of(peer->candidate_mid, SDP_MID_MAX));

    put_bytes(&w, jsep_transport_mid(&peer->jsep));
    peer->candidate_mid[w.len] = '\0';
    return peer->candidate_mid;
}

static void tell_candidate(yodel_peer *peer, struct yodel_event *event, const char *text)
{
    event->type = YODEL_EVENT_ICE_CANDIDATE;
    event->candidate = (struct yodel_ice_candidate){
        .candidate = text,
        .sdp_mid = mid_of(peer),
        .username_fragment = ice_local_ufrag(&peer->ice),
    };
}

static bool take_candidate(
    yodel_peer *peer, struct yodel_event *event, const struct ice_candidate *candidate)
{
    struct writer w = writer_of(span_of(peer->candidate_text, sizeof peer->candidate_text - 1));
    struct ice_candidate told = *candidate;

    if (!peer_candidates_hide(&peer->candidates, &told)) {
        return false;
    }
    ice_candidate_write(&w, &told);
    YODEL_ASSERT(!w.failed);
    peer->candidate_text[w.len] = '\0';
    peer_candidates_add(&peer->candidates, writer_bytes(&w));
    tell_candidate(peer, event, peer->candidate_text);
    return true;
}

static void explain_failure(yodel_peer *peer)
{
    const char *why = peer->ice_state == YODEL_ICE_FAILED ? ice_failure(&peer->ice) : NULL;

    if (why) {
        (void)peer_fail(peer, YODEL_ERR_NETWORK, "%s", why);
    }
}

static void tell_stream(struct yodel_event *event, const struct ice_event *ice)
{
    event->type = ice->type == ICE_EVENT_CONNECT ? YODEL_EVENT_CONNECT : YODEL_EVENT_DISCONNECT;
    event->stream.path = ice->path;
    event->stream.host = ice->name;
    event->stream.framing = ice->framing;
}

// Takes one event of ICE's; true where it became one of ours.
static bool take_ice(yodel_peer *peer, struct yodel_event *event, const struct ice_event *ice)
{
    switch (ice->type) {
    case ICE_EVENT_LOCAL_CANDIDATE:
        return take_candidate(peer, event, &ice->candidate);
    case ICE_EVENT_GATHERING_STATE:
        peer->gathering_state = (enum yodel_ice_gathering_state)ice->gathering;
        if (peer->gathering_state != YODEL_GATHERING_COMPLETE) {
            return false;
        }
        peer->candidates.has_ended = true;
        tell_candidate(peer, event, "");
        return true;
    case ICE_EVENT_STATE:
        peer->ice_state = (enum yodel_ice_connection_state)ice->state;
        explain_failure(peer);
        return false;
    case ICE_EVENT_SELECTED:
        return false;
    case ICE_EVENT_CONNECT:
    case ICE_EVENT_DISCONNECT:
        tell_stream(event, ice);
        return true;
    case ICE_EVENT_RESOLVE:
        event->type = YODEL_EVENT_RESOLVE;
        event->name = ice->name;
        return true;
    }
    return false;
}

static bool next_ice(yodel_peer *peer, struct yodel_event *event)
{
    struct ice_event ice;

    if (peer->is_pooling && !jsep_local(&peer->jsep)) {
        return false; // RFC 9429 §3.5.4: pooled candidates are told with the description.
    }
    while (ice_next_event(&peer->ice, &ice)) {
        if (take_ice(peer, event, &ice)) {
            return true;
        }
    }
    return false;
}

// What a closed peer still has to close.
static bool next_stream(yodel_peer *peer, struct yodel_event *event)
{
    struct ice_event ice;

    if (!ice_relay_next_stream(&peer->ice, &ice)) {
        return false;
    }
    tell_stream(event, &ice);
    return true;
}

static bool next_media(yodel_peer *peer, struct yodel_event *event)
{
    return peer->session && session_next_event(peer->session, event);
}

YODEL_API bool yodel_peer_next_event(yodel_peer *peer, struct yodel_event *event)
{
    channel_free_departed(peer);
    transceiver_free_departed(peer);
    *event = (struct yodel_event){0};
    if (peer->is_closed) {
        return next_change(peer, event) || next_stream(peer, event);
    }
    return next_request(peer, event) || next_ice(peer, event) || next_change(peer, event) ||
           transceiver_next_event(peer, event) || next_media(peer, event) ||
           channel_next_event(peer, event) || next_negotiation(peer, event);
}
