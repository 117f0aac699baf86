// What seals and opens one packet, in each suite: the same counter for all of them, made of SSRC and index.
//
//   counter   SSRC at 4, index at 8, 16 bits for the blocks; XOR salt      AES-CM     RFC 3711 §4.1.1
//   nonce     SSRC at 2, index at 6; XOR salt                              AES-GCM    RFC 7714 §8.1, §9.1
//
// An RTCP index is an index whose upper bits are zero, so that one form serves both.
//
// Implements  RFC 3711 §4.1, §4.2; RFC 7714 §8, §9
// Ownership   a cipher owns libcrypto's states from init to deinit; borrows the rest for the call

#ifndef SRTP_CIPHER_H
#define SRTP_CIPHER_H

#include "crypto/aead.h"
#include "crypto/ctr.h"
#include "crypto/hmac.h"
#include "srtp/suite.h"

#define SRTP_WORD_SIZE 4

struct srtp_cipher {
    bool is_aead, is_rtcp;
    size_t tag_size;
    uint8_t salt[SRTP_SALT_MAX];
    struct crypto_aead aead;
    struct crypto_ctr ctr; // With hmac, where there is no AEAD.
    struct crypto_hmac hmac;
};

struct srtp_parts {
    uint32_t ssrc;
    uint64_t index;
    uint8_t *packet; // The header, and behind it the sealed text.
    size_t header_len, text_len;
    uint8_t word
        [SRTP_WORD_SIZE]; // What tells the index to who authenticates: RTP's upper half, RTCP's trailer.
};

void srtp_cipher_init(struct srtp_cipher *cipher, enum srtp_suite suite,
    const struct srtp_session_keys *keys, bool is_rtcp);
void srtp_cipher_deinit(struct srtp_cipher *cipher);

// Seals `text` into its place behind the header, where it may lie already.
void srtp_cipher_seal(
    struct srtp_cipher *cipher, const struct srtp_parts *parts, const uint8_t *text, uint8_t *tag);

// Opens in place.
YODEL_MUST_USE bool srtp_cipher_open(
    struct srtp_cipher *cipher, const struct srtp_parts *parts, const uint8_t *tag);

#endif
