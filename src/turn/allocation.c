// TURN allocations: maps, quotas, ports, expiry.
//
// Implements  RFC 8656 §3.2, §7.2

#include "turn/allocation.h"

#include "base/assert.h"
#include "crypto/secret.h"
#include "turn/connection.h"

// ---- the 5-tuple

static void put_addr(struct writer *w, const struct yodel_addr *addr)
{
    put_u16(w, addr->port);
    put_u8(w, (uint8_t)addr->family);
    put_bytes(w, bytes_of(addr->ip, sizeof addr->ip));
}

// §3.2: the client's address, ours, and the transport.
static struct bytes client_key(
    uint8_t key[TURN_CLIENT_KEY_SIZE], const struct turn_client_id *client)
{
    struct writer w = writer_of(span_of(key, TURN_CLIENT_KEY_SIZE));

    put_addr(&w, &client->addr);
    put_addr(&w, &client->local);
    put_u64(&w, client->stream);
    YODEL_ASSERT(w.len == TURN_CLIENT_KEY_SIZE);
    return writer_bytes(&w);
}

static bool is_client(const struct turn_client_id *a, const struct turn_client_id *b)
{
    return a->addr.port == b->addr.port && a->stream == b->stream &&
           addr_equal(&a->addr, &b->addr) && addr_equal(&a->local, &b->local);
}

struct turn_allocation *turn_allocation_find(
    struct turn_server *server, const struct turn_client_id *client)
{
    uint8_t key[TURN_CLIENT_KEY_SIZE];

    if (server->last && is_client(&server->last->client, client)) {
        return server->last;
    }
    struct map_entry *entry = map_find(&server->clients, client_key(key, client));
    if (!entry) {
        return NULL;
    }
    server->last = CONTAINER_OF(entry, struct turn_allocation, by_client);
    return server->last;
}

// ---- relays

static struct turn_ports *ports_of(struct turn_server *server, const struct turn_relay *relay)
{
    return &server->shared->ports[turn_state_family(relay->bound.family)];
}

static void give_port(struct turn_server *server, const struct turn_relay *relay)
{
    turn_ports_give(ports_of(server, relay), relay->bound.port);
}

static void tell(struct turn_server *server, struct turn_relay *relay, enum turn_relay_state state)
{
    relay->state = state;
    list_push_back(&server->waiting, &relay->waiting);
}

static struct turn_live *live_of(struct turn_server *server, const struct turn_relay *relay)
{
    return relay->is_tcp ? &server->listening : &server->live;
}

static void want_relay(struct turn_server *server, struct turn_allocation *allocation, int family,
    bool is_tcp, uint16_t port)
{
    struct turn_relay *relay = &allocation->relays[family];
    const struct turn_relay_address *address = turn_state_relay_address(server, family);

    relay->allocation = allocation;
    relay->bound = address->bound;
    relay->public_addr =
        address->public_addr.family == YODEL_ADDR_NONE ? address->bound : address->public_addr;
    relay->bound.port = port;
    relay->public_addr.port = port;
    relay->is_tcp = is_tcp;
    tell(server, relay, TURN_RELAY_WANTED);
}

void turn_allocation_close_relay(struct turn_server *server, struct turn_relay *relay)
{
    if (relay->state == TURN_RELAY_WANTED) {
        list_remove(&relay->waiting);
        give_port(server, relay);
        relay->state = TURN_RELAY_NONE;
    } else if (relay->state == TURN_RELAY_OPEN) {
        turn_state_set_live(live_of(server, relay), &relay->bound, false);
        turn_connection_end_all(server, relay);
        tell(server, relay, TURN_RELAY_CLOSING);
    }
}

void turn_allocation_closed(struct turn_server *server, struct turn_relay *relay)
{
    YODEL_ASSERT(relay->state == TURN_RELAY_CLOSING);
    relay->state = TURN_RELAY_CLOSED;
    give_port(server, relay);
    turn_allocation_reap(server, relay->allocation);
}

bool turn_allocation_has_open_relay(const struct turn_allocation *allocation)
{
    return allocation->relays[TURN_V4].state == TURN_RELAY_OPEN ||
           allocation->relays[TURN_V6].state == TURN_RELAY_OPEN;
}

