// The clock: libuv's for intervals, the system's for dates.

#include "net/clock.h"

#include <time.h>

#include <uv.h>

yodel_time clock_now(void)
{
    return uv_hrtime() / 1000u + 1;
}

int64_t clock_wall_seconds(void)
{
    return (int64_t)time(NULL);
}
