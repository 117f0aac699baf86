// JSEP, what media sections say: see the header.

#include "peer/jsep_rtp.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/port.h"
#include "peer/codecs.h"
#include "peer/jsep_check.h"

#define FMTP_MAX 128u
#define PER_CODEC 2u // A codec, and its RTX or its RED.

#define AUDIO_FEEDBACK SDP_TRANSPORT_CC
#define VIDEO_FEEDBACK (SDP_TRANSPORT_CC | SDP_GOOG_REMB | SDP_CCM_FIR | SDP_NACK | SDP_NACK_PLI)

// What we put into headers and understand. The ids are ours, of offers, and the same in every
// section, as BUNDLE wants it (RFC 9143 §9.2).
static const struct {
    enum sdp_kind only; // SDP_OTHER: of both.
    enum rtp_ext_kind kind;
} extensions[] = {
    {SDP_OTHER, RTP_EXT_MID},
    {SDP_OTHER, RTP_EXT_TRANSPORT_SEQ},
    {SDP_OTHER, RTP_EXT_SEND_TIME},
    {SDP_OTHER, RTP_EXT_CAPTURE_TIME},
    {SDP_AUDIO, RTP_EXT_AUDIO_LEVEL},
    {SDP_VIDEO, RTP_EXT_ORIENTATION},
    {SDP_VIDEO, RTP_EXT_PLAYOUT_DELAY},
};

static uint8_t feedback_of(enum sdp_kind kind)
{
    return kind == SDP_AUDIO ? AUDIO_FEEDBACK : VIDEO_FEEDBACK;
}

// ---- looking at sections

enum sdp_direction jsep_rtp_direction(const struct sdp *sdp, const struct sdp_media *media)
{
    enum sdp_direction direction = media->common.direction != SDP_DIRECTION_NONE
                                       ? media->common.direction
                                       : sdp->common.direction;

    return direction == SDP_DIRECTION_NONE ? SDP_SENDRECV : direction;
}

// RFC 8285 §6: said of the session, or of the section.
static bool allows_mixed(const struct sdp *sdp, const struct sdp_media *media)
{
    return sdp->common.extmap_allow_mixed || media->common.extmap_allow_mixed;
}

// The first payload type of a section that is this codec, or NULL.
static const struct sdp_codec *find_codec(const struct sdp_media *media, enum yodel_codec codec)
{
    for (size_t i = 0; i < media->codec_count; i++) {
        if (peer_codecs_is(codec, &media->codecs[i])) {
            return &media->codecs[i];
        }
    }
    return NULL;
}

// RFC 4588 §8.1: the RTX that repairs a payload type, or NULL.
static const struct sdp_codec *find_rtx(const struct sdp_media *media, uint8_t payload_type)
{
    for (size_t i = 0; i < media->codec_count; i++) {
        const struct sdp_codec *codec = &media->codecs[i];

        if (sdp_is_codec(codec, "rtx") &&
            sdp_find_number(codec->fmtp, "apt", UINT64_MAX) == payload_type) {
            return codec;
        }
    }
    return NULL;
}

// RFC 2198 §5: the RED that carries a payload type, twice in its list at least, or NULL.
static const struct sdp_codec *find_red(const struct sdp_media *media, const struct sdp_codec *of)
{
    char list[16];

    snprintf(list, sizeof list, "%u/%u", of->payload_type, of->payload_type);
    struct bytes want = bytes_of_text(list);
    for (size_t i = 0; i < media->codec_count; i++) {
        const struct sdp_codec *codec = &media->codecs[i];

        if (sdp_is_codec(codec, "red") && codec->clock == of->clock &&
            codec->channels == of->channels &&
            bytes_equal(bytes_sub(codec->fmtp, 0, want.len), want)) {
            return codec;
        }
    }
    return NULL;
}

static bool has_codec(
    const struct sdp_media *offered, const enum yodel_codec *wanted, size_t wanted_count)
{
    for (size_t i = 0; i < wanted_count; i++) {
        if (find_codec(offered, wanted[i])) {
            return true;
        }
    }
    return false;
}

