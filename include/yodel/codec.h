// Codecs: encoders and decoders of sound and video, behind one small interface that an application can
// implement too, for hardware, for files, or to pass frames through.
//
//   yodel_encoder_encode(encoder, &raw, false);       yodel_decoder_decode(decoder, &frame);
//   while (yodel_encoder_next(encoder, &frame)) {     while (yodel_decoder_next(decoder, &raw)) {
//       …                                                 …
//   }                                                 }
//
// Ownership   whoever made a codec frees it. `encode` and `decode` borrow until they return. What
//             `next` gives is the codec's, and lives until the next call on it
// Threads     none: any thread may call, one at a time for each codec. Encoding takes milliseconds, so it
//             does not belong on a loop
// Limits      pictures of YODEL_PICTURE_SIDE_MAX each way, and of a decoder's `max_pixels`; a peer that
//             sends larger ones is refused before memory is taken for them

#ifndef YODEL_CODEC_H
#define YODEL_CODEC_H

#include "yodel/err.h"
#include "yodel/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define YODEL_PICTURE_SIDE_MIN 16 // What all encoders can; a decoder takes smaller ones.
#define YODEL_PICTURE_SIDE_MAX 8192
#define YODEL_PICTURE_PIXELS_MAX (4096u * 2304u) // Unless a decoder is told another limit.
#define YODEL_SOUND_SAMPLES_MAX 5760u            // 120 ms at 48000.
#define YODEL_CODEC_TEXT_MAX 128

// ---- what is not encoded

// I420: 8 bits of luma for each pixel, and of both chromas for each square of four.
struct yodel_picture {
    uint32_t width; // In pixels; chroma has (width + 1) / 2,
    uint32_t height;
    const uint8_t *planes[3]; // Y, U, V, from the top,
    uint32_t strides[3];      // bytes from a line to the next.
};

// Linear samples of 16 bits.
struct yodel_sound {
    uint32_t rate;          // The codec's clock: 48000 of Opus, 8000 of G.711.
    uint32_t channels;      // 1 or 2.
    uint32_t count;         // Samples of each channel.
    const int16_t *samples; // Of all channels in turn.
};

struct yodel_raw {
    enum yodel_media_kind kind;
    uint64_t timestamp;           // Both are
    yodel_time captured;          // passed on as they are, from raw to encoded and back.
    struct yodel_picture picture; // Of video.
    struct yodel_sound sound;     // Of sound.
};

// ---- encoders

// What the path allows now. Zeros are defaults: 32 kbit/s of sound, 1 Mbit/s and 30 pictures a second of
// video, no loss. The resolution is that of the picture that is given: another one begins with a key frame.
struct yodel_encoder_target {
    uint64_t bitrate;      // Bits a second.
    uint32_t frame_rate;   // Pictures a second.
    uint32_t loss_percent; // Against which Opus sends sound twice (in-band FEC).
};

struct yodel_encoder_config {
    uint32_t channels; // Of sound; 0: 1.
    bool dtx;          // Opus: while nobody speaks, next to nothing is sent.
    bool is_screen;    // Video of a screen: text stays sharp.
    uint32_t threads;  // Of video, that the encoder may use; 0: 1.
    struct yodel_encoder_target target;
};

struct yodel_encoder;

struct yodel_encoder_ops {
    enum yodel_err (*encode)(
        struct yodel_encoder *encoder, const struct yodel_raw *raw, bool is_key_wanted);
    bool (*next)(struct yodel_encoder *encoder, struct yodel_frame *frame);
    void (*set_target)(struct yodel_encoder *encoder, const struct yodel_encoder_target *target);
    void (*free)(struct yodel_encoder *encoder);
};

// Yours begins with this.
struct yodel_encoder {
    const struct yodel_encoder_ops *ops;
    enum yodel_codec codec;
    char error_text[YODEL_CODEC_TEXT_MAX]; // Why the last call failed, a sentence; or "".
};

// Fails with NOT_SUPPORTED (this library was built without it), RANGE (channels), NO_MEMORY.
enum yodel_err yodel_encoder_new(enum yodel_codec codec, const struct yodel_encoder_config *config,
    struct yodel_encoder **encoder);
void yodel_encoder_free(struct yodel_encoder *encoder); // NULL is allowed.

// Takes one picture, or 10, 20, 40 or 60 ms of sound. An encoder may leave a picture out to keep to its
// bitrate: then `next` has none. Fails with TYPE (another kind, rate or number of channels), RANGE (a size,
// or how long the sound is), NO_MEMORY, OPERATION (the encoder failed; the text says why).
enum yodel_err yodel_encoder_encode(
    struct yodel_encoder *encoder, const struct yodel_raw *raw, bool is_key_wanted);
bool yodel_encoder_next(struct yodel_encoder *encoder, struct yodel_frame *frame);
void yodel_encoder_set_target(
    struct yodel_encoder *encoder, const struct yodel_encoder_target *target);

// ---- decoders

struct yodel_decoder_config {
    uint32_t channels;   // Of the sound that comes out, whatever is sent; 0: 1.
    uint32_t max_pixels; // Of a picture; 0: YODEL_PICTURE_PIXELS_MAX.
    uint32_t threads;    // Of video, that the decoder may use; 0: 1.
};

struct yodel_decoder;

struct yodel_decoder_ops {
    enum yodel_err (*decode)(struct yodel_decoder *decoder, const struct yodel_frame *frame);
    // NULL where nothing can be concealed.
    enum yodel_err (*conceal)(
        struct yodel_decoder *decoder, const struct yodel_frame *following, uint32_t samples);
    bool (*next)(struct yodel_decoder *decoder, struct yodel_raw *raw);
    void (*free)(struct yodel_decoder *decoder);
};

// Yours begins with this.
struct yodel_decoder {
    const struct yodel_decoder_ops *ops;
    enum yodel_codec codec;
    bool is_key_needed; // Video, at first and after each failure: only a key frame is decoded.
    char error_text[YODEL_CODEC_TEXT_MAX]; // Why the last call failed, a sentence; or "".
};

// Fails as yodel_encoder_new does.
enum yodel_err yodel_decoder_new(enum yodel_codec codec, const struct yodel_decoder_config *config,
    struct yodel_decoder **decoder);
void yodel_decoder_free(struct yodel_decoder *decoder); // NULL is allowed.

// Whatever is in the frame, it is decoded or refused:
//   MALFORMED       it is damaged;
//   TOO_LARGE       its picture is, or its sound is too long;
//   NOT_SUPPORTED   more than 8 bits a sample, or another format than 4:2:0;
//   INVALID_STATE   a key frame is needed, and this is none;
//   TYPE            another codec's, or empty;
//   NO_MEMORY.
// After a failure of video, ask the other side for a key frame.
enum yodel_err yodel_decoder_decode(struct yodel_decoder *decoder, const struct yodel_frame *frame);

// Sound that was lost: makes `samples` of each channel, from what the packet that follows says of it
// (`following`, which is decoded afterwards; Opus's FEC) or, with NULL, from what was heard before. Fails with
// NOT_SUPPORTED (video), RANGE (not a multiple of 2.5 ms, or over 120 ms), MALFORMED.
enum yodel_err yodel_decoder_conceal(
    struct yodel_decoder *decoder, const struct yodel_frame *following, uint32_t samples);
bool yodel_decoder_next(struct yodel_decoder *decoder, struct yodel_raw *raw);

// ---- what this library was built with

bool yodel_codec_can_encode(enum yodel_codec codec);
bool yodel_codec_can_decode(enum yodel_codec codec);

#ifdef __cplusplus
}
#endif
#endif
