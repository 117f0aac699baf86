// The show.

#include "show.h"

#include <stdio.h>

#include "check.h"
#include "peer/media_pair.h"

#define FRAME YODEL_MS(33)
#define SOUND YODEL_MS(20)
#define PULL YODEL_MS(10)
#define DECODING YODEL_MS(5)
#define RATE 48000
#define PACKET 960
#define PIECE 480
#define PLACES 128
#define SOUND_LEN 80
#define FRAME_MIN 100
#define FRAME_LARGEST 50000
#define DATAGRAM_MAX 1232 // What goes through 1280 bytes with IPv6 (F7).

static const int16_t tone[8] = {0, 5657, 8000, 5657, 0, -5657, -8000, -5657};

// ---- what comes

static void see(struct show *show, const struct yodel_frame *frame)
{
    uint32_t number = 0;

    show->broken += !media_pair_read(frame, &number);
    show->backward += number < show->next_picture;
    show->next_picture = number + 1;
    show->keys += frame->is_key;
    show->seen++;
    playout_video_heard(&show->screen, show->sim.now);
    (void)playout_video_recv(&show->screen,
        &(struct playout_video_frame){
            .id = number, .timestamp = frame->timestamp, .is_key = frame->is_key},
        show->sim.now);
}

static void hear(struct show *show, const struct yodel_frame *frame)
{
    yodel_duration silence = show->last_heard == 0 ? 0 : show->sim.now - show->last_heard;
    uint32_t number = 0;

    show->broken += !media_pair_read(frame, &number);
    show->longest_silence = silence > show->longest_silence ? silence : show->longest_silence;
    show->last_heard = show->sim.now;
    show->heard++;
    playout_audio_recv(&show->audio,
        &(struct playout_packet){.place = {frame->seq, frame->timestamp},
            .samples = PACKET,
            .has_fec = true,
            .payload = bytes_of(frame->data, frame->len)},
        show->sim.now);
}

static void on_media(struct sim_side *side, const struct yodel_event *event)
{
    struct show *show = CONTAINER_OF(side->sim, struct show, sim);

    if (event->type == YODEL_EVENT_KEY_FRAME_NEEDED) {
        show->wants_key = true;
    } else if (event->type == YODEL_EVENT_BITRATE && side->index == 0) {
        show->bitrate = event->bitrate;
    } else if (event->type == YODEL_EVENT_FRAME && side->index == 1) {
        bool is_video = yodel_transceiver_kind(event->transceiver) == YODEL_VIDEO;
        show->seen_on = is_video ? event->transceiver : show->seen_on;
        (is_video ? see : hear)(show, event->frame);
    }
}

static void on_datagram(
    struct sim *sim, int from, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    struct show *show = CONTAINER_OF(sim, struct show, sim);
    size_t slot = (size_t)((sim->now - show->since) / SHOW_SLOT);

    SIM_CHECK(sim, len <= DATAGRAM_MAX);
    if (from == 0 && slot < SHOW_SLOTS) {
        show->slots[slot] += (uint32_t)len + SHOW_OVERHEAD;
    }
    show->rtp_count += from == 0 && datagram[0] >> 6 == 2;
    if (show->attack) {
        show->attack(sim, from, path, datagram, len);
    }
}

// ---- what is played

static void pull(struct show *show)
{
    struct playout_audio_step step;
    int16_t pcm[RATE / 1000 * PLAYOUT_AUDIO_PACKET_MS], out[PIECE];

    while (playout_audio_next(&show->audio, &step, show->sim.now)) {
        for (size_t i = 0; i < step.samples; i++) {
            pcm[i] = step.action == PLAYOUT_AUDIO_COMFORT ? 0 : tone[i / 12 % COUNT(tone)];
        }
        playout_audio_put(&show->audio, pcm, step.samples);
    }
    playout_audio_take(&show->audio, out);
}

