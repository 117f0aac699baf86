// Locks, on libuv.

#include "runtime/lock.h"

#include <uv.h>

struct lock {
    uv_mutex_t mutex;
};

struct lock *lock_new(struct alloc *alloc)
{
    struct lock *lock = alloc_new(alloc, sizeof *lock);

    if (lock && uv_mutex_init(&lock->mutex) != 0) {
        alloc_free(alloc, lock);
        return NULL;
    }
    return lock;
}

void lock_free(struct lock *lock, struct alloc *alloc)
{
    if (lock) {
        uv_mutex_destroy(&lock->mutex);
        alloc_free(alloc, lock);
    }
}

void lock_enter(void *lock)
{
    uv_mutex_lock(&((struct lock *)lock)->mutex);
}

void lock_leave(void *lock)
{
    uv_mutex_unlock(&((struct lock *)lock)->mutex);
}
