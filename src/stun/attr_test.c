// STUN attributes: values come back as they went, and values of the wrong shape do not come.

#include "stun/attr.h"

#include "check.h"

static const uint8_t id[STUN_ID_SIZE] = "abcdefghijkl";
static uint8_t room[512];

static struct writer start(void)
{
    struct writer w = writer_of(span_of(room, sizeof room));

    stun_msg_put_header(&w, STUN_BINDING | STUN_SUCCESS, id);
    return w;
}

static struct stun_msg parsed(const struct writer *w)
{
    struct stun_msg msg;

    CHECK_EQ(stun_msg_parse(&msg, writer_bytes(w)), YODEL_OK);
    return msg;
}

static void addresses_come_back(void)
{
    static const char *const rows[] = {"192.0.2.1:32853", "[2001:db8::ff]:1", "0.0.0.0:65535"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = start();
        struct yodel_addr addr, got;

        CHECK_EQ(addr_parse(&addr, bytes_of_text(rows[i])), YODEL_OK);
        stun_attr_put_xor_addr(&w, STUN_XOR_MAPPED_ADDRESS, &addr);
        struct stun_msg msg = parsed(&w);
        CHECK(stun_attr_read_addr(&msg, STUN_XOR_MAPPED_ADDRESS, &got));
        CHECK(addr_equal(&got, &addr));
    }
}

static void a_plain_address_is_not_xored(void)
{
    static const uint16_t types[] = {
        STUN_MAPPED_ADDRESS, STUN_ALTERNATE_SERVER, STUN_RESPONSE_ORIGIN, STUN_OTHER_ADDRESS};
    struct yodel_addr got, want = addr_v4(192, 0, 2, 1, 5000);

    for (size_t i = 0; i < COUNT(types); i++) {
        struct writer w = start();
        stun_attr_put_addr(&w, types[i], &want);
        struct stun_msg msg = parsed(&w);
        CHECK_BYTES(stun_msg_find(&msg, types[i])->value, bytes_of("\0\1\x13\x88\xc0\0\2\1", 8));
        CHECK(stun_attr_read_addr(&msg, types[i], &got));
        CHECK(addr_equal(&got, &want));
    }
}

// Case S14.
static void addresses_of_the_wrong_shape_are_absent(void)
{
    static const struct {
        const char *value;
        size_t len;
    } rows[] = {
        {"\0\0\x13\x88\xc0\0\2\1", 8},
        {"\0\3\x13\x88\xc0\0\2\1", 8},
        {"\0\2\x13\x88\xc0\0\2\1", 8},
        {"\0\1\x13\x88\xc0\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0", 20},
        {"\0\1\x13\x88", 4},
        {"", 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = start();
        struct yodel_addr got;

        stun_msg_put_attr(&w, STUN_XOR_MAPPED_ADDRESS, bytes_of(rows[i].value, rows[i].len));
        struct stun_msg msg = parsed(&w);
        CHECK(!stun_attr_read_addr(&msg, STUN_XOR_MAPPED_ADDRESS, &got));
        CHECK(!stun_attr_read_addr(&msg, STUN_MAPPED_ADDRESS, &got));
    }
}

// Case S16.
static void error_codes_are_three_to_six_hundreds(void)
{
    static const struct {
        const char *value;
        size_t len;
        uint32_t want; // 0: refused.
    } rows[] = {
        {"\0\0\4\x57Role Conflict", 17, 487},
        {"\0\0\4\x14", 4, 420},
        {"\0\0\3\0\xff\xfe", 6, 300},
        {"\0\0\0\1", 4, 0},
        {"\0\0\7\1", 4, 0},
        {"\0\0\4\x64", 4, 0},
        {"\0\0\4", 3, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = start();
        uint32_t code = 0;

        stun_msg_put_attr(&w, STUN_ERROR_CODE, bytes_of(rows[i].value, rows[i].len));
        struct stun_msg msg = parsed(&w);
        CHECK_EQ(stun_attr_read_error(&msg, &code), rows[i].want != 0);
        CHECK_EQ(code, rows[i].want);
    }
}

static void numbers_of_the_wrong_size_are_absent(void)
{
    struct writer w = start();
    uint32_t small = 0;
    uint64_t big = 0;

    stun_attr_put_u32(&w, STUN_PRIORITY, 0x01020304);
    stun_attr_put_u64(&w, STUN_ICE_CONTROLLED, 0x0102030405060708);
    struct stun_msg msg = parsed(&w);
    CHECK(stun_attr_read_u32(&msg, STUN_PRIORITY, &small) && small == 0x01020304);
    CHECK(stun_attr_read_u64(&msg, STUN_ICE_CONTROLLED, &big) && big == 0x0102030405060708);
    CHECK(!stun_attr_read_u64(&msg, STUN_PRIORITY, &big));
    CHECK(!stun_attr_read_u32(&msg, STUN_ICE_CONTROLLED, &small));
    CHECK(!stun_attr_read_u32(&msg, STUN_FINGERPRINT, &small));
}

TEST_MAIN(TEST(addresses_come_back), TEST(a_plain_address_is_not_xored),
    TEST(addresses_of_the_wrong_shape_are_absent), TEST(error_codes_are_three_to_six_hundreds),
    TEST(numbers_of_the_wrong_size_are_absent))
