// What getStats says of sound and pictures, as a few figures: for a person a line, for a script an object.
//
//   each second: sample of each peer ──less the one before──► figures ──added up──► a line, or JSON
//
// Implements  W3C webrtc-stats, read from the outside
// Limits      CLI_FIGURES_CODECS codecs of a peer are known by name

#ifndef CLI_FIGURES_H
#define CLI_FIGURES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/time.h"
#include "yodel/media.h"

#define CLI_FIGURES_CODECS 16
#define CLI_FIGURES_LINE_MAX 256
#define CLI_FIGURES_TEXT_MAX 32

// Of one kind, one way. Totals since the connection began, but for what is now.
struct cli_figures_stream {
    bool is_there;
    char codec[CLI_FIGURES_TEXT_MAX]; // "VP8".
    char limit
        [CLI_FIGURES_TEXT_MAX]; // What keeps the picture from being better: "bandwidth", "cpu"; or "".
    double bytes, packets, packets_lost, loss; // `loss`: what the other side told of, 0 to 1.
    double width, height, frames, freezes;
    double energy, seconds; // Of sound: totalAudioEnergy, and of how long.
    double delay, emitted;  // Of the jitter buffer: seconds, and how many things had them together.
};

// Of one peer, at one moment.
struct cli_figures_sample {
    yodel_time at; // 0: there was none yet.
    bool has_rtt;
    double rtt_ms;
    struct cli_figures_stream in[2], out[2]; // By enum yodel_media_kind.
};

// Of all peers together, since the samples before.
struct cli_figures_flow {
    bool is_there;
    char codec[CLI_FIGURES_TEXT_MAX], limit[CLI_FIGURES_TEXT_MAX];
    double width, height, frames,
        rate;                  // `rate`: pictures a second; as the next two of the largest.
    double bitrate_bps;        // Of all.
    double packets_lost, loss; // The worst: of all time, and 0 to 1 of late.
    double freezes, buffer_ms;
    double level; // Of sound, 0 to 1: the mean in all that time (webrtc-stats, totalAudioEnergy).
};
struct cli_figures {
    uint32_t peers; // With a sample.
    bool has_rtt;
    double rtt_ms; // The longest.
    struct cli_figures_flow in[2], out[2];
};

void cli_figures_take(struct cli_figures_sample *sample, yodel_media *media, yodel_time now);
// `before` may be one without a moment: then there are no rates.
void cli_figures_add(struct cli_figures *figures, const struct cli_figures_sample *before,
    const struct cli_figures_sample *sample);

// Both are as they are where nothing is known. The caller owns the object; NULL: no memory.
json_t *cli_figures_json(const struct cli_figures *figures, bool is_sent);
void cli_figures_line(
    const struct cli_figures *figures, bool is_sent, char line[CLI_FIGURES_LINE_MAX]);

#endif
