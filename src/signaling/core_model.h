// For the core's fuzzer: a server of rooms and codes so plain that it is right by reading it. It says
// which message each client must hear next.
//
// Implements  docs/SIGNALING.md, once more: arrays and loops, no lists, no queues
// Not here    anything that ships

#ifndef SIGNALING_CORE_MODEL_H
#define SIGNALING_CORE_MODEL_H

#include "fuzz.h"
#include "signaling/fixture.h"

#define MODEL_CLIENTS 5
#define MODEL_CODES 160
#define MODEL_EXPECTED_MAX 64
#define MODEL_TEXT_MAX 512

struct model_budget {
    yodel_time since;
    uint32_t count;
};

struct model_code {
    bool is_taken, is_used;
    int creator, user; // -1: nobody.
    int used_from;     // An address; -1: none yet.
    yodel_time free_at;
};

struct model_client {
    bool is_here, is_closed;
    char id[SIGNALING_ID_SIZE + 1];
    char room[SIGNALING_ROOM_MAX + 1]; // "": none.
    uint64_t joined;                   // When, among all joins.
    uint32_t bad;
    struct model_budget second;
    char expected[MODEL_EXPECTED_MAX][MODEL_TEXT_MAX]; // Errors only as far as their code.
    int expected_count;
};

struct model {
    struct model_client clients[MODEL_CLIENTS];
    struct model_code codes[MODEL_CODES];
    struct model_budget wrong[MODEL_CLIENTS], used[MODEL_CLIENTS], created[MODEL_CLIENTS];
    uint64_t joins;
};

static void model_init(struct model *m)
{
    memset(m, 0, sizeof *m);
}

// ---- what a client must hear

static void model_tell(struct model *m, int to, const char *format, ...) YODEL_PRINTF(3, 4);
static void model_tell(struct model *m, int to, const char *format, ...)
{
    struct model_client *client = &m->clients[to];
    va_list args;

    if (client->is_closed) {
        return;
    }
    FUZZ_CHECK(client->expected_count < MODEL_EXPECTED_MAX);
    va_start(args, format);
    (void)vsnprintf(client->expected[client->expected_count++], MODEL_TEXT_MAX, format, args);
    va_end(args);
}

static void model_fail(struct model *m, int to, const char *code)
{
    model_tell(m, to, "{\"type\":\"error\",\"code\":\"%s\",", code);
}

static bool model_expects(struct model *m, int i, const char *heard)
{
    struct model_client *client = &m->clients[i];

    if (client->expected_count == 0) {
        return false;
    }
    const char *want = client->expected[0];
    size_t len = strlen(want);
    bool is_good = want[len - 1] == ',' ? strncmp(want, heard, len) == 0 : strcmp(want, heard) == 0;
    client->expected_count--;
    memmove(
        client->expected[0], client->expected[1], (size_t)client->expected_count * MODEL_TEXT_MAX);
    return is_good;
}

// ---- budgets

static bool model_is_over(const struct model_budget *b, yodel_time now, yodel_time window)
{
    return b->count == 0 || now - b->since >= window;
}

static void model_spend(struct model_budget *b, yodel_time now, yodel_time window)
{
    if (model_is_over(b, now, window)) {
        *b = (struct model_budget){.since = now};
    }
    b->count++;
}

static bool model_is_spent(const struct model_budget *b, uint32_t max, yodel_time now)
{
    return b->count >= max && !model_is_over(b, now, YODEL_SECONDS(60));
}

// ---- rooms

static bool model_share_room(const struct model *m, int i, int j)
{
    return m->clients[i].is_here && m->clients[j].is_here && *m->clients[i].room &&
           strcmp(m->clients[i].room, m->clients[j].room) == 0;
}

