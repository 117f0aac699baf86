// NTP time, as RTCP has it, and RTP's timestamps: how they go together with our clock.
//
// Implements  RFC 3550 §4 (the formats; a clock since some moment will do), §6.4.1 (round trips);
//             RFC 3611 §4.5 (the same for receivers)
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      a round trip of more than RTP_NTP_RTT_MAX, or less than nothing, is a lie

#ifndef RTP_NTP_H
#define RTP_NTP_H

#include <stdbool.h>

#include "base/time.h"
#include "rtp/rtcp.h"

#define RTP_NTP_RTT_MAX YODEL_SECONDS(60)
#define RTP_NTP_STEP_MAX YODEL_SECONDS(10) // A clock that seems later by more was set anew.

// 32.32 seconds, of our clock.
uint64_t rtp_ntp_of(yodel_time at);

// Microseconds, for differences; a whole era is 4.3e15 of them.
uint64_t rtp_ntp_us(uint64_t ntp);

// Units of an RTP timestamp in `elapsed`.
uint64_t rtp_ntp_units(yodel_duration elapsed, uint32_t clock_rate);

// The middle 32 bits: 16.16 seconds.
static inline uint32_t rtp_ntp_middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

// The echo of what said `ntp` and came at `arrival`; nothing came where `ntp` is 0.
struct rtcp_echo rtp_ntp_echo(uint64_t ntp, yodel_time arrival, yodel_time now);

// The round trip that the echo of one of our reports measures. False: it measures none (C12).
bool rtp_ntp_rtt(const struct rtcp_echo *echo, yodel_time now, yodel_duration *rtt);

// How a sender's clock goes together with ours: the least of what its reports took, so that a late
// one moves nothing. One for all streams of one sender, or they would not be in sync. Zeroed, it
// knows nothing.
struct rtp_ntp_clock {
    bool is_known;
    uint64_t ahead; // Ours less the sender's, the least transit included; it may wrap.
};

void rtp_ntp_clock_recv(struct rtp_ntp_clock *clock, uint64_t ntp, yodel_time now);

// When, by our clock, what the sender's clock calls `ntp` would have come without delay but the
// least.
bool rtp_ntp_clock_local(const struct rtp_ntp_clock *clock, uint64_t ntp, yodel_time *at);

#endif
