// SPAKE2 on P-256 over libcrypto.

#include "crypto/spake2_point.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#define POINT_COMPRESSED_SIZE 33
#define POINT_UNCOMPRESSED 4 // SEC 1 §2.3.3: the first byte.

// RFC 9382 §4: points whose discrete logarithm nobody knows. A blinds with M, B with N.
static const uint8_t blinds[2][POINT_COMPRESSED_SIZE] = {
    [SPAKE2_A] = {0x02, 0x88, 0x6e, 0x2f, 0x97, 0xac, 0xe4, 0x6e, 0x55, 0xba, 0x9d, 0xd7, 0x24,
        0x25, 0x79, 0xf2, 0x99, 0x3b, 0x64, 0xe1, 0x6e, 0xf3, 0xdc, 0xab, 0x95, 0xaf, 0xd4, 0x97,
        0x33, 0x3d, 0x8f, 0xa1, 0x2f},
    [SPAKE2_B] = {0x03, 0xd8, 0xbb, 0xd6, 0xc6, 0x39, 0xc6, 0x29, 0x37, 0xb0, 0x4d, 0x99, 0x7f,
        0x38, 0xc3, 0x77, 0x07, 0x19, 0xc6, 0x29, 0xd7, 0x01, 0x4d, 0x49, 0xa2, 0x4b, 0x4f, 0x98,
        0xba, 0xa1, 0x29, 0x2b, 0x49},
};

// What one calculation needs of libcrypto, gathered so that it is freed in one place.
struct curve {
    EC_GROUP *group;
    BN_CTX *ctx;
    BIGNUM *w, *own;
    EC_POINT *blind, *share, *result;
};

static void curve_close(struct curve *c)
{
    EC_POINT_clear_free(c->result);
    EC_POINT_free(c->share);
    EC_POINT_free(c->blind);
    BN_clear_free(c->own);
    BN_clear_free(c->w);
    BN_CTX_free(c->ctx);
    EC_GROUP_free(c->group);
    ERR_clear_error();
}

// Both scalars are secret: libcrypto takes its constant-time paths for them.
static BIGNUM *read_scalar(const uint8_t scalar[SPAKE2_SCALAR_SIZE])
{
    BIGNUM *number = BN_secure_new();

    if (number && !BN_bin2bn(scalar, SPAKE2_SCALAR_SIZE, number)) {
        BN_clear_free(number);
        return NULL;
    }
    if (number) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
    }
    return number;
}

static bool curve_open(
    struct curve *c, enum spake2_role blinded_by, const uint8_t *w, const uint8_t *own)
{
    *c = (struct curve){.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
    if (!c->group) {
        return false;
    }
    c->ctx = BN_CTX_secure_new();
    c->w = read_scalar(w);
    c->own = read_scalar(own);
    c->blind = EC_POINT_new(c->group);
    c->share = EC_POINT_new(c->group);
    c->result = EC_POINT_new(c->group);
    return c->ctx && c->w && c->own && c->blind && c->share && c->result &&
           EC_POINT_oct2point(
               c->group, c->blind, blinds[blinded_by], POINT_COMPRESSED_SIZE, c->ctx) == 1;
}

static bool write_result(struct curve *c, uint8_t out[SPAKE2_POINT_SIZE])
{
    return EC_POINT_point2oct(c->group, c->result, POINT_CONVERSION_UNCOMPRESSED, out,
               SPAKE2_POINT_SIZE, c->ctx) == SPAKE2_POINT_SIZE;
}

enum yodel_err spake2_point_scalar(
    const uint8_t wide[SPAKE2_WIDE_SIZE], uint8_t out[SPAKE2_SCALAR_SIZE])
{
    static const uint8_t zero[SPAKE2_SCALAR_SIZE] = {0};
    struct curve c;
    bool done = curve_open(&c, SPAKE2_A, zero, zero) && BN_bin2bn(wide, SPAKE2_WIDE_SIZE, c.w) &&
                BN_nnmod(c.own, c.w, EC_GROUP_get0_order(c.group), c.ctx) == 1 &&
                BN_bn2binpad(c.own, out, SPAKE2_SCALAR_SIZE) == SPAKE2_SCALAR_SIZE;

    curve_close(&c);
    return done ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

enum yodel_err spake2_point_share(enum spake2_role role, const uint8_t w[SPAKE2_SCALAR_SIZE],
    const uint8_t own[SPAKE2_SCALAR_SIZE], uint8_t out[SPAKE2_POINT_SIZE])
{
    struct curve c;
    bool done = curve_open(&c, role, w, own) &&
                EC_POINT_mul(c.group, c.result, c.own, c.blind, c.w, c.ctx) == 1 &&
                write_result(&c, out);

    curve_close(&c);
    return done ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

// Reads the peer's share: SEC 1 §2.3.4, of which oct2point checks that the point is on the curve.
static bool read_share(struct curve *c, struct bytes share)
{
    return share.len == SPAKE2_POINT_SIZE && share.ptr[0] == POINT_UNCOMPRESSED &&
           EC_POINT_oct2point(c->group, c->share, share.ptr, share.len, c->ctx) == 1;
}

// result = own * (share - w * blind). P-256 has cofactor 1, so there is no small subgroup to leave.
static enum yodel_err reach(struct curve *c, uint8_t out[SPAKE2_POINT_SIZE])
{
    if (EC_POINT_mul(c->group, c->result, NULL, c->blind, c->w, c->ctx) != 1 ||
        EC_POINT_invert(c->group, c->result, c->ctx) != 1 ||
        EC_POINT_add(c->group, c->share, c->share, c->result, c->ctx) != 1 ||
        EC_POINT_mul(c->group, c->result, NULL, c->share, c->own, c->ctx) != 1) {
        return YODEL_ERR_NO_MEMORY;
    }
    if (EC_POINT_is_at_infinity(c->group, c->result)) {
        return YODEL_ERR_MALFORMED;
    }
    return write_result(c, out) ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

enum yodel_err spake2_point_shared(enum spake2_role role, const uint8_t w[SPAKE2_SCALAR_SIZE],
    const uint8_t own[SPAKE2_SCALAR_SIZE], struct bytes share, uint8_t out[SPAKE2_POINT_SIZE])
{
    struct curve c;
    enum yodel_err err = YODEL_ERR_NO_MEMORY;

    // The peer's blind, not ours, has to come off.
    if (curve_open(&c, role == SPAKE2_A ? SPAKE2_B : SPAKE2_A, w, own)) {
        err = read_share(&c, share) ? reach(&c, out) : YODEL_ERR_MALFORMED;
    }
    curve_close(&c);
    return err;
}
