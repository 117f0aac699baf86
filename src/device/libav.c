// What all that use FFmpeg's libraries share: see the header.

#include "device/libav.h"

#include <libavutil/log.h>

void device_libav_quiet(void)
{
    if (av_log_get_level() == AV_LOG_INFO) {
        av_log_set_level(AV_LOG_QUIET);
    }
}
