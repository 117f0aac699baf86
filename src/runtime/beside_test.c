// Beside the loop: work is done on the thread, is told on the loop, in order, and ends when it is asked to.

#include "runtime/beside.h"

#include "check.h"

#define ROUNDS 100

struct work {
    struct beside beside;
    uv_thread_t loop_thread;
    uint32_t wanted; // Under its lock.
    uint32_t done;   // The loop's.
    struct mail mails[ROUNDS];
    uint32_t posted; // The thread's.
    bool ends_early;
    bool is_ended;
};

static struct work work;

static void on_done(void *ctx)
{
    uv_thread_t self = uv_thread_self();

    CHECK(uv_thread_equal(&self, &work.loop_thread));
    CHECK(ctx == &work.mails[work.done]);
    work.done++;
}

static void run(struct beside *beside)
{
    CHECK(beside == &work.beside);
    beside_lock(beside);
    while (!beside->is_ending && !work.ends_early) {
        if (work.wanted == work.posted) {
            beside_wait(beside, YODEL_SECONDS(60));
            continue;
        }
        beside_unlock(beside);
        struct mail *mail = &work.mails[work.posted++];
        beside_post(beside, mail, on_done, mail);
        beside_lock(beside);
    }
    beside_unlock(beside);
}

static void on_ended(struct beside *beside)
{
    CHECK(beside == &work.beside);
    work.is_ended = true;
}

static void begin(uv_loop_t *loop)
{
    CHECK_EQ(uv_loop_init(loop), 0);
    work.loop_thread = uv_thread_self();
    CHECK_EQ(beside_start(&work.beside, loop, alloc_system(), run), YODEL_OK);
}

static void end(uv_loop_t *loop)
{
    CHECK(!work.is_ended);
    beside_end(&work.beside, on_ended);
    CHECK(!work.is_ended); // From the loop alone.
    uv_run(loop, UV_RUN_DEFAULT);
    CHECK(work.is_ended);
    CHECK_EQ(uv_loop_close(loop), 0);
}

static void what_is_asked_for_is_told_on_the_loop_in_order(void)
{
    uv_loop_t loop;

    work = (struct work){0};
    begin(&loop);
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        beside_lock(&work.beside);
        work.wanted = i;
        beside_wake(&work.beside);
        beside_unlock(&work.beside);
    }
    while (work.done < ROUNDS) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    end(&loop);
}

static void what_was_posted_before_the_end_is_told(void)
{
    uv_loop_t loop;

    work = (struct work){.wanted = ROUNDS};
    begin(&loop);
    end(&loop);
    CHECK_EQ(work.done, work.posted);
}

static void who_is_done_early_waits_for_its_end(void)
{
    uv_loop_t loop;

    work = (struct work){.ends_early = true};
    begin(&loop);
    for (int i = 0; i < 3; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    end(&loop);
}

TEST_MAIN(TEST(what_is_asked_for_is_told_on_the_loop_in_order),
    TEST(what_was_posted_before_the_end_is_told), TEST(who_is_done_early_waits_for_its_end))
