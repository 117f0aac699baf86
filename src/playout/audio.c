// Audio's playout: what is done next, at which pace, and what is counted.

#include "playout/audio.h"

#include <string.h>

#include "base/assert.h"

#define PIECES 100 // In a second.
#define PIECE_SAMPLES_MAX (480 * PLAYOUT_STRETCH_CHANNELS_MAX)
#define GAP_DIVISOR 400 // 2.5 ms: less is no gap; concealment comes in multiples of it.
#define SEQ_WINDOW 64
#define GAIN_FULL (1u << 15)
#define FADE_AFTER 60 // Milliseconds that concealment is as loud as what it goes on with,
#define FADE_END 200  // and after which it is silent.
#define RISE_MS 5     // That what comes back takes to be as loud as it is.

#define LEAST_MAX YODEL_MS(80)
#define LATE_MAX                                                                                   \
    YODEL_MS(200) // What is so much too old is not begun with, if something newer is due.
#define SKIP YODEL_SECONDS(1) // So far behind, no stretching helps.
#define FAR YODEL_MS(100)     // So far off, quality comes second.
#define NEAR YODEL_MS(10)     // Then it is good enough.
#define HIGH_MIN YODEL_MS(20)
#define LOW YODEL_MS(5)
#define PIECES_BETWEEN 5
#define PIECES_BETWEEN_FAR 2
#define ALIKE 0.9
#define ALIKE_FAR 0.5

#define CLOCK_LOST YODEL_MS(200) // Who pulls was away.
#define CLOCK_SHIFT 4
#define EARLY_SHIFT 9

static uint32_t piece_of(const struct playout_audio *audio)
{
    return audio->rate / PIECES;
}

static yodel_duration us_of(const struct playout_audio *audio, uint64_t samples)
{
    return playout_delay_us(samples, audio->rate);
}

enum yodel_err playout_audio_init(
    struct playout_audio *audio, struct alloc *alloc, const struct playout_audio_config *config)
{
    *audio = (struct playout_audio){
        .rate = config->clock_rate, .is_quiet = true, .is_comfort = true, .gain = GAIN_FULL};
    enum yodel_err err =
        playout_stretch_init(&audio->stretch, alloc, config->clock_rate, config->channels);

    if (err != YODEL_OK) {
        return err;
    }
    err = playout_packets_init(&audio->packets, alloc, config->places);
    if (err != YODEL_OK) {
        playout_stretch_deinit(&audio->stretch);
    }
    return err;
}

void playout_audio_deinit(struct playout_audio *audio)
{
    playout_stretch_deinit(&audio->stretch);
    playout_packets_deinit(&audio->packets);
}

// ---- delays

// How old what carries `timestamp` will be when it is played behind all that waits.
static int64_t age_of(const struct playout_audio *audio, uint64_t timestamp)
{
    yodel_time at = audio->clock + us_of(audio, playout_stretch_ready(&audio->stretch));

    return playout_delay_age(&audio->network, timestamp, audio->rate, at);
}

// What the network alone demands: that the late come in time, that a packet's redundancy is there when
// the one before is missing, and that who pulls may do so early.
static yodel_duration least_of(const struct playout_audio *audio)
{
    yodel_duration packet = us_of(audio, audio->packet_samples);
    yodel_duration least = (packet < LEAST_MAX ? packet : LEAST_MAX) + PLAYOUT_AUDIO_PIECE;
    yodel_duration wanted =
        playout_delay_wanted(&audio->network) + PLAYOUT_AUDIO_PIECE + audio->early;

    return wanted > least ? wanted : least;
}

// No more than fits: three quarters of the places.
yodel_duration playout_audio_target(const struct playout_audio *audio)
{
    yodel_duration least = least_of(audio);
    yodel_duration target = (audio->asked > least ? audio->asked : least) + audio->extra;
    uint64_t room = audio->packets.places * (uint64_t)audio->packet_samples * 3 / 4;
    yodel_duration most = audio->packet_samples > 0 ? us_of(audio, room) : PLAYOUT_AUDIO_TARGET_MAX;

    return target < most ? target : most;
}

yodel_duration playout_audio_delay(const struct playout_audio *audio)
{
    int64_t age = audio->is_quiet ? 0 : age_of(audio, audio->next);

    return age > 0 ? (yodel_duration)age : 0;
}

