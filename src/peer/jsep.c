// JSEP: see the header.

#include "peer/jsep.h"

#include "base/assert.h"
#include "peer/jsep_check.h"
#include "peer/jsep_create.h"
#include "peer/jsep_transceiver.h"
#include "sdp/text.h"

// ---- descriptions

// A description's own copy of a text, and the tree over it.
#define DESCRIPTION_MEMORY_MAX (SDP_TREE_MAX + SDP_TEXT_MAX + 2 * ARENA_BLOCK_SIZE)

static void free_description(struct jsep_description *description)
{
    arena_deinit(&description->arena);
    *description = (struct jsep_description){0};
}

static void move_description(struct jsep_description *to, struct jsep_description *from)
{
    free_description(to);
    *to = *from;
    *from = (struct jsep_description){0};
}

static enum yodel_err read_description(struct jsep *jsep, struct jsep_description *description,
    enum yodel_sdp_type type, struct bytes text)
{
    struct jsep_description read = {.is_set = true, .type = type};
    struct sdp_error error = {0};

    if (text.len > SDP_TEXT_MAX) {
        return jsep_check_fail(jsep, YODEL_ERR_SYNTAX, "the description is too long");
    }
    arena_init(&read.arena, jsep->env->alloc, DESCRIPTION_MEMORY_MAX);
    read.text = arena_copy(&read.arena, text);
    enum yodel_err err = read.text.ptr ? sdp_parse(&read.sdp, &read.arena, read.text, &error)
                                       : jsep_check_fail(jsep, YODEL_ERR_NO_MEMORY, "no memory");
    if (err != YODEL_OK) {
        arena_deinit(&read.arena);
        return read.text.ptr ? jsep_check_fail(jsep, err, "%s", error.text) : err;
    }
    *description = read;
    return YODEL_OK;
}

const struct jsep_description *jsep_local(const struct jsep *jsep)
{
    return jsep->pending_local.is_set   ? &jsep->pending_local
           : jsep->current_local.is_set ? &jsep->current_local
                                        : NULL;
}

const struct jsep_description *jsep_remote(const struct jsep *jsep)
{
    return jsep->pending_remote.is_set   ? &jsep->pending_remote
           : jsep->current_remote.is_set ? &jsep->current_remote
                                         : NULL;
}

// ---- life

void jsep_init(struct jsep *jsep, const struct env *env, bool is_ice_lite)
{
    *jsep = (struct jsep){.env = env, .state = YODEL_SIGNALING_STABLE, .is_ice_lite = is_ice_lite};
    list_init(&jsep->transceivers);
    // RFC 9429 §5.2.1: 62 random bits, so that it fits a signed integer everywhere.
    jsep->session_id = env_random_u64(env) >> 2;
}

void jsep_deinit(struct jsep *jsep)
{
    free_description(&jsep->current_local);
    free_description(&jsep->pending_local);
    free_description(&jsep->current_remote);
    free_description(&jsep->pending_remote);
    jsep_create_free(&jsep->offer);
    jsep_create_free(&jsep->answer);
    jsep_transceiver_free_all(jsep);
}

void jsep_close(struct jsep *jsep)
{
    jsep->state = YODEL_SIGNALING_CLOSED;
}

const char *jsep_error_text(const struct jsep *jsep)
{
    return jsep->error;
}

// ---- the states

// RFC 9429 §3.2 and W3C webrtc §4.3.1: what each description does in each state. REFUSED is no
// state.
#define REFUSED YODEL_SIGNALING_CLOSED
#define S YODEL_SIGNALING_STABLE
#define LO YODEL_SIGNALING_HAVE_LOCAL_OFFER
#define RO YODEL_SIGNALING_HAVE_REMOTE_OFFER
#define LP YODEL_SIGNALING_HAVE_LOCAL_PRANSWER
#define RP YODEL_SIGNALING_HAVE_REMOTE_PRANSWER
#define NO REFUSED

