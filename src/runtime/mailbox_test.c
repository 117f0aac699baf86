// Mailbox: calls from other threads, in order, once each, also at the end.

#include "runtime/mailbox.h"

#include "base/alloc.h"
#include "check.h"

struct box {
    uv_loop_t loop;
    struct mailbox mailbox;
    bool is_closed;
    uint32_t order[8];
    uint32_t count;
};

static void on_closed(struct mailbox *mailbox)
{
    CONTAINER_OF(mailbox, struct box, mailbox)->is_closed = true;
}

static void box_open(struct box *box)
{
    *box = (struct box){0};
    CHECK_EQ(uv_loop_init(&box->loop), 0);
    CHECK_EQ(mailbox_init(&box->mailbox, &box->loop, alloc_system()), YODEL_OK);
}

static void box_finish(struct box *box)
{
    uv_run(&box->loop, UV_RUN_DEFAULT);
    CHECK(box->is_closed);
    mailbox_deinit(&box->mailbox);
    CHECK_EQ(uv_loop_close(&box->loop), 0);
}

static void note_one(void *ctx)
{
    struct box *box = ctx;

    box->order[box->count++] = 1;
}

static void note_two(void *ctx)
{
    struct box *box = ctx;

    box->order[box->count++] = 2;
}

static void calls_are_made_in_order_and_once(void)
{
    struct box box;

    box_open(&box);
    CHECK_EQ(mailbox_post(&box.mailbox, note_one, &box), YODEL_OK);
    CHECK_EQ(mailbox_post(&box.mailbox, note_two, &box), YODEL_OK);
    CHECK_EQ(mailbox_post(&box.mailbox, note_one, &box), YODEL_OK);
    CHECK_EQ(box.count, 0); // Not on this thread's time.
    uv_run(&box.loop, UV_RUN_NOWAIT);
    uv_run(&box.loop, UV_RUN_NOWAIT);
    CHECK_EQ(box.count, 3);
    CHECK(box.order[0] == 1 && box.order[1] == 2 && box.order[2] == 1);
    mailbox_close(&box.mailbox, on_closed);
    box_finish(&box);
}

static void closing_makes_the_calls_that_wait_and_takes_no_more(void)
{
    struct box box;

    box_open(&box);
    CHECK_EQ(mailbox_post(&box.mailbox, note_one, &box), YODEL_OK);
    mailbox_close(&box.mailbox, on_closed);
    CHECK_EQ(box.count, 1);
    CHECK_EQ(mailbox_post(&box.mailbox, note_two, &box), YODEL_ERR_INVALID_STATE);
    box_finish(&box);
    CHECK_EQ(box.count, 1);
}

#define THREADS 4
#define POSTS 500

struct poster {
    struct mailbox *mailbox;
    uint32_t *sum;
    uv_thread_t thread;
};

static void count_up(void *ctx)
{
    (*(uint32_t *)ctx)++; // On the loop's thread alone, hence without a lock.
}

static void post_many(void *ctx)
{
    struct poster *poster = ctx;

    for (int i = 0; i < POSTS; i++) {
        if (mailbox_post(poster->mailbox, count_up, poster->sum) != YODEL_OK) {
            return;
        }
    }
}

static void many_threads_may_post_at_once(void)
{
    struct box box;
    uint32_t sum = 0;
    struct poster posters[THREADS];

    box_open(&box);
    for (size_t i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){.mailbox = &box.mailbox, .sum = &sum};
        CHECK_EQ(uv_thread_create(&posters[i].thread, post_many, &posters[i]), 0);
    }
    while (sum < THREADS * POSTS) {
        uv_run(&box.loop, UV_RUN_ONCE);
    }
    for (size_t i = 0; i < THREADS; i++) {
        uv_thread_join(&posters[i].thread);
    }
    mailbox_close(&box.mailbox, on_closed);
    box_finish(&box);
    CHECK_EQ(sum, THREADS * POSTS);
}

TEST_MAIN(TEST(calls_are_made_in_order_and_once),
    TEST(closing_makes_the_calls_that_wait_and_takes_no_more), TEST(many_threads_may_post_at_once))
