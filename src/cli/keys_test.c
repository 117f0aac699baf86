// Keys, and the lines that are made of them.

#include "cli/keys.h"

#include <stdio.h>

#include "check.h"

static char got[256]; // Keys as themselves, lines in brackets.

static void on_key(void *ctx, int key)
{
    size_t len = strlen(got);

    (void)snprintf(got + len, sizeof got - len, "%c", key == CLI_KEYS_ENTER ? '!' : key);
    if (key == 't') {
        cli_keys_ask(ctx);
    }
}

static void on_line(void *ctx, struct bytes text)
{
    size_t len = strlen(got);

    (void)ctx;
    (void)snprintf(got + len, sizeof got - len, "[%.*s]", (int)text.len, (const char *)text.ptr);
}

static void lines_are_made_of_what_follows_a_question(void)
{
    static const struct {
        const char *typed, *got;
    } rows[] = {
        {"mv", "mv"},
        {"\r\n", "!!"},
        {"thello\rm", "t[hello]m"},
        {"thello\nm", "t[hello]m"},
        {"t\rm", "t[]m"},
        {"tm\x1bm", "t[]m"},
        {"tab\x7f\x7f"
         "c\r",
            "t[c]"},
        {"ta\x7f\x7f\x7f\r", "t[]"},
        {"tgr\xc3\xbc\x7f\xc3\xa4\r", "t[gr\xc3\xa4]"},
        {"ta\tb\r", "t[ab]"},
        {"tq\x03", "t\x03"},
        {"\x1b[A", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cli_report report = {0};
        struct cli_keys keys = {0};

        keys.options = (struct cli_keys_options){&report, on_key, on_line, &keys};
        got[0] = '\0';
        cli_keys_take(&keys, bytes_of_text(rows[i].typed));
        CHECK_TEXT(got, rows[i].got);
    }
}

static void a_line_ends_at_its_limit(void)
{
    struct cli_report report = {0};
    struct cli_keys keys = {0};

    keys.options = (struct cli_keys_options){&report, on_key, on_line, &keys};
    cli_keys_ask(&keys);
    for (size_t i = 0; i < CLI_KEYS_LINE_MAX + 10; i++) {
        cli_keys_take(&keys, bytes_of_text("a"));
    }
    CHECK_EQ(keys.len, CLI_KEYS_LINE_MAX);
    CHECK_EQ(strlen(keys.line), CLI_KEYS_LINE_MAX);
}

TEST_MAIN(TEST(lines_are_made_of_what_follows_a_question), TEST(a_line_ends_at_its_limit))
