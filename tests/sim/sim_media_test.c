// Sound and video over networks that lose, reorder, repeat, change bits, are slow, or fall silent: side 0 shows and
// speaks, as an encoder that follows the estimate does, and side 1 looks and listens.

#include "base/addr.h"
#include "check.h"
#include "peer/media_pair.h"
#include "sim.h"

#define FRAME YODEL_MS(33)
#define SOUND YODEL_MS(20)
#define FREEZE                                                                                     \
    YODEL_MS(283) // 150 ms more than the mean (webrtc-stats), for a player that waits for 100 ms.
#define BPS_MAX 3000000

struct show {
    struct sim sim;
    struct yodel_transceiver *sound, *video; // Of side 0.
    uint32_t pictures, sounds;               // Sent,
    uint32_t seen, heard;                    // and received.
    uint32_t broken, backward, keys;
    uint32_t next_picture;
    uint64_t bitrate;
    bool wants_key;
    yodel_time picture_due, sound_due;
    yodel_time last_seen;
    yodel_duration frozen;
    yodel_duration longest;
};

static struct show show;

static void see(const struct yodel_frame *frame)
{
    uint32_t number = 0;

    show.broken += !media_pair_read(frame, &number);
    show.backward += number < show.next_picture;
    show.next_picture = number + 1;
    show.keys += frame->is_key;
    yodel_duration gap = show.last_seen == 0 ? 0 : show.sim.now - show.last_seen;
    show.frozen += gap > FREEZE ? gap : 0;
    show.longest = gap > show.longest ? gap : show.longest;
    show.last_seen = show.sim.now;
    show.seen++;
}

static void hear(const struct yodel_frame *frame)
{
    uint32_t number = 0;

    show.broken += !media_pair_read(frame, &number);
    show.heard++;
}

static void on_media(struct sim_side *side, const struct yodel_event *event)
{
    if (event->type == YODEL_EVENT_KEY_FRAME_NEEDED) {
        show.wants_key = true;
    } else if (event->type == YODEL_EVENT_BITRATE && side->index == 0) {
        show.bitrate = event->bitrate;
    } else if (event->type == YODEL_EVENT_FRAME && side->index == 1) {
        (yodel_transceiver_kind(event->transceiver) == YODEL_VIDEO ? see : hear)(event->frame);
    }
}

static void send(enum yodel_codec codec, bool is_key, size_t len, uint32_t *number)
{
    static uint8_t data[MEDIA_PAIR_FRAME_MAX];
    bool is_video = codec == YODEL_VP8;
    struct yodel_frame frame = {.data = data,
        .codec = codec,
        .is_key = is_key,
        .timestamp = show.sim.now * (is_video ? 90 : 48) / 1000,
        .captured = show.sim.now};

    frame.len = media_pair_write(codec, *number, is_key, len, data);
    if (yodel_transceiver_send_frame(is_video ? show.video : show.sound, &frame) == YODEL_OK) {
        ++*number;
    }
}

// An encoder at 30 pictures a second, within what it may send; a key frame is three times as large.
static void speak(void)
{
    if (show.sim.now >= show.sound_due) {
        show.sound_due = show.sim.now + SOUND;
        send(YODEL_OPUS, true, 80, &show.sounds);
    }
    if (show.sim.now >= show.picture_due) {
        bool is_key = show.wants_key || show.pictures == 0;
        size_t len = (size_t)(show.bitrate * 9 / 10 / 8 / 30);
        show.picture_due = show.sim.now + FRAME;
        if (show.bitrate == 0) {
            return; // Paused: there is room for sound alone.
        }
        show.wants_key = false;
        len = len * (is_key ? 3 : 1);
        send(YODEL_VP8, is_key, len < 100 ? 100 : len > 50000 ? 50000 : len, &show.pictures);
    }
}

static void play(yodel_duration duration)
{
    yodel_time until = show.sim.now + duration;

    while (show.sim.now < until) {
        speak();
        yodel_time next = time_min(until, time_min(show.sound_due, show.picture_due));
        sim_wait(&show.sim, next > show.sim.now ? next - show.sim.now : FRAME);
    }
}

