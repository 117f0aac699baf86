// CRC: eight bytes a step through tables, and CRC32c in hardware where the machine has it.
//
// Implements  the checks described in crc.h
//
// A table's entry is linear in its index, so each table is written as the eight values that belong
// to a single bit, and the compiler works out the other 248.

#include "base/crc.h"

#include "base/crc_fast.h"

#define BIT(i, b, value) ((i) >> (b)&1 ? (value) : 0u)
#define BYTE(i, b0, b1, b2, b3, b4, b5, b6, b7)                                                    \
    (BIT(i, 0, b0) ^ BIT(i, 1, b1) ^ BIT(i, 2, b2) ^ BIT(i, 3, b3) ^ BIT(i, 4, b4) ^               \
        BIT(i, 5, b5) ^ BIT(i, 6, b6) ^ BIT(i, 7, b7))
#define BYTES4(i, ...)                                                                             \
    BYTE(i, __VA_ARGS__), BYTE((i) + 1, __VA_ARGS__), BYTE((i) + 2, __VA_ARGS__),                  \
        BYTE((i) + 3, __VA_ARGS__)
#define BYTES16(i, ...)                                                                            \
    BYTES4(i, __VA_ARGS__), BYTES4((i) + 4, __VA_ARGS__), BYTES4((i) + 8, __VA_ARGS__),            \
        BYTES4((i) + 12, __VA_ARGS__)
#define BYTES64(i, ...)                                                                            \
    BYTES16(i, __VA_ARGS__), BYTES16((i) + 16, __VA_ARGS__), BYTES16((i) + 32, __VA_ARGS__),       \
        BYTES16((i) + 48, __VA_ARGS__)
#define BYTES(...)                                                                                 \
    BYTES64(0, __VA_ARGS__), BYTES64(64, __VA_ARGS__), BYTES64(128, __VA_ARGS__),                  \
        BYTES64(192, __VA_ARGS__)

// Row k: what a byte does to the register when k more bytes follow it in the same step.
// clang-format off
static const uint32_t ieee[8][256] = {
    {BYTES(0x77073096u, 0xee0e612cu, 0x076dc419u, 0x0edb8832u, 0x1db71064u, 0x3b6e20c8u, 0x76dc4190u, 0xedb88320u)},
    {BYTES(0x191b3141u, 0x32366282u, 0x646cc504u, 0xc8d98a08u, 0x4ac21251u, 0x958424a2u, 0xf0794f05u, 0x3b83984bu)},
    {BYTES(0x01c26a37u, 0x0384d46eu, 0x0709a8dcu, 0x0e1351b8u, 0x1c26a370u, 0x384d46e0u, 0x709a8dc0u, 0xe1351b80u)},
    {BYTES(0xb8bc6765u, 0xaa09c88bu, 0x8f629757u, 0xc5b428efu, 0x5019579fu, 0xa032af3eu, 0x9b14583du, 0xed59b63bu)},
    {BYTES(0x3d6029b0u, 0x7ac05360u, 0xf580a6c0u, 0x30704bc1u, 0x60e09782u, 0xc1c12f04u, 0x58f35849u, 0xb1e6b092u)},
    {BYTES(0xcb5cd3a5u, 0x4dc8a10bu, 0x9b914216u, 0xec53826du, 0x03d6029bu, 0x07ac0536u, 0x0f580a6cu, 0x1eb014d8u)},
    {BYTES(0xa6770bb4u, 0x979f1129u, 0xf44f2413u, 0x33ef4e67u, 0x67de9cceu, 0xcfbd399cu, 0x440b7579u, 0x8816eaf2u)},
    {BYTES(0xccaa009eu, 0x4225077du, 0x844a0efau, 0xd3e51bb5u, 0x7cbb312bu, 0xf9766256u, 0x299dc2edu, 0x533b85dau)},
};
static const uint32_t castagnoli[8][256] = {
    {BYTES(0xf26b8303u, 0xe13b70f7u, 0xc79a971fu, 0x8ad958cfu, 0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu, 0x82f63b78u)},
    {BYTES(0x13a29877u, 0x274530eeu, 0x4e8a61dcu, 0x9d14c3b8u, 0x3fc5f181u, 0x7f8be302u, 0xff17c604u, 0xfbc3faf9u)},
    {BYTES(0xa541927eu, 0x4f6f520du, 0x9edea41au, 0x38513ec5u, 0x70a27d8au, 0xe144fb14u, 0xc76580d9u, 0x8b277743u)},
    {BYTES(0xdd45aab8u, 0xbf672381u, 0x7b2231f3u, 0xf64463e6u, 0xe964b13du, 0xd725148bu, 0xaba65fe7u, 0x52a0c93fu)},
    {BYTES(0x38116facu, 0x7022df58u, 0xe045beb0u, 0xc5670b91u, 0x8f2261d3u, 0x1ba8b557u, 0x37516aaeu, 0x6ea2d55cu)},
    {BYTES(0xef306b19u, 0xdb8ca0c3u, 0xb2f53777u, 0x6006181fu, 0xc00c303eu, 0x85f4168du, 0x0e045bebu, 0x1c08b7d6u)},
    {BYTES(0x68032cc8u, 0xd0065990u, 0xa5e0c5d1u, 0x4e2dfd53u, 0x9c5bfaa6u, 0x3d5b83bdu, 0x7ab7077au, 0xf56e0ef4u)},
    {BYTES(0x493c7d27u, 0x9278fa4eu, 0x211d826du, 0x423b04dau, 0x847609b4u, 0x0d006599u, 0x1a00cb32u, 0x34019664u)},
};
// clang-format on

static uint32_t load_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t step_8(const uint32_t table[8][256], uint32_t state, const uint8_t *p)
{
    uint32_t low = state ^ load_le32(p);
    uint32_t high = load_le32(p + 4);

    return table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
           table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
           table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
}

static uint32_t run(const uint32_t table[8][256], uint32_t state, struct bytes data)
{
    while (data.len >= 8) {
        state = step_8(table, state, data.ptr);
        data.ptr += 8;
        data.len -= 8;
    }
    for (size_t i = 0; i < data.len; i++) {
        state = state >> 8 ^ table[0][(state ^ data.ptr[i]) & 0xff];
    }
    return state;
}

uint32_t crc_crc32(uint32_t crc, struct bytes data)
{
    return ~run(ieee, ~crc, data);
}

uint32_t crc_crc32c_portable(uint32_t crc, struct bytes data)
{
    return ~run(castagnoli, ~crc, data);
}

uint32_t crc_crc32c(uint32_t crc, struct bytes data)
{
    if (YODEL_LIKELY(crc_fast_works())) {
        return ~crc_fast_crc32c(~crc, data);
    }
    return crc_crc32c_portable(crc, data);
}
