// Grants: what a TURN server was asked to let us do, which peers we may reach and by which channel,
// and when that must be asked for again.
//
// Implements  RFC 8656 §9 (permissions), §12 (channels), from the client's side
// Not here    the requests themselves (turn/client.h)
// Ownership   values
// Limits      TURN_GRANTS_PERMISSIONS_MAX peers' IP addresses, TURN_GRANTS_CHANNELS_MAX channels, of
//             which the longest unused makes room, TURN_GRANTS_BATCH_MAX addresses a request

#ifndef TURN_GRANTS_H
#define TURN_GRANTS_H

#include "base/addr.h"
#include "base/time.h"

#define TURN_GRANTS_PERMISSIONS_MAX 32
#define TURN_GRANTS_CHANNELS_MAX 8
#define TURN_GRANTS_BATCH_MAX 8
#define TURN_GRANTS_PERMISSION_LIFE YODEL_SECONDS(300) // §9.
#define TURN_GRANTS_CHANNEL_LIFE YODEL_SECONDS(600)    // §12.
#define TURN_GRANTS_MARGIN YODEL_SECONDS(60)           // So long before its end each is renewed,
#define TURN_GRANTS_SLACK YODEL_SECONDS(5)             // or not used any more.

//            asked, and given             its end comes near
//   WANTED -------------------> GIVEN ---------------------> asked again, and GIVEN meanwhile
//      |  asked alone, and refused
//      +-------------------> REFUSED
enum turn_grant_state { TURN_GRANT_NONE, TURN_GRANT_WANTED, TURN_GRANT_GIVEN, TURN_GRANT_REFUSED };

struct turn_grant {
    enum turn_grant_state state;
    bool is_needed;         // Or its end is awaited.
    bool is_asked;          // By the request under way.
    bool is_alone;          // Refused together with others: asked for by itself.
    struct yodel_addr peer; // Of a permission, without a port.
    uint16_t channel;       // Of a permission, 0.
    yodel_time due;         // To be asked for, or asked for again.
    yodel_time ends;
    uint32_t used; // The higher, the later it was needed.
};

struct turn_grants {
    struct turn_grant permissions[TURN_GRANTS_PERMISSIONS_MAX];
    struct turn_grant channels[TURN_GRANTS_CHANNELS_MAX];
    uint16_t channels_made; // §12.2: no number serves a second peer.
    uint32_t used;
};

// `peer` is needed from now on. What is at the limit is REFUSED at once.
enum turn_grant_state turn_grants_permit(struct turn_grants *grants, const struct yodel_addr *peer);
void turn_grants_bind(struct turn_grants *grants, const struct yodel_addr *peer);

// None is needed any more, until it is asked for again.
void turn_grants_release(struct turn_grants *grants);

// The channel given for `peer`, or NULL; and the peer of a channel that was ever asked for.
const struct turn_grant *turn_grants_find_channel(
    const struct turn_grants *grants, const struct yodel_addr *peer);
const struct turn_grant *turn_grants_find_number(
    const struct turn_grants *grants, uint16_t channel);

// Whether the permission of `peer` is given.
bool turn_grants_is_permitted(const struct turn_grants *grants, const struct yodel_addr *peer);

// Marks what the next request asks for, and says whether that is anything: permissions of up to
// TURN_GRANTS_BATCH_MAX peers, or one channel.
bool turn_grants_ask_permissions(struct turn_grants *grants, yodel_time now);
bool turn_grants_ask_channel(struct turn_grants *grants, yodel_time now);

// What became of the request.
void turn_grants_given(struct turn_grants *grants, yodel_time now);
void turn_grants_refused(struct turn_grants *grants);

// Ends what was not renewed in time.
void turn_grants_tick(struct turn_grants *grants, yodel_time now);
yodel_time turn_grants_next_timeout(const struct turn_grants *grants);

#endif
