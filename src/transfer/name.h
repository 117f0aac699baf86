// Names: what a sender calls its files, made harmless before anything is opened.
//
// Implements  docs/TRANSFER.md, Names
// Not here    the folder itself and what exists in it (transfer/folder.h)
// Limits      TRANSFER_NAME_PART_MAX bytes a part, TRANSFER_NAME_PATH_MAX a path,
// TRANSFER_NAME_DEPTH_MAX parts

#ifndef TRANSFER_NAME_H
#define TRANSFER_NAME_H

#include "base/bytes.h"
#include "base/err.h"

#define TRANSFER_NAME_PART_MAX                                                                     \
    200 // Leaves room for " (12345)" and ".yodel-part" below the 255 of file systems.
#define TRANSFER_NAME_PATH_MAX 2048
#define TRANSFER_NAME_DEPTH_MAX 32

// Makes a relative path of safe parts from what a peer sent: `safe` gets it, with a NUL. What is
// merely unsuitable is mended (a control character becomes "_"); what can only be meant badly, or
// means nothing, is refused: ".." parts, absolute paths, NUL, an empty path, too long, too deep,
// text that is not UTF-8.
YODEL_MUST_USE enum yodel_err transfer_name_make_safe(
    struct bytes path, char safe[TRANSFER_NAME_PATH_MAX]);

// The `number`th variant of a name whose place is taken: "a.jpg" -> "a (1).jpg".
YODEL_MUST_USE enum yodel_err transfer_name_number(
    const char *path, unsigned number, char numbered[TRANSFER_NAME_PATH_MAX]);

// Makes text from a peer fit for a terminal: control characters, and what changes the direction of
// writing, become "?". `shown` gets at most `room` bytes with the NUL.
void transfer_name_show(struct bytes text, char *shown, size_t room);

#endif
