// MTU: how large a datagram may be that reaches a STUN server whole.
//
// Requests of several sizes are asked at once, and sent with the "don't fragment" bit; the largest
// that is answered has passed.
//
// Implements  RFC 5780 §7.6 (PADDING); a server that does not know it refuses the request (420),
//             and an answer that is: then only the way there was tried
// Not here    the socket, which forbids fragmenting (IP_MTU_DISCOVER)
// Ownership   borrows the env; datagrams for the call
// Time        every `now` must be at least the one before it
// Limits      DOCTOR_MTU_SIZES sizes, three transmissions each

#ifndef DOCTOR_MTU_H
#define DOCTOR_MTU_H

#include "base/addr.h"
#include "stun/txn.h"

#define DOCTOR_MTU_SIZES 8
#define DOCTOR_MTU_MAX 1472 // 1500 of Ethernet without the headers of IPv4 and UDP.

struct doctor_mtu {
    struct yodel_addr server;
    struct stun_txn txns[DOCTOR_MTU_SIZES];
};

void doctor_mtu_init(
    struct doctor_mtu *mtu, const struct env *env, const struct yodel_addr *server, yodel_time now);

void doctor_mtu_recv(struct doctor_mtu *mtu, const struct yodel_addr *from, struct bytes datagram);
void doctor_mtu_tick(struct doctor_mtu *mtu, yodel_time now);

// The next datagram for the server, its length, or 0. `room` has at least DOCTOR_MTU_MAX bytes.
size_t doctor_mtu_emit(struct doctor_mtu *mtu, struct span room, yodel_time now);
yodel_time doctor_mtu_next_timeout(const struct doctor_mtu *mtu);

// The system would not send a datagram of that length: too long for the interface, or for the path
// as a router has told.
void doctor_mtu_refuse(struct doctor_mtu *mtu, size_t len);

bool doctor_mtu_is_done(const struct doctor_mtu *mtu);

// The largest payload that was answered, 0 where none was; and the smallest that was not, or 0.
size_t doctor_mtu_passed(const struct doctor_mtu *mtu);
size_t doctor_mtu_lost(const struct doctor_mtu *mtu);

#endif
