// A message that arrives in pieces, as WebSocket frames and small buffers make them.
//
// Ownership   owns what it has gathered until the clear
// Limits      SIGNALING_TEXT_MAX bytes, SIGNALING_PIECES_MAX pieces; room is doubled as bytes
//             arrive, so that a length that is only announced costs nothing

#ifndef SIGNALING_PIECES_H
#define SIGNALING_PIECES_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

#define SIGNALING_PIECES_MAX 4096

// Zeroed: nothing gathered.
struct signaling_pieces {
    uint8_t *ptr;
    uint32_t len;
    uint32_t room;
    uint32_t count;
};

// Fails with TOO_LARGE or NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_pieces_add(
    struct signaling_pieces *pieces, struct alloc *alloc, struct bytes piece);
void signaling_pieces_clear(struct signaling_pieces *pieces, struct alloc *alloc);

static inline struct bytes signaling_pieces_whole(const struct signaling_pieces *pieces)
{
    return bytes_of(pieces->ptr, pieces->len);
}

#endif
