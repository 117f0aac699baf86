// The peer connection: how one is made, closed and freed.
//
// Implements  W3C webrtc §4.4.1.1 (constructor), §4.4.2 (close)

#include "peer/peer.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "peer/channel.h"
#include "peer/transceiver.h"

const struct env *peer_env(void)
{
    static const struct env env = {.alloc = &alloc_heap, .random = crypto_random};

    return &env;
}

enum yodel_err peer_fail(yodel_peer *peer, enum yodel_err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(peer->error_text, sizeof peer->error_text, format, args);
    va_end(args);
    return err;
}

void peer_wake(yodel_peer *peer)
{
    if (peer->wake) {
        peer->wake(peer->wake_ctx);
    }
}

void peer_changed(yodel_peer *peer)
{
    peer->asks_negotiation = true;
    peer_wake(peer);
}

// W3C webrtc §4.4.1.1: a TURN server without a name or a password is an InvalidAccessError.
static enum yodel_err copy_credentials(yodel_peer *peer, struct peer_server *server,
    const char *url, const struct yodel_ice_server *from)
{
    if (!from->username || !from->credential) {
        return YODEL_ERR_INVALID_ACCESS;
    }
    size_t url_len = strlen(url), name_len = strlen(from->username);
    size_t password_len = strlen(from->credential);
    if (name_len > STUN_AUTH_USERNAME_MAX || password_len > STUN_AUTH_PASSWORD_MAX) {
        return YODEL_ERR_TYPE;
    }
    struct span room = {.len = url_len + name_len + password_len + 3};
    room.ptr = alloc_new(peer->env->alloc, room.len); // Zeroed: each text has its NUL.
    if (!room.ptr) {
        return YODEL_ERR_NO_MEMORY;
    }
    server->text = (char *)room.ptr;
    memcpy(server->text, url, url_len);
    memcpy(server->text + url_len + 1, from->username, name_len);
    memcpy(server->text + url_len + name_len + 2, from->credential, password_len);
    server->username = server->text + url_len + 1;
    server->password = server->username + name_len + 1;
    return YODEL_OK;
}

void peer_use_server(yodel_peer *peer, struct peer_server *server, struct yodel_addr addr)
{
    addr.port = server->url.port;
    if (server->url.is_turn) {
        ice_add_turn_server(&peer->ice, &(struct ice_turn_server){.addr = addr,
                                            .transport = server->url.transport,
                                            .host = server->url.host,
                                            .url = server->text,
                                            .username = server->username,
                                            .password = server->password});
    } else {
        ice_add_server(&peer->ice, &addr);
    }
}

static enum yodel_err add_server(
    yodel_peer *peer, const char *text, const struct yodel_ice_server *from)
{
    struct yodel_addr addr;

    if (peer->server_count == PEER_SERVERS_MAX) {
        return YODEL_OK; // More servers make gathering slower and connections no better.
    }
    struct peer_server *server = &peer->servers[peer->server_count];
    enum yodel_err err = server_url_parse(&server->url, bytes_of_text(text));
    if (!err && server->url.is_turn) {
        err = copy_credentials(peer, server, text, from);
    }
    if (err) {
        return err;
    }
    peer->server_count++;
    if (addr_parse_ip(&addr, bytes_of_text(server->url.host)) != YODEL_OK) {
        peer->servers_unresolved++;
        return YODEL_OK;
    }
    server->is_asked = true;
    server->is_resolved = true;
    server->families = 1u << addr.family;
    peer_use_server(peer, server, addr);
    return YODEL_OK;
}

static enum yodel_err add_servers(yodel_peer *peer, const struct yodel_peer_config *config)
{
    for (size_t i = 0; i < config->ice_server_count; i++) {
        const struct yodel_ice_server *server = &config->ice_servers[i];
        for (size_t j = 0; j < server->url_count; j++) {
            enum yodel_err err = add_server(peer, server->urls[j], server);
            if (err) {
                return err;
            }
        }
    }
    return YODEL_OK;
}

static void forget_servers(yodel_peer *peer)
{
    for (uint32_t i = 0; i < peer->server_count; i++) {
        struct peer_server *server = &peer->servers[i];
        if (server->text) {
            size_t password_at = (size_t)(server->password - server->text);
            secret_wipe_span(span_of(server->text, password_at + strlen(server->password)));
            alloc_free(peer->env->alloc, server->text);
        }
    }
}

