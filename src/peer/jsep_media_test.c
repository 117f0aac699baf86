// JSEP, audio and video: what is offered and answered, and what becomes of transceivers.

#include "jsep_sides.h"
#include "peer/jsep_rtp.h"
#include "peer/jsep_transceiver.h"

static void setup_media(void)
{
    setup();
    a.facts.has_data = false;
    a.jsep.takes_media = b.jsep.takes_media = true;
}

static struct yodel_transceiver *add(
    struct side *s, enum sdp_kind kind, enum sdp_direction direction)
{
    struct yodel_transceiver *t;

    must(jsep_transceiver_new(&s->jsep, kind, &t));
    t->direction = direction;
    return t;
}

static struct yodel_transceiver *at(const struct side *s, size_t section)
{
    struct yodel_transceiver *t = jsep_transceiver_find(&s->jsep, section);

    CHECK(t != NULL);
    return t;
}

static size_t count(const struct side *s)
{
    size_t count = 0;

    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(&s->jsep, t)) != NULL;) {
        count++;
    }
    return count;
}

static size_t count_ended(struct side *s)
{
    size_t ended = 0;
    struct list_node *next;

    for (struct list_node *node = list_first(&s->jsep.transceivers); node; node = next) {
        struct yodel_transceiver *t = CONTAINER_OF(node, struct yodel_transceiver, node);

        next = list_next(&s->jsep.transceivers, node);
        if (t->is_stopped) {
            jsep_transceiver_free(&s->jsep, t);
            ended++;
        }
    }
    return ended;
}

// ---- offers and answers

static void audio_and_video_are_offered_and_answered(void)
{
    struct jsep_rtp agreed;

    setup_media();
    a.facts.has_data = true;
    struct yodel_transceiver *audio = add(&a, SDP_AUDIO, SDP_SENDRECV);
    add(&a, SDP_VIDEO, SDP_SENDONLY);
    offer(&a, &b);
    CHECK(strstr(a.text, "a=group:BUNDLE 0 1 2\r\n") != NULL);
    CHECK(strstr(a.text, "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8\r\n") != NULL);
    CHECK(strstr(a.text, "a=rtpmap:63 red/48000/2\r\n") != NULL);
    CHECK(strstr(a.text, "a=fmtp:63 111/111\r\n") != NULL);
    CHECK(strstr(a.text, "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 102 103 104 105\r\n") != NULL);
    CHECK(strstr(a.text, "a=rtpmap:97 rtx/90000\r\n") != NULL);
    CHECK(strstr(a.text, "a=fmtp:97 apt=96\r\n") != NULL);
    CHECK(b.change.has_transport && b.change.has_data);
    CHECK_EQ(count(&b), 2);
    CHECK_EQ(at(&b, 0)->direction, SDP_RECVONLY);
    CHECK(at(&b, 0)->remote_sends && at(&b, 1)->remote_sends);
    at(&b, 0)->direction = SDP_SENDRECV;
    answer(&b, &a);
    CHECK(strstr(b.text, "a=group:BUNDLE 0 1 2\r\n") != NULL);
    CHECK_EQ(audio->current, SDP_SENDRECV);
    CHECK_EQ(at(&a, 1)->current, SDP_SENDONLY);
    CHECK_EQ(at(&b, 1)->current, SDP_RECVONLY);
    CHECK(audio->remote_sends && !at(&a, 1)->remote_sends);

    CHECK(jsep_rtp_find(&b.jsep, at(&b, 1), &agreed));
    check_text(agreed.mid, "1");
    CHECK(agreed.receives && !agreed.sends && agreed.is_reduced_size);
    CHECK_EQ(agreed.codec_count, 4);
    CHECK_EQ(agreed.codecs[0].codec, YODEL_VP8);
    CHECK_EQ(agreed.codecs[0].payload_type, 96);
    CHECK(agreed.codecs[0].has_rtx);
    CHECK_EQ(agreed.codecs[0].rtx, 97);
    CHECK_EQ(agreed.codecs[0].feedback,
        SDP_NACK | SDP_NACK_PLI | SDP_CCM_FIR | SDP_GOOG_REMB | SDP_TRANSPORT_CC);
    CHECK(agreed.exts.ids[RTP_EXT_MID] != 0 && agreed.exts.ids[RTP_EXT_TRANSPORT_SEQ] != 0);
    CHECK_EQ(agreed.exts.ids[RTP_EXT_AUDIO_LEVEL], 0);
    CHECK_EQ(agreed.source_count, 1);
    CHECK_EQ(agreed.sources[0].ssrc, at(&a, 1)->ssrc);
    CHECK_EQ(agreed.sources[0].rtx_ssrc, at(&a, 1)->rtx_ssrc);
    CHECK(jsep_rtp_find(&a.jsep, at(&a, 1), &agreed));
    CHECK(agreed.sends && !agreed.receives);
    CHECK_EQ(agreed.source_count, 0);
    teardown();
}

