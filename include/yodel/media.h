// Tracks: sound and pictures that come from somewhere (a camera, a file, the other side) and go to whoever listens
// (the other side, a window, a recording). MediaStreamTrack, getUserMedia and getDisplayMedia in C.
//
//   source ──► track ──► listeners: your own, yodel_media_send (encodes, and sends), a player, a recorder
//   the other side ──► yodel_media_track ──► listeners
//
// Implements  W3C mediacapture-streams §4.3 (MediaStreamTrack), §9, §10 (devices); W3C screen-capture §5
// Ownership   whoever got a track stops it; it ends with that call. yodel_media_track's are the media's
// Threads     the loop's thread only. Devices, encoders and decoders work beside it
// Departs     streams are not objects: tracks of one getUserMedia belong together. Constraints are wishes

#ifndef YODEL_MEDIA_H
#define YODEL_MEDIA_H

#include "yodel/codec.h"
#include "yodel/runtime.h"
#include "yodel/transceiver.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yodel_track yodel_track;

// ---- tracks

enum yodel_track_event_type {
    YODEL_TRACK_RAW,    // `raw`: the next picture, or 10 ms of sound of 48000 Hz.
    YODEL_TRACK_MUTE,   // For now nothing comes,
    YODEL_TRACK_UNMUTE, // and again something will.
    YODEL_TRACK_ENDED,  // Nothing will come any more; `text` says why.
};

// What it points to lives until the listener returns.
struct yodel_track_event {
    enum yodel_track_event_type type;
    const struct yodel_raw *raw; // `captured` is on the runtime's clock.
    uint16_t rotation;           // Of a picture: to be turned clockwise by so many degrees.
    const char *text;
};
typedef void yodel_track_listener(
    void *ctx, yodel_track *track, const struct yodel_track_event *event);

// MediaTrackSettings; zeros where nothing is known yet.
struct yodel_track_settings {
    uint32_t width; // Of video.
    uint32_t height;
    uint32_t frame_rate;
    uint32_t channels; // Of sound.
};

enum yodel_media_kind yodel_track_kind(const yodel_track *track);
const char *yodel_track_label(const yodel_track *track); // The device's, the file's; never NULL.
bool yodel_track_is_muted(const yodel_track *track);
bool yodel_track_has_ended(const yodel_track *track);
struct yodel_track_settings yodel_track_settings(const yodel_track *track);

// enabled: a track that is not gives silence, or black.
bool yodel_track_is_enabled(const yodel_track *track);
void yodel_track_set_enabled(yodel_track *track, bool is_enabled);

// contentHint: pictures of a screen, where text should stay sharp ("detail").
bool yodel_track_is_screen(const yodel_track *track);

// Adds a listener, or takes it away (both with the same `ctx`); either may be done by a listener. Fails with NO_MEMORY,
// INVALID_STATE (it has ended).
enum yodel_err yodel_track_listen(yodel_track *track, yodel_track_listener *listener, void *ctx);
void yodel_track_unlisten(yodel_track *track, yodel_track_listener *listener, void *ctx);

// clone: another track of the same source, with listeners of its own. NULL: no memory, or it has ended.
yodel_track *yodel_track_clone(yodel_track *track);

// stop, and free: its source is let go with the last of its tracks. Listeners are not told. NULL is allowed.
void yodel_track_stop(yodel_track *track);

// ---- sources

// What is wished for; zeros: whatever there is.
struct yodel_source_config {
    const char *name;    // The file or URL, or a device's id; NULL: the default device.
    uint32_t width;      // Of pictures, at most;
    uint32_t height;     // a test pattern has 1280 x 720.
    uint32_t frame_rate; // At most; of the test pattern 30.
    uint32_t channels;   // Of sound; 0: 1, of a file what it has.
    uint32_t tone_hz;    // Of the test's sound; 0: 440.
    bool has_no_audio;   // Of a file and of the test: only the other.
    bool has_no_video;
    bool is_looped; // A file begins again at its end.
};