static void begin_without(const char *unknown, uint64_t seed)
{
    memset(&show, 0, sizeof show);
    sim_init(&show.sim, seed);
    show.sim.on_media = on_media;
    show.sim.signal.unknown = unknown;
    for (int i = 1; i >= 0; i--) {
        yodel_peer *peer = show.sim.sides[i].peer;

        CHECK_EQ(yodel_peer_add_track(peer, YODEL_AUDIO, NULL, &show.sound), YODEL_OK);
        CHECK_EQ(yodel_peer_add_track(peer, YODEL_VIDEO, NULL, &show.video), YODEL_OK);
    }
    yodel_transceiver_set_max_bitrate(show.video, BPS_MAX);
    show.bitrate = 300000;
    sim_offer(&show.sim, 0);
    SIM_CHECK(&show.sim, sim_run(&show.sim, sim_is_connected, YODEL_SECONDS(10)));
    show.sound_due = show.picture_due = show.sim.now;
}

static void begin(uint64_t seed)
{
    begin_without(NULL, seed);
}

static void check_right(void)
{
    SIM_CHECK(&show.sim, show.broken == 0);
    SIM_CHECK(&show.sim, show.backward == 0);
    SIM_CHECK(&show.sim, show.sim.sides[0].peer->session->stats.protect_failures == 0);
}

static void end(void)
{
    check_right();
    sim_deinit(&show.sim);
}

// F1, F2: frozen for less than a twentieth of the time at a twentieth of loss.
static void losses_freeze_little(void)
{
    static const double losses[] = {0, 0.01, 0.05, 0.1};

    for (size_t i = 0; i < COUNT(losses); i++) {
        for (uint64_t seed = 0; seed < 3; seed++) {
            begin(100 + 10 * i + seed);
            show.sim.network.quality.delay = YODEL_MS(40);
            show.sim.network.quality.loss = losses[i];
            play(YODEL_SECONDS(20));
            SIM_CHECK(&show.sim, show.seen > 20 * 30 * 9 / 10);
            SIM_CHECK(&show.sim, show.heard > show.sounds * (0.95 - losses[i]));
            SIM_CHECK(&show.sim, losses[i] > 0.05 || show.frozen < YODEL_SECONDS(1));
            end();
        }
    }
}

static void short_outages_are_made_up_for(void)
{
    begin(2);
    show.sim.network.quality.delay = YODEL_MS(30);
    for (int i = 0; i < 20; i++) {
        play(YODEL_MS(900));
        show.sim.network.is_cut = true;
        play(YODEL_MS(60));
        show.sim.network.is_cut = false;
    }
    SIM_CHECK(&show.sim, show.frozen < YODEL_SECONDS(1));
    SIM_CHECK(&show.sim, show.seen > show.pictures * 9 / 10);
    end();
}

// F3, F4, F5, F9.
static void another_order_doubles_and_bits_that_flip_harm_nothing(void)
{
    for (uint64_t seed = 0; seed < 5; seed++) {
        begin(300 + seed);
        show.sim.network.quality = (struct network_quality){.delay = YODEL_MS(30),
            .jitter = YODEL_MS(10 * seed),
            .duplication = 0.1 * (double)seed,
            .corruption = 0.01 * (double)seed};
        play(YODEL_SECONDS(10));
        SIM_CHECK(&show.sim, show.seen > 10 * 30 * 8 / 10);
        SIM_CHECK(&show.sim, show.heard > show.sounds * 0.9);
        end();
    }
}

// F16, F17: after the outage, pictures and sound are back within two seconds, without a negotiation.
static void after_an_outage_it_goes_on(void)
{
    static const unsigned outages[] = {1, 5, 15, 24};

    for (size_t i = 0; i < COUNT(outages); i++) {
        begin(400 + i);
        show.sim.network.quality.rate_bps = 4000000;
        play(YODEL_SECONDS(3));
        show.sim.network.is_cut = true;
        play(YODEL_SECONDS(outages[i]));
        show.sim.network.is_cut = false;
        play(YODEL_SECONDS(2));
        uint32_t seen = show.seen, heard = show.heard;
        play(YODEL_SECONDS(3));
        SIM_CHECK(&show.sim, show.seen - seen > 60);
        SIM_CHECK(&show.sim, show.heard - heard > 130);
        end();
    }
}

