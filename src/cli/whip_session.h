// A session with a WHIP or WHEP endpoint, for `yodel publish --whip` and `yodel play --whep`: over the client
// without media (signaling/whip_client.h), a peer at a time, from the offer to the end.
//
//   offer wanted ──► peer: on_peer, gathering ──► offer ──► answer ──► connected ──► path lost ──► ICE restart
//        ▲                                                                                            │
//        └── a while (on_state says why) ◄── peer gone: on_gone ◄── no path any more ◄────────────────┘
//
// What fails before a path ever stood is told and final (on_failed), but for what an endpoint asks to wait for;
// after that it is tried again, later and later.
//
// Ownership   the caller owns the struct, which must not move; the peering outlives it
// Limits      CLI_WHIP_SESSION_… below

#ifndef CLI_WHIP_SESSION_H
#define CLI_WHIP_SESSION_H

#include "cli/peering.h"
#include "signaling/whip_client.h"

#define CLI_WHIP_SESSION_GATHER_MAX 1500   // Milliseconds: two tries of STUN (500 and 1000).
#define CLI_WHIP_SESSION_CONNECT_MAX 30000 // From the answer to the path.
#define CLI_WHIP_SESSION_RESTART_MS 1000   // Of a broken path, before ICE restarts.
#define CLI_WHIP_SESSION_GOODBYE_MAX 3000  // For the last request, whatever else is wrong.

struct cli_whip_session_options {
    const char *url;
    const char *token; // Or NULL.
    bool is_whep;
    bool is_insecure; // Takes any certificate.
    struct cli_peering_handler handler;
};

struct cli_whip_session {
    struct cli_whip_session_options options;
    struct cli_peering *peering;
    struct signaling_whip_client *client;
    yodel_peer *peer; // From OFFER_WANTED to WAITING or the end.
    bool is_offered;
    bool is_connected;
    bool was_connected; // This peer, once.
    bool is_restarting;
    bool is_over;   // on_failed was told, or it is being closed.
    bool is_closed; // The client is done.
    uv_timer_t timer;
};

// Begins. SYNTAX, TYPE: the URL, the token, and `why` says so in a sentence; NO_MEMORY.
YODEL_MUST_USE enum yodel_err cli_whip_session_init(struct cli_whip_session *session,
    struct cli_peering *peering, const struct cli_whip_session_options *options,
    char why[CLI_WHY_MAX]);

// Tells the endpoint that we go, running the loop until it has answered or CLI_WHIP_SESSION_GOODBYE_MAX is over,
// and lets go of the peer. What is left closes in the loop's next turns.
void cli_whip_session_deinit(struct cli_whip_session *session);

#endif
