// The reader: see the header.

#include "device/reader.h"

#include <libavutil/time.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "device/decoder.h"
#include "device/input.h"
#include "device/pieces.h"
#include "device/scaler.h"
#include "device/timeline.h"

#define FILE_JUMP_MAX YODEL_SECONDS(3600)
#define STREAM_JUMP_MAX YODEL_SECONDS(10) // Of formats that say themselves that they jump.
#define DEVICE_JUMP_MAX (YODEL_MS(500))
#define FRAME_RATE 25 // Of pictures that have neither times nor a rate.

struct device_reader {
    struct device_reader_config config;
    struct device_reader_about about;
    struct device_input input;
    struct device_decoder audio, video;
    AVPacket *packet;
    AVFrame *frame;
    struct device_scaler scaler;
    struct device_pieces pieces;
    struct device_timeline timeline;
    int64_t opened, opened_wall; // A device, by both of its possible clocks.
    bool has_ended;              // No packet follows.
    uint32_t damaged_in_row;
    uint64_t damaged;
    yodel_time picture_next; // When the next picture is expected,
    yodel_time picture_due;  // and before when it is not wanted;
    yodel_time picture_last; // and when the last one was.
    bool has_picture;
};

static bool is_device(const struct device_reader *r)
{
    return r->config.kind != DEVICE_READER_FILE;
}

// ---- opening

static uint32_t rate_of(const struct device_reader *r, AVStream *stream)
{
    uint32_t rate = device_decoder_frame_rate(r->input.context, stream);

    return r->config.frame_rate > 0 && rate > r->config.frame_rate ? r->config.frame_rate : rate;
}

static void describe_video(struct device_reader *r)
{
    AVStream *stream = r->input.context->streams[r->video.index];
    const AVCodecParameters *parameters = stream->codecpar;
    AVRational shape = av_guess_sample_aspect_ratio(r->input.context, stream, NULL);

    r->about.has_video = true;
    r->about.frame_rate = rate_of(r, stream);
    r->about.rotation = device_decoder_rotation(stream);
    if (parameters->width > 0 && parameters->height > 0) {
        struct device_size size = device_scaler_size(
            r->scaler.most, (uint32_t)parameters->width, (uint32_t)parameters->height, shape);
        r->about.width = size.width;
        r->about.height = size.height;
    }
}

static void describe(struct device_reader *r)
{
    const AVFormatContext *context = r->input.context;

    r->about = (struct device_reader_about){
        .has_audio = r->audio.index >= 0, .channels = r->pieces.channels};
    if (!is_device(r) && context->duration > 0) {
        r->about.duration = (yodel_duration)context->duration;
    }
    if (r->video.index >= 0) {
        describe_video(r);
    }
}

static enum yodel_err open_tracks(struct device_reader *r, char *why)
{
    AVFormatContext *context = r->input.context;
    int64_t pixels_max = is_device(r) ? (int64_t)YODEL_PICTURE_SIDE_MAX * YODEL_PICTURE_SIDE_MAX
                                      : (int64_t)YODEL_PICTURE_PIXELS_MAX;
    enum yodel_err err = YODEL_OK;

    for (unsigned i = 0; i < context->nb_streams; i++) {
        context->streams[i]->discard = AVDISCARD_ALL;
    }
    if (!r->config.has_no_video) {
        err = device_decoder_open(&r->video, context, AVMEDIA_TYPE_VIDEO, -1, pixels_max);
    }
    if (!err && !r->config.has_no_audio) {
        err =
            device_decoder_open(&r->audio, context, AVMEDIA_TYPE_AUDIO, r->video.index, pixels_max);
    }
    if (!err && r->video.index < 0 && r->audio.index < 0) {
        (void)snprintf(why, DEVICE_TEXT_MAX, "%s has no picture and no sound%s", r->input.name,
            context->nb_streams > 0 ? " that is wanted and can be decoded" : "");
        return YODEL_ERR_NOT_SUPPORTED;
    }
    return err;
}

static void close_input(struct device_reader *r)
{
    device_decoder_close(&r->audio);
    device_decoder_close(&r->video);
    device_input_close(&r->input);
}

