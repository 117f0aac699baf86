// Codes as typed: whatever comes, what is read is a code that reads the same again.

#include "signaling/phrase.h"

#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signaling_phrase code, again;
    char why[SIGNALING_WHY_MAX];

    if (signaling_phrase_parse(&code, bytes_of(data, size), why) == YODEL_OK) {
        enum yodel_err err = signaling_phrase_parse(&again, bytes_of_text(code.text), why);
        YODEL_ASSERT(err == YODEL_OK && strcmp(code.text, again.text) == 0);
    }
    return 0;
}
