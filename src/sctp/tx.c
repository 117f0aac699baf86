// SCTP send side: the ring of what is on its way, giving up, cutting chunks, and the T3 timer.

#include "sctp/tx.h"

#include "base/assert.h"
#include "base/unwrap.h"
#include "sctp/queue.h"

#define RING_FIRST 32
#define FRAGMENT_MIN 256 // A message is not cut just to fill less than this at the end of a packet.

void sctp_tx_init(struct sctp_tx *tx, const struct env *env, struct sctp_streams *streams,
    uint32_t first_tsn, size_t mtu, size_t limit)
{
    *tx = (struct sctp_tx){.env = env, .streams = streams, .limit = limit, .t3 = YODEL_NEVER};
    tx->first = tx->next = unwrap_start_u32(first_tsn);
    tx->lost_from = tx->reports_from = tx->first;
    tx->forwarded = tx->first - 1;
    tx->stream_count = SCTP_STREAMS_MAX;
    sctp_cc_init(&tx->cc, mtu - SCTP_HEADER_SIZE);
    sctp_rto_init(&tx->rto);
}

void sctp_tx_start(struct sctp_tx *tx, uint32_t window, uint32_t stream_count, bool may_abandon)
{
    tx->peer_window = window;
    tx->stream_count = stream_count;
    tx->may_abandon = may_abandon;
}

static void free_out(struct sctp_tx *tx, struct sctp_out *out)
{
    alloc_free(tx->env->alloc, out);
}

void sctp_tx_deinit(struct sctp_tx *tx)
{
    struct sctp_out *last = NULL;

    // A message that is being cut is in the ring and in its stream: the stream frees it.
    for (uint64_t tsn = tx->first; tsn < tx->next; tsn++) {
        struct sctp_out *out = sctp_tx_at(tx, tsn)->out;

        if (out != last && (out->sent == out->len || out->abandoned)) {
            free_out(tx, last);
            last = out;
        }
    }
    free_out(tx, last);
    for (struct sctp_stream *stream = tx->turn_head; stream; stream = stream->next_turn) {
        while (stream->head) {
            struct sctp_out *next = stream->head->next;

            free_out(tx, stream->head);
            stream->head = next;
        }
    }
    alloc_free(tx->env->alloc, tx->ring);
}

bool sctp_tx_is_empty(const struct sctp_tx *tx)
{
    return !tx->turn_head && tx->first == tx->next;
}

// ---- the ring

static bool reserve_sent(struct sctp_tx *tx)
{
    if (tx->next - tx->first < tx->ring_size) {
        return true;
    }
    size_t size = tx->ring_size == 0 ? RING_FIRST : 2 * tx->ring_size;
    struct sctp_sent *ring =
        size > SCTP_TX_RING_MAX ? NULL : alloc_new(tx->env->alloc, size * sizeof *ring);
    if (!ring) {
        return false;
    }
    for (uint64_t tsn = tx->first; tsn < tx->next; tsn++) {
        ring[tsn & (size - 1)] = *sctp_tx_at(tx, tsn);
    }
    alloc_free(tx->env->alloc, tx->ring);
    tx->ring = ring;
    tx->ring_size = size;
    return true;
}

static struct sctp_sent *push(struct sctp_tx *tx, struct sctp_out *out, size_t len)
{
    struct sctp_sent *sent = sctp_tx_at(tx, tx->next);

    YODEL_ASSERT(tx->next - tx->first < tx->ring_size);
    if (out->count == 0) {
        out->first_tsn = tx->next;
    }
    *sent = (struct sctp_sent){.out = out, .offset = (uint32_t)out->sent, .len = (uint16_t)len};
    out->count++;
    out->unfinished++;
    tx->next++;
    return sent;
}

