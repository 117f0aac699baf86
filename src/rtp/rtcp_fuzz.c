// RTCP, fuzzed: reading ends, and what was read is the same once written and read again.

#include "fuzz.h"
#include "rtp/rtcp.h"

// Writes `block` as a packet of its own. False: of a kind whose inside is not ours to write.
static bool put_block(struct writer *w, const struct rtcp_block *block)
{
    size_t at = w->len;
    uint64_t seqs[17];
    size_t count = 0;

    switch (block->kind) {
    case RTCP_SENDER_INFO:
        rtcp_put_sr(w, block->sender, &block->sender_info);
        return true;
    case RTCP_REPORT:
        rtcp_put_rr(w, block->sender);
        FUZZ_CHECK(rtcp_put_report(w, at, block->ssrc, &block->report));
        return true;
    case RTCP_CNAME:
        rtcp_put_cname(w, block->ssrc, block->cname);
        return true;
    case RTCP_BYE:
        rtcp_put_bye(w, &block->ssrc, 1);
        return true;
    case RTCP_NACK:
        seqs[count++] = block->nack.seq;
        for (uint32_t bit = 0; bit < 16; bit++) {
            if ((block->nack.mask >> bit & 1) != 0) {
                seqs[count++] = block->nack.seq + bit + 1u;
            }
        }
        FUZZ_CHECK(rtcp_put_nack(w, block->sender, block->ssrc, seqs, count) == count);
        return true;
    case RTCP_PLI:
        rtcp_put_pli(w, block->sender, block->ssrc);
        return true;
    case RTCP_FIR:
        rtcp_put_fir(w, block->sender, block->ssrc, block->fir_seq);
        return true;
    case RTCP_REMB:
        rtcp_put_remb(w, block->sender, block->remb.rate_bps, NULL, 0);
        return true;
    case RTCP_RRTR:
        rtcp_put_rrtr(w, block->sender, block->ntp);
        return true;
    case RTCP_DLRR:
        rtcp_put_dlrr(w, block->sender, block->ssrc, &block->echo);
        return true;
    case RTCP_TWCC:
        return false;
    }
    return false;
}

// Compares by writing once more: equal blocks write equal bytes.
static void check_block(const struct rtcp_block *block)
{
    static uint8_t first[512], second[512];
    struct writer w = writer_of(span_of(first, sizeof first));
    struct writer again = writer_of(span_of(second, sizeof second));
    struct rtcp_reader reader;
    struct rtcp_block got;

    if (!put_block(&w, block)) {
        return;
    }
    FUZZ_CHECK(rtcp_open(&reader, writer_bytes(&w)) == YODEL_OK);
    FUZZ_CHECK(rtcp_next(&reader, &got) && got.kind == block->kind);
    FUZZ_CHECK(got.ssrc == block->ssrc || block->kind == RTCP_SENDER_INFO);
    FUZZ_CHECK(put_block(&again, &got) && w.len > 0);
    FUZZ_CHECK(bytes_equal(writer_bytes(&w), writer_bytes(&again)));
    FUZZ_CHECK(!rtcp_next(&reader, &got) && reader.malformed == 0);
}

FUZZ(input)
{
    struct rtcp_reader reader;
    struct rtcp_block block;
    size_t count = 0;

    if (rtcp_open(&reader, input) != YODEL_OK) {
        return;
    }
    while (rtcp_next(&reader, &block)) {
        check_block(&block);
        count++;
        FUZZ_CHECK(count <= input.len / 4);
    }
    FUZZ_CHECK(reader.unknown + reader.malformed <= input.len / 4);
}
