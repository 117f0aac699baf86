// SCTP assembly: fragments become messages, and messages wait here, in their order, for the
// application.
//
// Fragments of one message have consecutive TSNs (RFC 9260 §6.9). So what has arrived of a message
// is kept as a few pieces, each a run without holes: a fragment that continues a piece is appended
// to it, and one that closes a hole joins two. A message with both ends and no hole is done,
// whatever else is missing on other streams.
//
// Implements  RFC 9260 §6.5, §6.6 (order), §6.9 (reassembly); RFC 3758 §3.6 (skipping what is
//             abandoned)
// Not here    which TSNs have arrived (sctp/rx.h)
// Ownership   owns all messages; the one handed out last lives until sctp_assembly_release
// Limits      messages up to max_message; SCTP_ASSEMBLY_PIECES_MAX unfinished pieces; memory is
//             counted with what it costs, SCTP_ASSEMBLY_OVERHEAD a message, against the window

#ifndef SCTP_ASSEMBLY_H
#define SCTP_ASSEMBLY_H

#include "sctp/chunk.h"
#include "sctp/stream.h"

#define SCTP_ASSEMBLY_PIECES_MAX 2048

struct sctp_piece {
    struct sctp_piece *next; // Held or ready.
    uint64_t first;          // TSNs.
    uint64_t last;
    uint64_t ssn;
    uint32_t ppid;
    uint16_t stream;
    uint8_t flags; // SCTP_DATA_BEGIN and SCTP_DATA_END where it has that end; SCTP_DATA_UNORDERED.
    bool is_reset; // No message: here the peer began the stream anew (RFC 6525).
    size_t len;
    size_t room;
    uint8_t data[];
};

#define SCTP_ASSEMBLY_OVERHEAD sizeof(struct sctp_piece)

struct sctp_assembly {
    const struct env *env;
    struct sctp_streams *streams;
    size_t max_message;
    struct sctp_piece **pieces; // Unfinished ones, by TSN.
    size_t piece_count;
    size_t piece_room;
    struct sctp_piece *ready_head;
    struct sctp_piece *ready_tail;
    struct sctp_piece *lent;  // The message that the application looks at.
    struct sctp_piece *spare; // A freed one, for the next of about that size.
    size_t held;              // Bytes, everything included but `spare`.
    size_t usual;             // How large the last message of several fragments was.
    bool has_skipped;         // The peer abandons messages, so that a beginning may be missing.
};

enum sctp_assembly_result {
    SCTP_ASSEMBLY_TAKEN,
    SCTP_ASSEMBLY_NO_ROOM,   // Not now: the peer sends it again.
    SCTP_ASSEMBLY_VIOLATION, // Fragments that cannot be: RFC 9260 §6.9.
    SCTP_ASSEMBLY_TOO_LARGE,
};

void sctp_assembly_init(struct sctp_assembly *assembly, const struct env *env,
    struct sctp_streams *streams, size_t max_message);
void sctp_assembly_deinit(struct sctp_assembly *assembly);

// Takes a fragment that has not been taken before. `in_row`: every TSN before this one has been.
YODEL_MUST_USE enum sctp_assembly_result sctp_assembly_add(
    struct sctp_assembly *assembly, const struct sctp_data *data, uint64_t tsn, bool in_row);

// The peer gave up all it had not delivered up to `tsn`.
void sctp_assembly_skip(struct sctp_assembly *assembly, uint64_t tsn);

// And, of an ordered stream, every message up to `ssn`. False without memory.
YODEL_MUST_USE bool sctp_assembly_skip_stream(
    struct sctp_assembly *assembly, uint16_t stream, uint16_t ssn);

// The peer begins the stream anew: what was whole is delivered, and then the reset. False without
// memory.
YODEL_MUST_USE bool sctp_assembly_reset_stream(struct sctp_assembly *assembly, uint16_t stream);

// The next message or reset, or NULL; and giving it back.
const struct sctp_piece *sctp_assembly_next(struct sctp_assembly *assembly);
void sctp_assembly_release(struct sctp_assembly *assembly);

#endif
