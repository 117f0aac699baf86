// RTP history: a ring of bytes, and a ring of what lies where in it.

#include "rtp/history.h"

#include "base/assert.h"
#include "base/unwrap.h"

#define NACK_MASK_BITS 16

enum yodel_err rtp_history_init(
    struct rtp_history *history, struct alloc *alloc, size_t bytes, size_t places)
{
    YODEL_ASSERT(places > 0 && places <= UINT16_MAX && bytes <= UINT32_MAX);
    size_t table = places * sizeof(struct rtp_history_packet);
    uint8_t *block = alloc_new(alloc, table + bytes);

    if (!block) {
        return YODEL_ERR_NO_MEMORY;
    }
    *history = (struct rtp_history){.alloc = alloc,
        .packets = (struct rtp_history_packet *)(void *)block,
        .places = places,
        .room = block + table,
        .size = bytes,
        .budget = RTP_HISTORY_RESERVE};
    return YODEL_OK;
}

void rtp_history_deinit(struct rtp_history *history)
{
    alloc_free(history->alloc, history->packets);
    *history = (struct rtp_history){0};
}

void rtp_history_set_rtt(struct rtp_history *history, yodel_duration rtt)
{
    history->rtt = rtt;
}

static struct rtp_history_packet *place_of(struct rtp_history *history, uint64_t seq)
{
    return &history->packets[seq % history->places];
}

static struct rtp_history_packet *find(struct rtp_history *history, uint64_t seq)
{
    if (seq < history->first || seq >= history->end) {
        return NULL;
    }
    struct rtp_history_packet *packet = place_of(history, seq);
    YODEL_ASSERT(packet->len == 0 || packet->seq == seq);
    return packet->len > 0 ? packet : NULL;
}

static void forget_first(struct rtp_history *history)
{
    place_of(history, history->first)->len = 0;
    history->first++;
}

// Forgets the oldest as long as one of them lies in the bytes from `from` up to `to`. In the ring
// of bytes they lie in the order of their numbers.
static void clear_bytes(struct rtp_history *history, size_t from, size_t to)
{
    while (history->first < history->end) {
        const struct rtp_history_packet *packet = place_of(history, history->first);
        if (packet->len > 0 && (packet->offset >= to || packet->offset + packet->len <= from)) {
            return;
        }
        forget_first(history);
    }
}

// Makes room for `len` bytes in one piece at the head.
static void make_room(struct rtp_history *history, size_t len)
{
    if (len > history->size - history->head) {
        clear_bytes(history, history->head, history->size);
        history->head = 0;
    }
    clear_bytes(history, history->head, history->head + len);
}

// Numbers between the last and `seq` were not kept; a leap over all places begins anew.
static void extend(struct rtp_history *history, uint64_t seq)
{
    if (history->first == history->end || seq - history->end >= history->places) {
        while (history->first < history->end) {
            forget_first(history);
        }
        history->first = history->end = seq;
    }
    while (seq - history->first >= history->places) {
        forget_first(history);
    }
    for (; history->end < seq; history->end++) {
        place_of(history, history->end)->len = 0;
    }
    history->end = seq + 1;
    place_of(history, seq)->len = 0;
}

void rtp_history_put(struct rtp_history *history, uint64_t seq, struct bytes packet, yodel_time now)
{
    YODEL_ASSERT(seq >= history->end && packet.len > 0);
    history->budget += packet.len;
    if (history->budget > RTP_HISTORY_RESERVE) {
        history->budget = RTP_HISTORY_RESERVE;
    }
    if (packet.len > history->size) {
        return;
    }
    make_room(history, packet.len);
    extend(history, seq);
    memcpy(history->room + history->head, packet.ptr, packet.len);
    *place_of(history, seq) = (struct rtp_history_packet){.seq = seq,
        .offset = (uint32_t)history->head,
        .len = (uint32_t)packet.len,
        .sent = now,
        .again = now};
    history->head += packet.len;
}

// A peer asks for one. What is not there, or was just sent, it asks for in vain.
static void ask(struct rtp_history *history, uint64_t seq, yodel_time now)
{
    struct rtp_history_packet *packet = find(history, seq);

    if (!packet || now - packet->sent > RTP_HISTORY_AGE_MAX) {
        history->refused[RTP_HISTORY_GONE]++;
    } else if (packet->is_wanted || now < packet->again) {
        history->refused[RTP_HISTORY_SOON]++;
    } else if (history->wanted_count == RTP_HISTORY_WANTED_MAX) {
        history->refused[RTP_HISTORY_FULL]++;
    } else {
        size_t last = history->wanted_first + history->wanted_count++;
        history->wanted[last % RTP_HISTORY_WANTED_MAX] = seq;
        packet->is_wanted = true;
    }
}

void rtp_history_recv_nack(
    struct rtp_history *history, const struct rtcp_nack *nack, yodel_time now)
{
    uint64_t seq = unwrap_u16(history->end, nack->seq);

    ask(history, seq, now);
    for (uint32_t bit = 0; bit < NACK_MASK_BITS; bit++) {
        if ((nack->mask >> bit & 1) != 0) {
            ask(history, seq + bit + 1, now);
        }
    }
}

static bool take(struct rtp_history *history, struct rtp_history_packet *packet, yodel_time now)
{
    packet->is_wanted = false;
    if (packet->len > history->budget) {
        history->refused[RTP_HISTORY_BUDGET]++;
        return false;
    }
    yodel_duration wait =
        history->rtt > RTP_HISTORY_AGAIN_MIN ? history->rtt : RTP_HISTORY_AGAIN_MIN;
    packet->again = time_after(now, wait);
    history->budget -= packet->len;
    history->again++;
    history->again_bytes += packet->len;
    return true;
}

bool rtp_history_take(
    struct rtp_history *history, uint64_t *seq, struct bytes *packet, yodel_time now)
{
    while (history->wanted_count > 0) {
        uint64_t wanted = history->wanted[history->wanted_first];
        struct rtp_history_packet *found = find(history, wanted);
        history->wanted_first = (history->wanted_first + 1) % RTP_HISTORY_WANTED_MAX;
        history->wanted_count--;
        if (!found) {
            history->refused[RTP_HISTORY_GONE]++;
        } else if (take(history, found, now)) {
            *seq = wanted;
            *packet = bytes_of(history->room + found->offset, found->len);
            return true;
        }
    }
    return false;
}