void playout_audio_set_asked(struct playout_audio *audio, yodel_duration asked)
{
    audio->asked = asked < PLAYOUT_AUDIO_TARGET_MAX ? asked : PLAYOUT_AUDIO_TARGET_MAX;
}

void playout_audio_set_extra(struct playout_audio *audio, yodel_duration extra)
{
    audio->extra = extra < PLAYOUT_AUDIO_TARGET_MAX ? extra : PLAYOUT_AUDIO_TARGET_MAX;
}

bool playout_audio_position(const struct playout_audio *audio, uint64_t *timestamp)
{
    if (audio->is_quiet) {
        return false;
    }
    *timestamp = audio->next - playout_stretch_ready(&audio->stretch);
    return true;
}

// ---- receiving

static void fall_quiet(struct playout_audio *audio, bool is_comfort)
{
    audio->is_quiet = true;
    audio->is_comfort = is_comfort;
    audio->held = 0;
}

static void discard(struct playout_audio *audio, const struct playout_packet *packet)
{
    if (packet->is_copy) {
        audio->stats.fec_packets_discarded++;
    } else {
        audio->stats.packets_discarded++;
    }
}

static bool is_well_formed(const struct playout_audio *audio, const struct playout_packet *packet)
{
    return packet->payload.len <= PLAYOUT_PACKETS_LEN_MAX && packet->samples > 0 &&
           packet->samples <= audio->rate / 1000 * PLAYOUT_AUDIO_PACKET_MS;
}

// Of what was played already, copies and doubles are nothing to complain about.
static bool was_played(const struct playout_audio *audio, const struct playout_packet *packet)
{
    uint64_t back = audio->last - packet->place.seq;

    return audio->last > 0 && back < SEQ_WINDOW && (audio->played >> back & 1) != 0;
}

// Whether its time fits to what came before. Copies tell nothing of the path; they must fit as well.
static bool fits(struct playout_audio *audio, const struct playout_packet *packet, yodel_time now)
{
    if (packet->is_copy) {
        int64_t age = playout_delay_age(&audio->network, packet->place.timestamp, audio->rate, now);
        return audio->network.is_started && age > -(int64_t)PLAYOUT_DELAY_EARLY_MAX &&
               age < (int64_t)PLAYOUT_DELAY_LATE_MAX;
    }
    switch (playout_delay_add(&audio->network, packet->place.timestamp, audio->rate, now)) {
    case PLAYOUT_DELAY_USUAL:
        return true;
    case PLAYOUT_DELAY_LEAP:
        return false;
    case PLAYOUT_DELAY_RESTART:
        audio->stats.packets_discarded += audio->packets.count;
        playout_packets_clear(&audio->packets);
        fall_quiet(audio, true);
        audio->next = packet->place.timestamp;
        audio->last = 0;
        return true;
    }
    return false;
}

static void store(struct playout_audio *audio, const struct playout_packet *packet)
{
    enum playout_packets_verdict verdict = playout_packets_put(&audio->packets, packet);

    if (verdict == PLAYOUT_PACKETS_FULL) {
        const struct playout_packet *first = playout_packets_first(&audio->packets);
        if (first->place.timestamp > packet->place.timestamp) {
            discard(audio, packet);
            return;
        }
        discard(audio, first);
        playout_packets_drop_first(&audio->packets);
        verdict = playout_packets_put(&audio->packets, packet);
    }
    if (verdict == PLAYOUT_PACKETS_TWICE) {
        audio->stats.duplicates += !packet->is_copy;
        audio->stats.fec_packets_discarded += packet->is_copy;
    }
}

void playout_audio_recv(
    struct playout_audio *audio, const struct playout_packet *packet, yodel_time now)
{
    struct playout_packet stored = *packet;

    stored.arrival = now;
    audio->stats.fec_packets_received += packet->is_copy;
    if (!is_well_formed(audio, packet)) {
        audio->stats.malformed++;
        return;
    }
    if (!packet->is_copy && was_played(audio, packet)) {
        audio->stats.duplicates++;
        return;
    }
    bool is_fit = fits(audio, packet, now);
    bool is_late = audio->is_started && packet->place.timestamp < audio->next;
    if (!is_fit || is_late) {
        discard(audio, packet);
        return;
    }
    store(audio, &stored);
}

// ---- what is done next

