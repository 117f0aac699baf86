// Lip sync, fuzzed: whatever times are told, delays stay within their limit, never both, and change in
// steps.

#include "fuzz.h"
#include "playout/sync.h"

static struct playout_sync sync;

// How far a delay moved.
static yodel_duration moved(yodel_duration from, yodel_duration to)
{
    return from > to ? from - to : to - from;
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    yodel_time now = YODEL_SECONDS(1);

    playout_sync_init(&sync, now);
    while (r.left >= 8 && !r.failed) {
        uint8_t what = read_u8(&r);
        uint64_t ntp = (uint64_t)read_u32(&r) << (what % 33);
        yodel_time at = now + YODEL_MS(1) * read_u16(&r);
        yodel_duration audio = sync.audio_extra, video = sync.video_extra;
        if ((what & 64) != 0) {
            ntp = (now / YODEL_SECONDS(1)) << 32 | (now % YODEL_SECONDS(1)) << 12;
        }
        if (what % 2 == 0) {
            playout_sync_audio(&sync, ntp, at);
        } else {
            playout_sync_video(&sync, ntp, at);
        }
        now += YODEL_MS(what % 8 == 7 ? 20000 : what);
        bool is_changed = playout_sync_tick(&sync, now);
        FUZZ_CHECK(playout_sync_next_timeout(&sync) > now);
        FUZZ_CHECK(sync.audio_extra <= PLAYOUT_SYNC_EXTRA_MAX);
        FUZZ_CHECK(sync.video_extra <= PLAYOUT_SYNC_EXTRA_MAX);
        FUZZ_CHECK(sync.audio_extra == 0 || sync.video_extra == 0);
        yodel_duration audio_step = moved(audio, sync.audio_extra);
        yodel_duration video_step = moved(video, sync.video_extra);
        FUZZ_CHECK(audio_step + video_step <= PLAYOUT_SYNC_STEP_MAX);
        FUZZ_CHECK(is_changed || audio_step + video_step == 0);
    }
}
