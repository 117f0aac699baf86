// RTP losses: a sorted list of what is missing, and its deadlines.

#include "rtp/nack.h"

#include "base/assert.h"

#define FORGET_SHIFT 4 // A loss takes a sixteenth off the wait for the late.

void rtp_nack_init(struct rtp_nack *nack)
{
    *nack = (struct rtp_nack){0};
    nack->rtt = RTP_NACK_RTT_FIRST;
}

void rtp_nack_set_rtt(struct rtp_nack *nack, yodel_duration rtt)
{
    nack->rtt = rtt;
}

// From one asking to the next: a quarter more than the round trip, so that an answer on its way is
// not asked for twice.
static yodel_duration retry(const struct rtp_nack *nack)
{
    yodel_duration wait = nack->rtt + nack->rtt / 4;

    return wait > RTP_NACK_RETRY_MIN ? wait : RTP_NACK_RETRY_MIN;
}

// The index of the first that is missing at `seq` or above.
static size_t find_index(const struct rtp_nack *nack, uint64_t seq)
{
    size_t low = 0, high = nack->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (nack->missing[middle].seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void remove_range(struct rtp_nack *nack, size_t from, size_t to)
{
    YODEL_ASSERT(from <= to && to <= nack->count);
    memmove(&nack->missing[from], &nack->missing[to], (nack->count - to) * sizeof nack->missing[0]);
    nack->count -= to - from;
}

static void give_up(struct rtp_nack *nack, uint64_t count)
{
    nack->given_up += count;
    nack->is_key_frame_wanted = nack->is_key_frame_wanted || count > 0;
}

// All between the highest and `seq` is missing from now on.
static void open_gap(struct rtp_nack *nack, uint64_t seq, yodel_time now)
{
    uint64_t gap = seq - nack->highest - 1;

    if (gap > RTP_NACK_MISSING_MAX - nack->count) {
        give_up(nack, nack->count + gap);
        nack->count = 0;
        return;
    }
    for (uint64_t lost = nack->highest + 1; lost < seq; lost++) {
        nack->missing[nack->count++] =
            (struct rtp_nack_missing){lost, now, time_after(now, nack->reorder), 0};
    }
}

// One that came by itself tells how late they can be; after a loss, waiting was in vain.
static void learn(
    struct rtp_nack *nack, const struct rtp_nack_missing *missing, bool is_repaired, yodel_time now)
{
    yodel_duration late = now - missing->since;

    if (is_repaired || late >= nack->rtt) {
        nack->recovered++;
        nack->reorder -= nack->reorder >> FORGET_SHIFT;
        return;
    }
    nack->late++;
    if (late > nack->reorder) {
        nack->reorder = late < RTP_NACK_REORDER_MAX ? late : RTP_NACK_REORDER_MAX;
    }
}

void rtp_nack_recv(struct rtp_nack *nack, uint64_t seq, bool is_repaired, yodel_time now)
{
    if (!nack->is_started) {
        nack->is_started = true;
        nack->highest = seq;
    }
    if (seq > nack->highest) {
        open_gap(nack, seq, now);
        nack->highest = seq;
        return;
    }
    size_t index = find_index(nack, seq);
    if (index < nack->count && nack->missing[index].seq == seq) {
        learn(nack, &nack->missing[index], is_repaired, now);
        remove_range(nack, index, index + 1);
    }
}

void rtp_nack_forget_below(struct rtp_nack *nack, uint64_t seq)
{
    remove_range(nack, 0, find_index(nack, seq));
}

void rtp_nack_tick(struct rtp_nack *nack, yodel_time now)
{
    size_t kept = 0;

    for (size_t i = 0; i < nack->count; i++) {
        struct rtp_nack_missing missing = nack->missing[i];
        if (missing.tries < RTP_NACK_TRIES_MAX || now < missing.due) {
            nack->missing[kept++] = missing;
        }
    }
    give_up(nack, nack->count - kept);
    nack->count = kept;
}

static bool is_to_be_asked(const struct rtp_nack_missing *missing, yodel_time now)
{
    return missing->tries < RTP_NACK_TRIES_MAX && now >= missing->due;
}

bool rtp_nack_emit(
    struct rtp_nack *nack, struct writer *w, uint32_t sender, uint32_t ssrc, yodel_time now)
{
    uint64_t seqs[RTP_NACK_MISSING_MAX];
    size_t count = 0;

    for (size_t i = 0; i < nack->count; i++) {
        if (is_to_be_asked(&nack->missing[i], now)) {
            seqs[count++] = nack->missing[i].seq;
        }
    }
    size_t named = rtcp_put_nack(w, sender, ssrc, seqs, count);
    nack->asked += named;
    for (size_t i = 0, left = named; left > 0; i++) {
        struct rtp_nack_missing *missing = &nack->missing[i];
        if (is_to_be_asked(missing, now)) {
            missing->tries++;
            missing->due = time_after(now, retry(nack));
            left--;
        }
    }
    return named > 0;
}

bool rtp_nack_take_key_frame(struct rtp_nack *nack)
{
    bool is_wanted = nack->is_key_frame_wanted;

    nack->is_key_frame_wanted = false;
    return is_wanted;
}

yodel_time rtp_nack_next_timeout(const struct rtp_nack *nack)
{
    yodel_time due = YODEL_NEVER;

    for (size_t i = 0; i < nack->count; i++) {
        due = time_min(due, nack->missing[i].due);
    }
    return due;
}
