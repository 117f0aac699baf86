// H.264's profile-level-id.

#include "base/hex.h"
#include "rtp/payload/h264.h"

#define CONSTRAINT_3 0x10 // With level 11 of the older profiles: level 1b.
#define LEVEL_11 11

// RFC 6184 §8.1, table 5: profile_idc, and which bits of profile-iop must be what.
static const struct {
    uint8_t idc, mask, value;
    enum rtp_h264_profile profile;
} profiles[] = {
    {0x42, 0x4f, 0x40, RTP_H264_CONSTRAINED_BASELINE},
    {0x4d, 0x8f, 0x80, RTP_H264_CONSTRAINED_BASELINE},
    {0x58, 0xcf, 0xc0, RTP_H264_CONSTRAINED_BASELINE},
    {0x42, 0x4f, 0x00, RTP_H264_BASELINE},
    {0x58, 0xcf, 0x80, RTP_H264_BASELINE},
    {0x4d, 0xaf, 0x00, RTP_H264_MAIN},
    {0x58, 0xcf, 0x00, RTP_H264_EXTENDED},
    {0x64, 0xff, 0x00, RTP_H264_HIGH},
    {0x64, 0xff, 0x0c, RTP_H264_CONSTRAINED_HIGH},
    {0xf4, 0xff, 0x00, RTP_H264_HIGH_444_PREDICTIVE},
};

enum yodel_err rtp_h264_parse_profile(struct rtp_h264_profile_level *parsed, struct bytes text)
{
    uint8_t id[3];
    size_t len = 0;

    if (hex_parse(span_of(id, sizeof id), text, &len) != YODEL_OK || len != sizeof id) {
        return YODEL_ERR_SYNTAX;
    }
    for (size_t i = 0; i < COUNT(profiles); i++) {
        if (id[0] == profiles[i].idc && (id[1] & profiles[i].mask) == profiles[i].value) {
            bool is_1b = id[0] < 0x64 && id[2] == LEVEL_11 && (id[1] & CONSTRAINT_3) != 0;
            *parsed = (struct rtp_h264_profile_level){
                profiles[i].profile, is_1b ? RTP_H264_LEVEL_1B : id[2]};
            return YODEL_OK;
        }
    }
    return YODEL_ERR_NOT_SUPPORTED;
}
