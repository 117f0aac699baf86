// Links: what is counted as one message.

#include "cli/bench_link.h"

#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static void a_train_is_as_many_datagrams_as_were_begun(void)
{
    static const struct {
        size_t len, segment;
        uint64_t want;
    } rows[] = {
        {1204, 0, 1},    // No train.
        {1204, 1204, 1}, // One of one.
        {0, 0, 1},       // An empty datagram is one, too.
        {2408, 1204, 2},
        {2409, 1204, 3}, // The last one may be shorter.
        {48160, 1204, 40},
        {100, 1204, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(bench_link_datagrams(rows[i].len, rows[i].segment), rows[i].want);
    }
}

static const uint8_t stream[] = {
    0x40, 1, 0, 2, 'a', 'b', 0, 0,                                             // Padded.
    1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, // STUN.
    0x40, 1, 0, 4, 'c', 'd', 'e', 'f',                                         // Whole.
};

// Wherever the stream is cut, what is whole is counted once.
static void whole_messages_are_cut_off_a_stream(void)
{
    for (size_t cut = 0; cut <= sizeof stream; cut++) {
        struct bytes first = bytes_of(stream, cut);
        uint64_t count = bench_link_cut(&first);
        size_t used = cut - first.len;
        struct bytes second = bytes_of(stream + used, sizeof stream - used);

        CHECK_EQ(count, (cut >= 8) + (cut >= 28) + (cut >= 36));
        CHECK_EQ(count + bench_link_cut(&second), 3);
        CHECK_EQ(second.len, 0);
    }
}

static void what_is_no_turn_is_never_counted(void)
{
    struct bytes text = bytes_of_text("\xff\xff\xff\xff nonsense");

    CHECK_EQ(bench_link_cut(&text), 0);
}

static struct bench_link link_over(int fd)
{
    return (struct bench_link){.transport = YODEL_TCP, .fd = fd};
}

static void messages_in_parts_are_counted_once(void)
{
    int fds[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct bench_link link = link_over(fds[0]);

    CHECK_EQ(write(fds[1], stream, 30), 30);
    CHECK_EQ(bench_link_count(&link, 0), 2);
    CHECK_EQ(link.rest_len, 2);
    CHECK_EQ(bench_link_count(&link, 0), 0);
    CHECK_EQ(write(fds[1], stream + 30, sizeof stream - 30), sizeof stream - 30);
    CHECK_EQ(bench_link_count(&link, 0), 1);
    CHECK_EQ(link.rest_len, 0);
    (void)close(fds[1]);
    CHECK_EQ(bench_link_count(&link, 0), 0);
    CHECK(link.has_failed);
    bench_link_close(&link);
}

static void a_message_comes_alone_though_two_were_read(void)
{
    uint8_t room[64];
    int fds[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct bench_link link = link_over(fds[0]);

    CHECK_EQ(write(fds[1], stream, sizeof stream), sizeof stream);
    CHECK_EQ(bench_link_recv(&link, span_of(room, sizeof room), 0), 8);
    CHECK_EQ(bench_link_recv(&link, span_of(room, sizeof room), 0), 20);
    CHECK_EQ(bench_link_recv(&link, span_of(room, sizeof room), 0), 8);
    CHECK_EQ(memcmp(room, stream + 28, 8), 0);
    bench_link_close(&link);
    (void)close(fds[1]);
}

TEST_MAIN(TEST(a_train_is_as_many_datagrams_as_were_begun),
    TEST(whole_messages_are_cut_off_a_stream), TEST(what_is_no_turn_is_never_counted),
    TEST(messages_in_parts_are_counted_once), TEST(a_message_comes_alone_though_two_were_read))
