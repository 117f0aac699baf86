// SCTP congestion control: how many bytes may be on their way. Numbers in, numbers out.
//
// Implements  RFC 9260 §7.2 (slow start, avoidance, fast recovery), §7.2.3 (after a timeout)
// Not here    what is lost (sctp/sack.h), what is sent; any other algorithm takes the same calls
// Departs     slow start grows by all that was acknowledged (§7.2.1 allows a packet per
// acknowledgement), since one of
//             ours answers a whole batch; the initial window is RFC 6928's ten packets; no
//             Max.Burst (RFC 9260 §6.1 D), since packets are built when the caller asks for them
// Limits      the window stays within four packets (one after a timeout) and SCTP_CC_WINDOW_MAX

#ifndef SCTP_CC_H
#define SCTP_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

#define SCTP_CC_WINDOW_MAX ((size_t)32 << 20)
#define SCTP_CC_INITIAL_PACKETS 10

struct sctp_cc {
    size_t mtu;
    size_t window;    // cwnd, in bytes of user data.
    size_t threshold; // ssthresh
    size_t partial;   // partial_bytes_acked
    uint64_t recover; // Fast recovery ends when this TSN is acknowledged.
    bool recovering;
};

void sctp_cc_init(struct sctp_cc *cc, size_t mtu);
void sctp_cc_set_mtu(struct sctp_cc *cc, size_t mtu);

// `acked` more bytes arrived, `flight` were on their way before, `tsn` is now the highest
// acknowledged in a row.
void sctp_cc_on_ack(struct sctp_cc *cc, size_t acked, size_t flight, uint64_t tsn);

// Something was lost while `last_tsn` was the highest sent. Returns true where that begins a
// recovery.
bool sctp_cc_on_loss(struct sctp_cc *cc, uint64_t last_tsn);
void sctp_cc_on_timeout(struct sctp_cc *cc);

// Nothing was sent for a whole retransmission timeout.
void sctp_cc_on_idle(struct sctp_cc *cc);

#endif
