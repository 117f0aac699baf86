// RTP frames: whatever the order of packets, frames come out whole and in the order of decoding;
// what is lost for good costs a key frame, and one request in half a second.

#include "rtp/frames.h"

#include "capped_alloc.h"
#include "check.h"
#include "rtp/payload/av1.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/payload_fixture.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"

#define PLACES 256
#define FIRST 0x1fff0 // Shortly before a wrap, where numbers were 16 bits.

static struct rtp_frames frames;
static struct rtp_frame frame;
static uint8_t room[20000];

static void begin(size_t places)
{
    CHECK_EQ(rtp_frames_init(&frames, alloc_system(), places), YODEL_OK);
}

// ---- a small stream of VP8: a letter is a packet, equal ones a frame, capital ones a key frame

static void send_at(uint64_t seq, char letter, bool is_start, bool is_last, yodel_time now)
{
    bool is_key = letter >= 'A' && letter <= 'Z';
    uint8_t payload[3] = {is_start ? 0x10 : 0, is_key ? 0 : 1, (uint8_t)letter};
    struct rtp_frames_packet packet = {.place = {seq, (uint64_t)(letter & 31) * 3000},
        .codec = RTP_CODEC_VP8,
        .is_last = is_last,
        .payload = bytes_of(payload, sizeof payload)};

    rtp_frames_recv(&frames, &packet, now);
}

// The packet at `index` of a stream as "AAbbbcD".
static void send_of(const char *stream, size_t index, yodel_time now)
{
    char letter = stream[index];
    bool is_start = index == 0 || stream[index - 1] != letter;

    send_at(FIRST + index, letter, is_start, stream[index + 1] != letter, now);
}

static void send_all(const char *stream, size_t from, size_t to, yodel_time now)
{
    for (size_t i = from; i < to; i++) {
        send_of(stream, i, now);
    }
}

// The letters of the frames that come out.
static const char *out(yodel_time now)
{
    static char letters[64];
    size_t count = 0;

    while (rtp_frames_next(&frames, span_of(room, sizeof room), &frame, now)) {
        CHECK(count + 1 < sizeof letters);
        letters[count++] = (char)frame.data.ptr[1];
    }
    letters[count] = 0;
    return letters;
}

static void frames_come_out_as_soon_as_they_are_whole(void)
{
    const char *stream = "AAAbbc";

    begin(PLACES);
    send_all(stream, 0, 2, 0);
    CHECK_TEXT(out(0), "");
    send_of(stream, 2, YODEL_MS(7));
    CHECK(rtp_frames_next(&frames, span_of(room, sizeof room), &frame, YODEL_MS(7)));
    CHECK(frame.is_key && frame.first == FIRST && frame.last == FIRST + 2);
    CHECK_EQ(frame.timestamp, 3000);
    CHECK_EQ(frame.arrival, YODEL_MS(7));
    CHECK_BYTES(frame.data, bytes_of("\0A\0A\0A", 6));
    send_all(stream, 3, 6, 0);
    CHECK_TEXT(out(0), "bc");
    CHECK(!frame.is_key);
    CHECK_EQ(frames.stored, 0);
    CHECK_EQ(rtp_frames_next_timeout(&frames), YODEL_NEVER);
    rtp_frames_deinit(&frames);
}

