// Pieces: a buffer that grows.

#include "signaling/pieces.h"

#include "signaling/message.h"

#define ROOM_FIRST 4096

enum yodel_err signaling_pieces_add(
    struct signaling_pieces *pieces, struct alloc *alloc, struct bytes piece)
{
    if (piece.len > SIGNALING_TEXT_MAX - pieces->len || pieces->count >= SIGNALING_PIECES_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    uint32_t room = pieces->room == 0 ? ROOM_FIRST : pieces->room;
    while (room < pieces->len + piece.len) {
        room *= 2;
    }
    if (room != pieces->room) {
        uint8_t *ptr = alloc_resize(alloc, pieces->ptr, room);
        if (!ptr) {
            return YODEL_ERR_NO_MEMORY;
        }
        pieces->ptr = ptr;
        pieces->room = room;
    }
    if (piece.len > 0) {
        memcpy(pieces->ptr + pieces->len, piece.ptr, piece.len);
    }
    pieces->len += (uint32_t)piece.len;
    pieces->count++;
    return YODEL_OK;
}

void signaling_pieces_clear(struct signaling_pieces *pieces, struct alloc *alloc)
{
    alloc_free(alloc, pieces->ptr);
    *pieces = (struct signaling_pieces){0};
}