static void begin_timeline(struct device_reader *r)
{
    int flags = r->input.context->iformat->flags;

    if (is_device(r)) {
        r->opened = av_gettime_relative();
        r->opened_wall = av_gettime();
        r->timeline.jump_max = DEVICE_JUMP_MAX;
        return;
    }
    r->timeline.jump_max = (flags & AVFMT_TS_DISCONT) != 0 ? STREAM_JUMP_MAX : FILE_JUMP_MAX;
    device_timeline_begin(&r->timeline, r->input.context->start_time);
}

// What nobody has a wish for is as it is in the file. Between rounds only.
static void choose_channels(struct device_reader *r)
{
    if (!is_device(r) && r->config.channels == 0 && r->audio.codec) {
        r->pieces.channels = r->audio.codec->ch_layout.nb_channels > 1 ? 2 : 1;
    }
}

static enum yodel_err open_input(struct device_reader *r, char *why)
{
    enum yodel_err err = device_input_open(&r->input, &r->config, why);

    if (!err) {
        err = open_tracks(r, why);
    }
    if (err) {
        close_input(r);
        return err;
    }
    choose_channels(r);
    describe(r);
    begin_timeline(r);
    r->has_ended = false;
    r->damaged_in_row = 0;
    return YODEL_OK;
}

void device_reader_close(struct device_reader *r)
{
    if (!r) {
        return;
    }
    close_input(r);
    av_packet_free(&r->packet);
    av_frame_free(&r->frame);
    device_pieces_deinit(&r->pieces);
    device_scaler_deinit(&r->scaler);
    alloc_free(alloc_system(), r);
}

static struct device_reader *reader_new(const struct device_reader_config *config)
{
    struct device_reader *r = alloc_new(alloc_system(), sizeof *r);

    if (!r) {
        return NULL;
    }
    r->config = *config;
    device_decoder_init(&r->audio);
    device_decoder_init(&r->video);
    r->packet = av_packet_alloc();
    r->frame = av_frame_alloc();
    device_scaler_init(&r->scaler, (struct device_size){config->width, config->height});
    device_timeline_init(&r->timeline, FILE_JUMP_MAX);
    enum yodel_err err =
        device_pieces_init(&r->pieces, config->channels > 0 ? config->channels : 1);
    if (err || !r->packet || !r->frame) {
        device_reader_close(r);
        return NULL;
    }
    return r;
}

enum yodel_err device_reader_open(struct device_reader **reader,
    const struct device_reader_config *config, char why[DEVICE_TEXT_MAX])
{
    why[0] = 0;
    if (config->channels > 2) {
        (void)snprintf(why, DEVICE_TEXT_MAX, "sound has 1 channel or 2");
        return YODEL_ERR_RANGE;
    }
    struct device_reader *r = reader_new(config);
    enum yodel_err err = r ? open_input(r, why) : YODEL_ERR_NO_MEMORY;
    if (err) {
        if (!why[0]) {
            (void)snprintf(why, DEVICE_TEXT_MAX, "%s", yodel_err_text(err));
        }
        device_reader_close(r);
        return err;
    }
    *reader = r;
    return YODEL_OK;
}

const struct device_reader_about *device_reader_about(const struct device_reader *reader)
{
    return &reader->about;
}

uint64_t device_reader_damaged(const struct device_reader *reader)
{
    return reader->damaged;
}

enum yodel_err device_reader_rewind(struct device_reader *r, char why[DEVICE_TEXT_MAX])
{
    why[0] = 0;
    if (is_device(r)) {
        (void)snprintf(why, DEVICE_TEXT_MAX, "a device has no beginning");
        return YODEL_ERR_INVALID_STATE;
    }
    // Not by seeking: not every format can, and none that can needs less than this.
    close_input(r);
    device_pieces_restart(&r->pieces);
    return open_input(r, why);
}

// ---- times

// Of a device, what its own clock says, on ours.
static yodel_time place_on_device(struct device_reader *r, int64_t time, yodel_duration duration)
{
    int64_t elapsed = av_gettime_relative() - r->opened;
    int64_t wall = time - r->opened_wall, monotonic = time - r->opened;

    if (!r->timeline.has_shift && time != DEVICE_TIMELINE_NONE) {
        bool is_wall = llabs(wall - elapsed) < llabs(monotonic - elapsed);
        device_timeline_begin(&r->timeline, is_wall ? r->opened_wall : r->opened);
    }
    return device_timeline_place(&r->timeline, time, (yodel_time)elapsed, duration);
}

