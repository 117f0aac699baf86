// TURN requests: who sent one, and how it is answered.
//
// Implements  RFC 8489 §9.2.4 (receiving a request), §9.2.3 (challenges)
// Not here    who there is (turn/credentials.h)
// Ownership   a request borrows the datagram
// Limits      what is answered to who has not authenticated is at most 2.6 times what asked for it
//             (over IPv6, whose addresses are longer, with the headers counted) and
//             challenges_per_second for a source, unless it came through a stream

#ifndef TURN_AUTH_H
#define TURN_AUTH_H

#include "turn/state.h"

struct turn_request {
    const struct turn_client_id *from;
    struct yodel_addr source; // Of `from`, as IPv4 where it is that.
    struct stun_msg msg;
    struct turn_seal seal;
    struct turn_voucher grant;
    struct bytes realm, identity;
};

// True: it is from the user that it names. False: `w` has what is to be answered, if anything.
bool turn_auth_check(
    struct turn_server *server, struct turn_request *request, struct writer *w, yodel_time now);

// The answer to a request that was authenticated: the header, then attributes, then the seal.
void turn_auth_put_success(struct writer *w, const struct turn_request *request);
void turn_auth_put_seal(struct writer *w, const struct turn_seal *seal);
void turn_auth_put_error(struct turn_server *server, struct writer *w,
    const struct turn_request *request, uint32_t code);

#endif