static bool is_done(const struct turn_relay *relay)
{
    return relay->state == TURN_RELAY_NONE || relay->state == TURN_RELAY_CLOSED;
}

static bool is_decided(const struct turn_relay *relay)
{
    return relay->state != TURN_RELAY_WANTED && relay->state != TURN_RELAY_OPENING;
}

// ---- reservations

enum yodel_err turn_allocation_reserve(
    struct turn_server *server, struct turn_allocation *allocation, yodel_time now)
{
    struct turn_reservation *made;
    int family = allocation->relays[TURN_V4].state == TURN_RELAY_OPEN ? TURN_V4 : TURN_V6;
    enum yodel_err err = turn_shared_reserve(
        server->shared, allocation->user, family, allocation->reserved, &made, now);

    if (err == YODEL_OK) {
        allocation->reserved = 0;
        allocation->has_token = true;
        memcpy(allocation->token, made->token, sizeof made->token);
    }
    return err;
}

// ---- beginning

static void give_reserved(struct turn_server *server, struct turn_allocation *allocation)
{
    if (allocation->reserved != 0) {
        int family =
            allocation->relays[TURN_V4].bound.family != YODEL_ADDR_NONE ? TURN_V4 : TURN_V6;
        turn_ports_give(&server->shared->ports[family], allocation->reserved);
        allocation->reserved = 0;
    }
}

static bool take_port(struct turn_server *server, struct turn_allocation *allocation, int family,
    enum turn_ports_kind kind, uint16_t *port)
{
    *port = turn_ports_take(&server->shared->ports[family], kind);
    if (*port != 0 && kind == TURN_PORTS_PAIR) {
        allocation->reserved = (uint16_t)(*port + 1);
    }
    return *port != 0;
}

static bool want_relays(struct turn_server *server, struct turn_allocation *allocation,
    const struct turn_allocation_wish *wish)
{
    bool is_any = false;

    for (int family = 0; family < TURN_FAMILIES; family++) {
        uint16_t port = 0;
        if (!wish->families[family]) {
            continue;
        }
        if (wish->reservation) {
            port = wish->reservation->port;
        } else if (!take_port(server, allocation, family, wish->kind, &port)) {
            allocation->missing = TURN_CAPACITY_REACHED;
            allocation->missing_family = (uint8_t)family;
            continue;
        }
        want_relay(server, allocation, family, wish->is_tcp, port);
        is_any = true;
    }
    return is_any;
}

static uint32_t hold_both(struct turn_server *server, struct turn_allocation *allocation,
    const struct turn_allocation_wish *wish)
{
    const struct turn_limits *limits = &server->config.limits;
    uint32_t per_user = limits->allocations_per_user + (wish->reservation != NULL);
    bool is_full;

    allocation->user =
        turn_shared_hold_user(server->shared, wish->realm, wish->identity, per_user, &is_full);
    if (!allocation->user) {
        return is_full ? TURN_QUOTA_REACHED : TURN_CAPACITY_REACHED;
    }
    allocation->source = turn_shared_hold_source(
        server->shared, &wish->client->addr, limits->allocations_per_address, &is_full);
    if (!allocation->source) {
        return is_full ? TURN_QUOTA_REACHED : TURN_CAPACITY_REACHED;
    }
    return 0;
}

// What has no relay any more and is in no map.
static void free_allocation(struct turn_server *server, struct turn_allocation *allocation)
{
    list_remove(&allocation->all);
    turn_peers_deinit(&allocation->peers, server->env->alloc);
    secret_wipe_span(span_of(&allocation->seal, sizeof allocation->seal));
    alloc_free(server->env->alloc, allocation);
}

static void let_both_go(struct turn_server *server, struct turn_allocation *allocation)
{
    turn_shared_let_user_go(server->shared, allocation->user);
    turn_shared_let_source_go(server->shared, allocation->source);
    allocation->user = NULL;
    allocation->source = NULL;
}

// Puts it where it is found and looked after.
static enum yodel_err enter(
    struct turn_server *server, struct turn_allocation *allocation, yodel_time now)
{
    struct bytes key = client_key(allocation->key, &allocation->client);
    enum yodel_err err = map_insert(&server->clients, &allocation->by_client, key);

    if (err == YODEL_OK) {
        err = heap_set(&server->due, &allocation->due, now + TURN_SERVER_REVIEW);
    }
    if (err != YODEL_OK) {
        map_remove(&server->clients, &allocation->by_client);
    }
    return err;
}