static yodel_time place(struct device_reader *r, const struct device_decoder *decoder,
    yodel_time expected, yodel_duration duration)
{
    int64_t stamp = r->frame->best_effort_timestamp;
    int64_t time = stamp == AV_NOPTS_VALUE ? DEVICE_TIMELINE_NONE
                                           : av_rescale_q_rnd(stamp, decoder->clock, AV_TIME_BASE_Q,
                                                 AV_ROUND_NEAR_INF | AV_ROUND_PASS_MINMAX);

    if (is_device(r)) {
        return place_on_device(r, time, duration);
    }
    // Where the source jumps, both tracks go on together.
    if (time != DEVICE_TIMELINE_NONE) {
        expected = r->timeline.end;
    }
    return device_timeline_place(&r->timeline, time, expected, duration);
}

// ---- decoding

static bool is_hopeless(const struct device_reader *r)
{
    return r->damaged_in_row >= DEVICE_READER_DAMAGED_MAX;
}

static enum yodel_err damaged(struct device_reader *r, char *why)
{
    r->damaged++;
    r->damaged_in_row++;
    if (!is_hopeless(r)) {
        return YODEL_OK;
    }
    (void)snprintf(why, DEVICE_TEXT_MAX, "%s is damaged: %u packets in a row cannot be decoded",
        r->input.name, DEVICE_READER_DAMAGED_MAX);
    return YODEL_ERR_MALFORMED;
}

static struct device_decoder *decoder_of(struct device_reader *r, int index)
{
    return index == r->audio.index ? &r->audio : index == r->video.index ? &r->video : NULL;
}

// Reads a packet, which waits for its turn.
static enum yodel_err feed(struct device_reader *r, char *why)
{
    int failed = device_input_read(&r->input, r->packet);
    enum yodel_err err = YODEL_OK;

    if (failed == AVERROR(EAGAIN)) {
        return is_device(r) ? YODEL_ERR_WOULD_BLOCK : YODEL_OK;
    }
    if (failed == AVERROR_EOF && !is_device(r)) {
        r->has_ended = true;
        return YODEL_OK;
    }
    if (failed == AVERROR_INVALIDDATA) {
        return damaged(r, why);
    }
    if (failed < 0) {
        return device_input_explain(&r->input, failed, why);
    }
    struct device_decoder *decoder = decoder_of(r, r->packet->stream_index);
    if (decoder) {
        err = device_decoder_keep(decoder, r->packet);
    }
    av_packet_unref(r->packet);
    return err;
}

static enum yodel_err go_on(struct device_reader *r, struct device_decoder *decoder, char *why)
{
    int failed = device_decoder_go_on(decoder);

    return failed == AVERROR(ENOMEM) ? YODEL_ERR_NO_MEMORY
           : failed < 0              ? damaged(r, why)
                                     : YODEL_OK;
}

// The decoder's next frame; false: it has none.
static bool receive(struct device_reader *r, struct device_decoder *decoder)
{
    enum device_decoder_result result = device_decoder_next(decoder, r->frame);

    if (result == DEVICE_DECODER_GIVEN) {
        r->damaged_in_row = 0;
    } else if (result == DEVICE_DECODER_DAMAGED) {
        r->damaged++;
        r->damaged_in_row++;
        // Behind the last packet nothing else makes it stop.
        decoder->is_done = r->has_ended && is_hopeless(r);
    }
    return result == DEVICE_DECODER_GIVEN;
}

static enum yodel_err hear(struct device_reader *r, char *why)
{
    int rate = r->frame->sample_rate > 0 ? r->frame->sample_rate : 1;
    yodel_duration duration = (uint64_t)r->frame->nb_samples * 1000000 / (uint64_t)rate;
    yodel_time time = place(r, &r->audio, device_pieces_next_time(&r->pieces), duration);
    enum yodel_err err = device_pieces_put(&r->pieces, r->frame, time);

    return err == YODEL_ERR_NO_MEMORY ? err : err ? damaged(r, why) : YODEL_OK;
}

