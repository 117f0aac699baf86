// JSEP, transceivers: see the header.

#include "peer/jsep_transceiver.h"

#include "base/assert.h"
#include "base/hex.h"
#include "base/port.h"
#include "peer/codecs.h"
#include "peer/jsep_check.h"
#include "peer/jsep_rtp.h"

#define TRACK_ID_SIZE 12u // Random bytes of one that we make.

static struct yodel_transceiver *of_node(struct list_node *node)
{
    return node ? CONTAINER_OF(node, struct yodel_transceiver, node) : NULL;
}

// ---- looking

struct yodel_transceiver *jsep_transceiver_next(
    const struct jsep *jsep, const struct yodel_transceiver *transceiver)
{
    struct yodel_transceiver *next =
        of_node(transceiver ? list_next(&jsep->transceivers, &transceiver->node)
                            : list_first(&jsep->transceivers));

    while (next && next->is_stopped) {
        next = of_node(list_next(&jsep->transceivers, &next->node));
    }
    return next;
}

struct yodel_transceiver *jsep_transceiver_find(const struct jsep *jsep, size_t section)
{
    struct yodel_transceiver *t = jsep_transceiver_next(jsep, NULL);

    while (t && t->section != section) {
        t = jsep_transceiver_next(jsep, t);
    }
    return t;
}

// ---- directions

static enum sdp_direction make_direction(bool sends, bool receives)
{
    return sends ? (receives ? SDP_SENDRECV : SDP_SENDONLY)
                 : (receives ? SDP_RECVONLY : SDP_INACTIVE);
}

static enum sdp_direction reverse(enum sdp_direction direction)
{
    return make_direction(jsep_transceiver_receives(direction), jsep_transceiver_sends(direction));
}

enum sdp_direction jsep_transceiver_answer_direction(
    const struct yodel_transceiver *transceiver, enum sdp_direction offered)
{
    enum sdp_direction ours = transceiver->direction;

    return make_direction(jsep_transceiver_sends(ours) && jsep_transceiver_receives(offered),
        jsep_transceiver_receives(ours) && jsep_transceiver_sends(offered));
}

// ---- life

static bool is_taken(const struct jsep *jsep, uint32_t ssrc)
{
    bool is_taken = ssrc == 0; // It stands for none.

    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        is_taken |= t->ssrc == ssrc || t->rtx_ssrc == ssrc;
    }
    return is_taken;
}

static uint32_t new_ssrc(const struct jsep *jsep)
{
    uint32_t ssrc = env_random_u32(jsep->env);

    while (is_taken(jsep, ssrc)) {
        ssrc++;
    }
    return ssrc;
}

static size_t count(const struct jsep *jsep)
{
    size_t count = 0;

    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        count++;
    }
    return count;
}

static struct yodel_transceiver *make(struct jsep *jsep, enum sdp_kind kind)
{
    struct yodel_transceiver *made = alloc_new(jsep->env->alloc, sizeof *made);

    if (made) {
        made->peer = jsep->owner;
        made->kind = kind;
        made->direction = SDP_SENDRECV;
        made->section = made->offered = JSEP_NO_SECTION;
        made->codec_count = peer_codecs_all(kind, made->codecs);
    }
    return made;
}

static void make_name(const struct jsep *jsep, char *name, size_t random_len)
{
    uint8_t random[TRACK_ID_SIZE];
    struct writer w = writer_of(span_of(name, 2 * random_len));

    YODEL_ASSERT(random_len <= sizeof random);
    env_random(jsep->env, span_of(random, random_len));
    hex_write(&w, bytes_of(random, random_len));
}

static void add(struct jsep *jsep, struct yodel_transceiver *made)
{
    if (jsep->cname[0] == '\0') {
        make_name(jsep, jsep->cname, JSEP_CNAME_SIZE / 2); // RFC 7022 §4.2: one for all streams.
    }
    make_name(jsep, made->track_id, TRACK_ID_SIZE);
    list_push_back(&jsep->transceivers, &made->node);
    made->ssrc = new_ssrc(jsep);
    made->rtx_ssrc = new_ssrc(jsep);
}