void sctp_tx_leave_flight(struct sctp_tx *tx, struct sctp_sent *sent)
{
    if (sent->state == SCTP_SENT_IN_FLIGHT) {
        YODEL_ASSERT(tx->flight >= sent->len);
        tx->flight -= sent->len;
    } else if (sent->state == SCTP_SENT_LOST) {
        tx->lost_count--;
    }
}

void sctp_tx_mark_lost(struct sctp_tx *tx, uint64_t tsn)
{
    struct sctp_sent *sent = sctp_tx_at(tx, tsn);

    sctp_tx_leave_flight(tx, sent);
    sent->state = SCTP_SENT_LOST;
    sent->acked_run = 0;
    tx->lost_count++;
    tx->lost_from = tsn < tx->lost_from ? tsn : tx->lost_from;
    if (tsn == tx->timed_tsn) {
        tx->timed_tsn = 0; // §6.3.1 C5: Karn's rule.
    }
}

void sctp_tx_pop_first(struct sctp_tx *tx)
{
    struct sctp_sent *sent = sctp_tx_at(tx, tx->first);
    struct sctp_out *out = sent->out;

    sctp_tx_leave_flight(tx, sent);
    tx->abandoned_count -= sent->state == SCTP_SENT_ABANDONED;
    tx->first++;
    if (--out->unfinished == 0 && (out->sent == out->len || out->abandoned)) {
        free_out(tx, out);
    }
}

// ---- abandoning, RFC 3758 §3.5

// Gives up what has not been sent of the message at the head of its stream.
static void drop_rest(struct sctp_tx *tx, struct sctp_out *out)
{
    struct sctp_stream *stream = tx->turn_head;

    YODEL_ASSERT(stream->head == out);
    sctp_queue_finish(tx);
    sctp_queue_unbuffer(tx, stream, out, out->len - out->sent, SCTP_TX_OVERHEAD);
}

void sctp_tx_abandon(struct sctp_tx *tx, struct sctp_out *out)
{
    bool is_cut = out->sent == out->len;

    YODEL_ASSERT(!out->abandoned);
    if (out->count == 0) {
        drop_rest(tx, out); // No number was given to it: the peer never knows.
        free_out(tx, out);
        return;
    }
    if (!is_cut) {
        // What has been sent may all be acknowledged already: a TSN of its own, never sent, is what
        // the peer can be told to skip.
        if (!reserve_sent(tx)) {
            return;
        }
        push(tx, out, 0)->state = SCTP_SENT_LOST;
        tx->lost_count++;
        drop_rest(tx, out);
    }
    out->abandoned = true;
    for (uint64_t tsn = out->first_tsn; tsn < out->first_tsn + out->count; tsn++) {
        if (tsn < tx->first) {
            continue;
        }
        struct sctp_sent *sent = sctp_tx_at(tx, tsn);
        sctp_tx_leave_flight(tx, sent);
        sent->state = SCTP_SENT_ABANDONED;
        tx->abandoned_count++;
        if (tsn == tx->timed_tsn) {
            tx->timed_tsn = 0;
        }
    }
    tx->forward_due = true;
}

static bool is_given_up(const struct sctp_tx *tx, const struct sctp_sent *sent, yodel_time now)
{
    const struct sctp_out *out = sent->out;

    return tx->may_abandon && (now >= out->expires || (out->max_retransmits != SCTP_TX_ALWAYS &&
                                                          sent->times > out->max_retransmits));
}

// ---- writing

static bool window_allows(const struct sctp_tx *tx, size_t len)
{
    // §6.1 A: with nothing in flight, one chunk may always go, and probes a closed window.
    return tx->flight == 0 || (tx->flight + len <= tx->peer_window && tx->flight < tx->cc.window);
}

bool sctp_tx_wants(const struct sctp_tx *tx)
{
    return (tx->lost_count > 0 || tx->turn_head) && window_allows(tx, 1);
}

