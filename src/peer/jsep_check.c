// JSEP, checking remote descriptions: see the header.

#include "peer/jsep_check.h"

#include <stdarg.h>
#include <stdio.h>

#include "peer/jsep_rtp.h"

static const char bundle[] = "BUNDLE";

enum yodel_err jsep_check_fail(struct jsep *jsep, enum yodel_err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(jsep->error, sizeof jsep->error, format, args);
    va_end(args);
    return err;
}

static enum yodel_err fail_at(struct jsep *jsep, size_t index, const char *why)
{
    return jsep_check_fail(jsep, YODEL_ERR_INVALID_ACCESS, "m-line %zu: %s", index, why);
}

// ---- sections and their transport

static bool is_data(const struct sdp_media *media)
{
    static const char *const protos[] = {"UDP/DTLS/SCTP", "TCP/DTLS/SCTP"};
    const struct sdp_list *formats = &media->formats;

    if (media->kind != SDP_APPLICATION || formats->count != 1 ||
        !bytes_equal(formats->items[0], bytes_of_text("webrtc-datachannel"))) {
        return false;
    }
    for (size_t i = 0; i < COUNT(protos); i++) {
        if (bytes_equal(media->proto, bytes_of_text(protos[i]))) {
            return true;
        }
    }
    return false;
}

bool jsep_check_is_rejected(
    const struct sdp *sdp, enum yodel_sdp_type type, const struct sdp_media *media)
{
    if (media->port != 0) {
        return false;
    }
    // RFC 9143 §6: bundle-only has a meaning in offers, for a section that is in a group.
    return type != YODEL_SDP_OFFER || !media->bundle_only ||
           !sdp_find_group(sdp, bundle, media->mid);
}

// RFC 9143 §7.1.3: a bundle-only section, or one without transport attributes, has those of the
// first of its group.
static const struct sdp_media *tagged_of(const struct sdp *sdp, const struct sdp_media *media)
{
    const struct sdp_group *group = sdp_find_group(sdp, bundle, media->mid);

    if (!group || (media->common.ice_ufrag.len > 0 && !(media->bundle_only && media->port == 0))) {
        return media;
    }
    const struct sdp_media *first = sdp_find_media(sdp, group->mids.items[0]);
    return first ? first : media;
}

// Gathers each attribute from the first place that has it: the tagged section, this one, the
// session.
static struct jsep_section resolve(const struct sdp *sdp, const struct sdp_media *media)
{
    struct jsep_section data = {.index = (size_t)(media - sdp->media), .media = media};

    data.tagged = tagged_of(sdp, media);
    const struct sdp_common *const places[] = {&data.tagged->common, &media->common, &sdp->common};
    for (size_t i = COUNT(places); i-- > 0;) {
        const struct sdp_common *place = places[i];

        data.ufrag = place->ice_ufrag.len > 0 ? place->ice_ufrag : data.ufrag;
        data.pwd = place->ice_pwd.len > 0 ? place->ice_pwd : data.pwd;
        data.setup = place->setup != SDP_SETUP_NONE ? place->setup : data.setup;
        data.end_of_candidates |= place->end_of_candidates;
        if (place->fingerprint_count > 0) {
            data.fingerprints = place->fingerprints;
            data.fingerprint_count = place->fingerprint_count;
        }
    }
    return data;
}

bool jsep_check_is_carrier(
    const struct sdp *sdp, const struct jsep_section *transport, const struct sdp_media *media)
{
    if (media == transport->media || media == transport->tagged) {
        return true;
    }
    // A browser that insists on BUNDLE writes the same credentials into every section, and tells
    // its candidates for the first alone.
    const struct sdp_group *group = sdp_find_group(sdp, bundle, media->mid);
    return group && group == sdp_find_group(sdp, bundle, transport->media->mid) &&
           bytes_equal(media->common.ice_ufrag, transport->ufrag);
}

const struct sdp_list *jsep_check_candidates(
    const struct sdp *sdp, const struct jsep_section *transport)
{
    for (size_t i = 0; i < sdp->media_count && transport->media->candidates.count == 0; i++) {
        const struct sdp_media *media = &sdp->media[i];

        if (media->candidates.count > 0 && jsep_check_is_carrier(sdp, transport, media)) {
            return &media->candidates;
        }
    }
    return &transport->media->candidates;
}

