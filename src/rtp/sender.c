// RTP senders: counting, and answering no faster than is good.

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
    uint64_t since = rtp_ntp_units(time_since(now, sender->captured), sender->clock_rate);
    *info = (struct rtcp_sender_info){.ntp = rtp_ntp_of(now),
        .timestamp = sender->timestamp + (uint32_t)since,
        .packets = (uint32_t)sender->packets,
        .octets = (uint32_t)sender->octets};
    return true;
}

void rtp_sender_recv_pli(struct rtp_sender *sender)
{
    sender->key_requests++;
    sender->is_key_wanted = true;
}

void rtp_sender_recv_fir(struct rtp_sender *sender, uint8_t fir_seq)
{
    if (sender->has_fir && sender->fir_seq == fir_seq) {
        return;
    }
    sender->has_fir = true;
    sender->fir_seq = fir_seq;
    rtp_sender_recv_pli(sender);
}

bool rtp_sender_take_key(struct rtp_sender *sender, yodel_time now)
{
    if (!sender->is_key_wanted || now < sender->key_due) {
        return false;
    }
    sender->is_key_wanted = false;
    sender->key_due = time_after(now, RTP_SENDER_KEY_INTERVAL);
    sender->key_frames++;
    return true;
}

yodel_time rtp_sender_next_timeout(const struct rtp_sender *sender)
{
    return sender->is_key_wanted ? sender->key_due : YODEL_NEVER;
}
