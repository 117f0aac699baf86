// Workers: each client is answered, by always the same of them, and all of it is counted; and they end. A test
// with sockets and threads, because parting clients is the system's doing.

#include "server/turn_workers.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "net/env.h"
#include "net/sockaddr.h"
#include "net/socket.h"
#include "runtime/lock.h"
#include "server/listen.h"
#include "stun/msg.h"

#define CLIENTS 48
#define TICK_MS 5
#define TICKS_MAX 2000 // Ten seconds, where the machine is busy.

struct fixture {
    uv_loop_t loop;
    uv_timer_t ticking;
    struct yodel_addr addr;
    struct server_turn first;
    struct server_turn_workers workers;
    struct server_turn_options options;
    int clients[CLIENTS];
    bool is_stopped;
};

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void set_up_loop(struct fixture *f)
{
    *f = (struct fixture){.addr = addr_v4(127, 0, 0, 1, 0)};
    CHECK_EQ(uv_loop_init(&f->loop), 0);
    (void)uv_timer_init(&f->loop, &f->ticking);
    (void)uv_timer_start(&f->ticking, on_tick, TICK_MS, TICK_MS);
    for (int i = 0; i < CLIENTS; i++) {
        struct yodel_addr local = addr_v4(127, 0, 0, 1, 0);
        f->clients[i] = socket_open_udp(&local);
        CHECK(f->clients[i] >= 0);
    }
}

static void set_up(struct fixture *f, uint32_t count)
{
    const struct env *env = net_env_system(LOG_ERROR, NET_ENV_TEXT);
    struct server_turn_setup setup;
    char why[SERVER_ERROR_MAX];
    int fds[SERVER_TURN_LISTENERS_MAX];

    set_up_loop(f);
    fds[0] = server_listen_udp(&f->addr, why);
    CHECK(fds[0] >= 0);
    CHECK_EQ(server_turn_setup_read(&setup, &f->options, env, &f->addr, why), YODEL_OK);
    CHECK_EQ(
        server_turn_workers_start(&f->workers, &f->first, &f->loop, env, &setup, fds, count, why),
        YODEL_OK);
}

static void on_stopped(void *ctx)
{
    ((struct fixture *)ctx)->is_stopped = true;
}

static void tear_down(struct fixture *f)
{
    server_turn_workers_stop(&f->workers, on_stopped, f);
    for (int i = 0; i < TICKS_MAX && !f->is_stopped; i++) {
        (void)uv_run(&f->loop, UV_RUN_ONCE);
    }
    CHECK(f->is_stopped);
    uv_close((uv_handle_t *)&f->ticking, NULL);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&f->loop), 0);
    for (int i = 0; i < CLIENTS; i++) {
        close(f->clients[i]);
    }
}

static void ask(struct fixture *f, int client)
{
    static const uint8_t binding[STUN_HEADER_SIZE] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 7};
    struct sockaddr_storage to;
    socklen_t len = sockaddr_write(&to, &f->addr);

    CHECK_EQ(sendto(f->clients[client], binding, sizeof binding, 0, (struct sockaddr *)&to, len),
        sizeof binding);
}

static bool has_answer(struct fixture *f, int client)
{
    uint8_t room[256];

    return recv(f->clients[client], room, sizeof room, MSG_DONTWAIT) == 32;
}

// All clients ask once, and hear.
static void ask_all(struct fixture *f)
{
    int heard = 0;

    for (int i = 0; i < CLIENTS; i++) {
        ask(f, i);
    }
    for (int tick = 0; tick < TICKS_MAX && heard < CLIENTS; tick++) {
        (void)uv_run(&f->loop, UV_RUN_ONCE);
        for (int i = 0; i < CLIENTS; i++) {
            heard += has_answer(f, i);
        }
    }
    CHECK_EQ(heard, CLIENTS);
}

static uint64_t count_bindings(struct fixture *f, uint64_t wanted)
{
    struct server_turn_report sum = {0};

    for (int tick = 0; tick < TICKS_MAX && sum.core.bindings != wanted; tick++) {
        (void)uv_run(&f->loop, UV_RUN_ONCE);
        server_turn_workers_report(&f->workers, &sum);
    }
    return sum.core.bindings;
}

