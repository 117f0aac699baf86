// HTTP proxies, without a socket.

#include "net/proxy.h"

#include <stdio.h>

#include "base/base64.h"

// ---- the URL

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// RFC 3986 §2.1. No NUL may come of it.
static bool decode(char *to, size_t room, struct bytes text)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_of((char)text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_of((char)text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0) {
                return false;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (len + 1 >= room) {
            return false;
        }
        to[len++] = c;
    }
    to[len] = '\0';
    return true;
}

static bool parse_port(uint16_t *port, struct bytes text)
{
    uint32_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || i == 5) {
            return false;
        }
        value = value * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *port = (uint16_t)value;
    return value > 0 && value <= UINT16_MAX;
}

// A host goes into a request's line as it is: no space, no control, nothing that ends it.
static bool is_host(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_word && c != '.' && c != '-' && c != '_' && c != ':') {
            return false;
        }
    }
    return text.len > 0 && text.len < PROXY_HOST_MAX;
}

static struct bytes until(struct bytes text, char end)
{
    const uint8_t *at = text.len > 0 ? memchr(text.ptr, end, text.len) : NULL;

    return at ? bytes_of(text.ptr, (size_t)(at - text.ptr)) : text;
}

// "host", "host:port", "[v6]", "[v6]:port".
static bool parse_authority(struct proxy_url *url, struct bytes text)
{
    bool is_v6 = text.len > 0 && text.ptr[0] == '[';
    struct bytes host = is_v6 ? until(bytes_sub(text, 1, text.len), ']') : until(text, ':');
    size_t end = host.len + (is_v6 ? 2 : 0);

    if (!is_host(host) || end > text.len) {
        return false;
    }
    memcpy(url->host, host.ptr, host.len);
    url->host[host.len] = '\0';
    url->port = 80;
    return end == text.len ||
           (text.ptr[end] == ':' && parse_port(&url->port, bytes_sub(text, end + 1, text.len)));
}

enum yodel_err proxy_parse_url(struct proxy_url *url, const char *text)
{
    static const char scheme[] = "http://";
    struct bytes rest = bytes_of_text(text);
    struct proxy_url parsed = {.port = 0};

    if (rest.len < sizeof scheme - 1 || memcmp(text, scheme, sizeof scheme - 1) != 0) {
        return strstr(text, "://") ? YODEL_ERR_NOT_SUPPORTED : YODEL_ERR_SYNTAX;
    }
    rest = until(bytes_sub(rest, sizeof scheme - 1, rest.len), '/');
    struct bytes user = until(rest, '@');
    if (user.len < rest.len) {
        if (!decode(parsed.credentials, sizeof parsed.credentials, user) ||
            !strchr(parsed.credentials, ':')) {
            return YODEL_ERR_SYNTAX; // RFC 7617 §2: a colon parts the two.
        }
        rest = bytes_sub(rest, user.len + 1, rest.len);
    }
    if (!parse_authority(&parsed, rest)) {
        return YODEL_ERR_SYNTAX;
    }
    *url = parsed;
    return YODEL_OK;
}

// ---- the request

enum yodel_err proxy_put_request(
    struct writer *w, const char *host, uint16_t port, const char *credentials)
{
    struct bytes name = bytes_of_text(host);
    bool is_v6 = strchr(host, ':') != NULL;

    if (!is_host(name)) {
        return YODEL_ERR_SYNTAX;
    }
    // RFC 9110 §7.2: Host is what is asked for, too.
    for (int i = 0; i < 2; i++) {
        put_format(w, "%s%s%s%s:%u%s\r\n", i == 0 ? "CONNECT " : "Host: ", is_v6 ? "[" : "", host,
            is_v6 ? "]" : "", (unsigned)port, i == 0 ? " HTTP/1.1" : "");
    }
    if (credentials && credentials[0]) {
        put_text(w, "Proxy-Authorization: Basic ");
        base64_write(w, bytes_of_text(credentials));
        put_text(w, "\r\n");
    }
    put_text(w, "\r\n");
    return w->failed ? YODEL_ERR_TOO_LARGE : YODEL_OK;
}

// ---- the answer

// RFC 9112 §4: "HTTP/1.1 200 Connection established". What follows the number does not matter.
static bool take_status(struct proxy_answer *answer, uint8_t byte)
{
    static const char form[] = "HTTP/1.# ###";
    uint32_t at = answer->line_len;

    if (at >= sizeof form - 1) {
        return at > sizeof form - 1 || byte == ' ';
    }
    if (form[at] != '#') {
        return byte == (uint8_t)form[at];
    }
    if (byte < '0' || byte > '9') {
        return false;
    }
    if (at > 8) {
        answer->status = (uint16_t)(answer->status * 10 + (byte - '0'));
    }
    return true;
}

// A line is over. An empty one ends the head; that of a 1xx is followed by another.
static enum proxy_result end_line(struct proxy_answer *answer)
{
    bool is_empty = answer->line_len == 0;

    answer->line_len = 0;
    if (!answer->has_status) {
        if (answer->status < 100 || is_empty) {
            return PROXY_MALFORMED;
        }
        answer->has_status = true;
        return answer->status < 300 ? PROXY_MORE : PROXY_REFUSED;
    }
    if (!is_empty) {
        return PROXY_MORE;
    }
    if (answer->status >= 200) {
        return PROXY_OPEN;
    }
    answer->has_status = false;
    answer->status = 0;
    return PROXY_MORE;
}

static enum proxy_result take(struct proxy_answer *answer, uint8_t byte)
{
    bool had_cr = answer->has_cr;

    answer->has_cr = byte == '\r';
    if (++answer->len > PROXY_ANSWER_MAX) {
        return PROXY_MALFORMED;
    }
    if (byte == '\n') {
        return end_line(answer);
    }
    if (had_cr || byte == '\0') {
        return PROXY_MALFORMED; // RFC 9112 §2.2: a CR in the middle of a line.
    }
    if (byte == '\r') {
        return PROXY_MORE;
    }
    if (!answer->has_status && !take_status(answer, byte)) {
        return PROXY_MALFORMED;
    }
    answer->line_len++;
    return PROXY_MORE;
}

enum proxy_result proxy_recv(struct proxy_answer *answer, struct bytes data, size_t *used)
{
    enum proxy_result result = PROXY_MORE;
    size_t i = 0;

    while (i < data.len && result == PROXY_MORE) {
        result = take(answer, data.ptr[i++]);
    }
    *used = i;
    return result;
}

void proxy_explain(uint16_t status, char why[PROXY_WHY_MAX])
{
    if (status == 407) {
        (void)snprintf(why, PROXY_WHY_MAX,
            "the proxy wants a user name and a password, or others (407): "
            "http://user:password@host:port");
    } else if (status == 403 || status == 405) {
        (void)snprintf(why, PROXY_WHY_MAX, "the proxy forbids this destination (%u)", status);
    } else if (status == 502 || status == 503 || status == 504) {
        (void)snprintf(why, PROXY_WHY_MAX, "the proxy cannot reach the destination (%u)", status);
    } else {
        (void)snprintf(why, PROXY_WHY_MAX, "the proxy refuses the tunnel (%u)", status);
    }
}
