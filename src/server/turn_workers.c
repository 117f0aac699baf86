// Workers of STUN and TURN: threads, and what they tell each other.

#include "server/turn_workers.h"

#include <stdio.h>
#include <unistd.h>

#include "base/assert.h"
#include "runtime/lock.h"
#include "runtime/loop_thread.h"
#include "server/listen.h"

struct server_turn_worker {
    struct server_turn_workers *all;
    struct server_turn turn;
    struct loop_thread thread;
    uv_timer_t reporting;
    uint64_t told; // How much had happened at the last report that was sent: the worker's.
    struct server_turn_report reported; // The last one that arrived: the server's loop's.
    struct mail stopping, ended;        // To end needs no memory.
};

// ---- messages: each is a copy, and goes with its delivery

struct relay_news {
    struct server_turn *to;
    struct yodel_addr bound;
    bool is_open;
};

static void take_news(void *ctx)
{
    struct relay_news *news = ctx;

    if (news->to->core) {
        turn_server_set_sibling(news->to->core, &news->bound, news->is_open);
    }
    alloc_free(alloc_system(), news);
}

// What cannot be told is a relay that the others' clients do not reach.
static void post_news(
    struct mailbox *mailbox, struct server_turn *to, const struct yodel_addr *bound, bool is_open)
{
    struct relay_news *news = alloc_new(alloc_system(), sizeof *news);

    if (news) {
        *news = (struct relay_news){to, *bound, is_open};
        if (mailbox_post(mailbox, take_news, news) != YODEL_OK) {
            alloc_free(alloc_system(), news);
        }
    }
}

// On the thread of the worker whose relay it is.
static void tell_others(
    void *ctx, const struct server_turn *from, const struct yodel_addr *bound, bool is_open)
{
    struct server_turn_workers *all = ctx;

    if (from != all->first) {
        post_news(&all->mailbox, all->first, bound, is_open);
    }
    for (uint32_t i = 0; i + 1 < all->count; i++) {
        struct server_turn_worker *other = &all->others[i];
        if (from != &other->turn) {
            post_news(&other->thread.mailbox, &other->turn, bound, is_open);
        }
    }
}

static void make_report(struct server_turn *turn, struct server_turn_report *report)
{
    *report = (struct server_turn_report){0};
    if (turn->core) {
        report->core = *turn_server_stats(turn->core);
    }
    report->to_us = turn->to_us;
    report->to_relays = turn->to_relays;
    report->is_draining = turn->is_draining;
}

// Grows with whatever changes a report: what arrives, and time, which ends allocations.
static uint64_t count_happened(const struct server_turn_report *report)
{
    uint64_t sum = report->to_us.in + report->to_relays.in + report->is_draining;

    for (int i = 0; i < TURN_END_COUNT; i++) {
        sum += report->core.ended[i];
    }
    return sum;
}

struct report_mail {
    struct server_turn_worker *from;
    struct server_turn_report report;
};

static void take_report(void *ctx)
{
    struct report_mail *mail = ctx;

    mail->from->reported = mail->report;
    alloc_free(alloc_system(), mail);
}

// On the worker's thread.
static void send_report(struct server_turn_worker *worker)
{
    struct server_turn_report report;

    make_report(&worker->turn, &report);
    uint64_t happened = count_happened(&report);
    struct report_mail *mail =
        happened != worker->told ? alloc_new(alloc_system(), sizeof *mail) : NULL;
    if (!mail) {
        return; // Nothing new; or, without memory, the next time.
    }
    *mail = (struct report_mail){worker, report};
    if (mailbox_post(&worker->all->mailbox, take_report, mail) == YODEL_OK) {
        worker->told = happened;
    } else {
        alloc_free(alloc_system(), mail);
    }
}

static void on_reporting(uv_timer_t *timer)
{
    send_report(timer->data);
}

// ---- from the first to the others

static void drain_one(void *ctx)
{
    struct server_turn_worker *worker = ctx;

    server_turn_drain(&worker->turn);
    send_report(worker);
}

static void reload_one(void *ctx)
{
    struct server_turn_worker *worker = ctx;

    server_turn_reload(&worker->turn);
}

static void review_one(void *ctx)
{
    struct server_turn_worker *worker = ctx;

    server_turn_review_addresses(&worker->turn);
}

static void post(struct server_turn_worker *worker, void (*call)(void *ctx))
{
    if (mailbox_post(&worker->thread.mailbox, call, worker) != YODEL_OK) {
        log_warn(worker->all->env, "turn", "a worker was not reached");
    }
}

static void post_all(struct server_turn_workers *workers, void (*call)(void *ctx))
{
    for (uint32_t i = 0; i + 1 < workers->count; i++) {
        post(&workers->others[i], call);
    }
}