static void leave(struct turn_server *server, struct turn_allocation *allocation)
{
    if (server->last == allocation) {
        server->last = NULL;
    }
    map_remove(&server->clients, &allocation->by_client);
    heap_remove(&server->due, &allocation->due);
}

uint32_t turn_allocation_new(struct turn_server *server, const struct turn_allocation_wish *wish,
    struct turn_allocation **allocation, yodel_time now)
{
    struct turn_allocation *made = alloc_new(server->env->alloc, sizeof *made);
    uint32_t error = TURN_CAPACITY_REACHED;

    if (!made) {
        return error;
    }
    list_push_back(&server->allocations, &made->all);
    made->client = *wish->client;
    made->grant = wish->grant;
    made->port_kind = (uint8_t)wish->kind;
    made->has_reserved = wish->reservation != NULL;
    made->lifetime_s = wish->lifetime_s;
    made->expires = time_after(now, YODEL_SECONDS(wish->lifetime_s));
    turn_peers_init(&made->peers);
    list_init(&made->connections);
    error = hold_both(server, made, wish);
    if (error == 0 && enter(server, made, now) != YODEL_OK) {
        error = TURN_CAPACITY_REACHED;
    }
    if (error == 0 && !want_relays(server, made, wish)) {
        error = TURN_CAPACITY_REACHED;
        leave(server, made);
    }
    if (error != 0) {
        let_both_go(server, made);
        free_allocation(server, made);
        return error;
    }
    if (wish->reservation) {
        turn_shared_free_reservation(server->shared, wish->reservation, false);
    }
    server->stats.allocations++;
    server->shared->allocations++;
    *allocation = made;
    return 0;
}

// ---- opening

static bool try_another_port(struct turn_server *server, struct turn_relay *relay)
{
    struct turn_allocation *allocation = relay->allocation;
    int family = turn_state_family(relay->bound.family);
    uint16_t port = 0, failed = relay->bound.port, neighbour = allocation->reserved;

    if (allocation->has_reserved || ++relay->tries == TURN_ALLOCATION_TRIES) {
        return false;
    }
    allocation->reserved = 0;
    bool is_taken = take_port(server, allocation, family, allocation->port_kind, &port);
    // Given back only now, so that it is not the one that is tried next.
    turn_ports_give(&server->shared->ports[family], failed);
    if (neighbour != 0) {
        turn_ports_give(&server->shared->ports[family], neighbour);
    }
    if (!is_taken) {
        relay->state = TURN_RELAY_NONE;
        return false;
    }
    relay->bound.port = port;
    relay->public_addr.port = port;
    tell(server, relay, TURN_RELAY_WANTED);
    return true;
}

static void give_up_relay(struct turn_server *server, struct turn_relay *relay)
{
    if (relay->state == TURN_RELAY_OPENING) {
        give_port(server, relay);
        relay->state = TURN_RELAY_NONE;
    }
    relay->allocation->missing = TURN_CAPACITY_REACHED;
    relay->allocation->missing_family = (uint8_t)turn_state_family(relay->bound.family);
}

bool turn_allocation_opened(struct turn_server *server, struct turn_relay *relay, bool is_good)
{
    struct turn_allocation *allocation = relay->allocation;

    YODEL_ASSERT(relay->state == TURN_RELAY_OPENING);
    if (is_good) {
        relay->state = TURN_RELAY_OPEN;
        turn_state_set_live(live_of(server, relay), &relay->bound, true);
        if (allocation->is_over) {
            turn_allocation_close_relay(server, relay);
        }
    } else if (allocation->is_over || !try_another_port(server, relay)) {
        give_up_relay(server, relay);
    }
    return is_decided(&allocation->relays[TURN_V4]) && is_decided(&allocation->relays[TURN_V6]);
}

// ---- ending

void turn_allocation_reap(struct turn_server *server, struct turn_allocation *allocation)
{
    if (allocation->is_over && is_done(&allocation->relays[TURN_V4]) &&
        is_done(&allocation->relays[TURN_V6])) {
        free_allocation(server, allocation);
    }
}

