// SDP media: see the header.

#include "sdp/media.h"

#include "sdp/codec.h"
#include "sdp/simulcast.h"
#include "sdp/text.h"

#define EXTMAP_RANGE_FIRST 4096u // RFC 8285 §5: ids that an answerer may replace by a real one.
#define EXTMAP_RANGE_LAST 4351u

// ---- a=extmap:<id>[/<direction>] <URI> [<attributes>], RFC 8285 §5

static bool parse_extmap_direction(
    struct sdp_parser *p, struct bytes text, enum sdp_direction *direction)
{
    for (enum sdp_direction d = SDP_SENDRECV; d <= SDP_INACTIVE; d++) {
        if (sdp_text_equal(text, sdp_direction_text(d))) {
            *direction = d;
            return true;
        }
    }
    return sdp_attr_fail(p, "not a direction");
}

static bool add_extmap(struct sdp_parser *p, const struct sdp_extmap *extmap)
{
    struct sdp_media *media = p->media;

    for (size_t i = 0; i < media->extmap_count; i++) {
        if (media->extmaps[i].id == extmap->id) {
            return sdp_attr_fail(p, "an id is given twice");
        }
    }
    struct sdp_extmap *extmaps =
        sdp_attr_grow(p, media->extmaps, media->extmap_count, sizeof *extmap, SDP_EXTMAPS_MAX);
    if (!extmaps) {
        return false;
    }
    media->extmaps = extmaps;
    media->extmaps[media->extmap_count++] = *extmap;
    return true;
}

static bool parse_extmap(struct sdp_parser *p, struct bytes value)
{
    struct bytes direction = sdp_text_take(&value, ' ');
    struct bytes id_text = sdp_text_take(&direction, '/');
    struct sdp_extmap extmap = {.uri = sdp_text_take(&value, ' ')};
    uint64_t id;

    if (!sdp_text_number(id_text, &id)) {
        return sdp_attr_fail(p, "an id is not a number");
    }
    bool is_of_range = id >= EXTMAP_RANGE_FIRST && id <= EXTMAP_RANGE_LAST;
    if (id == 0 || (id > SDP_EXTMAP_ID_MAX && !is_of_range)) {
        return sdp_attr_fail(p, "an id is not 1 to 255");
    }
    if (direction.len > 0 && !parse_extmap_direction(p, direction, &extmap.direction)) {
        return false;
    }
    if (!sdp_text_is_visible(extmap.uri)) {
        return sdp_attr_fail(p, "no URI");
    }
    extmap.id = (uint8_t)id;
    return is_of_range || add_extmap(p, &extmap);
}

static void write_extmap(const struct sdp_media *media, struct writer *w)
{
    for (size_t i = 0; i < media->extmap_count; i++) {
        const struct sdp_extmap *extmap = &media->extmaps[i];

        put_format(w, "a=extmap:%u", extmap->id);
        if (extmap->direction != SDP_DIRECTION_NONE) {
            put_format(w, "/%s", sdp_direction_text(extmap->direction));
        }
        put_text(w, " ");
        put_bytes(w, extmap->uri);
        put_text(w, "\r\n");
    }
}

// ---- a=msid:<stream> [<track>], RFC 8830 §2

// A token by the RFC; but GStreamer's streams are called user@host.
static bool is_msid(struct bytes id)
{
    return sdp_text_is_visible(id) && id.len <= SDP_TOKEN_MAX;
}

static bool read_msid(struct sdp_parser *p, struct bytes value, struct sdp_msid *msid)
{
    msid->stream = sdp_text_take(&value, ' ');
    msid->track = value;
    if (!is_msid(msid->stream) || (value.len > 0 && !is_msid(value))) {
        return sdp_attr_fail(p, "a stream or a track is not a word");
    }
    return true;
}

static void put_msid(struct writer *w, const struct sdp_msid *msid)
{
    put_text(w, "msid:");
    put_bytes(w, msid->stream);
    put_text(w, msid->track.len > 0 ? " " : "");
    put_bytes(w, msid->track);
    put_text(w, "\r\n");
}

static bool parse_msid(struct sdp_parser *p, struct bytes value)
{
    struct sdp_media *media = p->media;
    struct sdp_msid msid;

    if (!read_msid(p, value, &msid)) {
        return false;
    }
    struct sdp_msid *msids =
        sdp_attr_grow(p, media->msids, media->msid_count, sizeof msid, SDP_MSIDS_MAX);
    if (!msids) {
        return false;
    }
    media->msids = msids;
    media->msids[media->msid_count++] = msid;
    return true;
}

static void write_msid(const struct sdp_media *media, struct writer *w)
{
    for (size_t i = 0; i < media->msid_count; i++) {
        put_text(w, "a=");
        put_msid(w, &media->msids[i]);
    }
}

// ---- a=ssrc:<SSRC> <attribute>[:<value>], RFC 5576 §4.1

static bool read_ssrc(struct sdp_parser *p, struct bytes text, uint32_t *ssrc)
{
    uint64_t number;

    if (!sdp_text_number(text, &number) || number > UINT32_MAX) {
        return sdp_attr_fail(p, "not an SSRC");
    }
    *ssrc = (uint32_t)number;
    return true;
}

