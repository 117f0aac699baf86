// SCTP chunks: parsers that read straight through, and their writers.

#include "sctp/chunk.h"

enum yodel_err sctp_chunk_parse_data(struct sctp_data *data, const struct sctp_chunk *chunk)
{
    struct reader r = reader_of(chunk->value);
    struct sctp_data parsed = {.flags = chunk->flags};

    parsed.tsn = read_u32(&r);
    parsed.stream = read_u16(&r);
    parsed.ssn = read_u16(&r);
    parsed.ppid = read_u32(&r);
    if (r.failed) {
        return YODEL_ERR_MALFORMED;
    }
    parsed.user = read_rest(&r);
    *data = parsed;
    return YODEL_OK;
}

//  +---------------+---------------+-------------------------------+      RFC 9260 §3.3.1
//  |  type = 0     |  . . . .I U B E  |  length, without padding   |
//  +---------------+---------------+-------------------------------+
//  |  TSN                                                          |
//  +-------------------------------+-------------------------------+
//  |  stream                       |  stream sequence number       |
//  +-------------------------------+-------------------------------+
//  |  payload protocol identifier                                  |
//  +---------------------------------------------------------------+

void sctp_chunk_put_data(struct writer *w, const struct sctp_data *data)
{
    size_t padding = -data->user.len & 3;
    uint8_t *at = put_room(w, SCTP_DATA_HEADER_SIZE + data->user.len + padding);

    if (!at) {
        return;
    }
    at[0] = SCTP_DATA;
    at[1] = data->flags;
    store_u16(at + 2, (uint16_t)(SCTP_DATA_HEADER_SIZE + data->user.len));
    store_u32(at + 4, data->tsn);
    store_u16(at + 8, data->stream);
    store_u16(at + 10, data->ssn);
    store_u32(at + 12, data->ppid);
    memcpy(at + SCTP_DATA_HEADER_SIZE, data->user.ptr, data->user.len);
    memset(at + SCTP_DATA_HEADER_SIZE + data->user.len, 0, padding);
}

static void read_extensions(struct sctp_init *init, struct bytes types)
{
    for (size_t i = 0; i < types.len; i++) {
        init->re_config |= types.ptr[i] == SCTP_RE_CONFIG;
        init->forward_tsn |= types.ptr[i] == SCTP_FORWARD_TSN;
    }
}

// Returns false where the parameters that follow must not be looked at.
static bool read_init_param(struct sctp_init *init, const struct sctp_param *param)
{
    switch (param->type) {
    case SCTP_PARAM_COOKIE:
        init->cookie = param->value;
        return true;
    case SCTP_PARAM_EXTENSIONS:
        read_extensions(init, param->value);
        return true;
    case SCTP_PARAM_FORWARD_TSN:
        init->forward_tsn = true;
        return true;
    case SCTP_PARAM_IPV4: // RFC 8261 §6.1: there is one path, and no address of ours matters.
    case SCTP_PARAM_IPV6:
    case SCTP_PARAM_ADDRESS_TYPES:
    case SCTP_PARAM_COOKIE_PRESERVATIVE:
    case SCTP_PARAM_UNRECOGNIZED:
        return true;
    default:
        break;
    }
    if (param->type & SCTP_PARAM_REPORT_UNKNOWN) {
        init->unknown[init->unknown_count++] = param->whole;
    }
    return (param->type & SCTP_PARAM_SKIP_UNKNOWN) != 0;
}

enum yodel_err sctp_chunk_parse_init(struct sctp_init *init, const struct sctp_chunk *chunk)
{
    struct reader r = reader_of(chunk->value);
    struct sctp_param param;

    memset(init, 0, sizeof *init);
    init->tag = read_u32(&r);
    init->a_rwnd = read_u32(&r);
    init->out_streams = read_u16(&r);
    init->in_streams = read_u16(&r);
    init->tsn = read_u32(&r);
    for (uint32_t i = 0; i < SCTP_CHUNK_PARAMS_MAX && sctp_packet_next_param(&r, &param); i++) {
        if (!read_init_param(init, &param)) {
            break;
        }
    }
    return r.failed ? YODEL_ERR_MALFORMED : YODEL_OK;
}

void sctp_chunk_put_init(struct writer *w, uint8_t type, const struct sctp_init *init)
{
    size_t chunk = sctp_packet_begin_chunk(w, type, 0);

    put_u32(w, init->tag);
    put_u32(w, init->a_rwnd);
    put_u16(w, init->out_streams);
    put_u16(w, init->in_streams);
    put_u32(w, init->tsn);
    if (init->forward_tsn) {
        sctp_packet_end_param(w, sctp_packet_begin_param(w, SCTP_PARAM_FORWARD_TSN));
    }
    size_t extensions = sctp_packet_begin_param(w, SCTP_PARAM_EXTENSIONS);
    if (init->re_config) {
        put_u8(w, SCTP_RE_CONFIG);
    }
    if (init->forward_tsn) {
        put_u8(w, SCTP_FORWARD_TSN);
    }
    sctp_packet_end_param(w, extensions);
    if (init->cookie.len > 0) {
        size_t cookie = sctp_packet_begin_param(w, SCTP_PARAM_COOKIE);
        put_bytes(w, init->cookie);
        sctp_packet_end_param(w, cookie);
    }
    if (init->report.len > 0) {
        put_zeros(w, -w->len & 3);
        put_bytes(w, init->report);
    }
    sctp_packet_end_chunk(w, chunk);
}

void sctp_chunk_put_unknown(struct writer *w, const struct sctp_init *init)
{
    for (uint32_t i = 0; i < init->unknown_count; i++) {
        // X6: as many as fit; the rest of a thousand is nobody's loss.
        if (writer_left(w) < init->unknown[i].len + 2 * SCTP_PARAM_HEADER_SIZE) {
            break;
        }
        size_t unknown = sctp_packet_begin_param(w, SCTP_PARAM_UNRECOGNIZED);
        put_bytes(w, init->unknown[i]);
        sctp_packet_end_param(w, unknown);
    }
}

enum yodel_err sctp_chunk_parse_sack(struct sctp_sack *sack, const struct sctp_chunk *chunk)
{
    struct reader r = reader_of(chunk->value);
    struct sctp_sack parsed = {.cumulative_tsn = read_u32(&r)};

    parsed.a_rwnd = read_u32(&r);
    parsed.gap_count = read_u16(&r);
    size_t duplicate_count = read_u16(&r);
    parsed.gaps = read_bytes(&r, parsed.gap_count * 4).ptr;
    read_bytes(&r, duplicate_count * 4);
    if (r.failed) {
        return YODEL_ERR_MALFORMED;
    }
    *sack = parsed;
    return YODEL_OK;
}

void sctp_chunk_put_error(
    struct writer *w, uint8_t type, uint8_t flags, enum sctp_cause cause, struct bytes info)
{
    size_t chunk = sctp_packet_begin_chunk(w, type, flags);
    size_t at = sctp_packet_begin_param(w, (uint16_t)cause);

    put_bytes(w, info);
    sctp_packet_end_param(w, at);
    sctp_packet_end_chunk(w, chunk);
}

uint16_t sctp_chunk_first_cause(const struct sctp_chunk *chunk)
{
    struct reader r = reader_of(chunk->value);
    struct sctp_param cause;

    return sctp_packet_next_param(&r, &cause) ? cause.type : 0;
}
