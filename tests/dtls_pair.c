// Two DTLS engines: opening, exchanging, running.

#include "dtls_pair.h"

#include "base/assert.h"
#include "virtual_clock.h"

static void side_open(struct pair_side *side)
{
    enum yodel_err err = crypto_cert_new(alloc_system(), VIRTUAL_CLOCK_WALL, &side->cert);
    YODEL_ASSERT(err == YODEL_OK);
    err = dtls_identity_new(alloc_system(), side->cert, &side->identity);
    YODEL_ASSERT(err == YODEL_OK);
    side->fingerprint.hash = DTLS_HASH_SHA_256;
    dtls_identity_fingerprint(side->identity, side->fingerprint.value);
}

static void side_begin(struct pair *pair, struct pair_side *side)
{
    struct pair_side begun = {
        .cert = side->cert, .identity = side->identity, .fingerprint = side->fingerprint};

    *side = begun;
    dtls_init(&side->dtls, &pair->env, side->identity);
}

void pair_open(struct pair *pair, uint64_t seed)
{
    memset(pair, 0, sizeof *pair);
    virtual_clock_seed(seed);
    virtual_clock_set(0);
    pair->env = (struct env){.alloc = alloc_system(), .random = virtual_clock_random};
    for (int i = 0; i < 2; i++) {
        side_open(&pair->side[i]);
        side_begin(pair, &pair->side[i]);
    }
}

void pair_reopen(struct pair *pair, uint64_t seed)
{
    virtual_clock_seed(seed);
    virtual_clock_set(0);
    pair->now = 0;
    pair->sent = 0;
    for (int i = 0; i < 2; i++) {
        dtls_deinit(&pair->side[i].dtls);
        side_begin(pair, &pair->side[i]);
    }
}

void pair_close(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        dtls_deinit(&pair->side[i].dtls);
        dtls_identity_free(pair->side[i].identity);
        crypto_cert_free(pair->side[i].cert);
    }
}

static void take_events(struct pair_side *side)
{
    struct dtls_event event;

    while (dtls_next_event(&side->dtls, &event)) {
        switch (event.type) {
        case DTLS_EVENT_CONNECTED:
            side->is_connected = true;
            break;
        case DTLS_EVENT_DATA:
            YODEL_ASSERT(side->is_connected && event.data.len <= sizeof side->received);
            memcpy(side->received, event.data.ptr, event.data.len);
            side->received_len = event.data.len;
            side->received_count++;
            break;
        case DTLS_EVENT_CLOSED:
            side->is_closed = true;
            break;
        case DTLS_EVENT_FAILED:
            side->failure = event.failure;
            break;
        }
    }
}

void pair_deliver(struct pair *pair, int to, struct span datagram)
{
    dtls_recv(&pair->side[to].dtls, datagram, pair->now);
    take_events(&pair->side[to]);
}

void pair_start(struct pair *pair)
{
    struct pair_side *client = &pair->side[PAIR_CLIENT], *server = &pair->side[PAIR_SERVER];

    enum yodel_err err = dtls_start(&server->dtls, DTLS_SERVER, &client->fingerprint, 1, pair->now);
    YODEL_ASSERT(err == YODEL_OK);
    err = dtls_start(&client->dtls, DTLS_CLIENT, &server->fingerprint, 1, pair->now);
    YODEL_ASSERT(err == YODEL_OK);
}

// One datagram of one side, if it has any.
static bool pass(struct pair *pair, int from)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    size_t len = dtls_emit(&pair->side[from].dtls, span_of(room, sizeof room), pair->now);
    struct span datagram = span_of(room, len);

    if (len == 0) {
        return false;
    }
    uint32_t index = pair->sent++;
    if (!pair->filter || pair->filter(pair, from, index, &datagram)) {
        pair_deliver(pair, !from, datagram);
    }
    return true;
}

void pair_exchange(struct pair *pair)
{
    while (pass(pair, PAIR_CLIENT) || pass(pair, PAIR_SERVER)) {
    }
    take_events(&pair->side[PAIR_CLIENT]);
    take_events(&pair->side[PAIR_SERVER]);
}

bool pair_is_connected(const struct pair *pair)
{
    return pair->side[PAIR_CLIENT].is_connected && pair->side[PAIR_SERVER].is_connected;
}

static bool has_failed(const struct pair *pair)
{
    return pair->side[PAIR_CLIENT].failure || pair->side[PAIR_SERVER].failure;
}

void pair_run(struct pair *pair, yodel_time limit)
{
    pair_exchange(pair);
    while (!pair_is_connected(pair) && !has_failed(pair)) {
        yodel_time due = time_min(dtls_next_timeout(&pair->side[PAIR_CLIENT].dtls),
            dtls_next_timeout(&pair->side[PAIR_SERVER].dtls));

        YODEL_ASSERT(due > pair->now); // An engine that is due now would have us run in a circle.
        if (due > limit) {
            return;
        }
        pair->now = due;
        virtual_clock_set(due);
        dtls_tick(&pair->side[PAIR_CLIENT].dtls, due);
        dtls_tick(&pair->side[PAIR_SERVER].dtls, due);
        pair_exchange(pair);
    }
}

void pair_connect(struct pair *pair, uint64_t seed)
{
    pair_open(pair, seed);
    pair_start(pair);
    pair_exchange(pair);
    YODEL_ASSERT(pair_is_connected(pair));
}

size_t pair_seal(struct pair *pair, int from, struct bytes message, struct span room)
{
    YODEL_ASSERT(room.len >= message.len + DTLS_SEAL_OVERHEAD);
    memcpy(room.ptr + DTLS_SEAL_HEAD, message.ptr, message.len);
    return dtls_seal(&pair->side[from].dtls, room, message.len);
}

bool pair_send(struct pair *pair, int from, struct bytes message)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct pair_side *to = &pair->side[!from];
    uint32_t before = to->received_count;
    size_t len = pair_seal(pair, from, message, span_of(room, sizeof room));

    if (len == 0) {
        return false;
    }
    pair_deliver(pair, !from, span_of(room, len));
    return to->received_count == before + 1 &&
           bytes_equal(bytes_of(to->received, to->received_len), message);
}

bool pair_lose(struct pair *pair, int from, uint32_t index, struct span *datagram)
{
    (void)from, (void)datagram;
    return index >= 64 || !(pair->lost >> index & 1);
}
