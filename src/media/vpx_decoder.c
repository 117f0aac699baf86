// VP8 and VP9, decoded by libvpx.
//
// libvpx decodes frame after frame in what it is given, as long as there are bytes; each could have another
// size, far behind what was looked at. So VP9 is always given as a superframe, whose index says where frames
// are; where there is none, one is added.
//
// Ownership   a picture is libvpx's, until the next call

#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

#include "base/alloc.h"
#include "media/codec.h"
#include "media/vpx_header.h"

#define FRAME_MAX (16u << 20)

struct decoder {
    struct yodel_decoder base; // First, so that one is found from the other.
    uint32_t max_pixels;
    vpx_codec_ctx_t vpx;
    uint8_t *copy; // Of a frame that gets an index.
    size_t copy_room;
    const vpx_image_t *image; // NULL: there is none.
    uint64_t timestamp;
    yodel_time captured;
};

static enum yodel_err check_one(struct decoder *d, struct bytes frame)
{
    struct media_vpx_size size;
    bool is_vp8 = d->base.codec == YODEL_VP8;

    if (!(is_vp8 ? media_vpx_header_vp8 : media_vpx_header_vp9)(frame, &size)) {
        return media_decoder_fail(&d->base, YODEL_ERR_MALFORMED, "the frame's header is damaged");
    }
    return size.is_said ? media_check_size(&d->base, d->max_pixels, size.width, size.height)
                        : YODEL_OK;
}

static enum yodel_err check_all(struct decoder *d, const struct bytes *frames, size_t count)
{
    enum yodel_err err = YODEL_OK;

    for (size_t i = 0; i < count && !err; i++) {
        // A frame of no length, or of one byte, is one that the encoder left out.
        err = frames[i].len > 1 ? check_one(d, frames[i]) : YODEL_OK;
    }
    return err;
}

static enum yodel_err with_index(struct decoder *d, struct bytes *frame)
{
    size_t len = frame->len + MEDIA_VPX_INDEX_LEN;

    if (len > d->copy_room) {
        uint8_t *copy = alloc_resize(alloc_system(), d->copy, len);
        if (!copy) {
            return YODEL_ERR_NO_MEMORY;
        }
        d->copy = copy;
        d->copy_room = len;
    }
    struct writer w = writer_of(span_of(d->copy, len));
    put_bytes(&w, *frame);
    media_vpx_header_put_index(&w, (uint32_t)frame->len);
    *frame = writer_bytes(&w);
    return YODEL_OK;
}

static enum yodel_err check(struct decoder *d, struct bytes *data)
{
    struct bytes frames[MEDIA_VPX_FRAMES_MAX];

    if (data->len > FRAME_MAX) {
        return media_decoder_fail(&d->base, YODEL_ERR_TOO_LARGE, "a frame of %zu bytes", data->len);
    }
    if (d->base.codec == YODEL_VP8) {
        return check_one(d, *data);
    }
    size_t count = media_vpx_header_split(*data, frames);
    if (count > 0) {
        return check_all(d, frames, count);
    }
    enum yodel_err err = check_one(d, *data);
    return err ? err : with_index(d, data);
}

static enum yodel_err take_picture(struct decoder *d)
{
    vpx_codec_iter_t position = NULL;
    const vpx_image_t *image = vpx_codec_get_frame(&d->vpx, &position);
    int is_corrupted = 0;

    if (vpx_codec_control(&d->vpx, VP8D_GET_FRAME_CORRUPTED, &is_corrupted) == VPX_CODEC_OK &&
        is_corrupted) {
        return media_decoder_fail(&d->base, YODEL_ERR_MALFORMED, "the picture is damaged");
    }
    if (image && image->fmt != VPX_IMG_FMT_I420) {
        return media_decoder_fail(
            &d->base, YODEL_ERR_NOT_SUPPORTED, "a picture of another format than 8 bits, 4:2:0");
    }
    d->image = image;
    return YODEL_OK;
}

static enum yodel_err decode(struct yodel_decoder *base, const struct yodel_frame *frame)
{
    struct decoder *d = (struct decoder *)base;
    struct bytes data = bytes_of(frame->data, frame->len);

    d->image = NULL;
    enum yodel_err err = check(d, &data);
    if (err) {
        return err;
    }
    vpx_codec_err_t failed = vpx_codec_decode(&d->vpx, data.ptr, (unsigned)data.len, NULL, 0);
    if (failed != VPX_CODEC_OK) {
        return media_decoder_fail(base,
            failed == VPX_CODEC_MEM_ERROR ? YODEL_ERR_NO_MEMORY : YODEL_ERR_MALFORMED, "libvpx: %s",
            vpx_codec_err_to_string(failed));
    }
    d->timestamp = frame->timestamp;
    d->captured = frame->captured;
    return take_picture(d);
}

static bool next(struct yodel_decoder *base, struct yodel_raw *raw)
{
    struct decoder *d = (struct decoder *)base;
    const vpx_image_t *image = d->image;

    if (!image) {
        return false;
    }
    d->image = NULL;
    *raw =
        (struct yodel_raw){.kind = YODEL_VIDEO, .timestamp = d->timestamp, .captured = d->captured};
    raw->picture.width = image->d_w;
    raw->picture.height = image->d_h;
    for (int i = 0; i < 3; i++) {
        raw->picture.planes[i] = image->planes[i];
        raw->picture.strides[i] = (uint32_t)image->stride[i];
    }
    return true;
}

static void decoder_free(struct yodel_decoder *base)
{
    struct decoder *d = (struct decoder *)base;

    (void)vpx_codec_destroy(&d->vpx);
    alloc_free(alloc_system(), d->copy);
    alloc_free(alloc_system(), d);
}

enum yodel_err media_vpx_decoder_new(enum yodel_codec codec,
    const struct yodel_decoder_config *config, struct yodel_decoder **decoder)
{
    static const struct yodel_decoder_ops ops = {decode, NULL, next, decoder_free};
    vpx_codec_dec_cfg_t settings = {.threads = config->threads};
    struct decoder *d = alloc_new(alloc_system(), sizeof *d);

    if (!d) {
        return YODEL_ERR_NO_MEMORY;
    }
    d->base = (struct yodel_decoder){.ops = &ops, .codec = codec};
    d->max_pixels = config->max_pixels;
    if (vpx_codec_dec_init(&d->vpx, codec == YODEL_VP8 ? vpx_codec_vp8_dx() : vpx_codec_vp9_dx(),
            &settings, 0) != VPX_CODEC_OK) {
        alloc_free(alloc_system(), d);
        return YODEL_ERR_NO_MEMORY;
    }
    *decoder = &d->base;
    return YODEL_OK;
}
