// SCTP stream reset: a request at a time in each direction.

#include "sctp/reset.h"

#include "base/unwrap.h"
#include "sctp/sctp.h"

#define PARAM_OUTGOING_RESET 13
#define PARAM_INCOMING_RESET 14
#define PARAM_TSN_RESET 15
#define PARAM_RESPONSE 16
#define PARAM_ADD_OUTGOING 17
#define PARAM_ADD_INCOMING 18

#define RESPONSE_SIZE 16 // With the chunk's header.
#define REQUEST_SIZE 16  // Without the streams.

void sctp_reset_init(struct sctp_reset *reset)
{
    *reset = (struct sctp_reset){.at = YODEL_NEVER};
}

void sctp_reset_deinit(struct sctp *sctp)
{
    alloc_free(sctp->env->alloc, sctp->reset.deferred);
}

// RFC 6525 §4.1: the first request bears the number of the first TSN.
void sctp_reset_start(struct sctp_reset *reset, uint32_t our_first_tsn, uint32_t peer_first_tsn)
{
    reset->next_seq = our_first_tsn;
    reset->peer_seq = peer_first_tsn;
    reset->last_result = SCTP_RESET_NOTHING_TO_DO;
}

void sctp_reset_stop(struct sctp_reset *reset)
{
    reset->at = YODEL_NEVER;
    reset->is_due = false;
    reset->response_due = false;
}

// ---- our half

enum yodel_err sctp_reset_stream(struct sctp *sctp, uint16_t id)
{
    struct sctp_reset *reset = &sctp->reset;

    if (sctp->state > SCTP_ESTABLISHED) {
        return YODEL_ERR_INVALID_STATE;
    }
    struct sctp_stream *stream = sctp_streams_open(&sctp->streams, id);
    if (!stream) {
        return YODEL_ERR_NO_MEMORY;
    }
    if (stream->reset != SCTP_STREAM_RESET_NONE) {
        return YODEL_OK;
    }
    stream->reset = SCTP_STREAM_RESET_WANTED;
    stream->next_reset = NULL;
    if (reset->wanted_tail) {
        reset->wanted_tail->next_reset = stream;
    } else {
        reset->wanted_head = stream;
    }
    reset->wanted_tail = stream;
    return YODEL_OK;
}

static void finish(struct sctp *sctp, struct sctp_stream *stream, bool is_performed)
{
    stream->reset = SCTP_STREAM_RESET_NONE;
    if (is_performed) {
        stream->ssn_out = 0;
    }
    sctp_streams_tell(&sctp->streams, stream, SCTP_STREAM_RESET_DONE);
}

// Moves streams that have sent all they had from the wanted ones into the request. §5.1.2.
static void gather(struct sctp *sctp)
{
    struct sctp_reset *reset = &sctp->reset;
    struct sctp_stream **at = &reset->wanted_head;
    struct sctp_stream *last = NULL;

    reset->count = 0;
    while (*at) {
        struct sctp_stream *stream = *at;

        if (stream->head || reset->count == SCTP_RESET_STREAMS_MAX) {
            last = stream;
            at = &stream->next_reset;
            continue;
        }
        *at = stream->next_reset;
        if (!sctp->peer_re_config) {
            finish(sctp, stream, false); // Nobody to ask.
            continue;
        }
        stream->reset = SCTP_STREAM_RESET_ASKED;
        reset->streams[reset->count++] = stream->id;
    }
    reset->wanted_tail = last;
}

static void ask(struct sctp *sctp)
{
    struct sctp_reset *reset = &sctp->reset;

    reset->is_asking = true;
    reset->is_due = true;
    reset->is_later = false;
    reset->seq = reset->next_seq++;
    reset->last_tsn = sctp->tx.next - 1;
}

static void on_response(struct sctp *sctp, struct bytes value)
{
    struct sctp_reset *reset = &sctp->reset;
    struct reader r = reader_of(value);
    uint32_t seq = read_u32(&r);
    uint32_t result = read_u32(&r);

    if (r.failed || !reset->is_asking || seq != reset->seq) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
        return;
    }
    if (result == SCTP_RESET_IN_PROGRESS) {
        // §5.2.7: asked again by the timer, or as soon as what it waits for has arrived.
        reset->is_later = true;
        reset->awaits_arrival = reset->last_tsn >= sctp->tx.first;
        reset->is_due = false;
        return;
    }
    for (size_t i = 0; i < reset->count; i++) {
        // Refused or done, the stream is over for whoever asked; only its numbers go on where they were.
        finish(sctp, sctp_streams_find(&sctp->streams, reset->streams[i]),
            result <= SCTP_RESET_PERFORMED);
    }
    reset->is_asking = false;
    reset->is_due = false;
    reset->at = YODEL_NEVER;
}

