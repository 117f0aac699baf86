// ICE servers that an HTTP answer tells of, in its Link fields:
//
//   Link: <turn:turn.example.net?transport=udp>; rel="ice-server"; username="user";
//         credential="myPassword"; credential-type="password"
//
// Implements  RFC 9725 §4.6 (rel="ice-server"), RFC 8288 §3 (the field), §3.3 (which rel counts)
// Not here    what such a URL means (the peer's business)
// Ownership   copies
// Limits      SIGNALING_ICE_LINKS_MAX servers; what is more, longer than its room, malformed, of another
//             kind than stun, turn and turns, or without the password that a relay wants, is left out

#ifndef SIGNALING_ICE_LINKS_H
#define SIGNALING_ICE_LINKS_H

#include "base/bytes.h"

#define SIGNALING_ICE_LINKS_MAX 8 // A peer looks at as many.
#define SIGNALING_ICE_URL_MAX 300
#define SIGNALING_ICE_NAME_MAX 509 // RFC 8489 §14.3: 508, and the NUL.
#define SIGNALING_ICE_CREDENTIAL_MAX 512

struct signaling_ice_link {
    char url[SIGNALING_ICE_URL_MAX];
    char username[SIGNALING_ICE_NAME_MAX]; // Empty for STUN.
    char credential[SIGNALING_ICE_CREDENTIAL_MAX];
};

struct signaling_ice_links {
    size_t count;
    struct signaling_ice_link items[SIGNALING_ICE_LINKS_MAX];
};

// Adds those of one Link field's value.
void signaling_ice_links_take(struct signaling_ice_links *links, struct bytes field);

#endif