// The one that is there already, or a new one; NULL where there is no room.
static struct sdp_ssrc *get_ssrc(struct sdp_parser *p, uint32_t ssrc)
{
    struct sdp_media *media = p->media;

    for (size_t i = 0; i < media->ssrc_count; i++) {
        if (media->ssrcs[i].ssrc == ssrc) {
            return &media->ssrcs[i];
        }
    }
    struct sdp_ssrc *ssrcs =
        sdp_attr_grow(p, media->ssrcs, media->ssrc_count, sizeof *ssrcs, SDP_SSRCS_MAX);
    if (!ssrcs) {
        return NULL;
    }
    media->ssrcs = ssrcs;
    media->ssrcs[media->ssrc_count] = (struct sdp_ssrc){.ssrc = ssrc};
    return &media->ssrcs[media->ssrc_count++];
}

static bool parse_cname(struct sdp_parser *p, uint32_t ssrc, struct bytes value)
{
    if (value.len == 0 || value.len > SDP_CNAME_MAX) {
        return sdp_attr_fail(p, "a cname is not 1 to 255 characters");
    }
    struct sdp_ssrc *entry = get_ssrc(p, ssrc);
    return entry && sdp_attr_set(p, &entry->cname, value);
}

static bool parse_ssrc_msid(struct sdp_parser *p, uint32_t ssrc, struct bytes value)
{
    struct sdp_msid msid;

    if (!read_msid(p, value, &msid)) {
        return false;
    }
    struct sdp_ssrc *entry = get_ssrc(p, ssrc);
    // A track that is in several streams says so by lines of a=msid; here the first one holds.
    if (entry && entry->msid.stream.len == 0) {
        entry->msid = msid;
    }
    return entry != NULL;
}

static bool parse_ssrc(struct sdp_parser *p, struct bytes value)
{
    struct bytes id = sdp_text_take(&value, ' ');
    struct bytes name = sdp_text_take(&value, ':');
    uint32_t ssrc = 0;

    if (!read_ssrc(p, id, &ssrc)) {
        return false;
    }
    if (!sdp_text_is_token(name)) {
        return sdp_attr_fail(p, "no attribute");
    }
    return sdp_text_equal(name, "cname")  ? parse_cname(p, ssrc, value)
           : sdp_text_equal(name, "msid") ? parse_ssrc_msid(p, ssrc, value)
                                          : true;
}

static void write_ssrc(const struct sdp_media *media, struct writer *w)
{
    for (size_t i = 0; i < media->ssrc_count; i++) {
        const struct sdp_ssrc *entry = &media->ssrcs[i];

        if (entry->cname.len > 0) {
            put_format(w, "a=ssrc:%u cname:", entry->ssrc);
            put_bytes(w, entry->cname);
            put_text(w, "\r\n");
        }
        if (entry->msid.stream.len > 0) {
            put_format(w, "a=ssrc:%u ", entry->ssrc);
            put_msid(w, &entry->msid);
        }
    }
}

// ---- a=ssrc-group:<semantics> <SSRC> …, RFC 5576 §4.2

static const char *const ssrc_semantics[] = {
    [SDP_FID] = "FID",
    [SDP_SIM] = "SIM",
    [SDP_FEC_FR] = "FEC-FR",
};

static bool read_ssrcs(struct sdp_parser *p, struct bytes value, struct sdp_ssrc_group *group)
{
    while (value.len > 0) {
        uint32_t *ssrcs =
            sdp_attr_grow(p, group->ssrcs, group->count, sizeof *ssrcs, SDP_SSRC_GROUP_MAX);

        if (!ssrcs) {
            return false;
        }
        group->ssrcs = ssrcs;
        if (!read_ssrc(p, sdp_text_take(&value, ' '), &group->ssrcs[group->count++])) {
            return false;
        }
    }
    return true;
}

static bool add_ssrc_group(struct sdp_parser *p, const struct sdp_ssrc_group *group)
{
    struct sdp_media *media = p->media;
    struct sdp_ssrc_group *groups = sdp_attr_grow(
        p, media->ssrc_groups, media->ssrc_group_count, sizeof *group, SDP_SSRC_GROUPS_MAX);

    if (!groups) {
        return false;
    }
    media->ssrc_groups = groups;
    media->ssrc_groups[media->ssrc_group_count++] = *group;
    return true;
}

static bool parse_ssrc_group(struct sdp_parser *p, struct bytes value)
{
    struct bytes semantics = sdp_text_take(&value, ' ');
    struct sdp_ssrc_group group = {0};

    if (!sdp_text_is_token(semantics)) {
        return sdp_attr_fail(p, "no semantics");
    }
    if (!read_ssrcs(p, value, &group)) {
        return false;
    }
    for (size_t i = 0; i < COUNT(ssrc_semantics); i++) {
        if (sdp_text_equal(semantics, ssrc_semantics[i])) {
            group.semantics = (enum sdp_ssrc_semantics)i;
            return add_ssrc_group(p, &group);
        }
    }
    return true;
}

