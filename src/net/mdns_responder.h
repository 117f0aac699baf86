// Multicast DNS, answering: names that were made up for our addresses, and mean nothing to who is
// not on the same link.
//
// Implements  RFC 6762 §5.4, §6, §6.7 (to whom an answer goes), §7.1 (what is known is not
//             repeated), §8.4, §10.1, §10.2 (caches are told of an end);
//             draft-ietf-mmusic-mdns-ice-candidates §3.1 (a name is a random UUID, RFC 9562 §5.4)
// Not here    messages (net/mdns_msg.h), sockets (net/mdns_socket.h)
// Ownership   holds no memory but its own struct; borrows the environment
// Limits      MDNS_NAMES_MAX names; an answer to the group, and one to somebody alone, for each of
//             them once in MDNS_ANSWER_EACH
// Departs     from §8.1: nobody else has such a name, and nobody is asked. From §6.1: there is no
//             NSEC; who asks for the other family alone hears nothing

#ifndef NET_MDNS_RESPONDER_H
#define NET_MDNS_RESPONDER_H

#include "base/env.h"
#include "net/mdns_msg.h"

#define MDNS_NAMES_MAX 32
#define MDNS_OWN_NAME_SIZE 43             // 36, ".local" and the NUL.
#define MDNS_TTL 120                      // §10, of what has a host's address.
#define MDNS_TTL_LEGACY 10                // §6.7.
#define MDNS_ANSWER_EACH YODEL_SECONDS(1) // §6.

struct mdns_own {
    bool is_used;
    bool is_leaving;    // Its end is to be told; then it is free.
    bool is_due;        // To the group.
    bool is_due_to_one; // To `to`.
    char name[MDNS_OWN_NAME_SIZE];
    struct yodel_addr addr;
    yodel_time told, told_one; // When last; 0: never.
    struct yodel_addr to;
    bool is_legacy; // Who asked is no multicast DNS.
    uint16_t id;
    struct mdns_question question;
};

struct mdns_responder {
    const struct env *env;
    struct mdns_own own[MDNS_NAMES_MAX];
};

void mdns_responder_init(struct mdns_responder *responder, const struct env *env);

// The name for `ip`, the same until it is removed; NULL: there are too many.
const char *mdns_responder_name(struct mdns_responder *responder, const struct yodel_addr *ip);

// The address is gone: says goodbye with the next emit.
void mdns_responder_remove(struct mdns_responder *responder, const struct yodel_addr *ip);
void mdns_responder_remove_all(struct mdns_responder *responder);

void mdns_responder_recv(struct mdns_responder *responder, const struct yodel_addr *from,
    struct bytes datagram, yodel_time now);

// Writes one response, in room of MDNS_RESPONSE_MAX, or returns 0. `to` gets whom it is for: family
// NONE for the group.
size_t mdns_responder_emit(
    struct mdns_responder *responder, struct span room, struct yodel_addr *to, yodel_time now);

#endif
