// A server's URL: what is read is a host that is safe to put in a header, and reads the same again.

#include <stdio.h>

#include "fuzz.h"
#include "signaling/link.h"

FUZZ(input)
{
    struct signaling_url url, again;
    char text[300];

    if (signaling_link_parse_url(&url, input) != YODEL_OK) {
        return;
    }
    size_t len = strlen(url.host);
    FUZZ_CHECK(url.port > 0 && len > 0);
    for (size_t i = 0; i < len; i++) {
        FUZZ_CHECK(url.host[i] > ' ' && url.host[i] < 127 && !strchr("/@?#\\\"<>", url.host[i]));
    }
    bool is_v6 = strchr(url.host, ':') != NULL;
    int written = snprintf(text, sizeof text, "%s://%s%s%s:%u/", url.is_secure ? "wss" : "ws",
        is_v6 ? "[" : "", url.host, is_v6 ? "]" : "", (unsigned)url.port);
    FUZZ_CHECK(signaling_link_parse_url(&again, bytes_of(text, (size_t)written)) == YODEL_OK);
    FUZZ_CHECK(again.is_secure == url.is_secure && again.port == url.port);
    FUZZ_CHECK(strcmp(again.host, url.host) == 0);
}
