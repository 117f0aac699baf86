// The input: see the header.

#include "device/input.h"

#include <errno.h>
#include <libavdevice/avdevice.h>
#include <libavutil/time.h>
#include <stdio.h>
#include <sys/stat.h>

#include "device/libav.h"
#include "device/list.h"

// What a file's own text (a playlist) may make libavformat open. One from elsewhere never gets at a file of this machine, and
// one of this machine does not reach out. "concat:" and "subfile:" are in neither.
#define PROTOCOLS_LOCAL "file,crypto,data"
#define PROTOCOLS_REMOTE                                                                           \
    "http,https,httpproxy,tcp,tls,crypto,data,rtmp,rtmps,rtmpt,rtmpts,ffrtmphttp,udp,rtp,srtp,srt"
#define PROTOCOLS_NONE "none"
#define STREAMS_MAX 100
#define MEMORY_PIECE 4096
#define FRAME_RATE 30u // Of a camera and a screen.
#define POLL YODEL_MS(4)
#define POLLS 5
#define RAW_CAMERA_PIXELS (640u * 480u) // More than these come through a cable only as JPEG.
#define URL_MAX 4200

struct place {
    const char *format; // Of libavdevice's; NULL: a file, whose content tells.
    char url[URL_MAX];
    AVDictionary *options;
};

// ---- giving up

bool device_input_is_interrupted(const struct device_input *input)
{
    return input->config->is_interrupted && input->config->is_interrupted(input->config->ctx);
}

static int should_give_up(void *ctx)
{
    struct device_input *input = ctx;

    return device_input_is_interrupted(input) || av_gettime_relative() > input->deadline;
}

static void renew(struct device_input *input)
{
    input->deadline = av_gettime_relative() + (int64_t)DEVICE_READER_SILENCE_MAX;
}

// ---- sentences

static enum yodel_err say(enum yodel_err err, char why[DEVICE_TEXT_MAX], const char *format, ...)
    YODEL_PRINTF(3, 4);

static enum yodel_err say(enum yodel_err err, char why[DEVICE_TEXT_MAX], const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, DEVICE_TEXT_MAX, format, args);
    va_end(args);
    return err;
}

static enum yodel_err explain_camera(const struct device_input *input, int failed, char *why)
{
    if (failed == AVERROR(ENOENT) || failed == AVERROR(ENODEV) || failed == AVERROR(ENXIO)) {
        return input->config->name
                   ? say(YODEL_ERR_NOT_FOUND, why, "there is no camera %s", input->name)
                   : say(YODEL_ERR_NOT_FOUND, why, "there is no camera: no /dev/video*");
    }
    if (failed == AVERROR(EBUSY)) {
        return say(
            YODEL_ERR_IO, why, "the camera %s is busy: another program uses it", input->name);
    }
    if (failed == AVERROR(EACCES) || failed == AVERROR(EPERM)) {
        return say(YODEL_ERR_IO, why,
            "no permission for the camera %s: add yourself to the group video", input->name);
    }
    return YODEL_OK;
}

static enum yodel_err explain_microphone(const struct device_input *input, int failed, char *why)
{
    if (failed == AVERROR(EBUSY)) {
        return say(
            YODEL_ERR_IO, why, "the microphone %s is busy: another program uses it", input->name);
    }
    if (input->context) {
        return say(YODEL_ERR_IO, why, "the microphone %s is gone", input->name);
    }
    return input->config->name
               ? say(YODEL_ERR_NOT_FOUND, why, "there is no microphone %s", input->name)
               : say(YODEL_ERR_NOT_FOUND, why,
                     "there is no microphone: neither PulseAudio nor ALSA has one");
}

static enum yodel_err explain_screen(const struct device_input *input, int failed, char *why)
{
    if (failed == AVERROR(EINVAL) && !input->context) {
        return say(
            YODEL_ERR_RANGE, why, "the region is not inside the screen of display %s", input->name);
    }
    if (input->context) {
        return say(YODEL_ERR_IO, why, "the display %s is gone", input->name);
    }
    return say(YODEL_ERR_NOT_FOUND, why, "cannot open display %s", input->name);
}

