// TURN requests about an allocation: each checks all, and then does all.
//
// Implements  RFC 8656 §8.2, §10.2, §12.2; RFC 6062 §5.2

#include "turn/request.h"

#include "base/assert.h"
#include "turn/allocation.h"
#include "turn/connection.h"
#include "turn/relay.h"

#define PEERS_MAX STUN_ATTRS_MAX // Of one CreatePermission.

uint32_t turn_request_lifetime(const struct turn_request *request)
{
    uint32_t lifetime_s;

    if (!stun_attr_read_u32(&request->msg, TURN_ATTR_LIFETIME, &lifetime_s)) {
        return TURN_SERVER_LIFETIME;
    }
    if (lifetime_s > TURN_SERVER_LIFETIME_MAX) {
        return TURN_SERVER_LIFETIME_MAX;
    }
    return lifetime_s < TURN_SERVER_LIFETIME ? TURN_SERVER_LIFETIME : lifetime_s;
}

void turn_request_put_unknown(struct turn_server *server, struct writer *w,
    const struct turn_request *request, const uint16_t *types, size_t count)
{
    stun_msg_put_header(w, request->msg.type | STUN_ERROR, request->msg.id);
    stun_attr_put_error(w, STUN_UNKNOWN_ATTRIBUTE, "Unknown Attribute");
    stun_attr_put_unknown(w, types, count);
    turn_auth_put_seal(w, &request->seal);
    server->stats.errors[TURN_ERROR_420]++;
}

// ---- Refresh

static bool asks_to_end(const struct turn_request *request)
{
    uint32_t lifetime_s;

    return stun_attr_read_u32(&request->msg, TURN_ATTR_LIFETIME, &lifetime_s) && lifetime_s == 0;
}

// §8.2: with a family, it is about that relay alone. -1: all; -2: there is none of that family.
static int named_family(
    const struct turn_allocation *allocation, const struct turn_request *request, uint32_t *code)
{
    uint8_t family = 0;

    *code = 0;
    if (!stun_msg_find(&request->msg, TURN_ATTR_REQUESTED_ADDRESS_FAMILY)) {
        return -1;
    }
    if (!turn_msg_read_byte(&request->msg, TURN_ATTR_REQUESTED_ADDRESS_FAMILY, &family)) {
        *code = STUN_BAD_REQUEST;
        return -1;
    }
    int named = family == TURN_FAMILY_V6 ? TURN_V6 : TURN_V4;
    if ((family != TURN_FAMILY_V4 && family != TURN_FAMILY_V6) ||
        allocation->relays[named].state != TURN_RELAY_OPEN) {
        *code = TURN_PEER_FAMILY_MISMATCH;
    }
    return named;
}

static void end_named(struct turn_server *server, struct turn_allocation *allocation, int family)
{
    if (family >= 0) {
        turn_allocation_close_relay(server, &allocation->relays[family]);
    }
    if (family < 0 || !turn_allocation_has_open_relay(allocation)) {
        turn_allocation_end(server, allocation, TURN_END_CLIENT);
    }
}

static uint32_t refresh(struct turn_server *server, struct turn_allocation *allocation,
    const struct turn_request *request, struct writer *w, yodel_time now)
{
    uint32_t code, lifetime_s = 0;
    int family = named_family(allocation, request, &code);

    if (code != 0) {
        return code;
    }
    if (asks_to_end(request)) {
        end_named(server, allocation, family);
    } else {
        lifetime_s = turn_request_lifetime(request);
        allocation->grant = request->grant; // Perhaps of a later expiry.
        turn_allocation_set_expiry(server, allocation, lifetime_s, now);
    }
    turn_auth_put_success(w, request);
    stun_attr_put_u32(w, TURN_ATTR_LIFETIME, lifetime_s);
    turn_auth_put_seal(w, &request->seal);
    return 0;
}

// ---- peers

