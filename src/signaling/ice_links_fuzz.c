// Link fields, fuzzed: what is told of is whole, and two fields tell what one with both tells.

#include "fuzz.h"
#include "signaling/ice_links.h"

FUZZ(input)
{
    static struct signaling_ice_links links, again;
    static const char after[] = ", <stun:a>; rel=ice-server";

    links.count = 0;
    signaling_ice_links_take(&links, input);
    FUZZ_CHECK(links.count <= SIGNALING_ICE_LINKS_MAX);
    for (size_t i = 0; i < links.count; i++) {
        const struct signaling_ice_link *item = &links.items[i];
        bool is_relay = strncmp(item->url, "turn", 4) == 0;
        FUZZ_CHECK(is_relay || strncmp(item->url, "stun:", 5) == 0);
        FUZZ_CHECK(strlen(item->url) < sizeof item->url);
        FUZZ_CHECK(strlen(item->username) < sizeof item->username);
        FUZZ_CHECK(strlen(item->credential) < sizeof item->credential);
        FUZZ_CHECK(
            is_relay == (item->username[0] != '\0') && is_relay == (item->credential[0] != '\0'));
    }
    again = links;
    signaling_ice_links_take(&again, bytes_of(after, sizeof after - 1));
    FUZZ_CHECK(again.count == links.count + (links.count < SIGNALING_ICE_LINKS_MAX));
}
