// Beside the loop: a thread for work that takes long, with what it shares with its loop, and the way back to it.
//
//   loop                               thread
//   beside_start ───────────────────►  run: until beside_is_ending
//   lock, change, wake, unlock ─────►      lock, look, wait, unlock
//   a call, in order  ◄──────────────      beside_post
//   beside_end ─────────────────────►  run returns
//   `ended`, from the loop  ◄────────
//
// Threads     beside_post, beside_lock, _unlock, _wait, _wake and _is_ending from both; the rest on the loop's
// Ownership   the owner's struct holds it; its memory must stay until `ended` was called
// Limits      none: who posts must not post faster than the loop runs

#ifndef RUNTIME_BESIDE_H
#define RUNTIME_BESIDE_H

#include "base/time.h"
#include "runtime/mailbox.h"

struct beside {
    struct mailbox mailbox;
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t changed;
    bool is_ready; // Under the mutex, as what follows: the mailbox is there.
    bool is_ending;
    struct mail last;
    void (*run)(struct beside *beside);
    void (*ended)(struct beside *beside);
};

// Calls `run` on a thread of its own. Fails with NO_MEMORY, or NETWORK where the loop takes no more handles.
YODEL_MUST_USE enum yodel_err beside_start(struct beside *beside, uv_loop_t *loop,
    struct alloc *alloc, void (*run)(struct beside *beside));

// What both sides see is changed and looked at in between.
void beside_lock(struct beside *beside);
void beside_unlock(struct beside *beside);

// Both with the lock held. Waits until somebody wakes, or for so long; YODEL_NEVER: no matter how long.
void beside_wait(struct beside *beside, yodel_duration most);
void beside_wake(struct beside *beside);

// Whether `run` should return; takes the lock.
bool beside_is_ending(struct beside *beside);

// Asks the loop for a call. `mail` is the poster's, and stays in its place until the call is made. What was posted
// before the end is called before `ended`.
void beside_post(struct beside *beside, struct mail *mail, void (*call)(void *ctx), void *ctx);

// Asks `run` to return, and does not wait for it: `ended` comes from the loop when it has, and all is let go of.
void beside_end(struct beside *beside, void (*ended)(struct beside *beside));

#endif