static void all_clients_are_answered_and_counted(void)
{
    static struct fixture f;

    for (uint32_t count = 1; count <= 3; count += 2) {
        set_up(&f, count);
        ask_all(&f);
        CHECK_EQ(count_bindings(&f, CLIENTS), CLIENTS);
        uint64_t of_first = turn_server_stats(f.first.core)->bindings;
        CHECK(count == 1 ? of_first == CLIENTS : of_first > 0 && of_first < CLIENTS);
        ask_all(&f); // The same clients find the same workers.
        CHECK_EQ(turn_server_stats(f.first.core)->bindings, 2 * of_first);
        tear_down(&f);
    }
}

static void all_drain(void)
{
    static struct fixture f;
    struct server_turn_report sum = {0};

    set_up(&f, 4);
    CHECK(!server_turn_workers_is_drained(&f.workers)); // Nobody was asked to.
    server_turn_workers_reload(&f.workers);
    server_turn_workers_drain(&f.workers);
    for (int tick = 0; tick < TICKS_MAX && !sum.is_draining; tick++) {
        (void)uv_run(&f.loop, UV_RUN_ONCE);
        server_turn_workers_report(&f.workers, &sum);
    }
    CHECK(server_turn_workers_is_drained(&f.workers));
    tear_down(&f);
}

// The shared sockets of one server are no invitation to the next.
static void another_server_does_not_get_the_port(void)
{
    static struct fixture f;
    char why[SERVER_ERROR_MAX];

    set_up(&f, 2);
    struct yodel_addr addr = f.addr;
    CHECK_EQ(server_listen_udp(&addr, why), -1);
    tear_down(&f);
}

// ---- without memory

// The system's memory, of which one piece is refused. Threads share it.
struct meagre {
    struct alloc alloc; // First.
    struct lock *lock;
    size_t count, fail_at, held;
    bool is_exhausted; // Nothing is given any more.
};

static void *resize_meagre(struct alloc *self, void *ptr, size_t len)
{
    struct meagre *memory = (struct meagre *)self;
    void *made = NULL;

    lock_enter(memory->lock);
    if (len == 0 || (!memory->is_exhausted && ++memory->count != memory->fail_at)) {
        made = alloc_system()->resize(alloc_system(), ptr, len);
        memory->held += !ptr && made;
        memory->held -= ptr && len == 0;
    }
    lock_leave(memory->lock);
    return made;
}

// Whether it started. Either way it ends, and leaves nothing behind.
static bool start_and_stop(uint32_t count, size_t fail_at, bool is_exhausted)
{
    static struct fixture f;
    struct meagre memory = {.alloc = {resize_meagre}, .lock = lock_new(alloc_system())};
    struct env env = *net_env_system(LOG_ERROR, NET_ENV_TEXT);
    struct server_turn_setup setup;
    char why[SERVER_ERROR_MAX];
    int fds[SERVER_TURN_LISTENERS_MAX];

    env.alloc = &memory.alloc;
    set_up_loop(&f);
    fds[0] = server_listen_udp(&f.addr, why);
    CHECK_EQ(server_turn_setup_read(&setup, &f.options, &env, &f.addr, why), YODEL_OK);
    memory.count = 0;
    memory.fail_at = fail_at;
    enum yodel_err err =
        server_turn_workers_start(&f.workers, &f.first, &f.loop, &env, &setup, fds, count, why);
    lock_enter(memory.lock);
    memory.fail_at = 0;
    memory.is_exhausted = is_exhausted;
    lock_leave(memory.lock);
    tear_down(&f);
    CHECK_EQ(memory.held, 0);
    lock_free(memory.lock, alloc_system());
    return err == YODEL_OK;
}

static void a_start_without_memory_fails_and_ends(void)
{
    for (uint32_t count = 1; count <= 2; count++) {
        size_t fail_at = 1;
        while (!start_and_stop(count, fail_at, false)) {
            fail_at++;
        }
        CHECK(fail_at > 5);
    }
}

static void an_end_needs_no_memory(void)
{
    CHECK(start_and_stop(3, 0, true));
}

TEST_MAIN(TEST(all_clients_are_answered_and_counted), TEST(all_drain),
    TEST(another_server_does_not_get_the_port), TEST(a_start_without_memory_fails_and_ends),
    TEST(an_end_needs_no_memory))
