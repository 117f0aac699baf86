// A configuration file: its values are within their limits, and its mistakes have a sentence.

#include "cli/options.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

static bool loud;
static const char *output;
static uint32_t count;
static struct cli_list items;

static const struct cli_option options[] = {
    {"loud", 'l', NULL, "be loud", .flag = &loud},
    {"output", 'o', "FOLDER", "where to", .text = &output},
    {"count", 0, "N", "how many", .number = &count, .min = 1, .max = 9},
    {"item", 'i', "NAME", "more", .list = &items},
};
static const struct cli_command command = {.name = "test",
    .arguments = "",
    .summary = "Test",
    .options = options,
    .option_count = COUNT(options)};

FUZZ(input)
{
    char path[64], why[CLI_WHY_MAX] = "";
    int fd = memfd_create("options", MFD_CLOEXEC);

    FUZZ_CHECK(fd >= 0 && write(fd, input.ptr, input.len) == (ssize_t)input.len);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    output = NULL;
    count = 1;
    items.count = 0;
    if (cli_options_read_file(&command, path, why) == YODEL_OK) {
        FUZZ_CHECK(count >= 1 && count <= 9 && items.count <= CLI_LIST_MAX);
        FUZZ_CHECK(!output || strlen(output) <= input.len);
    } else {
        FUZZ_CHECK(strlen(why) > 0 && strlen(why) < sizeof why);
    }
    close(fd);
}
