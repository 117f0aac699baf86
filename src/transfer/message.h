// The transfer's control messages: JSON text on one side, structs on the other.
//
// Implements  docs/TRANSFER.md
// Ownership   a parsed message owns its memory until transfer_message_deinit
// Limits      TRANSFER_MESSAGE_MAX bytes a message, TRANSFER_ITEMS_MAX items in all its parts

#ifndef TRANSFER_MESSAGE_H
#define TRANSFER_MESSAGE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

#define TRANSFER_MESSAGE_MAX 65536
#define TRANSFER_OFFER_PART 61440
#define TRANSFER_ITEMS_MAX 100000
#define TRANSFER_PIECE_MAX 65536
#define TRANSFER_SHA256_SIZE 32
#define TRANSFER_SIZE_MAX ((int64_t)1 << 53) // What every JSON reader can hold exactly.

enum transfer_type {
    TRANSFER_OFFER,
    TRANSFER_ACCEPT,
    TRANSFER_DECLINE,
    TRANSFER_ITEM,
    TRANSFER_END,
    TRANSFER_SAVED,
    TRANSFER_PROGRESS,
    TRANSFER_DONE,
    TRANSFER_ABORT,
};

struct transfer_item {
    char *path;      // As the sender wrote it: hostile until transfer/name.h made it safe.
    size_t path_len; // It may hold a NUL.
    bool is_folder;
    int64_t size;     // -1: unknown.
    int64_t modified; // Unix seconds; -1: unknown.
};

struct transfer_resume {
    uint32_t item;
    int64_t offset;
    uint8_t sha256[TRANSFER_SHA256_SIZE];
};

struct transfer_message {
    enum transfer_type type;
    struct transfer_item *items; // OFFER.
    size_t item_count;
    bool more;
    struct transfer_resume *resumes; // ACCEPT.
    size_t resume_count;
    uint32_t item;  // ITEM, END, SAVED.
    int64_t offset; // ITEM; END's size; PROGRESS's bytes; OFFER's total, -1 where unknown.
    uint8_t sha256[TRANSFER_SHA256_SIZE]; // END.
    char code[32];                        // ABORT.
    char text[256];                       // ABORT's text, DECLINE's reason.
};

// FOREIGN: well-formed, of a type that is not ours, to be ignored. MALFORMED: end the transfer.
YODEL_MUST_USE enum yodel_err transfer_message_parse(
    struct transfer_message *message, struct bytes text);
void transfer_message_deinit(struct transfer_message *message);

// Writes the text of `message`, with a NUL, which the caller frees with transfer_text_free. NULL:
// no memory.
YODEL_MUST_USE char *transfer_message_write(const struct transfer_message *message);
void transfer_text_free(char *text);

#endif
