// Sound and video in the simulator: side 0 shows and speaks, as an encoder that follows the estimate does, and side 1
// plays what comes as a player does, with its jitter buffers. What was good and what was not is counted.
//
//   show_init(&show, 1);                        // Or sim_init and the like on its `sim`, with places and NATs.
//   show_start(&show);                          // Connected.
//   show_play(&show, YODEL_SECONDS(20));
//   show_tell(&show, "F1", "loss 5 %");         // A row of a table.
//
// Not here    encoders and decoders: frames carry their number, sound is a tone, and a packet that was lost can be made
//             of the next one, as with Opus's in-band FEC
// Ownership   owns its sim; one at a time, for its figures are kept in static memory
// Limits      SHOW_SECONDS between two calls of show_forget

#ifndef SIM_SHOW_H
#define SIM_SHOW_H

#include "playout/audio.h"
#include "playout/video.h"
#include "sim.h"

#define SHOW_SECONDS 400
#define SHOW_SLOT YODEL_MS(100)
#define SHOW_SLOTS (SHOW_SECONDS * 10)
#define SHOW_PENDING_MAX PLAYOUT_VIDEO_FRAMES_MAX
#define SHOW_BPS_MAX 3000000
#define SHOW_OVERHEAD 28 // IPv4 and UDP.

struct show {
    struct sim sim;
    struct yodel_transceiver *sound, *video; // Of side 0.
    struct yodel_transceiver *seen_on;       // Of side 1, for video.
    // Side 0.
    uint32_t pictures, sounds; // Sent.
    uint64_t bitrate;
    bool wants_key;
    yodel_time picture_due, sound_due;
    uint32_t slots[SHOW_SLOTS]; // Bytes, of a tenth of a second each.
    uint32_t rtp_count;
    // Side 1.
    uint32_t seen, heard; // Frames that came,
    uint32_t broken, backward, keys;
    uint32_t next_picture;
    yodel_duration longest_silence; // between two of sound,
    yodel_time last_heard;
    yodel_time shot[1024]; // and when each was captured, by its number.
    struct playout_audio audio;
    struct playout_video screen;
    yodel_time pull_due;
    struct {
        uint32_t number;
        yodel_time at;
    } pending[SHOW_PENDING_MAX]; // Decoded, to be shown.
    size_t pending_count;
    uint64_t delay_sum, delay_count;
    // As it was when counting began.
    yodel_time since;
    uint32_t pictures_before, sounds_before, seen_before, heard_before, rtp_before;
    uint64_t again_before;
    // What else looks at what is sent.
    void (*attack)(struct sim *sim, int from, const struct yodel_path *path,
        const uint8_t *datagram, size_t len);
};

// What was measured since show_forget: shares are of 1.
struct show_figures {
    double frozen;    // Of the time, freezes and pauses.
    double concealed; // Of the sound, what is made up.
    double seen;      // Of the pictures sent, and
    double heard;     // of the packets of sound, what came.
    double again;     // Packets sent again, of all.
    double bps;       // Sent, on average,
    double peak_bps;  // and in the worst second.
    double delay_ms;  // From a picture's capture until it is shown, but for coding.
};

void show_init(struct show *show, uint64_t seed);
void show_start(struct show *show);

// Checks what must hold whatever the network did, too.
void show_end(struct show *show);

void show_play(struct show *show, yodel_duration duration);

// Puts the frames that are due now, and lets no time pass; when the next one is.
yodel_time show_speak(struct show *show);

// What is counted from here on.
void show_forget(struct show *show);
struct show_figures show_measure(const struct show *show);

// Prints them, and returns them.
struct show_figures show_tell(const struct show *show, const char *name, const char *what);

// How long it takes until a second's worth of what is sent is below `bps`; YODEL_NEVER: longer than `patience`. Plays on for
// that and a second.
yodel_duration show_wait_below(struct show *show, uint64_t bps, yodel_duration patience);

#endif
