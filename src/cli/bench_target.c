// A server under load, and its process.

#include "cli/bench_target.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/cert.h"
#include "crypto/secret.h"
#include "net/clock.h"
#include "net/socket.h"

static const char *const transports[] = {
    [YODEL_UDP] = "udp", [YODEL_TCP] = "tcp", [YODEL_TLS] = "tls"};

bool bench_target_parse_transport(enum yodel_transport *transport, const char *text)
{
    for (size_t i = 0; i < COUNT(transports); i++) {
        if (strcmp(text, transports[i]) == 0) {
            *transport = (enum yodel_transport)i;
            return true;
        }
    }
    return false;
}

const char *bench_target_transport_name(enum yodel_transport transport)
{
    return transports[transport];
}

bool bench_target_parse(struct bench_target *target, const char *text)
{
    struct bench_target read = {.transport = target->transport};
    char addr[ADDR_TEXT_MAX < BENCH_TARGET_TEXT_MAX ? BENCH_TARGET_TEXT_MAX : ADDR_TEXT_MAX];
    int pid = 0;
    char end;

    if (sscanf(text, "%63[^,],%63[^,],%63[^,],%d%c", addr, read.name, read.password, &pid, &end) !=
            4 ||
        pid <= 0 || addr_parse(&read.addr, bytes_of_text(addr)) != YODEL_OK ||
        read.addr.port == 0) {
        return false;
    }
    read.pid = pid;
    *target = read;
    return true;
}

// ---- a server of our own

static bool write_all(int fd, const uint8_t *bytes, size_t len)
{
    return write(fd, bytes, len) == (ssize_t)len;
}

// A key and its certificate in one file, which only we can read.
static bool write_certificate(char path[BENCH_TARGET_TEXT_MAX])
{
    struct crypto_cert *cert;
    uint8_t pem[CRYPTO_CERT_PEM_MAX];
    size_t len = 0;

    (void)snprintf(path, BENCH_TARGET_TEXT_MAX, "/tmp/yodel-bench-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0) {
        path[0] = 0;
        return false;
    }
    bool is_good =
        crypto_cert_new(alloc_system(), (uint64_t)clock_wall_seconds(), &cert) == YODEL_OK;
    if (is_good) {
        is_good = crypto_cert_write_pem(cert, span_of(pem, sizeof pem), &len) == YODEL_OK &&
                  write_all(fd, pem, len);
        secret_wipe_span(span_of(pem, sizeof pem));
        crypto_cert_free(cert);
    }
    (void)close(fd);
    return is_good;
}

bool bench_target_start(struct bench_target *target, enum yodel_transport transport)
{
    char udp[ADDR_TEXT_MAX];
    struct yodel_addr addr = addr_v4(127, 0, 0, 1, 0);
    int fd = socket_open_udp(&addr); // A port that is free.

    if (fd < 0) {
        return false;
    }
    socket_close(fd);
    (void)addr_text(&addr, udp);
    *target = (struct bench_target){.transport = transport,
        .addr = addr,
        .name = "bench",
        .password = "bench",
        .is_ours = true};
    if (transport == YODEL_TLS && !write_certificate(target->certificate)) {
        return false;
    }
    const char *file = target->certificate;
    const char *arguments[] = {"yodel", "serve", "--quiet", "--log-level", "error", "--listen",
        "127.0.0.1:0", "--udp", udp, "--turn-tls", "off", "--turn-user", "bench:bench",
        "--turn-allow", "127.0.0.0/8", "--turn-allocations-per-user", "4096",
        file[0] ? "--tls-cert" : NULL, file, "--tls-key", file, NULL};
    errno = posix_spawn(
        &target->pid, "/proc/self/exe", NULL, NULL, (char *const *)(uintptr_t)arguments, environ);
    return errno == 0;
}

void bench_target_stop(struct bench_target *target)
{
    if (target->is_ours && target->pid > 0) {
        (void)kill(target->pid, SIGTERM);
        (void)waitpid(target->pid, NULL, 0);
    }
    if (target->certificate[0]) {
        (void)unlink(target->certificate);
        target->certificate[0] = 0;
    }
}

// ---- what it takes

uint64_t bench_target_processor_ns(pid_t pid)
{
    char command[96];
    uint64_t sum = 0, one;

    (void)snprintf(command, sizeof command, "cat /proc/%d/task/*/schedstat", (int)pid);
    FILE *pipe = popen(command, "re"); // NOLINT(cert-env33-c): the number is ours.
    if (!pipe) {
        return 0;
    }
    while (fscanf(pipe, "%" SCNu64 " %*u %*u", &one) == 1) {
        sum += one;
    }
    (void)pclose(pipe);
    return sum;
}

double bench_target_resident_kib(pid_t pid)
{
    char path[64];
    long resident = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (file) {
        if (fscanf(file, "%*d %ld", &resident) != 1) {
            resident = 0;
        }
        (void)fclose(file);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}
