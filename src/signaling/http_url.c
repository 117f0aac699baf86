// HTTP URLs and references to them.

#include "signaling/http_url.h"

#include <assert.h>
#include <stdio.h>

#include "signaling/link.h"

// Into a request's first line goes nothing that could end it.
static bool is_visible(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

// The length of what comes before the first of `ends`.
static size_t span_until(struct bytes text, const char *ends)
{
    size_t len = 0;

    while (len < text.len && !memchr(ends, text.ptr[len], strlen(ends))) {
        len++;
    }
    return len;
}

static bool begins_with(struct bytes text, const char *prefix)
{
    struct bytes wanted = bytes_of_text(prefix);

    return bytes_equal(bytes_sub(text, 0, wanted.len), wanted);
}

// ---- paths

// RFC 3986 §5.2.4, for a path that begins with a slash: what "." and ".." stand for is written out.
static void put_path(struct writer *w, struct bytes path)
{
    size_t start = w->len;

    while (path.len > 0) {
        size_t len = 1 + span_until(bytes_sub(path, 1, path.len), "/");
        struct bytes segment = bytes_sub(path, 0, len);
        bool is_last = len == path.len;
        bool is_up = bytes_equal(segment, bytes_of_text("/.."));
        bool is_here = bytes_equal(segment, bytes_of_text("/."));

        path = bytes_sub(path, len, path.len);
        while (is_up && w->len > start && w->start[--w->len] != '/') {
        }
        if (!is_up && !is_here) {
            put_bytes(w, segment);
        } else if (is_last) {
            put_text(w, "/");
        }
    }
}

static enum yodel_err set_path(
    struct signaling_http_url *url, struct bytes path, struct bytes query)
{
    struct writer w = writer_of(span_of(url->path, sizeof url->path - 1));

    put_path(&w, path);
    if (w.len == 0) {
        put_text(&w, "/");
    }
    put_bytes(&w, query);
    if (w.failed || !is_visible(writer_bytes(&w))) {
        return YODEL_ERR_SYNTAX;
    }
    url->path[w.len] = '\0';
    return YODEL_OK;
}

// ---- parsing

// `rest` is what follows the authority: a path, a query, a fragment, each of them or none.
static enum yodel_err set_rest(struct signaling_http_url *url, struct bytes rest)
{
    rest = bytes_sub(rest, 0, span_until(rest, "#"));
    size_t path_len = span_until(rest, "?");

    return set_path(url, bytes_sub(rest, 0, path_len), bytes_sub(rest, path_len, rest.len));
}

enum yodel_err signaling_http_url_parse(struct signaling_http_url *url, struct bytes text)
{
    struct signaling_http_url parsed = {0};
    struct signaling_url server;
    size_t start = begins_with(text, "https://") ? 8 : 7;

    if (start == 7 && !begins_with(text, "http://")) {
        return YODEL_ERR_SYNTAX;
    }
    size_t len = start + span_until(bytes_sub(text, start, text.len), "/?#");
    if (signaling_link_parse_url(&server, bytes_sub(text, 0, len)) != YODEL_OK) {
        return YODEL_ERR_SYNTAX;
    }
    static_assert(sizeof parsed.host == sizeof server.host, "both hold a name");
    parsed.is_secure = server.is_secure;
    parsed.port = server.port;
    memcpy(parsed.host, server.host, sizeof parsed.host);
    if (set_rest(&parsed, bytes_sub(text, len, text.len)) != YODEL_OK) {
        return YODEL_ERR_SYNTAX;
    }
    *url = parsed;
    return YODEL_OK;
}

// ---- references

// The length of "scheme:" (RFC 3986 §3.1), or 0.
static size_t scheme_len(struct bytes text)
{
    size_t len = span_until(text, ":/?#");

    return len > 0 && len < text.len && text.ptr[len] == ':' ? len + 1 : 0;
}

// A whole URL without its scheme: the base's.
static enum yodel_err resolve_authority(
    struct signaling_http_url *url, const struct signaling_http_url *base, struct bytes reference)
{
    char text[SIGNALING_HTTP_PATH_MAX + SIGNALING_HTTP_AUTHORITY_MAX];
    int len = snprintf(text, sizeof text, "%s:%.*s", base->is_secure ? "https" : "http",
        (int)bytes_sub(reference, 0, sizeof text).len, (const char *)reference.ptr);

    if (len < 0 || (size_t)len >= sizeof text) {
        return YODEL_ERR_SYNTAX;
    }
    return signaling_http_url_parse(url, bytes_of(text, (size_t)len));
}

// RFC 3986 §5.2.3: a path that does not begin with a slash goes behind the base's last one.
static enum yodel_err resolve_relative(
    struct signaling_http_url *url, const struct signaling_http_url *base, struct bytes reference)
{
    uint8_t room[2 * SIGNALING_HTTP_PATH_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct bytes path = bytes_of_text(base->path);
    bool is_query = begins_with(reference, "?");

    path = bytes_sub(path, 0, span_until(path, "?"));
    while (!is_query && path.len > 0 && path.ptr[path.len - 1] != '/') {
        path.len--;
    }
    put_bytes(&w, path);
    put_bytes(&w, reference);
    return w.failed ? YODEL_ERR_SYNTAX : set_rest(url, writer_bytes(&w));
}

enum yodel_err signaling_http_url_resolve(
    struct signaling_http_url *url, const struct signaling_http_url *base, struct bytes reference)
{
    struct signaling_http_url resolved = *base;
    enum yodel_err err;

    if (scheme_len(reference) > 0) {
        err = signaling_http_url_parse(&resolved, reference);
    } else if (begins_with(reference, "//")) {
        err = resolve_authority(&resolved, base, reference);
    } else if (begins_with(reference, "/")) {
        err = set_rest(&resolved, reference);
    } else if (reference.len == 0 || reference.ptr[0] == '#') {
        err = YODEL_OK; // The base itself.
    } else {
        err = resolve_relative(&resolved, base, reference);
    }
    if (err == YODEL_OK) {
        *url = resolved;
    }
    return err;
}

// ---- comparing, and writing

bool signaling_http_url_has_host_of(
    const struct signaling_http_url *url, const struct signaling_http_url *other)
{
    for (size_t i = 0; i < sizeof url->host; i++) {
        char a = url->host[i], b = other->host[i];
        if (a != b && ((a | 0x20) != (b | 0x20) || (a | 0x20) < 'a' || (a | 0x20) > 'z')) {
            return false;
        }
        if (a == '\0') {
            return true;
        }
    }
    return true;
}

bool signaling_http_url_has_origin_of(
    const struct signaling_http_url *url, const struct signaling_http_url *other)
{
    return url->is_secure == other->is_secure && url->port == other->port &&
           signaling_http_url_has_host_of(url, other);
}

void signaling_http_url_authority(
    const struct signaling_http_url *url, char text[SIGNALING_HTTP_AUTHORITY_MAX])
{
    bool is_v6 = strchr(url->host, ':') != NULL;
    bool is_usual = url->port == (url->is_secure ? 443 : 80);
    int len = snprintf(text, SIGNALING_HTTP_AUTHORITY_MAX, is_v6 ? "[%s]" : "%s", url->host);

    if (!is_usual) {
        (void)snprintf(
            text + len, SIGNALING_HTTP_AUTHORITY_MAX - (size_t)len, ":%u", (unsigned)url->port);
    }
}
