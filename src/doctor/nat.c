// NAT: what the translator between us and a STUN server does.
//
// Implements  RFC 5780 §4.3, §4.4, §4.5

#include "doctor/nat.h"

#include "base/assert.h"
#include "stun/attr.h"

// 0, 200, 600 and 1400 ms; over after 2.2 s. Who answers later than that is of no use to a call.
static const struct stun_txn_schedule schedule = {YODEL_MS(200), 2, 4, 4};

static uint32_t socket_of(enum doctor_nat_question question)
{
    switch (question) {
    case DOCTOR_NAT_FIRST_A:
    case DOCTOR_NAT_MAP_ADDRESS:
    case DOCTOR_NAT_MAP_BOTH:
    case DOCTOR_NAT_MAP_SECOND:
    case DOCTOR_NAT_HAIRPIN_A:
        return 0;
    case DOCTOR_NAT_FIRST_B:
    case DOCTOR_NAT_FILTER_BOTH: // §4.4: from where nothing has been sent to the other addresses.
    case DOCTOR_NAT_FILTER_PORT:
    case DOCTOR_NAT_HAIRPIN_B:
    case DOCTOR_NAT_QUESTIONS:
        break;
    }
    return 1;
}

static bool is_hairpin(enum doctor_nat_question question)
{
    return question == DOCTOR_NAT_HAIRPIN_A || question == DOCTOR_NAT_HAIRPIN_B;
}

static uint32_t change_of(enum doctor_nat_question question)
{
    return question == DOCTOR_NAT_FILTER_BOTH   ? STUN_CHANGE_IP | STUN_CHANGE_PORT
           : question == DOCTOR_NAT_FILTER_PORT ? STUN_CHANGE_PORT
                                                : 0;
}

// ---- what is known

static bool is_answered(const struct doctor_nat *nat, enum doctor_nat_question question)
{
    return nat->asks[question].mapped.family != YODEL_ADDR_NONE;
}

static bool is_translated(const struct doctor_nat *nat)
{
    return is_answered(nat, DOCTOR_NAT_FIRST_A) &&
           !addr_equal(&nat->asks[DOCTOR_NAT_FIRST_A].mapped, &nat->config.local[0]);
}

static int kind_of(const struct yodel_addr *addr)
{
    return addr_is_loopback(addr)     ? 1
           : addr_is_link_local(addr) ? 2
           : addr_is_private(addr)    ? 3
                                      : 4;
}

// A server says where else it lives, and we ask there: never anybody whom it could not reach as well
// as we, and never a group.
static bool is_fit(const struct yodel_addr *other, const struct yodel_addr *server)
{
    return other->family == server->family && other->port >= 1024 && !addr_is_any(other) &&
           !addr_is_multicast(other) && !addr_same_ip(other, server) &&
           other->port != server->port && kind_of(other) == kind_of(server);
}

// What a server says that we look like, where it can be true.
static bool is_plausible(const struct yodel_addr *mapped)
{
    return mapped->port != 0 && !addr_is_any(mapped) && !addr_is_multicast(mapped);
}

// Where a datagram of ours may come round: whatever a server says, a public one gets us to send
// nothing into the network we are in.
static bool can_turn_back(const struct doctor_nat *nat, const struct yodel_addr *mapped)
{
    const struct yodel_addr *server = &nat->config.server;

    return mapped->family == server->family && kind_of(mapped) == kind_of(server);
}

// ---- asking

static void ask(struct doctor_nat *nat, enum doctor_nat_question question,
    const struct yodel_addr *to, yodel_time now)
{
    struct doctor_nat_ask *one = &nat->asks[question];

    if (one->txn.state == STUN_TXN_IDLE) {
        one->to = *to;
        stun_txn_start(&one->txn, nat->env, &schedule, now);
    }
}

static void ask_more(struct doctor_nat *nat, yodel_time now)
{
    bool has_other = nat->other.family != YODEL_ADDR_NONE;

    if (is_translated(nat) && has_other) {
        struct yodel_addr address = nat->other;
        address.port = nat->config.server.port;
        ask(nat, DOCTOR_NAT_MAP_ADDRESS, &address, now);
        ask(nat, DOCTOR_NAT_MAP_BOTH, &nat->other, now);
    } else if (is_translated(nat) && nat->config.second.family != YODEL_ADDR_NONE) {
        ask(nat, DOCTOR_NAT_MAP_SECOND, &nat->config.second, now);
    }
    if (has_other && is_answered(nat, DOCTOR_NAT_FIRST_B)) {
        ask(nat, DOCTOR_NAT_FILTER_BOTH, &nat->config.server, now);
        ask(nat, DOCTOR_NAT_FILTER_PORT, &nat->config.server, now);
    }
    const struct yodel_addr *a = &nat->asks[DOCTOR_NAT_FIRST_A].mapped;
    const struct yodel_addr *b = &nat->asks[DOCTOR_NAT_FIRST_B].mapped;
    if (is_translated(nat) && can_turn_back(nat, a) && can_turn_back(nat, b)) {
        ask(nat, DOCTOR_NAT_HAIRPIN_A, b, now);
        ask(nat, DOCTOR_NAT_HAIRPIN_B, a, now);
    }
}

