// Statistics of sound and video.
//
// Implements  W3C webrtc-stats §6.2 (codecs), §6.3 to §6.8 (streams of RTP)
// Departs     ids are "IA1", "OV2": in or out, sound or video, and the SSRC; a codec's has its payload type

#include "peer/codecs.h"
#include "peer/stats.h"

#define ID_SIZE 24

static void tell_number(const struct stats_visit *visit, const char *name, uint64_t number)
{
    stats_tell(visit, name, NULL, (double)number);
}

static void tell_seconds(const struct stats_visit *visit, const char *name, yodel_duration duration)
{
    stats_tell(visit, name, NULL, (double)duration / 1e6);
}

static const char *make_id(
    char id[ID_SIZE], const char *what, const struct yodel_transceiver *t, uint32_t number)
{
    struct writer w = writer_of(span_of(id, ID_SIZE - 1));

    put_format(&w, "%s%s%u", what, t->kind == SDP_AUDIO ? "A" : "V", number);
    id[w.len] = '\0';
    return id;
}

// What all objects of a stream begin with (webrtc-stats §6.3).
static void tell_stream(
    const struct stats_visit *visit, const struct yodel_transceiver *t, uint32_t ssrc)
{
    tell_number(visit, "ssrc", ssrc);
    stats_tell(visit, "kind", t->kind == SDP_AUDIO ? "audio" : "video", 0);
    stats_tell(visit, "transportId", "T", 0);
}

static void tell_codec(
    const struct stats_visit *visit, const struct yodel_transceiver *t, enum yodel_codec codec)
{
    char id[ID_SIZE];

    for (size_t i = 0; t->is_agreed && i < t->agreed.codec_count; i++) {
        if (t->agreed.codecs[i].codec == codec) {
            stats_tell(visit, "codecId", make_id(id, "C", t, t->agreed.codecs[i].payload_type), 0);
        }
    }
}

static void visit_inbound(const struct yodel_transceiver *t, struct stats_visit visit)
{
    const struct inbound *in = t->in;
    char id[ID_SIZE];
    uint64_t expected = in->source.highest - in->source.base + 1;

    visit.id = make_id(id, "I", t, in->source.ssrc);
    visit.type = "inbound-rtp";
    tell_stream(&visit, t, in->source.ssrc);
    tell_codec(&visit, t, in->codec);
    stats_tell(&visit, "mid", t->mid, 0);
    tell_number(&visit, "packetsReceived", in->source.packets);
    stats_tell(&visit, "packetsLost", NULL, (double)expected - (double)in->source.received);
    tell_seconds(&visit, "jitter", rtp_source_jitter(&in->source));
    tell_number(&visit, "bytesReceived", in->source.octets);
    tell_number(&visit, "headerBytesReceived", in->header_octets);
    tell_number(&visit, "packetsDiscarded", in->discarded);
    stats_tell(&visit, "lastPacketReceivedTimestamp", NULL, (double)in->last_packet / 1e3);
    tell_number(&visit, "nackCount", in->nacks);
    tell_number(&visit, "retransmittedPacketsReceived", in->rtx_packets);
    tell_number(&visit, "retransmittedBytesReceived", in->rtx_octets);
    if (in->is_video) {
        tell_number(&visit, "framesReceived", in->frames_received);
        tell_number(&visit, "keyFramesReceived", in->key_frames_received);
        tell_number(&visit, "pliCount", in->plis);
        tell_number(&visit, "firCount", in->firs);
    }
}

static void tell_rtt(const struct stats_visit *visit, const yodel_peer *peer)
{
    if (peer->session && peer->session->rtt > 0) {
        tell_seconds(visit, "roundTripTime", peer->session->rtt);
    }
}

// What its sender says of a stream that we receive.
static void visit_remote_outbound(
    const yodel_peer *peer, const struct yodel_transceiver *t, struct stats_visit visit)
{
    const struct rtp_source *source = &t->in->source;
    char id[ID_SIZE];

    if (source->info.ntp == 0) {
        return;
    }
    visit.id = make_id(id, "RO", t, source->ssrc);
    visit.type = "remote-outbound-rtp";
    tell_stream(&visit, t, source->ssrc);
    tell_number(&visit, "packetsSent", source->info.packets);
    tell_number(&visit, "bytesSent", source->info.octets);
    stats_tell(&visit, "remoteTimestamp", NULL, (double)rtp_ntp_us(source->info.ntp) / 1e3);
    tell_rtt(&visit, peer); // By RFC 3611 §4.5, where we send nothing.
}

