// Names from a hostile peer: whatever comes, what is made of it is safe, and safe again.

#include "transfer/name.h"

#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char safe[TRANSFER_NAME_PATH_MAX], again[TRANSFER_NAME_PATH_MAX];

    if (transfer_name_make_safe(bytes_of(data, size), safe) == YODEL_OK) {
        YODEL_ASSERT(safe[0] != '/' && safe[0] != '\0' && !strstr(safe, "/../"));
        YODEL_ASSERT(strncmp(safe, "../", 3) != 0 && strcmp(safe, "..") != 0);
        YODEL_ASSERT(transfer_name_make_safe(bytes_of_text(safe), again) == YODEL_OK);
        YODEL_ASSERT(strcmp(safe, again) == 0);
    }
    transfer_name_show(bytes_of(data, size), safe, 64);
    return 0;
}
