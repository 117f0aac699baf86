// A connection's peer: what happens between the proof of the code and the end of the channel.
//
// Not here    the server, the meeting, the connection's own life (cli/connection.h)
// Ownership   the connection's

#ifndef CLI_CONNECTION_PEER_H
#define CLI_CONNECTION_PEER_H

#include "cli/connection.h"

// Of connection.c: tells the end, once; sends what the meeting has for the server.
void cli_connection_fail(
    struct cli_connection *connection, enum cli_exit exit, const char *code, const char *text);
void cli_connection_flush(struct cli_connection *connection);

// Both have proven the code: makes the peer, and the creator offers.
void cli_connection_meet(struct cli_connection *connection, const char *fingerprint);

// A description or a candidate of the other side's.
void cli_connection_take_signal(struct cli_connection *connection, const json_t *data);

// Looks after the connection from now on: a silence that lasts means that the other side is gone,
// one that has left the server as well the sooner.
void cli_connection_watch(struct cli_connection *connection);

void cli_connection_drop_peer(struct cli_connection *connection);
void cli_connection_lose(struct cli_connection *connection, const char *why); // And tells.

#endif
