// The web page and what belongs to it, carried inside the program.
//
// Not here    how they are sent (server/http.h); making them (web/, cmake/embed.cmake)
// Ownership   static
// Limits      an address names exactly one file or none: there is no folder to climb out of

#ifndef SERVER_ASSETS_H
#define SERVER_ASSETS_H

#include "base/bytes.h"

struct server_asset {
    const char *path; // As in a URL: "/app-0123456789.js".
    const char *etag; // With its quotes.
    const uint8_t *ptr;
    size_t len;
};

// NULL where there is none. "/" is the page itself.
const struct server_asset *server_assets_find(struct bytes path);

// Whether the page was built into this program; otherwise "/" says how to build it.
bool server_assets_has_page(void);

// What a browser must take it for, by the end of its name.
const char *server_assets_type(const struct server_asset *asset);

// Whether the name holds a hash of the content, so that it may be kept for ever.
bool server_assets_is_immutable(const struct server_asset *asset);

// Generated from web/dist; sorted by nothing, ended by a path that is NULL.
extern const struct server_asset server_assets_table[];

#endif
