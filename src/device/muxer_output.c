// The muxer's output: see the header.

#include "device/muxer_output.h"

#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>

#include "media/codec.h"

#define BUFFER_LEN (64 << 10)
#define NO_TIME INT64_MIN
#define FILLED_MAX 600000000 // Microseconds of a gap: 30000 packets, some 60 kB.

static const AVRational microseconds = {1, 1000000};

// ---- libavformat's way to the file

static int on_write(void *ctx, uint8_t *data, int len)
{
    struct muxer_file *file = ctx;

    return muxer_file_write(file, bytes_of(data, (size_t)len)) ? len : AVERROR(file->error);
}

static int64_t on_seek(void *ctx, int64_t offset, int whence)
{
    struct muxer_file *file = ctx;

    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return (int64_t)file->len;
    case SEEK_CUR:
        offset += (int64_t)file->at;
        break;
    case SEEK_END:
        offset += (int64_t)file->len;
        break;
    }
    if (offset < 0) {
        return AVERROR(EINVAL);
    }
    file->at = (uint64_t)offset;
    return offset;
}

static bool open_io(struct muxer_output *output)
{
    uint8_t *buffer = av_malloc(BUFFER_LEN);

    output->context->pb =
        buffer ? avio_alloc_context(buffer, BUFFER_LEN, 1, output->file, NULL, on_write, on_seek)
               : NULL;
    if (!output->context->pb) {
        av_free(buffer);
        return false;
    }
    return true;
}

// libavformat writes lines to stderr, of what peers send, too, by one level for the whole process. An application that
// set one keeps it.
static void be_quiet(void)
{
    if (av_log_get_level() == AV_LOG_INFO) {
        av_log_set_level(AV_LOG_QUIET);
    }
}

static enum yodel_err result(struct muxer_output *output, int failed)
{
    if (failed >= 0 && output->file->error == 0) {
        return YODEL_OK;
    }
    output->last_failed = failed;
    if (output->file->error != 0) {
        return YODEL_ERR_IO;
    }
    return failed == AVERROR(ENOMEM) ? YODEL_ERR_NO_MEMORY : YODEL_ERR_MALFORMED;
}

void muxer_output_put_error(struct writer *w, const struct muxer_output *output)
{
    char text[AV_ERROR_MAX_STRING_SIZE];

    put_format(w, "%s cannot be written: libavformat says \"%s\"", output->container->title,
        av_make_error_string(text, sizeof text, output->last_failed));
}

// ---- beginning

enum yodel_err muxer_output_init(
    struct muxer_output *output, const struct muxer_container *container, struct muxer_file *file)
{
    *output = (struct muxer_output){.container = container,
        .file = file,
        .last_dts = {NO_TIME, NO_TIME},
        .sound_end = INT64_MAX};
    be_quiet();
    if (!av_guess_format(container->format, NULL, NULL)) {
        return YODEL_ERR_NOT_SUPPORTED;
    }
    output->packet = av_packet_alloc();
    int failed = avformat_alloc_output_context2(&output->context, NULL, container->format, NULL);
    if (failed < 0 || !output->packet || !open_io(output)) {
        muxer_output_deinit(output);
        return YODEL_ERR_NO_MEMORY;
    }
    output->context->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED; // None is.
    output->context->flags &= ~AVFMT_FLAG_AUTO_BSF; // Frames are as they are in files.
    return YODEL_OK;
}

void muxer_output_deinit(struct muxer_output *output)
{
    if (output->context && output->context->pb) {
        av_freep(&output->context->pb->buffer);
        avio_context_free(&output->context->pb);
    }
    avformat_free_context(output->context);
    output->context = NULL;
    av_packet_free(&output->packet);
}

static void describe_sound(AVCodecParameters *codec, const struct muxer_head *head)
{
    bool is_opus = head->codec == YODEL_OPUS;

    codec->codec_type = AVMEDIA_TYPE_AUDIO;
    codec->sample_rate = (int)head->rate;
    av_channel_layout_default(&codec->ch_layout, is_opus ? (int)MUXER_HEAD_OPUS_CHANNELS : 1);
    codec->bits_per_coded_sample = is_opus ? 0 : 8;
    codec->block_align = is_opus ? 0 : 1;
}

static bool describe_picture(AVStream *stream, const struct muxer_head *head)
{
    AVCodecParameters *codec = stream->codecpar;

    codec->codec_type = AVMEDIA_TYPE_VIDEO;
    codec->width = (int)head->width;
    codec->height = (int)head->height;
    codec->format = AV_PIX_FMT_YUV420P;
    if (head->rotation == 0) {
        return true;
    }
    uint8_t *matrix =
        av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t));
    if (matrix) {
        int32_t turned[9];
        av_display_rotation_set(turned, head->rotation);
        memcpy(matrix, turned, sizeof turned);
    }
    return matrix != NULL;
}

