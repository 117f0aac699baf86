// The receiving side of a file transfer: a state machine between a data channel and a folder.
//
//   LISTENING ──offer──► ASKING ──accept──► HASHING ──parts hashed──► RECEIVING ──all saved──► DONE
//       any state ──abort, decline, error──► FAILED
//
// Implements  docs/TRANSFER.md
// Ownership   owns the offered items; borrows the sink until transfer_receiver_deinit
// Limits      TRANSFER_ITEMS_MAX items; no piece is kept in memory; a part is hashed
// TRANSFER_RECEIVER_WORK_MAX
//             bytes a call

#ifndef TRANSFER_RECEIVER_H
#define TRANSFER_RECEIVER_H

#include "crypto/hash.h"
#include "transfer/message.h"
#include "transfer/name.h"

#define TRANSFER_RECEIVER_WORK_MAX (4u << 20)
#define TRANSFER_RECEIVER_PROGRESS_BYTES (4u << 20)

// Where the bytes go. One item is open at a time; `path` is safe (transfer/name.h).
struct transfer_sink {
    enum yodel_err (*make_folder)(void *ctx, const char *path);
    // How much of an earlier try is there, 0 where nothing is. A part longer than `size` does not
    // count.
    int64_t (*find_part)(void *ctx, const char *path, int64_t size);
    // Opens the part, to be read from its start and then written from `offset` on.
    enum yodel_err (*open)(void *ctx, const char *path, int64_t offset);
    enum yodel_err (*read)(void *ctx, struct span room, size_t *len);
    enum yodel_err (*write)(void *ctx, struct bytes piece); // IO: `error_code` says which.
    // Gives the finished part its name, which is written to `final`.
    enum yodel_err (*finish)(void *ctx, int64_t modified, char final[TRANSFER_NAME_PATH_MAX]);
    void (*close)(void *ctx);  // Keeps the part.
    void (*remove)(void *ctx); // Closes, and removes the part.
    // Of the last IO: "disk-full" or "io", and a sentence.
    const char *(*error_code)(void *ctx);
    const char *(*error_text)(void *ctx);
    void *ctx;
};

enum transfer_receiver_state {
    TRANSFER_RECEIVER_LISTENING,
    TRANSFER_RECEIVER_ASKING, // The caller answers with transfer_receiver_accept or
                              // transfer_receiver_decline.
    TRANSFER_RECEIVER_HASHING,
    TRANSFER_RECEIVER_RECEIVING,
    TRANSFER_RECEIVER_DONE,
    TRANSFER_RECEIVER_FAILED,
};

struct transfer_receiver_item {
    struct transfer_item offered;
    char *path; // Safe.
    struct transfer_resume resume;
    struct crypto_sha256 hash; // Of the part that is there already; empty where there is none.
    int64_t size;              // Once saved.
    uint8_t sha256[TRANSFER_SHA256_SIZE]; // Once saved.
    char *final;                          // Its name in the folder, once saved.
};

struct transfer_receiver {
    enum transfer_receiver_state state;
    struct transfer_receiver_item *items;
    uint32_t count;
    uint32_t room;
    struct transfer_sink sink;
    uint32_t item; // Being hashed, then being received; `count` once all are saved.
    bool is_open;
    int64_t position; // In it.
    int64_t received; // In all, resumed parts included.
    int64_t resumed;
    int64_t reported;
    int64_t total; // -1: unknown.
    struct crypto_sha256 hash;
    struct transfer_receiver_out *outbox; // Control messages waiting, oldest first.
    struct transfer_receiver_out **outbox_end;
    char *sent; // The last one handed out.
    uint8_t *room_bytes;
    char code[32]; // Why it failed, once FAILED.
    char reason[256];
};

YODEL_MUST_USE enum yodel_err transfer_receiver_init(
    struct transfer_receiver *receiver, const struct transfer_sink *sink);
void transfer_receiver_deinit(struct transfer_receiver *receiver); // Parts are kept.

void transfer_receiver_recv_text(struct transfer_receiver *receiver, struct bytes text);
void transfer_receiver_recv_piece(struct transfer_receiver *receiver, struct bytes piece);

void transfer_receiver_accept(struct transfer_receiver *receiver);
void transfer_receiver_decline(struct transfer_receiver *receiver, const char *reason);
void transfer_receiver_abort(
    struct transfer_receiver *receiver, const char *code, const char *reason);

// The next message to send, or false. Borrowed until the next call.
bool transfer_receiver_next(struct transfer_receiver *receiver, struct bytes *text);

// Hashes a part, some of it a call; false when there is nothing left to hash.
bool transfer_receiver_work(struct transfer_receiver *receiver);

// Says how far it is, where that changed: twice a second is right.
void transfer_receiver_report(struct transfer_receiver *receiver);

#endif
