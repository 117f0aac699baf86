// The options parser: what people type, and what a configuration file says.

#include "cli/options.h"

#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static bool loud;
static const char *output;
static const char *config;
static uint32_t count;
static struct cli_list items;

static const struct cli_option options[] = {
    {"loud", 'l', NULL, "be loud", .flag = &loud},
    {"output", 'o', "FOLDER", "where to", .text = &output},
    {"count", 0, "N", "how many", .number = &count, .min = 1, .max = 9},
    {"item", 'i', "NAME", "more", .list = &items},
    {"config", 'c', "FILE", "from a file", .text = &config},
};
static const struct cli_command command = {.name = "test",
    .arguments = "FILE...",
    .summary = "Test",
    .options = options,
    .option_count = COUNT(options)};

static char why[CLI_WHY_MAX];

// Parses words with blanks between them; returns how many were no options, or -1.
static int parse(char *line, char **left)
{
    char *argv[16];
    int argc = 0, kept;

    loud = false;
    output = config = NULL;
    count = 0;
    items.count = 0;
    why[0] = 0;
    for (char *word; (word = strsep(&line, " "));) {
        argv[argc++] = word;
    }
    if (cli_options_parse_all(&command, argc, argv, &kept, why) != YODEL_OK) {
        return -1;
    }
    memcpy(left, argv, (size_t)kept * sizeof *left);
    return kept;
}

static void options_stand_anywhere_and_in_every_form(void)
{
    char *left[16];
    char a[] = "one -l two --output=here --count 3 - -- -l";
    CHECK_EQ(parse(a, left), 4);
    CHECK(loud);
    CHECK_TEXT(output, "here");
    CHECK_EQ(count, 3);
    CHECK_TEXT(left[0], "one");
    CHECK_TEXT(left[2], "-");
    CHECK_TEXT(left[3], "-l");
    char b[] = "-lo there -ix -i y --loud=no";
    CHECK_EQ(parse(b, left), 0);
    CHECK(!loud);
    CHECK_TEXT(output, "there");
    CHECK_EQ(items.count, 2);
    CHECK_TEXT(items.items[1], "y");
}

static void mistakes_are_told_with_what_was_meant(void)
{
    static const struct {
        const char *line;
        const char *want;
    } rows[] = {
        {"--outptu x", "there is no --outptu; did you mean --output?"},
        {"--zzzzzzz", "there is no --zzzzzzz"},
        {"--output", "--output wants a value: --output FOLDER"},
        {"--count 10", "count wants a whole number from 1 to 9, not \"10\""},
        {"--count -1", "count wants a whole number from 1 to 9, not \"-1\""},
        {"--count 99999999999", "count wants a whole number from 1 to 9, not \"99999999999\""},
        {"--loud=perhaps", "loud wants yes or no, not \"perhaps\""},
        {"--config /nowhere/at/all", "cannot read /nowhere/at/all: No such file or directory"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char line[100], *left[16];
        snprintf(line, sizeof line, "%s", rows[i].line);
        CHECK_EQ(parse(line, left), -1);
        CHECK_TEXT(why, rows[i].want);
    }
}

static void nobody_means_so_long_a_name(void)
{
    static const char *const names[] = {"listen"};
    char typed[121] = "";

    CHECK_TEXT(cli_options_suggest("lisen", names, 1, sizeof *names), "listen");
    memset(typed, 'x', sizeof typed - 1);
    CHECK(!cli_options_suggest(typed, names, 1, sizeof *names));
}

static void write_file(char path[32], const char *text)
{
    strcpy(path, "/tmp/yodel-options-XXXXXX");
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void a_file_counts_and_the_command_line_counts_more(void)
{
    char path[32], line[100], *left[16];
    write_file(path, "# ours\n\n  output = from the file \r\ncount=4\nloud = yes\nitem = a\n");
    snprintf(line, sizeof line, "--item b --count 5 --config %s x", path);
    CHECK_EQ(parse(line, left), 1);
    CHECK_TEXT(output, "from the file");
    CHECK_EQ(count, 5);
    CHECK(loud);
    CHECK_EQ(items.count, 2);
    CHECK_TEXT(items.items[0], "a");
    CHECK_TEXT(items.items[1], "b");
    unlink(path);
}

static void a_bad_line_is_told_with_its_number(void)
{
    static const char *const rows[][2] = {
        {"loud = yes\noutptu = x\n", "line 2: there is no outptu; did you mean output?"},
        {"\n\nloud\n", "line 3: a line is name = value"},
        {"count = many\n", "line 1: count wants a whole number from 1 to 9, not \"many\""},
        {"config = other\n", "line 1: a file cannot name another"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[32], line[100], *left[16];
        write_file(path, rows[i][0]);
        snprintf(line, sizeof line, "--config %s", path);
        CHECK_EQ(parse(line, left), -1);
        if (!strstr(why, rows[i][1])) {
            CHECK_TEXT(why, rows[i][1]);
        }
        unlink(path);
    }
}

TEST_MAIN(TEST(options_stand_anywhere_and_in_every_form),
    TEST(mistakes_are_told_with_what_was_meant), TEST(nobody_means_so_long_a_name),
    TEST(a_file_counts_and_the_command_line_counts_more), TEST(a_bad_line_is_told_with_its_number))
