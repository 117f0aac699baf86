// `yodel bench turn`: how many packets a TURN server relays for a second of its processor's time.

#ifndef CLI_BENCH_TURN_H
#define CLI_BENCH_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"

struct cli_bench_turn_options {
    uint32_t seconds; // Of each measurement.
    bool is_json;
    const char *transport; // "udp", "tcp" or "tls": the clients'.
    const char *against; // "HOST:PORT,USER,PASSWORD,PID": a server that runs; NULL: one of our own.
};

enum cli_exit cli_bench_turn(const struct cli_bench_turn_options *options);

#endif
