// SRTP beside libsrtp2, in turns: packets that one core protects, and opens, in a second of its time.
//
//   bench_srtp [rounds] [payload bytes]        where libsrtp2's headers are installed

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "libsrtp.h"
#include "srtp/srtp.h"

#define BATCH 64u // As many as come and go in one turn: they are in the cache, as in a server.
#define TURNS 300u
#define HEADER 12
#define ROOM 1600
#define NANOSECONDS 1e9

static uint8_t packets[BATCH][ROOM];

static void same(void *ctx, struct span out)
{
    (void)ctx;
    memset(out.ptr, 3, out.len);
}

static double seconds(void)
{
    struct timespec at;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / NANOSECONDS;
}

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_srtp: %s\n", what);
    exit(1);
}

static void write_headers(uint64_t first)
{
    for (uint64_t i = 0; i < BATCH; i++) {
        memset(packets[i], 0, HEADER);
        packets[i][0] = 0x80;
        packets[i][1] = 96;
        store_u16(packets[i] + 2, (uint16_t)(first + i));
        packets[i][HEADER - 1] = 7;
    }
}

struct speeds {
    double ours[2], theirs[2]; // Protected, opened; in packets a second.
};

// Seconds, of both ways, of the packets from index `first` on, which are those of one stream.
static void run_ours(
    struct srtp *from, struct srtp *to, uint64_t first, size_t payload, double spent[2])
{
    struct srtp_opened opened;
    size_t len = 0;

    write_headers(first);
    double begin = seconds();
    for (uint64_t i = 0; i < BATCH; i++) {
        if (srtp_protect(from, first + i, bytes_of(packets[i], HEADER),
                bytes_of(packets[i] + HEADER, payload), span_of(packets[i], ROOM),
                &len) != YODEL_OK) {
            fail("ours protects not");
        }
    }
    double middle = seconds();
    for (uint64_t i = 0; i < BATCH; i++) {
        if (!srtp_unprotect(to, span_of(packets[i], len), &opened)) {
            fail("ours opens not");
        }
    }
    spent[0] += middle - begin;
    spent[1] += seconds() - middle;
}

static void run_theirs(
    struct libsrtp *from, struct libsrtp *to, uint64_t first, size_t payload, double spent[2])
{
    int len = 0;

    write_headers(first);
    double begin = seconds();
    for (uint64_t i = 0; i < BATCH; i++) {
        len = (int)(HEADER + payload);
        if (!libsrtp_protect(from, false, packets[i], &len)) {
            fail("libsrtp2 protects not");
        }
    }
    double middle = seconds();
    for (uint64_t i = 0; i < BATCH; i++) {
        int left = len;
        if (!libsrtp_unprotect(to, false, packets[i], &left)) {
            fail("libsrtp2 opens not");
        }
    }
    spent[0] += middle - begin;
    spent[1] += seconds() - middle;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(const struct speeds *all, size_t count, size_t which)
{
    double values[64];

    for (size_t i = 0; i < count; i++) {
        const double four[] = {all[i].ours[0], all[i].theirs[0], all[i].ours[1], all[i].theirs[1]};
        values[i] = four[which];
    }
    qsort(values, count, sizeof values[0], compare);
    return values[count / 2];
}

static void measure(enum srtp_suite suite, const char *name, size_t rounds, size_t payload)
{
    static const char *const what[] = {"protect", "unprotect"};
    uint8_t master[SRTP_MASTER_MAX] = {1, 2, 3};
    struct speeds all[64];
    struct srtp from, to;

    struct bytes key = bytes_of(master, srtp_suite_key_size(suite) + srtp_suite_salt_size(suite));
    struct env mine = {.alloc = alloc_system(), .random = same};
    srtp_init(&from, &mine, suite, key, 4);
    srtp_init(&to, &mine, suite, key, 4);
    struct libsrtp *sender = libsrtp_new((uint16_t)suite, master, true);
    struct libsrtp *receiver = libsrtp_new((uint16_t)suite, master, false);
    if (!sender || !receiver) {
        fail("libsrtp2 is missing");
    }
    for (size_t i = 0; i < rounds; i++) {
        double ours[2] = {0}, theirs[2] = {0};
        for (size_t turn = 0; turn < TURNS; turn++) {
            uint64_t first = 1000 + (i * TURNS + turn) * BATCH;
            run_ours(&from, &to, first, payload, ours);
            run_theirs(sender, receiver, first, payload, theirs);
        }
        for (size_t k = 0; k < 2; k++) {
            all[i].ours[k] = TURNS * BATCH / ours[k];
            all[i].theirs[k] = TURNS * BATCH / theirs[k];
        }
    }
    for (size_t i = 0; i < 2; i++) {
        double ours = median(all, rounds, 2 * i), theirs = median(all, rounds, 2 * i + 1);
        printf("%-24s %-10s %9.0f  libsrtp2 %9.0f  %5.2f times\n", name, what[i], ours, theirs,
            ours / theirs);
    }
    libsrtp_free(sender);
    libsrtp_free(receiver);
    srtp_deinit(&from);
    srtp_deinit(&to);
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 15;
    size_t payload = argc > 2 ? strtoul(argv[2], NULL, 10) : 1200 - HEADER;

    if (rounds == 0 || rounds > 64 || payload > ROOM - HEADER - SRTP_RTP_OVERHEAD_MAX) {
        fail("from 1 to 64 rounds, and a payload that fits a packet");
    }
    printf("packets of %zu bytes, a processor second:\n", HEADER + payload);
    measure(SRTP_AES128_CM_SHA1_80, "AES128_CM_SHA1_80", rounds, payload);
    measure(SRTP_AEAD_AES_128_GCM, "AEAD_AES_128_GCM", rounds, payload);
    measure(SRTP_AEAD_AES_256_GCM, "AEAD_AES_256_GCM", rounds, payload);
    return 0;
}
