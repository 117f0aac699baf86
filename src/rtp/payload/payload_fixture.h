// Payload formats under test: a frame is cut with a packetizer into payloads of changing room, and
// put together again.

#ifndef RTP_PAYLOAD_PAYLOAD_FIXTURE_H
#define RTP_PAYLOAD_PAYLOAD_FIXTURE_H

#include <stdio.h>

#include "base/assert.h"
#include "rtp/payload/payload.h"

#define PAYLOAD_FIXTURE_ROOM 1500

struct payload_fixture {
    enum rtp_codec codec;
    bool (*emit)(void *packetizer, struct writer *w, bool *is_last);
    size_t room;   // The least a payload has,
    size_t spread; // and how much more it may have.
    size_t payloads;
    bool is_key; // Of any payload.
};

// Returns the frame that comes out, in `out`.
static inline struct bytes payload_fixture_run(
    struct payload_fixture *fixture, void *packetizer, struct span out)
{
    static uint8_t payload[PAYLOAD_FIXTURE_ROOM];
    struct rtp_payload_state state = {0};
    struct writer frame = writer_of(out);
    bool is_last = false;

    fixture->payloads = 0;
    fixture->is_key = false;
    for (;;) {
        size_t more = fixture->spread > 0 ? fixture->payloads * 37 % fixture->spread : 0;
        struct writer w = writer_of(span_of(payload, fixture->room + more));
        struct rtp_payload_info info = {0};
        if (!fixture->emit(packetizer, &w, &is_last)) {
            break;
        }
        YODEL_ASSERT(!w.failed && w.len > 0);
        YODEL_ASSERT(rtp_payload_inspect(&info, fixture->codec, writer_bytes(&w)) == YODEL_OK);
        YODEL_ASSERT(info.is_start || fixture->payloads > 0);
        fixture->is_key = fixture->is_key || info.is_key;
        YODEL_ASSERT(
            rtp_payload_append(&state, fixture->codec, writer_bytes(&w), &frame) == YODEL_OK);
        fixture->payloads++;
    }
    YODEL_ASSERT(fixture->payloads == 0 || is_last);
    YODEL_ASSERT(rtp_payload_is_whole(&state));
    return writer_bytes(&frame);
}

// Two payloads of one frame, and what comes of them.
struct payload_fixture_pair {
    const char *why;
    const char *first;
    size_t first_len;
    const char *second;
    size_t second_len;
    const char *want; // NULL: malformed.
    size_t want_len;
};

static inline bool payload_fixture_is_right(
    enum rtp_codec codec, const struct payload_fixture_pair *pair)
{
    static uint8_t out[100];
    struct rtp_payload_state state = {0};
    struct writer w = writer_of(span_of(out, sizeof out));
    struct bytes second = bytes_of(pair->second, pair->second_len);

    enum yodel_err err =
        rtp_payload_append(&state, codec, bytes_of(pair->first, pair->first_len), &w);
    if (err == YODEL_OK) {
        err = rtp_payload_append(&state, codec, second, &w);
    }
    bool is_right = pair->want ? err == YODEL_OK && bytes_equal(writer_bytes(&w),
                                                        bytes_of(pair->want, pair->want_len))
                               : err == YODEL_ERR_MALFORMED;
    if (!is_right) {
        fprintf(stderr, "%s: ", pair->why);
    }
    return is_right;
}

// Reads payloads with a length in front out of `input`, as one frame's. Nothing they do may matter
// but for what is returned.
static inline void payload_fixture_append_all(enum rtp_codec codec, struct bytes input)
{
    static uint8_t out[4096];
    struct writer frame = writer_of(span_of(out, sizeof out));
    struct rtp_payload_state state = {0};
    struct reader r = reader_of(input);

    while (r.left > 0 && !r.failed) {
        struct rtp_payload_info info;
        struct bytes payload = read_bytes(&r, read_u8(&r));
        enum yodel_err looked = rtp_payload_inspect(&info, codec, payload);
        enum yodel_err err = rtp_payload_append(&state, codec, payload, &frame);
        YODEL_ASSERT(err != YODEL_OK || looked == YODEL_OK || codec == RTP_CODEC_H264);
        YODEL_ASSERT(frame.len <= sizeof out);
        if (err != YODEL_OK) {
            return;
        }
    }
}

// Noise without zeros, so that it holds no start code.
static inline void payload_fixture_fill(uint64_t *noise, struct span out)
{
    for (size_t i = 0; i < out.len; i++) {
        *noise = *noise * 6364136223846793005u + 1442695040888963407u;
        out.ptr[i] = (uint8_t)(1 + (*noise >> 33) % 255);
    }
}

static inline size_t payload_fixture_draw(uint64_t *noise, size_t below)
{
    *noise = *noise * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*noise >> 33) % below;
}

#endif