static bool copy_extra(AVCodecParameters *codec, const struct muxer_head *head)
{
    if (head->extra_len == 0) {
        return true;
    }
    codec->extradata = av_mallocz(head->extra_len + AV_INPUT_BUFFER_PADDING_SIZE);
    if (codec->extradata) {
        memcpy(codec->extradata, head->extra, head->extra_len);
        codec->extradata_size = (int)head->extra_len;
    }
    return codec->extradata != NULL;
}

enum yodel_err muxer_output_add(
    struct muxer_output *output, enum yodel_media_kind kind, const struct muxer_head *head)
{
    static const enum AVCodecID ids[YODEL_CODEC_COUNT] = {AV_CODEC_ID_OPUS, AV_CODEC_ID_PCM_MULAW,
        AV_CODEC_ID_PCM_ALAW, AV_CODEC_ID_VP8, AV_CODEC_ID_VP9, AV_CODEC_ID_H264, AV_CODEC_ID_AV1};
    AVStream *stream = avformat_new_stream(output->context, NULL);

    if (!stream) {
        return YODEL_ERR_NO_MEMORY;
    }
    output->streams[kind] = stream;
    stream->time_base = (AVRational){1, (int)head->rate};
    stream->codecpar->codec_id = ids[head->codec];
    bool is_described = copy_extra(stream->codecpar, head);
    if (kind == YODEL_AUDIO) {
        describe_sound(stream->codecpar, head);
    } else {
        is_described = is_described && describe_picture(stream, head);
    }
    return is_described ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

enum yodel_err muxer_output_begin(struct muxer_output *output)
{
    const char *const(*option)[2] = output->container->options;
    AVDictionary *options = NULL;

    for (size_t i = 0; i < COUNT(output->container->options) && option[i][0]; i++) {
        av_dict_set(&options, option[i][0], option[i][1], 0);
    }
    int failed = avformat_write_header(output->context, &options);
    av_dict_free(&options);
    avio_flush(output->context->pb);
    return result(output, failed);
}

// ---- frames

static enum yodel_err write_packet(struct muxer_output *output, enum yodel_media_kind kind,
    struct bytes data, bool is_key, int64_t at, int64_t duration)
{
    AVStream *stream = output->streams[kind];
    AVPacket *packet = output->packet;
    int64_t *last = &output->last_dts[kind];
    int64_t dts = av_rescale_q(at, microseconds, stream->time_base);

    *last = dts > *last ? dts : *last + 1;
    av_packet_unref(packet);
    packet->data = (uint8_t *)(uintptr_t)data.ptr;
    packet->size = (int)data.len;
    packet->stream_index = stream->index;
    packet->flags = is_key ? AV_PKT_FLAG_KEY : 0;
    packet->pts = packet->dts = *last;
    packet->duration = av_rescale_q(duration, microseconds, stream->time_base);
    return result(output, av_write_frame(output->context, packet));
}

// RFC 7845 §4.1: packets without a frame, which ask a decoder to conceal so much, and say no more than how much.
static enum yodel_err fill_gap(struct muxer_output *output, int64_t at)
{
    static const struct {
        int64_t duration;
        uint8_t
            toc[1 + MUXER_QUEUE_PADDING]; // RFC 6716 §3.1: configuration 31 and below, one frame.
    } rows[] = {{20000, {31 << 3}}, {10000, {30 << 3}}, {5000, {29 << 3}}, {2500, {28 << 3}}};
    int64_t begin = output->sound_end;
    enum yodel_err err = YODEL_OK;

    for (size_t i = 0; i < COUNT(rows) && !err;) {
        if (at - output->sound_end < rows[i].duration || output->sound_end - begin > FILLED_MAX) {
            i++;
            continue;
        }
        err = write_packet(output, YODEL_AUDIO, bytes_of(rows[i].toc, 1), true, output->sound_end,
            rows[i].duration);
        output->sound_end += rows[i].duration;
    }
    return err;
}

enum yodel_err muxer_output_put(
    struct muxer_output *output, const struct muxer_entry *entry, int64_t at, int64_t duration)
{
    enum yodel_err err = YODEL_OK;

    if (entry->kind == YODEL_AUDIO) {
        if (output->container->has_no_gaps && at > output->sound_end) {
            err = fill_gap(output, at);
        }
        output->sound_end = at + duration;
    }
    return err ? err
               : write_packet(output, entry->kind, bytes_of(entry->data, entry->len), entry->is_key,
                     at, duration);
}

enum yodel_err muxer_output_cut(struct muxer_output *output)
{
    const char *const *option = output->container->part_option;
    int failed = av_write_frame(output->context, NULL);

    avio_flush(output->context->pb);
    if (failed >= 0 && option[0]) {
        failed = av_opt_set(output->context->priv_data, option[0], option[1], 0);
    }
    return result(output, failed);
}

enum yodel_err muxer_output_end(struct muxer_output *output)
{
    int failed = av_write_trailer(output->context);

    avio_flush(output->context->pb);
    return result(output, failed);
}
