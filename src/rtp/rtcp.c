// RTCP packets, read.

#include "rtp/rtcp.h"

//   0                   1                   2                   3      RFC 3550 §6.4
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---+-+---------+---------------+-------------------------------+
//  |V=2|P| count   |  packet type  |  length in words, less one    |
//  +---+-+---------+---------------+-------------------------------+
//  |  SSRC of the sender, but in SDES and BYE                      |
//  +---------------------------------------------------------------+
//  |  what the type says  ...                                      |
//  +---------------------------------------------------------------+

#define VERSION_MASK 0xc0
#define PADDING 0x20

#define SENDER_INFO_SIZE 20
#define REPORT_SIZE 24
#define DLRR_SIZE 12
#define SDES_END 0

// Takes one packet with its frame.
static struct reader take_packet(struct reader *packets, uint8_t *flags, uint8_t *type)
{
    *flags = read_u8(packets);
    *type = read_u8(packets);
    struct bytes body = read_bytes(packets, (size_t)4 * read_u16(packets));

    if ((*flags & VERSION_MASK) != RTCP_VERSION) {
        packets->failed = true;
    }
    if ((*flags & PADDING) != 0 && !packets->failed) {
        uint8_t len = body.len > 0 ? body.ptr[body.len - 1] : 0;
        packets->failed = len == 0 || len > body.len;
        body.len -= packets->failed ? 0 : len;
    }
    return reader_of(body);
}

enum yodel_err rtcp_open(struct rtcp_reader *reader, struct bytes datagram)
{
    struct reader r = reader_of(datagram);
    uint8_t flags, type;

    do {
        take_packet(&r, &flags, &type);
    } while (!r.failed && r.left > 0);
    if (r.failed) {
        return YODEL_ERR_MALFORMED;
    }
    *reader = (struct rtcp_reader){.packets = reader_of(datagram)};
    return YODEL_OK;
}

// What must be there before anything of the packet is believed (C3, C5).
static size_t least_size(const struct rtcp_reader *reader)
{
    switch (reader->type) {
    case RTCP_TYPE_SR:
        return SENDER_INFO_SIZE + (size_t)REPORT_SIZE * reader->count;
    case RTCP_TYPE_RR:
        return (size_t)REPORT_SIZE * reader->count;
    case RTCP_TYPE_BYE:
        return (size_t)4 * reader->count;
    default:
        return 0;
    }
}

static void open_packet(struct rtcp_reader *reader)
{
    uint8_t flags;

    reader->body = take_packet(&reader->packets, &flags, &reader->type);
    reader->count = flags & RTCP_COUNT_MASK;
    reader->is_first = true;
    if (reader->type != RTCP_TYPE_SDES && reader->type != RTCP_TYPE_BYE) {
        reader->sender = read_u32(&reader->body);
    }
    bool is_feedback = reader->type == RTCP_TYPE_TRANSPORT || reader->type == RTCP_TYPE_PAYLOAD;
    reader->ssrc = is_feedback ? read_u32(&reader->body) : 0;
    if (reader->body.left < least_size(reader)) {
        reader->body.failed = true;
    }
}

// ---- SR and RR, RFC 3550 §6.4.1, §6.4.2

static void read_sender_info(struct reader *r, struct rtcp_block *block)
{
    block->kind = RTCP_SENDER_INFO;
    block->sender_info.ntp = read_u64(r);
    block->sender_info.timestamp = read_u32(r);
    block->sender_info.packets = read_u32(r);
    block->sender_info.octets = read_u32(r);
}

static struct rtcp_echo read_echo(struct reader *r)
{
    uint32_t last = read_u32(r);

    return (struct rtcp_echo){last, read_u32(r)};
}

static bool next_report(struct rtcp_reader *reader, struct rtcp_block *block)
{
    struct reader *r = &reader->body;
    struct rtcp_report *report = &block->report;

    if (reader->type == RTCP_TYPE_SR && reader->is_first) {
        read_sender_info(r, block);
        return true;
    }
    if (reader->count == 0) {
        return false; // §6.4.3: what follows is a profile's.
    }
    reader->count--;
    block->kind = RTCP_REPORT;
    block->ssrc = read_u32(r);
    report->fraction_lost = read_u8(r);
    report->lost = (int32_t)(read_u24(r) << 8) / 256; // Its sign, and exact.
    report->highest_seq = read_u32(r);
    report->jitter = read_u32(r);
    report->echo = read_echo(r);
    return true;
}

// ---- SDES and BYE, §6.5, §6.6

// One chunk's next CNAME. A chunk ends with at least one zero, at a border of words.
static bool next_cname(struct reader *r, size_t *taken, struct rtcp_block *block)
{
    uint8_t type;

    while ((type = read_u8(r)) != SDES_END) {
        uint8_t len = read_u8(r);
        struct bytes text = read_bytes(r, len);
        *taken += 2u + len;
        if (type == RTCP_SDES_CNAME && !r->failed) {
            block->kind = RTCP_CNAME;
            block->cname = text;
            return true;
        }
    }
    return false;
}

