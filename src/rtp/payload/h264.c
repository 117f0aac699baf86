// H.264 in RTP: NAL units, cut, gathered and put together.

#include "rtp/payload/h264.h"

#include "base/assert.h"

//  |F|NRI| type    |  the unit ...                         RFC 6184 §5.6: a unit, types 1 to 23
//  |F|NRI| 24      |  size, 16 bits | unit | size | ...     §5.7.1: STAP-A
//  |F|NRI| 28      |S|E|R| type    |  a part of a unit     §5.8: FU-A

#define TYPE_MASK 0x1f
#define NRI_MASK 0x60
#define F_NRI_MASK 0xe0
#define TYPE_IDR 5
#define TYPE_SPS 7
#define TYPE_SINGLE_MAX 23
#define TYPE_STAP_A 24
#define TYPE_FU_A 28
#define FU_START 0x80
#define FU_END 0x40
#define START_CODE 1 // As 32 bits.

static uint8_t type_of(struct bytes nal)
{
    return nal.len > 0 ? nal.ptr[0] & TYPE_MASK : 0;
}

static bool is_unit(struct bytes nal)
{
    return type_of(nal) > 0 && type_of(nal) <= TYPE_SINGLE_MAX;
}

// The next unit of a STAP-A's list. False at its end, and where it lies (P10: `r->failed`).
static bool next_unit(struct reader *r, struct bytes *nal)
{
    if (r->left == 0) {
        return false;
    }
    *nal = read_bytes(r, read_u16(r));
    r->failed = r->failed || !is_unit(*nal);
    return !r->failed;
}

// ---- reading

static void look_at(struct rtp_payload_info *info, struct bytes nal)
{
    info->is_key = info->is_key || type_of(nal) == TYPE_IDR;
    if (type_of(nal) == TYPE_SPS && !rtp_h264_size(nal, &info->width, &info->height)) {
        info->width = info->height = 0;
    }
}

static enum yodel_err look_at_all(struct rtp_payload_info *info, struct reader r)
{
    struct bytes nal;

    while (next_unit(&r, &nal)) {
        look_at(info, nal);
    }
    return r.failed ? YODEL_ERR_MALFORMED : YODEL_OK;
}

enum yodel_err rtp_h264_inspect(struct rtp_payload_info *info, struct bytes payload)
{
    struct rtp_payload_info seen = {.is_start = true};
    struct reader r = reader_of(payload);
    enum yodel_err err = YODEL_OK;
    uint8_t type = type_of(payload);

    read_u8(&r);
    if (type == TYPE_STAP_A && r.left > 0) {
        err = look_at_all(&seen, r);
    } else if (type == TYPE_FU_A) {
        uint8_t head = read_u8(&r);
        seen.is_start = (head & FU_START) != 0;
        seen.is_key = (head & TYPE_MASK) == TYPE_IDR;
        err = r.left == 0 ? YODEL_ERR_MALFORMED : YODEL_OK;
    } else if (is_unit(payload)) {
        look_at(&seen, payload);
    } else {
        err = YODEL_ERR_MALFORMED;
    }
    if (err == YODEL_OK) {
        *info = seen;
    }
    return err;
}

static void put_unit(struct writer *frame, struct bytes nal)
{
    put_u32(frame, START_CODE);
    put_bytes(frame, nal);
}

static enum yodel_err append_all(struct reader r, struct writer *frame)
{
    struct bytes nal;

    if (r.left == 0) {
        return YODEL_ERR_MALFORMED;
    }
    while (next_unit(&r, &nal)) {
        put_unit(frame, nal);
    }
    return r.failed ? YODEL_ERR_MALFORMED : YODEL_OK;
}

// P10: a part without a beginning, a beginning within a unit, and both ends in one payload, which
// §5.8 forbids.
static enum yodel_err append_part(
    struct rtp_payload_state *state, struct bytes payload, struct writer *frame)
{
    struct reader r = reader_of(payload);
    uint8_t indicator = read_u8(&r), head = read_u8(&r), type = head & TYPE_MASK;
    bool is_start = (head & FU_START) != 0, is_end = (head & FU_END) != 0;

    if (r.failed || r.left == 0 || type == 0 || type > TYPE_SINGLE_MAX ||
        is_start == state->is_open || (is_start && is_end)) {
        return YODEL_ERR_MALFORMED;
    }
    if (is_start) {
        put_u32(frame, START_CODE);
        put_u8(frame, (indicator & F_NRI_MASK) | type);
    }
    put_bytes(frame, read_rest(&r));
    state->is_open = !is_end;
    return YODEL_OK;
}

enum yodel_err rtp_h264_append(
    struct rtp_payload_state *state, struct bytes payload, struct writer *frame)
{
    enum yodel_err err = YODEL_ERR_MALFORMED;

