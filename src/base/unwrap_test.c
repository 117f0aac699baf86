// Unwrap: forward, backward, and around the corner.

#include "base/unwrap.h"

#include "check.h"

static void the_nearest_value_is_taken(void)
{
    static const struct {
        uint64_t near;
        uint32_t wire;
        uint64_t want;
    } rows[] = {
        {0x100000000, 0, 0x100000000},
        {0x100000000, 5, 0x100000005},
        {0x100000000, 0xffffffff, 0xffffffff},
        {0x1fffffff0, 3, 0x200000003},
        {0x200000003, 0xfffffff0, 0x1fffffff0},
        {0x200000000, 0x7fffffff, 0x27fffffff},
        {0x200000000, 0x80000000, 0x180000000},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(unwrap_u32(rows[i].near, rows[i].wire), rows[i].want);
    }
    CHECK_EQ(unwrap_u16(0x1fffe, 3), 0x20003);
    CHECK_EQ(unwrap_u16(0x20003, 0xfffe), 0x1fffe);
    CHECK_EQ(unwrap_u24(0x1fffffe, 3), 0x2000003);
    CHECK_EQ(unwrap_u24(0x2000003, 0xfffffe), 0x1fffffe);
    CHECK_EQ(unwrap_u24(0x1000000, 0x7fffff), 0x17fffff);
    CHECK_EQ(unwrap_u24(0x1000000, 0x800000), 0x800000);
}

static void counting_up_never_turns_back(void)
{
    uint64_t near = unwrap_start_u16(65000);

    for (uint32_t i = 1; i <= 200000; i++) {
        uint64_t next = unwrap_u16(near, (uint16_t)(65000 + i));
        CHECK_EQ(next, near + 1);
        near = next;
    }
}

static void what_came_before_the_first_value_is_not_below_zero(void)
{
    CHECK_EQ(unwrap_u32(unwrap_start_u32(2), 0xffffffff), 0xffffffff);
    CHECK_EQ(unwrap_u16(unwrap_start_u16(2), 0xffff), 0xffff);
}

TEST_MAIN(TEST(the_nearest_value_is_taken), TEST(counting_up_never_turns_back),
    TEST(what_came_before_the_first_value_is_not_below_zero))