static const enum yodel_signaling_state transitions[2][4][6] = {
    // in:                      stable  l-offer r-offer l-prans r-prans closed
    {
        [YODEL_SDP_OFFER] = {RO, NO, RO, NO, NO, NO},
        [YODEL_SDP_PRANSWER] = {NO, RP, NO, NO, RP, NO},
        [YODEL_SDP_ANSWER] = {NO, S, NO, NO, S, NO},
        [YODEL_SDP_ROLLBACK] = {NO, S, S, S, S, NO},
    },
    {
        [YODEL_SDP_OFFER] = {LO, LO, NO, NO, NO, NO},
        [YODEL_SDP_PRANSWER] = {NO, NO, LP, LP, NO, NO},
        [YODEL_SDP_ANSWER] = {NO, NO, S, S, NO, NO},
        [YODEL_SDP_ROLLBACK] = {NO, S, S, S, S, NO},
    },
};

#undef S
#undef LO
#undef RO
#undef LP
#undef RP
#undef NO

static enum yodel_signaling_state next_state(
    const struct jsep *jsep, bool is_local, enum yodel_sdp_type type)
{
    YODEL_ASSERT((unsigned)type < COUNT(transitions[0]));
    return transitions[is_local][type][jsep->state];
}

static const char *const type_names[] = {"offer", "pranswer", "answer", "rollback"};
static const char *const state_names[] = {"stable", "have-local-offer", "have-remote-offer",
    "have-local-pranswer", "have-remote-pranswer", "closed"};

static enum yodel_err refuse_state(struct jsep *jsep, bool is_local, enum yodel_sdp_type type)
{
    return jsep_check_fail(jsep, YODEL_ERR_INVALID_STATE, "a %s %s cannot be set in %s",
        is_local ? "local" : "remote", type_names[type], state_names[jsep->state]);
}

static void roll_back(struct jsep *jsep)
{
    free_description(&jsep->pending_local);
    free_description(&jsep->pending_remote);
    jsep_create_free(&jsep->offer);
    jsep_create_free(&jsep->answer);
    jsep_transceiver_roll_back(jsep);
    jsep->state = YODEL_SIGNALING_STABLE;
    if (!jsep->current_remote.is_set) {
        jsep->dtls_role = JSEP_ROLE_NONE; // A pranswer may have set it.
        jsep->is_role_known = false;
    }
}

// Puts `read` where its type belongs. An answer makes both sides current.
static void commit(struct jsep *jsep, bool is_local, struct jsep_description *read,
    enum yodel_signaling_state next)
{
    struct jsep_description *pending = is_local ? &jsep->pending_local : &jsep->pending_remote;
    struct jsep_description *current = is_local ? &jsep->current_local : &jsep->current_remote;
    struct jsep_description *other_pending =
        is_local ? &jsep->pending_remote : &jsep->pending_local;
    struct jsep_description *other_current =
        is_local ? &jsep->current_remote : &jsep->current_local;

    if (read->type == YODEL_SDP_ANSWER) {
        move_description(current, read);
        move_description(other_current, other_pending);
        free_description(pending);
        jsep_create_free(&jsep->offer);
        jsep_create_free(&jsep->answer);
    } else {
        move_description(pending, read);
        if (!is_local) {
            jsep_create_free(&jsep->answer); // To another offer than this one.
        }
    }
    jsep->state = next;
}

// ---- what a description means

static bool is_restart(const struct jsep *jsep, const struct jsep_section *transport)
{
    struct jsep_section before;

    // RFC 8839 §4.4.1.1.1: a change of either restarts ICE.
    return jsep_check_find_agreed(jsep, &before) && (!bytes_equal(before.ufrag, transport->ufrag) ||
                                                        !bytes_equal(before.pwd, transport->pwd));
}

static uint64_t max_message_size(const struct sdp_media *media)
{
    if (!media->has_max_message_size) {
        return JSEP_MAX_MESSAGE_SIZE;
    }
    // RFC 8841 §6.1: 0 is "any size".
    return media->max_message_size == 0 ? JSEP_MAX_MESSAGE_NO_LIMIT : media->max_message_size;
}

