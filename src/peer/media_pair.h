// Tests' two peers with sound and video between them, made of frames that carry their number.
//
//   media_pair_open(&m, 1);                          // Connected; both send and receive both kinds.
//   media_pair_send(&m, 0, YODEL_VP8, false);        // The next frame, where one may be sent.
//   media_pair_play(&m, YODEL_SECONDS(2));           // Side 0 sends 30 pictures and 50 sounds a second.
//
// Ownership   as peer/pair.h
// Limits      MEDIA_PAIR_FRAME_MAX bytes a frame

#ifndef PEER_MEDIA_PAIR_H
#define PEER_MEDIA_PAIR_H

#include "peer/pair.h"
#include "yodel/transceiver.h"

#define MEDIA_PAIR_FRAME_MAX 60000
#define MEDIA_PAIR_MASK 0x5a5a5a5au
#define MEDIA_PAIR_PICTURE YODEL_MS(33)
#define MEDIA_PAIR_SOUND YODEL_MS(20)

// What one side got of one kind.
struct media_pair_got {
    uint32_t frames, keys;
    uint32_t broken;       // Frames that are not what was sent.
    uint32_t backward;     // Frames that came after a later one.
    uint32_t next;         // One more than the highest number that came.
    uint32_t key_requests; // What the application as a sender was asked for.
    uint32_t bitrates;
    uint64_t bitrate; // The last that was told.
    yodel_time captured, arrival;
    uint64_t timestamp;
};

struct media_pair {
    struct peer_pair pair; // First, so that the one is found from the other.
    yodel_transceiver *sound[2], *video[2];
    struct media_pair_got got[2][2]; // By side, and by enum yodel_media_kind.
    uint32_t numbers[2][2];          // Of the next frame to be sent.
    yodel_time due[2];               // Of side 0's next frame of each kind.
    bool wants_key[2];
    size_t picture_len;
    enum yodel_codec codec;
    uint32_t refused;
    bool answers_keys; // With a key frame, at once.
};

// ---- frames

static inline size_t media_pair_head(enum yodel_codec codec, bool is_key, uint8_t head[20])
{
    static const uint8_t vp8[] = {0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00};
    static const uint8_t h264_key[] = {
        0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0xda, 0x05, 0x07, 0xe4, 0, 0, 0, 1, 0x65};
    static const uint8_t h264[] = {0, 0, 0, 1, 0x41};

    if (codec == YODEL_H264) {
        memcpy(head, is_key ? h264_key : h264, is_key ? sizeof h264_key : sizeof h264);
        return is_key ? sizeof h264_key : sizeof h264;
    }
    memcpy(head, vp8, sizeof vp8);
    head[0] = is_key ? 0x10 : 0x11;
    return codec == YODEL_VP8 ? (is_key ? sizeof vp8 : 3) : 0;
}

static inline size_t media_pair_write(
    enum yodel_codec codec, uint32_t number, bool is_key, size_t len, uint8_t *room)
{
    size_t at = media_pair_head(codec, is_key, room);

    YODEL_ASSERT(len >= at + 4 && len <= MEDIA_PAIR_FRAME_MAX);
    store_u32(room + at, number ^ MEDIA_PAIR_MASK); // No start code of H.264 in it.
    for (size_t i = at + 4; i < len; i++) {
        room[i] = (uint8_t)(1 + (number * 31 + i * 7) % 255);
    }
    return len;
}

// The number in a frame, if it is one that was sent.
static inline bool media_pair_read(const struct yodel_frame *frame, uint32_t *number)
{
    static uint8_t want[MEDIA_PAIR_FRAME_MAX];
    uint8_t head[20];
    size_t at = media_pair_head(frame->codec, frame->is_key, head);

    if (frame->len < at + 4) {
        return false;
    }
    struct reader r = reader_of(bytes_of(frame->data + at, 4));
    *number = read_u32(&r) ^ MEDIA_PAIR_MASK;
    media_pair_write(frame->codec, *number, frame->is_key, frame->len, want);
    return memcmp(want, frame->data, frame->len) == 0;
}

// ---- events

static inline void media_pair_take(
    struct media_pair *m, int side, enum yodel_media_kind kind, const struct yodel_frame *frame)
{
    struct media_pair_got *got = &m->got[side][kind];
    uint32_t number = 0;

    got->frames++;
    got->keys += frame->is_key;
    if (!media_pair_read(frame, &number)) {
        got->broken++;
        return;
    }
    got->backward += number < got->next;
    got->next = number + 1;
    got->captured = frame->captured;
    got->arrival = frame->arrival;
    got->timestamp = frame->timestamp;
}

static inline void media_pair_on_event(struct peer_pair_side *side, const struct yodel_event *event)
{
    struct media_pair *m = (struct media_pair *)(void *)side->pair;

    if (!event->transceiver) {
        return;
    }
    enum yodel_media_kind kind = yodel_transceiver_kind(event->transceiver);
    struct media_pair_got *got = &m->got[side->index][kind];

    if (event->type == YODEL_EVENT_FRAME) {
        media_pair_take(m, side->index, kind, event->frame);
    } else if (event->type == YODEL_EVENT_KEY_FRAME_NEEDED) {
        got->key_requests++;
        m->wants_key[side->index] = m->answers_keys;
    } else if (event->type == YODEL_EVENT_BITRATE) {
        got->bitrates++;
        got->bitrate = event->bitrate;
    }
}

