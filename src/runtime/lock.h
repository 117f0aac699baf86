// Lock: one thread at a time, for the little that threads share and seldom use.
//
// Threads     enter and leave from any; the rest from one
// Ownership   the owner frees it, when nobody can be in it any more

#ifndef RUNTIME_LOCK_H
#define RUNTIME_LOCK_H

#include "base/alloc.h"

struct lock;

// NULL where there is none to be had.
struct lock *lock_new(struct alloc *alloc);
void lock_free(struct lock *lock, struct alloc *alloc);

// `lock` is a struct lock, as who calls back wants it.
void lock_enter(void *lock);
void lock_leave(void *lock);

#endif
