// Consent: whether the peer still wants what we send along the selected path, and is still there.
//
// Implements  RFC 7675 §5.1
// Departs     a consent check without an answer is followed by ordinary checks of the same pair,
//             one a second: otherwise a single loss would look like a lost connection. Who sends
//             and hears nothing asks at once, and not when the period is over; two questions without
//             an answer, and other paths are checked too; where one of them answers, and the
//             selected one still does not, it is left: within a second of its going black
// Limits      the latest ICE_CONSENT_IDS_MAX checks can be answered

#ifndef ICE_CONSENT_H
#define ICE_CONSENT_H

#include "base/time.h"
#include "ice/message.h"

#define ICE_CONSENT_IDS_MAX 8
#define ICE_CONSENT_PERIOD YODEL_SECONDS(5) // §5.1: times 0.8 to 1.2, at random.
#define ICE_CONSENT_PROBE YODEL_SECONDS(1)
#define ICE_CONSENT_DISCONNECT YODEL_SECONDS(5) // Without an answer to what was asked;
#define ICE_CONSENT_HURRY YODEL_MS(250)         // Between checks while there is doubt.
#define ICE_CONSENT_DOUBT YODEL_SECONDS(1)      // sooner it is left, if there is doubt.
#define ICE_CONSENT_DOUBT_RTTS 3                // But not before so many round trips.
#define ICE_CONSENT_GRACE YODEL_MS(200)         // For a last answer, once another path gave one;
#define ICE_CONSENT_RUSH YODEL_MS(50)           // it is asked for so often,
#define ICE_CONSENT_GRACE_RTTS 2          // and for so many round trips, where they take longer.
#define ICE_CONSENT_SILENCE YODEL_MS(400) // Of who was sent something.
#define ICE_CONSENT_EXPIRY YODEL_SECONDS(30)

struct ice;

struct ice_consent {
    bool is_expired;
    bool is_silent;       // Others are better.
    bool is_trying;       // Others are tried, while there is doubt.
    bool is_disconnected; // And this is told.
    bool is_doubted;
    yodel_time unheard_since; // The first thing sent since something was heard, or YODEL_NEVER.
    yodel_time heard_at;      // Anything, along the selected path.
    yodel_time answered_at;
    yodel_time asked_at; // The first check since then; YODEL_NEVER: all are answered.
    yodel_time due;      // Of the next check.
    yodel_time other_at; // Another path has answered since; YODEL_NEVER: none.
    uint32_t id_next;
    struct {
        bool is_used;
        uint8_t id[STUN_ID_SIZE];
        yodel_time sent_at;
    } ids[ICE_CONSENT_IDS_MAX];
};

// The path was selected; its latest answer came at `answered_at`.
void ice_consent_start(struct ice *ice, yodel_time answered_at, yodel_time now);
void ice_consent_answered(struct ice *ice, yodel_time now);

// Data went along the selected path; it came, or a request did.
void ice_consent_sent(struct ice *ice, yodel_time now);
void ice_consent_heard(struct ice *ice, bool is_data, yodel_time now);

// The peer was heard along another path, and may have lost this one: it is asked at once, unless it
// was heard just now.
void ice_consent_doubt(struct ice *ice, yodel_time now);

// Whether `msg` carries the id of a consent check. If so, and it is an answer along the right path,
// there is consent.
bool ice_consent_matches(const struct ice *ice, const struct stun_msg *msg);
void ice_consent_recv(
    struct ice *ice, const struct yodel_path *path, const struct stun_msg *msg, yodel_time now);

void ice_consent_run(struct ice *ice, yodel_time now);

// True when a consent check is to be sent; fills its id.
bool ice_consent_emit(struct ice *ice, uint8_t id[STUN_ID_SIZE], yodel_time now);
yodel_time ice_consent_next_timeout(const struct ice *ice);

#endif
