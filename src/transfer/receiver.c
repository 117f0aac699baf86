// The receiving side of a file transfer.
//
// Implements  docs/TRANSFER.md

#include "transfer/receiver.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/assert.h"

struct transfer_receiver_out {
    struct transfer_receiver_out *next;
    char *text;
};

static bool is_over(const struct transfer_receiver *receiver)
{
    return receiver->state == TRANSFER_RECEIVER_DONE || receiver->state == TRANSFER_RECEIVER_FAILED;
}

static void fail(struct transfer_receiver *receiver, const char *code, const char *reason)
{
    if (is_over(receiver)) {
        return;
    }
    receiver->state = TRANSFER_RECEIVER_FAILED;
    (void)snprintf(receiver->code, sizeof receiver->code, "%s", code);
    (void)snprintf(receiver->reason, sizeof receiver->reason, "%s", reason);
    if (receiver->is_open) {
        receiver->sink.close(receiver->sink.ctx);
        receiver->is_open = false;
    }
}

enum yodel_err transfer_receiver_init(
    struct transfer_receiver *receiver, const struct transfer_sink *sink)
{
    *receiver = (struct transfer_receiver){.sink = *sink};
    receiver->outbox_end = &receiver->outbox;
    crypto_sha256_init(&receiver->hash);
    receiver->room_bytes = alloc_new(alloc_system(), TRANSFER_PIECE_MAX);
    return receiver->room_bytes ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

void transfer_receiver_deinit(struct transfer_receiver *receiver)
{
    fail(receiver, "cancelled", "ended");
    for (uint32_t i = 0; i < receiver->count; i++) {
        alloc_free(alloc_system(), receiver->items[i].offered.path);
        alloc_free(alloc_system(), receiver->items[i].path);
        alloc_free(alloc_system(), receiver->items[i].final);
        crypto_sha256_deinit(&receiver->items[i].hash);
    }
    while (receiver->outbox) {
        struct transfer_receiver_out *out = receiver->outbox;

        receiver->outbox = out->next;
        transfer_text_free(out->text);
        alloc_free(alloc_system(), out);
    }
    crypto_sha256_deinit(&receiver->hash);
    transfer_text_free(receiver->sent);
    alloc_free(alloc_system(), receiver->items);
    alloc_free(alloc_system(), receiver->room_bytes);
    *receiver = (struct transfer_receiver){.state = TRANSFER_RECEIVER_FAILED};
    receiver->outbox_end = &receiver->outbox;
}

static void say(struct transfer_receiver *receiver, const struct transfer_message *message)
{
    struct transfer_receiver_out *out = alloc_new(alloc_system(), sizeof *out);
    char *text = transfer_message_write(message);

    if (!out || !text) {
        alloc_free(alloc_system(), out);
        transfer_text_free(text);
        fail(receiver, "io", "there is no memory left");
        return;
    }
    out->text = text;
    *receiver->outbox_end = out;
    receiver->outbox_end = &out->next;
}

bool transfer_receiver_next(struct transfer_receiver *receiver, struct bytes *text)
{
    struct transfer_receiver_out *out = receiver->outbox;

    if (!out) {
        return false;
    }
    receiver->outbox = out->next;
    if (!receiver->outbox) {
        receiver->outbox_end = &receiver->outbox;
    }
    transfer_text_free(receiver->sent);
    receiver->sent = out->text;
    alloc_free(alloc_system(), out);
    *text = bytes_of_text(receiver->sent);
    return true;
}

void transfer_receiver_abort(
    struct transfer_receiver *receiver, const char *code, const char *reason)
{
    struct transfer_message message = {.type = TRANSFER_ABORT};

