// SCTP acknowledgements: cumulative, in blocks, and by what they leave out.

#include "sctp/sack.h"

#include "base/assert.h"
#include "base/unwrap.h"

#define REPORTS_TO_LOSS 3

struct news {
    size_t bytes;     // Newly acknowledged.
    size_t gap_bytes; // Of these, by gap blocks.
    uint64_t highest; // The highest TSN newly acknowledged by a gap block.
    bool has_advanced;
};

static void measure(struct sctp_tx *tx, uint64_t tsn, yodel_time now)
{
    if (tsn == tx->timed_tsn) {
        sctp_rto_measure(&tx->rto, time_since(now, tx->timed_at));
        tx->timed_tsn = 0;
    }
}

static void advance(struct sctp_tx *tx, uint64_t cumulative, struct news *news, yodel_time now)
{
    while (tx->first <= cumulative) {
        const struct sctp_sent *sent = sctp_tx_at(tx, tx->first);

        if (sent->state == SCTP_SENT_IN_FLIGHT || sent->state == SCTP_SENT_LOST) {
            news->bytes += sent->len;
            measure(tx, tx->first, now);
        }
        sctp_tx_pop_first(tx);
        news->has_advanced = true;
    }
}

static void acknowledge(struct sctp_tx *tx, uint64_t tsn, struct news *news, yodel_time now)
{
    struct sctp_sent *sent = sctp_tx_at(tx, tsn);

    if (sent->state != SCTP_SENT_IN_FLIGHT && sent->state != SCTP_SENT_LOST) {
        return;
    }
    sctp_tx_leave_flight(tx, sent);
    sent->state = SCTP_SENT_ACKED;
    measure(tx, tsn, now);
    news->bytes += sent->len;
    news->gap_bytes += sent->len;
    news->highest = tsn;
}

// Runs that were known before are stepped over, so that repeating a block costs nothing.
static void acknowledge_block(
    struct sctp_tx *tx, uint64_t first, uint64_t last, struct news *news, yodel_time now)
{
    uint64_t tsn = first;

    while (tsn <= last) {
        uint32_t known = sctp_tx_at(tx, tsn)->acked_run;

        if (known > 0) {
            tsn += known;
            continue;
        }
        acknowledge(tx, tsn, news, now);
        tsn++;
    }
    uint32_t run = (uint32_t)(last - first + 1);
    struct sctp_sent *start = sctp_tx_at(tx, first);
    start->acked_run = start->acked_run > run ? start->acked_run : run;
}

// X13: a block that goes back, overlaps or acknowledges what was never sent ends the list.
static void acknowledge_blocks(
    struct sctp_tx *tx, const struct sctp_sack *sack, struct news *news, yodel_time now)
{
    uint64_t cumulative = tx->first - 1;
    uint64_t free_from =
        tx->first + 1; // The TSN after the cumulative one is missing, or it would be that.

    for (size_t i = 0; i < sack->gap_count; i++) {
        uint64_t first = cumulative + sctp_chunk_load_u16(sack->gaps + 4 * i);
        uint64_t last = cumulative + sctp_chunk_load_u16(sack->gaps + 4 * i + 2);

        if (first < free_from || last < first || last >= tx->next) {
            return;
        }
        acknowledge_block(tx, first, last, news, now);
        free_from = last + 1;
    }
}

// §7.2.4: a hole below what newly arrived is reported missing, and is lost at the third report.
// Reports never decrease from one hole to the one below it, so that all below `reports_from` have
// had theirs.
static void report_missing(struct sctp_tx *tx, const struct news *news)
{
    size_t packets = news->gap_bytes / tx->cc.mtu;
    uint8_t reports = (uint8_t)(packets < 1                 ? 1
                                : packets > REPORTS_TO_LOSS ? REPORTS_TO_LOSS
                                                            : packets);
    uint64_t tsn = tx->reports_from > tx->first ? tx->reports_from : tx->first;
    uint64_t still = news->highest;
    bool has_lost = false;

    for (; tsn < news->highest; tsn++) {
        struct sctp_sent *sent = sctp_tx_at(tx, tsn);

        if (sent->state != SCTP_SENT_IN_FLIGHT) {
            continue;
        }
        sent->missing = (uint8_t)(sent->missing + reports);
        if (sent->missing >= REPORTS_TO_LOSS) {
            sctp_tx_mark_lost(tx, tsn);
            has_lost = true;
        } else if (tsn < still) {
            still = tsn;
        }
    }
    tx->reports_from = still;
    if (has_lost && sctp_cc_on_loss(&tx->cc, tx->next - 1)) {
        tx->send_one = true;
    }
}

static void restart_timer(struct sctp_tx *tx, const struct news *news, yodel_time now)
{
    if (news->bytes > 0 || news->has_advanced) {
        tx->timeouts = 0;
        sctp_rto_recover(&tx->rto);
    }
    if (tx->first == tx->next) {
        tx->t3 = YODEL_NEVER; // §6.3.2 R2
    } else if (news->has_advanced) {
        tx->t3 = time_after(now, tx->rto.rto); // §6.3.2 R3
    }
}

// RFC 3758 §3.5 C3: while the peer has not passed what we gave up, it is told again, but not more
// than once a round trip.
static void remind(struct sctp_tx *tx, yodel_time now)
{
    if (tx->abandoned_count > 0 && sctp_tx_at(tx, tx->first)->state == SCTP_SENT_ABANDONED &&
        (tx->forwarded < tx->first || time_since(now, tx->forward_at) > tx->rto.srtt)) {
        tx->forward_due = true;
    }
}

static void conclude(
    struct sctp_tx *tx, const struct news *news, size_t flight_before, yodel_time now)
{
    if (news->bytes > 0) {
        sctp_cc_on_ack(&tx->cc, news->bytes, flight_before, tx->first - 1);
    }
    if (news->gap_bytes > 0) {
        report_missing(tx, news);
    }
    restart_timer(tx, news, now);
    remind(tx, now);
}

bool sctp_sack_recv(struct sctp_tx *tx, const struct sctp_sack *sack, yodel_time now)
{
    uint64_t cumulative = unwrap_u32(tx->first - 1, sack->cumulative_tsn);
    size_t flight_before = tx->flight;
    struct news news = {0};

    if (cumulative >= tx->next) {
        return false;
    }
    if (cumulative + 1 < tx->first) {
        return true; // §6.2.1 i: an old one.
    }
    advance(tx, cumulative, &news, now);
    acknowledge_blocks(tx, sack, &news, now);
    tx->peer_window = sack->a_rwnd;
    conclude(tx, &news, flight_before, now);
    if (sack->a_rwnd == 0) {
        tx->timeouts =
            0; // §6.1 A: who answers a probe is alive, however long its window stays closed.
    }
    return true;
}

bool sctp_sack_recv_cumulative(struct sctp_tx *tx, uint32_t wire, yodel_time now)
{
    uint64_t cumulative = unwrap_u32(tx->first - 1, wire);
    size_t flight_before = tx->flight;
    struct news news = {0};

    if (cumulative >= tx->next) {
        return false;
    }
    if (cumulative + 1 >= tx->first) {
        advance(tx, cumulative, &news, now);
        conclude(tx, &news, flight_before, now);
    }
    return true;
}
