// TURN Allocate: the attributes in the order of the RFC's checks, then the allocation.
//
// Implements  RFC 8656 §7.2, §7.3; RFC 6062 §5.1

#include "turn/allocate.h"

#include "base/assert.h"
#include "crypto/secret.h"
#include "turn/allocation.h"
#include "turn/request.h"

// ---- what is asked for

static bool has(const struct turn_request *request, uint16_t type)
{
    return stun_msg_find(&request->msg, type) != NULL;
}

static bool offers(const struct turn_server *server, int family)
{
    return turn_state_relay_address(server, family)->bound.family != YODEL_ADDR_NONE;
}

// RFC 6062 §5.1: over a stream only, and without what is for datagrams.
static bool may_be_tcp(const struct turn_request *request)
{
    return request->from->transport != YODEL_UDP && !has(request, TURN_ATTR_DONT_FRAGMENT) &&
           !has(request, TURN_ATTR_EVEN_PORT) && !has(request, TURN_ATTR_RESERVATION_TOKEN);
}

// §7.2, checks 3 to 6: what is asked for at all.
static uint32_t check_transport(const struct turn_server *server,
    const struct turn_request *request, struct turn_allocation_wish *wish)
{
    uint8_t protocol;

    if (!turn_msg_read_byte(&request->msg, TURN_ATTR_REQUESTED_TRANSPORT, &protocol)) {
        return STUN_BAD_REQUEST;
    }
    wish->is_tcp = protocol == TURN_PROTOCOL_TCP && server->config.has_tcp_relays;
    if (protocol != TURN_PROTOCOL_UDP && !wish->is_tcp) {
        return TURN_TRANSPORT_UNSUPPORTED;
    }
    if (wish->is_tcp && !may_be_tcp(request)) {
        return STUN_BAD_REQUEST;
    }
    if (has(request, TURN_ATTR_DONT_FRAGMENT) && !server->config.has_dont_fragment) {
        return STUN_UNKNOWN_ATTRIBUTE;
    }
    return 0;
}

// §7.2, checks 7 to 9: which families.
static uint32_t read_families(const struct turn_server *server, const struct turn_request *request,
    struct turn_allocation_wish *wish)
{
    bool is_one = has(request, TURN_ATTR_REQUESTED_ADDRESS_FAMILY);
    bool is_both = has(request, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY);
    uint8_t family = TURN_FAMILY_V4;

    if (is_one && is_both) {
        return STUN_BAD_REQUEST;
    }
    if (is_one && !turn_msg_read_byte(&request->msg, TURN_ATTR_REQUESTED_ADDRESS_FAMILY, &family)) {
        return STUN_BAD_REQUEST;
    }
    if (is_both) {
        if (!turn_msg_read_byte(&request->msg, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY, &family) ||
            family != TURN_FAMILY_V6) {
            return STUN_BAD_REQUEST;
        }
        wish->families[TURN_V4] = offers(server, TURN_V4);
        wish->families[TURN_V6] = offers(server, TURN_V6);
    } else if (family == TURN_FAMILY_V4 || family == TURN_FAMILY_V6) {
        int wanted = family == TURN_FAMILY_V4 ? TURN_V4 : TURN_V6;
        wish->families[wanted] = offers(server, wanted);
    }
    return wish->families[TURN_V4] || wish->families[TURN_V6] ? 0 : TURN_FAMILY_UNSUPPORTED;
}

// §7.2, checks 5 and 10: a port that is even, with its neighbour, or the neighbour itself.
static uint32_t read_ports(struct turn_server *server, const struct turn_request *request,
    struct turn_allocation_wish *wish)
{
    const struct stun_attr *token = stun_msg_find(&request->msg, TURN_ATTR_RESERVATION_TOKEN);
    uint8_t even = 0;

    if (has(request, TURN_ATTR_EVEN_PORT)) {
        bool is_good = turn_msg_read_byte(&request->msg, TURN_ATTR_EVEN_PORT, &even);
        wish->kind = even & 0x80 ? TURN_PORTS_PAIR : TURN_PORTS_EVEN;
        // A neighbour is kept in one family only.
        if (!is_good || token ||
            (even & 0x80 && has(request, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY))) {
            return STUN_BAD_REQUEST;
        }
    }
    if (!token) {
        return 0;
    }
    if (token->value.len != TURN_RESERVATION_TOKEN_SIZE ||
        has(request, TURN_ATTR_REQUESTED_ADDRESS_FAMILY) ||
        has(request, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY)) {
        return STUN_BAD_REQUEST;
    }
    wish->reservation = turn_shared_find_reservation(
        server->shared, token->value, request->realm, request->identity);
    if (!wish->reservation) {
        return TURN_CAPACITY_REACHED;
    }
    wish->families[TURN_V4] = wish->reservation->family == TURN_V4;
    wish->families[TURN_V6] = wish->reservation->family == TURN_V6;
    return 0;
}

static uint32_t read_wish(struct turn_server *server, const struct turn_request *request,
    struct turn_allocation_wish *wish)
{
    uint32_t code = check_transport(server, request, wish);

    if (code == 0) {
        code = read_families(server, request, wish);
    }
    if (code == 0) {
        code = read_ports(server, request, wish);
    }
    if (code == 0 &&
        (server->is_draining || server->shared->allocations >= server->config.limits.allocations)) {
        code = TURN_CAPACITY_REACHED;
    }
    return code;
}

