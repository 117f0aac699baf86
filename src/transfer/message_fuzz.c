// Transfer messages from a hostile peer: parsed, and written again where they parse.

#include "transfer/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct transfer_message message;

    if (transfer_message_parse(&message, bytes_of(data, size)) == YODEL_OK) {
        char *text = transfer_message_write(&message);

        transfer_text_free(text);
        transfer_message_deinit(&message);
    }
    return 0;
}
