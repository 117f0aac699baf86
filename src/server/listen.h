// Where to listen: the text of a flag turned into an address, and whether it can be had.
//
// Limits      one address; every address is [::] where the system has IPv6, else 0.0.0.0

#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "base/addr.h"
#include "base/err.h"
#include "server/server.h"

// "127.0.0.1:80", "[::1]:80", "localhost:80", ":80", "80". Fails with SYNTAX.
YODEL_MUST_USE enum yodel_err server_listen_parse(struct yodel_addr *addr, const char *text);

// A listening TCP socket there, for both families where it is every address; without IPv6, such an address
// becomes IPv4's. `flag` is what the sentence speaks of. -1, and a sentence with a remedy.
int server_listen_tcp(struct yodel_addr *addr, const char *flag, char why[SERVER_ERROR_MAX]);

// The same for UDP.
int server_listen_udp(struct yodel_addr *addr, char why[SERVER_ERROR_MAX]);

// One of several at the same address, all of ours: the system parts clients among them.
int server_listen_udp_shared(struct yodel_addr *addr, char why[SERVER_ERROR_MAX]);

#endif
