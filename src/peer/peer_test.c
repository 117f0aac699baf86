// Peer connections: making and configuring them, their states, their end, what a loop sees.

#include "peer/peer.h"

#include <stdio.h>

#include "check.h"
#include "peer/pair.h"

static struct peer_pair pair;

static void each_state_has_the_token_of_the_w3c(void)
{
    static const char *const signaling[] = {"stable", "have-local-offer", "have-remote-offer",
        "have-local-pranswer", "have-remote-pranswer", "closed"};
    static const char *const gathering[] = {"new", "gathering", "complete"};
    static const char *const ice[] = {
        "new", "checking", "connected", "completed", "disconnected", "failed", "closed"};
    static const char *const connection[] = {
        "new", "connecting", "connected", "disconnected", "failed", "closed"};
    static const char *const channel[] = {"connecting", "open", "closing", "closed"};

    for (int i = 0; i <= YODEL_SIGNALING_CLOSED; i++) {
        CHECK_TEXT(yodel_signaling_state_name((enum yodel_signaling_state)i), signaling[i]);
    }
    for (int i = 0; i <= YODEL_GATHERING_COMPLETE; i++) {
        CHECK_TEXT(yodel_ice_gathering_state_name((enum yodel_ice_gathering_state)i), gathering[i]);
    }
    for (int i = 0; i <= YODEL_ICE_CLOSED; i++) {
        CHECK_TEXT(yodel_ice_connection_state_name((enum yodel_ice_connection_state)i), ice[i]);
    }
    for (int i = 0; i <= YODEL_CONNECTION_CLOSED; i++) {
        CHECK_TEXT(yodel_connection_state_name((enum yodel_connection_state)i), connection[i]);
    }
    for (int i = 0; i <= YODEL_CHANNEL_CLOSED; i++) {
        CHECK_TEXT(yodel_channel_state_name((enum yodel_channel_state)i), channel[i]);
    }
    CHECK_TEXT(yodel_connection_state_name((enum yodel_connection_state)99), "unknown");
}

static void sdp_types_are_read_as_they_are_written(void)
{
    enum yodel_sdp_type type;

    for (int i = 0; i <= YODEL_SDP_ROLLBACK; i++) {
        CHECK_EQ(yodel_sdp_type_parse(yodel_sdp_type_name((enum yodel_sdp_type)i), &type), 0);
        CHECK_EQ(type, i);
    }
    CHECK_EQ(yodel_sdp_type_parse("Offer", &type), YODEL_ERR_TYPE);
    CHECK_EQ(yodel_sdp_type_parse("", &type), YODEL_ERR_TYPE);
}

static enum yodel_err new_with_turn(const char *url, const char *username, const char *credential)
{
    struct yodel_ice_server server = {
        .urls = &url, .url_count = 1, .username = username, .credential = credential};
    struct yodel_peer_config config = {.ice_servers = &server, .ice_server_count = 1};
    yodel_peer *peer = NULL;
    enum yodel_err err = yodel_peer_new(&config, &peer);

    CHECK_EQ(!err, peer != NULL);
    yodel_peer_free(peer);
    return err;
}

static enum yodel_err new_with_server(const char *url)
{
    return new_with_turn(url, NULL, NULL);
}

static void a_configuration_that_makes_no_sense_is_refused(void)
{
    static char name[510];
    struct yodel_peer_config config = {.pinned_fingerprint = "AB:CD"};
    yodel_peer *peer = NULL;

    CHECK_EQ(new_with_server("stun:192.0.2.9"), YODEL_OK);
    CHECK_EQ(new_with_server("stun:[2001:db8::1]:99"), YODEL_OK);
    CHECK_EQ(new_with_server("stun:stun.example.org"), YODEL_OK);
    CHECK_EQ(new_with_server("http:stun.example.org"), YODEL_ERR_SYNTAX);
    CHECK_EQ(new_with_server("stun:"), YODEL_ERR_SYNTAX);
    CHECK_EQ(new_with_server("turn:turn.example.org"), YODEL_ERR_INVALID_ACCESS);
    CHECK_EQ(new_with_server("stuns:turn.example.org"), YODEL_ERR_NOT_SUPPORTED);
    CHECK_EQ(new_with_turn("turn:turn.example.org", "user", "pass"), YODEL_OK);
    CHECK_EQ(new_with_turn("turns:192.0.2.9", "user", "pass"), YODEL_OK);
    CHECK_EQ(new_with_turn("turn:192.0.2.9", "user", NULL), YODEL_ERR_INVALID_ACCESS);
    CHECK_EQ(new_with_turn("turn:192.0.2.9", NULL, "pass"), YODEL_ERR_INVALID_ACCESS);
    memset(name, 'n', 509);
    CHECK_EQ(new_with_turn("turn:192.0.2.9", name, "pass"), YODEL_ERR_TYPE);
    name[508] = '\0';
    CHECK_EQ(new_with_turn("turn:192.0.2.9", name, "pass"), YODEL_OK);
    CHECK_EQ(yodel_peer_new(&config, &peer), YODEL_ERR_TYPE);
    CHECK(!peer);
}

