// VP8 and VP9, encoded by libvpx with the settings that browsers have for calls.
//
// Ownership   a frame is libvpx's, until the next call
// Departs     another size begins with a new encoder, rather than with a scaled reference: a key frame
//             comes anyway where a peer must be told the size

#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include "base/alloc.h"
#include "media/codec.h"

#define VP8_SPEED (-6) // How much is left out to be in time; below 0, as much as there is time for.
#define VP9_SPEED 7
#define VP9_SPEED_SMALL 5 // Up to SMALL_PIXELS there is time to be thorough.
#define SMALL_PIXELS (352u * 288u)
#define SCREEN_CONTENT 1
#define KEY_DISTANCE_MAX 3000 // Pictures; key frames come on demand.
#define BUFFER_MS 1000        // How far sending may lag behind encoding,
#define BUFFER_START_MS 500
#define BUFFER_AIM_MS 600
#define DROP_BELOW 30    // Per cent of that: pictures are left out when less is free.
#define KEY_SIZE_MIN 300 // Per cent of a usual picture.
#define AQ_CYCLIC 3

struct encoder {
    struct yodel_encoder base; // First, so that one is found from the other.
    struct yodel_encoder_config config;
    bool is_open;
    vpx_codec_ctx_t vpx;
    vpx_codec_enc_cfg_t settings;
    vpx_codec_iter_t position; // Of what was encoded.
    bool has_output;
    int64_t pts;
    uint64_t timestamp; // Of the picture that was encoded last.
    yodel_time captured;
};

static enum yodel_err fail(struct encoder *e, const char *what)
{
    return media_encoder_fail(
        &e->base, YODEL_ERR_OPERATION, "libvpx: %s: %s", what, vpx_codec_error(&e->vpx));
}

static void close_encoder(struct encoder *e)
{
    if (e->is_open) {
        (void)vpx_codec_destroy(&e->vpx);
        e->is_open = false;
    }
}

// A key frame may be so large, against a usual picture, that half of the buffer's aim is used up.
static unsigned key_size(const struct encoder *e)
{
    unsigned size = BUFFER_AIM_MS / 2 * e->config.target.frame_rate / 10;

    return size < KEY_SIZE_MIN ? KEY_SIZE_MIN : size;
}

static void use_target(struct encoder *e)
{
    e->settings.rc_target_bitrate = (unsigned)(e->config.target.bitrate / 1000);
}

static void set_up(struct encoder *e, const struct yodel_picture *picture)
{
    vpx_codec_enc_cfg_t *s = &e->settings;
    bool is_vp8 = e->base.codec == YODEL_VP8;

    s->g_w = picture->width;
    s->g_h = picture->height;
    s->g_threads = e->config.threads;
    s->g_timebase = (struct vpx_rational){1, MEDIA_VIDEO_CLOCK};
    s->g_pass = VPX_RC_ONE_PASS;
    s->g_lag_in_frames = 0;
    s->g_error_resilient = 0; // Nothing is decoded behind a loss: a key frame is asked for.
    s->rc_end_usage = VPX_CBR;
    s->rc_dropframe_thresh = e->config.is_screen ? 0 : DROP_BELOW;
    s->rc_resize_allowed = 0;
    s->rc_min_quantizer = 2;
    s->rc_max_quantizer = is_vp8 ? 56 : 52;
    s->rc_undershoot_pct = is_vp8 ? 100 : 50;
    s->rc_overshoot_pct = is_vp8 ? 15 : 50;
    s->rc_buf_initial_sz = BUFFER_START_MS;
    s->rc_buf_optimal_sz = BUFFER_AIM_MS;
    s->rc_buf_sz = BUFFER_MS;
    s->kf_mode = VPX_KF_AUTO;
    s->kf_max_dist = KEY_DISTANCE_MAX;
    use_target(e);
}

