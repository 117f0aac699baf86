// AV1, encoded by libaom with the settings that browsers have for calls.
//
// Ownership   a frame is libaom's, until the next call
// Departs     another size begins with a new encoder, as with VP8 and VP9

#include <aom/aom_encoder.h>
#include <aom/aomcx.h>

#include "base/alloc.h"
#include "media/codec.h"

#define SPEED 9       // How much is left out to be in time: 10 is the most.
#define SPEED_SMALL 8 // Up to SMALL_PIXELS there is time to be more thorough.
#define SMALL_PIXELS (640u * 360u)
#define KEY_DISTANCE_MAX 3000 // Pictures; key frames come on demand.
#define KEY_SIZE 300          // Per cent of a usual picture.
#define BUFFER_MS 1000        // How far sending may lag behind encoding.
#define BUFFER_AIM_MS 600
#define DROP_BELOW 30 // Per cent of that: pictures are left out when less is free.
#define AQ_CYCLIC 3

struct encoder {
    struct yodel_encoder base; // First, so that one is found from the other.
    struct yodel_encoder_config config;
    bool is_open;
    aom_codec_ctx_t aom;
    aom_codec_enc_cfg_t settings;
    aom_codec_iter_t position; // Of what was encoded.
    bool has_output;
    int64_t pts;
    uint64_t timestamp; // Of the picture that was encoded last.
    yodel_time captured;
};

static enum yodel_err fail(struct encoder *e, const char *what)
{
    return media_encoder_fail(
        &e->base, YODEL_ERR_OPERATION, "libaom: %s: %s", what, aom_codec_error(&e->aom));
}

static void close_encoder(struct encoder *e)
{
    if (e->is_open) {
        (void)aom_codec_destroy(&e->aom);
        e->is_open = false;
    }
}

static void use_target(struct encoder *e)
{
    e->settings.rc_target_bitrate = (unsigned)(e->config.target.bitrate / 1000);
}

static void set_up(struct encoder *e, const struct yodel_picture *picture)
{
    aom_codec_enc_cfg_t *s = &e->settings;

    s->g_w = picture->width;
    s->g_h = picture->height;
    s->g_threads = e->config.threads;
    s->g_timebase = (struct aom_rational){1, MEDIA_VIDEO_CLOCK};
    s->g_pass = AOM_RC_ONE_PASS;
    s->g_lag_in_frames = 0;
    s->g_error_resilient = 0; // Nothing is decoded behind a loss: a key frame is asked for.
    s->rc_end_usage = AOM_CBR;
    s->rc_dropframe_thresh = e->config.is_screen ? 0 : DROP_BELOW;
    s->rc_min_quantizer = 10;
    s->rc_max_quantizer = 56;
    s->rc_undershoot_pct = 50;
    s->rc_overshoot_pct = 50;
    s->rc_buf_initial_sz = BUFFER_AIM_MS;
    s->rc_buf_optimal_sz = BUFFER_AIM_MS;
    s->rc_buf_sz = BUFFER_MS;
    s->kf_mode = AOM_KF_AUTO;
    s->kf_max_dist = KEY_DISTANCE_MAX;
    use_target(e);
}

// Each costs more time than it is worth in a call.
static bool turn_off_tools(struct encoder *e)
{
    static const int off[] = {AV1E_SET_ENABLE_TPL_MODEL, AV1E_SET_DELTAQ_MODE,
        AV1E_SET_ENABLE_ORDER_HINT, AV1E_SET_ENABLE_GLOBAL_MOTION, AV1E_SET_ENABLE_WARPED_MOTION,
        AV1E_SET_ENABLE_OBMC, AV1E_SET_ENABLE_REF_FRAME_MVS, AV1E_SET_ENABLE_CFL_INTRA,
        AV1E_SET_ENABLE_SMOOTH_INTRA, AV1E_SET_ENABLE_ANGLE_DELTA, AV1E_SET_ENABLE_FILTER_INTRA};

    for (size_t i = 0; i < COUNT(off); i++) {
        if (aom_codec_control(&e->aom, off[i], 0) != AOM_CODEC_OK) {
            return false;
        }
    }
    return true;
}

