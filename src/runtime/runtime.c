// The runtime: a worker, a mailbox and, where the caller has no loop, a loop and its thread.
//
// Implements  yodel/runtime.h

#include "runtime/runtime.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "net/clock.h"
#include "net/env.h"
#include "runtime/mailbox.h"
#include "runtime/networks.h"
#include "runtime/worker.h"

struct yodel_runtime {
    struct worker worker;
    struct mailbox mailbox;
    const struct env *env;
    bool is_own; // The loop, and the thread that runs it.
    bool has_mailbox;
    uint32_t open_count;
    uv_loop_t own_loop;
    uv_thread_t thread; // On which the loop runs.
};

// Why the last yodel_runtime_new on this thread failed: there is no runtime to ask then.
static _Thread_local char creation_error[WORKER_TEXT_MAX];

static void release(yodel_runtime *runtime)
{
    worker_deinit(&runtime->worker);
    if (runtime->has_mailbox) {
        mailbox_deinit(&runtime->mailbox);
    }
    alloc_free(runtime->env->alloc, runtime);
}

// With the caller's loop, the last handle that closes takes the rest along; with our own, whoever
// waits for the loop does.
static void let_go(yodel_runtime *runtime)
{
    runtime->open_count--;
    if (runtime->open_count == 0 && !runtime->is_own) {
        release(runtime);
    }
}

static void on_worker_closed(struct worker *worker)
{
    let_go(CONTAINER_OF(worker, struct yodel_runtime, worker));
}

static void on_mailbox_closed(struct mailbox *mailbox)
{
    let_go(CONTAINER_OF(mailbox, struct yodel_runtime, mailbox));
}

static void close_all(void *ctx)
{
    yodel_runtime *runtime = ctx;

    // The mailbox first: calls that still wait may use their peers.
    if (runtime->has_mailbox) {
        mailbox_close(&runtime->mailbox, on_mailbox_closed);
    }
    worker_close(&runtime->worker, on_worker_closed);
}

static void run_loop(void *ctx)
{
    yodel_runtime *runtime = ctx;

    (void)uv_run(&runtime->own_loop, UV_RUN_DEFAULT); // Until the last handle is closed.
}

static void finish_own(yodel_runtime *runtime)
{
    YODEL_ASSERT(uv_loop_close(&runtime->own_loop) == 0);
    release(runtime);
}

static enum yodel_err explain(enum yodel_err err, const char *why)
{
    (void)snprintf(creation_error, sizeof creation_error, "%s", why[0] ? why : yodel_err_text(err));
    return err;
}

// The worker has begun, the rest not yet. What fails leaves the closing to the caller.
static enum yodel_err start(yodel_runtime *runtime)
{
    struct worker *worker = &runtime->worker;
    enum yodel_err err = mailbox_init(&runtime->mailbox, worker->loop, runtime->env->alloc);

    runtime->open_count = 1;
    if (err != YODEL_OK) {
        return err;
    }
    runtime->has_mailbox = true;
    runtime->open_count = 2;
    if (worker->udp_port != 0) {
        err = networks_open_shared(worker);
        if (err != YODEL_OK) {
            return err;
        }
    }
    if (!runtime->is_own) {
        runtime->thread = uv_thread_self();
        return YODEL_OK;
    }
    return uv_thread_create(&runtime->thread, run_loop, runtime) == 0 ? YODEL_OK
                                                                      : YODEL_ERR_NO_MEMORY;
}

static void abandon(yodel_runtime *runtime)
{
    close_all(runtime);
    if (runtime->is_own) {
        run_loop(runtime);
        finish_own(runtime);
    }
}