bool jsep_rtp_has_codec(
    const struct yodel_transceiver *transceiver, const struct sdp_media *offered)
{
    return has_codec(offered, transceiver->codecs, transceiver->codec_count);
}

bool jsep_rtp_is_acceptable(const struct jsep *jsep, const struct sdp_media *media)
{
    static const char *const protos[] = {"UDP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVPF", "RTP/SAVPF"};
    enum yodel_codec all[YODEL_CODEC_COUNT];
    bool is_rtp = false;

    if (media->kind != SDP_AUDIO && media->kind != SDP_VIDEO) {
        return false;
    }
    for (size_t i = 0; i < COUNT(protos); i++) {
        is_rtp |= bytes_equal(media->proto, bytes_of_text(protos[i]));
    }
    return jsep->takes_media && is_rtp && media->rtcp_mux &&
           has_codec(media, all, peer_codecs_all(media->kind, all));
}

// ---- making

static struct bytes copy_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, bytes_of_text(text));
}

static void begin(
    const struct yodel_transceiver *t, enum sdp_direction direction, struct sdp_media *media)
{
    media->kind = t->kind;
    media->kind_text = bytes_of_text(t->kind == SDP_AUDIO ? "audio" : "video");
    media->common.direction = direction;
    media->common.extmap_allow_mixed = true; // RFC 8285 §6: we read both forms, in any order.
    media->rtcp_mux = true;
    media->rtcp_rsize = true;
}

// RFC 8830 §2, and SSRCs for those who do not look at the MID (RFC 5576 §4).
static bool fill_streams(const struct jsep *jsep, const struct yodel_transceiver *t,
    struct arena *arena, struct sdp_media *media)
{
    bool has_rtx = false;

    for (size_t i = 0; i < media->codec_count; i++) {
        has_rtx |= sdp_is_codec(&media->codecs[i], "rtx");
    }
    media->msids = arena_new(arena, sizeof *media->msids);
    media->ssrcs = arena_new_array(arena, 2, sizeof *media->ssrcs);
    media->ssrc_groups = arena_new(arena, sizeof *media->ssrc_groups);
    uint32_t *group = arena_new_array(arena, 2, sizeof *group);
    if (!media->msids || !media->ssrcs || !media->ssrc_groups || !group) {
        return false;
    }
    const struct sdp_msid msid = {
        bytes_of_text(t->stream_id[0] ? t->stream_id : "-"), bytes_of_text(t->track_id)};
    const uint32_t ssrcs[2] = {t->ssrc, t->rtx_ssrc};
    media->msids[media->msid_count++] = msid;
    for (size_t i = 0; i < (has_rtx ? 2 : 1); i++) {
        group[i] = ssrcs[i];
        media->ssrcs[media->ssrc_count++] =
            (struct sdp_ssrc){.ssrc = ssrcs[i], .cname = bytes_of_text(jsep->cname), .msid = msid};
    }
    if (has_rtx) {
        media->ssrc_groups[media->ssrc_group_count++] =
            (struct sdp_ssrc_group){.semantics = SDP_FID, .ssrcs = group, .count = 2};
    }
    return true;
}

// Payload types of what comes with a codec; 0: nothing.
struct attendants {
    uint8_t rtx, red;
    bool is_red_first;
};

// `format` says which payload type it is about, twice if it likes.
static bool add_attendant(struct sdp_media *media, struct arena *arena, uint8_t payload_type,
    const char *name, const struct sdp_codec *of, const char *format)
{
    char text[16];

    snprintf(text, sizeof text, format, of->payload_type, of->payload_type);
    struct bytes fmtp = copy_text(arena, text);
    media->codecs[media->codec_count++] = (struct sdp_codec){
        .payload_type = payload_type,
        .channels = of->channels,
        .clock = of->clock,
        .name = bytes_of_text(name),
        .fmtp = fmtp,
    };
    return fmtp.ptr != NULL;
}