    if (is_over(receiver)) {
        return;
    }
    (void)snprintf(message.code, sizeof message.code, "%s", code);
    (void)snprintf(message.text, sizeof message.text, "%s", reason);
    say(receiver, &message);
    fail(receiver, code, reason);
}

static void fail_sink(struct transfer_receiver *receiver)
{
    void *ctx = receiver->sink.ctx;

    transfer_receiver_abort(
        receiver, receiver->sink.error_code(ctx), receiver->sink.error_text(ctx));
}

// ---- the offer

static bool make_room(struct transfer_receiver *receiver, size_t count)
{
    uint32_t needed = receiver->count + (uint32_t)count;
    uint32_t room = receiver->room ? receiver->room : 16;

    if (needed <= receiver->room) {
        return true;
    }
    while (room < needed) {
        room *= 2;
    }
    struct transfer_receiver_item *items =
        alloc_resize(alloc_system(), receiver->items, room * sizeof *items);
    if (!items) {
        return false;
    }
    receiver->items = items;
    receiver->room = room;
    return true;
}

// Takes one offered item over, with a name made safe; false where the name cannot be.
static bool take_item(struct transfer_receiver *receiver, struct transfer_item *offered)
{
    struct transfer_receiver_item item = {.offered = *offered};
    char safe[TRANSFER_NAME_PATH_MAX];

    if (transfer_name_make_safe(bytes_of(offered->path, offered->path_len), safe) != YODEL_OK) {
        return false;
    }
    item.path = alloc_new(alloc_system(), strlen(safe) + 1);
    if (!item.path) {
        return false;
    }
    memcpy(item.path, safe, strlen(safe));
    offered->path = NULL; // The item owns it now.
    receiver->items[receiver->count++] = item;
    return true;
}

static void take_offer(struct transfer_receiver *receiver, struct transfer_message *message)
{
    if (receiver->state != TRANSFER_RECEIVER_LISTENING ||
        receiver->count + message->item_count > TRANSFER_ITEMS_MAX) {
        transfer_receiver_abort(
            receiver, "bad-message", "an offer came at the wrong time, or is too long");
        return;
    }
    if (!make_room(receiver, message->item_count)) {
        transfer_receiver_abort(receiver, "io", "there is no memory left");
        return;
    }
    for (size_t i = 0; i < message->item_count; i++) {
        if (!take_item(receiver, &message->items[i])) {
            transfer_receiver_abort(
                receiver, "bad-name", "a file's name would lead outside the folder");
            return;
        }
    }
    receiver->total = message->offset;
    if (message->more) {
        return;
    }
    if (receiver->count == 0) {
        transfer_receiver_abort(receiver, "bad-message", "nothing was offered");
        return;
    }
    receiver->state = TRANSFER_RECEIVER_ASKING;
}

void transfer_receiver_decline(struct transfer_receiver *receiver, const char *reason)
{
    struct transfer_message message = {.type = TRANSFER_DECLINE};

    YODEL_ASSERT(receiver->state == TRANSFER_RECEIVER_ASKING);
    (void)snprintf(message.text, sizeof message.text, "%s", reason);
    say(receiver, &message);
    fail(receiver, "declined", reason);
}

void transfer_receiver_accept(struct transfer_receiver *receiver)
{
    YODEL_ASSERT(receiver->state == TRANSFER_RECEIVER_ASKING);
    receiver->state = TRANSFER_RECEIVER_HASHING;
    receiver->item = 0;
}

// ---- parts of an earlier try

static void say_accept(struct transfer_receiver *receiver)
{
    struct transfer_message message = {.type = TRANSFER_ACCEPT};
    struct transfer_resume *resumes = alloc_new(alloc_system(), receiver->count * sizeof *resumes);

    if (!resumes) {
        transfer_receiver_abort(receiver, "io", "there is no memory left");
        return;
    }
    for (uint32_t i = 0; i < receiver->count; i++) {
        if (receiver->items[i].resume.offset > 0) {
            resumes[message.resume_count++] = receiver->items[i].resume;
        }
    }
    message.resumes = resumes;
    say(receiver, &message);
    alloc_free(alloc_system(), resumes);
    receiver->state = TRANSFER_RECEIVER_RECEIVING;
    receiver->item = 0;
}

// Opens the next part to hash; false where there is none for this item.
static bool open_part(struct transfer_receiver *receiver, struct transfer_receiver_item *item)
{
    void *ctx = receiver->sink.ctx;

    if (item->offered.is_folder || item->offered.size <= 0) {
        return false;
    }
    int64_t have = receiver->sink.find_part(ctx, item->path, item->offered.size);
    if (have <= 0 || receiver->sink.open(ctx, item->path, have) != YODEL_OK) {
        return false;
    }
    item->resume = (struct transfer_resume){.item = receiver->item, .offset = have};
    receiver->is_open = true;
    receiver->position = 0;
    crypto_sha256_reset(&receiver->hash);
    return true;
}

static void close_part(struct transfer_receiver *receiver)
{
    receiver->sink.close(receiver->sink.ctx);
    receiver->is_open = false;
    receiver->item++;
}

// Hashes some of the open part. One that cannot be read is begun again.
static void hash_part(struct transfer_receiver *receiver, struct transfer_receiver_item *item)
{
    for (size_t done = 0; done < TRANSFER_RECEIVER_WORK_MAX;) {
        int64_t left = item->resume.offset - receiver->position;
        size_t len = 0, want = left < TRANSFER_PIECE_MAX ? (size_t)left : TRANSFER_PIECE_MAX;

        if (left == 0) {
            crypto_sha256_peek(&receiver->hash, item->resume.sha256);
            item->hash = receiver->hash;
            crypto_sha256_init(&receiver->hash);
            close_part(receiver);
            return;
        }
        if (receiver->sink.read(receiver->sink.ctx, span_of(receiver->room_bytes, want), &len) ||
            len == 0) {
            item->resume.offset = 0;
            close_part(receiver);
            return;
        }
        crypto_sha256_update(&receiver->hash, bytes_of(receiver->room_bytes, len));
        receiver->position += (int64_t)len;
        done += len;
    }
}

bool transfer_receiver_work(struct transfer_receiver *receiver)
{
    if (receiver->state != TRANSFER_RECEIVER_HASHING) {
        return false;
    }
    if (receiver->item == receiver->count) {
        say_accept(receiver);
        return false;
    }
    struct transfer_receiver_item *item = &receiver->items[receiver->item];
    if (receiver->is_open || open_part(receiver, item)) {
        hash_part(receiver, item);
    } else {
        receiver->item++;
    }
    return true;
}

// ---- receiving

static void begin_item(struct transfer_receiver *receiver, const struct transfer_message *message)
{
    if (receiver->state != TRANSFER_RECEIVER_RECEIVING || receiver->is_open ||
        message->item != receiver->item || receiver->item >= receiver->count ||
        receiver->items[receiver->item].offered.is_folder) {
        transfer_receiver_abort(receiver, "bad-message", "an item came out of its turn");
        return;
    }
    struct transfer_receiver_item *item = &receiver->items[receiver->item];
    if (message->offset != 0 && message->offset != item->resume.offset) {
        transfer_receiver_abort(receiver, "bad-message", "an item starts where nobody asked it to");
        return;
    }
    if (receiver->sink.open(receiver->sink.ctx, item->path, message->offset) != YODEL_OK) {
        fail_sink(receiver);
        return;
    }
    receiver->is_open = true;
    receiver->position = message->offset;
    crypto_sha256_reset(&receiver->hash);
    if (message->offset > 0) { // The hash goes on from the part's.
        struct crypto_sha256 fresh = receiver->hash;
        receiver->hash = item->hash;
        item->hash = fresh;
    }
    receiver->received += message->offset;
    receiver->resumed += message->offset;
}

void transfer_receiver_recv_piece(struct transfer_receiver *receiver, struct bytes piece)
{
    if (is_over(receiver)) {
        return;
    }
    if (!receiver->is_open || receiver->state != TRANSFER_RECEIVER_RECEIVING || piece.len == 0) {
        transfer_receiver_abort(receiver, "bad-message", "a piece came without its file");
        return;
    }
    int64_t size = receiver->items[receiver->item].offered.size;
    if (size >= 0 && receiver->position + (int64_t)piece.len > size) {
        transfer_receiver_abort(receiver, "too-large", "more bytes came than were announced");
        return;
    }
    if (receiver->sink.write(receiver->sink.ctx, piece) != YODEL_OK) {
        fail_sink(receiver);
        return;
    }
    crypto_sha256_update(&receiver->hash, piece);
    receiver->position += (int64_t)piece.len;
    receiver->received += (int64_t)piece.len;
    if (receiver->received - receiver->reported >= TRANSFER_RECEIVER_PROGRESS_BYTES) {
        transfer_receiver_report(receiver);
    }
}

void transfer_receiver_report(struct transfer_receiver *receiver)
{
    if (receiver->state != TRANSFER_RECEIVER_RECEIVING ||
        receiver->received == receiver->reported) {
        return;
    }
    receiver->reported = receiver->received;
    say(receiver,
        &(struct transfer_message){.type = TRANSFER_PROGRESS, .offset = receiver->received});
}

static void keep_final(
    struct transfer_receiver *receiver, struct transfer_receiver_item *item, const char *final)
{
    item->final = alloc_new(alloc_system(), strlen(final) + 1);
    if (!item->final) {
        transfer_receiver_abort(receiver, "io", "there is no memory left");
        return;
    }
    memcpy(item->final, final, strlen(final));
    say(receiver, &(struct transfer_message){.type = TRANSFER_SAVED, .item = receiver->item});
    receiver->item++;
}

static void end_file(struct transfer_receiver *receiver, struct transfer_receiver_item *item,
    const struct transfer_message *message)
{
    char final[TRANSFER_NAME_PATH_MAX];
    int64_t size = item->offered.size;

    crypto_sha256_final(&receiver->hash, item->sha256);
    item->size = receiver->position;
    receiver->is_open = false;
    if (message->offset != receiver->position || (size >= 0 && size != receiver->position) ||
        memcmp(message->sha256, item->sha256, sizeof item->sha256) != 0) {
        receiver->sink.remove(receiver->sink.ctx);
        transfer_receiver_abort(receiver, "hash-mismatch",
            "what arrived is not what was sent, and was removed; receive it again");
        return;
    }
    if (receiver->sink.finish(receiver->sink.ctx, item->offered.modified, final) != YODEL_OK) {
        receiver->is_open = true; // The part is kept.
        fail_sink(receiver);
        return;
    }
    keep_final(receiver, item, final);
}

static void end_item(struct transfer_receiver *receiver, const struct transfer_message *message)
{
    struct transfer_receiver_item *item = &receiver->items[receiver->item];

    if (receiver->state != TRANSFER_RECEIVER_RECEIVING || message->item != receiver->item ||
        receiver->item >= receiver->count || item->offered.is_folder == receiver->is_open) {
        transfer_receiver_abort(receiver, "bad-message", "the end of an item came out of its turn");
        return;
    }
    if (!item->offered.is_folder) {
        end_file(receiver, item, message);
        return;
    }
    if (receiver->sink.make_folder(receiver->sink.ctx, item->path) != YODEL_OK) {
        fail_sink(receiver);
        return;
    }
    keep_final(receiver, item, item->path);
}

static void finish(struct transfer_receiver *receiver)
{
    if (receiver->state != TRANSFER_RECEIVER_RECEIVING || receiver->item != receiver->count) {
        transfer_receiver_abort(receiver, "bad-message", "the sender says done too early");
        return;
    }
    transfer_receiver_report(receiver);
    say(receiver, &(struct transfer_message){.type = TRANSFER_DONE});
    receiver->state = TRANSFER_RECEIVER_DONE;
}

static void take(struct transfer_receiver *receiver, struct transfer_message *message)
{
    switch (message->type) {
    case TRANSFER_OFFER:
        take_offer(receiver, message);
        break;
    case TRANSFER_ITEM:
        begin_item(receiver, message);
        break;
    case TRANSFER_END:
        end_item(receiver, message);
        break;
    case TRANSFER_DONE:
        finish(receiver);
        break;
    case TRANSFER_ABORT:
        fail(receiver, message->code[0] ? message->code : "aborted", message->text);
        break;
    case TRANSFER_ACCEPT:
    case TRANSFER_DECLINE:
    case TRANSFER_SAVED:
    case TRANSFER_PROGRESS:
        transfer_receiver_abort(receiver, "bad-message", "the sender spoke as a receiver");
        break;
    }
}

void transfer_receiver_recv_text(struct transfer_receiver *receiver, struct bytes text)
{
    struct transfer_message message;

    if (is_over(receiver)) {
        return;
    }
    enum yodel_err err = transfer_message_parse(&message, text);
    if (err == YODEL_OK) {
        take(receiver, &message);
        transfer_message_deinit(&message);
    } else if (err != YODEL_ERR_FOREIGN) {
        transfer_receiver_abort(
            receiver, "bad-message", "a message of the sender's does not parse");
    }
}
