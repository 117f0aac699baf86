// Assets: a look-up in a table that the build made.

#include "server/assets.h"

#define HASH_DIGITS 10

static const char missing_text[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Yodel</title>"
    "<h1>The web page is not in this program</h1><p>It was built without it. The signaling server "
    "works; for the page, run <code>make build</code> (it needs Node.js and npm), and start "
    "<code>yodel serve</code> again.</p></html>";

static const struct server_asset missing = {
    "/index.html", "\"missing\"", (const uint8_t *)missing_text, sizeof missing_text - 1};

static const struct server_asset *find(struct bytes path)
{
    for (const struct server_asset *asset = server_assets_table; asset->path; asset++) {
        if (bytes_equal(path, bytes_of_text(asset->path))) {
            return asset;
        }
    }
    return NULL;
}

const struct server_asset *server_assets_find(struct bytes path)
{
    if (bytes_equal(path, bytes_of_text("/"))) {
        path = bytes_of_text("/index.html");
    }
    const struct server_asset *asset = find(path);
    bool is_page = bytes_equal(path, bytes_of_text("/index.html"));
    return asset || !is_page ? asset : &missing;
}

bool server_assets_has_page(void)
{
    return find(bytes_of_text("/index.html")) != NULL;
}

const char *server_assets_type(const struct server_asset *asset)
{
    static const struct {
        const char *end;
        const char *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".txt", "text/plain; charset=utf-8"},
        {".woff2", "font/woff2"},
        {".wasm", "application/wasm"},
    };
    size_t len = strlen(asset->path);
    for (size_t i = 0; i < COUNT(types); i++) {
        size_t end_len = strlen(types[i].end);
        if (len > end_len && strcmp(asset->path + len - end_len, types[i].end) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

bool server_assets_is_immutable(const struct server_asset *asset)
{
    const char *dash = strrchr(asset->path, '-');

    return dash && strspn(dash + 1, "0123456789abcdef") == HASH_DIGITS &&
           dash[1 + HASH_DIGITS] == '.';
}
