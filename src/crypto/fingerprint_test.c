// Fingerprints: what is read, what is refused, and that writing undoes reading.

#include "crypto/fingerprint.h"

#include <stdio.h>

#include "check.h"

static void parse_accepts_and_rejects(void)
{
    static const struct {
        const char *text;
        enum yodel_err want;
        size_t len;
    } rows[] = {
        {"AB", YODEL_OK, 1},
        {"AB:cd:09", YODEL_OK, 3},
        {"", YODEL_ERR_SYNTAX, 0},
        {"A", YODEL_ERR_SYNTAX, 0},
        {"AB:", YODEL_ERR_SYNTAX, 0},
        {":AB", YODEL_ERR_SYNTAX, 0},
        {"AB:C", YODEL_ERR_SYNTAX, 0},
        {"AB::CD", YODEL_ERR_SYNTAX, 0},
        {"ABCD", YODEL_ERR_SYNTAX, 0},
        {"AB-CD", YODEL_ERR_SYNTAX, 0},
        {"AB ", YODEL_ERR_SYNTAX, 0},
        {"AG", YODEL_ERR_SYNTAX, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t value[CRYPTO_FINGERPRINT_MAX];
        size_t len = 99;
        enum yodel_err got = crypto_fingerprint_parse(value, &len, bytes_of_text(rows[i].text));

        if (got != rows[i].want) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].text);
        }
        CHECK_EQ(got, rows[i].want);
        CHECK_EQ(len, got == YODEL_OK ? rows[i].len : 99);
    }
}

static void the_longest_fits_and_one_more_does_not(void)
{
    uint8_t value[CRYPTO_FINGERPRINT_MAX + 1], back[CRYPTO_FINGERPRINT_MAX];
    uint8_t text[CRYPTO_FINGERPRINT_TEXT_MAX + 3];
    size_t len = 0;

    for (size_t i = 0; i < sizeof value; i++) {
        value[i] = (uint8_t)(i * 5);
    }
    struct writer w = writer_of(span_of(text, sizeof text));
    crypto_fingerprint_write(&w, bytes_of(value, CRYPTO_FINGERPRINT_MAX));
    CHECK_EQ(crypto_fingerprint_parse(back, &len, writer_bytes(&w)), YODEL_OK);
    CHECK_BYTES(bytes_of(back, len), bytes_of(value, CRYPTO_FINGERPRINT_MAX));

    w = writer_of(span_of(text, sizeof text));
    crypto_fingerprint_write(&w, bytes_of(value, sizeof value));
    CHECK(!w.failed);
    CHECK_EQ(crypto_fingerprint_parse(back, &len, writer_bytes(&w)), YODEL_ERR_SYNTAX);
}

TEST_MAIN(TEST(parse_accepts_and_rejects), TEST(the_longest_fits_and_one_more_does_not))