void turn_allocation_end(
    struct turn_server *server, struct turn_allocation *allocation, enum turn_end why)
{
    YODEL_ASSERT(!allocation->is_over);
    allocation->is_over = true;
    leave(server, allocation);
    give_reserved(server, allocation);
    for (int family = 0; family < TURN_FAMILIES; family++) {
        turn_allocation_close_relay(server, &allocation->relays[family]);
    }
    let_both_go(server, allocation);
    server->stats.allocations--;
    server->shared->allocations--;
    server->stats.ended[why]++;
    turn_allocation_reap(server, allocation);
}

// ---- time

void turn_allocation_set_expiry(struct turn_server *server, struct turn_allocation *allocation,
    uint32_t lifetime_s, yodel_time now)
{
    yodel_time review = time_after(now, TURN_SERVER_REVIEW);

    allocation->expires = time_after(now, YODEL_SECONDS(lifetime_s));
    enum yodel_err err =
        heap_set(&server->due, &allocation->due, time_min(allocation->expires, review));
    YODEL_ASSERT(err == YODEL_OK); // It is inside already.
}

bool turn_allocation_is_granted(const struct turn_server *server, struct bytes realm,
    struct bytes identity, const struct turn_voucher *grant, yodel_time now)
{
    if (grant->id == 0 ||
        !turn_credentials_has(server->config.credentials, realm, identity, grant)) {
        return false;
    }
    if (grant->expires_s == UINT64_MAX) {
        return true;
    }
    uint64_t unix_s = (server->unix_us + time_since(now, server->unix_at)) / 1000000;
    return server->unix_us != 0 && grant->expires_s > unix_s &&
           grant->expires_s - unix_s <= server->config.limits.grant_max_s;
}

static void review(struct turn_server *server, struct turn_allocation *allocation, yodel_time now)
{
    struct bytes realm = turn_allocation_realm(allocation);
    struct bytes identity = turn_allocation_identity(allocation);

    if (now >= allocation->expires) {
        turn_allocation_end(server, allocation, TURN_END_EXPIRED);
    } else if (!turn_allocation_is_granted(server, realm, identity, &allocation->grant, now)) {
        turn_allocation_end(server, allocation, TURN_END_REVOKED);
    } else {
        yodel_time next = time_min(allocation->expires, time_after(now, TURN_SERVER_REVIEW));
        enum yodel_err err = heap_set(&server->due, &allocation->due, next);
        YODEL_ASSERT(err == YODEL_OK); // It is inside already.
    }
}

static struct turn_allocation *first_due(const struct turn_server *server)
{
    struct heap_entry *entry = heap_first(&server->due);

    return entry ? CONTAINER_OF(entry, struct turn_allocation, due) : NULL;
}

void turn_allocation_tick(struct turn_server *server, yodel_time now)
{
    struct turn_allocation *allocation;

    while ((allocation = first_due(server)) && allocation->due.key <= now) {
        review(server, allocation, now);
    }
    turn_connection_tick(server, now);
    turn_shared_tick(server->shared, now);
}

yodel_time turn_allocation_next_timeout(const struct turn_server *server)
{
    const struct turn_allocation *allocation = first_due(server);

    yodel_time next = allocation ? allocation->due.key : YODEL_NEVER;

    next = time_min(next, turn_connection_next_timeout(server));
    return time_min(next, turn_shared_next_timeout(server->shared));
}

// Nobody is told any more, whatever state a relay is in.
static void forget_relays(struct turn_server *server, struct turn_allocation *allocation)
{
    for (int family = 0; family < TURN_FAMILIES; family++) {
        struct turn_relay *relay = &allocation->relays[family];
        turn_connection_end_all(server, relay);
        if (list_is_linked(&relay->waiting)) {
            list_remove(&relay->waiting);
        }
        if (!is_done(relay)) {
            give_port(server, relay);
        }
        relay->state = TURN_RELAY_NONE;
    }
}

void turn_allocation_free_all(struct turn_server *server)
{
    struct list_node *node;

    server->told = NULL;
    while ((node = list_first(&server->allocations))) {
        struct turn_allocation *allocation = CONTAINER_OF(node, struct turn_allocation, all);
        forget_relays(server, allocation);
        if (allocation->is_over) {
            turn_allocation_reap(server, allocation);
        } else {
            turn_allocation_end(server, allocation, TURN_END_CLIENT);
        }
    }
    turn_connection_forget_all(server);
}