static void a_new_peer_is_new_in_every_way(void)
{
    int user;
    struct yodel_peer_config config = {.user = &user};
    struct yodel_description description;
    const char *current, *previous, *local, *remote;
    struct yodel_path path;
    struct yodel_event event;
    uint8_t room[YODEL_DATAGRAM_MAX];
    yodel_peer *peer;

    CHECK_EQ(yodel_peer_new(&config, &peer), YODEL_OK);
    CHECK(yodel_peer_user(peer) == &user);
    CHECK_EQ(yodel_peer_signaling_state(peer), YODEL_SIGNALING_STABLE);
    CHECK_EQ(yodel_peer_ice_gathering_state(peer), YODEL_GATHERING_NEW);
    CHECK_EQ(yodel_peer_ice_connection_state(peer), YODEL_ICE_NEW);
    CHECK_EQ(yodel_peer_connection_state(peer), YODEL_CONNECTION_NEW);
    CHECK_TEXT(yodel_peer_error_text(peer), "");
    CHECK_EQ(yodel_peer_max_message_size(peer), 0);
    CHECK(!yodel_peer_local_description(peer, &description));
    CHECK(!yodel_peer_remote_description(peer, &description));
    CHECK(!yodel_peer_current_local_description(peer, &description));
    CHECK(!yodel_peer_pending_local_description(peer, &description));
    CHECK(!yodel_peer_current_remote_description(peer, &description));
    CHECK(!yodel_peer_pending_remote_description(peer, &description));
    CHECK(!yodel_peer_selected_path(peer, &path, &local, &remote));
    yodel_peer_local_ufrags(peer, &current, &previous);
    CHECK(strlen(current) >= 4);
    CHECK_TEXT(previous, "");
    CHECK(!yodel_peer_next_event(peer, &event));
    CHECK_EQ(yodel_peer_emit(peer, room, sizeof room, &path, 1), 0);
    CHECK(yodel_peer_next_timeout(peer) == YODEL_NEVER);
    yodel_peer_free(peer);
    yodel_peer_free(NULL);
}

static void a_certificate_has_one_fingerprint_and_serves_many_peers(void)
{
    char text[YODEL_FINGERPRINT_TEXT_MAX];
    yodel_certificate *certificate;
    struct yodel_description description;
    yodel_channel *channels[2], *channel;

    CHECK_EQ(yodel_certificate_generate(VIRTUAL_CLOCK_WALL, &certificate), YODEL_OK);
    struct yodel_peer_config config = {.certificate = certificate};
    peer_pair_open_with(&pair, 2, &config, &config);
    peer_pair_connect(&pair, NULL, channels);
    yodel_certificate_fingerprint(certificate, text);
    CHECK_EQ(strlen(text), 95);
    for (int i = 0; i < 2; i++) {
        CHECK(yodel_peer_local_description(pair.side[i].peer, &description));
        CHECK(strstr(description.sdp, text) != NULL);
    }
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[1].peer, "", NULL, &channel), YODEL_OK);
    peer_pair_close(&pair);
    yodel_certificate_free(certificate);
    yodel_certificate_free(NULL);
}