static enum yodel_err explain_file(const struct device_input *input, int failed, char *why)
{
    switch (failed) {
    case AVERROR(ENOENT):
    case AVERROR_HTTP_NOT_FOUND:
        return say(YODEL_ERR_NOT_FOUND, why, "there is no %s", input->name);
    case AVERROR(EACCES):
    case AVERROR(EPERM):
        return say(YODEL_ERR_IO, why, "no permission to read %s", input->name);
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF: // While opening.
        return say(
            YODEL_ERR_MALFORMED, why, "%s is no pictures and no sound, or is damaged", input->name);
    case AVERROR_PROTOCOL_NOT_FOUND:
        return say(YODEL_ERR_NOT_SUPPORTED, why, "%s is of an unknown protocol", input->name);
    case AVERROR(ECONNREFUSED):
    case AVERROR(ENETUNREACH):
    case AVERROR(EHOSTUNREACH):
    case AVERROR(ECONNRESET):
        return say(YODEL_ERR_NETWORK, why, "%s is not reached: %s", input->name,
            strerror(AVUNERROR(failed)));
    default:
        return YODEL_OK;
    }
}

enum yodel_err device_input_explain(
    const struct device_input *input, int failed, char why[DEVICE_TEXT_MAX])
{
    static enum yodel_err (*const explain[])(const struct device_input *, int, char *) = {
        explain_file, explain_camera, explain_microphone, explain_screen};
    char text[AV_ERROR_MAX_STRING_SIZE];

    if (device_input_is_interrupted(input)) {
        return say(YODEL_ERR_ABORTED, why, "it was interrupted");
    }
    if (failed == AVERROR_EXIT || failed == AVERROR(ETIMEDOUT)) {
        return say(YODEL_ERR_TIMEOUT, why, "%s gives nothing", input->name);
    }
    if (failed == AVERROR(ENOMEM)) {
        return say(YODEL_ERR_NO_MEMORY, why, "%s", yodel_err_text(YODEL_ERR_NO_MEMORY));
    }
    enum yodel_err err = explain[input->config->kind](input, failed, why);
    return err ? err
               : say(YODEL_ERR_IO, why, "%s: %s", input->name,
                     av_make_error_string(text, sizeof text, failed));
}

// ---- opening

static void set_number(AVDictionary **options, const char *name, uint64_t value)
{
    (void)av_dict_set_int(options, name, (int64_t)value, 0);
}

static void set_size(AVDictionary **options, uint32_t width, uint32_t height)
{
    char text[32];

    if (width > 0 && height > 0) {
        (void)snprintf(text, sizeof text, "%ux%u", width, height);
        (void)av_dict_set(options, "video_size", text, 0);
    }
}

static void set_frame_rate(const struct device_input *input, AVDictionary **options)
{
    uint32_t rate = input->config->frame_rate;

    set_number(options, "framerate", rate > 0 ? rate : FRAME_RATE);
}

static int read_memory(void *ctx, uint8_t *out, int room)
{
    struct device_input *input = ctx;
    struct bytes piece = bytes_sub(input->config->memory, input->at, (size_t)room);

    if (piece.len == 0) {
        return AVERROR_EOF;
    }
    memcpy(out, piece.ptr, piece.len);
    input->at += piece.len;
    return (int)piece.len;
}

static int64_t seek_memory(void *ctx, int64_t offset, int whence)
{
    struct device_input *input = ctx;
    int64_t len = (int64_t)input->config->memory.len;
    int64_t from = whence == SEEK_CUR ? (int64_t)input->at : whence == SEEK_END ? len : 0;

    if (whence == AVSEEK_SIZE) {
        return len;
    }
    if (offset < -from || offset > len - from) {
        return AVERROR(EINVAL);
    }
    input->at = (size_t)(from + offset);
    return from + offset;
}

static bool open_memory(struct device_input *input)
{
    uint8_t *room = av_malloc(MEMORY_PIECE);

    input->at = 0;
    input->memory =
        room ? avio_alloc_context(room, MEMORY_PIECE, 0, input, read_memory, NULL, seek_memory)
             : NULL;
    if (!input->memory) {
        av_free(room);
        return false;
    }
    input->context->pb = input->memory;
    return true;
}

