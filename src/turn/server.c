// TURN server: what comes in goes where it belongs.
//
// Implements  RFC 8656 §5, RFC 8489 §6.3; RFC 6062 §5

#include "turn/server.h"

#include "base/assert.h"
#include "crypto/secret.h"
#include "stun/auth.h"
#include "stun/server.h"
#include "turn/allocate.h"
#include "turn/allocation.h"
#include "turn/connection.h"
#include "turn/discovery.h"
#include "turn/relay.h"
#include "turn/request.h"

// ---- configuration

static void set_default(uint32_t *value, uint32_t instead)
{
    *value = *value == 0 ? instead : *value;
}

static enum yodel_err set_limits(struct turn_limits *limits)
{
    set_default(&limits->allocations, 4096);
    set_default(&limits->allocations_per_user, 32);
    set_default(&limits->allocations_per_address, 128);
    set_default(&limits->permissions, 256);
    set_default(&limits->peers_per_second, 10);
    set_default(&limits->peers_burst, 64);
    set_default(&limits->challenges_per_second, TURN_SERVER_CHALLENGES);
    set_default(&limits->grant_max_s, 86400);
    if (limits->permissions > TURN_PEERS_MAX || limits->peers_per_second > 1000000 ||
        limits->packets_per_second > 1000000) {
        return YODEL_ERR_RANGE;
    }
    return YODEL_OK;
}

static enum yodel_err add_own(struct turn_rules *rules, const struct yodel_addr *addr)
{
    return addr->family == YODEL_ADDR_NONE || addr_is_any(addr) ? YODEL_OK
                                                                : turn_rules_add_own(rules, addr);
}

// Where we listen and relay is ours without being told.
static enum yodel_err add_all_own(struct turn_rules *rules, const struct turn_server_config *config)
{
    const struct yodel_addr *ours[] = {&config->v4.bound, &config->v4.public_addr,
        &config->v6.bound, &config->v6.public_addr, &config->discovery_v4.second,
        &config->discovery_v6.second};
    enum yodel_err err = YODEL_OK;

    for (size_t i = 0; err == YODEL_OK && i < COUNT(ours); i++) {
        err = add_own(rules, ours[i]);
    }
    for (size_t i = 0; err == YODEL_OK && i < config->listener_count; i++) {
        err = add_own(rules, &config->listeners[i]);
    }
    return err;
}

static enum yodel_err init(struct turn_server *server, const struct turn_server_config *config)
{
    const struct env *env = config->env;
    struct turn_limits *limits = &server->config.limits;

    server->env = env;
    server->config = *config;
    server->rules_generation = 1;
    map_init(&server->clients, env);
    heap_init(&server->due, env->alloc);
    list_init(&server->allocations);
    list_init(&server->waiting);
    map_init(&server->connections, env);
    list_init(&server->unbound);
    list_init(&server->waiting_connections);
    env_random(env, span_of((uint8_t *)&server->nonce_key, sizeof server->nonce_key));
    enum yodel_err err = set_limits(limits);
    if (err == YODEL_OK) {
        err = add_all_own(&server->config.rules, config);
    }
    server->shared = config->shared;
    if (err == YODEL_OK && !server->shared) {
        err = turn_shared_new(&server->shared, env, limits->port_min, limits->port_max, NULL);
        server->owns_shared = err == YODEL_OK;
    }
    if (err == YODEL_OK) {
        err = turn_challenges_init(&server->challenges, env, limits->challenges_per_second);
    }
    return err;
}

enum yodel_err turn_server_new(struct turn_server **server, const struct turn_server_config *config)
{
    if (config->credentials->realm_count == 0 ||
        config->listener_count > TURN_SERVER_LISTENERS_MAX) {
        return YODEL_ERR_INVALID_ACCESS;
    }
    struct turn_server *made = alloc_new(config->env->alloc, sizeof *made);
    if (!made) {
        return YODEL_ERR_NO_MEMORY;
    }
    enum yodel_err err = init(made, config);
    if (err != YODEL_OK) {
        turn_server_free(made);
        return err;
    }
    *server = made;
    return YODEL_OK;
}

