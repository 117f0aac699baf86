// The simulator's servers.

#include "server.h"

#include "base/addr.h"
#include "sim.h"
#include "stun/server.h"

struct sim_server *server_add(struct sim *sim, const struct yodel_addr *addr)
{
    for (int i = 0; i < SIM_SERVERS_MAX; i++) {
        struct sim_server *server = &sim->servers[i];

        if (!server->is_used) {
            int link = network_attach(&sim->network, NETWORK_INTERNET, addr, SIM_SERVER_OWNER + i);
            *server = (struct sim_server){.is_used = true, .link = link, .addr = *addr};
            return server;
        }
    }
    sim_fail(sim, "there is room for a server", __FILE__, __LINE__);
}

bool server_is_at(const struct sim *sim, const struct yodel_addr *addr)
{
    struct yodel_addr v4 = *addr;

    (void)nat_extract(&v4); // As one with IPv6 alone sees it.
    for (int i = 0; i < SIM_SERVERS_MAX; i++) {
        if (sim->servers[i].is_used && addr_same_ip(&sim->servers[i].addr, &v4)) {
            return true;
        }
    }
    return false;
}

void server_take(struct sim *sim, const struct network_arrival *arrival)
{
    struct sim_server *server =
        &sim->servers[sim->network.links[arrival->link].owner - SIM_SERVER_OWNER];
    uint8_t room[STUN_SERVER_ANSWER_MAX];

    if (server->is_dead || arrival->path.local.port != server->addr.port) {
        return;
    }
    size_t len = stun_server_answer(bytes_of(arrival->datagram, arrival->len),
        &arrival->path.remote, span_of(room, sizeof room));
    if (len > 0) {
        network_send(&sim->network, server->link, &arrival->path, room, len, sim->now);
    }
}
