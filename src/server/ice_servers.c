// ICE servers: JSON from a host name and a list of URLs.

#include "server/ice_servers.h"

#include <stdio.h>

// Of a URL, so that nothing needs escaping.
static const char allowed[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:-_[]?=";

static bool is_url(struct bytes url)
{
    static const char *const schemes[] = {"stun:", "stuns:"};

    for (size_t i = 0; i < url.len; i++) {
        if (!memchr(allowed, url.ptr[i], sizeof allowed - 1)) {
            return false;
        }
    }
    for (size_t i = 0; i < COUNT(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (url.len > len && memcmp(url.ptr, schemes[i], len) == 0) {
            return true;
        }
    }
    return false;
}

// Takes the next of a list off its front; empty after the last.
static struct bytes next_url(const char **urls)
{
    *urls += strspn(*urls, ", ");
    struct bytes url = bytes_of(*urls, strcspn(*urls, ", "));
    *urls += url.len;
    return url;
}

bool server_ice_servers_is_valid(const char *urls)
{
    for (struct bytes url; (url = next_url(&urls)).len > 0;) {
        if (!is_url(url)) {
            return false;
        }
    }
    return true;
}

void server_ice_servers_write(char json[SERVER_ICE_SERVERS_MAX], const struct server_config *config,
    const char *host, uint16_t stun_port)
{
    struct writer w = writer_of(span_of(json, SERVER_ICE_SERVERS_MAX - 3));
    const char *comma = "";

    put_text(&w, "[");
    if (host && stun_port != 0) {
        put_format(&w, "{\"urls\":[\"stun:%s:%u\"]}", host, (unsigned)stun_port);
        comma = ",";
    }
    const char *urls = config->ice_servers ? config->ice_servers : "";
    for (struct bytes url; (url = next_url(&urls)).len > 0;) {
        struct writer before = w;
        put_format(&w, "%s{\"urls\":[\"", comma);
        put_bytes(&w, url);
        put_text(&w, "\"]}");
        if (w.failed) {
            w = before;
            break;
        }
        comma = ",";
    }
    memcpy(json + w.len, "]", 2);
}
