// Containers: see the header.

#include "device/muxer_container.h"

#include <strings.h>

#include "base/port.h"

#define BIT(codec) (1u << (codec))
#define OPUS BIT(YODEL_OPUS)
#define G711 (BIT(YODEL_PCMU) | BIT(YODEL_PCMA))
#define H264 BIT(YODEL_H264)
#define VP8 BIT(YODEL_VP8)
#define VP9_AV1 (BIT(YODEL_VP9) | BIT(YODEL_AV1))
#define AUDIO (OPUS | G711)

static const struct muxer_container containers[] = {
    {".webm", "WebM", "webm", .codecs = OPUS | VP8 | VP9_AV1},
    {".mkv", "Matroska", "matroska", .codecs = AUDIO | VP8 | VP9_AV1 | H264},
    // In fragments, each of which says itself when it begins: else it would begin where the one before it ended.
    {".mp4", "MP4", "mp4",
        .options = {{"movflags", "empty_moov+default_base_moof+frag_custom+frag_discont"},
            {"use_editlist", "0"}},
        .part_option = {"movflags", "+frag_discont"}, .codecs = OPUS | VP9_AV1 | H264},
    {".ogg", "Ogg", "ogg", .has_no_gaps = true, .codecs = OPUS},
    {".opus", "Ogg", "ogg", .has_no_gaps = true, .codecs = OPUS},
};

const struct muxer_container *muxer_container_find(const char *path)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < COUNT(containers); i++) {
        size_t ending_len = strlen(containers[i].ending);
        if (len > ending_len && strcasecmp(path + len - ending_len, containers[i].ending) == 0) {
            return &containers[i];
        }
    }
    return NULL;
}

bool muxer_container_holds(const struct muxer_container *container, enum yodel_codec codec)
{
    return (container->codecs & BIT(codec)) != 0;
}

bool muxer_container_has_kind(const struct muxer_container *container, enum yodel_media_kind kind)
{
    return (container->codecs & (kind == YODEL_AUDIO ? AUDIO : ~AUDIO)) != 0;
}

const char *muxer_codec_name(enum yodel_codec codec)
{
    static const char *const names[YODEL_CODEC_COUNT] = {
        "Opus", "PCMU", "PCMA", "VP8", "VP9", "H.264", "AV1"};

    return names[codec];
}

// "a, b or c", of the containers that hold one of `codecs`.
static void put_list(struct writer *w, uint32_t codecs)
{
    uint32_t left = 0;

    for (size_t i = 0; i < COUNT(containers); i++) {
        left += (containers[i].codecs & codecs) != 0;
    }
    for (size_t i = 0; i < COUNT(containers); i++) {
        if ((containers[i].codecs & codecs) != 0) {
            left--;
            put_format(w, "%s%s", containers[i].ending, left > 1 ? ", " : left == 1 ? " or " : "");
        }
    }
}

void muxer_container_put_refusal(
    struct writer *w, const struct muxer_container *container, enum yodel_codec codec)
{
    put_format(w, "%s cannot hold %s; use ", container->title, muxer_codec_name(codec));
    put_list(w, BIT(codec));
}

void muxer_container_put_endings(struct writer *w, const char *path)
{
    put_format(w, "\"%.200s\" does not say what to write: let its name end in ", path);
    put_list(w, ~0u);
}