static void model_leave(struct model *m, int i)
{
    for (int j = 0; j < MODEL_CLIENTS; j++) {
        if (j != i && model_share_room(m, i, j)) {
            model_tell(m, j, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", m->clients[i].id);
        }
    }
    m->clients[i].room[0] = 0;
}

static void model_join(struct model *m, int i, const char *room)
{
    char peers[MODEL_TEXT_MAX] = "";
    uint64_t last = 0;

    if (!signaling_message_is_room(room) || *m->clients[i].room) {
        model_fail(m, i, signaling_message_is_room(room) ? "too-many" : "bad-room");
        return;
    }
    (void)snprintf(m->clients[i].room, sizeof m->clients[i].room, "%s", room);
    m->clients[i].joined = ++m->joins;
    for (;;) { // In the order in which they came.
        int next = -1;
        for (int j = 0; j < MODEL_CLIENTS; j++) {
            uint64_t joined = m->clients[j].joined;
            if (j != i && model_share_room(m, i, j) && joined > last &&
                (next < 0 || joined < m->clients[next].joined)) {
                next = j;
            }
        }
        if (next < 0) {
            break;
        }
        size_t len = strlen(peers);
        (void)snprintf(
            peers + len, sizeof peers - len, "%s\"%s\"", len > 0 ? "," : "", m->clients[next].id);
        last = m->clients[next].joined;
        model_tell(m, next, "{\"type\":\"peer-joined\",\"peer\":\"%s\"}", m->clients[i].id);
    }
    model_tell(m, i, "{\"type\":\"joined\",\"room\":\"%s\",\"peers\":[%s]}", room, peers);
}

// ---- codes

static int model_using(const struct model *m, int i)
{
    for (int n = 1; n < MODEL_CODES; n++) {
        if (m->codes[n].is_taken && m->codes[n].user == i) {
            return n;
        }
    }
    return 0;
}

static uint32_t model_code_count(const struct model *m)
{
    uint32_t count = 0;

    for (int n = 1; n < MODEL_CODES; n++) {
        count += m->codes[n].is_taken;
    }
    return count;
}

static uint32_t model_room_count(const struct model *m)
{
    uint32_t count = 0;

    for (int i = 0; i < MODEL_CLIENTS; i++) {
        bool is_first = m->clients[i].is_here && *m->clients[i].room;
        for (int j = 0; j < i; j++) {
            is_first = is_first && !model_share_room(m, i, j);
        }
        count += is_first;
    }
    return count;
}

static void model_part(struct model *m, int n)
{
    int user = m->codes[n].user;

    if (user >= 0) {
        m->codes[n].user = -1;
        model_tell(m, user, "{\"type\":\"peer-left\",\"peer\":\"%s\"}",
            m->clients[m->codes[n].creator].id);
    }
}

static void model_stop_using(struct model *m, int i)
{
    int n = model_using(m, i);

    if (n > 0) {
        m->codes[n].user = -1;
        model_tell(
            m, m->codes[n].creator, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", m->clients[i].id);
    }
}

static void model_drop(struct model *m, int n, yodel_time now)
{
    model_part(m, n);
    m->codes[n].is_taken = false;
    m->codes[n].free_at = now + YODEL_SECONDS(600);
}

static void model_create(struct model *m, int i, yodel_time now)
{
    int own = 0, n = 1;

    for (int j = 1; j < MODEL_CODES; j++) {
        own += m->codes[j].is_taken && m->codes[j].creator == i;
    }
    if (own >= 16) {
        model_fail(m, i, "too-many");
        return;
    }
    if (model_is_spent(&m->created[i / 2], 120, now)) {
        model_fail(m, i, "rate-limited");
        return;
    }
    model_spend(&m->created[i / 2], now, YODEL_SECONDS(60));
    while (m->codes[n].is_taken || now < m->codes[n].free_at) {
        n++;
        FUZZ_CHECK(n < MODEL_CODES);
    }
    m->codes[n] = (struct model_code){.is_taken = true, .creator = i, .user = -1, .used_from = -1};
    model_tell(m, i, "{\"type\":\"code\",\"number\":%d}", n);
}

static const char *model_why_not_use(
    struct model *m, int i, const struct model_code *code, yodel_time now)
{
    if (model_is_spent(&m->wrong[i / 2], 5, now) || model_is_spent(&m->used[i / 2], 120, now)) {
        return "rate-limited";
    }
    model_spend(&m->used[i / 2], now, YODEL_SECONDS(60));
    if (model_using(m, i) > 0) {
        return "too-many";
    }
    if (code->is_taken && code->creator != i && !code->is_used) {
        return NULL;
    }
    bool comes_back = code->is_taken && code->creator != i && code->used_from == i / 2;
    if (!comes_back) {
        model_spend(&m->wrong[i / 2], now, YODEL_SECONDS(60));
    }
    return code->is_taken && code->creator != i ? "used-code" : "unknown-code";
}

static void model_use(struct model *m, int i, uint32_t number, yodel_time now)
{
    static const struct model_code none;
    const char *why =
        model_why_not_use(m, i, number < MODEL_CODES ? &m->codes[number] : &none, now);

    if (why) {
        model_fail(m, i, why);
        return;
    }
    struct model_code *code = &m->codes[number];
    code->is_used = true;
    code->used_from = i / 2;
    code->user = i;
    model_tell(m, code->creator, "{\"type\":\"paired\",\"number\":%u,\"peer\":\"%s\"}",
        (unsigned)number, m->clients[i].id);
    model_tell(m, i, "{\"type\":\"paired\",\"number\":%u,\"peer\":\"%s\"}", (unsigned)number,
        m->clients[code->creator].id);
}

static void model_reopen_or_release(
    struct model *m, int i, const struct signaling_message *message, yodel_time now)
{
    uint32_t n = message->number;

    if (n >= MODEL_CODES || !m->codes[n].is_taken || m->codes[n].creator != i) {
        model_fail(m, i, "unknown-code");
    } else if (message->type == SIGNALING_REOPEN_CODE) {
        model_part(m, (int)n);
        m->codes[n].is_used = false;
        model_tell(m, i, "{\"type\":\"code\",\"number\":%u}", (unsigned)n);
    } else {
        model_drop(m, (int)n, now);
        model_tell(m, i, "{\"type\":\"code-released\",\"number\":%u}", (unsigned)n);
    }
}

static void model_unpair(struct model *m, int i, uint32_t number)
{
    if (number == 0 || model_using(m, i) == (int)number) {
        model_stop_using(m, i);
    }
    for (int n = 1; n < MODEL_CODES; n++) {
        if (m->codes[n].is_taken && m->codes[n].creator == i && (number == 0 || (int)number == n)) {
            model_part(m, n);
        }
    }
}

// ---- signal

static bool model_are_paired(const struct model *m, int i, int j)
{
    int of_i = model_using(m, i), of_j = model_using(m, j);

    return (of_i > 0 && m->codes[of_i].creator == j) || (of_j > 0 && m->codes[of_j].creator == i);
}

static void model_signal(struct model *m, int i, const struct signaling_message *message)
{
    char data[MODEL_TEXT_MAX];

    for (int j = 0; j < MODEL_CLIENTS; j++) {
        bool is_meant = m->clients[j].is_here && strcmp(m->clients[j].id, message->to) == 0;
        if (is_meant && j != i && (model_share_room(m, i, j) || model_are_paired(m, i, j))) {
            size_t len =
                json_dumpb(message->data, data, sizeof data, JSON_COMPACT | JSON_ENCODE_ANY);
            model_tell(m, j, "{\"type\":\"signal\",\"from\":\"%s\",\"data\":%.*s}",
                m->clients[i].id, (int)len, data);
            return;
        }
    }
    model_fail(m, i, "no-such-peer");
}

// ---- in

static void model_connect(struct model *m, int i, const char *id)
{
    m->clients[i] = (struct model_client){.is_here = true};
    (void)snprintf(m->clients[i].id, sizeof m->clients[i].id, "%s", id);
}

static void model_disconnect(struct model *m, int i, yodel_time now)
{
    model_leave(m, i);
    model_stop_using(m, i);
    for (int n = 1; n < MODEL_CODES; n++) {
        if (m->codes[n].is_taken && m->codes[n].creator == i) {
            model_drop(m, n, now);
        }
    }
    m->clients[i].is_here = false;
    m->clients[i].expected_count = 0;
}

static void model_act(
    struct model *m, int i, const struct signaling_message *message, yodel_time now)
{
    switch (message->type) {
    case SIGNALING_UNKNOWN:
        model_fail(m, i, "unknown-type");
        break;
    case SIGNALING_JOIN:
        model_join(m, i, message->room);
        break;
    case SIGNALING_LEAVE:
        model_leave(m, i);
        break;
    case SIGNALING_SIGNAL:
        model_signal(m, i, message);
        break;
    case SIGNALING_CREATE_CODE:
        model_create(m, i, now);
        break;
    case SIGNALING_USE_CODE:
        model_use(m, i, message->number, now);
        break;
    case SIGNALING_REOPEN_CODE:
    case SIGNALING_RELEASE_CODE:
        model_reopen_or_release(m, i, message, now);
        break;
    case SIGNALING_UNPAIR:
        model_unpair(m, i, message->number);
        break;
    }
}

// `message` is NULL for what is none.
static void model_recv(
    struct model *m, int i, const struct signaling_message *message, yodel_time now)
{
    struct model_client *client = &m->clients[i];

    model_spend(&client->second, now, YODEL_SECONDS(1));
    if (client->second.count > 100) {
        if (client->second.count == 101) {
            model_fail(m, i, "rate-limited");
        }
    } else if (message) {
        model_act(m, i, message, now);
    } else {
        model_fail(m, i, "bad-message");
        client->is_closed = ++client->bad == 10;
    }
}

#endif