// Pictures faster than wished for are left out, evenly.
static bool is_due(struct device_reader *r, yodel_time time)
{
    if (r->has_picture && time <= r->picture_last) {
        return false;
    }
    if (r->config.frame_rate == 0) {
        return true;
    }
    yodel_duration period = 1000000 / r->config.frame_rate;
    if (time + period / 8 < r->picture_due) {
        return false;
    }
    r->picture_due += period;
    if (r->picture_due < time) {
        r->picture_due = time + period;
    }
    return true;
}

// Sets `is_shown` where the frame is a picture that is wanted.
static enum yodel_err see(struct device_reader *r, struct yodel_raw *raw, bool *is_shown, char *why)
{
    uint32_t rate = r->about.frame_rate > 0 ? r->about.frame_rate : FRAME_RATE;
    yodel_duration duration = 1000000 / rate;
    yodel_time time = place(r, &r->video, r->picture_next, duration);
    enum yodel_err err = YODEL_OK;

    *is_shown = false;
    r->picture_next = time + duration;
    if (!is_due(r, time)) {
        return YODEL_OK;
    }
    *raw = (struct yodel_raw){.kind = YODEL_VIDEO, .timestamp = time * 9 / 100, .captured = time};
    err = device_scaler_convert(&r->scaler, r->frame, &raw->picture);
    if (err == YODEL_ERR_NO_MEMORY) {
        return err;
    }
    if (err) {
        return damaged(r, why);
    }
    r->has_picture = *is_shown = true;
    r->picture_last = time;
    return YODEL_OK;
}

static bool is_over(const struct device_reader *r)
{
    return r->has_ended && device_decoder_is_over(&r->audio) && device_decoder_is_over(&r->video);
}

// What comes next is what is earlier, however far it is behind the other in the file.
static struct device_decoder *turn_of(struct device_reader *r)
{
    bool is_audio = device_pieces_next_time(&r->pieces) <= r->picture_next;

    if (device_decoder_is_over(&r->audio) || device_decoder_is_over(&r->video)) {
        is_audio = device_decoder_is_over(&r->video);
    }
    return is_audio ? &r->audio : &r->video;
}

static enum yodel_err take(struct device_reader *r, const struct device_decoder *decoder,
    struct yodel_raw *raw, bool *is_given, char *why)
{
    return decoder == &r->audio ? hear(r, why) : see(r, raw, is_given, why);
}

static enum yodel_err decode(
    struct device_reader *r, struct yodel_raw *raw, bool *is_given, char *why)
{
    struct device_decoder *turn = turn_of(r);
    struct device_decoder *other = turn == &r->audio ? &r->video : &r->audio;

    if (receive(r, turn)) {
        return take(r, turn, raw, is_given, why);
    }
    if (r->has_ended || device_decoder_is_waiting(turn)) {
        return go_on(r, turn, why);
    }
    if (!device_decoder_is_full(other)) {
        return feed(r, why);
    }
    return receive(r, other) ? take(r, other, raw, is_given, why) : go_on(r, other, why);
}

// One step; sets `is_given` where it led to something.
static enum yodel_err step(
    struct device_reader *r, struct yodel_raw *raw, bool *is_given, char *why)
{
    *is_given = device_pieces_next(&r->pieces, raw);
    if (*is_given) {
        return YODEL_OK;
    }
    if (!is_over(r)) {
        return decode(r, raw, is_given, why);
    }
    device_pieces_end(&r->pieces);
    *is_given = device_pieces_next(&r->pieces, raw);
    return *is_given ? YODEL_OK : YODEL_ERR_NOT_FOUND;
}

enum yodel_err device_reader_next(
    struct device_reader *r, struct yodel_raw *raw, char why[DEVICE_TEXT_MAX])
{
    enum yodel_err err = YODEL_OK;
    bool is_given = false;

    why[0] = 0;
    if (!r->input.context) {
        (void)snprintf(why, DEVICE_TEXT_MAX, "it was not opened again");
        return YODEL_ERR_INVALID_STATE;
    }
    while (!err && !is_given) {
        err = device_input_is_interrupted(&r->input) ? YODEL_ERR_ABORTED
                                                     : step(r, raw, &is_given, why);
    }
    return err;
}
