// A ring of words, after the idea of RFC 6479.

#include "srtp/window.h"

#include "base/assert.h"

static uint64_t word_of(uint64_t index)
{
    return index / SRTP_WINDOW_WORD;
}

static uint64_t bit_of(uint64_t index)
{
    return (uint64_t)1 << index % SRTP_WINDOW_WORD;
}

enum srtp_age srtp_window_look(const struct srtp_window *window, uint64_t index)
{
    if (!window->is_used || index > window->top) {
        return SRTP_NEW;
    }
    if (word_of(window->top) - word_of(index) >= SRTP_WINDOW_WORDS) {
        return SRTP_OLD;
    }
    return window->seen[word_of(index) % SRTP_WINDOW_WORDS] & bit_of(index) ? SRTP_SEEN : SRTP_NEW;
}

// What lies between the words of the latest and of the one to come was not seen.
static void move_on(struct srtp_window *window, uint64_t index)
{
    uint64_t from = window->is_used ? word_of(window->top) : word_of(index);
    uint64_t count = window->is_used ? word_of(index) - from : SRTP_WINDOW_WORDS;

    for (uint64_t i = 1; i <= count && i <= SRTP_WINDOW_WORDS; i++) {
        window->seen[(from + i) % SRTP_WINDOW_WORDS] = 0;
    }
    window->top = index;
    window->is_used = true;
}

void srtp_window_mark(struct srtp_window *window, uint64_t index)
{
    YODEL_ASSERT(srtp_window_look(window, index) == SRTP_NEW);
    if (!window->is_used || index > window->top) {
        move_on(window, index);
    }
    window->seen[word_of(index) % SRTP_WINDOW_WORDS] |= bit_of(index);
}
