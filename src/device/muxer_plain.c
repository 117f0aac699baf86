// Muxer, where there is no libavformat: nothing is written.

#include "device/muxer.h"

bool device_muxer_can_hold(const char *path, enum yodel_codec codec, char text[MUXER_TEXT_MAX])
{
    struct writer w = writer_of(span_of(text, MUXER_TEXT_MAX));

    (void)path;
    (void)codec;
    put_text(&w, "this was built without files (YODEL_DEVICES)");
    put_u8(&w, 0);
    return false;
}

enum yodel_err device_muxer_open(
    struct device_muxer *muxer, const char *path, const struct device_muxer_config *config)
{
    (void)config;
    *muxer = (struct device_muxer){0};
    device_muxer_can_hold(path, YODEL_OPUS, muxer->text);
    return YODEL_ERR_NOT_SUPPORTED;
}

enum yodel_err device_muxer_put(struct device_muxer *muxer, const struct yodel_frame *frame)
{
    (void)muxer;
    (void)frame;
    return YODEL_ERR_NOT_SUPPORTED;
}

enum yodel_err device_muxer_close(struct device_muxer *muxer)
{
    (void)muxer;
    return YODEL_ERR_NOT_SUPPORTED;
}
