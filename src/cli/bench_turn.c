// The load on a TURN server: one client and one peer on loopback, with a window of packets under way, so that what
// is measured is work and not loss. Processor time is the server's alone, as the system counts it.
//
//   single   each packet is sent, or written, for itself; burst: 40 at once (UDP_SEGMENT, or one write)
//   packets_per_cpu_s     the mean of both directions, packets that are sent singly, 1200 bytes of data
//   bindings_per_cpu_s    Binding requests that are answered
//   kib_per_allocation    what an allocation adds to the process

#include "cli/bench_turn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/assert.h"
#include "cli/bench_link.h"
#include "cli/bench_target.h"
#include "net/clock.h"
#include "net/env.h"
#include "turn/client.h"

#define DATA_LEN 1200
#define BURST BENCH_LINK_TRAIN
#define WINDOW 400
#define STEP_MS 20
#define STALL_MS 20 // Without an arrival: what is under way was lost.
#define RETRY_MS 20
#define WARM_UP YODEL_MS(300)
#define SETUP_MAX YODEL_SECONDS(5)
#define ALLOCATIONS 200
#define ALLOCATIONS_PER_ADDRESS 50

// Packets of one kind on their way: from one socket to another, through the server.
struct lane {
    const char *what;
    struct bench_link *from, *to;
    struct yodel_addr dest;
    struct bytes packet;
    bool is_burst;
};

struct pair {
    struct bench_link client, peer;
    struct turn_client turn;
    struct yodel_addr relayed;
    uint8_t packet[BENCH_LINK_MESSAGE_MAX]; // ChannelData with its data.
    size_t packet_len;
};

struct results {
    double to_peers, to_peers_burst, to_clients, to_clients_burst, bindings, kib_per_allocation;
};

// ---- a client's allocation

static void emit_all(struct pair *pair)
{
    uint8_t bytes[BENCH_LINK_MESSAGE_MAX];
    size_t len;

    while ((len = turn_client_emit(&pair->turn, span_of(bytes, sizeof bytes), clock_now())) > 0) {
        bench_link_send(&pair->client, &pair->turn.path.remote, bytes_of(bytes, len));
    }
}

// What the client has to say, and a little while for an answer.
static void step(struct pair *pair)
{
    uint8_t bytes[BENCH_LINK_MESSAGE_MAX];
    struct turn_client_data data;
    struct yodel_path path;
    bool opens;

    while (turn_client_next_stream(&pair->turn, &path, &opens)) {
        if (opens) {
            turn_client_connected(&pair->turn, &path); // The link is open already.
        }
    }
    emit_all(pair);
    size_t len = bench_link_recv(&pair->client, span_of(bytes, sizeof bytes), STEP_MS);
    if (len > 0) {
        (void)turn_client_recv(&pair->turn, span_of(bytes, len), &data, clock_now());
    }
    turn_client_tick(&pair->turn, clock_now());
}

// A server of our own has perhaps only just been started.
static bool open_link(struct pair *pair, const struct bench_target *target,
    const struct yodel_addr *local, struct ssl_ctx_st *tls)
{
    yodel_time end = clock_now() + SETUP_MAX;

    while (!bench_link_open(&pair->client, target->transport, local, &target->addr, tls)) {
        bench_link_close(&pair->client);
        if (clock_now() > end) {
            return false;
        }
        (void)poll(NULL, 0, RETRY_MS);
    }
    return true;
}

static bool allocate(
    struct pair *pair, const struct bench_target *target, struct ssl_ctx_st *tls, uint8_t host)
{
    struct yodel_addr local = addr_v4(127, 0, 0, host, 0);
    yodel_time end = clock_now() + SETUP_MAX;

