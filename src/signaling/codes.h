// Codes: small numbers that two peers meet by.
//
//   free ──create──► open ──use──► used ──release──► quarantined ──ten minutes──► free
//                      ▲ └────────release──────────────▲   (SIGNALING_CODES_QUARANTINE)
//                      └──reopen── used
//
// Implements  docs/SIGNALING.md, "Rendezvous codes"
// Not here    the words, which the server never learns (signaling/phrase.h)
// Ownership   a code belongs to the table until its release
// Limits      SIGNALING_CODES_MAX numbers, those in quarantine included
// Time        every `now` must be at least the one before it

#ifndef SIGNALING_CODES_H
#define SIGNALING_CODES_H

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"
#include "base/time.h"
#include "signaling/sources.h"

#define SIGNALING_CODES_MAX 65535u
#define SIGNALING_CODES_QUARANTINE YODEL_SECONDS(600)

struct signaling_client;
struct signaling_code {
    struct list_node of_creator; // For the creator's list.
    struct signaling_client *creator;
    struct signaling_client *user; // NULL when nobody is there (yet, or any more).
    uint32_t number;
    bool is_used; // Stays true when the user leaves: only the creator opens it again.
    uint8_t
        used_from[SIGNALING_SOURCES_KEY_SIZE]; // The last user's source; zeros before the first.
};

struct signaling_codes {
    struct alloc *alloc;
    struct signaling_slot *slots; // By number.
    uint32_t slot_count;          // A number from here on was never given out.
    uint32_t slot_room;
    uint32_t lowest;            // No number below it is free.
    uint32_t first_quarantined; // 0: none.
    uint32_t last_quarantined;
    uint32_t count; // Open and used.
};

void signaling_codes_init(struct signaling_codes *codes, struct alloc *alloc);
void signaling_codes_deinit(struct signaling_codes *codes);

// The lowest free number. Fails with TOO_LARGE (there is none) or NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_codes_create(struct signaling_codes *codes,
    struct signaling_client *creator, struct signaling_code **code, yodel_time now);

// NULL where nobody has that number.
struct signaling_code *signaling_codes_find(const struct signaling_codes *codes, uint32_t number);

// Frees the code, which is in no list any more, and keeps its number back for a while.
void signaling_codes_release(
    struct signaling_codes *codes, struct signaling_code *code, yodel_time now);

#endif