static bool add_codec(struct sdp_media *media, struct arena *arena, enum yodel_codec codec,
    uint8_t payload_type, const struct attendants *with, uint8_t feedback)
{
    const struct peer_codec *ours = peer_codecs_get(codec);
    bool is_good = true;
    struct sdp_codec made = {
        .payload_type = payload_type,
        .channels = ours->kind == SDP_AUDIO ? ours->channels : 1,
        .feedback = feedback,
        .clock = ours->clock_rate,
        .name = bytes_of_text(peer_codecs_name(codec)),
        .fmtp = bytes_of_text(ours->fmtp),
    };

    if (with->red != 0 && with->is_red_first) {
        is_good = add_attendant(media, arena, with->red, "red", &made, "%u/%u");
    }
    media->codecs[media->codec_count++] = made;
    if (with->red != 0 && !with->is_red_first) {
        is_good = add_attendant(media, arena, with->red, "red", &made, "%u/%u");
    }
    if (with->rtx != 0) {
        is_good = is_good && add_attendant(media, arena, with->rtx, "rtx", &made, "apt=%u");
    }
    return is_good;
}

static bool reserve(struct arena *arena, struct sdp_media *media)
{
    media->codecs = arena_new_array(arena, PER_CODEC * YODEL_CODEC_COUNT, sizeof *media->codecs);
    media->extmaps = arena_new_array(arena, COUNT(extensions), sizeof *media->extmaps);
    return media->codecs && media->extmaps;
}

bool jsep_rtp_fill_offer(const struct jsep *jsep, const struct yodel_transceiver *transceiver,
    struct arena *arena, struct sdp_media *media)
{
    bool is_good = reserve(arena, media);

    begin(transceiver, transceiver->direction, media);
    for (size_t i = 0; i < transceiver->codec_count && is_good; i++) {
        const struct peer_codec *ours = peer_codecs_get(transceiver->codecs[i]);

        is_good = add_codec(media, arena, transceiver->codecs[i], ours->payload_type,
            &(struct attendants){.rtx = ours->rtx, .red = ours->red},
            feedback_of(transceiver->kind));
    }
    for (size_t i = 0; i < COUNT(extensions) && is_good; i++) {
        if (extensions[i].only == SDP_OTHER || extensions[i].only == transceiver->kind) {
            media->extmaps[media->extmap_count++] = (struct sdp_extmap){
                .id = (uint8_t)(i + 1), .uri = bytes_of_text(rtp_ext_uri(extensions[i].kind))};
        }
    }
    return is_good && (!jsep_transceiver_sends(media->common.direction) ||
                          fill_streams(jsep, transceiver, arena, media));
}

static bool is_ours(
    const struct yodel_transceiver *t, const struct sdp_codec *offered, enum yodel_codec *codec)
{
    for (size_t i = 0; i < t->codec_count; i++) {
        if (peer_codecs_is(t->codecs[i], offered)) {
            *codec = t->codecs[i];
            return true;
        }
    }
    return false;
}

static bool is_answered(const struct sdp_media *media, enum yodel_codec codec)
{
    return find_codec(media, codec) != NULL;
}

// Of what comes with one of their codecs, what we have for it, too.
static struct attendants attendants_of(
    const struct sdp_media *offered, const struct sdp_codec *theirs, enum yodel_codec codec)
{
    const struct peer_codec *ours = peer_codecs_get(codec);
    const struct sdp_codec *rtx = ours->rtx != 0 ? find_rtx(offered, theirs->payload_type) : NULL;
    const struct sdp_codec *red = ours->red != 0 ? find_red(offered, theirs) : NULL;

    return (struct attendants){.rtx = rtx ? rtx->payload_type : 0,
        .red = red ? red->payload_type : 0,
        .is_red_first = red && red < theirs};
}

// RFC 9429 §5.3.1: codecs in the offer's order, with the offer's payload types. Each once.
static bool answer_codecs(const struct yodel_transceiver *t, const struct sdp_media *offered,
    struct arena *arena, struct sdp_media *media)
{
    bool is_good = true;

