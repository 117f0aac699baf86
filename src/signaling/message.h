// Signaling messages, as the server reads them: JSON text in, one checked struct out.
//
// Implements  docs/SIGNALING.md (what clients say)
// Not here    what a message may do (signaling/core.h), the client's reading (signaling/meet.h)
// Ownership   a parsed message owns its JSON until signaling_message_deinit; its strings and `data`
//             live in it
// Limits      SIGNALING_TEXT_MAX bytes, SIGNALING_DEPTH_MAX levels, SIGNALING_VALUES_MAX values. No
//             member twice, no NUL in a string, nothing after the object

#ifndef SIGNALING_MESSAGE_H
#define SIGNALING_MESSAGE_H

#include <jansson.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define SIGNALING_TEXT_MAX 65536
#define SIGNALING_DEPTH_MAX 32
#define SIGNALING_VALUES_MAX 4096
#define SIGNALING_ROOM_MAX 64 // Characters in a room's name.
#define SIGNALING_ID_SIZE 32  // Characters in a client's id: 128 bits in hexadecimal.
#define SIGNALING_TYPE_MAX 32 // Of a type that an error quotes back.

enum signaling_type {
    SIGNALING_UNKNOWN,
    SIGNALING_JOIN,
    SIGNALING_LEAVE,
    SIGNALING_SIGNAL,
    SIGNALING_CREATE_CODE,
    SIGNALING_USE_CODE,
    SIGNALING_REOPEN_CODE,
    SIGNALING_RELEASE_CODE,
    SIGNALING_UNPAIR,
};

struct signaling_message {
    enum signaling_type type;
    char type_text[SIGNALING_TYPE_MAX + 1]; // "" where it is not fit to be quoted.
    const char *why;                        // What is wrong, a sentence, when it did not parse.
    const char *room;                       // For join; may still be outside the alphabet.
    const char *to;                         // For signal.
    const json_t *data;                     // For signal.
    uint32_t number;                        // For the codes; 0 where unpair gives none.
    json_t *root;
};

// Reads one whole text. Fails with MALFORMED, and then `message` holds the type, where there was
// one, and the reason. Must be followed by deinit either way.
YODEL_MUST_USE enum yodel_err signaling_message_parse(
    struct signaling_message *message, struct bytes text);
void signaling_message_deinit(struct signaling_message *message);

// Reads JSON within the limits above, for both sides. NULL where it is not an object, or not within
// them. The caller owns the result.
json_t *signaling_message_read(struct bytes text);

// 1 to 64 characters of A-Z a-z 0-9 . _ -
bool signaling_message_is_room(const char *name);

#endif
