// SDP media: what browsers offer for calls is read, and written again as the same tree; what nobody
// should write is refused with its line.

#include "sdp/media.h"

#include "sdp_parsed.h"
#include "sdp_vector.h"

#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 9 13\r\n"
#define VIDEO "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98\r\n"

static const char *const vectors[] = {
    "chromium_all_offer_balanced.sdp",
    "chromium_all_offer_max_bundle.sdp",
    "chromium_call_answer.sdp",
    "chromium_call_offer.sdp",
    "chromium_data_answer.sdp",
    "chromium_data_offer.sdp",
    "firefox_all_offer_balanced.sdp",
    "firefox_all_offer_max_bundle.sdp",
    "firefox_call_answer.sdp",
    "firefox_call_offer.sdp",
    "firefox_data_answer.sdp",
    "firefox_data_offer.sdp",
};

// One that has it all.
static const char everything[] = SESSION
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 13 0\r\nb=AS:64\r\nb=TIAS:64000\r\n"
    "a=mid:0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=rtcp-mux-only\r\na=rtcp-rsize\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtcp-fb:* nack\r\n"
    "a=ptime:20\r\na=maxptime:120\r\na=msid:s t\r\na=msid:- t\r\na=msid:alone\r\n"
    "a=extmap:1 urn:a\r\na=extmap:255/inactive http://b/ attributes\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n"
    "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
    "a=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 transport-cc\r\n"
    "a=rid:a send pt=97,96;max-width=640;max-height=360;max-fps=30;max-fs=9;max-br=5;max-pps=7\r\n"
    "a=rid:b send max-width=99999999999\r\na=rid:c send\r\na=rid:d-_1 recv pt=96\r\n"
    "a=simulcast:recv d-_1 send a,~b;~c\r\n"
    "a=ssrc-group:FID 1 2\r\na=ssrc-group:SIM 1 4294967295\r\na=ssrc-group:FEC-FR 1 3\r\n"
    "a=ssrc:1 cname:x y\r\na=ssrc:1 msid:s t\r\na=ssrc:4294967295 msid:-\r\n";

// ---- the same tree

static void check_codecs(const struct sdp_media *a, const struct sdp_media *b)
{
    CHECK_EQ(a->codec_count, b->codec_count);
    for (size_t i = 0; i < a->codec_count; i++) {
        CHECK_EQ(a->codecs[i].payload_type, b->codecs[i].payload_type);
        CHECK_EQ(a->codecs[i].channels, b->codecs[i].channels);
        CHECK_EQ(a->codecs[i].feedback, b->codecs[i].feedback);
        CHECK_EQ(a->codecs[i].clock, b->codecs[i].clock);
        CHECK_BYTES(a->codecs[i].name, b->codecs[i].name);
        CHECK_BYTES(a->codecs[i].fmtp, b->codecs[i].fmtp);
    }
    CHECK_EQ(a->extmap_count, b->extmap_count);
    for (size_t i = 0; i < a->extmap_count; i++) {
        CHECK_EQ(a->extmaps[i].id, b->extmaps[i].id);
        CHECK_EQ(a->extmaps[i].direction, b->extmaps[i].direction);
        CHECK_BYTES(a->extmaps[i].uri, b->extmaps[i].uri);
    }
}

static void check_msid(const struct sdp_msid *a, const struct sdp_msid *b)
{
    CHECK_BYTES(a->stream, b->stream);
    CHECK_BYTES(a->track, b->track);
}

static void check_sources(const struct sdp_media *a, const struct sdp_media *b)
{
    CHECK_EQ(a->msid_count, b->msid_count);
    for (size_t i = 0; i < a->msid_count; i++) {
        check_msid(&a->msids[i], &b->msids[i]);
    }
    CHECK_EQ(a->ssrc_count, b->ssrc_count);
    for (size_t i = 0; i < a->ssrc_count; i++) {
        CHECK_EQ(a->ssrcs[i].ssrc, b->ssrcs[i].ssrc);
        CHECK_BYTES(a->ssrcs[i].cname, b->ssrcs[i].cname);
        check_msid(&a->ssrcs[i].msid, &b->ssrcs[i].msid);
    }
    CHECK_EQ(a->ssrc_group_count, b->ssrc_group_count);
    for (size_t i = 0; i < a->ssrc_group_count; i++) {
        CHECK_EQ(a->ssrc_groups[i].semantics, b->ssrc_groups[i].semantics);
        CHECK_BYTES(bytes_of(a->ssrc_groups[i].ssrcs, a->ssrc_groups[i].count * sizeof(uint32_t)),
            bytes_of(b->ssrc_groups[i].ssrcs, b->ssrc_groups[i].count * sizeof(uint32_t)));
    }
}

