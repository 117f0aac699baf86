// Candidates: what browsers write is read, what is read is written again, the rest is refused.

#include "ice/candidate.h"

#include "check.h"

#define HOST "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host"
#define MDNS "0f9b2a3c-1b2d-4e5f-8a9b-0c1d2e3f4a5b.local"
#define TEN "aaaaaaaaaa"

static void what_browsers_write_is_read(void)
{
    struct ice_candidate c;

    CHECK_EQ(ice_candidate_parse(&c,
                 bytes_of_text(
                     "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr "
                     "10.0.0.1 rport 46155 generation 0 ufrag EEtu network-id 3 network-cost 10")),
        YODEL_OK);
    CHECK_TEXT(c.foundation, "842163049");
    CHECK_EQ(c.component, 1);
    CHECK_EQ(c.transport, YODEL_UDP);
    CHECK_EQ(c.priority, 1677729535);
    CHECK_EQ(c.type, ICE_SRFLX);
    struct yodel_addr want = addr_v4(203, 0, 113, 7, 46154);
    CHECK(addr_equal(&c.addr, &want));
    want = addr_v4(10, 0, 0, 1, 46155);
    CHECK(addr_equal(&c.related, &want));
    CHECK(c.has_generation);
    CHECK_TEXT(c.ufrag, "EEtu");

    CHECK_EQ(ice_candidate_parse(
                 &c, bytes_of_text("a=candidate:0 1 UDP 2122252543 " MDNS " 40678 typ host\r\n")),
        YODEL_OK);
    CHECK_TEXT(c.name, MDNS);
    CHECK(ice_candidate_is_local_name(c.name));
    CHECK_EQ(c.addr.family, YODEL_ADDR_NONE);
    CHECK_EQ(c.addr.port, 40678);

    CHECK_EQ(
        ice_candidate_parse(&c,
            bytes_of_text("candidate:1 1 TCP 2105524479 2001:db8::1 9 typ host tcptype active")),
        YODEL_OK);
    CHECK_EQ(c.tcp_type, ICE_TCP_ACTIVE);
    CHECK_EQ(c.addr.family, YODEL_ADDR_V6);
}

static void a_mapped_address_is_the_address_it_stands_for(void)
{
    struct ice_candidate c;
    struct yodel_addr want = addr_v4(192, 0, 2, 1, 5000);

    CHECK_EQ(ice_candidate_parse(
                 &c, bytes_of_text("candidate:1 1 udp 1 ::ffff:192.0.2.1 5000 typ host")),
        YODEL_OK);
    CHECK(addr_equal(&c.addr, &want));
}