// The offer's text with one part of it replaced.
static void replace(char *text, size_t room, const char *from, const char *to)
{
    char *at = strstr(text, from);

    CHECK(at != NULL && strlen(text) + strlen(to) - strlen(from) < room);
    memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
    memcpy(at, to, strlen(to));
}

// RFC 2198 §5. Where it stands says whether they would rather have it; one with another list is not for us.
static void red_is_answered_where_it_was_offered(void)
{
    static const struct {
        const char *types, *fmtp, *answered;
        bool has_red, prefers_red;
    } rows[] = {
        {" 111 63 0 8", "111/111", " 111 63 0 8", true, false},
        {" 63 111 0 8", "111/111/111", " 63 111 0 8", true, true},
        {" 111 63 0 8", "0/0", " 111 0 8", false, false},
        {" 111 63 0 8", "111", " 111 0 8", false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        static char text[SDP_TEXT_MAX];
        char line[64];
        struct jsep_rtp agreed;

        setup_media();
        add(&a, SDP_AUDIO, SDP_SENDRECV);
        (void)snprintf(text, sizeof text, "%s", make(&a, YODEL_SDP_OFFER));
        replace(text, sizeof text, " 111 63 0 8", rows[i].types);
        (void)snprintf(line, sizeof line, "a=fmtp:63 %s", rows[i].fmtp);
        replace(text, sizeof text, "a=fmtp:63 111/111", line);
        must(set_remote(&b, YODEL_SDP_OFFER, text));
        (void)snprintf(line, sizeof line, "SAVPF%s\r\n", rows[i].answered);
        CHECK(strstr(make(&b, YODEL_SDP_ANSWER), line) != NULL);
        must(set_local(&b, YODEL_SDP_ANSWER, ""));
        CHECK(jsep_rtp_find(&b.jsep, at(&b, 0), &agreed));
        CHECK_EQ(agreed.codecs[0].codec, YODEL_OPUS);
        CHECK_EQ(agreed.codecs[0].has_red, rows[i].has_red);
        CHECK_EQ(agreed.codecs[0].prefers_red, rows[i].prefers_red);
        teardown();
    }
}

static void directions_are_what_both_want(void)
{
    static const struct {
        enum sdp_direction offered, wanted, ours, theirs;
    } rows[] = {
        {SDP_SENDRECV, SDP_SENDRECV, SDP_SENDRECV, SDP_SENDRECV},
        {SDP_SENDRECV, SDP_RECVONLY, SDP_RECVONLY, SDP_SENDONLY},
        {SDP_SENDRECV, SDP_INACTIVE, SDP_INACTIVE, SDP_INACTIVE},
        {SDP_SENDONLY, SDP_SENDRECV, SDP_RECVONLY, SDP_SENDONLY},
        {SDP_SENDONLY, SDP_SENDONLY, SDP_INACTIVE, SDP_INACTIVE},
        {SDP_RECVONLY, SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY},
        {SDP_INACTIVE, SDP_SENDRECV, SDP_INACTIVE, SDP_INACTIVE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup_media();
        add(&a, SDP_VIDEO, rows[i].offered);
        offer(&a, &b);
        at(&b, 0)->direction = rows[i].wanted;
        answer(&b, &a);
        CHECK_EQ(at(&b, 0)->current, rows[i].ours);
        CHECK_EQ(at(&a, 0)->current, rows[i].theirs);
        teardown();
    }
}

static void a_codec_that_nobody_has_rejects_its_section_alone(void)
{
    setup_media();
    add(&a, SDP_AUDIO, SDP_SENDRECV);
    struct yodel_transceiver *video = add(&a, SDP_VIDEO, SDP_SENDRECV);
    video->codecs[0] = YODEL_AV1;
    video->codec_count = 1;
    offer(&a, &b);
    at(&b, 1)->codecs[0] = YODEL_VP8;
    at(&b, 1)->codec_count = 1;
    answer(&b, &a);
    CHECK(strstr(b.text, "a=group:BUNDLE 0\r\n") != NULL);
    CHECK(strstr(b.text, "m=video 0 ") != NULL);
    CHECK_EQ(at(&a, 0)->current, SDP_SENDONLY); // b's came with the offer, and receives.
    CHECK(video->is_stopped);
    CHECK_EQ(count(&a), 1);
    CHECK_EQ(count(&b), 1);
    teardown();
}

static void the_first_section_may_be_the_one_that_is_rejected(void)
{
    setup_media();
    a.facts.has_data = true;
    add(&a, SDP_VIDEO, SDP_SENDRECV);
    offer(&a, &b);
    at(&b, 0)->is_stopping = true;
    answer(&b, &a);
    CHECK(strstr(b.text, "a=group:BUNDLE 1\r\n") != NULL);
    CHECK(a.change.has_transport && a.change.has_data && b.change.has_data);
    check_text(a.change.ufrag, "bbbb");
    check_text(b.change.ufrag, "aaaa");
    teardown();
}

static void media_is_rejected_where_it_is_not_taken(void)
{
    setup_media();
    b.jsep.takes_media = false;
    add(&a, SDP_VIDEO, SDP_SENDRECV);
    offer(&a, &b);
    CHECK(!b.change.has_transport);
    CHECK_EQ(count(&b), 0);
    answer(&b, &a);
    CHECK(strstr(b.text, "m=video 0 ") != NULL);
    CHECK_EQ(count(&a), 0);
    teardown();
}

// ---- transceivers

static void an_offer_takes_what_add_track_made(void)
{
    setup_media();
    struct yodel_transceiver *fixed = add(&b, SDP_VIDEO, SDP_SENDRECV);
    struct yodel_transceiver *track = add(&b, SDP_VIDEO, SDP_SENDRECV);
    track->may_be_reused = true;
    add(&a, SDP_VIDEO, SDP_SENDRECV);
    offer(&a, &b);
    CHECK(at(&b, 0) == track);
    CHECK_EQ(fixed->section, JSEP_NO_SECTION);
    answer(&b, &a);
    CHECK_EQ(track->current, SDP_SENDRECV);
    CHECK(jsep_needs_negotiation(&b.jsep, &b.facts)); // The other one has no section yet.
    agree(&b, &a);
    CHECK(at(&b, 1) == fixed);
    CHECK(!jsep_needs_negotiation(&b.jsep, &b.facts));
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    teardown();
}

static void a_rollback_takes_back_what_an_offer_did(void)
{
    setup_media();
    struct yodel_transceiver *ours = add(&a, SDP_AUDIO, SDP_SENDRECV);
    add(&b, SDP_VIDEO, SDP_SENDRECV);
    offer(&a, &b);
    CHECK_EQ(ours->section, 0);
    CHECK_EQ(count(&b), 2);
    must(set_local(&a, YODEL_SDP_ROLLBACK, ""));
    must(set_remote(&b, YODEL_SDP_ROLLBACK, ""));
    CHECK_EQ(ours->section, JSEP_NO_SECTION);
    CHECK_EQ(count(&b), 1);
    CHECK_EQ(count_ended(&b), 1);
    offer(&a, &b); // Glare: b is polite, and its video waits.
    answer(&b, &a);
    CHECK_EQ(at(&b, 0)->kind, SDP_AUDIO);
    agree(&b, &a);
    CHECK_EQ(at(&a, 1)->kind, SDP_VIDEO);
    teardown();
}

static void a_stopped_ones_section_is_used_again(void)
{
    setup_media();
    struct yodel_transceiver *first = add(&a, SDP_AUDIO, SDP_SENDRECV);
    add(&a, SDP_VIDEO, SDP_SENDRECV);
    agree(&a, &b);
    first->is_stopping = true;
    CHECK(jsep_needs_negotiation(&a.jsep, &a.facts));
    agree(&a, &b);
    CHECK(first->is_stopped);
    CHECK_EQ(count_ended(&a), 1);
    CHECK_EQ(count_ended(&b), 1);
    add(&b, SDP_VIDEO, SDP_SENDRECV);
    agree(&b, &a);
    CHECK_EQ(at(&b, 0)->kind, SDP_VIDEO);
    CHECK_EQ(at(&a, 0)->kind, SDP_VIDEO);
    CHECK(strcmp(at(&a, 0)->mid, at(&a, 1)->mid) != 0);
    CHECK_EQ(a.jsep.current_local.sdp.media_count, 2);
    teardown();
}

static void a_thousand_calls_do_not_grow(void)
{
    size_t held = 0;

    setup_media();
    add(&a, SDP_AUDIO, SDP_SENDRECV);
    agree(&a, &b);
    for (int i = 0; i < 1000; i++) {
        struct yodel_transceiver *video = add(&a, SDP_VIDEO, SDP_SENDRECV);
        agree(&a, &b);
        video->is_stopping = true;
        agree(&a, &b);
        CHECK_EQ(count_ended(&a), 1);
        CHECK_EQ(count_ended(&b), 1);
        CHECK_EQ(a.jsep.current_local.sdp.media_count, 2);
        held = i == 10 ? memory.held : held;
        CHECK(i < 10 || memory.held == held);
    }
    teardown();
}

static void a_hold_is_negotiated(void)
{
    setup_media();
    add(&a, SDP_AUDIO, SDP_SENDRECV);
    offer(&a, &b);
    at(&b, 0)->direction = SDP_SENDRECV;
    answer(&b, &a);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    at(&a, 0)->direction = SDP_SENDONLY;
    CHECK(jsep_needs_negotiation(&a.jsep, &a.facts));
    agree(&a, &b);
    CHECK_EQ(at(&b, 0)->current, SDP_RECVONLY);
    CHECK(!at(&a, 0)->remote_sends);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    CHECK(!jsep_needs_negotiation(&b.jsep, &b.facts));
    teardown();
}

static void every_failed_allocation_changes_nothing(void)
{
    setup_media();
    add(&a, SDP_AUDIO, SDP_SENDRECV);
    add(&a, SDP_VIDEO, SDP_SENDRECV);
    CHECK(make(&a, YODEL_SDP_OFFER) != NULL);
    bool is_done = false;
    for (size_t allowed = 0; !is_done; allowed++) {
        memory.allowed = allowed;
        enum yodel_err err = set_remote(&b, YODEL_SDP_OFFER, a.text);
        memory.allowed = SIZE_MAX;
        is_done = err == YODEL_OK;
        CHECK(is_done || err == YODEL_ERR_NO_MEMORY);
        CHECK_EQ(count(&b), is_done ? 2 : 0);
    }
    teardown();
}

// ---- browsers

static const char *vector(const char *name)
{
    static char text[SDP_TEXT_MAX];
    char path[512];

    CHECK(getenv("YODEL_VECTORS") != NULL);
    snprintf(path, sizeof path, "%s/sdp/%s", getenv("YODEL_VECTORS"), name);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void every_browsers_media_is_answered(void)
{
    static const char *const names[] = {"chromium_all_offer_balanced.sdp",
        "chromium_all_offer_max_bundle.sdp", "firefox_all_offer_balanced.sdp",
        "firefox_all_offer_max_bundle.sdp"};

    for (size_t i = 0; i < COUNT(names); i++) {
        struct jsep_rtp agreed;

        setup_media();
        must(set_remote(&b, YODEL_SDP_OFFER, vector(names[i])));
        CHECK(b.change.has_data);
        check_text(b.change.mid, "0");
        CHECK(make(&b, YODEL_SDP_ANSWER) != NULL);
        CHECK(strstr(b.text, "a=group:BUNDLE 0 1 2\r\n") != NULL);
        must(set_local(&b, YODEL_SDP_ANSWER, ""));
        CHECK_EQ(count(&b), 2);
        CHECK(jsep_rtp_find(&b.jsep, at(&b, 0), &agreed));
        CHECK_EQ(agreed.codecs[0].codec, YODEL_OPUS);
        CHECK(agreed.codecs[0].feedback & SDP_TRANSPORT_CC);
        CHECK(jsep_rtp_find(&b.jsep, at(&b, 1), &agreed));
        CHECK_EQ(agreed.codecs[0].codec, YODEL_VP8);
        CHECK(agreed.codecs[0].has_rtx);
        CHECK(agreed.codec_count >= 3);
        CHECK(agreed.exts.ids[RTP_EXT_MID] != 0);
        teardown();
    }
}

TEST_MAIN(TEST(audio_and_video_are_offered_and_answered), TEST(directions_are_what_both_want),
    TEST(red_is_answered_where_it_was_offered),
    TEST(a_codec_that_nobody_has_rejects_its_section_alone),
    TEST(the_first_section_may_be_the_one_that_is_rejected),
    TEST(media_is_rejected_where_it_is_not_taken), TEST(an_offer_takes_what_add_track_made),
    TEST(a_rollback_takes_back_what_an_offer_did), TEST(a_stopped_ones_section_is_used_again),
    TEST(a_thousand_calls_do_not_grow), TEST(a_hold_is_negotiated),
    TEST(every_failed_allocation_changes_nothing), TEST(every_browsers_media_is_answered))
