// Batches: building trains, and taking them apart.

#include "net/batch.h"

#include "base/assert.h"
#include "yodel/peer.h"

_Static_assert(BATCH_DATAGRAM_ROOM >= YODEL_DATAGRAM_MAX, "a datagram fits its room");

enum yodel_err batch_out_init(struct batch_out *out, struct alloc *alloc)
{
    // Not zeroed: memory that is never written to is never there.
    uint8_t *bytes = alloc_resize(alloc, NULL, BATCH_OUT_BYTES);

    if (!bytes) {
        return YODEL_ERR_NO_MEMORY;
    }
    out->bytes = bytes;
    out->len = 0;
    out->train_count = 0;
    return YODEL_OK;
}

void batch_out_deinit(struct batch_out *out, struct alloc *alloc)
{
    alloc_free(alloc, out->bytes);
    out->bytes = NULL;
}

struct span batch_room(struct batch_out *out)
{
    // Where the next datagram goes, and so whether it needs a train of its own, is not known yet.
    if (out->train_count == BATCH_TRAINS_MAX || BATCH_OUT_BYTES - out->len < BATCH_DATAGRAM_ROOM) {
        return (struct span){0};
    }
    return span_of(out->bytes + out->len, BATCH_DATAGRAM_ROOM);
}

static bool may_follow(const struct batch_train *train, const struct yodel_path *path, size_t len)
{
    return !train->is_ended && len <= train->segment && train->len + len <= BATCH_TRAIN_BYTES &&
           train->len < (uint32_t)train->segment * BATCH_TRAIN_COUNT &&
           path_equal(&train->path, path);
}

void batch_commit(struct batch_out *out, const struct yodel_path *path, size_t len)
{
    if (len == 0) {
        return;
    }
    YODEL_ASSERT(len <= BATCH_DATAGRAM_ROOM && len <= BATCH_OUT_BYTES - out->len);
    struct batch_train *last = out->train_count ? &out->trains[out->train_count - 1] : NULL;
    if (last && last->start + last->len == out->len && may_follow(last, path, len)) {
        last->is_ended = len < last->segment;
        last->len += (uint32_t)len;
    } else {
        YODEL_ASSERT(out->train_count < BATCH_TRAINS_MAX);
        out->trains[out->train_count++] = (struct batch_train){
            .path = *path, .start = out->len, .len = (uint32_t)len, .segment = (uint16_t)len};
    }
    out->len += (uint32_t)len;
}

void batch_out_clear(struct batch_out *out)
{
    out->len = 0;
    out->train_count = 0;
}

bool batch_out_is_empty(struct batch_out *out)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < out->train_count; i++) {
        if (out->trains[i].len > 0) {
            if (kept != i) {
                out->trains[kept] = out->trains[i];
            }
            kept++;
        }
    }
    out->train_count = kept;
    if (kept == 0) {
        out->len = 0;
    }
    return kept == 0;
}

enum yodel_err batch_in_init(struct batch_in *in, struct alloc *alloc)
{
    uint8_t *bytes = alloc_resize(alloc, NULL, BATCH_IN_BYTES);

    if (!bytes) {
        return YODEL_ERR_NO_MEMORY;
    }
    in->bytes = bytes;
    in->piece_count = 0;
    in->next_piece = 0;
    in->next_offset = 0;
    return YODEL_OK;
}

void batch_in_deinit(struct batch_in *in, struct alloc *alloc)
{
    alloc_free(alloc, in->bytes);
    in->bytes = NULL;
}

void batch_in_start(struct batch_in *in, const struct yodel_addr *local)
{
    in->local = *local;
    in->piece_count = 0;
    in->next_piece = 0;
    in->next_offset = 0;
}

void batch_in_add(struct batch_in *in, const struct yodel_addr *remote, uint32_t start,
    uint32_t len, uint32_t segment)
{
    YODEL_ASSERT(in->piece_count < BATCH_PIECES_MAX);
    YODEL_ASSERT(start <= BATCH_IN_BYTES && len <= BATCH_IN_BYTES - start);
    if (len == 0) {
        return; // An empty datagram is nobody's.
    }
    in->pieces[in->piece_count++] = (struct batch_piece){
        .remote = *remote, .start = start, .len = len, .segment = segment > 0 ? segment : len};
}

bool batch_next(struct batch_in *in, struct batch_arrival *arrival)
{
    if (in->next_piece == in->piece_count) {
        return false;
    }
    const struct batch_piece *piece = &in->pieces[in->next_piece];
    uint32_t left = piece->len - in->next_offset;
    uint32_t len = left < piece->segment ? left : piece->segment;

    arrival->path =
        (struct yodel_path){.local = in->local, .remote = piece->remote, .transport = YODEL_UDP};
    arrival->datagram = span_of(in->bytes + piece->start + in->next_offset, len);
    arrival->is_last = len == left;
    in->next_offset += len;
    if (arrival->is_last) {
        in->next_piece++;
        in->next_offset = 0;
    }
    return true;
}