static void step_screen(struct show *show)
{
    struct playout_video_step step;
    yodel_time now = show->sim.now;

    playout_video_tick(&show->screen, now);
    while (playout_video_next(&show->screen, &step, now)) {
        if (step.action == PLAYOUT_VIDEO_DROP) {
            continue;
        }
        playout_video_decoded(&show->screen, DECODING);
        if (step.is_shown) {
            SIM_CHECK(&show->sim, show->pending_count < SHOW_PENDING_MAX);
            show->pending[show->pending_count].number = (uint32_t)step.id;
            show->pending[show->pending_count++].at = step.show_at;
        }
    }
    if (playout_video_take_request(&show->screen, now) && show->seen_on) {
        yodel_transceiver_request_key_frame(show->seen_on);
    }
    while (show->pending_count > 0 && show->pending[0].at <= now) {
        playout_video_shown(&show->screen, now);
        show->delay_sum += now - show->shot[show->pending[0].number % COUNT(show->shot)];
        show->delay_count++;
        memmove(show->pending, show->pending + 1, --show->pending_count * sizeof *show->pending);
    }
}

static yodel_time play_step(struct show *show)
{
    if (show->sim.now >= show->pull_due) {
        pull(show);
        // Who stood still does not make up for it.
        show->pull_due =
            show->pull_due + PULL > show->sim.now ? show->pull_due + PULL : show->sim.now + PULL;
    }
    step_screen(show);
    yodel_time next = time_min(show->pull_due, playout_video_next_timeout(&show->screen));
    return show->pending_count > 0 ? time_min(next, show->pending[0].at) : next;
}

// ---- what is sent

static void send(struct show *show, enum yodel_codec codec, bool is_key, size_t len)
{
    static uint8_t data[MEDIA_PAIR_FRAME_MAX];
    bool is_video = codec == YODEL_VP8;
    uint32_t *number = is_video ? &show->pictures : &show->sounds;
    struct yodel_frame frame = {.data = data,
        .codec = codec,
        .is_key = is_key,
        .timestamp = show->sim.now * (is_video ? 90 : 48) / 1000,
        .captured = show->sim.now};

    frame.len = media_pair_write(codec, *number, is_key, len, data);
    if (yodel_transceiver_send_frame(is_video ? show->video : show->sound, &frame) != YODEL_OK) {
        return;
    }
    if (is_video) {
        show->shot[*number % COUNT(show->shot)] = show->sim.now;
    }
    ++*number;
}

// A key frame is three times as large as the others.
static void shoot(struct show *show)
{
    bool is_key = show->wants_key || show->pictures == 0;
    size_t len = (size_t)(show->bitrate * 9 / 10 / 8 / 30) * (is_key ? 3 : 1);

    if (show->bitrate == 0) {
        return; // Paused: there is room for sound alone.
    }
    show->wants_key = false;
    send(show, YODEL_VP8, is_key,
        len < FRAME_MIN       ? FRAME_MIN
        : len > FRAME_LARGEST ? FRAME_LARGEST
                              : len);
}

// An encoder at 30 pictures a second, within what it may send.
yodel_time show_speak(struct show *show)
{
    if (sim_is_paused(&show->sim.sides[0])) {
        return show->sim.sides[0].paused_until;
    }
    if (show->sim.now >= show->sound_due) {
        show->sound_due = show->sim.now + SOUND;
        send(show, YODEL_OPUS, true, SOUND_LEN);
    }
    if (show->sim.now >= show->picture_due) {
        show->picture_due = show->sim.now + FRAME;
        shoot(show);
    }
    return time_min(show->sound_due, show->picture_due);
}

void show_play(struct show *show, yodel_duration duration)
{
    yodel_time until = show->sim.now + duration;

    while (show->sim.now < until) {
        yodel_time next = time_min(until, show_speak(show));
        next = time_min(next, play_step(show));
        sim_wait(&show->sim, next > show->sim.now ? next - show->sim.now : 1);
    }
}

// ---- life

void show_init(struct show *show, uint64_t seed)
{
    memset(show, 0, sizeof *show);
    sim_init(&show->sim, seed);
}

void show_start(struct show *show)
{
    struct playout_audio_config config = {RATE, 1, PLACES};

    show->sim.on_media = on_media;
    show->sim.attack = on_datagram;
    enum yodel_err err = playout_audio_init(&show->audio, alloc_system(), &config);
    SIM_CHECK(&show->sim, err == YODEL_OK);
    playout_video_init(&show->screen);
    for (int i = 1; i >= 0; i--) {
        yodel_peer *peer = show->sim.sides[i].peer;

        CHECK_EQ(yodel_peer_add_track(peer, YODEL_AUDIO, NULL, &show->sound), YODEL_OK);
        CHECK_EQ(yodel_peer_add_track(peer, YODEL_VIDEO, NULL, &show->video), YODEL_OK);
    }
    yodel_transceiver_set_max_bitrate(show->video, SHOW_BPS_MAX);
    show->bitrate = 300000;
    sim_offer(&show->sim, 0);
    SIM_CHECK(&show->sim, sim_run(&show->sim, sim_is_connected, YODEL_SECONDS(20)));
    show->sound_due = show->picture_due = show->pull_due = show->sim.now;
    show_forget(show);
}

