// SPAKE2: from the password to w, and from the transcript to the keys.

#include "crypto/spake2_schedule.h"

#include "base/assert.h"
#include "crypto/hash.h"
#include "crypto/hkdf.h"
#include "crypto/secret.h"

#define PASSWORD_CONTEXT "yodel spake2 password v1"
// RFC 9382 §4; our associated data is empty, since the identities say it all.
#define CONFIRM_CONTEXT "ConfirmationKeys"
#define TRANSCRIPT_MAX (6 * 8 + 2 * SPAKE2_ID_MAX + 3 * SPAKE2_POINT_SIZE + SPAKE2_SCALAR_SIZE)

enum yodel_err spake2_schedule_password(struct bytes password, uint8_t w[SPAKE2_SCALAR_SIZE])
{
    uint8_t key[CRYPTO_SHA256_SIZE], wide[SPAKE2_WIDE_SIZE];

    crypto_hkdf_extract((struct bytes){0}, password, key);
    crypto_hkdf_expand(
        bytes_of(key, sizeof key), bytes_of_text(PASSWORD_CONTEXT), span_of(wide, sizeof wide));
    enum yodel_err err = spake2_point_scalar(wide, w);
    secret_wipe_span(span_of(key, sizeof key));
    secret_wipe_span(span_of(wide, sizeof wide));
    return err;
}

// RFC 9382 §3.3: each part behind its length, eight bytes of it, the least significant first.
static void put_part(struct writer *w, struct bytes part)
{
    for (int shift = 0; shift < 64; shift += 8) {
        put_u8(w, (uint8_t)((uint64_t)part.len >> shift));
    }
    put_bytes(w, part);
}

static void put_transcript(struct writer *w, const struct spake2_transcript *t)
{
    put_part(w, t->id_a);
    put_part(w, t->id_b);
    put_part(w, bytes_of(t->share_a, SPAKE2_POINT_SIZE));
    put_part(w, bytes_of(t->share_b, SPAKE2_POINT_SIZE));
    put_part(w, bytes_of(t->shared, SPAKE2_POINT_SIZE));
    put_part(w, bytes_of(t->w, SPAKE2_SCALAR_SIZE));
    YODEL_ASSERT(!w->failed);
}

void spake2_schedule_keys(const struct spake2_transcript *transcript, struct spake2_keys *keys)
{
    uint8_t room[TRANSCRIPT_MAX], halves[CRYPTO_SHA256_SIZE], confirm[2 * SPAKE2_KEY_SIZE];
    struct writer w = writer_of(span_of(room, sizeof room));

    put_transcript(&w, transcript);
    // RFC 9382 §4: Hash(TT) = Ke || Ka, and KDF(Ka) = KcA || KcB.
    crypto_sha256(writer_bytes(&w), halves);
    memcpy(keys->encryption, halves, SPAKE2_KEY_SIZE);
    memcpy(keys->authentication, halves + SPAKE2_KEY_SIZE, SPAKE2_KEY_SIZE);
    crypto_hkdf_extract((struct bytes){0}, bytes_of(keys->authentication, SPAKE2_KEY_SIZE), halves);
    crypto_hkdf_expand(bytes_of(halves, sizeof halves), bytes_of_text(CONFIRM_CONTEXT),
        span_of(confirm, sizeof confirm));
    for (int role = 0; role < 2; role++) {
        memcpy(keys->confirm[role], confirm + role * SPAKE2_KEY_SIZE, SPAKE2_KEY_SIZE);
        crypto_hmac_sha256(
            bytes_of(keys->confirm[role], SPAKE2_KEY_SIZE), writer_bytes(&w), keys->proof[role]);
    }
    secret_wipe_span(span_of(room, sizeof room));
    secret_wipe_span(span_of(halves, sizeof halves));
    secret_wipe_span(span_of(confirm, sizeof confirm));
}
