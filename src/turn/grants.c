// Grants: the tables of permissions and channels.
//
// Implements  RFC 8656 §9, §12

#include "turn/grants.h"

#include "base/assert.h"
#include "turn/msg.h"

static struct turn_grant *find_permission(struct turn_grants *grants, const struct yodel_addr *peer)
{
    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        struct turn_grant *grant = &grants->permissions[i];
        if (grant->state != TURN_GRANT_NONE && addr_same_ip(&grant->peer, peer)) {
            return grant;
        }
    }
    return NULL;
}

// A free place, or that of what is not needed any more; NULL where all are.
static struct turn_grant *place_for_permission(struct turn_grants *grants)
{
    struct turn_grant *place = NULL;

    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        struct turn_grant *grant = &grants->permissions[i];
        if (grant->state == TURN_GRANT_NONE) {
            return grant;
        }
        if (!grant->is_needed && !grant->is_asked && (!place || grant->used < place->used)) {
            place = grant;
        }
    }
    return place;
}

static void need(struct turn_grants *grants, struct turn_grant *grant)
{
    if (grant->is_needed) {
        return;
    }
    if (grant->state == TURN_GRANT_REFUSED) {
        grant->state = TURN_GRANT_WANTED; // It may be otherwise this time.
        grant->due = 0;
    }
    grant->is_needed = true;
    grant->used = ++grants->used;
}

enum turn_grant_state turn_grants_permit(struct turn_grants *grants, const struct yodel_addr *peer)
{
    struct turn_grant *grant = find_permission(grants, peer);

    if (!grant) {
        grant = place_for_permission(grants);
        if (!grant) {
            return TURN_GRANT_REFUSED;
        }
        *grant = (struct turn_grant){.state = TURN_GRANT_WANTED, .peer = *peer};
        grant->peer.port = 0;
    }
    need(grants, grant);
    return grant->state;
}

// A free place, or that of the channel needed least lately.
static struct turn_grant *place_for_channel(struct turn_grants *grants)
{
    struct turn_grant *place = NULL;

    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        struct turn_grant *grant = &grants->channels[i];
        if (grant->state == TURN_GRANT_NONE) {
            return grant;
        }
        if (!grant->is_asked && (!place || grant->used < place->used)) {
            place = grant;
        }
    }
    YODEL_ASSERT(place); // One is asked for at a time.
    return place;
}

static struct turn_grant *find_bound(struct turn_grants *grants, const struct yodel_addr *peer)
{
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        struct turn_grant *grant = &grants->channels[i];
        if (grant->state != TURN_GRANT_NONE && addr_equal(&grant->peer, peer)) {
            return grant;
        }
    }
    return NULL;
}

void turn_grants_bind(struct turn_grants *grants, const struct yodel_addr *peer)
{
    struct turn_grant *grant = find_bound(grants, peer);

    if (!grant) {
        if (grants->channels_made > TURN_CHANNEL_OWN_MAX - TURN_CHANNEL_MIN) {
            return; // Indications do as well.
        }
        grant = place_for_channel(grants);
        *grant = (struct turn_grant){.state = TURN_GRANT_WANTED,
            .peer = *peer,
            .channel = (uint16_t)(TURN_CHANNEL_MIN + grants->channels_made++)};
    }
    need(grants, grant);
}

void turn_grants_release(struct turn_grants *grants)
{
    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        grants->permissions[i].is_needed = false;
    }
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        grants->channels[i].is_needed = false;
    }
}

const struct turn_grant *turn_grants_find_channel(
    const struct turn_grants *grants, const struct yodel_addr *peer)
{
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        const struct turn_grant *grant = &grants->channels[i];
        if (grant->state == TURN_GRANT_GIVEN && addr_equal(&grant->peer, peer)) {
            return grant;
        }
    }
    return NULL;
}

// §12.6: the server may use a channel before its answer to our request arrives.
const struct turn_grant *turn_grants_find_number(const struct turn_grants *grants, uint16_t channel)
{
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        const struct turn_grant *grant = &grants->channels[i];
        if ((grant->state == TURN_GRANT_GIVEN || grant->is_asked) && grant->channel == channel) {
            return grant;
        }
    }
    return NULL;
}

bool turn_grants_is_permitted(const struct turn_grants *grants, const struct yodel_addr *peer)
{
    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        const struct turn_grant *grant = &grants->permissions[i];
        if (grant->state == TURN_GRANT_GIVEN && addr_same_ip(&grant->peer, peer)) {
            return true;
        }
    }
    return false;
}

// ---- Asking.

