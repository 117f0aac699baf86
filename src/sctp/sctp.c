// SCTP: the engine. What comes in is handed to its part; what goes out is collected from all of
// them, a packet at a time.

#include "sctp/sctp.h"

#include "base/assert.h"
#include "sctp/assoc.h"
#include "sctp/forward.h"
#include "sctp/path.h"
#include "sctp/queue.h"
#include "sctp/sack.h"

static size_t or_default(size_t value, size_t instead)
{
    return value != 0 ? value : instead;
}

void sctp_init(struct sctp *sctp, const struct env *env, const struct sctp_config *config)
{
    memset(sctp, 0, sizeof *sctp);
    sctp->env = env;
    sctp->config = (struct sctp_config){
        .local_port = (uint16_t)or_default(config->local_port, SCTP_PORT_DEFAULT),
        .remote_port = (uint16_t)or_default(config->remote_port, SCTP_PORT_DEFAULT),
        .mtu = or_default(config->mtu, SCTP_MTU_DEFAULT),
        .max_message_size = or_default(config->max_message_size, SCTP_MESSAGE_MAX_DEFAULT),
        .receive_window = or_default(config->receive_window, SCTP_WINDOW_DEFAULT),
        .send_buffer = or_default(config->send_buffer, SCTP_SEND_BUFFER_DEFAULT)};
    // §5.3.1: random, so that what belonged to an association before this one cannot pass. 0 means
    // INIT.
    do {
        sctp->our_tag = env_random_u32(env);
    } while (sctp->our_tag == 0);
    sctp->our_first_tsn = env_random_u32(env);
    env_random(env, span_of(sctp->cookie_key, sizeof sctp->cookie_key));
    sctp->setup_at = sctp->heartbeat_at = YODEL_NEVER;
    sctp_streams_init(&sctp->streams, env);
    sctp_rx_init(
        &sctp->rx, env, &sctp->streams, sctp->config.receive_window, sctp->config.max_message_size);
    sctp_tx_init(&sctp->tx, env, &sctp->streams, sctp->our_first_tsn, SCTP_MTU_DEFAULT,
        sctp->config.send_buffer);
    sctp_reset_init(&sctp->reset);
    sctp_set_mtu(sctp, sctp->config.mtu);
}

void sctp_deinit(struct sctp *sctp)
{
    sctp_reset_deinit(sctp);
    sctp_tx_deinit(&sctp->tx);
    sctp_rx_deinit(&sctp->rx);
    sctp_streams_deinit(&sctp->streams);
    alloc_free(sctp->env->alloc, sctp->peer_cookie);
}

void sctp_set_mtu(struct sctp *sctp, size_t mtu)
{
    mtu = mtu < SCTP_MTU_MIN ? SCTP_MTU_MIN : mtu > UINT16_MAX ? UINT16_MAX : mtu;
    sctp->config.mtu = mtu & ~(size_t)3;
    sctp_cc_set_mtu(&sctp->tx.cc, sctp->config.mtu - SCTP_HEADER_SIZE);
}

void sctp_start(struct sctp *sctp)
{
    sctp_assoc_start(sctp);
}

void sctp_shutdown(struct sctp *sctp)
{
    sctp_assoc_shutdown(sctp);
}

void sctp_abort(struct sctp *sctp)
{
    if (sctp->state != SCTP_ENDED) {
        sctp_assoc_fail(sctp, SCTP_FAIL_NONE, SCTP_CAUSE_USER_ABORT);
        sctp->tell_closed = true;
    }
}

bool sctp_is_connected(const struct sctp *sctp)
{
    return sctp->state >= SCTP_ESTABLISHED && sctp->state < SCTP_ENDED;
}

uint32_t sctp_stream_count(const struct sctp *sctp)
{
    return sctp->tx.stream_count;
}

// ---- input

static void recv_data(struct sctp *sctp, const struct sctp_chunk *chunk)
{
    struct sctp_data data;

    if (sctp_chunk_parse_data(&data, chunk) != YODEL_OK) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
        return;
    }
    if (data.user.len == 0) { // X9, §6.2: an association with such a peer is aborted.
        sctp_assoc_fail(sctp, SCTP_FAIL_PROTOCOL, SCTP_CAUSE_NO_USER_DATA);
        return;
    }
    switch (sctp_rx_add(&sctp->rx, &data)) {
    case SCTP_RX_TAKEN:
        break;
    case SCTP_RX_DUPLICATE:
        sctp->stats.drops[SCTP_DROP_DUPLICATE]++;
        break;
    case SCTP_RX_NO_ROOM:
        sctp->stats.drops[SCTP_DROP_NO_ROOM]++;
        break;
    case SCTP_RX_VIOLATION:
        sctp_assoc_fail(sctp, SCTP_FAIL_PROTOCOL, SCTP_CAUSE_PROTOCOL_VIOLATION);
        break;
    case SCTP_RX_TOO_LARGE:
        sctp_assoc_fail(sctp, SCTP_FAIL_TOO_LARGE, SCTP_CAUSE_OUT_OF_RESOURCE);
        break;
    }
}