static void check_layers(const struct sdp_layers *a, const struct sdp_layers *b)
{
    CHECK_EQ(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        CHECK_BYTES(a->items[i].rid, b->items[i].rid);
        CHECK_EQ(a->items[i].is_paused, b->items[i].is_paused);
        CHECK_EQ(a->items[i].is_alternative, b->items[i].is_alternative);
    }
}

static void check_rids(const struct sdp_media *a, const struct sdp_media *b)
{
    CHECK_EQ(a->rid_count, b->rid_count);
    for (size_t i = 0; i < a->rid_count; i++) {
        CHECK_BYTES(a->rids[i].id, b->rids[i].id);
        CHECK_EQ(a->rids[i].is_recv, b->rids[i].is_recv);
        CHECK_BYTES(bytes_of(a->rids[i].payload_types, a->rids[i].payload_type_count),
            bytes_of(b->rids[i].payload_types, b->rids[i].payload_type_count));
        for (size_t k = 0; k < SDP_RID_LIMITS; k++) {
            CHECK_EQ(a->rids[i].limits[k], b->rids[i].limits[k]);
        }
    }
    check_layers(&a->send_layers, &b->send_layers);
    check_layers(&a->recv_layers, &b->recv_layers);
}

static void check_same_media(const struct sdp_media *a, const struct sdp_media *b)
{
    check_codecs(a, b);
    check_sources(a, b);
    check_rids(a, b);
    CHECK_EQ(a->has_bandwidth_as, b->has_bandwidth_as);
    CHECK_EQ(a->has_bandwidth_tias, b->has_bandwidth_tias);
    CHECK_EQ(a->bandwidth_as, b->bandwidth_as);
    CHECK_EQ(a->bandwidth_tias, b->bandwidth_tias);
    CHECK_EQ(a->ptime_ms, b->ptime_ms);
    CHECK_EQ(a->max_ptime_ms, b->max_ptime_ms);
    CHECK_EQ(a->rtcp_mux, b->rtcp_mux);
    CHECK_EQ(a->rtcp_mux_only, b->rtcp_mux_only);
    CHECK_EQ(a->rtcp_rsize, b->rtcp_rsize);
    CHECK_EQ(a->common.direction, b->common.direction);
    CHECK_BYTES(a->mid, b->mid);
}

static void check_reads_back_the_same(const char *text)
{
    static uint8_t room[SDP_TEXT_MAX];
    struct parsed first = *parse(text);
    struct writer w = writer_of(span_of(room, sizeof room));

    CHECK_EQ(first.err, YODEL_OK);
    sdp_write(&first.sdp, &w);
    CHECK(!w.failed);
    struct parsed *second = parse_bytes(writer_bytes(&w));
    CHECK_EQ(second->err, YODEL_OK);
    CHECK_EQ(second->sdp.media_count, first.sdp.media_count);
    for (size_t i = 0; i < first.sdp.media_count; i++) {
        check_same_media(&first.sdp.media[i], &second->sdp.media[i]);
    }
    arena_deinit(&second->arena);
    arena_deinit(&first.arena);
}

static void what_is_written_reads_back_the_same(void)
{
    check_reads_back_the_same(everything);
    for (size_t i = 0; i < COUNT(vectors); i++) {
        check_reads_back_the_same(vector(vectors[i]));
    }
}

// ---- what is read

static const struct sdp_codec *codec(const struct sdp_media *media, uint8_t payload_type)
{
    const struct sdp_codec *found = sdp_find_codec(media, payload_type);

    CHECK(found != NULL);
    return found;
}

static void check_codec(
    const struct sdp_codec *got, const char *name, uint32_t clock, uint8_t channels)
{
    check_text(got->name, name);
    CHECK_EQ(got->clock, clock);
    CHECK_EQ(got->channels, channels);
}

