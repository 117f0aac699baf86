// SCTP send queues: a list of messages for each stream, and a ring of the streams that have some.

#include "sctp/queue.h"

#include "base/assert.h"

static void join_turn(struct sctp_tx *tx, struct sctp_stream *stream)
{
    stream->next_turn = NULL;
    stream->in_turn = true;
    if (tx->turn_tail) {
        tx->turn_tail->next_turn = stream;
    } else {
        tx->turn_head = stream;
    }
    tx->turn_tail = stream;
}

static void leave_turn(struct sctp_tx *tx)
{
    struct sctp_stream *stream = tx->turn_head;

    tx->turn_head = stream->next_turn;
    if (!tx->turn_head) {
        tx->turn_tail = NULL;
    }
    stream->in_turn = false;
}

enum yodel_err sctp_queue_add(struct sctp_tx *tx, struct sctp_stream *stream, uint32_t ppid,
    struct bytes message, const struct sctp_send_options *options)
{
    if (message.len > UINT32_MAX - SCTP_TX_OVERHEAD) {
        return YODEL_ERR_TOO_LARGE;
    }
    if (tx->waiting > 0 && tx->waiting + message.len + SCTP_TX_OVERHEAD > tx->limit) {
        stream->was_refused = tx->has_refused = true;
        return YODEL_ERR_WOULD_BLOCK;
    }
    struct sctp_out *out = alloc_resize(tx->env->alloc, NULL, sizeof *out + message.len);
    if (!out) {
        return YODEL_ERR_NO_MEMORY;
    }
    *out = (struct sctp_out){.ppid = ppid,
        .max_retransmits = options->has_max_retransmits ? options->max_retransmits : SCTP_TX_ALWAYS,
        .stream = stream->id,
        .unordered = options->unordered,
        .uncounted = options->uncounted,
        .lifetime = options->has_max_lifetime ? options->max_lifetime : YODEL_NEVER,
        .expires = YODEL_NEVER,
        .len = message.len};
    memcpy(out->data, message.ptr, message.len);
    if (options->has_max_lifetime) {
        out->next_unseen = tx->unseen;
        tx->unseen = out;
    }
    if (stream->head) {
        stream->tail->next = out;
    } else {
        stream->head = out;
        join_turn(tx, stream);
    }
    stream->tail = out;
    stream->buffered += out->uncounted ? 0 : message.len;
    tx->waiting += message.len + SCTP_TX_OVERHEAD;
    return YODEL_OK;
}

void sctp_queue_see(struct sctp_tx *tx, yodel_time now)
{
    for (; tx->unseen; tx->unseen = tx->unseen->next_unseen) {
        tx->unseen->expires = time_after(now, tx->unseen->lifetime);
    }
}

// Whoever was refused is told when half of the limit is free again, whatever its own threshold.
static void tell_refused(struct sctp_tx *tx)
{
    tx->has_refused = false;
    for (uint32_t id = 0; id <= UINT16_MAX; id++) {
        struct sctp_stream *stream = sctp_streams_find(tx->streams, (uint16_t)id);

        if (!stream) {
            id |= SCTP_STREAM_PAGE - 1;
        } else if (stream->was_refused) {
            stream->was_refused = false;
            sctp_streams_tell(tx->streams, stream, SCTP_STREAM_BUFFERED_LOW);
        }
    }
}

void sctp_queue_unbuffer(struct sctp_tx *tx, struct sctp_stream *stream, const struct sctp_out *out,
    size_t len, size_t overhead)
{
    size_t before = stream->buffered;
    size_t counted = out->uncounted ? 0 : len;

    YODEL_ASSERT(before >= counted && tx->waiting >= len + overhead);
    stream->buffered -= counted;
    tx->waiting -= len + overhead;
    if (before > stream->low_threshold && stream->buffered <= stream->low_threshold) {
        sctp_streams_tell(tx->streams, stream, SCTP_STREAM_BUFFERED_LOW);
    }
    if (YODEL_UNLIKELY(tx->has_refused) && tx->waiting <= tx->limit / 2) {
        tell_refused(tx);
    }
}

void sctp_queue_finish(struct sctp_tx *tx)
{
    struct sctp_stream *stream = tx->turn_head;

    stream->head = stream->head->next;
    leave_turn(tx);
    if (stream->head) {
        join_turn(tx, stream);
    }
}
