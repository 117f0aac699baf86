// JSEP: the W3C's state table, what two sides agree on, and what a description must not say.

#include "peer/jsep.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

// ---- two sides

// Counts what is alive, and refuses once `allowed` runs out.
struct counting {
    struct alloc alloc;
    size_t alive;
    size_t allowed;
};

static void *resize_counting(struct alloc *self, void *ptr, size_t len)
{
    struct counting *counting = CONTAINER_OF(self, struct counting, alloc);

    if (len > 0 && counting->allowed == 0) {
        return NULL;
    }
    if (len == 0) {
        counting->alive--;
    } else {
        counting->allowed--;
        counting->alive += ptr == NULL;
    }
    return alloc_system()->resize(alloc_system(), ptr, len);
}

static void random_sevens(void *ctx, struct span out)
{
    (void)ctx;
    memset(out.ptr, 7, out.len);
}

static struct counting counting = {{resize_counting}, 0, SIZE_MAX};
static const struct env env = {.alloc = &counting.alloc, .random = random_sevens};

static const uint8_t print_a[JSEP_FINGERPRINT_SIZE] = {0xa0, 0xa1},
                     print_b[JSEP_FINGERPRINT_SIZE] = {0xb0};

struct side {
    struct jsep jsep;
    struct jsep_facts facts;
    struct jsep_change change;
    char text[SDP_TEXT_MAX];
};

static struct side a, b;

static struct jsep_facts facts_of(const char *ufrag, const char *pwd, const uint8_t *print)
{
    return (struct jsep_facts){
        .ufrag = bytes_of_text(ufrag),
        .pwd = bytes_of_text(pwd),
        .fingerprint = bytes_of(print, JSEP_FINGERPRINT_SIZE),
        .ice_options = "trickle",
        .sctp_port = 5000,
        .max_message_size = 262144,
        .has_data = true,
    };
}

static void setup(void)
{
    counting.alive = 0; // A test that failed leaves what it had.
    counting.allowed = SIZE_MAX;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    jsep_init(&a.jsep, &env);
    jsep_init(&b.jsep, &env);
    a.facts = facts_of("aaaa", "aaaaaaaaaaaaaaaaaaaaaa", print_a);
    b.facts = facts_of("bbbb", "bbbbbbbbbbbbbbbbbbbbbb", print_b);
    b.facts.has_data = false;
}

static void teardown(void)
{
    jsep_deinit(&a.jsep);
    jsep_deinit(&b.jsep);
    CHECK_EQ(counting.alive, 0);
}

// The text of a new offer or answer, in the side's own buffer.
static const char *make(struct side *s, enum yodel_sdp_type type)
{
    struct bytes text;
    enum yodel_err err = type == YODEL_SDP_OFFER ? jsep_create_offer(&s->jsep, &s->facts, &text)
                                                 : jsep_create_answer(&s->jsep, &s->facts, &text);

    if (err != YODEL_OK) {
        return NULL;
    }
    CHECK_EQ(text.ptr[text.len], 0);
    memcpy(s->text, text.ptr, text.len + 1);
    return s->text;
}

static enum yodel_err set_local(struct side *s, enum yodel_sdp_type type, const char *text)
{
    return jsep_set_local(&s->jsep, type, bytes_of_text(text), &s->change);
}

static enum yodel_err set_remote(struct side *s, enum yodel_sdp_type type, const char *text)
{
    return jsep_set_remote(&s->jsep, type, bytes_of_text(text), &s->change);
}

static void must(enum yodel_err err)
{
    if (err != YODEL_OK) {
        fprintf(stderr, "a: %s\nb: %s\n", jsep_error_text(&a.jsep), jsep_error_text(&b.jsep));
    }
    CHECK_EQ(err, YODEL_OK);
}

static void offer(struct side *from, struct side *to)
{
    CHECK(make(from, YODEL_SDP_OFFER) != NULL);
    must(set_local(from, YODEL_SDP_OFFER, ""));
    must(set_remote(to, YODEL_SDP_OFFER, from->text));
}

static void answer(struct side *from, struct side *to)
{
    CHECK(make(from, YODEL_SDP_ANSWER) != NULL);
    must(set_local(from, YODEL_SDP_ANSWER, ""));
    must(set_remote(to, YODEL_SDP_ANSWER, from->text));
}

static void agree(struct side *from, struct side *to)
{
    offer(from, to);
    answer(to, from);
}

static void check_text(struct bytes got, const char *want)
{
    CHECK_BYTES(got, bytes_of_text(want));
}

// `text` with its first `from` replaced; a line is taken out where `to` is empty.
static const char *edit(const char *text, const char *from, const char *to)
{
    static char edited[4][SDP_TEXT_MAX];
    static unsigned next;
    char *out = edited[next++ % 4];
    const char *at = strstr(text, from);

    CHECK(at != NULL);
    size_t cut = strlen(from) + (to[0] == '\0' ? strcspn(at + strlen(from), "\n") + 1 : 0);
    snprintf(out, sizeof edited[0], "%.*s%s%s", (int)(at - text), text, to, at + cut);
    return out;
}

// ---- what is made

#define ORIGIN(version)                                                                            \
    "v=0\r\no=- 126595302466634177 " version " IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define ZEROS                                                                                      \
    "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"
#define DATA_LINE "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
#define SCTP "a=sctp-port:5000\r\na=max-message-size:262144\r\n"