    if (type_of(payload) == TYPE_FU_A) {
        err = append_part(state, payload, frame);
    } else if (!state->is_open && type_of(payload) == TYPE_STAP_A) {
        err = append_all(reader_of(bytes_sub(payload, 1, SIZE_MAX)), frame);
    } else if (!state->is_open && is_unit(payload)) {
        put_unit(frame, payload);
        err = YODEL_OK;
    }
    return err;
}

// ---- writing

// Where the next 0, 0, 1 begins at or behind `from`; the length where there is none.
static size_t find_start_code(struct bytes stream, size_t from)
{
    for (size_t i = from; i + 3 <= stream.len;) {
        if (stream.ptr[i + 2] > 1) {
            i += 3;
        } else if (stream.ptr[i] == 0 && stream.ptr[i + 1] == 0 && stream.ptr[i + 2] == 1) {
            return i;
        } else {
            i++;
        }
    }
    return stream.len;
}

struct bytes rtp_h264_next_nal(struct bytes *stream)
{
    struct bytes nal = {0};

    while (nal.len == 0 && stream->len > 0) {
        size_t start = find_start_code(*stream, 0);
        size_t end = find_start_code(*stream, start + 3 < stream->len ? start + 3 : stream->len);
        nal = bytes_sub(*stream, start + 3, end - start - 3);
        while (nal.len > 0 && nal.ptr[nal.len - 1] == 0) {
            nal.len--; // Annex B: a unit never ends with zero; those before a start code are its.
        }
        *stream = bytes_sub(*stream, end, SIZE_MAX);
    }
    return nal;
}

// What is no unit is not sent: on the way it would be taken for something else.
static void advance(struct rtp_h264_packetizer *packetizer)
{
    packetizer->nal = packetizer->next;
    do {
        packetizer->next = rtp_h264_next_nal(&packetizer->stream);
    } while (packetizer->next.len > 0 && !is_unit(packetizer->next));
}

void rtp_h264_start(struct rtp_h264_packetizer *packetizer, struct bytes frame, bool is_single)
{
    *packetizer = (struct rtp_h264_packetizer){.stream = frame, .is_single = is_single};
    advance(packetizer);
}

// As many whole units as fit, where two do at least.
static void put_many(struct rtp_h264_packetizer *packetizer, struct writer *w)
{
    size_t at = w->len;
    uint8_t head = 0;

    put_u8(w, TYPE_STAP_A);
    while (packetizer->nal.len > 0 && writer_left(w) >= 2 + packetizer->nal.len) {
        struct bytes nal = packetizer->nal;
        uint8_t nri = nal.ptr[0] & NRI_MASK;
        head |= nal.ptr[0] & 0x80;
        head = nri > (head & NRI_MASK) ? (uint8_t)((head & 0x80) | nri) : head;
        put_u16(w, (uint16_t)nal.len);
        put_bytes(w, nal);
        advance(packetizer);
    }
    w->start[at] |= head;
}

static void put_part(struct rtp_h264_packetizer *packetizer, struct writer *w)
{
    struct bytes *nal = &packetizer->nal;
    uint8_t flags = packetizer->is_fragmented ? 0 : FU_START;

    if (!packetizer->is_fragmented) {
        packetizer->head = nal->ptr[0];
        packetizer->is_fragmented = true;
        *nal = bytes_sub(*nal, 1, SIZE_MAX);
    }
    struct bytes part = bytes_sub(*nal, 0, writer_left(w) - 2);
    *nal = bytes_sub(*nal, part.len, SIZE_MAX);
    if (nal->len == 0) {
        flags |= FU_END;
        packetizer->is_fragmented = false;
    }
    put_u8(w, (packetizer->head & F_NRI_MASK) | TYPE_FU_A);
    put_u8(w, flags | (packetizer->head & TYPE_MASK));
    put_bytes(w, part);
}

bool rtp_h264_emit(struct rtp_h264_packetizer *packetizer, struct writer *w, bool *is_last)
{
    YODEL_ASSERT(writer_left(w) >= RTP_PAYLOAD_ROOM_MIN);
    if (packetizer->nal.len == 0) {
        advance(packetizer);
    }
    struct bytes nal = packetizer->nal, next = packetizer->next;
    if (nal.len == 0) {
        return false;
    }
    size_t room = writer_left(w);
    bool is_fitting = nal.len <= room && !packetizer->is_fragmented;
    if (is_fitting && !packetizer->is_single && next.len > 0 && 5 + nal.len + next.len <= room) {
        put_many(packetizer, w);
    } else if (is_fitting || packetizer->is_single) {
        put_bytes(w, nal);
        packetizer->nal = (struct bytes){0};
    } else {
        put_part(packetizer, w);
    }
    *is_last = packetizer->nal.len == 0 && packetizer->next.len == 0;
    return true;
}
