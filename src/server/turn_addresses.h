// Which addresses of this machine STUN and TURN use: where relays are, and which two tell a client what
// its NAT does.
//
// Relays are at the best address of a family, public before private before loopback. RFC 5780 wants a second
// address of the same family, and a second port: four places, of which a listener on every address has two
// with one socket, and any other has one. Where nobody names the second, a machine with two public addresses
// has it by itself, on the port above.
//
// Implements  RFC 5780 §6 (the alternate address), through turn/discovery.h
// Not here    sockets (server/turn.h); what is refused by itself (turn/rules.h)
// Ownership   values only
// Limits      SERVER_TURN_OTHERS_MAX second addresses, one a family

#ifndef SERVER_TURN_ADDRESSES_H
#define SERVER_TURN_ADDRESSES_H

#include "net/interfaces.h"
#include "server/server.h"
#include "turn/server.h"

#define SERVER_TURN_OTHERS_MAX 2

// Fills in relays, discovery and listeners: `local` first, then where else clients are to be heard. On
// failure `why` is a sentence.
YODEL_MUST_USE enum yodel_err server_turn_addresses_find(struct turn_server_config *core,
    const struct server_turn_options *options, const struct yodel_addr *local,
    const struct interface_list *all, char why[SERVER_ERROR_MAX]);

// No second address after all, and `local` alone is listened to.
void server_turn_addresses_forget_others(struct turn_server_config *core);

bool server_turn_addresses_is_public(const struct yodel_addr *addr);

#endif
