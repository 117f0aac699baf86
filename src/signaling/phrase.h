// Rendezvous codes: a number that the server gives and two words that it never sees.
//
// Implements  docs/SIGNALING.md, Rendezvous codes
// Not here    the key that the words make (signaling/meet.h)
// Limits      SIGNALING_PHRASE_MAX bytes of code, SIGNALING_WORDS words to choose from: 20 bits,
//             one guess

#ifndef SIGNALING_PHRASE_H
#define SIGNALING_PHRASE_H

#include "base/env.h"
#include "base/err.h"

#define SIGNALING_WORDS 1024
#define SIGNALING_PHRASE_MAX 64
#define SIGNALING_SERVER_MAX 300
#define SIGNALING_WHY_MAX 200

extern const char *const signaling_words[SIGNALING_WORDS]; // In alphabetical order.

struct signaling_phrase {
    uint32_t number;
    char text[SIGNALING_PHRASE_MAX];   // In lower case, with dashes: what SPAKE2 takes.
    char server[SIGNALING_SERVER_MAX]; // From a link: "https://host:port"; else "".
};

void signaling_phrase_make(struct signaling_phrase *code, const struct env *env, uint32_t number);

// Reads what a person typed: "7-amber-falcon", "7 Amber Falcon", or a whole link. SYNTAX: `why` has a
// sentence, with the nearest word where one is not in the list.
YODEL_MUST_USE enum yodel_err signaling_phrase_parse(
    struct signaling_phrase *code, struct bytes text, char why[SIGNALING_WHY_MAX]);

#endif