static void put_chunk(struct sctp_tx *tx, struct writer *w, uint64_t tsn, yodel_time now)
{
    struct sctp_sent *sent = sctp_tx_at(tx, tsn);
    struct sctp_out *out = sent->out;
    bool begins = sent->offset == 0;
    bool ends = sent->offset + sent->len == out->len;

    sctp_chunk_put_data(
        w, &(struct sctp_data){
               .flags = (uint8_t)((begins ? SCTP_DATA_BEGIN : 0) | (ends ? SCTP_DATA_END : 0) |
                                  (out->unordered ? SCTP_DATA_UNORDERED : 0)),
               .stream = out->stream,
               .ssn = out->ssn,
               .tsn = (uint32_t)tsn,
               .ppid = out->ppid,
               .user = bytes_of(out->data + sent->offset, sent->len)});
    sent->state = SCTP_SENT_IN_FLIGHT;
    sent->times = (uint16_t)(sent->times + (sent->times < UINT16_MAX));
    tx->flight += sent->len;
    tx->bytes_sent += sent->len;
    tx->last_sent = now;
    if (tx->t3 == YODEL_NEVER) {
        tx->t3 = time_after(now, tx->rto.rto); // §6.3.2 R1
    }
}

static uint64_t next_lost(const struct sctp_tx *tx)
{
    uint64_t tsn = tx->lost_from > tx->first ? tx->lost_from : tx->first;

    while (sctp_tx_at(tx, tsn)->state != SCTP_SENT_LOST) {
        tsn++;
        YODEL_ASSERT(tsn < tx->next);
    }
    return tsn;
}

static size_t chunk_size(const struct sctp_sent *sent)
{
    return SCTP_DATA_HEADER_SIZE + ((sent->len + (size_t)3) & ~(size_t)3);
}

size_t sctp_tx_least_room(const struct sctp_tx *tx)
{
    return tx->lost_count > 0 ? chunk_size(sctp_tx_at(tx, next_lost(tx))) : 0;
}

static void put_lost(struct sctp_tx *tx, struct writer *w, yodel_time now)
{
    while (tx->lost_count > 0) {
        uint64_t tsn = next_lost(tx);
        struct sctp_sent *sent = sctp_tx_at(tx, tsn);

        tx->lost_from = tsn;
        if (is_given_up(tx, sent, now)) {
            sctp_tx_abandon(tx, sent->out);
            if (sctp_tx_at(tx, tsn)->state == SCTP_SENT_LOST) {
                return; // No memory to give it up with: later.
            }
            continue;
        }
        if (writer_left(w) < chunk_size(sent) || (!tx->send_one && !window_allows(tx, sent->len))) {
            return;
        }
        tx->lost_count--;
        tx->chunks_repeated++;
        put_chunk(tx, w, tsn, now);
    }
}

static struct sctp_out *next_message(struct sctp_tx *tx, yodel_time now)
{
    while (tx->turn_head) {
        struct sctp_out *out = tx->turn_head->head;

        if (YODEL_UNLIKELY(out->stream >= tx->stream_count)) {
            sctp_tx_abandon(tx, out); // The peer has no such stream.
            continue;
        }
        if (now < out->expires || (out->count > 0 && !tx->may_abandon)) {
            return out;
        }
        size_t unsent = tx->waiting;
        sctp_tx_abandon(tx, out);
        if (tx->waiting == unsent) {
            return NULL;
        }
    }
    return NULL;
}

static void cut(struct sctp_tx *tx, struct sctp_out *out, size_t len)
{
    struct sctp_stream *stream = tx->turn_head;

    if (out->count == 0 && !out->unordered) {
        out->ssn = stream->ssn_out++;
    }
    push(tx, out, len);
    out->sent += len;
    bool is_cut = out->sent == out->len;
    if (is_cut) {
        sctp_queue_finish(tx);
    }
    sctp_queue_unbuffer(tx, stream, out, len, is_cut ? SCTP_TX_OVERHEAD : 0);
}

