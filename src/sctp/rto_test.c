// SCTP retransmission timeout: the RFC's arithmetic, and where it stops.

#include "sctp/rto.h"

#include "check.h"

static void the_estimate_follows_the_rfc(void)
{
    struct sctp_rto rto;

    sctp_rto_init(&rto);
    CHECK_EQ(rto.rto, SCTP_RTO_INITIAL);
    sctp_rto_measure(&rto, YODEL_MS(400));
    CHECK_EQ(rto.srtt, YODEL_MS(400));
    CHECK_EQ(rto.rttvar, YODEL_MS(200));
    CHECK_EQ(rto.rto, YODEL_MS(1200));
    sctp_rto_measure(&rto, YODEL_MS(800));
    CHECK_EQ(rto.rttvar, YODEL_MS(250)); // 3/4 of 200 and 1/4 of 400.
    CHECK_EQ(rto.srtt, YODEL_MS(450));
    CHECK_EQ(rto.rto, YODEL_MS(1450));
}

static void it_stays_above_the_delay_of_a_peers_acknowledgement(void)
{
    struct sctp_rto rto;

    sctp_rto_init(&rto);
    for (int i = 0; i < 50; i++) {
        sctp_rto_measure(&rto, 100);
    }
    CHECK_EQ(rto.rto, SCTP_RTO_MIN);
    CHECK(rto.rttvar > 0);
}

static void backing_off_doubles_up_to_a_second_or_the_estimate(void)
{
    struct sctp_rto rto;

    sctp_rto_init(&rto);
    sctp_rto_measure(&rto, 100);
    sctp_rto_back_off(&rto);
    CHECK_EQ(rto.rto, 2 * SCTP_RTO_MIN);
    for (int i = 0; i < 20; i++) {
        sctp_rto_back_off(&rto);
    }
    CHECK_EQ(rto.rto, SCTP_RTO_BACKOFF_MAX);
    sctp_rto_recover(&rto);
    CHECK_EQ(rto.rto, SCTP_RTO_MIN);
    sctp_rto_measure(&rto, YODEL_SECONDS(100));
    sctp_rto_back_off(&rto);
    CHECK_EQ(rto.rto, SCTP_RTO_MAX);
}

TEST_MAIN(TEST(the_estimate_follows_the_rfc),
    TEST(it_stays_above_the_delay_of_a_peers_acknowledgement),
    TEST(backing_off_doubles_up_to_a_second_or_the_estimate))
