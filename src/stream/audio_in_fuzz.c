// Audio that comes, fuzzed: whatever frames of whatever codecs come, each 10 ms there are 480 samples.

#include "fuzz.h"
#include "stream/audio_in.h"

static struct audio_in in;

static void visit(void *ctx, const char *name, const char *text, double number)
{
    (void)ctx;
    FUZZ_CHECK(name && !text && number >= 0 && number < 1e18);
}

static void recv(struct reader *r, uint8_t what, struct yodel_frame *frame, yodel_time now)
{
    size_t len = what % 16 == 15 ? read_u16(r) : read_u8(r);
    struct bytes data = read_bytes(r, len < r->left ? len : r->left);

    if (r->failed || data.len == 0) {
        return;
    }
    frame->data = data.ptr;
    frame->len = data.len;
    frame->codec =
        what % 32 == 31 ? (enum yodel_codec)(read_u8(r) % (YODEL_CODEC_COUNT + 1)) : frame->codec;
    frame->seq += what % 8 == 7 ? read_u8(r) : 1;
    frame->timestamp += what % 64 == 63 ? (uint64_t)read_u32(r) << (read_u8(r) % 33) : 960;
    frame->capture_ntp = what & 32 ? (uint64_t)read_u32(r) << 32 : 0;
    audio_in_recv(&in, frame, now);
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    struct yodel_frame frame = {.codec = YODEL_OPUS, .is_key = true};
    struct yodel_sound sound;
    yodel_time now = YODEL_SECONDS(1);

    audio_in_init(&in, alloc_system());
    while (r.left > 0 && !r.failed) {
        uint8_t what = read_u8(&r);
        now += what % 4 == 3 ? YODEL_MS(10) * (what / 4) : YODEL_MS(5);
        recv(&r, what, &frame, now);
        if (what == 129) {
            audio_in_reset(&in);
        } else if (what == 130) {
            audio_in_set_asked(&in, (yodel_duration)read_u32(&r));
        } else if (what % 2 == 0 && audio_in_take(&in, &sound, now)) {
            FUZZ_CHECK(sound.count == 480 && sound.rate == 48000 && sound.channels <= 2);
            (void)audio_in_position(&in);
        }
    }
    audio_in_visit(&in, visit, NULL);
    audio_in_deinit(&in);
}