static void any_order_comes_out_in_order(void)
{
    const char *stream = "AAbbccddE";
    uint64_t noise = 1;

    for (int run = 0; run < 300; run++) {
        size_t order[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
        char all[64] = "";
        for (size_t i = 8; i > 1; i--) { // The very first comes first: before it nothing is known.
            size_t other = 1 + payload_fixture_draw(&noise, i);
            size_t swapped = order[i];
            order[i] = order[other];
            order[other] = swapped;
        }
        begin(PLACES);
        for (size_t i = 0; i < 9; i++) {
            send_of(stream, order[i], 0);
            send_of(stream, order[i], 0); // A duplicate.
            strcat(all, out(0));
        }
        // E, a key frame, may overtake what is not whole yet.
        CHECK(strcmp(all, "AbcdE") == 0 || strchr(all, 'E')[1] == 0);
        CHECK_EQ(frames.stored, 0);
        rtp_frames_deinit(&frames);
    }
}

static void what_is_repaired_in_time_is_waited_for(void)
{
    const char *stream = "AbbcdE";

    begin(PLACES);
    send_of(stream, 0, 0);
    CHECK_TEXT(out(0), "A");
    send_of(stream, 2, 0);
    send_of(stream, 3, 0);
    send_of(stream, 4, 0);
    CHECK_TEXT(out(0), "");
    rtp_frames_tick(&frames, RTP_FRAMES_WAIT_MAX - 1);
    CHECK(!rtp_frames_take_request(&frames, RTP_FRAMES_WAIT_MAX - 1));
    send_of(stream, 1, RTP_FRAMES_WAIT_MAX - 1);
    CHECK_TEXT(out(RTP_FRAMES_WAIT_MAX - 1), "bcd");
    rtp_frames_deinit(&frames);
}

static void what_never_comes_costs_a_key_frame(void)
{
    const char *stream = "AbcdE";
    yodel_time now = 0;

    begin(PLACES);
    send_of(stream, 0, now);
    CHECK_TEXT(out(now), "A");
    send_of(stream, 2, YODEL_MS(5));
    CHECK_TEXT(out(now), "");
    now = rtp_frames_next_timeout(&frames);
    CHECK_EQ(now, YODEL_MS(5) + RTP_FRAMES_WAIT_MAX);
    rtp_frames_tick(&frames, now);
    CHECK_EQ(frames.losses, 1);
    CHECK(rtp_frames_take_request(&frames, now));
    CHECK(!rtp_frames_take_request(&frames, now));
    send_of(stream, 1, now); // Too late: decoding goes on with a key frame only.
    send_of(stream, 3, now);
    CHECK_TEXT(out(now), "");
    send_of(stream, 4, now);
    CHECK_TEXT(out(now), "E");
    CHECK_EQ(rtp_frames_next_timeout(&frames), YODEL_NEVER);
    CHECK_EQ(frames.stored, 0);
    rtp_frames_deinit(&frames);
}

static void a_whole_key_frame_ends_the_waiting(void)
{
    const char *stream = "AbCCd";

    begin(PLACES);
    send_of(stream, 0, 0);
    send_of(stream, 2, 0);
    CHECK_TEXT(out(0), "A");
    send_of(stream, 4, 0);
    send_of(stream, 3, 0);
    CHECK_TEXT(out(0), "Cd");
    send_of(stream, 1, 0);
    CHECK_EQ(frames.dropped[RTP_FRAMES_LATE], 1);
    CHECK_EQ(frames.losses, 0);
    rtp_frames_deinit(&frames);
}

// P14: it never comes. C7: however often it is needed, it is asked for twice a second at most.
static void a_key_frame_is_asked_for_twice_a_second_at_most(void)
{
    uint64_t asked = 0;

    begin(PLACES);
    CHECK(!rtp_frames_take_request(&frames, 0));
    for (yodel_time now = 0; now < YODEL_SECONDS(10); now += YODEL_MS(1)) {
        send_at(FIRST + now / 1000, 'a', true, true, now);
        CHECK_TEXT(out(now), "");
        rtp_frames_lose(&frames, now);
        rtp_frames_tick(&frames, now);
        bool is_asked = rtp_frames_take_request(&frames, now);
        CHECK(!is_asked || now >= RTP_FRAMES_KEY_FIRST);
        asked += is_asked;
        CHECK(rtp_frames_next_timeout(&frames) > now);
    }
    CHECK_EQ(asked, 20);
    CHECK_EQ(frames.stored, PLACES);

    // Once it came, and the next is needed at once, it is no different.
    yodel_time now = YODEL_SECONDS(10);
    for (uint64_t i = 0; i < 1000; i++, now += YODEL_MS(1)) {
        send_at(FIRST + 20000 + i, 'A', true, true, now);
        CHECK_TEXT(out(now), "A");
        rtp_frames_lose(&frames, now);
        asked += rtp_frames_take_request(&frames, now);
    }
    CHECK(asked <= 22);
    rtp_frames_deinit(&frames);
}

static void more_than_there_is_room_for_is_lost(void)
{
    begin(16);
    send_at(FIRST, 'A', true, true, 0);
    CHECK_TEXT(out(0), "A");
    for (uint64_t seq = FIRST + 2; seq < FIRST + 17; seq++) {
        send_at(seq, 'b', seq == FIRST + 2, false, 0);
        CHECK_EQ(frames.losses, 0);
    }
    send_at(FIRST + 17, 'b', false, true, 0);
    CHECK_EQ(frames.losses, 1);
    CHECK_TEXT(out(0), "");
    send_at(FIRST + 18, 'C', true, true, 0);
    CHECK_TEXT(out(0), "C");
    // P4: a number that leaps.
    send_at(FIRST + (1 << 20), 'd', true, true, 0);
    CHECK_EQ(frames.losses, 2);
    send_at(FIRST + (1 << 20) + 1, 'E', true, true, 0);
    CHECK_TEXT(out(0), "E");
    rtp_frames_deinit(&frames);
}

static void padding_between_frames_is_no_gap(void)
{
    begin(PLACES);
    send_at(FIRST, 'A', true, true, 0);
    for (uint64_t seq = FIRST + 1; seq < FIRST + 4; seq++) {
        rtp_frames_recv(
            &frames, &(struct rtp_frames_packet){.place = {seq, 3000}, .codec = RTP_CODEC_VP8}, 0);
    }
    send_at(FIRST + 4, 'b', true, true, 0);
    CHECK_TEXT(out(0), "Ab");
    CHECK_EQ(frames.stored, 0);
    rtp_frames_deinit(&frames);
}

// Some senders set no marker: the next frame's beginning is the end.
static void a_frame_without_a_marker_ends_with_the_next(void)
{
    begin(PLACES);
    send_at(FIRST, 'A', true, false, 0);
    send_at(FIRST + 1, 'A', false, false, 0);
    CHECK_TEXT(out(0), "");
    send_at(FIRST + 2, 'b', true, false, 0);
    CHECK_TEXT(out(0), "A");
    send_at(FIRST + 4, 'c', true, false, 0); // Between them one is missing: of b or c.
    CHECK_TEXT(out(0), "");
    send_at(FIRST + 3, 'b', false, false, 0);
    CHECK_TEXT(out(0), "b");
    rtp_frames_deinit(&frames);
}

static void what_is_malformed_or_too_large_is_dropped_and_counted(void)
{
    static uint8_t large[RTP_FRAMES_PACKET_MAX + 1] = {0x10};
    struct rtp_frames_packet packet = {.place = {FIRST, 0}, .codec = RTP_CODEC_VP8};

    begin(PLACES);
    packet.payload = bytes_of(large, sizeof large);
    rtp_frames_recv(&frames, &packet, 0);
    CHECK_EQ(frames.dropped[RTP_FRAMES_LARGE], 1);
    packet.payload.len = 1;
    rtp_frames_recv(&frames, &packet, 0);
    CHECK_EQ(frames.dropped[RTP_FRAMES_MALFORMED], 1);
    CHECK_EQ(frames.stored, 0);

    send_at(FIRST, 'A', true, true, 0);
    CHECK(!rtp_frames_next(&frames, span_of(room, 1), &frame, 0));
    CHECK_EQ(frames.dropped[RTP_FRAMES_LARGE], 2);
    send_at(FIRST + 1, 'b', true, true, 0);
    CHECK_TEXT(out(0), ""); // It would follow what was dropped.
    send_at(FIRST + 2, 'C', true, true, 0);
    CHECK_TEXT(out(0), "C");
    rtp_frames_deinit(&frames);
}

static void a_decoder_that_fails_gets_a_key_frame(void)
{
    begin(PLACES);
    send_at(FIRST, 'A', true, true, 0);
    send_at(FIRST + 1, 'b', true, true, 0);
    CHECK(rtp_frames_next(&frames, span_of(room, sizeof room), &frame, 0));
    rtp_frames_lose(&frames, YODEL_SECONDS(1));
    CHECK(rtp_frames_take_request(&frames, YODEL_SECONDS(1)));
    CHECK_TEXT(out(YODEL_SECONDS(1)), "");
    send_at(FIRST + 2, 'C', true, true, 0);
    CHECK_TEXT(out(YODEL_SECONDS(1)), "C");
    rtp_frames_deinit(&frames);
}

// H.264 does not say where a frame begins: a slice in the middle must not be taken for it.
static void a_key_frame_of_h264_begins_with_its_parameters(void)
{
    static const struct {
        const char *bytes;
        size_t len;
    } payloads[] = {
        {"\x67\x42\xc0\x1f\xda\x01\x40\x16\xe8", 9}, {"\x68\xce", 2}, {"\x65x", 2}, {"\x65y", 2}};
    const size_t orders[][4] = {{3, 2, 1, 0}, {1, 2, 3, 0}, {2, 3, 0, 1}, {0, 1, 2, 3}};

    for (size_t order = 0; order < COUNT(orders); order++) {
        size_t whole = 0;
        begin(PLACES);
        send_at(FIRST - 2, 'a', true, true, 0); // Something was there before.
        for (size_t i = 0; i < 4; i++) {
            size_t at = orders[order][i];
            struct rtp_frames_packet packet = {.place = {FIRST + at, 90000},
                .codec = RTP_CODEC_H264,
                .is_last = at == 3,
                .payload = bytes_of(payloads[at].bytes, payloads[at].len)};
            rtp_frames_recv(&frames, &packet, 0);
            if (rtp_frames_next(&frames, span_of(room, sizeof room), &frame, 0)) {
                CHECK_EQ(i, 3);
                CHECK_EQ(frame.first, FIRST);
                CHECK(frame.width == 1280 && frame.height == 720);
                whole++;
            }
        }
        CHECK_EQ(whole, 1);
        rtp_frames_deinit(&frames);
    }
}

// ---- whole streams, of each codec

union packetizer {
    struct rtp_vp8_packetizer vp8;
    struct rtp_vp9_packetizer vp9;
    struct rtp_h264_packetizer h264;
    struct rtp_av1_packetizer av1;
};

static void start(
    union packetizer *packetizer, enum rtp_codec codec, struct bytes data, bool is_key)
{
    switch (codec) {
    case RTP_CODEC_VP8:
        rtp_vp8_start(&packetizer->vp8, data, &(struct rtp_vp8_descriptor){0});
        break;
    case RTP_CODEC_VP9:
        rtp_vp9_start(&packetizer->vp9, data, &(struct rtp_vp9_descriptor){.is_inter = !is_key});
        break;
    case RTP_CODEC_H264:
        rtp_h264_start(&packetizer->h264, data, false);
        break;
    case RTP_CODEC_AV1:
        rtp_av1_start(&packetizer->av1, data);
        break;
    case RTP_CODEC_COUNT:
        break;
    }
}

static bool emit(
    union packetizer *packetizer, enum rtp_codec codec, struct writer *w, bool *is_last)
{
    switch (codec) {
    case RTP_CODEC_VP8:
        return rtp_vp8_emit(&packetizer->vp8, w, is_last);
    case RTP_CODEC_VP9:
        return rtp_vp9_emit(&packetizer->vp9, w, is_last);
    case RTP_CODEC_H264:
        return rtp_h264_emit(&packetizer->h264, w, is_last);
    case RTP_CODEC_AV1:
        return rtp_av1_emit(&packetizer->av1, w, is_last);
    case RTP_CODEC_COUNT:
        break;
    }
    return false;
}

static struct bytes make_frame(enum rtp_codec codec, bool is_key, uint64_t *noise)
{
    static uint8_t made[8000];
    struct writer w = writer_of(span_of(made, sizeof made));
    size_t len = 20 + payload_fixture_draw(noise, 5000);

    if (codec == RTP_CODEC_H264) {
        put_u32(&w, 1);
    } else if (codec == RTP_CODEC_AV1) {
        put_bytes(&w, is_key ? bytes_of("\x0a\1x", 3) : (struct bytes){0});
        put_u8(&w, 0x32);
        rtp_av1_put_leb128(&w, (uint32_t)len);
    }
    uint8_t *at = put_room(&w, len);
    payload_fixture_fill(noise, span_of(at, len));
    if (codec == RTP_CODEC_VP8) {
        at[0] = is_key ? 2 : 1;
    } else if (codec == RTP_CODEC_H264) {
        at[0] = is_key ? 0x65 : 0x41;
    }
    return writer_bytes(&w);
}

static uint32_t sum_of(struct bytes data)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < data.len; i++) {
        sum = sum * 31 + data.ptr[i];
    }
    return sum;
}