static bool is_open(const struct turn_allocation *allocation, const struct yodel_addr *peer)
{
    return allocation->relays[turn_state_family(peer->family)].state == TURN_RELAY_OPEN;
}

static uint32_t check_peer(struct turn_server *server, const struct turn_allocation *allocation,
    const struct yodel_addr *peer)
{
    if (!is_open(allocation, peer)) {
        return TURN_PEER_FAMILY_MISMATCH;
    }
    return turn_relay_may_permit(server, peer) ? 0 : TURN_FORBIDDEN;
}

// The limit on new addresses counts those of which nothing is known.
static uint32_t make_room(struct turn_server *server, struct turn_allocation *allocation,
    uint32_t permissions, uint32_t channels, yodel_time now)
{
    const struct turn_limits *limits = &server->config.limits;
    yodel_duration cost = YODEL_SECONDS(1) / limits->peers_per_second;

    if (turn_peers_reserve(&allocation->peers, server->env->alloc, permissions, channels,
            limits->permissions, now) != YODEL_OK) {
        return TURN_CAPACITY_REACHED;
    }
    return turn_state_take(
               &allocation->new_peers, permissions * cost, limits->peers_burst * cost, now)
               ? 0
               : TURN_CAPACITY_REACHED;
}

static void permit(
    struct turn_allocation *allocation, const struct yodel_addr *addr, yodel_time now)
{
    struct turn_peer *permission = turn_peers_find(&allocation->peers, addr, 0);

    if (!permission) {
        permission = turn_peers_add(&allocation->peers, addr, 0, 0);
    }
    permission->expires = time_after(now, TURN_SERVER_PERMISSION_LIFETIME);
}

static void put_plain_success(struct writer *w, const struct turn_request *request)
{
    turn_auth_put_success(w, request);
    turn_auth_put_seal(w, &request->seal);
}

// ---- CreatePermission

// All XOR-PEER-ADDRESS, each of them once; their ports do not count (§10.2).
static uint32_t read_peers(
    const struct turn_request *request, struct yodel_addr peers[PEERS_MAX], size_t *count)
{
    struct stun_msg one = {.attr_count = 1};

    *count = 0;
    memcpy(one.id, request->msg.id, STUN_ID_SIZE);
    for (uint32_t i = 0; i < request->msg.attr_count; i++) {
        if (request->msg.attrs[i].type == TURN_ATTR_XOR_PEER_ADDRESS) {
            one.attrs[0] = request->msg.attrs[i];
            if (!stun_attr_read_addr(&one, TURN_ATTR_XOR_PEER_ADDRESS, &peers[(*count)++])) {
                return STUN_BAD_REQUEST;
            }
        }
    }
    return *count == 0 ? STUN_BAD_REQUEST : 0;
}

static bool is_repeated(const struct yodel_addr *peers, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (addr_same_ip(&peers[i], &peers[j])) {
            return true;
        }
    }
    return false;
}

// §10.2: all of them, or none.
static uint32_t create_permission(struct turn_server *server, struct turn_allocation *allocation,
    const struct turn_request *request, struct writer *w, yodel_time now)
{
    struct yodel_addr peers[PEERS_MAX];
    size_t count;
    uint32_t added = 0, code = read_peers(request, peers, &count);

    for (size_t i = 0; code == 0 && i < count; i++) {
        const struct turn_peer *known = turn_peers_find(&allocation->peers, &peers[i], 0);
        code = check_peer(server, allocation, &peers[i]);
        added += (!known || known->expires <= now) && !is_repeated(peers, i);
    }
    if (code == 0 && added > 0) {
        code = make_room(server, allocation, added, 0, now);
    }
    if (code != 0) {
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        permit(allocation, &peers[i], now);
    }
    put_plain_success(w, request);
    return 0;
}

// ---- ChannelBind

