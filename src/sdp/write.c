// SDP writing: the lines of a description, in the order that RFC 8866 §5 asks for.

#include "sdp/attr.h"

static void write_bandwidth(const struct sdp_media *media, struct writer *w)
{
    if (media->has_bandwidth_as) {
        put_format(w, "b=AS:%llu\r\n", (unsigned long long)media->bandwidth_as);
    }
    if (media->has_bandwidth_tias) {
        put_format(w, "b=TIAS:%llu\r\n", (unsigned long long)media->bandwidth_tias);
    }
}

static void write_media(const struct sdp_media *media, struct writer *w)
{
    put_text(w, "m=");
    put_bytes(w, media->kind_text);
    put_format(w, " %u ", media->port);
    put_bytes(w, media->proto);
    for (size_t i = 0; i < media->codec_count; i++) {
        put_format(w, " %u", media->codecs[i].payload_type);
    }
    for (size_t i = 0; media->codec_count == 0 && i < media->formats.count; i++) {
        put_text(w, " ");
        put_bytes(w, media->formats.items[i]);
    }
    // RFC 9429 §4.1.8: with trickle, the default destination is told by candidates alone.
    put_text(w, "\r\nc=IN IP4 0.0.0.0\r\n");
    write_bandwidth(media, w);
    sdp_attr_write_media(media, w);
}

void sdp_write(const struct sdp *sdp, struct writer *w)
{
    put_text(w, "v=0\r\no=- ");
    put_bytes(w, sdp->session_id);
    put_text(w, " ");
    put_bytes(w, sdp->session_version);
    put_text(w, " IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
    sdp_attr_write_session(sdp, w);
    for (size_t i = 0; i < sdp->media_count; i++) {
        write_media(&sdp->media[i], w);
    }
}
