// Standard output as a receiver's sink: one file, nothing kept, nothing to resume.
//
// Ownership   nothing is owned

#ifndef TRANSFER_PIPE_H
#define TRANSFER_PIPE_H

#include "transfer/receiver.h"

struct transfer_pipe {
    uint32_t files; // Opened so far; a second one is refused.
    char text[256];
};

void transfer_pipe_init(struct transfer_pipe *pipe);
struct transfer_sink transfer_pipe_sink(struct transfer_pipe *pipe);

#endif