static bool is_understood(
    const struct jsep *jsep, const struct jsep_description *in, const struct sdp_media *media)
{
    return !jsep_check_is_rejected(&in->sdp, in->type, media) &&
           (is_data(media) || jsep_rtp_is_acceptable(jsep, media));
}

bool jsep_check_find_transport(const struct jsep *jsep, const struct jsep_description *description,
    struct jsep_section *transport)
{
    const struct sdp *sdp = &description->sdp;

    for (size_t i = 0; i < sdp->media_count; i++) {
        if (is_understood(jsep, description, &sdp->media[i])) {
            *transport = resolve(sdp, &sdp->media[i]);
            return true;
        }
    }
    return false;
}

bool jsep_check_is_accepted(const struct jsep *jsep, const struct jsep_description *description,
    const struct sdp_media *media)
{
    const struct sdp *sdp = &description->sdp;
    struct jsep_section transport;

    if (!is_understood(jsep, description, media) ||
        !jsep_check_find_transport(jsep, description, &transport)) {
        return false;
    }
    const struct sdp_group *group = sdp_find_group(sdp, bundle, media->mid);
    return media == transport.media ||
           (group && group == sdp_find_group(sdp, bundle, transport.media->mid));
}

bool jsep_check_find_data(
    const struct jsep *jsep, const struct jsep_description *description, struct jsep_section *data)
{
    const struct sdp *sdp = &description->sdp;

    for (size_t i = 0; i < sdp->media_count; i++) {
        const struct sdp_media *media = &sdp->media[i];

        if (is_data(media) && jsep_check_is_accepted(jsep, description, media)) {
            *data = resolve(sdp, media);
            return true;
        }
    }
    return false;
}

bool jsep_check_find_agreed(const struct jsep *jsep, struct jsep_section *transport)
{
    const struct jsep_description *local = &jsep->current_local;
    const struct jsep_description *remote = &jsep->current_remote;
    struct jsep_section ours;

    return local->is_set && remote->is_set && jsep_check_find_transport(jsep, local, &ours) &&
           jsep_check_find_transport(jsep, remote, transport);
}

// ---- what the transport's section must have

static bool is_strong(const struct sdp_fingerprint *f)
{
    // RFC 8122 §5: MD5 and its like are not to be used; SHA-1 is no longer worth having.
    return bytes_equal(f->hash, bytes_of_text("sha-256")) ||
           bytes_equal(f->hash, bytes_of_text("sha-384")) ||
           bytes_equal(f->hash, bytes_of_text("sha-512"));
}

static bool shares_fingerprint(const struct jsep_section *a, const struct jsep_section *b)
{
    for (size_t i = 0; i < a->fingerprint_count; i++) {
        for (size_t k = 0; k < b->fingerprint_count; k++) {
            if (is_strong(&a->fingerprints[i]) &&
                bytes_equal(a->fingerprints[i].hash, b->fingerprints[k].hash) &&
                bytes_equal(a->fingerprints[i].value, b->fingerprints[k].value)) {
                return true;
            }
        }
    }
    return false;
}

static enum yodel_err check_transport(struct jsep *jsep, const struct jsep_section *section)
{
    size_t strong = 0;

    for (size_t i = 0; i < section->fingerprint_count; i++) {
        strong += is_strong(&section->fingerprints[i]);
    }
    if (section->ufrag.len == 0 || section->pwd.len == 0) {
        return fail_at(jsep, section->index, "a=ice-ufrag or a=ice-pwd is missing");
    }
    if (section->fingerprint_count == 0) {
        return fail_at(jsep, section->index, "a=fingerprint is missing");
    }
    if (strong == 0) {
        return fail_at(jsep, section->index, "no a=fingerprint with SHA-256 or better");
    }
    if (section->setup == SDP_SETUP_NONE) {
        return fail_at(jsep, section->index, "a=setup is missing");
    }
    if (section->setup == SDP_HOLDCONN) {
        return fail_at(jsep, section->index, "a=setup:holdconn is not for WebRTC");
    }
    return YODEL_OK;
}

static enum yodel_err check_data(struct jsep *jsep, const struct jsep_section *data)
{
    // RFC 8841 §5.2: it has no default; 0 stands for a closed association.
    if (!data->media->has_sctp_port || data->media->sctp_port == 0) {
        return fail_at(jsep, data->index, "a=sctp-port is missing or 0");
    }
    return YODEL_OK;
}

