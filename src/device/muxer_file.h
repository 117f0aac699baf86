// The muxer's file: bytes at places, and the first error, which stays.
//
// Ownership   open until muxer_file_close
// Threads     it blocks for as long as the disk takes

#ifndef DEVICE_MUXER_FILE_H
#define DEVICE_MUXER_FILE_H

#include "base/bytes.h"
#include "base/err.h"

struct muxer_file {
    int fd;
    int error;    // The first errno; 0: none.
    uint64_t at;  // Where the next bytes go.
    uint64_t len; // Of what was written.
};

// EXISTS: there is one, and it is not to be overwritten; else IO. `error` says why.
YODEL_MUST_USE enum yodel_err muxer_file_open(
    struct muxer_file *file, const char *path, bool overwrites);

// All of it, or false.
bool muxer_file_write(struct muxer_file *file, struct bytes bytes);

// Waits until it is on the disk. IO: not all of it is there.
YODEL_MUST_USE enum yodel_err muxer_file_close(struct muxer_file *file);

void muxer_file_put_error(struct writer *w, const struct muxer_file *file, const char *path);

#endif
