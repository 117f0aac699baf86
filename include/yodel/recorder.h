// Recorder: writes encoded frames as they come from the other side, and what tracks give, into a file that plays,
// whatever ends the process. MediaRecorder in C.
//
//   yodel_recorder_new(runtime, "call.webm", &(struct yodel_recorder_config){.handler = on_recorder}, &recorder);
//   case YODEL_EVENT_FRAME:              yodel_recorder_frame(recorder, event->frame); break;
//   case YODEL_RECORDER_WANT_KEY:        yodel_transceiver_request_key_frame(transceiver); break;
//   yodel_recorder_stop(recorder);       then YODEL_RECORDER_ENDED, and it is gone
//
// The name's ending says what is written: .webm (Opus; VP8, VP9, AV1), .mkv (all codecs), .mp4 (Opus; VP9, H.264, AV1),
// .ogg and .opus (Opus). Frames are not coded anew. Sound and pictures that were captured at one moment are played at
// one moment, by their sender's clock where it is known, and else by when they came.
//
// Implements  W3C mediastream-recording §2 (MediaRecorder)
// Ownership   the caller's until yodel_recorder_stop; then it frees itself, after the handler has seen
//             YODEL_RECORDER_ENDED. The runtime must stay until then
// Threads     the loop's thread only; the file is written beside it
// Limits      one track of sound and one of pictures. 16 MiB wait for a slow disk; what comes then is left out, pictures until
//             the next key frame
// Departs     it writes a file, and gives no blobs; it does not end with its tracks; there is no pause

#ifndef YODEL_RECORDER_H
#define YODEL_RECORDER_H

#include "yodel/media.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yodel_recorder yodel_recorder;

enum yodel_recorder_event_type {
    YODEL_RECORDER_STARTED, // start: all that was waited for is there, and the file has begun.
    YODEL_RECORDER_WANT_KEY, // Pictures come, but none can be written before a key frame: ask for one.
    YODEL_RECORDER_DROPPED, // Something is left out of the file; `text` says why.
    YODEL_RECORDER_FAILED,  // error: nothing more is written; `err` and `text` say why. Stop it.
    YODEL_RECORDER_ENDED,   // stop: the file is on the disk, and this recorder is gone afterwards.
};

struct yodel_recorder_stats {
    uint64_t frames; // Of both kinds, that are in the file;
    uint64_t bytes;
    yodel_duration duration;
    uint64_t dropped; // Frames that came, and are not in it.
};

// What it points to lives until the handler returns.
struct yodel_recorder_event {
    enum yodel_recorder_event_type type;
    enum yodel_err err;
    const char *text; // Never NULL.
    struct yodel_recorder_stats stats;
};

// Called from the loop, or last in yodel_recorder_frame; it may call anything.
typedef void yodel_recorder_handler(
    void *ctx, yodel_recorder *recorder, const struct yodel_recorder_event *event);

struct yodel_recorder_config {
    bool
        has_no_audio; // Only the other is recorded. Without either it is waited for both: two seconds for what does
    bool
        has_no_video; // not come at all, ten for a key frame; what comes later than that is left out.
    bool overwrites;                 // A file of that name is replaced.
    yodel_recorder_handler *handler; // NULL: nobody.
    void *ctx;
};

// isTypeSupported: whether a file of that name can hold a codec. What cannot be held need not be negotiated
// (yodel_transceiver_set_codec_preferences).
bool yodel_recorder_can_hold(const char *path, enum yodel_codec codec);

// The file is opened beside the loop: what fails then (its name, the disk, a library without files) is an event. Fails
// with TYPE (neither sound nor pictures), RANGE (a name of 1024 bytes), NO_MEMORY, NETWORK (no thread).
enum yodel_err yodel_recorder_new(yodel_runtime *runtime, const char *path,
    const struct yodel_recorder_config *config, yodel_recorder **recorder);

// Records an encoded frame, which is copied: one of YODEL_EVENT_FRAME, or of your own with `captured` on the runtime's clock.
// What is not recorded for the disk's sake is counted, and no failure. Fails with
//   TYPE            the file cannot hold its codec, or has another already, or it is empty: others may follow;
//   TOO_LARGE       over 16 MiB;
//   EXISTS          a track of its kind is recorded already;
//   INVALID_STATE   it was stopped.
// After YODEL_RECORDER_FAILED it fails with what that said.
enum yodel_err yodel_recorder_frame(yodel_recorder *recorder, const struct yodel_frame *frame);

// Records a track: encodes it beside the loop, sound with Opus. The track must stay until yodel_recorder_stop. Fails as
// yodel_recorder_frame does, and with NOT_SUPPORTED (this library has no such encoder), NO_MEMORY.
enum yodel_err yodel_recorder_track(
    yodel_recorder *recorder, yodel_track *track, enum yodel_codec codec);

// Lets go of the tracks, and ends the file. Again: nothing.
void yodel_recorder_stop(yodel_recorder *recorder);

// So far.
struct yodel_recorder_stats yodel_recorder_stats(yodel_recorder *recorder);

// Why the last call failed, a sentence; or "".
const char *yodel_recorder_error_text(const yodel_recorder *recorder);

#ifdef __cplusplus
}
#endif
#endif
