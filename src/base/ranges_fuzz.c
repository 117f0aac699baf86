// Ranges, against a flag for each number.

#include "base/ranges.h"

#include "fuzz.h"

#define NUMBERS 256
#define LIMIT 8

static size_t count_intervals(const bool *is_in)
{
    size_t count = 0;

    for (size_t i = 0; i < NUMBERS; i++) {
        count += is_in[i] && (i == 0 || !is_in[i - 1]);
    }
    return count;
}

static void check_same(const struct ranges *ranges, const bool *is_in)
{
    uint64_t total = 0;

    FUZZ_CHECK(ranges->count <= LIMIT && ranges->count == count_intervals(is_in));
    for (size_t i = 0; i < NUMBERS; i++) {
        FUZZ_CHECK(ranges_has(ranges, i) == is_in[i]);
        total += is_in[i];
    }
    FUZZ_CHECK(ranges_total(ranges) == total);
    for (size_t i = 0; i < ranges->count; i++) {
        FUZZ_CHECK(ranges->items[i].start < ranges->items[i].end);
        FUZZ_CHECK(i == 0 || ranges->items[i - 1].end < ranges->items[i].start);
    }
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    struct range items[LIMIT];
    struct ranges ranges;
    bool is_in[NUMBERS] = {0};

    ranges_init(&ranges, items, LIMIT);
    while (r.left >= 3) {
        uint8_t what = read_u8(&r);
        uint8_t start = read_u8(&r);
        uint64_t end = start + (uint64_t)(read_u8(&r) % (NUMBERS - start));
        bool changed[NUMBERS];
        enum yodel_err err = YODEL_OK;

        memcpy(changed, is_in, sizeof changed);
        if (what % 8 == 0) {
            ranges_remove_below(&ranges, end);
            memset(changed, 0, end);
        } else if (what % 2 == 0) {
            err = ranges_remove(&ranges, start, end);
            memset(changed + start, 0, end - start);
        } else {
            err = ranges_add(&ranges, start, end);
            memset(changed + start, 1, end - start);
        }
        FUZZ_CHECK((err == YODEL_OK) == (count_intervals(changed) <= LIMIT));
        if (err == YODEL_OK) {
            memcpy(is_in, changed, sizeof is_in);
        }
        check_same(&ranges, is_in);
    }
}