static void write_ssrc_group(const struct sdp_media *media, struct writer *w)
{
    for (size_t i = 0; i < media->ssrc_group_count; i++) {
        const struct sdp_ssrc_group *group = &media->ssrc_groups[i];

        put_format(w, "a=ssrc-group:%s", ssrc_semantics[group->semantics]);
        for (size_t k = 0; k < group->count; k++) {
            put_format(w, " %u", group->ssrcs[k]);
        }
        put_text(w, "\r\n");
    }
}

// ---- a=rtcp and its likes

// RFC 9429 §5.8.2: read, and then not used; ICE tells the addresses.
static bool parse_rtcp(struct sdp_parser *p, struct bytes value)
{
    uint64_t port;

    return (sdp_text_number(sdp_text_take(&value, ' '), &port) && port <= UINT16_MAX) ||
           sdp_attr_fail(p, "not a port");
}

static bool parse_rtcp_mux(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->media->rtcp_mux = true;
    return true;
}

static bool parse_rtcp_mux_only(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->media->rtcp_mux_only = true;
    return true;
}

static bool parse_rtcp_rsize(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->media->rtcp_rsize = true;
    return true;
}

static void write_rtcp(const struct sdp_media *media, struct writer *w)
{
    put_text(w, media->rtcp_mux ? "a=rtcp-mux\r\n" : "");
    put_text(w, media->rtcp_mux_only ? "a=rtcp-mux-only\r\n" : "");
    put_text(w, media->rtcp_rsize ? "a=rtcp-rsize\r\n" : "");
}

// ---- a=ptime, RFC 8866 §6.4, and a=maxptime, §6.5

// Milliseconds. What comes after the point is of no use.
static bool parse_duration(struct sdp_parser *p, struct bytes value, uint32_t *duration_ms)
{
    struct bytes whole = sdp_text_take(&value, '.');
    uint64_t number;

    if (*duration_ms > 0) {
        return sdp_attr_fail(p, "given twice");
    }
    if (!sdp_text_number(whole, &number) || (value.len > 0 && !sdp_text_is_digits(value))) {
        return sdp_attr_fail(p, "not a number");
    }
    *duration_ms = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
    return true;
}

static bool parse_ptime(struct sdp_parser *p, struct bytes value)
{
    return parse_duration(p, value, &p->media->ptime_ms);
}

static bool parse_maxptime(struct sdp_parser *p, struct bytes value)
{
    return parse_duration(p, value, &p->media->max_ptime_ms);
}

static void write_ptime(const struct sdp_media *media, struct writer *w)
{
    if (media->ptime_ms > 0) {
        put_format(w, "a=ptime:%u\r\n", media->ptime_ms);
    }
    if (media->max_ptime_ms > 0) {
        put_format(w, "a=maxptime:%u\r\n", media->max_ptime_ms);
    }
}

// ---- the table, in the order of writing

static const struct row {
    const char *name; // "a=rid": as in an error's text.
    bool (*parse)(struct sdp_parser *p, struct bytes value);
    void (*write)(const struct sdp_media *media, struct writer *w); // NULL: another row writes it.
} rows[] = {
    {"a=extmap", parse_extmap, write_extmap},
    {"a=msid", parse_msid, write_msid},
    {"a=rtcp", parse_rtcp, NULL},
    {"a=rtcp-mux", parse_rtcp_mux, write_rtcp},
    {"a=rtcp-mux-only", parse_rtcp_mux_only, NULL},
    {"a=rtcp-rsize", parse_rtcp_rsize, NULL},
    {"a=rtpmap", sdp_codec_parse_rtpmap, sdp_codec_write},
    {"a=fmtp", sdp_codec_parse_fmtp, NULL},
    {"a=rtcp-fb", sdp_codec_parse_rtcp_fb, NULL},
    {"a=ptime", parse_ptime, write_ptime},
    {"a=maxptime", parse_maxptime, NULL},
    {"a=rid", sdp_simulcast_parse_rid, sdp_simulcast_write_rids},
    {"a=simulcast", sdp_simulcast_parse, sdp_simulcast_write},
    {"a=ssrc-group", parse_ssrc_group, write_ssrc_group},
    {"a=ssrc", parse_ssrc, write_ssrc},
};

bool sdp_media_parse(struct sdp_parser *p, struct bytes name, struct bytes value)
{
    if (p->media->codec_count == 0) {
        return true; // Not of RTP: its formats and their attributes are of another kind.
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (sdp_text_equal(name, rows[i].name + 2)) {
            p->what = rows[i].name;
            return rows[i].parse(p, value);
        }
    }
    return true;
}

void sdp_media_finish(struct sdp *sdp)
{
    for (size_t i = 0; i < sdp->media_count; i++) {
        sdp_codec_finish(&sdp->media[i]);
        sdp_simulcast_finish(&sdp->media[i]);
    }
}

void sdp_media_write(const struct sdp_media *media, struct writer *w)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].write) {
            rows[i].write(media, w);
        }
    }
}
