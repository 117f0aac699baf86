// Loop thread: a loop of its own on a thread of its own, and a mailbox through which others reach it.
//
// Threads     `init`, `start` and `join` on one thread, the same; `end` on the loop's
// Ownership   the owner's struct holds it; its memory must stay until it was joined
// Limits      none

#ifndef RUNTIME_LOOP_THREAD_H
#define RUNTIME_LOOP_THREAD_H

#include <uv.h>

#include "runtime/mailbox.h"

struct loop_thread {
    uv_loop_t loop;
    uv_thread_t thread;
    struct mailbox mailbox;
    bool is_running;
};

// A loop and a mailbox. Until it is started, the caller's thread may use the loop. Fails with NO_MEMORY or NETWORK;
// then there is nothing to join.
YODEL_MUST_USE enum yodel_err loop_thread_init(struct loop_thread *thread, struct alloc *alloc);

// Fails with NO_MEMORY: then the loop is still the caller's.
YODEL_MUST_USE enum yodel_err loop_thread_start(struct loop_thread *thread);

// The mailbox takes no more; the loop ends with its last handle.
void loop_thread_end(struct loop_thread *thread);

// Waits for that. What was not started runs to its end here.
void loop_thread_join(struct loop_thread *thread);

#endif
