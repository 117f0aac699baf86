// SDP attributes: see the header.

#include "sdp/attr.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/hex.h"
#include "sdp/media.h"
#include "sdp/text.h"

#define ICE_UFRAG_MIN 4u // RFC 8839 §5.4.
#define ICE_PWD_MIN 22u
#define ICE_TEXT_MAX 256u
#define TLS_ID_MIN 20u // RFC 8842 §4.
#define TLS_ID_MAX 255u

// What is written; one of the three, or two for a media section.
struct view {
    const struct sdp *sdp;
    const struct sdp_media *media;
    const struct sdp_common *common;
};

bool sdp_attr_fail(struct sdp_parser *p, const char *why)
{
    p->err = YODEL_ERR_SYNTAX;
    p->error->line = p->line;
    snprintf(p->error->text, sizeof p->error->text, "line %u: %s%s%s", p->line,
        p->what ? p->what : "", p->what ? ": " : "", why);
    return false;
}

bool sdp_attr_no_memory(struct sdp_parser *p)
{
    p->err = YODEL_ERR_NO_MEMORY;
    p->error->line = p->line;
    snprintf(p->error->text, sizeof p->error->text, "no memory");
    return false;
}

bool sdp_attr_set(struct sdp_parser *p, struct bytes *text, struct bytes value)
{
    if (text->len > 0) {
        return sdp_attr_fail(p, "given twice");
    }
    *text = value;
    return true;
}

void *sdp_attr_grow(struct sdp_parser *p, void *items, size_t count, size_t size, size_t max)
{
    if (count >= max) {
        sdp_attr_fail(p, "too many");
        return NULL;
    }
    // There is room up to the next power of two.
    if ((count & (count - 1)) != 0) {
        return items;
    }
    void *grown = arena_new_array(p->arena, count > 0 ? 2 * count : 1, size);
    if (!grown) {
        sdp_attr_no_memory(p);
    } else if (count > 0) {
        memcpy(grown, items, count * size);
    }
    return grown;
}

static bool add(struct sdp_parser *p, struct sdp_list *list, struct bytes value, size_t max)
{
    if (list->count >= max) {
        return sdp_attr_fail(p, "too many");
    }
    return sdp_list_add(list, p->arena, value) || sdp_attr_no_memory(p);
}

static void put_list(struct writer *w, const struct sdp_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        put_text(w, i > 0 ? " " : "");
        put_bytes(w, list->items[i]);
    }
}

static void put_attr(struct writer *w, const char *name, struct bytes value)
{
    if (value.len > 0) {
        put_format(w, "a=%s:", name);
        put_bytes(w, value);
        put_text(w, "\r\n");
    }
}

static void put_flag(struct writer *w, const char *name, bool is_set)
{
    if (is_set) {
        put_format(w, "a=%s\r\n", name);
    }
}

// ---- a=group, RFC 5888 §5

static bool parse_group(struct sdp_parser *p, struct bytes value)
{
    struct sdp_group group = {.semantics = sdp_text_take(&value, ' ')};

    if (!sdp_text_is_token(group.semantics)) {
        return sdp_attr_fail(p, "no semantics");
    }
    if (p->sdp->group_count == SDP_GROUPS_MAX) {
        return sdp_attr_fail(p, "too many");
    }
    while (value.len > 0) {
        struct bytes mid = sdp_text_take(&value, ' ');

        if (!sdp_text_is_token(mid) || mid.len > SDP_MID_MAX) {
            return sdp_attr_fail(p, "a mid is not a token of at most 16 characters");
        }
        if (sdp_list_has(&group.mids, mid)) {
            return sdp_attr_fail(p, "a mid is named twice");
        }
        if (!add(p, &group.mids, mid, SDP_MEDIA_MAX)) {
            return false;
        }
    }
    p->sdp->groups[p->sdp->group_count++] = group;
    return true;
}

