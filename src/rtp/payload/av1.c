// AV1 in RTP: OBUs, without their sizes on the way and with them at both ends.

#include "rtp/payload/av1.h"

#include "base/assert.h"

//  |Z|Y| W |N|-|-|-|   AV1 RTP §4.4: Z, the first element goes on from the payload before; Y, the
//                      last one goes on in the next; W, how many there are, of which the last has
//                      no length, or 0: as many as there are lengths; N, a coded video sequence
//                      begins
//  | length, leb128 | an OBU's header, its payload |  ...
//
//  |0| type  |X|S|-|   AV1 Bitstream §5.3.2: X, an extension of a byte follows; S, a size then

#define GOES_ON 0x80
#define TO_BE_CONTINUED 0x40
#define COUNT_SHIFT 4
#define COUNT_MASK 3
#define SEQUENCE 0x08

#define OBU_FORBIDDEN 0x80
#define OBU_EXTENSION 0x04
#define OBU_SIZE 0x02
#define OBU_TYPE(head) ((head) >> 3 & 15)
#define OBU_SEQUENCE_HEADER 1
#define OBU_TEMPORAL_DELIMITER 2
#define OBU_TILE_LIST 8
#define LAYER_MASK 0xf8 // Of the extension: temporal_id and spatial_id.
#define LAYER_NONE 0xff

#define LEB128_MAX 8
#define PART_MIN 16 // Less of an OBU is not worth beginning in a payload's last bytes.

uint32_t rtp_av1_read_leb128(struct reader *r)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < LEB128_MAX; i++) {
        uint8_t byte = read_u8(r);
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            r->failed = r->failed || value > UINT32_MAX; // AV1 Bitstream §4.10.5.
            return r->failed ? 0 : (uint32_t)value;
        }
    }
    r->failed = true; // P12.
    return 0;
}

static size_t leb128_len(uint64_t value)
{
    size_t len = 1;

    while (value >>= 7) {
        len++;
    }
    return len;
}

void rtp_av1_put_leb128(struct writer *w, uint32_t value)
{
    for (; value >= 0x80; value >>= 7) {
        put_u8(w, (uint8_t)(value | 0x80));
    }
    put_u8(w, (uint8_t)value);
}

// AV1 RTP §5: temporal delimiters and tile lists are not sent, and ignored where somebody does.
static bool is_ignored(uint8_t head)
{
    return OBU_TYPE(head) == OBU_TEMPORAL_DELIMITER || OBU_TYPE(head) == OBU_TILE_LIST;
}

// ---- reading

struct elements {
    struct reader r;
    uint8_t head;
    uint32_t left; // Elements to come by W; unused where that is 0.
    bool is_first;
};

static struct elements elements_of(struct bytes payload)
{
    struct elements e = {.r = reader_of(payload), .is_first = true};

    e.head = read_u8(&e.r);
    e.left = e.head >> COUNT_SHIFT & COUNT_MASK;
    bool is_new_and_old = (e.head & SEQUENCE) != 0 && (e.head & GOES_ON) != 0; // §4.4: never both.
    e.r.failed = e.r.failed || e.r.left == 0 || is_new_and_old;
    return e;
}

// The next element; `is_last` of the payload. False at the end, and where the list lies.
static bool next_element(struct elements *e, struct bytes *element, bool *is_last)
{
    bool is_counted = (e->head >> COUNT_SHIFT & COUNT_MASK) != 0;

    if (e->r.failed || (is_counted ? e->left == 0 : e->r.left == 0)) {
        return false;
    }
    e->left -= is_counted ? 1 : 0;
    size_t len = is_counted && e->left == 0 ? e->r.left : rtp_av1_read_leb128(&e->r);
    *element = read_bytes(&e->r, len);
    *is_last = is_counted ? e->left == 0 : e->r.left == 0;
    e->r.failed = e->r.failed || len == 0;
    return !e->r.failed;
}

