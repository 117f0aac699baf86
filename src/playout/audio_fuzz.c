// Audio's playout, fuzzed: whatever packets come, whenever they are pulled and whatever a decoder makes
// of them, 10 ms come out in few steps, and counts fit together.

#include "fuzz.h"
#include "playout/audio.h"

#define PLACES 16

static struct playout_audio audio;
static uint64_t seq, timestamp;
static yodel_time now;

// Near ones mostly, and anything.
static void recv(struct reader *r)
{
    static const uint8_t garbage[PLAYOUT_PACKETS_LEN_MAX + 8];
    uint8_t what = read_u8(r);

    seq += what % 8 == 7 ? read_u16(r) : 1;
    timestamp += what % 16 == 15 ? (uint64_t)(int64_t)(int16_t)read_u16(r) * 8 : audio.rate / 50;
    if (what == 255) {
        timestamp = (uint64_t)read_u32(r) << (read_u8(r) % 33);
    }
    struct playout_packet packet = {.place = {seq, timestamp - (uint64_t)(what % 3) * 160},
        .samples = what % 32 == 31 ? read_u16(r) : audio.rate / 50,
        .payload_type = what,
        .is_copy = what % 5 == 4,
        .is_dtx = what % 11 == 10,
        .has_fec = (what & 16) != 0,
        .payload = bytes_of(garbage, what % 64 == 63 ? sizeof garbage : what)};
    playout_audio_recv(&audio, &packet, now);
}

static void pull(struct reader *r)
{
    static int16_t pcm[5760 * 2], out[480 * 2];
    struct playout_audio_step step;
    uint32_t steps = 0;

    while (playout_audio_next(&audio, &step, now)) {
        uint8_t what = read_u8(r);
        FUZZ_CHECK(step.samples > 0 && step.samples <= 5760 && ++steps < 2000);
        FUZZ_CHECK((step.action == PLAYOUT_AUDIO_CONCEAL || step.action == PLAYOUT_AUDIO_COMFORT)
                       ? step.payload.len == 0
                       : step.payload.len <= PLAYOUT_PACKETS_LEN_MAX);
        if (what % 8 == 7) {
            continue; // Not answered.
        }
        pcm[what] = (int16_t)(what << 7);
        playout_audio_put(&audio, pcm, what % 8 == 6 ? what : step.samples);
    }
    playout_audio_take(&audio, out);
}

static void check(void)
{
    const struct playout_audio_stats *stats = &audio.stats;

    FUZZ_CHECK(audio.packets.count <= PLACES);
    FUZZ_CHECK(stats->silent_concealed_samples <= stats->concealed_samples);
    FUZZ_CHECK(stats->concealment_events <= stats->concealed_samples);
    FUZZ_CHECK(stats->fec_packets_discarded <= stats->fec_packets_received);
    FUZZ_CHECK(stats->jitter_buffer_minimum_delay <= stats->jitter_buffer_target_delay ||
               playout_audio_target(&audio) < YODEL_SECONDS(1));
    for (size_t i = 1; i < audio.packets.count; i++) {
        FUZZ_CHECK(audio.packets.packets[audio.packets.order[i - 1]].place.timestamp <
                   audio.packets.packets[audio.packets.order[i]].place.timestamp);
    }
}

FUZZ(input)
{
    static const uint32_t rates[] = {8000, 16000, 48000};
    struct reader r = reader_of(input);
    struct playout_audio_config config = {
        rates[read_u8(&r) % COUNT(rates)], 1 + read_u8(&r) % 2, PLACES};

    FUZZ_CHECK(playout_audio_init(&audio, alloc_system(), &config) == YODEL_OK);
    seq = 0x10000;
    timestamp = (uint64_t)1 << 32;
    now = YODEL_SECONDS(1);
    while (r.left >= 2 && !r.failed) {
        uint8_t what = read_u8(&r);
        now += what == 255 ? YODEL_SECONDS(30) : (uint64_t)(what >> 3) * YODEL_MS(1);
        if (what % 4 == 3) {
            playout_audio_set_asked(&audio, YODEL_MS(16) * what);
            playout_audio_set_extra(&audio, YODEL_MS(1) * what);
        } else if (what % 2 == 1) {
            recv(&r);
        } else {
            pull(&r);
        }
        check();
    }
    playout_audio_deinit(&audio);
}