static void write_group(const struct view *v, struct writer *w)
{
    for (size_t i = 0; i < v->sdp->group_count; i++) {
        const struct sdp_group *group = &v->sdp->groups[i];

        put_text(w, "a=group:");
        put_bytes(w, group->semantics);
        put_text(w, group->mids.count > 0 ? " " : "");
        put_list(w, &group->mids);
        put_text(w, "\r\n");
    }
}

// ---- a=ice-lite, RFC 8839 §5.3

static bool parse_ice_lite(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->sdp->ice_lite = true;
    return true;
}

static void write_ice_lite(const struct view *v, struct writer *w)
{
    put_flag(w, "ice-lite", v->sdp->ice_lite);
}

// ---- a=extmap-allow-mixed, RFC 8285 §6

static bool parse_extmap_allow_mixed(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->common->extmap_allow_mixed = true;
    return true;
}

static void write_extmap_allow_mixed(const struct view *v, struct writer *w)
{
    put_flag(w, "extmap-allow-mixed", v->common->extmap_allow_mixed);
}

// ---- a=candidate, RFC 8839 §5.1, and a=end-of-candidates, RFC 8840 §8.2

static bool parse_candidate(struct sdp_parser *p, struct bytes value)
{
    // The surplus is ignored: the first hundred will do, or none would.
    if (p->media->candidates.count == SDP_CANDIDATES_MAX || value.len == 0) {
        return true;
    }
    // As the W3C's RTCIceCandidate has it: with the name of the attribute.
    const size_t name_len = sizeof "candidate:" - 1;
    struct bytes line = {value.ptr - name_len, value.len + name_len};
    return add(p, &p->media->candidates, line, SDP_CANDIDATES_MAX);
}

static void write_candidate(const struct view *v, struct writer *w)
{
    for (size_t i = 0; i < v->media->candidates.count; i++) {
        put_text(w, "a=");
        put_bytes(w, v->media->candidates.items[i]);
        put_text(w, "\r\n");
    }
}

static bool parse_end_of_candidates(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->common->end_of_candidates = true;
    return true;
}

static void write_end_of_candidates(const struct view *v, struct writer *w)
{
    put_flag(w, "end-of-candidates", v->common->end_of_candidates);
}

// ---- a=ice-ufrag, a=ice-pwd, RFC 8839 §5.4, and a=ice-options, §5.6

static bool parse_ice_ufrag(struct sdp_parser *p, struct bytes value)
{
    if (!sdp_text_is_ice(value, ICE_UFRAG_MIN, ICE_TEXT_MAX)) {
        return sdp_attr_fail(p, "not 4 to 256 letters and digits");
    }
    return sdp_attr_set(p, &p->common->ice_ufrag, value);
}

static void write_ice_ufrag(const struct view *v, struct writer *w)
{
    put_attr(w, "ice-ufrag", v->common->ice_ufrag);
}

static bool parse_ice_pwd(struct sdp_parser *p, struct bytes value)
{
    if (!sdp_text_is_ice(value, ICE_PWD_MIN, ICE_TEXT_MAX)) {
        return sdp_attr_fail(p, "not 22 to 256 letters and digits");
    }
    return sdp_attr_set(p, &p->common->ice_pwd, value);
}

static void write_ice_pwd(const struct view *v, struct writer *w)
{
    put_attr(w, "ice-pwd", v->common->ice_pwd);
}

static bool parse_ice_options(struct sdp_parser *p, struct bytes value)
{
    while (value.len > 0) {
        struct bytes option = sdp_text_take(&value, ' ');

        if (option.len == 0) {
            continue; // There are stacks that write a space after the colon.
        }
        if (!sdp_text_is_ice(option, 1, SDP_TOKEN_MAX)) {
            return sdp_attr_fail(p, "an option is not letters and digits");
        }
        if (!sdp_list_has(&p->common->ice_options, option) &&
            !add(p, &p->common->ice_options, option, SDP_OPTIONS_MAX)) {
            return false;
        }
    }
    return true;
}

