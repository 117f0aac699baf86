// Behaviour discovery: four addresses, of which one asks, one answers and one is named.
//
// Implements  RFC 5780 §6.1

#include "turn/discovery.h"

#include "stun/auth.h"
#include "stun/server.h"

// RFC 5780 §6.1, table 1: what came to an address and port (Da, Dp) leaves from there, or from the
// other address (Ca), the other port (Cp), or both; OTHER-ADDRESS is always (Ca, Cp).
struct corner {
    bool is_second_ip;
    bool is_second_port;
};

static bool has_two_ips(const struct turn_discovery *discovery)
{
    return !addr_same_ip(&discovery->first, &discovery->second);
}

static struct yodel_addr local_of(const struct turn_discovery *discovery, struct corner corner)
{
    struct yodel_addr addr = corner.is_second_ip ? discovery->second : discovery->first;

    addr.port = corner.is_second_port ? discovery->second.port : discovery->first.port;
    return addr;
}

static const struct yodel_addr *known_as(
    const struct yodel_addr *local, const struct yodel_addr *public_addr)
{
    return public_addr->family == YODEL_ADDR_NONE ? local : public_addr;
}

static struct yodel_addr public_of(const struct turn_discovery *discovery, struct corner corner)
{
    const struct yodel_addr *first = known_as(&discovery->first, &discovery->first_public);
    const struct yodel_addr *second = known_as(&discovery->second, &discovery->second_public);
    struct yodel_addr addr = corner.is_second_ip ? *second : *first;

    addr.port = corner.is_second_port ? second->port : first->port;
    return addr;
}

static bool find_corner(
    const struct turn_discovery *discovery, const struct yodel_addr *local, struct corner *corner)
{
    struct yodel_addr plain = addr_unmap(local);

    for (int i = 0; i < 4; i++) {
        struct corner tried = {.is_second_ip = i / 2, .is_second_port = i % 2};
        struct yodel_addr addr = local_of(discovery, tried);
        if (addr_equal(&addr, &plain)) {
            *corner = tried;
            return true;
        }
    }
    return false;
}

const struct turn_discovery *turn_discovery_find(
    const struct turn_server *server, const struct turn_client_id *from)
{
    struct yodel_addr local = addr_unmap(&from->local);
    const struct turn_discovery *discovery =
        local.family == YODEL_ADDR_V6 ? &server->config.discovery_v6 : &server->config.discovery_v4;
    struct corner corner;

    if (from->transport != YODEL_UDP || discovery->first.family == YODEL_ADDR_NONE ||
        !find_corner(discovery, &local, &corner)) {
        return NULL;
    }
    return discovery;
}

// ---- the answer

static size_t times(size_t request_len, const struct yodel_addr *source, size_t tenths)
{
    size_t headers = source->family == YODEL_ADDR_V6 ? 48 : 0; // Of IPv6 and UDP.

    return (request_len + headers) * tenths / 10 - headers;
}

static size_t addr_attr_len(const struct yodel_addr *addr)
{
    return addr->family == YODEL_ADDR_V6 ? 24 : 12;
}

struct name {
    uint16_t type;
    struct yodel_addr addr;
};

struct answer {
    struct yodel_addr source;
    struct name names[2]; // What may be left out, the last one first.
    size_t name_count;
    bool has_fingerprint;
};

static size_t answer_len(const struct answer *answer, size_t named)
{
    return STUN_HEADER_SIZE + addr_attr_len(&answer->source) +
           named * addr_attr_len(&answer->names[0].addr) +
           (answer->has_fingerprint ? STUN_AUTH_FINGERPRINT_SIZE : 0);
}

// How many of the names an answer of at most `max` has.
static size_t count_named(const struct answer *answer, size_t max)
{
    size_t named = answer->name_count;

    while (named > 0 && answer_len(answer, named) > max) {
        named--;
    }
    return named;
}

static void put_answer(
    struct writer *w, const struct stun_msg *msg, const struct answer *answer, size_t named)
{
    stun_msg_put_header(w, STUN_BINDING | STUN_SUCCESS, msg->id);
    stun_attr_put_xor_addr(w, STUN_XOR_MAPPED_ADDRESS, &answer->source);
    for (size_t i = 0; i < named; i++) {
        stun_attr_put_addr(w, answer->names[i].type, &answer->names[i].addr);
    }
    if (answer->has_fingerprint) {
        stun_auth_put_fingerprint(w);
    }
}

// §7.4: OTHER-ADDRESS is for a server with a second IP address alone; one with a second port only says
// where its answer comes from.
static void name_addresses(struct answer *answer, const struct turn_discovery *discovery,
    struct corner asked, struct corner leaves)
{
    struct corner other = {!asked.is_second_ip, !asked.is_second_port};

    if (has_two_ips(discovery)) {
        answer->names[answer->name_count++] =
            (struct name){STUN_OTHER_ADDRESS, public_of(discovery, other)};
    }
    answer->names[answer->name_count++] =
        (struct name){STUN_RESPONSE_ORIGIN, public_of(discovery, leaves)};
}

// Whether this is a Binding that it can answer: false leaves it to a server without a second address.
static bool read_request(
    const struct turn_discovery *discovery, const struct stun_msg *msg, uint32_t *change)
{
    static const uint16_t known[] = {STUN_USERNAME, STUN_REALM, STUN_NONCE, STUN_CHANGE_REQUEST};
    uint16_t unknown[STUN_ATTRS_MAX];

    *change = 0;
    if (msg->type != (STUN_BINDING | STUN_REQUEST) ||
        stun_msg_unknown(msg, known, COUNT(known), unknown) > 0 ||
        stun_auth_check_fingerprint(msg) == YODEL_ERR_UNAUTHENTIC) {
        return false;
    }
    if (stun_msg_find(msg, STUN_CHANGE_REQUEST) &&
        !stun_attr_read_u32(msg, STUN_CHANGE_REQUEST, change)) {
        return false;
    }
    return !(*change & STUN_CHANGE_IP) || has_two_ips(discovery);
}

size_t turn_discovery_answer(struct turn_server *server, const struct turn_discovery *discovery,
    struct turn_client_id *from, struct bytes request, struct span room, yodel_time now)
{
    struct corner asked = {0}, leaves;
    struct answer answer = {.source = addr_unmap(&from->addr)};
    struct writer w = writer_of(room);
    struct stun_msg msg;
    uint32_t change;

    if (!stun_server_is_answerable(&answer.source)) {
        return 0;
    }
    if (stun_msg_parse(&msg, request) != YODEL_OK || !read_request(discovery, &msg, &change) ||
        !find_corner(discovery, &from->local, &asked)) {
        return stun_server_answer(request, &from->addr, room);
    }
    leaves = (struct corner){asked.is_second_ip ^ ((change & STUN_CHANGE_IP) != 0),
        asked.is_second_port ^ ((change & STUN_CHANGE_PORT) != 0)};
    name_addresses(&answer, discovery, asked, leaves);
    answer.has_fingerprint = stun_msg_find(&msg, STUN_FINGERPRINT) != NULL;

    size_t named = count_named(&answer, times(request.len, &answer.source, 16));
    size_t more = count_named(&answer, times(request.len, &answer.source, 26));
    if (more > named && turn_challenges_take(&server->challenges, &answer.source, now)) {
        named = more;
    }
    if (change != 0) {
        from->local = local_of(discovery, leaves);
    }
    put_answer(&w, &msg, &answer, named);
    return writer_bytes(&w).len;
}
