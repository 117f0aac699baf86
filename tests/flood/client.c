// Honest clients of a TURN server, while somebody else floods it.
//
//   flood_client SERVER:PORT NAME PASSWORD FIRST-ADDRESS SECONDS
//
// From ADDRESSES addresses of this machine, which begin at FIRST-ADDRESS: Binding requests, new allocations with
// credentials, Refreshes of one that is there, and data through its channel to a peer and back. Requests are repeated as
// RFC 8489 §6.2.1 says, until GIVE_UP. The last line counts, for each kind, what was asked, what was answered before the
// first repetition ("at_once"), and what was answered ("answered"); of data, what was sent and what came back.

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "net/clock.h"
#include "net/env.h"
#include "net/sockaddr.h"
#include "net/socket.h"
#include "stun/txn.h"
#include "turn/client.h"

#define ADDRESSES 8
#define ASKS_MAX 4096
#define NEW_MAX 128
#define DATA_LEN 200
#define ROOM 1500
#define GIVE_UP YODEL_MS(7500) // After the fourth transmission.
#define SETUP_MAX YODEL_SECONDS(10)
#define EACH_BINDING YODEL_MS(5)
#define EACH_REFRESH YODEL_MS(20)
#define EACH_ALLOCATION YODEL_MS(100)
#define EACH_DATA YODEL_MS(5)

enum what { BINDING, REFRESH, ALLOCATE, WHATS };
static const char *const names[WHATS] = {"binding", "refresh", "allocate"};

struct count {
    uint32_t asked, at_once, answered;
};

// A request under way; `at_once` is until it is repeated.
struct ask {
    bool is_busy;
    enum what what;
    int fd;
    yodel_time since;
    struct stun_txn txn;
};

// A client with a socket of its own.
struct user {
    bool is_busy;
    int fd;
    yodel_time since;
    struct turn_client turn;
};

struct crowd {
    struct yodel_addr server, locals[ADDRESSES];
    const char *name, *password;
    int binders[ADDRESSES];
    struct user steady; // Its allocation stands all the time.
    int peer;
    struct yodel_addr peer_addr;
    struct user users[NEW_MAX];
    struct ask asks[ASKS_MAX];
    size_t next_ask, next_user, next_address;
    struct count counts[WHATS];
    uint32_t sent, returned;
};

static struct crowd crowd;

static const struct env *env(void)
{
    return net_env_system(LOG_ERROR, NET_ENV_TEXT);
}

static void send_to(int fd, const struct yodel_addr *dest, const uint8_t *bytes, size_t len)
{
    struct sockaddr_storage to;
    socklen_t to_len = sockaddr_write(&to, dest);

    (void)sendto(fd, bytes, len, MSG_DONTWAIT, (struct sockaddr *)&to, to_len);
}

static void count_answer(enum what what, yodel_time since, yodel_time now)
{
    crowd.counts[what].answered++;
    crowd.counts[what].at_once += time_since(now, since) < STUN_TXN_RTO;
}

// ---- single requests

static size_t write_request(const struct ask *ask, struct span room)
{
    const struct turn_client *turn = &crowd.steady.turn;
    struct writer w = writer_of(room);

    stun_msg_put_header(&w, ask->what == BINDING ? STUN_BINDING : TURN_REFRESH, ask->txn.id);
    if (ask->what == REFRESH) {
        stun_attr_put_u32(&w, TURN_ATTR_LIFETIME, TURN_CLIENT_LIFETIME);
        stun_msg_put_attr(&w, STUN_USERNAME, bytes_of_text(crowd.name));
        stun_msg_put_attr(&w, STUN_REALM, bytes_of(turn->realm, turn->realm_len));
        stun_msg_put_attr(&w, STUN_NONCE, bytes_of(turn->nonce, turn->nonce_len));
        stun_auth_put_sha1(&w, stun_auth_key_bytes(&turn->key));
    }
    YODEL_ASSERT(!w.failed);
    return w.len;
}

static void ask(enum what what, int fd, yodel_time now)
{
    const struct stun_txn_schedule schedule = stun_txn_defaults();
    struct ask *ask = &crowd.asks[crowd.next_ask++ % ASKS_MAX];

    YODEL_ASSERT(!ask->is_busy);
    *ask = (struct ask){.is_busy = true, .what = what, .fd = fd, .since = now};
    stun_txn_start(&ask->txn, env(), &schedule, now);
    crowd.counts[what].asked++;
}

static void tick_asks(yodel_time now)
{
    uint8_t room[ROOM];

    for (size_t i = 0; i < ASKS_MAX; i++) {
        struct ask *ask = &crowd.asks[i];
        if (!ask->is_busy) {
            continue;
        }
        stun_txn_tick(&ask->txn, now);
        if (stun_txn_emit(&ask->txn, now)) {
            send_to(ask->fd, &crowd.server, room, write_request(ask, span_of(room, sizeof room)));
        }
        ask->is_busy = time_since(now, ask->since) < GIVE_UP;
    }
}

