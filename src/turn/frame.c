// TURN over streams: the first bytes of a message tell its length.
//
// Implements  RFC 8656 §12.5, RFC 8489 §5

#include "turn/frame.h"

#include "turn/msg.h"

#define STUN_DECIDES_AT 8 // Type, length and cookie.

static enum turn_frame whole_or_more(struct bytes stream, size_t want, size_t *len)
{
    if (stream.len < want) {
        return TURN_FRAME_MORE;
    }
    *len = want;
    return TURN_FRAME_WHOLE;
}

static enum turn_frame stun_length(struct bytes stream, size_t *len)
{
    struct reader r = reader_of(stream);

    if (stream.len < STUN_DECIDES_AT) {
        return TURN_FRAME_MORE;
    }
    (void)read_u16(&r);
    uint16_t attrs_len = read_u16(&r);
    if (attrs_len % 4 != 0 || read_u32(&r) != STUN_COOKIE) {
        return TURN_FRAME_FOREIGN;
    }
    return whole_or_more(stream, STUN_HEADER_SIZE + (size_t)attrs_len, len);
}

static enum turn_frame channel_length(struct bytes stream, size_t *len)
{
    struct reader r = reader_of(stream);

    if (stream.len < TURN_CHANNEL_HEADER_SIZE) {
        return TURN_FRAME_MORE;
    }
    (void)read_u16(&r);
    size_t data_len = read_u16(&r);
    return whole_or_more(
        stream, TURN_CHANNEL_HEADER_SIZE + data_len + turn_frame_padding(data_len), len);
}

bool turn_frame_is_stun(struct bytes stream)
{
    return stream.len == 0 || stream.ptr[0] >> 6 == 0;
}

enum turn_frame turn_frame_length(struct bytes stream, size_t *len)
{
    if (stream.len == 0) {
        return TURN_FRAME_MORE;
    }
    if (turn_frame_is_stun(stream)) {
        return stun_length(stream, len);
    }
    return turn_msg_is_channel_data(stream) ? channel_length(stream, len) : TURN_FRAME_FOREIGN;
}
