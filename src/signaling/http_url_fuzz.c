// HTTP URLs, fuzzed: whatever is taken can stand in a request, and reads the same again.

#include <stdio.h>

#include "fuzz.h"
#include "signaling/http_url.h"

static void check(const struct signaling_http_url *url)
{
    struct signaling_http_url again;
    char text[SIGNALING_HTTP_PATH_MAX + 400], authority[SIGNALING_HTTP_AUTHORITY_MAX];

    FUZZ_CHECK(url->path[0] == '/' && url->host[0] != '\0' && url->port > 0);
    for (const char *c = url->path; *c; c++) {
        FUZZ_CHECK(*c > ' ' && *c <= '~' && *c != '#');
    }
    signaling_http_url_authority(url, authority);
    (void)snprintf(
        text, sizeof text, "%s://%s%s", url->is_secure ? "https" : "http", authority, url->path);
    FUZZ_CHECK(signaling_http_url_parse(&again, bytes_of_text(text)) == YODEL_OK);
    FUZZ_CHECK(strcmp(again.path, url->path) == 0 && strcmp(again.host, url->host) == 0);
    FUZZ_CHECK(signaling_http_url_has_origin_of(&again, url));
}

FUZZ(input)
{
    struct signaling_http_url url, base = {.port = 8080, .host = "example.org", .path = "/a/b?c"};

    if (signaling_http_url_parse(&url, input) == YODEL_OK) {
        check(&url);
    }
    if (signaling_http_url_resolve(&url, &base, input) == YODEL_OK) {
        check(&url);
    }
}
