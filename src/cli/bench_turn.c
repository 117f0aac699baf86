// The load on a TURN server: one client and one peer on loopback, with a window of packets under way, so that what
// is measured is work and not loss. Processor time is the server's alone, as the system counts it.
//
//   single   each packet arrives for itself; burst: trains of 40 (UDP_SEGMENT)
//   packets_per_cpu_s     the mean of both directions, packets that arrive singly, 1200 bytes of data
//   bindings_per_cpu_s    Binding requests that are answered
//   kib_per_allocation    what an allocation adds to the process

#include "cli/bench_turn.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "net/clock.h"
#include "net/env.h"
#include "net/sockaddr.h"
#include "net/socket.h"
#include "turn/client.h"

#define DATA_LEN 1200
#define PACKET_MAX 1500
#define BURST 40
#define WINDOW 400
#define SLOTS 32
#define SLOT_LEN 65536
#define STALL_MS 20 // Without an arrival: what is under way was lost.
#define WARM_UP YODEL_MS(300)
#define SETUP_MAX YODEL_SECONDS(5)
#define ALLOCATIONS 200
#define ALLOCATIONS_PER_ADDRESS 50
#define BUFFER (4 * 1024 * 1024)

struct target {
    struct yodel_addr addr;
    char name[64], password[64];
    pid_t pid;
    bool is_ours;
};

// Packets of one kind on their way: from one socket to another, through the server.
struct lane {
    const char *what;
    int from, to;
    struct yodel_addr dest;
    const uint8_t *packet;
    size_t len;
    bool is_burst;
};

struct pair {
    int client, peer;
    struct turn_client turn;
    struct yodel_addr peer_addr;
    struct yodel_addr relayed;
    uint8_t packet[PACKET_MAX]; // ChannelData with its data.
    size_t packet_len;
};

struct results {
    double to_peers, to_peers_burst, to_clients, to_clients_burst, bindings, kib_per_allocation;
};

// ---- the server's process

// Nanoseconds of all its threads.
static uint64_t processor_ns(pid_t pid)
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

static double resident_kib(pid_t pid)
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

static bool start_server(struct target *target)
{
    char udp[ADDR_TEXT_MAX];
    struct yodel_addr addr = addr_v4(127, 0, 0, 1, 0);
    int fd = socket_open_udp(&addr); // A port that is free.

    if (fd < 0) {
        return false;
    }
    socket_close(fd);
    (void)addr_text(&addr, udp);
    const char *arguments[] = {"yodel", "serve", "--quiet", "--log-level", "error", "--listen",
        "127.0.0.1:0", "--udp", udp, "--turn-user", "bench:bench", "--turn-allow", "127.0.0.0/8",
        "--turn-allocations-per-user", "4096", NULL};
    *target = (struct target){.addr = addr, .name = "bench", .password = "bench", .is_ours = true};
    return posix_spawn(&target->pid, "/proc/self/exe", NULL, NULL,
               (char *const *)(uintptr_t)arguments, environ) == 0;
}

static void stop_server(const struct target *target)
{
    if (target->is_ours) {
        (void)kill(target->pid, SIGTERM);
        (void)waitpid(target->pid, NULL, 0);
    }
}

// "HOST:PORT,USER,PASSWORD,PID".
static bool parse_target(struct target *target, const char *text)
{
    char addr[ADDR_TEXT_MAX];
    int pid;

    if (sscanf(text, "%63[^,],%63[^,],%63[^,],%d", addr, target->name, target->password, &pid) !=
        4) {
        return false;
    }
    target->pid = pid;
    return addr_parse(&target->addr, bytes_of_text(addr)) == YODEL_OK;
}

// ---- a client's allocation

static void send_to(int fd, const struct yodel_addr *dest, const uint8_t *bytes, size_t len)
{
    struct sockaddr_storage to;
    socklen_t to_len = sockaddr_write(&to, dest);

    (void)sendto(fd, bytes, len, 0, (struct sockaddr *)&to, to_len);
}

// What the client has to say, and a little while for an answer.
static void step(struct pair *pair)
{
    uint8_t bytes[PACKET_MAX];
    struct turn_client_data data;
    struct pollfd wait = {.fd = pair->client, .events = POLLIN};
    size_t len;

    while ((len = turn_client_emit(&pair->turn, span_of(bytes, sizeof bytes), clock_now())) > 0) {
        send_to(pair->client, &pair->turn.path.remote, bytes, len);
    }
    (void)poll(&wait, 1, 20);
    ssize_t got = recv(pair->client, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) {
        (void)turn_client_recv(&pair->turn, span_of(bytes, (size_t)got), &data, clock_now());
    }
    turn_client_tick(&pair->turn, clock_now());
}

