// Streams of peers: those that they ask for, to TURN servers, and those that others open to us.
//
// A message that a stream has no room for is dropped, as over UDP, so that nothing waits for it.
//
// Implements  YODEL_EVENT_CONNECT and DISCONNECT (yodel/peer.h); RFC 6544 §5, §7.1 (passive
//             candidates: a Binding request comes first, and its user name says whose the stream
//             is)
// Not here    listening (runtime/listener.h), framing (runtime/frames.h), sockets (net/stream.h)
// Ownership   a stream frees itself once its socket is gone; a peer's end with its attachment
// Limits      STREAMS_PER_PEER; of strangers STREAMS_PER_SOURCE, and STREAMS_STRANGERS_MAX in all: the
//             source with the most makes room, by its oldest; each has STREAMS_STRANGER_TIMEOUT for
//             its first message, and what others opened STREAMS_HALF_TIMEOUT to end one it began

#ifndef RUNTIME_STREAMS_H
#define RUNTIME_STREAMS_H

#include "runtime/worker.h"

#define STREAMS_PER_PEER 32
#define STREAMS_STRANGERS_MAX 64
#define STREAMS_PER_SOURCE 16 // An address, or a /64 of IPv6: many may share one.
#define STREAMS_STRANGER_TIMEOUT YODEL_SECONDS(5)
#define STREAMS_HALF_TIMEOUT YODEL_SECONDS(10)

// What all streams of a worker share.
enum yodel_err streams_init(struct worker *worker, const struct yodel_runtime_config *config);
void streams_deinit(struct worker *worker);

// Answers the two events.
void streams_connect(struct attachment *attachment, const struct yodel_event *event);
void streams_disconnect(struct attachment *attachment, const struct yodel_path *path);

// Sends one message along `path`, or drops it. It leaves with the next flush.
void streams_send(
    struct attachment *attachment, const struct yodel_path *path, struct bytes message);
void streams_flush(struct worker *worker);

// Somebody connected to one of our listening addresses: takes the socket over.
void streams_accept(struct worker *worker, const struct yodel_addr *listening, int fd);

// Strangers that said nothing are let go, and who stopped within a message. When the next has had its
// time.
void streams_tick(struct worker *worker, yodel_time now);
yodel_time streams_next_timeout(const struct worker *worker);

// The peer goes; the worker goes.
void streams_drop_all(struct attachment *attachment);
void streams_stop(struct worker *worker);

#endif
