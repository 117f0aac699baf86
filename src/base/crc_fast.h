// CRC32c with the machine's own instructions. The build takes crc_x86.c, crc_arm.c or crc_none.c.
//
// Not here    the check itself and its tables (base/crc.h)

#ifndef BASE_CRC_FAST_H
#define BASE_CRC_FAST_H

#include <stdbool.h>

#include "base/bytes.h"

// Whether this very machine has them.
bool crc_fast_works(void);

// From register to register: without the complement before and after. Only where crc_fast_works.
uint32_t crc_fast_crc32c(uint32_t state, struct bytes data);

#endif
