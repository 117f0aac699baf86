// STUN server: who asks properly hears where it is, nobody else hears anything.

#include "stun/server.h"

#include "check.h"
#include "stun/attr.h"
#include "stun/auth.h"

static const uint8_t id[STUN_ID_SIZE] = "abcdefghijkl";
static uint8_t asked[65536], answered[STUN_SERVER_ANSWER_MAX];

static struct writer request_of_type(uint16_t type)
{
    struct writer w = writer_of(span_of(asked, sizeof asked));

    stun_msg_put_header(&w, type, id);
    return w;
}

static struct yodel_addr source_of(const char *text)
{
    struct yodel_addr source;

    CHECK_EQ(addr_parse(&source, bytes_of_text(text)), YODEL_OK);
    return source;
}

static size_t answer(const struct writer *w, const char *source_text)
{
    struct yodel_addr source = source_of(source_text);

    return stun_server_answer(writer_bytes(w), &source, span_of(answered, sizeof answered));
}

static struct stun_msg answer_of(size_t len)
{
    struct stun_msg msg;

    CHECK_EQ(stun_msg_parse(&msg, bytes_of(answered, len)), YODEL_OK);
    CHECK(memcmp(msg.id, id, STUN_ID_SIZE) == 0);
    return msg;
}

static void a_client_hears_its_own_address(void)
{
    static const struct {
        const char *source;
        const char *want;
    } rows[] = {
        {"203.0.113.7:40000", "203.0.113.7:40000"},
        {"[2001:db8::7]:40000", "[2001:db8::7]:40000"},
        {"[::ffff:203.0.113.7]:40000", "203.0.113.7:40000"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = request_of_type(STUN_BINDING);
        struct yodel_addr got, want = source_of(rows[i].want);
        struct stun_msg msg = answer_of(answer(&w, rows[i].source));

        CHECK_EQ(msg.type, STUN_BINDING | STUN_SUCCESS);
        CHECK(stun_attr_read_addr(&msg, STUN_XOR_MAPPED_ADDRESS, &got));
        CHECK(addr_equal(&got, &want));
    }
}

static void a_fingerprint_is_answered_with_one_and_must_be_right(void)
{
    struct writer w = request_of_type(STUN_BINDING);

    stun_auth_put_fingerprint(&w);
    struct stun_msg msg = answer_of(answer(&w, "203.0.113.7:40000"));
    CHECK_EQ(stun_auth_check_fingerprint(&msg), YODEL_OK);
    asked[27] ^= 1;
    CHECK_EQ(answer(&w, "203.0.113.7:40000"), 0);
}

static void unknown_attributes_are_named_once(void)
{
    struct writer w = request_of_type(STUN_BINDING);
    uint32_t code = 0;

    stun_msg_put_attr(&w, 0x7777, (struct bytes){0});
    stun_msg_put_attr(&w, 0x7777, (struct bytes){0});
    struct stun_msg msg = answer_of(answer(&w, "203.0.113.7:40000"));
    CHECK_EQ(msg.type, STUN_BINDING | STUN_ERROR);
    CHECK(stun_attr_read_error(&msg, &code) && code == STUN_UNKNOWN_ATTRIBUTE);
    CHECK_BYTES(stun_msg_find(&msg, STUN_UNKNOWN_ATTRIBUTES)->value, bytes_of("\x77\x77", 2));
}

// Case S16, S4: neither indications nor answers nor other methods, whose echo could loop.
static void only_binding_requests_are_answered(void)
{
    static const uint16_t types[] = {STUN_BINDING | STUN_INDICATION, STUN_BINDING | STUN_SUCCESS,
        STUN_BINDING | STUN_ERROR, 0x0003, 0x0002, 0x3fff};

    for (size_t i = 0; i < COUNT(types); i++) {
        struct writer w = request_of_type(types[i]);

        CHECK_EQ(answer(&w, "203.0.113.7:40000"), 0);
    }
    struct writer old = request_of_type(STUN_BINDING);
    asked[4] ^= 1; // RFC 3489 had no cookie.
    CHECK_EQ(answer(&old, "203.0.113.7:40000"), 0);
}

static void nobody_real_asks_from_there(void)
{
    static const char *const sources[] = {"203.0.113.7:0", "203.0.113.7:53", "203.0.113.7:1023",
        "255.255.255.255:4000", "224.0.0.1:4000", "0.0.0.0:4000", "[ff02::1]:4000", "[::]:4000",
        "[::ffff:255.255.255.255]:4000"};
    struct writer w = request_of_type(STUN_BINDING);

    for (size_t i = 0; i < COUNT(sources); i++) {
        CHECK_EQ(answer(&w, sources[i]), 0);
    }
    CHECK(answer(&w, "203.0.113.7:1024") > 0);
}

// Security property 9: at most 1.6 times what was asked, whatever was asked.
static void no_answer_is_an_amplifier(void)
{
    for (size_t attrs = 0; attrs <= STUN_ATTRS_MAX + 2; attrs++) {
        for (size_t value_len = 0; value_len <= 8; value_len += 4) {
            struct writer w = request_of_type(STUN_BINDING);

            for (size_t i = 0; i < attrs; i++) {
                stun_msg_put_attr(&w, (uint16_t)(0x7000 + i), bytes_of("12345678", value_len));
            }
            size_t v4_len = answer(&w, "203.0.113.7:40000");
            size_t v6_len = answer(&w, "[2001:db8::7]:40000");

            CHECK(v4_len * 10 <= w.len * 16);
            CHECK(v6_len == 0 || (v6_len + 48) * 10 <= (w.len + 48) * 16);
            CHECK_EQ(v4_len > 0, attrs <= STUN_ATTRS_MAX);
        }
    }
}

TEST_MAIN(TEST(a_client_hears_its_own_address),
    TEST(a_fingerprint_is_answered_with_one_and_must_be_right),
    TEST(unknown_attributes_are_named_once), TEST(only_binding_requests_are_answered),
    TEST(nobody_real_asks_from_there), TEST(no_answer_is_an_amplifier))
