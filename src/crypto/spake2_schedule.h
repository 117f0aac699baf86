// SPAKE2's transcript, and the keys that come out of it.
//
// Implements  RFC 9382 §3.3 (transcript), §4 (key schedule)
// Ownership   borrows everything for the call; the keys are secrets, which the caller wipes

#ifndef CRYPTO_SPAKE2_SCHEDULE_H
#define CRYPTO_SPAKE2_SCHEDULE_H

#include "crypto/spake2.h"

struct spake2_transcript {
    struct bytes id_a, id_b;
    const uint8_t *share_a, *share_b, *shared; // SPAKE2_POINT_SIZE each.
    const uint8_t *w;                          // SPAKE2_SCALAR_SIZE.
};

struct spake2_keys {
    uint8_t encryption[SPAKE2_KEY_SIZE];        // Ke, for the application.
    uint8_t authentication[SPAKE2_KEY_SIZE];    // Ka.
    uint8_t confirm[2][SPAKE2_KEY_SIZE];        // KcA and KcB.
    uint8_t proof[2][SPAKE2_CONFIRMATION_SIZE]; // What A and B send.
};

// w, from what people type.
YODEL_MUST_USE enum yodel_err spake2_schedule_password(
    struct bytes password, uint8_t w[SPAKE2_SCALAR_SIZE]);

void spake2_schedule_keys(const struct spake2_transcript *transcript, struct spake2_keys *keys);

#endif
