// For the tests and fuzzers of the core: an environment that repeats itself and counts, and clients
// whose texts are kept.
//
// Not here    anything that ships

#ifndef SIGNALING_FIXTURE_H
#define SIGNALING_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "signaling/core.h"

struct fixture_alloc {
    struct alloc alloc;
    size_t blocks;
    size_t fail_at; // The allocation that fails, from 1; 0: none.
    size_t made;
};

static void *fixture_resize(struct alloc *self, void *ptr, size_t len)
{
    struct fixture_alloc *counting = CONTAINER_OF(self, struct fixture_alloc, alloc);

    if (len == 0) {
        counting->blocks--;
        free(ptr);
        return NULL;
    }
    if (++counting->made == counting->fail_at) {
        return NULL;
    }
    counting->blocks += ptr == NULL;
    return realloc(ptr, len);
}

static void fixture_random(void *ctx, struct span out)
{
    uint64_t *state = ctx;

    for (size_t i = 0; i < out.len; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        out.ptr[i] = (uint8_t)(*state >> 56);
    }
}

struct fixture {
    struct fixture_alloc heap;
    uint64_t seed;
    struct env env;
    struct signaling_core core;
    yodel_time now;
};

static void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.heap.alloc.resize = fixture_resize, .seed = 7, .now = YODEL_SECONDS(1)};
    f->env = (struct env){.alloc = &f->heap.alloc, .random = fixture_random, .ctx = &f->seed};
    signaling_core_init(
        &f->core, &(struct signaling_config){.env = &f->env, .server = "yodel/test"});
}

// Each from an address of its own, 10.0.x.y, unless `host` repeats.
static inline struct signaling_client *fixture_connect(struct fixture *f, uint32_t host)
{
    struct yodel_addr addr = addr_v4(10, 0, (uint8_t)(host >> 8), (uint8_t)host, 5000);
    struct signaling_client *client = NULL;
    enum yodel_err err = signaling_core_connect(
        &f->core, &(struct signaling_arrival){.addr = &addr}, &client, f->now);

    return err == YODEL_OK ? client : NULL;
}

static inline void fixture_say(struct fixture *f, struct signaling_client *client, const char *text)
{
    signaling_core_recv(&f->core, client, bytes_of_text(text), f->now);
}

// Takes the next text for a client; "" where there is none. Valid until the next call.
static inline const char *fixture_hear(struct fixture *f, struct signaling_client *client)
{
    static char heard[SIGNALING_TEXT_MAX + 1];
    struct signaling_output output = signaling_core_next_output(client);

    memcpy(heard, output.text.ptr ? (const char *)output.text.ptr : "", output.text.len);
    heard[output.text.len] = 0;
    if (output.text.len > 0) {
        signaling_core_sent(&f->core, client);
    }
    return heard;
}

#endif
