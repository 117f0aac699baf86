// TURN data: one look-up of the client, one of the peer, and the verdict on its address, kept.
//
// Implements  RFC 8656 §9, §11.2 to §11.4, §12.6, §12.7; RFC 6062 §5.2, §5.3

#include "turn/relay.h"

#include "turn/allocation.h"
#include "turn/frame.h"

// What is known of a peer's address, in its `verdict`.
#define ALLOWED 1u  // By the rules.
#define RELAY 2u    // Where our relays are: their live ports are peers.
#define LISTENER 4u // Where we listen: those ports are no peers.

enum { TO_PEERS, TO_CLIENT };

static bool has_ip(const struct yodel_addr *a, const struct yodel_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static bool is_relay_ip(const struct turn_server *server, const struct yodel_addr *addr)
{
    const struct turn_relay_address *ours =
        turn_state_relay_address(server, turn_state_family(addr->family));

    return has_ip(&ours->bound, addr) || has_ip(&ours->public_addr, addr);
}

// One that listens on all addresses listens on each of ours, of which the rules have no whole list: then the
// port is refused on every address that is special, too.
static bool is_listener_ip(const struct turn_server *server, const struct yodel_addr *addr)
{
    for (size_t i = 0; i < server->config.listener_count; i++) {
        const struct yodel_addr *listener = &server->config.listeners[i];
        if (has_ip(listener, addr) || addr_is_any(listener)) {
            return true;
        }
    }
    return false;
}

static bool is_among(const struct turn_server *server, const struct yodel_addr *listeners,
    size_t count, const struct yodel_addr *addr)
{
    for (size_t i = 0; i < count; i++) {
        const struct yodel_addr *listener = &listeners[i];
        if (listener->port == addr->port &&
            (has_ip(listener, addr) ||
                (addr_is_any(listener) && !turn_rules_is_ordinary(&server->config.rules, addr)))) {
            return true;
        }
    }
    return false;
}

static bool is_listener(const struct turn_server *server, const struct yodel_addr *addr)
{
    return is_among(server, server->config.listeners, server->config.listener_count, addr);
}

static uint8_t judge(const struct turn_server *server, const struct yodel_addr *addr)
{
    return (uint8_t)((turn_rules_is_allowed(&server->config.rules, addr) ? ALLOWED : 0) |
                     (is_relay_ip(server, addr) ? RELAY : 0) |
                     (is_listener_ip(server, addr) ? LISTENER : 0));
}

bool turn_relay_may_permit(const struct turn_server *server, const struct yodel_addr *peer)
{
    return (judge(server, peer) & (ALLOWED | RELAY)) != 0;
}

static uint8_t verdict_of(const struct turn_server *server, struct turn_peer *peer)
{
    if (peer->rules_seen != server->rules_generation) {
        struct yodel_addr addr = turn_peers_addr(peer);
        peer->verdict = judge(server, &addr);
        peer->rules_seen = server->rules_generation;
    }
    return peer->verdict;
}

// Where to send what is for `addr`, or false where nothing may be sent. Another relay of ours is reached
// at the address that it is bound to.
static bool find_way(const struct turn_server *server, uint8_t verdict,
    const struct yodel_addr *addr, struct yodel_addr *way)
{
    int family = turn_state_family(addr->family);

    *way = *addr;
    if (verdict & RELAY && turn_state_is_live(server, false, family, addr->port)) {
        *way = turn_state_relay_address(server, family)->bound;
        way->port = addr->port;
        return true;
    }
    return verdict & ALLOWED && !(verdict & LISTENER && is_listener(server, addr));
}

static bool is_within_rate(struct turn_server *server, struct turn_allocation *allocation,
    int direction, size_t len, yodel_time now)
{
    const struct turn_limits *limits = &server->config.limits;
    yodel_duration second = YODEL_SECONDS(1);

    if (limits->packets_per_second == 0 && limits->bytes_per_second == 0) {
        return true;
    }
    bool is_within = (limits->packets_per_second == 0 ||
                         turn_state_take(&allocation->packets[direction],
                             second / limits->packets_per_second, second, now)) &&
                     (limits->bytes_per_second == 0 ||
                         turn_state_take(&allocation->bytes[direction],
                             len * second / limits->bytes_per_second, second, now));
    if (!is_within) {
        turn_state_drop(server, TURN_DROP_RATE);
    }
    return is_within;
}

static void count(struct turn_traffic *traffic, size_t len)
{
    traffic->packets++;
    traffic->bytes += len;
}

// ---- to peers

static bool send_to(struct turn_server *server, struct turn_allocation *allocation,
    struct turn_peer *entry, const struct yodel_addr *addr, struct bytes data,
    struct turn_output *out, yodel_time now)
{
    struct turn_relay *relay = &allocation->relays[turn_state_family(addr->family)];

    if (relay->state != TURN_RELAY_OPEN || relay->is_tcp) {
        turn_state_drop(server, TURN_DROP_NO_ALLOCATION);
        return false;
    }
    if (data.len > TURN_RELAY_DATA_MAX) {
        turn_state_drop(server, TURN_DROP_SIZE);
        return false;
    }
    if (!find_way(server, verdict_of(server, entry), addr, &out->peer)) {
        turn_state_drop(server, TURN_DROP_FORBIDDEN);
        return false;
    }
    if (!is_within_rate(server, allocation, TO_PEERS, data.len, now)) {
        return false;
    }
    out->relay = relay;
    out->body = data;
    count(&server->stats.to_peers, data.len);
    return true;
}

bool turn_relay_recv_channel(struct turn_server *server, const struct turn_client_id *from,
    struct bytes datagram, struct turn_output *out, yodel_time now)
{
    struct turn_channel_data message;

    if (!turn_msg_read_channel_data(&message, datagram)) {
        turn_state_drop(server, TURN_DROP_MALFORMED);
        return false;
    }
    struct turn_allocation *allocation = turn_allocation_find(server, from);
    if (!allocation) {
        turn_state_drop(server, TURN_DROP_NO_ALLOCATION);
        return false;
    }
    struct turn_peer *peer = turn_peers_find_channel(&allocation->peers, message.channel);
    if (!peer || peer->expires <= now) {
        turn_state_drop(server, TURN_DROP_NO_CHANNEL);
        return false;
    }
    struct yodel_addr addr = turn_peers_addr(peer);
    return send_to(server, allocation, peer, &addr, message.data, out, now);
}

// §11.2: a Send is what it needs to be, or nothing; what it has and need not is not understood.
static bool read_send(const struct turn_server *server, const struct stun_msg *msg,
    struct yodel_addr *addr, struct bytes *data, bool *dont_fragment)
{
    static const uint16_t known[] = {
        TURN_ATTR_XOR_PEER_ADDRESS, TURN_ATTR_DATA, TURN_ATTR_DONT_FRAGMENT};
    size_t known_count = server->config.has_dont_fragment ? COUNT(known) : COUNT(known) - 1;
    const struct stun_attr *attr = stun_msg_find(msg, TURN_ATTR_DATA);
    uint16_t unknown[STUN_ATTRS_MAX];

    if (!attr || !stun_attr_read_addr(msg, TURN_ATTR_XOR_PEER_ADDRESS, addr) ||
        stun_msg_unknown(msg, known, known_count, unknown) > 0) {
        return false;
    }
    *data = attr->value;
    *dont_fragment = stun_msg_find(msg, TURN_ATTR_DONT_FRAGMENT) != NULL;
    return addr->port != 0;
}

bool turn_relay_recv_send(struct turn_server *server, const struct turn_client_id *from,
    const struct stun_msg *msg, struct turn_output *out, yodel_time now)
{
    struct yodel_addr addr;
    struct bytes data;

    if (!read_send(server, msg, &addr, &data, &out->dont_fragment)) {
        turn_state_drop(server, TURN_DROP_MALFORMED);
        return false;
    }
    struct turn_allocation *allocation = turn_allocation_find(server, from);
    if (!allocation) {
        turn_state_drop(server, TURN_DROP_NO_ALLOCATION);
        return false;
    }
    struct turn_peer *permission = turn_peers_find(&allocation->peers, &addr, 0);
    if (!permission || permission->expires <= now) {
        turn_state_drop(server, TURN_DROP_NO_PERMISSION);
        return false;
    }
    return send_to(server, allocation, permission, &addr, data, out, now);
}

// ---- to the client

static struct turn_peer *find_live(
    struct turn_peers *peers, const struct yodel_addr *addr, uint16_t port, yodel_time now)
{
    struct turn_peer *peer = turn_peers_find(peers, addr, port);

    return peer && peer->expires > now ? peer : NULL;
}

static struct turn_peer *find_peer(
    struct turn_peers *peers, const struct yodel_addr *addr, yodel_time now)
{
    struct turn_peer *channel = find_live(peers, addr, addr->port, now);

    return channel ? channel : find_live(peers, addr, 0, now);
}

// A peer that is a relay of ours is known to the client by its public address, as a rule.
static struct turn_peer *find_sender(
    struct turn_server *server, struct turn_relay *relay, struct yodel_addr *addr, yodel_time now)
{
    struct turn_peers *peers = &relay->allocation->peers;
    int family = turn_state_family(addr->family);
    const struct turn_relay_address *ours = turn_state_relay_address(server, family);

    if (ours->public_addr.family != YODEL_ADDR_NONE && has_ip(&ours->bound, addr) &&
        turn_state_is_live(server, relay->is_tcp, family, addr->port)) {
        struct yodel_addr known_as = ours->public_addr;
        known_as.port = addr->port;
        struct turn_peer *peer = find_peer(peers, &known_as, now);
        if (peer) {
            *addr = known_as;
            return peer;
        }
    }
    return find_peer(peers, addr, now);
}

static void put_channel_data(struct writer *w, const struct turn_allocation *allocation,
    uint16_t channel, size_t len, size_t *padding)
{
    turn_msg_put_channel_header(w, channel, len);
    *padding = allocation->client.transport == YODEL_UDP ? 0 : turn_frame_padding(len);
}

// §11.4: a Data indication, whose last attribute is the datagram and stays where it is.
static void put_data_indication(struct turn_server *server, struct writer *w,
    const struct yodel_addr *peer, size_t len, size_t *padding)
{
    uint8_t id[STUN_ID_SIZE];

    env_random(server->env, span_of(id, sizeof id));
    stun_msg_put_header(w, TURN_DATA | STUN_INDICATION, id);
    stun_attr_put_xor_addr(w, TURN_ATTR_XOR_PEER_ADDRESS, peer);
    put_u16(w, TURN_ATTR_DATA);
    put_u16(w, (uint16_t)len);
    *padding = turn_frame_padding(len);
    size_t attrs_len = w->len - STUN_HEADER_SIZE + len + *padding;
    if (w->failed || attrs_len > UINT16_MAX) {
        w->failed = true;
        return;
    }
    store_u16(w->start + 2, (uint16_t)attrs_len);
}

bool turn_relay_recv_peer(struct turn_server *server, struct turn_relay *relay,
    const struct yodel_addr *peer, struct bytes datagram, struct span room, struct turn_output *out,
    yodel_time now)
{
    struct turn_allocation *allocation = relay->allocation;
    struct writer w = writer_of(room);
    struct yodel_addr addr = addr_unmap(peer);

    if (relay->state != TURN_RELAY_OPEN || allocation->is_over) {
        turn_state_drop(server, TURN_DROP_NO_ALLOCATION);
        return false;
    }
    struct turn_peer *entry = find_sender(server, relay, &addr, now);
    if (!entry || (verdict_of(server, entry) & (ALLOWED | RELAY)) == 0) {
        turn_state_drop(server, entry ? TURN_DROP_FORBIDDEN : TURN_DROP_NO_PERMISSION);
        return false;
    }
    if (!is_within_rate(server, allocation, TO_CLIENT, datagram.len, now)) {
        return false;
    }
    if (entry->channel != 0) {
        put_channel_data(&w, allocation, entry->channel, datagram.len, &out->padding);
    } else {
        put_data_indication(server, &w, &addr, datagram.len, &out->padding);
    }
    if (w.failed) {
        turn_state_drop(server, TURN_DROP_NO_ROOM);
        return false;
    }
    out->client = allocation->client;
    out->head = writer_bytes(&w);
    out->body = datagram;
    count(&server->stats.to_clients, datagram.len);
    return true;
}

// ---- connections

bool turn_relay_may_accept(
    struct turn_server *server, struct turn_relay *relay, struct yodel_addr *peer, yodel_time now)
{
    struct turn_peer *entry = find_sender(server, relay, peer, now);

    if (!entry || (verdict_of(server, entry) & (ALLOWED | RELAY)) == 0) {
        turn_state_drop(server, entry ? TURN_DROP_FORBIDDEN : TURN_DROP_NO_PERMISSION);
        return false;
    }
    return true;
}

bool turn_relay_may_connect(const struct turn_server *server, const struct turn_relay *relay,
    const struct yodel_addr *peer, struct yodel_addr *way)
{
    int family = turn_state_family(peer->family);

    *way = *peer;
    if (is_relay_ip(server, peer) && turn_state_is_live(server, true, family, peer->port)) {
        way->port = peer->port;
        memcpy(way->ip, turn_state_relay_address(server, family)->bound.ip, sizeof way->ip);
        return peer->port != relay->bound.port; // One that connects to itself hears its own echo.
    }
    return peer->port != 0 && turn_rules_is_allowed(&server->config.rules, peer) &&
           !is_listener(server, peer) &&
           !is_among(server, server->stream_listeners, server->stream_listener_count, peer);
}

// Takes `cost` in any case, and says until when the bucket is too full for more.
static yodel_time pour(struct turn_bucket *bucket, yodel_duration cost, yodel_time now)
{
    bucket->full_until = time_after(bucket->full_until > now ? bucket->full_until : now, cost);
    return bucket->full_until > now + YODEL_SECONDS(1) ? bucket->full_until - YODEL_SECONDS(1)
                                                       : now;
}

yodel_time turn_relay_carry(struct turn_server *server, struct turn_allocation *allocation,
    bool to_client, size_t len, yodel_time now)
{
    const struct turn_limits *limits = &server->config.limits;
    int direction = to_client ? TO_CLIENT : TO_PEERS;
    uint64_t packets = len / TURN_RELAY_PACKET + 1;
    yodel_duration second = YODEL_SECONDS(1);
    yodel_time until = now;

    if (limits->packets_per_second > 0) {
        until = pour(
            &allocation->packets[direction], packets * (second / limits->packets_per_second), now);
    }
    if (limits->bytes_per_second > 0) {
        yodel_time bytes =
            pour(&allocation->bytes[direction], len * second / limits->bytes_per_second, now);
        until = bytes > until ? bytes : until;
    }
    count(to_client ? &server->stats.to_clients : &server->stats.to_peers, len);
    return until;
}