static bool next_description(struct rtcp_reader *reader, struct rtcp_block *block)
{
    struct reader *r = &reader->body;

    while (reader->count > 0 && !r->failed) {
        reader->count--;
        block->sender = block->ssrc = read_u32(r);
        size_t taken = 0;
        bool is_found = next_cname(r, &taken, block);
        if (is_found) { // §6.5: one CNAME a source; the chunk's other items are passed over.
            struct rtcp_block other;
            while (next_cname(r, &taken, &other)) {
            }
        }
        read_bytes(r, 3 - taken % 4);
        if (is_found && !r->failed) {
            return true;
        }
    }
    return false;
}

static bool next_bye(struct rtcp_reader *reader, struct rtcp_block *block)
{
    if (reader->count == 0) {
        return false;
    }
    reader->count--;
    block->kind = RTCP_BYE;
    block->sender = block->ssrc = read_u32(&reader->body);
    return true;
}

// ---- feedback, RFC 4585 §6

static bool next_transport(struct rtcp_reader *reader, struct rtcp_block *block)
{
    struct reader *r = &reader->body;

    if (reader->count == RTCP_FORMAT_NACK && (r->left > 0 || reader->is_first)) {
        block->kind = RTCP_NACK;
        block->nack.seq = read_u16(r);
        block->nack.mask = read_u16(r);
        return !r->failed;
    }
    if (reader->count == RTCP_FORMAT_TWCC && reader->is_first) {
        block->kind = RTCP_TWCC;
        block->twcc = read_rest(r);
        return true;
    }
    reader->unknown += reader->is_first;
    return false;
}

//  |  "REMB"                                                     |   draft-alvestrand-rmcat-remb
//  |  count        |  exponent |  mantissa                       |
//  |  count times an SSRC                                        |
static bool read_remb(struct reader *r, struct rtcp_block *block)
{
    if (read_u32(r) != RTCP_REMB_NAME) {
        return false;
    }
    uint8_t count = read_u8(r);
    uint32_t rate = read_u24(r);
    uint32_t shift = rate >> RTCP_REMB_MANTISSA_BITS;
    uint64_t mantissa = rate & ((1u << RTCP_REMB_MANTISSA_BITS) - 1);
    bool is_over = mantissa > UINT64_MAX >> shift; // C9: saturates.

    block->kind = RTCP_REMB;
    block->ssrc = 0;
    block->remb.rate_bps = is_over ? UINT64_MAX : mantissa << shift;
    block->remb.ssrcs = read_bytes(r, (size_t)4 * count);
    return !r->failed;
}

static bool next_payload(struct rtcp_reader *reader, struct rtcp_block *block)
{
    struct reader *r = &reader->body;

    if (reader->count == RTCP_FORMAT_PLI && reader->is_first) {
        block->kind = RTCP_PLI;
        return true;
    }
    if (reader->count == RTCP_FORMAT_FIR && (r->left > 0 || reader->is_first)) {
        block->kind = RTCP_FIR; // RFC 5104 §4.3.1.1: whom it is about stands in each entry.
        block->ssrc = read_u32(r);
        block->fir_seq = read_u8(r);
        read_bytes(r, 3);
        return !r->failed;
    }
    if (reader->count == RTCP_FORMAT_REMB && reader->is_first && read_remb(r, block)) {
        return true;
    }
    reader->unknown += reader->is_first;
    return false;
}

// ---- XR, RFC 3611

static bool next_extended(struct rtcp_reader *reader, struct rtcp_block *block)
{
    struct reader *r = &reader->body;

    while (reader->items.left == 0 && r->left > 0 && !r->failed) {
        uint8_t type = read_u8(r);
        read_u8(r);
        struct bytes items = read_bytes(r, (size_t)4 * read_u16(r));
        if (type == RTCP_XR_RRTR && items.len == 8) {
            struct reader ntp = reader_of(items);
            block->kind = RTCP_RRTR;
            block->ntp = read_u64(&ntp);
            return true;
        }
        if (type == RTCP_XR_DLRR && items.len % DLRR_SIZE == 0) {
            reader->items = reader_of(items);
        } else {
            reader->unknown += !r->failed;
        }
    }
    if (reader->items.left == 0) {
        return false;
    }
    block->kind = RTCP_DLRR;
    block->ssrc = read_u32(&reader->items);
    block->echo = read_echo(&reader->items);
    return true;
}

static bool next_block(struct rtcp_reader *reader, struct rtcp_block *block)
{
    switch (reader->type) {
    case RTCP_TYPE_SR:
    case RTCP_TYPE_RR:
        return next_report(reader, block);
    case RTCP_TYPE_SDES:
        return next_description(reader, block);
    case RTCP_TYPE_BYE:
        return next_bye(reader, block);
    case RTCP_TYPE_TRANSPORT:
        return next_transport(reader, block);
    case RTCP_TYPE_PAYLOAD:
        return next_payload(reader, block);
    case RTCP_TYPE_XR:
        return next_extended(reader, block);
    default:
        reader->unknown++;
        return false;
    }
}

bool rtcp_next(struct rtcp_reader *reader, struct rtcp_block *block)
{
    bool is_open = reader->type != 0;

    while (is_open || reader->packets.left > 0) {
        if (!is_open) {
            open_packet(reader);
        }
        struct rtcp_block next = {.sender = reader->sender, .ssrc = reader->ssrc};
        if (!reader->body.failed && next_block(reader, &next)) {
            reader->is_first = false;
            *block = next;
            return true;
        }
        reader->malformed += reader->body.failed;
        reader->type = 0;
        is_open = false;
    }
    return false;
}
