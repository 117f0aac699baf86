// SCTP send side: messages wait in their streams, are cut into chunks when a packet has room, and
// stay until acknowledged.
//
// A message is copied once, when it is sent. A chunk is written straight from it into the packet,
// again when it must be repeated; what is remembered of a chunk is a small entry in a ring indexed
// by TSN.
//
// Implements  RFC 9260 §6.1 (sending), §6.9 (fragmentation), §6.3.2 (the T3 timer); RFC 3758 §3.5
//             (abandoning)
// Not here    what a SACK does (sctp/sack.h), FORWARD TSN (sctp/forward.h)
// Ownership   owns its messages
// Time        a message's lifetime begins at the first tick or emit that sees it
// Limits      `limit` bytes not yet sent, with SCTP_TX_OVERHEAD for each message; SCTP_TX_RING_MAX
//             chunks on their way
// Departs     a message's fragments are cut to the packet's present room, so that a packet is full

#ifndef SCTP_TX_H
#define SCTP_TX_H

#include "sctp/cc.h"
#include "sctp/chunk.h"
#include "sctp/rto.h"
#include "sctp/stream.h"

#define SCTP_TX_RING_MAX 32768 // Below 65536, which the offsets of a SACK reach.
#define SCTP_TX_ALWAYS UINT32_MAX

// One message.
struct sctp_out {
    struct sctp_out *next;        // In its stream.
    struct sctp_out *next_unseen; // Its lifetime has not begun.
    uint64_t first_tsn;
    uint32_t count;      // Chunks cut so far; TSNs in a row.
    uint32_t unfinished; // Of these, not yet passed by the cumulative TSN.
    uint32_t ppid;
    uint32_t max_retransmits; // SCTP_TX_ALWAYS: reliable.
    uint16_t stream;
    uint16_t ssn;
    bool unordered;
    bool abandoned;
    bool uncounted;
    yodel_duration lifetime; // YODEL_NEVER: none.
    yodel_time expires;
    size_t len;
    size_t sent;
    uint8_t data[];
};

#define SCTP_TX_OVERHEAD sizeof(struct sctp_out)

enum sctp_sent_state {
    SCTP_SENT_IN_FLIGHT,
    SCTP_SENT_LOST,  // To be sent again.
    SCTP_SENT_ACKED, // By a gap block: the peer may still take that back.
    SCTP_SENT_ABANDONED,
};

// One chunk on its way.
struct sctp_sent {
    struct sctp_out *out;
    uint32_t offset;
    uint16_t len; // 0: never sent; it stands for the rest of an abandoned message.
    uint16_t times;
    uint8_t state;
    uint8_t missing; // Reports that later ones arrived (RFC 9260 §7.2.4).
    uint32_t
        acked_run; // Of the first of a gap block: so many, from here, are known to have arrived.
};

struct sctp_tx {
    const struct env *env;
    struct sctp_streams *streams;
    struct sctp_cc cc;
    struct sctp_rto rto;
    size_t limit;
    size_t waiting; // Bytes not yet sent, and their overhead.
    bool has_refused;
    bool may_abandon;      // The peer knows FORWARD TSN.
    uint32_t stream_count; // How many the peer lets us use.

    struct sctp_stream *turn_head; // Streams with something to send.
    struct sctp_stream *turn_tail;
    struct sctp_out *unseen;

    struct sctp_sent *ring;
    size_t ring_size;      // A power of two.
    uint64_t first;        // The lowest TSN not acknowledged in a row.
    uint64_t next;         // The next to be given.
    uint64_t lost_from;    // No chunk below is LOST.
    uint64_t reports_from; // Every hole below has been reported often enough.
    size_t lost_count;
    size_t flight;      // Bytes.
    size_t peer_window; // What may be in flight for the peer's sake (a_rwnd).
    bool send_one;      // The first packet of a fast retransmission does not wait for the window.

    uint64_t timed_tsn; // One chunk at a time measures the round trip; 0: none does.
    yodel_time timed_at;
    yodel_time t3;
    yodel_time last_sent;
    uint32_t timeouts; // In a row, without anything new acknowledged.

    size_t abandoned_count; // In the ring.
    uint64_t forwarded;     // RFC 3758: the peer has been told to skip up to here.
    bool forward_due;
    yodel_time forward_at;

    uint64_t bytes_sent;
    uint64_t chunks_repeated;
};

struct sctp_send_options {
    bool unordered;
    bool uncounted; // Not in what sctp_buffered says: the application did not send these bytes.
    bool has_max_retransmits;
    uint32_t max_retransmits;
    bool has_max_lifetime;
    yodel_duration max_lifetime;
};

void sctp_tx_init(struct sctp_tx *tx, const struct env *env, struct sctp_streams *streams,
    uint32_t first_tsn, size_t mtu, size_t limit);
void sctp_tx_deinit(struct sctp_tx *tx);

// What the peer said when the association began.
void sctp_tx_start(struct sctp_tx *tx, uint32_t window, uint32_t stream_count, bool may_abandon);

// Whether data would go out now, as far as can be told beforehand.
bool sctp_tx_wants(const struct sctp_tx *tx);

// What the next chunk to be repeated takes; 0: there is none.
size_t sctp_tx_least_room(const struct sctp_tx *tx);

// Writes as many DATA chunks as fit, are allowed and exist.
void sctp_tx_put_data(struct sctp_tx *tx, struct writer *w, yodel_time now);

// T3; and its end at once, where all is lost, or two round trips have passed since it began.
void sctp_tx_tick(struct sctp_tx *tx, yodel_time now);
void sctp_tx_hurry(struct sctp_tx *tx, bool is_all_lost, yodel_time now);

// Nothing waits and nothing is unacknowledged.
bool sctp_tx_is_empty(const struct sctp_tx *tx);

// ---- for sctp/sack.c and sctp/forward.c

static inline struct sctp_sent *sctp_tx_at(const struct sctp_tx *tx, uint64_t tsn)
{
    return &tx->ring[tsn & (tx->ring_size - 1)];
}

void sctp_tx_leave_flight(struct sctp_tx *tx, struct sctp_sent *sent);
void sctp_tx_mark_lost(struct sctp_tx *tx, uint64_t tsn);
void sctp_tx_pop_first(struct sctp_tx *tx);
void sctp_tx_abandon(struct sctp_tx *tx, struct sctp_out *out);

#endif