// Each state is told once, and in the W3C's order.
static void check_states(enum yodel_event_type type, const int *want, uint32_t count)
{
    for (int side = 0; side < 2; side++) {
        uint32_t found = 0;

        for (uint32_t i = 0; i < pair.side[side].seen_count; i++) {
            if (pair.side[side].seen[i].type == type) {
                CHECK(found < count);
                CHECK_EQ(pair.side[side].seen[i].state, want[found++]);
            }
        }
        CHECK_EQ(found, count);
    }
}

static void states_follow_one_another_as_they_should(void)
{
    static const int connection[] = {YODEL_CONNECTION_CONNECTING, YODEL_CONNECTION_CONNECTED};
    static const int gathering[] = {YODEL_GATHERING_COMPLETE};
    yodel_channel *channels[2];

    peer_pair_open(&pair, 3);
    peer_pair_connect(&pair, NULL, channels);
    check_states(YODEL_EVENT_CONNECTION_STATE_CHANGE, connection, COUNT(connection));
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), gathering[0]);
    CHECK(yodel_peer_ice_connection_state(pair.side[0].peer) == YODEL_ICE_CONNECTED ||
          yodel_peer_ice_connection_state(pair.side[0].peer) == YODEL_ICE_COMPLETED);
    CHECK_EQ(pair.side[0].candidate_count, 2); // Of UDP, and who connects over TCP.
    // The end of the candidates is told, and then the state.
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_ICE_CANDIDATE), 3);
    peer_pair_close(&pair);
}

static void negotiation_is_asked_for_once_and_by_who_needs_it(void)
{
    yodel_channel *channels[2], *second;

    peer_pair_open(&pair, 4);
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &channels[0]), 0);
    peer_pair_listen(&pair.side[0]);
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_NEGOTIATION_NEEDED), 1);
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &second), 0);
    CHECK_EQ(peer_pair_negotiate(&pair, 0), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &second), 0);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_NEGOTIATION_NEEDED), 1);
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_NEGOTIATION_NEEDED), 0);
    yodel_peer_restart_ice(pair.side[1].peer);
    peer_pair_listen(&pair.side[1]);
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_NEGOTIATION_NEEDED), 1);
    peer_pair_close(&pair);
}

// ---- who the other side is

static void another_certificate_than_was_signaled_fails_loudly_and_gets_no_data(void)
{
    struct yodel_description description;
    yodel_channel *channel;
    char sdp[8192];

    peer_pair_open(&pair, 5);
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &channel), 0);
    CHECK_EQ(yodel_peer_set_local_description(pair.side[0].peer, NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK(yodel_peer_local_description(pair.side[0].peer, &description));
    (void)snprintf(sdp, sizeof sdp, "%s", description.sdp);
    char *digit = strstr(sdp, "sha-256 ") + 8;
    *digit = *digit == '0' ? '1' : '0';
    description.sdp = sdp;
    CHECK_EQ(yodel_peer_set_remote_description(pair.side[1].peer, &description), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(pair.side[1].peer, NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(40));
    CHECK_EQ(yodel_peer_connection_state(pair.side[1].peer), YODEL_CONNECTION_FAILED);
    CHECK(strstr(yodel_peer_error_text(pair.side[1].peer), "DTLS failed") != NULL);
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_DATA_CHANNEL), 0);
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_OPEN), 0);
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[1].peer, "", NULL, &channel),
        YODEL_ERR_INVALID_STATE);
    peer_pair_close(&pair);
}

static void an_ice_restart_changes_the_credentials_and_not_the_connection(void)
{
    yodel_channel *channels[2];
    const char *current, *previous;
    char before[64];

    peer_pair_open(&pair, 6);
    peer_pair_connect(&pair, NULL, channels);
    yodel_peer_local_ufrags(pair.side[0].peer, &current, &previous);
    (void)snprintf(before, sizeof before, "%s", current);
    peer_pair_forget(&pair);
    yodel_peer_restart_ice(pair.side[0].peer);
    CHECK_EQ(peer_pair_negotiate(&pair, 0), YODEL_OK);
    yodel_peer_local_ufrags(pair.side[0].peer, &current, &previous);
    CHECK(strcmp(current, before) != 0);
    CHECK_TEXT(previous, before);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(yodel_channel_send(channels[0], "on and on", 9), YODEL_OK);
        peer_pair_run(&pair, YODEL_MS(100));
    }
    CHECK_EQ(pair.side[1].message_count, 20);
    CHECK(peer_pair_is_connected(&pair));
    peer_pair_close(&pair);
}