// ---- the peer's half

static bool perform_one(struct sctp *sctp, uint16_t id)
{
    return sctp_assembly_reset_stream(&sctp->rx.assembly, id);
}

// §5.2.2 step E4: no stream numbers mean all streams.
static bool perform_all(struct sctp *sctp)
{
    for (uint32_t id = 0; id <= UINT16_MAX; id++) {
        const struct sctp_stream *stream = sctp_streams_find(&sctp->streams, (uint16_t)id);

        if (!stream) {
            id |= SCTP_STREAM_PAGE - 1;
        } else if (stream->in_used && !perform_one(sctp, (uint16_t)id)) {
            return false;
        }
    }
    return true;
}

// False without memory; what had been performed until then is performed, and told, again.
static bool perform(struct sctp *sctp, struct reader streams)
{
    if (streams.left == 0) {
        return perform_all(sctp);
    }
    while (streams.left > 0) {
        if (!perform_one(sctp, read_u16(&streams))) {
            return false;
        }
    }
    return true;
}

static bool is_deferred_list(const struct sctp_reset *reset, struct reader streams)
{
    if (streams.left != 2 * reset->deferred_count) {
        return false;
    }
    for (size_t i = 0; i < reset->deferred_count; i++) {
        if (read_u16(&streams) != reset->deferred[i]) {
            return false;
        }
    }
    return true;
}

static bool defer(struct sctp *sctp, uint64_t tsn, struct reader streams)
{
    struct sctp_reset *reset = &sctp->reset;
    size_t count = streams.left / 2;
    uint16_t *list =
        alloc_resize(sctp->env->alloc, reset->deferred, (count > 0 ? count : 1) * sizeof *list);

    if (!list) {
        return false;
    }
    reset->deferred = list;
    reset->deferred_count = count;
    reset->deferred_tsn = tsn;
    reset->is_deferred = true;
    reset->was_deferred = false;
    for (size_t i = 0; i < count; i++) {
        list[i] = read_u16(&streams);
    }
    return true;
}

// False without memory.
static bool on_new_request(
    struct sctp *sctp, uint32_t last_tsn, struct reader streams, enum sctp_reset_result *result)
{
    struct sctp_reset *reset = &sctp->reset;
    uint64_t tsn = unwrap_u32(sctp->rx.cumulative, last_tsn);

    *result = SCTP_RESET_PERFORMED;
    if (reset->was_deferred && is_deferred_list(reset, streams)) {
        reset->was_deferred = false; // The one that was put off, under a new number.
        return true;
    }
    if (reset->is_deferred) {
        *result = is_deferred_list(reset, streams) ? SCTP_RESET_IN_PROGRESS : SCTP_RESET_DENIED;
        return true;
    }
    reset->was_deferred = false;
    if (tsn > sctp->rx.cumulative) { // §5.2.2 E3
        *result = SCTP_RESET_IN_PROGRESS;
        return defer(sctp, tsn, streams);
    }
    return perform(sctp, streams);
}

static void respond(struct sctp_reset *reset, uint32_t seq, enum sctp_reset_result result)
{
    reset->response_due = true;
    reset->response_seq = seq;
    reset->response = result;
}

//  +-------------------------------+-------------------------------+      RFC 6525 §4.1
//  |  type = 13                    |  length                       |
//  +-------------------------------+-------------------------------+
//  |  number of this request                                       |
//  +---------------------------------------------------------------+
//  |  number of the request that this answers, if any              |
//  +---------------------------------------------------------------+
//  |  the last TSN that the sender has given                       |
//  +-------------------------------+-------------------------------+
//  |  stream                       |  stream ...                   |
//  +-------------------------------+-------------------------------+

