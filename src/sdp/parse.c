// SDP parsing: lines, their order, and those that are no attributes.
//
//   v=0                                              RFC 8866 §5
//   o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>
//   s=… [i= u= e= p= c= b=] t=… [r= z= k=] a=…       the session, in this order
//   m=<media> <port>[/<number of ports>] <proto> <fmt> …
//   [i= c= b= k=] a=…                                a media section, in any order

#include "base/addr.h"
#include "sdp/attr.h"
#include "sdp/codec.h"
#include "sdp/media.h"
#include "sdp/text.h"

#define PORTS_MAX 16u // m=… 9/2 …, of which WebRTC has no use.

struct line {
    char type;
    struct bytes value;
};

// ---- the fields of each line

static bool is_number(struct bytes text)
{
    return sdp_text_is_digits(text) && text.len <= 20;
}

static bool parse_version(struct sdp_parser *p, struct bytes value)
{
    p->what = "v=";
    return sdp_text_equal(value, "0") || sdp_attr_fail(p, "not version 0");
}

// "IN IP4 192.0.2.1". RFC 9429 §5.8.1: checked for its syntax, and then not used.
static bool check_connection(struct sdp_parser *p, struct bytes value)
{
    struct bytes network = sdp_text_take(&value, ' ');
    struct bytes type = sdp_text_take(&value, ' ');
    struct bytes host = sdp_text_take(&value, '/'); // A multicast address has a TTL after it.
    struct yodel_addr addr;
    bool is_v6 = sdp_text_equal(type, "IP6");

    if (!sdp_text_equal(network, "IN") || (!is_v6 && !sdp_text_equal(type, "IP4"))) {
        return sdp_attr_fail(p, "not IN IP4 or IN IP6");
    }
    if (host.len == 0 || memchr(host.ptr, ' ', host.len)) {
        return sdp_attr_fail(p, "not one address");
    }
    // A name is allowed under either type, and never looked up.
    if (addr_parse_ip(&addr, host) == YODEL_OK &&
        (memchr(host.ptr, ':', host.len) != NULL) != is_v6) {
        return sdp_attr_fail(p, "an address of the other family");
    }
    return true;
}

static bool parse_connection(struct sdp_parser *p, struct bytes value)
{
    p->what = "c=";
    return check_connection(p, value);
}

static bool parse_origin(struct sdp_parser *p, struct bytes value)
{
    p->what = "o=";
    if (sdp_text_take(&value, ' ').len == 0) {
        return sdp_attr_fail(p, "no user name");
    }
    p->sdp->session_id = sdp_text_take(&value, ' ');
    p->sdp->session_version = sdp_text_take(&value, ' ');
    if (!is_number(p->sdp->session_id) || !is_number(p->sdp->session_version)) {
        return sdp_attr_fail(p, "a session id or version is not a number");
    }
    return check_connection(p, value);
}

static bool parse_time(struct sdp_parser *p, struct bytes value)
{
    p->what = "t=";
    struct bytes start = sdp_text_take(&value, ' ');
    return (is_number(start) && is_number(value)) || sdp_attr_fail(p, "not two numbers");
}

static bool parse_bandwidth(struct sdp_parser *p, struct bytes value)
{
    p->what = "b=";
    struct bytes type = sdp_text_take(&value, ':');
    uint64_t number;

    if (!sdp_text_is_token(type) || !is_number(value) || !sdp_text_number(value, &number)) {
        return sdp_attr_fail(p, "not a type and a number");
    }
    if (p->media && sdp_text_equal(type, "AS")) {
        p->media->has_bandwidth_as = true;
        p->media->bandwidth_as = number;
    } else if (p->media && sdp_text_equal(type, "TIAS")) {
        p->media->has_bandwidth_tias = true;
        p->media->bandwidth_tias = number;
    }
    return true;
}

// ---- m=, RFC 8866 §5.14

static enum sdp_kind kind_of(struct bytes text)
{
    return sdp_text_equal(text, "audio")         ? SDP_AUDIO
           : sdp_text_equal(text, "video")       ? SDP_VIDEO
           : sdp_text_equal(text, "application") ? SDP_APPLICATION
                                                 : SDP_OTHER;
}

static bool is_rtp(struct bytes proto)
{
    for (size_t i = 0; i + 4 <= proto.len; i++) {
        if (memcmp(proto.ptr + i, "RTP/", 4) == 0) {
            return true;
        }
    }
    return false;
}

static bool parse_formats(struct sdp_parser *p, struct sdp_media *media, struct bytes value)
{
    do {
        struct bytes format = sdp_text_take(&value, ' ');

        if (!sdp_text_is_token(format)) {
            return sdp_attr_fail(p, "a format is not a token");
        }
        if (sdp_list_has(&media->formats, format)) {
            return sdp_attr_fail(p, "a format is given twice");
        }
        if (media->formats.count == SDP_FORMATS_MAX) {
            return sdp_attr_fail(p, "too many formats");
        }
        if (!sdp_list_add(&media->formats, p->arena, format)) {
            return sdp_attr_no_memory(p);
        }
    } while (value.len > 0);
    return true;
}

