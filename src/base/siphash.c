// SipHash-2-4: two rounds for each eight bytes, four at the end.
//
// Implements  Aumasson and Bernstein (2012), §2

#include "base/siphash.h"

struct state {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void round_once(struct state *s)
{
    s->v[0] += s->v[1];
    s->v[1] = rotate(s->v[1], 13) ^ s->v[0];
    s->v[0] = rotate(s->v[0], 32);
    s->v[2] += s->v[3];
    s->v[3] = rotate(s->v[3], 16) ^ s->v[2];
    s->v[0] += s->v[3];
    s->v[3] = rotate(s->v[3], 21) ^ s->v[0];
    s->v[2] += s->v[1];
    s->v[1] = rotate(s->v[1], 17) ^ s->v[2];
    s->v[2] = rotate(s->v[2], 32);
}

static void absorb(struct state *s, uint64_t word)
{
    s->v[3] ^= word;
    round_once(s);
    round_once(s);
    s->v[0] ^= word;
}

// Up to eight bytes, the first in the lowest place.
static uint64_t word_of(const uint8_t *ptr, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len; i++) {
        word |= (uint64_t)ptr[i] << (8 * i);
    }
    return word;
}

uint64_t siphash(const struct siphash_key *key, struct bytes message)
{
    struct state s = {{
        key->half[0] ^ 0x736f6d6570736575,
        key->half[1] ^ 0x646f72616e646f6d,
        key->half[0] ^ 0x6c7967656e657261,
        key->half[1] ^ 0x7465646279746573,
    }};
    size_t whole = message.len & ~(size_t)7;

    for (size_t at = 0; at < whole; at += 8) {
        absorb(&s, word_of(message.ptr + at, 8));
    }
    // §2.2: the last word ends with the length, modulo 256.
    uint64_t rest = whole < message.len ? word_of(message.ptr + whole, message.len - whole) : 0;
    absorb(&s, rest | (uint64_t)message.len << 56);

    s.v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) {
        round_once(&s);
    }
    return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}
