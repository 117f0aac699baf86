// The sending side of a file transfer.
//
// Implements  docs/TRANSFER.md

#include "transfer/sender.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/assert.h"

#define ITEM_TEXT_MAX 160 // The JSON around one path in an offer, at most.

static void fail(struct transfer_sender *sender, const char *code, const char *reason)
{
    if (sender->state == TRANSFER_SENDER_DONE || sender->state == TRANSFER_SENDER_FAILED) {
        return;
    }
    sender->state = TRANSFER_SENDER_FAILED;
    (void)snprintf(sender->code, sizeof sender->code, "%s", code);
    (void)snprintf(sender->reason, sizeof sender->reason, "%s", reason);
    if (sender->step != TRANSFER_SENDER_STEP_NEXT) {
        sender->source.close(sender->source.ctx);
        sender->step = TRANSFER_SENDER_STEP_NEXT;
    }
}

static int64_t total_of(const struct transfer_item *items, uint32_t count)
{
    int64_t total = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (items[i].is_folder) {
            continue;
        }
        if (items[i].size < 0) {
            return -1;
        }
        total += items[i].size;
    }
    return total;
}

enum yodel_err transfer_sender_init(struct transfer_sender *sender,
    const struct transfer_item *items, uint32_t count, const struct transfer_source *source)
{
    YODEL_ASSERT(count > 0 && count <= TRANSFER_ITEMS_MAX);
    *sender = (struct transfer_sender){.items = items, .count = count, .source = *source};
    sender->total = total_of(items, count);
    sender->resumes = alloc_new(alloc_system(), count * sizeof *sender->resumes);
    sender->piece = alloc_new(alloc_system(), TRANSFER_PIECE_MAX);
    crypto_sha256_init(&sender->hash);
    if (!sender->resumes || !sender->piece) {
        transfer_sender_deinit(sender);
        return YODEL_ERR_NO_MEMORY;
    }
    return YODEL_OK;
}

void transfer_sender_deinit(struct transfer_sender *sender)
{
    if (sender->step != TRANSFER_SENDER_STEP_NEXT) {
        sender->source.close(sender->source.ctx);
    }
    crypto_sha256_deinit(&sender->hash);
    transfer_text_free(sender->text);
    alloc_free(alloc_system(), sender->resumes);
    alloc_free(alloc_system(), sender->piece);
    *sender = (struct transfer_sender){.state = TRANSFER_SENDER_FAILED};
}

// Queues one control message; it is the next thing out.
static void say(struct transfer_sender *sender, const struct transfer_message *message)
{
    transfer_text_free(sender->text);
    sender->text = transfer_message_write(message);
    sender->has_text = sender->text != NULL;
    if (!sender->text) {
        fail(sender, "io", "there is no memory left");
    }
}

void transfer_sender_abort(struct transfer_sender *sender, const char *code, const char *reason)
{
    struct transfer_message message = {.type = TRANSFER_ABORT};

    if (sender->state == TRANSFER_SENDER_DONE || sender->state == TRANSFER_SENDER_FAILED) {
        return;
    }
    (void)snprintf(message.code, sizeof message.code, "%s", code);
    (void)snprintf(message.text, sizeof message.text, "%s", reason);
    say(sender, &message);
    fail(sender, code, reason);
}

// ---- input

static void take_accept(struct transfer_sender *sender, const struct transfer_message *message)
{
    if (sender->state != TRANSFER_SENDER_WAITING) {
        transfer_sender_abort(sender, "bad-message", "an accept came at the wrong time");
        return;
    }
    for (size_t i = 0; i < message->resume_count; i++) {
        const struct transfer_resume *resume = &message->resumes[i];
        uint32_t item = resume->item;

        // A lie about an offset costs a hash of our own file, no more.
        if (item < sender->count && resume->offset <= sender->items[item].size) {
            sender->resumes[item] = *resume;
        }
    }
    sender->state = TRANSFER_SENDER_SENDING;
}

static void take_saved(struct transfer_sender *sender, uint32_t item)
{
    if (item != sender->saved || item >= sender->item) {
        transfer_sender_abort(sender, "bad-message", "something was saved that was not sent");
        return;
    }
    sender->saved++;
}

