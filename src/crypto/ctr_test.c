// AES in counter mode: known answers.

#include "crypto/ctr.h"

#include "base/hex.h"
#include "check.h"

static size_t from_hex(uint8_t *room, size_t room_len, const char *text)
{
    size_t len = 0;

    CHECK_EQ(hex_parse(span_of(room, room_len), bytes_of_text(text), &len), YODEL_OK);
    return len;
}

// NIST SP 800-38A, F.5.1 and F.5.5: the first two blocks.
static void the_cases_of_nist_hold_in_place_and_apart(void)
{
    static const char text[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
    static const struct {
        const char *key, *want;
    } rows[] = {
        {"2b7e151628aed2a6abf7158809cf4f3c",
            "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"},
        {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t key[32], counter[CRYPTO_CTR_BLOCK_SIZE], data[32], want[32], out[32];
        struct crypto_ctr ctr;

        size_t key_len = from_hex(key, sizeof key, rows[i].key);
        from_hex(counter, sizeof counter, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        from_hex(data, sizeof data, text);
        from_hex(want, sizeof want, rows[i].want);
        crypto_ctr_init(&ctr, bytes_of(key, key_len));
        crypto_ctr_run(&ctr, counter, bytes_of(data, sizeof data), out);
        CHECK_BYTES(bytes_of(out, sizeof out), bytes_of(want, sizeof want));
        crypto_ctr_run(&ctr, counter, bytes_of(data, sizeof data), data);
        CHECK_BYTES(bytes_of(data, sizeof data), bytes_of(want, sizeof want));
        crypto_ctr_run(
            &ctr, counter, (struct bytes){0}, out); // Nothing is legal, and changes nothing.
        crypto_ctr_run(&ctr, counter, bytes_of(data, sizeof data), out);
        from_hex(want, sizeof want, text);
        CHECK_BYTES(bytes_of(out, sizeof out), bytes_of(want, sizeof want));
        crypto_ctr_deinit(&ctr);
    }
}

TEST_MAIN(TEST(the_cases_of_nist_hold_in_place_and_apart))