static int open_socket(struct yodel_addr *addr)
{
    int fd = socket_open_udp(addr);
    int on = 1;

    if (fd >= 0) {
        socket_grow_buffers(fd, BUFFER);
        (void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    }
    return fd;
}

static bool allocate(struct pair *pair, const struct target *target, uint8_t host)
{
    struct yodel_addr local = addr_v4(127, 0, 0, host, 0);
    yodel_time end = clock_now() + SETUP_MAX;

    pair->client = open_socket(&local);
    struct turn_client_config config = {
        .path = {.local = local, .remote = target->addr, .transport = YODEL_UDP},
        .username = target->name,
        .password = target->password};
    turn_client_init(&pair->turn, net_env_system(LOG_ERROR, NET_ENV_TEXT), &config);
    turn_client_start(&pair->turn, clock_now());
    while (pair->turn.state != TURN_CLIENT_READY && pair->turn.state != TURN_CLIENT_FAILED &&
           clock_now() < end) {
        step(pair);
    }
    return pair->client >= 0 && pair->turn.state == TURN_CLIENT_READY;
}

static bool bind_channel(struct pair *pair)
{
    yodel_time end = clock_now() + SETUP_MAX;
    size_t head;

    pair->peer_addr = addr_v4(127, 0, 0, 1, 0);
    pair->peer = open_socket(&pair->peer_addr);
    (void)turn_client_permit(&pair->turn, &pair->peer_addr);
    turn_client_bind(&pair->turn, &pair->peer_addr);
    while ((head = turn_client_head(&pair->turn, &pair->peer_addr)) != TURN_CHANNEL_HEADER_SIZE &&
           clock_now() < end) {
        step(pair);
    }
    pair->packet_len = turn_client_wrap(&pair->turn, span_of(pair->packet, sizeof pair->packet),
        &pair->peer_addr, DATA_LEN, clock_now());
    return pair->peer >= 0 && head == TURN_CHANNEL_HEADER_SIZE && pair->packet_len > 0 &&
           turn_client_relayed(&pair->turn, &pair->peer_addr, &pair->relayed);
}

static void release(struct pair *pair)
{
    uint8_t bytes[PACKET_MAX];
    size_t len;

    turn_client_close(&pair->turn);
    while ((len = turn_client_emit(&pair->turn, span_of(bytes, sizeof bytes), clock_now())) > 0) {
        send_to(pair->client, &pair->turn.path.remote, bytes, len);
    }
    turn_client_deinit(&pair->turn);
    socket_close(pair->client);
}

// ---- load

static void send_burst(const struct lane *lane, struct msghdr *message, struct iovec *parts)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))];
    uint16_t segment = (uint16_t)lane->len;

    message->msg_iovlen = BURST;
    message->msg_iov = parts;
    message->msg_control = control;
    message->msg_controllen = sizeof control;
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    *c = (struct cmsghdr){
        .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof segment)};
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
    (void)sendmsg(lane->from, message, 0);
}

// BURST packets at once, as a train or each for itself.
static void send_some(const struct lane *lane)
{
    struct sockaddr_storage to;
    struct iovec parts[BURST];
    struct mmsghdr messages[BURST];
    socklen_t to_len = sockaddr_write(&to, &lane->dest);

    for (size_t i = 0; i < BURST; i++) {
        // sendmsg does not write through it.
        parts[i] = (struct iovec){(void *)(uintptr_t)lane->packet, lane->len};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &to, .msg_namelen = to_len, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    if (lane->is_burst) {
        send_burst(lane, &messages[0].msg_hdr, parts);
    } else {
        (void)sendmmsg(lane->from, messages, BURST, 0);
    }
}

static uint64_t count_datagrams(const struct mmsghdr *message)
{
    struct msghdr header = message->msg_hdr;
    int segment = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
        }
    }
    return segment > 0 ? (message->msg_len + (unsigned)segment - 1) / (unsigned)segment : 1;
}

// All that has arrived, after at most STALL_MS.
static uint64_t receive(const struct lane *lane)
{
    static uint8_t bytes[SLOTS][SLOT_LEN];
    _Alignas(struct cmsghdr) char controls[SLOTS][CMSG_SPACE(sizeof(int))];
    struct iovec parts[SLOTS];
    struct mmsghdr messages[SLOTS];
    struct pollfd wait = {.fd = lane->to, .events = POLLIN};
    uint64_t count = 0;

    if (poll(&wait, 1, STALL_MS) <= 0) {
        return 0;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        parts[i] = (struct iovec){bytes[i], SLOT_LEN};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i],
            .msg_iovlen = 1,
            .msg_control = controls[i],
            .msg_controllen = sizeof controls[i]};
    }
    int got = recvmmsg(lane->to, messages, SLOTS, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        count += count_datagrams(&messages[i]);
    }
    return count;
}