// RFC 8842 §5.5: another fingerprint, or another role, asks for a new DTLS association.
static enum yodel_err check_association(
    struct jsep *jsep, const struct jsep_section *transport, enum jsep_role role)
{
    struct jsep_section before;

    if (!jsep_check_find_agreed(jsep, &before)) {
        return YODEL_OK;
    }
    if (!shares_fingerprint(&before, transport)) {
        return fail_at(jsep, transport->index, "a=fingerprint changed during the session");
    }
    if (jsep->dtls_role != JSEP_ROLE_NONE && role != jsep->dtls_role) {
        return fail_at(jsep, transport->index, "a=setup changed its role during the session");
    }
    return YODEL_OK;
}

enum jsep_role jsep_check_answer_role(const struct jsep *jsep, enum sdp_setup offered)
{
    struct jsep_section before;

    if (offered == SDP_ACTIVE) {
        return JSEP_DTLS_SERVER;
    }
    if (offered == SDP_PASSIVE) {
        return JSEP_DTLS_CLIENT;
    }
    // RFC 8842 §5.3: actpass leaves the choice. An association that is there keeps its roles; a new
    // one we begin ourselves, which saves a round trip (RFC 9429 §5.3.1).
    if (jsep->dtls_role != JSEP_ROLE_NONE && jsep_check_find_agreed(jsep, &before)) {
        return jsep->dtls_role;
    }
    return JSEP_DTLS_CLIENT;
}

// ---- groups

static enum yodel_err check_groups(struct jsep *jsep, const struct sdp *sdp)
{
    for (size_t i = 0; i < sdp->group_count; i++) {
        const struct sdp_group *group = &sdp->groups[i];

        for (size_t k = 0; k < group->mids.count; k++) {
            struct bytes mid = group->mids.items[k];

            if (!bytes_equal(group->semantics, bytes_of_text(bundle))) {
                continue;
            }
            if (!sdp_find_media(sdp, mid)) {
                return jsep_check_fail(jsep, YODEL_ERR_INVALID_ACCESS,
                    "a=group:BUNDLE names a mid that no m-line has");
            }
            // RFC 9143 §7.1: no section is in two groups.
            if (sdp_find_group(sdp, bundle, mid) != group) {
                return jsep_check_fail(
                    jsep, YODEL_ERR_INVALID_ACCESS, "two a=group:BUNDLE name the same mid");
            }
        }
    }
    return YODEL_OK;
}

// RFC 9143 §7.3: an answer's group is made of sections that the offer had in one, and the first of
// them is accepted, as it carries the transport.
static enum yodel_err check_answer_groups(
    struct jsep *jsep, const struct sdp *answer, const struct sdp *offer)
{
    for (size_t i = 0; i < answer->group_count; i++) {
        const struct sdp_group *group = &answer->groups[i];

        if (!bytes_equal(group->semantics, bytes_of_text(bundle))) {
            continue;
        }
        for (size_t k = 0; k < group->mids.count; k++) {
            const struct sdp_media *media = sdp_find_media(answer, group->mids.items[k]);

            if (!sdp_find_group(offer, bundle, group->mids.items[k])) {
                return jsep_check_fail(jsep, YODEL_ERR_INVALID_ACCESS,
                    "a=group:BUNDLE names a mid that the offer did not bundle");
            }
            if (k == 0 && media && media->port == 0) {
                return jsep_check_fail(jsep, YODEL_ERR_INVALID_ACCESS,
                    "a=group:BUNDLE begins with a section that is rejected");
            }
        }
    }
    return YODEL_OK;
}

// ---- sections

static bool was_rejected(const struct jsep_description *description, size_t index)
{
    const struct sdp *sdp = &description->sdp;

    return description->is_set && index < sdp->media_count &&
           jsep_check_is_rejected(sdp, description->type, &sdp->media[index]);
}

// RFC 9429 §5.8.3 with §5.2.2: sections keep their place, kind and mid; one that is rejected may
// come back as another.
static enum yodel_err check_against_before(struct jsep *jsep, const struct sdp *offer)
{
    const struct sdp *before = &jsep->current_remote.sdp;

