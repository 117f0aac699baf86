// RTP packets: reading and writing the header.

#include "rtp/packet.h"

#include "base/assert.h"

//   0                   1                   2                   3      RFC 3550 §5.1
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---+-+-+-------+-+-------------+-------------------------------+
//  |V=2|P|X|  CC   |M| payload type|  sequence number              |
//  +---+-+-+-------+-+-------------+-------------------------------+
//  |  timestamp                                                    |
//  +---------------------------------------------------------------+
//  |  SSRC                                                         |
//  +---------------------------------------------------------------+
//  |  CC times a CSRC                                              |
//  +-------------------------------+-------------------------------+
//  |  X: profile, §5.3.1           |  words that follow            |
//  +-------------------------------+-------------------------------+
//  |  the extension  ...   the payload  ...                        |
//  |                    P: padding, whose last byte counts it      |
//  +---------------------------------------------------------------+

#define VERSION_MASK 0xc0
#define PADDING 0x20
#define CSRC_COUNT 0x0f

#define RTCP_TYPE_MIN 192 // RFC 5761 §4.
#define RTCP_TYPE_MAX 223

enum rtp_kind rtp_packet_kind(struct bytes datagram)
{
    if (datagram.len < 2 || (datagram.ptr[0] & VERSION_MASK) != RTP_PACKET_VERSION) {
        return RTP_KIND_FOREIGN;
    }
    bool is_rtcp = datagram.ptr[1] >= RTCP_TYPE_MIN && datagram.ptr[1] <= RTCP_TYPE_MAX;
    return is_rtcp ? RTP_KIND_RTCP : RTP_KIND_RTP;
}

static enum rtp_ext_form form_of(uint16_t profile)
{
    if (profile == RTP_PACKET_ONE_BYTE_PROFILE) {
        return RTP_EXT_ONE_BYTE;
    }
    return (profile & 0xfff0) == RTP_PACKET_TWO_BYTE_PROFILE ? RTP_EXT_TWO_BYTE : RTP_EXT_OTHER;
}

static void read_exts(struct reader *r, struct rtp_packet *packet)
{
    packet->ext_profile = read_u16(r);
    packet->ext_form = form_of(packet->ext_profile);
    packet->exts = read_bytes(r, (size_t)4 * read_u16(r));
}

// The rest is the payload and, with the P bit, padding. A count of 0 or of more than there is is
// not a count (P3).
static void read_payload(struct reader *r, struct rtp_packet *packet, bool is_padded)
{
    struct bytes rest = read_rest(r);

    if (is_padded && !r->failed) {
        packet->padding_len = rest.len > 0 ? rest.ptr[rest.len - 1] : 0;
        r->failed = packet->padding_len == 0 || packet->padding_len > rest.len;
    }
    packet->payload =
        r->failed ? (struct bytes){0} : bytes_of(rest.ptr, rest.len - packet->padding_len);
}

enum yodel_err rtp_packet_parse(struct rtp_packet *packet, struct bytes datagram)
{
    struct reader r = reader_of(datagram);
    struct rtp_packet parsed = {0};
    uint8_t flags = read_u8(&r);
    uint8_t type = read_u8(&r);

    parsed.marker = (type & RTP_PACKET_MARKER) != 0;
    parsed.payload_type = type & (uint8_t)~RTP_PACKET_MARKER;
    parsed.seq = read_u16(&r);
    parsed.timestamp = read_u32(&r);
    parsed.ssrc = read_u32(&r);
    if (r.failed || (flags & VERSION_MASK) != RTP_PACKET_VERSION) {
        return YODEL_ERR_FOREIGN;
    }
    parsed.csrcs = read_bytes(&r, (size_t)4 * (flags & CSRC_COUNT));
    if ((flags & RTP_PACKET_EXTENSION) != 0) {
        read_exts(&r, &parsed);
    }
    read_payload(&r, &parsed, (flags & PADDING) != 0);
    if (r.failed) {
        return YODEL_ERR_MALFORMED;
    }
    *packet = parsed;
    return YODEL_OK;
}

void rtp_packet_put_header(struct writer *w, const struct rtp_packet *packet)
{
    bool has_exts = packet->ext_form != RTP_EXT_NONE;

    YODEL_ASSERT(packet->csrcs.len % 4 == 0 && packet->csrcs.len / 4 <= RTP_PACKET_CSRCS_MAX);
    YODEL_ASSERT(packet->exts.len % 4 == 0 && packet->payload_type < RTP_PACKET_MARKER);
    put_u8(w, (uint8_t)(RTP_PACKET_VERSION | (has_exts ? RTP_PACKET_EXTENSION : 0) |
                        packet->csrcs.len / 4));
    put_u8(w, (uint8_t)((packet->marker ? RTP_PACKET_MARKER : 0) | packet->payload_type));
    put_u16(w, packet->seq);
    put_u32(w, packet->timestamp);
    put_u32(w, packet->ssrc);
    put_bytes(w, packet->csrcs);
    if (has_exts) {
        put_u16(w, packet->ext_profile);
        put_u16(w, (uint16_t)(packet->exts.len / 4));
        put_bytes(w, packet->exts);
    }
}

void rtp_packet_put_padding(struct writer *w, size_t at, uint8_t len)
{
    if (len == 0) {
        return;
    }
    put_zeros(w, len - 1u);
    put_u8(w, len);
    if (!w->failed) {
        w->start[at] |= PADDING;
    }
}

void rtp_packet_put(struct writer *w, const struct rtp_packet *packet)
{
    size_t at = w->len;

    rtp_packet_put_header(w, packet);
    put_bytes(w, packet->payload);
    rtp_packet_put_padding(w, at, packet->padding_len);
}
