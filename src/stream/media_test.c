// Tracks between two peers on real sockets of the loopback interface: what is put in at one end arrives at the other.

#include <uv.h>

#include "check.h"
#include "media/pattern.h"
#include "net/clock.h"
#include "runtime/runtime.h"
#include "yodel/media.h"

#define WAIT_MAX YODEL_SECONDS(20)

struct side {
    struct call *call;
    yodel_certificate *certificate;
    yodel_peer *peer;
    yodel_media *media;
    yodel_transceiver *transceivers[2]; // By kind.
    yodel_track *tracks[2];             // That it sends.
    uint32_t frames[2], keys;           // That came,
    enum yodel_codec codec;             // of video by this one.
};

struct call {
    uv_loop_t loop;
    uv_timer_t alarm; // So that a turn of the loop always ends.
    yodel_runtime *runtime;
    struct side sides[2]; // The first offers, and sends.
};

static struct call call;

static void on_alarm(uv_timer_t *alarm)
{
    (void)alarm;
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct side *side = ctx;
    struct side *other = &side->call->sides[side == side->call->sides];

    (void)peer;
    if (event->type == YODEL_EVENT_ICE_CANDIDATE && other->peer) {
        (void)yodel_peer_add_ice_candidate(other->peer, &event->candidate);
    }
    if (event->type == YODEL_EVENT_FRAME) {
        enum yodel_media_kind kind = yodel_transceiver_kind(event->transceiver);
        side->frames[kind]++;
        side->keys += kind == YODEL_VIDEO && event->frame->is_key ? 1 : 0;
        side->codec = kind == YODEL_VIDEO ? event->frame->codec : side->codec;
    }
}

static void open_side(struct side *side, struct call *of)
{
    struct yodel_peer_config config = {0};

    side->call = of;
    CHECK_EQ(yodel_peer_new(&config, &side->peer), YODEL_OK);
    CHECK_EQ(yodel_media_new(of->runtime, side->peer, on_event, side, &side->media), YODEL_OK);
}

static void tell(struct side *from, struct side *to)
{
    struct yodel_description description;

    CHECK_EQ(yodel_peer_set_local_description(from->peer, NULL), YODEL_OK);
    CHECK(yodel_peer_local_description(from->peer, &description));
    CHECK_EQ(yodel_peer_set_remote_description(to->peer, &description), YODEL_OK);
}

static void agree(void)
{
    tell(&call.sides[0], &call.sides[1]);
    tell(&call.sides[1], &call.sides[0]);
}

static void begin(enum yodel_codec codec)
{
    struct yodel_runtime_config config = {.loop = &call.loop, .loopback = YODEL_LOOPBACK_ONLY};
    struct yodel_source_config pattern = {.width = 320, .height = 240};
    struct side *side = &call.sides[0];

    call = (struct call){0};
    CHECK_EQ(uv_loop_init(&call.loop), 0);
    CHECK_EQ(uv_timer_init(&call.loop, &call.alarm), 0);
    CHECK_EQ(uv_timer_start(&call.alarm, on_alarm, 20, 20), 0);
    CHECK_EQ(yodel_runtime_new(&config, &call.runtime), YODEL_OK);
    open_side(&call.sides[0], &call);
    open_side(&call.sides[1], &call);
    CHECK_EQ(yodel_source_open_test(call.runtime, &pattern, &side->tracks[0], &side->tracks[1]),
        YODEL_OK);
    for (int kind = 0; kind < 2; kind++) {
        CHECK_EQ(yodel_peer_add_transceiver(
                     side->peer, (enum yodel_media_kind)kind, NULL, &side->transceivers[kind]),
            YODEL_OK);
        CHECK_EQ(
            yodel_media_send(side->media, side->transceivers[kind], side->tracks[kind]), YODEL_OK);
    }
    CHECK_EQ(yodel_transceiver_set_codec_preferences(side->transceivers[1], &codec, 1), YODEL_OK);
    agree();
}

