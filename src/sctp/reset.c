#include "sctp/sctp.h"
void sctp_reset_init(struct sctp_reset *reset)
{
    reset->at = YODEL_NEVER;
}
void sctp_reset_start(struct sctp_reset *reset, uint32_t our_first, uint32_t peer_first)
{
    (void)reset;
    (void)our_first;
    (void)peer_first;
}
void sctp_reset_stop(struct sctp_reset *reset)
{
    reset->at = YODEL_NEVER;
}
void sctp_reset_recv(struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now)
{
    (void)sctp;
    (void)chunk;
    (void)now;
}
void sctp_reset_advance(struct sctp *sctp)
{
    (void)sctp;
}
void sctp_reset_tick(struct sctp *sctp, yodel_time now)
{
    (void)sctp;
    (void)now;
}
void sctp_reset_put(struct sctp *sctp, struct writer *w, yodel_time now)
{
    (void)sctp;
    (void)w;
    (void)now;
}
enum yodel_err sctp_reset_stream(struct sctp *sctp, uint16_t stream)
{
    (void)sctp;
    (void)stream;
    return YODEL_ERR_NOT_SUPPORTED;
}
