// JSEP, making descriptions: see the header.

#include "peer/jsep_make.h"

#include <stdio.h>

#include "base/assert.h"
#include "peer/jsep_check.h"
#include "peer/jsep_rtp.h"
#include "peer/jsep_transceiver.h"

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

// What every section has that is not rejected.
static void fill_section(struct maker *m, struct sdp_media *media, struct bytes proto,
    struct bytes mid, enum sdp_setup setup)
{
    media->proto = proto;
    media->mid = mid;
    media->port = DISCARD_PORT;
    fill_transport(m, media, setup);
}

static void fill_data(struct maker *m, struct sdp_media *media, struct bytes proto,
    struct bytes mid, enum sdp_setup setup)
{
    media->kind = SDP_APPLICATION;
    media->kind_text = bytes_of_text("application");
    add(m, &media->formats, bytes_of_text("webrtc-datachannel"));
    fill_section(m, media, proto, mid, setup);
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

// The smallest number that no description has as a mid: in force, proposed or in the making.
static struct bytes new_mid(struct maker *m)
{
    const struct jsep *jsep = m->jsep;

    // More numbers than there can be sections in the five.
    for (uint64_t number = 0; number <= 5 * SDP_MEDIA_MAX; number++) {
        struct bytes mid = text_of(m, number);

        if (m->failed ||
            !(is_used(&jsep->current_local, mid) || is_used(&jsep->pending_local, mid) ||
                is_used(&jsep->current_remote, mid) || is_used(&jsep->pending_remote, mid) ||
                sdp_find_media(m->sdp, mid) != NULL)) {
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

static void offer_media(
    struct maker *m, struct yodel_transceiver *transceiver, size_t index, struct bytes mid)
{
    struct sdp_media *media = &m->sdp->media[index];

    transceiver->offered = index;
    m->failed |= !jsep_rtp_fill_offer(m->jsep, transceiver, m->arena, media);
    fill_section(m, media, bytes_of_text("UDP/TLS/RTP/SAVPF"), mid, SDP_ACTPASS);
}

static void offer_section(
    struct maker *m, const struct jsep_description *base, size_t index, bool *has_data)
{
    const struct sdp_media *before = &base->sdp.media[index];
    struct sdp_media *media = &m->sdp->media[m->sdp->media_count++];
    struct yodel_transceiver *t = jsep_transceiver_find(m->jsep, index);
    struct jsep_section data;

    if (t && !t->is_stopping) {
        offer_media(m, t, index, before->mid.len > 0 ? before->mid : new_mid(m));
        return;
    }
    if (is_free(m->jsep, base, index) || !jsep_check_find_data(m->jsep, base, &data) ||
        data.index != index) {
        fill_rejected(m, media, before);
        return;
    }
    *has_data = true;
    fill_data(m, media, before->proto, before->mid.len > 0 ? before->mid : new_mid(m), SDP_ACTPASS);
}

// A place for what has none yet: one that is free, or at the end. False where every place is taken,
// by sections that the other side made.
static bool offer_place(struct maker *m, size_t *index)
{
    struct sdp *sdp = m->sdp;

    *index = 0;
    while (*index < sdp->media_count &&
           (sdp->media[*index].port != 0 || jsep_transceiver_find(m->jsep, *index) != NULL)) {
        ++*index;
    }
    if (*index == SDP_MEDIA_MAX) {
        return false;
    }
    sdp->media_count += *index == sdp->media_count;
    sdp->media[*index] = (struct sdp_media){0};
    return true;
}

static void offer_new(struct maker *m, bool has_data)
{
    size_t index;

    for (struct yodel_transceiver *t = NULL;
         !m->failed && (t = jsep_transceiver_next(m->jsep, t)) != NULL;) {
        if (t->section == JSEP_NO_SECTION && !t->is_stopping && offer_place(m, &index)) {
            offer_media(m, t, index, new_mid(m));
        }
    }
    if (m->facts->has_data && !has_data && !m->failed && offer_place(m, &index)) {
        fill_data(
            m, &m->sdp->media[index], bytes_of_text("UDP/DTLS/SCTP"), new_mid(m), SDP_ACTPASS);
    }
}

enum yodel_err jsep_make_offer(struct jsep *jsep, const struct jsep_facts *facts, uint64_t version,
    struct arena *arena, struct sdp *sdp)
{
    struct maker m = {jsep, facts, arena, sdp, false};
    const struct jsep_description *base =
        jsep->pending_local.is_set ? &jsep->pending_local : &jsep->current_local;
    size_t before = base->is_set ? base->sdp.media_count : 0;
    bool has_data = false;

    begin(&m, version, SDP_MEDIA_MAX);
    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        t->offered = JSEP_NO_SECTION;
    }
    for (size_t i = 0; i < before && !m.failed; i++) {
        offer_section(&m, base, i, &has_data);
    }
    offer_new(&m, has_data);
    for (size_t i = 0; i < sdp->media_count && !m.failed; i++) {
        if (sdp->media[i].port != 0) {
            bundle(&m, sdp->media[i].mid);
        }
    }
    return m.failed ? YODEL_ERR_NO_MEMORY : YODEL_OK;
}

// ---- answers

static void answer_section(struct maker *m, size_t index)
{
    const struct jsep_description *offer = &m->jsep->pending_remote;
    const struct sdp_media *theirs = &offer->sdp.media[index];
    const struct yodel_transceiver *t = jsep_transceiver_find(m->jsep, index);
    struct sdp_media *ours = &m->sdp->media[m->sdp->media_count++];
    struct jsep_section transport, data;

    bool is_media = t && !t->is_stopping && jsep_rtp_has_codec(t, theirs);
    bool is_data = jsep_check_find_data(m->jsep, offer, &data) && data.index == index;
    if ((!is_media && !is_data) || !jsep_check_is_accepted(m->jsep, offer, theirs) ||
        !jsep_check_find_transport(m->jsep, offer, &transport)) {
        fill_rejected(m, ours, theirs);
        return;
    }
    enum sdp_setup setup = jsep_check_answer_role(m->jsep, transport.setup) == JSEP_DTLS_CLIENT
                               ? SDP_ACTIVE
                               : SDP_PASSIVE;
    if (is_data) {
        fill_data(m, ours, theirs->proto, theirs->mid, setup);
    } else {
        m->failed |= !jsep_rtp_fill_answer(m->jsep, t, &offer->sdp, theirs, m->arena, ours);
        fill_section(m, ours, theirs->proto, theirs->mid, setup);
    }
    // RFC 9143 §7.3: an answer groups what the offer grouped, without what it rejects.
    if (sdp_find_group(&offer->sdp, "BUNDLE", theirs->mid)) {
        bundle(m, theirs->mid);
    }
}

enum yodel_err jsep_make_answer(struct jsep *jsep, const struct jsep_facts *facts, uint64_t version,
    struct arena *arena, struct sdp *sdp)
{
    struct maker m = {jsep, facts, arena, sdp, false};

    YODEL_ASSERT(jsep->pending_remote.is_set);
    begin(&m, version, jsep->pending_remote.sdp.media_count + 1);
    for (size_t i = 0; i < jsep->pending_remote.sdp.media_count && !m.failed; i++) {
        answer_section(&m, i);
    }
    return m.failed ? YODEL_ERR_NO_MEMORY : YODEL_OK;
}
