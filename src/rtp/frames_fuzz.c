// RTP frames, fuzzed: whatever packets come, in whatever order, frames come out in rising order, a
// frame that is no key frame right behind the one before, and memory stays within its places.

#include "fuzz.h"
#include "rtp/frames.h"

#define PLACES 32

static struct rtp_frames frames;

static void drain(uint64_t *last, yodel_time now)
{
    static uint8_t room[4096];
    struct rtp_frame frame;

    while (rtp_frames_next(&frames, span_of(room, sizeof room), &frame, now)) {
        FUZZ_CHECK(frame.first > *last && frame.last >= frame.first);
        FUZZ_CHECK(frame.last - frame.first < PLACES);
        FUZZ_CHECK(frame.data.len <= sizeof room && frames.is_flowing);
        *last = frame.last;
    }
    FUZZ_CHECK(frames.stored <= PLACES && frames.keys <= frames.stored);
    FUZZ_CHECK(frames.next <= frames.end && (frames.next > *last || !frames.is_started));
}

// What is stored is what is counted.
static void check_counts(void)
{
    size_t stored = 0, keys = 0;

    for (size_t i = 0; i < PLACES; i++) {
        stored += frames.slots[i].is_used;
        keys += frames.slots[i].is_used && frames.slots[i].info.is_key;
    }
    FUZZ_CHECK(stored == frames.stored && keys == frames.keys);
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    enum rtp_codec codec = read_u8(&r) % RTP_CODEC_COUNT;
    uint64_t seq = 0x10000, last = 0;
    yodel_time now = 0;

    FUZZ_CHECK(rtp_frames_init(&frames, alloc_system(), PLACES) == YODEL_OK);
    while (r.left >= 4) {
        uint8_t step = read_u8(&r), what = read_u8(&r);
        struct bytes payload = read_bytes(&r, what % 8 < r.left ? what % 8 : r.left);
        seq += step < 200 ? 1 : (uint64_t)(int64_t)(int8_t)(step - 228);
        now += YODEL_MS(what);
        struct rtp_frames_packet packet = {.place = {seq, seq / (1 + step % 4)},
            .codec = codec,
            .is_last = (what & 8) != 0,
            .payload = payload};
        rtp_frames_recv(&frames, &packet, now);
        rtp_frames_tick(&frames, now);
        if ((what & 16) != 0) {
            drain(&last, now);
        }
        if (what == 255) {
            rtp_frames_lose(&frames, now);
        }
        (void)rtp_frames_take_request(&frames, now);
        check_counts();
    }
    drain(&last, now);
    rtp_frames_deinit(&frames);
}