// Moving pictures that carry a number, and a tone. Both tracks are given where not NULL. Fails with NO_MEMORY, RANGE
// (a size below 64 x 48 or over YODEL_PICTURE_SIDE_MAX).
enum yodel_err yodel_source_open_test(yodel_runtime *runtime,
    const struct yodel_source_config *config, yodel_track **audio, yodel_track **video);

// A file, or whatever FFmpeg opens, at the pace at which it would be played. Opening takes place beside the loop: what
// fails then ends the tracks, with a sentence. A kind that the file does not have ends at once, in the same way.
enum yodel_err yodel_source_open_file(yodel_runtime *runtime,
    const struct yodel_source_config *config, yodel_track **audio, yodel_track **video);

// ---- devices

enum yodel_device_kind {
    YODEL_CAMERA,
    YODEL_MICROPHONE,
    YODEL_SCREEN,
    YODEL_LOUDSPEAKER,
};

// MediaDeviceInfo. What it points to lives until the visitor returns.
struct yodel_device {
    enum yodel_device_kind kind;
    const char *id; // For yodel_source_config.
    const char *label;
    bool is_default; // Of its kind.
};

// enumerateDevices, of one kind: those of now. It asks the system, which takes some milliseconds. Fails with NO_MEMORY,
// NOT_SUPPORTED (built without devices).
enum yodel_err yodel_device_list(enum yodel_device_kind kind,
    void (*visit)(void *ctx, const struct yodel_device *device), void *ctx);

// What the user is asked; the label is the device's. Without a permission callback nothing is ever captured.
typedef bool yodel_permission(void *ctx, enum yodel_device_kind kind, const char *label);

// getUserMedia (CAMERA, MICROPHONE), getDisplayMedia (SCREEN), for one device. Fails with NOT_FOUND (no such device),
// ABORTED (NotAllowedError: the permission was refused, or nobody was there to be asked), NO_MEMORY, NOT_SUPPORTED (built without
// devices), TYPE (a loudspeaker). What fails later, as where another program uses the device, ends the track.
enum yodel_err yodel_source_open_device(yodel_runtime *runtime, enum yodel_device_kind kind,
    const struct yodel_source_config *config, yodel_permission *permission, void *ctx,
    yodel_track **track);

// ---- tracks over a peer connection

typedef struct yodel_media yodel_media;

// Attaches a peer to the runtime, as yodel_runtime_add does, and looks after its tracks: those that are sent are
// encoded as the path allows, those that come are decoded and given at the right moment. `handler` gets each event of
// the peer, after it was dealt with. Fails as yodel_runtime_add does.
enum yodel_err yodel_media_new(yodel_runtime *runtime, yodel_peer *peer,
    yodel_peer_handler *handler, void *ctx, yodel_media **media);

// Detaches the peer, which the caller frees afterwards, and ends the tracks that came. What works beside the loop is let go of in the
// loop's next turns.
void yodel_media_free(yodel_media *media);

// replaceTrack: from now on the transceiver sends this track, without negotiation; NULL: nothing. It must stay until it is
// replaced. Fails with TYPE (another kind), NO_MEMORY.
enum yodel_err yodel_media_send(
    yodel_media *media, yodel_transceiver *transceiver, yodel_track *track);

// RTCRtpReceiver.track: what comes by this transceiver. Nothing is decoded before somebody listens. It is the media's: clone it to
// keep it longer. NULL: no memory.
yodel_track *yodel_media_track(yodel_media *media, yodel_transceiver *transceiver);

// jitterBufferTarget: at least so much delay, up to 4 s, of all that comes.
void yodel_media_set_delay(yodel_media *media, yodel_duration delay);

// getStats: what yodel_peer_stats tells, and what only is known here: of "outbound-rtp" and "inbound-rtp" how pictures
// and sound are encoded, decoded and played (framesEncoded, frameWidth, jitterBufferDelay, freezeCount, …), and a
// "media-source" for each track that is sent.
void yodel_media_stats(yodel_media *media,
    void (*visit)(void *ctx, const struct yodel_stats_member *member), void *ctx);

#ifdef __cplusplus
}
#endif
#endif
