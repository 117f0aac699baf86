// Congestion control, fuzzed: whatever is sent, said and passes of time, the target stays within its
// limits, deadlines advance, and probes stay within what there may be.

#include "cc/gcc.h"

#include "fuzz.h"

static struct cc_gcc gcc;
static struct cc_gcc_limits limits;
static uint64_t seq;
static yodel_time now;

static void check(void)
{
    struct cc_target target = cc_gcc_target(&gcc);
    struct cc_probe probe;

    FUZZ_CHECK(target.target_bps >= limits.min_bps && target.target_bps <= limits.max_bps);
    FUZZ_CHECK(target.pacing_bps >= target.target_bps && target.pacing_bps <= 3 * limits.max_bps);
    FUZZ_CHECK(target.loss >= 0 && target.loss <= 1);
    FUZZ_CHECK(gcc.trendline.threshold >= 6 && gcc.trendline.threshold <= 600);
    while (cc_gcc_next_probe(&gcc, &probe)) {
        FUZZ_CHECK(probe.id != 0 && probe.rate_bps > 0 && probe.rate_bps <= limits.max_bps);
    }
    if (now >= cc_gcc_next_timeout(&gcc)) {
        cc_gcc_tick(&gcc, now);
    }
    FUZZ_CHECK(cc_gcc_next_timeout(&gcc) > now);
}

static void set_limits(struct reader *r)
{
    uint64_t min = CC_GCC_BPS_MIN + ((uint64_t)read_u8(r) << (read_u8(r) % 20));

    limits = (struct cc_gcc_limits){min, read_u32(r), min + read_u32(r)};
}

static void send(struct reader *r)
{
    uint8_t what = read_u8(r);

    seq += what % 16 == 15 ? what : 1;
    cc_gcc_sent(&gcc, &(struct cc_sent){seq, read_u16(r), what % 8}, now);
}

// Near numbers and near times mostly, and anything.
static void tell(struct reader *r)
{
    uint8_t what = read_u8(r);
    struct cc_status status = {seq - what % 64, (what & 64) != 0, now + read_u16(r)};

    if ((what & 128) != 0) {
        status.arrival = (uint64_t)read_u32(r) << (what % 33);
        status.seq += read_u8(r);
    }
    cc_gcc_recv_status(&gcc, &status);
}

FUZZ(input)
{
    struct reader r = reader_of(input);

    set_limits(&r);
    cc_gcc_init(&gcc, &limits);
    seq = 65536;
    now = 1;
    while (r.left >= 2 && !r.failed) {
        uint8_t what = read_u8(&r);
        now += (uint64_t)(what >> 3) * (what == 255 ? YODEL_SECONDS(100) : YODEL_MS(1));
        switch (what & 7) {
        case 0:
        case 1:
            send(&r);
            break;
        case 2:
        case 3:
            tell(&r);
            break;
        case 4:
            cc_gcc_feedback_end(&gcc, now);
            break;
        case 5:
            cc_gcc_recv_report(&gcc, read_u8(&r), now);
            break;
        case 6:
            cc_gcc_recv_remb(&gcc, (uint64_t)read_u16(&r) << (what % 48));
            cc_gcc_set_rtt(&gcc, (uint64_t)read_u8(&r) << (what % 50));
            break;
        default:
            cc_gcc_set_feedback(&gcc, what & 8);
            set_limits(&r);
            cc_gcc_set_limits(&gcc, &limits);
        }
        check();
    }
}
