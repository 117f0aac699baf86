// Trace: what an engine decided, as typed events through the env: for the simulator's checkers and
// for `yodel trace`.
//
//   trace(env, now, "ice", "pair_state", trace_number("pair", id), trace_text("state", "nominated"));
//
// Shaped as qlog's: a time, a module as the category, a name, and a few fields.
//
// Ownership   an event and all that it points to live during the call only
// Limits      TRACE_TEXT_MAX bytes for an event as text

#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/env.h"
#include "base/time.h"

#define TRACE_TEXT_MAX 1024

enum trace_kind { TRACE_NUMBER, TRACE_TEXT, TRACE_ADDR };

struct yodel_addr; // yodel/addr.h

struct trace_field {
    const char *name;
    enum trace_kind kind;
    union {
        uint64_t number;
        const char *text;
        const struct yodel_addr *addr;
    };
};

struct trace_event {
    yodel_time at;
    const char *module;
    const char *name;
    const struct trace_field *fields;
    size_t field_count;
};

static inline struct trace_field trace_number(const char *name, uint64_t number)
{
    return (struct trace_field){.name = name, .kind = TRACE_NUMBER, .number = number};
}

static inline struct trace_field trace_text(const char *name, const char *text)
{
    return (struct trace_field){.name = name, .kind = TRACE_TEXT, .text = text};
}

static inline struct trace_field trace_addr(const char *name, const struct yodel_addr *addr)
{
    return (struct trace_field){.name = name, .kind = TRACE_ADDR, .addr = addr};
}

static inline void trace_send(const struct env *env, yodel_time at, const char *module,
    const char *name, const struct trace_field *fields, size_t field_count)
{
    if (env->trace) {
        struct trace_event event = {at, module, name, fields, field_count};
        env->trace(env->ctx, &event);
    }
}

// One event with at least one field.
#define trace(env, at, module, name, ...)                                                          \
    trace_send((env), (at), (module), (name), (const struct trace_field[]){__VA_ARGS__},           \
        COUNT(((const struct trace_field[]){__VA_ARGS__})))

// Writes an event as one line of JSON, without a line's end. Fails (the writer does) where it does not fit.
void trace_write(struct writer *w, const struct trace_event *event);

#endif
