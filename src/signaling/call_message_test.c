// What members say: read, refused, cut, and written so that it is read again.

#include "signaling/call_message.h"

#include "check.h"

#include <stdlib.h>

static enum yodel_err parse(struct signaling_call_message *message, const char *text)
{
    return signaling_call_message_parse(message, bytes_of_text(text));
}

static void a_message_is_one_of_three_things_or_nothing(void)
{
    static const char *const bad[] = {"", "null", "[]", "\"leave\"", "{\"type\":7}",
        "{\"type\":\"boo\"}", "{\"type\":\"chat\"}", "{\"type\":\"chat\",\"text\":7}",
        "{\"type\":\"chat\",\"text\":\"\"}", "{\"type\":\"chat\",\"text\":\" \\n\\u3000\\ufeff\"}",
        "{\"type\":\"chat\",\"text\":\"a\\u0000b\"}", "{\"type\":\"chat\",\"text\":\"\\ud800\"}",
        "{\"type\":\"state\",\"audio\":\"loud\",\"video\":\"off\"}",
        "{\"type\":\"state\",\"audio\":[\"on\"],\"video\":\"off\"}",
        "{\"type\":\"state\",\"audio\":\"on\"}", "{\"type\":\"leave\",\"type\":\"leave\"}",
        "{\"type\":\"leave\"} x"};
    struct signaling_call_message message;

    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK_EQ(parse(&message, bad[i]), YODEL_ERR_MALFORMED);
    }
    CHECK_EQ(parse(&message, "{\"type\":\"chat\",\"text\":\"hi\",\"more\":1}"), YODEL_OK);
    CHECK_EQ(message.type, SIGNALING_CALL_CHAT);
    CHECK_BYTES(message.text, bytes_of_text("hi"));
    signaling_call_message_deinit(&message);
    CHECK_EQ(parse(&message, "{\"type\":\"leave\"}"), YODEL_OK);
    CHECK_EQ(message.type, SIGNALING_CALL_LEAVE);
    signaling_call_message_deinit(&message);
}

static void every_state_is_written_and_read(void)
{
    char room[SIGNALING_CALL_WRITTEN_MAX];

    for (int audio = 0; audio <= SIGNALING_CALL_AUDIO_NONE; audio++) {
        for (int video = 0; video <= SIGNALING_CALL_VIDEO_NONE; video++) {
            struct signaling_call_message message = {.type = SIGNALING_CALL_STATE,
                .audio = (enum signaling_call_audio)audio,
                .video = (enum signaling_call_video)video};
            size_t len = 0;
            CHECK_EQ(
                signaling_call_message_write(&message, span_of(room, sizeof room), &len), YODEL_OK);
            CHECK_EQ(signaling_call_message_parse(&message, bytes_of(room, len)), YODEL_OK);
            CHECK_EQ(message.type, SIGNALING_CALL_STATE);
            CHECK_EQ(message.audio, audio);
            CHECK_EQ(message.video, video);
            signaling_call_message_deinit(&message);
        }
    }
}

// As a browser counts: what is outside the basic plane is two characters.
static void a_chat_is_cut_at_4000_characters(void)
{
    static const struct {
        const char *one;
        size_t want; // Of 5000.
    } rows[] = {{"x", 4000}, {"\x01", 4000}, {"\xc3\xa4", 4000}, {"\xe2\x82\xac", 4000},
        {"\xf0\x9f\x98\x80", 2000}};
    static char room[SIGNALING_CALL_WRITTEN_MAX], text[5000 * 4 + 1];

    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t size = strlen(rows[i].one), len = 0;
        for (size_t k = 0; k < 5000; k++) {
            memcpy(text + k * size, rows[i].one, size);
        }
        struct signaling_call_message message = {
            .type = SIGNALING_CALL_CHAT, .text = bytes_of(text, 5000 * size)};
        CHECK_EQ(
            signaling_call_message_write(&message, span_of(room, sizeof room), &len), YODEL_OK);
        CHECK_EQ(signaling_call_message_parse(&message, bytes_of(room, len)), YODEL_OK);
        CHECK_BYTES(message.text, bytes_of(text, rows[i].want * size));
        signaling_call_message_deinit(&message);
    }
}

