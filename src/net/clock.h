// The clock: the only place of the library that reads one.
//
// Not here    what to do with time (base/time.h); engines are told `now`

#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include "base/time.h"

// Monotonic. Never 0.
yodel_time clock_now(void);

// Seconds since 1970, as a person's calendar has them; may jump. For certificates and log lines.
int64_t clock_wall_seconds(void);

#endif
