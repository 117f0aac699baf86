// A whole transfer in memory: a sender, a receiver, a real folder, and what can go wrong between
// them.

#include "transfer/folder.h"
#include "transfer/sender.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

// ---- a source in memory: item i has the bytes (i + position) * 7, changed where a test says so.

struct memory {
    const struct transfer_item *items;
    uint32_t item;
    int64_t position;
    int64_t cut; // Ends early here; -1: never.
};

static enum yodel_err memory_open(void *ctx, uint32_t item)
{
    struct memory *m = ctx;

    m->item = item;
    m->position = 0;
    return YODEL_OK;
}

static enum yodel_err memory_read(void *ctx, struct span room, size_t *len)
{
    struct memory *m = ctx;
    int64_t end = m->cut >= 0 ? m->cut : m->items[m->item].size;
    size_t n = 0;

    while (n < room.len && m->position < end) {
        room.ptr[n++] = (uint8_t)((m->item + m->position++) * 7);
    }
    *len = n;
    return YODEL_OK;
}

static enum yodel_err memory_check(void *ctx)
{
    (void)ctx;
    return YODEL_OK;
}

static void memory_close(void *ctx)
{
    (void)ctx;
}

// ---- the pair

static struct memory memory;
static struct transfer_sender sender;
static struct transfer_receiver receiver;
static struct transfer_folder folder;
static char target[64];

static char *path_of(const char *text)
{
    return (char *)(uintptr_t)text;
}

static void open_pair(const struct transfer_item *items, uint32_t count)
{
    struct transfer_source source = {memory_open, memory_read, memory_check, memory_close, &memory};
    struct transfer_sink sink;

    memory = (struct memory){.items = items, .cut = -1};
    CHECK_EQ(transfer_sender_init(&sender, items, count, &source), YODEL_OK);
    CHECK_EQ(transfer_folder_init(&folder, target), YODEL_OK);
    sink = transfer_folder_sink(&folder);
    CHECK_EQ(transfer_receiver_init(&receiver, &sink), YODEL_OK);
}

static void close_pair(void)
{
    transfer_sender_deinit(&sender);
    transfer_receiver_deinit(&receiver);
    transfer_folder_deinit(&folder);
}

// Carries messages both ways until nobody has any, or `pieces_max` pieces went.
static void carry(int64_t pieces_max)
{
    struct transfer_sender_out out;
    struct bytes text;
    bool moved = true;

    while (moved) {
        moved = transfer_receiver_work(&receiver);
        while (transfer_receiver_next(&receiver, &text)) {
            transfer_sender_recv_text(&sender, text);
            moved = true;
        }
        if (transfer_sender_next(&sender, &out)) {
            moved = true;
            if (out.is_text) {
                transfer_receiver_recv_text(&receiver, out.message);
            } else if (pieces_max-- > 0) {
                transfer_receiver_recv_piece(&receiver, out.message);
            } else {
                return;
            }
        } else if (transfer_sender_is_busy(&sender)) {
            moved = true;
        }
        if (receiver.state == TRANSFER_RECEIVER_ASKING) {
            transfer_receiver_accept(&receiver);
            moved = true;
        }
    }
}

static int64_t size_of(const char *name)
{
    char path[256];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/%s", target, name);
    return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void fresh_target(void)
{
    (void)snprintf(target, sizeof target, "/tmp/yodel-transfer-XXXXXX");
    CHECK(mkdtemp(target) != NULL);
}

static void remove_target(void)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf %s", target);
    CHECK_EQ(system(command), 0);
}

static void files_and_folders_arrive(void)
{
    const struct transfer_item items[] = {
        {.path = path_of("trip"), .path_len = 4, .is_folder = true, .size = -1, .modified = -1},
        {.path = path_of("trip/a.bin"), .path_len = 10, .size = 1000000, .modified = 1700000000},
        {.path = path_of("empty"), .path_len = 5, .size = 0, .modified = -1},
    };

    fresh_target();
    open_pair(items, COUNT(items));
    carry(INT64_MAX);
    CHECK_EQ(sender.state, TRANSFER_SENDER_DONE);
    CHECK_EQ(receiver.state, TRANSFER_RECEIVER_DONE);
    CHECK_EQ(size_of("trip/a.bin"), 1000000);
    CHECK_EQ(size_of("empty"), 0);
    CHECK_EQ(sender.confirmed, 1000000);
    close_pair();
    remove_target();
}

