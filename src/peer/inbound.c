// Inbound: see the header.

#include "peer/inbound.h"

#include "base/assert.h"
#include "peer/codecs.h"
#include "peer/cutter.h"
#include "rtp/payload/red.h"
#include "rtp/rtx.h"

struct inbound_sound {
    struct rtp_place place;
    yodel_time arrival;
    enum yodel_codec codec;
    bool is_copy;
    bool has_level;
    bool is_voice;
    uint8_t level;
    uint16_t len;
    uint8_t data[RTP_FRAMES_PACKET_MAX];
};

// ---- life

struct inbound *inbound_new(const struct env *env, bool is_video)
{
    struct inbound *in = alloc_new(env->alloc, sizeof *in);

    if (!in) {
        return NULL;
    }
    in->env = env;
    in->is_video = is_video;
    rtp_nack_init(&in->nack);
    bool is_good =
        is_video
            ? rtp_frames_init(&in->frames, env->alloc, INBOUND_PLACES) == YODEL_OK
            : (in->sounds = alloc_new(env->alloc, INBOUND_SOUNDS * sizeof *in->sounds)) != NULL;
    if (!is_good) {
        alloc_free(env->alloc, in);
        return NULL;
    }
    return in;
}

void inbound_free(struct inbound *in)
{
    if (!in) {
        return;
    }
    if (in->is_video) {
        rtp_frames_deinit(&in->frames);
    }
    alloc_free(in->env->alloc, in->sounds);
    alloc_free(in->env->alloc, in);
}

// Another stream takes the place of the one before.
static void begin(struct inbound *in, uint32_t ssrc, uint32_t clock_rate)
{
    yodel_duration rtt = in->nack.rtt;

    in->before = in->is_begun && in->source.ssrc != ssrc ? in->source.ssrc : in->before;
    in->is_begun = true;
    in->has_ended = false;
    rtp_source_init(&in->source, ssrc, clock_rate);
    rtp_nack_init(&in->nack);
    rtp_nack_set_rtt(&in->nack, rtt);
    in->heard_top = 0;
    if (in->is_video) {
        rtp_frames_restart(&in->frames);
    }
}

// ---- packets

// RFC 4588 §8.6: which codec it is, and whether it is a repair. RED counts as what is in it.
static const struct jsep_codec *find_codec(
    const struct jsep_rtp *agreed, uint8_t payload_type, bool *is_rtx)
{
    for (size_t i = 0; i < agreed->codec_count; i++) {
        const struct jsep_codec *codec = &agreed->codecs[i];

        *is_rtx = codec->has_rtx && codec->rtx == payload_type;
        if (*is_rtx || codec->payload_type == payload_type ||
            (codec->has_red && codec->red == payload_type)) {
            return codec;
        }
    }
    return NULL;
}

// Whether number `seq` of sound is new: it is so once. What is too old to tell is new if it is a packet of its own,
// for SRTP has seen to that, and not if it is a copy.
static bool is_unheard(struct inbound *in, uint64_t seq, bool is_copy)
{
    if (in->heard_top == 0 || seq > in->heard_top) {
        uint64_t step = seq - in->heard_top;
        bool is_far = in->heard_top == 0 || step >= INBOUND_HEARD;

        // Nothing is wanted from before the first.
        in->heard = in->heard_top == 0 ? UINT64_MAX : (is_far ? 0 : in->heard << step) | 1;
        in->heard_top = seq;
        return true;
    }
    uint64_t back = in->heard_top - seq;
    if (back >= INBOUND_HEARD) {
        return !is_copy;
    }
    bool is_heard = (in->heard >> back & 1) != 0;
    in->heard |= (uint64_t)1 << back;
    return !is_heard;
}

// `values` is NULL for a copy.
static void take_sound(struct inbound *in, struct bytes payload,
    const struct rtp_ext_values *values, const struct rtp_place *place, yodel_time now)
{
    static const struct rtp_ext_values none;

    if (payload.len == 0 || payload.len > RTP_FRAMES_PACKET_MAX) {
        in->padding_packets += payload.len == 0;
        return;
    }
    if (in->sound_count == INBOUND_SOUNDS) {
        in->sound_first =
            (in->sound_first + 1) % INBOUND_SOUNDS; // Nobody takes them: the oldest goes.
        in->sound_count--;
        in->discarded++;
    }
    struct inbound_sound *sound =
        &in->sounds[(in->sound_first + in->sound_count++) % INBOUND_SOUNDS];
    sound->place = *place;
    sound->arrival = now;
    sound->codec = in->codec;
    sound->is_copy = values == NULL;
    values = values ? values : &none;
    sound->has_level = rtp_ext_has(values, RTP_EXT_AUDIO_LEVEL);
    sound->level = values->audio_level;
    sound->is_voice = values->is_voice;
    sound->len = (uint16_t)payload.len;
    memcpy(sound->data, payload.ptr, payload.len);
}

