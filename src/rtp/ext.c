// RTP header extensions: the two forms, and the values in them.

#include "rtp/ext.h"

#include "base/assert.h"

//  one byte:  |  id   | len-1 | value ...          RFC 8285 §4.2
//  two bytes: |  id           | len          | value ...   §4.3
//
// Between the elements and behind them there may be zeros.

#define ONE_BYTE_LEN_MAX 16
#define FRAME_SIZE 4
#define ID_STOP 15

static const char *const uris[RTP_EXT_KINDS] = {
    [RTP_EXT_MID] = "urn:ietf:params:rtp-hdrext:sdes:mid",
    [RTP_EXT_RID] = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    [RTP_EXT_REPAIRED_RID] = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    [RTP_EXT_AUDIO_LEVEL] = "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    [RTP_EXT_SEND_TIME] = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    [RTP_EXT_TRANSPORT_SEQ] =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    [RTP_EXT_TIME_OFFSET] = "urn:ietf:params:rtp-hdrext:toffset",
    [RTP_EXT_ORIENTATION] = "urn:3gpp:video-orientation",
    [RTP_EXT_PLAYOUT_DELAY] = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    [RTP_EXT_CONTENT_TYPE] = "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
    [RTP_EXT_CAPTURE_TIME] = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
};

const char *rtp_ext_uri(enum rtp_ext_kind kind)
{
    YODEL_ASSERT(kind < RTP_EXT_KINDS);
    return uris[kind];
}

enum rtp_ext_kind rtp_ext_kind_of(struct bytes uri)
{
    enum rtp_ext_kind kind = 0;

    while (kind < RTP_EXT_KINDS && !bytes_equal(uri, bytes_of_text(uris[kind]))) {
        kind++;
    }
    return kind;
}

enum yodel_err rtp_ext_map_set(struct rtp_ext_map *map, enum rtp_ext_kind kind, uint32_t id)
{
    YODEL_ASSERT(kind < RTP_EXT_KINDS);
    if (id == 0 || id == ID_STOP || id >= RTP_EXT_IDS) {
        return YODEL_ERR_RANGE;
    }
    if (map->kinds[id] != 0 && map->kinds[id] != kind + 1) {
        return YODEL_ERR_EXISTS;
    }
    if (map->ids[kind] != 0) {
        map->kinds[map->ids[kind]] = 0;
    }
    map->ids[kind] = (uint8_t)id;
    map->kinds[id] = (uint8_t)(kind + 1);
    return YODEL_OK;
}

// ---- reading

static bool next_one_byte(struct reader *r, struct rtp_ext *ext)
{
    uint8_t head = read_u8(r);
    bool is_end = head >> 4 == ID_STOP || (head >> 4 == 0 && head != 0); // §4.2: ends the reading.

    ext->id = head >> 4;
    ext->value = read_bytes(r, ext->id == 0 ? 0 : (head & 15u) + 1);
    return !is_end && !r->failed;
}

static bool next_two_byte(struct reader *r, struct rtp_ext *ext)
{
    ext->id = read_u8(r);
    ext->value = read_bytes(r, ext->id == 0 ? 0 : read_u8(r));
    return !r->failed;
}

bool rtp_ext_next(struct reader *r, enum rtp_ext_form form, struct rtp_ext *ext)
{
    bool is_read = form == RTP_EXT_ONE_BYTE || form == RTP_EXT_TWO_BYTE;

    while (is_read && r->left > 0) {
        is_read = form == RTP_EXT_ONE_BYTE ? next_one_byte(r, ext) : next_two_byte(r, ext);
        if (is_read && ext->id != 0) {
            return true;
        }
    }
    return false;
}

// RFC 8852 §3 and RFC 9143 §15.1 have tokens here, which are printable.
static bool read_text(struct bytes value, struct bytes *text)
{
    if (value.len == 0 || value.len > RTP_EXT_TEXT_MAX) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] <= ' ' || value.ptr[i] > '~') {
            return false;
        }
    }
    *text = value;
    return true;
}

//  |V| level       |     RFC 6464 §3
static bool read_audio_level(struct reader *r, struct rtp_ext_values *values)
{
    uint8_t level = read_u8(r);

    values->is_voice = level >> 7 != 0;
    values->audio_level = level & 0x7f;
    return reader_at_end(r);
}

//  |0 0 0 0 C F R R|     3GPP TS 26.114, 7.4.5
static bool read_orientation(struct reader *r, struct rtp_ext_values *values)
{
    uint8_t bits = read_u8(r);

    values->rotation = (uint16_t)((bits & 3) * 90);
    values->is_flipped = (bits & 4) != 0;
    values->is_back_camera = (bits & 8) != 0;
    return reader_at_end(r);
}

