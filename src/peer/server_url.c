// ICE server URLs.
//
// Implements  RFC 7064 §3.1

#include "peer/server_url.h"

#define STUN_PORT_DEFAULT 3478

static bool take_prefix(struct bytes *text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (text->len < len || memcmp(text->ptr, prefix, len) != 0) {
        return false;
    }
    *text = bytes_sub(*text, len, text->len);
    return true;
}

static enum yodel_err parse_port(uint16_t *port, struct bytes digits)
{
    uint32_t value = 0;

    if (digits.len == 0 || digits.len > 5) {
        return YODEL_ERR_SYNTAX;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') {
            return YODEL_ERR_SYNTAX;
        }
        value = value * 10 + (uint32_t)(digits.ptr[i] - '0');
    }
    if (value == 0 || value > UINT16_MAX) {
        return YODEL_ERR_SYNTAX;
    }
    *port = (uint16_t)value;
    return YODEL_OK;
}

// How long the host at the start of `text` is, brackets included; 0 where there is none.
static size_t host_len(struct bytes text)
{
    bool bracketed = text.len > 0 && text.ptr[0] == '[';
    size_t len = 0;

    while (len < text.len && text.ptr[len] != (bracketed ? ']' : ':')) {
        if (text.ptr[len] <= ' ' || text.ptr[len] == '/' || text.ptr[len] == '?') {
            return 0;
        }
        len++;
    }
    if (!bracketed) {
        return len;
    }
    return len < text.len && len > 1 ? len + 1 : 0;
}

enum yodel_err server_url_parse(struct server_url *url, struct bytes text)
{
    struct server_url parsed = {.port = STUN_PORT_DEFAULT};

    if (!take_prefix(&text, "stun:")) {
        bool is_known = take_prefix(&text, "turn:") || take_prefix(&text, "turns:") ||
                        take_prefix(&text, "stuns:");
        return is_known ? YODEL_ERR_NOT_SUPPORTED : YODEL_ERR_SYNTAX;
    }
    struct bytes host = bytes_sub(text, 0, host_len(text));
    struct bytes rest = bytes_sub(text, host.len, text.len);
    if (rest.len > 0 && (rest.ptr[0] != ':' ||
                            parse_port(&parsed.port, bytes_sub(rest, 1, rest.len)) != YODEL_OK)) {
        return YODEL_ERR_SYNTAX;
    }
    if (host.len > 0 && host.ptr[0] == '[') {
        host = bytes_sub(host, 1, host.len - 2);
    }
    if (host.len == 0 || host.len >= sizeof parsed.host) {
        return YODEL_ERR_SYNTAX;
    }
    memcpy(parsed.host, host.ptr, host.len);
    *url = parsed;
    return YODEL_OK;
}
