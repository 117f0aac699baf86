// What the members of a room say to each other: through the room, who they are; over the data
// channel of their connection, what they send, a chat, and goodbye.
//
// Implements  docs/SIGNALING.md, Calls (`member`, `abort`; the protocol yodel-call-1)
// Not here    what follows from it (signaling/member.h)
// Ownership   a parsed message owns its JSON until signaling_call_message_deinit; `text` lives in it
// Limits      CALL_… below. A message of the channel is as strict a JSON as those for the server
//             (signaling/message.h)

#ifndef SIGNALING_CALL_MESSAGE_H
#define SIGNALING_CALL_MESSAGE_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/err.h"

#define SIGNALING_CALL_LABEL "call"
#define SIGNALING_CALL_PROTOCOL "yodel-call-1"
#define SIGNALING_CALL_MESSAGE_MAX 65536 // Bytes of a message that is read,
#define SIGNALING_CALL_WRITTEN_MAX 24576 // and of one that is written: six for each character.
#define SIGNALING_CALL_CHAT_MAX 4000 // Characters, as JavaScript counts them (UTF-16), in a chat,
#define SIGNALING_CALL_ID_MAX 64     // and in a member's id,
#define SIGNALING_CALL_ID_SIZE (3 * SIGNALING_CALL_ID_MAX + 1) // which is so long in UTF-8.
#define SIGNALING_CALL_WITH_MAX 64                             // Members that one names.

enum signaling_call_role {
    SIGNALING_CALL_ROLE_CALL, // Sends and receives, with one other.
    SIGNALING_CALL_ROLE_PUBLISH,
    SIGNALING_CALL_ROLE_PLAY,
};

struct signaling_call_member {
    char id[SIGNALING_CALL_ID_SIZE]; // Of its program or page: it outlives a link to the server.
    enum signaling_call_role role;
    const json_t *with; // Whose connections it holds; borrowed, and may be anything.
};

// Reads what is in `member`. False where it is no member. A role of later days is `call`.
bool signaling_call_message_read_member(struct signaling_call_member *member, const json_t *json);
bool signaling_call_message_names(const struct signaling_call_member *member, const char *id);
const char *signaling_call_message_role_name(enum signaling_call_role role);

// 1 to SIGNALING_CALL_ID_MAX characters.
bool signaling_call_message_is_id(const char *id);

// ---- the channel

enum signaling_call_type { SIGNALING_CALL_STATE, SIGNALING_CALL_CHAT, SIGNALING_CALL_LEAVE };
enum signaling_call_audio {
    SIGNALING_CALL_AUDIO_ON,
    SIGNALING_CALL_AUDIO_MUTED,
    SIGNALING_CALL_AUDIO_NONE, // There is nothing to send from.
};
enum signaling_call_video {
    SIGNALING_CALL_VIDEO_CAMERA,
    SIGNALING_CALL_VIDEO_SCREEN,
    SIGNALING_CALL_VIDEO_OFF,
    SIGNALING_CALL_VIDEO_NONE,
};

struct signaling_call_message {
    enum signaling_call_type type;
    enum signaling_call_audio audio; // Of STATE.
    enum signaling_call_video video;
    struct bytes text; // Of CHAT: UTF-8 without NUL, not only blanks, at most CALL_CHAT_MAX.
    json_t *root;
};

// Fails with MALFORMED: too long, no JSON, not of ours, a chat of blanks. A longer chat is cut.
// Deinit follows YODEL_OK only.
YODEL_MUST_USE enum yodel_err signaling_call_message_parse(
    struct signaling_call_message *message, struct bytes text);
void signaling_call_message_deinit(struct signaling_call_message *message);

// Writes to the start of `room`, for which CALL_WRITTEN_MAX is enough. A chat is cut as when it is
// read. Fails with SYNTAX (the chat is no UTF-8, or has a NUL), TOO_LARGE (the room), NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_call_message_write(
    const struct signaling_call_message *message, struct span room, size_t *len);

const char *signaling_call_message_audio_name(enum signaling_call_audio audio);
const char *signaling_call_message_video_name(enum signaling_call_video video);

#endif
