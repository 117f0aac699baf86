// HKDF: the SHA-256 cases of RFC 5869, appendix A.

#include "crypto/hkdf.h"

#include "base/hex.h"
#include "check.h"

struct row {
    const char *secret, *salt, *info, *key, *out;
};

static struct bytes from_hex(struct span room, const char *text)
{
    size_t len = 0;

    CHECK_EQ(hex_parse(room, bytes_of_text(text), &len), YODEL_OK);
    return bytes_of(room.ptr, len);
}

static void check_row(const struct row *row)
{
    uint8_t room[4][128], key[CRYPTO_SHA256_SIZE], out[128];
    struct bytes secret = from_hex(span_of(room[0], sizeof room[0]), row->secret);
    struct bytes salt = from_hex(span_of(room[1], sizeof room[1]), row->salt);

    crypto_hkdf_extract(salt, secret, key);
    CHECK_BYTES(bytes_of(key, sizeof key), from_hex(span_of(room[2], sizeof room[2]), row->key));
    struct bytes info = from_hex(span_of(room[2], sizeof room[2]), row->info);
    struct bytes want = from_hex(span_of(room[3], sizeof room[3]), row->out);
    crypto_hkdf_expand(bytes_of(key, sizeof key), info, span_of(out, want.len));
    CHECK_BYTES(bytes_of(out, want.len), want);
}

static void the_cases_of_rfc_5869_hold(void)
{
    static const struct row rows[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2"
         "c2d"
         "2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
            "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a"
            "8b8c"
            "8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
            "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9da"
            "dbdc"
            "dddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41"
            "c65e"
            "590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(&rows[i]);
    }
}

TEST_MAIN(TEST(the_cases_of_rfc_5869_hold))
