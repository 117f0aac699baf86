// One connected client inside the core, and how it is told things.
//
// Not here    what its messages do (signaling/actions.h)
// Ownership   the core's

#ifndef SIGNALING_SESSION_H
#define SIGNALING_SESSION_H

#include "signaling/core.h"

struct signaling_client {
    struct map_entry by_id;
    struct list_node ready;
    struct list_node check;
    struct signaling_rooms_member member;
    struct list codes;            // Those it created.
    struct signaling_code *using; // Somebody else's that it uses.
    struct signaling_source *source;
    struct signaling_queue queue;
    void *user;
    yodel_time check_at;
    yodel_time unanswered_since; // YODEL_NEVER: every ping was answered.
    yodel_time second;           // When the present second's counting began.
    uint32_t second_count;
    uint16_t code_count;
    uint16_t bad_count;
    bool ping_next; // Checks come twice as often as pings.
    bool wants_ping;
    enum signaling_close close;
    char id[SIGNALING_ID_SIZE + 1];
};

// Text by printf's rules, whole JSON, to one client or to the others in its room. None of the
// values needs escaping: the callers' job.
void signaling_session_say(struct signaling_core *core, struct signaling_client *client,
    const char *format, ...) YODEL_PRINTF(3, 4);
void signaling_session_say_others(struct signaling_core *core, struct signaling_client *client,
    const char *format, ...) YODEL_PRINTF(3, 4);

void signaling_session_push(
    struct signaling_core *core, struct signaling_client *client, struct signaling_text *text);

struct signaling_failure {
    enum signaling_error error;
    const char *text; // A sentence.
    const char *re;   // The type that caused it, or "".
};
void signaling_session_fail(struct signaling_core *core, struct signaling_client *client,
    const struct signaling_failure *failure);

void signaling_session_close(
    struct signaling_core *core, struct signaling_client *client, enum signaling_close why);
void signaling_session_make_ready(struct signaling_core *core, struct signaling_client *client);

#endif
