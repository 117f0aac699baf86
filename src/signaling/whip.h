// WHIP and WHEP, the client's side: publishing to an endpoint, or watching one, by HTTP.
//
//            ┌──────────────── the wait is over ◄── WAITING ◄──────────────┐
//            ▼                                                             │ not now, or lost
//   (ASKING) ──► OFFERING ── offer ──► POSTING ── 201, answer ──► OPEN ── lost ──► LEAVING
//                                         │  ▲ 307, 308            │  ▲
//                                         │  └─┘                   │  └─ PATCH: candidates, restart
//                                         ▼                        ▼
//                                      FAILED ◄── reject ──────────┘ close: DELETE ──► CLOSED
//
// Pure: calls, answers and the time go in, requests and events come out.
//
// What it does where the texts leave a choice:
// - ICE servers: it asks for them first, with OPTIONS where `asks_servers` is set, as a peer of ours
//   takes them when it is made. Those of the 201 are told with the next OFFER_WANTED.
// - Redirections (307, 308) are followed for POST, WHIP_REDIRECTS_MAX times; from https to http never.
//   The token goes to the endpoint's origin, and by https to any port of its host; to others it does not.
// - A session's URL that is of the endpoint's host by http, where the endpoint is https, is taken as
//   https at the endpoint's port: a proxy in front of a server is not always known to it.
// - Candidates are a courtesy: an endpoint that does not take them (405, 501, …) is not asked again, and
//   that is no error. One PATCH at most is under way, and takes all that has come until then.
// - A restart says If-Match: *, as HTTP does, and after a 412 once again "*", as the RFC's example does.
//   Where it is not possible, the session is given up and a new one begun.
//
// Implements  RFC 9725 (WHIP), draft-ietf-wish-whep-03 (WHEP; but for the counter-offer with 406),
//             RFC 6750 §2.1 (the token), RFC 8840 (fragments)
// Not here    HTTP and sockets (signaling/whip_client.h); what descriptions mean (the peer)
// Ownership   copies what it is given; requests and events borrow until the next call
// Time        a request is given up after WHIP_ANSWER_WAIT, closing after WHIP_CLOSE_WAIT
// Limits      WHIP_SDP_MAX bytes a description, WHIP_TOKEN_MAX the token, WHIP_ETAG_MAX an entity tag,
//             WHIP_CANDIDATES_MAX bytes of candidates that wait

#ifndef SIGNALING_WHIP_H
#define SIGNALING_WHIP_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"
#include "signaling/http_request.h"
#include "signaling/http_response.h"
#include "signaling/ice_links.h"
#include "signaling/whip_text.h"
#include "yodel/peer.h"

#define SIGNALING_WHIP_SDP_MAX 65536 // A peer takes no more.
#define SIGNALING_WHIP_TOKEN_MAX 8192
#define SIGNALING_WHIP_ETAG_MAX 256
#define SIGNALING_WHIP_CANDIDATES_MAX 16384
#define SIGNALING_WHIP_REDIRECTS_MAX 5
#define SIGNALING_WHIP_WHY_MAX 512
#define SIGNALING_WHIP_ANSWER_WAIT YODEL_SECONDS(10)
#define SIGNALING_WHIP_CLOSE_WAIT YODEL_SECONDS(2)
#define SIGNALING_WHIP_BATCH_WAIT YODEL_MS(50)       // For the candidates that come with the first.
#define SIGNALING_WHIP_BACKOFF_MAX YODEL_SECONDS(30) // From a second on, doubling.
#define SIGNALING_WHIP_RETRY_MAX YODEL_SECONDS(300)  // Of what a Retry-After can ask for.

enum signaling_whip_state {
    SIGNALING_WHIP_ASKING,   // For ICE servers.
    SIGNALING_WHIP_OFFERING, // The owner has to.
    SIGNALING_WHIP_POSTING,
    SIGNALING_WHIP_OPEN,
    SIGNALING_WHIP_LEAVING, // DELETE is under way; then WAITING or, where it was closed, CLOSED.
    SIGNALING_WHIP_WAITING,
    SIGNALING_WHIP_FAILED, // For good; what is left is to close.
    SIGNALING_WHIP_CLOSED,
};

enum signaling_whip_event_type {
    SIGNALING_WHIP_EVENT_OFFER_WANTED, // Of a new peer, which may use `servers`.
    SIGNALING_WHIP_EVENT_ANSWER,       // `text`: for yodel_peer_set_remote_description.
    SIGNALING_WHIP_EVENT_WAITING,      // Why, in `text`; OFFER_WANTED comes after `wait`.
    SIGNALING_WHIP_EVENT_FAILED, // Why, in `text`, and in `code` of signaling/whip_why.h or "bad-answer".
    SIGNALING_WHIP_EVENT_CLOSED, // The last one.
};