static void recv_sack(struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now)
{
    struct sctp_sack sack;

    if (sctp_chunk_parse_sack(&sack, chunk) != YODEL_OK) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
    } else if (!sctp_sack_recv(&sctp->tx, &sack, now)) {
        sctp_assoc_fail(sctp, SCTP_FAIL_PROTOCOL, SCTP_CAUSE_PROTOCOL_VIOLATION); // X13
    }
}

static void recv_forward(struct sctp *sctp, const struct sctp_chunk *chunk)
{
    if (sctp_rx_forward(&sctp->rx, chunk->value) != YODEL_OK) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
    }
}

// Returns false where the rest of the packet must not be looked at.
static bool recv_unknown(struct sctp *sctp, const struct sctp_chunk *chunk)
{
    sctp->stats.drops[SCTP_DROP_UNKNOWN]++;
    if (chunk->type & SCTP_CHUNK_REPORT_UNKNOWN) {
        sctp_path_report(sctp, SCTP_CAUSE_UNRECOGNIZED_CHUNK, chunk->whole);
    }
    return (chunk->type & SCTP_CHUNK_SKIP_UNKNOWN) != 0;
}

static bool carries_data(enum sctp_state state)
{
    return state >= SCTP_COOKIE_ECHOED && state <= SCTP_SHUTDOWN_SENT;
}

// The chunks that need an association; returns as recv_unknown.
static bool recv_transfer(struct sctp *sctp, const struct sctp_chunk *chunk, yodel_time now)
{
    if (!carries_data(sctp->state) && sctp->state != SCTP_SHUTDOWN_RECEIVED) {
        sctp->stats.drops[SCTP_DROP_STATE]++;
        return true;
    }
    if (chunk->type == SCTP_DATA || chunk->type == SCTP_FORWARD_TSN) {
        if (sctp->state == SCTP_SHUTDOWN_RECEIVED) {
            sctp->stats.drops[SCTP_DROP_STATE]++; // §9.2: it had said that there would be no more.
        } else if (chunk->type == SCTP_DATA) {
            recv_data(sctp, chunk);
        } else {
            recv_forward(sctp, chunk);
        }
    } else if (sctp->state == SCTP_COOKIE_ECHOED) {
        sctp->stats.drops[SCTP_DROP_STATE]++;
    } else if (chunk->type == SCTP_SACK) {
        recv_sack(sctp, chunk, now);
    } else {
        sctp_reset_recv(sctp, chunk);
    }
    return true;
}

static bool recv_chunk(
    struct sctp *sctp, uint32_t tag, const struct sctp_chunk *chunk, yodel_time now)
{
    switch (chunk->type) {
    case SCTP_DATA:
    case SCTP_SACK:
    case SCTP_FORWARD_TSN:
    case SCTP_RE_CONFIG:
        return recv_transfer(sctp, chunk, now);
    case SCTP_INIT_ACK:
        sctp_assoc_recv_init_ack(sctp, chunk);
        return true;
    case SCTP_COOKIE_ECHO:
        sctp_assoc_recv_cookie_echo(sctp, tag, chunk, now);
        return true;
    case SCTP_COOKIE_ACK:
        sctp_assoc_recv_cookie_ack(sctp, now);
        return true;
    case SCTP_HEARTBEAT:
        sctp_path_recv_heartbeat(sctp, chunk);
        return true;
    case SCTP_HEARTBEAT_ACK:
        sctp_path_recv_heartbeat_ack(sctp, chunk, now);
        return true;
    case SCTP_ABORT:
        sctp_assoc_recv_abort(sctp);
        return false;
    case SCTP_SHUTDOWN:
        sctp_assoc_recv_shutdown(sctp, chunk, now);
        return true;
    case SCTP_SHUTDOWN_ACK:
        sctp_assoc_recv_shutdown_ack(sctp);
        return true;
    case SCTP_SHUTDOWN_COMPLETE:
        sctp_assoc_recv_shutdown_complete(sctp);
        return false;
    case SCTP_ERROR:
        sctp_assoc_recv_error(sctp, chunk);
        return true;
    case SCTP_INIT: // §3.3.2: never with others; alone it was taken before.
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
        return false;
    case SCTP_ECNE:
    case SCTP_CWR:
        return true; // X20: RFC 9260 Appendix B; we never said that a packet can be marked.
    default:
        return recv_unknown(sctp, chunk);
    }
}