void turn_server_free(struct turn_server *server)
{
    if (!server) {
        return;
    }
    if (server->shared) {
        turn_shared_enter(server->shared);
        turn_allocation_free_all(server);
        turn_shared_leave(server->shared);
    }
    if (server->owns_shared) {
        turn_shared_free(server->shared);
    }
    turn_challenges_deinit(&server->challenges);
    map_deinit(&server->clients);
    map_deinit(&server->connections);
    heap_deinit(&server->due);
    secret_wipe_span(span_of((uint8_t *)&server->nonce_key, sizeof server->nonce_key));
    alloc_free(server->env->alloc, server);
}

void turn_server_set_clock(struct turn_server *server, uint64_t unix_s, yodel_time now)
{
    server->unix_us = unix_s * 1000000;
    server->unix_at = now;
}

void turn_server_set_credentials(
    struct turn_server *server, const struct turn_credentials *credentials)
{
    YODEL_ASSERT(credentials->realm_count > 0);
    server->config.credentials = credentials;
}

enum yodel_err turn_server_set_rules(struct turn_server *server, const struct turn_rules *rules)
{
    struct turn_rules with_own = *rules;
    enum yodel_err err = add_all_own(&with_own, &server->config);

    if (err == YODEL_OK) {
        server->config.rules = with_own;
        server->rules_generation += server->rules_generation == UINT32_MAX ? 2 : 1;
        turn_shared_enter(server->shared);
        turn_connection_review(server);
        turn_shared_leave(server->shared);
    }
    return err;
}

void turn_server_drain(struct turn_server *server)
{
    server->is_draining = true;
}

void turn_server_set_sibling(
    struct turn_server *server, const struct yodel_addr *bound, bool is_open)
{
    turn_state_set_live(&server->siblings, bound, is_open);
}

// ---- input

// What may be in a request of ours; of what must be understood, nothing else is.
static const uint16_t known[] = {STUN_USERNAME, STUN_REALM, STUN_NONCE, TURN_ATTR_CHANNEL_NUMBER,
    TURN_ATTR_LIFETIME, TURN_ATTR_XOR_PEER_ADDRESS, TURN_ATTR_REQUESTED_ADDRESS_FAMILY,
    TURN_ATTR_EVEN_PORT, TURN_ATTR_REQUESTED_TRANSPORT, TURN_ATTR_DONT_FRAGMENT,
    TURN_ATTR_RESERVATION_TOKEN, TURN_ATTR_CONNECTION_ID};

static bool is_ours(const struct turn_server *server, uint16_t type)
{
    return type == TURN_ALLOCATE || type == TURN_REFRESH || type == TURN_CREATE_PERMISSION ||
           type == TURN_CHANNEL_BIND ||
           (server->config.has_tcp_relays &&
               (type == TURN_CONNECT || type == TURN_CONNECTION_BIND));
}

static void recv_request(struct turn_server *server, struct turn_request *request, struct writer *w,
    struct turn_output *out, yodel_time now)
{
    uint16_t unknown[STUN_ATTRS_MAX];

    if (!turn_auth_check(server, request, w, now)) {
        return;
    }
    size_t count = stun_msg_unknown(&request->msg, known, COUNT(known), unknown);
    turn_shared_enter(server->shared);
    if (count > 0) {
        turn_request_put_unknown(server, w, request, unknown, count);
    } else if (request->msg.type == TURN_ALLOCATE) {
        turn_allocate_recv(server, request, w, now);
    } else if (request->msg.type == TURN_CONNECTION_BIND) {
        out->joined = turn_connection_recv_bind(server, request, w);
    } else {
        turn_request_recv(server, request, w, now);
    }
    turn_shared_leave(server->shared);
}

// What `w` has, if anything, goes to the client.
static bool answer(
    const struct writer *w, const struct turn_client_id *client, struct turn_output *out)
{
    out->client = *client;
    out->head = writer_bytes(w);
    return out->head.len > 0;
}

static bool recv_stun(struct turn_server *server, const struct turn_client_id *from,
    struct bytes datagram, struct span room, struct turn_output *out, yodel_time now)
{
    struct turn_request request = {.from = from, .source = addr_unmap(&from->addr)};
    struct writer w = writer_of(room);
    enum yodel_err err = stun_msg_parse(&request.msg, datagram);

