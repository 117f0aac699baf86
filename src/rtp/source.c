// RTP sources: RFC 3550's Appendix A, with numbers that never wrap.

#include "rtp/source.h"

#include "base/assert.h"
#include "base/unwrap.h"

#define FIRST_CYCLE ((uint64_t)1 << 16) // base/unwrap.h begins one turn up; reports do not.
#define LOST_MAX 0x7fffff
#define LOST_MIN (-0x800000)
#define LIE_S 5 // Two transits that differ by so many seconds are no jitter.

void rtp_source_init(struct rtp_source *source, uint32_t ssrc, uint32_t clock_rate)
{
    YODEL_ASSERT(clock_rate > 0);
    *source = (struct rtp_source){.ssrc = ssrc, .clock_rate = clock_rate};
}

// P4: a timestamp that always leaps back must not come below nothing.
static uint64_t unwrap_timestamp(const struct rtp_source *source, uint32_t wire)
{
    uint64_t timestamp = unwrap_u32(source->timestamp, wire);
    bool is_known = source->timestamp > 0 && timestamp >> 63 == 0;

    return is_known ? timestamp : unwrap_start_u32(wire);
}

static void begin(struct rtp_source *source, uint64_t seq)
{
    source->base = source->highest = seq;
    source->received = source->received_before = source->expected_before = 0;
    source->resume = 0;
}

// §A.1, update_seq. Says whether the packet is taken, and unwraps its number.
static bool take_seq(struct rtp_source *source, uint16_t wire, uint64_t *seq)
{
    if (!source->is_started) {
        source->is_started = true;
        begin(source, unwrap_start_u16(wire));
    }
    uint16_t forward = (uint16_t)(wire - (uint16_t)source->highest);
    uint16_t back = (uint16_t)-forward;
    if (forward < RTP_SOURCE_DROPOUT_MAX) {
        source->is_valid = source->is_valid || forward == 1;
        source->highest += forward;
        *seq = source->highest;
    } else if (back < RTP_SOURCE_MISORDER_MAX) {
        *seq = source->highest - back; // Above 0: the first is a turn up.
    } else if (source->resume == source->highest + forward) {
        begin(source, source->resume); // Two in sequence: the other side began anew.
        *seq = source->highest;
    } else {
        source->resume = source->highest + forward + 1;
        source->leaps++;
        return false;
    }
    source->received++;
    return true;
}

// §A.8. A transit that is no transit, because the timestamps leap, only begins the next difference.
static void measure_jitter(struct rtp_source *source, uint32_t timestamp, yodel_time now)
{
    uint32_t transit = (uint32_t)rtp_ntp_units(now, source->clock_rate) - timestamp;
    uint32_t difference = transit - source->transit;
    uint32_t distance = difference >> 31 != 0 ? 0 - difference : difference;

    source->transit = transit;
    if (source->packets > 1 && distance < (uint64_t)LIE_S * source->clock_rate) {
        source->jitter += distance - ((source->jitter + 8) >> 4);
    }
}

bool rtp_source_recv(struct rtp_source *source, const struct rtp_packet *packet,
    struct rtp_place *place, yodel_time now)
{
    uint64_t highest = source->highest;
    struct rtp_place taken;

    if (!take_seq(source, packet->seq, &taken.seq)) {
        return false;
    }
    taken.timestamp = unwrap_timestamp(source, packet->timestamp);
    if (taken.seq > highest) {
        source->timestamp = taken.timestamp;
    }
    source->packets++;
    source->octets += packet->payload.len;
    measure_jitter(source, packet->timestamp, now);
    *place = taken;
    return true;
}

bool rtp_source_find(
    const struct rtp_source *source, const struct rtp_packet *packet, struct rtp_place *place)
{
    if (!source->is_started) {
        return false;
    }
    *place = (struct rtp_place){
        unwrap_u16(source->highest, packet->seq), unwrap_timestamp(source, packet->timestamp)};
    return true;
}

void rtp_source_recv_info(
    struct rtp_source *source, const struct rtcp_sender_info *info, yodel_time now)
{
    source->info = *info;
    source->info_timestamp = unwrap_timestamp(source, info->timestamp);
    source->info_arrival = now;
    if (!source->is_started) {
        source->timestamp = source->info_timestamp; // What comes first is near it.
    }
}

bool rtp_source_has_news(const struct rtp_source *source)
{
    return source->is_valid && source->received > source->received_before;
}

// §A.3.
static int32_t lost_of(const struct rtp_source *source, uint64_t expected)
{
    int64_t lost = (int64_t)(expected - source->received);

    return (int32_t)(lost > LOST_MAX ? LOST_MAX : lost < LOST_MIN ? LOST_MIN : lost);
}

static uint8_t fraction_of(const struct rtp_source *source, uint64_t expected)
{
    uint64_t interval = expected - source->expected_before;
    int64_t lost = (int64_t)(interval - (source->received - source->received_before));

    if (interval == 0 || lost <= 0) {
        return 0;
    }
    uint64_t fraction = ((uint64_t)lost << 8) / interval;
    return fraction > UINT8_MAX ? UINT8_MAX : (uint8_t)fraction;
}

void rtp_source_report(struct rtp_source *source, struct rtcp_report *report, yodel_time now)
{
    uint64_t expected = source->highest - source->base + 1;

    *report = (struct rtcp_report){.fraction_lost = fraction_of(source, expected),
        .lost = lost_of(source, expected),
        .highest_seq = (uint32_t)(source->highest - FIRST_CYCLE),
        .jitter = source->jitter >> 4,
        .echo = rtp_ntp_echo(source->info.ntp, source->info_arrival, now)};
    source->expected_before = expected;
    source->received_before = source->received;
}

bool rtp_source_captured(const struct rtp_source *source, uint64_t timestamp, uint64_t *ntp)
{
    int64_t after = (int64_t)(timestamp - source->info_timestamp);
    int64_t most = (int64_t)source->clock_rate * RTP_SOURCE_SYNC_MAX_S;

    if (source->info.ntp == 0 || after > most || after < -most) {
        return false;
    }
    *ntp = source->info.ntp + (uint64_t)(after * ((int64_t)1 << 32) / source->clock_rate);
    return true;
}

yodel_duration rtp_source_jitter(const struct rtp_source *source)
{
    return (uint64_t)(source->jitter >> 4) * YODEL_SECONDS(1) / source->clock_rate;
}
