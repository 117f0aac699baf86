// Options: a small parser over the table.

#include "cli/options.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

#define SUGGEST_NAME_MAX 32

// ---- suggestions

// How many letters must be changed, added, removed or swapped with their neighbour.
static size_t distance(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    size_t rows[3][SUGGEST_NAME_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    if (a_len > SUGGEST_NAME_MAX || b_len > SUGGEST_NAME_MAX) {
        return SIZE_MAX; // Nobody means so long a name.
    }
    for (size_t j = 0; j <= b_len; j++) {
        last[j] = before[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            row[j] = is_swap && before[j - 2] + 1 < best ? before[j - 2] + 1 : best;
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_len];
}

const char *cli_options_suggest(const char *typed, const void *names, size_t count, size_t stride)
{
    const char *best = NULL;
    size_t best_distance = strlen(typed) / 3 + 1; // Nothing that is farther is a typing error.

    for (size_t i = 0; i < count; i++) {
        const char *name = *(const char *const *)((const char *)names + i * stride);
        size_t far = distance(typed, name);
        if (far <= best_distance && (!best || far < distance(typed, best))) {
            best = name;
        }
    }
    return best;
}

// ---- values

static const struct cli_option *find(
    const struct cli_command *command, const char *name, size_t len)
{
    for (size_t i = 0; i < command->option_count; i++) {
        const struct cli_option *option = &command->options[i];
        bool is_letter = len == 1 && option->letter == name[0];
        if (is_letter || (strlen(option->name) == len && memcmp(option->name, name, len) == 0)) {
            return option;
        }
    }
    return NULL;
}

static bool parse_number(uint32_t *number, const char *text, uint32_t min, uint32_t max)
{
    uint64_t value = 0;

    if (strlen(text) == 0 || strlen(text) > 10 || strspn(text, "0123456789") != strlen(text)) {
        return false;
    }
    for (; *text; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *number = (uint32_t)value;
    return value >= min && value <= max;
}

static bool parse_flag(bool *flag, const char *text)
{
    bool is_yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0 || strcmp(text, "on") == 0;
    bool is_no = strcmp(text, "no") == 0 || strcmp(text, "false") == 0 || strcmp(text, "off") == 0;

    *flag = is_yes;
    return is_yes || is_no;
}

static enum yodel_err set(const struct cli_option *option, const char *value, char why[CLI_WHY_MAX])
{
    uint32_t number = 0;
    bool flag = false;

    if (option->flag) {
        if (!parse_flag(&flag, value)) {
            snprintf(why, CLI_WHY_MAX, "%s wants yes or no, not \"%s\"", option->name, value);
            return YODEL_ERR_SYNTAX;
        }
        *option->flag = flag;
    } else if (option->number) {
        if (!parse_number(&number, value, option->min, option->max)) {
            snprintf(why, CLI_WHY_MAX, "%s wants a whole number from %u to %u, not \"%s\"",
                option->name, (unsigned)option->min, (unsigned)option->max, value);
            return YODEL_ERR_SYNTAX;
        }
        *option->number = number;
    } else if (option->list) {
        if (option->list->count == CLI_LIST_MAX) {
            snprintf(
                why, CLI_WHY_MAX, "%s is there more than %d times", option->name, CLI_LIST_MAX);
            return YODEL_ERR_TOO_LARGE;
        }
        option->list->items[option->list->count++] = value;
    } else {
        *option->text = value;
    }
    return YODEL_OK;
}

static enum yodel_err unknown(
    const struct cli_command *command, const char *dashes, const char *name, char why[CLI_WHY_MAX])
{
    const char *near = cli_options_suggest(
        name, command->options, command->option_count, sizeof *command->options);

    if (near) {
        snprintf(why, CLI_WHY_MAX, "there is no %s%.40s; did you mean %s%s?", dashes, name,
            *dashes ? "--" : "", near);
    } else {
        snprintf(why, CLI_WHY_MAX, "there is no %s%.40s", dashes, name);
    }
    return YODEL_ERR_SYNTAX;
}

// ---- argv

struct cursor {
    const struct cli_command *command;
    char **argv;
    int count;
    int index; // Of the option that is being read.
};

static enum yodel_err take_value(
    struct cursor *at, const struct cli_option *option, const char *attached, char why[CLI_WHY_MAX])
{
    if (attached) {
        return set(option, attached, why);
    }
    if (option->flag) {
        *option->flag = true;
        return YODEL_OK;
    }
    if (at->index + 1 >= at->count) {
        snprintf(why, CLI_WHY_MAX, "--%s wants a value: --%s %s", option->name, option->name,
            option->value);
        return YODEL_ERR_SYNTAX;
    }
    return set(option, at->argv[++at->index], why);
}

static enum yodel_err take_long(struct cursor *at, const char *name, char why[CLI_WHY_MAX])
{
    size_t len = strcspn(name, "=");
    const struct cli_option *option = len > 1 ? find(at->command, name, len) : NULL;
    char unknown_name[SUGGEST_NAME_MAX];

    if (!option) {
        snprintf(unknown_name, sizeof unknown_name, "%.*s", (int)(len < 31 ? len : 31), name);
        return unknown(at->command, "--", unknown_name, why);
    }
    return take_value(at, option, name[len] == '=' ? name + len + 1 : NULL, why);
}

// "-yo folder", "-ofolder": flags first, then at most one with a value.
static enum yodel_err take_letters(struct cursor *at, const char *letters, char why[CLI_WHY_MAX])
{
    for (; *letters; letters++) {
        const struct cli_option *option = find(at->command, letters, 1);
        if (!option) {
            return unknown(at->command, "-", letters, why);
        }
        bool takes_rest = !option->flag && letters[1];
        enum yodel_err err = take_value(at, option, takes_rest ? letters + 1 : NULL, why);
        if (err != YODEL_OK || takes_rest) {
            return err;
        }
    }
    return YODEL_OK;
}

enum yodel_err cli_options_parse(
    const struct cli_command *command, int count, char **argv, int *left, char why[CLI_WHY_MAX])
{
    struct cursor at = {command, argv, count, 0};
    int kept = 0;
    bool is_over = false; // After "--".

    for (; at.index < count; at.index++) {
        char *word = argv[at.index];
        enum yodel_err err = YODEL_OK;
        if (is_over || word[0] != '-' || word[1] == 0) {
            argv[kept++] = word; // "-" alone is standard input.
        } else if (strcmp(word, "--") == 0) {
            is_over = true;
        } else if (word[1] == '-') {
            err = take_long(&at, word + 2, why);
        } else {
            err = take_letters(&at, word + 1, why);
        }
        if (err != YODEL_OK) {
            return err;
        }
    }
    *left = kept;
    return YODEL_OK;
}

// ---- a configuration file

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1])) {
        text[--len] = 0;
    }
    return text;
}

