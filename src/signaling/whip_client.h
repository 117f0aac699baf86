// A WHIP or WHEP client in a libuv loop: the core, HTTP and a timer. What it does stands in signaling/whip.h.
//
//   on OFFER_WANTED   free the peer before it, if any; make one (with the event's servers); set its local
//                     description; wait for its candidates as long as you like; signaling_whip_client_offer
//   on ANSWER         yodel_peer_set_remote_description; where that fails signaling_whip_client_reject
//   on WAITING        tell whoever watches
//   on FAILED         tell, and close
//   on CLOSED         free
//
// The peer's candidates go to signaling_whip_client_candidate; where it wants negotiation after its
// connection has failed, its new offer to signaling_whip_client_restart; and where it is given up,
// signaling_whip_client_lost.
//
// Ownership   the caller frees, also from on_event; memory is let go in one of the loop's next turns
// Threads     the loop's only; on_event comes from the loop, never from within these functions

#ifndef SIGNALING_WHIP_CLIENT_H
#define SIGNALING_WHIP_CLIENT_H

#include "base/env.h"
#include "signaling/whip.h"

struct uv_loop_s;
struct signaling_whip_client;

struct signaling_whip_client_options {
    struct uv_loop_s *loop;
    const struct env *env;
    const char *url;   // http or https.
    const char *token; // NULL: none.
    bool is_whep;
    bool asks_servers; // For ICE servers, before the first offer.
    bool is_insecure;  // Takes any certificate.
    void (*on_event)(void *ctx, const struct signaling_whip_event *event);
    void *ctx;
};

// SYNTAX: the URL; TYPE: the token; NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_whip_client_new(
    const struct signaling_whip_client_options *options, struct signaling_whip_client **client);
void signaling_whip_client_free(struct signaling_whip_client *client);

// As those of signaling/whip.h.
YODEL_MUST_USE enum yodel_err signaling_whip_client_offer(
    struct signaling_whip_client *client, const char *sdp);
void signaling_whip_client_candidate(
    struct signaling_whip_client *client, const struct yodel_ice_candidate *candidate);
YODEL_MUST_USE enum yodel_err signaling_whip_client_restart(
    struct signaling_whip_client *client, const char *sdp);
void signaling_whip_client_lost(struct signaling_whip_client *client, const char *why);
void signaling_whip_client_reject(struct signaling_whip_client *client, const char *why);
void signaling_whip_client_close(struct signaling_whip_client *client);

#endif
