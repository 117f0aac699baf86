// ICE server URLs: "stun:host", "stun:host:port", "stun:[v6]:port"; "turn:…?transport=udp" or tcp,
// and "turns:…".
//
// Implements  RFC 7064 (stun URIs), RFC 7065 (turn URIs)
// Not here    "stuns:": STUN over TLS tells of a mapping that no datagram goes through
// Ownership   the host is copied
// Limits      SERVER_HOST_MAX bytes of host name

#ifndef PEER_SERVER_URL_H
#define PEER_SERVER_URL_H

#include "base/bytes.h"
#include "base/err.h"
#include "yodel/addr.h"

#define SERVER_HOST_MAX 254 // RFC 1035's 253, and the NUL.

struct server_url {
    bool is_turn; // Else STUN.
    enum yodel_transport transport;
    char host[SERVER_HOST_MAX]; // Without brackets.
    uint16_t port;
};

// SYNTAX for what is not such a URL, NOT_SUPPORTED for stuns, and for turns over UDP (DTLS).
YODEL_MUST_USE enum yodel_err server_url_parse(struct server_url *url, struct bytes text);

#endif
