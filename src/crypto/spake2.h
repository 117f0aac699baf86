// SPAKE2: two who know the same few words agree on a key, and who guesses gets one try.
//
//   A                                         B
//   spake2_message ---------- pA ----------> spake2_finish
//   spake2_finish  <--------- pB ----------- spake2_message
//   spake2_confirmation ----- cA ----------> spake2_verify
//   spake2_verify  <--------- cB ----------- spake2_confirmation
//
// Implements  RFC 9382 with P-256, SHA-256, HKDF and HMAC; docs/SPAKE2.md has every byte
// Not here    what the words are, and that they serve once (signaling)
// Ownership   the caller frees; all secrets are wiped then
// Limits      SPAKE2_PASSWORD_MAX, SPAKE2_ID_MAX
// Departs     RFC 9382 §3.2 wants a memory-hard function for the password. A code of words lives
// for minutes and for one
//             guess, and the exchange gives nothing to guess on offline, so HKDF serves

#ifndef CRYPTO_SPAKE2_H
#define CRYPTO_SPAKE2_H

#include "base/env.h"
#include "base/err.h"
#include "crypto/hmac.h"
#include "crypto/spake2_point.h"

#define SPAKE2_PASSWORD_MAX 128
#define SPAKE2_ID_MAX 256
#define SPAKE2_MESSAGE_SIZE SPAKE2_POINT_SIZE
#define SPAKE2_CONFIRMATION_SIZE CRYPTO_SHA256_SIZE
#define SPAKE2_KEY_SIZE 16

struct spake2;

struct spake2_options {
    enum spake2_role role;
    struct bytes password;
    struct bytes id_a, id_b; // Who A and B are; both sides must give the same.
};

// YODEL_ERR_RANGE for more than a limit allows, or an empty password.
YODEL_MUST_USE enum yodel_err spake2_new(
    const struct env *env, const struct spake2_options *options, struct spake2 **out);
void spake2_free(struct spake2 *spake2);

// Says who A and B are, where that was not known to spake2_new: the other's identity comes with its
// message. YODEL_ERR_RANGE, and YODEL_ERR_INVALID_STATE after spake2_finish.
YODEL_MUST_USE enum yodel_err spake2_identify(
    struct spake2 *spake2, struct bytes id_a, struct bytes id_b);

// What the peer must get.
void spake2_message(const struct spake2 *spake2, uint8_t out[SPAKE2_MESSAGE_SIZE]);

// Takes what the peer sent, once. YODEL_ERR_MALFORMED for what no honest peer sends;
// YODEL_ERR_INVALID_STATE for a second.
YODEL_MUST_USE enum yodel_err spake2_finish(struct spake2 *spake2, struct bytes message);

// What proves to the peer that we know the words. YODEL_ERR_INVALID_STATE before finish.
YODEL_MUST_USE enum yodel_err spake2_confirmation(
    const struct spake2 *spake2, uint8_t out[SPAKE2_CONFIRMATION_SIZE]);

// Checks the peer's proof. YODEL_ERR_UNAUTHENTIC: other words, or other identities; every later
// call says so too.
YODEL_MUST_USE enum yodel_err spake2_verify(struct spake2 *spake2, struct bytes confirmation);

// The key that both now share. YODEL_ERR_INVALID_STATE before the peer's proof was good.
YODEL_MUST_USE enum yodel_err spake2_key(const struct spake2 *spake2, uint8_t out[SPAKE2_KEY_SIZE]);

#endif
