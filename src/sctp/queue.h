// SCTP send queues: messages wait in their streams, and streams take turns, a message at a time.
//
// A message's fragments have TSNs in a row (RFC 9260 §6.9), so that nothing can go between them:
// fairness among streams
// is by messages, and a small one waits for at most one large one of each other stream.
//
// Implements  RFC 9260 §6.9 (order of fragments), RFC 8831 §6.6 (fairness); W3C webrtc §6.2
//             (bufferedAmount)
// Not here    when something is sent (sctp/tx.h)
// Ownership   a message belongs to the send side until it is acknowledged or given up
// Limits      the send side's `limit`

#ifndef SCTP_QUEUE_H
#define SCTP_QUEUE_H

#include "sctp/tx.h"

// Copies the message. Fails with WOULD_BLOCK, TOO_LARGE, NO_MEMORY.
YODEL_MUST_USE enum yodel_err sctp_queue_add(struct sctp_tx *tx, struct sctp_stream *stream,
    uint32_t ppid, struct bytes message, const struct sctp_send_options *options);

// Lets the lifetimes of new messages begin.
void sctp_queue_see(struct sctp_tx *tx, yodel_time now);

// The message whose turn it is has been cut to its end or given up: the next stream follows.
void sctp_queue_finish(struct sctp_tx *tx);

// `len` bytes of the message wait no more, nor do `overhead` of its own.
void sctp_queue_unbuffer(struct sctp_tx *tx, struct sctp_stream *stream, const struct sctp_out *out,
    size_t len, size_t overhead);

#endif