static void hang_up(struct side *side)
{
    yodel_media_free(side->media);
    yodel_peer_free(side->peer);
    side->peer = NULL;
}

static void end(void)
{
    for (int i = 0; i < 2; i++) {
        if (call.sides[i].peer) {
            hang_up(&call.sides[i]);
        }
    }
    for (int kind = 0; kind < 2; kind++) {
        yodel_track_stop(call.sides[0].tracks[kind]);
    }
    yodel_runtime_free(call.runtime);
    uv_close((uv_handle_t *)&call.alarm, NULL);
    uv_run(&call.loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&call.loop), 0);
}

static void wait_for(const uint32_t *counter, uint32_t want)
{
    yodel_time until = clock_now() + WAIT_MAX;

    while (*counter < want && clock_now() < until) {
        uv_run(&call.loop, UV_RUN_ONCE);
    }
    CHECK(*counter >= want);
}

// ---- tests

static void a_track_arrives_encoded(void)
{
    begin(YODEL_VP8);
    wait_for(&call.sides[1].frames[YODEL_VIDEO], 5);
    wait_for(&call.sides[1].frames[YODEL_AUDIO], 5);
    CHECK_EQ(call.sides[1].codec, YODEL_VP8);
    CHECK(call.sides[1].keys >= 1);
    end();
}

static void a_key_frame_that_is_asked_for_comes(void)
{
    begin(YODEL_VP8);
    wait_for(&call.sides[1].frames[YODEL_VIDEO], 3);
    uint32_t keys = call.sides[1].keys;
    yodel_transceiver_request_key_frame(yodel_peer_transceiver(call.sides[1].peer, 1));
    wait_for(&call.sides[1].keys, keys + 1);
    end();
}

static void another_track_takes_its_place_without_negotiation(void)
{
    struct yodel_source_config pattern = {.width = 160, .height = 120};
    struct side *side = &call.sides[0];
    yodel_track *track;

    begin(YODEL_VP8);
    wait_for(&call.sides[1].frames[YODEL_VIDEO], 3);
    CHECK_EQ(yodel_source_open_test(call.runtime, &pattern, NULL, &track), YODEL_OK);
    CHECK_EQ(yodel_media_send(side->media, side->transceivers[0], track), YODEL_ERR_TYPE);
    CHECK_EQ(yodel_media_send(side->media, side->transceivers[1], track), YODEL_OK);
    yodel_track_stop(side->tracks[1]);
    side->tracks[1] = track;
    uint32_t keys = call.sides[1].keys;
    wait_for(&call.sides[1].keys, keys + 1); // Of another size, so it begins with one.
    end();
}

static void nothing_is_sent_without_a_track(void)
{
    struct side *side = &call.sides[0];

    begin(YODEL_VP8);
    wait_for(&call.sides[1].frames[YODEL_VIDEO], 3);
    CHECK_EQ(yodel_media_send(side->media, side->transceivers[1], NULL), YODEL_OK);
    wait_for(&call.sides[1].frames[YODEL_AUDIO], call.sides[1].frames[YODEL_AUDIO] + 20);
    uint32_t frames = call.sides[1].frames[YODEL_VIDEO]; // What was on its way is there by now.
    wait_for(&call.sides[1].frames[YODEL_AUDIO], call.sides[1].frames[YODEL_AUDIO] + 20);
    CHECK_EQ(call.sides[1].frames[YODEL_VIDEO], frames);
    end();
}

// ---- what comes out

static void count_played(void *ctx, const struct yodel_stats_member *member)
{
    size_t *count = ctx;

    *count += strcmp(member->type, "inbound-rtp") == 0 && member->number > 0 &&
              (strcmp(member->name, "framesDecoded") == 0 ||
                  strcmp(member->name, "totalSamplesReceived") == 0);
}

struct seen {
    uint32_t pictures, sounds;
    uint32_t last; // Picture's number.
    bool is_backward;
    int ended;
};

