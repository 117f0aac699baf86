// HMAC: the RFCs' own cases, and the comparison.

#include "crypto/hmac.h"

#include "check.h"

static void the_cases_of_rfc_2202_hold(void)
{
    static const struct {
        const char *key, *data, *want;
        size_t key_len, data_len;
    } rows[] = {
        {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
            "Hi There",
            "\xb6\x17\x31\x86\x55\x05\x72\x64\xe2\x8b\xc0\xb6\xfb\x37\x8c\x8e\xf1\x46\xbe\x00", 20,
            8},
        {"Jefe", "what do ya want for nothing?",
            "\xef\xfc\xdf\x6a\xe5\xeb\x2f\xa2\xd2\x74\x16\xd5\xf1\x84\xdf\x9c\x25\x9a\x7c\x79", 4,
            28},
        {"", "", "\xfb\xdb\x1d\x1b\x18\xaa\x6c\x08\x32\x4b\x7d\x64\xb7\x1f\xb7\x63\x70\x69\x0e\x1d",
            0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t out[CRYPTO_SHA1_SIZE];
        crypto_hmac_sha1(
            bytes_of(rows[i].key, rows[i].key_len), bytes_of(rows[i].data, rows[i].data_len), out);
        CHECK_BYTES(bytes_of(out, sizeof out), bytes_of(rows[i].want, CRYPTO_SHA1_SIZE));
    }
}

static void the_second_case_of_rfc_4231_holds(void)
{
    uint8_t out[CRYPTO_SHA256_SIZE];

    crypto_hmac_sha256(bytes_of_text("Jefe"), bytes_of_text("what do ya want for nothing?"), out);
    CHECK_BYTES(bytes_of(out, sizeof out),
        bytes_of("\x5b\xdc\xc1\x46\xbf\x60\x75\x4e\x6a\x04\x24\x26\x08\x95\x75\xc7"
                 "\x5a\x00\x3f\x08\x9d\x27\x39\x83\x9d\xec\x58\xb9\x64\xec\x38\x43",
            32));
}

static void a_kept_key_gives_the_same_each_time(void)
{
    uint8_t want[CRYPTO_SHA1_SIZE], out[CRYPTO_SHA1_SIZE];
    struct crypto_hmac hmac;

    crypto_hmac_sha1(bytes_of_text("Jefe"), bytes_of_text("what do ya want for nothing?"), want);
    crypto_hmac_init(&hmac, bytes_of_text("Jefe"));
    for (int i = 0; i < 3; i++) {
        crypto_hmac_run(
            &hmac, bytes_of_text("what do ya "), bytes_of_text("want for nothing?"), out);
        CHECK_BYTES(bytes_of(out, sizeof out), bytes_of(want, sizeof want));
        crypto_hmac_run(
            &hmac, bytes_of_text("what do ya want for nothing?"), (struct bytes){0}, out);
        CHECK_BYTES(bytes_of(out, sizeof out), bytes_of(want, sizeof want));
    }
    crypto_hmac_deinit(&hmac);
}

static void a_null_slice_is_an_empty_one(void)
{
    uint8_t null_key[CRYPTO_SHA1_SIZE], empty_key[CRYPTO_SHA1_SIZE];

    // A key before it, so that libcrypto would have one to fall back on.
    crypto_hmac_sha1(bytes_of_text("Jefe"), (struct bytes){0}, null_key);
    crypto_hmac_sha1((struct bytes){0}, (struct bytes){0}, null_key);
    crypto_hmac_sha1(bytes_of("", 0), bytes_of("", 0), empty_key);
    CHECK_BYTES(bytes_of(null_key, sizeof null_key), bytes_of(empty_key, sizeof empty_key));
}

static void equal_means_the_same_length_and_bytes(void)
{
    CHECK(crypto_equal(bytes_of("abc", 3), bytes_of("abc", 3)));
    CHECK(crypto_equal((struct bytes){0}, bytes_of("", 0)));
    CHECK(!crypto_equal(bytes_of("abc", 3), bytes_of("abd", 3)));
    CHECK(!crypto_equal(bytes_of("abc", 3), bytes_of("abcd", 4)));
    CHECK(!crypto_equal(bytes_of("abc", 3), (struct bytes){0}));
}

TEST_MAIN(TEST(a_kept_key_gives_the_same_each_time), TEST(the_cases_of_rfc_2202_hold),
    TEST(the_second_case_of_rfc_4231_holds), TEST(a_null_slice_is_an_empty_one),
    TEST(equal_means_the_same_length_and_bytes))
