// Multicast DNS: asking, and asking again.

#include "net/mdns.h"

// §5.2: the first two a second apart at the most, then at growing distances.
static const yodel_duration schedule[] = {0, YODEL_MS(250), YODEL_SECONDS(1), YODEL_SECONDS(3)};

void mdns_init(struct mdns *mdns)
{
    memset(mdns, 0, sizeof *mdns);
}

static struct mdns_query *find_query(struct mdns *mdns, const char *name)
{
    for (size_t i = 0; i < MDNS_QUERIES_MAX; i++) {
        struct mdns_query *query = &mdns->queries[i];
        if (query->state != MDNS_FREE && mdns_msg_same_name(query->name, name)) {
            return query;
        }
    }
    return NULL;
}

static struct mdns_known *find_known(struct mdns *mdns, const char *name, yodel_time now)
{
    for (size_t i = 0; i < MDNS_CACHE_MAX; i++) {
        struct mdns_known *known = &mdns->cache[i];
        if (known->until > now && mdns_msg_same_name(known->name, name)) {
            return known;
        }
    }
    return NULL;
}

enum yodel_err mdns_ask(struct mdns *mdns, const char *name, yodel_time now)
{
    uint8_t room[MDNS_QUERY_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    enum yodel_err err = mdns_msg_put_query(&w, name);
    struct mdns_query *query = mdns->queries;

    if (err != YODEL_OK || find_query(mdns, name)) {
        return err;
    }
    while (query < mdns->queries + MDNS_QUERIES_MAX && query->state != MDNS_FREE) {
        query++;
    }
    if (query == mdns->queries + MDNS_QUERIES_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    const struct mdns_known *known = find_known(mdns, name, now);
    *query = (struct mdns_query){.state = known ? MDNS_ENDED : MDNS_ASKING, .started = now};
    memcpy(query->name, name, strlen(name) + 1);
    if (known) {
        query->addr = known->addr;
    }
    return YODEL_OK;
}

// The entry of that name, else the one that ends first.
static void remember(struct mdns *mdns, const struct mdns_record *record, yodel_time now)
{
    struct mdns_known *place = find_known(mdns, record->name, now);

    for (size_t i = 0; i < MDNS_CACHE_MAX && !place; i++) {
        place = mdns->cache[i].until <= now ? &mdns->cache[i] : NULL;
    }
    for (size_t i = 0; i < MDNS_CACHE_MAX && !place; i++) {
        place = i == 0 || mdns->cache[i].until < place->until ? &mdns->cache[i] : place;
    }
    memcpy(place->name, record->name, sizeof place->name);
    place->addr = record->addr;
    place->until = now + (record->ttl < 120 ? YODEL_SECONDS(record->ttl) : MDNS_CACHE_TIME_MAX);
}

static bool is_usable(const struct mdns_record *record)
{
    return record->name[0] != '\0' && record->ttl > 0 && !addr_is_any(&record->addr) &&
           !addr_is_multicast(&record->addr);
}

void mdns_recv(
    struct mdns *mdns, const struct yodel_addr *from, struct bytes datagram, yodel_time now)
{
    struct mdns_msg msg;

    // §6: an answer from another port is none.
    if (from->port != MDNS_PORT || mdns_msg_parse(&msg, datagram) != YODEL_OK) {
        return;
    }
    for (uint32_t i = 0; i < msg.record_count; i++) {
        struct mdns_record *record = &msg.records[i];
        struct mdns_query *query = find_query(mdns, record->name);

        // §10.1: "ttl 0" takes back what was said. What nobody asked for is not remembered.
        struct mdns_known *known = find_known(mdns, record->name, now);
        if (known && record->ttl == 0 && addr_same_ip(&known->addr, &record->addr)) {
            known->until = 0;
        }
        if (!query || query->state != MDNS_ASKING || !is_usable(record)) {
            continue;
        }
        if (addr_is_link_local(&record->addr) && record->addr.family == YODEL_ADDR_V6) {
            record->addr.scope_id = from->scope_id; // On the link that it came from.
        }
        remember(mdns, record, now);
        query->addr = record->addr;
        query->state = MDNS_ENDED;
    }
}

void mdns_tick(struct mdns *mdns, yodel_time now)
{
    for (size_t i = 0; i < MDNS_QUERIES_MAX; i++) {
        struct mdns_query *query = &mdns->queries[i];
        if (query->state == MDNS_ASKING && now >= query->started + MDNS_GIVE_UP) {
            query->state = MDNS_ENDED;
        }
    }
}

static yodel_time next_ask(const struct mdns_query *query)
{
    return query->asked < COUNT(schedule) ? query->started + schedule[query->asked] : YODEL_NEVER;
}

size_t mdns_emit(struct mdns *mdns, struct span room, yodel_time now)
{
    for (size_t i = 0; i < MDNS_QUERIES_MAX; i++) {
        struct mdns_query *query = &mdns->queries[i];
        if (query->state == MDNS_ASKING && next_ask(query) <= now) {
            struct writer w = writer_of(room);
            query->asked++;
            // It was written once, in mdns_ask: a failure means too little room.
            return mdns_msg_put_query(&w, query->name) == YODEL_OK ? w.len : 0;
        }
    }
    return 0;
}

bool mdns_next_answer(struct mdns *mdns, struct mdns_answer *answer)
{
    for (size_t i = 0; i < MDNS_QUERIES_MAX; i++) {
        struct mdns_query *query = &mdns->queries[i];
        if (query->state == MDNS_ENDED) {
            memcpy(answer->name, query->name, sizeof answer->name);
            answer->addr = query->addr;
            answer->is_found = query->addr.family != YODEL_ADDR_NONE;
            query->state = MDNS_FREE;
            return true;
        }
    }
    return false;
}

yodel_time mdns_next_timeout(const struct mdns *mdns)
{
    yodel_time earliest = YODEL_NEVER;

    for (size_t i = 0; i < MDNS_QUERIES_MAX; i++) {
        const struct mdns_query *query = &mdns->queries[i];
        if (query->state == MDNS_ASKING) {
            earliest = time_min(earliest, next_ask(query));
            earliest = time_min(earliest, query->started + MDNS_GIVE_UP);
        }
    }
    return earliest;
}
