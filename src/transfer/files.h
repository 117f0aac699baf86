// The files that are sent: what a person named, as a list of items and the source of their bytes.
//
// Ownership   owns the list; one file is open at a time
// Limits      TRANSFER_ITEMS_MAX items, TRANSFER_NAME_DEPTH_MAX folders deep
//
// A symbolic link that is named is followed; one that is found inside a folder is left out, and so
// is what is neither a file nor a folder.

#ifndef TRANSFER_FILES_H
#define TRANSFER_FILES_H

#include "transfer/name.h"
#include "transfer/sender.h"

struct transfer_file; // What is known of one item's file.

struct transfer_files {
    struct transfer_item *items; // What is offered.
    struct transfer_file *files; // Their counterparts on disk.
    uint32_t count;
    uint32_t room;
    uint32_t left_out; // Links and devices.
    int open;          // The open file; -1 while none is.
    uint32_t item;     // Whose it is.
    char text[512];    // Why the last call failed.
};

void transfer_files_init(struct transfer_files *files);
void transfer_files_deinit(struct transfer_files *files);

// Adds a file, a folder with all that is in it, or "-": standard input, offered as `name` (or "stdin").
// Fails with NOT_FOUND, IO (no permission), TOO_LARGE (too many, too deep), NO_MEMORY; `files->text` says why.
YODEL_MUST_USE enum yodel_err transfer_files_add(
    struct transfer_files *files, const char *path, const char *name);

struct transfer_source transfer_files_source(struct transfer_files *files);

// Whether an item is read from standard input, whose end nobody knows.
bool transfer_files_has_pipe(const struct transfer_files *files);

#endif
