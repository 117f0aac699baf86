// The W3C's tokens for every state and type that crosses the public API.
//
// Implements  W3C webrtc §4.3.1 (RTCSignalingState), §4.3.2 (RTCIceGatheringState), §4.3.3
//             (RTCPeerConnectionState), §5.6.3 (RTCIceConnectionState), §6.2 (RTCDataChannelState)

#include "peer/peer.h"

#define NAME_OF(names, value) ((size_t)(value) < COUNT(names) ? (names)[value] : "unknown")

YODEL_API const char *yodel_signaling_state_name(enum yodel_signaling_state state)
{
    static const char *const names[] = {"stable", "have-local-offer", "have-remote-offer",
        "have-local-pranswer", "have-remote-pranswer", "closed"};

    return NAME_OF(names, state);
}

YODEL_API const char *yodel_ice_gathering_state_name(enum yodel_ice_gathering_state state)
{
    static const char *const names[] = {"new", "gathering", "complete"};

    return NAME_OF(names, state);
}

YODEL_API const char *yodel_ice_connection_state_name(enum yodel_ice_connection_state state)
{
    static const char *const names[] = {
        "new", "checking", "connected", "completed", "disconnected", "failed", "closed"};

    return NAME_OF(names, state);
}

YODEL_API const char *yodel_connection_state_name(enum yodel_connection_state state)
{
    static const char *const names[] = {
        "new", "connecting", "connected", "disconnected", "failed", "closed"};

    return NAME_OF(names, state);
}

YODEL_API const char *yodel_channel_state_name(enum yodel_channel_state state)
{
    static const char *const names[] = {"connecting", "open", "closing", "closed"};

    return NAME_OF(names, state);
}

static const char *const sdp_types[] = {"offer", "pranswer", "answer", "rollback"};

YODEL_API const char *yodel_sdp_type_name(enum yodel_sdp_type type)
{
    return NAME_OF(sdp_types, type);
}

YODEL_API enum yodel_err yodel_sdp_type_parse(const char *name, enum yodel_sdp_type *type)
{
    for (size_t i = 0; i < COUNT(sdp_types); i++) {
        if (strcmp(name, sdp_types[i]) == 0) {
            *type = (enum yodel_sdp_type)i;
            return YODEL_OK;
        }
    }
    return YODEL_ERR_TYPE;
}
