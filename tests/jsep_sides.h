// Tests' two sides of a session, a and b, who negotiate with each other.

#ifndef TESTS_JSEP_SIDES_H
#define TESTS_JSEP_SIDES_H

#include <stdio.h>
#include <stdlib.h>

#include "capped_alloc.h"
#include "check.h"
#include "peer/jsep.h"

static inline void random_sevens(void *ctx, struct span out)
{
    (void)ctx;
    memset(out.ptr, 7, out.len);
}

static struct capped_alloc memory;
static const struct env env = {.alloc = &memory.alloc, .random = random_sevens};

static const uint8_t print_a[JSEP_FINGERPRINT_SIZE] = {0xa0, 0xa1},
                     print_b[JSEP_FINGERPRINT_SIZE] = {0xb0};

struct side {
    struct jsep jsep;
    struct jsep_facts facts;
    struct jsep_change change;
    char text[SDP_TEXT_MAX];
};

static struct side a, b;

static inline struct jsep_facts facts_of(const char *ufrag, const char *pwd, const uint8_t *print)
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

static inline void setup(void)
{
    memory = capped_alloc(SIZE_MAX);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    jsep_init(&a.jsep, &env, false);
    jsep_init(&b.jsep, &env, false);
    a.facts = facts_of("aaaa", "aaaaaaaaaaaaaaaaaaaaaa", print_a);
    b.facts = facts_of("bbbb", "bbbbbbbbbbbbbbbbbbbbbb", print_b);
    b.facts.has_data = false;
}

static inline void teardown(void)
{
    jsep_deinit(&a.jsep);
    jsep_deinit(&b.jsep);
    CHECK_EQ(memory.held, 0);
}

// The text of a new offer or answer, in the side's own buffer.
static inline const char *make(struct side *s, enum yodel_sdp_type type)
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

static inline enum yodel_err set_local(struct side *s, enum yodel_sdp_type type, const char *text)
{
    return jsep_set_local(&s->jsep, type, bytes_of_text(text), &s->change);
}

static inline enum yodel_err set_remote(struct side *s, enum yodel_sdp_type type, const char *text)
{
    return jsep_set_remote(&s->jsep, type, bytes_of_text(text), &s->change);
}

static inline void must(enum yodel_err err)
{
    if (err != YODEL_OK) {
        fprintf(stderr, "a: %s\nb: %s\n", jsep_error_text(&a.jsep), jsep_error_text(&b.jsep));
    }
    CHECK_EQ(err, YODEL_OK);
}

static inline void offer(struct side *from, struct side *to)
{
    CHECK(make(from, YODEL_SDP_OFFER) != NULL);
    must(set_local(from, YODEL_SDP_OFFER, ""));
    must(set_remote(to, YODEL_SDP_OFFER, from->text));
}

static inline void answer(struct side *from, struct side *to)
{
    CHECK(make(from, YODEL_SDP_ANSWER) != NULL);
    must(set_local(from, YODEL_SDP_ANSWER, ""));
    must(set_remote(to, YODEL_SDP_ANSWER, from->text));
}

static inline void agree(struct side *from, struct side *to)
{
    offer(from, to);
    answer(to, from);
}

static inline void check_text(struct bytes got, const char *want)
{
    CHECK_BYTES(got, bytes_of_text(want));
}

// `text` with its first `from` replaced; a line is taken out where `to` is empty.
static inline const char *edit(const char *text, const char *from, const char *to)
{
    static uint8_t edited[4][SDP_TEXT_MAX];
    static unsigned next;
    uint8_t *out = edited[next++ % 4];
    struct writer w = writer_of(span_of(out, sizeof edited[0]));
    const char *at = strstr(text, from);

    CHECK(at != NULL);
    size_t cut = strlen(from) + (to[0] == '\0' ? strcspn(at + strlen(from), "\n") + 1 : 0);
    put_bytes(&w, bytes_of(text, (size_t)(at - text)));
    put_text(&w, to);
    put_text(&w, at + cut);
    put_u8(&w, 0);
    CHECK(!w.failed);
    return (const char *)out;
}

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

#endif
