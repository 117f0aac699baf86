// Playout's packets: in the order of their timestamps whatever the order of their coming, each once.

#include "playout/packets.h"

#include "capped_alloc.h"
#include "check.h"

#define PLACES 4

static struct playout_packets packets;

static enum playout_packets_verdict put(uint64_t timestamp, bool is_copy, const char *text)
{
    struct playout_packet packet = {.place = {timestamp, timestamp},
        .is_copy = is_copy,
        .payload = bytes_of((const uint8_t *)text, strlen(text))};

    return playout_packets_put(&packets, &packet);
}

static void begin(void)
{
    CHECK_EQ(playout_packets_init(&packets, alloc_system(), PLACES), YODEL_OK);
}

static void check_first(uint64_t timestamp, const char *text)
{
    const struct playout_packet *first = playout_packets_first(&packets);

    CHECK(first && first->place.timestamp == timestamp);
    CHECK_BYTES(first->payload, bytes_of((const uint8_t *)text, strlen(text)));
    playout_packets_drop_first(&packets);
}

// Three rounds, so that places are used again in another order.
static void any_order_becomes_theirs(void)
{
    begin();
    for (uint64_t round = 0; round < 30; round += 10) {
        CHECK_EQ(put(round + 5, false, "five"), PLAYOUT_PACKETS_STORED);
        CHECK_EQ(put(round + 9, false, ""), PLAYOUT_PACKETS_STORED);
        CHECK_EQ(put(round + 3, false, "three"), PLAYOUT_PACKETS_STORED);
        CHECK_EQ(playout_packets_second(&packets)->place.timestamp, round + 5);
        check_first(round + 3, "three");
        CHECK_EQ(put(round + 7, false, "seven"), PLAYOUT_PACKETS_STORED);
        CHECK_EQ(put(round + 8, false, "eight"), PLAYOUT_PACKETS_STORED);
        CHECK_EQ(put(round + 6, false, "six"), PLAYOUT_PACKETS_FULL);
        check_first(round + 5, "five");
        check_first(round + 7, "seven");
        check_first(round + 8, "eight");
        CHECK(playout_packets_second(&packets) == NULL);
        check_first(round + 9, "");
        CHECK(playout_packets_first(&packets) == NULL);
    }
    playout_packets_deinit(&packets);
}

static void an_original_takes_the_place_of_a_copy_and_nothing_else_does(void)
{
    begin();
    CHECK_EQ(put(1, true, "copy"), PLAYOUT_PACKETS_STORED);
    CHECK_EQ(put(1, true, "another"), PLAYOUT_PACKETS_TWICE);
    CHECK_EQ(put(1, false, "original"), PLAYOUT_PACKETS_STORED);
    CHECK_EQ(put(1, false, "again"), PLAYOUT_PACKETS_TWICE);
    CHECK_EQ(put(1, true, "late copy"), PLAYOUT_PACKETS_TWICE);
    CHECK_EQ(packets.count, 1);
    check_first(1, "original");
    playout_packets_deinit(&packets);
}

static void without_memory_there_is_none(void)
{
    struct capped_alloc memory = capped_alloc(0);

    CHECK_EQ(playout_packets_init(&packets, &memory.alloc, PLACES), YODEL_ERR_NO_MEMORY);
}

TEST_MAIN(TEST(any_order_becomes_theirs),
    TEST(an_original_takes_the_place_of_a_copy_and_nothing_else_does),
    TEST(without_memory_there_is_none))