static void on_seen(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct seen *seen = ctx;
    uint32_t number;

    (void)track;
    seen->ended += event->type == YODEL_TRACK_ENDED ? 1 : 0;
    if (event->type != YODEL_TRACK_RAW) {
        return;
    }
    if (event->raw->kind == YODEL_AUDIO) {
        seen->sounds++;
    } else if (media_pattern_read(&event->raw->picture, &number)) {
        seen->is_backward |= seen->pictures > 0 && number <= seen->last;
        seen->last = number;
        seen->pictures++;
    }
}

static void what_is_shown_here_is_seen_there(void)
{
    struct side *side = &call.sides[1];
    struct seen seen = {0};
    size_t played = 0;

    begin(YODEL_VP8);
    for (size_t i = 0; i < 2; i++) {
        yodel_track *track = yodel_media_track(side->media, yodel_peer_transceiver(side->peer, i));
        CHECK(track && yodel_track_is_muted(track));
        CHECK_EQ(yodel_track_listen(track, on_seen, &seen), YODEL_OK);
    }
    wait_for(&seen.pictures, 10);
    wait_for(&seen.sounds, 10);
    CHECK(!seen.is_backward);
    yodel_media_stats(side->media, count_played, &played);
    CHECK_EQ(played, 2);
    hang_up(side);
    CHECK_EQ(seen.ended, 2);
    end();
}

static void a_stopped_transceiver_ends_its_track(void)
{
    struct side *side = &call.sides[1];
    struct seen seen = {0};

    begin(YODEL_VP8);
    yodel_track *track = yodel_media_track(side->media, yodel_peer_transceiver(side->peer, 1));
    CHECK_EQ(yodel_track_listen(track, on_seen, &seen), YODEL_OK);
    wait_for(&seen.pictures, 2);
    yodel_transceiver_stop(call.sides[0].transceivers[1]);
    agree();
    wait_for(&side->frames[YODEL_AUDIO], side->frames[YODEL_AUDIO] + 5);
    CHECK_EQ(seen.ended, 1);
    end();
}

// ---- statistics

struct counted {
    size_t outbound, width, sources, level;
};

static void count_member(void *ctx, const struct yodel_stats_member *member)
{
    struct counted *counted = ctx;

    counted->outbound += strcmp(member->type, "outbound-rtp") == 0;
    counted->sources += strcmp(member->name, "mediaSourceId") == 0;
    counted->width += strcmp(member->name, "frameWidth") == 0 && member->number == 320;
    counted->level += strcmp(member->name, "audioLevel") == 0 && member->number > 0;
}

static void statistics_know_of_encoding(void)
{
    struct counted counted = {0};

    begin(YODEL_VP8);
    wait_for(&call.sides[1].frames[YODEL_VIDEO], 3);
    wait_for(&call.sides[1].frames[YODEL_AUDIO], 3);
    yodel_media_stats(call.sides[0].media, count_member, &counted);
    CHECK(counted.outbound > 20);
    CHECK_EQ(counted.sources, 2);
    CHECK_EQ(counted.width, 1);
    CHECK_EQ(counted.level, 1);
    end();
}

static void ending_at_once_is_in_order(void)
{
    begin(YODEL_VP8);
    end();
    begin(YODEL_VP8);
    wait_for(&call.sides[1].frames[YODEL_VIDEO], 1);
    hang_up(&call.sides[0]); // An encoder is at work.
    end();
}

TEST_MAIN(TEST(a_track_arrives_encoded), TEST(a_key_frame_that_is_asked_for_comes),
    TEST(another_track_takes_its_place_without_negotiation), TEST(nothing_is_sent_without_a_track),
    TEST(what_is_shown_here_is_seen_there), TEST(a_stopped_transceiver_ends_its_track),
    TEST(statistics_know_of_encoding), TEST(ending_at_once_is_in_order))
