// Frames: however a stream is cut on its way, the same messages come of it.

#include "runtime/frames.h"

#include "check.h"
#include "turn/frame.h"

#define STREAM_MAX 200000

static uint8_t stream[STREAM_MAX];
static size_t stream_len;

static void put_ice(size_t len, uint8_t fill)
{
    store_u16(stream + stream_len, (uint16_t)len);
    memset(stream + stream_len + 2, fill, len);
    stream_len += 2 + len;
}

// ChannelData on channel 0x4001, padded.
static void put_turn(size_t len, uint8_t fill)
{
    store_u16(stream + stream_len, 0x4001);
    store_u16(stream + stream_len + 2, (uint16_t)len);
    memset(stream + stream_len + 4, fill, len);
    stream_len += 4 + len + turn_frame_padding(len);
}

// Feeds the stream in pieces of `step` bytes, and checks that message i has lens[i] bytes of i.
static void expect(enum yodel_framing framing, const size_t *lens, size_t count, size_t step)
{
    struct frames f;
    struct span message;
    size_t head = framing == YODEL_FRAMING_TURN ? 4 : 0;
    size_t got = 0;
    static uint8_t piece[STREAM_MAX];

    frames_init(&f, framing, alloc_system());
    for (size_t at = 0; at < stream_len; at += step) {
        size_t len = stream_len - at < step ? stream_len - at : step;
        memcpy(piece, stream + at, len);
        frames_put(&f, span_of(piece, len));
        while (frames_next(&f, &message) == FRAMES_WHOLE) {
            CHECK(got < count);
            CHECK_EQ(message.len, head + lens[got] + (head ? turn_frame_padding(lens[got]) : 0));
            for (size_t i = 0; i < lens[got]; i++) {
                CHECK_EQ(message.ptr[head + i], got);
            }
            got++;
        }
        memset(piece, 0xee, len); // What is kept is a copy.
    }
    CHECK_EQ(got, count);
    frames_deinit(&f);
}

static void a_stream_is_cut_into_its_messages(void)
{
    static const size_t lens[] = {20, 0, 1, 1200, 1201, 2048, 3, 1000, 1, 2, 700, 2048, 2048};
    static const size_t steps[] = {1, 2, 3, 7, 100, 1203, 2050, 4096, STREAM_MAX};

    for (size_t i = 0; i < COUNT(steps); i++) {
        stream_len = 0;
        for (size_t j = 0; j < COUNT(lens); j++) {
            put_ice(lens[j], (uint8_t)j);
        }
        expect(YODEL_FRAMING_ICE, lens, COUNT(lens), steps[i]);
        stream_len = 0;
        for (size_t j = 0; j < COUNT(lens); j++) {
            put_turn(lens[j], (uint8_t)j);
        }
        expect(YODEL_FRAMING_TURN, lens, COUNT(lens), steps[i]);
    }
}

static void the_longest_messages_fit(void)
{
    static const size_t lens[] = {65532, 65532, 5};

    for (size_t step = 1000; step < STREAM_MAX; step *= 4) {
        stream_len = 0;
        for (size_t i = 0; i < COUNT(lens); i++) {
            put_turn(lens[i], (uint8_t)i);
        }
        expect(YODEL_FRAMING_TURN, lens, COUNT(lens), step);
    }
}

static void what_is_no_frame_is_told_at_once(void)
{
    static const struct {
        enum yodel_framing framing;
        const char *text;
        size_t len;
        enum frames_result want;
    } rows[] = {
        {YODEL_FRAMING_ICE, "\x08\x01", 2, FRAMES_FOREIGN}, // 2049 bytes.
        {YODEL_FRAMING_ICE, "\x08\x00", 2, FRAMES_MORE},
        {YODEL_FRAMING_ICE, "GET / HTTP/1.1", 14, FRAMES_FOREIGN},
        {YODEL_FRAMING_ICE, "\x16\x03\x01\x02", 4, FRAMES_FOREIGN}, // TLS.
        {YODEL_FRAMING_TURN, "\x80\x01\x00\x00\x00\x00\x00\x00", 8, FRAMES_FOREIGN},
        {YODEL_FRAMING_TURN, "\x01\x01\x00\x00\x21\x12\xa4\x42", 8, FRAMES_MORE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct frames f;
        struct span message;
        uint8_t copy[32];

        memcpy(copy, rows[i].text, rows[i].len);
        frames_init(&f, rows[i].framing, alloc_system());
        frames_put(&f, span_of(copy, rows[i].len));
        CHECK_EQ(frames_next(&f, &message), rows[i].want);
        frames_deinit(&f);
    }
}

static void *no_memory(struct alloc *self, void *ptr, size_t len)
{
    (void)self;
    (void)ptr;
    (void)len;
    return NULL;
}

static void without_memory_only_whole_messages_are_read(void)
{
    struct alloc none = {no_memory};
    struct frames f;
    struct span message;

    stream_len = 0;
    put_ice(10, 0);
    put_ice(10, 1);
    frames_init(&f, YODEL_FRAMING_ICE, &none);
    frames_put(&f, span_of(stream, stream_len - 1));
    CHECK_EQ(frames_next(&f, &message), FRAMES_WHOLE);
    CHECK_EQ(frames_next(&f, &message), FRAMES_NO_MEMORY);
    frames_deinit(&f);
}

TEST_MAIN(TEST(a_stream_is_cut_into_its_messages), TEST(the_longest_messages_fit),
    TEST(what_is_no_frame_is_told_at_once), TEST(without_memory_only_whole_messages_are_read))
