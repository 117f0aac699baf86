// The sending side of a file transfer: a state machine between a data channel and files.
//
// Messages go in, messages come out when asked for; files are read through `struct
// transfer_source`, so that a test, or a pipe, can stand in for a folder.
//
//   OFFERING ──offer sent──► WAITING ──accept──► SENDING ──all sent──► FINISHING ──done──► DONE
//       any state ──abort, decline, error──► FAILED
//
// Implements  docs/TRANSFER.md
// Ownership   borrows the items and the source until transfer_sender_deinit
// Limits      one piece in memory; TRANSFER_SENDER_AHEAD_MAX bytes beyond what the receiver
//             reports; a resumed prefix is hashed TRANSFER_SENDER_WORK_MAX bytes a call

#ifndef TRANSFER_SENDER_H
#define TRANSFER_SENDER_H

#include "crypto/hash.h"
#include "transfer/message.h"

#define TRANSFER_SENDER_AHEAD_MAX ((int64_t)64 << 20)
#define TRANSFER_SENDER_WORK_MAX (4u << 20)

// Where the bytes come from. One item is open at a time.
struct transfer_source {
    // Opens an item. Fails with IO, NOT_FOUND; OPERATION where it is not what was offered any more.
    enum yodel_err (*open)(void *ctx, uint32_t item);
    // Reads at most room.len bytes that follow what was read before; *len 0 is the end of the item.
    // WOULD_BLOCK: nothing yet (a pipe).
    enum yodel_err (*read)(void *ctx, struct span room, size_t *len);
    // After the last byte: OPERATION where the item changed while it was read.
    enum yodel_err (*check)(void *ctx);
    void (*close)(void *ctx);
    void *ctx;
};

enum transfer_sender_state {
    TRANSFER_SENDER_OFFERING,
    TRANSFER_SENDER_WAITING,
    TRANSFER_SENDER_SENDING,
    TRANSFER_SENDER_FINISHING,
    TRANSFER_SENDER_DONE,
    TRANSFER_SENDER_FAILED,
};

enum transfer_sender_step {
    TRANSFER_SENDER_STEP_NEXT,
    TRANSFER_SENDER_STEP_PREFIX,
    TRANSFER_SENDER_STEP_PIECES
};

struct transfer_sender {
    enum transfer_sender_state state;
    const struct transfer_item *items;
    uint32_t count;
    uint32_t offered;
    uint32_t saved;
    struct transfer_source source;
    struct transfer_resume
        *resumes; // Indexed by item; once one is sent, its hash is the whole item's.

    enum transfer_sender_step step;
    uint32_t item;     // Being sent; `count` once all are.
    int64_t position;  // In it.
    int64_t sent;      // Bytes read, in all, resumed parts included.
    int64_t confirmed; // What the receiver says it has.
    int64_t total;     // -1: unknown.
    int64_t resumed;   // Of `sent`, what was there before.
    bool is_blocked;   // The source had nothing yet.
    bool has_text;     // `text` waits to be sent.
    struct crypto_sha256 hash;
    char *text;
    uint8_t *piece;
    char code[32]; // Why it failed, once FAILED.
    char reason[256];
};

struct transfer_sender_out {
    bool is_text;
    struct bytes message; // Borrowed until the next call.
};

YODEL_MUST_USE enum yodel_err transfer_sender_init(struct transfer_sender *sender,
    const struct transfer_item *items, uint32_t count, const struct transfer_source *source);
void transfer_sender_deinit(struct transfer_sender *sender);

// A message from the receiver.
void transfer_sender_recv_text(struct transfer_sender *sender, struct bytes text);

// Ends it from this side; the abort message is the next thing out.
void transfer_sender_abort(struct transfer_sender *sender, const char *code, const char *reason);

// The next message to send, or false where there is none now. Call while the channel has room.
bool transfer_sender_next(struct transfer_sender *sender, struct transfer_sender_out *out);

// Whether a prefix is being hashed: transfer_sender_next said false, and is to be called again
// soon.
bool transfer_sender_is_busy(const struct transfer_sender *sender);

// After the source's WOULD_BLOCK: there may be more now.
void transfer_sender_unblock(struct transfer_sender *sender);

#endif
