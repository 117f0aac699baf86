// RTX: packing and unpacking.

#include "rtp/rtx.h"

#include "base/assert.h"

//  |  the header, of the RTX stream                    |     RFC 4588 §4
//  |  original sequence number  |  original payload .. |

// The original's values: what it said of its stream is said of the stream that is repaired.
static struct rtp_ext_values values_of(
    const struct rtp_packet *original, const struct rtp_rtx *rtx, const struct rtp_ext_map *map)
{
    struct rtp_ext_values values;

    rtp_ext_read(&values, original, map);
    if (rtp_ext_has(&values, RTP_EXT_RID)) {
        values.repaired_rid = values.rid;
        values.present |= RTP_EXT_BIT(RTP_EXT_REPAIRED_RID);
        values.present &= ~RTP_EXT_BIT(RTP_EXT_RID);
    }
    if (rtx->repaired_rid.len > 0) {
        values.repaired_rid = rtx->repaired_rid;
        values.present |= RTP_EXT_BIT(RTP_EXT_REPAIRED_RID);
    }
    if (rtx->mid.len > 0) {
        values.mid = rtx->mid;
        values.present |= RTP_EXT_BIT(RTP_EXT_MID);
    }
    return values;
}

void rtp_rtx_put(struct writer *w, struct bytes original, const struct rtp_rtx *rtx,
    const struct rtp_ext_map *map)
{
    struct rtp_packet packet;
    size_t at = w->len;

    enum yodel_err err = rtp_packet_parse(&packet, original);
    YODEL_ASSERT(err == YODEL_OK);
    struct rtp_ext_values values = values_of(&packet, rtx, map);
    uint16_t osn = packet.seq;

    packet.seq = rtx->seq;
    packet.ssrc = rtx->ssrc;
    packet.payload_type = rtx->payload_type;
    packet.ext_form = RTP_EXT_NONE;
    rtp_packet_put_header(w, &packet);
    rtp_ext_put(w, at, map, &values);
    put_u16(w, osn);
    put_bytes(w, packet.payload);
}

enum yodel_err rtp_rtx_unpack(struct rtp_packet *packet, uint32_t ssrc, uint8_t payload_type)
{
    struct reader r = reader_of(packet->payload);
    uint16_t osn = read_u16(&r);

    if (packet->payload.len == 0) {
        return YODEL_ERR_NOT_FOUND;
    }
    if (r.failed) {
        return YODEL_ERR_MALFORMED;
    }
    packet->seq = osn;
    packet->ssrc = ssrc;
    packet->payload_type = payload_type;
    packet->payload = read_rest(&r);
    return YODEL_OK;
}
