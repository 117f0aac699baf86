// CRC32c on 64-bit ARM: the CRC extension, optional in ARMv8.0 and always there since ARMv8.1.

#include <arm_acle.h>
#include <sys/auxv.h>

#include "base/crc_fast.h"

bool crc_fast_works(void)
{
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}

YODEL_TARGET("+crc") uint32_t crc_fast_crc32c(uint32_t state, struct bytes data)
{
    while (data.len >= 8) {
        uint64_t word;

        memcpy(&word, data.ptr, sizeof word);
        state = __crc32cd(state, word);
        data.ptr += 8;
        data.len -= 8;
    }
    for (size_t i = 0; i < data.len; i++) {
        state = __crc32cb(state, data.ptr[i]);
    }
    return state;
}
