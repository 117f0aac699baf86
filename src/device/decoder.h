// Decoder: one of a source's streams, as libavcodec's frames. Packets that come before their turn wait.
//
// Ownership   owns libavcodec's context; borrows libavformat's while it opens
// Limits      pictures of YODEL_PICTURE_PIXELS_MAX, of a device YODEL_PICTURE_SIDE_MAX squared; DEVICE_DECODER_SAMPLES_MAX;
//             DEVICE_DECODER_PACKETS_MAX wait

#ifndef DEVICE_DECODER_H
#define DEVICE_DECODER_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdbool.h>

#include "base/err.h"

#define DEVICE_DECODER_SAMPLES_MAX (1 << 20) // Of a frame.
#define DEVICE_DECODER_PACKETS_MAX 128u      // Two seconds and more: files have runs of one.

struct device_decoder {
    AVCodecContext *codec; // NULL: it is not open, as where there is no such stream.
    int index;             // Of its stream; -1: none.
    AVRational clock;
    AVPacket *waiting[DEVICE_DECODER_PACKETS_MAX]; // A ring.
    uint32_t first, count;
    bool is_ending; // No packet follows.
    bool is_done;   // It has given all it had.
};

// What it gave to whoever asked.
enum device_decoder_result {
    DEVICE_DECODER_GIVEN,
    DEVICE_DECODER_WANTS, // To go on; or there is no more.
    DEVICE_DECODER_DAMAGED,
};

void device_decoder_init(struct device_decoder *decoder);
void device_decoder_close(struct device_decoder *decoder);

// Takes the best stream of that kind, or one that belongs to the stream `related` (-1: none). Without one that can be
// decoded it stays closed. Fails with NO_MEMORY.
YODEL_MUST_USE enum yodel_err device_decoder_open(struct device_decoder *decoder,
    AVFormatContext *context, enum AVMediaType kind, int related, int64_t pixels_max);

// Takes what is in `packet`, which is empty afterwards. Fails with NO_MEMORY. Not while it is full.
YODEL_MUST_USE enum yodel_err device_decoder_keep(struct device_decoder *decoder, AVPacket *packet);

// Decodes the first that waits, or, where none does, the end. Returns 0, or libavcodec's error.
int device_decoder_go_on(struct device_decoder *decoder);
enum device_decoder_result device_decoder_next(struct device_decoder *decoder, AVFrame *frame);

static inline bool device_decoder_is_waiting(const struct device_decoder *decoder)
{
    return decoder->count > 0;
}

static inline bool device_decoder_is_full(const struct device_decoder *decoder)
{
    return decoder->count == DEVICE_DECODER_PACKETS_MAX;
}

static inline bool device_decoder_is_over(const struct device_decoder *decoder)
{
    return !decoder->codec || decoder->is_done;
}

// Of a stream of pictures: clockwise, 0, 90, 180 or 270; and how many a second there are, 0: not known.
uint16_t device_decoder_rotation(const AVStream *stream);
uint32_t device_decoder_frame_rate(AVFormatContext *context, AVStream *stream);

#endif