// Two times 12 bits, in hundredths of a second.
static bool read_playout_delay(struct reader *r, struct rtp_ext_values *values)
{
    uint32_t both = read_u24(r);

    values->playout_min_ms = (uint16_t)((both >> 12) * 10);
    values->playout_max_ms = (uint16_t)((both & 0xfff) * 10);
    return reader_at_end(r) && values->playout_min_ms <= values->playout_max_ms;
}

static bool read_time_offset(struct reader *r, struct rtp_ext_values *values)
{
    values->time_offset = (int32_t)(read_u24(r) << 8) / 256; // Exact: the low byte is zero.
    return reader_at_end(r);
}

static bool read_value(struct rtp_ext_values *values, enum rtp_ext_kind kind, struct bytes value)
{
    struct reader r = reader_of(value);

    switch (kind) {
    case RTP_EXT_MID:
        return read_text(value, &values->mid);
    case RTP_EXT_RID:
        return read_text(value, &values->rid);
    case RTP_EXT_REPAIRED_RID:
        return read_text(value, &values->repaired_rid);
    case RTP_EXT_AUDIO_LEVEL:
        return read_audio_level(&r, values);
    case RTP_EXT_SEND_TIME:
        values->send_time = read_u24(&r);
        return reader_at_end(&r);
    case RTP_EXT_TRANSPORT_SEQ:
        values->transport_seq = read_u16(&r);
        return !r.failed; // Version 2 has a request for feedback behind it.
    case RTP_EXT_TIME_OFFSET:
        return read_time_offset(&r, values);
    case RTP_EXT_ORIENTATION:
        return read_orientation(&r, values);
    case RTP_EXT_PLAYOUT_DELAY:
        return read_playout_delay(&r, values);
    case RTP_EXT_CONTENT_TYPE:
        values->content_type = read_u8(&r);
        return reader_at_end(&r);
    case RTP_EXT_CAPTURE_TIME:
        values->capture_time = read_u64(&r);
        return !r.failed; // The capturer's estimated clock offset may follow.
    case RTP_EXT_KINDS:
        break;
    }
    return false;
}

void rtp_ext_read(
    struct rtp_ext_values *values, const struct rtp_packet *packet, const struct rtp_ext_map *map)
{
    struct reader r = reader_of(packet->exts);
    struct rtp_ext_values read = {0};
    struct rtp_ext ext;

    while (rtp_ext_next(&r, packet->ext_form, &ext)) {
        enum rtp_ext_kind kind = map->kinds[ext.id] - 1u;
        if (map->kinds[ext.id] == 0 || rtp_ext_has(&read, kind)) {
            continue;
        }
        struct rtp_ext_values before = read;
        if (read_value(&read, kind, ext.value)) {
            read.present |= RTP_EXT_BIT(kind);
        } else {
            read = before;
        }
    }
    *values = read;
}

// ---- writing

// The value as it goes on the wire, in `w`.
static void put_value(struct writer *w, enum rtp_ext_kind kind, const struct rtp_ext_values *values)
{
    switch (kind) {
    case RTP_EXT_MID:
        put_bytes(w, values->mid);
        break;
    case RTP_EXT_RID:
        put_bytes(w, values->rid);
        break;
    case RTP_EXT_REPAIRED_RID:
        put_bytes(w, values->repaired_rid);
        break;
    case RTP_EXT_AUDIO_LEVEL:
        put_u8(w, (uint8_t)((values->is_voice ? 0x80 : 0) | (values->audio_level & 0x7f)));
        break;
    case RTP_EXT_SEND_TIME:
        put_u24(w, values->send_time);
        break;
    case RTP_EXT_TRANSPORT_SEQ:
        put_u16(w, values->transport_seq);
        break;
    case RTP_EXT_TIME_OFFSET:
        put_u24(w, (uint32_t)values->time_offset & 0xffffff);
        break;
    case RTP_EXT_ORIENTATION:
        put_u8(w, (uint8_t)((values->is_back_camera ? 8 : 0) | (values->is_flipped ? 4 : 0) |
                            values->rotation / 90 % 4));
        break;
    case RTP_EXT_PLAYOUT_DELAY:
        put_u24(w, (uint32_t)values->playout_min_ms / 10 << 12 | values->playout_max_ms / 10u);
        break;
    case RTP_EXT_CONTENT_TYPE:
        put_u8(w, values->content_type);
        break;
    case RTP_EXT_CAPTURE_TIME:
        put_u64(w, values->capture_time);
        break;
    case RTP_EXT_KINDS:
        break;
    }
}

