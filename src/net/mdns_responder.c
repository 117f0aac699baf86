// Multicast DNS, answering.

#include "net/mdns_responder.h"

#include "net/mdns.h"

void mdns_responder_init(struct mdns_responder *r, const struct env *env)
{
    memset(r, 0, sizeof *r);
    r->env = env;
}

// RFC 9562 §5.4: 122 random bits, and six that say so.
static void make_name(const struct env *env, char name[MDNS_OWN_NAME_SIZE])
{
    static const size_t groups[] = {4, 2, 2, 2, 6};
    uint8_t id[16];
    struct writer w = writer_of(span_of((uint8_t *)name, MDNS_OWN_NAME_SIZE));
    size_t at = 0;

    env_random(env, span_of(id, sizeof id));
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < COUNT(groups); i++) {
        put_text(&w, i > 0 ? "-" : "");
        for (size_t j = 0; j < groups[i]; j++) {
            put_format(&w, "%02x", id[at++]);
        }
    }
    put_text(&w, ".local");
    name[w.len] = '\0';
}

static struct mdns_own *find(struct mdns_responder *r, const struct yodel_addr *ip)
{
    for (size_t i = 0; i < MDNS_NAMES_MAX; i++) {
        struct mdns_own *own = &r->own[i];
        if (own->is_used && !own->is_leaving && addr_same_ip(&own->addr, ip)) {
            return own;
        }
    }
    return NULL;
}

const char *mdns_responder_name(struct mdns_responder *r, const struct yodel_addr *ip)
{
    struct mdns_own *own = find(r, ip);

    for (size_t i = 0; i < MDNS_NAMES_MAX && !own; i++) {
        if (!r->own[i].is_used) {
            own = &r->own[i];
            *own = (struct mdns_own){.is_used = true, .addr = *ip};
            make_name(r->env, own->name);
        }
    }
    return own ? own->name : NULL;
}

static void leave(struct mdns_own *own)
{
    // §10.1, to those who may have heard of it: nobody else is told that it was there.
    if (own->told > 0 || own->told_one > 0) {
        own->is_leaving = true;
    } else {
        own->is_used = false;
    }
    own->is_due = own->is_due_to_one = false;
}

void mdns_responder_remove(struct mdns_responder *r, const struct yodel_addr *ip)
{
    struct mdns_own *own = find(r, ip);

    if (own) {
        leave(own);
    }
}

void mdns_responder_remove_all(struct mdns_responder *r)
{
    for (size_t i = 0; i < MDNS_NAMES_MAX; i++) {
        if (r->own[i].is_used && !r->own[i].is_leaving) {
            leave(&r->own[i]);
        }
    }
}

static bool is_asked_for(const struct mdns_own *own, const struct mdns_question *question)
{
    uint16_t type = own->addr.family == YODEL_ADDR_V4 ? MDNS_TYPE_A : MDNS_TYPE_AAAA;

    return own->is_used && !own->is_leaving &&
           (question->type == type || question->type == MDNS_TYPE_ANY) &&
           mdns_msg_same_name(own->name, question->name);
}

// §7.1: and will know for at least half of its time.
static bool is_known(const struct mdns_own *own, const struct mdns_msg *known)
{
    for (uint32_t i = 0; i < known->record_count; i++) {
        const struct mdns_record *record = &known->records[i];
        if (mdns_msg_same_name(own->name, record->name) &&
            addr_same_ip(&own->addr, &record->addr) && record->ttl >= MDNS_TTL / 2) {
            return true;
        }
    }
    return false;
}

static bool has_rested(yodel_time told, yodel_time now)
{
    return told == 0 || time_since(now, told) >= MDNS_ANSWER_EACH;
}

static void answer(struct mdns_own *own, const struct mdns_query_msg *msg,
    const struct mdns_question *question, const struct yodel_addr *from, yodel_time now)
{
    bool is_legacy = from->port != MDNS_PORT; // §6.7.

    if (!is_legacy && !question->wants_unicast) {
        own->is_due = own->is_due || has_rested(own->told, now);
        return;
    }
    if (own->is_due_to_one || !has_rested(own->told_one, now)) {
        return;
    }
    own->is_due_to_one = true;
    own->to = *from;
    own->is_legacy = is_legacy;
    own->id = msg->id;
    own->question = *question;
}

void mdns_responder_recv(
    struct mdns_responder *r, const struct yodel_addr *from, struct bytes datagram, yodel_time now)
{
    struct mdns_query_msg msg;

    if (from->port == 0 || mdns_msg_parse_query(&msg, datagram) != YODEL_OK) {
        return;
    }
    for (uint32_t q = 0; q < msg.question_count; q++) {
        for (size_t i = 0; i < MDNS_NAMES_MAX; i++) {
            struct mdns_own *own = &r->own[i];
            if (is_asked_for(own, &msg.questions[q]) && !is_known(own, &msg.known)) {
                answer(own, &msg, &msg.questions[q], from, now);
            }
        }
    }
}

static size_t put(struct span room, const struct mdns_response *response)
{
    struct writer w = writer_of(room);

    return mdns_msg_put_response(&w, response) == YODEL_OK ? w.len : 0;
}

static size_t emit_to_group(struct mdns_own *own, struct span room, yodel_time now)
{
    struct mdns_response response = {
        .name = own->name, .addr = &own->addr, .ttl = own->is_leaving ? 0 : MDNS_TTL};

    own->is_due = false;
    own->told = now;
    own->is_used = !own->is_leaving;
    own->is_leaving = false;
    return put(room, &response);
}

static size_t emit_to_one(struct mdns_own *own, struct span room, yodel_time now)
{
    struct mdns_response response = {.name = own->name,
        .addr = &own->addr,
        .id = own->is_legacy ? own->id : 0,
        .question = own->is_legacy ? &own->question : NULL,
        .ttl = own->is_legacy ? MDNS_TTL_LEGACY : MDNS_TTL};

    own->is_due_to_one = false;
    own->told_one = now;
    return put(room, &response);
}

size_t mdns_responder_emit(
    struct mdns_responder *r, struct span room, struct yodel_addr *to, yodel_time now)
{
    for (size_t i = 0; i < MDNS_NAMES_MAX; i++) {
        struct mdns_own *own = &r->own[i];

        if (!own->is_used) {
            continue;
        }
        if (own->is_due_to_one) {
            *to = own->to;
            return emit_to_one(own, room, now);
        }
        if (own->is_due || own->is_leaving) {
            *to = (struct yodel_addr){0};
            return emit_to_group(own, room, now);
        }
    }
    return 0;
}
