// SCTP stream reset: how a stream, and with it a data channel, ends or begins anew.
#ifndef SCTP_RESET_H
#define SCTP_RESET_H

#include "base/time.h"
#include "sctp/chunk.h"
struct sctp;
struct sctp_reset {
    yodel_time at;
};
void sctp_reset_init(struct sctp_reset *reset);
void sctp_reset_start(struct sctp_reset *reset, uint32_t our_first, uint32_t peer_first);
void sctp_reset_stop(struct sctp_reset *reset);
void sctp_reset_recv(struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now);
void sctp_reset_advance(struct sctp *sctp);
void sctp_reset_tick(struct sctp *sctp, yodel_time now);
void sctp_reset_put(struct sctp *sctp, struct writer *w, yodel_time now);
#endif
