// TURN connections: what a relay for TCP has with its peers.
//
//             CONNECT told     turn_server_connected    ConnectionBind
//   WANTED ---------------> CONNECTING ----------> UNBOUND ----------> BOUND
//     |                         |                  ^  |                  |
//     v                         |    turn_server_accepted                |    HANG_UP told
//   gone                        +---------------------+------------------+--> CLOSING ---> gone
//
// Implements  RFC 6062 §5.2 to §5.5
// Not here    sockets and bytes (server/turn_tcp.h); who may be a peer (turn/relay.h)
// Ownership   the server owns them; one that closes belongs to no allocation any more, and is gone with
//             the call after the one that told of it
// Limits      TURN_SERVER_CONNECTIONS and those beside it; what nobody binds goes after
//             TURN_SERVER_BIND_TIMEOUT; each Connect takes from peers_per_second, as a new peer does. It needs no
//             permission (§5.2 asks for none): the rules on addresses are the policy

#ifndef TURN_CONNECTION_H
#define TURN_CONNECTION_H

#include "turn/auth.h"

// An authenticated Connect of the allocation's owner. 0: its answer comes later; or an error.
uint32_t turn_connection_recv_connect(struct turn_server *server,
    struct turn_allocation *allocation, const struct turn_request *request, yodel_time now);

// An authenticated ConnectionBind. The answer is in `w`; NULL: it is an error.
struct turn_connection *turn_connection_recv_bind(
    struct turn_server *server, const struct turn_request *request, struct writer *w);

// What came of a CONNECT: the answer is in `w`.
void turn_connection_connected(struct turn_server *server, struct turn_connection *connection,
    bool is_good, struct writer *w, yodel_time now);

// Somebody has connected: what tells the client is in `w`. NULL: not wanted.
struct turn_connection *turn_connection_accept(struct turn_server *server, struct turn_relay *relay,
    const struct yodel_addr *remote, struct writer *w, yodel_time now);

// It may be freed, where nobody was told of it. Nothing where it is closing already.
void turn_connection_end(struct turn_server *server, struct turn_connection *connection);
void turn_connection_end_all(struct turn_server *server, struct turn_relay *relay);

// Ends those with peers that the rules do not allow any more.
void turn_connection_review(struct turn_server *server);

bool turn_connection_next_event(struct turn_server *server, struct turn_server_event *event);
void turn_connection_tick(struct turn_server *server, yodel_time now);
yodel_time turn_connection_next_timeout(const struct turn_server *server);

// Frees those that are closing: nobody is told any more.
void turn_connection_forget_all(struct turn_server *server);

#endif