// F8: what is sent follows what there is; sound is kept.
static void the_rate_follows_the_path(void)
{
    static const struct {
        uint64_t bps;
        double least; // Of it used, at the end.
    } steps[] = {{2000000, 0.6}, {500000, 0.5}, {2000000, 0.4}, {300000, 0.3}};

    begin(5);
    show.sim.network.quality.delay = YODEL_MS(30);
    for (size_t i = 0; i < COUNT(steps); i++) {
        show.sim.network.quality.rate_bps = steps[i].bps;
        play(YODEL_SECONDS(15));
        uint32_t seen = show.seen, heard = show.heard, sounds = show.sounds;
        play(YODEL_SECONDS(5));
        SIM_CHECK(&show.sim, show.bitrate < steps[i].bps * 11 / 10);
        SIM_CHECK(&show.sim, (double)show.bitrate > steps[i].least * (double)steps[i].bps);
        SIM_CHECK(&show.sim, show.seen - seen > 5 * 30 * 8 / 10);
        SIM_CHECK(&show.sim, (show.heard - heard) > (show.sounds - sounds) * 9 / 10);
    }
    end();
}

// With a peer that gives no feedback of packets, loss in reports is all that the rate can follow.
static void without_feedback_the_rate_follows_reports(void)
{
    begin_without("transport-cc", 8);
    show.sim.network.quality.delay = YODEL_MS(30);
    show.sim.network.quality.rate_bps = 1500000;
    play(YODEL_SECONDS(30));
    SIM_CHECK(&show.sim, show.bitrate > 900000 && show.bitrate < 1800000);
    show.sim.network.quality.rate_bps = 400000;
    play(YODEL_SECONDS(10));
    SIM_CHECK(&show.sim, show.bitrate < 500000);
    uint32_t heard = show.heard, sounds = show.sounds;
    play(YODEL_SECONDS(10));
    SIM_CHECK(&show.sim, (show.heard - heard) > (show.sounds - sounds) * 8 / 10);
    end();
}

static void tamper(
    struct sim *sim, int from, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    uint8_t copy[YODEL_DATAGRAM_MAX];
    uint64_t chance = prng_next(&sim->prng);

    if (from != 0 || datagram[0] < 128 || datagram[0] > 191) {
        return;
    }
    memcpy(copy, datagram, len);
    network_inject(&sim->network, path, copy, len, sim->now + YODEL_MS(chance % 50)); // F28: again,
    copy[chance / 64 % len] ^= (uint8_t)(1u << chance % 8);
    network_inject(&sim->network, path, copy, len, sim->now + YODEL_MS(1)); // changed,
    struct yodel_path other = *path;
    other.local.port++;
    network_inject(&sim->network, &other, datagram, len, sim->now); // and from elsewhere.
}

static void strangers_add_nothing(void)
{
    begin(6);
    show.sim.attack = tamper;
    play(YODEL_SECONDS(10));
    show.sim.attack = NULL;
    play(YODEL_SECONDS(1));
    SIM_CHECK(&show.sim, show.heard <= show.sounds && show.heard > show.sounds - 10);
    SIM_CHECK(&show.sim, show.seen <= show.pictures && show.seen > show.pictures - 10);
    end();
}

static void the_same_seed_is_the_same_run(void)
{
    uint64_t hashes[2];

    for (size_t i = 0; i < 2; i++) {
        begin(7);
        show.sim.network.quality = (struct network_quality){
            .delay = YODEL_MS(20), .jitter = YODEL_MS(10), .loss = 0.03, .rate_bps = 1000000};
        play(YODEL_SECONDS(5));
        hashes[i] = show.sim.network.hash;
        end();
    }
    CHECK(hashes[0] == hashes[1]);
}

TEST_MAIN(TEST(losses_freeze_little), TEST(short_outages_are_made_up_for),
    TEST(another_order_doubles_and_bits_that_flip_harm_nothing), TEST(after_an_outage_it_goes_on),
    TEST(the_rate_follows_the_path), TEST(without_feedback_the_rate_follows_reports),
    TEST(strangers_add_nothing), TEST(the_same_seed_is_the_same_run))
