// The environment: the only way out of an engine. Memory, randomness, log and trace come in through
// it at init.
//
// In production it is the heap, the system's entropy and stderr; in the simulator a seed and a
// recorder.
//
// Ownership   an engine borrows its env, which outlives it

#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/time.h"

struct trace_event; // base/trace.h

struct env {
    struct alloc *alloc;
    void (*random)(void *ctx, struct span out); // Cannot fail: no entropy ends the process.
    void (*log)(
        void *ctx, enum log_level level, const char *module, const char *line); // May be NULL.
    void (*trace)(void *ctx, const struct trace_event *event);                  // May be NULL.
    void *ctx;
    enum log_level log_level; // Lines above it are not made.
};

static inline void env_random(const struct env *env, struct span out)
{
    env->random(env->ctx, out);
}

uint32_t env_random_u32(const struct env *env);
uint64_t env_random_u64(const struct env *env);

#endif
