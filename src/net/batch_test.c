// Batches: which datagrams share a train, and how what arrived in one piece is cut apart.

#include "base/alloc.h"
#include "check.h"
#include "net/batch.h"

static struct yodel_path path_to(uint16_t port)
{
    return (struct yodel_path){
        .local = addr_v4(127, 0, 0, 1, 1), .remote = addr_v4(127, 0, 0, 1, port)};
}

static void commit(struct batch_out *out, uint16_t port, size_t len)
{
    struct yodel_path path = path_to(port);
    struct span room = batch_room(out);

    CHECK(room.len >= 1500);
    memset(room.ptr, (int)port, len);
    batch_commit(out, &path, len);
}

static void equal_datagrams_along_one_path_are_a_train(void)
{
    static const struct {
        const char *why;
        struct {
            uint16_t port;
            uint16_t len;
        } sent[4];
        uint32_t trains;
    } rows[] = {
        {"all alike", {{1, 100}, {1, 100}, {1, 100}, {1, 100}}, 1},
        {"a shorter one ends it", {{1, 100}, {1, 100}, {1, 60}, {1, 60}}, 2},
        {"which nothing follows", {{1, 100}, {1, 100}, {1, 60}, {1, 100}}, 2},
        {"a longer one starts another", {{1, 100}, {1, 101}, {1, 101}, {1, 101}}, 2},
        {"another path starts another", {{1, 100}, {2, 100}, {1, 100}, {2, 100}}, 4},
        {"nothing is no datagram", {{1, 100}, {1, 0}, {1, 100}, {1, 0}}, 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct batch_out out;
        uint32_t len = 0;
        CHECK_EQ(batch_out_init(&out, alloc_system()), YODEL_OK);
        for (size_t j = 0; j < 4; j++) {
            commit(&out, rows[i].sent[j].port, rows[i].sent[j].len);
            len += rows[i].sent[j].len;
        }
        CHECK_EQ(out.train_count, rows[i].trains);
        CHECK_EQ(out.len, len);
        CHECK(!batch_out_is_empty(&out));
        batch_out_deinit(&out, alloc_system());
    }
}

static void a_train_has_limits(void)
{
    static const struct {
        size_t len;
        uint32_t most;
    } rows[] = {{10, 64 * 10}, {1200, 54 * 1200}, {1500, 43 * 1500}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct batch_out out;
        CHECK_EQ(batch_out_init(&out, alloc_system()), YODEL_OK);
        for (size_t j = 0; j < 130; j++) {
            commit(&out, 1, rows[i].len);
        }
        CHECK_EQ(out.trains[0].len, rows[i].most);
        CHECK_EQ(out.trains[1].start, rows[i].most);
        CHECK_EQ(out.train_count, (130 * rows[i].len + rows[i].most - 1) / rows[i].most);
        batch_out_deinit(&out, alloc_system());
    }
}

static void a_full_batch_has_no_room_until_it_is_sent(void)
{
    struct batch_out out;

    CHECK_EQ(batch_out_init(&out, alloc_system()), YODEL_OK);
    for (uint16_t i = 0; i < BATCH_TRAINS_MAX; i++) {
        commit(&out, i, 10);
    }
    CHECK_EQ(batch_room(&out).len, 0);
    for (size_t i = 0; i < BATCH_TRAINS_MAX; i++) {
        out.trains[i].len = i == 5 ? 10 : 0;
    }
    CHECK(!batch_out_is_empty(&out)); // One is left, and what it has to say is kept.
    CHECK_EQ(out.train_count, 1);
    CHECK_EQ(out.trains[0].path.remote.port, 5);
    out.trains[0].len = 0;
    CHECK(batch_out_is_empty(&out));
    CHECK_EQ(out.len, 0);

    size_t datagrams = 0;
    for (struct span room = batch_room(&out); room.len > 0; room = batch_room(&out)) {
        commit(&out, 1, 1500);
        datagrams++;
    }
    CHECK(datagrams > 160); // By the bytes, this time.
    batch_out_deinit(&out, alloc_system());
}

static void pieces_are_cut_into_their_datagrams(void)
{
    struct batch_in in;
    struct batch_arrival arrival;
    struct yodel_path first = path_to(7), second = path_to(8);
    static const size_t want[] = {4, 4, 2, 5, 3, 3};

    CHECK_EQ(batch_in_init(&in, alloc_system()), YODEL_OK);
    CHECK(!batch_next(&in, &arrival));
    batch_in_start(&in, &first.local);
    memcpy(in.bytes, "aaaabbbbcc", 10);
    memcpy(in.bytes + 100, "ddddd", 5);
    memcpy(in.bytes + 200, "eeefff", 6);
    batch_in_add(&in, &first.remote, 0, 10, 4);
    batch_in_add(&in, &second.remote, 100, 5, 0);
    batch_in_add(&in, &second.remote, 150, 0, 0); // Empty: nobody's.
    batch_in_add(&in, &first.remote, 200, 6, 3);
    for (size_t i = 0; i < COUNT(want); i++) {
        CHECK(batch_next(&in, &arrival));
        CHECK_EQ(arrival.datagram.len, want[i]);
        CHECK_EQ(arrival.is_last, i == 2 || i == 3 || i == 5);
        CHECK_EQ(arrival.datagram.ptr[0], "abcdef"[i]);
        CHECK_EQ(arrival.datagram.ptr[want[i] - 1], "abcdef"[i]);
        CHECK(path_equal(&arrival.path, i == 3 ? &second : &first));
    }
    CHECK(!batch_next(&in, &arrival));
    batch_in_deinit(&in, alloc_system());
}

TEST_MAIN(TEST(equal_datagrams_along_one_path_are_a_train), TEST(a_train_has_limits),
    TEST(a_full_batch_has_no_room_until_it_is_sent), TEST(pieces_are_cut_into_their_datagrams))
