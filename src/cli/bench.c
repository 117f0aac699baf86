// `yodel bench`: four numbers about data channels over real sockets of the loopback interface.
//
//   mb_per_s       what arrives, in millions of bytes
//   cpu_s_per_gb   processor seconds for a billion bytes, of both ends, the kernel's share included
//   setup_ms       from two new peers to an open channel, certificates included; the median
//   kib_per_peer   what a connected and idle peer adds to the process

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/port.h"
#include "cli/bench_pair.h"
#include "cli/bench_turn.h"
#include "cli/options.h"

#define SECONDS_DEFAULT 5
#define SECONDS_MAX 3600
#define SIZE_DEFAULT (64 * 1024)
#define SIZE_MAX_BYTES (256 * 1024) // What a peer takes, unless told otherwise.
#define PAIRS_DEFAULT 100
#define PAIRS_MAX 1000
#define SETUPS 15
#define WARM_UP_MS 500

static uint32_t option_seconds = SECONDS_DEFAULT;
static uint32_t option_size = SIZE_DEFAULT;
static uint32_t option_pairs = PAIRS_DEFAULT;
static bool option_json;
static const char *option_against;
static const char *option_transport = "udp";

static const struct cli_option options[] = {
    {"seconds", 's', "N", "how long data flows (default 5)", .number = &option_seconds, .min = 1,
        .max = SECONDS_MAX},
    {"size", 0, "BYTES", "of a message (default 65536)", .number = &option_size, .min = 1,
        .max = SIZE_MAX_BYTES},
    {"pairs", 0, "N", "pairs of idle peers, whose memory is measured (default 100)",
        .number = &option_pairs, .min = 1, .max = PAIRS_MAX},
    {"against", 0, "SERVER", "turn: ADDRESS:PORT,USER,PASSWORD,PID of one that runs",
        .text = &option_against},
    {"transport", 0, "NAME", "turn: of its clients: udp, tcp or tls (default udp)",
        .text = &option_transport},
    {"json", 0, NULL, "one JSON object", .flag = &option_json},
};

struct results {
    double mb_per_s;
    double cpu_s_per_gb;
    double setup_ms;
    double kib_per_peer;
};

struct stage {
    yodel_runtime *first, *second;
};

static void wait_ms(long ms)
{
    const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&wait, NULL);
}

static double processor_seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// Of the process, in KiB; 0 where the system does not tell.
static double resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;

    if (!file) {
        return 0;
    }
    if (fscanf(file, "%ld %ld", &size, &resident) != 2) {
        resident = 0;
    }
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static bool open_pair(const struct stage *stage, struct bench_pair *pair)
{
    enum yodel_err err = bench_pair_open(pair, stage->first, stage->second);

    if (err == YODEL_OK) {
        return true;
    }
    bench_pair_close(pair);
    fprintf(stderr, "yodel: the peers do not connect: %s %s%s\n", yodel_err_text(err),
        pair->ends[0].error, pair->ends[1].error);
    return false;
}

// ---- the measurements