enum yodel_err jsep_transceiver_new(
    struct jsep *jsep, enum sdp_kind kind, struct yodel_transceiver **transceiver)
{
    if (count(jsep) >= SDP_MEDIA_MAX) {
        return jsep_check_fail(
            jsep, YODEL_ERR_RANGE, "a session has at most %u media sections", SDP_MEDIA_MAX);
    }
    struct yodel_transceiver *made = make(jsep, kind);
    if (!made) {
        return jsep_check_fail(jsep, YODEL_ERR_NO_MEMORY, "no memory");
    }
    add(jsep, made);
    *transceiver = made;
    return YODEL_OK;
}

void jsep_transceiver_free(struct jsep *jsep, struct yodel_transceiver *transceiver)
{
    list_remove(&transceiver->node);
    alloc_free(jsep->env->alloc, transceiver);
}

void jsep_transceiver_free_all(struct jsep *jsep)
{
    struct list_node *node;

    while ((node = list_first(&jsep->transceivers)) != NULL) {
        jsep_transceiver_free(jsep, of_node(node));
    }
}

// ---- sections

static void join(struct yodel_transceiver *t, size_t section, struct bytes mid)
{
    YODEL_ASSERT(mid.len <= SDP_MID_MAX);
    t->section = section;
    t->is_proposed = true;
    memcpy(t->mid, mid.ptr, mid.len);
    t->mid[mid.len] = '\0';
}

static void leave(struct yodel_transceiver *t)
{
    t->section = JSEP_NO_SECTION;
    t->is_proposed = false;
    t->mid[0] = '\0';
}

static void stop(struct yodel_transceiver *t)
{
    leave(t);
    t->is_stopped = true;
    t->direction = SDP_INACTIVE;
    t->current = SDP_DIRECTION_NONE;
    t->remote_sends = false;
}

void jsep_transceiver_set_local_offer(struct jsep *jsep, const struct sdp *offer)
{
    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        if (t->section == JSEP_NO_SECTION && t->offered != JSEP_NO_SECTION) {
            YODEL_ASSERT(t->offered < offer->media_count);
            join(t, t->offered, offer->media[t->offered].mid);
        }
        t->offered = JSEP_NO_SECTION;
    }
}

// RFC 9429 §5.10: one that addTrack made, of the kind, without a section, where they would receive.
static struct yodel_transceiver *find_reusable(
    const struct jsep *jsep, const struct sdp *offer, const struct sdp_media *media)
{
    struct yodel_transceiver *t = NULL;

    if (!jsep_transceiver_receives(jsep_rtp_direction(offer, media))) {
        return NULL;
    }
    do {
        t = jsep_transceiver_next(jsep, t);
    } while (t && !(t->may_be_reused && t->kind == media->kind && !t->is_stopping &&
                      t->section == JSEP_NO_SECTION));
    return t;
}

static void free_spare(struct jsep *jsep, struct list *spare)
{
    struct list_node *node;

    while ((node = list_pop_front(spare)) != NULL) {
        alloc_free(jsep->env->alloc, of_node(node));
    }
}

enum yodel_err jsep_transceiver_reserve(
    struct jsep *jsep, const struct sdp *offer, struct list *spare)
{
    for (size_t i = 0; i < offer->media_count; i++) {
        const struct yodel_transceiver *t = jsep_transceiver_find(jsep, i);

        if ((t && !t->is_proposed) || !jsep_rtp_is_acceptable(jsep, &offer->media[i])) {
            continue;
        }
        struct yodel_transceiver *made = make(jsep, offer->media[i].kind);
        if (!made) {
            free_spare(jsep, spare);
            return jsep_check_fail(jsep, YODEL_ERR_NO_MEMORY, "no memory");
        }
        list_push_back(spare, &made->node);
    }
    return YODEL_OK;
}

// An offer in place of another leaves out some that the other had.
static void leave_missing(struct jsep *jsep, const struct sdp *offer)
{
    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        bool is_there = t->section < offer->media_count && offer->media[t->section].kind == t->kind;

        if (t->is_proposed && !is_there) {
            (t->is_theirs ? stop : leave)(t);
        }
    }
}

