// A subcommand: one row of the table in main.c, one file beside it.
//
// Not here    reading options (cli/options.h)

#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

// What the program ends with; docs/man/yodel.1 explains them.
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_DECLINED = 3,
    CLI_NETWORK = 4,
    CLI_CODE = 5, // A wrong code, or a used one.
    CLI_INTERRUPTED = 130,
};

struct cli_option;

struct cli_command {
    const char *name;
    const char *arguments; // "FILE...", or "".
    const char *summary;   // One line, for the list.
    const char *help;      // Paragraphs after the options; may be NULL.
    const struct cli_option *options;
    size_t option_count;
    // What is left of argv after the options is `arguments`. Returns an exit code.
    int (*run)(int argument_count, char **arguments);
};

extern const struct cli_command cli_bench;
extern const struct cli_command cli_call;
extern const struct cli_command cli_doctor;
extern const struct cli_command cli_play;
extern const struct cli_command cli_publish;
extern const struct cli_command cli_receive;
extern const struct cli_command cli_send;
extern const struct cli_command cli_serve;
extern const struct cli_command cli_version;

#endif
