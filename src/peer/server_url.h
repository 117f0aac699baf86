// ICE server URLs: "stun:host", "stun:host:port", "stun:[v6]:port".
//
// Implements  RFC 7064 (stun URIs)
// Not here    turn URIs (RFC 7065), until there is a TURN client
// Ownership   the host is copied
// Limits      SERVER_HOST_MAX bytes of host name

#ifndef PEER_SERVER_URL_H
#define PEER_SERVER_URL_H

#include "base/bytes.h"
#include "base/err.h"

#define SERVER_HOST_MAX 254 // RFC 1035's 253, and the NUL.

struct server_url {
    char host[SERVER_HOST_MAX]; // Without brackets.
    uint16_t port;
};

// SYNTAX for what is not such a URL, NOT_SUPPORTED for turn and stuns.
YODEL_MUST_USE enum yodel_err server_url_parse(struct server_url *url, struct bytes text);

#endif
