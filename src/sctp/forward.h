// SCTP FORWARD TSN: telling the peer to stop waiting for what we gave up.
//
// Implements  RFC 3758 §3.2 (the chunk), §3.5 (the sender)
// Not here    deciding what to give up (sctp/tx.h), the receiver (sctp/rx.h)
// Limits      a chunk names at most SCTP_FORWARD_STREAMS_MAX streams; the rest goes in the next

#ifndef SCTP_FORWARD_H
#define SCTP_FORWARD_H

#include "sctp/tx.h"

#define SCTP_FORWARD_STREAMS_MAX 64

// Writes a FORWARD TSN where one is due.
void sctp_forward_put(struct sctp_tx *tx, struct writer *w, yodel_time now);

#endif