    for (size_t i = 0; i < offered->codec_count && is_good; i++) {
        const struct sdp_codec *theirs = &offered->codecs[i];
        enum yodel_codec codec;

        if (!is_ours(t, theirs, &codec) || is_answered(media, codec)) {
            continue;
        }
        struct attendants with = attendants_of(offered, theirs, codec);
        is_good = add_codec(media, arena, codec, theirs->payload_type, &with,
            theirs->feedback & feedback_of(t->kind));
    }
    return is_good;
}

static bool is_extension(enum sdp_kind media, enum rtp_ext_kind kind)
{
    for (size_t i = 0; i < COUNT(extensions); i++) {
        if (extensions[i].kind == kind) {
            return extensions[i].only == SDP_OTHER || extensions[i].only == media;
        }
    }
    return false;
}

static void answer_extensions(const struct sdp_media *offered, struct sdp_media *media)
{
    for (size_t i = 0; i < offered->extmap_count && media->extmap_count < COUNT(extensions); i++) {
        const struct sdp_extmap *theirs = &offered->extmaps[i];
        enum rtp_ext_kind kind = rtp_ext_kind_of(theirs->uri);
        bool is_both_ways =
            theirs->direction == SDP_DIRECTION_NONE || theirs->direction == SDP_SENDRECV;

        // RFC 8285 §6: what only the two-byte form can say is of no use without it.
        bool is_usable = theirs->id <= RTP_EXT_ONE_BYTE_ID_MAX || media->common.extmap_allow_mixed;

        if (kind != RTP_EXT_KINDS && is_both_ways && is_usable &&
            is_extension(offered->kind, kind)) {
            media->extmaps[media->extmap_count++] =
                (struct sdp_extmap){.id = theirs->id, .uri = theirs->uri};
        }
    }
}

bool jsep_rtp_fill_answer(const struct jsep *jsep, const struct yodel_transceiver *transceiver,
    const struct sdp *offer, const struct sdp_media *offered, struct arena *arena,
    struct sdp_media *media)
{
    bool is_good = reserve(arena, media);

    begin(transceiver,
        jsep_transceiver_answer_direction(transceiver, jsep_rtp_direction(offer, offered)), media);
    media->rtcp_rsize = offered->rtcp_rsize;
    media->common.extmap_allow_mixed = allows_mixed(offer, offered);
    if (!is_good || !answer_codecs(transceiver, offered, arena, media)) {
        return false;
    }
    answer_extensions(offered, media);
    return !jsep_transceiver_sends(media->common.direction) ||
           fill_streams(jsep, transceiver, arena, media);
}

// ---- what was agreed on

static void take_codecs(
    const struct sdp_media *ours, const struct sdp_media *theirs, struct jsep_rtp *agreed)
{
    for (size_t i = 0; i < theirs->codec_count; i++) {
        const struct sdp_codec *codec = &theirs->codecs[i];
        enum yodel_codec all[YODEL_CODEC_COUNT];
        size_t count = peer_codecs_all(theirs->kind, all);

        for (size_t k = 0; k < count && agreed->codec_count < YODEL_CODEC_COUNT; k++) {
            const struct sdp_codec *mine = sdp_find_codec(ours, codec->payload_type);

            if (!peer_codecs_is(all[k], codec) || !mine || !peer_codecs_is(all[k], mine)) {
                continue;
            }
            const struct sdp_codec *rtx = find_rtx(theirs, codec->payload_type);
            bool has_rtx = rtx && find_rtx(ours, codec->payload_type) != NULL;
            const struct sdp_codec *red = find_red(theirs, codec), *our_red = find_red(ours, mine);
            bool has_red = red && our_red && red->payload_type == our_red->payload_type;
            agreed->codecs[agreed->codec_count++] = (struct jsep_codec){
                .codec = all[k],
                .payload_type = codec->payload_type,
                .has_rtx = has_rtx,
                .rtx = has_rtx ? rtx->payload_type : 0,
                .has_red = has_red,
                .red = has_red ? red->payload_type : 0,
                .prefers_red = has_red && red < codec,
                .feedback = codec->feedback & mine->feedback,
            };
        }
    }
}

