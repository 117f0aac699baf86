// NAT behaviour: every mapping, every filtering, and servers that cannot help or lie, in a model of
// both, in virtual time.

#include "doctor/nat.h"

#include <stdlib.h>

#include "check.h"
#include "stun/attr.h"

// ---- the model: a translator, and a server with two addresses and two ports

#define FLIGHTS_MAX 64
#define RULES_MAX 64

struct model {
    bool is_translating;
    enum doctor_nat_rule mapping, filtering;
    bool does_hairpin;
    bool has_other, ignores_change, refuses_change, is_dead;
    struct yodel_addr other;  // What the server says of itself.
    struct yodel_addr mapped; // What it says of us, where it lies.
    uint32_t to_elsewhere;    // Datagrams to where nobody of ours is.

    struct {
        uint32_t socket;
        struct yodel_addr to;
        uint16_t port; // Public.
    } sent[RULES_MAX];
    size_t sent_count;
};

static struct model model;
static struct doctor_nat nat;
static yodel_time now;

static const struct yodel_addr *server(int ip, int port)
{
    static struct yodel_addr addrs[2][2];

    addrs[ip][port] = addr_v4(198, 51, 100, ip ? 8 : 7, port ? 3479 : 3478);
    return &addrs[ip][port];
}

static struct yodel_addr local(uint32_t socket)
{
    return addr_v4(192, 168, 1, 2, (uint16_t)(5000 + socket));
}

static void count_up(void *ctx, struct span out)
{
    static uint8_t next;

    (void)ctx;
    memset(out.ptr, ++next, out.len);
}

static const struct env env = {.random = count_up};

static bool is_same(
    enum doctor_nat_rule rule, const struct yodel_addr *a, const struct yodel_addr *b)
{
    return rule == DOCTOR_NAT_INDEPENDENT ||
           (addr_same_ip(a, b) && (rule == DOCTOR_NAT_ADDRESS || a->port == b->port));
}

// The public address of a socket for a destination; remembers that it was used.
static struct yodel_addr map(uint32_t socket, const struct yodel_addr *to)
{
    uint16_t port = 0;

    if (!model.is_translating) {
        port = local(socket).port;
    }
    for (size_t i = 0; i < model.sent_count && port == 0; i++) {
        if (model.sent[i].socket == socket && is_same(model.mapping, &model.sent[i].to, to)) {
            port = model.sent[i].port;
        }
    }
    if (port == 0) {
        port = (uint16_t)(40000 + model.sent_count);
    }
    CHECK(model.sent_count < RULES_MAX);
    model.sent[model.sent_count].socket = socket;
    model.sent[model.sent_count].to = *to;
    model.sent[model.sent_count++].port = port;
    return model.is_translating ? addr_v4(203, 0, 113, 1, port) : local(socket);
}

static bool lets_in(uint32_t socket, uint16_t port, const struct yodel_addr *from)
{
    for (size_t i = 0; i < model.sent_count; i++) {
        if (model.sent[i].socket == socket && model.sent[i].port == port &&
            is_same(model.filtering, &model.sent[i].to, from)) {
            return true;
        }
    }
    return false;
}

static void answer(
    uint32_t socket, const struct yodel_addr *public, const struct stun_msg *msg, int ip, int port)
{
    uint8_t room[256];
    struct writer w = writer_of(span_of(room, sizeof room));
    uint32_t change = 0;

    bool has_change = stun_attr_read_u32(msg, STUN_CHANGE_REQUEST, &change);
    if (has_change && model.refuses_change) {
        stun_msg_put_header(&w, STUN_BINDING | STUN_ERROR, msg->id);
        stun_attr_put_error(&w, STUN_UNKNOWN_ATTRIBUTE, "");
    } else {
        stun_msg_put_header(&w, STUN_BINDING | STUN_SUCCESS, msg->id);
        bool is_lie = model.mapped.family != YODEL_ADDR_NONE;
        stun_attr_put_xor_addr(&w, STUN_XOR_MAPPED_ADDRESS, is_lie ? &model.mapped : public);
        if (model.has_other) {
            // Written in plain, as MAPPED-ADDRESS is.
            uint8_t *at = stun_msg_put_attr_room(&w, STUN_OTHER_ADDRESS, 8);
            CHECK(at != NULL);
            memset(at, 0, 8);
            at[1] = 1;
            store_u16(at + 2, model.other.port);
            memcpy(at + 4, model.other.ip, 4);
        }
        if (has_change && !model.ignores_change) {
            ip = change & STUN_CHANGE_IP ? !ip : ip;
            port = change & STUN_CHANGE_PORT ? !port : port;
        }
    }
    if (!model.is_translating || lets_in(socket, public->port, server(ip, port))) {
        doctor_nat_recv(&nat, socket, server(ip, port), writer_bytes(&w), now);
    }
}

static void turn_back(uint32_t socket, const struct yodel_addr *from, struct bytes datagram,
    const struct yodel_addr *to)
{
    uint32_t other = !socket;

    if (model.does_hairpin && lets_in(other, to->port, from)) {
        doctor_nat_recv(&nat, other, from, datagram, now);
    }
}