// ---- the end

static void a_closed_peer_refuses_what_it_must_and_says_why(void)
{
    struct yodel_description description;
    struct yodel_ice_candidate candidate = {.candidate = ""};
    yodel_channel *channels[2], *another;

    peer_pair_open(&pair, 7);
    peer_pair_connect(&pair, NULL, channels);
    yodel_peer *peer = pair.side[0].peer;
    yodel_peer_close(peer);
    yodel_peer_close(peer);
    CHECK_EQ(yodel_peer_create_offer(peer, &description), YODEL_ERR_INVALID_STATE);
    CHECK_TEXT(yodel_peer_error_text(peer), "the peer connection is closed");
    CHECK_EQ(yodel_peer_create_answer(peer, &description), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(yodel_peer_set_local_description(peer, NULL), YODEL_ERR_INVALID_STATE);
    description = (struct yodel_description){YODEL_SDP_OFFER, "v=0\r\n"};
    CHECK_EQ(yodel_peer_set_remote_description(peer, &description), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(yodel_peer_add_ice_candidate(peer, &candidate), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(yodel_peer_create_data_channel(peer, "", NULL, &another), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(yodel_channel_send(channels[0], "x", 1), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(yodel_channel_ready_state(channels[0]), YODEL_CHANNEL_CLOSED);
    CHECK_TEXT(yodel_channel_label(channels[0]), "first");
    yodel_channel_close(channels[0]);
    yodel_peer_restart_ice(peer);
    CHECK_EQ(yodel_peer_signaling_state(peer), YODEL_SIGNALING_CLOSED);
    CHECK_EQ(yodel_peer_ice_connection_state(peer), YODEL_ICE_CLOSED);
    CHECK_EQ(yodel_peer_connection_state(peer), YODEL_CONNECTION_CLOSED);
    CHECK(yodel_peer_next_timeout(peer) == YODEL_NEVER);
    peer_pair_close(&pair);
}

static void a_close_is_a_farewell_and_then_silence(void)
{
    yodel_channel *channels[2];

    peer_pair_open(&pair, 8);
    peer_pair_connect(&pair, NULL, channels);
    peer_pair_forget(&pair);
    yodel_peer_close(pair.side[0].peer);
    peer_pair_settle(&pair);
    CHECK(pair.side[0].sent >= 1 && pair.side[0].sent <= 3);
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_CHANNEL_ERROR), 1);
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_CHANNEL_CLOSE), 1);
    CHECK(peer_pair_first(&pair.side[1], YODEL_EVENT_CHANNEL_ERROR) <
          peer_pair_first(&pair.side[1], YODEL_EVENT_CHANNEL_CLOSE));
    CHECK_TEXT(pair.side[1].text, "the other side closed the connection");
    peer_pair_forget(&pair);
    peer_pair_run(&pair, YODEL_SECONDS(60));
    CHECK_EQ(pair.side[0].sent, 0);
    CHECK_EQ(pair.side[0].seen_count, 0);
    peer_pair_close(&pair);
}

static uint32_t handshakes_allowed;

static bool lets_some_dtls_through(
    struct peer_pair *p, int from, const struct yodel_path *path, uint8_t *data, size_t *len)
{
    (void)p, (void)from, (void)path, (void)len;
    if (data[0] >= 20 && data[0] < 64) {
        if (handshakes_allowed == 0) {
            return false;
        }
        handshakes_allowed--;
    }
    return true;
}

static void stop_in_the_handshake(uint32_t allowed)
{
    yodel_channel *channel;

    peer_pair_open(&pair, 9);
    pair.filter = lets_some_dtls_through;
    handshakes_allowed = allowed;
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &channel), 0);
    CHECK_EQ(peer_pair_negotiate(&pair, 0), YODEL_OK);
    peer_pair_run(&pair, YODEL_MS(2500));
}

