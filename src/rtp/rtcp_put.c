// RTCP packets, written.

#include "base/assert.h"
#include "rtp/rtcp.h"

#define REMB_MANTISSA_MAX ((1u << RTCP_REMB_MANTISSA_BITS) - 1)
#define REMB_EXPONENT_MAX 63
#define NACK_SPAN 16 // Numbers that a mask names.

size_t rtcp_put_header(struct writer *w, enum rtcp_type type, uint8_t count)
{
    size_t at = w->len;

    YODEL_ASSERT(count <= RTCP_COUNT_MASK);
    put_u8(w, RTCP_VERSION | count);
    put_u8(w, (uint8_t)type);
    put_u16(w, 0);
    return at;
}

void rtcp_put_end(struct writer *w, size_t at)
{
    put_zeros(w, (0 - (w->len - at)) & 3);
    if (!w->failed) {
        store_u16(w->start + at + 2, (uint16_t)((w->len - at) / 4 - 1));
    }
}

void rtcp_put_sr(struct writer *w, uint32_t sender, const struct rtcp_sender_info *info)
{
    size_t at = rtcp_put_header(w, RTCP_TYPE_SR, 0);

    put_u32(w, sender);
    put_u64(w, info->ntp);
    put_u32(w, info->timestamp);
    put_u32(w, info->packets);
    put_u32(w, info->octets);
    rtcp_put_end(w, at);
}

void rtcp_put_rr(struct writer *w, uint32_t sender)
{
    size_t at = rtcp_put_header(w, RTCP_TYPE_RR, 0);

    put_u32(w, sender);
    rtcp_put_end(w, at);
}

static void put_echo(struct writer *w, const struct rtcp_echo *echo)
{
    put_u32(w, echo->last);
    put_u32(w, echo->delay);
}

bool rtcp_put_report(struct writer *w, size_t at, uint32_t ssrc, const struct rtcp_report *report)
{
    if (w->failed || (w->start[at] & RTCP_COUNT_MASK) == RTCP_REPORTS_MAX) {
        return false;
    }
    struct writer before = *w;
    put_u32(w, ssrc);
    put_u8(w, report->fraction_lost);
    put_u24(w, (uint32_t)report->lost & 0xffffff);
    put_u32(w, report->highest_seq);
    put_u32(w, report->jitter);
    put_echo(w, &report->echo);
    if (w->failed) {
        *w = before;
        return false;
    }
    w->start[at]++;
    rtcp_put_end(w, at);
    return true;
}

void rtcp_put_cname(struct writer *w, uint32_t ssrc, struct bytes cname)
{
    size_t at = rtcp_put_header(w, RTCP_TYPE_SDES, 1);

    YODEL_ASSERT(cname.len <= RTCP_CNAME_MAX);
    put_u32(w, ssrc);
    put_u8(w, RTCP_SDES_CNAME);
    put_u8(w, (uint8_t)cname.len);
    put_bytes(w, cname);
    put_u8(w, 0); // RFC 3550 §6.5: the chunk's end, one zero at least.
    rtcp_put_end(w, at);
}

void rtcp_put_bye(struct writer *w, const uint32_t *ssrcs, size_t count)
{
    YODEL_ASSERT(count <= RTCP_REPORTS_MAX);
    size_t at = rtcp_put_header(w, RTCP_TYPE_BYE, (uint8_t)count);

    for (size_t i = 0; i < count; i++) {
        put_u32(w, ssrcs[i]);
    }
    rtcp_put_end(w, at);
}

static size_t put_feedback(
    struct writer *w, enum rtcp_type type, enum rtcp_format format, const uint32_t ssrcs[2])
{
    size_t at = rtcp_put_header(w, type, (uint8_t)format);

    put_u32(w, ssrcs[0]);
    put_u32(w, ssrcs[1]);
    return at;
}

