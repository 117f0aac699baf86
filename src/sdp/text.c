// SDP text: see the header.

#include "sdp/text.h"

#include "sdp/sdp.h"

struct bytes sdp_text_take(struct bytes *rest, uint8_t separator)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->ptr, separator, rest->len) : NULL;
    struct bytes taken = *rest;

    if (!end) {
        *rest = (struct bytes){0};
        return taken;
    }
    taken.len = (size_t)(end - rest->ptr);
    *rest = bytes_sub(*rest, taken.len + 1, rest->len);
    return taken;
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool sdp_text_is_token(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (!is_alphanumeric(c) && (c < '!' || c > '~' || memchr("\"(),/:;<=>?@[\\]", c, 15))) {
            return false;
        }
    }
    return text.len > 0 && text.len <= SDP_TOKEN_MAX;
}

bool sdp_text_is_proto(struct bytes text)
{
    struct bytes rest = text;

    do {
        if (!sdp_text_is_token(sdp_text_take(&rest, '/'))) {
            return false;
        }
    } while (rest.len > 0);
    return text.ptr[text.len - 1] != '/' && text.len <= SDP_TOKEN_MAX;
}

bool sdp_text_is_digits(struct bytes text)
{
    uint64_t number;

    return sdp_text_number(text, &number);
}

bool sdp_text_is_rid(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_alphanumeric(text.ptr[i]) && text.ptr[i] != '-' && text.ptr[i] != '_') {
            return false;
        }
    }
    return text.len > 0 && text.len <= SDP_RID_MAX;
}

bool sdp_text_is_visible(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return text.len > 0;
}

bool sdp_text_is_ice(struct bytes text, size_t min, size_t max)
{
    for (size_t i = 0; i < text.len; i++) {
        // RFC 8839 §5.4 has "+" and "/" only; there are stacks that use the others, and browsers
        // let them pass.
        if (!is_alphanumeric(text.ptr[i]) && !memchr("+/-_=#", text.ptr[i], 6)) {
            return false;
        }
    }
    return text.len >= min && text.len <= max;
}

bool sdp_text_number(struct bytes text, uint64_t *number)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t digit = (uint8_t)(text.ptr[i] - '0');

        if (digit > 9) {
            return false;
        }
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *number = value;
    return text.len > 0 && text.len <= SDP_TOKEN_MAX;
}

bool sdp_text_equal(struct bytes text, const char *want)
{
    return bytes_equal(text, bytes_of_text(want));
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool sdp_text_equal_any_case(struct bytes text, const char *want)
{
    for (size_t i = 0; i < text.len; i++) {
        if (want[i] == '\0' || lower(text.ptr[i]) != lower((uint8_t)want[i])) {
            return false;
        }
    }
    return want[text.len] == '\0';
}
