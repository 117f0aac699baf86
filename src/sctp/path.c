// SCTP path: small chunks that ask and answer.

#include "sctp/path.h"

#include "sctp/assoc.h"

#define INFO_SIZE 8 // Of our own heartbeats: a random number.

void sctp_path_recv_heartbeat(struct sctp *sctp, const struct sctp_chunk *chunk)
{
    if (!sctp_is_connected(sctp) || chunk->value.len > sizeof sctp->heartbeat_info) {
        sctp->stats.drops[SCTP_DROP_STATE]++; // X16: whoever asks with 64 KiB wants an amplifier.
        return;
    }
    memcpy(sctp->heartbeat_info, chunk->value.ptr, chunk->value.len);
    sctp->heartbeat_info_len = chunk->value.len;
    sctp->heartbeat_ack_due = true;
}

void sctp_path_recv_heartbeat_ack(struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now)
{
    struct reader r = reader_of(chunk->value);
    struct sctp_param info;

    if (!sctp->heartbeat_waits || !sctp_packet_next_param(&r, &info) ||
        info.type != SCTP_PARAM_HEARTBEAT_INFO || info.value.len != INFO_SIZE) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
        return;
    }
    struct reader value = reader_of(info.value);
    if (read_u64(&value) != sctp->heartbeat_nonce) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
        return;
    }
    sctp->heartbeat_waits = false;
    sctp->tx.timeouts = 0;
    sctp_rto_measure(&sctp->tx.rto, time_since(now, sctp->heartbeat_sent_at));
}

void sctp_path_report(struct sctp *sctp, enum sctp_cause cause, struct bytes info)
{
    if (sctp->error_cause != 0 || !sctp_is_connected(sctp)) {
        return; // X19: one at a time.
    }
    sctp->error_cause = cause;
    info = bytes_sub(info, 0, sizeof sctp->error_info);
    memcpy(sctp->error_info, info.ptr, info.len);
    sctp->error_info_len = info.len;
}

void sctp_path_tick(struct sctp *sctp, yodel_time now)
{
    if (now >= sctp->heartbeat_at) {
        sctp->heartbeat_at = time_after(now, SCTP_HEARTBEAT_INTERVAL);
        sctp->heartbeat_due = sctp_is_connected(sctp);
    }
}

static void put_heartbeat(struct sctp *sctp, struct writer *w, yodel_time now)
{
    size_t chunk = sctp_packet_begin_chunk(w, SCTP_HEARTBEAT, 0);
    size_t param = sctp_packet_begin_param(w, SCTP_PARAM_HEARTBEAT_INFO);

    sctp->heartbeat_nonce = env_random_u64(sctp->env);
    put_u64(w, sctp->heartbeat_nonce);
    sctp_packet_end_param(w, param);
    sctp_packet_end_chunk(w, chunk);
    sctp->heartbeat_due = false;
    sctp->heartbeat_waits = true;
    sctp->heartbeat_sent_at = now;
}

void sctp_path_put(struct sctp *sctp, struct writer *w, yodel_time now)
{
    if (sctp->heartbeat_ack_due) {
        size_t chunk = sctp_packet_begin_chunk(w, SCTP_HEARTBEAT_ACK, 0);
        put_bytes(w, bytes_of(sctp->heartbeat_info, sctp->heartbeat_info_len));
        sctp_packet_end_chunk(w, chunk);
        sctp->heartbeat_ack_due = false;
    }
    if (sctp->error_cause != 0) {
        sctp_chunk_put_error(
            w, SCTP_ERROR, 0, sctp->error_cause, bytes_of(sctp->error_info, sctp->error_info_len));
        sctp->error_cause = 0;
    }
    if (sctp->heartbeat_due) {
        put_heartbeat(sctp, w, now);
    }
}
