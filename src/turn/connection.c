// TURN connections: their numbers, their limits, and who is told what.
//
// Implements  RFC 6062 §5.2 to §5.5

#include "turn/connection.h"

#include "base/assert.h"
#include "crypto/secret.h"
#include "turn/allocation.h"
#include "turn/relay.h"

// ---- their life

static bool is_pending(const struct turn_connection *connection)
{
    return connection->state < TURN_CONNECTION_BOUND;
}

static struct bytes id_key(const struct turn_connection *connection)
{
    return bytes_of(&connection->id, sizeof connection->id);
}

// 0, or the error: what is full is what its user or address may have, or the allocation or the server.
static uint32_t check_limits(
    const struct turn_server *server, const struct turn_allocation *allocation)
{
    if (allocation->user->connections >= TURN_SERVER_CONNECTIONS_PER_USER ||
        allocation->source->connections >= TURN_SERVER_CONNECTIONS_PER_ADDRESS) {
        return TURN_QUOTA_REACHED;
    }
    return allocation->connection_count < TURN_SERVER_CONNECTIONS &&
                   allocation->pending_count < TURN_SERVER_CONNECTIONS_PENDING &&
                   server->connections.count < TURN_SERVER_CONNECTIONS_MAX
               ? 0
               : TURN_CAPACITY_REACHED;
}

// A new one, whose state the caller chooses. NULL: no memory.
static struct turn_connection *new_connection(
    struct turn_server *server, struct turn_relay *relay, const struct yodel_addr *peer)
{
    struct turn_allocation *allocation = relay->allocation;
    struct turn_connection *made = alloc_new(server->env->alloc, sizeof *made);
    enum yodel_err err;

    if (!made) {
        return NULL;
    }
    do { // All 2^32 cannot be taken: see the limits.
        env_random(server->env, span_of((uint8_t *)&made->id, sizeof made->id));
        err = map_insert(&server->connections, &made->by_id, id_key(made));
    } while (err == YODEL_ERR_EXISTS);
    if (err != YODEL_OK) {
        alloc_free(server->env->alloc, made);
        return NULL;
    }
    made->relay = relay;
    made->peer = made->remote = *peer;
    list_push_back(&allocation->connections, &made->of_allocation);
    allocation->connection_count++;
    allocation->pending_count++;
    allocation->user->connections++;
    allocation->source->connections++;
    server->stats.connections++;
    return made;
}

static void forget_request(struct turn_connection *connection)
{
    secret_wipe_span(span_of(&connection->seal, sizeof connection->seal));
}

static void free_connection(struct turn_server *server, struct turn_connection *connection)
{
    alloc_free(server->env->alloc, connection);
}

// Out of its allocation, and out of what it is found by.
static void leave(struct turn_server *server, struct turn_connection *connection)
{
    struct turn_allocation *allocation = connection->relay->allocation;

    allocation->connection_count--;
    allocation->pending_count -= is_pending(connection);
    allocation->user->connections--;
    allocation->source->connections--;
    server->stats.connections--;
    list_remove(&connection->of_allocation);
    map_remove(&server->connections, &connection->by_id);
    if (list_is_linked(&connection->by_age)) {
        list_remove(&connection->by_age);
    }
    forget_request(connection);
    connection->relay = NULL;
}

void turn_connection_end(struct turn_server *server, struct turn_connection *connection)
{
    if (connection->state == TURN_CONNECTION_CLOSING) {
        return;
    }
    leave(server, connection);
    if (connection->state == TURN_CONNECTION_WANTED) {
        list_remove(&connection->waiting);
        free_connection(server, connection);
        return;
    }
    connection->state = TURN_CONNECTION_CLOSING;
    list_push_back(&server->waiting_connections, &connection->waiting);
}

static struct turn_connection *of_node(struct list_node *node)
{
    return CONTAINER_OF(node, struct turn_connection, of_allocation);
}

void turn_connection_end_all(struct turn_server *server, struct turn_relay *relay)
{
    if (!relay->is_tcp) {
        return; // Perhaps there is no such relay at all.
    }
    struct list *all = &relay->allocation->connections;
    struct list_node *node = list_first(all);
    while (node) {
        struct turn_connection *connection = of_node(node);
        node = list_next(all, node);
        if (connection->relay == relay) {
            turn_connection_end(server, connection);
        }
    }
}

