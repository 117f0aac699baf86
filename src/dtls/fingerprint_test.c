// Fingerprints: which are understood, and that a weaker hash opens no way in.

#include "dtls/fingerprint.h"

#include <stdio.h>

#include "check.h"
#include "crypto/hash.h"

#define SHA1_TEXT "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33"
#define SHA256_TEXT                                                                                \
    "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:"   \
    "15:AD"

static void parse_accepts_and_rejects(void)
{
    static const struct {
        const char *hash, *value;
        enum yodel_err want;
    } rows[] = {
        {"sha-256", SHA256_TEXT, YODEL_OK},
        {"SHA-256", SHA256_TEXT, YODEL_OK},
        {"sha-1", SHA1_TEXT, YODEL_ERR_NOT_SUPPORTED},
        {"md5", "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF", YODEL_ERR_NOT_SUPPORTED},
        {"sha-224", SHA256_TEXT, YODEL_ERR_NOT_SUPPORTED},
        {"sha-2567", SHA256_TEXT, YODEL_ERR_NOT_SUPPORTED},
        {"", SHA256_TEXT, YODEL_ERR_NOT_SUPPORTED},
        {"sha-256", SHA1_TEXT, YODEL_ERR_SYNTAX},
        {"sha-384", SHA256_TEXT, YODEL_ERR_SYNTAX},
        {"sha-256", SHA256_TEXT ":00", YODEL_ERR_SYNTAX},
        {"sha-256", "", YODEL_ERR_SYNTAX},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dtls_fingerprint fingerprint;
        enum yodel_err got = dtls_fingerprint_parse(
            &fingerprint, bytes_of_text(rows[i].hash), bytes_of_text(rows[i].value));

        if (got != rows[i].want) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].hash);
        }
        CHECK_EQ(got, rows[i].want);
    }
}

static void a_value_that_is_bytes_makes_the_same(void)
{
    struct dtls_fingerprint parsed, made;

    CHECK_EQ(dtls_fingerprint_parse(&parsed, bytes_of_text("sha-256"), bytes_of_text(SHA256_TEXT)),
        YODEL_OK);
    CHECK_EQ(dtls_fingerprint_make(&made, bytes_of_text("sha-256"), bytes_of(parsed.value, 32)),
        YODEL_OK);
    CHECK_EQ(made.hash, DTLS_HASH_SHA_256);
    CHECK_BYTES(bytes_of(made.value, 32), bytes_of(parsed.value, 32));
    CHECK_EQ(dtls_fingerprint_make(&made, bytes_of_text("sha-256"), bytes_of(parsed.value, 31)),
        YODEL_ERR_SYNTAX);
    CHECK_EQ(dtls_fingerprint_make(&made, bytes_of_text("sha-1"), bytes_of(parsed.value, 20)),
        YODEL_ERR_NOT_SUPPORTED);
}

static void one_of_several_of_the_strongest_hash_is_enough(void)
{
    struct bytes der = bytes_of_text("abc");
    struct dtls_fingerprint promised[3] = {
        {.hash = DTLS_HASH_SHA_256}, {.hash = DTLS_HASH_SHA_256}, {.hash = DTLS_HASH_SHA_512}};

    crypto_sha256(der, promised[1].value);
    CHECK(dtls_fingerprint_matches(promised, 2, der));
    CHECK(!dtls_fingerprint_matches(promised, 1, der));
    CHECK(!dtls_fingerprint_matches(promised, 0, der));
    // The SHA-512 is wrong, so the SHA-256 that is right does not help.
    CHECK(!dtls_fingerprint_matches(promised, 3, der));
    crypto_sha512(der, promised[2].value);
    CHECK(dtls_fingerprint_matches(promised, 3, der));
    // Nor does a value count under another hash's name.
    promised[1] = promised[2];
    promised[1].hash = DTLS_HASH_SHA_256;
    promised[2].value[0] ^= 1;
    CHECK(!dtls_fingerprint_matches(promised, 3, der));
}

static void every_bit_of_a_fingerprint_counts(void)
{
    struct bytes der = bytes_of_text("abc");
    struct dtls_fingerprint promised = {.hash = DTLS_HASH_SHA_384};

    crypto_sha384(der, promised.value);
    CHECK(dtls_fingerprint_matches(&promised, 1, der));
    for (size_t bit = 0; bit < CRYPTO_SHA384_SIZE * 8; bit++) {
        promised.value[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!dtls_fingerprint_matches(&promised, 1, der));
        promised.value[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

TEST_MAIN(TEST(parse_accepts_and_rejects), TEST(a_value_that_is_bytes_makes_the_same),
    TEST(one_of_several_of_the_strongest_hash_is_enough), TEST(every_bit_of_a_fingerprint_counts))
