// Ranges: joining, splitting, and the refusal that changes nothing.

#include "base/ranges.h"

#include <stdio.h>

#include "check.h"

#define LIMIT 4

// Starts from [10,20) [30,40) [50,60), then does one thing.
static void adding_and_removing_join_and_split(void)
{
    static const struct {
        const char *why;
        bool removes;
        uint64_t start, end;
        size_t want_count;
        struct range want[LIMIT];
    } rows[] = {
        {"apart", false, 70, 80, 4, {{10, 20}, {30, 40}, {50, 60}, {70, 80}}},
        {"before all", false, 0, 1, 4, {{0, 1}, {10, 20}, {30, 40}, {50, 60}}},
        {"touching the end", false, 20, 25, 3, {{10, 25}, {30, 40}, {50, 60}}},
        {"touching the start", false, 25, 30, 3, {{10, 20}, {25, 40}, {50, 60}}},
        {"closing a gap", false, 20, 30, 2, {{10, 40}, {50, 60}}},
        {"inside", false, 12, 18, 3, {{10, 20}, {30, 40}, {50, 60}}},
        {"over all", false, 0, 100, 1, {{0, 100}}},
        {"over two, in part", false, 15, 35, 2, {{10, 40}, {50, 60}}},
        {"nothing", false, 25, 25, 3, {{10, 20}, {30, 40}, {50, 60}}},
        {"split", true, 33, 35, 4, {{10, 20}, {30, 33}, {35, 40}, {50, 60}}},
        {"cut the start", true, 5, 15, 3, {{15, 20}, {30, 40}, {50, 60}}},
        {"cut the end", true, 55, 70, 3, {{10, 20}, {30, 40}, {50, 55}}},
        {"whole", true, 30, 40, 2, {{10, 20}, {50, 60}}},
        {"a gap", true, 20, 30, 3, {{10, 20}, {30, 40}, {50, 60}}},
        {"across", true, 15, 55, 2, {{10, 15}, {55, 60}}},
        {"take nothing away", true, 15, 15, 3, {{10, 20}, {30, 40}, {50, 60}}},
        {"everything", true, 0, UINT64_MAX, 0, {{0}}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct range items[LIMIT] = {{10, 20}, {30, 40}, {50, 60}};
        struct ranges ranges = {.items = items, .count = 3, .limit = LIMIT};
        enum yodel_err err = rows[i].removes ? ranges_remove(&ranges, rows[i].start, rows[i].end)
                                             : ranges_add(&ranges, rows[i].start, rows[i].end);
        bool same = err == YODEL_OK && ranges.count == rows[i].want_count;
        for (size_t j = 0; same && j < ranges.count; j++) {
            same = items[j].start == rows[i].want[j].start && items[j].end == rows[i].want[j].end;
        }
        if (!same) {
            fprintf(stderr, "row %zu (%s)\n", i, rows[i].why);
        }
        CHECK(same);
    }
}

static void over_the_limit_nothing_changes(void)
{
    struct range items[LIMIT];
    struct ranges ranges;

    ranges_init(&ranges, items, LIMIT);
    for (uint64_t i = 0; i < LIMIT; i++) {
        CHECK_EQ(ranges_add(&ranges, 10 * i, 10 * i + 5), YODEL_OK);
    }
    CHECK_EQ(ranges_add(&ranges, 100, 101), YODEL_ERR_TOO_LARGE);
    CHECK_EQ(ranges_remove(&ranges, 2, 3), YODEL_ERR_TOO_LARGE);
    CHECK_EQ(ranges_total(&ranges), 20);
    CHECK_EQ(ranges_add(&ranges, 5, 10), YODEL_OK); // Joining needs no room.
    CHECK_EQ(ranges_total(&ranges), 25);
    ranges_remove_below(&ranges, 13);
    CHECK_EQ(ranges.count, 3);
    CHECK_EQ(ranges.items[0].start, 13);
}

static void membership_is_half_open(void)
{
    struct range items[LIMIT];
    struct ranges ranges;

    ranges_init(&ranges, items, LIMIT);
    CHECK(!ranges_has(&ranges, 0));
    CHECK_EQ(ranges_add(&ranges, 0, 3), YODEL_OK);
    CHECK_EQ(ranges_add(&ranges, 10, UINT64_MAX), YODEL_OK);
    CHECK(ranges_has(&ranges, 0) && ranges_has(&ranges, 2) && !ranges_has(&ranges, 3));
    CHECK(ranges_has(&ranges, UINT64_MAX - 1) && !ranges_has(&ranges, UINT64_MAX));
    CHECK(ranges_has_all(&ranges, 0, 3) && !ranges_has_all(&ranges, 0, 4));
    CHECK(!ranges_has_all(&ranges, 9, 11) && ranges_has_all(&ranges, 5, 5));
    CHECK_EQ(ranges_find_index(&ranges, 2), 0);
    CHECK_EQ(ranges_find_index(&ranges, 3), 1);
    CHECK_EQ(ranges_find_index(&ranges, UINT64_MAX), 2);
}

TEST_MAIN(TEST(adding_and_removing_join_and_split), TEST(over_the_limit_nothing_changes),
    TEST(membership_is_half_open))
