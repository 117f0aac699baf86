// Multicast DNS: asks the local network for the addresses of names that end with ".local".
//
// Implements  RFC 6762 §5.1, §5.2 (asking, and asking again), §6 (whose answers count), §10.1 (how
//             long they hold)
// Not here    messages (net/mdns_msg.h), sockets (net/mdns_socket.h), answering
//             (net/mdns_responder.h)
// Ownership   holds no memory but its own struct
// Limits      MDNS_QUERIES_MAX names at once; MDNS_CACHE_MAX are remembered
// Departs     asks four times within three seconds and gives up after five: a call does not wait

#ifndef NET_MDNS_H
#define NET_MDNS_H

#include "base/time.h"
#include "net/mdns_msg.h"

#define MDNS_PORT 5353
#define MDNS_QUERIES_MAX 32
#define MDNS_CACHE_MAX 32
#define MDNS_GIVE_UP YODEL_SECONDS(5)
#define MDNS_CACHE_TIME_MAX YODEL_SECONDS(120)

enum mdns_state { MDNS_FREE, MDNS_ASKING, MDNS_ENDED };

struct mdns_query {
    enum mdns_state state;
    char name[MDNS_NAME_MAX];
    struct yodel_addr addr; // Where it ended well.
    uint32_t asked;         // How often.
    yodel_time started;
};

struct mdns_known {
    char name[MDNS_NAME_MAX];
    struct yodel_addr addr;
    yodel_time until;
};

struct mdns {
    struct mdns_query queries[MDNS_QUERIES_MAX];
    struct mdns_known cache[MDNS_CACHE_MAX]; // `until` 0: none.
};

struct mdns_answer {
    char name[MDNS_NAME_MAX];
    bool is_found;
    struct yodel_addr addr;
};

void mdns_init(struct mdns *mdns);

// Asks for `name`; one that is being asked for already is not asked for twice. Fails with SYNTAX,
// TOO_LARGE (too many at once).
YODEL_MUST_USE enum yodel_err mdns_ask(struct mdns *mdns, const char *name, yodel_time now);

// Inputs. `from` is who sent the datagram.
void mdns_recv(
    struct mdns *mdns, const struct yodel_addr *from, struct bytes datagram, yodel_time now);
void mdns_tick(struct mdns *mdns, yodel_time now);

// Outputs: a query for the group, in room of MDNS_QUERY_MAX, or 0; an answer, one for each name.
size_t mdns_emit(struct mdns *mdns, struct span room, yodel_time now);
bool mdns_next_answer(struct mdns *mdns, struct mdns_answer *answer);
yodel_time mdns_next_timeout(const struct mdns *mdns);

#endif
