// Outbound: see the header.

#include "peer/outbound.h"

#include "base/assert.h"
#include "peer/codecs.h"
#include "srtp/srtp.h"

#define FIRST_SEQ_MASK                                                                             \
    0x7fff // Of a stream's first packet: well before the first wrap (RFC 3711 §3.3.1).
#define PADDING_LEN 224     // In a packet that is nothing but padding.
#define LOST_SMOOTHING 0.25 // A report is about fifty sounds: chance has a large part in it.
// Of a packet before it is encrypted, with room for what RTX adds.
#define PACKET_ROOM (OUTBOUND_PACKET_MAX - SRTP_RTP_OVERHEAD_MAX - RTP_RTX_OSN_SIZE)

struct outbound_frame {
    struct list_node node;
    yodel_time put;
    yodel_time captured;
    uint64_t timestamp;
    enum yodel_codec codec;
    bool is_key;
    bool has_audio_level;
    bool is_voice;
    uint8_t audio_level;
    uint16_t rotation;
    size_t len;
    uint8_t data[];
};

static struct outbound_frame *first_of(const struct outbound *out)
{
    struct list_node *node = list_first(&out->frames);

    return node ? CONTAINER_OF(node, struct outbound_frame, node) : NULL;
}

// ---- life

struct outbound *outbound_new(
    const struct env *env, const struct yodel_transceiver *transceiver, uint32_t clock_rate)
{
    struct outbound *out = alloc_new(env->alloc, sizeof *out);

    if (!out) {
        return NULL;
    }
    out->env = env;
    out->is_video = transceiver->kind == SDP_VIDEO;
    out->needs_key = out->is_video;
    list_init(&out->frames);
    if (out->is_video && rtp_history_init(&out->history, env->alloc, OUTBOUND_HISTORY_SIZE,
                             OUTBOUND_HISTORY_PLACES) != YODEL_OK) {
        alloc_free(env->alloc, out);
        return NULL;
    }
    rtp_sender_init(&out->sender, transceiver->ssrc, clock_rate);
    out->rtx_ssrc = transceiver->rtx_ssrc;
    out->seq = env_random_u32(env) & FIRST_SEQ_MASK;
    out->rtx_seq = env_random_u32(env) & FIRST_SEQ_MASK;
    out->timestamp = env_random_u32(env);
    out->picture = (uint16_t)env_random_u32(env);
    return out;
}

static void drop_first(struct outbound *out)
{
    struct outbound_frame *frame = first_of(out);

    list_remove(&frame->node);
    out->frame_count--;
    out->bytes -= frame->len;
    out->is_cutting = false;
    alloc_free(out->env->alloc, frame);
}

void outbound_clear(struct outbound *out)
{
    while (out->frame_count > 0) {
        drop_first(out);
        out->needs_key = out->is_video;
    }
}

void outbound_free(struct outbound *out)
{
    if (!out) {
        return;
    }
    outbound_clear(out);
    if (out->is_video) {
        rtp_history_deinit(&out->history);
    }
    alloc_free(out->env->alloc, out);
}

// ---- frames

static enum yodel_err refuse(struct outbound *out, enum yodel_err err)
{
    out->frames_refused++;
    out->needs_key = out->is_video;
    // As if the other side had asked: each time, for the one that was asked for may have been refused as well.
    if (out->is_video && !out->sender.is_key_wanted) {
        rtp_sender_recv_pli(&out->sender);
    }
    return err;
}

enum yodel_err outbound_put(struct outbound *out, const struct yodel_frame *frame, yodel_time now)
{
    bool is_full =
        out->frame_count == OUTBOUND_FRAMES_MAX || out->bytes + frame->len > OUTBOUND_BYTES_MAX;

    if (frame->len > (out->is_video ? OUTBOUND_FRAME_MAX : OUTBOUND_SOUND_MAX)) {
        return refuse(out, YODEL_ERR_TOO_LARGE);
    }
    if (is_full || (out->needs_key && !frame->is_key)) {
        return refuse(out, YODEL_ERR_WOULD_BLOCK);
    }
    struct outbound_frame *made = alloc_new(out->env->alloc, sizeof *made + frame->len);
    if (!made) {
        return refuse(out, YODEL_ERR_NO_MEMORY);
    }
    made->put = now;
    made->captured = frame->captured == 0 ? YODEL_NEVER : frame->captured;
    made->timestamp = frame->timestamp;
    made->codec = frame->codec;
    made->is_key = frame->is_key;
    made->has_audio_level = frame->has_audio_level;
    made->is_voice = frame->is_voice;
    made->audio_level = frame->audio_level;
    made->rotation = frame->rotation;
    made->len = frame->len;
    memcpy(made->data, frame->data, frame->len);
    list_push_back(&out->frames, &made->node);
    out->frame_count++;
    out->bytes += frame->len;
    out->needs_key = false;
    return YODEL_OK;
}