struct signaling_whip_event {
    enum signaling_whip_event_type type;
    const char *code;
    const char *text; // A sentence, or SDP.
    yodel_duration wait;
    const struct signaling_ice_links *servers;
};

struct signaling_whip_request {
    uint32_t id;
    struct signaling_http_request http;
};

struct signaling_whip_options {
    struct alloc *alloc;
    const char *url;
    const char *token; // Or NULL.
    bool is_whep;
    bool asks_servers;
};

struct signaling_whip {
    struct alloc *alloc;
    enum signaling_whip_state state;
    bool is_whep, asks_servers;
    struct signaling_http_url endpoint;
    struct signaling_whip_text token;

    struct signaling_whip_text offer, answer;
    struct signaling_http_url target; // Of the POST, after redirections; then of the session.
    uint32_t redirect_count;
    bool has_session;     // To be deleted.
    bool has_had_session; // Ever: from then on what fails is tried again.
    yodel_time opened_at;
    char etag[SIGNALING_WHIP_ETAG_MAX]; // "" where there is none.
    struct signaling_ice_links servers;

    char candidates[SIGNALING_WHIP_CANDIDATES_MAX]; // Lines that wait.
    size_t candidates_len;
    yodel_time batch_at;  // When they go out.
    bool is_trickle_over; // The endpoint does not take them, or has got all.
    bool wants_restart;   // Is under way, or waits for its turn.
    bool is_star_quoted;

    uint32_t request_id;
    bool has_request;                      // Under way,
    bool is_told;                          // and next_request told of it.
    struct signaling_http_request request; // Its body is the offer, or this:
    struct signaling_whip_text fragment;
    yodel_time deadline;

    uint32_t attempts; // Waits in a row.
    yodel_time retry_at;
    yodel_time close_at; // YODEL_NEVER while it is not being closed.
    uint32_t news;       // A bit for each type of event that waits.
    yodel_duration wait;
    const char *code;
    char why[SIGNALING_WHIP_WHY_MAX];
};

// SYNTAX: the URL; TYPE: the token, which no header can hold; NO_MEMORY. The first request or event is
// there at once.
YODEL_MUST_USE enum yodel_err signaling_whip_init(
    struct signaling_whip *whip, const struct signaling_whip_options *options, yodel_time now);
void signaling_whip_deinit(struct signaling_whip *whip);

// The owner's: an offer, after OFFER_WANTED. INVALID_STATE, TOO_LARGE, NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_whip_offer(
    struct signaling_whip *whip, const char *sdp, yodel_time now);

// What YODEL_EVENT_ICE_CANDIDATE tells, from the offer on. What the offer holds, what is of another
// section than the first or of another generation, and what nobody takes, is left out.
void signaling_whip_candidate(
    struct signaling_whip *whip, const struct yodel_ice_candidate *candidate, yodel_time now);

// The offer of a peer whose ICE begins anew (yodel_peer_restart_ice). Another ANSWER follows, or WAITING.
// INVALID_STATE (there is no session), TOO_LARGE, NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_whip_restart(
    struct signaling_whip *whip, const char *sdp, yodel_time now);

// The path is lost for good; `why` is a clause. WAITING and OFFER_WANTED follow.
void signaling_whip_lost(struct signaling_whip *whip, const char *why, yodel_time now);

// The peer did not take the answer; `why` is a clause. FAILED follows.
void signaling_whip_reject(struct signaling_whip *whip, const char *why);

// Ends the session; CLOSED follows in any case.
void signaling_whip_close(struct signaling_whip *whip, yodel_time now);

// Requests, one at a time: a new one takes the place of the one before it. Then its answer, or why there
// is none: a clause. What is for another request is dropped.
bool signaling_whip_next_request(
    struct signaling_whip *whip, struct signaling_whip_request *request);
void signaling_whip_recv(struct signaling_whip *whip, uint32_t id,
    const struct signaling_http_response *response, yodel_time now);
void signaling_whip_unanswered(
    struct signaling_whip *whip, uint32_t id, const char *why, yodel_time now);

bool signaling_whip_next_event(struct signaling_whip *whip, struct signaling_whip_event *event);
void signaling_whip_tick(struct signaling_whip *whip, yodel_time now);
yodel_time signaling_whip_next_timeout(const struct signaling_whip *whip);

#endif