YODEL_API enum yodel_err yodel_runtime_new(
    const struct yodel_runtime_config *config, yodel_runtime **runtime)
{
    static const struct yodel_runtime_config defaults = {0};
    const struct env *env = net_env_system(LOG_ERROR, NET_ENV_TEXT);
    yodel_runtime *made = alloc_new(env->alloc, sizeof *made);

    if (!made) {
        return explain(YODEL_ERR_NO_MEMORY, "");
    }
    config = config ? config : &defaults;
    made->env = env;
    made->is_own = config->loop == NULL;
    if (made->is_own && uv_loop_init(&made->own_loop) != 0) {
        alloc_free(env->alloc, made);
        return explain(YODEL_ERR_NETWORK, "the system gives us no event loop");
    }
    uv_loop_t *loop = made->is_own ? &made->own_loop : config->loop;
    enum yodel_err err = worker_init(&made->worker, loop, env, config);
    if (err != YODEL_OK) {
        bool is_proxy = err == YODEL_ERR_SYNTAX || err == YODEL_ERR_NOT_SUPPORTED;
        bool is_pattern = err == YODEL_ERR_TOO_LARGE;
        YODEL_ASSERT(!made->is_own || uv_loop_close(loop) == 0);
        alloc_free(env->alloc, made);
        return explain(err, is_proxy ? "a proxy is written http://[user:password@]host:port"
                            : is_pattern
                                ? "there are more than 16 interface patterns, or one is too long"
                                : "");
    }
    err = start(made);
    if (err != YODEL_OK) {
        err = explain(err, made->worker.error);
        abandon(made);
        return err;
    }
    *runtime = made;
    return YODEL_OK;
}

YODEL_API void yodel_runtime_free(yodel_runtime *runtime)
{
    if (!runtime) {
        return;
    }
    if (!runtime->is_own) {
        close_all(runtime);
        return;
    }
    uv_thread_t self = uv_thread_self();
    YODEL_ASSERT(!uv_thread_equal(&self, &runtime->thread)); // A thread cannot wait for itself.
    // Without memory for the message there is no way to stop the thread in order.
    YODEL_ASSERT(mailbox_post(&runtime->mailbox, close_all, runtime) == YODEL_OK);
    (void)uv_thread_join(&runtime->thread);
    finish_own(runtime);
}

YODEL_API enum yodel_err yodel_runtime_add(
    yodel_runtime *runtime, yodel_peer *peer, yodel_peer_handler *handler, void *ctx)
{
    return worker_add(&runtime->worker, peer, handler, ctx);
}

YODEL_API void yodel_runtime_remove(yodel_runtime *runtime, yodel_peer *peer)
{
    worker_remove(&runtime->worker, peer);
}

YODEL_API enum yodel_err yodel_runtime_post(
    yodel_runtime *runtime, void (*call)(void *ctx), void *ctx)
{
    return mailbox_post(&runtime->mailbox, call, ctx);
}

struct waiting {
    void (*call)(void *ctx);
    void *ctx;
    uv_sem_t done;
};

static void call_and_tell(void *ctx)
{
    struct waiting *waiting = ctx;

    waiting->call(waiting->ctx);
    uv_sem_post(&waiting->done);
}

YODEL_API enum yodel_err yodel_runtime_call(
    yodel_runtime *runtime, void (*call)(void *ctx), void *ctx)
{
    struct waiting waiting = {.call = call, .ctx = ctx};
    uv_thread_t self = uv_thread_self();

    if (uv_thread_equal(&self, &runtime->thread)) {
        call(ctx);
        return YODEL_OK;
    }
    if (uv_sem_init(&waiting.done, 0) != 0) {
        return YODEL_ERR_NO_MEMORY;
    }
    enum yodel_err err = mailbox_post(&runtime->mailbox, call_and_tell, &waiting);
    if (err == YODEL_OK) {
        uv_sem_wait(&waiting.done);
    }
    uv_sem_destroy(&waiting.done);
    return err;
}

YODEL_API yodel_time yodel_runtime_now(const yodel_runtime *runtime)
{
    (void)runtime;
    return clock_now();
}

uv_loop_t *runtime_loop(const yodel_runtime *runtime)
{
    return runtime->worker.loop;
}

const struct env *runtime_env(const yodel_runtime *runtime)
{
    return runtime->env;
}

YODEL_API const char *yodel_runtime_error_text(const yodel_runtime *runtime)
{
    return runtime ? runtime->worker.error : creation_error;
}
