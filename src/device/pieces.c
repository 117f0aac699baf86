// Pieces: see the header.

#include "device/pieces.h"

#include <string.h>

#include "base/assert.h"

#define SLICES 20 // A second.

enum yodel_err device_pieces_init(struct device_pieces *pieces, uint32_t channels)
{
    *pieces = (struct device_pieces){.channels = channels, .frame = av_frame_alloc()};
    return pieces->frame ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

void device_pieces_deinit(struct device_pieces *pieces)
{
    swr_free(&pieces->resampler);
    av_channel_layout_uninit(&pieces->layout);
    av_frame_free(&pieces->frame);
}

bool device_pieces_are_wanted(const struct device_pieces *pieces)
{
    return pieces->at >= pieces->frame->nb_samples;
}

yodel_time device_pieces_next_time(const struct device_pieces *pieces)
{
    return pieces->next_time;
}

// ---- a frame comes

static bool is_made_for(const struct device_pieces *pieces, const AVFrame *frame)
{
    return pieces->resampler && pieces->format == frame->format &&
           pieces->rate == frame->sample_rate &&
           av_channel_layout_compare(&pieces->layout, &frame->ch_layout) == 0;
}

static enum yodel_err set_up(struct device_pieces *pieces, const AVFrame *frame)
{
    AVChannelLayout in = {0}, out;
    int failed;

    swr_free(&pieces->resampler);
    av_channel_layout_uninit(&pieces->layout);
    av_channel_layout_default(&out, (int)pieces->channels);
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        av_channel_layout_default(&in, frame->ch_layout.nb_channels);
    } else if (av_channel_layout_copy(&in, &frame->ch_layout) < 0) {
        return YODEL_ERR_NO_MEMORY;
    }
    failed =
        swr_alloc_set_opts2(&pieces->resampler, &out, AV_SAMPLE_FMT_S16, (int)DEVICE_PIECES_RATE,
            &in, (enum AVSampleFormat)frame->format, frame->sample_rate, 0, NULL);
    av_channel_layout_uninit(&in);
    if (failed || swr_init(pieces->resampler) < 0 ||
        av_channel_layout_copy(&pieces->layout, &frame->ch_layout) < 0) {
        swr_free(&pieces->resampler);
        return YODEL_ERR_NOT_SUPPORTED;
    }
    pieces->format = frame->format;
    pieces->rate = frame->sample_rate;
    return YODEL_OK;
}

static uint64_t position_of(yodel_time time)
{
    return time * 6 / 125;
}

// What is missing in between is not made up: the piece that it breaks off is left out, and time goes on behind it.
static void jump(struct device_pieces *pieces, yodel_time time)
{
    uint64_t position = position_of(time);

    pieces->count = 0;
    pieces->position = position > pieces->position ? position : pieces->position;
    (void)swr_init(pieces->resampler);
}

// A frame that begins before the last one ended loses its beginning.
static void leave_out(struct device_pieces *pieces, yodel_duration early)
{
    uint64_t samples = early * (uint64_t)pieces->rate / 1000000;
    uint64_t all = (uint64_t)pieces->frame->nb_samples;

    pieces->at = (int)(samples < all ? samples : all);
}

static void place(struct device_pieces *pieces, yodel_time time)
{
    yodel_duration length = (uint64_t)pieces->frame->nb_samples * 1000000 / (uint64_t)pieces->rate;

    if (!pieces->has_time || time > pieces->next_time + DEVICE_PIECES_GAP_MIN) {
        jump(pieces, time);
    } else if (time + DEVICE_PIECES_GAP_MIN < pieces->next_time) {
        leave_out(pieces, pieces->next_time - time);
        time = pieces->next_time;
        length -= (uint64_t)pieces->at * 1000000 / (uint64_t)pieces->rate;
    }
    pieces->has_time = true;
    pieces->time = time;
    pieces->time_position = pieces->position + pieces->count;
    pieces->next_time = time + length;
}

enum yodel_err device_pieces_put(struct device_pieces *pieces, AVFrame *frame, yodel_time time)
{
    enum yodel_err err = YODEL_OK;

