// Names: what hostile senders call their files, and what becomes of it.

#include "transfer/name.h"

#include <stdio.h>

#include "check.h"

static void names_are_mended_or_refused(void)
{
    static const struct {
        const char *path;
        const char *want; // NULL: refused.
    } rows[] = {
        {"holiday.mkv", "holiday.mkv"},
        {"trip/day 1/a.jpg", "trip/day 1/a.jpg"},
        {"h\xc3\xa9llo \xf0\x9f\x8f\x94.txt", "h\xc3\xa9llo \xf0\x9f\x8f\x94.txt"},
        {"a//b/./c", "a/b/c"},
        {"../etc/passwd", NULL},
        {"a/../../b", NULL},
        {"..", NULL},
        {"", NULL},
        {".", NULL},
        {"/etc/passwd", NULL},
        {"..\\..\\windows", ".._.._windows"},
        {"C:\\boot.ini", "C__boot.ini"},
        {"a\nb\x1b[31m", "a_b_[31m"},
        {"CON", "_CON"},
        {"nul.txt", "_nul.txt"},
        {"COM1", "_COM1"},
        {"COMIC", "COMIC"},
        {"name.", "name_"},
        {"name ", "name_"},
        {"photo\xe2\x80\xaegpj.exe", "photo_gpj.exe"},
        {"bad\xff utf8", NULL},
        {"...", ".._"},
        {".bashrc", ".bashrc"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char safe[TRANSFER_NAME_PATH_MAX];
        enum yodel_err got = transfer_name_make_safe(bytes_of_text(rows[i].path), safe);

        if (rows[i].want) {
            CHECK_EQ(got, YODEL_OK);
            CHECK_TEXT(safe, rows[i].want);
        } else {
            CHECK_EQ(got, YODEL_ERR_TYPE);
        }
    }
}

static void a_nul_inside_is_refused(void)
{
    char safe[TRANSFER_NAME_PATH_MAX];

    CHECK_EQ(transfer_name_make_safe(bytes_of("a.txt\0.exe", 10), safe), YODEL_ERR_TYPE);
}

static void a_long_name_is_cut_before_its_extension(void)
{
    char path[301], safe[TRANSFER_NAME_PATH_MAX];

    memset(path, 'x', 300);
    memcpy(path + 296, ".mkv", 5);
    CHECK_EQ(transfer_name_make_safe(bytes_of_text(path), safe), YODEL_OK);
    CHECK_EQ(strlen(safe), TRANSFER_NAME_PART_MAX);
    CHECK_TEXT(safe + TRANSFER_NAME_PART_MAX - 4, ".mkv");
}

static void a_cut_does_not_split_a_character(void)
{
    char path[402], safe[TRANSFER_NAME_PATH_MAX], again[TRANSFER_NAME_PATH_MAX];

    // One byte, then characters of four: none of them ends at the limit.
    path[0] = 'a';
    for (size_t i = 1; i < 401; i += 4) {
        memcpy(path + i, "\xf0\x9f\x8f\x94", 4);
    }
    path[401] = '\0';
    CHECK_EQ(transfer_name_make_safe(bytes_of_text(path), safe), YODEL_OK);
    CHECK_EQ(strlen(safe), 197);
    CHECK_EQ(transfer_name_make_safe(bytes_of_text(safe), again), YODEL_OK);
    CHECK_TEXT(again, safe);
}

static void too_deep_is_refused(void)
{
    char path[2 * TRANSFER_NAME_DEPTH_MAX + 4] = "", safe[TRANSFER_NAME_PATH_MAX];

    for (int i = 0; i <= TRANSFER_NAME_DEPTH_MAX; i++) {
        strcat(path, "a/");
    }
    CHECK_EQ(transfer_name_make_safe(bytes_of_text(path), safe), YODEL_ERR_TYPE);
}

static void a_taken_name_gets_a_number(void)
{
    char numbered[TRANSFER_NAME_PATH_MAX];

    CHECK_EQ(transfer_name_number("trip.d/a.jpg", 1, numbered), YODEL_OK);
    CHECK_TEXT(numbered, "trip.d/a (1).jpg");
    CHECK_EQ(transfer_name_number("trip.d/README", 2, numbered), YODEL_OK);
    CHECK_TEXT(numbered, "trip.d/README (2)");
    CHECK_EQ(transfer_name_number(".bashrc", 3, numbered), YODEL_OK);
    CHECK_TEXT(numbered, ".bashrc (3)");
}

static void what_is_shown_cannot_steer_a_terminal(void)
{
    char shown[16];

    transfer_name_show(bytes_of("a\x1b[2Jb\xe2\x80\xae!", 10), shown, sizeof shown);
    CHECK_TEXT(shown, "a?[2Jb?!");
    transfer_name_show(bytes_of("\xff\x1b", 2), shown, sizeof shown);
    CHECK_TEXT(shown, "??");
}

TEST_MAIN(TEST(names_are_mended_or_refused), TEST(a_nul_inside_is_refused),
    TEST(a_long_name_is_cut_before_its_extension), TEST(a_cut_does_not_split_a_character),
    TEST(too_deep_is_refused), TEST(a_taken_name_gets_a_number),
    TEST(what_is_shown_cannot_steer_a_terminal))