static const char first_offer[] =
    ORIGIN("1") "a=group:BUNDLE 0\r\n" DATA_LINE
                "a=ice-ufrag:aaaa\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaa\r\na=ice-options:trickle\r\n"
                "a=fingerprint:sha-256 A0:A1:" ZEROS "\r\na=setup:actpass\r\na=mid:0\r\n" SCTP;
static const char first_answer[] =
    ORIGIN("1") "a=group:BUNDLE 0\r\n" DATA_LINE
                "a=ice-ufrag:bbbb\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb\r\na=ice-options:trickle\r\n"
                "a=fingerprint:sha-256 B0:00:" ZEROS "\r\na=setup:active\r\na=mid:0\r\n" SCTP;

static void an_offer_and_its_answer_are_these_very_lines(void)
{
    setup();
    CHECK_TEXT(make(&a, YODEL_SDP_OFFER), first_offer);
    must(set_local(&a, YODEL_SDP_OFFER, first_offer));
    must(set_remote(&b, YODEL_SDP_OFFER, first_offer));
    CHECK_TEXT(make(&b, YODEL_SDP_ANSWER), first_answer);
    must(set_local(&b, YODEL_SDP_ANSWER, first_answer));
    must(set_remote(&a, YODEL_SDP_ANSWER, first_answer));
    CHECK_EQ(a.jsep.state, YODEL_SIGNALING_STABLE);
    CHECK_EQ(b.jsep.state, YODEL_SIGNALING_STABLE);
    check_text(a.jsep.current_local.text, first_offer);
    check_text(a.jsep.current_remote.text, first_answer);
    check_text(b.jsep.current_local.text, first_answer);
    check_text(b.jsep.current_remote.text, first_offer);
    CHECK(!a.jsep.pending_local.is_set && !a.jsep.pending_remote.is_set);
    CHECK(!b.jsep.pending_local.is_set && !b.jsep.pending_remote.is_set);
    teardown();
}

static void each_side_learns_the_other_and_the_roles_fit(void)
{
    setup();
    a.facts.candidates =
        (struct jsep_candidates){(struct bytes[]){bytes_of_text("candidate:1 x")}, 1, true};
    offer(&a, &b);
    CHECK(!a.change.is_negotiated && !a.change.has_data);
    CHECK(!b.change.is_negotiated && b.change.has_data);
    CHECK_EQ(b.change.dtls_role, JSEP_DTLS_CLIENT);
    CHECK_EQ(b.change.candidates.count, 1);
    check_text(b.change.candidates.items[0], "candidate:1 x");
    CHECK(b.change.end_of_candidates);
    answer(&b, &a);
    CHECK(a.change.is_negotiated && b.change.is_negotiated);
    CHECK_EQ(a.change.dtls_role, JSEP_DTLS_SERVER);
    CHECK_EQ(b.change.dtls_role, JSEP_DTLS_CLIENT);
    CHECK(a.change.is_controlling && !b.change.is_controlling);
    check_text(a.change.ufrag, "bbbb");
    check_text(b.change.ufrag, "aaaa");
    check_text(b.change.pwd, "aaaaaaaaaaaaaaaaaaaaaa");
    check_text(a.change.mid, "0");
    CHECK_EQ(a.change.fingerprint_count, 1);
    check_text(a.change.fingerprints[0].hash, "sha-256");
    CHECK_BYTES(a.change.fingerprints[0].value, bytes_of(print_b, sizeof print_b));
    CHECK_EQ(a.change.sctp_port, 5000);
    CHECK_EQ(a.change.max_message_size, 262144);
    CHECK(!a.change.is_restart && !a.change.is_ice_lite && !a.change.rolled_back);
    teardown();
}

// ---- the states, W3C webrtc §4.3.1 and RFC 9429 §3.2

// Brings `a` to a state, with `b` on the other side.
static void enter(enum yodel_signaling_state state)
{
    setup();
    b.facts.has_data = true;
    switch (state) {
    case YODEL_SIGNALING_STABLE:
        break;
    case YODEL_SIGNALING_HAVE_LOCAL_OFFER:
        offer(&a, &b);
        break;
    case YODEL_SIGNALING_HAVE_REMOTE_OFFER:
        offer(&b, &a);
        break;
    case YODEL_SIGNALING_HAVE_LOCAL_PRANSWER:
        offer(&b, &a);
        CHECK(make(&a, YODEL_SDP_PRANSWER) != NULL);
        must(set_local(&a, YODEL_SDP_PRANSWER, ""));
        break;
    case YODEL_SIGNALING_HAVE_REMOTE_PRANSWER:
        offer(&a, &b);
        CHECK(make(&b, YODEL_SDP_PRANSWER) != NULL);
        must(set_remote(&a, YODEL_SDP_PRANSWER, b.text));
        break;
    case YODEL_SIGNALING_CLOSED:
        jsep_close(&a.jsep);
        break;
    }
    CHECK_EQ(a.jsep.state, state);
}

#define REFUSED -1