// RFC 8445 §6.1.1: who is full controls who is lite; of two of a kind, who offered first does. A restart
// changes nothing.
static bool is_controlling(const struct jsep *jsep, const struct sdp *remote, bool is_offerer)
{
    if (jsep->is_ice_lite != remote->ice_lite) {
        return remote->ice_lite;
    }
    return jsep->is_role_known ? jsep->is_controlling : is_offerer;
}

static struct jsep_change change_of(const struct jsep *jsep, const struct jsep_description *remote,
    const struct jsep_section *transport, enum jsep_role role, bool is_offerer)
{
    struct jsep_section data;
    struct jsep_change change = {
        .has_transport = true,
        .mid = transport->media->mid,
        .ufrag = transport->ufrag,
        .pwd = transport->pwd,
        .is_restart = is_restart(jsep, transport),
        .is_ice_lite = remote->sdp.ice_lite,
        .is_controlling = is_controlling(jsep, &remote->sdp, is_offerer),
        .fingerprints = transport->fingerprints,
        .fingerprint_count = transport->fingerprint_count,
        .dtls_role = role,
        .candidates = *jsep_check_candidates(&remote->sdp, transport),
        .end_of_candidates = transport->end_of_candidates,
    };

    if (jsep_check_find_data(jsep, remote, &data)) {
        change.has_data = true;
        change.sctp_port = data.media->sctp_port;
        change.max_message_size = max_message_size(data.media);
    }
    return change;
}

// An answer puts its session in force.
static void negotiated(struct jsep *jsep, struct jsep_change *change)
{
    change->is_negotiated = true;
    if (change->has_transport) {
        jsep->dtls_role = change->dtls_role;
        jsep->is_controlling = change->is_controlling;
        jsep->is_role_known = true;
    }
}

// ---- local descriptions

// The text to set: what was created last, or what is set already. Empty where it is another.
static struct bytes created_text(
    const struct jsep *jsep, enum yodel_sdp_type type, struct bytes text)
{
    struct bytes created = type == YODEL_SDP_OFFER ? jsep->offer.text : jsep->answer.text;
    const struct jsep_description *pending = &jsep->pending_local;
    bool is_same_kind =
        pending->is_set && (pending->type == YODEL_SDP_OFFER) == (type == YODEL_SDP_OFFER);

    if (created.len > 0 && (text.len == 0 || bytes_equal(text, created))) {
        return created;
    }
    if (is_same_kind && (text.len == 0 || bytes_equal(text, pending->text))) {
        return pending->text;
    }
    return (struct bytes){0};
}

// What our answer means: what the offer says, with the role that we gave and the data that we took.
static struct jsep_change change_of_answer(
    const struct jsep *jsep, const struct jsep_description *answer)
{
    const struct jsep_description *offer = &jsep->pending_remote;
    struct jsep_section ours, theirs, data;

    if (!jsep_check_find_transport(jsep, answer, &ours) ||
        !jsep_check_find_transport(jsep, offer, &theirs)) {
        return (struct jsep_change){0};
    }
    struct jsep_change change = change_of(jsep, offer, &theirs,
        ours.setup == SDP_ACTIVE ? JSEP_DTLS_CLIENT : JSEP_DTLS_SERVER, false);
    change.has_data = change.has_data && jsep_check_find_data(jsep, answer, &data);
    return change;
}

enum yodel_err jsep_set_local(
    struct jsep *jsep, enum yodel_sdp_type type, struct bytes text, struct jsep_change *change)
{
    enum yodel_signaling_state next = next_state(jsep, true, type);
    struct jsep_description read;