static struct yodel_transceiver *take_spare(
    struct jsep *jsep, enum sdp_kind kind, struct list *spare)
{
    struct yodel_transceiver *t = of_node(list_pop_front(spare));

    YODEL_ASSERT(t != NULL);
    t->kind = kind;
    t->codec_count = peer_codecs_all(kind, t->codecs);
    t->direction = SDP_RECVONLY;
    t->is_theirs = true;
    add(jsep, t);
    return t;
}

static void join_offered(struct jsep *jsep, const struct jsep_description *offer,
    const struct sdp_media *media, struct list *spare)
{
    size_t section = (size_t)(media - offer->sdp.media);
    struct yodel_transceiver *t = jsep_transceiver_find(jsep, section);
    bool is_rejected = jsep_check_is_rejected(&offer->sdp, YODEL_SDP_OFFER, media);

    if (!t && (is_rejected || !jsep_rtp_is_acceptable(jsep, media))) {
        return;
    }
    t = t ? t : find_reusable(jsep, &offer->sdp, media);
    t = t ? t : take_spare(jsep, media->kind, spare);
    if (t->section == JSEP_NO_SECTION) {
        join(t, section, media->mid);
    }
    t->remote_sends =
        !is_rejected && jsep_transceiver_sends(jsep_rtp_direction(&offer->sdp, media));
}

void jsep_transceiver_set_remote_offer(
    struct jsep *jsep, const struct jsep_description *offer, struct list *spare)
{
    leave_missing(jsep, &offer->sdp);
    for (size_t i = 0; i < offer->sdp.media_count; i++) {
        join_offered(jsep, offer, &offer->sdp.media[i], spare);
    }
    free_spare(jsep, spare);
}

void jsep_transceiver_set_answer(
    struct jsep *jsep, const struct jsep_description *answer, bool is_local)
{
    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        if (t->section == JSEP_NO_SECTION) {
            continue;
        }
        const struct sdp_media *media = &answer->sdp.media[t->section];
        enum sdp_direction direction = jsep_rtp_direction(&answer->sdp, media);

        t->is_proposed = t->is_proposed && answer->type == YODEL_SDP_PRANSWER;
        if (media->port == 0 && answer->type == YODEL_SDP_ANSWER) {
            stop(t); // RFC 9429 §5.9, §5.10: rejected.
            continue;
        }
        t->current = media->port == 0 ? SDP_INACTIVE : is_local ? direction : reverse(direction);
        if (!is_local) {
            t->remote_sends = jsep_transceiver_receives(t->current);
        }
    }
}

void jsep_transceiver_roll_back(struct jsep *jsep)
{
    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        t->offered = JSEP_NO_SECTION;
        t->remote_sends = jsep_transceiver_receives(t->current);
        if (t->is_proposed && t->is_theirs) {
            stop(t);
        } else if (t->is_proposed) {
            leave(t);
            t->current = SDP_DIRECTION_NONE; // A pranswer may have set it.
        }
    }
}

// ---- negotiation

// W3C webrtc §4.7.3, of one that both current descriptions have.
static bool differs(const struct jsep *jsep, const struct yodel_transceiver *t)
{
    const struct jsep_description *local = &jsep->current_local, *remote = &jsep->current_remote;
    const struct sdp_media *ours = &local->sdp.media[t->section];
    const struct sdp_media *theirs = &remote->sdp.media[t->section];
    enum sdp_direction said = jsep_rtp_direction(&local->sdp, ours);
    enum sdp_direction heard = jsep_rtp_direction(&remote->sdp, theirs);

    return local->type == YODEL_SDP_OFFER ? said != t->direction && reverse(heard) != t->direction
                                          : said != jsep_transceiver_answer_direction(t, heard);
}

bool jsep_transceiver_needs_negotiation(const struct jsep *jsep)
{
    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        if (t->is_stopping || t->section == JSEP_NO_SECTION || differs(jsep, t)) {
            return true;
        }
    }
    return false;
}
