// Muxer: writes encoded frames into a file, as they come from a peer or from an encoder, without coding them anew.
//
//   device_muxer_open(&muxer, "call.webm", &config);
//   device_muxer_put(&muxer, &frame);     of both kinds, as they come
//   device_muxer_close(&muxer);
//
// Whatever ends the process, what was put until MUXER_PART and MUXER_ORDER before plays. After an orderly end the file says how long it
// is, and can be sought in. Sound and video that were captured at one moment are played at one moment; a gap in what came
// stays a gap (in Ogg, what a decoder conceals; RFC 7845 §4.1); time is that of the first frame that is written.
//
// What a file has must be known before it begins: the muxer waits until both kinds are there, or for MUXER_WAIT, or for
// MUXER_KEY_WAIT where video came that needs a key frame first; what comes later than that is dropped. Video begins with
// a key frame. Pictures may change their size within the file; a file's head says that of the first.
//
// Implements  W3C mediastream-recording §2 (what a recording is), with containers by name (device/muxer_container.h)
// Not here    a thread: writing blocks for as long as the disk takes (stream/recorder_writer.h)
// Ownership   the caller's struct holds it; frames are borrowed until put returns
// Limits      one track of sound and one of video, each of one codec; MUXER_FRAME_MAX a frame; what waits, of
//             muxer_queue.h; rotation is kept by MP4 alone, that of the first frame; no sound of more channels than 2

#ifndef DEVICE_MUXER_H
#define DEVICE_MUXER_H

#include "device/muxer_clock.h"
#include "device/muxer_output.h"
#include "device/muxer_queue.h"

#define MUXER_PART YODEL_SECONDS(1) // So much of the file is ended at once,
#define MUXER_ORDER YODEL_MS(200)   // and so long a frame waits for one that came out of order.
#define MUXER_WAIT YODEL_SECONDS(2)
#define MUXER_KEY_WAIT YODEL_SECONDS(10)
#define MUXER_SHOWN_MAX YODEL_SECONDS(3600) // MP4 has 32 bits for how long a picture stays.
#define MUXER_FRAME_MAX (16u << 20)
#define MUXER_PATH_MAX 1024
#define MUXER_TEXT_MAX 512

enum device_muxer_expects { DEVICE_MUXER_BOTH, DEVICE_MUXER_AUDIO, DEVICE_MUXER_VIDEO };

struct device_muxer_config {
    struct alloc *alloc;               // NULL: the system's.
    enum device_muxer_expects expects; // The other kind is dropped.
    bool overwrites;
};

// Why a frame is not in the file.
enum device_muxer_drop {
    DEVICE_MUXER_UNEXPECTED, // Its kind is not expected, or came after the file had begun without it.
    DEVICE_MUXER_NEEDS_KEY, // Video before its first key frame.
    DEVICE_MUXER_LATE,      // Sound, after what follows it was written.
    DEVICE_MUXER_DAMAGED,   // No packet of its codec, or libavformat refuses it.
    DEVICE_MUXER_DROP_COUNT
};

struct device_muxer_track {
    bool is_expected;
    bool is_known;   // `head` is.
    bool is_waiting; // Frames came, but no key frame.
    struct muxer_head head;
    struct muxer_clock clock;
    int64_t newest;  // The moment of the last frame that was put. Once it is known;
    int64_t last;    // that of the one that was written, and
    int64_t spacing; // its distance from the one before; 0: not known yet.
};

struct device_muxer {
    struct alloc *alloc;
    enum yodel_err err; // For good.
    bool is_begun;
    const struct muxer_container *container;
    struct device_muxer_track tracks[2]; // By kind.
    struct muxer_queue queue;
    struct muxer_file file;
    struct muxer_output output;
    int64_t origin;     // The moment of the file's beginning.
    int64_t part_began; // Since then.
    char path[MUXER_PATH_MAX];

    // For the owner to read, after the end, too.
    char text[MUXER_TEXT_MAX]; // Why the last call failed, a sentence; or "".
    uint64_t written;          // Frames,
    uint64_t dropped[DEVICE_MUXER_DROP_COUNT];
    int64_t duration; // and microseconds, that are in the file.
};

// Makes the file. Fails with NOT_SUPPORTED (a name of no container, or a library without it), EXISTS, IO, RANGE (a longer
// name than MUXER_PATH_MAX), NO_MEMORY. Then there is nothing to close, and the text says why.
YODEL_MUST_USE enum yodel_err device_muxer_open(
    struct device_muxer *muxer, const char *path, const struct device_muxer_config *config);

// Whatever is in a frame, it is written, or dropped and counted. Fails with
//   TYPE            its container cannot hold it, or its track is of another codec: the file goes on without;
//   TOO_LARGE       more than MUXER_FRAME_MAX: so it does here;
//   IO, NO_MEMORY,  the file ends here, each later call fails with the same, and what was written
//   MALFORMED       before plays.
enum yodel_err device_muxer_put(struct device_muxer *muxer, const struct yodel_frame *frame);

// Writes what waits, ends the file and waits until it is on the disk. Fails as `put` does, and with NOT_FOUND: nothing
// came that a file could begin with, and there is none.
enum yodel_err device_muxer_close(struct device_muxer *muxer);

// Whether a file of that name could hold frames of that codec; false with its sentence.
bool device_muxer_can_hold(const char *path, enum yodel_codec codec, char text[MUXER_TEXT_MAX]);

#endif
