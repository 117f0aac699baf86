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

// Each entry whole, or not at all.
static void put_entry(struct writer *w, const struct writer *entry)
{
    struct writer before = *w;

    put_text(w, w->len > 1 ? "," : "");
    put_bytes(w, writer_bytes(entry));
    if (w->failed || entry->failed) {
        *w = before;
    }
}

static void put_stun(struct writer *w, const struct server_ice_offer *offer)
{
    uint8_t room[SERVER_ICE_SERVERS_MAX];
    struct writer entry = writer_of(span_of(room, sizeof room));

    put_format(&entry, "{\"urls\":[\"stun:%s:%u\"]}", offer->host, (unsigned)offer->stun);
    put_entry(w, &entry);
}

static void put_turn(struct writer *w, const struct server_ice_offer *offer)
{
    const struct {
        const char *scheme;
        uint16_t port;
        const char *transport;
    } urls[] = {
        // What leads through the most firewalls comes before what is only a little faster.
        {"turn", offer->turn_udp, "udp"},
        {"turns", offer->turn_tls, "tcp"},
        {offer->is_secure ? "turns" : "turn", offer->web, "tcp"},
        {"turn", offer->turn_tcp, "tcp"},
    };
    uint8_t room[SERVER_ICE_SERVERS_MAX];
    struct writer entry = writer_of(span_of(room, sizeof room));
    const char *comma = "{\"urls\":[";
    int left = SERVER_ICE_TURN_URLS_MAX;

    for (size_t i = 0; i < COUNT(urls) && left > 0; i++) {
        if (urls[i].port != 0) {
            left--;
            put_format(&entry, "%s\"%s:%s:%u?transport=%s\"", comma, urls[i].scheme, offer->host,
                (unsigned)urls[i].port, urls[i].transport);
            comma = ",";
        }
    }
    put_format(
        &entry, "],\"username\":\"%s\",\"credential\":\"%s\"}", offer->username, offer->credential);
    if (*comma == ',') {
        put_entry(w, &entry);
    }
}

static void put_configured(struct writer *w, struct bytes url)
{
    uint8_t room[SERVER_ICE_SERVERS_MAX];
    struct writer entry = writer_of(span_of(room, sizeof room));

    put_text(&entry, "{\"urls\":[\"");
    put_bytes(&entry, url);
    put_text(&entry, "\"]}");
    put_entry(w, &entry);
}

void server_ice_servers_write(char json[SERVER_ICE_SERVERS_MAX], const struct server_config *config,
    const struct server_ice_offer *offer)
{
    struct writer w = writer_of(span_of(json, SERVER_ICE_SERVERS_MAX - 2));
    const char *urls = config->ice_servers ? config->ice_servers : "";

    put_text(&w, "[");
    if (offer->host && offer->stun != 0) {
        put_stun(&w, offer);
    }
    if (offer->host && offer->username) {
        put_turn(&w, offer);
    }
    for (struct bytes url; (url = next_url(&urls)).len > 0;) {
        put_configured(&w, url);
    }
    memcpy(json + w.len, "]", 2);
}
