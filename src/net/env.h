// The production environment: the heap, the system's entropy, and log lines on stderr.
//
// Ownership   static and constant: it outlives everything, and threads may share it
// Threads     any; a line is written with one call, so that lines never mix

#ifndef NET_ENV_H
#define NET_ENV_H

#include "base/env.h"

enum net_env_format {
    NET_ENV_TEXT, // "1763715546 warn ice: pair 3 failed"
    NET_ENV_JSON, // {"time":1763715546,"level":"warn","module":"ice","message":"pair 3 failed"}
};

// Lines above `level` are not made.
const struct env *net_env_system(enum log_level level, enum net_env_format format);

// Writes one log line with its newline; returns its length. What is longer than `room` is cut, and
// stays well-formed. For the environment, and for its test.
size_t net_env_line(struct span room, enum net_env_format format, int64_t unix_seconds,
    enum log_level level, const char *module, const char *line);

#endif
