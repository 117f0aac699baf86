// The TURN server under load: a process of our own, or one that runs; and what it takes of the machine.
//
// Ownership   a server of our own ends with bench_target_stop

#ifndef CLI_BENCH_TARGET_H
#define CLI_BENCH_TARGET_H

#include <sys/types.h>

#include "base/addr.h"

#define BENCH_TARGET_TEXT_MAX 64

struct bench_target {
    enum yodel_transport transport; // That clients use. All have one port.
    struct yodel_addr addr;
    char name[BENCH_TARGET_TEXT_MAX], password[BENCH_TARGET_TEXT_MAX];
    pid_t pid;
    bool is_ours;
    char certificate[BENCH_TARGET_TEXT_MAX]; // A file that is removed at the end; "": none.
};

// "ADDRESS:PORT,USER,PASSWORD,PID".
bool bench_target_parse(struct bench_target *target, const char *text);

// "udp", "tcp" or "tls".
bool bench_target_parse_transport(enum yodel_transport *transport, const char *text);
const char *bench_target_transport_name(enum yodel_transport transport);

// `yodel serve` on loopback, with a certificate for TLS. False, with errno.
bool bench_target_start(struct bench_target *target, enum yodel_transport transport);
void bench_target_stop(struct bench_target *target);

// Nanoseconds of the processor's time, of all its threads; 0 where the system does not tell.
uint64_t bench_target_processor_ns(pid_t pid);

double bench_target_resident_kib(pid_t pid);

#endif
