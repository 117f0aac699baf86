// Input: opens what a reader reads, and says in a sentence why it does not open.
//
// Ownership   owns libavformat's context; must stay in its place while it is open
// Departs     for what a file's name may lead to, see PROTOCOLS in the source

#ifndef DEVICE_INPUT_H
#define DEVICE_INPUT_H

#include <libavformat/avformat.h>

#include "device/reader.h"

struct device_input {
    const struct device_reader_config *config;
    AVFormatContext *context; // NULL: it is not open.
    AVIOContext *memory;      // Of a file that is in memory; it is read from `at`.
    size_t at;
    int64_t deadline; // libavutil's clock: what takes longer is given up.
    const char *name; // For sentences.
};

YODEL_MUST_USE enum yodel_err device_input_open(struct device_input *input,
    const struct device_reader_config *config, char why[DEVICE_TEXT_MAX]);
void device_input_close(struct device_input *input);

// libavformat's next packet: 0, or its error, of which AVERROR(EAGAIN) means that a device has had nothing for some
// milliseconds.
int device_input_read(struct device_input *input, AVPacket *packet);

bool device_input_is_interrupted(const struct device_input *input);

// What libavformat's error is called here, with a sentence.
enum yodel_err device_input_explain(
    const struct device_input *input, int failed, char why[DEVICE_TEXT_MAX]);

#endif
