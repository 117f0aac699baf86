// Video's playout, fuzzed: whatever frames come, each leaves once and in order, those that are shown at
// times that rise, and no time-out lies in the past once all is done.

#include "fuzz.h"
#include "playout/video.h"

static struct playout_video video;
static uint64_t timestamp, id, next_id;
static yodel_time now, last_show;

static void recv(struct reader *r)
{
    uint8_t what = read_u8(r);

    timestamp += what % 16 == 15 ? (uint64_t)(int64_t)(int16_t)read_u16(r) * 16 : 3000;
    if (what == 255) {
        timestamp = (uint64_t)read_u32(r) << (read_u8(r) % 33);
    }
    struct playout_video_frame frame = {id, timestamp, what % 8 == 7, 0};
    id += playout_video_recv(&video, &frame, now);
    FUZZ_CHECK(video.tail - video.head <= PLAYOUT_VIDEO_FRAMES_MAX);
}

static void drain(uint8_t what)
{
    struct playout_video_step step;

    playout_video_tick(&video, now);
    while (playout_video_next(&video, &step, now)) {
        FUZZ_CHECK(step.id == next_id++);
        if (step.action == PLAYOUT_VIDEO_DROP) {
            continue;
        }
        FUZZ_CHECK(step.show_at >= now);
        FUZZ_CHECK(!step.is_shown || step.show_at >= last_show);
        last_show = step.is_shown ? step.show_at : last_show;
        playout_video_decoded(&video, (yodel_duration)what << (what % 24));
        if (what % 64 == 63) {
            playout_video_failed(&video, now);
        }
        if (step.is_shown) {
            playout_video_shown(&video, now);
        }
    }
    (void)playout_video_take_request(&video, now);
    FUZZ_CHECK(playout_video_next_timeout(&video) > now);
}

FUZZ(input)
{
    struct reader r = reader_of(input);

    playout_video_init(&video);
    timestamp = (uint64_t)1 << 32;
    now = YODEL_SECONDS(1);
    id = next_id = 0;
    last_show = 0;
    while (r.left >= 2 && !r.failed) {
        uint8_t what = read_u8(&r);
        now += what == 255 ? YODEL_SECONDS(30) : (uint64_t)(what >> 3) * YODEL_MS(2);
        switch (what % 8) {
        case 0:
            playout_video_set_asked(&video, YODEL_MS(16) * read_u8(&r));
            break;
        case 1:
            playout_video_set_extra(&video, YODEL_MS(4) * read_u8(&r));
            break;
        case 2:
            playout_video_set_limits(
                &video, YODEL_MS(10) * (what >> 3), YODEL_MS(10) * read_u8(&r));
            break;
        case 3:
            playout_video_heard(&video, now);
            break;
        default:
            recv(&r);
        }
        if (what % 16 < 12) {
            drain(what);
        }
    }
}
