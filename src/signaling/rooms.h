// Rooms: who is together with whom, by a name.
//
// Ownership   a room lives while somebody is in it; a member is embedded in what it stands for
// Limits      SIGNALING_MEMBERS_MAX in a room; one room for a member

#ifndef SIGNALING_ROOMS_H
#define SIGNALING_ROOMS_H

#include "base/list.h"
#include "base/map.h"
#include "signaling/message.h"

#define SIGNALING_MEMBERS_MAX 512

struct signaling_room {
    struct map_entry by_name;
    struct list members; // Who came first is first.
    uint32_t count;
    char name[SIGNALING_ROOM_MAX + 1];
};

// Zeroed: in no room.
struct signaling_rooms_member {
    struct list_node node;
    struct signaling_room *room;
};

struct signaling_rooms {
    struct alloc *alloc;
    struct map by_name;
};

void signaling_rooms_init(struct signaling_rooms *rooms, const struct env *env);
void signaling_rooms_deinit(struct signaling_rooms *rooms); // Everybody has left before.

// `name` is a valid one, and `member` in no room. Fails with TOO_LARGE (the room is full) or
// NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_rooms_join(
    struct signaling_rooms *rooms, struct signaling_rooms_member *member, const char *name);

// May be in none.
void signaling_rooms_leave(struct signaling_rooms *rooms, struct signaling_rooms_member *member);

#endif