// What is in a RED packet: the newest is the packet's own, and each before it that of the packet before.
static void take_red(struct inbound *in, const struct jsep_codec *codec,
    const struct rtp_packet *packet, const struct rtp_ext_values *values,
    const struct rtp_place *place, yodel_time now)
{
    struct rtp_red red;

    if (rtp_red_parse(&red, packet->payload, codec->red) != YODEL_OK) {
        in->discarded++;
        return;
    }
    for (size_t back = 0; back < red.count; back++) {
        const struct rtp_red_block *block = &red.blocks[red.count - 1 - back];
        struct rtp_place from = {place->seq - back, place->timestamp - block->before};
        bool is_copy = back > 0;

        if (block->payload_type != codec->payload_type || place->seq < back ||
            place->timestamp < block->before || (is_copy && block->payload.len == 0) ||
            !is_unheard(in, from.seq, is_copy)) {
            continue;
        }
        in->copies += is_copy;
        take_sound(in, block->payload, is_copy ? NULL : values, &from, now);
    }
}

static void take_video(struct inbound *in, const struct rtp_packet *packet,
    const struct rtp_place *place, bool is_repaired, yodel_time now)
{
    in->padding_packets += packet->payload.len == 0;
    rtp_nack_recv(&in->nack, place->seq, is_repaired, now);
    rtp_frames_recv(&in->frames,
        &(struct rtp_frames_packet){.place = *place,
            .codec = cutter_payload_of(in->codec),
            .is_last = packet->marker,
            .payload = packet->payload},
        now);
    if (rtp_nack_take_key_frame(&in->nack)) {
        rtp_frames_lose(&in->frames, now);
    }
}

// A packet of the stream's own. False: it is to be dropped.
static bool take_own(struct inbound *in, const struct jsep_codec *codec,
    const struct rtp_packet *packet, struct rtp_place *place, yodel_time now)
{
    uint32_t clock_rate = peer_codecs_get(codec->codec)->clock_rate;

    if (in->is_begun && packet->ssrc == in->before) {
        return false;
    }
    if (!in->is_begun || packet->ssrc != in->source.ssrc || clock_rate != in->source.clock_rate) {
        begin(in, packet->ssrc, clock_rate);
    }
    in->has_ended = false;
    in->codec = codec->codec;
    return rtp_source_recv(&in->source, packet, place, now);
}

// A repaired one becomes what it was. False: it is padding, or nothing.
static bool take_rtx(struct inbound *in, const struct jsep_codec *codec, struct rtp_packet *packet,
    struct rtp_place *place)
{
    in->rtx_packets++;
    in->rtx_octets += packet->payload.len;
    return in->is_begun &&
           rtp_rtx_unpack(packet, in->source.ssrc, codec->payload_type) == YODEL_OK &&
           rtp_source_find(&in->source, packet, place);
}

void inbound_recv(struct inbound *in, const struct jsep_rtp *agreed, struct rtp_packet *packet,
    const struct rtp_ext_values *values, yodel_time now)
{
    struct rtp_place place;
    bool is_rtx = false;
    const struct jsep_codec *codec = find_codec(agreed, packet->payload_type, &is_rtx);

    if (!codec) {
        in->unknown++;
        return;
    }
    in->last_packet = now;
    bool is_taken =
        is_rtx ? take_rtx(in, codec, packet, &place) : take_own(in, codec, packet, &place, now);
    if (!is_taken) {
        in->discarded++;
        return;
    }
    if (rtp_ext_has(values, RTP_EXT_ORIENTATION)) {
        in->rotation = values->rotation;
    }
    if (in->is_video) {
        take_video(in, packet, &place, is_rtx, now);
    } else if (codec->has_red && codec->red == packet->payload_type) {
        take_red(in, codec, packet, values, &place, now);
    } else if (is_unheard(in, place.seq, false)) {
        take_sound(in, packet->payload, values, &place, now);
    }
}