static void ask(struct playout_audio *audio, enum playout_audio_action action, uint64_t samples)
{
    audio->step = (struct playout_audio_step){
        .action = action, .payload_type = audio->payload_type, .samples = (uint32_t)samples};
    audio->is_asked = true;
}

static void note_played(struct playout_audio *audio, const struct playout_packet *packet)
{
    uint64_t ahead = packet->place.seq - audio->last;

    if (packet->is_copy) {
        audio->last += audio->last > 0; // Its own is not known: the next, most likely.
        audio->played <<= 1;
    } else if (audio->last == 0 || ahead >= SEQ_WINDOW) {
        audio->last = packet->place.seq;
        audio->played = 1;
    } else {
        audio->last = packet->place.seq;
        audio->played = audio->played << ahead | 1;
    }
}

static void count_delay(struct playout_audio *audio, const struct playout_packet *packet)
{
    struct playout_audio_stats *stats = &audio->stats;
    uint64_t ready = us_of(audio, playout_stretch_ready(&audio->stretch));

    stats->jitter_buffer_emitted_count += packet->samples;
    stats->jitter_buffer_delay +=
        packet->samples * (time_since(audio->clock, packet->arrival) + ready);
    stats->jitter_buffer_target_delay += packet->samples * playout_audio_target(audio);
    stats->jitter_buffer_minimum_delay += packet->samples * least_of(audio);
}

static void ask_decode(struct playout_audio *audio, const struct playout_packet *packet)
{
    note_played(audio, packet);
    audio->is_started = true;
    audio->is_quiet = audio->is_comfort = packet->is_dtx;
    audio->held = 0;
    audio->payload_type = packet->payload_type;
    audio->packet_samples = packet->samples;
    audio->last_end = packet->place.timestamp + packet->samples;
    audio->next = packet->place.timestamp; // What comes of it is added by `put`.
    count_delay(audio, packet);
    ask(audio, PLAYOUT_AUDIO_DECODE, packet->samples);
    audio->step.payload = packet->payload;
    playout_packets_drop_first(&audio->packets); // Its bytes stay until something is put.
}

static bool is_due(const struct playout_audio *audio, const struct playout_packet *packet)
{
    return packet && age_of(audio, packet->place.timestamp) >= (int64_t)playout_audio_target(audio);
}

// Begins with the first that is due; where that is far too old, with the next.
static void choose_in_quiet(struct playout_audio *audio)
{
    const struct playout_packet *first = playout_packets_first(&audio->packets);

    while (
        first && is_due(audio, playout_packets_second(&audio->packets)) &&
        age_of(audio, first->place.timestamp) > (int64_t)(playout_audio_target(audio) + LATE_MAX)) {
        discard(audio, first);
        playout_packets_drop_first(&audio->packets);
        first = playout_packets_first(&audio->packets);
    }
    if (is_due(audio, first)) {
        ask_decode(audio, first);
    } else {
        ask(audio, audio->is_comfort ? PLAYOUT_AUDIO_COMFORT : PLAYOUT_AUDIO_CONCEAL,
            piece_of(audio));
    }
}

// Conceals while what is missing may still come.
static void hold(struct playout_audio *audio)
{
    if (us_of(audio, audio->held) >= PLAYOUT_AUDIO_HOLD_MAX) {
        fall_quiet(audio, false);
        choose_in_quiet(audio);
        return;
    }
    audio->held += piece_of(audio);
    ask(audio, PLAYOUT_AUDIO_CONCEAL, piece_of(audio));
}

static bool is_gap(const struct playout_audio *audio, uint64_t gap)
{
    return gap >= audio->rate / GAP_DIVISOR;
}

// Whether the gap before a packet is the sender's silence. What could not be decoded is none.
static bool is_meant(const struct playout_audio *audio, const struct playout_packet *packet)
{
    return !packet->is_copy && audio->last > 0 && packet->place.seq == audio->last + 1 &&
           audio->next >= audio->last_end;
}

// What was concealed while nothing was there stands for what is missing.
static uint64_t settle_held(struct playout_audio *audio, uint64_t gap)
{
    uint64_t settled = gap < audio->held ? gap : audio->held;

    audio->next += settled;
    audio->held -= (uint32_t)settled;
    return gap - settled;
}

