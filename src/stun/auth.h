// STUN integrity: who wrote a message (with a shared key), and whether it is STUN at all.
//
// Implements  RFC 8489 §14.5 (MESSAGE-INTEGRITY), §14.6 (MESSAGE-INTEGRITY-SHA256),
//             §14.7 (FINGERPRINT), §9.2.2 (the key of long-term credentials)
// Not here    the key of short-term credentials: it is the password (§9.1.1)
// Limits      no integrity is checked over more than STUN_AUTH_MAX bytes; a name, a realm and a
//             password are at most STUN_AUTH_USERNAME_MAX, _REALM_MAX and _PASSWORD_MAX bytes

#ifndef STUN_AUTH_H
#define STUN_AUTH_H

#include "stun/msg.h"

#define STUN_AUTH_MAX 2048
#define STUN_AUTH_USERNAME_MAX 508 // §14.3: fewer than 509 bytes.
#define STUN_AUTH_REALM_MAX 763    // §14.9, and as much for a nonce (§14.10).
#define STUN_AUTH_PASSWORD_MAX 512
#define STUN_AUTH_KEY_MAX 32
#define STUN_AUTH_SHA1_SIZE 24 // What each adds to a message.
#define STUN_AUTH_SHA256_SIZE 36
#define STUN_AUTH_FINGERPRINT_SIZE 8

// YODEL_ERR_NOT_FOUND without an integrity attribute, YODEL_ERR_UNAUTHENTIC where it does not match
// `key`. Where both are there, SHA-256 is the one that counts (§9.1.3).
YODEL_MUST_USE enum yodel_err stun_auth_check(const struct stun_msg *msg, struct bytes key);

// YODEL_ERR_NOT_FOUND without FINGERPRINT, YODEL_ERR_UNAUTHENTIC where it does not match.
YODEL_MUST_USE enum yodel_err stun_auth_check_fingerprint(const struct stun_msg *msg);

// §18.5: how a key is made, by its number in PASSWORD-ALGORITHM.
enum stun_auth_algorithm { STUN_AUTH_MD5 = 1, STUN_AUTH_SHA256 = 2 };

struct stun_auth_key {
    uint8_t bytes[STUN_AUTH_KEY_MAX];
    size_t len;
};

static inline struct bytes stun_auth_key_bytes(const struct stun_auth_key *key)
{
    return bytes_of(key->bytes, key->len);
}

// The key of long-term credentials. RANGE for what is longer than the limits.
YODEL_MUST_USE enum yodel_err stun_auth_long_term_key(struct stun_auth_key *key,
    enum stun_auth_algorithm algorithm, struct bytes username, struct bytes realm,
    struct bytes password);

// Appended in this order, after everything else.
void stun_auth_put_sha1(struct writer *w, struct bytes key);
void stun_auth_put_sha256(struct writer *w, struct bytes key);
void stun_auth_put_fingerprint(struct writer *w);

#endif
