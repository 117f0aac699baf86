// The signaling server without sockets and clock: texts from clients go in, texts for clients come
// out.
//
// Implements  docs/SIGNALING.md (the server's side)
// Not here    WebSocket and HTTP (server/), JSON (signaling/message.h)
// Ownership   the core owns its clients from connect to disconnect; whoever drives it calls
//             disconnect for each
// Limits      SIGNALING_… below, and those of message.h, queue.h, rooms.h and codes.h
// Time        every `now` must be at least the one before it
//
// A turn: connect, recv, pong, disconnect or tick; then signaling_core_next_ready until it is NULL;
// each client that it returns wants what signaling_core_next_output says.

#ifndef SIGNALING_CORE_H
#define SIGNALING_CORE_H

#include "base/addr.h"
#include "base/env.h"
#include "signaling/codes.h"
#include "signaling/message.h"
#include "signaling/queue.h"
#include "signaling/rooms.h"
#include "signaling/sources.h"

#define SIGNALING_CLIENT_CODES_MAX 16
#define SIGNALING_BAD_MESSAGES_MAX 10
#define SIGNALING_MESSAGES_A_SECOND 100
#define SIGNALING_FLOOD_A_SECOND 1000 // Whoever goes on after the first error is closed.
#define SIGNALING_WRONG_CODES_MAX 5   // A minute, for an address.
#define SIGNALING_USED_CODES_MAX 120  // A minute, for an address: use-code of any kind.
// An hour, for an address. Each may be a guess at two of 1024 words: one in 1700 hours meets.
#define SIGNALING_USED_CODES_LONG_MAX 600
#define SIGNALING_CREATED_CODES_MAX 120 // A minute, for an address.
#define SIGNALING_PING_INTERVAL YODEL_SECONDS(20)
#define SIGNALING_PONG_TIMEOUT YODEL_SECONDS(30)
#define SIGNALING_CLIENTS_DEFAULT 100000
#define SIGNALING_PER_SOURCE_DEFAULT 1024

enum signaling_error {
    SIGNALING_BAD_MESSAGE,
    SIGNALING_UNKNOWN_TYPE,
    SIGNALING_BAD_ROOM,
    SIGNALING_NO_SUCH_PEER,
    SIGNALING_UNKNOWN_CODE,
    SIGNALING_USED_CODE,
    SIGNALING_RATE_LIMITED,
    SIGNALING_TOO_MANY,
    SIGNALING_ERROR_COUNT,
};

// Why the core wants a client's connection closed.
enum signaling_close {
    SIGNALING_CLOSE_NONE,
    SIGNALING_CLOSE_BAD_MESSAGES,
    SIGNALING_CLOSE_FLOOD,
    SIGNALING_CLOSE_SLOW, // It does not read.
    SIGNALING_CLOSE_GONE, // It answers no ping.
    SIGNALING_CLOSE_NO_MEMORY,
};

struct signaling_config {
    const struct env *env;
    const char *server;          // "yodel/0.1.0".
    uint32_t clients_max;        // 0: SIGNALING_CLIENTS_DEFAULT.
    uint32_t clients_per_source; // 0: SIGNALING_PER_SOURCE_DEFAULT.
};

struct signaling_stats {
    uint64_t connections; // Ever.
    uint64_t refused;
    uint64_t received;
    uint64_t sent;
    uint64_t paired;
    uint64_t errors[SIGNALING_ERROR_COUNT];
    uint64_t closed[SIGNALING_CLOSE_NO_MEMORY + 1];
};

struct signaling_core {
    struct signaling_config config;
    struct map by_id;
    struct list ready;
    struct list checks; // Whose ping is due next is first: the interval is the same for all.
    struct signaling_rooms rooms;
    struct signaling_codes codes;
    struct signaling_sources sources;
    struct signaling_stats stats;
};

struct signaling_client;

struct signaling_arrival {
    const struct yodel_addr *addr;
    const char *ice_servers; // A JSON array, or NULL.
    void *user;              // The caller's.
};

struct signaling_output {
    struct bytes text;          // To send; then signaling_core_sent. Empty: none.
    bool wants_ping;            // Once.
    enum signaling_close close; // Not NONE: close when the texts are sent.
};

void signaling_core_init(struct signaling_core *core, const struct signaling_config *config);
void signaling_core_deinit(struct signaling_core *core); // Everybody is disconnected.

// Whether one more from there would be let in: for an answer before the WebSocket is accepted.
bool signaling_core_has_room(const struct signaling_core *core, const struct yodel_addr *addr);

// Fails with TOO_LARGE (a limit above) or NO_MEMORY.
YODEL_MUST_USE enum yodel_err signaling_core_connect(struct signaling_core *core,
    const struct signaling_arrival *arrival, struct signaling_client **client, yodel_time now);
void signaling_core_disconnect(
    struct signaling_core *core, struct signaling_client *client, yodel_time now);

// One text message. What is no message (a binary frame, one that is too long) is an empty one.
void signaling_core_recv(struct signaling_core *core, struct signaling_client *client,
    struct bytes text, yodel_time now);
void signaling_core_pong(struct signaling_client *client); // Anything at all was heard.
void signaling_core_tick(struct signaling_core *core, yodel_time now);
yodel_time signaling_core_next_timeout(const struct signaling_core *core);

// Each client with something new to say, once; NULL after the last.
struct signaling_client *signaling_core_next_ready(struct signaling_core *core);
void *signaling_core_user(const struct signaling_client *client);
// Each client that is connected, to walk over; NULL for the first, NULL after the last.
struct signaling_client *signaling_core_next(
    const struct signaling_core *core, const struct signaling_client *client);
const char *signaling_core_id(const struct signaling_client *client);

enum signaling_close signaling_core_close(const struct signaling_client *client);

// What is to be done for a client now; asking takes the ping away.
struct signaling_output signaling_core_next_output(struct signaling_client *client);
void signaling_core_sent(struct signaling_core *core, struct signaling_client *client);

const char *signaling_core_error_name(enum signaling_error error);
const char *signaling_core_close_text(enum signaling_close close);

#endif
