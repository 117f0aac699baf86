// Time stretching, fuzzed: whatever samples, at whatever pace, as many come out as went in, less what
// was left out.

#include "fuzz.h"
#include "playout/stretch.h"

FUZZ(input)
{
    static const uint32_t rates[] = {8000, 12000, 16000, 24000, 32000, 48000};
    static int16_t pcm[48000 / 5 * 2];
    struct reader r = reader_of(input);
    struct playout_stretch stretch;
    uint32_t rate = rates[read_u8(&r) % COUNT(rates)], channels = 1 + read_u8(&r) % 2;
    int64_t put = 0, taken = 0;

    FUZZ_CHECK(playout_stretch_init(&stretch, alloc_system(), rate, channels) == YODEL_OK);
    while (r.left >= 4) {
        uint8_t what = read_u8(&r);
        if (what % 4 == 0) {
            size_t count = read_u16(&r) % (rate / 5);
            for (size_t i = 0; i < count * channels; i++) {
                pcm[i] = r.left > 0 ? (int16_t)(read_u8(&r) << 8 | what) : (int16_t)(i * what);
            }
            put += (int64_t)playout_stretch_put(&stretch, pcm, count);
        } else if (playout_stretch_ready(&stretch) >= playout_stretch_piece(&stretch)) {
            int32_t left_out = playout_stretch_take(
                &stretch, pcm, (enum playout_pace)(what % 3), what < 128 ? 0.9 : -1);
            FUZZ_CHECK(left_out <= (int32_t)rate * 3 / 200 && -left_out <= (int32_t)rate * 3 / 200);
            taken += (int64_t)playout_stretch_piece(&stretch) + left_out;
        }
        FUZZ_CHECK(put - taken == (int64_t)playout_stretch_ready(&stretch));
    }
    playout_stretch_deinit(&stretch);
}
