// Sources: what each address has done lately, so that guessing and hoarding are slow.
//
// An IPv4 address counts alone, an IPv6 address with its /64, which is one customer's.
//
// Ownership   a source lives while it has connections, and SIGNALING_SOURCES_KEPT longer
// Limits      SIGNALING_SOURCES_IDLE_MAX without a connection; the longest idle goes first
// Time        every `now` must be at least the one before it

#ifndef SIGNALING_SOURCES_H
#define SIGNALING_SOURCES_H

#include "base/addr.h"
#include "base/list.h"
#include "base/map.h"
#include "base/time.h"

#define SIGNALING_SOURCES_IDLE_MAX 4096
#define SIGNALING_SOURCES_KEY_SIZE 17 // The family, and the address or its first half.
#define SIGNALING_SOURCES_MINUTE YODEL_SECONDS(60)
#define SIGNALING_SOURCES_HOUR YODEL_SECONDS(3600)
#define SIGNALING_SOURCES_KEPT SIGNALING_SOURCES_HOUR // Or who goes and comes would begin anew.

// How often within a window that begins with the first time.
struct signaling_budget {
    yodel_time since;
    uint32_t count;
};

struct signaling_source {
    struct map_entry by_key;
    struct list_node idle;
    yodel_time idle_since;
    uint32_t connections;
    struct signaling_budget wrong;     // use-code that met nobody.
    struct signaling_budget used;      // use-code, whatever came of it,
    struct signaling_budget used_long; // and in an hour.
    struct signaling_budget created;   // create-code.
    uint8_t key[SIGNALING_SOURCES_KEY_SIZE];
};

struct signaling_sources {
    struct alloc *alloc;
    struct map by_key;
    struct list idle; // The longest idle first.
    uint32_t idle_count;
};

void signaling_sources_init(struct signaling_sources *sources, const struct env *env);
void signaling_sources_deinit(struct signaling_sources *sources); // Nobody is connected any more.

// How many connections `addr` has now.
uint32_t signaling_sources_count(
    const struct signaling_sources *sources, const struct yodel_addr *addr);

// One connection more, and one less. NULL where there is no memory.
struct signaling_source *signaling_sources_enter(
    struct signaling_sources *sources, const struct yodel_addr *addr);
void signaling_sources_leave(
    struct signaling_sources *sources, struct signaling_source *source, yodel_time now);

void signaling_sources_tick(struct signaling_sources *sources, yodel_time now);
yodel_time signaling_sources_next_timeout(const struct signaling_sources *sources);

// `window` is the same for a budget each time.
bool signaling_sources_is_spent(
    const struct signaling_budget *budget, uint32_t max, yodel_duration window, yodel_time now);
void signaling_sources_spend(
    struct signaling_budget *budget, yodel_duration window, yodel_time now);

#endif
