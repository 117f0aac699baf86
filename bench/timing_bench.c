// What time tells a stranger: whether a name is a user's, and how much of a secret was right.
//
//   bench_timing [measurements]
//
// Two classes of input in random order, each timed alone; the slowest tenth is left out, for
// that is the machine's. Prints the difference of the means, and Welch's t: over 4.5 a stranger who measures as often
// as we do, and as closely, could tell the classes apart.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/hmac.h"
#include "turn/server_fixture.h"

#define MEASUREMENTS 1000000
#define NAMES 64
#define PERCENT_KEPT 90

struct sample {
    uint32_t ns;
    bool is_second;
};

static uint64_t noise = 1;

static uint32_t draw(void)
{
    noise = noise * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(noise >> 33);
}

static uint64_t nanoseconds(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

// ---- the figures

static int compare(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;

    return (x->ns > y->ns) - (x->ns < y->ns);
}

static void report(const char *what, struct sample *samples, size_t count)
{
    double n[2] = {0}, sum[2] = {0}, squares[2] = {0};

    qsort(samples, count, sizeof *samples, compare);
    for (size_t i = 0; i < count / 100 * PERCENT_KEPT; i++) {
        double ns = samples[i].ns;
        n[samples[i].is_second]++;
        sum[samples[i].is_second] += ns;
        squares[samples[i].is_second] += ns * ns;
    }
    double mean[2], variance[2];
    for (int i = 0; i < 2; i++) {
        mean[i] = sum[i] / n[i];
        variance[i] = (squares[i] - sum[i] * mean[i]) / (n[i] - 1);
    }
    double t = (mean[0] - mean[1]) / sqrt(variance[0] / n[0] + variance[1] / n[1]);
    printf("%-34s %8.1f ns  %8.1f ns  %+6.2f %%  t %+6.2f\n", what, mean[0], mean[1],
        (mean[1] / mean[0] - 1) * 100, t);
}

// ---- is this name a user's?

// The same message with each name of a class, sealed with a wrong password.
struct request {
    size_t len;
    uint8_t bytes[512];
};

static struct request requests[2][NAMES];

static void prepare(struct world *world, const char *format, struct request out[NAMES])
{
    char name[32];

    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(name, sizeof name, format, draw() % NAMES);
        world->user = name;
        world_begin_allocate(world);
        world_seal(world, false);
        out[i].len = writer_bytes(&world->w).len;
        memcpy(out[i].bytes, writer_bytes(&world->w).ptr, out[i].len);
    }
}

static void measure_names(
    const char *what, const char *formats[2], struct sample *samples, size_t count)
{
    static struct world world;
    char name[32];

    world_prepare(&world);
    YODEL_ASSERT(turn_credentials_add_realm(&world.credentials, bytes_of_text("yodel")) == 0);
    YODEL_ASSERT(turn_credentials_add_secret(&world.credentials, bytes_of_text("vouched")) == 0);
    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(name, sizeof name, "user%04u", i);
        YODEL_ASSERT(turn_credentials_add_user(
                         &world.credentials, bytes_of_text(name), bytes_of_text("right")) == 0);
    }
    YODEL_ASSERT(turn_server_new(&world.server, &world.config) == YODEL_OK);
    world.client.transport = YODEL_TCP; // Where no cap on challenges hides the time.
    world.password = "wrong";
    world_learn_nonce(&world);
    for (int i = 0; i < 2; i++) {
        prepare(&world, formats[i], requests[i]);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t number = draw();
        bool is_second = number & 1;
        const struct request *request = &requests[is_second][number / 2 % NAMES];
        uint64_t begin = nanoseconds();
        YODEL_ASSERT(
            turn_server_recv(world.server, &world.client, bytes_of(request->bytes, request->len),
                span_of(world.answered, sizeof world.answered), &world.out, world.now));
        samples[i] = (struct sample){(uint32_t)(nanoseconds() - begin), is_second};
    }
    report(what, samples, count);
    world_deinit(&world);
}

// ---- how much of it was right?

static void measure_equal(struct sample *samples, size_t count)
{
    uint8_t secret[CRYPTO_SHA256_SIZE], guesses[2][CRYPTO_SHA256_SIZE];
    uint8_t guess[CRYPTO_SHA256_SIZE]; // In one place, whichever it is: caches tell places apart.
    volatile bool is_equal;

    for (size_t i = 0; i < sizeof secret; i++) {
        secret[i] = (uint8_t)draw();
    }
    memcpy(guesses[0], secret, sizeof secret);
    memcpy(guesses[1], secret, sizeof secret);
    guesses[0][0] ^= 1;
    guesses[1][sizeof secret - 1] ^= 1;
    for (size_t i = 0; i < count; i++) {
        bool is_second = draw() & 1;
        memcpy(guess, guesses[is_second], sizeof guess);
        uint64_t begin = nanoseconds();
        for (int k = 0; k < 16; k++) { // Once is below what the clock can tell.
            is_equal = crypto_equal(bytes_of(secret, sizeof secret), bytes_of(guess, sizeof guess));
        }
        samples[i] = (struct sample){(uint32_t)(nanoseconds() - begin), is_second};
    }
    (void)is_equal;
    report("first byte wrong, last byte wrong", samples, count);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : MEASUREMENTS;
    const char *plain[2] = {"user%04u", "nobo%04u"}, *vouched[2] = {"1000:%04u", "1999:%04u"};
    struct sample *samples = calloc(count, sizeof *samples);

    if (!samples || count < 1000) {
        (void)fprintf(stderr, "bench_timing: at least 1000 measurements, and memory for them\n");
        return 1;
    }
    measure_names("a user, nobody", plain, samples, count);
    measure_names("vouched until 1000, until 1999", vouched, samples, count);
    measure_equal(samples, count);
    free(samples);
    return 0;
}
