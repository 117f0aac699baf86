// Lists of devices: what is found in them, and when they are the same.

#include "device/list.h"

#include "check.h"

static struct device_list some(void)
{
    return (struct device_list){.count = 4,
        .entries = {{YODEL_MICROPHONE, false, "a", "A"}, {YODEL_MICROPHONE, true, "b", "B"},
            {YODEL_LOUDSPEAKER, false, "c", "C"}, {YODEL_LOUDSPEAKER, false, "d", "D"}}};
}

static void without_an_id_it_is_the_default_one_or_the_first(void)
{
    struct device_list list = some();

    CHECK_TEXT(device_list_find(&list, YODEL_MICROPHONE, NULL)->label, "B");
    CHECK_TEXT(device_list_find(&list, YODEL_LOUDSPEAKER, NULL)->label, "C");
    CHECK(!device_list_find(&list, YODEL_CAMERA, NULL));
}

static void an_id_is_of_its_kind(void)
{
    struct device_list list = some();

    CHECK_TEXT(device_list_find(&list, YODEL_MICROPHONE, "a")->label, "A");
    CHECK_TEXT(device_list_find(&list, YODEL_LOUDSPEAKER, "d")->label, "D");
    CHECK(!device_list_find(&list, YODEL_LOUDSPEAKER, "a"));
}

static void whatever_differs_is_a_change(void)
{
    struct device_list a = some(), b = some();

    CHECK(device_list_equal(&a, &b));
    b.count--;
    CHECK(!device_list_equal(&a, &b));
    b = some();
    b.entries[3].label[0] = 'X';
    CHECK(!device_list_equal(&a, &b));
    b = some();
    b.entries[1].is_default = false;
    CHECK(!device_list_equal(&a, &b));
    b = some();
    b.entries[2].id[0] = 'X';
    CHECK(!device_list_equal(&a, &b));
}

TEST_MAIN(TEST(without_an_id_it_is_the_default_one_or_the_first), TEST(an_id_is_of_its_kind),
    TEST(whatever_differs_is_a_change))
