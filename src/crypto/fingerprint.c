// Fingerprints: hexadecimal pairs with colons, both ways.

#include "crypto/fingerprint.h"

#include "base/hex.h"

enum yodel_err crypto_fingerprint_parse(
    uint8_t value[CRYPTO_FINGERPRINT_MAX], size_t *len, struct bytes text)
{
    uint8_t parsed[CRYPTO_FINGERPRINT_MAX];
    struct reader r = reader_of(text);
    size_t count = 0;

    // RFC 8122 §5 demands upper case. Browsers send it, and lower case does no harm.
    do {
        int high = hex_digit(read_u8(&r));
        int low = hex_digit(read_u8(&r));

        if (r.failed || high < 0 || low < 0 || count == CRYPTO_FINGERPRINT_MAX) {
            return YODEL_ERR_SYNTAX;
        }
        parsed[count++] = (uint8_t)(high << 4 | low);
    } while (r.left > 0 && read_u8(&r) == ':');
    // What ended the loop was the end, or a byte that is no colon, or a colon with nothing after
    // it.
    if (!reader_at_end(&r) || text.len != count * 3 - 1) {
        return YODEL_ERR_SYNTAX;
    }
    memcpy(value, parsed, count);
    *len = count;
    return YODEL_OK;
}

void crypto_fingerprint_write(struct writer *w, struct bytes value)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < value.len; i++) {
        if (i > 0) {
            put_u8(w, ':');
        }
        put_u8(w, (uint8_t)digits[value.ptr[i] >> 4]);
        put_u8(w, (uint8_t)digits[value.ptr[i] & 15]);
    }
}