static void write_ice_options(const struct view *v, struct writer *w)
{
    if (v->common->ice_options.count > 0) {
        put_text(w, "a=ice-options:");
        put_list(w, &v->common->ice_options);
        put_text(w, "\r\n");
    }
}

// ---- a=fingerprint, RFC 8122 §5

// RFC 8122 §5 names these. Another hash may have any length: whether it will do is not decided
// here.
static size_t hash_size(struct bytes name)
{
    static const struct {
        const char *name;
        size_t size;
    } hashes[] = {{"md2", 16}, {"md5", 16}, {"sha-1", 20}, {"sha-224", 28}, {"sha-256", 32},
        {"sha-384", 48}, {"sha-512", 64}};

    for (size_t i = 0; i < COUNT(hashes); i++) {
        if (sdp_text_equal(name, hashes[i].name)) {
            return hashes[i].size;
        }
    }
    return 0;
}

static struct bytes lower_case(struct arena *arena, struct bytes text)
{
    uint8_t *copy = arena_new(arena, text.len);

    for (size_t i = 0; copy && i < text.len; i++) {
        bool is_upper = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';

        copy[i] = is_upper ? (uint8_t)(text.ptr[i] + 32) : text.ptr[i];
    }
    return (struct bytes){copy, text.len};
}

