// STUN integrity: who wrote a message (with a shared key), and whether it is STUN at all.
//
// Implements  RFC 8489 §14.5 (MESSAGE-INTEGRITY), §14.6 (MESSAGE-INTEGRITY-SHA256),
//             §14.7 (FINGERPRINT)
// Not here    where a key comes from: with short-term credentials it is the password (§9.1.1)
// Limits      no integrity is checked over more than STUN_AUTH_MAX bytes

#ifndef STUN_AUTH_H
#define STUN_AUTH_H

#include "stun/msg.h"

#define STUN_AUTH_MAX 2048
#define STUN_AUTH_SHA1_SIZE 24 // What each adds to a message.
#define STUN_AUTH_SHA256_SIZE 36
#define STUN_AUTH_FINGERPRINT_SIZE 8

// YODEL_ERR_NOT_FOUND without an integrity attribute, YODEL_ERR_UNAUTHENTIC where it does not match
// `key`. Where both are there, SHA-256 is the one that counts (§9.1.3).
YODEL_MUST_USE enum yodel_err stun_auth_check(const struct stun_msg *msg, struct bytes key);

// YODEL_ERR_NOT_FOUND without FINGERPRINT, YODEL_ERR_UNAUTHENTIC where it does not match.
YODEL_MUST_USE enum yodel_err stun_auth_check_fingerprint(const struct stun_msg *msg);

// Appended in this order, after everything else.
void stun_auth_put_sha1(struct writer *w, struct bytes key);
void stun_auth_put_sha256(struct writer *w, struct bytes key);
void stun_auth_put_fingerprint(struct writer *w);

#endif