static void on_request(struct sctp *sctp, const struct sctp_param *param)
{
    struct sctp_reset *reset = &sctp->reset;
    struct reader r = reader_of(param->value);
    uint32_t seq = read_u32(&r);

    if (r.failed) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
        return;
    }
    if (seq == reset->peer_seq - 1) {
        respond(reset, seq, reset->last_result); // §5.2.1: it did not hear our answer.
        return;
    }
    if (seq != reset->peer_seq) {
        respond(reset, seq, SCTP_RESET_BAD_SEQUENCE);
        return;
    }
    enum sctp_reset_result result = SCTP_RESET_DENIED;
    if (param->type == PARAM_OUTGOING_RESET) {
        read_u32(&r);
        uint32_t last_tsn = read_u32(&r);

        if (r.failed || r.left % 2 != 0) {
            sctp->stats.drops[SCTP_DROP_MALFORMED]++;
            return;
        }
        if (!on_new_request(sctp, last_tsn, r, &result)) {
            sctp->stats.drops[SCTP_DROP_NO_ROOM]++; // Without an answer it comes again.
            return;
        }
    }
    reset->peer_seq++;
    reset->last_result = result;
    respond(reset, seq, result);
}

void sctp_reset_recv(struct sctp *sctp, const struct sctp_chunk *chunk)
{
    struct reader r = reader_of(chunk->value);
    struct sctp_param param;

    for (size_t i = 0; i < SCTP_RESET_PARAMS_MAX && sctp_packet_next_param(&r, &param); i++) {
        if (param.type == PARAM_RESPONSE) {
            on_response(sctp, param.value);
        } else if (param.type >= PARAM_OUTGOING_RESET && param.type <= PARAM_ADD_INCOMING) {
            on_request(sctp, &param);
        }
    }
    if (r.failed) {
        sctp->stats.drops[SCTP_DROP_MALFORMED]++;
    }
}

static bool perform_deferred(struct sctp *sctp)
{
    const struct sctp_reset *reset = &sctp->reset;

    for (size_t i = 0; i < reset->deferred_count; i++) {
        if (!perform_one(sctp, reset->deferred[i])) {
            return false; // With the next packet.
        }
    }
    return reset->deferred_count > 0 || perform_all(sctp);
}

void sctp_reset_advance(struct sctp *sctp)
{
    struct sctp_reset *reset = &sctp->reset;

    if (reset->is_deferred && reset->deferred_tsn <= sctp->rx.cumulative &&
        perform_deferred(sctp)) {
        // A peer that repeats the request under its old number is told that, too.
        reset->last_result = SCTP_RESET_PERFORMED;
        reset->is_deferred = false;
        reset->was_deferred = true;
    }
    if (reset->is_later && reset->awaits_arrival && reset->last_tsn < sctp->tx.first) {
        ask(sctp);
    }
}

void sctp_reset_tick(struct sctp *sctp, yodel_time now)
{
    struct sctp_reset *reset = &sctp->reset;

    if (now < reset->at) {
        return;
    }
    reset->at = YODEL_NEVER;
    if (reset->is_later) {
        ask(sctp);
    }
    reset->is_due = true;
}

void sctp_reset_put(struct sctp *sctp, struct writer *w, yodel_time now)
{
    struct sctp_reset *reset = &sctp->reset;

    if (!reset->is_asking && reset->wanted_head) {
        gather(sctp);
        if (reset->count > 0) {
            ask(sctp);
        }
    }
    bool asks =
        reset->is_due && writer_left(w) >= RESPONSE_SIZE + REQUEST_SIZE + 2 * reset->count + 2;
    if ((!asks && !reset->response_due) || writer_left(w) < RESPONSE_SIZE) {
        return;
    }
    size_t chunk = sctp_packet_begin_chunk(w, SCTP_RE_CONFIG, 0);
    if (reset->response_due) {
        size_t param = sctp_packet_begin_param(w, PARAM_RESPONSE);
        put_u32(w, reset->response_seq);
        put_u32(w, reset->response);
        sctp_packet_end_param(w, param);
        reset->response_due = false;
    }
    if (asks) {
        size_t param = sctp_packet_begin_param(w, PARAM_OUTGOING_RESET);
        put_u32(w, reset->seq);
        put_u32(w, reset->peer_seq - 1);
        put_u32(w, (uint32_t)reset->last_tsn);
        for (size_t i = 0; i < reset->count; i++) {
            put_u16(w, reset->streams[i]);
        }
        sctp_packet_end_param(w, param);
        reset->is_due = false;
        reset->at = time_after(now, sctp->tx.rto.rto);
    }
    sctp_packet_end_chunk(w, chunk);
}
