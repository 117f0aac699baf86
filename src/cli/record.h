// `yodel play --record`: what comes, into a file, as it came.
//
// Ownership   the caller owns the struct, which must not move; borrows the transceiver until drop

#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include <uv.h>

#include "cli/life.h"
#include "yodel/recorder.h"

#define CLI_RECORD_END_MAX 10000 // Milliseconds for a slow disk.

struct cli_record {
    struct cli_life *life; // Which is told, and ends where nothing can be written.
    const char *path;
    yodel_recorder *recorder; // NULL: nothing is recorded.
    yodel_transceiver *video; // Whose key frames are asked for.
};

// Fails with a sentence in `why`.
YODEL_MUST_USE enum yodel_err cli_record_begin(struct cli_record *record, struct cli_life *life,
    yodel_runtime *runtime, const char *path, char why[CLI_WHY_MAX]);
void cli_record_take(
    struct cli_record *record, yodel_transceiver *transceiver, const struct yodel_frame *frame);
void cli_record_drop(struct cli_record *record); // The transceiver ends.

// Ends the file, running the loop until it is on the disk.
void cli_record_end(struct cli_record *record);

#endif