// Something is missing before a packet that is there: it is not waited for any longer.
static void fill_gap(struct playout_audio *audio, const struct playout_packet *packet, uint64_t gap)
{
    uint64_t grid = audio->rate / GAP_DIVISOR, piece = piece_of(audio);

    if (gap == packet->samples && packet->has_fec && audio->fec_tried != packet->place.timestamp) {
        audio->fec_tried = packet->place.timestamp;
        ask(audio, PLAYOUT_AUDIO_DECODE_FEC, gap);
        audio->step.payload = packet->payload;
        audio->step.payload_type = packet->payload_type;
    } else {
        uint64_t samples = gap < piece ? gap - gap % grid : piece;
        audio->next += samples;
        ask(audio, PLAYOUT_AUDIO_CONCEAL, samples);
    }
}

static void choose_playing(struct playout_audio *audio)
{
    const struct playout_packet *first = playout_packets_first(&audio->packets);

    if (!first) {
        hold(audio);
        return;
    }
    uint64_t gap = first->place.timestamp - audio->next;
    if (!is_gap(audio, gap)) {
        ask_decode(audio, first);
    } else if (is_meant(audio, first)) {
        fall_quiet(audio, true);
        choose_in_quiet(audio);
    } else {
        gap = settle_held(audio, gap);
        if (is_gap(audio, gap)) {
            fill_gap(audio, first, gap);
        } else {
            ask_decode(audio, first);
        }
    }
}

// What begins before what was played already.
static void discard_late(struct playout_audio *audio)
{
    const struct playout_packet *first = playout_packets_first(&audio->packets);

    while (audio->is_started && first && first->place.timestamp < audio->next) {
        discard(audio, first);
        playout_packets_drop_first(&audio->packets);
        first = playout_packets_first(&audio->packets);
    }
}

// ---- the pace

static void follow_clock(struct playout_audio *audio, yodel_time now)
{
    int64_t late = (int64_t)(now - audio->clock);

    audio->early -= audio->early >> EARLY_SHIFT;
    if (late > (int64_t)CLOCK_LOST || late < -(int64_t)CLOCK_LOST) {
        audio->clock = now;
        return;
    }
    if (late < 0 && (yodel_duration)-late > audio->early) {
        audio->early = (yodel_duration)-late;
    }
    audio->clock = (yodel_time)((int64_t)audio->clock + late / (1 << CLOCK_SHIFT));
}

static enum playout_pace pace_of(const struct playout_audio *audio, int64_t excess, int64_t target)
{
    int64_t high = target / 8 > (int64_t)HIGH_MIN ? target / 8 : (int64_t)HIGH_MIN;
    bool was_faster = audio->pace == PLAYOUT_PACE_FASTER;

    if (excess > (was_faster ? (int64_t)NEAR : high)) {
        return PLAYOUT_PACE_FASTER;
    }
    return excess < -(int64_t)LOW ? PLAYOUT_PACE_SLOWER : PLAYOUT_PACE_AS_IT_IS;
}

static void choose_pace(struct playout_audio *audio)
{
    int64_t target = (int64_t)playout_audio_target(audio);
    int64_t excess = age_of(audio, audio->next) - target;

    audio->pieces_since++;
    if (audio->is_quiet || audio->held > 0) {
        audio->pace = PLAYOUT_PACE_AS_IT_IS;
    } else if (excess > (int64_t)SKIP) {
        audio->pace = PLAYOUT_PACE_AS_IT_IS;
        fall_quiet(audio, false);
    } else {
        audio->pace = pace_of(audio, excess, target);
    }
}

static bool is_far(const struct playout_audio *audio)
{
    int64_t excess = age_of(audio, audio->next) - (int64_t)playout_audio_target(audio);

    return excess > (int64_t)FAR || excess < -(int64_t)FAR;
}

// The pace at which the next piece is taken.
static enum playout_pace pace_now(const struct playout_audio *audio)
{
    uint32_t between = is_far(audio) ? PIECES_BETWEEN_FAR : PIECES_BETWEEN;

    return audio->pieces_since >= between ? audio->pace : PLAYOUT_PACE_AS_IT_IS;
}

// More than 10 ms are decoded only where going faster needs them, and what follows is there.
static size_t needed(const struct playout_audio *audio)
{
    const struct playout_packet *first = playout_packets_first(&audio->packets);
    bool has_more =
        first && !audio->is_quiet && !is_gap(audio, first->place.timestamp - audio->next);

    return playout_stretch_needs(
        &audio->stretch, has_more ? pace_now(audio) : PLAYOUT_PACE_AS_IT_IS);
}

