// Assertions: what only a bug of ours can break. On in release too: a wrong state ends the process,
// not its peers' trust.
//
// Not here    what a peer or a caller can cause: that is dropped and counted, or returned

#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#include "base/port.h"

YODEL_NORETURN void assert_fail(const char *expression, const char *file, int line);

#define YODEL_ASSERT(expr) (YODEL_LIKELY(expr) ? (void)0 : assert_fail(#expr, __FILE__, __LINE__))

// Costly checks: debug builds, the simulator and the fuzzers.
#ifdef YODEL_SLOW_CHECKS
#define YODEL_ASSERT_SLOW(expr) YODEL_ASSERT(expr)
#else
#define YODEL_ASSERT_SLOW(expr) ((void)sizeof(expr))
#endif

#endif
