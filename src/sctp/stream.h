// SCTP streams: what each stream remembers in both directions, found by its number, and what it has
// to tell.
//
// Implements  RFC 9260 §6.5 (stream sequence numbers); W3C webrtc §6.2 (bufferedAmount and its
//             threshold)
// Not here    who sends next (sctp/tx.h), putting messages together (sctp/assembly.h)
// Ownership   the table owns its streams; a pointer to one is good until deinit
// Limits      65536 streams in pages of SCTP_STREAM_PAGE, made when first used: at most about 8 MB
//             for a peer that touches them all

#ifndef SCTP_STREAM_H
#define SCTP_STREAM_H

#include "base/env.h"
#include "base/err.h"

#define SCTP_STREAM_PAGE 64
#define SCTP_STREAM_PAGES 1024
#define SCTP_STREAMS_MAX 65535

struct sctp_out;   // sctp/tx.h
struct sctp_piece; // sctp/assembly.h

// What a stream has to tell: a flag each, so that nothing can overflow.
enum sctp_stream_news {
    SCTP_STREAM_BUFFERED_LOW = 1,
    SCTP_STREAM_RESET_DONE = 2,
};

enum sctp_stream_reset {
    SCTP_STREAM_RESET_NONE,
    SCTP_STREAM_RESET_WANTED, // What is queued goes out first.
    SCTP_STREAM_RESET_ASKED,  // The request is on its way.
};

struct sctp_stream {
    uint16_t id;

    // Outgoing.
    uint16_t ssn_out;
    enum sctp_stream_reset reset;
    struct sctp_stream *next_reset;
    struct sctp_out *head; // Messages that have not been sent whole.
    struct sctp_out *tail;
    struct sctp_stream *next_turn;
    bool in_turn;
    bool was_refused; // A message was: say so when there is room again.
    size_t buffered;  // Bytes not yet sent for the first time.
    size_t low_threshold;

    // Incoming.
    uint64_t ssn_in;              // The next one to deliver.
    struct sctp_piece *held_head; // Whole messages that wait for an earlier one, by SSN.
    struct sctp_piece *held_tail;
    bool in_used; // Something arrived since the last reset.

    uint32_t news;
    struct sctp_stream *next_news;
    bool in_news;
};

struct sctp_streams {
    const struct env *env;
    struct sctp_stream *pages[SCTP_STREAM_PAGES];
    struct sctp_stream *news_head;
    struct sctp_stream *news_tail;
};

void sctp_streams_init(struct sctp_streams *streams, const struct env *env);
void sctp_streams_deinit(struct sctp_streams *streams);

// NULL where nothing has happened on it, or anywhere near.
struct sctp_stream *sctp_streams_find(const struct sctp_streams *streams, uint16_t id);

// Makes it where needed; NULL without memory.
struct sctp_stream *sctp_streams_open(struct sctp_streams *streams, uint16_t id);

void sctp_streams_tell(
    struct sctp_streams *streams, struct sctp_stream *stream, enum sctp_stream_news news);

// Takes one piece of news, or returns false.
bool sctp_streams_next_news(
    struct sctp_streams *streams, uint16_t *id, enum sctp_stream_news *news);

#endif