static uint64_t drive(const struct lane *lane, yodel_duration duration)
{
    yodel_time end = clock_now() + duration;
    uint64_t count = 0, under_way = 0;

    while (clock_now() < end) {
        while (under_way + BURST <= WINDOW) {
            send_some(lane);
            under_way += BURST;
        }
        uint64_t arrived = receive(lane);
        count += arrived;
        under_way = arrived == 0 || arrived > under_way ? 0 : under_way - arrived;
    }
    while (receive(lane) > 0) { // What is late belongs to nobody.
    }
    return count;
}

// Packets for a second of the server's; 0: nothing arrives.
static double measure(const struct lane *lane, const struct target *target, uint32_t seconds)
{
    (void)drive(lane, WARM_UP);
    uint64_t processor = processor_ns(target->pid);
    uint64_t count = drive(lane, YODEL_SECONDS((yodel_duration)seconds));
    processor = processor_ns(target->pid) - processor;
    if (count == 0 || processor == 0) {
        fprintf(stderr, "yodel: nothing comes back: %s\n", lane->what);
        return 0;
    }
    return (double)count / ((double)processor / 1e9);
}

static double measure_memory(const struct target *target)
{
    static struct pair pairs[ALLOCATIONS];
    double before = resident_kib(target->pid);
    size_t count = 0;

    while (count < ALLOCATIONS &&
           allocate(&pairs[count], target, (uint8_t)(2 + count / ALLOCATIONS_PER_ADDRESS))) {
        count++;
    }
    double after = resident_kib(target->pid);
    for (size_t i = 0; i < count; i++) {
        release(&pairs[i]);
    }
    return count == ALLOCATIONS ? (after - before) / ALLOCATIONS : 0;
}

static bool measure_all(
    const struct target *target, uint32_t seconds, struct pair *pair, struct results *r)
{
    static const uint8_t binding[20] = {
        0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 'b', 'e', 'n', 'c', 'h'};
    static const uint8_t data[DATA_LEN];
    struct lane out = {
        "to peers", pair->client, pair->peer, target->addr, pair->packet, pair->packet_len, false};
    struct lane in = {
        "to clients", pair->peer, pair->client, pair->relayed, data, sizeof data, false};
    struct lane ask = {
        "Binding", pair->client, pair->client, target->addr, binding, sizeof binding, false};

    r->to_peers = measure(&out, target, seconds);
    r->to_clients = measure(&in, target, seconds);
    out.is_burst = in.is_burst = true;
    r->to_peers_burst = measure(&out, target, seconds);
    r->to_clients_burst = measure(&in, target, seconds);
    r->bindings = measure(&ask, target, seconds);
    r->kib_per_allocation = measure_memory(target);
    return r->to_peers > 0 && r->to_clients > 0 && r->bindings > 0;
}

static void print(const struct results *r, bool is_json)
{
    double packets = (r->to_peers + r->to_clients) / 2;
    double burst = (r->to_peers_burst + r->to_clients_burst) / 2;

    if (is_json) {
        printf("{\"packets_per_cpu_s\": %.0f, \"packets_per_cpu_s_burst\": %.0f, "
               "\"bindings_per_cpu_s\": %.0f, \"to_peers\": %.0f, \"to_clients\": %.0f, "
               "\"to_peers_burst\": %.0f, \"to_clients_burst\": %.0f, \"kib_per_allocation\": "
               "%.2f}\n",
            packets, burst, r->bindings, r->to_peers, r->to_clients, r->to_peers_burst,
            r->to_clients_burst, r->kib_per_allocation);
        return;
    }
    printf("For each second of the server's processor, packets of %d bytes over UDP:\n"
           "singly    %.0f to peers, %.0f to clients\n"
           "in bursts %.0f to peers, %.0f to clients\n"
           "bindings  %.0f\n"
           "memory    %.2f KiB an allocation\n",
        DATA_LEN, r->to_peers, r->to_clients, r->to_peers_burst, r->to_clients_burst, r->bindings,
        r->kib_per_allocation);
}

enum cli_exit cli_bench_turn(const struct cli_bench_turn_options *options)
{
    static struct pair pair;
    struct target target = {0};
    struct results results;

    if (options->against && !parse_target(&target, options->against)) {
        fprintf(stderr, "yodel: --against wants ADDRESS:PORT,USER,PASSWORD,PID\n");
        return CLI_USAGE;
    }
    if (!options->against && !start_server(&target)) {
        fprintf(stderr, "yodel: the server does not start: %s\n", strerror(errno));
        return CLI_FAILED;
    }
    bool is_ready = allocate(&pair, &target, 1) && bind_channel(&pair);
    if (!is_ready) {
        fprintf(stderr, "yodel: the server gives no relay: %s\n",
            pair.turn.failure ? pair.turn.failure : "no answer");
    }
    bool is_good = is_ready && measure_all(&target, options->seconds, &pair, &results);
    stop_server(&target);
    if (is_good) {
        print(&results, options->is_json);
    }
    return is_good ? CLI_OK : CLI_FAILED;
}
