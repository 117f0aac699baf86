// DCEP messages: one byte, or twelve and two texts.

#include "dcep/message.h"

#include "base/utf8.h"

#define TYPE_REXMIT 1
#define TYPE_TIMED 2
#define TYPE_UNORDERED 0x80

#define PRIORITY_NORMAL 256 // RFC 8831 §6.4.

//   0                   1                   2                   3      RFC 8832 §5.1
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---------------+---------------+-------------------------------+
//  |  3: OPEN      |  channel type |  priority                     |
//  +---------------+---------------+-------------------------------+
//  |  reliability parameter                                        |
//  +-------------------------------+-------------------------------+
//  |  length of the label          |  length of the protocol       |
//  +-------------------------------+-------------------------------+
//  |  label, protocol                                              |
//  +---------------------------------------------------------------+

static enum yodel_err read_open(struct reader *r, struct dcep_open *open)
{
    uint8_t type = read_u8(r);
    struct dcep_open parsed = {.priority = read_u16(r)};

    parsed.reliability = read_u32(r);
    uint16_t label_len = read_u16(r);
    uint16_t protocol_len = read_u16(r);
    parsed.label = read_bytes(r, label_len);
    parsed.protocol = read_bytes(r, protocol_len);
    parsed.unordered = type & TYPE_UNORDERED;
    parsed.has_max_retransmits = (type & ~TYPE_UNORDERED) == TYPE_REXMIT;
    parsed.has_max_lifetime = (type & ~TYPE_UNORDERED) == TYPE_TIMED;
    if (!reader_at_end(r) || (type & ~TYPE_UNORDERED) > TYPE_TIMED ||
        !utf8_is_valid(parsed.label) || !utf8_is_valid(parsed.protocol)) {
        return YODEL_ERR_MALFORMED;
    }
    *open = parsed;
    return YODEL_OK;
}

enum yodel_err dcep_message_parse(
    struct bytes message, enum dcep_message_type *type, struct dcep_open *open)
{
    struct reader r = reader_of(message);
    uint8_t first = read_u8(&r);

    if (first == DCEP_ACK && !r.failed) {
        *type = DCEP_ACK;
        return YODEL_OK;
    }
    if (first != DCEP_OPEN || read_open(&r, open) != YODEL_OK) {
        return YODEL_ERR_MALFORMED;
    }
    *type = DCEP_OPEN;
    return YODEL_OK;
}

void dcep_message_put_open(struct writer *w, const struct dcep_open *open)
{
    uint8_t type = open->has_max_retransmits ? TYPE_REXMIT
                   : open->has_max_lifetime  ? TYPE_TIMED
                                             : 0;

    put_u8(w, DCEP_OPEN);
    put_u8(w, (uint8_t)(type | (open->unordered ? TYPE_UNORDERED : 0)));
    put_u16(w, open->priority != 0 ? open->priority : PRIORITY_NORMAL);
    put_u32(w, type != 0 ? open->reliability : 0);
    put_u16(w, (uint16_t)open->label.len);
    put_u16(w, (uint16_t)open->protocol.len);
    put_bytes(w, open->label);
    put_bytes(w, open->protocol);
}

void dcep_message_put_ack(struct writer *w)
{
    put_u8(w, DCEP_ACK);
}
