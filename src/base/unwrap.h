// Unwrap: a 16-, 24- or 32-bit counter on the wire becomes a 64-bit one that never wraps, at the parse
// edge.
//
// Ownership   values only
// Limits      right while the true value lies within half the wire's range of the value it is near

#ifndef BASE_UNWRAP_H
#define BASE_UNWRAP_H

#include <stdint.h>

// A first value starts one whole turn up, so that what came shortly before it is not below zero.
static inline uint64_t unwrap_start_u16(uint16_t wire)
{
    return (uint64_t)1 << 16 | wire;
}

static inline uint64_t unwrap_start_u24(uint32_t wire)
{
    return (uint64_t)1 << 24 | wire;
}

static inline uint64_t unwrap_start_u32(uint32_t wire)
{
    return (uint64_t)1 << 32 | wire;
}

// The one value that looks like `wire` and lies nearest to `near`.
static inline uint64_t unwrap_u16(uint64_t near, uint16_t wire)
{
    return near + (uint64_t)(int64_t)(int16_t)(uint16_t)(wire - (uint16_t)near);
}

// `wire` is below 1 << 24.
static inline uint64_t unwrap_u24(uint64_t near, uint32_t wire)
{
    uint32_t distance = (wire - (uint32_t)near) << 8; // Its highest bit is the sign.

    return near + (uint64_t)(int64_t)((int32_t)distance / 256);
}

static inline uint64_t unwrap_u32(uint64_t near, uint32_t wire)
{
    return near + (uint64_t)(int64_t)(int32_t)(wire - (uint32_t)near);
}

#endif
