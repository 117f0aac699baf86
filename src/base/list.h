// List: doubly linked, through a node inside what it links, so that linking never needs memory.
//
// A zeroed node is in no list. A list must be initialised, and stay where it is while it holds
// anything.
//
// Ownership   none: a list frees nothing, and whoever frees a linked thing removes it first
// Limits      none here; who fills a list counts

#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/assert.h"
#include "base/port.h"

struct list_node {
    struct list_node *prev;
    struct list_node *next;
};

struct list {
    struct list_node end; // Before the first and after the last.
};

static inline void list_init(struct list *list)
{
    list->end.prev = &list->end;
    list->end.next = &list->end;
}

static inline bool list_is_linked(const struct list_node *node)
{
    return node->next != NULL;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->end.next == &list->end;
}

// `node` goes before `place`, which is linked.
static inline void list_insert_before(struct list_node *place, struct list_node *node)
{
    YODEL_ASSERT(!list_is_linked(node));
    node->prev = place->prev;
    node->next = place;
    place->prev->next = node;
    place->prev = node;
}

static inline void list_push_back(struct list *list, struct list_node *node)
{
    list_insert_before(&list->end, node);
}

static inline void list_push_front(struct list *list, struct list_node *node)
{
    list_insert_before(list->end.next, node);
}

static inline void list_remove(struct list_node *node)
{
    YODEL_ASSERT(list_is_linked(node));
    node->prev->next = node->next;
    node->next->prev = node->prev;
    *node = (struct list_node){0};
}

// The first, the last, the one after and the one before; NULL where there is none. To remove while walking, ask for the
// next before removing the present one.
static inline struct list_node *list_first(const struct list *list)
{
    return list_is_empty(list) ? NULL : list->end.next;
}

static inline struct list_node *list_last(const struct list *list)
{
    return list_is_empty(list) ? NULL : list->end.prev;
}

static inline struct list_node *list_next(const struct list *list, const struct list_node *node)
{
    return node->next == &list->end ? NULL : node->next;
}

static inline struct list_node *list_prev(const struct list *list, const struct list_node *node)
{
    return node->prev == &list->end ? NULL : node->prev;
}

// Takes the first out and returns it, or NULL.
static inline struct list_node *list_pop_front(struct list *list)
{
    struct list_node *node = list_first(list);

    if (node) {
        list_remove(node);
    }
    return node;
}

#endif