static void take(struct transfer_sender *sender, const struct transfer_message *message)
{
    switch (message->type) {
    case TRANSFER_ACCEPT:
        take_accept(sender, message);
        break;
    case TRANSFER_DECLINE:
        fail(sender, "declined", message->text);
        break;
    case TRANSFER_SAVED:
        take_saved(sender, message->item);
        break;
    case TRANSFER_PROGRESS:
        if (message->offset > sender->confirmed && message->offset <= sender->sent) {
            sender->confirmed = message->offset;
        }
        break;
    case TRANSFER_DONE:
        if (sender->state == TRANSFER_SENDER_FINISHING && sender->saved == sender->count) {
            sender->confirmed = sender->sent;
            sender->state = TRANSFER_SENDER_DONE;
        } else {
            transfer_sender_abort(sender, "bad-message", "the receiver says done too early");
        }
        break;
    case TRANSFER_ABORT:
        fail(sender, message->code[0] ? message->code : "aborted", message->text);
        break;
    case TRANSFER_OFFER:
    case TRANSFER_ITEM:
    case TRANSFER_END:
        transfer_sender_abort(sender, "bad-message", "the receiver spoke as a sender");
        break;
    }
}

void transfer_sender_recv_text(struct transfer_sender *sender, struct bytes text)
{
    struct transfer_message message;

    if (sender->state == TRANSFER_SENDER_DONE || sender->state == TRANSFER_SENDER_FAILED) {
        return;
    }
    enum yodel_err err = transfer_message_parse(&message, text);
    if (err == YODEL_OK) {
        take(sender, &message);
        transfer_message_deinit(&message);
    } else if (err != YODEL_ERR_FOREIGN) {
        transfer_sender_abort(sender, "bad-message", "a message of the receiver's does not parse");
    }
}

// ---- output

// The next part of the offer: as many items as fit.
static void offer(struct transfer_sender *sender)
{
    struct transfer_message message = {.type = TRANSFER_OFFER, .offset = sender->total};
    size_t room = TRANSFER_OFFER_PART;
    uint32_t first = sender->offered;

    while (sender->offered < sender->count) {
        // A path's bytes may each become six in JSON.
        size_t len = 6 * sender->items[sender->offered].path_len + ITEM_TEXT_MAX;
        if (len > room && sender->offered > first) {
            break;
        }
        room -= len < room ? len : room;
        sender->offered++;
    }
    // The items are only read; the message's pointer is not const because a parsed one owns them.
    message.items =
        sender->offered > first ? (struct transfer_item *)(uintptr_t)&sender->items[first] : NULL;
    message.item_count = sender->offered - first;
    message.more = sender->offered < sender->count;
    say(sender, &message);
    if (!message.more && sender->state == TRANSFER_SENDER_OFFERING) {
        sender->state = TRANSFER_SENDER_WAITING;
    }
}

static const char *text_of_source(enum yodel_err err)
{
    if (err == YODEL_ERR_OPERATION) {
        return "the file changed after it was offered; send it again";
    }
    return err == YODEL_ERR_NOT_FOUND ? "the file is not there any more"
                                      : "the file cannot be read";
}

static void fail_source(struct transfer_sender *sender, enum yodel_err err)
{
    transfer_sender_abort(
        sender, err == YODEL_ERR_OPERATION ? "file-changed" : "io", text_of_source(err));
}

static void begin_pieces(struct transfer_sender *sender)
{
    sender->step = TRANSFER_SENDER_STEP_PIECES;
    say(sender, &(struct transfer_message){
                    .type = TRANSFER_ITEM, .item = sender->item, .offset = sender->position});
}

static void end_item(struct transfer_sender *sender)
{
    struct transfer_message message = {
        .type = TRANSFER_END, .item = sender->item, .offset = sender->position};

    crypto_sha256_final(&sender->hash, message.sha256);
    memcpy(sender->resumes[sender->item].sha256, message.sha256, sizeof message.sha256);
    sender->step = TRANSFER_SENDER_STEP_NEXT;
    sender->item++;
    say(sender, &message);
}

static void begin_item(struct transfer_sender *sender)
{
    sender->position = 0;
    crypto_sha256_reset(&sender->hash);
    if (sender->item == sender->count) {
        sender->state = TRANSFER_SENDER_FINISHING;
        say(sender, &(struct transfer_message){.type = TRANSFER_DONE});
        return;
    }
    if (sender->items[sender->item].is_folder) {
        end_item(sender);
        return;
    }
    enum yodel_err err = sender->source.open(sender->source.ctx, sender->item);
    if (err) {
        fail_source(sender, err);
        return;
    }
    if (sender->resumes[sender->item].offset > 0) {
        sender->step = TRANSFER_SENDER_STEP_PREFIX;
    } else {
        begin_pieces(sender);
    }
}

