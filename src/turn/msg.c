// TURN messages: values of its attributes, and the header of ChannelData.
//
// Implements  RFC 8656 §12.4, §18.1, §18.6 to §18.8, §18.11

#include "turn/msg.h"

//   0                   1                   2                   3     RFC 8656 §12.4
//  +-------------------------------+-------------------------------+
//  |  channel, 0x4000 to 0x7FFF    |  length of the data           |
//  +-------------------------------+-------------------------------+

void turn_msg_put_channel_header(struct writer *w, uint16_t channel, size_t data_len)
{
    if (data_len > UINT16_MAX) {
        w->failed = true;
        return;
    }
    put_u16(w, channel);
    put_u16(w, (uint16_t)data_len);
}

static size_t byte_attr_len(uint16_t type)
{
    return type == TURN_ATTR_EVEN_PORT ? 1 : 4;
}

bool turn_msg_read_byte(const struct stun_msg *msg, uint16_t type, uint8_t *value)
{
    const struct stun_attr *attr = stun_msg_find(msg, type);

    if (!attr || attr->value.len != byte_attr_len(type)) {
        return false;
    }
    *value = attr->value.ptr[0];
    return true;
}

void turn_msg_put_byte(struct writer *w, uint16_t type, uint8_t value)
{
    uint8_t bytes[4] = {value};

    stun_msg_put_attr(w, type, bytes_of(bytes, byte_attr_len(type)));
}

bool turn_msg_read_channel(const struct stun_msg *msg, uint16_t *channel)
{
    uint32_t value;

    if (!stun_attr_read_u32(msg, TURN_ATTR_CHANNEL_NUMBER, &value)) {
        return false;
    }
    *channel = (uint16_t)(value >> 16); // Below it is RFFU (§18.1): zero, and ignored.
    return true;
}

void turn_msg_put_channel(struct writer *w, uint16_t channel)
{
    stun_attr_put_u32(w, TURN_ATTR_CHANNEL_NUMBER, (uint32_t)channel << 16);
}