static void review(struct turn_server *server, struct turn_allocation *allocation)
{
    struct list_node *node = list_first(&allocation->connections);

    while (node) {
        struct turn_connection *connection = of_node(node);
        node = list_next(&allocation->connections, node);
        if (!turn_relay_may_permit(server, &connection->peer)) {
            turn_connection_end(server, connection);
        }
    }
}

void turn_connection_review(struct turn_server *server)
{
    struct list_node *node = list_first(&server->allocations);

    for (; node; node = list_next(&server->allocations, node)) {
        review(server, CONTAINER_OF(node, struct turn_allocation, all));
    }
}

// ---- Connect, §5.2

static bool has_peer(const struct turn_allocation *allocation, const struct yodel_addr *peer)
{
    struct list_node *node = list_first(&allocation->connections);

    for (; node; node = list_next(&allocation->connections, node)) {
        const struct yodel_addr *other = &of_node(node)->peer;
        if (other->port == peer->port && addr_same_ip(other, peer)) {
            return true;
        }
    }
    return false;
}

// Whether a connection may be begun with `peer`, and what with: 0, or why not.
static uint32_t check_connect(struct turn_server *server, struct turn_allocation *allocation,
    const struct yodel_addr *peer, struct yodel_addr *way, yodel_time now)
{
    const struct turn_limits *limits = &server->config.limits;
    const struct turn_relay *relay = &allocation->relays[turn_state_family(peer->family)];
    yodel_duration cost = YODEL_SECONDS(1) / limits->peers_per_second;

    if (relay->state != TURN_RELAY_OPEN) {
        return TURN_PEER_FAMILY_MISMATCH;
    }
    if (has_peer(allocation, peer)) {
        return TURN_CONNECTION_EXISTS;
    }
    if (!turn_relay_may_connect(server, relay, peer, way)) {
        return TURN_FORBIDDEN;
    }
    uint32_t code = check_limits(server, allocation);
    // Nobody looks through ports and networks from here: it is as slow as with datagrams.
    if (code == 0 &&
        !turn_state_take(&allocation->new_peers, cost, limits->peers_burst * cost, now)) {
        code = TURN_CAPACITY_REACHED;
    }
    return code;
}

uint32_t turn_connection_recv_connect(struct turn_server *server,
    struct turn_allocation *allocation, const struct turn_request *request, yodel_time now)
{
    struct yodel_addr peer, way;

    if (!stun_attr_read_addr(&request->msg, TURN_ATTR_XOR_PEER_ADDRESS, &peer)) {
        return STUN_BAD_REQUEST;
    }
    uint32_t code = check_connect(server, allocation, &peer, &way, now);
    if (code != 0) {
        return code;
    }
    struct turn_connection *made =
        new_connection(server, &allocation->relays[turn_state_family(peer.family)], &peer);
    if (!made) {
        return TURN_CAPACITY_REACHED;
    }
    made->state = TURN_CONNECTION_WANTED;
    made->remote = way;
    made->seal = request->seal;
    memcpy(made->txn_id, request->msg.id, sizeof made->txn_id);
    list_push_back(&server->waiting_connections, &made->waiting);
    return 0;
}

static void become_unbound(
    struct turn_server *server, struct turn_connection *connection, yodel_time now)
{
    connection->state = TURN_CONNECTION_UNBOUND;
    connection->expires = time_after(now, TURN_SERVER_BIND_TIMEOUT);
    list_push_back(
        &server->unbound, &connection->by_age); // All wait as long, so that they are in order.
    server->stats.connected++;
}

void turn_connection_connected(struct turn_server *server, struct turn_connection *connection,
    bool is_good, struct writer *w, yodel_time now)
{
    struct turn_request request = {.msg.type = TURN_CONNECT, .seal = connection->seal};

    YODEL_ASSERT(connection->state == TURN_CONNECTION_CONNECTING);
    memcpy(request.msg.id, connection->txn_id, STUN_ID_SIZE);
    if (is_good) {
        become_unbound(server, connection, now);
        turn_auth_put_success(w, &request);
        stun_attr_put_u32(w, TURN_ATTR_CONNECTION_ID, connection->id);
        turn_auth_put_seal(w, &request.seal);
        forget_request(connection);
    } else {
        turn_auth_put_error(server, w, &request, TURN_CONNECTION_FAILED);
        turn_connection_end(server, connection);
    }
    secret_wipe_span(span_of(&request.seal, sizeof request.seal));
}

// ---- who comes by themselves, §5.3

static void put_attempt(
    struct turn_server *server, struct writer *w, const struct turn_connection *connection)
{
    uint8_t id[STUN_ID_SIZE];

