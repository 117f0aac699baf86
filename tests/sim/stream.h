// The simulator's streams: messages over TCP between a side and a server, or the other side.
//
// As in a loop of the real world: a message that a stream has no room for is dropped, and framing is
// the library's own. The other side is told of its messages as if they were datagrams. Who connects to
// a side that listens is a stranger until the first message names its peer, and has five seconds for it.
//
// Implements  YODEL_EVENT_CONNECT and DISCONNECT (yodel/peer.h), and what TURN's listeners do
// Ownership   the sim's
// Limits      SIM_STREAMS_MAX ends of streams

#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "runtime/frames.h"
#include "tcp.h"

#define SIM_STREAMS_MAX TCP_SOCKETS_MAX

struct sim;
struct sim_side;

struct sim_stream {
    struct tcp_socket *socket; // NULL: there is none.
    int owner;
    bool is_told;     // That it is open.
    bool is_stranger; // Nobody has taken it yet.
    yodel_time since;
    struct yodel_path path; // As its owner calls it.
    struct frames frames;
};

struct sim_streams {
    struct tcp tcp;
    uint64_t dropped; // Messages that found no room.
    struct sim_stream all[SIM_STREAMS_MAX];
};

void stream_init(struct sim *sim);
void stream_deinit(struct sim *sim);

// A side's: they answer its events, and send a message of its.
void stream_connect(struct sim_side *side, const struct yodel_event *event);
void stream_disconnect(struct sim_side *side, const struct yodel_path *path);
void stream_send(struct sim_side *side, const struct yodel_path *path, struct bytes message);

// A server's: it sends a message, or ends as a process does.
void stream_answer(struct sim *sim, uint64_t stream, struct bytes message);
void stream_reset_all(struct sim *sim, int owner);

// A box on the way ends all streams between the sides, at both ends.
void stream_cut_sides(struct sim *sim);

// Ends of streams that sides have, to each other.
int stream_count_sides(const struct sim *sim);

// A segment arrived. All that is due is done, and what has arrived is given to its owner.
void stream_take(struct sim *sim, const struct network_arrival *arrival);
void stream_run(struct sim *sim);
yodel_time stream_next_at(const struct sim *sim);

#endif