static void every_description_in_every_state_does_what_the_table_says(void)
{
    enum { ST, LO, RO, LP, RP, CL };
    static const struct {
        bool is_local;
        enum yodel_sdp_type type;
        int want[6];
    } rows[] = {
        // From stable, have-local-offer, have-remote-offer, -local-pranswer, -remote-pranswer,
        // closed.
        {true, YODEL_SDP_OFFER, {LO, LO, REFUSED, REFUSED, REFUSED, REFUSED}},
        {true, YODEL_SDP_PRANSWER, {REFUSED, REFUSED, LP, LP, REFUSED, REFUSED}},
        {true, YODEL_SDP_ANSWER, {REFUSED, REFUSED, ST, ST, REFUSED, REFUSED}},
        {true, YODEL_SDP_ROLLBACK, {REFUSED, ST, ST, ST, ST, REFUSED}},
        {false, YODEL_SDP_OFFER,
            {RO, RO, RO, RO, RO, REFUSED}}, // Where it does not fit, it rolls back.
        {false, YODEL_SDP_PRANSWER, {REFUSED, RP, REFUSED, REFUSED, RP, REFUSED}},
        {false, YODEL_SDP_ANSWER, {REFUSED, ST, REFUSED, REFUSED, ST, REFUSED}},
        {false, YODEL_SDP_ROLLBACK, {REFUSED, ST, ST, ST, ST, REFUSED}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int state = 0; state < 6; state++) {
            enter((enum yodel_signaling_state)state);
            bool is_offer = rows[i].type == YODEL_SDP_OFFER;
            const char *text = is_offer ? first_offer : first_answer;
            if (rows[i].is_local) {
                make(&a, is_offer ? YODEL_SDP_OFFER : YODEL_SDP_ANSWER); // May be refused too.
                text = "";
            }
            enum yodel_err err = rows[i].is_local ? set_local(&a, rows[i].type, text)
                                                  : set_remote(&a, rows[i].type, text);
            int want = rows[i].want[state];
            if ((err == YODEL_OK) != (want != REFUSED)) {
                fprintf(stderr, "row %zu in state %d: %s\n", i, state, jsep_error_text(&a.jsep));
            }
            CHECK_EQ(err, want == REFUSED ? YODEL_ERR_INVALID_STATE : YODEL_OK);
            CHECK_EQ(a.jsep.state, want == REFUSED ? state : want);
            teardown();
        }
    }
}

static void offers_and_answers_are_made_where_the_w3c_lets_them(void)
{
    static const struct {
        bool offer, answer;
        enum yodel_sdp_type implied;
    } rows[] = {
        [YODEL_SIGNALING_STABLE] = {true, false, YODEL_SDP_OFFER},
        [YODEL_SIGNALING_HAVE_LOCAL_OFFER] = {true, false, YODEL_SDP_OFFER},
        [YODEL_SIGNALING_HAVE_REMOTE_OFFER] = {false, true, YODEL_SDP_ANSWER},
        [YODEL_SIGNALING_HAVE_LOCAL_PRANSWER] = {false, true, YODEL_SDP_ANSWER},
        [YODEL_SIGNALING_HAVE_REMOTE_PRANSWER] = {false, false, YODEL_SDP_OFFER},
        [YODEL_SIGNALING_CLOSED] = {false, false, YODEL_SDP_OFFER},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bytes text;
        enter((enum yodel_signaling_state)i);
        CHECK_EQ(jsep_implied_type(&a.jsep), rows[i].implied);
        CHECK_EQ(jsep_create_offer(&a.jsep, &a.facts, &text),
            rows[i].offer ? YODEL_OK : YODEL_ERR_INVALID_STATE);
        CHECK_EQ(jsep_create_answer(&a.jsep, &a.facts, &text),
            rows[i].answer ? YODEL_OK : YODEL_ERR_INVALID_STATE);
        teardown();
    }
}

static void an_offer_of_nothing_is_refused(void)
{
    struct bytes text;

    setup();
    CHECK_EQ(jsep_create_offer(&b.jsep, &b.facts, &text), YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&b.jsep), "there is nothing to offer yet");
    teardown();
}

static void only_what_was_created_last_may_be_set_locally(void)
{
    setup();
    CHECK_EQ(set_local(&a, YODEL_SDP_OFFER, ""), YODEL_ERR_INVALID_STATE);
    make(&a, YODEL_SDP_OFFER);
    const char *munged = edit(a.text, "a=setup:actpass", "a=setup:active");
    CHECK_EQ(set_local(&a, YODEL_SDP_OFFER, munged), YODEL_ERR_INVALID_MODIFICATION);
    CHECK_EQ(set_local(&a, YODEL_SDP_ANSWER, a.text), YODEL_ERR_INVALID_MODIFICATION);
    CHECK_EQ(a.jsep.state, YODEL_SIGNALING_STABLE);
    must(set_local(&a, YODEL_SDP_OFFER, a.text));
    must(set_local(&a, YODEL_SDP_OFFER, a.text)); // Again is no change.
    must(set_remote(&b, YODEL_SDP_OFFER, a.text));
    make(&b, YODEL_SDP_ANSWER);
    munged = edit(b.text, "a=mid:0", "a=mid:1");
    CHECK_EQ(set_local(&b, YODEL_SDP_ANSWER, munged), YODEL_ERR_INVALID_MODIFICATION);
    must(set_local(&b, YODEL_SDP_PRANSWER, b.text));
    must(set_local(&b, YODEL_SDP_ANSWER, b.text));
    teardown();
}

static void a_pranswer_is_in_force_until_the_answer(void)
{
    setup();
    offer(&a, &b);
    make(&b, YODEL_SDP_PRANSWER);
    must(set_local(&b, YODEL_SDP_PRANSWER, ""));
    must(set_remote(&a, YODEL_SDP_PRANSWER, b.text));
    CHECK(a.change.is_negotiated && b.change.is_negotiated);
    CHECK(!a.jsep.current_remote.is_set && a.jsep.pending_remote.is_set);
    CHECK_EQ(jsep_remote(&a.jsep)->type, YODEL_SDP_PRANSWER);
    b.facts.candidates =
        (struct jsep_candidates){(struct bytes[]){bytes_of_text("candidate:2 y")}, 1, false};
    answer(&b, &a);
    CHECK_EQ(a.change.candidates.count, 1);
    CHECK_EQ(jsep_remote(&a.jsep)->type, YODEL_SDP_ANSWER);
    CHECK(!a.jsep.pending_local.is_set && !a.jsep.pending_remote.is_set);
    teardown();
}

