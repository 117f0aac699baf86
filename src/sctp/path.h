// SCTP path: heartbeats both ways, and the reports of what we did not understand.
//
// Implements  RFC 9260 §8.3 (heartbeats), §3.3.10 (reports)
// Not here    deciding that a path is dead: that is ICE consent's, and the retransmission limit's
// Time        a heartbeat goes out after SCTP_HEARTBEAT_INTERVAL without one
// Limits      one answer and one report wait at a time: what a peer asks for in a flood, it gets
// once a packet

#ifndef SCTP_PATH_H
#define SCTP_PATH_H

#include "sctp/sctp.h"

void sctp_path_recv_heartbeat(struct sctp *sctp, const struct sctp_chunk *chunk);
void sctp_path_recv_heartbeat_ack(
    struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now);

// Reports `info`, or as much of it as we quote, with the next packet.
void sctp_path_report(struct sctp *sctp, enum sctp_cause cause, struct bytes info);
void sctp_path_tick(struct sctp *sctp, yodel_time now);
void sctp_path_put(struct sctp *sctp, struct writer *w, yodel_time now);

#endif
