// Encrypt-then-MAC with AES-CM and HMAC-SHA-1, or AES-GCM.

#include "srtp/cipher.h"

#include "crypto/secret.h"

#define RTCP_HEADER_SIZE 8

void srtp_cipher_init(struct srtp_cipher *cipher, enum srtp_suite suite,
    const struct srtp_session_keys *keys, bool is_rtcp)
{
    struct bytes key = bytes_of(keys->cipher, srtp_suite_key_size(suite));

    *cipher = (struct srtp_cipher){.is_aead = srtp_suite_is_aead(suite),
        .is_rtcp = is_rtcp,
        .tag_size = srtp_suite_tag_size(suite)};
    memcpy(cipher->salt, keys->salt, srtp_suite_salt_size(suite));
    if (cipher->is_aead) {
        crypto_aead_init(&cipher->aead, key);
    } else {
        crypto_ctr_init(&cipher->ctr, key);
        crypto_hmac_init(&cipher->hmac, bytes_of(keys->auth, sizeof keys->auth));
    }
}

void srtp_cipher_deinit(struct srtp_cipher *cipher)
{
    if (cipher->is_aead) {
        crypto_aead_deinit(&cipher->aead);
    } else {
        crypto_ctr_deinit(&cipher->ctr);
        crypto_hmac_deinit(&cipher->hmac);
    }
    secret_wipe_span(span_of(cipher, sizeof *cipher));
}

// Mixes SSRC and index into what holds the salt: `at` is where the SSRC goes.
static void mix(uint8_t *at, const struct srtp_parts *parts)
{
    for (int i = 0; i < 4; i++) {
        at[i] ^= (uint8_t)(parts->ssrc >> (24 - 8 * i));
    }
    for (int i = 0; i < 6; i++) {
        at[4 + i] ^= (uint8_t)(parts->index >> (40 - 8 * i));
    }
}

// ---- AES-GCM

static void make_nonce(const struct srtp_cipher *cipher, const struct srtp_parts *parts,
    uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE])
{
    memcpy(nonce, cipher->salt, CRYPTO_AEAD_NONCE_SIZE);
    mix(nonce + 2, parts);
}

// RFC 7714 §8.3: an RTP packet's is its header; §9.2: an RTCP packet's ends in its trailer.
static struct bytes associated_of(const struct srtp_cipher *cipher, const struct srtp_parts *parts,
    uint8_t room[RTCP_HEADER_SIZE + SRTP_WORD_SIZE])
{
    if (!cipher->is_rtcp) {
        return bytes_of(parts->packet, parts->header_len);
    }
    memcpy(room, parts->packet, RTCP_HEADER_SIZE);
    memcpy(room + RTCP_HEADER_SIZE, parts->word, SRTP_WORD_SIZE);
    return bytes_of(room, RTCP_HEADER_SIZE + SRTP_WORD_SIZE);
}

static void seal_aead(
    struct srtp_cipher *cipher, const struct srtp_parts *parts, const uint8_t *text, uint8_t *tag)
{
    uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE], room[RTCP_HEADER_SIZE + SRTP_WORD_SIZE];

    make_nonce(cipher, parts, nonce);
    crypto_aead_seal(&cipher->aead, nonce, associated_of(cipher, parts, room),
        bytes_of(text, parts->text_len), parts->packet + parts->header_len, tag);
}

static bool open_aead(
    struct srtp_cipher *cipher, const struct srtp_parts *parts, const uint8_t *tag)
{
    uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE], room[RTCP_HEADER_SIZE + SRTP_WORD_SIZE];

    make_nonce(cipher, parts, nonce);
    return crypto_aead_open(&cipher->aead, nonce, associated_of(cipher, parts, room),
        span_of(parts->packet + parts->header_len, parts->text_len), tag);
}

// ---- AES-CM with HMAC-SHA-1

static void run_ctr(struct srtp_cipher *cipher, const struct srtp_parts *parts, const uint8_t *text)
{
    uint8_t counter[CRYPTO_CTR_BLOCK_SIZE] = {0};

    memcpy(counter, cipher->salt, SRTP_SALT_MAX);
    mix(counter + 4, parts);
    crypto_ctr_run(
        &cipher->ctr, counter, bytes_of(text, parts->text_len), parts->packet + parts->header_len);
}

// RFC 3711 §4.2: of the packet as it is sent, and the word.
static void authenticate(
    struct srtp_cipher *cipher, const struct srtp_parts *parts, uint8_t mac[CRYPTO_SHA1_SIZE])
{
    crypto_hmac_run(&cipher->hmac, bytes_of(parts->packet, parts->header_len + parts->text_len),
        bytes_of(parts->word, sizeof parts->word), mac);
}

void srtp_cipher_seal(
    struct srtp_cipher *cipher, const struct srtp_parts *parts, const uint8_t *text, uint8_t *tag)
{
    uint8_t mac[CRYPTO_SHA1_SIZE];

    if (cipher->is_aead) {
        seal_aead(cipher, parts, text, tag);
        return;
    }
    run_ctr(cipher, parts, text);
    authenticate(cipher, parts, mac);
    memcpy(tag, mac, cipher->tag_size);
}

bool srtp_cipher_open(
    struct srtp_cipher *cipher, const struct srtp_parts *parts, const uint8_t *tag)
{
    uint8_t mac[CRYPTO_SHA1_SIZE];

    if (cipher->is_aead) {
        return open_aead(cipher, parts, tag);
    }
    authenticate(cipher, parts, mac);
    if (!crypto_equal(bytes_of(mac, cipher->tag_size), bytes_of(tag, cipher->tag_size))) {
        return false;
    }
    run_ctr(cipher, parts, parts->packet + parts->header_len);
    return true;
}