enum yodel_err rtp_av1_inspect(struct rtp_payload_info *info, struct bytes payload)
{
    struct elements e = elements_of(payload);
    struct bytes element;
    bool is_last;

    while (next_element(&e, &element, &is_last)) {
    }
    if (e.r.failed) {
        return YODEL_ERR_MALFORMED;
    }
    *info = (struct rtp_payload_info){
        .is_start = (e.head & GOES_ON) == 0, .is_key = (e.head & SEQUENCE) != 0};
    return YODEL_OK;
}

// The OBU that began at `opened` is whole: it gets its size, unless it has one.
static bool close_obu(struct writer *frame, size_t opened)
{
    size_t len = frame->len - opened;
    uint8_t *head = frame->start + opened;
    size_t header_len = (head[0] & OBU_EXTENSION) != 0 ? 2 : 1;

    if (len < header_len || (head[0] & OBU_FORBIDDEN) != 0 || len > UINT32_MAX) {
        return false;
    }
    if (is_ignored(head[0])) {
        frame->len = opened;
        return true;
    }
    if ((head[0] & OBU_SIZE) != 0) {
        struct reader r = reader_of(bytes_of(head + header_len, len - header_len));
        uint32_t size = rtp_av1_read_leb128(&r);
        return !r.failed && size == r.left;
    }
    size_t size = len - header_len, size_len = leb128_len(size);
    if (!put_room(frame, size_len)) {
        return true; // The writer has failed, which its owner sees.
    }
    memmove(head + header_len + size_len, head + header_len, size);
    struct writer w = writer_of(span_of(head + header_len, size_len));
    rtp_av1_put_leb128(&w, (uint32_t)size);
    head[0] |= OBU_SIZE;
    return true;
}

enum yodel_err rtp_av1_append(
    struct rtp_payload_state *state, struct bytes payload, struct writer *frame)
{
    struct elements e = elements_of(payload);
    struct bytes element;
    bool is_last;

    if (e.r.failed || state->is_open != ((e.head & GOES_ON) != 0)) {
        return YODEL_ERR_MALFORMED;
    }
    while (next_element(&e, &element, &is_last)) {
        if (!state->is_open) {
            state->opened = frame->len;
        }
        put_bytes(frame, element);
        state->is_open = is_last && (e.head & TO_BE_CONTINUED) != 0;
        if (frame->failed) {
            return YODEL_OK;
        }
        if (!state->is_open && !close_obu(frame, state->opened)) {
            return YODEL_ERR_MALFORMED;
        }
    }
    return e.r.failed ? YODEL_ERR_MALFORMED : YODEL_OK;
}

// ---- writing

// Takes the next OBU off the stream; one of no length where there is none, or what is left is none.
static struct rtp_av1_obu next_obu(struct bytes *stream)
{
    struct reader r = reader_of(*stream);
    struct rtp_av1_obu obu = {.header_len = 1};

    obu.header[0] = read_u8(&r);
    r.failed = r.failed || (obu.header[0] & OBU_FORBIDDEN) != 0;
    if ((obu.header[0] & OBU_EXTENSION) != 0) {
        obu.header[obu.header_len++] = read_u8(&r);
    }
    size_t len = (obu.header[0] & OBU_SIZE) != 0 ? rtp_av1_read_leb128(&r) : r.left;
    obu.payload = read_bytes(&r, len);
    obu.header[0] &= (uint8_t)~OBU_SIZE;
    *stream = r.failed ? (struct bytes){0} : bytes_of(r.pos, r.left);
    return r.failed ? (struct rtp_av1_obu){0} : obu;
}

static struct rtp_av1_obu next_to_send(struct bytes *stream)
{
    struct rtp_av1_obu obu;

    do {
        obu = next_obu(stream);
    } while (obu.header_len > 0 && is_ignored(obu.header[0]));
    return obu;
}

