// The folder that files are received into: nothing is made outside it, nothing in it is
// overwritten.
//
// Implements  docs/TRANSFER.md, Names and Parts
// Not here    what a name may be (transfer/name.h)
// Ownership   one file is open at a time

#ifndef TRANSFER_FOLDER_H
#define TRANSFER_FOLDER_H

#include "transfer/receiver.h"

#define TRANSFER_PART_SUFFIX ".yodel-part"

struct transfer_folder {
    int root;   // The target folder.
    int parent; // Of the open file; -1 while none is.
    int file;
    int64_t read_position;
    int64_t write_position;
    char path[TRANSFER_NAME_PATH_MAX]; // Of the open file, in the folder.
    int error;                         // The last errno.
    char text[512];
};

// Opens `path`, making it (and its parents) where it is not there. IO: `folder->text` says why.
YODEL_MUST_USE enum yodel_err transfer_folder_init(
    struct transfer_folder *folder, const char *path);
void transfer_folder_deinit(struct transfer_folder *folder);

// The folder as the receiver's sink.
struct transfer_sink transfer_folder_sink(struct transfer_folder *folder);

// Bytes that fit on the folder's disk; -1: unknown.
int64_t transfer_folder_space(const struct transfer_folder *folder);

#endif
