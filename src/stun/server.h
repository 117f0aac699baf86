// STUN server: answers Binding requests, and keeps nothing.
//
// Implements  RFC 8489 §6.3.1 (processing a request), §12 (basic server behaviour)
// Not here    credentials, ALTERNATE-SERVER, RFC 3489 clients (silence)
// Ownership   borrows the datagram for the call
// Limits      an answer is at most 1.6 times the request: in payload over IPv4; over IPv6, where an
//             address alone is longer than that, with the IP and UDP headers counted on both sides

#ifndef STUN_SERVER_H
#define STUN_SERVER_H

#include "base/addr.h"
#include "base/bytes.h"

#define STUN_SERVER_ANSWER_MAX 256

// Builds the answer to `request`, which came from `source`, in `room`, and returns its length; 0
// where there is to be none: other bytes, indications and responses, a source that nobody real
// uses (a port below 1024, no unicast address), or an answer that would be too long.
size_t stun_server_answer(struct bytes request, const struct yodel_addr *source, struct span room);

// Whether a request from `source`, which may be spoofed, is answered at all: from a port of at least
// 1024, and a unicast address.
bool stun_server_is_answerable(const struct yodel_addr *source);

#endif