bool playout_audio_next(
    struct playout_audio *audio, struct playout_audio_step *step, yodel_time now)
{
    if (audio->is_asked) {
        playout_audio_put(audio, NULL, 0);
    }
    if (!audio->is_pulling) {
        audio->is_pulling = true;
        follow_clock(audio, now);
        choose_pace(audio);
    }
    discard_late(audio);
    if (playout_stretch_ready(&audio->stretch) >= needed(audio)) {
        return false;
    }
    if (audio->is_quiet) {
        choose_in_quiet(audio);
    } else {
        choose_playing(audio);
    }
    *step = audio->step;
    return true;
}

// ---- what was made

static uint32_t gain_step(const struct playout_audio *audio, uint32_t ms)
{
    return GAIN_FULL / (audio->rate / 1000 * ms) + 1;
}

// Concealment falls silent after a while, and what comes back rises out of it.
static void fade(struct playout_audio *audio, int16_t *pcm, size_t count, bool is_concealed)
{
    uint64_t until = (uint64_t)audio->rate / 1000 * FADE_AFTER;
    uint32_t down = gain_step(audio, FADE_END - FADE_AFTER), up = gain_step(audio, RISE_MS);

    if (!is_concealed && audio->gain == GAIN_FULL) {
        count = 0; // As nearly always.
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_concealed) {
            audio->gain = audio->gain + up < GAIN_FULL ? audio->gain + up : GAIN_FULL;
        } else if (audio->concealed_run++ >= until) {
            audio->gain = audio->gain > down ? audio->gain - down : 0;
        }
        audio->stats.silent_concealed_samples += is_concealed && audio->gain == 0;
        for (uint32_t c = 0; c < audio->stretch.channels; c++, pcm++) {
            *pcm = (int16_t)(*pcm * (int32_t)audio->gain / (int32_t)GAIN_FULL);
        }
    }
    audio->concealed_run = is_concealed ? audio->concealed_run : 0;
}

static size_t count_made(struct playout_audio *audio, int16_t *pcm, size_t count)
{
    bool is_concealed = audio->step.action == PLAYOUT_AUDIO_CONCEAL;

    if (count == 0) {
        return 0;
    }
    if (is_concealed) {
        audio->stats.concealment_events += audio->concealed_run == 0;
        audio->stats.concealed_samples += count;
    }
    fade(audio, pcm, count, is_concealed);
    return playout_stretch_put(&audio->stretch, pcm, count);
}

void playout_audio_put(struct playout_audio *audio, int16_t *pcm, size_t count)
{
    int16_t silence[PIECE_SAMPLES_MAX] = {0};
    size_t made = count_made(audio, pcm, count < audio->step.samples ? count : audio->step.samples);

    YODEL_ASSERT(audio->is_asked);
    audio->is_asked = false;
    switch (audio->step.action) {
    case PLAYOUT_AUDIO_DECODE:
        audio->next += made; // What lacks is missing, as if it had been lost.
        break;
    case PLAYOUT_AUDIO_DECODE_FEC:
        audio->next += made;
        audio->stats.recovered += made;
        break;
    case PLAYOUT_AUDIO_CONCEAL:
    case PLAYOUT_AUDIO_COMFORT:
        count_made(audio, silence, audio->step.samples - made);
        break;
    }
}

void playout_audio_take(struct playout_audio *audio, int16_t *out)
{
    enum playout_pace pace = audio->is_quiet ? PLAYOUT_PACE_AS_IT_IS : pace_now(audio);
    int32_t left_out =
        playout_stretch_take(&audio->stretch, out, pace, is_far(audio) ? ALIKE_FAR : ALIKE);

    YODEL_ASSERT(audio->is_pulling && !audio->is_asked);
    audio->is_pulling = false;
    audio->clock = time_after(audio->clock, PLAYOUT_AUDIO_PIECE);
    audio->stats.total_samples_received += audio->is_started ? piece_of(audio) : 0;
    if (left_out > 0) {
        audio->stats.removed_samples_for_acceleration += (uint32_t)left_out;
    } else {
        audio->stats.inserted_samples_for_deceleration += (uint32_t)-left_out;
    }
    audio->pieces_since = left_out != 0 ? 0 : audio->pieces_since;
}
