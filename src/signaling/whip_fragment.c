// Fragments of SDP: cut out of a description, and put into one.

#include "signaling/whip_fragment.h"

static bool begins_with(struct bytes text, const char *prefix)
{
    struct bytes wanted = bytes_of_text(prefix);

    return bytes_equal(bytes_sub(text, 0, wanted.len), wanted);
}

// The next line of `rest`, without its end; false where there is none.
static bool take_line(struct bytes *rest, struct bytes *line)
{
    if (rest->len == 0) {
        return false;
    }
    const uint8_t *end = memchr(rest->ptr, '\n', rest->len);
    size_t len = end ? (size_t)(end - rest->ptr) : rest->len;
    *line = bytes_sub(*rest, 0, len);
    *rest = bytes_sub(*rest, len + 1, rest->len);
    line->len -= line->len > 0 && line->ptr[line->len - 1] == '\r';
    return true;
}

static void put_line(struct writer *w, struct bytes line)
{
    if (line.len > 0) {
        put_bytes(w, line);
        put_text(w, "\r\n");
    }
}

struct bytes signaling_whip_fragment_value(struct bytes line)
{
    const uint8_t *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;

    return colon ? bytes_sub(line, (size_t)(colon - line.ptr) + 1, line.len) : (struct bytes){0};
}

struct signaling_whip_ice signaling_whip_fragment_read(struct bytes sdp)
{
    struct signaling_whip_ice ice = {0};
    struct bytes line;

    while (take_line(&sdp, &line)) {
        if (begins_with(line, "m=")) {
            if (ice.media.len > 0) {
                break;
            }
            ice.media = line;
        } else if (begins_with(line, "a=ice-options:")) {
            ice.options = line;
        } else if (begins_with(line, "a=group:BUNDLE")) {
            ice.group = line;
        } else if (begins_with(line, "a=mid:")) {
            ice.mid = line;
        } else if (begins_with(line, "a=ice-ufrag:")) {
            ice.ufrag = line;
        } else if (begins_with(line, "a=ice-pwd:")) {
            ice.pwd = line;
        }
    }
    return ice;
}

// ---- cutting out

static void put_head(struct writer *w, struct bytes offer)
{
    struct signaling_whip_ice ice = signaling_whip_fragment_read(offer);

    put_line(w, ice.options);
    put_line(w, ice.group);
    put_line(w, ice.media);
    put_line(w, ice.mid);
    put_line(w, ice.ufrag);
    put_line(w, ice.pwd);
}

void signaling_whip_fragment_put(struct writer *w, struct bytes offer, struct bytes candidates)
{
    put_head(w, offer);
    put_bytes(w, candidates);
}

static bool is_candidate(struct bytes line)
{
    return begins_with(line, "a=candidate:") || begins_with(line, "a=end-of-candidates");
}

// Those of the first section: with everything bundled the others have none of their own.
static void put_candidates(struct writer *w, struct bytes sdp)
{
    struct bytes line;
    int sections = 0;

    while (sections < 2 && take_line(&sdp, &line)) {
        sections += begins_with(line, "m=");
        if (sections < 2 && is_candidate(line)) {
            put_line(w, line);
        }
    }
}

void signaling_whip_fragment_put_restart(struct writer *w, struct bytes offer)
{
    put_head(w, offer);
    put_candidates(w, offer);
}

// ---- putting in

// Which of the answer's sections the fragment's candidates are for.
static int find_section(struct bytes answer, struct bytes mid)
{
    struct bytes line;
    int section = -1;

    while (mid.len > 0 && take_line(&answer, &line)) {
        section += begins_with(line, "m=");
        if (section >= 0 && bytes_equal(line, mid)) {
            return section;
        }
    }
    return 0;
}

static void put_replaced(struct writer *w, struct bytes line, const struct signaling_whip_ice *ice)
{
    if (begins_with(line, "a=ice-ufrag:")) {
        put_line(w, ice->ufrag);
    } else if (begins_with(line, "a=ice-pwd:")) {
        put_line(w, ice->pwd);
    } else if (!is_candidate(line) && !begins_with(line, "a=remote-candidates:")) {
        put_line(w, line);
    }
}

enum yodel_err signaling_whip_fragment_merge(
    struct writer *w, struct bytes answer, struct bytes fragment)
{
    struct signaling_whip_ice ice = signaling_whip_fragment_read(fragment);
    int section = -1, wanted = find_section(answer, ice.mid);
    struct bytes line;

    if (ice.ufrag.len == 0 || ice.pwd.len == 0) {
        return YODEL_ERR_MALFORMED;
    }
    while (take_line(&answer, &line)) {
        if (begins_with(line, "m=") && section++ == wanted) {
            put_candidates(w, fragment);
        }
        put_replaced(w, line, &ice);
    }
    if (section <= wanted) {
        put_candidates(w, fragment);
    }
    return w->failed ? YODEL_ERR_TOO_LARGE : YODEL_OK;
}
