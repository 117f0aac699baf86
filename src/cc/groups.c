// Groups of packets: draft-ietf-rmcat-gcc-02 §5.2.

#include "cc/groups.h"

void cc_groups_init(struct cc_groups *groups)
{
    *groups = (struct cc_groups){.count = 0};
}

static void begin(struct cc_groups *groups, yodel_time sent, uint64_t arrival)
{
    groups->current = (struct cc_group){sent, sent, arrival, arrival};
    groups->count += groups->count < 2;
}

static int64_t between(uint64_t later, uint64_t earlier)
{
    return (int64_t)(later - earlier);
}

// §5.2: packets that were sent within a burst are one group, and so are those that the network held
// back and let go together.
static bool belongs(const struct cc_group *group, yodel_time sent, uint64_t arrival)
{
    int64_t apart_arrival = between(arrival, group->arrival);
    int64_t later = apart_arrival - between(sent, group->sent);

    if (time_since(sent, group->first_sent) <= CC_GROUPS_BURST) {
        return true;
    }
    return later < 0 && apart_arrival <= (int64_t)CC_GROUPS_BURST &&
           between(arrival, group->first_arrival) < (int64_t)CC_GROUPS_BURST_MAX;
}

static bool is_leap(const struct cc_group *group, yodel_time sent, uint64_t arrival)
{
    int64_t later = between(arrival, group->arrival) - between(sent, group->sent);

    return later > (int64_t)CC_GROUPS_LEAP || later < -(int64_t)CC_GROUPS_LEAP;
}

bool cc_groups_add(
    struct cc_groups *groups, yodel_time sent, uint64_t arrival, struct cc_groups_delta *delta)
{
    struct cc_group *current = &groups->current;

    if (groups->count > 0 && is_leap(current, sent, arrival)) {
        cc_groups_init(groups);
    }
    if (groups->count == 0) {
        begin(groups, sent, arrival);
        return false;
    }
    if (sent < current->first_sent) {
        return false; // It comes late, from a group that has ended.
    }
    if (belongs(current, sent, arrival)) {
        current->sent = sent > current->sent ? sent : current->sent;
        current->arrival = between(arrival, current->arrival) > 0 ? arrival : current->arrival;
        return false;
    }
    bool has_before = groups->count == 2;
    *delta = (struct cc_groups_delta){between(current->sent, groups->before.sent),
        between(current->arrival, groups->before.arrival), current->arrival};
    groups->before = *current;
    begin(groups, sent, arrival);
    return has_before;
}