static void a_chat_that_is_too_long_for_a_message_is_none(void)
{
    static char text[SIGNALING_CALL_MESSAGE_MAX + 64];
    struct signaling_call_message message;
    int head = snprintf(text, sizeof text, "{\"type\":\"chat\",\"text\":\"");

    memset(text + head, 'x', sizeof text - (size_t)head);
    memcpy(text + SIGNALING_CALL_MESSAGE_MAX - 2, "\"}", 2);
    CHECK_EQ(signaling_call_message_parse(&message, bytes_of(text, SIGNALING_CALL_MESSAGE_MAX)),
        YODEL_OK);
    CHECK_EQ(message.text.len, SIGNALING_CALL_CHAT_MAX);
    signaling_call_message_deinit(&message);
    memcpy(text + SIGNALING_CALL_MESSAGE_MAX - 2, "x\"}", 3);
    CHECK_EQ(signaling_call_message_parse(&message, bytes_of(text, SIGNALING_CALL_MESSAGE_MAX + 1)),
        YODEL_ERR_MALFORMED);
}

static void what_is_no_text_is_not_written(void)
{
    static const struct {
        const char *text;
        size_t len, room;
        enum yodel_err want;
    } rows[] = {{"\xff", 1, 100, YODEL_ERR_SYNTAX}, {"a\0b", 3, 100, YODEL_ERR_SYNTAX},
        {"hello", 5, 20, YODEL_ERR_TOO_LARGE}, {"hello", 5, 100, YODEL_OK}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        char room[100];
        size_t len = 7;
        struct signaling_call_message message = {
            .type = SIGNALING_CALL_CHAT, .text = bytes_of(rows[i].text, rows[i].len)};
        CHECK_EQ(signaling_call_message_write(&message, span_of(room, rows[i].room), &len),
            rows[i].want);
        CHECK_EQ(len == 7, rows[i].want != YODEL_OK);
    }
}

static void a_member_has_an_id_and_the_rest_is_mended(void)
{
    static const struct {
        const char *json;
        bool want;
        enum signaling_call_role role;
        bool names_b;
    } rows[] = {
        {"{\"id\":\"a\",\"with\":[\"b\",7,\"\"],\"role\":\"play\"}", true, SIGNALING_CALL_ROLE_PLAY,
            true},
        {"{\"id\":\"a\",\"with\":\"b\",\"role\":\"sing\"}", true, SIGNALING_CALL_ROLE_CALL, false},
        {"{\"id\":\"a\",\"role\":\"publish\"}", true, SIGNALING_CALL_ROLE_PUBLISH, false},
        {"{\"id\":\"a\"}", true, SIGNALING_CALL_ROLE_CALL, false},
        {"[]", false, SIGNALING_CALL_ROLE_CALL, false},
        {"{}", false, SIGNALING_CALL_ROLE_CALL, false},
        {"{\"id\":\"\"}", false, SIGNALING_CALL_ROLE_CALL, false},
        {"{\"id\":7}", false, SIGNALING_CALL_ROLE_CALL, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *json = json_loads(rows[i].json, 0, NULL);
        struct signaling_call_member member;
        CHECK_EQ(signaling_call_message_read_member(&member, json), rows[i].want);
        if (rows[i].want) {
            CHECK_TEXT(member.id, "a");
            CHECK_EQ(member.role, rows[i].role);
            CHECK_EQ(signaling_call_message_names(&member, "b"), rows[i].names_b);
        }
        json_decref(json);
    }
}

static void only_the_first_64_names_count(void)
{
    json_t *with = json_array();
    char name[8];

    for (unsigned i = 0; i < 65; i++) {
        (void)snprintf(name, sizeof name, "m%u", i);
        (void)json_array_append_new(with, json_string(name));
    }
    struct signaling_call_member member = {.with = with};
    CHECK(signaling_call_message_names(&member, "m63"));
    CHECK(!signaling_call_message_names(&member, "m64"));
    json_decref(with);
}

TEST_MAIN(TEST(a_message_is_one_of_three_things_or_nothing), TEST(every_state_is_written_and_read),
    TEST(a_chat_is_cut_at_4000_characters), TEST(a_chat_that_is_too_long_for_a_message_is_none),
    TEST(what_is_no_text_is_not_written), TEST(a_member_has_an_id_and_the_rest_is_mended),
    TEST(only_the_first_64_names_count))