    if (jsep->state == YODEL_SIGNALING_CLOSED) {
        return refuse_state(jsep, true, type);
    }
    if (type == YODEL_SDP_ROLLBACK && next != REFUSED) {
        roll_back(jsep);
        *change = (struct jsep_change){.rolled_back = true};
        return YODEL_OK;
    }
    struct bytes created = created_text(jsep, type, text);
    // W3C webrtc §4.4.2 asks this before it asks for the state.
    if (type != YODEL_SDP_ROLLBACK && text.len > 0 && created.len == 0) {
        return jsep_check_fail(jsep, YODEL_ERR_INVALID_MODIFICATION,
            "not the %s that was created last", type == YODEL_SDP_OFFER ? "offer" : "answer");
    }
    if (next == REFUSED || created.len == 0) {
        return refuse_state(jsep, true, type);
    }
    enum yodel_err err = read_description(jsep, &read, type, created);
    if (err != YODEL_OK) {
        return err;
    }
    struct jsep_change meant = {0};
    if (type != YODEL_SDP_OFFER) {
        meant = change_of_answer(jsep, &read);
        negotiated(jsep, &meant);
        jsep_transceiver_set_answer(jsep, &read, true);
    } else {
        jsep_transceiver_set_local_offer(jsep, &read.sdp);
    }
    commit(jsep, true, &read, next);
    *change = meant;
    return YODEL_OK;
}

// ---- remote descriptions

static struct jsep_change change_of_remote(
    const struct jsep *jsep, const struct jsep_description *remote)
{
    struct jsep_section transport;

    if (!jsep_check_find_transport(jsep, remote, &transport)) {
        return (struct jsep_change){0};
    }
    bool is_offer = remote->type == YODEL_SDP_OFFER;
    enum jsep_role role = is_offer ? jsep_check_answer_role(jsep, transport.setup)
                          : transport.setup == SDP_ACTIVE ? JSEP_DTLS_SERVER
                                                          : JSEP_DTLS_CLIENT;
    return change_of(jsep, remote, &transport, role, !is_offer);
}

enum yodel_err jsep_set_remote(
    struct jsep *jsep, enum yodel_sdp_type type, struct bytes text, struct jsep_change *change)
{
    enum yodel_signaling_state next = next_state(jsep, false, type);
    bool rolls_back = false;
    struct jsep_description read;
    struct list spare;

    if (type == YODEL_SDP_ROLLBACK && next != REFUSED) {
        roll_back(jsep);
        *change = (struct jsep_change){.rolled_back = true};
        return YODEL_OK;
    }
    // W3C webrtc §4.4.2: an offer that does not fit the state rolls back what is pending.
    if (next == REFUSED && type == YODEL_SDP_OFFER && jsep->state != YODEL_SIGNALING_CLOSED) {
        rolls_back = true;
        next = YODEL_SIGNALING_HAVE_REMOTE_OFFER;
    }
    if (next == REFUSED) {
        return refuse_state(jsep, false, type);
    }
    enum yodel_err err = read_description(jsep, &read, type, text);
    if (err != YODEL_OK) {
        return err;
    }
    err = type == YODEL_SDP_OFFER ? jsep_check_offer(jsep, &read)
                                  : jsep_check_answer(jsep, &read, &jsep->pending_local.sdp);
    list_init(&spare);
    if (err == YODEL_OK && type == YODEL_SDP_OFFER) {
        err = jsep_transceiver_reserve(jsep, &read.sdp, &spare);
    }
    if (err != YODEL_OK) {
        free_description(&read);
        return err;
    }
    if (rolls_back) {
        roll_back(jsep);
    }
    if (type == YODEL_SDP_OFFER) {
        jsep_transceiver_set_remote_offer(jsep, &read, &spare);
    }
    struct jsep_change meant = change_of_remote(jsep, &read);
    meant.rolled_back = rolls_back;
    if (type != YODEL_SDP_OFFER) {
        negotiated(jsep, &meant);
        jsep_transceiver_set_answer(jsep, &read, false);
    }
    commit(jsep, false, &read, next);
    *change = meant;
    return YODEL_OK;
}

enum yodel_sdp_type jsep_implied_type(const struct jsep *jsep)
{
    // W3C webrtc §4.4.2, setLocalDescription: "answer" where an offer waits for one.
    return jsep->state == YODEL_SIGNALING_HAVE_REMOTE_OFFER ||
                   jsep->state == YODEL_SIGNALING_HAVE_LOCAL_PRANSWER
               ? YODEL_SDP_ANSWER
               : YODEL_SDP_OFFER;
}