#define HELD 8 // Packets that the network holds back.

static struct held {
    struct rtp_frames_packet packet;
    uint8_t payload[RTP_FRAMES_PACKET_MAX];
} held[HELD];

// Gives one packet in, and takes another out, twice.
static void disorder(const struct rtp_frames_packet *packet, struct held *one, yodel_time now)
{
    if (one->packet.payload.len > 0) {
        rtp_frames_recv(&frames, &one->packet, now);
        rtp_frames_recv(&frames, &one->packet, now);
    }
    memcpy(one->payload, packet->payload.ptr, packet->payload.len);
    one->packet = *packet;
    one->packet.payload.ptr = one->payload;
}

#define STREAM 300 // Frames, each fiftieth of which is a key frame.

static uint32_t sums[STREAM];

// Sends the frame at `index`; the first one in order, for nothing is known before it.
static void send_frame(enum rtp_codec codec, size_t index, uint64_t *seq, uint64_t *noise)
{
    struct rtp_frames_packet packet = {.place = {0, 3000 * index}, .codec = codec};
    struct bytes data = make_frame(codec, index % 50 == 0, noise);
    union packetizer packetizer;
    uint8_t payload[400];

    sums[index] = sum_of(data);
    start(&packetizer, codec, data, index % 50 == 0);
    while (!packet.is_last) {
        struct writer w = writer_of(span_of(payload, sizeof payload));
        CHECK(emit(&packetizer, codec, &w, &packet.is_last));
        packet.payload = writer_bytes(&w);
        packet.place.seq = (*seq)++;
        if (index == 0) {
            rtp_frames_recv(&frames, &packet, 0);
        } else {
            disorder(&packet, &held[payload_fixture_draw(noise, HELD)], YODEL_MS(index));
        }
    }
}

