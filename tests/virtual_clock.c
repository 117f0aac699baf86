// Virtual time: the process's gettimeofday and time, and a generator that repeats itself.

// RAND_set_rand_method: its replacement, a provider, cannot be swapped as easily.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "virtual_clock.h"

#include <openssl/rand.h>
#include <sys/time.h>
#include <time.h>

#include "base/assert.h"
#include "base/port.h"

static yodel_time virtual_now;
static uint64_t random_state;

// The parameters' types are libc's, whose header is what these are called through.
YODEL_API int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    (void)zone;
    out->tv_sec = (time_t)(VIRTUAL_CLOCK_WALL + virtual_now / YODEL_SECONDS(1));
    out->tv_usec = (suseconds_t)(virtual_now % YODEL_SECONDS(1));
    return 0;
}

YODEL_API time_t time(time_t *out)
{
    time_t wall = (time_t)(VIRTUAL_CLOCK_WALL + virtual_now / YODEL_SECONDS(1));

    if (out) {
        *out = wall;
    }
    return wall;
}

void virtual_clock_set(yodel_time now)
{
    virtual_now = now;
}

// SplitMix64: good enough for tests, and the same everywhere.
static uint64_t next_random(void)
{
    random_state += 0x9e3779b97f4a7c15u;
    uint64_t mixed = random_state;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

void virtual_clock_random(void *ctx, struct span out)
{
    (void)ctx;
    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] = (uint8_t)(next_random() >> 56);
    }
}

static int rand_bytes(unsigned char *room, int len)
{
    virtual_clock_random(NULL, span_of(room, (size_t)len));
    return 1;
}

static int rand_status(void)
{
    return 1;
}

void virtual_clock_seed(uint64_t seed)
{
    static const RAND_METHOD method = {
        .bytes = rand_bytes, .pseudorand = rand_bytes, .status = rand_status};

    random_state = seed;
    int done = RAND_set_rand_method(&method);
    YODEL_ASSERT(done == 1);
}