static void a_close_before_the_handshake_ended_says_nothing_more(void)
{
    struct yodel_path path;
    uint8_t room[YODEL_DATAGRAM_MAX];

    for (uint32_t allowed = 0; allowed < 3; allowed++) {
        stop_in_the_handshake(allowed);
        // Each has a flight to send again.
        pair.now += YODEL_SECONDS(4);
        virtual_clock_set(pair.now);
        for (int i = 0; i < 2; i++) {
            yodel_peer_tick(pair.side[i].peer, pair.now);
            yodel_peer_close(pair.side[i].peer);
            CHECK_EQ(yodel_peer_emit(pair.side[i].peer, room, sizeof room, &path, pair.now), 0);
        }
        peer_pair_forget(&pair);
        peer_pair_run(&pair, YODEL_SECONDS(60));
        CHECK_EQ(pair.side[0].sent + pair.side[1].sent, 0);
        peer_pair_close(&pair);
    }
}

static void a_handshake_that_nobody_answers_fails_and_says_so(void)
{
    stop_in_the_handshake(0);
    CHECK_EQ(yodel_peer_connection_state(pair.side[0].peer), YODEL_CONNECTION_CONNECTING);
    peer_pair_run(&pair, YODEL_SECONDS(40));
    // Side 1 began it; side 0 never heard that there is one.
    CHECK_EQ(yodel_peer_connection_state(pair.side[1].peer), YODEL_CONNECTION_FAILED);
    CHECK(strstr(yodel_peer_error_text(pair.side[1].peer), "DTLS failed") != NULL);
    peer_pair_close(&pair);
}

static void a_close_before_anything_began_is_silent(void)
{
    struct yodel_path path;
    uint8_t room[YODEL_DATAGRAM_MAX];

    peer_pair_open(&pair, 10);
    yodel_peer_close(pair.side[0].peer);
    CHECK_EQ(yodel_peer_emit(pair.side[0].peer, room, sizeof room, &path, pair.now), 0);
    peer_pair_close(&pair);
}

// ---- what a loop sees

static void whatever_gives_a_peer_something_to_do_wakes_its_loop(void)
{
    struct yodel_ice_candidate end = {.candidate = "", .sdp_mid = "0"};
    yodel_channel *channels[2], *channel;

    peer_pair_open(&pair, 11);
    struct peer_pair_side *side = &pair.side[0];
    CHECK_EQ(yodel_peer_create_data_channel(side->peer, "", NULL, &channel), YODEL_OK);
    CHECK_EQ(side->wakes, 1);
    CHECK_EQ(yodel_peer_set_local_description(side->peer, NULL), YODEL_OK);
    CHECK_EQ(side->wakes, 2);
    yodel_peer_add_local_address(side->peer, &side->addr);
    CHECK_EQ(side->wakes, 3);
    yodel_peer_end_local_addresses(side->peer);
    CHECK_EQ(side->wakes, 4);
    yodel_peer_resolved(side->peer, "nobody.example", NULL);
    CHECK_EQ(side->wakes, 5);
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK);
    CHECK_EQ(pair.side[1].wakes, 1);
    CHECK_EQ(yodel_peer_add_ice_candidate(pair.side[1].peer, &end), YODEL_OK);
    CHECK_EQ(pair.side[1].wakes, 2);
    peer_pair_close(&pair);

    peer_pair_open(&pair, 12);
    peer_pair_connect(&pair, NULL, channels);
    peer_pair_forget(&pair);
    CHECK_EQ(yodel_channel_send(channels[0], "", 0), YODEL_OK);
    CHECK_EQ(pair.side[0].wakes, 1);
    yodel_channel_close(channels[0]);
    CHECK_EQ(pair.side[0].wakes, 2);
    yodel_peer_restart_ice(pair.side[0].peer);
    CHECK_EQ(pair.side[0].wakes, 3);
    yodel_peer_close(pair.side[0].peer);
    CHECK_EQ(pair.side[0].wakes, 4);
    peer_pair_close(&pair);
}

static uint32_t claimed[2], asked;

static bool asks_who_it_is_for(
    struct peer_pair *p, int from, const struct yodel_path *path, uint8_t *data, size_t *len)
{
    (void)path;
    if (data[0] < 4) {
        asked++;
        claimed[0] += yodel_peer_claims(p->side[1 - from].peer, data, *len);
        claimed[1] += yodel_peer_claims(p->side[from].peer, data, *len);
    }
    return true;
}