static void visit_outbound(const struct yodel_transceiver *t, struct stats_visit visit)
{
    const struct outbound *out = t->out;
    char id[ID_SIZE];
    bool is_active = t->is_agreed && t->agreed.sends;

    visit.id = make_id(id, "O", t, t->ssrc);
    visit.type = "outbound-rtp";
    tell_stream(&visit, t, t->ssrc);
    tell_codec(&visit, t, out->cutter.codec);
    stats_tell(&visit, "mid", t->mid, 0);
    stats_tell(&visit, "active", NULL, is_active);
    tell_number(&visit, "packetsSent", out->sender.packets + out->rtx_packets);
    tell_number(&visit, "bytesSent", out->sender.octets + out->rtx_octets);
    tell_number(&visit, "headerBytesSent", out->header_octets);
    tell_number(&visit, "retransmittedPacketsSent", out->history.again);
    tell_number(&visit, "retransmittedBytesSent", out->rtx_octets);
    tell_number(&visit, "nackCount", out->nacks);
    if (out->is_video) {
        tell_number(&visit, "rtxSsrc", out->rtx_ssrc);
        tell_number(&visit, "framesSent", out->frames_sent);
        tell_number(&visit, "keyFramesSent", out->key_frames_sent);
        tell_number(&visit, "pliCount", out->plis);
        tell_number(&visit, "firCount", out->firs);
        tell_number(&visit, "targetBitrate", out->bps);
    }
}

// What the other side says of a stream that we send.
static void visit_remote_inbound(
    const yodel_peer *peer, const struct yodel_transceiver *t, struct stats_visit visit)
{
    const struct rtcp_report *report = &t->out->report;
    char id[ID_SIZE];

    if (!t->out->has_report) {
        return;
    }
    visit.id = make_id(id, "RI", t, t->ssrc);
    visit.type = "remote-inbound-rtp";
    tell_stream(&visit, t, t->ssrc);
    stats_tell(&visit, "packetsLost", NULL, (double)report->lost);
    stats_tell(&visit, "fractionLost", NULL, report->fraction_lost / 256.0);
    stats_tell(&visit, "jitter", NULL, (double)report->jitter / (double)t->out->sender.clock_rate);
    tell_rtt(&visit, peer);
}

static void visit_codecs(const struct yodel_transceiver *t, struct stats_visit visit)
{
    char id[ID_SIZE];

    for (size_t i = 0; i < t->agreed.codec_count; i++) {
        const struct jsep_codec *codec = &t->agreed.codecs[i];
        const struct peer_codec *known = peer_codecs_get(codec->codec);

        visit.id = make_id(id, "C", t, codec->payload_type);
        visit.type = "codec";
        tell_number(&visit, "payloadType", codec->payload_type);
        stats_tell(&visit, "transportId", "T", 0);
        stats_tell(&visit, "mimeType", known->mime_type, 0);
        tell_number(&visit, "clockRate", known->clock_rate);
        if (known->kind == SDP_AUDIO) {
            tell_number(&visit, "channels", known->channels);
        }
        stats_tell(&visit, "sdpFmtpLine", known->fmtp, 0);
    }
}

// Of several sections with one codec, its object is told once: payload types are shared (RFC 9143 §9.1).
static bool is_first_of_kind(const struct jsep *jsep, const struct yodel_transceiver *t)
{
    const struct yodel_transceiver *other = jsep_transceiver_next(jsep, NULL);

    while (other != t && !(other->kind == t->kind && other->is_agreed)) {
        other = jsep_transceiver_next(jsep, other);
    }
    return other == t;
}

void stats_visit_media(const yodel_peer *peer, struct stats_visit visit)
{
    for (const struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(&peer->jsep, t)) != NULL;) {
        if (t->in && t->in->is_begun) {
            visit_inbound(t, visit);
            visit_remote_outbound(peer, t, visit);
        }
        if (t->out) {
            visit_outbound(t, visit);
            visit_remote_inbound(peer, t, visit);
        }
        if (t->is_agreed && is_first_of_kind(&peer->jsep, t)) {
            visit_codecs(t, visit);
        }
    }
}
