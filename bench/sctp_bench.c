// SCTP in memory: two engines move 64 KiB messages; nanoseconds of code for each packet with data, both sides together.
//
//   bench_sctp [megabytes] [message bytes] [packets a turn] [lost of 10000] [round trip in us]

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sctp/sctp.h"

#define ROOM 1200
#define BURST_MAX 1024
#define NANOSECONDS 1e9

static struct sctp peers[2];
static uint64_t noise = 1;

static void fill(void *ctx, struct span out)
{
    (void)ctx;
    for (size_t i = 0; i < out.len; i++) {
        noise = noise * 6364136223846793005u + 1;
        out.ptr[i] = (uint8_t)(noise >> 56);
    }
}

static double seconds(void)
{
    struct timespec at;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / NANOSECONDS;
}

static size_t loss; // Of 10000.

static bool is_lost(void)
{
    noise = noise * 6364136223846793005u + 1;
    return (noise >> 40) % 10000 < loss;
}

static uint8_t rooms[2][BURST_MAX][ROOM];
static size_t lens[2][BURST_MAX];

// What one says in a turn lies in a row, as in a batch of datagrams; then the other hears it all.
static size_t speak(int from, size_t burst, yodel_time now)
{
    size_t count = 0;

    while (count < burst) {
        size_t len = sctp_emit(&peers[from], span_of(rooms[from][count], ROOM), now);
        if (len == 0) {
            break;
        }
        lens[from][count++] = len;
    }
    return count;
}

static size_t drain(int peer)
{
    struct sctp_event event;
    size_t bytes = 0;

    while (sctp_next_event(&peers[peer], &event)) {
        bytes += event.data.len;
    }
    return bytes;
}

int main(int argc, char **argv)
{
    size_t total = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1000) << 20;
    size_t message_len = argc > 2 ? strtoul(argv[2], NULL, 10) : 65536;
    size_t burst = argc > 3 ? strtoul(argv[3], NULL, 10) : 64;
    struct env env = {.alloc = alloc_system(), .random = fill};
    uint8_t *message = calloc(1, message_len);
    yodel_time now = YODEL_SECONDS(1);
    size_t received = 0;
    size_t sent = 0;

    loss = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    yodel_duration turn = argc > 5 ? strtoul(argv[5], NULL, 10) : 10;
    burst = burst < BURST_MAX ? burst : BURST_MAX;
    for (int i = 0; i < 2; i++) {
        sctp_init(&peers[i], &env, &(struct sctp_config){0});
        sctp_start(&peers[i]);
    }
    double start = seconds();
    while (received < total) {
        while (sent < total && sctp_send(&peers[0], 1, 53, bytes_of(message, message_len),
                                   &(struct sctp_send_options){0}) == YODEL_OK) {
            sent += message_len;
        }
        bool is_idle = true;
        for (int from = 0; from < 2; from++) {
            size_t count = speak(from, burst, now);
            is_idle &= count == 0;

            for (size_t i = 0; i < count; i++) {
                if (!is_lost()) {
                    sctp_recv(&peers[!from], bytes_of(rooms[from][i], lens[from][i]), now);
                }
            }
            received += drain(!from);
        }
        now += turn;
        if (is_idle) {
            now = time_min(sctp_next_timeout(&peers[0]), sctp_next_timeout(&peers[1]));
        }
        for (int i = 0; i < 2; i++) {
            if (sctp_next_timeout(&peers[i]) <= now) {
                sctp_tick(&peers[i], now);
            }
        }
    }
    double took = seconds() - start;
    uint64_t packets = peers[0].stats.packets_sent;
    printf("%.0f MB/s of processor time, %.0f MB/s of virtual time, %.0f ns a packet, %llu "
           "packets, %llu back, %llu repeated\n",
        (double)received / took / 1e6, (double)received / (double)(now - YODEL_SECONDS(1)),
        took * NANOSECONDS / (double)packets, (unsigned long long)packets,
        (unsigned long long)peers[1].stats.packets_sent,
        (unsigned long long)peers[0].tx.chunks_repeated);
    for (int i = 0; i < 2; i++) {
        sctp_deinit(&peers[i]);
    }
    free(message);
    return 0;
}
