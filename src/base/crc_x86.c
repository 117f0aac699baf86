// CRC32c on x86-64: SSE4.2's crc32 instruction in three lanes, joined by a carry-less product.
//
// The instruction takes three cycles and starts one a cycle, so three independent lanes keep it
// busy. A lane's register belongs before the bytes of the lanes behind it: moving it there is a
// product with x^(8n) modulo the polynomial, for which crc32 over zero does the reduction, and its
// own shift by 64 less the 31 of a reflected product is why the constants are x^(8n - 33).

#include <immintrin.h>

#include "base/crc_fast.h"

#define LANE_SIZE 128
#define SHIFT_1_LANE 0x0d3b6092 // x^(8 * 128 - 33)
#define SHIFT_2_LANE 0xb9e02b86 // x^(8 * 256 - 33)

#define FAST YODEL_TARGET("sse4.2,pclmul")

bool crc_fast_works(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

static uint64_t load(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

FAST static uint64_t shifted(uint64_t state, uint32_t by)
{
    __m128i product = _mm_clmulepi64_si128(
        _mm_cvtsi64_si128((long long)state), _mm_cvtsi64_si128((long long)by), 0);

    return (uint64_t)_mm_cvtsi128_si64(product);
}

FAST static uint64_t three_lanes(uint64_t state, const uint8_t *at)
{
    uint64_t a = state;
    uint64_t b = 0;
    uint64_t c = 0;

    for (size_t i = 0; i < LANE_SIZE; i += 8) {
        a = _mm_crc32_u64(a, load(at + i));
        b = _mm_crc32_u64(b, load(at + LANE_SIZE + i));
        c = _mm_crc32_u64(c, load(at + 2 * LANE_SIZE + i));
    }
    return c ^ _mm_crc32_u64(0, shifted(a, SHIFT_2_LANE) ^ shifted(b, SHIFT_1_LANE));
}

FAST uint32_t crc_fast_crc32c(uint32_t start, struct bytes data)
{
    uint64_t state = start;

    while (data.len >= 3 * LANE_SIZE) {
        state = three_lanes(state, data.ptr);
        data.ptr += 3 * LANE_SIZE;
        data.len -= 3 * LANE_SIZE;
    }
    while (data.len >= 8) {
        state = _mm_crc32_u64(state, load(data.ptr));
        data.ptr += 8;
        data.len -= 8;
    }
    for (size_t i = 0; i < data.len; i++) {
        state = _mm_crc32_u8((uint32_t)state, data.ptr[i]);
    }
    return (uint32_t)state;
}
