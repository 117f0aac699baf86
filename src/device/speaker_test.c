// A loudspeaker's pace: as much is wanted as keeps it ahead, heard or not, and what is gone comes back.

#include "device/speaker.h"

#include <SDL.h>

#include "capped_alloc.h"
#include "check.h"

static struct capped_alloc memory;
static int16_t piece[DEVICE_SPEAKER_PIECE * 2];

static struct device_speaker open_speaker(
    const char *driver, const char *device, uint32_t channels, yodel_time now)
{
    memory = capped_alloc(100);
    struct device_speaker_config config = {&memory.alloc, device, channels};
    struct device_speaker speaker;

    SDL_SetHint(SDL_HINT_AUDIODRIVER, driver);
    device_speaker_open(&speaker, &config, now);
    return speaker;
}

static void close_speaker(struct device_speaker *speaker)
{
    device_speaker_close(speaker);
    CHECK_EQ(memory.held, 0);
}

// Gives all that is wanted.
static uint32_t feed(struct device_speaker *speaker, yodel_time now)
{
    uint32_t wanted = device_speaker_wants(speaker, now);

    for (uint32_t i = 0; i < wanted; i++) {
        device_speaker_put(speaker, piece, now);
    }
    return wanted;
}

static void without_a_device_the_clock_sets_the_pace(void)
{
    yodel_time start = YODEL_SECONDS(5);
    struct device_speaker speaker = open_speaker("dummy", DEVICE_SPEAKER_NULL, 2, start);
    uint32_t fed = 0;

    CHECK(!device_speaker_is_heard(&speaker));
    CHECK_TEXT(speaker.error_text, ""); // It was asked for.
    CHECK_EQ(feed(&speaker, start), 4);
    CHECK_EQ(device_speaker_latency(&speaker, start), DEVICE_SPEAKER_AHEAD);
    CHECK_EQ(feed(&speaker, start), 0);
    for (yodel_time now = start; now < start + YODEL_SECONDS(10); now += YODEL_MS(7)) {
        fed += feed(&speaker, now);
        CHECK(device_speaker_latency(&speaker, now) >= DEVICE_SPEAKER_AHEAD);
        CHECK(device_speaker_latency(&speaker, now) < DEVICE_SPEAKER_AHEAD + YODEL_MS(10));
    }
    CHECK_EQ(fed, 1000);
    CHECK_EQ(device_speaker_underruns(&speaker), 0);
    close_speaker(&speaker);
}

static void who_gives_too_late_is_counted_once_each_time(void)
{
    struct device_speaker speaker = open_speaker("dummy", DEVICE_SPEAKER_NULL, 1, YODEL_MS(1));

    feed(&speaker, YODEL_MS(1));
    CHECK_EQ(feed(&speaker, YODEL_MS(500)), 4); // What was missed is not made up for.
    CHECK_EQ(device_speaker_underruns(&speaker), 1);
    feed(&speaker, YODEL_MS(900));
    CHECK_EQ(device_speaker_underruns(&speaker), 2);
    close_speaker(&speaker);
}

static void more_than_there_is_room_for_is_dropped(void)
{
    struct device_speaker speaker = open_speaker("dummy", DEVICE_SPEAKER_NULL, 1, YODEL_MS(1));

    for (int i = 0; i < 100; i++) {
        device_speaker_put(&speaker, piece, YODEL_MS(1));
    }
    CHECK_EQ(device_speaker_latency(&speaker, YODEL_MS(1)), DEVICE_SPEAKER_ROOM);
    close_speaker(&speaker);
}

#define FIRST_DEVICE 2 // The library's number of what is opened first.

static void a_device_takes_what_it_is_given(void)
{
    struct device_speaker speaker = open_speaker("dummy", NULL, 2, 0);

    CHECK(device_speaker_is_heard(&speaker));
    CHECK_TEXT(speaker.error_text, "");
    SDL_PauseAudioDevice(FIRST_DEVICE, 1); // What it takes by itself depends on real time.
    CHECK_EQ(device_speaker_latency(&speaker, 0), YODEL_MS(40)); // The device's own.
    CHECK_EQ(feed(&speaker, 0), 4);
    CHECK_EQ(device_speaker_latency(&speaker, YODEL_SECONDS(9)), YODEL_MS(80));
    CHECK_EQ(device_speaker_wants(&speaker, YODEL_SECONDS(9)), 0);
    for (int i = 0; i < 100; i++) {
        device_speaker_put(&speaker, piece, 0);
    }
    CHECK_EQ(device_speaker_latency(&speaker, 0), DEVICE_SPEAKER_ROOM + YODEL_MS(40));
    CHECK_EQ(device_speaker_underruns(&speaker), 0);
    close_speaker(&speaker);
}

static void one_that_is_missing_is_silent_and_tried_again(void)
{
    struct device_speaker speaker = open_speaker("none", NULL, 1, YODEL_MS(1));

    CHECK(!device_speaker_is_heard(&speaker));
    CHECK(strlen(speaker.error_text) > 0);
    CHECK_EQ(feed(&speaker, YODEL_MS(1)), 4);
    SDL_SetHint(SDL_HINT_AUDIODRIVER, "dummy");
    CHECK_EQ(feed(&speaker, YODEL_MS(21)), 2); // Paced as if it was heard.
    CHECK(!device_speaker_is_heard(&speaker));
    CHECK_EQ(feed(&speaker, YODEL_MS(1) + DEVICE_SPEAKER_RETRY), 4);
    CHECK(device_speaker_is_heard(&speaker));
    CHECK_TEXT(speaker.error_text, "");
    close_speaker(&speaker);
}

static void without_memory_it_is_silent(void)
{
    struct capped_alloc none = capped_alloc(0);
    struct device_speaker_config config = {&none.alloc, NULL, 1};
    struct device_speaker speaker;

    SDL_SetHint(SDL_HINT_AUDIODRIVER, "dummy");
    device_speaker_open(&speaker, &config, 0);
    CHECK(!device_speaker_is_heard(&speaker));
    CHECK_TEXT(speaker.error_text, "there is no memory");
    CHECK_EQ(device_speaker_wants(&speaker, 0), 4);
    device_speaker_close(&speaker);
}

static void count_name(void *ctx, const char *name)
{
    CHECK(strlen(name) > 0);
    ++*(int *)ctx;
}

static void loudspeakers_have_names(void)
{
    int count = 0;

    SDL_SetHint(SDL_HINT_AUDIODRIVER, "dummy");
    device_speaker_list(count_name, &count);
    CHECK_EQ(count, 1);
    SDL_SetHint(SDL_HINT_AUDIODRIVER, "none");
    device_speaker_list(count_name, &count);
    CHECK_EQ(count, 1);
}

TEST_MAIN(TEST(without_a_device_the_clock_sets_the_pace),
    TEST(who_gives_too_late_is_counted_once_each_time),
    TEST(more_than_there_is_room_for_is_dropped), TEST(a_device_takes_what_it_is_given),
    TEST(one_that_is_missing_is_silent_and_tried_again), TEST(without_memory_it_is_silent),
    TEST(loudspeakers_have_names))
