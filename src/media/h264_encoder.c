// H.264, encoded by openh264: constrained baseline, as browsers offer it.
//
// Implements  RFC 6184 §8.1: what our encoders make is profile-level-id 42e0xx, packetization mode 1
// Ownership   a frame is ours, until the next call
// Departs     of a picture with an odd side, the last line or column is left out: cropping goes by two

#include <wels/codec_api.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "media/codec.h"

#define FRAME_RATE_MAX 60 // What openh264's rate control was made for.
#define QP_MAX 51
#define QP_MIN 10

struct encoder {
    struct yodel_encoder base; // First, so that one is found from the other.
    struct yodel_encoder_config config;
    ISVCEncoder *wels;
    bool is_open;
    uint32_t width; // Of the open encoder.
    uint32_t height;
    uint64_t clock; // Of all pictures, in units of MEDIA_VIDEO_CLOCK.
    uint64_t timestamp;
    uint8_t *data;
    size_t room;
    struct yodel_frame frame; // Without a length: there is none.
};

static float frame_rate_of(const struct encoder *e)
{
    uint32_t rate = e->config.target.frame_rate;

    return (float)(rate > FRAME_RATE_MAX ? FRAME_RATE_MAX : rate);
}

static void set_up(struct encoder *e, SEncParamExt *s)
{
    SSpatialLayerConfig *layer = &s->sSpatialLayers[0];

    s->iUsageType = e->config.is_screen ? SCREEN_CONTENT_REAL_TIME : CAMERA_VIDEO_REAL_TIME;
    s->iPicWidth = (int)e->width;
    s->iPicHeight = (int)e->height;
    s->iTargetBitrate = (int)e->config.target.bitrate;
    s->iMaxBitrate = UNSPECIFIED_BIT_RATE;
    s->iRCMode = RC_BITRATE_MODE;
    s->fMaxFrameRate = frame_rate_of(e);
    s->bEnableFrameSkip = !e->config.is_screen;
    s->uiIntraPeriod = 0; // Key frames come on demand.
    s->eSpsPpsIdStrategy = CONSTANT_ID;
    s->iMultipleThreadIdc = (unsigned short)e->config.threads;
    s->iMaxQp = QP_MAX;
    s->iMinQp = QP_MIN;
    s->bEnableDenoise = false;
    s->bEnableSceneChangeDetect = e->config.is_screen; // Its library insists on it there.
    s->iTemporalLayerNum = 1;
    s->iSpatialLayerNum = 1;
    layer->iVideoWidth = s->iPicWidth;
    layer->iVideoHeight = s->iPicHeight;
    layer->fFrameRate = s->fMaxFrameRate;
    layer->iSpatialBitrate = s->iTargetBitrate;
    layer->iMaxSpatialBitrate = UNSPECIFIED_BIT_RATE;
    layer->uiProfileIdc = PRO_BASELINE;
    layer->sSliceArgument.uiSliceMode = SM_FIXEDSLCNUM_SLICE;
    layer->sSliceArgument.uiSliceNum = e->config.threads;
}

static void close_encoder(struct encoder *e)
{
    if (e->is_open) {
        (*e->wels)->Uninitialize(e->wels);
        e->is_open = false;
    }
}

static enum yodel_err open_encoder(struct encoder *e, uint32_t width, uint32_t height)
{
    SEncParamExt settings;

    close_encoder(e);
    e->width = width;
    e->height = height;
    (*e->wels)->GetDefaultParams(e->wels, &settings);
    set_up(e, &settings);
    int failed = (*e->wels)->InitializeExt(e->wels, &settings);
    if (failed) {
        return media_encoder_fail(&e->base, YODEL_ERR_OPERATION,
            "openh264 does not open for %ux%u: error %d", width, height, failed);
    }
    e->is_open = true;
    return YODEL_OK;
}

static size_t size_of(const SLayerBSInfo *layer)
{
    size_t len = 0;

    for (int i = 0; i < layer->iNalCount; i++) {
        len += (size_t)layer->pNalLengthInByte[i];
    }
    return len;
}

static size_t size_of_all(const SFrameBSInfo *made)
{
    size_t len = 0;

    for (int i = 0; i < made->iLayerNum; i++) {
        len += size_of(&made->sLayerInfo[i]);
    }
    return len;
}

// Copies the NAL units, which have their start codes, one behind the other.
static enum yodel_err gather(struct encoder *e, const SFrameBSInfo *made)
{
    size_t len = size_of_all(made);

