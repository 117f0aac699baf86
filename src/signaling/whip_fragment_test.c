// Fragments: cut out of an offer, and put into an answer.

#include "signaling/whip_fragment.h"

#include "check.h"

#define SESSION                                                                                    \
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 "                         \
    "1\r\na=ice-options:trickle\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
#define VIDEO "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
#define OURS "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
#define C1 "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"
#define C2 "a=candidate:2 1 udp 2122194687 192.0.2.2 61765 typ host\r\n"
#define END "a=end-of-candidates\r\n"

#define OFFER                                                                                      \
    SESSION AUDIO "c=IN IP4 0.0.0.0\r\n" OURS "a=mid:0\r\n" C1 END VIDEO OURS "a=mid:1\r\n" C2
#define HEAD "a=ice-options:trickle\r\na=group:BUNDLE 0 1\r\n" AUDIO "a=mid:0\r\n" OURS

static void check_written(const struct writer *w, const char *want)
{
    char text[4096];
    struct bytes got = writer_bytes(w);

    CHECK(got.len < sizeof text);
    memcpy(text, got.ptr, got.len);
    text[got.len] = '\0';
    CHECK_TEXT(text, want);
}

static void candidates_go_with_the_first_section(void)
{
    uint8_t room[2048];
    struct writer w = writer_of(span_of(room, sizeof room));

    signaling_whip_fragment_put(&w, bytes_of_text(OFFER), bytes_of_text(C2 END));
    check_written(&w, HEAD C2 END);
}

static void a_restart_tells_what_the_offer_has(void)
{
    uint8_t room[2048];
    struct writer w = writer_of(span_of(room, sizeof room));

    signaling_whip_fragment_put_restart(&w, bytes_of_text(OFFER));
    check_written(&w, HEAD C1 END);
}

#define THEIRS(ufrag) "a=ice-ufrag:" ufrag "\r\na=ice-pwd:0b66f472495ef0ccac7bda653ab6be49\r\n"
#define ANSWER(creds, first, second)                                                               \
    SESSION "a=ice-lite\r\n" AUDIO creds "a=mid:0\r\n" first VIDEO creds "a=mid:1\r\n" second

static void a_fragment_makes_a_new_answer_of_the_old_one(void)
{
    static const struct {
        const char *answer, *fragment;
        const char *want; // NULL: malformed.
    } rows[] = {
        {ANSWER(THEIRS("old"), C1 END, ""), THEIRS("new") C2 END,
            ANSWER(THEIRS("new"), C2 END, "")},
        {ANSWER(THEIRS("old"), C1, C1), AUDIO "a=mid:0\r\n" THEIRS("new") C2 END,
            ANSWER(THEIRS("new"), C2 END, "")},
        {ANSWER(THEIRS("old"), C1, ""), VIDEO "a=mid:1\r\n" THEIRS("new") C2,
            ANSWER(THEIRS("new"), "", C2)},
        {ANSWER(THEIRS("old"), C1, ""), AUDIO "a=mid:9\r\n" THEIRS("new") C2,
            ANSWER(THEIRS("new"), C2, "")},
        {ANSWER(THEIRS("old"), C1, ""), THEIRS("new"), ANSWER(THEIRS("new"), "", "")},
        // Lines that end with a newline alone, the last one without.
        {"m=audio 9\na=ice-ufrag:old\na=ice-pwd:old\n" C1, "a=ice-ufrag:new\na=ice-pwd:new\n" C2,
            "m=audio 9\r\na=ice-ufrag:new\r\na=ice-pwd:new\r\n" C2},
        {"a=ice-ufrag:old\r\na=ice-pwd:old\r\nm=audio 9", "a=ice-ufrag:new\r\na=ice-pwd:new",
            "a=ice-ufrag:new\r\na=ice-pwd:new\r\nm=audio 9\r\n"},
        {ANSWER(THEIRS("old"), C1, ""), "a=ice-ufrag:new\r\n", NULL},
        {ANSWER(THEIRS("old"), C1, ""), "a=ice-pwd:new\r\n", NULL},
        {ANSWER(THEIRS("old"), C1, ""), "", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[4096];
        struct writer w = writer_of(span_of(room, sizeof room));
        enum yodel_err err = signaling_whip_fragment_merge(
            &w, bytes_of_text(rows[i].answer), bytes_of_text(rows[i].fragment));
        CHECK_EQ(err, rows[i].want ? YODEL_OK : YODEL_ERR_MALFORMED);
        if (rows[i].want) {
            check_written(&w, rows[i].want);
        }
    }
}

static void an_answer_without_room_is_none(void)
{
    uint8_t room[100];
    struct writer w = writer_of(span_of(room, sizeof room));

    CHECK_EQ(signaling_whip_fragment_merge(
                 &w, bytes_of_text(ANSWER(THEIRS("old"), C1, "")), bytes_of_text(THEIRS("new"))),
        YODEL_ERR_TOO_LARGE);
}

TEST_MAIN(TEST(candidates_go_with_the_first_section), TEST(a_restart_tells_what_the_offer_has),
    TEST(a_fragment_makes_a_new_answer_of_the_old_one), TEST(an_answer_without_room_is_none))
