// A member in its room: who of those in it is a partner.
//
//   joined ──► say who we are to each who is there ──► one answers: met, we came later
//          └──► nobody is there ──► somebody comes, and says who it is: answer, met, it came later
//
// Implements  docs/SIGNALING.md, Calls (Meeting)
// Not here    the link and the time (signaling/member.h)

#ifndef SIGNALING_MEMBER_ROOM_H
#define SIGNALING_MEMBER_ROOM_H

#include "signaling/member.h"

void signaling_member_room_join(struct signaling_member *member);
void signaling_member_room_joined(
    struct signaling_member *member, const json_t *peers, yodel_time now);
void signaling_member_room_peer_left(
    struct signaling_member *member, const char *peer, yodel_time now);
void signaling_member_room_signal(
    struct signaling_member *member, const char *from, const json_t *data, yodel_time now);

// Those who were there have had the time to answer.
void signaling_member_room_settle(struct signaling_member *member, yodel_time now);

// The server's ids mean nothing any more: the link is gone, or we have left.
void signaling_member_room_forget(struct signaling_member *member);

// The partner's place is free. `abort` is what the other side gave as its reason, or NULL.
void signaling_member_room_drop(struct signaling_member *member,
    struct signaling_member_partner *partner, enum signaling_member_why why, const json_t *abort);

uint32_t signaling_member_room_count(const struct signaling_member *member);

// Says `data`, which it takes over, to who has that id on the server.
void signaling_member_room_say(struct signaling_member *member, const char *peer, json_t *data);

#endif
