// NTP time: conversions, round trips, and the sender's clock by ours.

#include "rtp/ntp.h"

#define SECOND YODEL_SECONDS(1)
#define FOLLOW_SHIFT 6

// In 1/65536 s: what rounding on both sides may make of a round trip of nothing.
#define ROUNDING 64

uint64_t rtp_ntp_of(yodel_time at)
{
    return at / SECOND << 32 | (at % SECOND << 32) / SECOND;
}

uint64_t rtp_ntp_us(uint64_t ntp)
{
    return (ntp >> 32) * SECOND + ((ntp & UINT32_MAX) * SECOND >> 32);
}

uint64_t rtp_ntp_units(yodel_duration elapsed, uint32_t clock_rate)
{
    return elapsed / SECOND * clock_rate + elapsed % SECOND * clock_rate / SECOND;
}

struct rtcp_echo rtp_ntp_echo(uint64_t ntp, yodel_time arrival, yodel_time now)
{
    yodel_duration delay = time_since(now, arrival);

    if (ntp == 0) {
        return (struct rtcp_echo){0};
    }
    // §6.4.1: 16.16 seconds; what is longer than 18 hours is not said.
    bool is_over = delay >= SECOND << 16;
    return (struct rtcp_echo){
        rtp_ntp_middle(ntp), is_over ? UINT32_MAX : (uint32_t)((delay << 16) / SECOND)};
}

bool rtp_ntp_rtt(const struct rtcp_echo *echo, yodel_time now, yodel_duration *rtt)
{
    uint32_t since = rtp_ntp_middle(rtp_ntp_of(now)) - echo->last - echo->delay;
    int32_t left = (int32_t)since;

    if (echo->last == 0 || left < -ROUNDING) {
        return false;
    }
    yodel_duration measured = left < 0 ? 0 : (uint64_t)since * SECOND >> 16;
    if (measured > RTP_NTP_RTT_MAX) {
        return false;
    }
    *rtt = measured;
    return true;
}

void rtp_ntp_clock_recv(struct rtp_ntp_clock *clock, uint64_t ntp, yodel_time now)
{
    uint64_t ahead = now - rtp_ntp_us(ntp);
    int64_t later = (int64_t)(ahead - clock->ahead);

    if (ntp == 0) {
        return; // C12: no clock at all.
    }
    if (!clock->is_known || later < 0 || later > (int64_t)RTP_NTP_STEP_MAX) {
        *clock = (struct rtp_ntp_clock){true, ahead};
    } else {
        clock->ahead += (uint64_t)later >> FOLLOW_SHIFT; // The two clocks drift.
    }
}

bool rtp_ntp_clock_local(const struct rtp_ntp_clock *clock, uint64_t ntp, yodel_time *at)
{
    yodel_time local = rtp_ntp_us(ntp) + clock->ahead;

    if (!clock->is_known || local >> 63 != 0) {
        return false; // Before our clock began.
    }
    *at = local;
    return true;
}