static void chromiums_offer_of_a_call_is_read(void)
{
    struct parsed *p = parse(vector("chromium_call_offer.sdp"));
    const struct sdp_media *audio = &p->sdp.media[0], *video = &p->sdp.media[1],
                           *layers = &p->sdp.media[2], *received = &p->sdp.media[3];
    const uint8_t all = SDP_NACK | SDP_NACK_PLI | SDP_CCM_FIR | SDP_GOOG_REMB | SDP_TRANSPORT_CC;

    CHECK_EQ(p->err, YODEL_OK);
    CHECK_EQ(p->sdp.media_count, 5);
    CHECK_EQ(audio->codec_count, 8);
    CHECK_EQ(audio->codecs[0].payload_type, 111);
    check_codec(&audio->codecs[0], "opus", 48000, 2);
    check_text(audio->codecs[0].fmtp, "minptime=10;useinbandfec=1");
    CHECK_EQ(audio->codecs[0].feedback, SDP_TRANSPORT_CC);
    check_text(codec(audio, 63)->fmtp, "111/111");
    check_codec(codec(audio, 13), "CN", 8000, 1);
    CHECK(audio->rtcp_mux && audio->rtcp_rsize && !audio->rtcp_mux_only);
    CHECK_EQ(audio->extmap_count, 4);
    CHECK_EQ(audio->extmaps[3].id, 4);
    check_text(audio->extmaps[3].uri, "urn:ietf:params:rtp-hdrext:sdes:mid");
    CHECK_EQ(audio->msid_count, 2);
    check_text(audio->msids[1].stream, "0c0dcf8e-ef0b-4058-9ae4-2d2486062de0");
    check_text(audio->msids[1].track, "0efb2fba-9f0b-45c2-b69a-b89a41af0421");
    CHECK_EQ(audio->ssrc_count, 1);
    CHECK_EQ(audio->ssrcs[0].ssrc, 693968688);
    check_text(audio->ssrcs[0].cname, "L+/ps4dPkKYJ8npD");
    check_text(audio->ssrcs[0].msid.stream, "4e94d679-3e79-42bf-a17a-998b96797f65");

    CHECK_EQ(codec(video, 96)->feedback, all);
    CHECK_EQ(codec(video, 97)->feedback, 0);
    CHECK_EQ(sdp_find_number(codec(video, 97)->fmtp, "apt", 0), 96);
    CHECK(sdp_is_codec(codec(video, 102), "h264"));
    CHECK_EQ(sdp_find_number(codec(video, 102)->fmtp, "packetization-mode", 0), 1);
    CHECK_EQ(video->ssrc_group_count, 1);
    CHECK_EQ(video->ssrc_groups[0].semantics, SDP_FID);
    CHECK_EQ(video->ssrc_groups[0].count, 2);
    CHECK_EQ(video->ssrc_groups[0].ssrcs[1], 298704647);
    CHECK_EQ(video->ssrc_count, 2);

    CHECK_EQ(layers->common.direction, SDP_SENDONLY);
    CHECK_EQ(layers->rid_count, 3);
    CHECK_EQ(layers->send_layers.count, 3);
    CHECK_EQ(layers->recv_layers.count, 0);
    check_text(layers->send_layers.items[0].rid, "q");
    CHECK_EQ(layers->ssrc_count, 0);
    CHECK_EQ(received->codec_count, 34);
    CHECK_EQ(sdp_find_number(codec(received, 37)->fmtp, "profile-id", 0), 3);
    CHECK_EQ(p->sdp.media[4].codec_count, 0);
    arena_deinit(&p->arena);
}

static void firefoxs_offer_of_a_call_is_read(void)
{
    struct parsed *p = parse(vector("firefox_call_offer.sdp"));
    const struct sdp_media *audio = &p->sdp.media[0], *layers = &p->sdp.media[2];

    CHECK_EQ(p->err, YODEL_OK);
    CHECK_EQ(p->sdp.media_count, 5);
    check_codec(&audio->codecs[0], "opus", 48000, 2);
    check_codec(codec(audio, 9), "G722", 8000, 1); // "/1".
    CHECK_EQ(audio->extmaps[0].direction, SDP_DIRECTION_NONE);
    CHECK_EQ(audio->extmaps[1].direction, SDP_RECVONLY);
    CHECK_EQ(audio->msid_count, 2);
    check_text(audio->msids[1].stream, "{6135170e-9064-4834-bf9c-aa44565be2a1}");
    CHECK_EQ(layers->rid_count, 3);
    CHECK_EQ(layers->send_layers.count, 3);
    CHECK_EQ(layers->ssrc_count, 6);
    CHECK_EQ(layers->ssrc_group_count, 3);
    arena_deinit(&p->arena);
}

