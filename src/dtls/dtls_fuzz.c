// DTLS: one engine at any point of an honest handshake, and then whatever the fuzzer sends.
//
// The input's first byte chooses the victim and how many honest datagrams pass first. Then come
// pieces: a byte that says what happens, two bytes of length and a datagram.

#include "base/assert.h"
#include "dtls_pair.h"
#include "virtual_clock.h"

#define HONEST_MAX 5

enum { PIECE_DELIVER, PIECE_TICK, PIECE_HONEST, PIECE_BEND, PIECE_COUNT };

struct wire {
    uint32_t honest; // Datagrams up to this one pass.
    bool is_bent;
    size_t bend_at; // And this byte of each is changed.
    uint8_t bend_by;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool pass_some(struct pair *pair, int from, uint32_t index, struct span *datagram)
{
    const struct wire *wire = pair->ctx;

    (void)from;
    if (wire->is_bent) {
        datagram->ptr[wire->bend_at % datagram->len] ^= wire->bend_by;
    }
    return index < wire->honest;
}

static void deliver(struct pair *pair, int victim, struct bytes bytes)
{
    uint8_t datagram[PAIR_DATAGRAM_MAX];

    if (bytes.len > 0 && bytes.len <= sizeof datagram) {
        memcpy(datagram, bytes.ptr, bytes.len);
        pair_deliver(pair, victim, span_of(datagram, bytes.len));
    }
}

static void tick(struct pair *pair, int victim)
{
    struct dtls *dtls = &pair->side[victim].dtls;
    yodel_time due = dtls_next_timeout(dtls);

    YODEL_ASSERT(due > pair->now);
    if (due != YODEL_NEVER) {
        virtual_clock_set(pair->now = due);
        dtls_tick(dtls, due);
    }
}

// What goes through the engine must leave it in order, whoever sent it.
static void check(struct pair *pair, int victim)
{
    struct pair_side *side = &pair->side[victim];
    uint8_t room[PAIR_DATAGRAM_MAX];

    YODEL_ASSERT(!side->is_connected || side->dtls.trust.is_proven);
    YODEL_ASSERT(!side->failure || side->dtls.state == DTLS_FAILED);
    while (dtls_emit(&side->dtls, span_of(room, sizeof room), pair->now) > 0) {
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pair pair;
    struct reader r = reader_of(bytes_of(data, size));
    uint8_t choice = read_u8(&r);
    int victim = choice & 1;
    struct wire wire = {.honest = choice / 2 % HONEST_MAX};

    if (!pair.env.alloc) {
        pair_open(&pair, 1);
    }
    pair_reopen(&pair, 1);
    pair_start(&pair);
    pair.filter = pass_some;
    pair.ctx = &wire;
    pair_exchange(&pair);
    while (!r.failed && r.left > 3) {
        uint8_t piece = read_u8(&r) % PIECE_COUNT;
        uint16_t len = read_u16(&r);

        if (piece == PIECE_DELIVER) {
            deliver(&pair, victim, read_bytes(&r, len % PAIR_DATAGRAM_MAX));
        } else if (piece == PIECE_TICK) {
            tick(&pair, victim);
        } else {
            wire.is_bent = piece == PIECE_BEND;
            wire.bend_at = len;
            wire.bend_by = wire.is_bent ? read_u8(&r) : 0;
            wire.honest += 1 + len % 4;
            pair_exchange(&pair);
        }
        check(&pair, victim);
    }
    return 0;
}
