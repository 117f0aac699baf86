// SCTP FORWARD TSN: how far the peer may skip, and which messages that takes from which stream.

#include "sctp/forward.h"

#define FORWARD_SIZE 8

struct skips {
    size_t count;
    size_t room;
    struct {
        uint16_t stream;
        uint16_t ssn;
    } at[SCTP_FORWARD_STREAMS_MAX];
};

// Notes the newest message of a stream; false where the list is full.
static bool note(struct skips *skips, const struct sctp_out *out)
{
    size_t i = 0;

    if (out->unordered) {
        return true;
    }
    while (i < skips->count && skips->at[i].stream != out->stream) {
        i++;
    }
    if (i == skips->room) {
        return false;
    }
    skips->at[i].stream = out->stream;
    skips->at[i].ssn = out->ssn;
    skips->count = i < skips->count ? skips->count : i + 1;
    return true;
}

// The last TSN in a row that was given up and whose streams fit into the list.
static uint64_t find_point(const struct sctp_tx *tx, struct skips *skips)
{
    uint64_t tsn = tx->first;

    while (tsn < tx->next) {
        const struct sctp_sent *sent = sctp_tx_at(tx, tsn);

        if (sent->state != SCTP_SENT_ABANDONED || !note(skips, sent->out)) {
            break;
        }
        tsn++;
    }
    return tsn - 1;
}

void sctp_forward_put(struct sctp_tx *tx, struct writer *w, yodel_time now)
{
    struct skips skips;
    size_t room = writer_left(w);

    if (!tx->forward_due || room < FORWARD_SIZE + 4) {
        return;
    }
    skips.count = 0;
    size_t fits = (room - FORWARD_SIZE) / 4;
    skips.room = fits < SCTP_FORWARD_STREAMS_MAX ? fits : SCTP_FORWARD_STREAMS_MAX;
    uint64_t point = find_point(tx, &skips);
    tx->forward_due = false;
    if (point < tx->first) {
        return; // Something before it is still on its way, or to be repeated.
    }
    size_t chunk = sctp_packet_begin_chunk(w, SCTP_FORWARD_TSN, 0);
    put_u32(w, (uint32_t)point);
    for (size_t i = 0; i < skips.count; i++) {
        put_u16(w, skips.at[i].stream);
        put_u16(w, skips.at[i].ssn);
    }
    sctp_packet_end_chunk(w, chunk);
    tx->forwarded = point;
    tx->forward_at = now;
    if (tx->t3 == YODEL_NEVER) {
        tx->t3 = time_after(now, tx->rto.rto); // §3.5 C4
    }
}