static void browsers_answers_to_each_other_are_read(void)
{
    struct parsed *p = parse(vector("chromium_call_answer.sdp"));
    CHECK_EQ(p->err, YODEL_OK);
    CHECK_EQ(p->sdp.media_count, 5);
    CHECK_EQ(p->sdp.media[1].ssrc_groups[0].ssrcs[0], 786043320);
    CHECK_EQ(p->sdp.media[2].extmap_count, 8);
    arena_deinit(&p->arena);

    p = parse(vector("firefox_call_answer.sdp"));
    CHECK_EQ(p->err, YODEL_OK);
    CHECK_EQ(p->sdp.media_count, 5);
    check_codec(codec(&p->sdp.media[0], 111), "opus", 48000, 2);
    CHECK_EQ(p->sdp.media[1].msid_count, 1);
    arena_deinit(&p->arena);
}

static void gstreamers_offer_of_a_call_is_read(void)
{
    struct parsed *p = parse(vector("gstreamer_call_offer.sdp"));
    const struct sdp_media *video = &p->sdp.media[0], *audio = &p->sdp.media[1];

    CHECK_EQ(p->err, YODEL_OK);
    CHECK_EQ(p->sdp.media_count, 2);
    check_codec(codec(video, 96), "VP8", 90000, 1);
    check_text(video->ssrcs[0].msid.stream, "user2310354444@host-0a1b2c3d"); // No token.
    check_text(video->ssrcs[0].msid.track, "webrtctransceiver0");
    CHECK_EQ(video->extmap_count, 0);
    CHECK(video->rtcp_mux_only);
    check_codec(codec(audio, 97), "OPUS", 48000, 2);
    CHECK(audio->port == 0 && audio->bundle_only);
    arena_deinit(&p->arena);
}

static void every_restriction_of_a_layer_is_read(void)
{
    struct parsed *p = parse(everything);
    const struct sdp_media *audio = &p->sdp.media[0], *video = &p->sdp.media[1];

    CHECK_EQ(p->err, YODEL_OK);
    CHECK_EQ(audio->bandwidth_as, 64);
    CHECK_EQ(audio->bandwidth_tias, 64000);
    CHECK_EQ(audio->ptime_ms, 20);
    CHECK_EQ(audio->max_ptime_ms, 120);
    CHECK_EQ(audio->extmaps[1].id, 255);
    check_text(audio->extmaps[1].uri, "http://b/");
    CHECK_EQ(audio->codecs[1].feedback, SDP_NACK); // That of "*".
    check_codec(&audio->codecs[1], "CN", 8000, 1);
    check_codec(&audio->codecs[2], "PCMU", 8000, 1);
    check_text(audio->msids[1].stream, "-");
    check_text(audio->msids[2].track, "");

    const uint32_t want[SDP_RID_LIMITS] = {640, 360, 30, 9, 5, 7};
    CHECK_BYTES(bytes_of(video->rids[0].limits, sizeof want), bytes_of(want, sizeof want));
    CHECK_BYTES(bytes_of(video->rids[0].payload_types, 2), bytes_of("\x61\x60", 2));
    CHECK_EQ(video->rids[1].limits[SDP_MAX_WIDTH], UINT32_MAX);
    CHECK(video->rids[3].is_recv && !video->rids[0].is_recv);
    CHECK_EQ(video->send_layers.count, 3);
    CHECK(!video->send_layers.items[0].is_paused && !video->send_layers.items[0].is_alternative);
    CHECK(video->send_layers.items[1].is_paused && video->send_layers.items[1].is_alternative);
    CHECK(video->send_layers.items[2].is_paused && !video->send_layers.items[2].is_alternative);
    CHECK_EQ(video->recv_layers.count, 1);
    CHECK_EQ(video->ssrc_groups[2].semantics, SDP_FEC_FR);
    check_text(video->ssrcs[0].cname, "x y");
    arena_deinit(&p->arena);
}