// "AB:CD:…" to `out`, which has room for (len + 1) / 3 bytes.
static bool read_colon_hex(struct sdp_parser *p, struct bytes text, uint8_t *out)
{
    if (text.len == 0 || text.len % 3 != 2) {
        return sdp_attr_fail(p, "odd hex digit");
    }
    for (size_t i = 0; i < text.len; i += 3) {
        int high = hex_digit(text.ptr[i]), low = hex_digit(text.ptr[i + 1]);

        if (high < 0 || low < 0) {
            return sdp_attr_fail(p, "not a hex digit");
        }
        if (i + 2 < text.len && text.ptr[i + 2] != ':') {
            return sdp_attr_fail(p, "no colon between two bytes");
        }
        out[i / 3] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool parse_fingerprint(struct sdp_parser *p, struct bytes value)
{
    struct bytes name = sdp_text_take(&value, ' ');
    size_t size = (value.len + 1) / 3;

    if (!sdp_text_is_token(name)) {
        return sdp_attr_fail(p, "no hash function");
    }
    if (p->common->fingerprint_count == SDP_FINGERPRINTS_MAX) {
        return sdp_attr_fail(p, "too many");
    }
    uint8_t *bytes = arena_new(p->arena, size);
    struct bytes hash = lower_case(p->arena, name);
    if (!p->common->fingerprints) {
        p->common->fingerprints =
            arena_new_array(p->arena, SDP_FINGERPRINTS_MAX, sizeof *p->common->fingerprints);
    }
    if (!bytes || !hash.ptr || !p->common->fingerprints) {
        return sdp_attr_no_memory(p);
    }
    if (!read_colon_hex(p, value, bytes)) {
        return false;
    }
    if (hash_size(hash) != 0 && hash_size(hash) != size) {
        return sdp_attr_fail(p, "not as long as the hash function's output");
    }
    p->common->fingerprints[p->common->fingerprint_count++] =
        (struct sdp_fingerprint){hash, {bytes, size}};
    return true;
}

static void write_fingerprint(const struct view *v, struct writer *w)
{
    for (size_t i = 0; i < v->common->fingerprint_count; i++) {
        const struct sdp_fingerprint *f = &v->common->fingerprints[i];

        put_text(w, "a=fingerprint:");
        put_bytes(w, f->hash);
        for (size_t at = 0; at < f->value.len; at++) {
            put_format(w, "%c%02X", at > 0 ? ':' : ' ', f->value.ptr[at]);
        }
        put_text(w, "\r\n");
    }
}

// ---- a=setup, RFC 4145 §4, and a=tls-id, RFC 8842 §4

static const char *const setups[] = {
    [SDP_ACTPASS] = "actpass",
    [SDP_ACTIVE] = "active",
    [SDP_PASSIVE] = "passive",
    [SDP_HOLDCONN] = "holdconn",
};

static bool parse_setup(struct sdp_parser *p, struct bytes value)
{
    if (p->common->setup != SDP_SETUP_NONE) {
        return sdp_attr_fail(p, "given twice");
    }
    for (size_t i = SDP_ACTPASS; i < COUNT(setups); i++) {
        if (sdp_text_equal(value, setups[i])) {
            p->common->setup = (enum sdp_setup)i;
            return true;
        }
    }
    return sdp_attr_fail(p, "not actpass, active, passive or holdconn");
}

static void write_setup(const struct view *v, struct writer *w)
{
    if (v->common->setup != SDP_SETUP_NONE) {
        put_attr(w, "setup", bytes_of_text(setups[v->common->setup]));
    }
}

static bool parse_tls_id(struct sdp_parser *p, struct bytes value)
{
    if (!sdp_text_is_ice(value, TLS_ID_MIN, TLS_ID_MAX)) {
        return sdp_attr_fail(p, "not 20 to 255 letters and digits");
    }
    return sdp_attr_set(p, &p->common->tls_id, value);
}

static void write_tls_id(const struct view *v, struct writer *w)
{
    put_attr(w, "tls-id", v->common->tls_id);
}

// ---- a=mid, RFC 5888 §4, and a=bundle-only, RFC 9143 §6

static bool parse_mid(struct sdp_parser *p, struct bytes value)
{
    if (!sdp_text_is_token(value) || value.len > SDP_MID_MAX) {
        return sdp_attr_fail(p, "not a token of at most 16 characters");
    }
    // RFC 5888 §4: "unique within an SDP session description".
    if (sdp_find_media(p->sdp, value)) {
        return sdp_attr_fail(p, "another section has the same");
    }
    return sdp_attr_set(p, &p->media->mid, value);
}

static void write_mid(const struct view *v, struct writer *w)
{
    put_attr(w, "mid", v->media->mid);
}

static bool parse_bundle_only(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->media->bundle_only = true;
    return true;
}

static void write_bundle_only(const struct view *v, struct writer *w)
{
    put_flag(w, "bundle-only", v->media->bundle_only);
}

// ---- a=sctp-port, RFC 8841 §5, and a=max-message-size, §6

static bool parse_sctp_port(struct sdp_parser *p, struct bytes value)
{
    uint64_t port;

    if (p->media->has_sctp_port) {
        return sdp_attr_fail(p, "given twice");
    }
    if (!sdp_text_number(value, &port) || port > UINT16_MAX) {
        return sdp_attr_fail(p, "not a port");
    }
    p->media->sctp_port = (uint16_t)port;
    p->media->has_sctp_port = true;
    return true;
}

static void write_sctp_port(const struct view *v, struct writer *w)
{
    if (v->media->has_sctp_port) {
        put_format(w, "a=sctp-port:%u\r\n", v->media->sctp_port);
    }
}

static bool parse_max_message_size(struct sdp_parser *p, struct bytes value)
{
    if (p->media->has_max_message_size) {
        return sdp_attr_fail(p, "given twice");
    }
    if (!sdp_text_number(value, &p->media->max_message_size)) {
        return sdp_attr_fail(p, "not a number");
    }
    p->media->has_max_message_size = true;
    return true;
}

static void write_max_message_size(const struct view *v, struct writer *w)
{
    if (v->media->has_max_message_size) {
        put_format(
            w, "a=max-message-size:%llu\r\n", (unsigned long long)v->media->max_message_size);
    }
}

// ---- a=sendrecv and its likes, RFC 8866 §6.7: the last one holds

static bool parse_sendrecv(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->common->direction = SDP_SENDRECV;
    return true;
}

static bool parse_sendonly(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->common->direction = SDP_SENDONLY;
    return true;
}

static bool parse_recvonly(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->common->direction = SDP_RECVONLY;
    return true;
}

static bool parse_inactive(struct sdp_parser *p, struct bytes value)
{
    (void)value;
    p->common->direction = SDP_INACTIVE;
    return true;
}

static void write_direction(const struct view *v, struct writer *w)
{
    if (v->common->direction != SDP_DIRECTION_NONE) {
        put_flag(w, sdp_direction_text(v->common->direction), true);
    }
}

// ---- the table, in the order of writing

enum level { AT_SESSION = 1, AT_MEDIA = 2, AT_BOTH = 3 };

static const struct attr {
    const char *name; // "a=mid": as in an error's text.
    enum level level;
    bool (*parse)(struct sdp_parser *p, struct bytes value);
    void (*write)(const struct view *v, struct writer *w); // NULL: another row writes it.
} attrs[] = {
    {"a=group", AT_SESSION, parse_group, write_group},
    {"a=ice-lite", AT_SESSION, parse_ice_lite, write_ice_lite},
    {"a=extmap-allow-mixed", AT_BOTH, parse_extmap_allow_mixed, write_extmap_allow_mixed},
    {"a=candidate", AT_MEDIA, parse_candidate, write_candidate},
    {"a=end-of-candidates", AT_BOTH, parse_end_of_candidates, write_end_of_candidates},
    {"a=ice-ufrag", AT_BOTH, parse_ice_ufrag, write_ice_ufrag},
    {"a=ice-pwd", AT_BOTH, parse_ice_pwd, write_ice_pwd},
    {"a=ice-options", AT_BOTH, parse_ice_options, write_ice_options},
    {"a=fingerprint", AT_BOTH, parse_fingerprint, write_fingerprint},
    {"a=setup", AT_BOTH, parse_setup, write_setup},
    {"a=tls-id", AT_BOTH, parse_tls_id, write_tls_id},
    {"a=mid", AT_MEDIA, parse_mid, write_mid},
    {"a=bundle-only", AT_MEDIA, parse_bundle_only, write_bundle_only},
    {"a=sctp-port", AT_MEDIA, parse_sctp_port, write_sctp_port},
    {"a=max-message-size", AT_MEDIA, parse_max_message_size, write_max_message_size},
    {"a=sendrecv", AT_BOTH, parse_sendrecv, write_direction},
    {"a=sendonly", AT_BOTH, parse_sendonly, NULL},
    {"a=recvonly", AT_BOTH, parse_recvonly, NULL},
    {"a=inactive", AT_BOTH, parse_inactive, NULL},
};

bool sdp_attr_parse(struct sdp_parser *p, struct bytes line)
{
    enum level level = p->media ? AT_MEDIA : AT_SESSION;
    struct bytes value = line;
    struct bytes name = sdp_text_take(&value, ':');

    if (!sdp_text_is_token(name)) {
        p->what = "a=";
        // A name that is too long to be one of ours is not understood, and that is no mistake.
        return name.len > SDP_TOKEN_MAX || sdp_attr_fail(p, "no name");
    }
    for (size_t i = 0; i < COUNT(attrs); i++) {
        if (sdp_text_equal(name, attrs[i].name + 2)) {
            p->what = attrs[i].name;
            // RFC 8866 §5.13: at the wrong level it is as one that is not understood.
            return (attrs[i].level & level) == 0 || attrs[i].parse(p, value);
        }
    }
    return !p->media || sdp_media_parse(p, name, value);
}

static void write_all(const struct view *v, enum level level, struct writer *w)
{
    for (size_t i = 0; i < COUNT(attrs); i++) {
        if ((attrs[i].level & level) != 0 && attrs[i].write) {
            attrs[i].write(v, w);
        }
    }
}

void sdp_attr_write_session(const struct sdp *sdp, struct writer *w)
{
    write_all(&(struct view){sdp, NULL, &sdp->common}, AT_SESSION, w);
}

void sdp_attr_write_media(const struct sdp_media *media, struct writer *w)
{
    write_all(&(struct view){NULL, media, &media->common}, AT_MEDIA, w);
    sdp_media_write(media, w);
}
