// STUN transactions: the schedule of the RFC to the microsecond, and one outcome.

#include "stun/txn.h"

#include "check.h"

static void count_up(void *ctx, struct span out)
{
    static uint8_t next;

    (void)ctx;
    memset(out.ptr, ++next, out.len);
}

static const struct env env = {.random = count_up};

static struct stun_msg answer_to(const struct stun_txn *txn)
{
    struct stun_msg msg = {.type = STUN_BINDING | STUN_SUCCESS};

    memcpy(msg.id, txn->id, STUN_ID_SIZE);
    return msg;
}

// RFC 8489 §6.2.1 works the schedule out; this holds us to its very numbers. Virtual time jumps
// straight to each timeout the transaction asks for, so forty seconds cost no time at all.
static void unanswered_request_follows_the_rfc_schedule(void)
{
    static const yodel_time want_ms[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
    struct stun_txn_schedule schedule = stun_txn_defaults();
    struct stun_txn txn;

    stun_txn_start(&txn, &env, &schedule, 0);
    for (size_t i = 0; i < COUNT(want_ms); i++) {
        yodel_time now = stun_txn_next_timeout(&txn);

        CHECK_EQ(now, YODEL_MS(want_ms[i]));
        stun_txn_tick(&txn, now);
        CHECK(stun_txn_emit(&txn, now));
        CHECK(!stun_txn_emit(&txn, now)); // Drained: one transmission per timeout.
    }
    stun_txn_tick(&txn, YODEL_MS(39500) - 1);
    CHECK_EQ(txn.state, STUN_TXN_WAITING);
    stun_txn_tick(&txn, YODEL_MS(39500));
    CHECK_EQ(txn.state, STUN_TXN_TIMED_OUT);
    CHECK_EQ(stun_txn_next_timeout(&txn), YODEL_NEVER);
}

// Case S13.
static void only_a_matching_answer_ends_it_and_only_once(void)
{
    struct stun_txn_schedule schedule = stun_txn_defaults();
    struct stun_txn txn = {0};
    struct stun_msg answer = answer_to(&txn);

    CHECK(!stun_txn_recv(&txn, &answer)); // Never started.
    stun_txn_start(&txn, &env, &schedule, 0);
    answer = answer_to(&txn);
    CHECK(!stun_txn_recv(&txn, &answer)); // Nothing was asked yet.
    CHECK(stun_txn_emit(&txn, 0));
    answer.id[11] ^= 1;
    CHECK(!stun_txn_recv(&txn, &answer));
    CHECK_EQ(txn.state, STUN_TXN_WAITING);
    answer.id[11] ^= 1;
    CHECK(stun_txn_recv(&txn, &answer));
    CHECK_EQ(txn.state, STUN_TXN_ANSWERED);
    CHECK(!stun_txn_recv(&txn, &answer));
    CHECK(!stun_txn_emit(&txn, YODEL_SECONDS(1)));
}

static void each_transaction_has_its_own_id(void)
{
    struct stun_txn_schedule schedule = stun_txn_defaults();
    struct stun_txn first, second;

    stun_txn_start(&first, &env, &schedule, 0);
    stun_txn_start(&second, &env, &schedule, 0);
    CHECK(memcmp(first.id, second.id, STUN_ID_SIZE) != 0);
}

// Case F21: an hour asleep is one retransmission, not a burst of all that were missed.
static void a_jump_of_the_clock_costs_one_transmission(void)
{
    struct stun_txn_schedule schedule = stun_txn_defaults();
    struct stun_txn txn;

    stun_txn_start(&txn, &env, &schedule, 0);
    CHECK(stun_txn_emit(&txn, 0));
    CHECK(stun_txn_emit(&txn, YODEL_SECONDS(3600)));
    CHECK(!stun_txn_emit(&txn, YODEL_SECONDS(3600)));
    CHECK(stun_txn_next_timeout(&txn) > YODEL_SECONDS(3600));
}

static void a_repeated_request_begins_anew_and_keeps_its_id(void)
{
    struct stun_txn_schedule schedule = stun_txn_defaults();
    struct stun_txn txn;

    stun_txn_start(&txn, &env, &schedule, 0);
    CHECK(stun_txn_emit(&txn, 0));
    CHECK_EQ(stun_txn_rtt(&txn, YODEL_MS(30)), YODEL_MS(30));
    struct stun_msg answer = answer_to(&txn);
    stun_txn_repeat(&txn, YODEL_MS(100));
    CHECK(stun_txn_emit(&txn, YODEL_MS(100)));
    CHECK_EQ(stun_txn_next_timeout(&txn), YODEL_MS(600));
    CHECK_EQ(stun_txn_rtt(&txn, YODEL_MS(130)), 0); // Which of the two was answered?
    CHECK(stun_txn_recv(&txn, &answer));
}

TEST_MAIN(TEST(unanswered_request_follows_the_rfc_schedule),
    TEST(only_a_matching_answer_ends_it_and_only_once), TEST(each_transaction_has_its_own_id),
    TEST(a_jump_of_the_clock_costs_one_transmission),
    TEST(a_repeated_request_begins_anew_and_keeps_its_id))