    if (err != YODEL_OK) {
        turn_state_drop(server, err == YODEL_ERR_FOREIGN ? TURN_DROP_FOREIGN : TURN_DROP_MALFORMED);
        return false;
    }
    if (request.msg.type == (TURN_SEND | STUN_INDICATION)) {
        return turn_relay_recv_send(server, from, &request.msg, out, now);
    }
    if (!is_ours(server, request.msg.type)) {
        turn_state_drop(server, TURN_DROP_FOREIGN);
        return false;
    }
    err = stun_auth_check_fingerprint(&request.msg);
    if (err == YODEL_ERR_UNAUTHENTIC) {
        turn_state_drop(server, TURN_DROP_MALFORMED);
        return false;
    }
    request.seal.has_fingerprint = err == YODEL_OK;
    recv_request(server, &request, &w, out, now);
    secret_wipe_span(span_of(&request.seal, sizeof request.seal));
    return answer(&w, from, out);
}

static bool recv_binding(struct turn_server *server, const struct turn_client_id *from,
    struct bytes datagram, struct span room, struct turn_output *out, yodel_time now)
{
    const struct turn_discovery *discovery = turn_discovery_find(server, from);

    out->client = *from;
    size_t len = discovery
                     ? turn_discovery_answer(server, discovery, &out->client, datagram, room, now)
                     : stun_server_answer(datagram, &from->addr, room);
    if (len == 0) {
        turn_state_drop(server, TURN_DROP_UNANSWERABLE);
        return false;
    }
    server->stats.bindings++;
    out->head = bytes_of(room.ptr, len);
    return true;
}

static bool is_binding(struct bytes datagram)
{
    return datagram.len >= 2 && datagram.ptr[0] == 0 && datagram.ptr[1] == STUN_BINDING;
}

bool turn_server_recv(struct turn_server *server, const struct turn_client_id *from,
    struct bytes datagram, struct span room, struct turn_output *out, yodel_time now)
{
    *out = (struct turn_output){0};
    if (turn_msg_is_channel_data(datagram)) {
        return turn_relay_recv_channel(server, from, datagram, out, now);
    }
    if (is_binding(datagram)) {
        return recv_binding(server, from, datagram, room, out, now);
    }
    return recv_stun(server, from, datagram, room, out, now);
}

bool turn_server_recv_peer(struct turn_server *server, struct turn_relay *relay,
    const struct yodel_addr *peer, struct bytes datagram, struct span room, struct turn_output *out,
    yodel_time now)
{
    *out = (struct turn_output){0};
    return turn_relay_recv_peer(server, relay, peer, datagram, room, out, now);
}

void turn_server_stream_closed(struct turn_server *server, const struct turn_client_id *client)
{
    struct turn_allocation *allocation = turn_allocation_find(server, client);

    if (allocation) {
        turn_shared_enter(server->shared);
        turn_allocation_end(server, allocation, TURN_END_STREAM);
        turn_shared_leave(server->shared);
    }
}

// ---- time and events

void turn_server_tick(struct turn_server *server, yodel_time now)
{
    turn_shared_enter(server->shared);
    turn_allocation_tick(server, now);
    turn_shared_leave(server->shared);
}

yodel_time turn_server_next_timeout(const struct turn_server *server)
{
    turn_shared_enter(server->shared);
    yodel_time next = turn_allocation_next_timeout(server);
    turn_shared_leave(server->shared);
    return next;
}

// What the last CLOSE was about is gone now.
static void reap_told(struct turn_server *server)
{
    struct turn_relay *told = server->told;

    server->told = NULL;
    if (told) {
        turn_shared_enter(server->shared);
        turn_allocation_closed(server, told);
        turn_shared_leave(server->shared);
    }
}

bool turn_server_next_event(struct turn_server *server, struct turn_server_event *event)
{
    reap_told(server);
    if (turn_connection_next_event(server, event)) { // Before the relay that it belongs to closes.
        return true;
    }
    struct list_node *node = list_pop_front(&server->waiting);
    if (!node) {
        return false;
    }
    struct turn_relay *relay = CONTAINER_OF(node, struct turn_relay, waiting);
    if (relay->state == TURN_RELAY_WANTED) {
        relay->state = TURN_RELAY_OPENING;
        *event = (struct turn_server_event){.type = TURN_SERVER_OPEN, .relay = relay};
    } else {
        server->told = relay;
        *event = (struct turn_server_event){.type = TURN_SERVER_CLOSE, .relay = relay};
    }
    return true;
}