    env_random(server->env, span_of(id, sizeof id));
    stun_msg_put_header(w, TURN_CONNECTION_ATTEMPT | STUN_INDICATION, id);
    stun_attr_put_xor_addr(w, TURN_ATTR_XOR_PEER_ADDRESS, &connection->peer);
    stun_attr_put_u32(w, TURN_ATTR_CONNECTION_ID, connection->id);
}

struct turn_connection *turn_connection_accept(struct turn_server *server, struct turn_relay *relay,
    const struct yodel_addr *remote, struct writer *w, yodel_time now)
{
    struct yodel_addr peer = addr_unmap(remote);

    if (!turn_relay_may_accept(server, relay, &peer, now)) {
        return NULL;
    }
    if (check_limits(server, relay->allocation) != 0) {
        turn_state_drop(server, TURN_DROP_CONNECTIONS);
        return NULL;
    }
    struct turn_connection *made = new_connection(server, relay, &peer);
    if (made) {
        become_unbound(server, made, now);
        put_attempt(server, w, made);
    }
    return made;
}

// ---- ConnectionBind, §5.4

// A connection that waits to be bound by this user, or NULL: that of somebody else is as good as none.
static struct turn_connection *find_unbound(
    const struct turn_server *server, const struct turn_request *request)
{
    uint32_t id;

    if (!stun_attr_read_u32(&request->msg, TURN_ATTR_CONNECTION_ID, &id)) {
        return NULL;
    }
    struct map_entry *entry = map_find(&server->connections, bytes_of(&id, sizeof id));
    struct turn_connection *found =
        entry ? CONTAINER_OF(entry, struct turn_connection, by_id) : NULL;
    if (!found || found->state != TURN_CONNECTION_UNBOUND) {
        return NULL;
    }
    return turn_allocation_is_of(found->relay->allocation, request->realm, request->identity)
               ? found
               : NULL;
}

struct turn_connection *turn_connection_recv_bind(
    struct turn_server *server, const struct turn_request *request, struct writer *w)
{
    // What controls an allocation, or begins to, goes on doing that (§4.3: a new connection for each).
    bool may_bind =
        request->from->transport != YODEL_UDP && !turn_allocation_find(server, request->from);
    struct turn_connection *found = may_bind ? find_unbound(server, request) : NULL;

    if (!found) {
        turn_auth_put_error(server, w, request, STUN_BAD_REQUEST);
        return NULL;
    }
    found->state = TURN_CONNECTION_BOUND;
    found->relay->allocation->pending_count--;
    list_remove(&found->by_age);
    turn_auth_put_success(w, request);
    turn_auth_put_seal(w, &request->seal);
    return found;
}

// ---- time and events

bool turn_connection_next_event(struct turn_server *server, struct turn_server_event *event)
{
    struct list_node *node = list_pop_front(&server->waiting_connections);

    if (server->told_connection) {
        free_connection(server, server->told_connection);
        server->told_connection = NULL;
    }
    if (!node) {
        return false;
    }
    struct turn_connection *connection = CONTAINER_OF(node, struct turn_connection, waiting);
    if (connection->state == TURN_CONNECTION_WANTED) {
        connection->state = TURN_CONNECTION_CONNECTING;
        *event = (struct turn_server_event){.type = TURN_SERVER_CONNECT, .connection = connection};
    } else {
        server->told_connection = connection;
        *event = (struct turn_server_event){.type = TURN_SERVER_HANG_UP, .connection = connection};
    }
    return true;
}

static struct turn_connection *oldest_unbound(const struct turn_server *server)
{
    struct list_node *node = list_first(&server->unbound);

    return node ? CONTAINER_OF(node, struct turn_connection, by_age) : NULL;
}

void turn_connection_tick(struct turn_server *server, yodel_time now)
{
    struct turn_connection *connection;

    while ((connection = oldest_unbound(server)) && connection->expires <= now) {
        turn_connection_end(server, connection);
    }
}

yodel_time turn_connection_next_timeout(const struct turn_server *server)
{
    const struct turn_connection *connection = oldest_unbound(server);

    return connection ? connection->expires : YODEL_NEVER;
}

void turn_connection_forget_all(struct turn_server *server)
{
    struct list_node *node;

    while ((node = list_pop_front(&server->waiting_connections))) {
        free_connection(server, CONTAINER_OF(node, struct turn_connection, waiting));
    }
    if (server->told_connection) {
        free_connection(server, server->told_connection);
        server->told_connection = NULL;
    }
}
