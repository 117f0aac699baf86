// A partner: one other member of the room, and what is known of the connection with it.
//
//   begin ──► no path yet ──path──► up ◄──path── lost: ICE restarts, one side first
//                 │                  └──lost──────►┘
//                 └──── too long without a path ───┴──► its place is free again
//
// Descriptions and candidates pass through here, both ways, for perfect negotiation (RFC 9429
// §4.1.8.2; W3C webrtc-pc §10.7): where two offers meet, the polite one's is rolled back.
//
// Implements  docs/SIGNALING.md, Calls (Meeting, Holding on), for one partner
// Not here    who becomes a partner (signaling/member_room.h)
// Limits      PARTNER_CANDIDATES_MAX candidates between two descriptions

#ifndef SIGNALING_MEMBER_PARTNER_H
#define SIGNALING_MEMBER_PARTNER_H

#include "base/time.h"
#include "signaling/call_message.h"

#define SIGNALING_MEMBER_PEER_SIZE 65 // Of an id of the server's, with the NUL.
#define SIGNALING_MEMBER_PARTNER_CANDIDATES_MAX 200
#define SIGNALING_MEMBER_PATH_WAIT YODEL_SECONDS(45) // Without a path,
#define SIGNALING_MEMBER_GONE_WAIT YODEL_SECONDS(6)  // and without one and the server.
#define SIGNALING_MEMBER_RESTART_FIRST YODEL_SECONDS(1)
#define SIGNALING_MEMBER_RESTART_POLITE YODEL_SECONDS(4) // So that rarely both restart at once.
#define SIGNALING_MEMBER_RESTART_AGAIN YODEL_SECONDS(8)

struct signaling_member_partner {
    uint32_t number;                       // Of the connection; 0: the place is free.
    char member[SIGNALING_CALL_ID_SIZE];   // Its own id, and the server's for it:
    char peer[SIGNALING_MEMBER_PEER_SIZE]; // "" while it is not there.
    enum signaling_call_role role;
    bool is_polite; // We are: we came later.
    bool is_named;  // We have said that we hold the connection.

    bool is_up;
    bool was_up;
    yodel_time pathless_since; // NEVER while there is a path,
    yodel_time away_since;     // and while it is in the room, or we are not.
    yodel_time restart_at;

    bool has_offered; // Our offer waits for its answer.
    bool is_agreed;   // An offer has been answered: there is a connection to hold.
    bool is_ignoring; // The candidates of an offer that was not taken.
    uint32_t candidate_count;
};

void signaling_member_partner_begin(
    struct signaling_member_partner *partner, uint32_t number, const char *member, yodel_time now);

// Both have found each other again, and keep the connection. Whether it wants new credentials now.
bool signaling_member_partner_resume(struct signaling_member_partner *partner, yodel_time now);

void signaling_member_partner_set_path(
    struct signaling_member_partner *partner, bool is_up, yodel_time now);

// Whether an ICE restart is due; asking moves it on.
bool signaling_member_partner_take_restart(
    struct signaling_member_partner *partner, yodel_time now);

// When it is given up.
yodel_time signaling_member_partner_deadline(const struct signaling_member_partner *partner);
yodel_time signaling_member_partner_next_timeout(const struct signaling_member_partner *partner);

// Notes what we say to it.
void signaling_member_partner_send(struct signaling_member_partner *partner, const json_t *data);
// Whether what it says is to be used.
bool signaling_member_partner_recv(struct signaling_member_partner *partner, const json_t *data);

#endif
