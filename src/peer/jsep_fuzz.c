// JSEP: two sides, any order of calls, and descriptions cut and changed at will.
//
// An input is a list of calls, a byte for each; some take a change of the text that they pass on:
// where, how much to leave out, and what to put there instead.

#include "base/assert.h"
#include "fuzz.h"
#include "peer/jsep_rtp.h"

static void random_sevens(void *ctx, struct span out)
{
    (void)ctx;
    memset(out.ptr, 7, out.len);
}

struct side {
    struct jsep jsep;
    struct jsep_change change;
    uint8_t text[SDP_TEXT_MAX]; // What it created last.
    size_t len;
};

// A changed copy of `text`.
static struct bytes change(struct reader *r, struct bytes text, uint8_t *room, size_t room_len)
{
    size_t at = read_u16(r) % (text.len + 1), skip = read_u8(r);
    struct bytes put = read_bytes(r, read_u8(r));
    struct writer w = writer_of(span_of(room, room_len));

    put_bytes(&w, bytes_sub(text, 0, at));
    put_bytes(&w, put);
    put_bytes(&w, bytes_sub(text, at + skip, text.len));
    return writer_bytes(&w);
}

// What a user does with transceivers, and what an event frees.
static void use_transceivers(struct side *s, struct reader *r)
{
    uint8_t what = read_u8(r);
    struct yodel_transceiver *t = jsep_transceiver_next(&s->jsep, NULL);

    for (uint8_t skip = what >> 5; t && skip > 0 && jsep_transceiver_next(&s->jsep, t); skip--) {
        t = jsep_transceiver_next(&s->jsep, t);
    }
    if ((what & 3) == 0) {
        enum yodel_err err = jsep_transceiver_new(&s->jsep, what & 4 ? SDP_AUDIO : SDP_VIDEO, &t);
        FUZZ_CHECK(err == YODEL_OK || err == YODEL_ERR_RANGE);
        if (err == YODEL_OK) {
            t->may_be_reused = what & 8;
        }
    } else if (t && (what & 3) == 1) {
        static const enum sdp_direction all[] = {
            SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE};
        t->direction = all[what >> 2 & 3];
    } else if (t && (what & 3) == 2) {
        t->is_stopping = true;
        t->is_stopped = t->section == JSEP_NO_SECTION;
    }
}

static void free_stopped(struct side *s)
{
    struct list_node *next = NULL;

    for (struct list_node *node = list_first(&s->jsep.transceivers); node; node = next) {
        struct yodel_transceiver *t = CONTAINER_OF(node, struct yodel_transceiver, node);

        next = list_next(&s->jsep.transceivers, node);
        if (t->is_stopped) {
            jsep_transceiver_free(&s->jsep, t);
        }
    }
}

// What is agreed on borrows from descriptions that are there.
static void check_agreed(const struct jsep *jsep)
{
    struct jsep_rtp agreed;

    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        if (!jsep_rtp_find(jsep, t, &agreed)) {
            continue;
        }
        FUZZ_CHECK(agreed.codec_count <= YODEL_CODEC_COUNT);
        FUZZ_CHECK(agreed.source_count <= JSEP_SOURCES_MAX && agreed.mid.len <= SDP_MID_MAX);
    }
    (void)jsep_transceiver_needs_negotiation(jsep);
}

// What must hold between any two calls.
static void check(const struct side *s)
{
    const struct jsep *j = &s->jsep;
    bool has_pending = j->pending_local.is_set || j->pending_remote.is_set;

    FUZZ_CHECK(
        j->state == YODEL_SIGNALING_CLOSED || (j->state == YODEL_SIGNALING_STABLE) == !has_pending);
    FUZZ_CHECK(j->current_local.is_set == j->current_remote.is_set);
    if (j->current_local.is_set) {
        FUZZ_CHECK(j->current_local.sdp.media_count == j->current_remote.sdp.media_count);
    }
    if (j->state == YODEL_SIGNALING_STABLE) {
        check_agreed(j);
    }
    if (s->change.has_data) {
        FUZZ_CHECK(s->change.ufrag.len >= 4 && s->change.pwd.len >= 22);
        FUZZ_CHECK(s->change.fingerprint_count > 0 && s->change.fingerprints[0].value.len > 0);
        FUZZ_CHECK(s->change.dtls_role != JSEP_ROLE_NONE && s->change.sctp_port != 0);
        FUZZ_CHECK(s->change.max_message_size != 0);
    }
}

static void create(struct side *s, const struct jsep_facts *facts, bool is_offer)
{
    struct bytes text;
    enum yodel_err err = is_offer ? jsep_create_offer(&s->jsep, facts, &text)
                                  : jsep_create_answer(&s->jsep, facts, &text);

    if (err == YODEL_OK) {
        memcpy(s->text, text.ptr, text.len);
        s->len = text.len;
    }
}

static void run(struct side sides[2], struct reader *r)
{
    static uint8_t changed[SDP_TEXT_MAX];
    static const uint8_t print[2][JSEP_FINGERPRINT_SIZE] = {{1}, {2}};
    uint8_t call = read_u8(r);
    struct side *s = &sides[call & 1], *other = &sides[1 - (call & 1)];
    struct bytes text = bytes_of(other->text, other->len);
    enum yodel_sdp_type type = (enum yodel_sdp_type)(call >> 1 & 3);
    enum yodel_err err = YODEL_OK;
    struct jsep_facts facts = {
        .ufrag = bytes_of_text(call & 0x80 ? "abcd" : "efgh"),
        .pwd = bytes_of_text("abcdefghijklmnopqrstuv"),
        .fingerprint = bytes_of(print[call & 1], JSEP_FINGERPRINT_SIZE),
        .sctp_port = 5000,
        .has_data = (call & 0x40) != 0,
    };

    s->change = (struct jsep_change){0}; // It borrowed from what may go now.
    switch (call >> 3 & 7) {
    case 0:
        use_transceivers(s, r);
        break;
    case 1:
        create(s, &facts, type == YODEL_SDP_OFFER);
        break;
    case 2:
        err = jsep_set_local(&s->jsep, type, (struct bytes){0}, &s->change);
        break;
    case 3:
    case 4:
        err = jsep_set_remote(&s->jsep, type, text, &s->change);
        break;
    case 5:
    case 6:
        err = jsep_set_remote(&s->jsep, type, change(r, text, changed, sizeof changed), &s->change);
        break;
    case 7:
        err = jsep_set_local(&s->jsep, type,
            change(r, bytes_of(s->text, s->len), changed, sizeof changed), &s->change);
        break;
    }
    FUZZ_CHECK(err == YODEL_OK || jsep_error_text(&s->jsep)[0] != '\0');
    free_stopped(s);
    check(s);
}

FUZZ(input)
{
    static struct side sides[2];
    const struct env env = {.alloc = alloc_system(), .random = random_sevens};
    struct reader r = reader_of(input);

    memset(sides, 0, sizeof sides);
    jsep_init(&sides[0].jsep, &env, false);
    jsep_init(&sides[1].jsep, &env, false);
    sides[0].jsep.takes_media = sides[1].jsep.takes_media = true;
    while (r.left > 0 && !r.failed) {
        run(sides, &r);
    }
    jsep_deinit(&sides[0].jsep);
    jsep_deinit(&sides[1].jsep);
}