static bool is_due(const struct turn_grant *grant, yodel_time now)
{
    bool is_wanted = grant->state == TURN_GRANT_WANTED || grant->state == TURN_GRANT_GIVEN;

    return is_wanted && grant->is_needed && !grant->is_asked && now >= grant->due;
}

// §9.2: one address that the server does not allow lets the whole request fail. Those of private
// networks are the likely ones, so they go by themselves, and after the others.
static bool goes_with(const struct turn_grant *grant, const struct turn_grant *first)
{
    return !grant->is_alone && !first->is_alone &&
           addr_is_private(&grant->peer) == addr_is_private(&first->peer);
}

static struct turn_grant *first_due(struct turn_grants *grants, yodel_time now)
{
    struct turn_grant *first = NULL;

    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        struct turn_grant *grant = &grants->permissions[i];
        if (is_due(grant, now) &&
            (!first || (addr_is_private(&first->peer) && !addr_is_private(&grant->peer)))) {
            first = grant;
        }
    }
    return first;
}

bool turn_grants_ask_permissions(struct turn_grants *grants, yodel_time now)
{
    struct turn_grant *first = first_due(grants, now);
    size_t count = 1;

    if (!first) {
        return false;
    }
    first->is_asked = true;
    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX && count < TURN_GRANTS_BATCH_MAX; i++) {
        struct turn_grant *grant = &grants->permissions[i];
        if (is_due(grant, now) && goes_with(grant, first)) {
            grant->is_asked = true;
            count++;
        }
    }
    return true;
}

bool turn_grants_ask_channel(struct turn_grants *grants, yodel_time now)
{
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        if (is_due(&grants->channels[i], now)) {
            grants->channels[i].is_asked = true;
            return true;
        }
    }
    return false;
}

static void give(struct turn_grant *grant, yodel_duration life, yodel_time now)
{
    grant->is_asked = false;
    grant->state = TURN_GRANT_GIVEN;
    grant->due = time_after(now, life - TURN_GRANTS_MARGIN);
    grant->ends = time_after(now, life - TURN_GRANTS_SLACK);
}

void turn_grants_given(struct turn_grants *grants, yodel_time now)
{
    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        if (grants->permissions[i].is_asked) {
            give(&grants->permissions[i], TURN_GRANTS_PERMISSION_LIFE, now);
        }
    }
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        struct turn_grant *channel = &grants->channels[i];
        if (channel->is_asked) {
            struct turn_grant *permission = find_permission(grants, &channel->peer);
            give(channel, TURN_GRANTS_CHANNEL_LIFE, now);
            if (permission && !permission->is_asked) {
                give(permission, TURN_GRANTS_PERMISSION_LIFE, now); // §12.2: it renews that too.
            }
        }
    }
}

static size_t count_asked(const struct turn_grants *grants)
{
    size_t count = 0;

    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        count += grants->permissions[i].is_asked;
    }
    return count;
}

void turn_grants_refused(struct turn_grants *grants)
{
    bool was_batch = count_asked(grants) > 1;

    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        struct turn_grant *grant = &grants->permissions[i];
        if (grant->is_asked) {
            grant->is_asked = false;
            grant->is_alone = was_batch;
            grant->state = was_batch ? grant->state : TURN_GRANT_REFUSED;
        }
    }
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        struct turn_grant *grant = &grants->channels[i];
        if (grant->is_asked) {
            grant->is_asked = false;
            grant->state = TURN_GRANT_REFUSED;
        }
    }
}

// ---- Time.

static void end(struct turn_grant *grant, yodel_time now)
{
    if (grant->state == TURN_GRANT_GIVEN && now >= grant->ends) {
        grant->state = grant->is_needed || grant->is_asked ? TURN_GRANT_WANTED : TURN_GRANT_NONE;
        grant->due = now;
    }
}

void turn_grants_tick(struct turn_grants *grants, yodel_time now)
{
    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        end(&grants->permissions[i], now);
    }
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        end(&grants->channels[i], now);
    }
}

static yodel_time timeout_of(const struct turn_grant *grant)
{
    bool is_open = grant->state == TURN_GRANT_WANTED || grant->state == TURN_GRANT_GIVEN;
    yodel_time at = YODEL_NEVER;

    if (is_open && grant->is_needed && !grant->is_asked) {
        at = grant->due;
    }
    return grant->state == TURN_GRANT_GIVEN ? time_min(at, grant->ends) : at;
}

yodel_time turn_grants_next_timeout(const struct turn_grants *grants)
{
    yodel_time earliest = YODEL_NEVER;

    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        earliest = time_min(earliest, timeout_of(&grants->permissions[i]));
    }
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        earliest = time_min(earliest, timeout_of(&grants->channels[i]));
    }
    return earliest;
}