static void parameters_are_found_by_name_in_any_case(void)
{
    static const char fmtp[] =
        ";;=; Apt=96;a;profile-level-id=42e01f; x=1;X=2;big=99999999999999999999;s=a=b";
    struct bytes text = bytes_of_text(fmtp), value;

    CHECK_EQ(sdp_find_number(text, "apt", 7), 96);
    CHECK_EQ(sdp_find_number(text, "x", 7), 1);
    CHECK_EQ(sdp_find_number(text, "profile-level-id", 7), 7);
    CHECK_EQ(sdp_find_number(text, "ap", 7), 7);
    CHECK_EQ(sdp_find_number(text, "aptx", 7), 7);
    CHECK(sdp_find_number(text, "big", 7) == UINT64_MAX);
    CHECK(sdp_find_parameter(text, "profile-level-id", &value));
    check_text(value, "42e01f");
    CHECK(sdp_find_parameter(text, "s", &value));
    check_text(value, "a=b");
    CHECK(sdp_find_parameter(text, "a", &value));
    CHECK_EQ(value.len, 0);
    CHECK(!sdp_find_parameter((struct bytes){0}, "a", &value));
}

static void what_is_said_of_other_payload_types_is_ignored(void)
{
    struct parsed *p = parse(SESSION VIDEO
        "a=rtpmap:99 VP9/90000\r\na=fmtp:99 a=b\r\na=rtcp-fb:99 nack\r\na=rtcp-fb:96 ack rpsi\r\n"
        "a=rid:1 send pt=99\r\na=rid:2 send pt=99,98\r\na=rid:3 send depend=2\r\n"
        "a=simulcast:send 1;2,2,4;3,2\r\na=extmap:4096 urn:x\r\na=ssrc-group:DUP 1 2\r\n"
        "a=ssrc:1 label:x\r\n");
    const struct sdp_media *m = p->sdp.media;

    CHECK_EQ(p->err, YODEL_OK);
    for (size_t i = 0; i < m->codec_count; i++) {
        CHECK_EQ(m->codecs[i].name.len + m->codecs[i].fmtp.len + m->codecs[i].feedback, 0);
    }
    CHECK_EQ(m->rid_count, 1);
    CHECK_EQ(m->rids[0].payload_type_count, 1);
    CHECK_EQ(
        m->send_layers.count, 1); // "1", "3" and "4" are not described, "2" stands there twice.
    CHECK(!m->send_layers.items[0].is_alternative);
    CHECK_EQ(m->extmap_count + m->ssrc_group_count + m->ssrc_count, 0);
    arena_deinit(&p->arena);
}

static void sections_that_are_not_of_rtp_have_none_of_it(void)
{
    struct parsed *p =
        parse(SESSION "m=application 9 TCP/MRCPv2 1\r\na=rtpmap:x\r\na=extmap:0\r\n");

    CHECK_EQ(p->err, YODEL_OK);
    CHECK_EQ(p->sdp.media[0].codec_count, 0);
    arena_deinit(&p->arena);
}

// ---- what is refused

static void j2_and_j10_codecs_are_well_formed(void)
{
    static const struct row rows[] = {
        {SESSION AUDIO "a=rtpmap:\r\n", "line 6: a=rtpmap: a payload type is not 0 to 127"},
        {SESSION AUDIO "a=rtpmap:128 x/1\r\n", "line 6: a=rtpmap: a payload type is not 0 to 127"},
        {SESSION AUDIO "a=rtpmap:111\r\n", "line 6: a=rtpmap: the name is not a token"},
        {SESSION AUDIO "a=rtpmap:111 opus\r\n", "line 6: a=rtpmap: not a clock rate"},
        {SESSION AUDIO "a=rtpmap:111 opus/0\r\n", "line 6: a=rtpmap: not a clock rate"},
        {SESSION AUDIO "a=rtpmap:111 opus/4294967296\r\n", "line 6: a=rtpmap: not a clock rate"},
        {SESSION AUDIO "a=rtpmap:111 opus/1/0\r\n", "line 6: a=rtpmap: not a number of channels"},
        {SESSION AUDIO "a=rtpmap:111 opus/1/256\r\n", "line 6: a=rtpmap: not a number of channels"},
        {SESSION AUDIO "a=rtpmap:111 a/1\r\na=rtpmap:111 a/1\r\n", "line 7: a=rtpmap: given twice"},
        {SESSION AUDIO "a=fmtp:111\r\n", "line 6: a=fmtp: no parameters"},
        {SESSION AUDIO "a=fmtp:x y\r\n", "line 6: a=fmtp: a payload type is not 0 to 127"},
        {SESSION AUDIO "a=fmtp:111 ;;=\r\n", NULL},
        {SESSION AUDIO "a=fmtp:111 a\r\na=fmtp:111 b\r\n", "line 7: a=fmtp: given twice"},
        {SESSION AUDIO "a=rtcp-fb:+ nack\r\n", "line 6: a=rtcp-fb: a payload type is not 0 to 127"},
        {SESSION AUDIO "a=rtcp-fb:111\r\n", "line 6: a=rtcp-fb: the type is not a token"},
        {SESSION AUDIO "a=rtcp-fb:* ack ccfb\r\na=rtcp-fb:111 trr-int 100\r\n", NULL},
        {SESSION "m=audio 9 RTP/AVP 0 00\r\n", "line 5: m=: a payload type is given twice"},
        // J11: what a loop means is for those who follow it.
        {SESSION VIDEO "a=fmtp:96 apt=97\r\na=fmtp:97 apt=96\r\n", NULL},
    };
    check_rows(rows, COUNT(rows));
}

