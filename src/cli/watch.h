// What comes from the other side, as a person takes it: in a window, with sound; or without either, decoded all the same,
// for the statistics and to see that it can be.
//
// Ownership   the caller owns the struct, which must not move; borrows tracks between take and drop

#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/life.h"
#include "yodel/player.h"

#define CLI_WATCH_TRACKS_MAX 8

struct cli_watch_options {
    struct cli_life *life; // Which is told, and ends when the window is closed.
    yodel_runtime *runtime;
    bool is_headless;
    void (*on_key)(void *ctx, int key); // Of the window, as a terminal gives them. NULL: nobody.
    void *ctx;
};

struct cli_watch {
    struct cli_watch_options options;
    yodel_player *player;
    yodel_track *tracks[CLI_WATCH_TRACKS_MAX]; // NULL: the place is free.
};

// Fails with a sentence in `why`.
YODEL_MUST_USE enum yodel_err cli_watch_begin(
    struct cli_watch *watch, const struct cli_watch_options *options, char why[CLI_WHY_MAX]);
void cli_watch_take(struct cli_watch *watch, yodel_track *track);
void cli_watch_drop(struct cli_watch *watch);                   // All of them.
void cli_watch_show(struct cli_watch *watch, const char *line); // Behind the window's title.
void cli_watch_end(struct cli_watch *watch);                    // In the loop's next turns.

#endif
