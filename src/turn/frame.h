// TURN over streams: where one message ends and the next begins, at both ends.
//
// Implements  RFC 8656 §12.5 (ChannelData is padded to four bytes), RFC 8489 §6.2.2 (STUN is told
//             from its length)
// Not here    the buffer in which a message becomes whole: the owner of the stream has it
// Ownership   borrows for the call
// Limits      TURN_FRAME_MAX: no message is longer, so that a buffer of that size always suffices

#ifndef TURN_FRAME_H
#define TURN_FRAME_H

#include "base/bytes.h"

#define TURN_FRAME_MAX 65556 // A STUN header and 65535 bytes, rounded up to four.

enum turn_frame {
    TURN_FRAME_MORE,    // The message is not whole yet.
    TURN_FRAME_WHOLE,   // It is, and `len` bytes long with its padding.
    TURN_FRAME_FOREIGN, // This is no TURN, and nothing behind it can be: close the stream.
};

// What `stream` begins with. What is whole goes to the core as it is, padding included. A client's
// stream begins with STUN (turn_frame_is_stun): "GET /" reads as ChannelData with a long wait.
enum turn_frame turn_frame_length(struct bytes stream, size_t *len);

// Whether the first byte, where there is one, is that of a STUN message.
bool turn_frame_is_stun(struct bytes stream);

// The zeros that follow ChannelData with `data_len` bytes of data.
static inline size_t turn_frame_padding(size_t data_len)
{
    return -data_len & 3u;
}

#endif