static enum yodel_err read_line(
    const struct cli_command *command, char *line, char why[CLI_WHY_MAX])
{
    line = trim(line);
    if (*line == 0 || *line == '#') {
        return YODEL_OK;
    }
    char *equals = strchr(line, '=');
    if (!equals) {
        snprintf(why, CLI_WHY_MAX, "a line is name = value");
        return YODEL_ERR_SYNTAX;
    }
    *equals = 0;
    const char *name = trim(line);
    const struct cli_option *option = strlen(name) > 1 ? find(command, name, strlen(name)) : NULL;
    if (!option) {
        return unknown(command, "", name, why);
    }
    if (strcmp(name, "config") == 0) {
        snprintf(why, CLI_WHY_MAX, "a file cannot name another");
        return YODEL_ERR_SYNTAX;
    }
    return set(option, trim(equals + 1), why);
}

// The whole file with a NUL; NULL and errno where it cannot be read.
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        return NULL;
    }
    char *text = alloc_new(alloc_system(), CLI_CONFIG_MAX + 1);
    size_t len = text ? fread(text, 1, CLI_CONFIG_MAX + 1, file) : 0;
    int failed = ferror(file) ? errno : len > CLI_CONFIG_MAX ? EFBIG : text ? 0 : ENOMEM;
    fclose(file);
    if (failed) {
        alloc_free(alloc_system(), text);
        errno = failed;
        return NULL;
    }
    text[len] = 0;
    return text;
}