static bool fits_one_byte(uint8_t id, struct bytes value)
{
    return id <= RTP_EXT_ONE_BYTE_ID_MAX && value.len <= ONE_BYTE_LEN_MAX;
}

struct element {
    uint8_t id; // 0: not to be written.
    struct bytes value;
};

// Encodes every value into `scratch`. Returns whether one of them needs the two-byte form.
static bool encode(struct element elements[RTP_EXT_KINDS], struct writer *scratch,
    const struct rtp_ext_map *map, const struct rtp_ext_values *values)
{
    bool is_two_byte = false;

    for (enum rtp_ext_kind kind = 0; kind < RTP_EXT_KINDS; kind++) {
        struct writer before = *scratch;
        if (map->ids[kind] == 0 || !rtp_ext_has(values, kind)) {
            continue;
        }
        put_value(scratch, kind, values);
        struct element element = {
            map->ids[kind], bytes_sub(writer_bytes(scratch), before.len, SIZE_MAX)};
        if (element.value.len == 0 || element.value.len > RTP_EXT_TEXT_MAX) {
            *scratch = before; // A text that is none, or over its limit, is left out.
            continue;
        }
        if (!fits_one_byte(element.id, element.value)) {
            if (!map->is_two_byte_allowed) {
                continue;
            }
            is_two_byte = true;
        }
        elements[kind] = element;
    }
    return is_two_byte;
}

void rtp_ext_put(
    struct writer *w, size_t at, const struct rtp_ext_map *map, const struct rtp_ext_values *values)
{
    uint8_t room[3 * RTP_EXT_TEXT_MAX + 32]; // The three texts, and 24 bytes of numbers.
    struct writer scratch = writer_of(span_of(room, sizeof room));
    struct element elements[RTP_EXT_KINDS] = {{0}};
    bool is_two_byte = encode(elements, &scratch, map, values);
    size_t from = w->len;

    put_u16(w, is_two_byte ? RTP_PACKET_TWO_BYTE_PROFILE : RTP_PACKET_ONE_BYTE_PROFILE);
    put_u16(w, 0);
    for (size_t i = 0; i < RTP_EXT_KINDS; i++) {
        const struct element *element = &elements[i];
        if (element->id == 0) {
            continue;
        }
        if (is_two_byte) {
            put_u8(w, element->id);
            put_u8(w, (uint8_t)element->value.len);
        } else {
            put_u8(w, (uint8_t)((unsigned)element->id << 4 | (element->value.len - 1)));
        }
        put_bytes(w, element->value);
    }
    if (w->len == from + FRAME_SIZE) {
        w->len = from; // Nothing to say.
        return;
    }
    put_zeros(w, (0 - (w->len - from)) & 3);
    if (!w->failed) {
        store_u16(w->start + from + 2, (uint16_t)((w->len - from) / 4 - 1));
        w->start[at] |= RTP_PACKET_EXTENSION;
    }
}

// ---- changing in place

struct span rtp_ext_find(struct span packet, const struct rtp_ext_map *map, enum rtp_ext_kind kind)
{
    struct rtp_packet parsed;
    struct rtp_ext ext;

    if (map->ids[kind] == 0 || rtp_packet_parse(&parsed, bytes_of_span(packet)) != YODEL_OK) {
        return (struct span){0};
    }
    struct reader r = reader_of(parsed.exts);
    while (rtp_ext_next(&r, parsed.ext_form, &ext)) {
        if (ext.id == map->ids[kind]) {
            return span_sub(packet, (size_t)(ext.value.ptr - packet.ptr), ext.value.len);
        }
    }
    return (struct span){0};
}

uint32_t rtp_ext_send_time(yodel_time now)
{
    return (uint32_t)((now / YODEL_SECONDS(1) << 18) +
                      (now % YODEL_SECONDS(1) << 18) / YODEL_SECONDS(1)) &
           0xffffff;
}

void rtp_ext_store_send_time(struct span packet, const struct rtp_ext_map *map, yodel_time now)
{
    struct writer w = writer_of(rtp_ext_find(packet, map, RTP_EXT_SEND_TIME));

    put_u24(&w, rtp_ext_send_time(now));
}

void rtp_ext_store_transport_seq(
    struct span packet, const struct rtp_ext_map *map, uint64_t transport_seq)
{
    struct writer w = writer_of(rtp_ext_find(packet, map, RTP_EXT_TRANSPORT_SEQ));

    put_u16(&w, (uint16_t)transport_seq);
}
