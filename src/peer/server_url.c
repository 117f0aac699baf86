// ICE server URLs.
//
// Implements  RFC 7064 §3.1, RFC 7065 §3.1

#include "peer/server_url.h"

#define PORT_DEFAULT 3478
#define PORT_DEFAULT_TLS 5349

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

static enum yodel_err take_scheme(struct server_url *url, struct bytes *text)
{
    static const struct {
        const char *prefix;
        bool is_turn;
        enum yodel_transport transport;
        uint16_t port;
    } schemes[] = {
        {"stun:", false, YODEL_UDP, PORT_DEFAULT},
        {"turn:", true, YODEL_UDP, PORT_DEFAULT},
        {"turns:", true, YODEL_TLS, PORT_DEFAULT_TLS},
    };

    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (take_prefix(text, schemes[i].prefix)) {
            url->is_turn = schemes[i].is_turn;
            url->transport = schemes[i].transport;
            url->port = schemes[i].port;
            return YODEL_OK;
        }
    }
    return take_prefix(text, "stuns:") ? YODEL_ERR_NOT_SUPPORTED : YODEL_ERR_SYNTAX;
}

// RFC 7065 §3.1: "?transport=" and a protocol below; "turns" over TCP is TLS.
static enum yodel_err take_transport(struct server_url *url, struct bytes query)
{
    bool is_secure = url->transport == YODEL_TLS;

    if (!url->is_turn || !take_prefix(&query, "?transport=")) {
        return YODEL_ERR_SYNTAX;
    }
    if (bytes_equal(query, bytes_of_text("udp"))) {
        return is_secure ? YODEL_ERR_NOT_SUPPORTED : YODEL_OK;
    }
    if (!bytes_equal(query, bytes_of_text("tcp"))) {
        return YODEL_ERR_SYNTAX;
    }
    url->transport = is_secure ? YODEL_TLS : YODEL_TCP;
    return YODEL_OK;
}

// ":port", or nothing.
static enum yodel_err take_port(struct server_url *url, struct bytes text)
{
    if (text.len == 0) {
        return YODEL_OK;
    }
    return text.ptr[0] == ':' ? parse_port(&url->port, bytes_sub(text, 1, text.len))
                              : YODEL_ERR_SYNTAX;
}

static enum yodel_err take_host(struct server_url *url, struct bytes host)
{
    if (host.len > 0 && host.ptr[0] == '[') {
        host = bytes_sub(host, 1, host.len - 2);
    }
    if (host.len == 0 || host.len >= sizeof url->host) {
        return YODEL_ERR_SYNTAX;
    }
    memcpy(url->host, host.ptr, host.len);
    return YODEL_OK;
}

enum yodel_err server_url_parse(struct server_url *url, struct bytes text)
{
    struct server_url parsed = {0};
    enum yodel_err err = take_scheme(&parsed, &text);

    if (err) {
        return err;
    }
    const uint8_t *mark = text.len > 0 ? memchr(text.ptr, '?', text.len) : NULL;
    size_t query_at = mark ? (size_t)(mark - text.ptr) : text.len;
    struct bytes query = bytes_sub(text, query_at, text.len);
    struct bytes place = bytes_sub(text, 0, query_at);
    struct bytes host = bytes_sub(place, 0, host_len(place));
    err = query.len > 0 ? take_transport(&parsed, query) : YODEL_OK;
    if (!err) {
        err = take_host(&parsed, host);
    }
    if (!err) {
        err = take_port(&parsed, bytes_sub(place, host.len, place.len));
    }
    if (!err) {
        *url = parsed;
    }
    return err;
}
