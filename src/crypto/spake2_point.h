// SPAKE2's arithmetic on P-256: a password's scalar, a share to send, and the point that both sides
// reach.
//
// Implements  RFC 9382 §3.3 and §4 (M and N of P-256)
// Not here    transcript, keys and confirmation (crypto/spake2.h)
// Ownership   borrows everything for the call

#ifndef CRYPTO_SPAKE2_POINT_H
#define CRYPTO_SPAKE2_POINT_H

#include "base/bytes.h"
#include "base/err.h"

#define SPAKE2_SCALAR_SIZE 32
#define SPAKE2_POINT_SIZE 65 // Uncompressed: 4, x, y.
#define SPAKE2_WIDE_SIZE 40  // Eight bytes more than the order, so that the remainder is uniform.

enum spake2_role { SPAKE2_A, SPAKE2_B };

// `wide` modulo the group's order.
YODEL_MUST_USE enum yodel_err spake2_point_scalar(
    const uint8_t wide[SPAKE2_WIDE_SIZE], uint8_t out[SPAKE2_SCALAR_SIZE]);

// pA = x*P + w*M for A, pB = y*P + w*N for B.
YODEL_MUST_USE enum yodel_err spake2_point_share(enum spake2_role role,
    const uint8_t w[SPAKE2_SCALAR_SIZE], const uint8_t own[SPAKE2_SCALAR_SIZE],
    uint8_t out[SPAKE2_POINT_SIZE]);

// K = x*(pB - w*N) for A, y*(pA - w*M) for B. YODEL_ERR_MALFORMED for a share that is not an
// uncompressed point of the curve, or that leads to the identity.
YODEL_MUST_USE enum yodel_err spake2_point_shared(enum spake2_role role,
    const uint8_t w[SPAKE2_SCALAR_SIZE], const uint8_t own[SPAKE2_SCALAR_SIZE], struct bytes share,
    uint8_t out[SPAKE2_POINT_SIZE]);

#endif