enum yodel_err cli_options_read_file(
    const struct cli_command *command, const char *path, char why[CLI_WHY_MAX])
{
    static char *kept; // The options point into it, so it goes only when another file comes.
    char *rest = read_file(path);
    char reason[CLI_WHY_MAX];

    if (!rest) {
        snprintf(why, CLI_WHY_MAX, "cannot read %.150s: %s", path, strerror(errno));
        return YODEL_ERR_IO;
    }
    alloc_free(alloc_system(), kept);
    kept = rest;
    int number = 0;
    for (char *line; (line = strsep(&rest, "\n"));) {
        number++;
        if (read_line(command, line, reason) != YODEL_OK) {
            snprintf(why, CLI_WHY_MAX, "%.100s, line %d: %.120s", path, number, reason);
            return YODEL_ERR_SYNTAX;
        }
    }
    return YODEL_OK;
}

static const char *config_of(const struct cli_command *command)
{
    const struct cli_option *option = find(command, "config", strlen("config"));

    return option && option->text ? *option->text : NULL;
}

static void empty_lists(const struct cli_command *command)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].list) {
            command->options[i].list->count = 0;
        }
    }
}

enum yodel_err cli_options_parse_all(
    const struct cli_command *command, int count, char **argv, int *left, char why[CLI_WHY_MAX])
{
    // Parsing moves words about, so the first time it gets a copy.
    char **copy = alloc_new(alloc_system(), ((size_t)count + 1) * sizeof *copy);
    if (!copy) {
        snprintf(why, CLI_WHY_MAX, "no memory");
        return YODEL_ERR_NO_MEMORY;
    }
    memcpy(copy, argv, (size_t)count * sizeof *copy);
    int ignored;
    enum yodel_err err = cli_options_parse(command, count, copy, &ignored, why);
    alloc_free(alloc_system(), copy);
    empty_lists(command); // They were filled from the copy.
    if (err == YODEL_OK && config_of(command)) {
        err = cli_options_read_file(command, config_of(command), why);
    }
    return err == YODEL_OK ? cli_options_parse(command, count, argv, left, why) : err;
}

// ---- help

#define HELP_COLUMN 30

static void write_option(const struct cli_option *option, FILE *out)
{
    char left[80];
    int len = snprintf(left, sizeof left, "  %c%c%s --%s%s%s", option->letter ? '-' : ' ',
        option->letter ? option->letter : ' ', option->letter ? "," : " ", option->name,
        option->flag ? "" : " ", option->flag ? "" : option->value);

    fprintf(out, "%s", left);
    if (len > HELP_COLUMN - 2) {
        fprintf(out, "\n");
        len = 0;
    }
    for (const char *line = option->help; *line;) {
        size_t line_len = strcspn(line, "\n");
        fprintf(out, "%*s%.*s\n", HELP_COLUMN - len, "", (int)line_len, line);
        line += line_len + (line[line_len] == '\n');
        len = 0;
    }
}

void cli_options_write_help(const struct cli_command *command, FILE *out)
{
    fprintf(out, "yodel %s%s%s%s\n\n%s.\n", command->name,
        command->option_count > 0 ? " [OPTION]..." : "", *command->arguments ? " " : "",
        command->arguments, command->summary);
    if (command->option_count > 0) {
        fprintf(out, "\n");
    }
    for (size_t i = 0; i < command->option_count; i++) {
        write_option(&command->options[i], out);
    }
    if (command->help) {
        fprintf(out, "\n%s", command->help);
    }
}