void inbound_tick(struct inbound *in, yodel_time now)
{
    if (!in->is_video) {
        return;
    }
    rtp_nack_tick(&in->nack, now);
    if (rtp_nack_take_key_frame(&in->nack)) {
        rtp_frames_lose(&in->frames, now);
    }
    rtp_frames_tick(&in->frames, now);
}

// ---- frames

static void time_frame(
    const struct inbound *in, const struct rtp_ntp_clock *clock, struct yodel_frame *frame)
{
    if (rtp_source_captured(&in->source, frame->timestamp, &frame->capture_ntp) &&
        !rtp_ntp_clock_local(clock, frame->capture_ntp, &frame->captured)) {
        frame->captured = 0;
    }
}

static bool next_sound(struct inbound *in, struct yodel_frame *frame)
{
    if (in->sound_count == 0) {
        return false;
    }
    const struct inbound_sound *sound = &in->sounds[in->sound_first];
    in->sound_first = (in->sound_first + 1) % INBOUND_SOUNDS;
    in->sound_count--;
    *frame = (struct yodel_frame){.data = sound->data,
        .len = sound->len,
        .codec = sound->codec,
        .is_key = true,
        .timestamp = sound->place.timestamp,
        .seq = sound->place.seq,
        .is_copy = sound->is_copy,
        .arrival = sound->arrival,
        .has_audio_level = sound->has_level,
        .is_voice = sound->is_voice,
        .audio_level = sound->level};
    return true;
}

static enum yodel_codec codec_of(enum rtp_codec payload)
{
    enum yodel_codec codec = YODEL_VP8;

    while (cutter_payload_of(codec) != payload) {
        codec++;
    }
    return codec;
}

static bool next_video(
    struct inbound *in, struct span room, struct yodel_frame *frame, yodel_time now)
{
    struct rtp_frame found;

    if (!rtp_frames_next(&in->frames, room, &found, now)) {
        return false;
    }
    rtp_nack_forget_below(&in->nack, found.first);
    *frame = (struct yodel_frame){.data = found.data.ptr,
        .len = found.data.len,
        .codec = codec_of(found.codec),
        .is_key = found.is_key,
        .width = found.width,
        .height = found.height,
        .rotation = in->rotation,
        .timestamp = found.timestamp,
        .seq = found.first,
        .arrival = found.arrival};
    return true;
}

bool inbound_next(struct inbound *in, const struct rtp_ntp_clock *clock, struct span room,
    struct yodel_frame *frame, yodel_time now)
{
    if (!(in->is_video ? next_video(in, room, frame, now) : next_sound(in, frame))) {
        return false;
    }
    in->frames_received++;
    in->key_frames_received += in->is_video && frame->is_key;
    in->bytes_received += frame->len;
    time_frame(in, clock, frame);
    return true;
}

// ---- feedback

static void put_key_request(
    struct inbound *in, uint8_t feedback, uint32_t sender, struct writer *w, yodel_time now)
{
    struct writer before = *w;

    if (!(feedback & (SDP_NACK_PLI | SDP_CCM_FIR)) || writer_left(w) < 20 ||
        !rtp_frames_take_request(&in->frames, now)) {
        return;
    }
    if (feedback & SDP_NACK_PLI) {
        in->plis++;
        rtcp_put_pli(w, sender, in->source.ssrc);
    } else {
        in->firs++;
        rtcp_put_fir(w, sender, in->source.ssrc, in->fir_seq++);
    }
    YODEL_ASSERT(!w->failed && w->len > before.len);
}

static uint8_t feedback_of(const struct inbound *in, const struct jsep_rtp *agreed)
{
    for (size_t i = 0; i < agreed->codec_count; i++) {
        if (agreed->codecs[i].codec == in->codec) {
            return agreed->codecs[i].feedback;
        }
    }
    return 0;
}

void inbound_put_feedback(struct inbound *in, const struct jsep_rtp *agreed, uint32_t sender,
    struct writer *w, yodel_time now)
{
    uint8_t feedback = feedback_of(in, agreed);

    if (!in->is_video || !in->is_begun) {
        return;
    }
    if ((feedback & SDP_NACK) && rtp_nack_emit(&in->nack, w, sender, in->source.ssrc, now)) {
        in->nacks++;
    }
    put_key_request(in, feedback, sender, w, now);
}

yodel_time inbound_next_timeout(const struct inbound *in)
{
    return in->is_video && in->is_begun
               ? time_min(rtp_nack_next_timeout(&in->nack), rtp_frames_next_timeout(&in->frames))
               : YODEL_NEVER;
}
