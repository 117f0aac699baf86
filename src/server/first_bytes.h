// What a new connection speaks, told from its first bytes, so that one port can serve several protocols.
//
//   'G' 'E' 'T' ' '             HTTP: a method begins with a capital letter
//   00mmmmmm … 21 12 A4 42      STUN: two zero bits, and the cookie four bytes on
//   L L 0 1 l l 21 12 A4 42     ICE-TCP: a length, and then a Binding request that is as long
//   16 03 xx len len            TLS: a record of the handshake; its ClientHello may say what is inside
//
// Implements  RFC 8446 §4.1.2 (ClientHello), §5.1 (records); RFC 7301 §3.1 (ALPN), RFC 7443 ("stun.turn");
//             RFC 6544 §10 and RFC 4571 §2 (ICE-TCP begins with a framed Binding request)
// Ownership   keeps nothing
// Limits      SERVER_FIRST_BYTES_MAX bytes are enough for any of it
// Departs     a ClientHello in several records counts as one without ALPN: whoever ends its TLS sees then

#ifndef SERVER_FIRST_BYTES_H
#define SERVER_FIRST_BYTES_H

#include "base/bytes.h"

#define SERVER_FIRST_BYTES_MAX (5 + 16384) // A record: RFC 8446 §5.1.
#define SERVER_FIRST_PLAIN_MAX 10          // Enough for all but TLS.

enum server_first {
    SERVER_FIRST_MORE, // Not enough to tell.
    SERVER_FIRST_HTTP,
    SERVER_FIRST_STUN,
    SERVER_FIRST_ICE_TCP,
    SERVER_FIRST_TLS,      // Without ALPN: it turns out inside.
    SERVER_FIRST_TLS_HTTP, // With "http/1.1" or "h2".
    SERVER_FIRST_TLS_TURN, // With "stun.turn" or "stun.nat-discovery".
    SERVER_FIRST_FOREIGN,
};
#define SERVER_FIRST_COUNT (SERVER_FIRST_FOREIGN + 1)

// A decision stays the same whatever follows.
enum server_first server_first_bytes_look(struct bytes bytes);

#endif
