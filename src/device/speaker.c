// A loudspeaker's pace, whether it is heard or not: see the header.

#include "device/speaker.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "device/speaker_output.h"

#define PIECE YODEL_MS(10)

static bool is_null(const struct device_speaker *speaker)
{
    return strcmp(speaker->device, DEVICE_SPEAKER_NULL) == 0;
}

static void try_to_open(struct device_speaker *speaker, yodel_time now)
{
    if (is_null(speaker)) {
        speaker->retry_at = YODEL_NEVER;
    } else if (speaker_output_open(speaker) != YODEL_OK) {
        speaker->retry_at = time_after(now, DEVICE_SPEAKER_RETRY);
    } else {
        speaker->error_text[0] = '\0';
    }
}

void device_speaker_open(
    struct device_speaker *speaker, const struct device_speaker_config *config, yodel_time now)
{
    YODEL_ASSERT(config->channels == 1 || config->channels == 2);
    *speaker = (struct device_speaker){.alloc = config->alloc, .channels = config->channels};
    snprintf(speaker->device, sizeof speaker->device, "%s", config->device ? config->device : "");
    try_to_open(speaker, now);
}

static void close_output(struct device_speaker *speaker)
{
    speaker->underruns += speaker_output_underruns(speaker->output);
    speaker_output_close(speaker->output, speaker->alloc);
    speaker->output = NULL;
}

void device_speaker_close(struct device_speaker *speaker)
{
    if (speaker->output) {
        close_output(speaker);
    }
}

static void fall_silent(struct device_speaker *speaker, yodel_time now)
{
    close_output(speaker);
    speaker->played_until = now;
    speaker->retry_at = time_after(now, DEVICE_SPEAKER_RETRY);
    snprintf(speaker->error_text, sizeof speaker->error_text, "the loudspeaker is gone");
}

static yodel_duration queued(const struct device_speaker *speaker, yodel_time now)
{
    return speaker->output ? speaker_output_queued(speaker->output)
                           : time_since(speaker->played_until, now);
}

uint32_t device_speaker_wants(struct device_speaker *speaker, yodel_time now)
{
    if (speaker->output && speaker_output_is_gone(speaker->output)) {
        fall_silent(speaker, now);
    } else if (!speaker->output && now >= speaker->retry_at) {
        try_to_open(speaker, now);
    }
    yodel_duration ahead = queued(speaker, now);
    return (uint32_t)((time_since(DEVICE_SPEAKER_AHEAD, ahead) + PIECE - 1) / PIECE);
}

static void pass_time(struct device_speaker *speaker, yodel_time now)
{
    if (speaker->played_until < now) {
        speaker->underruns += speaker->played_until > 0;
        speaker->played_until = now;
    }
    if (time_since(speaker->played_until, now) < DEVICE_SPEAKER_ROOM) {
        speaker->played_until += PIECE;
    }
}

void device_speaker_put(struct device_speaker *speaker, const int16_t *piece, yodel_time now)
{
    if (speaker->output) {
        speaker_output_put(speaker->output, piece, DEVICE_SPEAKER_PIECE * speaker->channels);
    } else {
        pass_time(speaker, now);
    }
}

yodel_duration device_speaker_latency(const struct device_speaker *speaker, yodel_time now)
{
    yodel_duration beyond = speaker->output ? speaker_output_beyond(speaker->output) : 0;

    return queued(speaker, now) + beyond;
}

uint64_t device_speaker_underruns(const struct device_speaker *speaker)
{
    return speaker->underruns + (speaker->output ? speaker_output_underruns(speaker->output) : 0);
}