// Opens what `place` says, and lets go of its options.
static int open_place(struct device_input *input, struct place *place)
{
    const AVInputFormat *format = place->format ? av_find_input_format(place->format) : NULL;
    int failed = AVERROR(ENODEV);

    renew(input);
    input->context = avformat_alloc_context();
    if (!input->context) {
        failed = AVERROR(ENOMEM);
    } else if (format || !place->format) {
        input->context->interrupt_callback = (AVIOInterruptCB){should_give_up, input};
        input->context->flags |= place->format ? AVFMT_FLAG_NONBLOCK : 0;
        failed = input->config->memory.ptr && !open_memory(input)
                     ? AVERROR(ENOMEM)
                     : avformat_open_input(&input->context, place->url, format, &place->options);
        if (!failed && !place->format) {
            renew(input);
            failed = avformat_find_stream_info(input->context, NULL);
            failed = failed < 0 ? failed : 0;
        }
    }
    av_dict_free(&place->options);
    if (failed) {
        device_input_close(input);
    }
    return failed;
}

static enum yodel_err opened(struct device_input *input, int failed, char *why)
{
    return failed ? device_input_explain(input, failed, why) : YODEL_OK;
}

// ---- files

// "http://…" is a URL; "a:b" and "/a://b" are paths.
static size_t scheme_len(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return len > 0 && strncmp(name + len, "://", 3) == 0 ? len : 0;
}

static bool is_scheme_known(const char *name, size_t len)
{
    static const char *const known[] = {
        "http", "https", "rtmp", "rtmps", "rtmpt", "rtmpts", "rtsp", "rtsps", "udp", "rtp", "srt"};

    for (size_t i = 0; i < COUNT(known); i++) {
        if (strlen(known[i]) == len && strncmp(name, known[i], len) == 0) {
            return true;
        }
    }
    return false;
}

// Neither a pipe, at which opening would block where nobody can interrupt it, nor a device.
static enum yodel_err check_path(const struct device_input *input, const char *path, char *why)
{
    struct stat about;

    if (stat(path, &about) != 0) {
        return device_input_explain(input, AVERROR(errno), why);
    }
    return S_ISREG(about.st_mode) ? YODEL_OK
                                  : say(YODEL_ERR_TYPE, why, "%s is not a file", input->name);
}

static enum yodel_err open_file(struct device_input *input, char *why)
{
    const char *name = input->config->name;
    struct place place = {0};
    const char *protocols = PROTOCOLS_NONE;

    if (!input->config->memory.ptr) {
        if (!name || !name[0]) {
            return say(YODEL_ERR_TYPE, why, "there is no name of a file");
        }
        if (strncmp(name, "file://", 7) == 0) {
            name += 7;
        }
        size_t scheme = scheme_len(name);
        if (scheme > 0 && !is_scheme_known(name, scheme)) {
            return say(YODEL_ERR_NOT_SUPPORTED, why,
                "%.*s:// is of a protocol that is not read from", (int)(scheme < 32 ? scheme : 32),
                name);
        }
        enum yodel_err err = scheme > 0 ? YODEL_OK : check_path(input, name, why);
        if (err) {
            return err;
        }
        protocols = scheme > 0 ? PROTOCOLS_REMOTE : PROTOCOLS_LOCAL;
        // Without "file:", "concat:a|b" would be more than a name.
        int len = snprintf(place.url, sizeof place.url, "%s%s", scheme > 0 ? "" : "file:", name);
        if (len < 0 || (size_t)len >= sizeof place.url) {
            return say(YODEL_ERR_TOO_LARGE, why, "the name is longer than %d", URL_MAX);
        }
    }
    (void)av_dict_set(&place.options, "protocol_whitelist", protocols, 0);
    set_number(&place.options, "max_streams", STREAMS_MAX);
    return opened(input, open_place(input, &place), why);
}

// ---- devices

