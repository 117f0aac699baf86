// Loudspeakers where the library was built without them: there are none, and the clock alone paces sound.

#include <stdio.h>

#include "base/assert.h"
#include "device/speaker_output.h"

enum yodel_err speaker_output_open(struct device_speaker *speaker)
{
    snprintf(speaker->error_text, sizeof speaker->error_text,
        "this program was built without loudspeakers");
    return YODEL_ERR_NOT_SUPPORTED;
}

// None was ever opened.
void speaker_output_close(struct speaker_output *output, struct alloc *alloc)
{
    (void)output, (void)alloc;
}

bool speaker_output_is_gone(const struct speaker_output *output)
{
    (void)output;
    return true;
}

void speaker_output_put(struct speaker_output *output, const int16_t *samples, uint32_t count)
{
    (void)output, (void)samples, (void)count;
}

yodel_duration speaker_output_queued(struct speaker_output *output)
{
    (void)output;
    return 0;
}

yodel_duration speaker_output_beyond(const struct speaker_output *output)
{
    (void)output;
    return 0;
}

uint64_t speaker_output_underruns(struct speaker_output *output)
{
    (void)output;
    return 0;
}

void device_speaker_list(void (*visit)(void *ctx, const char *name), void *ctx)
{
    (void)visit, (void)ctx;
}
