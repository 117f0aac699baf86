// A member of a room: from the first link to the server to connections with one other, or with many
// where we publish; `yodel call`, `publish` and `play`. The other implementation of the same text is
// the web page's (web/src/call).
//
//            link up         hello             joined
//   CONNECT ────────► GREET ───────► JOINING ─────────► IN the room ──► OVER: leave, FULL, FAILED
//      ▲                │               ▲ │                  │ │
//      │                │               │ └── rejoin ◄───────┘ │   nobody is left of those we had
//      └─ a while, AWAY ◄───────────────┴──────────────────────┘   link down: connections stand
//
// In the room, each other member that wants to talk to us (for whom there is a place) is a PARTNER
// with a connection of a number that never comes again:
//
//   PARTNER ──SIGNAL …──► path up ──path lost──► RESTART …──► path up
//      │                     │                      └── 45 s ─► GONE (LOST), rejoin in 3 s
//      └── 45 s, or fail ─►  ├── channel closed ───────────────► GONE (CLOSED), rejoin in 3 s
//           GONE (NO_PATH)   └── it said leave ────────────────► GONE (LEFT)
//
// Pure: text of the server's and what happens to connections go in; text for the server and events
// come out. After each input, signaling_member_next_event until false, then _next_out until NULL,
// then _next_timeout.
//
// What the owner does for an event:
//
//   CONNECT   opens a link to the server; connected, recv, disconnected follow
//   HELLO     keeps `data`, the ice_servers, for the next PARTNER and RESTART
//   FOREIGN   frees the link: no Yodel server is there; CONNECT follows
//   WAITING   nothing: everybody has answered, and nobody is a partner yet
//   PARTNER   makes a peer connection. Unless is_polite (signaling_member_find), it creates the
//             sections, the channel and the offer, and sends that with signaling_member_signal
//   SIGNAL    sets the description (an offer in have-local-offer rolls ours back) and answers an
//             offer, or adds the candidate
//   ROLLBACK  rolls back an offer that waits for its answer
//   RESTART   as ROLLBACK; then restarts ICE, and offers
//   GONE      closes and frees the peer connection
//   FULL      ends, with all that it has: two are in this call
//   FAILED    the same: `code` and `text` say why
//
// It makes no offer by itself while a connection is agreed on but for RESTART and changes of its own.
//
// Implements  docs/SIGNALING.md, Calls: what the members of a room do
// Not here    the WebSocket (signaling/link.h), the channel's messages (signaling/call_message.h),
//             what descriptions mean
// Ownership   the caller owns the struct; events borrow until the next call of next_event
// Limits      MEMBER_… below, and those of member_partner.h and member_post.h; what another member
//             says beyond them is not heard
// Time        every `now` must be at least the one before it

#ifndef SIGNALING_MEMBER_H
#define SIGNALING_MEMBER_H

#include "base/env.h"
#include "signaling/member_partner.h"
#include "signaling/member_post.h"
#include "signaling/message.h"

#define SIGNALING_MEMBER_PARTNERS_MAX SIGNALING_CALL_WITH_MAX // Of who publishes; others have one.
#define SIGNALING_MEMBER_PEERS_MAX 512  // In the room before us: as many as a server allows.
#define SIGNALING_MEMBER_WAITING_MAX 64 // Who come while we still wait for answers.
#define SIGNALING_MEMBER_HELLO_WAIT YODEL_SECONDS(5)
#define SIGNALING_MEMBER_ANSWER_WAIT YODEL_SECONDS(2)
#define SIGNALING_MEMBER_REJOIN_WAIT YODEL_SECONDS(3)
#define SIGNALING_MEMBER_RETRY_FIRST YODEL_MS(500) // Of a lost link; it doubles,
#define SIGNALING_MEMBER_RETRY_MAX YODEL_SECONDS(15)
#define SIGNALING_MEMBER_ROOM_SIZE 23 // Of a name that we make, with the NUL.

enum signaling_member_state {
    SIGNALING_MEMBER_AWAY, // Without a link.
    SIGNALING_MEMBER_CONNECTING,
    SIGNALING_MEMBER_GREETING, // The server has not spoken.
    SIGNALING_MEMBER_JOINING,
    SIGNALING_MEMBER_IN,
    SIGNALING_MEMBER_OVER,
};

