// STUN messages: reading and writing the header and the framing of attributes.
//
// Implements  RFC 8489 §5, §6.3, §14

#include "stun/msg.h"

#include "stun/attr.h"

//   0                   1                   2                   3      RFC 8489 §5
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---+---------------------------+-------------------------------+
//  |0 0|  message type             |  length of the attributes     |
//  +---+---------------------------+-------------------------------+
//  |  magic cookie, 0x2112A442                                     |
//  +---------------------------------------------------------------+
//  |  transaction id, 96 bits                                      |
//  +---------------------------------------------------------------+

static struct stun_attr read_attr(struct reader *r)
{
    struct stun_attr attr = {.type = read_u16(r)};
    uint16_t len = read_u16(r);

    attr.value = read_bytes(r, len);
    // §14: each value is padded to four bytes, and `len` does not count the padding.
    read_bytes(r, -(unsigned)len & 3u);
    return attr;
}

// What may stand behind `last` (the integrity or fingerprint attribute met last, or 0).
// §14.5, §14.6: behind MESSAGE-INTEGRITY only MESSAGE-INTEGRITY-SHA256 and FINGERPRINT count.
static bool is_ignored(uint16_t type, uint16_t last)
{
    if (last == 0 || type == STUN_FINGERPRINT) {
        return false;
    }
    return last != STUN_MESSAGE_INTEGRITY || type != STUN_MESSAGE_INTEGRITY_SHA256;
}

static bool is_closing(uint16_t type)
{
    return type == STUN_MESSAGE_INTEGRITY || type == STUN_MESSAGE_INTEGRITY_SHA256 ||
           type == STUN_FINGERPRINT;
}

// §14.7: FINGERPRINT is the last attribute; with something behind it, it covers nothing.
static bool read_attrs(struct stun_msg *msg, struct reader *r)
{
    uint16_t last = 0;

    for (size_t seen = 0; r->left > 0 && last != STUN_FINGERPRINT && seen < STUN_ATTRS_MAX;
         seen++) {
        struct stun_attr attr = read_attr(r);
        if (is_ignored(attr.type, last)) {
            continue;
        }
        msg->attrs[msg->attr_count++] = attr;
        last = is_closing(attr.type) ? attr.type : last;
    }
    return reader_at_end(r);
}

enum yodel_err stun_msg_parse(struct stun_msg *msg, struct bytes datagram)
{
    struct reader r = reader_of(datagram);
    struct stun_msg parsed = {.type = read_u16(&r), .datagram = datagram};
    uint16_t attrs_len = read_u16(&r);
    uint32_t cookie = read_u32(&r);
    struct bytes id = read_bytes(&r, STUN_ID_SIZE);

    if (r.failed || parsed.type >> 14 != 0 || cookie != STUN_COOKIE) {
        return YODEL_ERR_FOREIGN;
    }
    if (attrs_len != r.left) {
        return YODEL_ERR_MALFORMED; // Over UDP the message is the datagram, no more and no less.
    }
    memcpy(parsed.id, id.ptr, STUN_ID_SIZE);
    if (!read_attrs(&parsed, &r)) {
        return YODEL_ERR_MALFORMED;
    }
    *msg = parsed;
    return YODEL_OK;
}

const struct stun_attr *stun_msg_find(const struct stun_msg *msg, uint16_t type)
{
    for (uint32_t i = 0; i < msg->attr_count; i++) {
        if (msg->attrs[i].type == type) {
            return &msg->attrs[i];
        }
    }
    return NULL;
}

static bool is_among(uint16_t type, const uint16_t *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (types[i] == type) {
            return true;
        }
    }
    return false;
}

size_t stun_msg_unknown(const struct stun_msg *msg, const uint16_t *known, size_t known_count,
    uint16_t unknown[STUN_ATTRS_MAX])
{
    size_t count = 0;

    for (uint32_t i = 0; i < msg->attr_count; i++) {
        uint16_t type = msg->attrs[i].type;
        // §14: types below 0x8000 must be understood.
        if (type < 0x8000 && !is_closing(type) && !is_among(type, known, known_count) &&
            !is_among(type, unknown, count)) {
            unknown[count++] = type;
        }
    }
    return count;
}

void stun_msg_put_header(struct writer *w, uint16_t type, const uint8_t id[STUN_ID_SIZE])
{
    put_u16(w, type);
    put_u16(w, 0);
    put_u32(w, STUN_COOKIE);
    put_bytes(w, bytes_of(id, STUN_ID_SIZE));
}

uint8_t *stun_msg_put_attr_room(struct writer *w, uint16_t type, size_t len)
{
    if (len > UINT16_MAX) {
        w->failed = true;
        return NULL;
    }
    put_u16(w, type);
    put_u16(w, (uint16_t)len);
    uint8_t *at = put_room(w, len);
    put_zeros(w, -len & 3u);
    if (w->failed || w->len - STUN_HEADER_SIZE > UINT16_MAX) {
        w->failed = true;
        return NULL;
    }
    store_u16(w->start + 2, (uint16_t)(w->len - STUN_HEADER_SIZE));
    return at;
}

void stun_msg_put_attr(struct writer *w, uint16_t type, struct bytes value)
{
    uint8_t *at = stun_msg_put_attr_room(w, type, value.len);

    if (at && value.len > 0) {
        memcpy(at, value.ptr, value.len);
    }
}
