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

// Tries to have the TCP port, and gives it back. Every address falls back to IPv4 where there is
// no IPv6. Fails with NETWORK and a sentence with a remedy.
YODEL_MUST_USE enum yodel_err server_listen_probe(
    struct yodel_addr *addr, char why[SERVER_ERROR_MAX]);

// A listening TCP socket there, as below; `flag` is what the sentence speaks of.
int server_listen_tcp(struct yodel_addr *addr, const char *flag, char why[SERVER_ERROR_MAX]);

// A UDP socket there, for both families where it is every address. -1, and the sentence.
int server_listen_udp(struct yodel_addr *addr, char why[SERVER_ERROR_MAX]);

#endif
