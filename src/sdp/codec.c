// SDP codecs: see the header.
//
//   a=rtpmap:<payload type> <name>/<clock rate>[/<channels>]       RFC 8866 §6.6
//   a=fmtp:<payload type> <parameters>                             §6.15
//   a=rtcp-fb:<payload type, or *> <type> [<parameter>]            RFC 4585 §4.2

#include "sdp/codec.h"

#include "sdp/text.h"

static struct sdp_codec *find(const struct sdp_media *media, uint8_t payload_type)
{
    for (size_t i = 0; i < media->codec_count; i++) {
        if (media->codecs[i].payload_type == payload_type) {
            return &media->codecs[i];
        }
    }
    return NULL;
}

static bool parse_payload_type(struct sdp_parser *p, struct bytes text, uint8_t *payload_type)
{
    uint64_t number;

    if (!sdp_text_number(text, &number) || number > SDP_PAYLOAD_TYPE_MAX) {
        return sdp_attr_fail(p, "a payload type is not 0 to 127");
    }
    *payload_type = (uint8_t)number;
    return true;
}

bool sdp_codec_begin(struct sdp_parser *p)
{
    struct sdp_media *media = p->media;

    media->codecs = arena_new_array(p->arena, media->formats.count, sizeof *media->codecs);
    if (!media->codecs) {
        return sdp_attr_no_memory(p);
    }
    for (size_t i = 0; i < media->formats.count; i++) {
        struct sdp_codec codec = {.channels = 1};

        if (!parse_payload_type(p, media->formats.items[i], &codec.payload_type)) {
            return false;
        }
        if (find(media, codec.payload_type)) {
            return sdp_attr_fail(p, "a payload type is given twice"); // As "0" and "00".
        }
        media->codecs[media->codec_count++] = codec;
    }
    return true;
}

void sdp_codec_finish(struct sdp_media *media)
{
    // RFC 3551 §6, of which browsers use these; their rtpmap may be left out.
    static const struct {
        uint8_t payload_type;
        const char *name;
    } statics[] = {{0, "PCMU"}, {8, "PCMA"}, {9, "G722"}, {13, "CN"}};

    for (size_t i = 0; media->kind == SDP_AUDIO && i < COUNT(statics); i++) {
        struct sdp_codec *codec = find(media, statics[i].payload_type);

        if (codec && codec->name.len == 0) {
            codec->name = bytes_of_text(statics[i].name);
            codec->clock = 8000;
        }
    }
}

// ---- a=rtpmap

bool sdp_codec_parse_rtpmap(struct sdp_parser *p, struct bytes value)
{
    uint8_t payload_type = 0;
    uint64_t clock, channels = 1;

    if (!parse_payload_type(p, sdp_text_take(&value, ' '), &payload_type)) {
        return false;
    }
    struct bytes name = sdp_text_take(&value, '/');
    struct bytes clock_text = sdp_text_take(&value, '/');
    if (!sdp_text_is_token(name)) {
        return sdp_attr_fail(p, "the name is not a token");
    }
    if (!sdp_text_number(clock_text, &clock) || clock == 0 || clock > UINT32_MAX) {
        return sdp_attr_fail(p, "not a clock rate");
    }
    if (value.len > 0 &&
        (!sdp_text_number(value, &channels) || channels == 0 || channels > UINT8_MAX)) {
        return sdp_attr_fail(p, "not a number of channels");
    }
    struct sdp_codec *codec = find(p->media, payload_type);
    if (!codec) {
        return true;
    }
    codec->clock = (uint32_t)clock;
    codec->channels = (uint8_t)channels;
    return sdp_attr_set(p, &codec->name, name);
}

// ---- a=fmtp

bool sdp_codec_parse_fmtp(struct sdp_parser *p, struct bytes value)
{
    uint8_t payload_type = 0;

    if (!parse_payload_type(p, sdp_text_take(&value, ' '), &payload_type)) {
        return false;
    }
    if (value.len == 0) {
        return sdp_attr_fail(p, "no parameters");
    }
    struct sdp_codec *codec = find(p->media, payload_type);
    // §6.15: at most one for each format.
    return !codec || sdp_attr_set(p, &codec->fmtp, value);
}

// ---- a=rtcp-fb

static const struct {
    enum sdp_feedback flag;
    const char *text;
} feedbacks[] = {
    {SDP_NACK, "nack"},
    {SDP_NACK_PLI, "nack pli"},
    {SDP_CCM_FIR, "ccm fir"},
    {SDP_GOOG_REMB, "goog-remb"},
    {SDP_TRANSPORT_CC, "transport-cc"},
};

static uint8_t feedback_of(struct bytes text)
{
    for (size_t i = 0; i < COUNT(feedbacks); i++) {
        if (sdp_text_equal(text, feedbacks[i].text)) {
            return (uint8_t)feedbacks[i].flag;
        }
    }
    return 0;
}

bool sdp_codec_parse_rtcp_fb(struct sdp_parser *p, struct bytes value)
{
    struct bytes format = sdp_text_take(&value, ' ');
    struct bytes rest = value;
    bool is_for_all = sdp_text_equal(format, "*");
    uint8_t payload_type = 0;

    if (!is_for_all && !parse_payload_type(p, format, &payload_type)) {
        return false;
    }
    if (!sdp_text_is_token(sdp_text_take(&rest, ' '))) {
        return sdp_attr_fail(p, "the type is not a token");
    }
    for (size_t i = 0; i < p->media->codec_count; i++) {
        struct sdp_codec *codec = &p->media->codecs[i];

        if (is_for_all || codec->payload_type == payload_type) {
            codec->feedback |= feedback_of(value);
        }
    }
    return true;
}

// ---- writing

static void write_codec(const struct sdp_codec *codec, struct writer *w)
{
    unsigned payload_type = codec->payload_type;

    if (codec->name.len > 0) {
        put_format(w, "a=rtpmap:%u ", payload_type);
        put_bytes(w, codec->name);
        put_format(w, "/%u", codec->clock);
        if (codec->channels > 1) {
            put_format(w, "/%u", codec->channels);
        }
        put_text(w, "\r\n");
    }
    for (size_t i = 0; i < COUNT(feedbacks); i++) {
        if (codec->feedback & feedbacks[i].flag) {
            put_format(w, "a=rtcp-fb:%u %s\r\n", payload_type, feedbacks[i].text);
        }
    }
    if (codec->fmtp.len > 0) {
        put_format(w, "a=fmtp:%u ", payload_type);
        put_bytes(w, codec->fmtp);
        put_text(w, "\r\n");
    }
}

void sdp_codec_write(const struct sdp_media *media, struct writer *w)
{
    for (size_t i = 0; i < media->codec_count; i++) {
        write_codec(&media->codecs[i], w);
    }
}
