// Fingerprints: what parses is written back as the same text, but for case.

#include "base/assert.h"
#include "crypto/fingerprint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t value[CRYPTO_FINGERPRINT_MAX], text[CRYPTO_FINGERPRINT_TEXT_MAX];
    size_t len = 0;

    if (crypto_fingerprint_parse(value, &len, bytes_of(data, size)) == YODEL_OK) {
        struct writer w = writer_of(span_of(text, sizeof text));

        crypto_fingerprint_write(&w, bytes_of(value, len));
        YODEL_ASSERT(!w.failed && w.len == size);
        for (size_t i = 0; i < size; i++) {
            YODEL_ASSERT(text[i] == data[i] || text[i] == (data[i] ^ 0x20));
        }
    }
    return 0;
}