// ---- life

// To where both know of each other, and nothing was sent yet.
static inline void media_pair_begin(
    struct media_pair *m, uint64_t seed, const struct yodel_peer_config *config)
{
    memset(m, 0, sizeof *m);
    peer_pair_open_with(&m->pair, seed, config, config);
    m->pair.listener = media_pair_on_event;
    m->picture_len = 5000;
    m->codec = YODEL_VP8;
    m->answers_keys = true;
    for (int i = 0; i < 2; i++) {
        enum yodel_err err =
            yodel_peer_add_track(m->pair.side[i].peer, YODEL_AUDIO, NULL, &m->sound[i]);
        YODEL_ASSERT(err == YODEL_OK);
        err = yodel_peer_add_track(m->pair.side[i].peer, YODEL_VIDEO, NULL, &m->video[i]);
        YODEL_ASSERT(err == YODEL_OK);
    }
    enum yodel_err err = peer_pair_negotiate(&m->pair, 0);
    YODEL_ASSERT(err == YODEL_OK);
}

static inline void media_pair_open_with(
    struct media_pair *m, uint64_t seed, const struct yodel_peer_config *config)
{
    media_pair_begin(m, seed, config);
    peer_pair_run(&m->pair, YODEL_SECONDS(2));
    YODEL_ASSERT(peer_pair_is_connected(&m->pair));
    m->due[0] = m->due[1] = m->pair.now;
}

static inline void media_pair_open(struct media_pair *m, uint64_t seed)
{
    media_pair_open_with(m, seed, NULL);
}

static inline void media_pair_close(struct media_pair *m)
{
    peer_pair_close(&m->pair);
}

static inline struct session *media_pair_session(const struct media_pair *m, int side)
{
    return m->pair.side[side].peer->session;
}

// ---- sending

static inline enum yodel_err media_pair_send(
    struct media_pair *m, int side, enum yodel_codec codec, bool is_key)
{
    static uint8_t data[MEDIA_PAIR_FRAME_MAX];
    bool is_video = codec >= YODEL_VP8;
    uint32_t number = m->numbers[side][is_video];
    struct yodel_frame frame = {.data = data,
        .codec = codec,
        .is_key = is_key || !is_video,
        .timestamp = m->pair.now * (is_video ? 90 : 48) / 1000,
        .captured = m->pair.now};

    frame.len = media_pair_write(codec, number, frame.is_key, is_video ? m->picture_len : 80, data);
    enum yodel_err err =
        yodel_transceiver_send_frame(is_video ? m->video[side] : m->sound[side], &frame);
    m->numbers[side][is_video] += err == YODEL_OK;
    m->refused += err != YODEL_OK;
    return err;
}

static inline void media_pair_speak(struct media_pair *m)
{
    if (m->pair.now >= m->due[YODEL_AUDIO]) {
        m->due[YODEL_AUDIO] += MEDIA_PAIR_SOUND;
        (void)media_pair_send(m, 0, YODEL_OPUS, true);
    }
    if (m->pair.now >= m->due[YODEL_VIDEO]) {
        bool is_key = m->wants_key[0] || m->numbers[0][YODEL_VIDEO] == 0;
        m->due[YODEL_VIDEO] += MEDIA_PAIR_PICTURE;
        m->wants_key[0] = false;
        (void)media_pair_send(m, 0, m->codec, is_key);
    }
}

// Side 0 speaks and shows something for so long.
static inline void media_pair_play(struct media_pair *m, yodel_duration duration)
{
    yodel_time until = m->pair.now + duration;

    while (m->pair.now < until) {
        media_pair_speak(m);
        yodel_time next = time_min(until, time_min(m->due[0], m->due[1]));
        peer_pair_run(&m->pair, next - m->pair.now);
    }
}

// ---- a peer who has the keys and lies

static inline void media_pair_give(struct media_pair *m, int from, void *datagram, size_t len)
{
    struct peer_pair_side *to = &m->pair.side[1 - from];
    struct yodel_path path = {.local = to->addr, .remote = m->pair.side[from].addr};

    yodel_peer_recv(to->peer, &path, datagram, len, m->pair.now);
    peer_pair_listen(to);
}

static inline void media_pair_give_rtp(
    struct media_pair *m, int from, uint64_t index, const struct rtp_packet *packet)
{
    uint8_t room[YODEL_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room - SRTP_RTP_OVERHEAD_MAX));
    size_t len = 0;

    rtp_packet_put_header(&w, packet);
    size_t head = w.len;
    put_bytes(&w, packet->payload);
    if (srtp_protect(&media_pair_session(m, from)->sending, index, bytes_of(room, head),
            bytes_of(room + head, w.len - head), span_of(room, sizeof room), &len) == YODEL_OK) {
        media_pair_give(m, from, room, len);
    }
}

static inline void media_pair_give_rtcp(struct media_pair *m, int from, struct bytes packet)
{
    uint8_t room[YODEL_DATAGRAM_MAX];
    size_t len = 0;

    if (packet.len >= 8 && srtp_protect_rtcp(&media_pair_session(m, from)->sending, packet,
                               span_of(room, sizeof room), &len) == YODEL_OK) {
        media_pair_give(m, from, room, len);
    }
}

#endif
