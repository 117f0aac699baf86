// A loudspeaker's device, by SDL: see speaker_output.h.

#include <SDL.h>
#include <stdio.h>
#include <string.h>

#include "device/speaker_output.h"

#define SAMPLES_MAX (DEVICE_SPEAKER_RATE / 10 * 2) // DEVICE_SPEAKER_ROOM of two channels.
// Samples of each channel that the device takes at once. With half as many a sound server that is busy with others has
// nothing to play now and then, and tells nobody.
#define BUFFER (2 * DEVICE_SPEAKER_PIECE)
#define BUFFERS_BEYOND 2 // The one that is being filled, and the sound server's.

struct speaker_output {
    SDL_AudioDeviceID device;
    uint32_t channels;
    uint32_t first; // The next sample's place, and how many there are.
    uint32_t count;
    uint32_t
        started_at; // So many samples must wait before it begins, at first and after an underrun.
    bool is_flowing;
    uint64_t underruns;
    int16_t samples[SAMPLES_MAX];
};

// On the device's thread, with its lock held.
static void give(void *ctx, Uint8 *stream, int len)
{
    struct speaker_output *output = ctx;
    uint32_t wanted = (uint32_t)len / sizeof(int16_t), given = 0;

    output->is_flowing |= output->count >= output->started_at;
    if (output->is_flowing) {
        for (; given < wanted && output->count > 0; given++, output->count--) {
            memcpy(
                stream + given * sizeof(int16_t), &output->samples[output->first], sizeof(int16_t));
            output->first = (output->first + 1) % SAMPLES_MAX;
        }
        output->is_flowing = given == wanted;
        output->underruns += !output->is_flowing;
    }
    memset(stream + given * sizeof(int16_t), 0, (wanted - given) * sizeof(int16_t));
}

static enum yodel_err fail(struct device_speaker *speaker, enum yodel_err err)
{
    snprintf(speaker->error_text, sizeof speaker->error_text,
        "the loudspeaker cannot be opened: %s", SDL_GetError());
    return err;
}

// The library's sound alone, which shares nothing with its windows: those belong to another thread.
static enum yodel_err open_device(struct device_speaker *speaker, struct speaker_output *output)
{
    SDL_AudioSpec wanted = {.freq = DEVICE_SPEAKER_RATE,
        .format = AUDIO_S16SYS,
        .channels = (Uint8)speaker->channels,
        .samples = BUFFER,
        .callback = give,
        .userdata = output};
    SDL_AudioSpec got;
    const char *name = speaker->device[0] != '\0' ? speaker->device : NULL;

    if (SDL_AudioInit(NULL) != 0) {
        return fail(speaker, YODEL_ERR_NOT_FOUND);
    }
    if (!name && SDL_GetNumAudioDevices(0) == 0) {
        // Asked to open one all the same, the library below would complain on standard error.
        SDL_SetError("there is none");
        return fail(speaker, YODEL_ERR_NOT_FOUND);
    }
    output->device = SDL_OpenAudioDevice(name, 0, &wanted, &got, 0);
    return output->device != 0 ? YODEL_OK : fail(speaker, YODEL_ERR_OPERATION);
}

enum yodel_err speaker_output_open(struct device_speaker *speaker)
{
    struct speaker_output *output = alloc_new(speaker->alloc, sizeof *output);

    if (!output) {
        snprintf(speaker->error_text, sizeof speaker->error_text, "there is no memory");
        return YODEL_ERR_NO_MEMORY;
    }
    output->channels = speaker->channels;
    output->started_at = BUFFER * speaker->channels;
    enum yodel_err err = open_device(speaker, output);
    if (err) {
        speaker_output_close(output, speaker->alloc);
        return err;
    }
    SDL_PauseAudioDevice(output->device, 0);
    speaker->output = output;
    return YODEL_OK;
}

void speaker_output_close(struct speaker_output *output, struct alloc *alloc)
{
    if (output->device != 0) {
        SDL_CloseAudioDevice(output->device);
    }
    SDL_AudioQuit();
    SDL_TLSCleanup(); // What it keeps for this thread, which it did not make: its last error.
    alloc_free(alloc, output);
}

bool speaker_output_is_gone(const struct speaker_output *output)
{
    return SDL_GetAudioDeviceStatus(output->device) == SDL_AUDIO_STOPPED;
}

void speaker_output_put(struct speaker_output *output, const int16_t *samples, uint32_t count)
{
    SDL_LockAudioDevice(output->device);
    for (uint32_t i = 0; i < count && output->count < SAMPLES_MAX / 2 * output->channels; i++) {
        output->samples[(output->first + output->count++) % SAMPLES_MAX] = samples[i];
    }
    SDL_UnlockAudioDevice(output->device);
}

static yodel_duration duration_of(const struct speaker_output *output, uint32_t samples)
{
    return YODEL_SECONDS(samples) / (DEVICE_SPEAKER_RATE * output->channels);
}

yodel_duration speaker_output_queued(struct speaker_output *output)
{
    SDL_LockAudioDevice(output->device);
    uint32_t count = output->count;
    SDL_UnlockAudioDevice(output->device);
    return duration_of(output, count);
}

yodel_duration speaker_output_beyond(const struct speaker_output *output)
{
    return duration_of(output, BUFFERS_BEYOND * BUFFER * output->channels);
}

uint64_t speaker_output_underruns(struct speaker_output *output)
{
    SDL_LockAudioDevice(output->device);
    uint64_t underruns = output->underruns;
    SDL_UnlockAudioDevice(output->device);
    return underruns;
}

void device_speaker_list(void (*visit)(void *ctx, const char *name), void *ctx)
{
    bool is_open = SDL_GetCurrentAudioDriver() != NULL;

    if (is_open || SDL_AudioInit(NULL) == 0) {
        for (int i = 0; i < SDL_GetNumAudioDevices(0); i++) {
            visit(ctx, SDL_GetAudioDeviceName(i, 0));
        }
    }
    if (!is_open) {
        SDL_AudioQuit();
    }
}
