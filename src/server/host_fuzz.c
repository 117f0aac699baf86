// The Host, Origin and X-Forwarded-For headers: a host that is taken is fit for a URL inside JSON and
// reads the same again, and no origin is let in that is not ours by its very bytes.

#include "server/host.h"

#include <strings.h>

#include "fuzz.h"

static void check_host(struct bytes header)
{
    char host[SERVER_HOST_MAX], again[SERVER_HOST_MAX];

    if (!server_host_parse(host, header)) {
        FUZZ_CHECK(server_host_port(header) == 0 || header.len >= SERVER_HOST_MAX);
        return;
    }
    FUZZ_CHECK(strlen(host) > 0 && !strpbrk(host, "\"\\<>/@ \r\n"));
    FUZZ_CHECK(server_host_parse(again, bytes_of_text(host)) && strcmp(host, again) == 0);
}

static void check_origin(struct bytes origin, struct bytes host)
{
    if (origin.len == 0 || !server_host_allows(origin, host, NULL)) {
        return;
    }
    FUZZ_CHECK(origin.len >= host.len + 3);
    const uint8_t *end = origin.ptr + origin.len - host.len;
    FUZZ_CHECK(memcmp(end - 3, "://", 3) == 0);
    FUZZ_CHECK(
        host.len == 0 || strncasecmp((const char *)end, (const char *)host.ptr, host.len) == 0);
}

FUZZ(input)
{
    struct yodel_addr addr;
    const uint8_t *newline = input.len > 0 ? memchr(input.ptr, '\n', input.len) : NULL;
    size_t len = newline ? (size_t)(newline - input.ptr) : input.len;

    check_host(input);
    check_origin(bytes_sub(input, 0, len), bytes_sub(input, len + 1, input.len));
    if (server_host_forwarded(&addr, input)) {
        FUZZ_CHECK(addr.family != YODEL_ADDR_NONE && addr.port == 0);
    }
}
