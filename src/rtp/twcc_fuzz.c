// Transport-wide feedback, fuzzed: reading a peer's ends and stays in what was sent; a receiver fed
// with any numbers at any times writes feedback that is read again.

#include "fuzz.h"
#include "rtp/twcc.h"

#define LAST_SENT 0x18000

static void read_a_peers(struct bytes twcc)
{
    struct rtp_twcc_clock clock = {0};
    struct rtp_twcc_feedback feedback;
    struct rtp_twcc_status status;
    uint64_t before = 0;

    if (rtp_twcc_parse(&feedback, &clock, twcc, LAST_SENT) != YODEL_OK) {
        return;
    }
    while (rtp_twcc_next(&feedback, &status)) {
        FUZZ_CHECK(status.seq > before && status.seq <= LAST_SENT);
        FUZZ_CHECK(!feedback.chunks.failed && !feedback.deltas.failed);
        before = status.seq;
    }
}

static void read_our_own(const struct writer *w, struct rtp_twcc_clock *clock, uint64_t end)
{
    struct rtp_twcc_feedback feedback;
    struct rtp_twcc_status status;

    struct bytes twcc = bytes_sub(writer_bytes(w), 12, SIZE_MAX);
    FUZZ_CHECK(rtp_twcc_parse(&feedback, clock, twcc, end - 1) == YODEL_OK);
    while (rtp_twcc_next(&feedback, &status)) {
        FUZZ_CHECK(status.seq < end);
    }
}

static void feed_a_receiver(struct reader r)
{
    static struct rtp_twcc_receiver receiver;
    static uint8_t room[1200];
    struct rtp_twcc_clock clock = {0};
    yodel_time now = 0;

    rtp_twcc_init(&receiver);
    while (r.left >= 3) {
        uint16_t step = read_u16(&r);
        now += (yodel_duration)read_u8(&r) << (step & 15);
        rtp_twcc_recv(&receiver, (uint16_t)(receiver.end + (step >> 4) - 1024), now);
        FUZZ_CHECK(receiver.next <= receiver.end);
        FUZZ_CHECK(receiver.end - receiver.next <= RTP_TWCC_WINDOW);
        for (size_t len = step % 61 == 0 ? 24 + step % 64 : 1200;
             rtp_twcc_next_timeout(&receiver) <= now;) {
            struct writer w = writer_of(span_of(room, len));
            FUZZ_CHECK(rtp_twcc_emit(&receiver, &w, 1, 2, now) && !w.failed);
            read_our_own(&w, &clock, receiver.end);
        }
    }
}

FUZZ(input)
{
    struct reader r = reader_of(input);

    if (read_u8(&r) % 2 == 0) {
        read_a_peers(read_rest(&r));
    } else {
        feed_a_receiver(r);
    }
}