// Starts the item over where the receiver's part is not a part of ours.
static void judge_prefix(struct transfer_sender *sender)
{
    uint8_t sha256[TRANSFER_SHA256_SIZE];

    crypto_sha256_peek(&sender->hash, sha256);
    if (memcmp(sha256, sender->resumes[sender->item].sha256, sizeof sha256) == 0) {
        sender->sent += sender->position;
        sender->resumed += sender->position;
        begin_pieces(sender);
        return;
    }
    sender->source.close(sender->source.ctx);
    sender->step = TRANSFER_SENDER_STEP_NEXT;
    sender->resumes[sender->item].offset = 0;
}

// Reads the next bytes of the open item into `piece`; false at the end, or where it cannot go on.
static bool read_piece(struct transfer_sender *sender, size_t len_max, size_t *len)
{
    enum yodel_err err =
        sender->source.read(sender->source.ctx, span_of(sender->piece, len_max), len);

    if (err == YODEL_ERR_WOULD_BLOCK) {
        sender->is_blocked = true;
        return false;
    }
    if (err) {
        fail_source(sender, err);
        return false;
    }
    int64_t size = sender->items[sender->item].size;
    if (size >= 0 && sender->position + (int64_t)*len > size) {
        fail_source(sender, YODEL_ERR_OPERATION);
        return false;
    }
    crypto_sha256_update(&sender->hash, bytes_of(sender->piece, *len));
    sender->position += (int64_t)*len;
    return true;
}

static void hash_prefix(struct transfer_sender *sender)
{
    int64_t offset = sender->resumes[sender->item].offset;
    size_t done = 0, len;

    while (sender->position < offset && done < TRANSFER_SENDER_WORK_MAX) {
        int64_t left = offset - sender->position;
        if (!read_piece(
                sender, left < TRANSFER_PIECE_MAX ? (size_t)left : TRANSFER_PIECE_MAX, &len)) {
            return;
        }
        if (len == 0) {
            fail_source(sender, YODEL_ERR_OPERATION);
            return;
        }
        done += len;
    }
    if (sender->position == offset) {
        judge_prefix(sender);
    }
}

// Reads one piece; true where there is one to send.
static bool next_piece(struct transfer_sender *sender, size_t *len)
{
    if (!read_piece(sender, TRANSFER_PIECE_MAX, len)) {
        return false;
    }
    if (*len > 0) {
        sender->sent += (int64_t)*len;
        return true;
    }
    int64_t size = sender->items[sender->item].size;
    enum yodel_err err = sender->source.check(sender->source.ctx);
    if (err || (size >= 0 && sender->position != size)) {
        fail_source(sender, err ? err : YODEL_ERR_OPERATION);
        return false;
    }
    sender->source.close(sender->source.ctx);
    end_item(sender);
    return false;
}

static bool take_text(struct transfer_sender *sender, struct transfer_sender_out *out)
{
    if (!sender->has_text) {
        return false;
    }
    sender->has_text = false;
    *out = (struct transfer_sender_out){.is_text = true, .message = bytes_of_text(sender->text)};
    return true;
}

// A receiver with a slow disk would have to keep what it cannot write yet.
static bool is_ahead(const struct transfer_sender *sender)
{
    int64_t confirmed = sender->confirmed > sender->resumed ? sender->confirmed : sender->resumed;

    return sender->sent - confirmed >= TRANSFER_SENDER_AHEAD_MAX;
}

bool transfer_sender_next(struct transfer_sender *sender, struct transfer_sender_out *out)
{
    size_t len = 0;

    if (take_text(sender, out)) {
        return true;
    }
    if (sender->state == TRANSFER_SENDER_OFFERING) {
        offer(sender);
    } else if (transfer_sender_is_busy(sender)) {
        if (sender->step == TRANSFER_SENDER_STEP_NEXT) {
            begin_item(sender);
        } else if (sender->step == TRANSFER_SENDER_STEP_PREFIX) {
            hash_prefix(sender);
        } else if (next_piece(sender, &len)) {
            *out = (struct transfer_sender_out){.message = bytes_of(sender->piece, len)};
            return true;
        }
    }
    return take_text(sender, out);
}

bool transfer_sender_is_busy(const struct transfer_sender *sender)
{
    return sender->state == TRANSFER_SENDER_SENDING && !sender->is_blocked && !is_ahead(sender);
}

void transfer_sender_unblock(struct transfer_sender *sender)
{
    sender->is_blocked = false;
}
