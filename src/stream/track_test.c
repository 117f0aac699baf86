// Tracks: each listener hears what its track's source gives, whatever listeners do meanwhile.

#include "stream/track.h"

#include "check.h"

struct fake {
    struct track_source source;
    int is_listened; // -1: never said.
    int freed;
};

static struct fake fake;

static void on_listened(struct track_source *source, bool is_listened)
{
    CHECK(source == &fake.source);
    fake.is_listened = is_listened;
}

static void on_free(struct track_source *source)
{
    CHECK(source == &fake.source);
    fake.freed++;
}

static yodel_track *begin(enum yodel_media_kind kind)
{
    static const struct track_source_ops ops = {on_listened, on_free};

    fake = (struct fake){.is_listened = -1};
    track_source_init(&fake.source, &ops, alloc_system(), kind, "a fake");
    yodel_track *track = track_new(&fake.source);
    CHECK(track);
    return track;
}

struct ear {
    int raws, mutes, unmutes, ends;
    int16_t first;          // Sample that was heard last.
    uint8_t luma;           // Pixel that was seen last.
    yodel_track *to_stop;   // When something is heard.
    bool goes;              // It stops listening then,
    yodel_track *to_listen; // or another begins.
    struct ear *other;
};

static void on_track(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct ear *ear = ctx;

    ear->raws += event->type == YODEL_TRACK_RAW;
    ear->mutes += event->type == YODEL_TRACK_MUTE;
    ear->unmutes += event->type == YODEL_TRACK_UNMUTE;
    ear->ends += event->type == YODEL_TRACK_ENDED;
    if (event->type == YODEL_TRACK_RAW && event->raw->kind == YODEL_AUDIO) {
        ear->first = event->raw->sound.samples[0];
    } else if (event->type == YODEL_TRACK_RAW) {
        ear->luma = event->raw->picture.planes[0][0];
    }
    if (ear->goes) {
        yodel_track_unlisten(track, on_track, ear);
        ear->goes = false;
    }
    if (ear->to_listen) {
        CHECK_EQ(yodel_track_listen(ear->to_listen, on_track, ear->other), YODEL_OK);
        ear->to_listen = NULL;
    }
    if (ear->to_stop) {
        yodel_track *stop = ear->to_stop;
        ear->to_stop = NULL;
        yodel_track_stop(stop);
    }
}

static void give_sound(void)
{
    static const int16_t samples[480] = {7};
    struct yodel_raw raw = {.kind = YODEL_AUDIO, .sound = {48000, 1, 480, samples}};

    track_source_give(&fake.source, &raw, 0);
}

static void listen(yodel_track *track, struct ear *ear)
{
    CHECK_EQ(yodel_track_listen(track, on_track, ear), YODEL_OK);
}

static void each_listener_of_each_track_hears(void)
{
    struct ear ears[3] = {0};
    yodel_track *track = begin(YODEL_AUDIO), *clone = yodel_track_clone(track);

    CHECK_EQ(fake.is_listened, -1);
    listen(track, &ears[0]);
    CHECK_EQ(fake.is_listened, 1);
    listen(track, &ears[1]);
    listen(clone, &ears[2]);
    give_sound();
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(ears[i].raws, 1);
        CHECK_EQ(ears[i].first, 7);
    }
    CHECK_EQ(yodel_track_settings(clone).channels, 1);
    CHECK_TEXT(yodel_track_label(clone), "a fake");
    yodel_track_unlisten(track, on_track, &ears[0]);
    give_sound();
    CHECK_EQ(ears[0].raws, 1);
    CHECK_EQ(ears[1].raws, 2);
    yodel_track_stop(track);
    CHECK_EQ(fake.is_listened, 1);
    CHECK_EQ(fake.freed, 0);
    give_sound();
    CHECK_EQ(ears[1].raws, 2);
    CHECK_EQ(ears[2].raws, 3);
    yodel_track_stop(clone);
    CHECK_EQ(fake.is_listened, 0);
    CHECK_EQ(fake.freed, 1);
}

static void a_track_that_is_not_enabled_is_silent_and_black(void)
{
    static const uint8_t white[64 * 64] = {235, 235};
    struct yodel_raw raw = {
        .kind = YODEL_VIDEO, .picture = {64, 64, {white, white, white}, {64, 32, 32}}};
    struct ear ear = {0}, other = {0};
    yodel_track *track = begin(YODEL_AUDIO);

    listen(track, &ear);
    yodel_track_set_enabled(track, false);
    give_sound();
    CHECK_EQ(ear.raws, 1);
    CHECK_EQ(ear.first, 0);
    yodel_track_stop(track);

    track = begin(YODEL_VIDEO);
    yodel_track *clone = yodel_track_clone(track);
    listen(track, &ear);
    listen(clone, &other);
    yodel_track_set_enabled(track, false);
    track_source_give(&fake.source, &raw, 0);
    CHECK_EQ(ear.luma, 16);
    CHECK_EQ(other.luma, 235);
    yodel_track *third = yodel_track_clone(track);
    CHECK(!yodel_track_is_enabled(third)); // A clone is as its original.
    yodel_track_stop(third);
    yodel_track_stop(track);
    yodel_track_stop(clone);
    CHECK_EQ(fake.freed, 1);
}

static void listeners_may_do_anything(void)
{
    struct ear ears[3] = {0};
    yodel_track *track = begin(YODEL_AUDIO);

    // One goes, and brings another; the next stops the track that it hears.
    ears[0] = (struct ear){.goes = true, .to_listen = track, .other = &ears[2]};
    listen(track, &ears[0]);
    listen(track, &ears[1]);
    give_sound();
    give_sound();
    CHECK_EQ(ears[0].raws, 1);
    CHECK_EQ(ears[1].raws, 2);
    CHECK(ears[2].raws >= 1);
    ears[1].to_stop = track;
    give_sound(); // The source is gone with its last track.
    CHECK_EQ(fake.freed, 1);
    CHECK_EQ(fake.is_listened, 0);
}

static void an_end_is_told_once_and_lasts(void)
{
    struct ear ear = {0};
    yodel_track *track = begin(YODEL_AUDIO);

    listen(track, &ear);
    track_source_mute(&fake.source, true);
    track_source_mute(&fake.source, true);
    CHECK(yodel_track_is_muted(track));
    track_source_mute(&fake.source, false);
    track_source_end(&fake.source, "unplugged");
    track_source_end(&fake.source, "unplugged");
    track_source_mute(&fake.source, true);
    CHECK_EQ(ear.mutes, 1);
    CHECK_EQ(ear.unmutes, 1);
    CHECK_EQ(ear.ends, 1);
    CHECK(yodel_track_has_ended(track));
    CHECK(!yodel_track_clone(track));
    CHECK_EQ(yodel_track_listen(track, on_track, &ear), YODEL_ERR_INVALID_STATE);
    yodel_track_stop(track);
    yodel_track_stop(NULL);
    CHECK_EQ(fake.freed, 1);
}

TEST_MAIN(TEST(each_listener_of_each_track_hears),
    TEST(a_track_that_is_not_enabled_is_silent_and_black), TEST(listeners_may_do_anything),
    TEST(an_end_is_told_once_and_lasts))
