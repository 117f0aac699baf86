// List: order, removal from anywhere, and what a node knows.

#include "base/list.h"

#include "check.h"

struct thing {
    int number;
    struct list_node node;
};

// The numbers in order, as one decimal number.
static int order_of(const struct list *list)
{
    int digits = 0;

    for (struct list_node *n = list_first(list); n; n = list_next(list, n)) {
        digits = digits * 10 + CONTAINER_OF(n, struct thing, node)->number;
    }
    return digits;
}

static int order_backwards(const struct list *list)
{
    int digits = 0;

    for (struct list_node *n = list_last(list); n; n = list_prev(list, n)) {
        digits = digits * 10 + CONTAINER_OF(n, struct thing, node)->number;
    }
    return digits;
}

static void an_empty_list_has_no_ends(void)
{
    struct list list;

    list_init(&list);
    CHECK(list_is_empty(&list));
    CHECK(!list_first(&list));
    CHECK(!list_last(&list));
    CHECK(!list_pop_front(&list));
}

static void order_is_kept_both_ways(void)
{
    struct thing t[4] = {{.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}};
    struct list list;

    list_init(&list);
    list_push_back(&list, &t[1].node);
    list_push_back(&list, &t[3].node);
    list_push_front(&list, &t[0].node);
    list_insert_before(&t[3].node, &t[2].node);
    CHECK_EQ(order_of(&list), 1234);
    CHECK_EQ(order_backwards(&list), 4321);
}

static void what_is_removed_is_out_and_the_rest_stays(void)
{
    struct thing t[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct list list;

    list_init(&list);
    for (int i = 0; i < 3; i++) {
        list_push_back(&list, &t[i].node);
    }
    list_remove(&t[1].node);
    CHECK(!list_is_linked(&t[1].node));
    CHECK_EQ(order_of(&list), 13);
    CHECK_EQ(order_backwards(&list), 31);
    list_push_back(&list, &t[1].node);
    CHECK_EQ(order_of(&list), 132);
    CHECK(list_pop_front(&list) == &t[0].node);
    CHECK(!list_is_linked(&t[0].node));
    CHECK_EQ(order_of(&list), 32);
}

TEST_MAIN(TEST(an_empty_list_has_no_ends), TEST(order_is_kept_both_ways),
    TEST(what_is_removed_is_out_and_the_rest_stays))
