// RTP senders: counting.

#include "rtp/sender.h"

#include "base/assert.h"

void rtp_sender_init(struct rtp_sender *sender, uint32_t ssrc, uint32_t clock_rate)
{
    YODEL_ASSERT(clock_rate > 0);
    *sender = (struct rtp_sender){.ssrc = ssrc, .clock_rate = clock_rate};
}

void rtp_sender_sent(
    struct rtp_sender *sender, size_t payload_len, uint32_t timestamp, yodel_time captured)
{
    sender->packets++;
    sender->octets += payload_len;
    sender->timestamp = timestamp;
    sender->captured = captured;
}

bool rtp_sender_report(
    const struct rtp_sender *sender, struct rtcp_sender_info *info, yodel_time now)
{
    if (sender->packets == 0) {
        return false;
    }
    // §6.4.1: the timestamp of this very moment, not of a packet.
    yodel_duration since = time_since(now, sender->captured);
    uint64_t units = since / YODEL_SECONDS(1) * sender->clock_rate +
                     since % YODEL_SECONDS(1) * sender->clock_rate / YODEL_SECONDS(1);
    *info = (struct rtcp_sender_info){.ntp = rtp_ntp_of(now),
        .timestamp = sender->timestamp + (uint32_t)units,
        .packets = (uint32_t)sender->packets,
        .octets = (uint32_t)sender->octets};
    return true;
}