static bool answers_ask(struct bytes datagram, yodel_time now)
{
    struct stun_msg msg;

    if (stun_msg_parse(&msg, datagram) != YODEL_OK) {
        return false;
    }
    for (size_t i = 0; i < ASKS_MAX; i++) {
        struct ask *ask = &crowd.asks[i];
        if (ask->is_busy && stun_txn_matches(&ask->txn, &msg)) {
            ask->is_busy = false;
            if (stun_msg_class(&msg) == STUN_SUCCESS) {
                count_answer(ask->what, ask->since, now);
            }
            return true;
        }
    }
    return false;
}

// ---- allocations

static void start_user(struct user *user, struct yodel_addr local, yodel_time now)
{
    *user = (struct user){.is_busy = true, .since = now};
    local.port = 0;
    user->fd = socket_open_udp(&local);
    struct turn_client_config config = {
        .path = {.local = local, .remote = crowd.server, .transport = YODEL_UDP},
        .username = crowd.name,
        .password = crowd.password};
    turn_client_init(&user->turn, env(), &config);
    turn_client_start(&user->turn, now);
}

static void speak(struct user *user, yodel_time now)
{
    uint8_t room[ROOM];
    size_t len;

    turn_client_tick(&user->turn, now);
    while ((len = turn_client_emit(&user->turn, span_of(room, sizeof room), now)) > 0) {
        send_to(user->fd, &crowd.server, room, len);
    }
}

static void end_user(struct user *user, yodel_time now)
{
    turn_client_close(&user->turn);
    speak(user, now);
    turn_client_deinit(&user->turn);
    socket_close(user->fd);
    user->is_busy = false;
}

static void tick_users(yodel_time now)
{
    for (size_t i = 0; i < NEW_MAX; i++) {
        struct user *user = &crowd.users[i];
        if (!user->is_busy) {
            continue;
        }
        speak(user, now);
        bool is_ready = user->turn.state == TURN_CLIENT_READY;
        if (is_ready) {
            count_answer(ALLOCATE, user->since, now);
        }
        if (is_ready || user->turn.state == TURN_CLIENT_FAILED ||
            time_since(now, user->since) >= GIVE_UP) {
            end_user(user, now);
        }
    }
}

static void new_user(yodel_time now)
{
    struct user *user = &crowd.users[crowd.next_user++ % NEW_MAX];

    YODEL_ASSERT(!user->is_busy);
    start_user(user, crowd.locals[crowd.next_address++ % ADDRESSES], now);
    crowd.counts[ALLOCATE].asked++;
}

// ---- data

static void send_data(yodel_time now)
{
    uint8_t room[ROOM] = {0};
    struct turn_client *turn = &crowd.steady.turn;
    size_t len =
        turn_client_wrap(turn, span_of(room, sizeof room), &crowd.peer_addr, DATA_LEN, now);

    if (len > 0) {
        send_to(crowd.steady.fd, &crowd.server, room, len);
        crowd.sent++;
    }
}

// The peer gives back what it gets.
static void echo(int fd)
{
    uint8_t room[ROOM];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    ssize_t len;

    while ((len = recvfrom(
                fd, room, sizeof room, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len)) > 0) {
        (void)sendto(fd, room, (size_t)len, MSG_DONTWAIT, (struct sockaddr *)&from, from_len);
        from_len = sizeof from;
    }
}

// ---- what arrives

static void hear(int fd, struct user *user, yodel_time now)
{
    uint8_t room[ROOM];
    struct turn_client_data data;
    ssize_t len;

    while ((len = recv(fd, room, sizeof room, MSG_DONTWAIT)) > 0) {
        if (answers_ask(bytes_of(room, (size_t)len), now) || !user) {
            continue;
        }
        crowd.returned += turn_client_recv(&user->turn, span_of(room, (size_t)len), &data, now);
    }
}

// All sockets, without waiting longer than the next thing that is to be sent.
static void hear_all(void)
{
    struct pollfd waits[ADDRESSES + 2 + NEW_MAX];
    struct user *users[ADDRESSES + 2 + NEW_MAX] = {NULL};
    nfds_t count = 0;

    for (size_t i = 0; i < ADDRESSES; i++) {
        waits[count++] = (struct pollfd){.fd = crowd.binders[i], .events = POLLIN};
    }
    users[count] = &crowd.steady;
    waits[count++] = (struct pollfd){.fd = crowd.steady.fd, .events = POLLIN};
    for (size_t i = 0; i < NEW_MAX; i++) {
        if (crowd.users[i].is_busy) {
            users[count] = &crowd.users[i];
            waits[count++] = (struct pollfd){.fd = crowd.users[i].fd, .events = POLLIN};
        }
    }
    waits[count++] = (struct pollfd){.fd = crowd.peer, .events = POLLIN};
    (void)poll(waits, count, 1);
    yodel_time now = clock_now();
    for (nfds_t i = 0; i < count; i++) {
        if (waits[i].revents != 0 && waits[i].fd == crowd.peer) {
            echo(crowd.peer);
        } else if (waits[i].revents != 0) {
            hear(waits[i].fd, users[i], now);
        }
    }
}