// ---- browsers

// What Chromium offers with a microphone, a camera and a data channel, shortened.
static const char chromium_offer[] =
    "v=0\r\no=- 3546004397921447048 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n"
    "a=extmap-allow-mixed\r\na=msid-semantic: WMS stream\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 "
    "0.0.0.0\r\n"
    "a=ice-ufrag:ETEn\r\na=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\r\na=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 A0:A1:" ZEROS "\r\na=setup:actpass\r\na=mid:0\r\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=msid:stream "
    "track\r\n"
    "a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=ssrc:1 "
    "cname:x\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:ETEn\r\na=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\r\na=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 A0:A1:" ZEROS
    "\r\na=setup:actpass\r\na=mid:1\r\na=sendrecv\r\na=rtcp-mux\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:ETEn\r\na=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\r\na=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 A0:A1:" ZEROS "\r\na=setup:actpass\r\na=mid:2\r\n"
    "a=sctp-port:5000\r\na=max-message-size:262144\r\na=sctp-init:AQAAJA==\r\n";

static void offered_audio_and_video_are_rejected_and_the_data_is_accepted(void)
{
    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, chromium_offer));
    CHECK(b.change.has_data);
    check_text(b.change.mid, "2");
    check_text(b.change.ufrag, "ETEn");
    CHECK_TEXT(make(&b, YODEL_SDP_ANSWER),
        ORIGIN(
            "1") "a=group:BUNDLE 2\r\n"
                 "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n"
                 "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 "
                 "0.0.0.0\r\na=mid:1\r\na=inactive\r\n" DATA_LINE
                 "a=ice-ufrag:bbbb\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb\r\na=ice-options:trickle\r\n"
                 "a=fingerprint:sha-256 B0:00:" ZEROS "\r\na=setup:active\r\na=mid:2\r\n" SCTP);
    must(set_local(&b, YODEL_SDP_ANSWER, ""));
    CHECK(b.change.is_negotiated && b.change.has_data);
    teardown();
}

// With the policy max-bundle, the data section has port 0, and the first one the transport.
static void a_bundle_only_section_uses_the_transport_of_the_tagged_one(void)
{
    static const char tagged_only[] =
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=candidate:7 "
        "z\r\na=end-of-candidates\r\n"
        "a=ice-ufrag:ETEn\r\na=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\r\na=fingerprint:sha-256 "
        "A0:A1:" ZEROS "\r\n"
        "a=setup:passive\r\na=mid:0\r\n"
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 "
        "0.0.0.0\r\na=mid:1\r\na=bundle-only\r\n"
        "a=sctp-port:5001\r\n";
    bool is_ours = false;

    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, tagged_only));
    CHECK(b.change.has_data && b.change.end_of_candidates);
    check_text(b.change.ufrag, "ETEn");
    check_text(b.change.candidates.items[0], "candidate:7 z");
    CHECK_EQ(b.change.sctp_port, 5001);
    CHECK_EQ(b.change.max_message_size, JSEP_MAX_MESSAGE_SIZE);
    CHECK_EQ(b.change.dtls_role, JSEP_DTLS_CLIENT);
    must(jsep_check_candidate(&b.jsep, bytes_of_text("0"), 0, bytes_of_text("ETEn"), &is_ours));
    CHECK(is_ours);
    make(&b, YODEL_SDP_ANSWER);
    CHECK(strstr(b.text, "a=group:BUNDLE 1\r\n") != NULL);
    CHECK(strstr(b.text, "m=application 9 ") != NULL);
    // J15: outside a group nobody carries it.
    must(set_remote(&b, YODEL_SDP_OFFER, edit(tagged_only, "BUNDLE 0 1", "BUNDLE 0")));
    CHECK(!b.change.has_data);
    must(set_remote(&b, YODEL_SDP_OFFER, edit(tagged_only, "a=bundle-only", "")));
    CHECK(!b.change.has_data);
    make(&b, YODEL_SDP_ANSWER);
    CHECK(strstr(b.text, "m=application 0 ") != NULL);
    CHECK(strstr(b.text, "a=group") == NULL);
    must(set_local(&b, YODEL_SDP_ANSWER, ""));
    CHECK(b.change.is_negotiated && !b.change.has_data);
    teardown();
}

// Firefox gives its fingerprint and options once, for the session.
static void what_the_session_gives_holds_for_its_sections(void)
{
    static const char firefox_offer[] =
        "v=0\r\no=mozilla...THIS_IS_SDPARTA-99.0 7361265187531812466 0 IN IP4 "
        "0.0.0.0\r\ns=-\r\nt=0 0\r\n"
        "a=fingerprint:sha-256 A0:A1:" ZEROS "\r\na=group:BUNDLE 0\r\na=ice-options:trickle\r\n"
        "a=msid-semantic:WMS *\r\n" DATA_LINE "a=sendrecv\r\na=extmap-allow-mixed\r\n"
        "a=ice-pwd:2d27e8d0a0e9f3b0ad9d1bcd1a9cbd5b\r\na=ice-ufrag:e4a5c9d2\r\na=mid:0\r\na=setup:"
        "actpass\r\n"
        "a=sctp-port:5000\r\na=max-message-size:1073741823\r\n";

    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, firefox_offer));
    CHECK_EQ(b.change.fingerprint_count, 1);
    CHECK_EQ(b.change.fingerprints[0].value.ptr[1], 0xa1);
    CHECK_EQ(b.change.max_message_size, 1073741823);
    teardown();
}