    if (len > e->room) {
        uint8_t *data = alloc_resize(alloc_system(), e->data, len);
        if (!data) {
            return YODEL_ERR_NO_MEMORY;
        }
        e->data = data;
        e->room = len;
    }
    struct writer w = writer_of(span_of(e->data, e->room));
    for (int i = 0; i < made->iLayerNum; i++) {
        put_bytes(&w, bytes_of(made->sLayerInfo[i].pBsBuf, size_of(&made->sLayerInfo[i])));
    }
    e->frame.data = e->data;
    e->frame.len = w.len;
    return YODEL_OK;
}

// openh264 reads the picture where it is; its type for that says nothing of const.
static SSourcePicture wrapped(const struct encoder *e, const struct yodel_picture *picture)
{
    SSourcePicture source = {.iColorFormat = videoFormatI420,
        .iPicWidth = (int)e->width,
        .iPicHeight = (int)e->height,
        .uiTimeStamp = (long long)(e->clock / (MEDIA_VIDEO_CLOCK / 1000))};

    for (int i = 0; i < 3; i++) {
        source.pData[i] = (unsigned char *)(uintptr_t)picture->planes[i];
        source.iStride[i] = (int)picture->strides[i];
    }
    return source;
}

static enum yodel_err run(struct encoder *e, const struct yodel_raw *raw, bool is_key_wanted)
{
    SFrameBSInfo made = {0};

    if (is_key_wanted) {
        (*e->wels)->ForceIntraFrame(e->wels, true);
    }
    e->clock += media_duration(e->timestamp, raw->timestamp, e->config.target.frame_rate);
    e->timestamp = raw->timestamp;
    SSourcePicture source = wrapped(e, &raw->picture);
    int failed = (*e->wels)->EncodeFrame(e->wels, &source, &made);
    if (failed) {
        return media_encoder_fail(&e->base, YODEL_ERR_OPERATION, "openh264: error %d", failed);
    }
    if (made.eFrameType == videoFrameTypeSkip || made.eFrameType == videoFrameTypeInvalid) {
        return YODEL_OK; // Left out, to keep to the bitrate.
    }
    e->frame = (struct yodel_frame){.codec = YODEL_H264,
        .is_key = made.eFrameType == videoFrameTypeIDR,
        .timestamp = raw->timestamp,
        .captured = raw->captured};
    return gather(e, &made);
}

static enum yodel_err encode(
    struct yodel_encoder *base, const struct yodel_raw *raw, bool is_key_wanted)
{
    struct encoder *e = (struct encoder *)base;
    uint32_t width = raw->picture.width & ~1u, height = raw->picture.height & ~1u;

    e->frame.len = 0;
    if (!e->is_open || width != e->width || height != e->height) {
        enum yodel_err err = open_encoder(e, width, height);
        if (err) {
            return err;
        }
    }
    return run(e, raw, is_key_wanted);
}

static bool next(struct yodel_encoder *base, struct yodel_frame *frame)
{
    return media_take_frame(&((struct encoder *)base)->frame, frame);
}

static void set_target(struct yodel_encoder *base, const struct yodel_encoder_target *target)
{
    struct encoder *e = (struct encoder *)base;
    SBitrateInfo bitrate = {SPATIAL_LAYER_ALL, (int)target->bitrate};

    e->config.target = *target;
    if (e->is_open) {
        float rate = frame_rate_of(e);
        (*e->wels)->SetOption(e->wels, ENCODER_OPTION_BITRATE, &bitrate);
        (*e->wels)->SetOption(e->wels, ENCODER_OPTION_FRAME_RATE, &rate);
    }
}

static void encoder_free(struct yodel_encoder *base)
{
    struct encoder *e = (struct encoder *)base;

    close_encoder(e);
    WelsDestroySVCEncoder(e->wels);
    alloc_free(alloc_system(), e->data);
    alloc_free(alloc_system(), e);
}

enum yodel_err media_h264_encoder_new(enum yodel_codec codec,
    const struct yodel_encoder_config *config, struct yodel_encoder **encoder)
{
    static const struct yodel_encoder_ops ops = {encode, next, set_target, encoder_free};
    int quiet = WELS_LOG_QUIET;
    struct encoder *e = alloc_new(alloc_system(), sizeof *e);

    if (!e) {
        return YODEL_ERR_NO_MEMORY;
    }
    e->base = (struct yodel_encoder){.ops = &ops, .codec = codec};
    e->config = *config;
    if (WelsCreateSVCEncoder(&e->wels) != 0) {
        alloc_free(alloc_system(), e);
        return YODEL_ERR_NO_MEMORY;
    }
    (*e->wels)->SetOption(e->wels, ENCODER_OPTION_TRACE_LEVEL, &quiet);
    *encoder = &e->base;
    return YODEL_OK;
}