// Through a network that reorders and doubles every frame comes out, in order and the same, but for
// those that a key frame overtook.
static void streams_of_every_codec_come_through_disorder(void)
{
    for (enum rtp_codec codec = 0; codec < RTP_CODEC_COUNT; codec++) {
        uint64_t noise = 7, seq = FIRST;
        size_t came = 0;
        begin(PLACES);
        memset(held, 0, sizeof held);
        for (size_t sent = 0; sent < STREAM; sent++) {
            send_frame(codec, sent, &seq, &noise);
            while (rtp_frames_next(&frames, span_of(room, sizeof room), &frame, YODEL_MS(sent))) {
                size_t index = (size_t)(frame.timestamp / 3000);
                CHECK(index == came || (index > came && frame.is_key));
                CHECK_EQ(sum_of(frame.data), sums[index]);
                CHECK_EQ(frame.is_key, index % 50 == 0);
                came = index + 1;
            }
        }
        CHECK(came > STREAM - 20);
        CHECK(frames.frames > STREAM * 9 / 10);
        CHECK_EQ(frames.losses, 0);
        rtp_frames_deinit(&frames);
    }
}

static void all_is_in_one_allocation(void)
{
    struct capped_alloc memory = capped_alloc(1);

    CHECK_EQ(rtp_frames_init(&frames, &memory.alloc, PLACES), YODEL_OK);
    for (uint64_t seq = FIRST; seq < FIRST + 1000; seq++) {
        send_at(seq, 'b', true, seq % 3 == 0, 0);
    }
    rtp_frames_deinit(&frames);
    CHECK_EQ(memory.held, 0);
    CHECK_EQ(rtp_frames_init(&frames, &memory.alloc, PLACES), YODEL_ERR_NO_MEMORY);
}

TEST_MAIN(TEST(frames_come_out_as_soon_as_they_are_whole), TEST(any_order_comes_out_in_order),
    TEST(what_is_repaired_in_time_is_waited_for), TEST(what_never_comes_costs_a_key_frame),
    TEST(a_whole_key_frame_ends_the_waiting), TEST(a_key_frame_is_asked_for_twice_a_second_at_most),
    TEST(more_than_there_is_room_for_is_lost), TEST(padding_between_frames_is_no_gap),
    TEST(a_frame_without_a_marker_ends_with_the_next),
    TEST(what_is_malformed_or_too_large_is_dropped_and_counted),
    TEST(a_decoder_that_fails_gets_a_key_frame),
    TEST(a_key_frame_of_h264_begins_with_its_parameters),
    TEST(streams_of_every_codec_come_through_disorder), TEST(all_is_in_one_allocation))
