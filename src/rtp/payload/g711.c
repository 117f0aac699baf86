// G.711: sign, exponent and four bits of mantissa, inverted on the wire.

#include "rtp/payload/g711.h"

//  |sign| exponent, 3 bits | mantissa, 4 bits |     G.711 tables 1 and 2
//
//  mu-law counts from a bias of 132, so that each exponent has sixteen steps; A-law has equal steps
//  in its two lowest exponents. Values are of 16 bits, of which G.711 defines the upper 14 and 13.

#define SIGN 0x80
#define MANTISSA 0x0f
#define MU_BIAS 132
#define MU_MAX 32635
#define A_FLIP 0x55 // Every other bit is inverted.

static uint8_t mu_encode(int16_t sample)
{
    int32_t size = sample < 0 ? -sample : sample;
    uint32_t value = (uint32_t)(size < MU_MAX ? size : MU_MAX) + MU_BIAS;
    uint32_t exponent = 0;

    while (value >> (exponent + 8) != 0) {
        exponent++;
    }
    uint32_t mantissa = value >> (exponent + 3) & MANTISSA;
    return (uint8_t) ~((sample < 0 ? SIGN : 0u) | exponent << 4 | mantissa);
}

static int16_t mu_decode(uint8_t byte)
{
    uint32_t bits = (uint8_t)~byte;
    int32_t size = (int32_t)(((bits & MANTISSA) << 3 | MU_BIAS) << (bits >> 4 & 7)) - MU_BIAS;

    return (int16_t)((bits & SIGN) != 0 ? -size : size);
}

static uint8_t a_encode(int16_t sample)
{
    uint32_t value = (uint32_t)(sample < 0 ? -(sample + 1) : sample) >> 4;
    uint32_t exponent = 0;

    while (value > 31) {
        value >>= 1;
        exponent++;
    }
    exponent += value > MANTISSA;
    return (uint8_t)(((sample < 0 ? 0u : SIGN) | exponent << 4 | (value & MANTISSA)) ^ A_FLIP);
}

static int16_t a_decode(uint8_t byte)
{
    uint32_t bits = byte ^ A_FLIP, exponent = bits >> 4 & 7;
    uint32_t value = (bits & MANTISSA) << 4 | 8; // The middle of its step.

    if (exponent > 0) {
        value = (value + 256) << (exponent - 1);
    }
    return (int16_t)((bits & SIGN) != 0 ? (int32_t)value : -(int32_t)value);
}

void rtp_g711_decode(enum rtp_g711_law law, struct bytes payload, int16_t *samples)
{
    for (size_t i = 0; i < payload.len; i++) {
        samples[i] = law == RTP_G711_MU ? mu_decode(payload.ptr[i]) : a_decode(payload.ptr[i]);
    }
}

void rtp_g711_put(struct writer *w, enum rtp_g711_law law, const int16_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_u8(w, law == RTP_G711_MU ? mu_encode(samples[i]) : a_encode(samples[i]));
    }
}
