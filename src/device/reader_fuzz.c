// Readers, fuzzed: the input is a file. Seeds are small ones of some formats (tests/corpus).

#include "device/reader.h"

#include "fuzz.h"
#include "media/picture.h"

#define ASKED_MAX                                                                                  \
    2000u // How often it may ask whether to go on: what takes longer is not looked at.

static uint32_t asked;
static volatile uint32_t sum;

static bool is_interrupted(void *ctx)
{
    (void)ctx;
    return ++asked > ASKED_MAX;
}

static void look_at(const struct yodel_raw *raw)
{
    const struct yodel_picture *picture = &raw->picture;

    if (raw->kind == YODEL_AUDIO) {
        FUZZ_CHECK(raw->sound.count == 480 && raw->sound.channels == 2 && raw->sound.rate == 48000);
        for (uint32_t i = 0; i < 960; i++) {
            sum += (uint32_t)raw->sound.samples[i];
        }
        return;
    }
    FUZZ_CHECK(picture->width >= 16 && picture->width <= 128 && picture->width % 2 == 0);
    FUZZ_CHECK(picture->height >= 16 && picture->height <= 96 && picture->height % 2 == 0);
    for (int i = 0; i < 3; i++) {
        for (uint32_t y = 0; y < media_plane_height(picture, i); y++) {
            const uint8_t *line = picture->planes[i] + (size_t)y * picture->strides[i];
            sum += line[0] + line[media_plane_width(picture, i) - 1];
        }
    }
}

FUZZ(input)
{
    struct device_reader_config config = {.memory = input,
        .width = 128,
        .height = 96,
        .channels = 2,
        .is_interrupted = is_interrupted};
    struct device_reader *reader;
    char why[DEVICE_TEXT_MAX];

    asked = 0;
    if (!input.ptr || device_reader_open(&reader, &config, why) != YODEL_OK) {
        return;
    }
    for (int round = 0; round < 2; round++) {
        struct yodel_raw raw;
        yodel_time last[2] = {0};
        while (!device_reader_next(reader, &raw, why)) {
            FUZZ_CHECK(raw.captured >= last[raw.kind]);
            last[raw.kind] = raw.captured;
            look_at(&raw);
        }
        if (device_reader_rewind(reader, why)) {
            break;
        }
    }
    device_reader_close(reader);
}
