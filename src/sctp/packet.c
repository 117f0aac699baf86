// SCTP packets: reading and writing the frame around everything else.

#include "sctp/packet.h"

#include "base/crc.h"

//   0                   1                   2                   3      RFC 9260 §3.1
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-------------------------------+-------------------------------+
//  |  source port                  |  destination port             |
//  +-------------------------------+-------------------------------+
//  |  verification tag                                             |
//  +---------------------------------------------------------------+
//  |  checksum: CRC32c, little-endian, over the packet with 0 here |
//  +---------------+---------------+-------------------------------+
//  |  chunk type   |  flags        |  length, without padding      |  §3.2, repeated
//  +---------------+---------------+-------------------------------+

#define CHECKSUM_AT 8

static uint32_t checksum_of(struct bytes packet)
{
    static const uint8_t zeros[4] = {0};
    uint32_t crc = crc_crc32c(0, bytes_sub(packet, 0, CHECKSUM_AT));

    crc = crc_crc32c(crc, bytes_of(zeros, sizeof zeros));
    return crc_crc32c(crc, bytes_sub(packet, SCTP_HEADER_SIZE, packet.len));
}

static uint32_t load_le32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

enum yodel_err sctp_packet_open(
    struct bytes packet, struct sctp_header *header, struct reader *chunks)
{
    struct reader r = reader_of(packet);
    struct sctp_header parsed = {.source_port = read_u16(&r)};

    parsed.destination_port = read_u16(&r);
    parsed.tag = read_u32(&r);
    struct bytes checksum = read_bytes(&r, 4);
    if (r.failed) {
        return YODEL_ERR_FOREIGN;
    }
    if (load_le32(checksum.ptr) != checksum_of(packet)) {
        return YODEL_ERR_UNAUTHENTIC;
    }
    *header = parsed;
    *chunks = r;
    return YODEL_OK;
}

// What lies between the header, already read, and the end of the padding.
static bool take_value(
    struct reader *r, const uint8_t *start, uint16_t len, struct bytes *value, struct bytes *whole)
{
    if (len < SCTP_CHUNK_HEADER_SIZE) {
        r->failed = true; // X6: a length of 0 would never end.
    }
    *value = read_bytes(r, r->failed ? 0 : (size_t)len - SCTP_CHUNK_HEADER_SIZE);
    if (r->failed) {
        return false;
    }
    *whole = bytes_of(start, len);
    size_t padding = -(size_t)len & 3;
    read_bytes(r, padding < r->left ? padding : r->left);
    return true;
}

bool sctp_packet_next_chunk(struct reader *r, struct sctp_chunk *chunk)
{
    const uint8_t *start = r->pos;

    if (r->failed || r->left == 0) {
        return false;
    }
    chunk->type = read_u8(r);
    chunk->flags = read_u8(r);
    uint16_t len = read_u16(r);
    return take_value(r, start, len, &chunk->value, &chunk->whole);
}

bool sctp_packet_next_param(struct reader *r, struct sctp_param *param)
{
    const uint8_t *start = r->pos;

    if (r->failed || r->left == 0) {
        return false;
    }
    param->type = read_u16(r);
    uint16_t len = read_u16(r);
    return take_value(r, start, len, &param->value, &param->whole);
}

void sctp_packet_start(struct writer *w, const struct sctp_header *header)
{
    put_u16(w, header->source_port);
    put_u16(w, header->destination_port);
    put_u32(w, header->tag);
    put_u32(w, 0);
}

void sctp_packet_seal(struct span packet)
{
    uint8_t *at = packet.ptr + CHECKSUM_AT;
    uint32_t crc = crc_crc32c(0, bytes_of_span(packet));

    at[0] = (uint8_t)crc;
    at[1] = (uint8_t)(crc >> 8);
    at[2] = (uint8_t)(crc >> 16);
    at[3] = (uint8_t)(crc >> 24);
}

size_t sctp_packet_begin_chunk(struct writer *w, uint8_t type, uint8_t flags)
{
    size_t at = w->len;

    put_u8(w, type);
    put_u8(w, flags);
    put_u16(w, 0);
    return at;
}

static void set_length(struct writer *w, size_t at)
{
    size_t len = w->len - at;

    if (w->failed || len > UINT16_MAX) {
        w->failed = true;
        return;
    }
    store_u16(w->start + at + 2, (uint16_t)len);
}

void sctp_packet_end_chunk(struct writer *w, size_t at)
{
    set_length(w, at);
    put_zeros(w, -w->len & 3);
}

size_t sctp_packet_begin_param(struct writer *w, uint16_t type)
{
    put_zeros(w, -w->len & 3);
    size_t at = w->len;
    put_u16(w, type);
    put_u16(w, 0);
    return at;
}

void sctp_packet_end_param(struct writer *w, size_t at)
{
    set_length(w, at);
}
