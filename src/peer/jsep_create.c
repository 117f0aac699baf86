// JSEP, creating: see the header.

#include "peer/jsep_create.h"

#include "base/assert.h"
#include "peer/jsep_check.h"
#include "peer/jsep_make.h"

void jsep_create_free(struct jsep_created *created)
{
    arena_deinit(&created->arena);
    *created = (struct jsep_created){0};
}

static enum yodel_err write_created(
    struct jsep *jsep, const struct sdp *sdp, struct arena *arena, struct bytes *text)
{
    uint8_t *room = arena_new(arena, SDP_TEXT_MAX + 1);
    struct writer w = writer_of(span_of(room, room ? SDP_TEXT_MAX + 1 : 0));

    sdp_write(sdp, &w);
    put_u8(&w, 0);
    if (!room || w.failed) {
        return jsep_check_fail(jsep, YODEL_ERR_NO_MEMORY, "no memory for the description");
    }
    *text = bytes_of(room, writer_bytes(&w).len - 1);
    return YODEL_OK;
}

typedef enum yodel_err maker(struct jsep *jsep, const struct jsep_facts *facts, uint64_t version,
    struct arena *arena, struct sdp *sdp);

static enum yodel_err keep_created(
    struct jsep *jsep, struct jsep_created *created, struct bytes text)
{
    struct jsep_created made = {0};

    arena_init(&made.arena, jsep->env->alloc, SDP_TEXT_MAX + 2 * ARENA_BLOCK_SIZE);
    made.text = arena_copy(&made.arena, text);
    if (!made.text.ptr) {
        return jsep_check_fail(jsep, YODEL_ERR_NO_MEMORY, "no memory");
    }
    jsep_create_free(created);
    *created = made;
    return YODEL_OK;
}

// Makes a description of this version. `is_same` says whether `created` had it already.
static enum yodel_err create(struct jsep *jsep, maker *make, const struct jsep_facts *facts,
    uint64_t version, struct jsep_created *created, bool *is_same)
{
    struct arena scratch;
    struct bytes text;
    struct sdp sdp;

    arena_init(&scratch, jsep->env->alloc, JSEP_MAKE_MEMORY_MAX);
    enum yodel_err err = make(jsep, facts, version, &scratch, &sdp);
    if (err != YODEL_OK) {
        err = jsep_check_fail(jsep, err, "no memory");
    } else if (sdp.media_count == 0 && make == jsep_make_offer) {
        err = jsep_check_fail(jsep, YODEL_ERR_INVALID_ACCESS, "there is nothing to offer yet");
    } else {
        err = write_created(jsep, &sdp, &scratch, &text);
    }
    if (err == YODEL_OK) {
        *is_same = bytes_equal(text, created->text);
        err = *is_same ? YODEL_OK : keep_created(jsep, created, text);
    }
    arena_deinit(&scratch);
    return err;
}

// RFC 9429 §5.2.2: the version of the o= line grows when the description is another one.
static enum yodel_err create_next(struct jsep *jsep, maker *make, const struct jsep_facts *facts,
    struct jsep_created *created, struct bytes *text)
{
    bool is_first = created->text.len == 0, is_same = false;
    uint64_t version = jsep->session_version;
    enum yodel_err err = YODEL_OK;

    YODEL_ASSERT(facts->fingerprint.len == JSEP_FINGERPRINT_SIZE);
    if (!is_first) {
        err = create(jsep, make, facts, version, created, &is_same);
    }
    if (err == YODEL_OK && !is_same) {
        err = create(jsep, make, facts, ++version, created, &is_same);
    }
    if (err == YODEL_OK) {
        jsep->session_version = version;
        *text = created->text;
    }
    return err;
}

enum yodel_err jsep_create_offer(
    struct jsep *jsep, const struct jsep_facts *facts, struct bytes *text)
{
    if (jsep->state != YODEL_SIGNALING_STABLE && jsep->state != YODEL_SIGNALING_HAVE_LOCAL_OFFER) {
        return jsep_check_fail(
            jsep, YODEL_ERR_INVALID_STATE, "an offer cannot be made in this signaling state");
    }
    return create_next(jsep, jsep_make_offer, facts, &jsep->offer, text);
}

enum yodel_err jsep_create_answer(
    struct jsep *jsep, const struct jsep_facts *facts, struct bytes *text)
{
    if (jsep->state != YODEL_SIGNALING_HAVE_REMOTE_OFFER &&
        jsep->state != YODEL_SIGNALING_HAVE_LOCAL_PRANSWER) {
        return jsep_check_fail(
            jsep, YODEL_ERR_INVALID_STATE, "an answer cannot be made in this signaling state");
    }
    return create_next(jsep, jsep_make_answer, facts, &jsep->answer, text);
}
