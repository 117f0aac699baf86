// List, against an array that is shifted.

#include "base/list.h"

#include "fuzz.h"

#define NODES 32

struct model {
    size_t order[NODES];
    size_t count;
};

static size_t place_of(const struct model *model, size_t which)
{
    size_t place = 0;

    while (place < model->count && model->order[place] != which) {
        place++;
    }
    return place;
}

static void model_insert(struct model *model, size_t place, size_t which)
{
    memmove(&model->order[place + 1], &model->order[place],
        (model->count - place) * sizeof model->order[0]);
    model->order[place] = which;
    model->count++;
}

static void model_remove(struct model *model, size_t place)
{
    model->count--;
    memmove(&model->order[place], &model->order[place + 1],
        (model->count - place) * sizeof model->order[0]);
}

static void check_order(
    const struct list *list, const struct list_node *nodes, const struct model *model)
{
    const struct list_node *forward = list_first(list);
    const struct list_node *backward = list_last(list);

    for (size_t i = 0; i < model->count; i++) {
        FUZZ_CHECK(forward == &nodes[model->order[i]]);
        FUZZ_CHECK(backward == &nodes[model->order[model->count - 1 - i]]);
        forward = list_next(list, forward);
        backward = list_prev(list, backward);
    }
    FUZZ_CHECK(!forward && !backward);
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    struct list_node nodes[NODES] = {{0}};
    struct model model = {{0}, 0};
    struct list list;

    list_init(&list);
    while (r.left >= 2) {
        size_t which = read_u8(&r) % NODES;
        size_t other = read_u8(&r);
        if (list_is_linked(&nodes[which])) {
            list_remove(&nodes[which]);
            model_remove(&model, place_of(&model, which));
        } else if (other % 4 == 0) {
            list_push_front(&list, &nodes[which]);
            model_insert(&model, 0, which);
        } else if (other % 4 == 1 && model.count > 0) {
            size_t place = other % model.count;
            list_insert_before(&nodes[model.order[place]], &nodes[which]);
            model_insert(&model, place, which);
        } else {
            list_push_back(&list, &nodes[which]);
            model_insert(&model, model.count, which);
        }
        check_order(&list, nodes, &model);
    }
}
