// SCTP stream reset: how a stream, and with it a data channel, ends or begins anew.
//
// Our half: a stream that is to be reset takes no more messages; once those it has are sent, a
// request names it, and the
// response lets its numbers begin at 0 again. The peer's half: a request is performed when
// everything sent before it
// has arrived, and until then is answered "in progress".
//
// Implements  RFC 6525 §3 (chunk), §4.1 (outgoing SSN reset), §4.4 (response), §5.1, §5.2.1,
//             §5.2.2, §5.2.7; RFC 8831 §6.7
// Not here    what a reset means for a data channel (src/dcep)
// Departs     requests to reset our outgoing streams, to reset TSNs and to add streams are denied:
//             no data channel needs them. §5.1.1's request is repeated under a new number after "in
//             progress", as peers expect that keep the old number's answer
// Limits      one request of ours at a time, of at most SCTP_RESET_STREAMS_MAX streams;
//             SCTP_RESET_PARAMS_MAX parameters of a chunk are looked at, which is what §3.1 allows

#ifndef SCTP_RESET_H
#define SCTP_RESET_H

#include "base/time.h"
#include "sctp/chunk.h"
#include "sctp/stream.h"

#define SCTP_RESET_STREAMS_MAX 128
#define SCTP_RESET_PARAMS_MAX 2

enum sctp_reset_result { // §4.4
    SCTP_RESET_NOTHING_TO_DO = 0,
    SCTP_RESET_PERFORMED = 1,
    SCTP_RESET_DENIED = 2,
    SCTP_RESET_BAD_SEQUENCE = 5,
    SCTP_RESET_IN_PROGRESS = 6,
};

struct sctp;

struct sctp_reset {
    // Ours.
    struct sctp_stream *wanted_head; // Streams to reset that no request names yet.
    struct sctp_stream *wanted_tail;
    uint32_t next_seq;
    bool is_asking;
    bool is_due;         // To be sent, for the first time or again.
    bool is_later;       // The answer was "in progress".
    bool awaits_arrival; // Not everything sent before the request had arrived by then.
    uint32_t seq;
    uint64_t last_tsn;
    size_t count;
    uint16_t streams[SCTP_RESET_STREAMS_MAX];
    yodel_time at; // When to send it again.

    // The peer's.
    uint32_t peer_seq; // The number of its next request.
    bool response_due;
    uint32_t response_seq;
    enum sctp_reset_result response;
    enum sctp_reset_result last_result; // What request peer_seq - 1 came to.

    // Its last request that could not be performed at once.
    bool is_deferred;
    bool was_deferred; // And has been performed since.
    uint64_t deferred_tsn;
    uint16_t *deferred; // Stream numbers; none: all.
    size_t deferred_count;
};

void sctp_reset_init(struct sctp_reset *reset);
void sctp_reset_deinit(struct sctp *sctp);
void sctp_reset_start(struct sctp_reset *reset, uint32_t our_first_tsn, uint32_t peer_first_tsn);
void sctp_reset_stop(struct sctp_reset *reset);

// A RE-CONFIG chunk.
void sctp_reset_recv(struct sctp *sctp, const struct sctp_chunk *chunk);

// Performs what was put off, if everything has arrived by now, and asks again, if everything of ours has.
void sctp_reset_advance(struct sctp *sctp);
void sctp_reset_tick(struct sctp *sctp, yodel_time now);
void sctp_reset_put(struct sctp *sctp, struct writer *w, yodel_time now);

#endif
