// The list of ICE servers that a client is given.
//
// Implements  W3C webrtc §4.2.4 (RTCIceServer), RFC 7064 and RFC 7065 (its URLs)
// Limits      SERVER_ICE_SERVERS_MAX bytes of JSON; a URL that does not fit is left out;
//             SERVER_ICE_TURN_URLS_MAX of ours for TURN: browsers warn of five URLs in all, as each takes time

#ifndef SERVER_ICE_SERVERS_H
#define SERVER_ICE_SERVERS_H

#include "server/server.h"

#define SERVER_ICE_SERVERS_MAX 2048
#define SERVER_ICE_TURN_URLS_MAX 3

// What of ours a client is told; a port of 0 is not there.
struct server_ice_offer {
    const char *host; // The name that it knows us by, or NULL: nothing of ours then.
    uint16_t stun;    // UDP.
    uint16_t turn_udp;
    uint16_t turn_tcp;
    uint16_t turn_tls;
    uint16_t web; // TURN over TCP, or over TLS where `is_secure`.
    bool is_secure;
    const char *username; // For TURN.
    const char *credential;
};

// Our own servers, and what the configuration adds.
void server_ice_servers_write(char json[SERVER_ICE_SERVERS_MAX], const struct server_config *config,
    const struct server_ice_offer *offer);

// Whether a list of URLs, as the configuration has it, is one.
bool server_ice_servers_is_valid(const char *urls);

#endif