static void j9_extension_ids_are_1_to_255(void)
{
    static const struct row rows[] = {
        {SESSION AUDIO "a=extmap:0 urn:x\r\n", "line 6: a=extmap: an id is not 1 to 255"},
        {SESSION AUDIO "a=extmap:15 urn:x\r\na=extmap:255 urn:y\r\n", NULL},
        {SESSION AUDIO "a=extmap:256 urn:x\r\n", "line 6: a=extmap: an id is not 1 to 255"},
        {SESSION AUDIO "a=extmap:4095 urn:x\r\n", "line 6: a=extmap: an id is not 1 to 255"},
        {SESSION AUDIO "a=extmap:4352 urn:x\r\n", "line 6: a=extmap: an id is not 1 to 255"},
        {SESSION AUDIO "a=extmap:x urn:x\r\n", "line 6: a=extmap: an id is not a number"},
        {SESSION AUDIO "a=extmap:1\r\n", "line 6: a=extmap: no URI"},
        {SESSION AUDIO "a=extmap:1 \xc3\xa9\r\n", "line 6: a=extmap: no URI"},
        {SESSION AUDIO "a=extmap:1/send urn:x\r\n", "line 6: a=extmap: not a direction"},
        {SESSION AUDIO "a=extmap:1 urn:x\r\na=extmap:1 urn:y\r\n",
            "line 7: a=extmap: an id is given twice"},
    };
    check_rows(rows, COUNT(rows));
}

static void j12_rids_and_layers_are_well_formed(void)
{
    static const struct row rows[] = {
        {SESSION VIDEO "a=rid:\r\n", "line 6: a=rid: an id is not 1 to 64 letters and digits"},
        {SESSION VIDEO "a=rid:a.b send\r\n",
            "line 6: a=rid: an id is not 1 to 64 letters and digits"},
        {SESSION VIDEO "a=rid:a\r\n", "line 6: a=rid: neither send nor recv"},
        {SESSION VIDEO "a=rid:a sendrecv\r\n", "line 6: a=rid: neither send nor recv"},
        {SESSION VIDEO "a=rid:a send\r\na=rid:a recv\r\n", "line 7: a=rid: an id is given twice"},
        {SESSION VIDEO "a=rid:a send pt=\r\n", "line 6: a=rid: a payload type is not 0 to 127"},
        {SESSION VIDEO "a=rid:a send pt=96;pt=97\r\n", "line 6: a=rid: pt= is given twice"},
        {SESSION VIDEO "a=rid:a send max-width=x\r\n",
            "line 6: a=rid: a restriction is not a number"},
        {SESSION VIDEO "a=rid:a send =\r\n", "line 6: a=rid: a restriction has no name"},
        {SESSION VIDEO "a=rid:a send pt=96,96,96,96,96,96,96,97,98\r\n", NULL},
        {SESSION VIDEO "a=simulcast:\r\n", "line 6: a=simulcast: neither send nor recv"},
        {SESSION VIDEO "a=simulcast:send\r\n",
            "line 6: a=simulcast: an id is not 1 to 64 letters and digits"},
        {SESSION VIDEO "a=simulcast:send a;~\r\n",
            "line 6: a=simulcast: an id is not 1 to 64 letters and digits"},
        {SESSION VIDEO "a=simulcast:send a;,b\r\n",
            "line 6: a=simulcast: an id is not 1 to 64 letters and digits"},
        {SESSION VIDEO "a=simulcast:send a send b\r\n",
            "line 6: a=simulcast: a direction is given twice"},
        {SESSION VIDEO "a=simulcast:send a\r\na=simulcast:recv b\r\n",
            "line 7: a=simulcast: given twice"},
    };
    check_rows(rows, COUNT(rows));
}