void server_turn_workers_drain(struct server_turn_workers *workers)
{
    if (workers->first) {
        server_turn_drain(workers->first);
        post_all(workers, drain_one);
    }
}

void server_turn_workers_reload(struct server_turn_workers *workers)
{
    if (workers->first) {
        server_turn_reload(workers->first);
        post_all(workers, reload_one);
    }
}

void server_turn_workers_review_addresses(struct server_turn_workers *workers)
{
    if (workers->first) {
        server_turn_review_addresses(workers->first);
        post_all(workers, review_one);
    }
}

// ---- counts

static void add_udp(struct server_turn_udp_stats *sum, const struct server_turn_udp_stats *one)
{
    sum->in += one->in;
    sum->out += one->out;
    sum->truncated += one->truncated;
    sum->full += one->full;
    sum->refused += one->refused;
}

void server_turn_workers_report(
    const struct server_turn_workers *workers, struct server_turn_report *sum)
{
    *sum = (struct server_turn_report){0};
    if (!workers->first) {
        return;
    }
    make_report(workers->first, sum);
    for (uint32_t i = 0; i + 1 < workers->count; i++) {
        const struct server_turn_report *one = &workers->others[i].reported;
        turn_server_stats_add(&sum->core, &one->core);
        add_udp(&sum->to_us, &one->to_us);
        add_udp(&sum->to_relays, &one->to_relays);
        sum->is_draining = sum->is_draining && one->is_draining;
    }
}

bool server_turn_workers_is_drained(const struct server_turn_workers *workers)
{
    struct server_turn_report sum;

    server_turn_workers_report(workers, &sum);
    return !workers->first || (sum.is_draining && sum.core.allocations == 0);
}

// ---- its end

static void on_mailbox_closed(struct mailbox *mailbox)
{
    struct server_turn_workers *workers =
        CONTAINER_OF(mailbox, struct server_turn_workers, mailbox);

    mailbox_deinit(mailbox);
    turn_shared_free(workers->shared);
    lock_free(workers->lock, workers->env->alloc);
    alloc_free(workers->env->alloc, workers->others);
    workers->others = NULL;
    workers->first = NULL;
    workers->count = 0;
    workers->on_stopped(workers->ctx);
}

static void end_if_all_have(struct server_turn_workers *workers);

static void on_other_ended(void *ctx)
{
    struct server_turn_workers *workers = ctx;

    workers->running--;
    end_if_all_have(workers);
}

// On the worker's thread, the last that it does.
static void on_other_stopped(void *ctx)
{
    struct server_turn_worker *worker = ctx;

    loop_thread_end(&worker->thread);
    if (worker->thread.is_running) {
        enum yodel_err err =
            mailbox_post_kept(&worker->all->mailbox, &worker->ended, on_other_ended, worker->all);
        YODEL_ASSERT(err == YODEL_OK); // It is open until all have said so.
    }
}

static void stop_one(void *ctx)
{
    struct server_turn_worker *worker = ctx;

    uv_close((uv_handle_t *)&worker->reporting, NULL);
    server_turn_stop(&worker->turn, on_other_stopped, worker);
}

// Until the last has ended, each may still tell all others of its relays: then their mailboxes go. A worker
// whose thread never ran ends here.
static void end_if_all_have(struct server_turn_workers *workers)
{
    if (!workers->is_first_stopped || workers->running > 0) {
        return;
    }
    for (uint32_t i = 0; i + 1 < workers->count; i++) {
        if (!workers->others[i].thread.is_running) {
            stop_one(&workers->others[i]);
        }
        loop_thread_join(&workers->others[i].thread);
    }
    mailbox_close(&workers->mailbox, on_mailbox_closed);
}

static void on_first_stopped(void *ctx)
{
    struct server_turn_workers *workers = ctx;

    workers->is_first_stopped = true;
    end_if_all_have(workers);
}

void server_turn_workers_stop(
    struct server_turn_workers *workers, void (*on_stopped)(void *ctx), void *ctx)
{
    workers->on_stopped = on_stopped;
    workers->ctx = ctx;
    if (!workers->first) {
        on_stopped(ctx); // It was never started.
        return;
    }
    for (uint32_t i = 0; i < workers->running; i++) {
        struct server_turn_worker *other = &workers->others[i];
        enum yodel_err err =
            mailbox_post_kept(&other->thread.mailbox, &other->stopping, stop_one, other);
        YODEL_ASSERT(err == YODEL_OK); // It is open until it has stopped.
    }
    server_turn_stop(workers->first, on_first_stopped, workers);
}

// ---- its start

static enum yodel_err open_sockets(
    const struct turn_server_config *core, int *fds, char why[SERVER_ERROR_MAX])
{
    for (size_t i = 0; i < core->listener_count; i++) {
        struct yodel_addr addr = core->listeners[i];
        fds[i] = server_listen_udp_shared(&addr, why);
        if (fds[i] < 0) {
            while (i-- > 0) {
                close(fds[i]);
                fds[i] = -1;
            }
            return YODEL_ERR_NETWORK;
        }
    }
    return YODEL_OK;
}