bool turn_server_opened(struct turn_server *server, struct turn_relay *relay, bool is_good,
    struct span room, struct turn_output *out, yodel_time now)
{
    struct turn_allocation *allocation = relay->allocation;
    struct turn_client_id client = allocation->client;
    struct writer w = writer_of(room);

    *out = (struct turn_output){0};
    turn_shared_enter(server->shared);
    bool is_decided = turn_allocation_opened(server, relay, is_good);
    if (is_decided && !allocation->is_over) {
        turn_allocate_finish(server, allocation, &w, now);
    } else if (is_decided) {
        turn_allocation_reap(server, allocation);
    }
    turn_shared_leave(server->shared);
    return answer(&w, &client, out);
}

// ---- connections with peers

bool turn_server_connected(struct turn_server *server, struct turn_connection *connection,
    bool is_good, struct span room, struct turn_output *out, yodel_time now)
{
    struct writer w = writer_of(room);

    *out = (struct turn_output){0};
    if (connection->state == TURN_CONNECTION_CLOSING) {
        return false; // Nobody waits for it any more.
    }
    struct turn_client_id client = connection->relay->allocation->client;
    turn_shared_enter(server->shared);
    turn_connection_connected(server, connection, is_good, &w, now);
    turn_shared_leave(server->shared);
    return answer(&w, &client, out);
}

struct turn_connection *turn_server_accepted(struct turn_server *server, struct turn_relay *relay,
    const struct yodel_addr *remote, struct span room, struct turn_output *out, yodel_time now)
{
    struct writer w = writer_of(room);

    *out = (struct turn_output){0};
    if (relay->state != TURN_RELAY_OPEN) {
        turn_state_drop(server, TURN_DROP_NO_ALLOCATION);
        return NULL;
    }
    turn_shared_enter(server->shared);
    struct turn_connection *made = turn_connection_accept(server, relay, remote, &w, now);
    turn_shared_leave(server->shared);
    (void)answer(&w, &relay->allocation->client, out);
    return made;
}

yodel_time turn_server_carried(struct turn_server *server, struct turn_connection *connection,
    bool to_client, size_t len, yodel_time now)
{
    return connection->state == TURN_CONNECTION_BOUND
               ? turn_relay_carry(server, connection->relay->allocation, to_client, len, now)
               : now;
}

void turn_server_disconnected(struct turn_server *server, struct turn_connection *connection)
{
    turn_shared_enter(server->shared);
    turn_connection_end(server, connection);
    turn_shared_leave(server->shared);
}

bool turn_server_add_listener(struct turn_server *server, const struct yodel_addr *listener)
{
    if (server->stream_listener_count == TURN_SERVER_LISTENERS_MAX) {
        return false;
    }
    server->stream_listeners[server->stream_listener_count++] = *listener;
    return true;
}

// ---- counts

const struct turn_server_stats *turn_server_stats(struct turn_server *server)
{
    struct turn_shared *shared = server->shared;

    turn_shared_enter(shared);
    server->stats.ports = shared->ports[TURN_V4].count + shared->ports[TURN_V6].count;
    turn_shared_leave(shared);
    return &server->stats;
}

static void add_all(uint64_t *sums, const uint64_t *ones, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sums[i] += ones[i];
    }
}

static void add_traffic(struct turn_traffic *sum, const struct turn_traffic *one)
{
    sum->packets += one->packets;
    sum->bytes += one->bytes;
}

void turn_server_stats_add(struct turn_server_stats *sum, const struct turn_server_stats *one)
{
    sum->allocations += one->allocations;
    sum->allocated += one->allocated;
    sum->connections += one->connections;
    sum->connected += one->connected;
    sum->bindings += one->bindings;
    sum->requests += one->requests;
    add_all(sum->ended, one->ended, TURN_END_COUNT);
    add_all(sum->drops, one->drops, TURN_DROP_COUNT);
    add_all(sum->errors, one->errors, TURN_ERROR_COUNT);
    add_traffic(&sum->to_peers, &one->to_peers);
    add_traffic(&sum->to_clients, &one->to_clients);
}
