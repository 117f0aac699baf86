// The list of ICE servers that a client is given.
//
// Implements  W3C webrtc §4.2.4 (RTCIceServer)
// Limits      SERVER_ICE_SERVERS_MAX bytes of JSON; a URL that does not fit is left out

#ifndef SERVER_ICE_SERVERS_H
#define SERVER_ICE_SERVERS_H

#include "server/server.h"

#define SERVER_ICE_SERVERS_MAX 2048

// Our own STUN server under the name that the client knows us by, where there are both, and what
// the configuration adds.
void server_ice_servers_write(char json[SERVER_ICE_SERVERS_MAX], const struct server_config *config,
    const char *host, uint16_t stun_port);

// Whether a list of URLs, as the configuration has it, is one.
bool server_ice_servers_is_valid(const char *urls);

#endif