void doctor_nat_init(struct doctor_nat *nat, const struct env *env,
    const struct doctor_nat_config *config, yodel_time now)
{
    *nat = (struct doctor_nat){.env = env, .config = *config};
    if (addr_same_ip(&config->second, &config->server)) {
        nat->config.second = (struct yodel_addr){0}; // It could tell nothing new.
    }
    ask(nat, DOCTOR_NAT_FIRST_A, &config->server, now);
    ask(nat, DOCTOR_NAT_FIRST_B, &config->server, now);
}

// ---- input

// From where the answer must come. What was to come from elsewhere and does not, says that the
// server ignored the wish (RFC 3489's and many others do).
static bool is_expected(
    const struct doctor_nat *nat, enum doctor_nat_question question, const struct yodel_addr *from)
{
    const struct yodel_addr *server = &nat->config.server;

    switch (question) {
    case DOCTOR_NAT_FILTER_BOTH:
        return addr_same_ip(from, &nat->other) && from->port != server->port;
    case DOCTOR_NAT_FILTER_PORT:
        return addr_same_ip(from, server) && from->port != server->port;
    case DOCTOR_NAT_FIRST_A:
    case DOCTOR_NAT_FIRST_B:
    case DOCTOR_NAT_MAP_ADDRESS:
    case DOCTOR_NAT_MAP_BOTH:
    case DOCTOR_NAT_MAP_SECOND:
    case DOCTOR_NAT_HAIRPIN_A:
    case DOCTOR_NAT_HAIRPIN_B:
    case DOCTOR_NAT_QUESTIONS:
        break;
    }
    return addr_equal(from, &nat->asks[question].to);
}

static void take_other(struct doctor_nat *nat, const struct stun_msg *msg)
{
    struct yodel_addr other;

    // §7.4: written like MAPPED-ADDRESS.
    if (stun_attr_read_addr(msg, STUN_OTHER_ADDRESS, &other) &&
        is_fit(&other, &nat->config.server)) {
        nat->other = other;
    }
}

static void take_answer(struct doctor_nat *nat, enum doctor_nat_question question,
    const struct yodel_addr *from, const struct stun_msg *msg, yodel_time now)
{
    struct doctor_nat_ask *one = &nat->asks[question];
    yodel_duration rtt = stun_txn_rtt(&one->txn, now);
    struct yodel_addr mapped;

    bool is_elsewhere = !is_expected(nat, question, from);
    if ((is_elsewhere && !addr_same_ip(from, &nat->config.server)) ||
        !stun_txn_recv(&one->txn, msg)) {
        return;
    }
    one->is_ignored = is_elsewhere;
    if (stun_msg_class(msg) == STUN_ERROR) {
        one->is_refused = true;
        (void)stun_attr_read_error(msg, &one->error);
        return;
    }
    if (stun_attr_read_addr(msg, STUN_XOR_MAPPED_ADDRESS, &mapped) ||
        stun_attr_read_addr(msg, STUN_MAPPED_ADDRESS, &mapped)) {
        mapped = addr_unmap(&mapped);
        one->mapped = is_plausible(&mapped) ? mapped : (struct yodel_addr){0};
    }
    if (question == DOCTOR_NAT_FIRST_A) {
        nat->rtt = rtt;
        take_other(nat, msg);
    }
}

// Our own request came round: the translator turns such datagrams back.
static void take_own(struct doctor_nat *nat, uint32_t socket, const struct stun_msg *msg)
{
    enum doctor_nat_question question = socket == 0 ? DOCTOR_NAT_HAIRPIN_B : DOCTOR_NAT_HAIRPIN_A;
    struct doctor_nat_ask *one = &nat->asks[question];

    if (stun_txn_recv(&one->txn, msg)) {
        one->mapped = one->to;
    }
}

void doctor_nat_recv(struct doctor_nat *nat, uint32_t socket, const struct yodel_addr *from,
    struct bytes datagram, yodel_time now)
{
    struct stun_msg msg;

    YODEL_ASSERT(socket < DOCTOR_NAT_SOCKETS);
    if (stun_msg_parse(&msg, datagram) != YODEL_OK || stun_msg_method(&msg) != STUN_BINDING) {
        return;
    }
    if (stun_msg_class(&msg) == STUN_REQUEST) {
        take_own(nat, socket, &msg);
        return;
    }
    for (int i = 0; i < DOCTOR_NAT_QUESTIONS && stun_msg_class(&msg) != STUN_INDICATION; i++) {
        enum doctor_nat_question question = (enum doctor_nat_question)i;
        if (socket_of(question) == socket && !is_hairpin(question) &&
            stun_txn_matches(&nat->asks[question].txn, &msg)) {
            take_answer(nat, question, from, &msg, now);
        }
    }
    ask_more(nat, now);
}

void doctor_nat_tick(struct doctor_nat *nat, yodel_time now)
{
    for (int i = 0; i < DOCTOR_NAT_QUESTIONS; i++) {
        stun_txn_tick(&nat->asks[i].txn, now);
    }
}

// ---- output

