// CRC32c without instructions for it: the portable code does the work.

#include "base/assert.h"
#include "base/crc_fast.h"

bool crc_fast_works(void)
{
    return false;
}

uint32_t crc_fast_crc32c(uint32_t state, struct bytes data)
{
    YODEL_ASSERT(data.len == 0);
    return state;
}
