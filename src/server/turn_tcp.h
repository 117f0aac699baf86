// TURN's relays for TCP: sockets that listen, and the two ends of each connection.
//
//   client === TCP or TLS ===> its stream <--- pipe ---> peer's stream ===> peer
//
// A peer's stream is not read before its client has bound it: what it says waits in the system's buffer.
// Whoever takes nothing, or more than the rate allows, holds the other end up. One end that has said all, or
// has closed, closes the other one behind what was said last: there is no half of a connection (RFC 6062 §5.5).
//
// Implements  RFC 6062 §5 through turn/server.h
// Not here    who may connect (turn/connection.h), the client's stream until it is bound
//             (server/turn_stream.h)
// Ownership   a pipe owns the peer's stream, and ends the client's, which server/turn_stream.h owns; it goes
//             when both have closed and the core has let go
// Limits      the core's; STREAM_QUEUE_MAX bytes wait each way, and the last of them STREAM_END_TIMEOUT;
//             SERVER_TURN_TCP_ACCEPTS are accepted on one visit of the loop

#ifndef SERVER_TURN_TCP_H
#define SERVER_TURN_TCP_H

#include "server/turn.h"

#define SERVER_TURN_TCP_ACCEPTS 16
#define SERVER_TURN_TCP_PACE_MS 20 // How often it is looked who may go on, where there is a rate.

struct stream;
struct server_turn_pipe;

// Of the core's events. Whether the relay listens.
bool server_turn_tcp_open(struct server_turn *turn, struct turn_relay *relay);
void server_turn_tcp_close(struct turn_relay *relay);
void server_turn_tcp_connect(struct server_turn *turn, struct turn_connection *connection);
void server_turn_tcp_hang_up(struct turn_connection *connection);

// A client's stream is bound to a connection. Then what it says, that it has room, and that it has closed.
struct server_turn_pipe *server_turn_tcp_join(
    struct turn_connection *connection, struct stream *client);
void server_turn_tcp_from_client(struct server_turn_pipe *pipe, struct bytes data);
void server_turn_tcp_client_has_room(struct server_turn_pipe *pipe);
void server_turn_tcp_client_closed(struct server_turn_pipe *pipe);

// Accepts again, where the system had no more descriptors.
void server_turn_tcp_look(struct server_turn *turn);

void server_turn_tcp_close_all(struct server_turn *turn);

#endif