size_t doctor_nat_emit(struct doctor_nat *nat, struct span room, uint32_t *socket,
    struct yodel_addr *to, yodel_time now)
{
    for (int i = 0; i < DOCTOR_NAT_QUESTIONS; i++) {
        enum doctor_nat_question question = (enum doctor_nat_question)i;
        struct doctor_nat_ask *one = &nat->asks[question];
        struct writer w = writer_of(room);

        if (!stun_txn_emit(&one->txn, now)) {
            continue;
        }
        stun_msg_put_header(&w, STUN_BINDING | STUN_REQUEST, one->txn.id);
        if (change_of(question) != 0) {
            stun_attr_put_u32(&w, STUN_CHANGE_REQUEST, change_of(question));
        }
        *socket = socket_of(question);
        *to = one->to;
        return writer_bytes(&w).len;
    }
    return 0;
}

yodel_time doctor_nat_next_timeout(const struct doctor_nat *nat)
{
    yodel_time next = YODEL_NEVER;

    for (int i = 0; i < DOCTOR_NAT_QUESTIONS; i++) {
        next = time_min(next, stun_txn_next_timeout(&nat->asks[i].txn));
    }
    return next;
}

bool doctor_nat_is_done(const struct doctor_nat *nat)
{
    return doctor_nat_next_timeout(nat) == YODEL_NEVER;
}

// ---- what follows from the answers

// §4.3.
static enum doctor_nat_rule mapping_of(const struct doctor_nat *nat)
{
    const struct yodel_addr *first = &nat->asks[DOCTOR_NAT_FIRST_A].mapped;
    const struct yodel_addr *address = &nat->asks[DOCTOR_NAT_MAP_ADDRESS].mapped;
    const struct yodel_addr *both = &nat->asks[DOCTOR_NAT_MAP_BOTH].mapped;
    const struct yodel_addr *second = &nat->asks[DOCTOR_NAT_MAP_SECOND].mapped;

    if (is_answered(nat, DOCTOR_NAT_FIRST_A) && !is_translated(nat)) {
        return DOCTOR_NAT_INDEPENDENT;
    }
    if (is_answered(nat, DOCTOR_NAT_MAP_SECOND)) {
        // Of address or port, which nobody can tell then: the worse is assumed.
        return addr_equal(first, second) ? DOCTOR_NAT_INDEPENDENT : DOCTOR_NAT_ADDRESS_AND_PORT;
    }
    if (!is_answered(nat, DOCTOR_NAT_MAP_ADDRESS)) {
        return DOCTOR_NAT_UNKNOWN;
    }
    if (addr_equal(first, address)) {
        return DOCTOR_NAT_INDEPENDENT;
    }
    if (!is_answered(nat, DOCTOR_NAT_MAP_BOTH)) {
        return DOCTOR_NAT_UNKNOWN;
    }
    return addr_equal(address, both) ? DOCTOR_NAT_ADDRESS : DOCTOR_NAT_ADDRESS_AND_PORT;
}

// §4.4. Silence is an answer here, but only of a server that answers otherwise.
static enum doctor_nat_rule filtering_of(const struct doctor_nat *nat)
{
    const struct doctor_nat_ask *both = &nat->asks[DOCTOR_NAT_FILTER_BOTH];
    const struct doctor_nat_ask *port = &nat->asks[DOCTOR_NAT_FILTER_PORT];
    bool is_told = both->txn.state >= STUN_TXN_ANSWERED && port->txn.state >= STUN_TXN_ANSWERED;

    if (!is_told || both->is_refused || both->is_ignored || port->is_refused || port->is_ignored) {
        return DOCTOR_NAT_UNKNOWN;
    }
    return both->txn.state == STUN_TXN_ANSWERED   ? DOCTOR_NAT_INDEPENDENT
           : port->txn.state == STUN_TXN_ANSWERED ? DOCTOR_NAT_ADDRESS
                                                  : DOCTOR_NAT_ADDRESS_AND_PORT;
}

struct doctor_nat_facts doctor_nat_facts(const struct doctor_nat *nat)
{
    const struct doctor_nat_ask *first = &nat->asks[DOCTOR_NAT_FIRST_A];
    bool a = is_answered(nat, DOCTOR_NAT_HAIRPIN_A), b = is_answered(nat, DOCTOR_NAT_HAIRPIN_B);
    bool is_over = nat->asks[DOCTOR_NAT_HAIRPIN_A].txn.state == STUN_TXN_TIMED_OUT &&
                   nat->asks[DOCTOR_NAT_HAIRPIN_B].txn.state == STUN_TXN_TIMED_OUT;

    return (struct doctor_nat_facts){
        .is_answered = first->txn.state == STUN_TXN_ANSWERED,
        .error = first->error,
        .rtt = nat->rtt,
        .local = nat->config.local[0],
        .mapped = first->mapped,
        .is_translated = is_translated(nat),
        .has_other = nat->other.family != YODEL_ADDR_NONE,
        .mapping = mapping_of(nat),
        .filtering = filtering_of(nat),
        .is_hairpin_known = a || b || is_over,
        .does_hairpin = a || b,
    };
}
