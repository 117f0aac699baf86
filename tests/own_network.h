// A network of a test's own: interfaces may come and go there, and nobody else notices.

#ifndef TESTS_OWN_NETWORK_H
#define TESTS_OWN_NETWORK_H

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline bool own_network_map_root(const char *path, unsigned int id)
{
    char line[32];
    int len = snprintf(line, sizeof line, "0 %u 1", id);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool is_good = fd >= 0 && write(fd, line, (size_t)len) == len;

    if (fd >= 0) {
        close(fd);
    }
    return is_good;
}

// Moves this process there, once; `setup` is a line for the shell. False: it may not, or there is
// no iproute2.
static inline bool own_network_enter(const char *setup)
{
    static int is_in = -1;
    unsigned int uid = getuid();

    if (is_in < 0) {
        bool is_good =
            unshare(CLONE_NEWNET) == 0 || (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
                                              own_network_map_root("/proc/self/uid_map", uid));
        is_in = is_good && system(setup) == 0;
    }
    return is_in == 1;
}

#endif