static bool measure_throughput(const struct stage *stage, struct results *results)
{
    size_t len = option_size;
    uint8_t *payload = alloc_new(alloc_system(), len);
    struct bench_pair pair;

    if (!payload || !open_pair(stage, &pair)) {
        alloc_free(alloc_system(), payload);
        return false;
    }
    bool is_ok = bench_pair_flood(&pair, payload, len) == YODEL_OK;
    wait_ms(WARM_UP_MS); // The congestion window opens.
    uint64_t bytes = bench_pair_received(&pair);
    double processor = processor_seconds();
    yodel_time start = yodel_runtime_now(stage->first);
    wait_ms((long)option_seconds * 1000);
    bytes = bench_pair_received(&pair) - bytes;
    processor = processor_seconds() - processor;
    double seconds = (double)(yodel_runtime_now(stage->first) - start) / 1e6;
    bench_pair_rest(&pair);
    bench_pair_close(&pair);
    alloc_free(alloc_system(), payload);
    if (!is_ok || bytes == 0) {
        fprintf(stderr, "yodel: nothing arrived %s\n", pair.ends[0].error);
        return false;
    }
    results->mb_per_s = (double)bytes / 1e6 / seconds;
    results->cpu_s_per_gb = processor / ((double)bytes / 1e9);
    return true;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool measure_setup(const struct stage *stage, struct results *results)
{
    double ms[SETUPS];

    for (size_t i = 0; i < SETUPS; i++) {
        struct bench_pair pair;
        yodel_time start = yodel_runtime_now(stage->first);

        if (!open_pair(stage, &pair)) {
            return false;
        }
        yodel_time end = pair.ends[0].opened_at > pair.ends[1].opened_at ? pair.ends[0].opened_at
                                                                         : pair.ends[1].opened_at;
        bench_pair_close(&pair);
        ms[i] = (double)(end - start) / 1e3;
    }
    qsort(ms, SETUPS, sizeof ms[0], compare_doubles);
    results->setup_ms = ms[SETUPS / 2];
    return true;
}

static bool measure_memory(const struct stage *stage, struct results *results)
{
    size_t count = option_pairs, opened = 0;
    struct bench_pair *pairs = alloc_new(alloc_system(), count * sizeof *pairs);
    struct bench_pair first;

    // What the process needs once, it needs for any number of peers.
    if (!pairs || !open_pair(stage, &first)) {
        alloc_free(alloc_system(), pairs);
        return false;
    }
    double before = resident_kib();
    while (opened < count && open_pair(stage, &pairs[opened])) {
        opened++;
    }
    wait_ms(WARM_UP_MS); // Until they are idle.
    results->kib_per_peer = (resident_kib() - before) / (2 * (double)count);
    for (size_t i = 0; i < opened; i++) {
        bench_pair_close(&pairs[i]);
    }
    bench_pair_close(&first);
    alloc_free(alloc_system(), pairs);
    return opened == count;
}

static bool measure(const struct stage *stage, struct results *results)
{
    // Memory first, while the heap has no holes yet that peers could fall into.
    return measure_memory(stage, results) && measure_setup(stage, results) &&
           measure_throughput(stage, results);
}

// ---- the command

// Each peer has sockets of its own, and a pair has two peers.
static void allow_many_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void print(const struct results *r)
{
    if (option_json) {
        printf("{\"mb_per_s\": %.1f, \"cpu_s_per_gb\": %.2f, \"setup_ms\": %.1f, "
               "\"kib_per_peer\": %.1f}\n",
            r->mb_per_s, r->cpu_s_per_gb, r->setup_ms, r->kib_per_peer);
        return;
    }
    printf("throughput  %.1f MB/s, in messages of %u bytes\n"
           "processor   %.2f s per GB, both ends\n"
           "setup       %.1f ms, from new peers to an open channel\n"
           "memory      %.1f KiB per idle peer\n",
        r->mb_per_s, option_size, r->cpu_s_per_gb, r->setup_ms, r->kib_per_peer);
}

static int run(int argument_count, char **arguments)
{
    const struct yodel_runtime_config config = {.loopback = YODEL_LOOPBACK_ONLY};
    struct stage stage = {0};
    struct results results = {0};

    if (argument_count == 1 && strcmp(arguments[0], "turn") == 0) {
        return (int)cli_bench_turn(&(struct cli_bench_turn_options){
            option_seconds, option_json, option_transport, option_against});
    }
    if (argument_count > 1 || (argument_count == 1 && strcmp(arguments[0], "data") != 0)) {
        fprintf(stderr, "yodel: bench measures `data` or `turn`\n");
        return CLI_USAGE;
    }
    allow_many_files();
    bool is_ok = yodel_runtime_new(&config, &stage.first) == YODEL_OK &&
                 yodel_runtime_new(&config, &stage.second) == YODEL_OK;
    if (!is_ok) {
        fprintf(stderr, "yodel: %s\n", yodel_runtime_error_text(NULL));
    }
    is_ok = is_ok && measure(&stage, &results);
    yodel_runtime_free(stage.second);
    yodel_runtime_free(stage.first);
    if (!is_ok) {
        return CLI_FAILED;
    }
    print(&results);
    return CLI_OK;
}

const struct cli_command cli_bench = {
    .name = "bench",
    .arguments = "[data|turn]",
    .summary = "Measure data channels or the relay on this machine",
    .help = "Two peers of this process, each with a thread of its own, send each other data over\n"
            "sockets of the loopback interface: throughput, processor time for a billion bytes,\n"
            "the time that connecting takes, and the memory of an idle peer.\n"
            "`turn` starts a server of its own, and counts what it relays for a second of its\n"
            "processor: singly, in bursts, both ways; Binding answers; memory of an allocation.\n"
            "Its clients come over UDP, TCP or TLS (--transport).\n",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