static enum yodel_err take_pinned(yodel_peer *peer, const char *text)
{
    if (!text) {
        return YODEL_OK;
    }
    peer->has_pinned = true;
    return dtls_fingerprint_parse(&peer->pinned, bytes_of_text("sha-256"), bytes_of_text(text)) ==
                   YODEL_OK
               ? YODEL_OK
               : YODEL_ERR_TYPE;
}

static enum yodel_err take_config(yodel_peer *peer, const struct yodel_peer_config *config)
{
    peer->user = config->user;
    peer->certificate = config->certificate;
    if (!peer->certificate) {
        // Nobody checks the dates of a WebRTC certificate, so that no clock is needed here.
        enum yodel_err err = yodel_certificate_generate(PEER_CERTIFICATE_TIME, &peer->certificate);
        if (err) {
            return err;
        }
        peer->owns_certificate = true;
    }
    dtls_init(&peer->dtls, peer->env, peer->certificate->identity);
    enum yodel_err err = take_pinned(peer, config->pinned_fingerprint);
    return err ? err : add_servers(peer, config);
}

static void init_engines(yodel_peer *peer, const struct yodel_peer_config *config)
{
    struct ice_config ice = {.is_relay_only = config->ice_transport_policy == YODEL_ICE_RELAY,
        .has_tcp = !config->no_ice_tcp,
        .is_lite = config->ice_lite};
    struct sctp_config sctp = {
        .local_port = PEER_SCTP_PORT,
        .remote_port = PEER_SCTP_PORT,
        .mtu = PEER_SCTP_PACKET_MAX,
        .max_message_size = peer->max_message_size,
        .receive_window = config->receive_window,
        .send_buffer = config->send_buffer,
    };

    ice_init(&peer->ice, peer->env, &ice);
    sctp_init(&peer->sctp, peer->env, &sctp);
    dcep_init(&peer->dcep, peer->env, &peer->sctp);
}

enum yodel_err peer_new(
    const struct env *env, const struct yodel_peer_config *config, yodel_peer **out)
{
    static const struct yodel_peer_config defaults;
    yodel_peer *peer = alloc_new(env->alloc, sizeof *peer);

    if (!peer) {
        return YODEL_ERR_NO_MEMORY;
    }
    config = config ? config : &defaults;
    peer->env = env;
    peer->names_due = YODEL_NEVER;
    peer_recovery_init(&peer->recovery);
    list_init(&peer->channels);
    jsep_init(&peer->jsep, env, config->ice_lite);
    peer->jsep.owner = peer;
    peer->jsep.takes_media = !config->no_media;
    peer->max_message_size =
        config->max_message_size ? config->max_message_size : PEER_MESSAGE_SIZE;
    peer_candidates_init(&peer->candidates, env->alloc);
    init_engines(peer, config);
    enum yodel_err err = take_config(peer, config);
    if (err) {
        yodel_peer_free(peer);
        return err;
    }
    peer->is_pooling = config->ice_candidate_pool_size > 0;
    peer->gathering_begun = peer->wants_gather = peer->is_pooling;
    *out = peer;
    return YODEL_OK;
}

YODEL_API enum yodel_err yodel_peer_new(const struct yodel_peer_config *config, yodel_peer **peer)
{
    return peer_new(peer_env(), config, peer);
}

YODEL_API void yodel_peer_free(yodel_peer *peer)
{
    if (!peer) {
        return;
    }
    channel_free_all(peer);
    transceiver_free_streams(peer);
    session_free(peer->session);
    early_clear(&peer->early, peer->env->alloc);
    dcep_deinit(&peer->dcep);
    sctp_deinit(&peer->sctp);
    dtls_deinit(&peer->dtls);
    ice_deinit(&peer->ice);
    forget_servers(peer);
    jsep_deinit(&peer->jsep);
    peer_candidates_deinit(&peer->candidates);
    if (peer->owns_certificate) {
        yodel_certificate_free(peer->certificate);
    }
    alloc_free(peer->env->alloc, peer->description);
    alloc_free(peer->env->alloc, peer);
}

YODEL_API void *yodel_peer_user(const yodel_peer *peer)
{
    return peer->user;
}

YODEL_API const char *yodel_peer_error_text(const yodel_peer *peer)
{
    return peer->error_text;
}

YODEL_API void yodel_peer_close(yodel_peer *peer)
{
    if (peer->is_closed) {
        return;
    }
    peer->is_closed = true;
    sctp_abort(&peer->sctp);
    channel_close_all(peer);
    peer_wake(peer);
}

YODEL_API size_t yodel_peer_max_message_size(const yodel_peer *peer)
{
    return peer->remote_max_message_size > SIZE_MAX ? SIZE_MAX
                                                    : (size_t)peer->remote_max_message_size;
}
