// Video that comes: a peer's frames in, whenever they come, and pictures out, each when it is to be shown.
//
//   frames ──► playout: when ──► decoder, on its thread ──► done: until their time ──► give
//                  └── key frames are asked for, at a limited rate
//
// Implements  the W3C's statistics of received video (webrtc-stats, "inbound-rtp")
// Not here    who looks (stream/receiver.h); that a frame is whole, and all before it came (peer)
// Ownership   the owner's struct holds it; its memory must stay until video_in_close's `closed` was called
// Time        every `now` must be at least the one before it; what the decoder has done is told by net/clock.h's
// Limits      VIDEO_IN_BYTES_MAX of frames wait, and playout's and the decoder's; who decodes too slowly to keep up by
//             PLAYOUT_VIDEO_LATE_MAX goes on with the next key frame

#ifndef STREAM_VIDEO_IN_H
#define STREAM_VIDEO_IN_H

#include "playout/video.h"
#include "stream/decoder.h"

#define VIDEO_IN_BYTES_MAX (8u << 20)

struct video_in_config {
    uv_loop_t *loop;
    struct alloc *alloc;
    // It is its time. `ntp`: when it was captured, by its sender's clock; 0: not known. Anything may be done meanwhile.
    void (*give)(void *ctx, const struct yodel_raw *raw, uint16_t rotation, uint64_t ntp);
    void (*want_key)(void *ctx);
    void (*changed)(void *ctx); // The decoder has done something: tick.
    void *ctx;
    // NULL: yodel_decoder_new.
    enum yodel_err (*decoder_new)(enum yodel_codec codec, const struct yodel_decoder_config *config,
        struct yodel_decoder **decoder);
};

struct video_in {
    struct video_in_config config;
    struct playout_video playout;
    struct decoder decoder;
    bool is_decoding;    // The decoder is there.
    struct list waiting; // In the order in which they came, as playout has them,
    size_t waiting_bytes;
    struct list done; // and in which they are shown.
    uint64_t next_id;
    uint64_t last_key; // Its id.
    void (*closed)(void *ctx);
    // What is counted.
    uint64_t failures; // Frames that could not be decoded.
    uint64_t
        dropped; // Those that a lost or refused one made useless, or that came too late, beside playout's.
    uint64_t decoded, keys_decoded;
    yodel_duration decode_time, processing_delay;
    uint32_t width, height; // Of the last picture.
    yodel_time second;      // When the second began that is counted now,
    uint32_t in_second;     // the pictures since, and how many there were in the one before.
    double frame_rate;
};

void video_in_init(struct video_in *in, const struct video_in_config *config);

// What came is forgotten, and a key frame needed.
void video_in_reset(struct video_in *in);
void video_in_recv(struct video_in *in, const struct yodel_frame *frame, yodel_time now);
void video_in_tick(struct video_in *in, yodel_time now);
yodel_time video_in_next_timeout(const struct video_in *in);

void video_in_visit(const struct video_in *in, yodel_time now,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *ctx);

// Nothing is called any more but `closed`, with the config's ctx: at once, or from the loop.
void video_in_close(struct video_in *in, void (*closed)(void *ctx));

#endif
