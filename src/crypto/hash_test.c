// SHA-256, its sisters and MD5: known answers, and pieces that add up to the whole.

#include "crypto/hash.h"

#include "check.h"

static const char abc_hash[] = "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
                               "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad";
static const char empty_hash[] = "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24"
                                 "\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55";

static void the_answers_of_fips_180_hold(void)
{
    uint8_t out[CRYPTO_SHA256_SIZE];

    crypto_sha256(bytes_of_text("abc"), out);
    CHECK_BYTES(bytes_of(out, sizeof out), bytes_of(abc_hash, 32));
    crypto_sha256((struct bytes){0}, out);
    CHECK_BYTES(bytes_of(out, sizeof out), bytes_of(empty_hash, 32));
}

static void the_longer_hashes_hold(void)
{
    uint8_t sha384[CRYPTO_SHA384_SIZE], sha512[CRYPTO_SHA512_SIZE];

    crypto_sha384(bytes_of_text("abc"), sha384);
    CHECK_BYTES(bytes_of(sha384, 8), bytes_of("\xcb\x00\x75\x3f\x45\xa3\x5e\x8b", 8));
    crypto_sha512(bytes_of_text("abc"), sha512);
    CHECK_BYTES(bytes_of(sha512, 8), bytes_of("\xdd\xaf\x35\xa1\x93\x61\x7a\xba", 8));
}

static void the_answers_of_rfc_1321_hold(void)
{
    uint8_t out[CRYPTO_MD5_SIZE];

    crypto_md5(bytes_of_text("abc"), out);
    CHECK_BYTES(bytes_of(out, sizeof out),
        bytes_of("\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72", 16));
}

static void pieces_add_up_and_final_begins_again(void)
{
    struct crypto_sha256 hash;
    uint8_t out[CRYPTO_SHA256_SIZE];

    crypto_sha256_init(&hash);
    for (int round = 0; round < 2; round++) {
        crypto_sha256_update(&hash, bytes_of_text("a"));
        crypto_sha256_update(&hash, (struct bytes){0});
        crypto_sha256_update(&hash, bytes_of_text("bc"));
        crypto_sha256_final(&hash, out);
        CHECK_BYTES(bytes_of(out, sizeof out), bytes_of(abc_hash, 32));
    }
    crypto_sha256_deinit(&hash);
}

TEST_MAIN(TEST(the_answers_of_fips_180_hold), TEST(the_longer_hashes_hold),
    TEST(the_answers_of_rfc_1321_hold), TEST(pieces_add_up_and_final_begins_again))
