// TURN's clients over TCP and TLS: messages are cut out of the stream, and what goes back leaves in few writes.
//
// A slow client loses relayed datagrams, as over UDP, and costs no memory beyond the stream's queue.
//
// Implements  RFC 8656 §2.1 (TCP and TLS to clients), §12.5 (padding); RFC 8489 §6.2.2
// Not here    accepting, and telling protocols apart (server/front.h); what a stream carries once it is bound to
//             a peer's connection (server/turn_tcp.h)
// Ownership   owns its stream, which ends it
// Limits      SERVER_TURN_STREAMS_MAX at a time, SERVER_TURN_STREAMS_PER_ADDRESS from one IPv4 address or IPv6 /64; a
//             message is whole within SERVER_TURN_STREAM_MESSAGE; without an allocation nobody stays
//             silent for SERVER_TURN_STREAM_IDLE; STREAM_QUEUE_MAX bytes wait for a slow client

#ifndef SERVER_TURN_STREAM_H
#define SERVER_TURN_STREAM_H

#include "server/turn.h"

struct stream;
struct ssl_ctx_st;

#define SERVER_TURN_STREAMS_MAX 4096
#define SERVER_TURN_STREAMS_PER_ADDRESS 128
#define SERVER_TURN_STREAM_MESSAGE YODEL_SECONDS(10)
#define SERVER_TURN_STREAM_IDLE YODEL_SECONDS(60)
#define SERVER_TURN_STREAM_LOOK_MS 1000 // How often those times are looked at.

// Takes over an accepted socket, whose first bytes may still be unread. `tls` NULL: plain.
void server_turn_stream_accept(struct server_turn *turn, int fd, struct ssl_ctx_st *tls);

// Takes over one over TLS that has begun to speak: `early`, and then `rest`, which are valid for the call.
void server_turn_stream_take(
    struct server_turn *turn, struct stream *stream, struct bytes early, struct span rest);

// A message for the client with that number goes into the batch, where it is still there.
void server_turn_stream_put(struct server_turn *turn, const struct turn_output *out);

// Closes those that took too long.
void server_turn_stream_look(struct server_turn *turn, yodel_time now);

void server_turn_stream_close_all(struct server_turn *turn);

#endif