enum signaling_member_event_type {
    SIGNALING_MEMBER_EVENT_CONNECT,
    SIGNALING_MEMBER_EVENT_HELLO,   // `data`: the server's ice_servers, or NULL.
    SIGNALING_MEMBER_EVENT_FOREIGN, // Instead of FAILED once a server of ours was there.
    SIGNALING_MEMBER_EVENT_WAITING,
    SIGNALING_MEMBER_EVENT_PARTNER,  // `partner`, as in all that follow to GONE.
    SIGNALING_MEMBER_EVENT_SIGNAL,   // `data`: {"description": …} or {"candidate": …}.
    SIGNALING_MEMBER_EVENT_ROLLBACK, // Perhaps of nothing.
    SIGNALING_MEMBER_EVENT_RESTART,
    SIGNALING_MEMBER_EVENT_GONE, // `why`; `text` of NO_PATH, where the other side gave up.
    SIGNALING_MEMBER_EVENT_FULL,
    SIGNALING_MEMBER_EVENT_FAILED, // `code`, `text`.
};

enum signaling_member_why {
    SIGNALING_MEMBER_LEFT,    // It said so.
    SIGNALING_MEMBER_CLOSED,  // Its channel closed without a word: it may come back.
    SIGNALING_MEMBER_LOST,    // There was no path any more; it may come back.
    SIGNALING_MEMBER_NO_PATH, // There never was one.
    SIGNALING_MEMBER_REFUSED, // It has another partner.
    SIGNALING_MEMBER_AFRESH,  // A new connection follows, with it or with another one in its place.
};

struct signaling_member_event {
    enum signaling_member_event_type type;
    uint32_t partner;
    enum signaling_member_why why;
    const char *code;
    const char *text; // "" where there is none, as `code`.
    const json_t *data;
};

struct signaling_member_options {
    const struct env *env;
    const char *room;
    const char *id; // Of before, to come back as the same member; NULL: a new one.
    enum signaling_call_role role;
};

struct signaling_member {
    const struct env *env;
    enum signaling_call_role role;
    char room[SIGNALING_ROOM_MAX + 1];
    char id[SIGNALING_CALL_ID_SIZE];
    enum signaling_member_state state;
    bool was_greeted;  // By a server of ours.
    bool is_full;      // Somebody has said so.
    uint32_t attempts; // To get a link, since the last hello.
    yodel_time retry_at, hello_by, settle_at, rejoin_at;
    // Sets of the server's ids: who was there before us, who of them has not answered; and who came
    // in the meantime, with what it said.
    json_t *earlier, *asked, *waiting;
    struct signaling_member_partner partners[SIGNALING_MEMBER_PARTNERS_MAX];
    uint32_t last_number;
    struct signaling_member_post post;
};

// Fails with SYNTAX (the room's name, the id). A CONNECT waits then.
YODEL_MUST_USE enum yodel_err signaling_member_init(
    struct signaling_member *member, const struct signaling_member_options *options);
void signaling_member_deinit(struct signaling_member *member);

// A room's name that nobody guesses: 128 bits in base64url.
void signaling_member_make_room(const struct env *env, char name[SIGNALING_MEMBER_ROOM_SIZE]);

// ---- the link

void signaling_member_connected(struct signaling_member *member, yodel_time now);
// It is gone, or did not come about. CONNECT follows in a while; whoever would rather give up where
// no server ever answered looks at was_greeted.
void signaling_member_disconnected(struct signaling_member *member, yodel_time now);
void signaling_member_recv(struct signaling_member *member, struct bytes text, yodel_time now);

// ---- connections; a number that is gone is ignored

// Sends `data`, which it takes over: {"description": {"type", "sdp"}}, {"candidate": …} or null.
// Where the server cannot be reached it is lost, and made up for when both are there again.
void signaling_member_signal(struct signaling_member *member, uint32_t partner, json_t *data);
// The connection is connected; or is not any more (disconnected, or failed after that).
void signaling_member_path_up(struct signaling_member *member, uint32_t partner, yodel_time now);
void signaling_member_path_lost(struct signaling_member *member, uint32_t partner, yodel_time now);
// It failed before it was ever connected. `why` is a sentence for the other side.
void signaling_member_fail(
    struct signaling_member *member, uint32_t partner, const char *why, yodel_time now);
// The channel has closed; or the message `leave` came.
void signaling_member_closed(struct signaling_member *member, uint32_t partner, yodel_time now);
void signaling_member_left(struct signaling_member *member, uint32_t partner);

// For good: the room hears it, and nothing follows. The owner says `leave` over each channel.
void signaling_member_leave(struct signaling_member *member);

// ---- time and outputs

void signaling_member_tick(struct signaling_member *member, yodel_time now);
yodel_time signaling_member_next_timeout(const struct signaling_member *member);
bool signaling_member_next_event(
    struct signaling_member *member, struct signaling_member_event *event);
// The next text for the server, or NULL: there is none, or it has to wait.
const char *signaling_member_next_out(struct signaling_member *member, yodel_time now);

// NULL where it is gone. Read only: its role, member, is_polite, is_up, was_up.
const struct signaling_member_partner *signaling_member_find(
    const struct signaling_member *member, uint32_t partner);

#endif