static void j13_sources_are_well_formed(void)
{
    static char cname[512], longest[512];
    snprintf(cname, sizeof cname, "%sa=ssrc:1 cname:%0256d\r\n", SESSION AUDIO, 1);
    snprintf(longest, sizeof longest, "%sa=ssrc:1 cname:%0255d\r\n", SESSION AUDIO, 1);
    const struct row rows[] = {
        {SESSION AUDIO "a=ssrc:\r\n", "line 6: a=ssrc: not an SSRC"},
        {SESSION AUDIO "a=ssrc:4294967296 cname:x\r\n", "line 6: a=ssrc: not an SSRC"},
        {SESSION AUDIO "a=ssrc:1\r\n", "line 6: a=ssrc: no attribute"},
        {SESSION AUDIO "a=ssrc:1 cname\r\n", "line 6: a=ssrc: a cname is not 1 to 255 characters"},
        {cname, "line 6: a=ssrc: a cname is not 1 to 255 characters"},
        {longest, NULL},
        {SESSION AUDIO "a=ssrc:1 cname:x\r\na=ssrc:1 cname:y\r\n", "line 7: a=ssrc: given twice"},
        {SESSION AUDIO "a=ssrc:1 msid:\r\n", "line 6: a=ssrc: a stream or a track is not a word"},
        {SESSION AUDIO "a=msid:a b c\r\n", "line 6: a=msid: a stream or a track is not a word"},
        {SESSION AUDIO "a=ssrc-group:\r\n", "line 6: a=ssrc-group: no semantics"},
        {SESSION AUDIO "a=ssrc-group:FID 1 x\r\n", "line 6: a=ssrc-group: not an SSRC"},
        {SESSION AUDIO "a=ssrc-group:FID\r\n", NULL},
    };
    check_rows(rows, COUNT(rows));
}

static void numbers_of_a_section_are_numbers(void)
{
    static const struct row rows[] = {
        {SESSION AUDIO "a=rtcp:x\r\n", "line 6: a=rtcp: not a port"},
        {SESSION AUDIO "a=rtcp:65536\r\n", "line 6: a=rtcp: not a port"},
        {SESSION AUDIO "a=rtcp:9 IN IP4 0.0.0.0\r\n", NULL},
        {SESSION AUDIO "a=ptime:\r\n", "line 6: a=ptime: not a number"},
        {SESSION AUDIO "a=ptime:2.x\r\n", "line 6: a=ptime: not a number"},
        {SESSION AUDIO "a=ptime:2.5\r\na=maxptime:99999999999\r\n", NULL},
        {SESSION AUDIO "a=maxptime:1\r\na=maxptime:1\r\n", "line 7: a=maxptime: given twice"},
        {SESSION AUDIO "b=AS:x\r\n", "line 6: b=: not a type and a number"},
        {SESSION AUDIO "b=TIAS:99999999999999999999\r\nb=CT:1\r\n", NULL},
    };
    check_rows(rows, COUNT(rows));
}

// ---- the limits

// `format` has one number, which counts from `first`, `count` times.
static struct parsed *parse_many(
    const char *head, const char *format, unsigned first, unsigned count, const char *separator)
{
    static char text[SDP_TEXT_MAX];
    size_t at = (size_t)snprintf(text, sizeof text, "%s", head);

    for (unsigned i = 0; i < count; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", i > 0 ? separator : "");
        at += (size_t)snprintf(text + at, sizeof text - at, format, first + i);
    }
    return parse_bytes(bytes_of(text, at));
}

