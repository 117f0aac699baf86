// What `yodel publish` and `yodel call` show: the SOURCE that was named, as tracks, once the user has allowed it.
//
//   test                moving pictures that carry a number, and a tone
//   camera, screen      devices, with the microphone
//   anything else       a file, or a URL that FFmpeg opens
//
// Ownership   the caller owns the struct; the tracks are stopped by deinit

#ifndef CLI_SOURCES_H
#define CLI_SOURCES_H

#include "cli/options.h"
#include "signaling/call_message.h"
#include "yodel/media.h"

struct cli_sources_options {
    yodel_runtime *runtime;
    const char *source;  // NULL: no picture.
    bool has_microphone; // With a camera or a screen, or without a picture.
    bool says_yes;       // Devices are allowed,
    bool may_ask;        // and else the user can be asked.
    bool
        is_lenient; // A camera or a screen that is not there is left out, as a microphone always is.
    bool is_looped; // A file begins again at its end.
    bool has_no_audio, has_no_video;

    // A track has ended for a reason of its own; none is left where `is_last`.
    void (*on_ended)(void *ctx, yodel_track *track, const char *why, bool is_last);
    void *ctx;
};

struct cli_sources {
    struct cli_sources_options options;
    yodel_track *tracks[2]; // By enum yodel_media_kind; NULL: none.
    bool has_ended[2];
    bool has_given; // Something has come of it.
    enum signaling_call_video video;
    bool was_refused; // By the user,
    bool was_deaf;    // who could not be asked.
};

// Asks first, on the terminal, where there is something to be captured. `why` is a sentence where it fails, with
// NOT_FOUND, ABORTED (it was not allowed, or nobody could be asked), NO_MEMORY, …; and where something is left out,
// else "".
YODEL_MUST_USE enum yodel_err cli_sources_open(
    struct cli_sources *sources, const struct cli_sources_options *options, char why[CLI_WHY_MAX]);
void cli_sources_deinit(struct cli_sources *sources);

#endif
