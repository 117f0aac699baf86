// Meeting by a code: one end of a rendezvous, from the server's hello to a fingerprint that is
// proven.
//
//   creator   HELLO ─► code ─► WAITING ──paired──► PROVING ──both confirmations──► MET
//                                 ▲                   │ wrong code: the code is burnt
//                                 └──── reopen ◄──────┴──────────────────────────── the other left
//   joiner    HELLO ─► use-code ───────paired──► PROVING ─► MET
//                                                   └ wrong code ─► OVER
//
// Pure: text of the server's goes in, text for it and events come out.
//
// Implements  docs/SIGNALING.md, Rendezvous codes; docs/SPAKE2.md
// Not here    the WebSocket (signaling/link.h); what descriptions mean
// Ownership   events borrow until the next call; what waits to be sent is owned here
// Limits      MEET_OUT_MAX messages wait; the server's limits apply to their size

#ifndef SIGNALING_MEET_H
#define SIGNALING_MEET_H

#include <jansson.h>

#include "crypto/spake2.h"
#include "signaling/phrase.h"

#define SIGNALING_MEET_OUT_MAX 64
#define SIGNALING_MEET_NEWS_MAX 16
#define SIGNALING_ID_MAX 64
#define SIGNALING_PRINT_MAX 96 // A fingerprint's text, with the NUL.

enum signaling_meet_state {
    SIGNALING_MEET_HELLO,   // The server has not spoken.
    SIGNALING_MEET_ASKING,  // For a code, or to use one.
    SIGNALING_MEET_WAITING, // A code is out.
    SIGNALING_MEET_PROVING,
    SIGNALING_MEET_MET,
    SIGNALING_MEET_OVER,
};

enum signaling_meet_event_type {
    SIGNALING_MEET_EVENT_HELLO,  // `data`: the server's ice_servers.
    SIGNALING_MEET_EVENT_CODE,   // `text`: the code, to tell a person.
    SIGNALING_MEET_EVENT_PAIRED, // Somebody is there.
    SIGNALING_MEET_EVENT_MET,    // `text`: the other's fingerprint, proven.
    SIGNALING_MEET_EVENT_SIGNAL, // `data`: a description or a candidate.
    SIGNALING_MEET_EVENT_PEER_LEFT,
    SIGNALING_MEET_EVENT_WRONG_CODE, // The proof failed. The code is burnt; a joiner is OVER.
    SIGNALING_MEET_EVENT_FAILED,     // `code`, `text`; nothing follows.
};

struct signaling_meet_event {
    enum signaling_meet_event_type type;
    const char *code;
    const char *text;
    const json_t *data;
};

struct signaling_meet_news {
    enum signaling_meet_event_type type;
    char code[32];
    char text[256];
    json_t *data;
};

struct signaling_meet {
    const struct env *env;
    bool is_creator;
    enum signaling_meet_state state;
    char fingerprint[SIGNALING_PRINT_MAX];       // Ours.
    char other_fingerprint[SIGNALING_PRINT_MAX]; // Proven only once MET.
    struct signaling_phrase code;
    char peer[SIGNALING_ID_MAX];
    struct spake2 *spake2;
    bool has_share;    // The other's was taken.
    bool is_reopening; // `code` is kept when the server says it again.
    char *out[SIGNALING_MEET_OUT_MAX];
    uint32_t out_first, out_count;
    char *given; // The text handed out last.
    struct signaling_meet_news news[SIGNALING_MEET_NEWS_MAX];
    uint32_t news_first, news_count;
    json_t *given_data;
    struct signaling_meet_news told;
};

// `code` NULL: we create one.
void signaling_meet_init(struct signaling_meet *meet, const struct env *env,
    const char *fingerprint, const struct signaling_phrase *code);
void signaling_meet_deinit(struct signaling_meet *meet);

// A message of the server's.
void signaling_meet_recv(struct signaling_meet *meet, struct bytes text);

// The next message for the server, or NULL; the next event, or false.
const char *signaling_meet_next_out(struct signaling_meet *meet);
bool signaling_meet_next_event(struct signaling_meet *meet, struct signaling_meet_event *event);

// Sends `data`, which it takes over, to the other side; only once MET.
void signaling_meet_signal(struct signaling_meet *meet, json_t *data);

// The creator's: opens the code again for who was there before and comes back, or asks for a fresh one.
void signaling_meet_reopen(struct signaling_meet *meet);
void signaling_meet_renew(struct signaling_meet *meet);

// The joiner's, after FAILED with used-code: asks for it again.
void signaling_meet_retry(struct signaling_meet *meet);

// The creator's: the code is used up.
void signaling_meet_release(struct signaling_meet *meet);

#endif