static void close_all(const struct turn_server_config *core, int *fds)
{
    for (size_t i = 0; i < core->listener_count; i++) {
        close(fds[i]);
        fds[i] = -1;
    }
}

// The thread is started later, when all that it may reach is there.
static enum yodel_err prepare_other(struct server_turn_workers *workers,
    const struct server_turn_setup *setup, char why[SERVER_ERROR_MAX])
{
    struct server_turn_worker *worker = &workers->others[workers->count - 1];
    struct server_turn_setup own;
    int fds[SERVER_TURN_LISTENERS_MAX];

    worker->all = workers;
    enum yodel_err err = server_turn_setup_copy(&own, setup, workers->env, why);
    if (err) {
        return err;
    }
    err = open_sockets(&own.core, fds, why);
    if (err == YODEL_OK) {
        err = loop_thread_init(&worker->thread, workers->env->alloc);
        if (err) {
            close_all(&own.core, fds);
        }
    }
    if (err) {
        server_turn_setup_free(&own, workers->env);
        return err;
    }
    workers->count++;
    (void)uv_timer_init(&worker->thread.loop, &worker->reporting);
    worker->reporting.data = worker;
    (void)uv_timer_start(&worker->reporting, on_reporting, SERVER_TURN_WORKERS_REPORT_MS,
        SERVER_TURN_WORKERS_REPORT_MS);
    err = server_turn_start(&worker->turn, &worker->thread.loop, workers->env, &own, fds);
    server_turn_watch_relays(&worker->turn, tell_others, workers);
    return err;
}

static enum yodel_err start_threads(struct server_turn_workers *workers)
{
    enum yodel_err err = YODEL_OK;

    for (uint32_t i = 0; i + 1 < workers->count && err == YODEL_OK; i++) {
        err = loop_thread_start(&workers->others[i].thread);
        workers->running += err == YODEL_OK;
    }
    return err;
}

static enum yodel_err share(
    struct server_turn_workers *workers, struct server_turn_setup *setup, uint32_t count)
{
    struct turn_server_config *core = &setup->core;
    uint32_t challenges = core->limits.challenges_per_second;

    workers->lock = lock_new(workers->env->alloc);
    workers->others =
        alloc_new(workers->env->alloc, (count - 1) * sizeof(struct server_turn_worker));
    if (!workers->lock || !workers->others) {
        return YODEL_ERR_NO_MEMORY;
    }
    challenges = challenges == 0 ? TURN_SERVER_CHALLENGES : challenges;
    core->limits.challenges_per_second = (challenges + count - 1) / count;
    struct turn_lock lock = {lock_enter, lock_leave, workers->lock};
    return turn_shared_new(
        &core->shared, workers->env, core->limits.port_min, core->limits.port_max, &lock);
}

static enum yodel_err start_others(struct server_turn_workers *workers,
    struct server_turn_setup *setup, int *fds, uint32_t count, char why[SERVER_ERROR_MAX])
{
    enum yodel_err err = share(workers, setup, count);

    workers->shared = setup->core.shared;
    close_all(&setup->core, fds); // Nobody else had these addresses: now they can be shared.
    if (err == YODEL_OK) {
        err = open_sockets(&setup->core, fds, why);
    }
    for (uint32_t i = 1; err == YODEL_OK && i < count; i++) {
        err = prepare_other(workers, setup, why);
    }
    return err;
}

enum yodel_err server_turn_workers_start(struct server_turn_workers *workers,
    struct server_turn *first, uv_loop_t *loop, const struct env *env,
    const struct server_turn_setup *setup, int *fds, uint32_t count, char why[SERVER_ERROR_MAX])
{
    struct server_turn_setup own = *setup;

    YODEL_ASSERT(count >= 1 && count <= SERVER_TURN_WORKERS_MAX);
    *workers = (struct server_turn_workers){.env = env};
    (void)snprintf(why, SERVER_ERROR_MAX, "TURN does not start");
    enum yodel_err err = mailbox_init(&workers->mailbox, loop, env->alloc);
    if (err != YODEL_OK) {
        close_all(&own.core, fds);
        server_turn_setup_free(&own, env);
        return err;
    }
    workers->first = first;
    workers->count = 1;
    err = count > 1 ? start_others(workers, &own, fds, count, why) : YODEL_OK;
    enum yodel_err first_err = server_turn_start(first, loop, env, &own, fds);
    if (err != YODEL_OK || first_err != YODEL_OK) {
        return err != YODEL_OK ? err : first_err;
    }
    server_turn_watch_relays(first, tell_others, workers);
    return start_threads(workers);
}
