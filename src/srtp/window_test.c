// The window against a naive model: every index that was ever seen, remembered.

#include "srtp/window.h"

#include "check.h"

#define SPAN 20000

static uint64_t noise;

static uint32_t draw(uint32_t below)
{
    noise = noise * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(noise >> 33) % below;
}

static void it_agrees_with_a_list_of_all(void)
{
    static bool seen[SPAN + 1];

    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct srtp_window window = {0};
        uint64_t top = 0;
        memset(seen, 0, sizeof seen);
        noise = seed;
        for (int i = 0; i < 4000; i++) {
            // Mostly a little forward, at times back, at times far.
            int64_t step = (int64_t)draw(8) - 2;
            step = draw(50) == 0 ? (int64_t)draw(3000) - 1500 : step;
            int64_t index = (int64_t)top + step;
            if (index < 0 || index > SPAN) {
                continue;
            }
            enum srtp_age age = srtp_window_look(&window, (uint64_t)index);
            if ((uint64_t)index + SRTP_WINDOW > top) { // Told for sure.
                CHECK_EQ(age, seen[index] ? SRTP_SEEN : SRTP_NEW);
            } else {
                CHECK(age == SRTP_OLD || age == (seen[index] ? SRTP_SEEN : SRTP_NEW));
            }
            if (age == SRTP_NEW) {
                srtp_window_mark(&window, (uint64_t)index);
                seen[index] = true;
                top = (uint64_t)index > top ? (uint64_t)index : top;
            }
        }
    }
}

static void nothing_is_seen_before_the_first_and_far_jumps_forget_all(void)
{
    struct srtp_window window = {0};

    CHECK_EQ(srtp_window_look(&window, 0), SRTP_NEW);
    srtp_window_mark(&window, 0);
    CHECK_EQ(srtp_window_look(&window, 0), SRTP_SEEN);
    srtp_window_mark(&window, (uint64_t)1 << 47);
    CHECK_EQ(srtp_window_look(&window, 0), SRTP_OLD);
    for (uint64_t back = 1; back <= SRTP_WINDOW - SRTP_WINDOW_WORD; back++) {
        CHECK_EQ(srtp_window_look(&window, ((uint64_t)1 << 47) - back), SRTP_NEW);
    }
}

TEST_MAIN(TEST(it_agrees_with_a_list_of_all),
    TEST(nothing_is_seen_before_the_first_and_far_jumps_forget_all))
