// The program `yodel`: a table of subcommands, and what they have in common.

#include <stdio.h>
#include <string.h>

#include "base/port.h"
#include "cli/options.h"

static int run_version(int argument_count, char **arguments);

const struct cli_command cli_version = {
    .name = "version",
    .arguments = "",
    .summary = "Say which version this is",
    .run = run_version,
};

// In the order of the help: what people come for first.
static const struct cli_command *const commands[] = {
    &cli_send,
    &cli_receive,
    &cli_call,
    &cli_publish,
    &cli_play,
    &cli_serve,
    &cli_doctor,
    &cli_bench,
    &cli_version,
};

static int run_version(int argument_count, char **arguments)
{
    (void)argument_count;
    (void)arguments;
    printf("yodel %s\n", YODEL_VERSION);
    return CLI_OK;
}

static void write_help(FILE *out)
{
    fprintf(out, "yodel: straight connections between devices, with WebRTC\n\n"
                 "  yodel COMMAND [OPTION]...\n\n");
    for (size_t i = 0; i < COUNT(commands); i++) {
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    }
    fprintf(out, "  %-12s %s\n\n`yodel help COMMAND` tells more; so does the manual page.\n",
        "help", "Explain a command");
}

static const struct cli_command *find(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[COUNT(commands)];

    for (size_t i = 0; i < COUNT(commands); i++) {
        names[i] = commands[i]->name;
    }
    const char *near = cli_options_suggest(name, names, COUNT(names), sizeof *names);
    fprintf(stderr, "yodel: there is no command \"%.40s\"", name);
    if (near) {
        fprintf(stderr, "; did you mean `yodel %s`?\n", near);
    } else {
        fprintf(stderr, "; `yodel help` lists them\n");
    }
    return CLI_USAGE;
}

static int help(const char *name)
{
    const struct cli_command *command = name ? find(name) : NULL;

    if (name && !command) {
        return unknown(name);
    }
    if (command) {
        cli_options_write_help(command, stdout);
    } else {
        write_help(stdout);
    }
    return CLI_OK;
}

static bool asks_for_help(int count, char **argv)
{
    for (int i = 0; i < count && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static int run(const struct cli_command *command, int count, char **argv)
{
    char why[CLI_WHY_MAX];

    if (asks_for_help(count, argv)) {
        return help(command->name);
    }
    if (cli_options_parse_all(command, count, argv, &count, why) != YODEL_OK) {
        fprintf(stderr, "yodel %s: %s (`yodel help %s` lists the options)\n", command->name, why,
            command->name);
        return CLI_USAGE;
    }
    if (count > 0 && !*command->arguments) {
        fprintf(stderr, "yodel %s: what is \"%.40s\"? (`yodel help %s`)\n", command->name, argv[0],
            command->name);
        return CLI_USAGE;
    }
    return command->run(count, argv);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;

    if (!name) {
        write_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        return help(argc > 2 ? argv[2] : NULL);
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        name = "version";
    }
    const struct cli_command *command = find(name);
    return command ? run(command, argc - 2, argv + 2) : unknown(name);
}
