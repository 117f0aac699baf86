// Recovery: when to restart, and whom to look up again.
//
// Implements  RFC 8445 §9

#include "peer/recovery.h"

#include "peer/peer.h"

void peer_recovery_init(struct peer_recovery *recovery)
{
    *recovery = (struct peer_recovery){.due = YODEL_NEVER, .names_due = YODEL_NEVER};
}

static bool has_no_address(const struct peer_server *server)
{
    return server->families == 0 && server->is_answered;
}

static void ask(struct peer_server *server)
{
    server->is_asked = server->is_answered = false;
}

void peer_recovery_await_names(yodel_peer *peer)
{
    for (uint32_t i = 0; i < peer->server_count; i++) {
        if (has_no_address(&peer->servers[i])) {
            ask(&peer->servers[i]);
            peer->servers[i].is_resolved = false;
            peer->servers_unresolved++;
            ice_await_local(&peer->ice);
        }
    }
}

void peer_recovery_network_came(yodel_peer *peer)
{
    struct peer_recovery *recovery = &peer->recovery;

    recovery->tries = 0;
    recovery->due = recovery->due == YODEL_NEVER ? YODEL_NEVER : 0;
    peer_recovery_await_names(peer);
}

// ---- names

// Gathering has ended, and is not begun again for what may have no address at all.
static void ask_names(yodel_peer *peer, yodel_time now)
{
    yodel_time *due = &peer->recovery.names_due;
    bool is_due = now >= *due, is_any = false;

    for (uint32_t i = 0; i < peer->server_count; i++) {
        struct peer_server *server = &peer->servers[i];
        bool is_wanted = ice_is_seeking(&peer->ice) && has_no_address(server);

        is_any = is_any || is_wanted;
        if (is_due && is_wanted) {
            ask(server);
        }
    }
    *due = is_any && !is_due ? time_min(*due, time_after(now, PEER_RECOVERY_NAMES)) : YODEL_NEVER;
}

// ---- restarts

// Not what a lite agent can mend, nor ICE at all; and what a restart is wanted for already will be.
static bool is_wanted(const yodel_peer *peer)
{
    return ice_has_failed(&peer->ice) && !peer->has_failed && !peer->ice.config.is_lite &&
           !peer->wants_restart && jsep_local(&peer->jsep) &&
           peer->recovery.tries < PEER_RECOVERY_TRIES_MAX;
}

static yodel_time first_due(const yodel_peer *peer, yodel_time now)
{
    const struct peer_recovery *recovery = &peer->recovery;
    yodel_time turn = ice_is_controlling(&peer->ice) ? now : time_after(now, PEER_RECOVERY_YIELD);
    yodel_time paced = time_after(recovery->tried_at, PEER_RECOVERY_PACE);

    return recovery->tries > 0 && paced > turn ? paced : turn;
}

static void ask_restart(yodel_peer *peer, yodel_time now)
{
    struct peer_recovery *recovery = &peer->recovery;

    recovery->tries = peer->ice.selected.is_used ? 0 : recovery->tries;
    if (!is_wanted(peer)) {
        recovery->due = YODEL_NEVER;
        return;
    }
    recovery->due = recovery->due == YODEL_NEVER ? first_due(peer, now) : recovery->due;
    if (now >= recovery->due) {
        recovery->due = YODEL_NEVER;
        recovery->tried_at = now;
        recovery->tries++;
        yodel_peer_restart_ice(peer);
    }
}

void peer_recovery_run(yodel_peer *peer, yodel_time now)
{
    ask_names(peer, now);
    ask_restart(peer, now);
}

yodel_time peer_recovery_next_timeout(const yodel_peer *peer)
{
    return time_min(peer->recovery.due, peer->recovery.names_due);
}