    if (!open_link(pair, target, &local, tls)) {
        return false;
    }
    local.port = target->transport == YODEL_UDP ? pair->client.local.port : 0;
    struct turn_client_config config = {
        .path = {.local = local, .remote = target->addr, .transport = target->transport},
        .username = target->name,
        .password = target->password};
    turn_client_init(&pair->turn, net_env_system(LOG_ERROR, NET_ENV_TEXT), &config);
    turn_client_start(&pair->turn, clock_now());
    while (pair->turn.state != TURN_CLIENT_READY && pair->turn.state != TURN_CLIENT_FAILED &&
           clock_now() < end) {
        step(pair);
    }
    return pair->turn.state == TURN_CLIENT_READY;
}

static bool bind_channel(struct pair *pair)
{
    yodel_time end = clock_now() + SETUP_MAX;
    const struct yodel_addr any = addr_v4(127, 0, 0, 1, 0);
    const struct yodel_addr *peer = &pair->peer.local;
    size_t head;

    if (!bench_link_open_udp(&pair->peer, &any)) {
        return false;
    }
    (void)turn_client_permit(&pair->turn, peer);
    turn_client_bind(&pair->turn, peer);
    while ((head = turn_client_head(&pair->turn, peer)) != TURN_CHANNEL_HEADER_SIZE &&
           clock_now() < end) {
        step(pair);
    }
    pair->packet_len = turn_client_wrap(
        &pair->turn, span_of(pair->packet, sizeof pair->packet), peer, DATA_LEN, clock_now());
    return head == TURN_CHANNEL_HEADER_SIZE && pair->packet_len > 0 &&
           turn_client_relayed(&pair->turn, peer, &pair->relayed);
}

static void release(struct pair *pair)
{
    turn_client_close(&pair->turn);
    emit_all(pair);
    turn_client_deinit(&pair->turn);
    bench_link_close(&pair->client);
}

// ---- load

static uint64_t drive(const struct lane *lane, yodel_duration duration)
{
    yodel_time end = clock_now() + duration;
    uint64_t count = 0, under_way = 0;

    while (clock_now() < end && !lane->from->has_failed && !lane->to->has_failed) {
        while (under_way + BURST <= WINDOW) {
            bench_link_send_train(lane->from, &lane->dest, lane->packet, lane->is_burst);
            under_way += BURST;
        }
        uint64_t arrived = bench_link_count(lane->to, STALL_MS);
        count += arrived;
        under_way = arrived == 0 || arrived > under_way ? 0 : under_way - arrived;
    }
    while (bench_link_count(lane->to, STALL_MS) > 0) { // What is late belongs to nobody.
    }
    return count;
}

// Packets for a second of the server's; 0: nothing arrives.
static double measure(const struct lane *lane, const struct bench_target *target, uint32_t seconds)
{
    (void)drive(lane, WARM_UP);
    uint64_t processor = bench_target_processor_ns(target->pid);
    uint64_t count = drive(lane, YODEL_SECONDS((yodel_duration)seconds));
    processor = bench_target_processor_ns(target->pid) - processor;
    if (count == 0 || processor == 0) {
        fprintf(stderr, "yodel: nothing comes back: %s\n", lane->what);
        return 0;
    }
    return (double)count / ((double)processor / 1e9);
}

static double measure_memory(const struct bench_target *target, struct ssl_ctx_st *tls)
{
    static struct pair pairs[ALLOCATIONS];
    double before = bench_target_resident_kib(target->pid);
    size_t count = 0;

    while (count < ALLOCATIONS &&
           allocate(&pairs[count], target, tls, (uint8_t)(2 + count / ALLOCATIONS_PER_ADDRESS))) {
        count++;
    }
    double after = bench_target_resident_kib(target->pid);
    for (size_t i = 0; i < count; i++) {
        release(&pairs[i]);
    }
    return count == ALLOCATIONS ? (after - before) / ALLOCATIONS : 0;
}