static bool control(struct encoder *e)
{
    bool is_small = e->settings.g_w * e->settings.g_h <= SMALL_PIXELS;
    int columns = e->config.threads >= 4 ? 2 : e->config.threads >= 2 ? 1 : 0;
    const struct {
        int what;
        int value;
    } rows[] = {
        {AOME_SET_CPUUSED, is_small ? SPEED_SMALL : SPEED},
        {AV1E_SET_AQ_MODE, AQ_CYCLIC},
        {AV1E_SET_TILE_COLUMNS, columns},
        {AV1E_SET_ROW_MT, 1},
        {AV1E_SET_ENABLE_CDEF, 1},
        {AV1E_SET_CDF_UPDATE_MODE, 1},
        {AV1E_SET_ENABLE_PALETTE, e->config.is_screen},
        {AV1E_SET_TUNE_CONTENT, e->config.is_screen ? AOM_CONTENT_SCREEN : AOM_CONTENT_DEFAULT},
        {AOME_SET_MAX_INTRA_BITRATE_PCT, KEY_SIZE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (aom_codec_control(&e->aom, rows[i].what, rows[i].value) != AOM_CODEC_OK) {
            return false;
        }
    }
    return turn_off_tools(e);
}

static enum yodel_err open_encoder(struct encoder *e, const struct yodel_picture *picture)
{
    aom_codec_iface_t *interface = aom_codec_av1_cx();

    close_encoder(e);
    if (aom_codec_enc_config_default(interface, &e->settings, AOM_USAGE_REALTIME) != AOM_CODEC_OK) {
        return media_encoder_fail(&e->base, YODEL_ERR_OPERATION, "libaom has no settings");
    }
    set_up(e, picture);
    if (aom_codec_enc_init(&e->aom, interface, &e->settings, 0) != AOM_CODEC_OK) {
        return fail(e, "the encoder does not open");
    }
    e->is_open = true;
    if (!control(e)) {
        enum yodel_err err = fail(e, "a setting");
        close_encoder(e);
        return err;
    }
    return YODEL_OK;
}

static bool is_of_size(const struct encoder *e, const struct yodel_picture *picture)
{
    return e->is_open && e->settings.g_w == picture->width && e->settings.g_h == picture->height;
}

// libaom reads the picture where it is; its type for that says nothing of const.
static void wrap(aom_image_t *image, const struct yodel_picture *picture)
{
    aom_img_wrap(image, AOM_IMG_FMT_I420, picture->width, picture->height, 1,
        (unsigned char *)(uintptr_t)picture->planes[0]);
    for (int i = 0; i < 3; i++) {
        image->planes[i] = (unsigned char *)(uintptr_t)picture->planes[i];
        image->stride[i] = (int)picture->strides[i];
    }
}

static enum yodel_err encode(
    struct yodel_encoder *base, const struct yodel_raw *raw, bool is_key_wanted)
{
    struct encoder *e = (struct encoder *)base;
    uint32_t duration = media_duration(e->timestamp, raw->timestamp, e->config.target.frame_rate);
    aom_enc_frame_flags_t flags = is_key_wanted ? AOM_EFLAG_FORCE_KF : 0;
    aom_image_t image;

    e->has_output = false;
    if (!is_of_size(e, &raw->picture)) {
        enum yodel_err err = open_encoder(e, &raw->picture);
        if (err) {
            return err;
        }
    }
    wrap(&image, &raw->picture);
    e->pts += duration;
    if (aom_codec_encode(&e->aom, &image, e->pts, duration, flags) != AOM_CODEC_OK) {
        return fail(e, "encoding");
    }
    e->timestamp = raw->timestamp;
    e->captured = raw->captured;
    e->position = NULL;
    e->has_output = true;
    return YODEL_OK;
}

static bool next(struct yodel_encoder *base, struct yodel_frame *frame)
{
    struct encoder *e = (struct encoder *)base;
    const aom_codec_cx_pkt_t *packet = NULL;

    while (e->has_output && (packet = aom_codec_get_cx_data(&e->aom, &e->position))) {
        if (packet->kind == AOM_CODEC_CX_FRAME_PKT && packet->data.frame.sz > 0) {
            *frame = (struct yodel_frame){.data = packet->data.frame.buf,
                .len = packet->data.frame.sz,
                .codec = base->codec,
                .is_key = (packet->data.frame.flags & AOM_FRAME_IS_KEY) != 0,
                .timestamp = e->timestamp,
                .captured = e->captured};
            return true;
        }
    }
    e->has_output = false;
    return false;
}

static void set_target(struct yodel_encoder *base, const struct yodel_encoder_target *target)
{
    struct encoder *e = (struct encoder *)base;

    e->config.target = *target;
    if (e->is_open) {
        use_target(e);
        (void)aom_codec_enc_config_set(&e->aom, &e->settings);
    }
}

static void encoder_free(struct yodel_encoder *base)
{
    close_encoder((struct encoder *)base);
    alloc_free(alloc_system(), base);
}

enum yodel_err media_av1_encoder_new(enum yodel_codec codec,
    const struct yodel_encoder_config *config, struct yodel_encoder **encoder)
{
    static const struct yodel_encoder_ops ops = {encode, next, set_target, encoder_free};
    struct encoder *e = alloc_new(alloc_system(), sizeof *e);

    if (!e) {
        return YODEL_ERR_NO_MEMORY;
    }
    e->base = (struct yodel_encoder){.ops = &ops, .codec = codec};
    e->config = *config;
    *encoder = &e->base;
    return YODEL_OK;
}