static void carry(uint32_t socket, const struct yodel_addr *to, struct bytes datagram)
{
    struct stun_msg msg;

    CHECK_EQ(stun_msg_parse(&msg, datagram), YODEL_OK);
    struct yodel_addr public = map(socket, to);
    if (to->ip[0] == 203) {
        turn_back(socket, &public, datagram, to);
        return;
    }
    bool is_known = false;
    for (int i = 0; i < 4; i++) {
        if (addr_equal(to, server(i / 2, i % 2))) {
            is_known = true;
            if (!model.is_dead) {
                answer(socket, &public, &msg, i / 2, i % 2);
            }
        }
    }
    model.to_elsewhere += !is_known;
}

static struct doctor_nat_facts run(const struct yodel_addr *second)
{
    struct doctor_nat_config config = {.server = *server(0, 0), .local = {local(0), local(1)}};
    uint8_t room[DOCTOR_NAT_DATAGRAM_MAX];
    uint32_t socket, count = 0;
    struct yodel_addr to;
    size_t len;

    config.second = second ? *second : (struct yodel_addr){0};
    model.sent_count = 0;
    model.to_elsewhere = 0;
    now = YODEL_SECONDS(1);
    doctor_nat_init(&nat, &env, &config, now);
    while (!doctor_nat_is_done(&nat)) {
        while ((len = doctor_nat_emit(&nat, span_of(room, sizeof room), &socket, &to, now)) > 0) {
            CHECK(++count < 64);
            now += YODEL_MS(1);
            carry(socket, &to, bytes_of(room, len));
        }
        yodel_time next = doctor_nat_next_timeout(&nat);
        if (next != YODEL_NEVER) {
            CHECK(next > now);
            now = next;
            doctor_nat_tick(&nat, now);
        }
    }
    CHECK(now <= YODEL_SECONDS(10)); // Whatever happens.
    return doctor_nat_facts(&nat);
}

static struct model honest(enum doctor_nat_rule mapping, enum doctor_nat_rule filtering)
{
    return (struct model){.is_translating = true,
        .mapping = mapping,
        .filtering = filtering,
        .has_other = true,
        .other = *server(1, 1)};
}

// ---- claims

static void each_mapping_and_filtering_is_told(void)
{
    for (int mapping = DOCTOR_NAT_INDEPENDENT; mapping <= DOCTOR_NAT_ADDRESS_AND_PORT; mapping++) {
        for (int filtering = DOCTOR_NAT_INDEPENDENT; filtering <= DOCTOR_NAT_ADDRESS_AND_PORT;
             filtering++) {
            for (int hairpin = 0; hairpin < 2; hairpin++) {
                model = honest((enum doctor_nat_rule)mapping, (enum doctor_nat_rule)filtering);
                model.does_hairpin = hairpin;
                struct doctor_nat_facts facts = run(NULL);
                CHECK(facts.is_answered && facts.is_translated && facts.has_other);
                CHECK_EQ(facts.mapping, mapping);
                CHECK_EQ(facts.filtering, filtering);
                CHECK(facts.is_hairpin_known);
                // A symmetric translator gives the hairpin another port, which a filter minds.
                bool is_reachable =
                    filtering == DOCTOR_NAT_INDEPENDENT || mapping == DOCTOR_NAT_INDEPENDENT;
                CHECK_EQ(facts.does_hairpin, hairpin && is_reachable);
                CHECK_EQ(model.to_elsewhere, 0);
            }
        }
    }
}

static void no_translator_is_told_and_its_firewall_too(void)
{
    model = honest(DOCTOR_NAT_INDEPENDENT, DOCTOR_NAT_INDEPENDENT);
    model.is_translating = false;
    struct doctor_nat_facts facts = run(NULL);
    CHECK(facts.is_answered && !facts.is_translated);
    CHECK_EQ(facts.mapping, DOCTOR_NAT_INDEPENDENT);
    CHECK_EQ(facts.filtering, DOCTOR_NAT_INDEPENDENT);
    CHECK(!facts.is_hairpin_known);
}

static void a_silent_server_ends_it_in_time(void)
{
    model = honest(DOCTOR_NAT_INDEPENDENT, DOCTOR_NAT_INDEPENDENT);
    model.is_dead = true;
    struct doctor_nat_facts facts = run(NULL);
    CHECK(!facts.is_answered && !facts.is_translated && !facts.is_hairpin_known);
    CHECK_EQ(facts.mapping, DOCTOR_NAT_UNKNOWN);
    CHECK_EQ(facts.filtering, DOCTOR_NAT_UNKNOWN);
}

static void a_server_with_one_address_leaves_it_unknown_but_a_second_one_helps(void)
{
    model = honest(DOCTOR_NAT_INDEPENDENT, DOCTOR_NAT_ADDRESS);
    model.has_other = false;
    CHECK_EQ(run(NULL).mapping, DOCTOR_NAT_UNKNOWN);
    CHECK_EQ(run(server(0, 1)).mapping, DOCTOR_NAT_UNKNOWN); // The same address is no second one.
    CHECK_EQ(run(server(1, 0)).mapping, DOCTOR_NAT_INDEPENDENT);
    model.mapping = DOCTOR_NAT_ADDRESS;
    CHECK_EQ(run(server(1, 0)).mapping, DOCTOR_NAT_ADDRESS_AND_PORT);
    CHECK_EQ(run(server(1, 0)).filtering, DOCTOR_NAT_UNKNOWN);
}