static void turn_around(void)
{
    yodel_time now = clock_now();

    tick_asks(now);
    tick_users(now);
    speak(&crowd.steady, now);
    hear_all();
}

// ---- all of it

static bool prepare(void)
{
    yodel_time now = clock_now(), end = now + SETUP_MAX;

    for (size_t i = 0; i < ADDRESSES; i++) {
        struct yodel_addr local = crowd.locals[i];
        crowd.binders[i] = socket_open_udp(&local);
        if (crowd.binders[i] < 0) {
            return false;
        }
    }
    crowd.peer_addr = crowd.locals[0];
    crowd.peer = socket_open_udp(&crowd.peer_addr);
    start_user(&crowd.steady, crowd.locals[0], now);
    (void)turn_client_permit(&crowd.steady.turn, &crowd.peer_addr);
    turn_client_bind(&crowd.steady.turn, &crowd.peer_addr);
    while (turn_client_head(&crowd.steady.turn, &crowd.peer_addr) != TURN_CHANNEL_HEADER_SIZE &&
           clock_now() < end) {
        turn_around();
    }
    return turn_client_head(&crowd.steady.turn, &crowd.peer_addr) == TURN_CHANNEL_HEADER_SIZE;
}

static bool is_due(yodel_time *due, yodel_duration each, yodel_time now)
{
    bool is = now >= *due;

    *due = is ? now + each : *due;
    return is;
}

static void run(yodel_duration duration)
{
    yodel_time start = clock_now(), now = start;
    yodel_time binding = start, refresh = start, allocation = start, data = start;

    for (; time_since(now, start) < duration; now = clock_now()) {
        if (is_due(&binding, EACH_BINDING, now)) {
            ask(BINDING, crowd.binders[crowd.next_address++ % ADDRESSES], now);
        }
        if (is_due(&refresh, EACH_REFRESH, now)) {
            ask(REFRESH, crowd.steady.fd, now);
        }
        if (is_due(&allocation, EACH_ALLOCATION, now)) {
            new_user(now);
        }
        if (is_due(&data, EACH_DATA, now)) {
            send_data(now);
        }
        turn_around();
    }
}

static bool is_waiting(void)
{
    for (size_t i = 0; i < ASKS_MAX; i++) {
        if (crowd.asks[i].is_busy) {
            return true;
        }
    }
    for (size_t i = 0; i < NEW_MAX; i++) {
        if (crowd.users[i].is_busy) {
            return true;
        }
    }
    return false;
}

static void report(void)
{
    for (size_t i = 0; i < WHATS; i++) {
        const struct count *count = &crowd.counts[i];
        printf("%s\"%s\":{\"asked\":%u,\"at_once\":%u,\"answered\":%u}", i == 0 ? "{" : ",",
            names[i], count->asked, count->at_once, count->answered);
    }
    printf(",\"data\":{\"sent\":%u,\"returned\":%u}}\n", crowd.sent, crowd.returned);
}

int main(int argc, char **argv)
{
    struct yodel_addr first;

    if (argc != 6 || addr_parse(&crowd.server, bytes_of_text(argv[1])) != YODEL_OK ||
        addr_parse_ip(&first, bytes_of_text(argv[4])) != YODEL_OK) {
        fprintf(stderr, "usage: flood_client SERVER:PORT NAME PASSWORD FIRST-ADDRESS SECONDS\n");
        return 2;
    }
    crowd.name = argv[2];
    crowd.password = argv[3];
    for (size_t i = 0; i < ADDRESSES; i++) {
        crowd.locals[i] = first;
        crowd.locals[i].ip[3] = (uint8_t)(first.ip[3] + i);
    }
    if (!prepare()) {
        fprintf(stderr, "flood_client: there is no relay: %s\n",
            crowd.steady.turn.failure ? crowd.steady.turn.failure : "no answer");
        return 1;
    }
    printf("ready\n");
    (void)fflush(stdout);
    (void)getchar(); // The flood begins.
    run(YODEL_SECONDS((uint64_t)atoi(argv[5])));
    for (yodel_time end = clock_now() + GIVE_UP; is_waiting() && clock_now() < end;) {
        turn_around();
    }
    report();
    return 0;
}
