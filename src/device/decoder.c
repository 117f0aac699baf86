// The decoder: see the header.

#include "device/decoder.h"

#include <libavutil/display.h>
#include <math.h>

#include "base/assert.h"

#define QUIET 100 // Added to the level of each line of a decoder, so that none is written.
#define FRAME_RATE_MAX 1000

void device_decoder_init(struct device_decoder *decoder)
{
    *decoder = (struct device_decoder){.index = -1};
}

void device_decoder_close(struct device_decoder *decoder)
{
    for (size_t i = 0; i < DEVICE_DECODER_PACKETS_MAX; i++) {
        av_packet_free(&decoder->waiting[i]);
    }
    avcodec_free_context(&decoder->codec);
    device_decoder_init(decoder);
}

enum yodel_err device_decoder_open(struct device_decoder *decoder, AVFormatContext *context,
    enum AVMediaType kind, int related, int64_t pixels_max)
{
    const AVCodec *codec = NULL;
    int index = av_find_best_stream(context, kind, -1, related, &codec, 0);
    AVStream *stream = index >= 0 ? context->streams[index] : NULL;

    // A song's cover is a picture, and no video.
    if (!stream || !codec || (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
        return YODEL_OK;
    }
    decoder->codec = avcodec_alloc_context3(codec);
    if (!decoder->codec) {
        return YODEL_ERR_NO_MEMORY;
    }
    decoder->codec->log_level_offset = QUIET;
    decoder->codec->max_pixels = pixels_max;
    decoder->codec->max_samples = DEVICE_DECODER_SAMPLES_MAX;
    decoder->codec->pkt_timebase = stream->time_base;
    if (avcodec_parameters_to_context(decoder->codec, stream->codecpar) < 0 ||
        avcodec_open2(decoder->codec, codec, NULL) < 0) {
        avcodec_free_context(&decoder->codec);
        return YODEL_OK;
    }
    decoder->index = index;
    decoder->clock = stream->time_base;
    stream->discard = AVDISCARD_DEFAULT;
    return YODEL_OK;
}

enum yodel_err device_decoder_keep(struct device_decoder *decoder, AVPacket *packet)
{
    YODEL_ASSERT(!device_decoder_is_full(decoder));
    AVPacket *kept = av_packet_alloc();
    if (!kept) {
        return YODEL_ERR_NO_MEMORY;
    }
    av_packet_move_ref(kept, packet);
    decoder->waiting[(decoder->first + decoder->count++) % DEVICE_DECODER_PACKETS_MAX] = kept;
    return YODEL_OK;
}

int device_decoder_go_on(struct device_decoder *decoder)
{
    if (!device_decoder_is_waiting(decoder)) {
        bool was_ending = decoder->is_ending;
        decoder->is_ending = true;
        return was_ending ? 0 : avcodec_send_packet(decoder->codec, NULL);
    }
    AVPacket **packet = &decoder->waiting[decoder->first];
    int failed = avcodec_send_packet(decoder->codec, *packet);
    av_packet_free(packet);
    decoder->first = (decoder->first + 1) % DEVICE_DECODER_PACKETS_MAX;
    decoder->count--;
    return failed;
}

enum device_decoder_result device_decoder_next(struct device_decoder *decoder, AVFrame *frame)
{
    if (device_decoder_is_over(decoder)) {
        return DEVICE_DECODER_WANTS;
    }
    int failed = avcodec_receive_frame(decoder->codec, frame);
    decoder->is_done = failed == AVERROR_EOF;
    if (failed == AVERROR(EAGAIN) || failed == AVERROR_EOF) {
        return DEVICE_DECODER_WANTS;
    }
    return failed == 0 ? DEVICE_DECODER_GIVEN : DEVICE_DECODER_DAMAGED;
}

uint16_t device_decoder_rotation(const AVStream *stream)
{
    size_t len = 0;
    const uint8_t *matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &len);
    double angle = matrix && len >= 9 * sizeof(int32_t)
                       ? av_display_rotation_get((const int32_t *)(const void *)matrix)
                       : 0;

    if (isnan(angle)) {
        return 0;
    }
    long quarters = lrint(-angle / 90) % 4; // It is counter-clockwise.
    return (uint16_t)((quarters + 4) % 4 * 90);
}

uint32_t device_decoder_frame_rate(AVFormatContext *context, AVStream *stream)
{
    AVRational rate = av_guess_frame_rate(context, stream, NULL);
    double value = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;

    return value > 0 && value < FRAME_RATE_MAX ? (uint32_t)lrint(value) : 0;
}
