// Streams: the connections that pairs over TCP need, opened when a pair's turn comes, or by the peer.
//
// A stream is known by its path, and outlives its pair where a restart forms the pair anew. One that
// no pair needs is given back. An active candidate's path has ICE_ACTIVE_PORT at its local end, so
// that it is never a stream to a TURN server, even at the same address.
//
//   ASKED ---> OPENING ---> OPEN <--- an authentic check came along it
//     |           |           |
//     +-----------+-----------+--- nobody needs it ---> UNWANTED     (any more: ICE_STREAM_SPARE)
//
// Implements  RFC 6544 §7.1 (connecting before a check), §7.2 (checks over what the peer opened),
//             §8 (what is not needed is closed); RFC 8445 §8.3 (when)
// Not here    framing and sockets (ICE_EVENT_CONNECT asks for them), TURN's streams (ice/relay.h)
// Limits      ICE_STREAMS_MAX; ICE_STREAMS_OPENING_MAX at once; a stream that the peer opened has
//             ICE_STREAM_GRACE until a pair needs it

#ifndef ICE_STREAM_H
#define ICE_STREAM_H

#include "base/addr.h"
#include "base/time.h"

#define ICE_STREAMS_MAX 16
#define ICE_STREAMS_OPENING_MAX 4
#define ICE_STREAM_GRACE YODEL_SECONDS(5)

// What works beside a nominated pair: as long as the choice may well change. A spare stream hardly makes
// a later change faster: where UDP went black in the simulator (20 ms a round trip, tests/sim/
// sim_listen_test.c), data went on after 1.32 s with one, and as soon where it was opened anew. And it
// holds two sockets, at a listener's that serves many.
#define ICE_STREAM_SPARE YODEL_SECONDS(30)
#define ICE_STREAM_HEAD_START YODEL_MS(250) // Of UDP before a connection, which may be for nothing.

struct ice;
struct ice_event;
struct ice_pair;

enum ice_stream_state {
    ICE_STREAM_NONE, // No such stream.
    ICE_STREAM_ASKED,
    ICE_STREAM_OPENING,
    ICE_STREAM_OPEN,
    ICE_STREAM_UNWANTED,
};

struct ice_stream {
    enum ice_stream_state state;
    struct yodel_path path;
    yodel_time keep_until; // Whatever else; 0: not.
};

// Whether checks may go along the pair: always over UDP.
bool ice_stream_is_open(const struct ice *ice, const struct ice_pair *pair);

// An authentic check came along `path`. False: no stream of ours, or one too many.
bool ice_stream_accept(struct ice *ice, const struct yodel_path *path, yodel_time now);

// What came along `path` was not authentic: a stream that never brought anything else is closed.
void ice_stream_judge(struct ice *ice, const struct yodel_path *path);

// Opens what has its turn, and gives back what nobody needs.
void ice_stream_run(struct ice *ice, yodel_time now);
yodel_time ice_stream_next_timeout(const struct ice *ice);

bool ice_stream_next_event(struct ice *ice, struct ice_event *event);
void ice_stream_connected(struct ice *ice, const struct yodel_path *path);
void ice_stream_disconnected(struct ice *ice, const struct yodel_path *path); // Or never was.

#endif
