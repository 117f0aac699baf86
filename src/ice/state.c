// What the agent tells of itself: its states, why it failed, what it chose, and events of all that.
//
// Implements  W3C webrtc §5.6.3, §5.6.4 (states)

#include "ice/ice.h"

static bool is_completed(const struct ice *ice)
{
    return ice->selected.pair != ICE_NONE && ice->pairs[ice->selected.pair].is_nominated &&
           ice->has_ended_remote && ice_local_is_gathered(ice) && !ice_pair_any_checked(ice);
}

static bool has_any_remote(const struct ice *ice)
{
    for (size_t i = 0; i < ICE_REMOTES_MAX; i++) {
        if (ice->remotes[i].is_used) {
            return true;
        }
    }
    return false;
}

enum ice_state ice_state(const struct ice *ice)
{
    if (ice->is_closed) {
        return ICE_CLOSED;
    }
    if (ice_has_failed(ice)) {
        return ICE_FAILED;
    }
    if (ice->selected.is_used) {
        if (ice->consent.is_disconnected) {
            return ICE_DISCONNECTED;
        }
        return is_completed(ice) ? ICE_COMPLETED : ICE_CONNECTED;
    }
    return ice->has_remote && has_any_remote(ice) ? ICE_CHECKING : ICE_NEW;
}

static bool has_any_local(const struct ice *ice)
{
    for (size_t i = 0; i < ICE_LOCALS_MAX; i++) {
        if (ice->locals[i].is_used) {
            return true;
        }
    }
    return false;
}

enum ice_gathering ice_gathering(const struct ice *ice)
{
    if (ice_local_is_gathered(ice)) {
        return ICE_GATHERING_COMPLETE;
    }
    return has_any_local(ice) ? ICE_GATHERING_GATHERING : ICE_GATHERING_NEW;
}

const struct ice_stats *ice_stats(const struct ice *ice)
{
    return &ice->stats;
}

const char *ice_state_name(enum ice_state state)
{
    static const char *const names[] = {
        "new", "checking", "connected", "completed", "disconnected", "failed", "closed"};

    return names[state];
}

const char *ice_failure(const struct ice *ice)
{
    const char *loss = ice_relay_loss(ice);

    if (ice->consent.is_expired) {
        return loss ? loss : "the peer has not answered for 30 seconds";
    }
    if (!ice->is_failed) {
        return NULL;
    }
    if (ice->config.is_relay_only && ice_relay_is_hopeless(ice)) {
        const char *why = ice_relay_failure(ice);
        if (!why) {
            why = ice->turn_server_count == 0 ? "there is no TURN server to relay through"
                                              : "no TURN server has an address of our families";
        }
        return why;
    }
    if (loss) {
        return loss;
    }
    if (!has_any_local(ice)) {
        return "there is no network interface to reach the peer from";
    }
    if (!has_any_remote(ice)) {
        return "the peer has told of no address that can be used";
    }
    if (ice->pair_end == 0) {
        return "no address of the peer is of a kind that we have too";
    }
    return ice->stats.requests_received > 0
               ? "the peer can be heard, but none of our checks was answered"
               : "nothing was heard from any address of the peer";
}

static bool next_candidate(struct ice *ice, struct ice_event *event)
{
    for (size_t i = 0; i < ICE_LOCALS_MAX; i++) {
        struct ice_local *local = &ice->locals[i];

        if (local->is_used && !local->is_announced) {
            local->is_announced = true;
            *event = (struct ice_event){
                .type = ICE_EVENT_LOCAL_CANDIDATE, .candidate = ice_local_candidate(ice, local)};
            return true;
        }
    }
    return false;
}

bool ice_next_event(struct ice *ice, struct ice_event *event)
{
    enum ice_gathering gathering = ice_gathering(ice);
    enum ice_state state = ice_state(ice);
    const char *name;

    if (!ice->is_closed && next_candidate(ice, event)) {
        return true;
    }
    if (!ice->is_closed && gathering != ice->gathering_reported) {
        ice->gathering_reported = gathering;
        *event = (struct ice_event){.type = ICE_EVENT_GATHERING_STATE, .gathering = gathering};
        return true;
    }
    if (ice_relay_next_stream(ice, event) || ice_stream_next_event(ice, event)) {
        return true;
    }
    if (!ice->is_closed && (name = ice_remote_next_name(ice)) != NULL) {
        *event = (struct ice_event){.type = ICE_EVENT_RESOLVE, .name = name};
        return true;
    }
    if (ice->has_selected_event) {
        ice->has_selected_event = false;
        if (ice->selected.is_used) {
            *event = (struct ice_event){.type = ICE_EVENT_SELECTED, .path = ice->selected.path};
            return true;
        }
    }
    if (state != ice->state_reported) {
        ice->state_reported = state;
        *event = (struct ice_event){.type = ICE_EVENT_STATE, .state = state};
        return true;
    }
    return false;
}

bool ice_selected_candidates(
    const struct ice *ice, struct ice_candidate *local, struct ice_candidate *remote)
{
    if (!ice->selected.is_used || ice->selected.pair == ICE_NONE) {
        return false;
    }
    const struct ice_pair *pair = &ice->pairs[ice->selected.pair];
    const struct ice_remote *theirs = &ice->remotes[pair->remote];

    *local = ice_local_candidate(ice, &ice->locals[pair->mapped]);
    *remote = (struct ice_candidate){.component = 1,
        .transport = ice_candidate_transport(theirs->tcp_type),
        .priority = theirs->priority,
        .addr = theirs->addr,
        .type = theirs->type,
        .tcp_type = theirs->tcp_type};
    return true;
}

const struct ice_turn_server *ice_selected_server(const struct ice *ice)
{
    const struct yodel_path *path = &ice->selected.path;
    uint8_t local =
        ice->selected.is_used ? ice_local_find_base(ice, path->transport, &path->local) : ICE_NONE;

    if (local == ICE_NONE || ice->locals[local].type != ICE_RELAY) {
        return NULL;
    }
    return &ice->turn_servers[ice->relays[ice->locals[local].relay]->server];
}