// How much of `left` bytes to put into the packet; 0: nothing, begin another packet.
static size_t fragment_len(const struct writer *w, size_t left)
{
    size_t room = writer_left(w);

    if (room < SCTP_DATA_HEADER_SIZE + 4) {
        return 0;
    }
    room = (room - SCTP_DATA_HEADER_SIZE) & ~(size_t)3;
    if (left <= room) {
        return left;
    }
    return room < FRAGMENT_MIN && w->len > SCTP_HEADER_SIZE ? 0 : room;
}

static void put_new(struct sctp_tx *tx, struct writer *w, yodel_time now)
{
    struct sctp_out *out;

    while ((out = next_message(tx, now))) {
        size_t len = fragment_len(w, out->len - out->sent);

        if (len == 0 || !window_allows(tx, len) || !reserve_sent(tx)) {
            return;
        }
        if (tx->timed_tsn == 0) {
            tx->timed_tsn = tx->next;
            tx->timed_at = now;
        }
        uint64_t tsn = tx->next;
        cut(tx, out, len);
        put_chunk(tx, w, tsn, now);
    }
}

void sctp_tx_put_data(struct sctp_tx *tx, struct writer *w, yodel_time now)
{
    size_t before = w->len;

    sctp_queue_see(tx, now);
    if (tx->first == tx->next && tx->turn_head && tx->last_sent != 0 &&
        time_since(now, tx->last_sent) > tx->rto.rto) {
        sctp_cc_on_idle(&tx->cc);
    }
    put_lost(tx, w, now);
    if (tx->lost_count == 0) { // §6.1 C: what is repeated goes first.
        put_new(tx, w, now);
    }
    if (w->len > before) {
        tx->send_one = false;
    }
}

// ---- T3, §6.3.3

// A peer may take back what gap blocks acknowledged (§6.2.1): silence twice over, or
// with nothing else to repeat, is taken as that.
static void forget_gap_blocks(struct sctp_tx *tx)
{
    for (uint64_t tsn = tx->first; tsn < tx->next; tsn++) {
        sctp_tx_at(tx, tsn)->acked_run = 0;
        if (sctp_tx_at(tx, tsn)->state == SCTP_SENT_ACKED) {
            sctp_tx_mark_lost(tx, tsn);
        }
    }
}

void sctp_tx_tick(struct sctp_tx *tx, yodel_time now)
{
    if (now < tx->t3) {
        return;
    }
    // A closed window that is being probed says nothing about congestion.
    bool probes = tx->peer_window == 0 && tx->flight <= tx->cc.mtu;

    tx->t3 = YODEL_NEVER;
    tx->timeouts++;
    tx->reports_from = tx->first;
    for (uint64_t tsn = tx->first; tsn < tx->next; tsn++) {
        struct sctp_sent *sent = sctp_tx_at(tx, tsn);

        sent->missing = 0;
        if (sent->state == SCTP_SENT_IN_FLIGHT) {
            sctp_tx_mark_lost(tx, tsn);
        }
    }
    if (tx->timeouts > 1 || tx->lost_count + tx->abandoned_count == 0) {
        forget_gap_blocks(tx);
    }
    if (!probes) {
        sctp_cc_on_timeout(&tx->cc);
    }
    sctp_rto_back_off(&tx->rto);
    tx->forward_due = tx->abandoned_count > 0;
    tx->send_one = false;
    tx->timed_tsn = 0;
}

// What is not late may be on its way. Where T3 does not run, nothing is.
void sctp_tx_hurry(struct sctp_tx *tx, bool is_all_lost, yodel_time now)
{
    bool is_late =
        tx->rto.srtt > 0 && time_after(now, tx->rto.rto) >= time_after(tx->t3, 2 * tx->rto.srtt);

    if (tx->t3 != YODEL_NEVER && (is_all_lost || is_late)) {
        sctp_rto_recover(&tx->rto);
        tx->t3 = now;
        sctp_tx_tick(tx, now);
    }
}
