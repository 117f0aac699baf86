// A virtual path: see path_fixture.h.

#include "playout/path_fixture.h"

#include "base/assert.h"

// xorshift
double path_chance(struct path *path)
{
    path->chance = path->chance == 0 ? 88172645463325252u : path->chance;
    path->chance ^= path->chance << 13;
    path->chance ^= path->chance >> 7;
    path->chance ^= path->chance << 17;
    return (double)(path->chance >> 11) / 9007199254740992.0;
}

// Gilbert's model: good and bad times, in which all is lost.
static bool is_lost(struct path *path)
{
    if (path->burst < 1) {
        return path_chance(path) < path->loss;
    }
    double leave = 1 / path->burst;
    double enter = leave * path->loss / (1 - path->loss);
    path->is_bad = path_chance(path) < (path->is_bad ? 1 - leave : enter);
    return path->is_bad;
}

static void fly(struct path *path, uint64_t id, yodel_time now)
{
    yodel_time arrival =
        now + path->delay + (yodel_duration)(path_chance(path) * (double)path->jitter);

    if (now >= path->outage_begin && now < path->outage_end) {
        arrival = path->outage_end + path->delay;
    }
    if (!path->is_reordering && arrival < path->last) {
        arrival = path->last;
    }
    path->last = arrival;
    YODEL_ASSERT(path->count < PATH_FLIGHT_MAX);
    path->flights[path->count++] = (struct path_flight){id, arrival};
}

void path_send(struct path *path, uint64_t id, yodel_time now)
{
    path->sent++;
    if (is_lost(path)) {
        path->lost++;
        return;
    }
    fly(path, id, now);
    if (path_chance(path) < path->doubled) {
        fly(path, id, now);
    }
}

bool path_next(struct path *path, uint64_t *id, yodel_time *arrival, yodel_time now)
{
    size_t first = 0;

    for (size_t i = 1; i < path->count; i++) {
        if (path->flights[i].arrival < path->flights[first].arrival) {
            first = i;
        }
    }
    if (path->count == 0 || path->flights[first].arrival > now) {
        return false;
    }
    *id = path->flights[first].id;
    *arrival = path->flights[first].arrival;
    for (size_t i = first + 1; i < path->count; i++) {
        path->flights[i - 1] = path->flights[i];
    }
    path->count--;
    return true;
}