static void a_peer_claims_what_is_its_own_and_nothing_else(void)
{
    yodel_channel *channels[2];

    claimed[0] = claimed[1] = asked = 0;
    peer_pair_open(&pair, 13);
    pair.filter = asks_who_it_is_for;
    peer_pair_connect(&pair, NULL, channels);
    CHECK(asked > 4);
    CHECK_EQ(claimed[0], asked);
    CHECK_EQ(claimed[1], 0);
    CHECK(!yodel_peer_claims(pair.side[0].peer, "\x16\xfe\xfd", 3));
    CHECK(!yodel_peer_claims(pair.side[0].peer, "", 0));
    peer_pair_close(&pair);
}

static void an_interface_that_went_away_is_sent_from_no_more(void)
{
    yodel_channel *channels[2];
    const char *local, *remote;
    struct yodel_path path;

    peer_pair_open(&pair, 32);
    peer_pair_connect(&pair, NULL, channels);
    CHECK(yodel_peer_selected_path(pair.side[0].peer, &path, &local, &remote));
    yodel_peer_remove_local_address(pair.side[0].peer, &pair.side[0].addr);
    CHECK(!yodel_peer_selected_path(pair.side[0].peer, &path, &local, &remote));
    peer_pair_close(&pair);
}

// ---- names of servers

static void gather_with_server(const char *url, bool is_unsettled)
{
    static const char *urls[1];
    static struct yodel_ice_server server;

    urls[0] = url;
    server = (struct yodel_ice_server){.urls = urls, .url_count = 1};
    struct yodel_peer_config config = {.ice_servers = &server, .ice_server_count = 1};
    yodel_channel *channel;

    peer_pair_open_with(&pair, 14, &config, NULL);
    pair.side[0].is_unsettled = is_unsettled;
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &channel), YODEL_OK);
    peer_pair_listen(&pair.side[0]);
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_RESOLVE), 0); // Not before it is needed.
    CHECK_EQ(yodel_peer_set_local_description(pair.side[0].peer, NULL), YODEL_OK);
    peer_pair_settle(&pair);
}

static void the_name_of_a_server_is_asked_for_once(void)
{
    gather_with_server("stun:stun.example.org:3479", true);
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_RESOLVE), 1);
    CHECK_TEXT(pair.side[0].text, "stun.example.org");
    // The host candidate does not wait for it; the end of gathering does.
    CHECK_EQ(pair.side[0].candidate_count, 2);
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), YODEL_GATHERING_GATHERING);
    struct yodel_addr at = addr_v4(192, 0, 2, 99, 1);
    yodel_peer_resolved(pair.side[0].peer, "stun.example.org", &at);
    pair.now += YODEL_MS(100);
    peer_pair_settle(&pair);
    CHECK(pair.side[0].sent > 0); // To the server.
    peer_pair_run(&pair, YODEL_SECONDS(40));
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), YODEL_GATHERING_COMPLETE);
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_RESOLVE), 1);
    peer_pair_close(&pair);
}

// A host that has IPv6 may be reached by others over IPv4 alone.
static void a_server_of_two_families_is_asked_over_both(void)
{
    gather_with_server("stun:stun.example.org", true);
    struct yodel_addr v6 = {.family = YODEL_ADDR_V6, .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
    struct yodel_addr v4 = addr_v4(192, 0, 2, 99, 1);
    yodel_peer_resolved(pair.side[0].peer, "stun.example.org", &v6);
    yodel_peer_resolved(pair.side[0].peer, "stun.example.org", &v4);
    pair.now += YODEL_MS(100);
    peer_pair_settle(&pair);
    CHECK(pair.side[0].sent > 0); // From the IPv4 address that the side has.
    peer_pair_close(&pair);
}

static void gathering_ends_without_a_server_that_has_no_address(void)
{
    gather_with_server("stun:stun.example.org", false);
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), YODEL_GATHERING_COMPLETE);
    peer_pair_close(&pair);
}