static void take_extensions(
    const struct sdp_media *ours, const struct sdp_media *theirs, struct jsep_rtp *agreed)
{
    for (size_t i = 0; i < ours->extmap_count; i++) {
        for (size_t k = 0; k < theirs->extmap_count; k++) {
            enum rtp_ext_kind kind = rtp_ext_kind_of(ours->extmaps[i].uri);

            if (kind != RTP_EXT_KINDS && ours->extmaps[i].id == theirs->extmaps[k].id &&
                bytes_equal(ours->extmaps[i].uri, theirs->extmaps[k].uri)) {
                // One that is named twice keeps its first id.
                (void)!rtp_ext_map_set(&agreed->exts, kind, ours->extmaps[i].id);
            }
        }
    }
}

// The SSRC that repairs `ssrc` (RFC 5576 §4.2), or 0.
static uint32_t find_repair(const struct sdp_media *media, uint32_t ssrc)
{
    for (size_t i = 0; i < media->ssrc_group_count; i++) {
        const struct sdp_ssrc_group *group = &media->ssrc_groups[i];

        if (group->semantics == SDP_FID && group->count == 2 && group->ssrcs[0] == ssrc) {
            return group->ssrcs[1];
        }
    }
    return 0;
}

static bool is_repair(const struct sdp_media *media, uint32_t ssrc)
{
    for (size_t i = 0; i < media->ssrc_group_count; i++) {
        const struct sdp_ssrc_group *group = &media->ssrc_groups[i];

        if (group->semantics != SDP_SIM && group->count == 2 && group->ssrcs[1] == ssrc) {
            return true;
        }
    }
    return false;
}

static void take_sources(const struct sdp_media *theirs, struct jsep_rtp *agreed)
{
    for (size_t i = 0; i < theirs->ssrc_count && agreed->source_count < JSEP_SOURCES_MAX; i++) {
        uint32_t ssrc = theirs->ssrcs[i].ssrc;

        if (!is_repair(theirs, ssrc)) {
            agreed->sources[agreed->source_count++] =
                (struct jsep_source){ssrc, find_repair(theirs, ssrc)};
        }
    }
}

bool jsep_rtp_find(
    const struct jsep *jsep, const struct yodel_transceiver *transceiver, struct jsep_rtp *agreed)
{
    // A provisional answer puts both that are pending in force, for as long as they are.
    bool is_provisional = jsep->state == YODEL_SIGNALING_HAVE_LOCAL_PRANSWER ||
                          jsep->state == YODEL_SIGNALING_HAVE_REMOTE_PRANSWER;
    const struct jsep_description *local =
        is_provisional ? &jsep->pending_local : &jsep->current_local;
    const struct jsep_description *remote =
        is_provisional ? &jsep->pending_remote : &jsep->current_remote;
    size_t section = transceiver->section;

    if (!local->is_set || section >= local->sdp.media_count ||
        transceiver->current == SDP_DIRECTION_NONE) {
        return false;
    }
    const struct sdp_media *ours = &local->sdp.media[section];
    const struct sdp_media *theirs = &remote->sdp.media[section];
    struct jsep_rtp found = {
        .mid = ours->mid,
        .sends = jsep_transceiver_sends(transceiver->current),
        .receives = jsep_transceiver_receives(transceiver->current),
        .is_reduced_size = ours->rtcp_rsize && theirs->rtcp_rsize,
    };
    take_codecs(ours, theirs, &found);
    take_extensions(ours, theirs, &found);
    found.exts.is_two_byte_allowed =
        allows_mixed(&local->sdp, ours) && allows_mixed(&remote->sdp, theirs);
    take_sources(theirs, &found);
    for (size_t i = 0; i < found.codec_count; i++) {
        found.has_transport_feedback |= found.exts.ids[RTP_EXT_TRANSPORT_SEQ] != 0 &&
                                        (found.codecs[i].feedback & SDP_TRANSPORT_CC) != 0;
    }
    *agreed = found;
    return true;
}
