// The delay that jitter asks for: peaks count and accidents do not, paths and clocks that change are
// followed, and leaps are believed once they are two.

#include "playout/delay.h"

#include "check.h"

#define RATE 48000
#define PACKET 960 // 20 ms.
#define CLOCK YODEL_SECONDS(1000)

static struct playout_delay delay;
static uint64_t timestamp;
static yodel_time sent; // When what carries `timestamp` left.

static void begin(void)
{
    delay = (struct playout_delay){0};
    timestamp = 1u << 31;
    sent = CLOCK;
}

// One packet that takes `transit`.
static enum playout_delay_verdict pass(yodel_duration transit)
{
    enum playout_delay_verdict verdict = playout_delay_add(&delay, timestamp, RATE, sent + transit);

    timestamp += PACKET;
    sent += YODEL_MS(20);
    return verdict;
}

// Seconds of packets that take `transit`, but each `nth`, which takes `slow`.
static void pass_for(uint64_t seconds, yodel_duration transit, uint64_t nth, yodel_duration slow)
{
    for (uint64_t i = 1; i <= seconds * 50; i++) {
        CHECK_EQ(pass(nth > 0 && i % nth == 0 ? slow : transit), PLAYOUT_DELAY_USUAL);
    }
}

static void an_even_path_asks_for_nothing(void)
{
    begin();
    pass(YODEL_MS(30));
    CHECK_EQ(playout_delay_wanted(&delay), PLAYOUT_DELAY_FIRST); // Nobody knows yet.
    pass_for(2, YODEL_MS(30), 0, 0);
    CHECK_EQ(playout_delay_wanted(&delay), 0);
}

static void peaks_every_five_seconds_count(void)
{
    begin();
    pass_for(25, YODEL_MS(30), 250, YODEL_MS(150));
    CHECK_EQ(playout_delay_wanted(&delay), YODEL_MS(120));
}

static void one_accident_does_not(void)
{
    begin();
    pass_for(20, YODEL_MS(30), 5, YODEL_MS(40));
    pass(YODEL_MS(900));
    pass_for(2, YODEL_MS(30), 5, YODEL_MS(40));
    CHECK_EQ(playout_delay_wanted(&delay), YODEL_MS(10));
}

static void more_jitter_is_followed_within_two_seconds_and_forgotten_in_twenty(void)
{
    begin();
    pass_for(20, YODEL_MS(30), 5, YODEL_MS(40));
    pass_for(2, YODEL_MS(30), 5, YODEL_MS(130));
    CHECK_EQ(playout_delay_wanted(&delay), YODEL_MS(100));
    pass_for(21, YODEL_MS(30), 5, YODEL_MS(40));
    CHECK_EQ(playout_delay_wanted(&delay), YODEL_MS(10));
}

// A longer way is no jitter: base and peaks move together.
static void another_way_is_followed_without_asking_for_more_than_its_distance(void)
{
    begin();
    pass_for(20, YODEL_MS(30), 0, 0);
    for (uint64_t i = 0; i < 25; i++) {
        pass_for(1, YODEL_MS(130), 0, 0);
        int64_t age = playout_delay_age(&delay, timestamp, RATE, sent + YODEL_MS(130));
        CHECK(playout_delay_wanted(&delay) <= YODEL_MS(100));
        CHECK(i < 3 || (int64_t)playout_delay_wanted(&delay) == age); // What comes late is in time.
    }
    CHECK_EQ(playout_delay_wanted(&delay), 0);
}

static void a_way_that_is_a_second_longer_begins_anew(void)
{
    begin();
    pass_for(20, YODEL_MS(30), 0, 0);
    pass_for(2, YODEL_MS(1530), 0, 0);
    CHECK_EQ(playout_delay_wanted(&delay), 0);
}

// 200 ppm: 4 ms in the twenty seconds that are looked at.
static void a_clock_that_drifts_adds_no_more_than_the_window_holds(void)
{
    static const int64_t ppm[] = {200, -200};

    for (size_t i = 0; i < COUNT(ppm); i++) {
        begin();
        for (uint64_t packet = 0; packet < 300 * 50; packet++) {
            pass(YODEL_MS(30));
            sent += (uint64_t)(packet % 25 == 0 ? ppm[i] / 2 : 0);
        }
        CHECK(playout_delay_wanted(&delay) <= YODEL_MS(5));
    }
}

// P4: 2^31 forward, or back; and one number of nobody.
static void a_leap_is_believed_when_it_is_two(void)
{
    begin();
    pass_for(5, YODEL_MS(30), 5, YODEL_MS(50));
    timestamp += (uint64_t)1 << 31;
    CHECK_EQ(pass(YODEL_MS(30)), PLAYOUT_DELAY_LEAP);
    timestamp -= (uint64_t)1 << 31;
    CHECK_EQ(pass(YODEL_MS(30)), PLAYOUT_DELAY_USUAL);
    timestamp += (uint64_t)1 << 31;
    CHECK_EQ(pass(YODEL_MS(30)), PLAYOUT_DELAY_LEAP); // Again the first.
    timestamp -= (uint64_t)1 << 32;
    CHECK_EQ(pass(YODEL_MS(30)), PLAYOUT_DELAY_LEAP);
    CHECK_EQ(pass(YODEL_MS(35)), PLAYOUT_DELAY_RESTART);
    CHECK_EQ(pass(YODEL_MS(30)), PLAYOUT_DELAY_USUAL);
    CHECK_EQ(delay.leaps, 3);
    CHECK_EQ(delay.restarts, 1);
}

static void what_says_to_come_from_the_future_moves_nothing(void)
{
    begin();
    pass_for(5, YODEL_MS(30), 0, 0);
    uint64_t true_timestamp = timestamp;
    for (uint64_t i = 2; i < 200; i += 2) {
        timestamp = true_timestamp + i * RATE; // Each further away than two leaps may be.
        CHECK_EQ(pass(YODEL_MS(30)), PLAYOUT_DELAY_LEAP);
        sent -= YODEL_MS(20);
    }
    CHECK_EQ(playout_delay_wanted(&delay), 0);
    timestamp = true_timestamp;
    CHECK_EQ(playout_delay_age(&delay, timestamp, RATE, sent + YODEL_MS(30)), 0);
}

TEST_MAIN(TEST(an_even_path_asks_for_nothing), TEST(peaks_every_five_seconds_count),
    TEST(one_accident_does_not),
    TEST(more_jitter_is_followed_within_two_seconds_and_forgotten_in_twenty),
    TEST(another_way_is_followed_without_asking_for_more_than_its_distance),
    TEST(a_way_that_is_a_second_longer_begins_anew),
    TEST(a_clock_that_drifts_adds_no_more_than_the_window_holds),
    TEST(a_leap_is_believed_when_it_is_two), TEST(what_says_to_come_from_the_future_moves_nothing))
