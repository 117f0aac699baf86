// Host: small parsers over header values.

#include "server/host.h"

#include <strings.h>

static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

// The length of a name or of an address in brackets at the start of `text`; 0 where there is none.
static size_t name_len(struct bytes text)
{
    size_t len = 0;

    if (text.len > 0 && text.ptr[0] == '[') {
        const uint8_t *end = memchr(text.ptr, ']', text.len);
        struct yodel_addr addr;
        size_t inside = end ? (size_t)(end - text.ptr) - 1 : 0;
        return end && addr_parse_ip(&addr, bytes_sub(text, 1, inside)) == YODEL_OK ? inside + 2 : 0;
    }
    while (len < text.len && is_name_char(text.ptr[len])) {
        len++;
    }
    return len;
}

static bool is_port(struct bytes text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return text.len == 0 || (text.ptr[0] == ':' && text.len <= 6);
}

bool server_host_parse(char host[SERVER_HOST_MAX], struct bytes header)
{
    size_t len = name_len(header);

    if (len == 0 || len >= SERVER_HOST_MAX || !is_port(bytes_sub(header, len, header.len))) {
        return false;
    }
    memcpy(host, header.ptr, len);
    host[len] = 0;
    return true;
}

uint16_t server_host_port(struct bytes header)
{
    size_t len = name_len(header);
    struct bytes port = bytes_sub(header, len, header.len);
    uint32_t value = 0;

    for (size_t i = 1; len > 0 && is_port(port) && i < port.len; i++) {
        value = value * 10 + (uint32_t)(port.ptr[i] - '0');
    }
    return value <= UINT16_MAX ? (uint16_t)value : 0;
}

static bool equal_ignoring_case(struct bytes a, struct bytes b)
{
    return a.len == b.len && strncasecmp((const char *)a.ptr, (const char *)b.ptr, a.len) == 0;
}

static bool is_listed(struct bytes origin, const char *allowed)
{
    while (*allowed) {
        size_t len = strcspn(allowed, ", ");
        struct bytes one = bytes_of(allowed, len);
        if (bytes_equal(one, bytes_of_text("*")) || equal_ignoring_case(origin, one)) {
            return true;
        }
        allowed += len;
        allowed += strspn(allowed, ", ");
    }
    return false;
}

bool server_host_allows(struct bytes origin, struct bytes host, const char *allowed)
{
    if (origin.len == 0 || (allowed && is_listed(origin, allowed))) {
        return true;
    }
    for (size_t i = 0; i + 3 <= origin.len; i++) {
        if (memcmp(origin.ptr + i, "://", 3) == 0) {
            // No host at all is nobody's own, "http://" neither.
            return host.len > 0 && equal_ignoring_case(bytes_sub(origin, i + 3, origin.len), host);
        }
    }
    return false; // "null" is a page without a home.
}

bool server_host_forwarded(struct yodel_addr *addr, struct bytes header)
{
    size_t start = header.len;

    while (start > 0 && header.ptr[start - 1] != ',' && header.ptr[start - 1] != ' ') {
        start--;
    }
    return addr_parse_ip(addr, bytes_sub(header, start, header.len)) == YODEL_OK;
}