    YODEL_ASSERT(device_pieces_are_wanted(pieces));
    av_frame_unref(pieces->frame);
    pieces->at = 0;
    if (frame->sample_rate < DEVICE_PIECES_RATE_MIN ||
        frame->sample_rate > DEVICE_PIECES_RATE_MAX || frame->ch_layout.nb_channels < 1 ||
        frame->ch_layout.nb_channels > DEVICE_PIECES_CHANNELS_MAX) {
        err = YODEL_ERR_NOT_SUPPORTED;
    } else if (frame->nb_samples <= 0 ||
               !av_get_bytes_per_sample((enum AVSampleFormat)frame->format)) {
        err = YODEL_ERR_MALFORMED;
    } else if (!is_made_for(pieces, frame)) {
        err = set_up(pieces, frame);
    }
    if (err) {
        av_frame_unref(frame);
        return err;
    }
    av_frame_move_ref(pieces->frame, frame);
    place(pieces, time);
    return YODEL_OK;
}

// ---- pieces go

static void drop_given(struct device_pieces *pieces)
{
    uint32_t channels = pieces->channels;

    pieces->count -= pieces->given;
    pieces->position += pieces->given;
    memmove(pieces->samples, pieces->samples + (size_t)pieces->given * channels,
        (size_t)pieces->count * channels * sizeof pieces->samples[0]);
    pieces->given = 0;
}

// `count` samples of the frame, or the resampler's last ones.
static void resample(struct device_pieces *pieces, const uint8_t **planes, int count)
{
    uint8_t *out[1] = {(uint8_t *)(pieces->samples + (size_t)pieces->count * pieces->channels)};
    int made = swr_convert(
        pieces->resampler, out, (int)(DEVICE_PIECES_ROOM - pieces->count), planes, count);

    pieces->count += made > 0 ? (uint32_t)made : 0;
}

static void resample_slice(struct device_pieces *pieces)
{
    const AVFrame *frame = pieces->frame;
    const uint8_t *planes[DEVICE_PIECES_CHANNELS_MAX];
    enum AVSampleFormat format = (enum AVSampleFormat)frame->format;
    int channels = frame->ch_layout.nb_channels;
    bool is_planar = av_sample_fmt_is_planar(format);
    int most = pieces->rate / SLICES, left = frame->nb_samples - pieces->at;
    size_t before = (size_t)pieces->at * (size_t)av_get_bytes_per_sample(format);

    for (int i = 0; i < (is_planar ? channels : 1); i++) {
        planes[i] = frame->extended_data[i] + (is_planar ? before : before * (size_t)channels);
    }
    int count = left < most ? left : most;
    resample(pieces, planes, count);
    pieces->at += count;
}

static void finish(struct device_pieces *pieces)
{
    if (!pieces->is_flushed && pieces->resampler) {
        resample(pieces, NULL, 0);
    }
    pieces->is_flushed = true;
    if (pieces->count > 0 && pieces->count < DEVICE_PIECE) {
        size_t from = (size_t)pieces->count * pieces->channels;
        memset(pieces->samples + from, 0,
            (DEVICE_PIECE * pieces->channels - from) * sizeof pieces->samples[0]);
        pieces->count = DEVICE_PIECE;
    }
}

static yodel_time time_of_first(const struct device_pieces *pieces)
{
    int64_t distance = (int64_t)(pieces->position - pieces->time_position) * 125 / 6;
    int64_t time = (int64_t)pieces->time + distance;

    return time > (int64_t)pieces->last ? (yodel_time)time : pieces->last;
}

bool device_pieces_next(struct device_pieces *pieces, struct yodel_raw *raw)
{
    drop_given(pieces);
    while (pieces->count < DEVICE_PIECE && !device_pieces_are_wanted(pieces)) {
        resample_slice(pieces);
    }
    if (pieces->count < DEVICE_PIECE && pieces->is_ending) {
        finish(pieces);
    }
    if (pieces->count < DEVICE_PIECE) {
        return false;
    }
    pieces->given = DEVICE_PIECE;
    pieces->last = time_of_first(pieces);
    *raw = (struct yodel_raw){.kind = YODEL_AUDIO,
        .timestamp = pieces->position,
        .captured = pieces->last,
        .sound = {DEVICE_PIECES_RATE, pieces->channels, DEVICE_PIECE, pieces->samples}};
    return true;
}

void device_pieces_end(struct device_pieces *pieces)
{
    pieces->is_ending = true;
}

void device_pieces_restart(struct device_pieces *pieces)
{
    drop_given(pieces);
    av_frame_unref(pieces->frame);
    pieces->at = 0;
    pieces->position += pieces->count;
    pieces->count = 0;
    pieces->is_ending = pieces->is_flushed = pieces->has_time = false;
    swr_free(&pieces->resampler);
}
