// TLS whose ClientHello does not say what is inside: it is ended here, and the first bytes then tell.
//
// Chromium's and Firefox's TURN clients are such, and HTTP clients without ALPN: many a script's.
//
//   HTTP   the web, through a pump (server/pump.h)
//   STUN   TURN over TLS
//   else   closed, as is who says nothing
//
// Implements  RFC 7301 §3.2 (ALPN is optional); RFC 8656 §2.1 (TURN over TLS)
// Not here    TLS (net/stream.h), what the bytes mean (server/first_bytes.h)
// Ownership   a guest of the front's, until its stream is handed over
// Limits      the front's: SERVER_FRONT_WAIT for the handshake and the first bytes together

#ifndef SERVER_INNER_H
#define SERVER_INNER_H

#include "server/front.h"

// Takes over a socket whose ClientHello is unread. The front has a certificate.
void server_inner_start(struct server_front *front, int fd, bool is_web);

#endif
