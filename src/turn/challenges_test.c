// TURN challenges: a source is answered so often, and a flood of others does not silence it.

#include "turn/challenges.h"

#include "check.h"
#include "turn/server_fixture.h"

static uint64_t seed = 5;
static struct capped_alloc memory;
static struct env env;
static struct turn_challenges challenges;

static void start(uint32_t per_second)
{
    memory = capped_alloc(SIZE_MAX);
    env = (struct env){.alloc = &memory.alloc, .random = world_random, .ctx = &seed};
    CHECK_EQ(turn_challenges_init(&challenges, &env, per_second), YODEL_OK);
}

static uint32_t ask(const struct yodel_addr *source, uint32_t times, yodel_time now)
{
    uint32_t answered = 0;

    for (uint32_t i = 0; i < times; i++) {
        answered += turn_challenges_take(&challenges, source, now);
    }
    return answered;
}

static void a_source_is_answered_so_often(void)
{
    struct yodel_addr source = addr_v4(198, 51, 100, 7, 4000), other = addr_v4(8, 8, 8, 8, 1);
    uint32_t answered = 0;

    start(10);
    CHECK_EQ(ask(&source, 100, YODEL_SECONDS(1)), 10); // A second's worth at once,
    CHECK_EQ(ask(&source, 100, YODEL_MS(1100)), 1);    // and then ten a second.
    source.port++;                                     // Ports make no new source.
    CHECK_EQ(ask(&source, 100, YODEL_MS(1100)), 0);
    CHECK_EQ(ask(&other, 100, YODEL_MS(1100)), 10);
    for (yodel_time now = YODEL_SECONDS(2); now < YODEL_SECONDS(32); now += YODEL_MS(10)) {
        answered += ask(&source, 5, now);
    }
    CHECK(answered >= 300 && answered <= 310);
    turn_challenges_deinit(&challenges);
    CHECK_EQ(memory.held, 0);
}

static void an_ipv6_source_is_its_64(void)
{
    struct yodel_addr source = {.family = YODEL_ADDR_V6, .ip = {0x26, [15] = 1}, .port = 4000};

    start(10);
    CHECK_EQ(ask(&source, 100, YODEL_SECONDS(1)), 10);
    source.ip[15] = 2;
    CHECK_EQ(ask(&source, 100, YODEL_SECONDS(1)), 0);
    source.ip[7] = 1;
    CHECK_EQ(ask(&source, 100, YODEL_SECONDS(1)), 10);
    turn_challenges_deinit(&challenges);
}

// Cases L1 and L2: 60 seconds at 50 thousand a second, from 3600 sources and from as many as there
// are packets. 200 real ones ask once every five seconds.
static void a_flood_from_elsewhere_silences_nobody(void)
{
    for (int kind = 0; kind < 2; kind++) {
        uint32_t asked = 0, answered = 0, flooded = 0;
        uint64_t chance = 1;

        start(10);
        for (uint32_t i = 0; i < 60 * 50000; i++) {
            yodel_time now = YODEL_SECONDS(100) + i * (yodel_time)20;
            uint32_t roll;
            world_random(&chance, span_of((uint8_t *)&roll, sizeof roll));
            uint32_t spoofed = kind == 0 ? roll % 3600 : roll;
            struct yodel_addr source = addr_v4((uint8_t)(100 + (spoofed >> 24) % 64),
                (uint8_t)(spoofed >> 16), (uint8_t)(spoofed >> 8), (uint8_t)spoofed, 4000);
            flooded += turn_challenges_take(&challenges, &source, now);
            if (i % 1250 == 0) {
                struct yodel_addr real = addr_v4(9, 9, 9, (uint8_t)(i / 1250 % 200), 4000);
                asked++;
                answered += turn_challenges_take(&challenges, &real, now);
            }
        }
        CHECK(answered * 100 >= asked * 99);
        CHECK(kind == 1 || flooded <= 3600u * 10 * 62); // And the flood has its own cap.
        turn_challenges_deinit(&challenges);
    }
}

static void without_memory_there_is_none(void)
{
    memory = capped_alloc(0);
    CHECK_EQ(turn_challenges_init(&challenges, &env, 10), YODEL_ERR_NO_MEMORY);
    turn_challenges_deinit(&challenges);
}

TEST_MAIN(TEST(a_source_is_answered_so_often), TEST(an_ipv6_source_is_its_64),
    TEST(a_flood_from_elsewhere_silences_nobody), TEST(without_memory_there_is_none))