void show_end(struct show *show)
{
    SIM_CHECK(&show->sim, show->broken == 0);
    SIM_CHECK(&show->sim, show->backward == 0); // Nor twice.
    SIM_CHECK(&show->sim, show->heard <= show->sounds && show->seen <= show->pictures);
    SIM_CHECK(&show->sim, show->sim.sides[0].peer->session->stats.protect_failures == 0);
    playout_audio_deinit(&show->audio);
    sim_deinit(&show->sim);
}

// ---- figures

static uint64_t again_of(const struct show *show)
{
    return show->video->out ? show->video->out->history.again : 0;
}

void show_forget(struct show *show)
{
    show->since = show->sim.now;
    memset(show->slots, 0, sizeof show->slots);
    show->audio.stats = (struct playout_audio_stats){0};
    show->screen.stats = (struct playout_video_stats){
        .frames_rendered = show->screen.stats.frames_rendered > 0}; // There is a last one.
    show->delay_sum = show->delay_count = 0;
    show->longest_silence = 0;
    show->pictures_before = show->pictures;
    show->sounds_before = show->sounds;
    show->seen_before = show->seen;
    show->heard_before = show->heard;
    show->rtp_before = show->rtp_count;
    show->again_before = again_of(show);
}

static double share(double part, double all)
{
    return all > 0 ? part / all : 0;
}

static double peak_bps(const struct show *show, size_t count)
{
    uint64_t second = 0, most = 0;

    for (size_t i = 0; i < count; i++) {
        second += show->slots[i];
        second -= i >= 10 ? show->slots[i - 10] : 0;
        most = second > most ? second : most;
    }
    return (double)most * 8;
}

struct show_figures show_measure(const struct show *show)
{
    const struct playout_audio_stats *audio = &show->audio.stats;
    const struct playout_video_stats *video = &show->screen.stats;
    double duration = (double)(show->sim.now - show->since), sent = 0;
    size_t count = (size_t)((show->sim.now - show->since) / SHOW_SLOT);

    SIM_CHECK(&show->sim, count <= SHOW_SLOTS);
    for (size_t i = 0; i < count; i++) {
        sent += show->slots[i];
    }
    return (struct show_figures){
        .frozen =
            share((double)(video->total_freezes_duration + video->total_pauses_duration), duration),
        .concealed = share((double)audio->concealed_samples, (double)audio->total_samples_received),
        .seen = share(show->seen - show->seen_before, show->pictures - show->pictures_before),
        .heard = share(show->heard - show->heard_before, show->sounds - show->sounds_before),
        .again = share(
            (double)(again_of(show) - show->again_before), show->rtp_count - show->rtp_before),
        .bps = share(sent * 8e6, duration),
        .peak_bps = peak_bps(show, count),
        .delay_ms = share((double)show->delay_sum / 1e3, (double)show->delay_count)};
}

struct show_figures show_tell(const struct show *show, const char *name, const char *what)
{
    struct show_figures f = show_measure(show);

    printf("| %s | %s | %.1f %% | %.1f %% | %.1f %% | %.0f | %.0f |\n", name, what, 100 * f.frozen,
        100 * f.concealed, 100 * f.seen, f.bps / 1e3, f.delay_ms);
    (void)fflush(stdout); // What fails next aborts.
    return f;
}

yodel_duration show_wait_below(struct show *show, uint64_t bps, yodel_duration patience)
{
    show_forget(show);
    show_play(show, patience + YODEL_SECONDS(1));
    for (size_t i = 0; i * SHOW_SLOT <= patience; i++) {
        uint64_t second = 0;
        for (size_t k = i; k < i + 10; k++) {
            second += show->slots[k];
        }
        if (second * 8 < bps) {
            return i * SHOW_SLOT;
        }
    }
    return YODEL_NEVER;
}