// ---- what is refused, HOSTILE's J4 to J8 and J14

static void offers_that_make_no_sense_are_refused(void)
{
    static const struct {
        const char *from, *to; // An edit of the first offer; an empty `to` takes the line out.
        const char *want;
        enum yodel_err err;
    } rows[] = {
        {"v=0", "v=1", "line 1: v=: not version 0", YODEL_ERR_SYNTAX},
        {"a=ice-ufrag:aaaa", "a=ice-ufrag:aaa",
            "line 8: a=ice-ufrag: not 4 to 256 letters and digits", YODEL_ERR_SYNTAX},
        {"a=ice-ufrag", "", "m-line 0: a=ice-ufrag or a=ice-pwd is missing",
            YODEL_ERR_INVALID_ACCESS},
        {"a=ice-pwd", "", "m-line 0: a=ice-ufrag or a=ice-pwd is missing",
            YODEL_ERR_INVALID_ACCESS},
        {"a=fingerprint", "", "m-line 0: a=fingerprint is missing", YODEL_ERR_INVALID_ACCESS},
        {"sha-256 A0:A1:" ZEROS, "md5 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
            "m-line 0: no a=fingerprint with SHA-256 or better", YODEL_ERR_INVALID_ACCESS},
        {"sha-256 A0:A1:" ZEROS,
            "sha-1 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33",
            "m-line 0: no a=fingerprint with SHA-256 or better", YODEL_ERR_INVALID_ACCESS},
        {"a=setup", "", "m-line 0: a=setup is missing", YODEL_ERR_INVALID_ACCESS},
        {"a=setup:actpass", "a=setup:holdconn", "m-line 0: a=setup:holdconn is not for WebRTC",
            YODEL_ERR_INVALID_ACCESS},
        {"a=sctp-port", "", "m-line 0: a=sctp-port is missing or 0", YODEL_ERR_INVALID_ACCESS},
        {"a=sctp-port:5000", "a=sctp-port:0", "m-line 0: a=sctp-port is missing or 0",
            YODEL_ERR_INVALID_ACCESS},
        {"BUNDLE 0", "BUNDLE 0 1", "a=group:BUNDLE names a mid that no m-line has",
            YODEL_ERR_INVALID_ACCESS},
        {"BUNDLE 0", "BUNDLE 0\r\na=group:BUNDLE 0", "two a=group:BUNDLE name the same mid",
            YODEL_ERR_INVALID_ACCESS},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup();
        const char *text = edit(first_offer, rows[i].from, rows[i].to);
        CHECK_EQ(set_remote(&b, YODEL_SDP_OFFER, text), rows[i].err);
        CHECK_TEXT(jsep_error_text(&b.jsep), rows[i].want);
        CHECK_EQ(b.jsep.state, YODEL_SIGNALING_STABLE);
        CHECK(jsep_remote(&b.jsep) == NULL);
        teardown();
    }
}

static void answers_that_do_not_fit_the_offer_are_refused(void)
{
    static const struct {
        const char *from, *to;
        const char *want; // NULL: accepted.
    } rows[] = {
        {"a=setup:active", "a=setup:passive", NULL},
        {"a=mid:0", "", "a=group:BUNDLE names a mid that no m-line has"},
        {"a=group", "", NULL},
        {"a=setup:active", "a=setup:actpass", "m-line 0: a=setup:actpass is for offers only"},
        {"a=setup:active", "a=setup:holdconn", "m-line 0: a=setup:holdconn is not for WebRTC"},
        {"a=setup", "", "m-line 0: a=setup is missing"},
        {"a=mid:0", "a=mid:1", "m-line 0: another mid than in the offer"},
        {"m=application", "m=audio", "m-line 0: another kind of media than in the offer"},
        {"UDP/DTLS/SCTP", "TCP/DTLS/SCTP",
            "m-line 0: another protocol or format than in the offer"},
        {"webrtc-datachannel", "other", "m-line 0: another protocol or format than in the offer"},
        {"m=application 9", "m=audio 0 RTP/AVP 0\r\nm=application 9",
            "the answer has 2 m-lines, and the offer 1"},
        {"m=application 9", "m=application 0",
            "a=group:BUNDLE begins with a section that is rejected"},
        {"a=fingerprint", "", "m-line 0: a=fingerprint is missing"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup();
        offer(&a, &b);
        enum yodel_err err =
            set_remote(&a, YODEL_SDP_ANSWER, edit(first_answer, rows[i].from, rows[i].to));
        CHECK_TEXT(jsep_error_text(&a.jsep), rows[i].want ? rows[i].want : "");
        CHECK_EQ(err, rows[i].want ? YODEL_ERR_INVALID_ACCESS : YODEL_OK);
        CHECK_EQ(
            a.jsep.state, rows[i].want ? YODEL_SIGNALING_HAVE_LOCAL_OFFER : YODEL_SIGNALING_STABLE);
        teardown();
    }
}

static void a_bundle_group_of_an_answer_is_part_of_the_offers(void)
{
    setup();
    make(&a, YODEL_SDP_OFFER);
    must(set_local(&a, YODEL_SDP_OFFER, ""));
    const char *other_group = edit(first_answer, "BUNDLE 0", "BUNDLE 0\r\na=group:LS 0");
    must(set_remote(&a, YODEL_SDP_ANSWER, other_group));
    teardown();

    setup(); // The second mid is known to the answer only where the offer has it too.
    must(set_remote(&b, YODEL_SDP_OFFER, edit(first_offer, "a=group", "")));
    make(&b, YODEL_SDP_ANSWER);
    CHECK(strstr(b.text, "a=group") == NULL);
    teardown();
}

// ---- negotiating again

static void a_second_offer_keeps_sections_mids_and_roles(void)
{
    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, chromium_offer));
    make(&b, YODEL_SDP_ANSWER);
    must(set_local(&b, YODEL_SDP_ANSWER, ""));

    b.facts.has_data = true; // There is a section already: none is added.
    CHECK_TEXT(make(&b, YODEL_SDP_OFFER),
        ORIGIN(
            "2") "a=group:BUNDLE 2\r\n"
                 "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n"
                 "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 "
                 "0.0.0.0\r\na=mid:1\r\na=inactive\r\n" DATA_LINE
                 "a=ice-ufrag:bbbb\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb\r\na=ice-options:trickle\r\n"
                 "a=fingerprint:sha-256 B0:00:" ZEROS "\r\na=setup:actpass\r\na=mid:2\r\n" SCTP);
    teardown();
}