void rtp_av1_start(struct rtp_av1_packetizer *packetizer, struct bytes unit)
{
    *packetizer = (struct rtp_av1_packetizer){.stream = unit};
    packetizer->next = next_to_send(&packetizer->stream);
    packetizer->is_sequence = packetizer->next.header_len > 0 &&
                              OBU_TYPE(packetizer->next.header[0]) == OBU_SEQUENCE_HEADER;
}

// Bytes of the present OBU to come.
static size_t left_of(const struct rtp_av1_packetizer *packetizer)
{
    return packetizer->obu.header_len + packetizer->obu.payload.len - packetizer->done;
}

// Writes the next `len` bytes of the present OBU, its header first.
static void put_some(struct rtp_av1_packetizer *packetizer, struct writer *w, size_t len)
{
    const struct rtp_av1_obu *obu = &packetizer->obu;
    size_t end = packetizer->done + len;

    YODEL_ASSERT(end >= obu->header_len); // The header is never cut.
    if (packetizer->done == 0) {
        put_bytes(w, bytes_of(obu->header, obu->header_len));
        packetizer->done = obu->header_len;
    }
    put_bytes(
        w, bytes_sub(obu->payload, packetizer->done - obu->header_len, end - packetizer->done));
    packetizer->done = end;
}

// Writes one element with its length, whole or as much as fits. False: that is not worth it.
static bool put_element(struct rtp_av1_packetizer *packetizer, struct writer *w)
{
    size_t room = writer_left(w), len = left_of(packetizer);

    if (leb128_len(len) + len > room) {
        if (room < PART_MIN) {
            return false;
        }
        len = room - leb128_len(room);
    }
    rtp_av1_put_leb128(w, (uint32_t)len);
    put_some(packetizer, w, len);
    return true;
}

static void advance(struct rtp_av1_packetizer *packetizer)
{
    packetizer->obu = packetizer->next;
    packetizer->next = next_to_send(&packetizer->stream);
    packetizer->done = 0;
}

// §5: of the OBUs in one payload, all that say their layer say the same.
static bool is_of_layer(const struct rtp_av1_obu *obu, uint8_t *layer)
{
    if (obu->header_len < sizeof obu->header) {
        return true;
    }
    uint8_t own = obu->header[1] & LAYER_MASK;
    *layer = *layer == LAYER_NONE ? own : *layer;
    return *layer == own;
}

// Fills the payload. Returns W.
static uint8_t put_elements(struct rtp_av1_packetizer *packetizer, struct writer *w)
{
    uint8_t layer = LAYER_NONE;

    if (left_of(packetizer) >= writer_left(w)) { // It fills the payload: alone, without a length.
        put_some(packetizer, w, writer_left(w));
        return 1;
    }
    while (left_of(packetizer) > 0 && is_of_layer(&packetizer->obu, &layer) &&
           put_element(packetizer, w) && left_of(packetizer) == 0) {
        advance(packetizer);
    }
    return 0;
}

bool rtp_av1_emit(struct rtp_av1_packetizer *packetizer, struct writer *w, bool *is_last)
{
    YODEL_ASSERT(writer_left(w) >= RTP_PAYLOAD_ROOM_MIN);
    if (left_of(packetizer) == 0) {
        advance(packetizer);
    }
    if (left_of(packetizer) == 0) {
        return false;
    }
    size_t at = w->len;
    uint32_t head =
        (packetizer->done > 0 ? GOES_ON : 0u) | (packetizer->is_sequence ? SEQUENCE : 0u);
    put_u8(w, 0);
    head |= (uint32_t)put_elements(packetizer, w) << COUNT_SHIFT;
    bool is_cut = packetizer->done > 0 && left_of(packetizer) > 0;
    w->start[at] = (uint8_t)(head | (is_cut ? TO_BE_CONTINUED : 0u));
    packetizer->is_sequence = false;
    *is_last = left_of(packetizer) == 0 && packetizer->next.header_len == 0;
    return true;
}
