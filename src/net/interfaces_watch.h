// Watching interfaces: tells that addresses may have changed, for whoever reads them anew.
//
// Two implementations, chosen by the build: interfaces_watch_linux.c (the kernel says so) and
// interfaces_watch_plain.c (a look now and then).
//
// Ownership   the owner's struct holds it; its memory must stay until `closed` was called
// Limits      one call in INTERFACES_SETTLE, whatever happens, so that flapping costs nothing; a hint
//             counts once in INTERFACES_HINT_EACH

#ifndef NET_INTERFACES_WATCH_H
#define NET_INTERFACES_WATCH_H

#include <uv.h>

#include "base/time.h"

#define INTERFACES_SETTLE YODEL_MS(250)
#define INTERFACES_HINT_EACH YODEL_SECONDS(2)
#define INTERFACES_LOOK_EACH YODEL_SECONDS(2) // Where the system does not tell.

struct interfaces_watch {
    uv_timer_t timer; // Until it has settled.
    uv_poll_t poll;
    int fd; // -1: none.
    uint32_t handle_count;
    yodel_time hinted;
    void (*changed)(void *ctx);
    void (*closed)(void *ctx);
    void *ctx;
};

// Cannot fail: where the system does not tell, it looks. Does not keep the loop running.
void interfaces_watch_start(
    struct interfaces_watch *watch, uv_loop_t *loop, void (*changed)(void *ctx), void *ctx);

// A socket says that its network is gone.
void interfaces_watch_hint(struct interfaces_watch *watch, yodel_time now);

void interfaces_watch_stop(struct interfaces_watch *watch, void (*closed)(void *ctx));

#endif
