// Watching interfaces on other systems: a look now and then. Whoever reads them sees what changed.

#include "base/port.h"
#include "net/interfaces_watch.h"

static void on_time(uv_timer_t *timer)
{
    struct interfaces_watch *w = CONTAINER_OF(timer, struct interfaces_watch, timer);

    w->changed(w->ctx);
}

void interfaces_watch_start(
    struct interfaces_watch *w, uv_loop_t *loop, void (*changed)(void *ctx), void *ctx)
{
    uint64_t each = INTERFACES_LOOK_EACH / 1000;

    *w = (struct interfaces_watch){.changed = changed, .ctx = ctx, .handle_count = 1, .fd = -1};
    (void)uv_timer_init(loop, &w->timer);
    (void)uv_timer_start(&w->timer, on_time, each, each);
    uv_unref((uv_handle_t *)&w->timer);
}

void interfaces_watch_hint(struct interfaces_watch *w, yodel_time now)
{
    (void)w;
    (void)now; // The next look comes soon enough.
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct interfaces_watch *w = CONTAINER_OF((uv_timer_t *)handle, struct interfaces_watch, timer);

    w->closed(w->ctx);
}

void interfaces_watch_stop(struct interfaces_watch *w, void (*closed)(void *ctx))
{
    w->closed = closed;
    uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}