// ---- looking at what is there

bool jsep_needs_negotiation(const struct jsep *jsep, const struct jsep_facts *facts)
{
    struct jsep_section remote, ours;

    if (jsep->state != YODEL_SIGNALING_STABLE) {
        return false;
    }
    // W3C webrtc §4.7.3, in its order: ICE credentials to replace, a first data channel, transceivers.
    if (!jsep_check_find_agreed(jsep, &remote)) {
        return facts->has_data || jsep_transceiver_next(jsep, NULL) != NULL;
    }
    if (jsep_check_find_transport(jsep, &jsep->current_local, &ours) &&
        !bytes_equal(ours.ufrag, facts->ufrag)) {
        return true;
    }
    return (facts->has_data && !jsep_check_find_data(jsep, &jsep->current_local, &ours)) ||
           jsep_transceiver_needs_negotiation(jsep);
}

struct bytes jsep_transport_mid(const struct jsep *jsep)
{
    const struct jsep_description *local = jsep_local(jsep);
    struct jsep_section transport;

    return local && jsep_check_find_transport(jsep, local, &transport) ? transport.media->mid
                                                                       : (struct bytes){0};
}

// Where the text of a media section ends.
static size_t section_end(struct bytes text, size_t index)
{
    struct bytes rest = text;
    size_t seen = 0;

    while (rest.len > 0) {
        size_t start = text.len - rest.len;
        struct bytes line = sdp_text_take(&rest, '\n');

        if (line.len > 1 && line.ptr[0] == 'm' && line.ptr[1] == '=' && seen++ == index + 1) {
            return start;
        }
    }
    return text.len;
}

void jsep_write_description(const struct jsep *jsep, const struct jsep_description *description,
    struct bytes ufrag, const struct jsep_candidates *candidates, struct writer *w)
{
    struct bytes text = description->text;
    struct jsep_section transport;

    if (!jsep_check_find_transport(jsep, description, &transport) ||
        !bytes_equal(transport.ufrag, ufrag)) {
        put_bytes(w, text);
        return;
    }
    size_t end = section_end(text, transport.index);
    put_bytes(w, bytes_sub(text, 0, end));
    put_text(w, text.ptr[end - 1] == '\n' ? "" : "\r\n");
    for (size_t i = 0; i < candidates->count; i++) {
        if (!sdp_list_has(&transport.media->candidates, candidates->lines[i])) {
            put_text(w, "a=");
            put_bytes(w, candidates->lines[i]);
            put_text(w, "\r\n");
        }
    }
    put_text(w, candidates->end && !transport.end_of_candidates ? "a=end-of-candidates\r\n" : "");
    put_bytes(w, bytes_sub(text, end, text.len));
}

enum yodel_err jsep_check_candidate(
    struct jsep *jsep, struct bytes mid, unsigned index, struct bytes ufrag, bool *is_ours)
{
    const struct jsep_description *remote = jsep_remote(jsep);
    struct jsep_section transport;

    if (!remote || jsep->state == YODEL_SIGNALING_CLOSED) {
        return jsep_check_fail(
            jsep, YODEL_ERR_INVALID_STATE, "there is no remote description for a candidate yet");
    }
    const struct sdp_media *media = mid.len > 0 ? sdp_find_media(&remote->sdp, mid)
                                    : index < remote->sdp.media_count ? &remote->sdp.media[index]
                                                                      : NULL;
    if (!media) {
        return jsep_check_fail(jsep, YODEL_ERR_OPERATION,
            "the candidate is for a section that the remote description does not have");
    }
    *is_ours = jsep_check_find_transport(jsep, remote, &transport) &&
               jsep_check_is_carrier(&remote->sdp, &transport, media) &&
               (ufrag.len == 0 || bytes_equal(ufrag, transport.ufrag));
    return YODEL_OK;
}
