// TURN messages: the numbers that TURN adds to STUN, and ChannelData.
//
// Implements  RFC 8656 §12.4 (ChannelData), §17 to §19 (methods, attributes, error codes);
//             RFC 6062 §6 (the numbers)
// Not here    STUN's own framing, attributes and integrity (stun/); streams (turn/frame.h)
// Ownership   what is read borrows from the datagram

#ifndef TURN_MSG_H
#define TURN_MSG_H

#include "stun/attr.h"
#include "stun/msg.h"

// Methods, beside STUN_BINDING. SEND, DATA and CONNECTION_ATTEMPT exist as indications only, the rest as requests.
enum {
    TURN_ALLOCATE = 0x0003,
    TURN_REFRESH = 0x0004,
    TURN_SEND = 0x0006,
    TURN_DATA = 0x0007,
    TURN_CREATE_PERMISSION = 0x0008,
    TURN_CHANNEL_BIND = 0x0009,
    TURN_CONNECT = 0x000A,
    TURN_CONNECTION_BIND = 0x000B,
    TURN_CONNECTION_ATTEMPT = 0x000C,
};

enum {
    TURN_ATTR_CHANNEL_NUMBER = 0x000C,
    TURN_ATTR_LIFETIME = 0x000D,
    TURN_ATTR_XOR_PEER_ADDRESS = 0x0012,
    TURN_ATTR_DATA = 0x0013,
    TURN_ATTR_XOR_RELAYED_ADDRESS = 0x0016,
    TURN_ATTR_REQUESTED_ADDRESS_FAMILY = 0x0017,
    TURN_ATTR_EVEN_PORT = 0x0018,
    TURN_ATTR_REQUESTED_TRANSPORT = 0x0019,
    TURN_ATTR_DONT_FRAGMENT = 0x001A,
    TURN_ATTR_RESERVATION_TOKEN = 0x0022,
    TURN_ATTR_CONNECTION_ID = 0x002A,
    TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY = 0x8000,
    TURN_ATTR_ADDRESS_ERROR_CODE = 0x8001,
};

enum {
    TURN_FORBIDDEN = 403,
    TURN_ALLOCATION_MISMATCH = 437,
    TURN_FAMILY_UNSUPPORTED = 440,
    TURN_WRONG_CREDENTIALS = 441,
    TURN_TRANSPORT_UNSUPPORTED = 442,
    TURN_PEER_FAMILY_MISMATCH = 443,
    TURN_CONNECTION_EXISTS = 446,
    TURN_CONNECTION_FAILED = 447,
    TURN_QUOTA_REACHED = 486,
    TURN_CAPACITY_REACHED = 508,
};

#define TURN_PROTOCOL_TCP 6 // In REQUESTED-TRANSPORT.
#define TURN_PROTOCOL_UDP 17
#define TURN_FAMILY_V4 1 // In REQUESTED-ADDRESS-FAMILY and ADDITIONAL-ADDRESS-FAMILY.
#define TURN_FAMILY_V6 2
#define TURN_RESERVATION_TOKEN_SIZE 8

#define TURN_CHANNEL_MIN 0x4000
#define TURN_CHANNEL_OWN_MAX 0x4FFF // What we ask for: RFC 8656 §12.
#define TURN_CHANNEL_MAX 0x7FFF     // What we grant: clients of RFC 5766 §11 take any of these.
#define TURN_CHANNEL_HEADER_SIZE 4

struct turn_channel_data {
    uint16_t channel;
    struct bytes data;
};

// Whether a datagram, or what follows in a stream, is ChannelData by its first two bits. STUN's are
// zero.
static inline bool turn_msg_is_channel_data(struct bytes datagram)
{
    return datagram.len > 0 && datagram.ptr[0] >> 6 == TURN_CHANNEL_MIN >> 14;
}

// False for what is not ChannelData, or says that it is longer than it is (§12.6). What lies behind
// the data is padding, over UDP too.
static inline bool turn_msg_read_channel_data(
    struct turn_channel_data *message, struct bytes datagram)
{
    struct reader r = reader_of(datagram);
    uint16_t channel = read_u16(&r);
    uint16_t len = read_u16(&r);
    struct bytes data = read_bytes(&r, len);

    if (r.failed || channel < TURN_CHANNEL_MIN || channel > TURN_CHANNEL_MAX) {
        return false;
    }
    *message = (struct turn_channel_data){channel, data};
    return true;
}

// The header before `data_len` bytes of data, at most UINT16_MAX.
void turn_msg_put_channel_header(struct writer *w, uint16_t channel, size_t data_len);

// REQUESTED-TRANSPORT, the two address families and EVEN-PORT: a byte, and three that are ignored;
// EVEN-PORT is the byte alone. False where the attribute is absent or has another length.
bool turn_msg_read_byte(const struct stun_msg *msg, uint16_t type, uint8_t *value);
void turn_msg_put_byte(struct writer *w, uint16_t type, uint8_t value);

// CHANNEL-NUMBER. Any number: the caller judges.
bool turn_msg_read_channel(const struct stun_msg *msg, uint16_t *channel);
void turn_msg_put_channel(struct writer *w, uint16_t channel);

#endif
