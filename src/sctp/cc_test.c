// SCTP congestion control: how the window moves, step by step.

#include "sctp/cc.h"

#include "check.h"

#define MTU 1000

static void slow_start_grows_by_what_arrives_when_the_window_is_used(void)
{
    struct sctp_cc cc;

    sctp_cc_init(&cc, MTU);
    CHECK_EQ(cc.window, 10 * MTU);
    sctp_cc_on_ack(&cc, 5000, 10000, 1);
    CHECK_EQ(cc.window, 15000);
    sctp_cc_on_ack(&cc, 5000, 10000, 2); // Not used: 10 of 15 kB.
    CHECK_EQ(cc.window, 15000);
    for (int i = 0; i < 100; i++) {
        sctp_cc_on_ack(&cc, cc.window, cc.window, 3);
    }
    CHECK_EQ(cc.window, SCTP_CC_WINDOW_MAX);
}

static void a_loss_halves_once_a_window_and_recovery_ends_with_what_was_sent(void)
{
    struct sctp_cc cc;

    sctp_cc_init(&cc, MTU);
    CHECK(sctp_cc_on_loss(&cc, 50));
    CHECK(!sctp_cc_on_loss(&cc, 60));
    CHECK_EQ(cc.window, 5000);
    sctp_cc_on_ack(&cc, 5000, 5000, 49);
    CHECK(cc.recovering);
    sctp_cc_on_ack(&cc, 5000, 5000, 50);
    CHECK(!cc.recovering);
    CHECK_EQ(cc.window, 5000);
    sctp_cc_on_ack(&cc, 5000, 5000, 51); // Exactly at the threshold it is slow start still.
    CHECK_EQ(cc.window, 10000);
}

static void avoidance_grows_by_a_packet_a_window(void)
{
    struct sctp_cc cc;

    sctp_cc_init(&cc, MTU);
    CHECK(sctp_cc_on_loss(&cc, 1));
    sctp_cc_on_ack(&cc, 0, 5000, 1);
    cc.window = 5001;
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(cc.window, 5001);
        sctp_cc_on_ack(&cc, 1001, 5001, 2);
    }
    CHECK_EQ(cc.window, 6001);
}

static void a_timeout_leaves_one_packet_and_idling_halves(void)
{
    struct sctp_cc cc;

    sctp_cc_init(&cc, MTU);
    sctp_cc_on_timeout(&cc);
    CHECK_EQ(cc.window, MTU);
    CHECK_EQ(cc.threshold, 5 * MTU);
    sctp_cc_init(&cc, MTU);
    sctp_cc_on_idle(&cc);
    CHECK_EQ(cc.window, 5 * MTU);
    sctp_cc_on_idle(&cc);
    sctp_cc_on_idle(&cc);
    CHECK_EQ(cc.window, 4 * MTU);
}

TEST_MAIN(TEST(slow_start_grows_by_what_arrives_when_the_window_is_used),
    TEST(a_loss_halves_once_a_window_and_recovery_ends_with_what_was_sent),
    TEST(avoidance_grows_by_a_packet_a_window), TEST(a_timeout_leaves_one_packet_and_idling_halves))
