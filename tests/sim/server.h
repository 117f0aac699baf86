// The simulator's servers: the real cores, on an address of the internet.
//
// Ownership   the sim's
// Limits      SIM_SERVERS_MAX

#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "network.h"
#include "turn/server.h"

#define SIM_SERVERS_MAX 4
#define SIM_RELAYS_MAX 32
#define SIM_SERVER_OWNER 2 // Of the first server; the sides are 0 and 1.
#define SIM_SERVER_TLS 443 // The port of a TURN server's for streams that count as TLS.

struct sim;

struct sim_server {
    bool is_used;
    bool is_dead;                // It neither hears nor answers.
    struct yodel_addr alternate; // Where it sends who wants an allocation; family NONE: nowhere.
    uint64_t redirected;
    int link;
    struct yodel_addr addr;
    struct env env;
    struct turn_credentials credentials;
    struct turn_server *turn; // NULL: it is for STUN alone.
    struct turn_relay *relays[SIM_RELAYS_MAX];
};

// A server at an address of the internet, which answers STUN's Binding requests.
struct sim_server *server_add(struct sim *sim, const struct yodel_addr *addr);

// The same, and it relays for the user "alice" with the password "secret".
struct sim_server *server_add_turn(struct sim *sim, const struct yodel_addr *addr);
void server_deinit(struct sim *sim);

// Another in its place, with limits, before anybody came.
void server_limit(struct sim_server *server, const struct turn_limits *limits);

// The machine falls silent; only the program ends, and its streams with it.
void server_kill(struct sim *sim, struct sim_server *server);
void server_crash(struct sim *sim, struct sim_server *server);

// Whether a datagram to `addr` goes to a server.
bool server_is_at(const struct sim *sim, const struct yodel_addr *addr);

// Whether the server, an owner of links, takes streams to `local`; one of them ended.
bool server_is_listening(const struct sim *sim, int owner, const struct yodel_addr *local);
void server_disconnected(
    struct sim *sim, int owner, const struct yodel_path *path, uint64_t stream);

void server_take(struct sim *sim, const struct network_arrival *arrival);
void server_tick(struct sim *sim);
yodel_time server_next_at(const struct sim *sim);

#endif
