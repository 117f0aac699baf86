// Containers: which files there are, by the end of their names, and which codecs each can hold.
//
//   | .webm | Opus,                   VP8, VP9, AV1        |
//   | .mkv  | Opus, PCMU, PCMA,       VP8, VP9, H.264, AV1 |
//   | .mp4  | Opus,                   VP9, H.264, AV1      |
//   | .ogg, .opus | Opus                                   |
//
// Implements  the WebM container guidelines, RFC 9559 (Matroska), ISO/IEC 14496-12 and -15 (MP4), RFC 7845 (Ogg), as
//             far as libavformat writes them
// Ownership   the table is static

#ifndef DEVICE_MUXER_CONTAINER_H
#define DEVICE_MUXER_CONTAINER_H

#include "base/bytes.h"
#include "yodel/frame.h"

struct muxer_container {
    const char *ending; // Of names, with its dot.
    const char *title;
    const char *format;         // As libavformat calls it.
    const char *options[3][2];  // Of libavformat, from the beginning,
    const char *part_option[2]; // and before each part but the first.
    bool has_no_gaps;           // Of sound: something must be in the place of what is missing.
    uint32_t codecs;            // A bit each.
};

// By the name's ending; NULL: none of those.
const struct muxer_container *muxer_container_find(const char *path);

bool muxer_container_holds(const struct muxer_container *container, enum yodel_codec codec);

// Whether there is any codec of the kind that it can hold.
bool muxer_container_has_kind(const struct muxer_container *container, enum yodel_media_kind kind);

const char *muxer_codec_name(enum yodel_codec codec);

// Sentences: "WebM cannot hold H.264; use .mkv or .mp4", and which endings there are at all.
void muxer_container_put_refusal(
    struct writer *w, const struct muxer_container *container, enum yodel_codec codec);
void muxer_container_put_endings(struct writer *w, const char *path);

#endif
