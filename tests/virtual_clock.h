// Virtual time and seeded chance for what reads them behind our back: libssl's gettimeofday,
// libcrypto's generator.
//
// An executable that links virtual_clock.c has its own gettimeofday and time, which stand still
// until they are set; the dynamic linker prefers them to libc's. Test executables only.
//
// Ownership   the process has one clock and one generator

#ifndef TESTS_VIRTUAL_CLOCK_H
#define TESTS_VIRTUAL_CLOCK_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/time.h"

// What the wall clock shows at virtual time 0, in seconds since 1970.
#define VIRTUAL_CLOCK_WALL 1700000000u

void virtual_clock_set(yodel_time now);

// From here on, libcrypto's generator gives the bytes of `seed`: first call, before anything else
// of OpenSSL.
void virtual_clock_seed(uint64_t seed);

// The same generator, in the shape of env.random.
void virtual_clock_random(void *ctx, struct span out);

#endif