    if (!jsep->current_remote.is_set) {
        return YODEL_OK;
    }
    if (offer->media_count < before->media_count) {
        return jsep_check_fail(jsep, YODEL_ERR_INVALID_ACCESS,
            "the offer has %zu m-lines, and there were %zu", offer->media_count,
            before->media_count);
    }
    for (size_t i = 0; i < before->media_count; i++) {
        const struct sdp_media *was = &before->media[i], *is = &offer->media[i];

        if (was_rejected(&jsep->current_remote, i) || was_rejected(&jsep->current_local, i)) {
            continue;
        }
        if (!bytes_equal(was->kind_text, is->kind_text)) {
            return fail_at(jsep, i, "another kind of media than before");
        }
        if (was->mid.len > 0 && !bytes_equal(was->mid, is->mid)) {
            return fail_at(jsep, i, "another mid than before");
        }
    }
    return YODEL_OK;
}

enum yodel_err jsep_check_offer(struct jsep *jsep, const struct jsep_description *offer)
{
    struct jsep_section transport, data;
    enum yodel_err err = check_groups(jsep, &offer->sdp);

    if (err == YODEL_OK) {
        err = check_against_before(jsep, &offer->sdp);
    }
    if (err == YODEL_OK && jsep_check_find_transport(jsep, offer, &transport)) {
        err = check_transport(jsep, &transport);
        if (err == YODEL_OK) {
            err =
                check_association(jsep, &transport, jsep_check_answer_role(jsep, transport.setup));
        }
    }
    if (err == YODEL_OK && jsep_check_find_data(jsep, offer, &data)) {
        err = check_data(jsep, &data);
    }
    return err;
}

static enum yodel_err check_accepted(
    struct jsep *jsep, const struct sdp *answer, const struct sdp_media *media)
{
    struct jsep_section section = resolve(answer, media);
    enum yodel_err err = check_transport(jsep, &section);

    if (err == YODEL_OK && section.setup == SDP_ACTPASS) {
        err = fail_at(jsep, section.index, "a=setup:actpass is for offers only");
    }
    if (err == YODEL_OK && is_data(media)) {
        err = check_data(jsep, &section);
    }
    return err != YODEL_OK ? err
                           : check_association(jsep, &section,
                                 section.setup == SDP_ACTIVE ? JSEP_DTLS_SERVER : JSEP_DTLS_CLIENT);
}

static enum yodel_err check_answer_section(
    struct jsep *jsep, const struct jsep_description *answer, const struct sdp *offer, size_t index)
{
    const struct sdp_media *theirs = &answer->sdp.media[index], *ours = &offer->media[index];

    if (!bytes_equal(theirs->kind_text, ours->kind_text)) {
        return fail_at(jsep, index, "another kind of media than in the offer");
    }
    // A stack without BUNDLE may leave a=mid out; it must not give another.
    if (theirs->mid.len > 0 && !bytes_equal(theirs->mid, ours->mid)) {
        return fail_at(jsep, index, "another mid than in the offer");
    }
    if (theirs->port == 0) {
        return YODEL_OK;
    }
    if (jsep_check_is_rejected(offer, YODEL_SDP_OFFER, ours)) {
        return fail_at(jsep, index, "accepted, though the offer has port 0");
    }
    if (!is_understood(jsep, answer, theirs) || !bytes_equal(theirs->proto, ours->proto)) {
        return fail_at(jsep, index, "another protocol or format than in the offer");
    }
    if (!jsep_check_is_accepted(jsep, answer, theirs)) {
        return fail_at(jsep, index, "not in the BUNDLE group of the others");
    }
    return check_accepted(jsep, &answer->sdp, theirs);
}

enum yodel_err jsep_check_answer(
    struct jsep *jsep, const struct jsep_description *answer, const struct sdp *offer)
{
    const struct sdp *sdp = &answer->sdp;

    // RFC 9429 §5.8.3: "the number of m= sections MUST match".
    if (sdp->media_count != offer->media_count) {
        return jsep_check_fail(jsep, YODEL_ERR_INVALID_ACCESS,
            "the answer has %zu m-lines, and the offer %zu", sdp->media_count, offer->media_count);
    }
    for (size_t i = 0; i < sdp->media_count; i++) {
        enum yodel_err err = check_answer_section(jsep, answer, offer, i);

        if (err != YODEL_OK) {
            return err;
        }
    }
    enum yodel_err err = check_groups(jsep, sdp);
    return err != YODEL_OK ? err : check_answer_groups(jsep, sdp, offer);
}