// ---- the answer

static void put_relays(struct writer *w, const struct turn_allocation *allocation)
{
    for (int family = 0; family < TURN_FAMILIES; family++) {
        const struct turn_relay *relay = &allocation->relays[family];
        if (relay->state == TURN_RELAY_OPEN) {
            stun_attr_put_xor_addr(w, TURN_ATTR_XOR_RELAYED_ADDRESS, &relay->public_addr);
        }
    }
}

//   0                   1                   2                   3     RFC 8656 §18.12
//  +---------------+-------------------------+-----+---------------+
//  |  family       |  reserved, 0            |class|  number       |  and a reason
//  +---------------+-------------------------+-----+---------------+

static void put_missing(struct writer *w, const struct turn_allocation *allocation)
{
    uint8_t value[4] = {allocation->missing_family == TURN_V4 ? TURN_FAMILY_V4 : TURN_FAMILY_V6, 0,
        (uint8_t)(allocation->missing / 100), (uint8_t)(allocation->missing % 100)};

    stun_msg_put_attr(w, TURN_ATTR_ADDRESS_ERROR_CODE, bytes_of(value, sizeof value));
}

static void put_success(
    struct writer *w, const struct turn_allocation *allocation, const struct turn_seal *seal)
{
    struct yodel_addr mapped = addr_unmap(&allocation->client.addr);

    stun_msg_put_header(w, TURN_ALLOCATE | STUN_SUCCESS, allocation->id);
    put_relays(w, allocation);
    stun_attr_put_u32(w, TURN_ATTR_LIFETIME, allocation->lifetime_s);
    stun_attr_put_xor_addr(w, STUN_XOR_MAPPED_ADDRESS, &mapped);
    if (allocation->has_token) {
        stun_msg_put_attr(
            w, TURN_ATTR_RESERVATION_TOKEN, bytes_of(allocation->token, sizeof allocation->token));
    }
    if (allocation->missing != 0) {
        put_missing(w, allocation);
    }
    turn_auth_put_seal(w, seal);
}

static void put_failure(
    struct turn_server *server, struct writer *w, const struct turn_allocation *allocation)
{
    struct turn_request request = {.msg.type = TURN_ALLOCATE, .seal = allocation->seal};

    memcpy(request.msg.id, allocation->id, STUN_ID_SIZE);
    turn_auth_put_error(server, w, &request, TURN_CAPACITY_REACHED);
    secret_wipe_span(span_of(&request.seal, sizeof request.seal));
}

void turn_allocate_finish(struct turn_server *server, struct turn_allocation *allocation,
    struct writer *w, yodel_time now)
{
    bool is_good = turn_allocation_has_open_relay(allocation);

    if (is_good && allocation->reserved != 0) {
        is_good = turn_allocation_reserve(server, allocation, now) == YODEL_OK;
    }
    if (!is_good) {
        put_failure(server, w, allocation);
        turn_allocation_end(server, allocation, TURN_END_FAILED);
        return;
    }
    server->stats.allocated++;
    put_success(w, allocation, &allocation->seal);
    secret_wipe_span(span_of(&allocation->seal.key, sizeof allocation->seal.key));
}

// ---- the request

static bool is_waiting(const struct turn_allocation *allocation)
{
    for (int family = 0; family < TURN_FAMILIES; family++) {
        enum turn_relay_state state = allocation->relays[family].state;
        if (state == TURN_RELAY_WANTED || state == TURN_RELAY_OPENING) {
            return true;
        }
    }
    return false;
}

// §7.2, check 2: the client has one already. Its own Allocate, once more, is answered once more.
static void recv_again(struct turn_server *server, const struct turn_allocation *allocation,
    const struct turn_request *request, struct writer *w)
{
    if (memcmp(allocation->id, request->msg.id, STUN_ID_SIZE) != 0) {
        turn_auth_put_error(server, w, request, TURN_ALLOCATION_MISMATCH);
    } else if (!is_waiting(allocation)) {
        put_success(w, allocation, &request->seal);
    }
}

void turn_allocate_recv(struct turn_server *server, const struct turn_request *request,
    struct writer *w, yodel_time now)
{
    struct turn_allocation *allocation = turn_allocation_find(server, request->from);
    struct turn_allocation_wish wish = {.client = request->from,
        .realm = request->realm,
        .identity = request->identity,
        .grant = request->grant,
        .lifetime_s = turn_request_lifetime(request)};

    if (allocation) {
        recv_again(server, allocation, request, w);
        return;
    }
    uint32_t code = read_wish(server, request, &wish);
    if (code == 0) {
        code = turn_allocation_new(server, &wish, &allocation, now);
    }
    if (code == STUN_UNKNOWN_ATTRIBUTE) {
        static const uint16_t dont_fragment = TURN_ATTR_DONT_FRAGMENT;
        turn_request_put_unknown(server, w, request, &dont_fragment, 1);
        return;
    }
    if (code != 0) {
        turn_auth_put_error(server, w, request, code);
        return;
    }
    if (has(request, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY) &&
        !(wish.families[0] && wish.families[1])) {
        allocation->missing = TURN_FAMILY_UNSUPPORTED;
        allocation->missing_family = wish.families[TURN_V4] ? TURN_V6 : TURN_V4;
    }
    allocation->seal = request->seal;
    memcpy(allocation->id, request->msg.id, STUN_ID_SIZE);
}