// Case F24: a look-up that never ends holds nothing up for long.
static void gathering_ends_without_a_server_whose_name_is_never_resolved(void)
{
    gather_with_server("stun:stun.example.org", true);
    peer_pair_run(&pair, YODEL_SECONDS(6));
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), YODEL_GATHERING_COMPLETE);
    struct yodel_addr at = addr_v4(192, 0, 2, 99, 1);
    CHECK_EQ(pair.side[0].sent, 0);
    yodel_peer_resolved(pair.side[0].peer, "stun.example.org", &at); // Late, and of use still.
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), YODEL_GATHERING_GATHERING);
    CHECK(pair.side[0].sent > 0);
    peer_pair_run(&pair, YODEL_SECONDS(6));
    CHECK_EQ(yodel_peer_ice_gathering_state(pair.side[0].peer), YODEL_GATHERING_COMPLETE);
    peer_pair_close(&pair);
}

// ---- statistics

static uint32_t members, types_seen;

static void check_member(void *ctx, const struct yodel_stats_member *member)
{
    static const struct {
        const char *type, *id;
    } known[] = {{"peer-connection", "P"}, {"transport", "T"}, {"candidate-pair", "CP"},
        {"local-candidate", "CL"}, {"remote-candidate", "CR"}, {"data-channel", "D0"}};
    bool *has_rtt = ctx;

    members++;
    for (size_t i = 0; i < COUNT(known); i++) {
        if (strcmp(member->type, known[i].type) == 0) {
            types_seen |= 1u << i;
            CHECK_TEXT(member->id, known[i].id);
        }
    }
    if (strcmp(member->name, "messagesSent") == 0) {
        CHECK(!member->text && member->number == 1);
    }
    if (strcmp(member->name, "dtlsState") == 0) {
        CHECK_TEXT(member->text, "connected");
    }
    if (strcmp(member->name, "candidateType") == 0) {
        CHECK_TEXT(member->text, "host");
    }
    *has_rtt |= strcmp(member->name, "currentRoundTripTime") == 0;
}

static void statistics_have_the_names_of_the_w3c_and_stable_ids(void)
{
    const char *local, *remote;
    yodel_channel *channels[2];
    struct yodel_path path;
    bool has_rtt = false;

    members = types_seen = 0;
    peer_pair_open(&pair, 15);
    peer_pair_connect(&pair, NULL, channels);
    CHECK_EQ(yodel_channel_send(channels[0], "one", 3), YODEL_OK);
    peer_pair_settle(&pair);
    yodel_peer_stats(pair.side[0].peer, check_member, &has_rtt);
    CHECK(members > 30 && has_rtt);
    CHECK_EQ(types_seen, 63);
    CHECK(yodel_peer_selected_path(pair.side[0].peer, &path, &local, &remote));
    CHECK(addr_equal(&path.local, &pair.side[0].addr));
    CHECK(addr_equal(&path.remote, &pair.side[1].addr));
    CHECK_TEXT(local, "host");
    CHECK_TEXT(remote, "host");
    peer_pair_close(&pair);
}

TEST_MAIN(TEST(each_state_has_the_token_of_the_w3c), TEST(sdp_types_are_read_as_they_are_written),
    TEST(a_configuration_that_makes_no_sense_is_refused), TEST(a_new_peer_is_new_in_every_way),
    TEST(a_certificate_has_one_fingerprint_and_serves_many_peers),
    TEST(states_follow_one_another_as_they_should),
    TEST(negotiation_is_asked_for_once_and_by_who_needs_it),
    TEST(another_certificate_than_was_signaled_fails_loudly_and_gets_no_data),
    TEST(an_ice_restart_changes_the_credentials_and_not_the_connection),
    TEST(a_closed_peer_refuses_what_it_must_and_says_why),
    TEST(a_close_is_a_farewell_and_then_silence),
    TEST(a_close_before_the_handshake_ended_says_nothing_more),
    TEST(a_handshake_that_nobody_answers_fails_and_says_so),
    TEST(a_close_before_anything_began_is_silent),
    TEST(whatever_gives_a_peer_something_to_do_wakes_its_loop),
    TEST(a_peer_claims_what_is_its_own_and_nothing_else),
    TEST(an_interface_that_went_away_is_sent_from_no_more),
    TEST(the_name_of_a_server_is_asked_for_once), TEST(a_server_of_two_families_is_asked_over_both),
    TEST(gathering_ends_without_a_server_that_has_no_address),
    TEST(gathering_ends_without_a_server_whose_name_is_never_resolved),
    TEST(statistics_have_the_names_of_the_w3c_and_stable_ids))