static void everything_is_limited(void)
{
    static const struct {
        const char *head, *format, *separator;
        unsigned limit;
        const char *want;
    } rows[] = {
        {SESSION AUDIO, "a=extmap:%u u", "\r\n", SDP_EXTMAPS_MAX, "line 70: a=extmap: too many"},
        {SESSION AUDIO, "a=msid:%u", "\r\n", SDP_MSIDS_MAX, "line 22: a=msid: too many"},
        {SESSION AUDIO, "a=ssrc:%u cname:x", "\r\n", SDP_SSRCS_MAX, "line 70: a=ssrc: too many"},
        {SESSION AUDIO, "a=ssrc-group:SIM %u", "\r\n", SDP_SSRC_GROUPS_MAX,
            "line 38: a=ssrc-group: too many"},
        {SESSION AUDIO "a=ssrc-group:SIM ", "%u", " ", SDP_SSRC_GROUP_MAX,
            "line 6: a=ssrc-group: too many"},
        {SESSION VIDEO, "a=rid:%u send", "\r\n", SDP_RIDS_MAX, "line 38: a=rid: too many"},
        {SESSION VIDEO "a=simulcast:send ", "%u", ";", SDP_RIDS_MAX,
            "line 6: a=simulcast: too many"},
        {SESSION VIDEO "a=simulcast:recv ", "%u", ",", SDP_RIDS_MAX,
            "line 6: a=simulcast: too many"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parsed *p =
            parse_many(rows[i].head, rows[i].format, 1, rows[i].limit, rows[i].separator);
        CHECK_TEXT(p->error.text, "");
        CHECK_EQ(p->err, YODEL_OK);
        arena_deinit(&p->arena);

        p = parse_many(rows[i].head, rows[i].format, 1, rows[i].limit + 1, rows[i].separator);
        CHECK_TEXT(p->error.text, rows[i].want);
        arena_deinit(&p->arena);
    }
}

// Fills a whole text with sections that take as much memory for each byte as they can.
static void any_text_within_the_limits_fits_a_tree(void)
{
    static const struct {
        const char *format;
        unsigned first, count;
    } rows[] = {
        {" %u", 0, 1},
        {"\na=ssrc:%u msid:a", 0, SDP_SSRCS_MAX},
        {"\na=extmap:%u u", 1, SDP_EXTMAPS_MAX},
        {"\na=msid:%u", 0, SDP_MSIDS_MAX},
        {"\na=ssrc-group:SIM %u 2 3 4 5 6 7 8 9", 0, SDP_SSRC_GROUPS_MAX},
        {"\na=rid:%u send pt=0", 0, SDP_RIDS_MAX},
    };
    static char section[SDP_TEXT_MAX], text[SDP_TEXT_MAX];

    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = (size_t)snprintf(section, sizeof section, "m=a 9 RTP/A");
        for (unsigned k = 0; k < SDP_FORMATS_MAX; k++) {
            len += (size_t)snprintf(section + len, sizeof section - len, " %u", k);
        }
        for (unsigned k = 0; i > 0 && k < rows[i].count; k++) {
            len += (size_t)snprintf(
                section + len, sizeof section - len, rows[i].format, rows[i].first + k);
        }
        size_t at = (size_t)snprintf(text, sizeof text, "%s", SESSION);
        for (unsigned k = 0; k < SDP_MEDIA_MAX && at + len + 2 < sizeof text; k++) {
            at += (size_t)snprintf(text + at, sizeof text - at, "%s\n", section);
        }
        struct parsed *p = parse_bytes(bytes_of(text, at));
        CHECK_TEXT(p->error.text, "");
        CHECK_EQ(p->err, YODEL_OK);
        CHECK(p->sdp.media_count > 40);
        CHECK(p->arena.taken < SDP_TREE_MAX);
        arena_deinit(&p->arena);
    }
}

static void no_byte_changed_or_missing_does_harm(void)
{
    static char text[sizeof everything];

    for (size_t len = 0; len < sizeof everything; len++) {
        arena_deinit(&parse_bytes(bytes_of(everything, len))->arena);
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(text, everything, sizeof text);
            text[len] = (char)(text[len] ^ (1 << bit));
            struct parsed *p = parse_bytes(bytes_of(text, sizeof text - 1));
            CHECK_EQ(p->err == YODEL_OK, p->error.line == 0);
            arena_deinit(&p->arena);
        }
    }
}

TEST_MAIN(TEST(what_is_written_reads_back_the_same), TEST(chromiums_offer_of_a_call_is_read),
    TEST(firefoxs_offer_of_a_call_is_read), TEST(browsers_answers_to_each_other_are_read),
    TEST(gstreamers_offer_of_a_call_is_read), TEST(every_restriction_of_a_layer_is_read),
    TEST(parameters_are_found_by_name_in_any_case),
    TEST(what_is_said_of_other_payload_types_is_ignored),
    TEST(sections_that_are_not_of_rtp_have_none_of_it), TEST(j2_and_j10_codecs_are_well_formed),
    TEST(j9_extension_ids_are_1_to_255), TEST(j12_rids_and_layers_are_well_formed),
    TEST(j13_sources_are_well_formed), TEST(numbers_of_a_section_are_numbers),
    TEST(everything_is_limited), TEST(any_text_within_the_limits_fits_a_tree),
    TEST(no_byte_changed_or_missing_does_harm))