static void nothing_is_overwritten(void)
{
    const struct transfer_item items[] = {{.path = path_of("a.txt"), .path_len = 5, .size = 3}};

    fresh_target();
    for (int i = 0; i < 3; i++) {
        open_pair(items, 1);
        carry(INT64_MAX);
        CHECK_EQ(receiver.state, TRANSFER_RECEIVER_DONE);
        close_pair();
    }
    CHECK_EQ(size_of("a.txt"), 3);
    CHECK_EQ(size_of("a (1).txt"), 3);
    CHECK_EQ(size_of("a (2).txt"), 3);
    remove_target();
}

static void what_was_interrupted_goes_on(void)
{
    const struct transfer_item items[] = {
        {.path = path_of("big"), .path_len = 3, .size = 9 * TRANSFER_PIECE_MAX + 5}};

    fresh_target();
    open_pair(items, 1);
    carry(4);
    close_pair();
    CHECK_EQ(size_of("big.yodel-part"), 4 * TRANSFER_PIECE_MAX);
    open_pair(items, 1);
    carry(INT64_MAX);
    CHECK_EQ(receiver.state, TRANSFER_RECEIVER_DONE);
    CHECK_EQ(receiver.resumed, 4 * TRANSFER_PIECE_MAX);
    CHECK_EQ(sender.resumed, 4 * TRANSFER_PIECE_MAX);
    CHECK_EQ(size_of("big"), 9 * TRANSFER_PIECE_MAX + 5);
    CHECK_EQ(size_of("big.yodel-part"), -1);
    close_pair();
    remove_target();
}

static void a_part_of_something_else_is_begun_again(void)
{
    const struct transfer_item items[] = {{.path = path_of("big"), .path_len = 3, .size = 100000}};
    char path[256];

    fresh_target();
    (void)snprintf(path, sizeof path, "%s/big.yodel-part", target);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    CHECK_EQ(write(file, "not the same", 12), 12);
    close(file);
    open_pair(items, 1);
    carry(INT64_MAX);
    CHECK_EQ(receiver.state, TRANSFER_RECEIVER_DONE);
    CHECK_EQ(receiver.resumed, 0);
    CHECK_EQ(size_of("big"), 100000);
    close_pair();
    remove_target();
}

static void a_file_that_shrinks_is_refused(void)
{
    const struct transfer_item items[] = {{.path = path_of("log"), .path_len = 3, .size = 100000}};

    fresh_target();
    open_pair(items, 1);
    memory.cut = 70000;
    carry(INT64_MAX);
    CHECK_EQ(sender.state, TRANSFER_SENDER_FAILED);
    CHECK_TEXT(sender.code, "file-changed");
    CHECK_EQ(receiver.state, TRANSFER_RECEIVER_FAILED);
    CHECK_TEXT(receiver.code, "file-changed");
    CHECK_EQ(size_of("log"), -1);
    close_pair();
    remove_target();
}

static void a_link_in_the_folder_leads_nowhere(void)
{
    const struct transfer_item items[] = {
        {.path = path_of("out/passwd"), .path_len = 10, .size = 10}};
    char path[256];

    fresh_target();
    (void)snprintf(path, sizeof path, "%s/out", target);
    CHECK_EQ(symlink("/tmp", path), 0);
    open_pair(items, 1);
    carry(INT64_MAX);
    CHECK_EQ(receiver.state, TRANSFER_RECEIVER_FAILED);
    CHECK_TEXT(receiver.code, "io");
    close_pair();
    remove_target();
}