// RFC 4585 §6.2.1: a number, and which of the next sixteen.
static size_t put_one_nack(struct writer *w, const uint64_t *seqs, size_t count)
{
    uint32_t mask = 0;
    size_t used = 1;

    while (used < count && seqs[used] - seqs[0] <= NACK_SPAN) {
        YODEL_ASSERT(seqs[used] > seqs[used - 1]);
        mask |= 1u << (seqs[used] - seqs[0] - 1);
        used++;
    }
    put_u16(w, (uint16_t)seqs[0]);
    put_u16(w, (uint16_t)mask);
    return used;
}

size_t rtcp_put_nack(
    struct writer *w, uint32_t sender, uint32_t ssrc, const uint64_t *seqs, size_t count)
{
    struct writer before = *w;
    size_t at =
        put_feedback(w, RTCP_TYPE_TRANSPORT, RTCP_FORMAT_NACK, (const uint32_t[]){sender, ssrc});
    size_t done = 0;

    while (done < count && writer_left(w) >= 4) {
        done += put_one_nack(w, seqs + done, count - done);
    }
    if (done == 0) {
        *w = before;
        return 0;
    }
    rtcp_put_end(w, at);
    return done;
}

void rtcp_put_pli(struct writer *w, uint32_t sender, uint32_t ssrc)
{
    size_t at =
        put_feedback(w, RTCP_TYPE_PAYLOAD, RTCP_FORMAT_PLI, (const uint32_t[]){sender, ssrc});

    rtcp_put_end(w, at);
}

void rtcp_put_fir(struct writer *w, uint32_t sender, uint32_t ssrc, uint8_t fir_seq)
{
    // RFC 5104 §4.3.1.2: the media source of the packet itself is not used, and 0.
    size_t at = put_feedback(w, RTCP_TYPE_PAYLOAD, RTCP_FORMAT_FIR, (const uint32_t[]){sender, 0});

    put_u32(w, ssrc);
    put_u8(w, fir_seq);
    put_u24(w, 0);
    rtcp_put_end(w, at);
}

void rtcp_put_remb(
    struct writer *w, uint32_t sender, uint64_t rate_bps, const uint32_t *ssrcs, size_t count)
{
    YODEL_ASSERT(count <= UINT8_MAX);
    size_t at = put_feedback(w, RTCP_TYPE_PAYLOAD, RTCP_FORMAT_REMB, (const uint32_t[]){sender, 0});
    uint32_t exponent = 0;

    while (rate_bps >> exponent > REMB_MANTISSA_MAX) {
        exponent++;
    }
    YODEL_ASSERT(exponent <= REMB_EXPONENT_MAX);
    put_u32(w, RTCP_REMB_NAME);
    put_u8(w, (uint8_t)count);
    put_u24(w, exponent << RTCP_REMB_MANTISSA_BITS | (uint32_t)(rate_bps >> exponent));
    for (size_t i = 0; i < count; i++) {
        put_u32(w, ssrcs[i]);
    }
    rtcp_put_end(w, at);
}

static void put_xr_header(struct writer *w, uint32_t sender, uint8_t type, uint16_t words)
{
    put_u32(w, sender);
    put_u8(w, type);
    put_u8(w, 0);
    put_u16(w, words);
}

void rtcp_put_rrtr(struct writer *w, uint32_t sender, uint64_t ntp)
{
    size_t at = rtcp_put_header(w, RTCP_TYPE_XR, 0);

    put_xr_header(w, sender, RTCP_XR_RRTR, 2);
    put_u64(w, ntp);
    rtcp_put_end(w, at);
}

void rtcp_put_dlrr(struct writer *w, uint32_t sender, uint32_t ssrc, const struct rtcp_echo *echo)
{
    size_t at = rtcp_put_header(w, RTCP_TYPE_XR, 0);

    put_xr_header(w, sender, RTCP_XR_DLRR, 3);
    put_u32(w, ssrc);
    put_echo(w, echo);
    rtcp_put_end(w, at);
}
