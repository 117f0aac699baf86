// Batches: the datagrams of one loop turn, in and out, as the system moves them at once.
//
// Out: datagrams are built side by side in one buffer. Consecutive ones of one length along one
// path are a train, which one system call (or one message of a larger call) takes whole; a shorter
// one may end it. In: the system fills big pieces, each one datagram or a train from one address.
//
// Not here    sockets (net/udp.h)
// Ownership   a batch owns its buffer; rooms and datagrams borrow from it, until the next flush or
//             receive
// Limits      those below; who asks for room and gets none flushes first

#ifndef NET_BATCH_H
#define NET_BATCH_H

#include "base/addr.h"
#include "base/alloc.h"
#include "base/bytes.h"

#define BATCH_OUT_BYTES (256u * 1024)
#define BATCH_TRAINS_MAX 128
#define BATCH_TRAIN_COUNT 64     // Datagrams in a train: UDP_MAX_SEGMENTS of the older kernels.
#define BATCH_TRAIN_BYTES 65000  // One IP packet, less its headers.
#define BATCH_DATAGRAM_ROOM 2048 // More than YODEL_DATAGRAM_MAX.
#define BATCH_IN_BYTES (1024u * 1024)
#define BATCH_PIECES_MAX 128

struct batch_train {
    struct yodel_path path;
    uint32_t start;   // Offset into the buffer.
    uint32_t len;     // What is left to send; 0: nothing.
    uint16_t segment; // Length of each datagram but the last.
    bool is_ended;    // A shorter datagram came: nothing may follow.
    bool is_split;    // The system refused it as a whole: one by one.
};

struct batch_out {
    uint8_t *bytes;
    uint32_t len;
    uint32_t train_count;
    struct batch_train trains[BATCH_TRAINS_MAX];
};

YODEL_MUST_USE enum yodel_err batch_out_init(struct batch_out *out, struct alloc *alloc);
void batch_out_deinit(struct batch_out *out, struct alloc *alloc);

// Room for one datagram, at least YODEL_DATAGRAM_MAX long, or an empty span: flush first.
struct span batch_room(struct batch_out *out);

// The first `len` bytes of that room are a datagram along `path`; 0: there is none.
void batch_commit(struct batch_out *out, const struct yodel_path *path, size_t len);

// Forgets what was sent. Returns whether nothing is left.
bool batch_out_is_empty(struct batch_out *out);
void batch_out_clear(struct batch_out *out);

// One or more datagrams from one address.
struct batch_piece {
    struct yodel_addr remote;
    uint32_t start;
    uint32_t len;
    uint32_t segment; // Length of each datagram but the last.
};

struct batch_in {
    uint8_t *bytes;
    struct yodel_addr local; // Of the socket that filled it.
    uint32_t piece_count;
    uint32_t next_piece;
    uint32_t next_offset; // Within that piece.
    struct batch_piece pieces[BATCH_PIECES_MAX];
};

struct batch_arrival {
    struct yodel_path path;
    struct span datagram; // In place, to be decrypted there.
    bool is_last;         // Of those that arrived together, from one address.
};

YODEL_MUST_USE enum yodel_err batch_in_init(struct batch_in *in, struct alloc *alloc);
void batch_in_deinit(struct batch_in *in, struct alloc *alloc);

// For a socket: empties the batch, then adds pieces in the order of their arrival.
void batch_in_start(struct batch_in *in, const struct yodel_addr *local);
void batch_in_add(struct batch_in *in, const struct yodel_addr *remote, uint32_t start,
    uint32_t len, uint32_t segment);

// Takes one datagram out; false when there is none.
bool batch_next(struct batch_in *in, struct batch_arrival *arrival);

#endif
