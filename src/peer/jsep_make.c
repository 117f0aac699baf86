// JSEP, making descriptions: see the header.

#include "peer/jsep_make.h"

#include <stdio.h>

#include "base/assert.h"
#include "peer/jsep_check.h"

#define DISCARD_PORT 9u // RFC 9429 §5.2.1: the port of a section whose candidates trickle.

// One description in the making.
struct maker {
    struct jsep *jsep;
    const struct jsep_facts *facts;
    struct arena *arena;
    struct sdp *sdp;
    bool failed; // No memory; sticks.
};

static struct bytes text_of(struct maker *m, uint64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    struct bytes copy = arena_copy(m->arena, bytes_of(text, (size_t)len));

    m->failed |= copy.ptr == NULL;
    return copy;
}

static void add(struct maker *m, struct sdp_list *list, struct bytes text)
{
    m->failed |= !sdp_list_add(list, m->arena, text);
}

static void begin(struct maker *m, uint64_t version, size_t media_max)
{
    *m->sdp = (struct sdp){.media_count = 0, .ice_lite = m->jsep->is_ice_lite};
    m->sdp->session_id = text_of(m, m->jsep->session_id);
    m->sdp->session_version = text_of(m, version);
    m->sdp->media = arena_new_array(m->arena, media_max, sizeof *m->sdp->media);
    m->failed |= m->sdp->media == NULL;
}

// ---- sections

// RFC 9429 §5.3.1: a rejected section has its line, its mid, and port 0.
static void fill_rejected(struct maker *m, struct sdp_media *media, const struct sdp_media *like)
{
    media->kind = like->kind;
    media->kind_text = like->kind_text;
    media->proto = like->proto;
    media->mid = like->mid;
    media->port = 0;
    add(m, &media->formats, like->formats.items[0]);
    if (like->kind == SDP_AUDIO || like->kind == SDP_VIDEO) {
        media->common.direction = SDP_INACTIVE;
    }
}

static void fill_transport(struct maker *m, struct sdp_media *media, enum sdp_setup setup)
{
    const struct jsep_facts *facts = m->facts;
    struct sdp_common *common = &media->common;

    common->ice_ufrag = facts->ufrag;
    common->ice_pwd = facts->pwd;
    if (facts->ice_options) {
        add(m, &common->ice_options, bytes_of_text(facts->ice_options));
    }
    common->fingerprints = arena_new(m->arena, sizeof *common->fingerprints);
    if (!common->fingerprints) {
        m->failed = true;
        return;
    }
    *common->fingerprints = (struct sdp_fingerprint){bytes_of_text("sha-256"), facts->fingerprint};
    common->fingerprint_count = 1;
    common->setup = setup;
    for (size_t i = 0; i < facts->candidates.count && i < SDP_CANDIDATES_MAX; i++) {
        add(m, &media->candidates, facts->candidates.lines[i]);
    }
    common->end_of_candidates = facts->candidates.end;
}

static void fill_data(struct maker *m, struct sdp_media *media, struct bytes proto,
    struct bytes mid, enum sdp_setup setup)
{
    media->kind = SDP_APPLICATION;
    media->kind_text = bytes_of_text("application");
    media->proto = proto;
    media->mid = mid;
    media->port = DISCARD_PORT;
    add(m, &media->formats, bytes_of_text("webrtc-datachannel"));
    fill_transport(m, media, setup);
    media->has_sctp_port = true;
    media->sctp_port = m->facts->sctp_port;
    media->has_max_message_size = true;
    media->max_message_size = m->facts->max_message_size;
}

// ---- groups

static void bundle(struct maker *m, struct bytes mid)
{
    struct sdp_group *group = &m->sdp->groups[0];

    if (m->sdp->group_count == 0) {
        group->semantics = bytes_of_text("BUNDLE");
        m->sdp->group_count = 1;
    }
    add(m, &group->mids, mid);
}

// ---- offers

static bool is_used(const struct jsep_description *description, struct bytes mid)
{
    return description->is_set && sdp_find_media(&description->sdp, mid) != NULL;
}

// The smallest number that no description in force or proposed has as a mid.
static struct bytes new_mid(struct maker *m)
{
    const struct jsep *jsep = m->jsep;

    // More numbers than there can be sections in the four.
    for (uint64_t number = 0; number <= 4 * SDP_MEDIA_MAX; number++) {
        struct bytes mid = text_of(m, number);

        if (m->failed ||
            !(is_used(&jsep->current_local, mid) || is_used(&jsep->pending_local, mid) ||
                is_used(&jsep->current_remote, mid) || is_used(&jsep->pending_remote, mid))) {
            return mid;
        }
    }
    YODEL_ASSERT(false);
    return (struct bytes){0};
}

