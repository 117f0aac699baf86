// TURN ports: against a plain array of who is taken, and by chance.

#include "turn/ports.h"

#include "check.h"
#include "turn/server_fixture.h"

static uint64_t seed = 3;
static struct capped_alloc memory;
static struct env env;

static void start(struct turn_ports *ports, uint16_t min, uint16_t max)
{
    memory = capped_alloc(SIZE_MAX);
    env = (struct env){.alloc = &memory.alloc, .random = world_random, .ctx = &seed};
    CHECK_EQ(turn_ports_init(ports, &env, min, max), YODEL_OK);
}

static void finish(struct turn_ports *ports)
{
    turn_ports_deinit(ports);
    CHECK_EQ(memory.held, 0);
}

static void all_of_a_range_are_taken_and_no_others(void)
{
    static const struct {
        uint16_t min, max;
        uint32_t any, even, pairs;
    } rows[] = {
        {49152, 65535, 16384, 8192, 8192},
        {1, 65535, 65535, 32767, 32767},
        {100, 100, 1, 1, 0},
        {101, 101, 1, 0, 0},
        {100, 101, 2, 1, 1},
        {101, 102, 2, 1, 0},
        {63, 64, 2, 1, 0},
        {63, 65, 3, 1, 1},
        {127, 256, 130, 65, 64},
        {65535, 65535, 1, 0, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int kind = TURN_PORTS_ANY; kind <= TURN_PORTS_PAIR; kind++) {
            uint32_t want = kind == TURN_PORTS_ANY    ? rows[i].any
                            : kind == TURN_PORTS_EVEN ? rows[i].even
                                                      : rows[i].pairs;
            struct turn_ports ports;
            uint32_t got = 0;
            uint16_t port;

            start(&ports, rows[i].min, rows[i].max);
            while ((port = turn_ports_take(&ports, (enum turn_ports_kind)kind)) != 0) {
                CHECK(port >= rows[i].min && port <= rows[i].max);
                CHECK(kind == TURN_PORTS_ANY || port % 2 == 0);
                CHECK(kind != TURN_PORTS_PAIR || turn_ports_is_taken(&ports, (uint16_t)(port + 1)));
                got++;
            }
            CHECK_EQ(got, want);
            CHECK_EQ(ports.count, want * (kind == TURN_PORTS_PAIR ? 2 : 1));
            finish(&ports);
        }
    }
}

// Cases T3 and L15: a hundred thousand times in and out, in any order, and nothing is lost.
static void no_port_is_lost(void)
{
    enum { MIN = 50001, MAX = 50777, CYCLES = 100000 };
    static bool taken[65537];
    static uint16_t list[MAX];
    struct turn_ports ports;
    size_t count = 0;
    uint64_t chance = 11;

    memset(taken, 0, sizeof taken);
    start(&ports, MIN, MAX);
    for (size_t cycle = 0; cycle < CYCLES; cycle++) {
        uint32_t roll;
        world_random(&chance, span_of((uint8_t *)&roll, sizeof roll));
        if (count == 0 || roll % 5 < 3) {
            enum turn_ports_kind kind = (enum turn_ports_kind)(roll / 5 % 3);
            uint16_t port = turn_ports_take(&ports, kind);
            for (size_t i = 0; port != 0 && i < (kind == TURN_PORTS_PAIR ? 2u : 1u); i++) {
                CHECK(!taken[port + i]);
                taken[port + i] = true;
                list[count++] = (uint16_t)(port + i);
            }
        } else {
            size_t i = roll / 5 % count;
            turn_ports_give(&ports, list[i]);
            taken[list[i]] = false;
            list[i] = list[--count];
        }
        CHECK_EQ(ports.count, count);
        uint16_t seen = (uint16_t)(MIN - 2 + roll % (MAX - MIN + 5));
        CHECK_EQ(turn_ports_is_taken(&ports, seen), taken[seen]);
    }
    while (count > 0) {
        turn_ports_give(&ports, list[--count]);
    }
    CHECK_EQ(ports.count, 0);
    finish(&ports);
}

static void the_next_port_is_not_the_next_number(void)
{
    struct turn_ports ports;
    uint32_t halves[2] = {0}, neighbours = 0;
    uint16_t last = 0;

    start(&ports, 49152, 65535);
    for (int i = 0; i < 1000; i++) {
        uint16_t port = turn_ports_take(&ports, TURN_PORTS_ANY);
        halves[port >= 57344]++;
        neighbours += port == last + 1;
        last = port;
        turn_ports_give(&ports, port);
    }
    CHECK(halves[0] > 400 && halves[1] > 400 && neighbours < 10);
    finish(&ports);
}

static void ranges_that_cannot_be_are_refused(void)
{
    struct turn_ports ports;

    memory = capped_alloc(0);
    env = (struct env){.alloc = &memory.alloc, .random = world_random, .ctx = &seed};
    CHECK_EQ(turn_ports_init(&ports, &env, 0, 10), YODEL_ERR_RANGE);
    CHECK_EQ(turn_ports_init(&ports, &env, 11, 10), YODEL_ERR_RANGE);
    CHECK_EQ(turn_ports_init(&ports, &env, 10, 11), YODEL_ERR_NO_MEMORY);
    turn_ports_deinit(&ports);
}

TEST_MAIN(TEST(all_of_a_range_are_taken_and_no_others), TEST(no_port_is_lost),
    TEST(the_next_port_is_not_the_next_number), TEST(ranges_that_cannot_be_are_refused))
