// CRC: the two 32-bit checks that our protocols carry, over bytes in one piece or several.
//
// Implements  CRC-32 as in ISO/IEC/IEEE 8802-3 (STUN's FINGERPRINT), CRC32c as in RFC 9260 Appendix
//             A
// Not here    how a protocol stores the result: STUN xors it and sends it big-endian, SCTP sends it
//             little-endian

#ifndef BASE_CRC_H
#define BASE_CRC_H

#include "base/bytes.h"

// Both: `crc` is 0 at first, or what came back for the bytes just before these.
uint32_t crc_crc32(uint32_t crc, struct bytes data);
uint32_t crc_crc32c(uint32_t crc, struct bytes data);

// What crc_crc32c does on a machine without instructions for it; for tests and comparisons.
uint32_t crc_crc32c_portable(uint32_t crc, struct bytes data);

#endif