// RFC 9429 §5.2.2: a section that either side rejected may be used again, for anything.
static bool is_free(const struct jsep *jsep, const struct jsep_description *base, size_t index)
{
    const struct jsep_description *const both[] = {
        base, &jsep->current_local, &jsep->current_remote};

    for (size_t i = 0; i < COUNT(both); i++) {
        const struct sdp *sdp = &both[i]->sdp;

        // What the pending offer proposes anew is not what was rejected before.
        if (both[i] != base && base == &jsep->pending_local) {
            continue;
        }
        if (both[i]->is_set && index < sdp->media_count &&
            jsep_check_is_rejected(sdp, both[i]->type, &sdp->media[index])) {
            return true;
        }
    }
    return false;
}

static void offer_section(
    struct maker *m, const struct jsep_description *base, size_t index, bool *has_data)
{
    const struct sdp_media *before = &base->sdp.media[index];
    struct sdp_media *media = &m->sdp->media[m->sdp->media_count++];
    struct jsep_data data;

    if (is_free(m->jsep, base, index) || !jsep_check_find_data(&base->sdp, base->type, &data) ||
        data.index != index) {
        fill_rejected(m, media, before);
        return;
    }
    *has_data = true;
    fill_data(m, media, before->proto, before->mid.len > 0 ? before->mid : new_mid(m), SDP_ACTPASS);
}

// A section for data where the offer has none yet: in the place of one that is free, or at the end.
static void offer_new_data(struct maker *m)
{
    struct sdp *sdp = m->sdp;
    size_t index = 0;

    while (index < sdp->media_count && sdp->media[index].port != 0) {
        index++;
    }
    if (index == SDP_MEDIA_MAX) {
        return; // Every place is taken, by sections that the other side made.
    }
    sdp->media_count += index == sdp->media_count;
    sdp->media[index] = (struct sdp_media){0};
    fill_data(m, &sdp->media[index], bytes_of_text("UDP/DTLS/SCTP"), new_mid(m), SDP_ACTPASS);
}

enum yodel_err jsep_make_offer(struct jsep *jsep, const struct jsep_facts *facts, uint64_t version,
    struct arena *arena, struct sdp *sdp)
{
    struct maker m = {jsep, facts, arena, sdp, false};
    const struct jsep_description *base =
        jsep->pending_local.is_set ? &jsep->pending_local : &jsep->current_local;
    size_t before = base->is_set ? base->sdp.media_count : 0;
    bool has_data = false;

    begin(&m, version, before + 1);
    for (size_t i = 0; i < before && !m.failed; i++) {
        offer_section(&m, base, i, &has_data);
    }
    if (facts->has_data && !has_data && !m.failed) {
        offer_new_data(&m);
    }
    for (size_t i = 0; i < sdp->media_count && !m.failed; i++) {
        if (sdp->media[i].port != 0) {
            bundle(&m, sdp->media[i].mid);
        }
    }
    return m.failed ? YODEL_ERR_NO_MEMORY : YODEL_OK;
}

// ---- answers

enum yodel_err jsep_make_answer(struct jsep *jsep, const struct jsep_facts *facts, uint64_t version,
    struct arena *arena, struct sdp *sdp)
{
    struct maker m = {jsep, facts, arena, sdp, false};
    const struct sdp *offer = &jsep->pending_remote.sdp;
    struct jsep_data data;
    bool has_data = jsep_check_find_data(offer, YODEL_SDP_OFFER, &data);

    YODEL_ASSERT(jsep->pending_remote.is_set);
    begin(&m, version, offer->media_count + 1);
    for (size_t i = 0; i < offer->media_count && !m.failed; i++) {
        const struct sdp_media *theirs = &offer->media[i];
        struct sdp_media *ours = &sdp->media[sdp->media_count++];

        if (!has_data || data.index != i) {
            fill_rejected(&m, ours, theirs);
            continue;
        }
        enum jsep_role role = jsep_check_answer_role(jsep, data.setup);
        fill_data(&m, ours, theirs->proto, theirs->mid,
            role == JSEP_DTLS_CLIENT ? SDP_ACTIVE : SDP_PASSIVE);
        // RFC 9143 §7.3: an answer groups what the offer grouped, without what it rejects.
        if (sdp_find_group(offer, "BUNDLE", theirs->mid)) {
            bundle(&m, theirs->mid);
        }
    }
    return m.failed ? YODEL_ERR_NO_MEMORY : YODEL_OK;
}