// §8.5: whose packet it is.
static bool is_tag_right(const struct sctp *sctp, uint32_t tag, const struct sctp_chunk *first)
{
    bool reflects = (first->type == SCTP_ABORT || first->type == SCTP_SHUTDOWN_COMPLETE) &&
                    first->flags & SCTP_FLAG_T;

    if (reflects) {
        return sctp->peer_tag != 0 && tag == sctp->peer_tag; // §8.5.1 B, C
    }
    // §8.5.1 D: COOKIE ECHO is checked against its cookie.
    return tag == sctp->our_tag || first->type == SCTP_COOKIE_ECHO;
}

static void recv_chunks(
    struct sctp *sctp, const struct sctp_header *header, struct reader r, yodel_time now)
{
    struct sctp_chunk chunk;
    bool is_first = true;
    bool had_data = false;

    while (sctp_packet_next_chunk(&r, &chunk)) {
        if (is_first && chunk.type == SCTP_INIT && header->tag == 0 && r.left == 0) {
            sctp_assoc_recv_init(sctp, &chunk, now); // §8.5.1 A
            return;
        }
        if (is_first && !is_tag_right(sctp, header->tag, &chunk)) {
            sctp->stats.drops[SCTP_DROP_TAG]++;
            return;
        }
        had_data |= chunk.type == SCTP_DATA;
        if (!recv_chunk(sctp, header->tag, &chunk, now)) {
            break;
        }
        if (header->tag != sctp->our_tag) {
            break; // A COOKIE ECHO for another association: nothing behind it is ours.
        }
        is_first = false;
    }
    if (r.failed) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
    }
    if (had_data && carries_data(sctp->state)) {
        sctp_rx_end_packet(&sctp->rx, now);
    }
}

void sctp_recv(struct sctp *sctp, struct bytes packet, yodel_time now)
{
    struct sctp_header header;
    struct reader chunks;

    sctp_assembly_release(&sctp->rx.assembly);
    enum yodel_err err = sctp_packet_open(packet, &header, &chunks);
    if (err != YODEL_OK) {
        sctp->stats.drops[err == YODEL_ERR_FOREIGN ? SCTP_DROP_SHORT : SCTP_DROP_CHECKSUM]++;
        return;
    }
    if (header.destination_port != sctp->config.local_port ||
        header.source_port != sctp->config.remote_port) {
        sctp->stats.drops[SCTP_DROP_PORT]++; // X3
        return;
    }
    sctp->stats.packets_received++;
    recv_chunks(sctp, &header, chunks, now);
    sctp_assoc_advance(sctp);
    sctp_reset_advance(sctp);
}

void sctp_tick(struct sctp *sctp, yodel_time now)
{
    sctp_assembly_release(&sctp->rx.assembly);
    sctp_queue_see(&sctp->tx, now);
    sctp_assoc_tick(sctp, now);
    sctp_tx_tick(&sctp->tx, now);
    sctp_rx_tick(&sctp->rx, now);
    sctp_reset_tick(sctp, now);
    sctp_path_tick(sctp, now);
    if (sctp->tx.timeouts > SCTP_RETRANSMITS_MAX) {
        sctp_assoc_fail(sctp, SCTP_FAIL_TIMEOUT, SCTP_CAUSE_USER_ABORT);
    }
}

void sctp_hurry(struct sctp *sctp, bool is_all_lost, yodel_time now)
{
    if (sctp->state == SCTP_ESTABLISHED) {
        sctp_tx_hurry(&sctp->tx, is_all_lost, now);
        sctp->rx.ack_now = true;
    }
}

// ---- output

static bool may_send(enum sctp_state state)
{
    return state == SCTP_ESTABLISHED || state == SCTP_SHUTDOWN_PENDING ||
           state == SCTP_SHUTDOWN_RECEIVED;
}

static void put_chunks(struct sctp *sctp, struct writer *w, yodel_time now)
{
    bool sends = may_send(sctp->state);

    sctp_assoc_put_first(sctp, w);
    sctp_path_put(sctp, w, now);
    // §6.2: DATA takes the SACK along that would otherwise have waited for a second packet.
    if (sctp_rx_must_ack(&sctp->rx) ||
        (sends && sctp_rx_may_ack(&sctp->rx) && sctp_tx_wants(&sctp->tx))) {
        sctp_rx_put_sack(&sctp->rx, w);
    }
    if (sends) {
        sctp_reset_put(sctp, w, now);
        sctp_forward_put(&sctp->tx, w, now);
        sctp_tx_put_data(&sctp->tx, w, now);
    }
    sctp_assoc_put_last(sctp, w, now);
}

// A chunk cannot be cut again once it has a TSN (§6.9): one that was cut for a larger mtu goes as it is, for IP to fragment.
static size_t packet_max(const struct sctp *sctp)
{
    size_t least = SCTP_HEADER_SIZE + sctp_tx_least_room(&sctp->tx);

    return least > sctp->config.mtu ? least : sctp->config.mtu;
}

