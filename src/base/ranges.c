// Ranges: one rule for adding and taking away: the intervals that a change touches become none, one
// or two new ones.

#include "base/ranges.h"

#include <string.h>

#include "base/assert.h"

size_t ranges_find_index(const struct ranges *ranges, uint64_t number)
{
    size_t low = 0;
    size_t high = ranges->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->items[middle].end > number) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

// Puts `added_count` intervals in the place of those from `from` up to, and without, `to`.
static enum yodel_err replace(
    struct ranges *ranges, size_t from, size_t to, const struct range *added, size_t added_count)
{
    size_t count = ranges->count - (to - from) + added_count;

    if (count > ranges->limit) {
        return YODEL_ERR_TOO_LARGE;
    }
    if (to < ranges->count) {
        memmove(&ranges->items[from + added_count], &ranges->items[to],
            (ranges->count - to) * sizeof ranges->items[0]);
    }
    for (size_t i = 0; i < added_count; i++) {
        ranges->items[from + i] = added[i];
    }
    ranges->count = count;
    return YODEL_OK;
}

enum yodel_err ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
    YODEL_ASSERT(start <= end);
    if (start == end) {
        return YODEL_OK;
    }
    // An interval that ends exactly at `start` is touched too, and joins.
    size_t from = start == 0 ? 0 : ranges_find_index(ranges, start - 1);
    size_t to = from;
    struct range joined = {start, end};

    while (to < ranges->count && ranges->items[to].start <= end) {
        to++;
    }
    if (from < to) {
        const struct range *first = &ranges->items[from];
        const struct range *last = &ranges->items[to - 1];
        joined.start = first->start < start ? first->start : start;
        joined.end = last->end > end ? last->end : end;
    }
    return replace(ranges, from, to, &joined, 1);
}

enum yodel_err ranges_remove(struct ranges *ranges, uint64_t start, uint64_t end)
{
    YODEL_ASSERT(start <= end);
    size_t from = ranges_find_index(ranges, start);
    size_t to = from;
    struct range left[2];
    size_t left_count = 0;

    while (to < ranges->count && ranges->items[to].start < end) {
        to++;
    }
    if (start == end || from == to) {
        return YODEL_OK;
    }
    if (ranges->items[from].start < start) {
        left[left_count++] = (struct range){ranges->items[from].start, start};
    }
    if (ranges->items[to - 1].end > end) {
        left[left_count++] = (struct range){end, ranges->items[to - 1].end};
    }
    return replace(ranges, from, to, left, left_count);
}

void ranges_remove_below(struct ranges *ranges, uint64_t end)
{
    // Nothing is left on the lower side, so no interval can become two.
    enum yodel_err err = ranges_remove(ranges, 0, end);

    YODEL_ASSERT(err == YODEL_OK);
}

bool ranges_has_all(const struct ranges *ranges, uint64_t start, uint64_t end)
{
    YODEL_ASSERT(start <= end);
    if (start == end) {
        return true;
    }
    size_t index = ranges_find_index(ranges, start);
    if (index == ranges->count) {
        return false;
    }
    return ranges->items[index].start <= start && end <= ranges->items[index].end;
}

bool ranges_has(const struct ranges *ranges, uint64_t number)
{
    return number != UINT64_MAX && ranges_has_all(ranges, number, number + 1);
}

uint64_t ranges_total(const struct ranges *ranges)
{
    uint64_t total = 0;

    for (size_t i = 0; i < ranges->count; i++) {
        total += ranges->items[i].end - ranges->items[i].start;
    }
    return total;
}
