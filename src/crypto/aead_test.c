// AES-GCM: known answers, and that no changed bit passes.

#include "crypto/aead.h"

#include "base/hex.h"
#include "check.h"

static size_t from_hex(uint8_t *room, size_t room_len, const char *text)
{
    size_t len = 0;

    CHECK_EQ(hex_parse(span_of(room, room_len), bytes_of_text(text), &len), YODEL_OK);
    return len;
}

// The Galois/Counter Mode of Operation, appendix B: cases 1, 2, 4, 14 and 16.
static void the_cases_of_gcms_authors_hold(void)
{
    static const char text[] = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                               "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
    static const char associated[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    static const struct {
        const char *key, *nonce, *text, *associated, *want, *tag;
    } rows[] = {
        {"00000000000000000000000000000000", "000000000000000000000000", "", "", "",
            "58e2fccefa7e3061367f1d57a4e7455a"},
        {"00000000000000000000000000000000", "000000000000000000000000",
            "00000000000000000000000000000000", "", "0388dace60b6a392f328c2b971b2fe78",
            "ab6e47d42cec13bdf53a67b21257bddf"},
        {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", text, associated,
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a"
            "5a"
            "ac84aa051ba30b396a0aac973d58e091",
            "5bc94fbc3221a5db94fae95ae7121a47"},
        {"0000000000000000000000000000000000000000000000000000000000000000",
            "000000000000000000000000", "00000000000000000000000000000000", "",
            "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
        {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            "cafebabefacedbaddecaf888", text, associated,
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b"
            "10"
            "56828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t key[32], nonce[12], data[64], extra[32], want[64], want_tag[16], tag[16];
        struct crypto_aead aead;
        size_t key_len = from_hex(key, sizeof key, rows[i].key);

        from_hex(nonce, sizeof nonce, rows[i].nonce);
        size_t len = from_hex(data, sizeof data, rows[i].text);
        size_t extra_len = from_hex(extra, sizeof extra, rows[i].associated);
        from_hex(want, sizeof want, rows[i].want);
        from_hex(want_tag, sizeof want_tag, rows[i].tag);
        crypto_aead_init(&aead, bytes_of(key, key_len));
        for (int round = 0; round < 2; round++) { // A second packet finds nothing of the first.
            from_hex(data, sizeof data, rows[i].text);
            crypto_aead_seal(
                &aead, nonce, bytes_of(extra, extra_len), bytes_of(data, len), data, tag);
            CHECK_BYTES(bytes_of(data, len), bytes_of(want, len));
            CHECK_BYTES(bytes_of(tag, sizeof tag), bytes_of(want_tag, sizeof want_tag));
        }
        CHECK(crypto_aead_open(&aead, nonce, bytes_of(extra, extra_len), span_of(data, len), tag));
        from_hex(want, sizeof want, rows[i].text);
        CHECK_BYTES(bytes_of(data, len), bytes_of(want, len));
        crypto_aead_deinit(&aead);
    }
}

static void no_changed_bit_passes_and_nothing_leaks(void)
{
    static const uint8_t key[16] = {1, 2, 3}, zero[4] = {0};
    // Nonce, associated data, text and tag in one row, so that one loop changes each bit of each.
    uint8_t sealed[12 + 3 + 4 + 16] = "nonce nonce!abctext";
    struct crypto_aead aead;

    crypto_aead_init(&aead, bytes_of(key, sizeof key));
    crypto_aead_seal(&aead, sealed, bytes_of(sealed + 12, 3), bytes_of(sealed + 15, 4), sealed + 15,
        sealed + 19);
    for (size_t bit = 0; bit <= sizeof sealed * 8; bit++) {
        uint8_t packet[sizeof sealed];

        memcpy(packet, sealed, sizeof packet);
        if (bit < sizeof sealed * 8) {
            packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        bool opened = crypto_aead_open(
            &aead, packet, bytes_of(packet + 12, 3), span_of(packet + 15, 4), packet + 19);
        CHECK_EQ(opened, bit == sizeof sealed * 8);
        CHECK_BYTES(bytes_of(packet + 15, 4), opened ? bytes_of("text", 4) : bytes_of(zero, 4));
    }
    crypto_aead_deinit(&aead);
}

static void into_another_buffer_is_the_same(void)
{
    static const uint8_t key[16] = {1, 2, 3}, nonce[CRYPTO_AEAD_NONCE_SIZE] = {4};
    uint8_t text[40] = "the text, which stays as it was", apart[40], tags[2][CRYPTO_AEAD_TAG_SIZE];
    struct crypto_aead aead;

    crypto_aead_init(&aead, bytes_of(key, sizeof key));
    crypto_aead_seal(&aead, nonce, (struct bytes){0}, bytes_of(text, sizeof text), apart, tags[0]);
    CHECK_TEXT((char *)text, "the text, which stays as it was");
    crypto_aead_seal(&aead, nonce, (struct bytes){0}, bytes_of(text, sizeof text), text, tags[1]);
    CHECK_BYTES(bytes_of(apart, sizeof apart), bytes_of(text, sizeof text));
    CHECK_BYTES(bytes_of(tags[0], sizeof tags[0]), bytes_of(tags[1], sizeof tags[1]));
    crypto_aead_deinit(&aead);
}

TEST_MAIN(TEST(into_another_buffer_is_the_same), TEST(the_cases_of_gcms_authors_hold),
    TEST(no_changed_bit_passes_and_nothing_leaks))
