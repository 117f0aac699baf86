// Lip sync: differences, their median, and steps.

#include "playout/sync.h"

#include "rtp/ntp.h"

void playout_sync_init(struct playout_sync *sync, yodel_time now)
{
    *sync = (struct playout_sync){.due = time_after(now, PLAYOUT_SYNC_INTERVAL), .measured = now};
}

static void tell(struct playout_sync_point *point, uint64_t ntp, yodel_time at)
{
    if (ntp != 0) {
        *point = (struct playout_sync_point){true, ntp, at};
    }
}

void playout_sync_audio(struct playout_sync *sync, uint64_t ntp, yodel_time at)
{
    tell(&sync->audio, ntp, at);
}

void playout_sync_video(struct playout_sync *sync, uint64_t ntp, yodel_time at)
{
    tell(&sync->video, ntp, at);
}

// ---- measuring

// From capture to playing; of two clocks, so only differences mean something.
static uint64_t latency(const struct playout_sync_point *point)
{
    return point->at - rtp_ntp_us(point->ntp);
}

// Whether delays that are allowed could bring the two together. Clocks that lie are further apart.
static bool is_believable(const struct playout_sync *sync, int64_t difference)
{
    int64_t most = (int64_t)PLAYOUT_SYNC_EXTRA_MAX;

    if (difference < -2 * most || difference > 2 * most) {
        return false;
    }
    int64_t by_nature = difference + (int64_t)sync->video_extra - (int64_t)sync->audio_extra;
    return by_nature >= -most && by_nature <= most;
}

// Each point is measured with once.
static void measure(struct playout_sync *sync, yodel_time now)
{
    int64_t difference = (int64_t)(latency(&sync->audio) - latency(&sync->video));

    if (!sync->audio.is_known || !sync->video.is_known) {
        return;
    }
    sync->audio.is_known = sync->video.is_known = false;
    if (!is_believable(sync, difference)) {
        sync->absurd++;
        return;
    }
    sync->measured = now;
    sync->differences[sync->count++] = difference;
}

static int64_t median(int64_t values[PLAYOUT_SYNC_MEASURED])
{
    for (size_t i = 1; i < PLAYOUT_SYNC_MEASURED; i++) {
        int64_t value = values[i];
        size_t k = i;
        for (; k > 0 && values[k - 1] > value; k--) {
            values[k] = values[k - 1];
        }
        values[k] = value;
    }
    return values[PLAYOUT_SYNC_MEASURED / 2];
}

// ---- steps

static yodel_duration step_of(uint64_t distance)
{
    return time_min(distance / 2, PLAYOUT_SYNC_STEP_MAX);
}

// Makes one earlier by `step`, as far as it is delayed, and the other later by the rest.
static void shift(yodel_duration *late, yodel_duration *early, yodel_duration step)
{
    yodel_duration cut = time_min(*late, step);

    *late -= cut;
    *early = time_min(*early + step - cut, PLAYOUT_SYNC_EXTRA_MAX);
}

static bool adjust(struct playout_sync *sync)
{
    int64_t difference = median(sync->differences);
    uint64_t distance = (uint64_t)(difference < 0 ? -difference : difference);

    sync->count = 0;
    sync->difference = difference;
    if (distance <= PLAYOUT_SYNC_GOOD) {
        return false;
    }
    if (difference > 0) {
        shift(&sync->audio_extra, &sync->video_extra, step_of(distance));
    } else {
        shift(&sync->video_extra, &sync->audio_extra, step_of(distance));
    }
    return true;
}

// Nothing tells any more why something is delayed.
static bool let_go(struct playout_sync *sync)
{
    bool is_any = sync->audio_extra > 0 || sync->video_extra > 0;

    sync->audio_extra -= time_min(sync->audio_extra, PLAYOUT_SYNC_STEP_MAX);
    sync->video_extra -= time_min(sync->video_extra, PLAYOUT_SYNC_STEP_MAX);
    return is_any;
}

bool playout_sync_tick(struct playout_sync *sync, yodel_time now)
{
    if (now < sync->due) {
        return false;
    }
    sync->due = time_after(now, PLAYOUT_SYNC_INTERVAL);
    measure(sync, now);
    if (sync->count == PLAYOUT_SYNC_MEASURED) {
        return adjust(sync);
    }
    if (time_since(now, sync->measured) >= PLAYOUT_SYNC_FORGET) {
        sync->measured = now - PLAYOUT_SYNC_FORGET + YODEL_SECONDS(1); // The next step in a second.
        return let_go(sync);
    }
    return false;
}

yodel_time playout_sync_next_timeout(const struct playout_sync *sync)
{
    return sync->due;
}
