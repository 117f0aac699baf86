// Local candidates: the addresses that we are reachable by, and the asking of STUN servers for
// more.
//
// Implements  RFC 8445 §5.1.1 (gathering), §5.1.2 (priority and foundation), §5.1.3 (redundancy);
//             RFC 6544 §5.1 (host candidates over TCP)
// Not here    finding interfaces and binding sockets: the caller gives each bound address
// Limits      ICE_LOCALS_MAX candidates, ICE_SERVERS_MAX servers, ICE_GATHERS_MAX base-server pairs;
//             ICE_LOCALS_TCP_MAX active and as many passive ones, so that lists stay short

#ifndef ICE_LOCAL_H
#define ICE_LOCAL_H

#include "base/addr.h"
#include "ice/candidate.h"
#include "stun/txn.h"

#define ICE_LOCALS_MAX 32
#define ICE_LOCALS_TCP_MAX 4
#define ICE_SERVERS_MAX 4
#define ICE_GATHERS_MAX 32
#define ICE_NONE 0xff // No such index.

struct ice;

// A candidate is its own base where it sends from itself: a host candidate, and a relayed one. An
// active candidate of TCP is its own as well: its port is ICE_ACTIVE_PORT, for each stream that is
// opened has another.
struct ice_local {
    bool is_used;
    bool is_announced; // Or is not to be: learned from checks, or hidden.
    enum ice_type type;
    enum ice_tcp_type tcp_type; // NONE: of UDP.
    struct yodel_addr addr;
    struct yodel_addr base;
    struct yodel_addr server; // Who told of it; family YODEL_ADDR_NONE for hosts.
    struct yodel_addr related;
    uint8_t relay; // Of a relayed candidate.
    uint16_t preference;
    uint8_t foundation; // The same for the same type, base and server; never an address's hash.
    uint32_t priority;
};

// One base asking one server.
struct ice_gather {
    bool is_started;
    bool is_answered; // Or given up: gathering waits no longer for it.
    uint8_t local;
    uint8_t server;
    struct stun_txn txn;
    bool is_silent;         // The latter.
    yodel_time finished_at; // While no pair is selected, it asks again after a while.
};

// A host candidate of `base`, and gathering from it. False at the limit or for a useless address.
bool ice_local_add_host(struct ice *ice, const struct yodel_addr *base, uint16_t preference);

// An address on which streams are listened for. False as above.
bool ice_local_add_passive(struct ice *ice, const struct yodel_addr *listening);

// A candidate that a server or a check told of. Returns its index, an old one where the address was
// known for this base, or ICE_NONE at the limit.
uint8_t ice_local_add_reflexive(struct ice *ice, enum ice_type type, uint8_t base,
    const struct yodel_addr *addr, const struct yodel_addr *server);

// The same, for what a server saw us as, if that can be at all.
void ice_local_add_mapped(struct ice *ice, uint8_t base, const struct yodel_addr *mapped,
    const struct yodel_addr *server);

// A relayed candidate: a base of its own. `mapped` is as whom the server saw us.
void ice_local_add_relayed(struct ice *ice, uint8_t relay, const struct yodel_addr *relayed,
    const struct yodel_addr *mapped);

void ice_local_add_server(struct ice *ice, const struct yodel_addr *server);
void ice_local_remove(struct ice *ice, uint8_t at); // A base, and all that was found from there.
void ice_local_remove_host(struct ice *ice, const struct yodel_addr *base); // The same over TCP.

// After a restart: all is announced anew, and the servers are asked again.
void ice_local_restart(struct ice *ice);

// The base that is bound to `addr`, or ICE_NONE.
uint8_t ice_local_find_base(
    const struct ice *ice, enum yodel_transport transport, const struct yodel_addr *addr);
enum yodel_transport ice_local_transport(const struct ice_local *local);

// RFC 8445 §7.1.1: what we would be to the peer that a check from there reaches, were it new to it.
uint32_t ice_local_check_priority(const struct ice_local *local);
bool ice_local_is_base(const struct ice_local *local);
bool ice_local_is_udp_host(const struct ice_local *local); // What servers are asked from.

// Gathering. The transaction that `msg` answers, or NULL; then what it says.
struct ice_gather *ice_local_find_gather(struct ice *ice, const struct stun_msg *msg);
void ice_local_answered(
    struct ice *ice, struct ice_gather *gather, const struct stun_msg *msg, yodel_time now);
void ice_local_run(struct ice *ice, yodel_time now);
bool ice_local_is_gathered(const struct ice *ice);

// A request to a server that is due: a repetition, or where `may_start` a first one.
struct ice_gather *ice_local_due(struct ice *ice, bool may_start, yodel_time now);
bool ice_local_has_unstarted(const struct ice *ice);
yodel_time ice_local_next_timeout(const struct ice *ice);

// What signaling is told of the candidate.
struct ice_candidate ice_local_candidate(const struct ice *ice, const struct ice_local *local);

#endif