static bool control_vp8(struct encoder *e)
{
    return vpx_codec_control(&e->vpx, VP8E_SET_CPUUSED, VP8_SPEED) == VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP8E_SET_STATIC_THRESHOLD, 1u) == VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP8E_SET_SCREEN_CONTENT_MODE,
               e->config.is_screen ? 1u : 0u) == VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP8E_SET_MAX_INTRA_BITRATE_PCT, key_size(e)) == VPX_CODEC_OK;
}

static bool control_vp9(struct encoder *e)
{
    bool is_small = e->settings.g_w * e->settings.g_h <= SMALL_PIXELS;
    int columns = e->config.threads >= 4 ? 2 : e->config.threads >= 2 ? 1 : 0;

    return vpx_codec_control(&e->vpx, VP8E_SET_CPUUSED, is_small ? VP9_SPEED_SMALL : VP9_SPEED) ==
               VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP9E_SET_AQ_MODE, AQ_CYCLIC) == VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP9E_SET_ROW_MT, 1) == VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP9E_SET_TILE_COLUMNS, columns) == VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP9E_SET_FRAME_PARALLEL_DECODING, 0) == VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP8E_SET_STATIC_THRESHOLD, 1u) == VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP9E_SET_TUNE_CONTENT,
               e->config.is_screen ? VP9E_CONTENT_SCREEN : VP9E_CONTENT_DEFAULT) == VPX_CODEC_OK &&
           vpx_codec_control(&e->vpx, VP8E_SET_MAX_INTRA_BITRATE_PCT, key_size(e)) == VPX_CODEC_OK;
}

static enum yodel_err open_encoder(struct encoder *e, const struct yodel_picture *picture)
{
    bool is_vp8 = e->base.codec == YODEL_VP8;
    vpx_codec_iface_t *interface = is_vp8 ? vpx_codec_vp8_cx() : vpx_codec_vp9_cx();

    close_encoder(e);
    if (vpx_codec_enc_config_default(interface, &e->settings, 0) != VPX_CODEC_OK) {
        return media_encoder_fail(&e->base, YODEL_ERR_OPERATION, "libvpx has no settings");
    }
    set_up(e, picture);
    if (vpx_codec_enc_init(&e->vpx, interface, &e->settings, 0) != VPX_CODEC_OK) {
        return fail(e, "the encoder does not open");
    }
    e->is_open = true;
    if (!(is_vp8 ? control_vp8(e) : control_vp9(e))) {
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

// libvpx reads the picture where it is; its type for that says nothing of const.
static void wrap(vpx_image_t *image, const struct yodel_picture *picture)
{
    vpx_img_wrap(image, VPX_IMG_FMT_I420, picture->width, picture->height, 1,
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
    vpx_enc_frame_flags_t flags = is_key_wanted ? VPX_EFLAG_FORCE_KF : 0;
    vpx_image_t image;

    e->has_output = false;
    if (!is_of_size(e, &raw->picture)) {
        enum yodel_err err = open_encoder(e, &raw->picture);
        if (err) {
            return err;
        }
    }
    wrap(&image, &raw->picture);
    e->pts += duration;
    if (vpx_codec_encode(&e->vpx, &image, e->pts, duration, flags, VPX_DL_REALTIME) !=
        VPX_CODEC_OK) {
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
    const vpx_codec_cx_pkt_t *packet = NULL;

    while (e->has_output && (packet = vpx_codec_get_cx_data(&e->vpx, &e->position))) {
        if (packet->kind == VPX_CODEC_CX_FRAME_PKT && packet->data.frame.sz > 0) {
            *frame = (struct yodel_frame){.data = packet->data.frame.buf,
                .len = packet->data.frame.sz,
                .codec = base->codec,
                .is_key = (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0,
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
        (void)vpx_codec_enc_config_set(&e->vpx, &e->settings);
        (void)vpx_codec_control(&e->vpx, VP8E_SET_MAX_INTRA_BITRATE_PCT, key_size(e));
    }
}

static void encoder_free(struct yodel_encoder *base)
{
    close_encoder((struct encoder *)base);
    alloc_free(alloc_system(), base);
}

enum yodel_err media_vpx_encoder_new(enum yodel_codec codec,
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
