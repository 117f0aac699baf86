// Time: microseconds on a clock that never goes back.
//
// Ownership   values only

#ifndef YODEL_TIME_H
#define YODEL_TIME_H

#include <stdint.h>

typedef uint64_t yodel_time;     // Microseconds since an arbitrary moment; monotonic.
typedef uint64_t yodel_duration; // Microseconds.

#define YODEL_NEVER UINT64_MAX
#define YODEL_US(us) ((yodel_duration)(us))
#define YODEL_MS(ms) ((yodel_duration)(ms)*1000u)
#define YODEL_SECONDS(s) ((yodel_duration)(s)*1000000u)

#endif