yodel_time outbound_oldest(const struct outbound *out)
{
    const struct outbound_frame *frame = first_of(out);

    return frame ? frame->put : YODEL_NEVER;
}

// ---- packets

static const struct jsep_codec *find_codec(const struct jsep_rtp *agreed, enum yodel_codec codec)
{
    for (size_t i = 0; i < agreed->codec_count; i++) {
        if (agreed->codecs[i].codec == codec) {
            return &agreed->codecs[i];
        }
    }
    return NULL;
}

// The first codec that has an RTX, or NULL.
static const struct jsep_codec *find_rtx(const struct jsep_rtp *agreed)
{
    for (size_t i = 0; i < agreed->codec_count; i++) {
        if (agreed->codecs[i].has_rtx) {
            return &agreed->codecs[i];
        }
    }
    return NULL;
}

static void start_cutting(struct outbound *out, const struct outbound_frame *frame)
{
    struct cutter_frame cut = {
        frame->codec, bytes_of(frame->data, frame->len), frame->is_key, out->picture};

    cutter_start(&out->cutter, &cut);
    out->is_cutting = true;
    out->picture++;
    out->frames_sent++;
    out->key_frames_sent += frame->is_key;
}

static struct rtp_ext_values stamps(
    const struct jsep_rtp *agreed, const struct outbound_stamp *stamp)
{
    return (struct rtp_ext_values){
        .present = RTP_EXT_BIT(RTP_EXT_MID) | RTP_EXT_BIT(RTP_EXT_TRANSPORT_SEQ) |
                   RTP_EXT_BIT(RTP_EXT_SEND_TIME),
        .mid = agreed->mid,
        .transport_seq = (uint16_t)stamp->transport_seq,
        .send_time = rtp_ext_send_time(stamp->now),
    };
}

static struct rtp_ext_values values_of(const struct outbound_frame *frame,
    const struct jsep_rtp *agreed, const struct outbound_stamp *stamp)
{
    struct rtp_ext_values values = stamps(agreed, stamp);

    if (frame->has_audio_level) {
        values.present |= RTP_EXT_BIT(RTP_EXT_AUDIO_LEVEL);
        values.audio_level = frame->audio_level;
        values.is_voice = frame->is_voice;
    }
    if (frame->rotation != 0) {
        values.present |= RTP_EXT_BIT(RTP_EXT_ORIENTATION);
        values.rotation = frame->rotation;
    }
    return values;
}

static bool has_transport_seq(const struct jsep_rtp *agreed)
{
    return agreed->exts.ids[RTP_EXT_TRANSPORT_SEQ] != 0;
}

void outbound_choose_distance(struct outbound *out, size_t distance_max)
{
    size_t distance = out->lost > OUTBOUND_RED_LOSS_2 ? 2 : out->lost > OUTBOUND_RED_LOSS;

    out->distance = distance < distance_max ? distance : distance_max;
}

void outbound_recv_report(
    struct outbound *out, const struct rtcp_report *report, size_t distance_max)
{
    out->report = *report;
    out->has_report = true;
    out->lost += LOST_SMOOTHING * (report->fraction_lost / 256.0 - out->lost);
    outbound_choose_distance(out, distance_max);
}

// A payload, or of sound that is often lost several (RFC 2198). False: there is none.
static bool put_payload(struct outbound *out, const struct jsep_codec *codec, uint32_t timestamp,
    struct writer *w, bool *is_last)
{
    const struct outbound_frame *frame = first_of(out);
    struct bytes payload = bytes_of(frame->data, frame->len);

    if (out->is_video || !codec->has_red) {
        out->redundancy.count = 0; // What is not kept would be missing in a row.
        return cutter_emit(&out->cutter, w, is_last);
    }
    *is_last = true; // Sound is one packet.
    if (out->distance > 0) {
        redundancy_put(&out->redundancy, w, OUTBOUND_SOUND_MAX, out->distance, codec->payload_type,
            timestamp, payload);
    } else {
        put_bytes(w, payload);
    }
    redundancy_keep(&out->redundancy, timestamp, payload);
    return true;
}

