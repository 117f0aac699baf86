// Muxer, fuzzed: any frames, into each container, at any times.

#include <stdio.h>
#include <unistd.h>

#include "device/muxer.h"
#include "fuzz.h"

static const char *const endings[] = {".webm", ".mkv", ".mp4", ".ogg"};

static struct device_muxer muxer;

static void put_one(struct reader *r)
{
    uint8_t head = read_u8(r), flags = read_u8(r);
    struct yodel_frame frame = {.codec = (enum yodel_codec)(head % YODEL_CODEC_COUNT),
        .is_key = (flags & 1) != 0,
        .rotation = (flags & 2) != 0 ? 90 : 0,
        .timestamp = (flags & 4) != 0 ? read_u64(r) : read_u16(r),
        .captured = (flags & 8) != 0 ? read_u64(r) : read_u32(r),
        .arrival = (flags & 16) != 0 ? read_u64(r) : read_u32(r)};
    struct bytes data = read_bytes(r, read_u16(r) % (r->left + 1));

    frame.data = data.ptr;
    frame.len = data.len;
    enum yodel_err err = device_muxer_put(&muxer, &frame);
    FUZZ_CHECK((err == YODEL_OK) == (muxer.text[0] == '\0'));
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    uint8_t head = read_u8(&r);
    struct device_muxer_config config = {
        .expects = (enum device_muxer_expects)(head / 4 % 3), .overwrites = true};
    char path[64];

    (void)snprintf(path, sizeof path, "/tmp/yodel-fuzz-%d%s", (int)getpid(), endings[head % 4]);
    FUZZ_CHECK(device_muxer_open(&muxer, path, &config) == YODEL_OK);
    while (r.left > 0 && !r.failed) {
        put_one(&r);
    }
    enum yodel_err err = device_muxer_close(&muxer);
    FUZZ_CHECK((err == YODEL_OK) == (muxer.text[0] == '\0'));
    FUZZ_CHECK(err != YODEL_ERR_IO);
    (void)unlink(path);
}
