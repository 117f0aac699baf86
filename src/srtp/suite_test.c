// Key derivation: RFC 3711's own case, and SRTCP's keys of the same master.

#include "srtp/suite.h"

#include "base/hex.h"
#include "check.h"

static struct bytes from_hex(struct span room, const char *text)
{
    size_t len = 0;

    CHECK_EQ(hex_parse(room, bytes_of_text(text), &len), YODEL_OK);
    return bytes_of(room.ptr, len);
}

static void the_case_of_rfc_3711_b_3_holds(void)
{
    static const struct {
        bool is_rtcp;
        const char *cipher, *auth, *salt;
    } rows[] = {
        {false, "c61e7a93744f39ee10734afe3ff7a087", "cebe321f6ff7716b6fd4ab49af256a156d38baa4",
            "30cbbc08863d8c85d49db34a9ae1"},
        {true, "4c1aa45a81f73d61c800bbb00fbb1eaa", "8d54534feb49ae8e7993a6bd0b844fc323a93dfd",
            "9581c7ad87b3e530bf3e4454a8b3"},
    };
    uint8_t master[SRTP_MASTER_MAX], room[32];
    struct bytes key = from_hex(span_of(master, sizeof master),
        "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6");

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct srtp_session_keys keys;
        struct span span = span_of(room, sizeof room);
        srtp_suite_derive(SRTP_AES128_CM_SHA1_80, key, rows[i].is_rtcp, &keys);
        CHECK_BYTES(bytes_of(keys.cipher, 16), from_hex(span, rows[i].cipher));
        CHECK_BYTES(bytes_of(keys.auth, 20), from_hex(span, rows[i].auth));
        CHECK_BYTES(bytes_of(keys.salt, 14), from_hex(span, rows[i].salt));
    }
}

static void the_sizes_are_those_of_the_profiles(void)
{
    // RFC 5764 §4.1.2, RFC 7714 §14.2.
    static const struct {
        enum srtp_suite suite;
        size_t key, salt, tag;
    } rows[] = {
        {SRTP_AES128_CM_SHA1_80, 16, 14, 10},
        {SRTP_AEAD_AES_128_GCM, 16, 12, 16},
        {SRTP_AEAD_AES_256_GCM, 32, 12, 16},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(srtp_suite_key_size(rows[i].suite), rows[i].key);
        CHECK_EQ(srtp_suite_salt_size(rows[i].suite), rows[i].salt);
        CHECK_EQ(srtp_suite_tag_size(rows[i].suite), rows[i].tag);
    }
}

TEST_MAIN(TEST(the_case_of_rfc_3711_b_3_holds), TEST(the_sizes_are_those_of_the_profiles))
