// Options: declared once in a table, which reads them, reads a configuration file, and writes the
// help.
//
// Ownership   values point into argv, or into the configuration file's text, which is kept
// Limits      CLI_CONFIG_MAX bytes of a configuration file; CLI_LIST_MAX values of a repeated
//             option

#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/command.h"

#define CLI_CONFIG_MAX 65536
#define CLI_LIST_MAX 64
#define CLI_WHY_MAX 256

struct cli_list {
    size_t count;
    const char *items[CLI_LIST_MAX];
};

// Exactly one of flag, text, number and list says where the value goes.
struct cli_option {
    const char *name;  // Without the dashes: "listen".
    char letter;       // 0: none.
    const char *value; // What the help calls its value: "HOST:PORT".
    const char *help;  // One line, or several.
    bool *flag;
    const char **text;
    uint32_t *number;
    uint32_t min, max; // Of the number.
    struct cli_list *list;
};

// Reads the options of argv[0..count), which may stand anywhere before "--", and moves what is no
// option to its front. Fails with SYNTAX and a sentence; `left` is then untouched.
YODEL_MUST_USE enum yodel_err cli_options_parse(
    const struct cli_command *command, int count, char **argv, int *left, char why[CLI_WHY_MAX]);

// The same, after the file that an option named "config" gives; argv wins over it.
YODEL_MUST_USE enum yodel_err cli_options_parse_all(
    const struct cli_command *command, int count, char **argv, int *left, char why[CLI_WHY_MAX]);

// Lines of `name = value`; # at the start of a line makes it a comment. Fails with IO or SYNTAX.
YODEL_MUST_USE enum yodel_err cli_options_read_file(
    const struct cli_command *command, const char *path, char why[CLI_WHY_MAX]);

void cli_options_write_help(const struct cli_command *command, FILE *out);

// The nearest of `count` names to `typed`, NULL where none is near. `stride` is the size of what
// each name is the first member of.
const char *cli_options_suggest(const char *typed, const void *names, size_t count, size_t stride);

#endif
