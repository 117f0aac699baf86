// RED: reading and writing the list of blocks.

#include "rtp/payload/red.h"

#include "base/assert.h"

//  |1| payload type| timestamp offset, 14 bits | length, 10 bits |   RFC 2198 §3: an older block
//  |0| payload type|                                                 the newest
//  then the blocks' bytes, of which the newest one's fill the rest

#define MORE 0x80
#define LEN_BITS 10

static void read_headers(struct reader *r, struct rtp_red *red, size_t lens[RTP_RED_BLOCKS_MAX])
{
    uint8_t head = read_u8(r);

    while ((head & MORE) != 0 && red->count < RTP_RED_BLOCKS_MAX - 1) {
        uint32_t both = read_u24(r);
        lens[red->count] = both & RTP_RED_LEN_MAX;
        red->blocks[red->count++] =
            (struct rtp_red_block){head & (MORE - 1), both >> LEN_BITS, {0}};
        head = read_u8(r);
    }
    r->failed = r->failed || (head & MORE) != 0;
    red->blocks[red->count++] = (struct rtp_red_block){.payload_type = head};
}

enum yodel_err rtp_red_parse(struct rtp_red *red, struct bytes payload, uint8_t red_type)
{
    struct reader r = reader_of(payload);
    struct rtp_red parsed = {0};
    size_t lens[RTP_RED_BLOCKS_MAX] = {0};

    read_headers(&r, &parsed, lens);
    for (size_t i = 0; i < parsed.count; i++) {
        struct rtp_red_block *block = &parsed.blocks[i];
        block->payload = i + 1 < parsed.count ? read_bytes(&r, lens[i]) : read_rest(&r);
        r.failed = r.failed || block->payload_type == red_type;
    }
    if (r.failed) {
        return YODEL_ERR_MALFORMED;
    }
    *red = parsed;
    return YODEL_OK;
}

void rtp_red_put(struct writer *w, const struct rtp_red *red)
{
    YODEL_ASSERT(red->count > 0 && red->count <= RTP_RED_BLOCKS_MAX);
    size_t older = red->count - 1;

    for (size_t i = 0; i < older; i++) {
        const struct rtp_red_block *block = &red->blocks[i];
        YODEL_ASSERT(block->before <= RTP_RED_OFFSET_MAX && block->payload.len <= RTP_RED_LEN_MAX);
        put_u8(w, MORE | block->payload_type);
        put_u24(w, block->before << LEN_BITS | (uint32_t)block->payload.len);
    }
    put_u8(w, red->blocks[older].payload_type);
    for (size_t i = 0; i <= older; i++) {
        put_bytes(w, red->blocks[i].payload);
    }
}