static int open_v4l2(struct device_input *input, bool is_jpeg)
{
    const struct device_reader_config *config = input->config;
    struct place place = {.format = "v4l2"};

    (void)snprintf(place.url, sizeof place.url, "%s", input->name);
    set_size(&place.options, config->width, config->height);
    set_frame_rate(input, &place.options);
    if (is_jpeg) {
        (void)av_dict_set(&place.options, "input_format", "mjpeg", 0);
    }
    return open_place(input, &place);
}

static enum yodel_err open_camera(struct device_input *input, char *why)
{
    const struct device_reader_config *config = input->config;
    bool is_large = (uint64_t)config->width * config->height > RAW_CAMERA_PIXELS;
    int failed = is_large ? open_v4l2(input, true) : AVERROR(EINVAL);

    if (failed == AVERROR(EINVAL)) {
        failed = open_v4l2(input, false);
    }
    return opened(input, failed, why);
}

static int open_sound(struct device_input *input, const char *format, const char *name)
{
    uint32_t channels = input->config->channels;
    struct place place = {.format = format};

    (void)snprintf(place.url, sizeof place.url, "%s", name);
    set_number(&place.options, "channels", channels > 0 ? channels : 1);
    set_number(&place.options, "sample_rate", 48000);
    if (strcmp(format, "pulse") == 0) {
        // 10 ms of 16 bits: what waits together is late.
        set_number(&place.options, "fragment_size", (channels > 0 ? channels : 1) * 960);
        (void)av_dict_set(&place.options, "name", "yodel", 0);
    }
    return open_place(input, &place);
}

static enum yodel_err open_microphone(struct device_input *input, char *why)
{
    const char *name = input->config->name;
    bool is_alsa = name && strncmp(name, DEVICE_LIST_ALSA, strlen(DEVICE_LIST_ALSA)) == 0;
    int failed;

    if (is_alsa) {
        failed = open_sound(input, "alsa", name + strlen(DEVICE_LIST_ALSA));
    } else {
        failed = open_sound(input, "pulse", name ? name : "default");
        if (failed && !name) {
            failed = open_sound(input, "alsa", "default");
        }
    }
    return opened(input, failed, why);
}

static enum yodel_err open_screen(struct device_input *input, char *why)
{
    const struct device_reader_config *config = input->config;
    struct place place = {.format = "x11grab"};

    if (!config->name || !config->name[0]) {
        return say(YODEL_ERR_NOT_FOUND, why, "there is no display: DISPLAY is not set");
    }
    (void)snprintf(place.url, sizeof place.url, "%s", config->name);
    set_number(&place.options, "grab_x", config->region.x);
    set_number(&place.options, "grab_y", config->region.y);
    set_number(&place.options, "draw_mouse", !config->has_no_cursor);
    set_size(&place.options, config->region.width, config->region.height);
    set_frame_rate(input, &place.options);
    return opened(input, open_place(input, &place), why);
}

enum yodel_err device_input_open(struct device_input *input,
    const struct device_reader_config *config, char why[DEVICE_TEXT_MAX])
{
    static enum yodel_err (*const open[])(struct device_input *, char *) = {
        open_file, open_camera, open_microphone, open_screen};
    static const char *const names[] = {"what is in memory", "/dev/video0", "default", ""};

    *input = (struct device_input){
        .config = config, .name = config->name ? config->name : names[config->kind]};
    avdevice_register_all();
    device_libav_quiet();
    return open[config->kind](input, why);
}

void device_input_close(struct device_input *input)
{
    avformat_close_input(&input->context);
    if (input->memory) {
        av_freep(&input->memory->buffer);
        avio_context_free(&input->memory);
    }
}

int device_input_read(struct device_input *input, AVPacket *packet)
{
    bool is_device = input->config->kind != DEVICE_READER_FILE;
    int failed;

    if (!is_device) {
        renew(input);
    }
    for (int i = 0; i < POLLS; i++) {
        failed = av_read_frame(input->context, packet);
        if (failed == 0) {
            renew(input);
        }
        if (failed != AVERROR(EAGAIN) || should_give_up(input)) {
            break;
        }
        (void)av_usleep(POLL);
    }
    bool is_late = failed == AVERROR(EAGAIN) && av_gettime_relative() > input->deadline;
    return is_late ? AVERROR(ETIMEDOUT) : failed;
}