// §12.2: neither two peers for a channel nor two channels for a peer.
static bool is_conflict(const struct turn_peer *by_number, const struct turn_peer *by_peer,
    uint16_t channel, yodel_time now)
{
    bool number_is_taken = by_number && by_number->expires > now;
    bool peer_is_bound = by_peer && by_peer->expires > now;

    return (number_is_taken && by_number != by_peer) ||
           (peer_is_bound && by_peer->channel != channel);
}

static uint32_t bind_channel(struct turn_server *server, struct turn_allocation *allocation,
    const struct yodel_addr *addr, uint16_t channel, yodel_time now)
{
    struct turn_peers *peers = &allocation->peers;
    struct turn_peer *by_number = turn_peers_find_channel(peers, channel);
    struct turn_peer *by_peer = turn_peers_find(peers, addr, addr->port);
    const struct turn_peer *permission = turn_peers_find(peers, addr, 0);

    if (is_conflict(by_number, by_peer, channel, now)) {
        return STUN_BAD_REQUEST;
    }
    bool is_new = !by_peer || by_peer->expires <= now;
    bool is_permission_new = !permission || permission->expires <= now;
    if (is_new || is_permission_new) {
        uint32_t code = make_room(server, allocation, is_permission_new, is_new, now);
        if (code != 0) {
            return code;
        }
        by_peer = is_new ? turn_peers_add(peers, addr, addr->port, channel)
                         : turn_peers_find(peers, addr, addr->port);
    }
    by_peer->expires = time_after(now, TURN_SERVER_CHANNEL_LIFETIME);
    permit(allocation, addr, now);
    return 0;
}

static bool is_tcp(const struct turn_allocation *allocation)
{
    return allocation->relays[TURN_V4].is_tcp || allocation->relays[TURN_V6].is_tcp;
}

static uint32_t channel_bind(struct turn_server *server, struct turn_allocation *allocation,
    const struct turn_request *request, struct writer *w, yodel_time now)
{
    struct yodel_addr peer;
    uint16_t channel = 0;

    // Connections are no datagrams (RFC 6062 §3): they have no channels.
    if (is_tcp(allocation) || !turn_msg_read_channel(&request->msg, &channel) ||
        channel < TURN_CHANNEL_MIN || channel > TURN_CHANNEL_MAX ||
        !stun_attr_read_addr(&request->msg, TURN_ATTR_XOR_PEER_ADDRESS, &peer)) {
        return STUN_BAD_REQUEST;
    }
    uint32_t code = peer.port == 0 ? TURN_FORBIDDEN : check_peer(server, allocation, &peer);
    if (code == 0) {
        code = bind_channel(server, allocation, &peer, channel, now);
    }
    if (code == 0) {
        put_plain_success(w, request);
    }
    return code;
}

// ---- whichever it is

static uint32_t recv(struct turn_server *server, const struct turn_request *request,
    struct writer *w, yodel_time now)
{
    struct turn_allocation *allocation = turn_allocation_find(server, request->from);

    if (!allocation || !turn_allocation_has_open_relay(allocation)) {
        return TURN_ALLOCATION_MISMATCH;
    }
    if (!turn_allocation_is_of(allocation, request->realm, request->identity)) {
        return TURN_WRONG_CREDENTIALS; // §5: whoever made it.
    }
    switch (stun_msg_method(&request->msg)) {
    case TURN_REFRESH:
        return refresh(server, allocation, request, w, now);
    case TURN_CREATE_PERMISSION:
        return create_permission(server, allocation, request, w, now);
    case TURN_CONNECT: // RFC 6062 §5.2: there is no allocation for it.
        return is_tcp(allocation) ? turn_connection_recv_connect(server, allocation, request, now)
                                  : TURN_ALLOCATION_MISMATCH;
    default:
        return channel_bind(server, allocation, request, w, now);
    }
}

void turn_request_recv(struct turn_server *server, const struct turn_request *request,
    struct writer *w, yodel_time now)
{
    uint32_t code = recv(server, request, w, now);

    if (code != 0) {
        turn_auth_put_error(server, w, request, code);
    }
}
