// Sources: a feed, read by a thread, whose pictures and sound come to the loop when it is their time.
//
//   feed ──► thread: reads ahead, sorts by time, waits ──► loop: gives to the tracks
//
// What a file or the test gives waits until it would be played; a device's is passed on at once, and thrown away
// where the loop does not come after.
//
// Ownership   the source owns itself and the feed: it lets go when the tracks of both kinds were stopped
// Threads     the loop's; the thread is its own
// Limits      SOURCE_PICTURES and SOURCE_SOUNDS are on the way

#ifndef STREAM_SOURCE_H
#define STREAM_SOURCE_H

#include "stream/feed.h"

#define SOURCE_PICTURES 6
#define SOURCE_SOUNDS 64 // Of 10 ms each.
#define SOURCE_FRAME_RATE_MAX 120
#define SOURCE_LATE_MAX YODEL_MS(500) // Who is later than this begins its time anew.

struct source_config {
    struct feed *feed; // NULL: there was no memory for one.
    const char *label; // Until the feed says a better one.
    bool is_screen;
};

// Both tracks are given where not NULL; the source goes on for those that are there. Fails with NO_MEMORY, NETWORK
// (no thread); then the feed was closed.
YODEL_MUST_USE enum yodel_err source_open(yodel_runtime *runtime,
    const struct source_config *config, yodel_track **audio, yodel_track **video);

#endif