// A packet of the first frame; false where it gives none (any more), and has to go.
static bool emit_of_first(struct outbound *out, const struct jsep_rtp *agreed,
    const struct outbound_stamp *stamp, struct writer *w, struct outbound_packet *packet)
{
    const struct outbound_frame *frame = first_of(out);
    const struct jsep_codec *codec = find_codec(agreed, frame->codec);
    struct writer room =
        writer_of(span_of(w->start, w->room < PACKET_ROOM ? w->room : PACKET_ROOM));
    bool is_last = false;

    if (!codec) {
        return false; // What was agreed on has changed since.
    }
    if (!out->is_cutting) {
        start_cutting(out, frame);
    }
    bool is_red = !out->is_video && codec->has_red && out->distance > 0;
    struct rtp_packet header = {.payload_type = is_red ? codec->red : codec->payload_type,
        .seq = (uint16_t)out->seq,
        .timestamp = out->timestamp + (uint32_t)frame->timestamp,
        .ssrc = out->sender.ssrc};
    struct rtp_ext_values values = values_of(frame, agreed, stamp);
    rtp_packet_put_header(&room, &header);
    rtp_ext_put(&room, 0, &agreed->exts, &values);
    size_t header_len = room.len;
    if (!put_payload(out, codec, header.timestamp, &room, &is_last) || room.failed) {
        return false;
    }
    if (is_last && out->is_video) {
        rtp_packet_store_marker(span_of(room.start, room.len));
    }
    *packet = (struct outbound_packet){out->seq++, header_len, has_transport_seq(agreed)};
    w->len = room.len;
    out->header_octets += header_len;
    out->sender.clock_rate = peer_codecs_get(frame->codec)->clock_rate;
    rtp_sender_sent(&out->sender, room.len - header_len, header.timestamp,
        frame->captured < stamp->now ? frame->captured : stamp->now);
    if (codec->has_rtx) {
        rtp_history_put(&out->history, packet->seq, writer_bytes(&room), stamp->now);
    }
    if (is_last) {
        drop_first(out);
    }
    return true;
}

bool outbound_emit(struct outbound *out, const struct jsep_rtp *agreed,
    const struct outbound_stamp *stamp, struct writer *w, struct outbound_packet *packet)
{
    while (out->frame_count > 0) {
        if (emit_of_first(out, agreed, stamp, w, packet)) {
            return true;
        }
        drop_first(out);
    }
    return false;
}

static const struct jsep_codec *find_payload(const struct jsep_rtp *agreed, uint8_t payload_type)
{
    for (size_t i = 0; i < agreed->codec_count; i++) {
        if (agreed->codecs[i].payload_type == payload_type) {
            return &agreed->codecs[i];
        }
    }
    return NULL;
}

bool outbound_emit_again(struct outbound *out, const struct jsep_rtp *agreed,
    const struct outbound_stamp *stamp, struct writer *w, struct outbound_packet *packet)
{
    const struct jsep_codec *codec = NULL;
    struct bytes original;
    uint64_t seq;

    // One of a codec that is not agreed on any more is of no use.
    do {
        if (!out->is_video || !rtp_history_take(&out->history, &seq, &original, stamp->now)) {
            return false;
        }
        codec = find_payload(agreed, original.ptr[1] & (uint8_t)~RTP_PACKET_MARKER);
    } while (!codec || !codec->has_rtx);
    struct rtp_rtx rtx = {
        .ssrc = out->rtx_ssrc, .seq = (uint16_t)out->rtx_seq, .payload_type = codec->rtx};
    struct rtp_packet parsed;
    rtp_rtx_put(w, original, &rtx, &agreed->exts);
    if (w->failed || rtp_packet_parse(&parsed, writer_bytes(w)) != YODEL_OK) {
        return false;
    }
    struct span whole = span_of(w->start, w->len);
    rtp_ext_store_transport_seq(whole, &agreed->exts, stamp->transport_seq);
    rtp_ext_store_send_time(whole, &agreed->exts, stamp->now);
    *packet = (struct outbound_packet){
        out->rtx_seq++, w->len - parsed.payload.len, has_transport_seq(agreed)};
    out->rtx_packets++;
    out->rtx_octets += parsed.payload.len;
    return true;
}

bool outbound_emit_padding(struct outbound *out, const struct jsep_rtp *agreed,
    const struct outbound_stamp *stamp, struct writer *w, struct outbound_packet *packet)
{
    const struct jsep_codec *codec = find_rtx(agreed);

    if (!out->is_video || !codec || out->sender.packets == 0) {
        return false; // In a stream of video it would be a packet that a decoder waits for.
    }
    struct rtp_packet header = {.payload_type = codec->rtx,
        .seq = (uint16_t)out->rtx_seq,
        .timestamp = out->sender.timestamp,
        .ssrc = out->rtx_ssrc};
    struct rtp_ext_values values = stamps(agreed, stamp);
    rtp_packet_put_header(w, &header);
    rtp_ext_put(w, 0, &agreed->exts, &values);
    size_t header_len = w->len;
    rtp_packet_put_padding(w, 0, PADDING_LEN);
    *packet = (struct outbound_packet){out->rtx_seq++, header_len, has_transport_seq(agreed)};
    out->rtx_packets++;
    return !w->failed;
}