size_t sctp_emit(struct sctp *sctp, struct span room, yodel_time now)
{
    struct writer w = writer_of(span_sub(room, 0, packet_max(sctp)));

    if (!sctp_assoc_put_alone(sctp, &w, now)) {
        if (!sctp_is_connected(sctp)) {
            return 0;
        }
        sctp_packet_start(&w, &(struct sctp_header){.source_port = sctp->config.local_port,
                                  .destination_port = sctp->config.remote_port,
                                  .tag = sctp->peer_tag});
        if (w.failed) {
            return 0;
        }
        put_chunks(sctp, &w, now);
    }
    if (w.failed || w.len <= SCTP_HEADER_SIZE) {
        return 0;
    }
    sctp_packet_seal(span_of(w.start, w.len));
    sctp->stats.packets_sent++;
    return w.len;
}

static bool next_message(struct sctp *sctp, struct sctp_event *event)
{
    const struct sctp_piece *piece = sctp_assembly_next(&sctp->rx.assembly);

    if (!piece) {
        return false;
    }
    *event = (struct sctp_event){
        .type = piece->is_reset ? SCTP_EVENT_STREAM_RESET_INCOMING : SCTP_EVENT_MESSAGE,
        .stream = piece->stream,
        .ppid = piece->ppid,
        .data = bytes_of(piece->data, piece->len)};
    return true;
}

static bool next_news(struct sctp *sctp, struct sctp_event *event)
{
    enum sctp_stream_news news;
    uint16_t stream;

    if (!sctp_streams_next_news(&sctp->streams, &stream, &news)) {
        return false;
    }
    *event = (struct sctp_event){.stream = stream,
        .type = news == SCTP_STREAM_BUFFERED_LOW ? SCTP_EVENT_BUFFERED_LOW
                                                 : SCTP_EVENT_STREAM_RESET_DONE};
    return true;
}

bool sctp_next_event(struct sctp *sctp, struct sctp_event *event)
{
    if (sctp->tell_connected) {
        sctp->tell_connected = false;
        *event = (struct sctp_event){.type = SCTP_EVENT_CONNECTED};
    } else if (next_message(sctp, event) || next_news(sctp, event)) {
        return true;
    } else if (sctp->tell_closed) {
        sctp->tell_closed = false;
        *event = (struct sctp_event){.type = SCTP_EVENT_CLOSED};
    } else if (sctp->tell_failure != SCTP_FAIL_NONE) {
        *event = (struct sctp_event){.type = SCTP_EVENT_FAILED, .failure = sctp->tell_failure};
        sctp->tell_failure = SCTP_FAIL_NONE;
    } else {
        return false;
    }
    return true;
}

yodel_time sctp_next_timeout(const struct sctp *sctp)
{
    yodel_time at = time_min(sctp->setup_at, sctp->heartbeat_at);

    at = time_min(at, sctp->tx.t3);
    at = time_min(at, sctp->rx.ack_at);
    return time_min(at, sctp->reset.at);
}

// ---- the user's calls

enum yodel_err sctp_send(struct sctp *sctp, uint16_t id, uint32_t ppid, struct bytes message,
    const struct sctp_send_options *options)
{
    if (sctp->state > SCTP_ESTABLISHED || sctp->shutdown_wanted) {
        return YODEL_ERR_INVALID_STATE;
    }
    if (message.len == 0) {
        return YODEL_ERR_TYPE; // §6.2: there is no DATA without user data.
    }
    if (id >= sctp->tx.stream_count) {
        return YODEL_ERR_RANGE;
    }
    struct sctp_stream *stream = sctp_streams_open(&sctp->streams, id);
    if (!stream) {
        return YODEL_ERR_NO_MEMORY;
    }
    if (stream->reset != SCTP_STREAM_RESET_NONE) {
        return YODEL_ERR_INVALID_STATE;
    }
    return sctp_queue_add(&sctp->tx, stream, ppid, message, options);
}

size_t sctp_buffered(const struct sctp *sctp, uint16_t id)
{
    const struct sctp_stream *stream = sctp_streams_find(&sctp->streams, id);

    return stream ? stream->buffered : 0;
}

enum yodel_err sctp_set_low_threshold(struct sctp *sctp, uint16_t id, size_t bytes)
{
    struct sctp_stream *stream = sctp_streams_open(&sctp->streams, id);

    if (!stream) {
        return YODEL_ERR_NO_MEMORY;
    }
    stream->low_threshold = bytes;
    return YODEL_OK;
}

bool sctp_is_resetting(const struct sctp *sctp, uint16_t id)
{
    const struct sctp_stream *stream = sctp_streams_find(&sctp->streams, id);

    return stream && stream->reset != SCTP_STREAM_RESET_NONE;
}
