// What a WHIP client changes of a session that stands.

#include "signaling/whip_patch.h"

#include "signaling/whip_ask.h"
#include "signaling/whip_fragment.h"

#define CANDIDATE_MAX 512

// ---- candidates

// Of the offer's first section and its generation: with everything bundled no other counts.
static bool is_of_offer(
    const struct signaling_whip *whip, const struct yodel_ice_candidate *candidate)
{
    struct signaling_whip_ice ice =
        signaling_whip_fragment_read(signaling_whip_text_bytes(&whip->offer));
    struct bytes mid = signaling_whip_fragment_value(ice.mid);
    struct bytes ufrag = signaling_whip_fragment_value(ice.ufrag);
    const char *its_mid = candidate->sdp_mid, *its_ufrag = candidate->username_fragment;

    if (its_ufrag && !bytes_equal(bytes_of_text(its_ufrag), ufrag)) {
        return false;
    }
    return its_mid ? bytes_equal(bytes_of_text(its_mid), mid) : candidate->sdp_mline_index == 0;
}

void signaling_whip_patch_add(
    struct signaling_whip *whip, const struct yodel_ice_candidate *candidate, yodel_time now)
{
    const char *text = candidate->candidate;
    char line[CANDIDATE_MAX];
    struct writer w = writer_of(span_of((uint8_t *)line, sizeof line - 1));

    if (whip->is_trickle_over || !is_of_offer(whip, candidate)) {
        return;
    }
    put_format(&w, "a=%s\r\n", text[0] == '\0' ? "end-of-candidates" : text);
    line[w.len] = '\0';
    bool has_room = w.len <= sizeof whip->candidates - whip->candidates_len;
    if (w.failed || !has_room || strstr(whip->offer.ptr, line)) {
        return;
    }
    if (whip->candidates_len == 0) {
        whip->batch_at = time_after(now, SIGNALING_WHIP_BATCH_WAIT);
    }
    memcpy(whip->candidates + whip->candidates_len, line, w.len);
    whip->candidates_len += w.len;
}

bool signaling_whip_patch_is_ready(const struct signaling_whip *whip)
{
    return whip->state == SIGNALING_WHIP_OPEN && !whip->has_request && whip->candidates_len > 0;
}

void signaling_whip_patch_send(struct signaling_whip *whip, yodel_time now)
{
    uint8_t room[SIGNALING_WHIP_CANDIDATES_MAX + 4 * CANDIDATE_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));

    signaling_whip_fragment_put(&w, signaling_whip_text_bytes(&whip->offer),
        bytes_of(whip->candidates, whip->candidates_len));
    whip->candidates_len = 0;
    if (!w.failed && signaling_whip_text_set(&whip->fragment, whip->alloc, writer_bytes(&w))) {
        signaling_whip_ask_patch(whip, whip->etag[0] != '\0' ? whip->etag : NULL, now);
    }
}

void signaling_whip_patch_done(struct signaling_whip *whip, uint32_t status)
{
    if (status < 200 || status > 299) {
        whip->is_trickle_over = true;
        whip->candidates_len = 0;
    }
}

// ---- restarting

enum yodel_err signaling_whip_patch_restart(struct signaling_whip *whip, yodel_time now)
{
    size_t len = whip->offer.len + 4; // The last line may have no end of its own.
    char *room = alloc_new(whip->alloc, len + 1);

    if (!room) {
        return YODEL_ERR_NO_MEMORY;
    }
    struct writer w = writer_of(span_of((uint8_t *)room, len));
    signaling_whip_fragment_put_restart(&w, signaling_whip_text_bytes(&whip->offer));
    signaling_whip_text_take(&whip->fragment, whip->alloc, room, w.len);
    whip->wants_restart = true;
    whip->is_star_quoted = false;
    signaling_whip_ask_patch(whip, "*", now);
    return YODEL_OK;
}

void signaling_whip_patch_restart_quoted(struct signaling_whip *whip, yodel_time now)
{
    whip->is_star_quoted = true;
    signaling_whip_ask_patch(whip, "\"*\"", now);
}

bool signaling_whip_patch_merge(struct signaling_whip *whip, struct bytes fragment)
{
    char *room = alloc_new(whip->alloc, SIGNALING_WHIP_SDP_MAX + 1);
    struct bytes answer = signaling_whip_text_bytes(&whip->answer);

    if (!room) {
        return false;
    }
    struct writer w = writer_of(span_of((uint8_t *)room, SIGNALING_WHIP_SDP_MAX));
    if (fragment.len == 0 || memchr(fragment.ptr, '\0', fragment.len) ||
        signaling_whip_fragment_merge(&w, answer, fragment) != YODEL_OK) {
        alloc_free(whip->alloc, room);
        return false;
    }
    signaling_whip_text_take(&whip->answer, whip->alloc, room, w.len);
    return true;
}