// Case I1, I2, I4, I6: each row differs from a good candidate in one thing.
static void what_is_wrong_is_refused(void)
{
    static const struct {
        const char *text;
        enum yodel_err want;
    } rows[] = {
        {HOST, YODEL_OK},
        {HOST " ", YODEL_OK},
        {HOST " future thing generation", YODEL_OK},
        {"", YODEL_ERR_SYNTAX},
        {"candidate:", YODEL_ERR_SYNTAX},
        {"candidate", YODEL_ERR_SYNTAX},
        {"kandidate:1 1 udp 2130706431 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 2130706431 192.0.2.1 5000 typ", YODEL_ERR_NOT_SUPPORTED},
        {"candidate:1 1 udp 2130706431 192.0.2.1 5000", YODEL_ERR_SYNTAX},
        {"candidate:1  1 udp 2130706431 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 0 udp 2130706431 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 257 udp 2130706431 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 -1 udp 2130706431 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 0 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 2147483647 192.0.2.1 5000 typ host", YODEL_OK},
        {"candidate:1 1 udp 2147483648 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 4294967296 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 99999999999 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 2130706431 192.0.2.1 0 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 2130706431 192.0.2.1 65536 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 sctp 2130706431 192.0.2.1 5000 typ host", YODEL_ERR_NOT_SUPPORTED},
        {"candidate:1 1 udp 2130706431 192.0.2.1 5000 typ moon", YODEL_ERR_NOT_SUPPORTED},
        {"candidate:" TEN TEN TEN "aa 1 udp 1 192.0.2.1 5000 typ host", YODEL_OK},
        {"candidate:" TEN TEN TEN "aaa 1 udp 1 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:a-b 1 udp 1 192.0.2.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 1 192.0.2.256 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 1 127.1 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 1 0x7f000001 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 1 a..b 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 1 fe80::1%eth0 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 1 <b>.example 5000 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 udp 1 host.example 5000 typ host", YODEL_OK},
        {HOST " raddr 10.0.0.1 rport 65536", YODEL_ERR_SYNTAX},
        {HOST " raddr 10.0.0.%n rport 1", YODEL_ERR_SYNTAX},
        {HOST " tcptype active", YODEL_ERR_SYNTAX},
        {"candidate:1 1 tcp 1 192.0.2.1 9 typ host", YODEL_ERR_SYNTAX},
        {"candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype both", YODEL_ERR_SYNTAX},
        {"candidate:1 1 tcp 1 192.0.2.1 0 typ host tcptype active", YODEL_OK},
        {"candidate:1 1 tcp 1 192.0.2.1 0 typ host tcptype passive", YODEL_ERR_SYNTAX},
        {HOST " ufrag a\tb", YODEL_ERR_SYNTAX},
        {HOST " ufrag a:b", YODEL_ERR_SYNTAX},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ice_candidate c;
        enum yodel_err got = ice_candidate_parse(&c, bytes_of_text(rows[i].text));

        if (got != rows[i].want) {
            print_error("row %zu: %s\n", i, rows[i].text);
        }
        CHECK_EQ(got, rows[i].want);
    }
}

static void embedded_zeros_and_endless_lines_are_refused(void)
{
    static char text[2 * ICE_CANDIDATE_TEXT_MAX];
    struct ice_candidate c;

    CHECK_EQ(ice_candidate_parse(&c, bytes_of(HOST "\0", sizeof HOST)), YODEL_ERR_SYNTAX);
    memset(text, 'x', sizeof text);
    memcpy(text, HOST " ", sizeof HOST);
    CHECK_EQ(ice_candidate_parse(&c, bytes_of(text, sizeof text)), YODEL_ERR_SYNTAX);
    CHECK_EQ(ice_candidate_parse(&c, bytes_of(text, ICE_CANDIDATE_TEXT_MAX)), YODEL_OK);
}

static void what_is_written_is_read_back(void)
{
    static const char *const rows[] = {
        HOST,
        "candidate:7 1 udp 1694498815 203.0.113.7 4000 typ srflx raddr 0.0.0.0 rport 0",
        "candidate:7 1 udp 1 " MDNS " 4000 typ host generation 2 ufrag ab+/",
        "candidate:7 256 tcp 5 2001:db8::7 9 typ relay raddr 10.0.0.1 rport 77 tcptype so",
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[ICE_CANDIDATE_TEXT_MAX];
        struct writer w = writer_of(span_of(room, sizeof room));
        struct ice_candidate c;

        CHECK_EQ(ice_candidate_parse(&c, bytes_of_text(rows[i])), YODEL_OK);
        ice_candidate_write(&w, &c);
        CHECK_BYTES(writer_bytes(&w), bytes_of_text(rows[i]));
    }
}

static void priorities_follow_the_formula(void)
{
    CHECK_EQ(ice_candidate_priority(ICE_HOST, 65535, 1), 2130706431);
    CHECK_EQ(ice_candidate_priority(ICE_SRFLX, 65535, 1), 1694498815);
    CHECK_EQ(ice_candidate_priority(ICE_PRFLX, 0, 1), 110u << 24 | 255);
    CHECK_EQ(ice_candidate_priority(ICE_RELAY, 65535, 1), 16777215);
}

TEST_MAIN(TEST(what_browsers_write_is_read), TEST(a_mapped_address_is_the_address_it_stands_for),
    TEST(what_is_wrong_is_refused), TEST(embedded_zeros_and_endless_lines_are_refused),
    TEST(what_is_written_is_read_back), TEST(priorities_follow_the_formula))