// A hostile sender: each row is what it says after a good offer was accepted, and the code it
// earns.
static void a_sender_that_lies_is_cut_off(void)
{
    static const struct {
        const char *text; // NULL: a piece of 64 KiB.
        const char *code;
    } rows[] = {
        {NULL, "bad-message"},
        {"{\"type\":\"item\",\"item\":1,\"offset\":0}", "bad-message"},
        {"{\"type\":\"item\",\"item\":0,\"offset\":5}", "bad-message"},
        {"{\"type\":\"item\",\"item\":0,\"offset\":-1}", "bad-message"},
        {"{\"type\":\"item\",\"item\":99999999999}", "bad-message"},
        {"{\"type\":\"done\"}", "bad-message"},
        {"{\"type\":\"saved\",\"item\":0}", "bad-message"},
        {"{\"type\":\"offer\",\"items\":[]}", "bad-message"},
        {"[[[[", "bad-message"},
        {"{\"type\":\"end\",\"item\":0,\"size\":10,\"sha256\":\"00\"}", "bad-message"},
    };
    const char *offer =
        "{\"type\":\"offer\",\"version\":1,\"items\":[{\"path\":\"x\",\"kind\":\"file\","
        "\"size\":10}],\"total\":10}";
    static uint8_t piece[TRANSFER_PIECE_MAX];

    fresh_target();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bytes text;

        open_pair(&(struct transfer_item){.path = path_of("x"), .path_len = 1}, 1);
        transfer_receiver_recv_text(&receiver, bytes_of_text(offer));
        CHECK_EQ(receiver.state, TRANSFER_RECEIVER_ASKING);
        transfer_receiver_accept(&receiver);
        while (transfer_receiver_work(&receiver)) {
        }
        CHECK(transfer_receiver_next(&receiver, &text));
        if (rows[i].text) {
            transfer_receiver_recv_text(&receiver, bytes_of_text(rows[i].text));
        } else {
            transfer_receiver_recv_piece(&receiver, bytes_of(piece, sizeof piece));
        }
        CHECK_EQ(receiver.state, TRANSFER_RECEIVER_FAILED);
        CHECK_TEXT(receiver.code, rows[i].code);
        close_pair();
    }
    remove_target();
}

static void more_than_was_announced_is_refused(void)
{
    const char *said[] = {"{\"type\":\"offer\",\"items\":[{\"path\":\"x\",\"kind\":\"file\","
                          "\"size\":10}],\"total\":10}",
        "{\"type\":\"item\",\"item\":0,\"offset\":0}"};
    struct bytes text;

    fresh_target();
    open_pair(&(struct transfer_item){.path = path_of("x"), .path_len = 1}, 1);
    transfer_receiver_recv_text(&receiver, bytes_of_text(said[0]));
    transfer_receiver_accept(&receiver);
    while (transfer_receiver_work(&receiver)) {
    }
    CHECK(transfer_receiver_next(&receiver, &text));
    transfer_receiver_recv_text(&receiver, bytes_of_text(said[1]));
    transfer_receiver_recv_piece(&receiver, bytes_of("01234567890", 11));
    CHECK_TEXT(receiver.code, "too-large");
    close_pair();
    remove_target();
}

static void a_wrong_hash_removes_the_file(void)
{
    const char *said[] = {"{\"type\":\"offer\",\"items\":[{\"path\":\"x\",\"kind\":\"file\","
                          "\"size\":2}],\"total\":2}",
        "{\"type\":\"item\",\"item\":0,\"offset\":0}",
        "{\"type\":\"end\",\"item\":0,\"size\":2,\"sha256\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\"}"};

    fresh_target();
    open_pair(&(struct transfer_item){.path = path_of("x"), .path_len = 1}, 1);
    transfer_receiver_recv_text(&receiver, bytes_of_text(said[0]));
    transfer_receiver_accept(&receiver);
    while (transfer_receiver_work(&receiver)) {
    }
    transfer_receiver_recv_text(&receiver, bytes_of_text(said[1]));
    transfer_receiver_recv_piece(&receiver, bytes_of("ab", 2));
    transfer_receiver_recv_text(&receiver, bytes_of_text(said[2]));
    CHECK_TEXT(receiver.code, "hash-mismatch");
    CHECK_EQ(size_of("x"), -1);
    CHECK_EQ(size_of("x.yodel-part"), -1);
    close_pair();
    remove_target();
}

TEST_MAIN(TEST(files_and_folders_arrive), TEST(nothing_is_overwritten),
    TEST(what_was_interrupted_goes_on), TEST(a_part_of_something_else_is_begun_again),
    TEST(a_file_that_shrinks_is_refused), TEST(a_link_in_the_folder_leads_nowhere),
    TEST(a_sender_that_lies_is_cut_off), TEST(more_than_was_announced_is_refused),
    TEST(a_wrong_hash_removes_the_file))
