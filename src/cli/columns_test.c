// How wide text is, and where it is cut.

#include "cli/columns.h"

#include <stdio.h>

#include "base/port.h"
#include "check.h"

static void text_is_as_wide_as_a_terminal_shows_it(void)
{
    static const struct {
        const char *text;
        int want;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"Ünï", 3},
        {"日本", 4},
        {"e\xcc\x81", 1}, // An accent of its own.
        {"😀", 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(cli_columns_of(rows[i].text), rows[i].want);
    }
}

static void a_cut_is_between_characters_and_marked(void)
{
    static const struct {
        const char *text;
        int columns;
        const char *want;
        int width;
    } rows[] = {
        {"abc", 3, "abc", 3}, {"abcdefgh", 5, "abcd…", 5}, {"日本語", 5, "日本…", 5},
        {"日本語", 4, "日…", 3}, {"éééé", 3, "éé…", 3}, {"abcdef", 1, "…", 1}, {"abcdef", 0, "", 0},
        {"ab", 1, "", 0}, // No room for the mark's bytes.
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[32];

        (void)snprintf(text, sizeof text, "%s", rows[i].text);
        CHECK_EQ(cli_columns_cut(text, rows[i].columns), rows[i].width);
        CHECK_TEXT(text, rows[i].want);
    }
}

static void text_that_is_no_utf8_is_not_read_beyond_its_end(void)
{
    char text[] = "ab\xf0\x9f";

    CHECK_EQ(cli_columns_of(text), 3);
    CHECK_EQ(cli_columns_of("\xe6"), 1);
    CHECK_EQ(cli_columns_cut(text, 2), 2);
}

TEST_MAIN(TEST(text_is_as_wide_as_a_terminal_shows_it),
    TEST(a_cut_is_between_characters_and_marked),
    TEST(text_that_is_no_utf8_is_not_read_beyond_its_end))