static bool measure_all(const struct bench_target *target, struct ssl_ctx_st *tls, uint32_t seconds,
    struct pair *pair, struct results *r)
{
    static const uint8_t binding[20] = {
        0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 'b', 'e', 'n', 'c', 'h'};
    static const uint8_t data[DATA_LEN];
    struct bytes packet = bytes_of(pair->packet, pair->packet_len);
    struct lane out = {"to peers", &pair->client, &pair->peer, target->addr, packet, false};
    struct lane in = {"to clients", &pair->peer, &pair->client, pair->relayed,
        bytes_of(data, sizeof data), false};
    struct lane ask = {"Binding", &pair->client, &pair->client, target->addr,
        bytes_of(binding, sizeof binding), false};

    r->to_peers = measure(&out, target, seconds);
    r->to_clients = measure(&in, target, seconds);
    out.is_burst = in.is_burst = true;
    r->to_peers_burst = measure(&out, target, seconds);
    r->to_clients_burst = measure(&in, target, seconds);
    r->bindings = measure(&ask, target, seconds);
    r->kib_per_allocation = measure_memory(target, tls);
    return r->to_peers > 0 && r->to_clients > 0 && r->bindings > 0;
}

static void print(const struct results *r, const char *transport, bool is_json)
{
    double packets = (r->to_peers + r->to_clients) / 2;
    double burst = (r->to_peers_burst + r->to_clients_burst) / 2;

    if (is_json) {
        printf("{\"transport\": \"%s\", \"packets_per_cpu_s\": %.0f, "
               "\"packets_per_cpu_s_burst\": %.0f, \"bindings_per_cpu_s\": %.0f, "
               "\"to_peers\": %.0f, \"to_clients\": %.0f, \"to_peers_burst\": %.0f, "
               "\"to_clients_burst\": %.0f, \"kib_per_allocation\": %.2f}\n",
            transport, packets, burst, r->bindings, r->to_peers, r->to_clients, r->to_peers_burst,
            r->to_clients_burst, r->kib_per_allocation);
        return;
    }
    printf("For each second of the server's processor, packets of %d bytes over %s:\n"
           "singly    %.0f to peers, %.0f to clients\n"
           "in bursts %.0f to peers, %.0f to clients\n"
           "bindings  %.0f\n"
           "memory    %.2f KiB an allocation\n",
        DATA_LEN, transport, r->to_peers, r->to_clients, r->to_peers_burst, r->to_clients_burst,
        r->bindings, r->kib_per_allocation);
}

static bool run(const struct bench_target *target, struct ssl_ctx_st *tls, uint32_t seconds,
    struct results *results)
{
    static struct pair pair;

    if (!allocate(&pair, target, tls, 1) || !bind_channel(&pair)) {
        fprintf(stderr, "yodel: the server gives no relay: %s\n",
            pair.turn.failure ? pair.turn.failure : "no answer");
        return false;
    }
    return measure_all(target, tls, seconds, &pair, results);
}

enum cli_exit cli_bench_turn(const struct cli_bench_turn_options *options)
{
    struct bench_target target = {0};
    enum yodel_transport transport;
    struct results results;

    if (!bench_target_parse_transport(&transport, options->transport)) {
        fprintf(stderr, "yodel: --transport wants udp, tcp or tls\n");
        return CLI_USAGE;
    }
    target.transport = transport;
    if (options->against && !bench_target_parse(&target, options->against)) {
        fprintf(stderr, "yodel: --against wants ADDRESS:PORT,USER,PASSWORD,PID\n");
        return CLI_USAGE;
    }
    struct ssl_ctx_st *tls = stream_tls_new();
    bool is_started = tls && (options->against || bench_target_start(&target, transport));
    if (!is_started) {
        fprintf(stderr, "yodel: the server does not start: %s\n", strerror(errno));
    }
    bool is_good = is_started && run(&target, tls, options->seconds, &results);
    bench_target_stop(&target);
    stream_tls_free(tls);
    if (is_good) {
        print(&results, bench_target_transport_name(transport), options->is_json);
    }
    return is_good ? CLI_OK : CLI_FAILED;
}
