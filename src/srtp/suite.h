// Protection profiles, and the session keys that a master key and salt give in each.
//
// Implements  RFC 3711 §4.3 (derivation, at rate 0), RFC 6188 §3 (with AES-256), RFC 5764 §4.1.2 and RFC 7714
//             §14.2 (profiles)
// Not here    where the master key comes from (DTLS, RFC 5764 §4.2)
// Ownership   values only; whoever has session keys wipes them

#ifndef SRTP_SUITE_H
#define SRTP_SUITE_H

#include "base/bytes.h"

// The values are those of use_srtp.
enum srtp_suite {
    SRTP_AES128_CM_SHA1_80 = 0x0001,
    SRTP_AEAD_AES_128_GCM = 0x0007,
    SRTP_AEAD_AES_256_GCM = 0x0008,
};

#define SRTP_KEY_MAX 32
#define SRTP_SALT_MAX 14
#define SRTP_MASTER_MAX (SRTP_KEY_MAX + SRTP_SALT_MAX)
#define SRTP_AUTH_KEY_SIZE 20

bool srtp_suite_is_aead(enum srtp_suite suite);
size_t srtp_suite_key_size(enum srtp_suite suite);
size_t srtp_suite_salt_size(enum srtp_suite suite);
size_t srtp_suite_tag_size(enum srtp_suite suite);

// Of RTP or of RTCP, which have keys of their own.
struct srtp_session_keys {
    uint8_t cipher[SRTP_KEY_MAX];
    uint8_t auth[SRTP_AUTH_KEY_SIZE]; // Not with an AEAD.
    uint8_t salt[SRTP_SALT_MAX];
};

// `master` is the key and then the salt, as long as the suite wants them.
void srtp_suite_derive(
    enum srtp_suite suite, struct bytes master, bool is_rtcp, struct srtp_session_keys *keys);

#endif