static void roles_stay_when_the_other_side_offers_next(void)
{
    setup();
    agree(&a, &b); // b is the DTLS client, a controls.
    agree(&b, &a);
    CHECK(strstr(a.text, "a=setup:passive") != NULL);
    CHECK_EQ(a.change.dtls_role, JSEP_DTLS_SERVER);
    CHECK_EQ(b.change.dtls_role, JSEP_DTLS_CLIENT);
    CHECK(a.change.is_controlling && !b.change.is_controlling);

    make(&b, YODEL_SDP_OFFER); // To be the server now would take a new association.
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, edit(b.text, "actpass", "passive")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "m-line 0: a=setup changed its role during the session");
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, edit(b.text, "B0:00:", "B0:01:")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "m-line 0: a=fingerprint changed during the session");
    must(set_remote(&a, YODEL_SDP_OFFER, edit(b.text, "actpass", "active")));
    teardown();
}

static void the_version_grows_with_what_changed_only(void)
{
    setup();
    make(&a, YODEL_SDP_OFFER);
    CHECK_TEXT(make(&a, YODEL_SDP_OFFER), first_offer);
    a.facts.sctp_port = 5001;
    make(&a, YODEL_SDP_OFFER);
    CHECK(strstr(a.text, "o=- 126595302466634177 2 ") != NULL);
    CHECK_TEXT(a.text, edit(edit(first_offer, "177 1 ", "177 2 "), "5000", "5001"));
    teardown();
}

static void new_credentials_restart_ice_on_both_sides(void)
{
    setup();
    agree(&a, &b);
    a.facts.ufrag = bytes_of_text("AAAA");
    CHECK(jsep_needs_negotiation(&a.jsep, &a.facts));
    offer(&a, &b);
    CHECK(b.change.is_restart);
    check_text(b.change.ufrag, "AAAA");
    b.facts.ufrag = bytes_of_text("BBBB");
    answer(&b, &a);
    CHECK(a.change.is_restart && b.change.is_restart);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    offer(&b, &a);
    CHECK(!a.change.is_restart);
    b.facts.pwd = bytes_of_text("cccccccccccccccccccccccc");
    offer(&b, &a);
    CHECK(a.change.is_restart);
    teardown();
}

static void re_offers_keep_what_there_was(void)
{
    setup();
    agree(&a, &b);
    make(&b, YODEL_SDP_OFFER);
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER,
                 edit(edit(b.text, "a=mid:0", "a=mid:9"), "BUNDLE 0", "BUNDLE 9")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "m-line 0: another mid than before");
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, edit(b.text, "m=application", "m=video")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "m-line 0: another kind of media than before");
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n"),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "the offer has 0 m-lines, and there were 1");
    CHECK_EQ(a.jsep.state, YODEL_SIGNALING_STABLE);
    teardown();
}

static void a_rejected_data_section_is_offered_again_in_its_place(void)
{
    setup();
    make(&a, YODEL_SDP_OFFER);
    must(set_local(&a, YODEL_SDP_OFFER, ""));
    must(set_remote(&a, YODEL_SDP_ANSWER,
        ORIGIN("1") "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 "
                    "0.0.0.0\r\na=mid:0\r\n"));
    CHECK(a.change.is_negotiated && !a.change.has_data);
    CHECK(jsep_needs_negotiation(&a.jsep, &a.facts));
    make(&a, YODEL_SDP_OFFER);
    CHECK_TEXT(a.text, edit(edit(edit(first_offer, "177 1 ", "177 2 "), "a=mid:0", "a=mid:1"),
                           "BUNDLE 0", "BUNDLE 1"));
    must(set_local(&a, YODEL_SDP_OFFER, ""));
    must(set_remote(&a, YODEL_SDP_ANSWER,
        edit(edit(first_answer, "a=mid:0", "a=mid:1"), "BUNDLE 0", "BUNDLE 1")));
    CHECK(a.change.is_negotiated && a.change.has_data);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    teardown();
}