static bool parse_media(struct sdp_parser *p, struct bytes value)
{
    p->what = "m=";
    if (p->sdp->media_count == SDP_MEDIA_MAX) {
        return sdp_attr_fail(p, "too many media sections");
    }
    struct sdp_media *media = &p->sdp->media[p->sdp->media_count];
    uint64_t port, ports = 1;

    media->kind_text = sdp_text_take(&value, ' ');
    media->kind = kind_of(media->kind_text);
    struct bytes port_text = sdp_text_take(&value, ' ');
    struct bytes ports_text = port_text;
    port_text = sdp_text_take(&ports_text, '/');
    media->proto = sdp_text_take(&value, ' ');

    if (!sdp_text_is_token(media->kind_text) || !sdp_text_is_proto(media->proto)) {
        return sdp_attr_fail(p, "the media or the protocol is not a token");
    }
    if (!sdp_text_number(port_text, &port) || port > UINT16_MAX ||
        (ports_text.len > 0 && !sdp_text_number(ports_text, &ports)) || ports > PORTS_MAX) {
        return sdp_attr_fail(p, "not a port");
    }
    media->port = (uint16_t)port;
    p->sdp->media_count++;
    p->media = media;
    p->common = &media->common;
    return parse_formats(p, media, value) && (!is_rtp(media->proto) || sdp_codec_begin(p));
}

// ---- lines

static bool parse_value(struct sdp_parser *p, struct line line)
{
    switch (line.type) {
    case 'v':
        return parse_version(p, line.value);
    case 'o':
        return parse_origin(p, line.value);
    case 'c':
        return parse_connection(p, line.value);
    case 't':
        return parse_time(p, line.value);
    case 'b':
        return parse_bandwidth(p, line.value);
    case 'm':
        return parse_media(p, line.value);
    case 'a':
        return sdp_attr_parse(p, line.value);
    default:
        return true; // RFC 9429 §5.8.1: i= and its likes mean nothing here.
    }
}

// Cuts off the next line. False for what is not "<type>=<value>".
static bool next_line(struct sdp_parser *p, struct line *line)
{
    p->line++;
    p->what = NULL;
    struct bytes text = sdp_text_take(&p->rest, '\n');

    if (text.len > 0 && text.ptr[text.len - 1] == '\r') {
        text.len--;
    }
    while (text.len > 2 && text.ptr[text.len - 1] == ' ') {
        text.len--; // What was copied from a page often has them, and they never mean anything.
    }
    if (text.len > SDP_LINE_MAX) {
        return sdp_attr_fail(p, "too long");
    }
    if (text.len < 2 || text.ptr[1] != '=') {
        return sdp_attr_fail(p, "does not begin with a letter and =");
    }
    // RFC 8866 §9: a byte-string has none of these.
    if (memchr(text.ptr, 0, text.len) || memchr(text.ptr, '\r', text.len)) {
        return sdp_attr_fail(p, "a NUL or CR inside");
    }
    *line = (struct line){(char)text.ptr[0], bytes_sub(text, 2, text.len)}; // Never type NUL.
    return true;
}

static const char session_order[] = "vosiuepcbtrzka";

// Holds the lines of the session to their order. `*at` is where the last one stands in it; `type`
// is 0 when the session is over.
static bool check_order(struct sdp_parser *p, size_t *at, char type)
{
    static const char *const missing[] = {['v'] = "v= is missing",
        ['o'] = "o= is missing",
        ['s'] = "s= is missing",
        ['t'] = "t= is missing"};
    const size_t time = 9;
    const char *found = strchr(session_order, type);

    if (!found) {
        return sdp_attr_fail(p, "a line that does not belong here");
    }
    size_t next = (size_t)(found - session_order);
    if (next == *at && strchr("epbtrza", type)) {
        return true;
    }
    // RFC 8866 §5.9: each t= may have its r= and z=.
    if (next == time && *at > time && *at <= time + 2) {
        return true;
    }
    for (size_t i = *at == SIZE_MAX ? 0 : *at + 1; i < next; i++) {
        if (strchr("vost", session_order[i])) {
            return sdp_attr_fail(p, missing[(unsigned char)session_order[i]]);
        }
    }
    if (*at != SIZE_MAX && next <= *at) {
        return sdp_attr_fail(p, "out of order");
    }
    *at = next;
    return true;
}

static bool parse_lines(struct sdp_parser *p)
{
    size_t at = SIZE_MAX;
    struct line line;

    while (p->rest.len > 0) {
        if (!next_line(p, &line)) {
            return false;
        }
        if (!p->media && !check_order(p, &at, line.type == 'm' ? '\0' : line.type)) {
            return false;
        }
        if (p->media && !strchr("micbka", line.type)) {
            return sdp_attr_fail(p, "a line that does not belong here");
        }
        if (!parse_value(p, line)) {
            return false;
        }
    }
    p->line++;
    p->what = NULL;
    return p->media || check_order(p, &at, '\0');
}

static size_t count_media(struct bytes text)
{
    size_t count = 0;

    while (text.len > 0 && count < SDP_MEDIA_MAX) {
        struct bytes line = sdp_text_take(&text, '\n');

        count += line.len > 1 && line.ptr[0] == 'm' && line.ptr[1] == '=';
    }
    return count;
}

enum yodel_err sdp_parse(
    struct sdp *sdp, struct arena *arena, struct bytes text, struct sdp_error *error)
{
    struct sdp parsed = {0};
    struct sdp_parser p = {.arena = arena, .sdp = &parsed, .error = error, .rest = text};

    p.common = &parsed.common;
    if (text.len > SDP_TEXT_MAX) {
        p.line = 1;
        sdp_attr_fail(&p, "the description is too long");
        return p.err;
    }
    size_t count = count_media(text);
    parsed.media = arena_new_array(arena, count > 0 ? count : 1, sizeof *parsed.media);
    if (!parsed.media) {
        sdp_attr_no_memory(&p);
        return p.err;
    }
    if (!parse_lines(&p)) {
        return p.err;
    }
    sdp_media_finish(&parsed);
    *sdp = parsed;
    return YODEL_OK;
}
