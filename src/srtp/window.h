// Which packets of a stream have been seen: each passes once, and none that is too old to tell.
//
// The bits lie in a ring of words by index, so that moving on clears words and shifts none.
//
// Implements  RFC 3711 §3.3.2 (replay list)
// Ownership   values only
// Limits      SRTP_WINDOW packets back from the latest

#ifndef SRTP_WINDOW_H
#define SRTP_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define SRTP_WINDOW_WORDS 16
#define SRTP_WINDOW_WORD 64
// The word that the latest is in is not full yet, so that one word less can be told for sure.
#define SRTP_WINDOW ((SRTP_WINDOW_WORDS - 1) * SRTP_WINDOW_WORD)

struct srtp_window {
    uint64_t top; // The latest seen, where `is_used`.
    bool is_used;
    uint64_t seen[SRTP_WINDOW_WORDS];
};

enum srtp_age {
    SRTP_NEW,
    SRTP_SEEN,
    SRTP_OLD, // Whether it was seen, nobody knows any more.
};

enum srtp_age srtp_window_look(const struct srtp_window *window, uint64_t index);

// `index` must be SRTP_NEW: for what was authenticated, or is about to be sealed.
void srtp_window_mark(struct srtp_window *window, uint64_t index);

#endif