static void the_other_side_may_use_a_rejected_section_again(void)
{
    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, chromium_offer));
    make(&b, YODEL_SDP_ANSWER);
    must(set_local(&b, YODEL_SDP_ANSWER, ""));
    // The audio becomes a video with another mid.
    const char *again = edit(edit(edit(chromium_offer, "m=audio", "m=video"), "a=mid:0", "a=mid:7"),
        "BUNDLE 0", "BUNDLE 7");
    must(set_remote(&b, YODEL_SDP_OFFER, again));
    make(&b, YODEL_SDP_ANSWER);
    CHECK(strstr(b.text, "m=video 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:7\r\n") !=
          NULL);
    teardown();
}

// ---- glare and rollback

static void an_offer_against_an_offer_rolls_the_local_one_back(void)
{
    setup();
    b.facts.has_data = true;
    offer(&a, &b);
    make(&a, YODEL_SDP_OFFER);
    jsep_deinit(&b.jsep);
    jsep_init(&b.jsep, &env);
    offer(&b, &a); // a is polite.
    CHECK(a.change.rolled_back && a.change.has_data);
    CHECK(!a.jsep.pending_local.is_set && !a.jsep.current_local.is_set);
    CHECK_EQ(set_local(&a, YODEL_SDP_OFFER, first_offer), YODEL_ERR_INVALID_MODIFICATION);
    answer(&a, &b);
    CHECK(b.change.is_controlling && !a.change.is_controlling);
    CHECK_EQ(a.change.dtls_role, JSEP_DTLS_CLIENT);
    teardown();
}

static void an_offer_that_is_refused_rolls_nothing_back(void)
{
    setup();
    offer(&a, &b);
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, edit(first_offer, "a=setup", "")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_EQ(a.jsep.state, YODEL_SIGNALING_HAVE_LOCAL_OFFER);
    CHECK(a.jsep.pending_local.is_set);
    teardown();
}

static void a_rollback_leaves_what_was_agreed(void)
{
    setup();
    agree(&a, &b);
    a.facts.ufrag = bytes_of_text("AAAA");
    offer(&a, &b);
    must(set_local(&a, YODEL_SDP_ROLLBACK, "whatever"));
    CHECK(a.change.rolled_back);
    must(set_remote(&b, YODEL_SDP_ROLLBACK, ""));
    check_text(a.jsep.current_local.text, first_offer);
    check_text(b.jsep.current_remote.text, first_offer);
    CHECK(!a.jsep.pending_local.is_set && !b.jsep.pending_remote.is_set);
    CHECK_EQ(a.jsep.dtls_role, JSEP_DTLS_SERVER);
    agree(&a, &b);
    CHECK(b.change.is_restart);
    teardown();
}

static void j17_a_thousand_negotiations_do_not_grow(void)
{
    size_t alive = 0;

    setup();
    b.facts.has_data = true;
    for (int i = 0; i < 1000; i++) {
        agree(i % 2 ? &a : &b, i % 2 ? &b : &a);
        offer(&a, &b);
        must(set_local(&a, YODEL_SDP_ROLLBACK, ""));
        must(set_remote(&b, YODEL_SDP_ROLLBACK, ""));
        alive = i == 0 ? counting.alive : alive;
    }
    CHECK_EQ(counting.alive, alive);
    CHECK_EQ(a.jsep.current_local.sdp.media_count, 1);
    teardown();
}

static void nothing_works_after_close(void)
{
    setup();
    agree(&a, &b);
    jsep_close(&a.jsep);
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, first_offer), YODEL_ERR_INVALID_STATE);
    CHECK_TEXT(jsep_error_text(&a.jsep), "a remote offer cannot be set in closed");
    CHECK(jsep_local(&a.jsep) != NULL);
    teardown();
}

// ---- the rest

static void negotiation_is_needed_for_the_first_channel_and_in_stable_only(void)
{
    setup();
    CHECK(jsep_needs_negotiation(&a.jsep, &a.facts));
    CHECK(!jsep_needs_negotiation(&b.jsep, &b.facts));
    offer(&a, &b);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    b.facts.has_data = true;
    CHECK(!jsep_needs_negotiation(&b.jsep, &b.facts));
    answer(&b, &a);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    CHECK(!jsep_needs_negotiation(&b.jsep, &b.facts));
    jsep_close(&a.jsep);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    teardown();
}

static void gathered_candidates_are_merged_into_their_generation(void)
{
    struct bytes lines[] = {bytes_of_text("candidate:1 x"), bytes_of_text("candidate:2 y")};
    struct jsep_candidates candidates = {lines, 1, false};
    uint8_t room[8192];

    setup();
    a.facts.candidates = candidates; // The first is in the offer already.
    offer(&a, &b);
    candidates = (struct jsep_candidates){lines, 2, true};
    struct writer w = writer_of(span_of(room, sizeof room));
    jsep_write_description(jsep_local(&a.jsep), a.facts.ufrag, &candidates, &w);
    const char *want =
        edit(a.text, "262144\r\n", "262144\r\na=candidate:2 y\r\na=end-of-candidates\r\n");
    CHECK_BYTES(writer_bytes(&w), bytes_of_text(want));

    w = writer_of(span_of(room, sizeof room));
    jsep_write_description(jsep_local(&a.jsep), bytes_of_text("gone"), &candidates, &w);
    CHECK_BYTES(writer_bytes(&w), bytes_of_text(a.text));
    teardown();

    setup(); // Into the data section, wherever it is, even if its last line has no end.
    size_t len = strlen(chromium_offer) - 2;
    must(jsep_set_remote(&b.jsep, YODEL_SDP_OFFER, bytes_of(chromium_offer, len), &b.change));
    w = writer_of(span_of(room, sizeof room));
    jsep_write_description(jsep_remote(&b.jsep), bytes_of_text("ETEn"), &candidates, &w);
    CHECK_BYTES(bytes_sub(writer_bytes(&w), 0, len), bytes_of(chromium_offer, len));
    check_text(bytes_sub(writer_bytes(&w), len, 1000),
        "\r\na=candidate:1 x\r\na=candidate:2 y\r\na=end-of-candidates\r\n");
    teardown();
}

