// Rendezvous codes: what people type, and the list of words itself.

#include "signaling/phrase.h"

#include "check.h"

static void what_people_type_is_understood(void)
{
    static const struct {
        const char *typed;
        const char *code; // NULL: refused.
        const char *server;
    } rows[] = {
        {"7-amber-falcon", "7-amber-falcon", ""},
        {" 7 Amber  FALCON\n", "7-amber-falcon", ""},
        {"12_amber.falcon", "12-amber-falcon", ""},
        {"http://localhost:8080/#7-amber-falcon", "7-amber-falcon", "http://localhost:8080"},
        {"https://[::1]:8443/#7-amber-falcon", "7-amber-falcon", "https://[::1]:8443"},
        {"ftp://host/#7-amber-falcon", NULL, ""},
        {"amber-falcon", NULL, ""},
        {"7-amber", NULL, ""},
        {"7-amber-falcon-amber", NULL, ""},
        {"0-amber-falcon", NULL, ""},
        {"07-amber-falcon", NULL, ""},
        {"99999999-amber-falcon", NULL, ""},
        {"7-amber-falcn", NULL, ""},
        {"7-amber-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL,
            ""},
        {"", NULL, ""},
        {"#", NULL, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct signaling_phrase code;
        char why[SIGNALING_WHY_MAX] = "";
        enum yodel_err err = signaling_phrase_parse(&code, bytes_of_text(rows[i].typed), why);

        CHECK_EQ(err, rows[i].code ? YODEL_OK : YODEL_ERR_SYNTAX);
        if (rows[i].code) {
            CHECK_TEXT(code.text, rows[i].code);
            CHECK_TEXT(code.server, rows[i].server);
        } else {
            CHECK(why[0] != '\0');
        }
    }
}

static void a_mistyped_word_is_guessed(void)
{
    struct signaling_phrase code;
    char why[SIGNALING_WHY_MAX];

    CHECK_EQ(signaling_phrase_parse(&code, bytes_of_text("7-amber-falcn"), why), YODEL_ERR_SYNTAX);
    CHECK(strstr(why, "\"falcon\"") != NULL);
}

static void the_words_are_sorted_short_and_plain(void)
{
    for (size_t i = 0; i < SIGNALING_WORDS; i++) {
        size_t len = strlen(signaling_words[i]);

        CHECK(len >= 3 && len <= 8);
        CHECK_EQ(strspn(signaling_words[i], "abcdefghijklmnopqrstuvwxyz"), len);
        CHECK(i == 0 || strcmp(signaling_words[i - 1], signaling_words[i]) < 0);
    }
}

static void count_up(void *ctx, struct span out)
{
    uint8_t *next = ctx;

    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] = (*next)++;
    }
}

static void what_is_made_is_read(void)
{
    uint8_t next = 0;
    struct env env = {.alloc = alloc_system(), .random = count_up, .ctx = &next};

    for (uint32_t number = 1; number < 300; number++) {
        struct signaling_phrase made, read;
        char why[SIGNALING_WHY_MAX];

        signaling_phrase_make(&made, &env, number);
        CHECK_EQ(signaling_phrase_parse(&read, bytes_of_text(made.text), why), YODEL_OK);
        CHECK_TEXT(read.text, made.text);
        CHECK_EQ(read.number, number);
    }
}

TEST_MAIN(TEST(what_people_type_is_understood), TEST(a_mistyped_word_is_guessed),
    TEST(the_words_are_sorted_short_and_plain), TEST(what_is_made_is_read))
