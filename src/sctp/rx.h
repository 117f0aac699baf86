// SCTP receive side: which TSNs have arrived, what to acknowledge and when, and how much more may
// come.
//
// Implements  RFC 9260 §6.2 (acknowledgements), §6.2.1 (the window), §3.3.4 (SACK); RFC 3758 §3.6
//             (FORWARD TSN)
// Not here    putting messages together (sctp/assembly.h)
// Ownership   owns the assembly
// Time        an acknowledgement waits for at most SCTP_RX_ACK_DELAY Limits SCTP_RX_GAPS_MAX holes:
//             a TSN that would make another is not taken, and comes again

#ifndef SCTP_RX_H
#define SCTP_RX_H

#include "base/time.h"
#include "sctp/assembly.h"

#define SCTP_RX_WINDOW_MIN 1500 // RFC 9260 §3.3.2.
#define SCTP_RX_GAPS_MAX 1024
#define SCTP_RX_DUPLICATES_MAX 16
#define SCTP_RX_ACK_DELAY YODEL_MS(40) // §6.2 allows 500 ms; peers' timeouts begin at about 200.
#define SCTP_RX_ACK_EVERY 2            // Packets, §6.2.

struct sctp_rx_run {
    uint64_t first;
    uint64_t last;
};

struct sctp_rx {
    const struct env *env;
    struct sctp_assembly assembly;
    size_t window;
    uint64_t cumulative;      // Everything up to this TSN has arrived.
    struct sctp_rx_run *runs; // And these, in order, with holes before each.
    size_t run_count;
    size_t run_room;
    uint32_t duplicates[SCTP_RX_DUPLICATES_MAX];
    size_t duplicate_count;

    uint32_t unacknowledged; // Packets with data.
    bool ack_now;
    yodel_time ack_at;
    size_t advertised; // The window that the peer was told last.
};

enum sctp_rx_result {
    SCTP_RX_TAKEN,
    SCTP_RX_DUPLICATE,
    SCTP_RX_NO_ROOM,
    SCTP_RX_VIOLATION,
    SCTP_RX_TOO_LARGE,
};

void sctp_rx_init(struct sctp_rx *rx, const struct env *env, struct sctp_streams *streams,
    size_t window, size_t max_message);
void sctp_rx_deinit(struct sctp_rx *rx);

// The peer's first TSN, from its INIT or INIT ACK.
void sctp_rx_start(struct sctp_rx *rx, uint32_t first_tsn);

// One DATA chunk; then, once for the packet that had some, when to acknowledge.
enum sctp_rx_result sctp_rx_add(struct sctp_rx *rx, const struct sctp_data *data);
void sctp_rx_end_packet(struct sctp_rx *rx, yodel_time now);

// A FORWARD TSN chunk. MALFORMED ones are ignored.
YODEL_MUST_USE enum yodel_err sctp_rx_forward(struct sctp_rx *rx, struct bytes value);

void sctp_rx_tick(struct sctp_rx *rx, yodel_time now);

// The window to advertise.
size_t sctp_rx_window(const struct sctp_rx *rx);

// Whether a SACK is due; whether one would say anything new, for a packet that goes out anyway; and
// writing it.
bool sctp_rx_must_ack(const struct sctp_rx *rx);
bool sctp_rx_may_ack(const struct sctp_rx *rx);
void sctp_rx_put_sack(struct sctp_rx *rx, struct writer *w);

#endif
