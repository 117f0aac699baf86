// SCTP association: how it is set up and how it ends.
//
//   CLOSED --start--> COOKIE_WAIT --INIT ACK--> COOKIE_ECHOED --COOKIE ACK--> ESTABLISHED
//      \__________________\_____________________________\___COOKIE ECHO______/     |
//                                                                  shutdown |      | SHUTDOWN
//                                                                           v      v
//                                     SHUTDOWN_PENDING --all arrived--> SHUTDOWN_SENT,
//                                     SHUTDOWN_RECEIVED
//                                                                           |      | all arrived
//                                             ENDED <--SHUTDOWN COMPLETE-- SHUTDOWN_ACK_SENT
//
// Both sides begin, so INITs cross: each answers the other's with the very tag and TSN of its own
// (§5.2.1), and whichever COOKIE ECHO arrives first sets the association up.
//
// Implements  RFC 9260 §5.1, §5.2 (set-up, collisions), §9 (ending), §8.4 (packets out of the
//             blue), RFC 8261 §6.1
// Not here    the engine's loop (sctp/sctp.h), the cookie's bytes (sctp/cookie.h)
// Departs     §5.2.4 A: a peer that restarts ends the association, since the channels it knew are
//             gone with its DTLS. §5.1.3: DATA that overtakes the COOKIE ACK is taken
// Limits      a peer's cookie is at most SCTP_ASSOC_COOKIE_MAX bytes

#ifndef SCTP_ASSOC_H
#define SCTP_ASSOC_H

#include "sctp/sctp.h"

#define SCTP_ASSOC_COOKIE_MAX 1024

void sctp_assoc_start(struct sctp *sctp);

// Each takes one chunk.
void sctp_assoc_recv_init(struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now);
void sctp_assoc_recv_init_ack(struct sctp *sctp, const struct sctp_chunk *chunk);
void sctp_assoc_recv_cookie_echo(
    struct sctp *sctp, uint32_t tag, const struct sctp_chunk *chunk, yodel_time now);
void sctp_assoc_recv_cookie_ack(struct sctp *sctp, yodel_time now);
void sctp_assoc_recv_error(struct sctp *sctp, const struct sctp_chunk *chunk);
void sctp_assoc_recv_shutdown(struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now);
void sctp_assoc_recv_shutdown_ack(struct sctp *sctp);
void sctp_assoc_recv_shutdown_complete(struct sctp *sctp);
void sctp_assoc_recv_abort(struct sctp *sctp);

// Ends it, telling the peer why.
void sctp_assoc_fail(struct sctp *sctp, enum sctp_failure failure, enum sctp_cause cause);
void sctp_assoc_shutdown(struct sctp *sctp);

// Goes on with a shutdown once all has arrived.
void sctp_assoc_advance(struct sctp *sctp);
void sctp_assoc_tick(struct sctp *sctp, yodel_time now);

// A packet that belongs to no established association: its header is written here too. False where
// there is none.
bool sctp_assoc_put_alone(struct sctp *sctp, struct writer *w, yodel_time now);

// Chunks that may travel with others: COOKIE ACK at the front, SHUTDOWN at the end.
void sctp_assoc_put_first(struct sctp *sctp, struct writer *w);
void sctp_assoc_put_last(struct sctp *sctp, struct writer *w, yodel_time now);

#endif
