// Bytes: the cursors' promise, that a failure sticks and nothing is touched past the end.

#include "base/bytes.h"

#include "check.h"

static void reading_past_the_end_fails_for_good(void)
{
    struct reader r = reader_of(bytes_of("\1\2\3", 3));

    CHECK_EQ(read_u16(&r), 0x0102);
    CHECK_EQ(read_u16(&r), 0);
    CHECK(r.failed);
    CHECK_EQ(read_u8(&r), 0);
    CHECK(!reader_at_end(&r));
}

static void integers_are_big_endian_both_ways(void)
{
    uint8_t room[18];
    struct writer w = writer_of(span_of(room, sizeof room));

    put_u8(&w, 0xfe);
    put_u16(&w, 0xfedc);
    put_u24(&w, 0xfedcba);
    put_u32(&w, 0xfedcba98);
    put_u64(&w, 0xfedcba9876543210);
    CHECK(!w.failed);
    CHECK_EQ(writer_left(&w), 0);
    struct reader r = reader_of(writer_bytes(&w));
    CHECK_EQ(read_u8(&r), 0xfe);
    CHECK_EQ(read_u16(&r), 0xfedc);
    CHECK_EQ(read_u24(&r), 0xfedcba);
    CHECK_EQ(read_u32(&r), 0xfedcba98);
    CHECK_EQ(read_u64(&r), 0xfedcba9876543210);
    CHECK(reader_at_end(&r));
}

static void writing_past_the_end_writes_nothing(void)
{
    uint8_t room[4] = {9, 9, 9, 9};
    struct writer w = writer_of(span_of(room, 3));

    put_u32(&w, 0);
    put_u8(&w, 0);
    CHECK(w.failed);
    CHECK_EQ(writer_bytes(&w).len, 0);
    CHECK_EQ(room[0] + room[1] + room[2] + room[3], 36);
}

static void parts_stay_inside(void)
{
    struct bytes b = bytes_of("abcdef", 6);

    CHECK_BYTES(bytes_sub(b, 4, 9), bytes_of("ef", 2));
    CHECK_BYTES(bytes_sub(b, 6, 1), bytes_of("", 0));
    CHECK_BYTES(bytes_sub(b, 100, 1), bytes_of("", 0));
}

TEST_MAIN(TEST(reading_past_the_end_fails_for_good), TEST(integers_are_big_endian_both_ways),
    TEST(writing_past_the_end_writes_nothing), TEST(parts_stay_inside))
