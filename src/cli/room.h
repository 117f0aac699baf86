// A room of a Yodel server, for commands that show and play: the link, the member, and a peer for each partner.
//
//   server ──text──► member (pure) ──► PARTNER: a peer ──► on_peer … on_gone
//      ▲                │  ▲                      │
//      └──── texts ─────┘  └── path up, lost … ───┘
//
// The server may go and come back without a partner noticing. Who fails before a server of ours ever answered, or
// where two are in the call already, is told so once (on_failed).
//
// Implements  docs/SIGNALING.md, Calls, from the owner's side of signaling/member.h
// Ownership   the caller owns the struct, which must not move; the peering outlives it
// Limits      CLI_ROOM_… below, and the member's

#ifndef CLI_ROOM_H
#define CLI_ROOM_H

#include "cli/path.h"
#include "cli/peering.h"
#include "signaling/link.h"
#include "signaling/member.h"

#define CLI_ROOM_EARLY_MAX 50 // Candidates that come before the description that they belong to.
#define CLI_ROOM_GOODBYE_MAX 1000  // Milliseconds for `leave` to arrive,
#define CLI_ROOM_LAST_WORDS_MS 100 // and for the server to hear it.
#define CLI_ROOM_WHY_MAX 512

struct cli_room_options {
    const char *server; // Its URL.
    const char *name;   // The room's.
    enum signaling_call_role role;
    bool is_insecure; // Takes any certificate of the server's.
    struct cli_peering_handler handler;
    void (*on_chat)(void *ctx, struct bytes text); // NULL: it is not shown. `ctx` is the handler's.
    void (*on_remote)(void *ctx, enum signaling_call_audio audio,
        enum signaling_call_video video); // NULL likewise.
};

struct cli_room_partner {
    uint32_t number; // The member's; 0: the place is free.
    yodel_peer *peer;
    yodel_channel *channel; // From when it was made or taken until it closed.
    json_t *early;          // Candidates before the first description.
    bool is_told;           // on_peer was called.
    bool is_up, was_up;
    bool is_closed; // Its connection has ended, and the member knows.
};

struct cli_room {
    struct cli_room_options options;
    struct cli_peering *peering;
    struct cli_servers servers; // The command line's, and those of the last hello.
    struct signaling_member member;
    struct signaling_link *link;
    char why[CLI_ROOM_WHY_MAX];    // The link's last end.
    char reason[CLI_ROOM_WHY_MAX]; // Why a connection did not come about, as far as is known here.
    uv_timer_t timer, goodbye;
    enum signaling_call_audio audio; // What we say of ourselves.
    enum signaling_call_video video;
    bool is_over; // on_failed was told, or it is being closed.
    bool is_away; // The server is, and that was told.
    struct cli_room_partner partners[SIGNALING_MEMBER_PARTNERS_MAX];
};

// Begins. SYNTAX (the server's URL, the room's name), with a sentence in `why`; NO_MEMORY.
YODEL_MUST_USE enum yodel_err cli_room_init(struct cli_room *room, struct cli_peering *peering,
    const struct cli_room_options *options, char why[CLI_WHY_MAX]);

// Says `leave`, running the loop until that has arrived, and lets go of all peers. What is left closes in the
// loop's next turns.
void cli_room_deinit(struct cli_room *room);

// What we send, said to all who are here and to all who come.
void cli_room_set_state(
    struct cli_room *room, enum signaling_call_audio audio, enum signaling_call_video video);

// False where nobody could hear it, or it is no text.
bool cli_room_chat(struct cli_room *room, struct bytes text);

// ---- for cli/room_peer.c

void cli_room_say(struct cli_room *room, const char *format, ...) YODEL_PRINTF(2, 3);
// Has the member's events taken soon: whatever a peer does is followed up from the loop.
void cli_room_wake(struct cli_room *room);

#endif
