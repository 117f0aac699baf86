// SPAKE2: the exchange's state.

#include "crypto/spake2.h"

#include "base/assert.h"
#include "crypto/secret.h"
#include "crypto/spake2_schedule.h"

// New -> finished -> verified, or refused for good.
enum spake2_state { SPAKE2_NEW, SPAKE2_FINISHED, SPAKE2_VERIFIED, SPAKE2_REFUSED };

struct spake2 {
    struct alloc *alloc;
    enum spake2_role role;
    enum spake2_state state;
    size_t id_a_len, id_b_len;
    uint8_t id_a[SPAKE2_ID_MAX], id_b[SPAKE2_ID_MAX];
    uint8_t w[SPAKE2_SCALAR_SIZE];
    uint8_t own[SPAKE2_SCALAR_SIZE]; // x of A, y of B.
    uint8_t share[SPAKE2_POINT_SIZE];
    struct spake2_keys keys;
};

// A uniform scalar that is not 0, which would show w*M itself.
static enum yodel_err choose_scalar(const struct env *env, uint8_t out[SPAKE2_SCALAR_SIZE])
{
    static const uint8_t zero[SPAKE2_SCALAR_SIZE] = {0};
    uint8_t wide[SPAKE2_WIDE_SIZE];
    enum yodel_err err;

    do {
        env_random(env, span_of(wide, sizeof wide));
        err = spake2_point_scalar(wide, out);
    } while (err == YODEL_OK &&
             crypto_equal(bytes_of(out, SPAKE2_SCALAR_SIZE), bytes_of(zero, sizeof zero)));
    secret_wipe_span(span_of(wide, sizeof wide));
    return err;
}

static void copy(uint8_t *to, struct bytes from)
{
    if (from.len > 0) {
        memcpy(to, from.ptr, from.len);
    }
}

enum yodel_err spake2_identify(struct spake2 *spake2, struct bytes id_a, struct bytes id_b)
{
    if (id_a.len > SPAKE2_ID_MAX || id_b.len > SPAKE2_ID_MAX) {
        return YODEL_ERR_RANGE;
    }
    if (spake2->state != SPAKE2_NEW) {
        return YODEL_ERR_INVALID_STATE;
    }
    spake2->id_a_len = id_a.len;
    spake2->id_b_len = id_b.len;
    copy(spake2->id_a, id_a);
    copy(spake2->id_b, id_b);
    return YODEL_OK;
}

enum yodel_err spake2_new(
    const struct env *env, const struct spake2_options *options, struct spake2 **out)
{
    if (options->password.len == 0 || options->password.len > SPAKE2_PASSWORD_MAX ||
        options->id_a.len > SPAKE2_ID_MAX || options->id_b.len > SPAKE2_ID_MAX) {
        return YODEL_ERR_RANGE;
    }
    struct spake2 *spake2 = alloc_new(env->alloc, sizeof *spake2);
    if (!spake2) {
        return YODEL_ERR_NO_MEMORY;
    }
    spake2->alloc = env->alloc;
    spake2->role = options->role;
    enum yodel_err err = spake2_identify(spake2, options->id_a, options->id_b);
    YODEL_ASSERT(err == YODEL_OK);
    err = spake2_schedule_password(options->password, spake2->w);
    if (err == YODEL_OK) {
        err = choose_scalar(env, spake2->own);
    }
    if (err == YODEL_OK) {
        err = spake2_point_share(spake2->role, spake2->w, spake2->own, spake2->share);
    }
    if (err != YODEL_OK) {
        spake2_free(spake2);
        return err;
    }
    *out = spake2;
    return YODEL_OK;
}

void spake2_free(struct spake2 *spake2)
{
    if (!spake2) {
        return;
    }
    struct alloc *alloc = spake2->alloc;
    secret_wipe_span(span_of(spake2, sizeof *spake2));
    alloc_free(alloc, spake2);
}

void spake2_message(const struct spake2 *spake2, uint8_t out[SPAKE2_MESSAGE_SIZE])
{
    memcpy(out, spake2->share, SPAKE2_MESSAGE_SIZE);
}

enum yodel_err spake2_finish(struct spake2 *spake2, struct bytes message)
{
    uint8_t shared[SPAKE2_POINT_SIZE];
    bool is_a = spake2->role == SPAKE2_A;

    if (spake2->state != SPAKE2_NEW) {
        return YODEL_ERR_INVALID_STATE;
    }
    enum yodel_err err = spake2_point_shared(spake2->role, spake2->w, spake2->own, message, shared);
    if (err != YODEL_OK) {
        spake2->state = SPAKE2_REFUSED; // A second try would be a second guess.
        return err;
    }
    struct spake2_transcript transcript = {
        .id_a = bytes_of(spake2->id_a, spake2->id_a_len),
        .id_b = bytes_of(spake2->id_b, spake2->id_b_len),
        .share_a = is_a ? spake2->share : message.ptr,
        .share_b = is_a ? message.ptr : spake2->share,
        .shared = shared,
        .w = spake2->w,
    };
    spake2_schedule_keys(&transcript, &spake2->keys);
    secret_wipe_span(span_of(shared, sizeof shared));
    secret_wipe_span(span_of(spake2->own, sizeof spake2->own));
    spake2->state = SPAKE2_FINISHED;
    return YODEL_OK;
}

enum yodel_err spake2_confirmation(
    const struct spake2 *spake2, uint8_t out[SPAKE2_CONFIRMATION_SIZE])
{
    if (spake2->state != SPAKE2_FINISHED && spake2->state != SPAKE2_VERIFIED) {
        return YODEL_ERR_INVALID_STATE;
    }
    memcpy(out, spake2->keys.proof[spake2->role], SPAKE2_CONFIRMATION_SIZE);
    return YODEL_OK;
}

enum yodel_err spake2_verify(struct spake2 *spake2, struct bytes confirmation)
{
    const uint8_t *want = spake2->keys.proof[spake2->role == SPAKE2_A ? SPAKE2_B : SPAKE2_A];

    if (spake2->state == SPAKE2_NEW) {
        return YODEL_ERR_INVALID_STATE;
    }
    if (spake2->state == SPAKE2_REFUSED ||
        !crypto_equal(confirmation, bytes_of(want, SPAKE2_CONFIRMATION_SIZE))) {
        spake2->state = SPAKE2_REFUSED;
        return YODEL_ERR_UNAUTHENTIC;
    }
    spake2->state = SPAKE2_VERIFIED;
    return YODEL_OK;
}

enum yodel_err spake2_key(const struct spake2 *spake2, uint8_t out[SPAKE2_KEY_SIZE])
{
    if (spake2->state != SPAKE2_VERIFIED) {
        return YODEL_ERR_INVALID_STATE;
    }
    memcpy(out, spake2->keys.encryption, SPAKE2_KEY_SIZE);
    return YODEL_OK;
}
