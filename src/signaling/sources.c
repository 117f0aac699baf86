// Sources: a map by address, and a queue of those without a connection.

#include "signaling/sources.h"

#include "base/assert.h"

void signaling_sources_init(struct signaling_sources *sources, const struct env *env)
{
    *sources = (struct signaling_sources){.alloc = env->alloc};
    map_init(&sources->by_key, env);
    list_init(&sources->idle);
}

static void forget(struct signaling_sources *sources, struct signaling_source *source)
{
    list_remove(&source->idle);
    sources->idle_count--;
    map_remove(&sources->by_key, &source->by_key);
    alloc_free(sources->alloc, source);
}

static struct signaling_source *longest_idle(const struct signaling_sources *sources)
{
    struct list_node *node = list_first(&sources->idle);

    return node ? CONTAINER_OF(node, struct signaling_source, idle) : NULL;
}

void signaling_sources_deinit(struct signaling_sources *sources)
{
    struct signaling_source *source;

    while ((source = longest_idle(sources))) {
        forget(sources, source);
    }
    YODEL_ASSERT(sources->by_key.count == 0);
    map_deinit(&sources->by_key);
}

static void make_key(uint8_t key[SIGNALING_SOURCES_KEY_SIZE], const struct yodel_addr *addr)
{
    struct yodel_addr plain = addr_unmap(addr);

    memset(key, 0, SIGNALING_SOURCES_KEY_SIZE);
    key[0] = (uint8_t)plain.family;
    memcpy(key + 1, plain.ip, plain.family == YODEL_ADDR_V4 ? 4 : 8);
}

static struct signaling_source *find(
    const struct signaling_sources *sources, const struct yodel_addr *addr)
{
    uint8_t key[SIGNALING_SOURCES_KEY_SIZE];

    make_key(key, addr);
    struct map_entry *entry = map_find(&sources->by_key, bytes_of(key, sizeof key));
    return entry ? CONTAINER_OF(entry, struct signaling_source, by_key) : NULL;
}

uint32_t signaling_sources_count(
    const struct signaling_sources *sources, const struct yodel_addr *addr)
{
    const struct signaling_source *source = find(sources, addr);

    return source ? source->connections : 0;
}

struct signaling_source *signaling_sources_enter(
    struct signaling_sources *sources, const struct yodel_addr *addr)
{
    struct signaling_source *source = find(sources, addr);

    if (!source) {
        source = alloc_new(sources->alloc, sizeof *source);
        if (!source) {
            return NULL;
        }
        make_key(source->key, addr);
        struct bytes key = bytes_of(source->key, sizeof source->key);
        if (map_insert(&sources->by_key, &source->by_key, key) != YODEL_OK) {
            alloc_free(sources->alloc, source);
            return NULL;
        }
    } else if (source->connections == 0) {
        list_remove(&source->idle);
        sources->idle_count--;
    }
    source->connections++;
    return source;
}

void signaling_sources_leave(
    struct signaling_sources *sources, struct signaling_source *source, yodel_time now)
{
    YODEL_ASSERT(source->connections > 0);
    if (--source->connections > 0) {
        return;
    }
    source->idle_since = now;
    list_push_back(&sources->idle, &source->idle);
    if (++sources->idle_count > SIGNALING_SOURCES_IDLE_MAX) {
        forget(sources, longest_idle(sources));
    }
}

void signaling_sources_tick(struct signaling_sources *sources, yodel_time now)
{
    while (now >= signaling_sources_next_timeout(sources)) {
        forget(sources, longest_idle(sources));
    }
}

yodel_time signaling_sources_next_timeout(const struct signaling_sources *sources)
{
    const struct signaling_source *source = longest_idle(sources);

    return source ? time_after(source->idle_since, SIGNALING_SOURCES_KEPT) : YODEL_NEVER;
}

static bool is_over(const struct signaling_budget *budget, yodel_duration window, yodel_time now)
{
    return time_since(now, budget->since) >= window;
}

bool signaling_sources_is_spent(
    const struct signaling_budget *budget, uint32_t max, yodel_duration window, yodel_time now)
{
    return budget->count >= max && !is_over(budget, window, now);
}

void signaling_sources_spend(struct signaling_budget *budget, yodel_duration window, yodel_time now)
{
    if (budget->count == 0 || is_over(budget, window, now)) {
        *budget = (struct signaling_budget){.since = now};
    }
    budget->count++;
}
