// The codecs that a command line names.

#include "cli/codecs.h"

#include <stdio.h>
#include <strings.h>

static enum yodel_err read_one(
    struct cli_codecs *codecs, enum yodel_media_kind kind, const char *name, char why[CLI_WHY_MAX])
{
    char mime_type[32];
    enum yodel_codec codec;

    (void)snprintf(
        mime_type, sizeof mime_type, "%s/%.20s", kind == YODEL_AUDIO ? "audio" : "video", name);
    for (codec = 0; codec < YODEL_CODEC_COUNT; codec++) {
        if (strcasecmp(yodel_codec_mime_type(codec), mime_type) == 0) {
            break;
        }
    }
    if (codec == YODEL_CODEC_COUNT) {
        (void)snprintf(why, CLI_WHY_MAX, "there is no codec \"%.40s\" for %s; there are %s", name,
            kind == YODEL_AUDIO ? "sound" : "pictures",
            kind == YODEL_AUDIO ? "opus, PCMU, PCMA and none" : "VP8, VP9, H264 and AV1");
        return YODEL_ERR_SYNTAX;
    }
    if (!yodel_codec_can_encode(codec)) {
        (void)snprintf(why, CLI_WHY_MAX, "this yodel was built without an encoder of %.40s", name);
        return YODEL_ERR_NOT_SUPPORTED;
    }
    codecs->has[kind] = true;
    codecs->codecs[kind] = codec;
    return YODEL_OK;
}

enum yodel_err cli_codecs_read(
    struct cli_codecs *codecs, const char *audio, const char *video, char why[CLI_WHY_MAX])
{
    *codecs = (struct cli_codecs){.has_no_audio = audio && strcasecmp(audio, "none") == 0};
    enum yodel_err err =
        audio && !codecs->has_no_audio ? read_one(codecs, YODEL_AUDIO, audio, why) : YODEL_OK;
    if (!err && video) {
        err = read_one(codecs, YODEL_VIDEO, video, why);
    }
    return err;
}

void cli_codecs_use(const struct cli_codecs *codecs, struct cli_party_options *party)
{
    party->has_kind[YODEL_AUDIO] = !codecs->has_no_audio;
    party->has_kind[YODEL_VIDEO] = true;
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        party->codecs[kind] = &codecs->codecs[kind];
        party->codec_count[kind] = codecs->has[kind];
    }
}