static void candidates_are_for_the_data_section_of_this_generation(void)
{
    static const struct {
        const char *mid;
        unsigned index;
        const char *ufrag;
        enum yodel_err err;
        bool is_ours;
    } rows[] = {
        {"2", 0, "", YODEL_OK, true},
        {"2", 9, "ETEn", YODEL_OK, true},
        {"", 2, "", YODEL_OK, true},
        {"2", 0, "gone", YODEL_OK, false},
        {"0", 0, "", YODEL_OK, false},
        {"", 1, "ETEn", YODEL_OK, false},
        {"3", 0, "", YODEL_ERR_OPERATION, false},
        {"", 3, "", YODEL_ERR_OPERATION, false},
    };
    setup();
    bool is_ours = false;
    CHECK_EQ(jsep_check_candidate(&b.jsep, bytes_of_text("0"), 0, bytes_of_text(""), &is_ours),
        YODEL_ERR_INVALID_STATE);
    must(set_remote(&b, YODEL_SDP_OFFER, chromium_offer));
    for (size_t i = 0; i < COUNT(rows); i++) {
        is_ours = false;
        CHECK_EQ(jsep_check_candidate(&b.jsep, bytes_of_text(rows[i].mid), rows[i].index,
                     bytes_of_text(rows[i].ufrag), &is_ours),
            rows[i].err);
        CHECK_EQ(is_ours, rows[i].is_ours);
    }
    teardown();
}

static void message_sizes_have_their_special_values(void)
{
    static const struct {
        const char *to;
        uint64_t want;
    } rows[] = {
        {"a=max-message-size:0", JSEP_MAX_MESSAGE_NO_LIMIT},
        {"a=max-message-size:1", 1},
        {"a=max-message-size:99999999999999999999999", JSEP_MAX_MESSAGE_NO_LIMIT},
        {"a=other", JSEP_MAX_MESSAGE_SIZE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup();
        must(set_remote(
            &b, YODEL_SDP_OFFER, edit(first_offer, "a=max-message-size:262144", rows[i].to)));
        CHECK(b.change.max_message_size == rows[i].want);
        teardown();
    }
}

static void a_lite_side_is_controlled(void)
{
    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, edit(first_offer, "a=group", "a=ice-lite\r\na=group")));
    CHECK(b.change.is_ice_lite && b.change.is_controlling);
    teardown();
}

// Every allocation fails once; nothing is lost, and nothing changes by halves.
static void each_allocation_may_fail(void)
{
    for (size_t n = 0;; n++) {
        setup();
        counting.allowed = n;
        bool is_done =
            make(&a, YODEL_SDP_OFFER) && set_local(&a, YODEL_SDP_OFFER, "") == YODEL_OK &&
            set_remote(&b, YODEL_SDP_OFFER, a.text) == YODEL_OK && make(&b, YODEL_SDP_ANSWER) &&
            set_local(&b, YODEL_SDP_ANSWER, "") == YODEL_OK &&
            set_remote(&a, YODEL_SDP_ANSWER, b.text) == YODEL_OK;
        teardown();
        if (is_done) {
            CHECK(n > 8);
            return;
        }
    }
}

TEST_MAIN(TEST(an_offer_and_its_answer_are_these_very_lines),
    TEST(each_side_learns_the_other_and_the_roles_fit),
    TEST(every_description_in_every_state_does_what_the_table_says),
    TEST(offers_and_answers_are_made_where_the_w3c_lets_them), TEST(an_offer_of_nothing_is_refused),
    TEST(only_what_was_created_last_may_be_set_locally),
    TEST(a_pranswer_is_in_force_until_the_answer),
    TEST(offered_audio_and_video_are_rejected_and_the_data_is_accepted),
    TEST(a_bundle_only_section_uses_the_transport_of_the_tagged_one),
    TEST(what_the_session_gives_holds_for_its_sections),
    TEST(offers_that_make_no_sense_are_refused),
    TEST(answers_that_do_not_fit_the_offer_are_refused),
    TEST(a_bundle_group_of_an_answer_is_part_of_the_offers),
    TEST(a_second_offer_keeps_sections_mids_and_roles),
    TEST(roles_stay_when_the_other_side_offers_next),
    TEST(the_version_grows_with_what_changed_only), TEST(new_credentials_restart_ice_on_both_sides),
    TEST(re_offers_keep_what_there_was),
    TEST(a_rejected_data_section_is_offered_again_in_its_place),
    TEST(the_other_side_may_use_a_rejected_section_again),
    TEST(an_offer_against_an_offer_rolls_the_local_one_back),
    TEST(an_offer_that_is_refused_rolls_nothing_back), TEST(a_rollback_leaves_what_was_agreed),
    TEST(j17_a_thousand_negotiations_do_not_grow), TEST(nothing_works_after_close),
    TEST(negotiation_is_needed_for_the_first_channel_and_in_stable_only),
    TEST(gathered_candidates_are_merged_into_their_generation),
    TEST(candidates_are_for_the_data_section_of_this_generation),
    TEST(message_sizes_have_their_special_values), TEST(a_lite_side_is_controlled),
    TEST(each_allocation_may_fail))
