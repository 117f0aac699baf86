// Rooms: made by the first who joins, gone with the last who leaves.

#include "signaling/rooms.h"

#include "base/assert.h"

void signaling_rooms_init(struct signaling_rooms *rooms, const struct env *env)
{
    rooms->alloc = env->alloc;
    map_init(&rooms->by_name, env);
}

void signaling_rooms_deinit(struct signaling_rooms *rooms)
{
    YODEL_ASSERT(rooms->by_name.count == 0);
    map_deinit(&rooms->by_name);
}

static struct signaling_room *make(struct signaling_rooms *rooms, const char *name)
{
    struct signaling_room *room = alloc_new(rooms->alloc, sizeof *room);

    if (!room) {
        return NULL;
    }
    memcpy(room->name, name, strlen(name) + 1);
    list_init(&room->members);
    if (map_insert(&rooms->by_name, &room->by_name, bytes_of_text(room->name)) != YODEL_OK) {
        alloc_free(rooms->alloc, room);
        return NULL;
    }
    return room;
}

enum yodel_err signaling_rooms_join(
    struct signaling_rooms *rooms, struct signaling_rooms_member *member, const char *name)
{
    YODEL_ASSERT(!member->room && signaling_message_is_room(name));
    struct map_entry *entry = map_find(&rooms->by_name, bytes_of_text(name));
    struct signaling_room *room =
        entry ? CONTAINER_OF(entry, struct signaling_room, by_name) : make(rooms, name);
    if (!room) {
        return YODEL_ERR_NO_MEMORY;
    }
    if (room->count >= SIGNALING_MEMBERS_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    list_push_back(&room->members, &member->node);
    member->room = room;
    room->count++;
    return YODEL_OK;
}

void signaling_rooms_leave(struct signaling_rooms *rooms, struct signaling_rooms_member *member)
{
    struct signaling_room *room = member->room;

    if (!room) {
        return;
    }
    list_remove(&member->node);
    member->room = NULL;
    if (--room->count == 0) {
        map_remove(&rooms->by_name, &room->by_name);
        alloc_free(rooms->alloc, room);
    }
}