static void a_server_that_ignores_or_refuses_the_change_tells_nothing_of_filtering(void)
{
    model = honest(DOCTOR_NAT_INDEPENDENT, DOCTOR_NAT_INDEPENDENT);
    model.ignores_change = true;
    CHECK_EQ(run(NULL).filtering, DOCTOR_NAT_UNKNOWN);
    model.ignores_change = false;
    model.refuses_change = true;
    CHECK_EQ(run(NULL).filtering, DOCTOR_NAT_UNKNOWN);
    CHECK_EQ(run(NULL).mapping, DOCTOR_NAT_INDEPENDENT);
}

// A server may not send us against others.
static void another_address_that_is_none_is_not_asked(void)
{
    const struct yodel_addr bad[] = {
        addr_v4(127, 0, 0, 1, 3479),
        addr_v4(10, 0, 0, 1, 3479),
        addr_v4(169, 254, 169, 254, 3479),
        addr_v4(224, 0, 0, 1, 3479),
        addr_v4(255, 255, 255, 255, 3479),
        addr_v4(0, 0, 0, 0, 3479),
        addr_v4(198, 51, 100, 8, 53),
        addr_v4(198, 51, 100, 8, 3478),
        addr_v4(198, 51, 100, 7, 3479),
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        model = honest(DOCTOR_NAT_ADDRESS, DOCTOR_NAT_ADDRESS);
        model.other = bad[i];
        struct doctor_nat_facts facts = run(NULL);
        CHECK(facts.is_answered && !facts.has_other);
        CHECK_EQ(facts.mapping, DOCTOR_NAT_UNKNOWN);
        CHECK_EQ(model.to_elsewhere, 0);
    }
}

static void an_address_of_ours_that_cannot_be_is_not_asked(void)
{
    const struct yodel_addr bad[] = {
        addr_v4(0, 0, 0, 0, 40000),
        addr_v4(127, 0, 0, 1, 40000),
        addr_v4(10, 0, 0, 1, 40000),
        addr_v4(169, 254, 169, 254, 40000),
        addr_v4(224, 0, 0, 251, 5353),
        addr_v4(203, 0, 113, 1, 0),
        {.family = YODEL_ADDR_V6, .ip = {0xff, 0x02, [15] = 1}, .port = 40000},
        {.family = YODEL_ADDR_V6, .ip = {[10] = 0xff, 0xff}, .port = 40000},
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        model = honest(DOCTOR_NAT_INDEPENDENT, DOCTOR_NAT_INDEPENDENT);
        model.mapped = bad[i];
        CHECK(!run(NULL).is_hairpin_known);
        CHECK_EQ(model.to_elsewhere, 0);
    }
}

static void what_was_not_asked_or_comes_from_elsewhere_changes_nothing(void)
{
    struct doctor_nat_config config = {.server = *server(0, 0), .local = {local(0), local(1)}};
    struct yodel_addr stranger = addr_v4(192, 0, 2, 66, 3478), to;
    uint8_t room[DOCTOR_NAT_DATAGRAM_MAX], forged[64];
    uint32_t socket;

    doctor_nat_init(&nat, &env, &config, 1);
    CHECK(doctor_nat_emit(&nat, span_of(room, sizeof room), &socket, &to, 1) > 0);
    for (int i = 0; i < 3; i++) {
        struct writer w = writer_of(span_of(forged, sizeof forged));
        uint8_t id[STUN_ID_SIZE];
        memcpy(id, nat.asks[DOCTOR_NAT_FIRST_A].txn.id, sizeof id);
        id[0] ^= i == 1;
        stun_msg_put_header(&w, STUN_BINDING | STUN_SUCCESS, id);
        stun_attr_put_xor_addr(&w, STUN_XOR_MAPPED_ADDRESS, &stranger);
        doctor_nat_recv(&nat, i == 2, i == 0 ? &stranger : server(0, 0), writer_bytes(&w), 2);
        CHECK(!doctor_nat_facts(&nat).is_answered);
    }
    doctor_nat_recv(&nat, 0, server(0, 0), bytes_of_text("GET / HTTP/1.1"), 2);
    CHECK(!doctor_nat_facts(&nat).is_answered);
}

TEST_MAIN(TEST(each_mapping_and_filtering_is_told),
    TEST(no_translator_is_told_and_its_firewall_too), TEST(a_silent_server_ends_it_in_time),
    TEST(a_server_with_one_address_leaves_it_unknown_but_a_second_one_helps),
    TEST(a_server_that_ignores_or_refuses_the_change_tells_nothing_of_filtering),
    TEST(another_address_that_is_none_is_not_asked),
    TEST(an_address_of_ours_that_cannot_be_is_not_asked),
    TEST(what_was_not_asked_or_comes_from_elsewhere_changes_nothing))
