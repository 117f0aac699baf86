// Statistics, under the W3C's ids and names.
//
// Implements  W3C webrtc §8.4 (getStats), webrtc-stats §6 (the types and members that we have)

#include "peer/stats.h"

void stats_tell(const struct stats_visit *visit, const char *name, const char *text, double number)
{
    visit->call(
        visit->ctx, &(struct yodel_stats_member){visit->id, visit->type, name, text, number});
}

static void tell(const struct stats_visit *visit, const char *name, const char *text, double number)
{
    stats_tell(visit, name, text, number);
}

static void tell_number(const struct stats_visit *visit, const char *name, uint64_t number)
{
    stats_tell(visit, name, NULL, (double)number);
}

static void visit_peer(const yodel_peer *peer, struct stats_visit visit)
{
    visit.id = "P";
    visit.type = "peer-connection";
    tell_number(&visit, "dataChannelsOpened", peer->channels_opened);
    tell_number(&visit, "dataChannelsClosed", peer->channels_closed);
}

static void visit_transport(const yodel_peer *peer, struct stats_visit visit)
{
    static const char *const dtls_states[] = {"new", "connecting", "connected", "closed", "failed"};
    struct yodel_path path;

    visit.id = "T";
    visit.type = "transport";
    tell_number(&visit, "packetsSent", peer->packets_sent);
    tell_number(&visit, "packetsReceived", peer->packets_received);
    tell_number(&visit, "bytesSent", peer->bytes_sent);
    tell_number(&visit, "bytesReceived", peer->bytes_received);
    tell(&visit, "iceRole", ice_is_controlling(&peer->ice) ? "controlling" : "controlled", 0);
    tell(&visit, "iceState", yodel_ice_connection_state_name(peer->ice_state), 0);
    tell(&visit, "iceLocalUsernameFragment", ice_local_ufrag(&peer->ice), 0);
    tell(&visit, "dtlsState", dtls_states[peer->dtls.state], 0);
    tell(&visit, "dtlsRole",
        peer->promised_count == 0 ? "unknown"
        : peer->is_dtls_client    ? "client"
                                  : "server",
        0);
    if (ice_selected(&peer->ice, &path)) {
        tell(&visit, "selectedCandidatePairId", "CP", 0);
    }
}

static void visit_pair(const yodel_peer *peer, struct stats_visit visit)
{
    const struct ice_stats *stats = ice_stats(&peer->ice);
    struct yodel_path path;

    if (!ice_selected(&peer->ice, &path)) {
        return;
    }
    visit.id = "CP";
    visit.type = "candidate-pair";
    tell(&visit, "transportId", "T", 0);
    tell(&visit, "localCandidateId", "CL", 0);
    tell(&visit, "remoteCandidateId", "CR", 0);
    tell(&visit, "state", "succeeded", 0);
    tell(&visit, "nominated", NULL, 1);
    tell_number(&visit, "bytesSent", peer->bytes_sent);
    tell_number(&visit, "bytesReceived", peer->bytes_received);
    tell(&visit, "currentRoundTripTime", NULL, (double)stats->rtt / 1e6);
    tell(&visit, "totalRoundTripTime", NULL, (double)stats->rtt_total / 1e6);
    tell_number(&visit, "requestsSent", stats->requests_sent);
    tell_number(&visit, "requestsReceived", stats->requests_received);
    tell_number(&visit, "responsesSent", stats->responses_sent);
    tell_number(&visit, "responsesReceived", stats->responses_received);
    tell_number(&visit, "consentRequestsSent", stats->consent_requests_sent);
    if (peer->session) {
        struct cc_target target = cc_gcc_target(&peer->session->gcc);
        tell_number(&visit, "availableOutgoingBitrate", target.target_bps);
    }
}

static void visit_candidate(
    struct stats_visit visit, const struct ice_candidate *candidate, const struct yodel_addr *addr)
{
    char text[ADDR_TEXT_MAX];

    tell(&visit, "transportId", "T", 0);
    tell(&visit, "address", addr_ip_text(addr, text), 0);
    tell_number(&visit, "port", addr->port);
    tell(&visit, "protocol", candidate->transport == YODEL_UDP ? "udp" : "tcp", 0);
    tell(&visit, "candidateType", ice_candidate_type_name(candidate->type), 0);
    tell_number(&visit, "priority", candidate->priority);
    tell(&visit, "foundation", candidate->foundation, 0);
}

static void visit_candidates(const yodel_peer *peer, struct stats_visit visit)
{
    static const char *const relay_protocols[] = {"udp", "tcp", "tls"};
    struct ice_candidate local, remote;
    struct yodel_path path;

    if (!ice_selected(&peer->ice, &path) || !ice_selected_candidates(&peer->ice, &local, &remote)) {
        return;
    }
    visit.id = "CL";
    visit.type = "local-candidate";
    visit_candidate(visit, &local, &path.local);
    const struct ice_turn_server *server = ice_selected_server(&peer->ice);
    if (server) {
        tell(&visit, "relayProtocol", relay_protocols[server->transport], 0);
        tell(&visit, "url", server->url, 0);
    }
    visit.id = "CR";
    visit.type = "remote-candidate";
    visit_candidate(visit, &remote, &path.remote);
}

static void visit_channel(const yodel_channel *channel, struct stats_visit visit)
{
    char id[16];
    struct writer w = writer_of(span_of(id, sizeof id - 1));

    put_format(&w, "D%u", channel->number);
    id[w.len] = '\0';
    visit.id = id;
    visit.type = "data-channel";
    tell(&visit, "label", yodel_channel_label(channel), 0);
    tell(&visit, "protocol", yodel_channel_protocol(channel), 0);
    tell(&visit, "state", yodel_channel_state_name(channel->state), 0);
    if (yodel_channel_id(channel) >= 0) {
        tell_number(&visit, "dataChannelIdentifier", (uint64_t)yodel_channel_id(channel));
    }
    tell_number(&visit, "messagesSent", channel->messages_sent);
    tell_number(&visit, "messagesReceived", channel->messages_received);
    tell_number(&visit, "bytesSent", channel->bytes_sent);
    tell_number(&visit, "bytesReceived", channel->bytes_received);
}

YODEL_API void yodel_peer_stats(const yodel_peer *peer,
    void (*visit)(void *ctx, const struct yodel_stats_member *member), void *ctx)
{
    struct stats_visit to = {.call = visit, .ctx = ctx};

    visit_peer(peer, to);
    visit_transport(peer, to);
    visit_pair(peer, to);
    visit_candidates(peer, to);
    stats_visit_media(peer, to);
    for (const struct list_node *node = list_first(&peer->channels); node;
         node = list_next(&peer->channels, node)) {
        visit_channel(CONTAINER_OF(node, struct yodel_channel, node), to);
    }
}

YODEL_API bool yodel_peer_selected_path(const yodel_peer *peer, struct yodel_path *path,
    const char **local_type, const char **remote_type)
{
    struct ice_candidate local, remote;

    if (!ice_selected(&peer->ice, path)) {
        return false;
    }
    bool is_known = ice_selected_candidates(&peer->ice, &local, &remote);
    *local_type = is_known ? ice_candidate_type_name(local.type) : "host";
    *remote_type = is_known ? ice_candidate_type_name(remote.type) : "host";
    return true;
}
