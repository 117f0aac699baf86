// The system's environment: log lines that stay lines, randomness, memory.

#include "check.h"
#include "net/env.h"

static void a_line_is_one_line_whatever_it_holds(void)
{
    static const struct {
        enum net_env_format format;
        const char *line;
        const char *want;
    } rows[] = {
        {NET_ENV_TEXT, "pair 3 failed", "7 warn ice: pair 3 failed\n"},
        {NET_ENV_TEXT, "a\nb\x1b[2J", "7 warn ice: a\\x0ab\\x1b[2J\n"},
        {NET_ENV_TEXT, "gr\xc3\xbc\xc3\x9f", "7 warn ice: gr\xc3\xbc\xc3\x9f\n"},
        {NET_ENV_TEXT, "\xff!", "7 warn ice: \\xff!\n"},
        {NET_ENV_JSON, "say \"hi\\\"\n",
            "{\"time\":7,\"level\":\"warn\",\"module\":\"ice\",\"message\":"
            "\"say \\\"hi\\\\\\\"\\u000a\"}\n"},
        {NET_ENV_JSON, "\xff",
            "{\"time\":7,\"level\":\"warn\",\"module\":\"ice\",\"message\":\"\\u00ff\"}\n"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char room[256];
        size_t len = net_env_line(
            span_of(room, sizeof room), rows[i].format, 7, LOG_WARN, "ice", rows[i].line);
        CHECK_BYTES(bytes_of(room, len), bytes_of_text(rows[i].want));
    }
}

static void a_line_that_is_too_long_still_ends_well(void)
{
    for (size_t len = 64; len < 80; len++) {
        char room[80];
        size_t got = net_env_line(span_of(room, len), NET_ENV_JSON, 7, LOG_INFO, "ice",
            "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"");
        CHECK(got > 3 && got <= len);
        CHECK_BYTES(bytes_of(room + got - 3, 3), bytes_of_text("\"}\n"));
        CHECK((got -
                  strlen("{\"time\":7,\"level\":\"info\",\"module\":\"ice\",\"message\":\"\"}\n")) %
                  2 ==
              0); // No escape is cut in two.
    }
}

static void the_system_is_random_and_has_memory(void)
{
    const struct env *env = net_env_system(LOG_INFO, NET_ENV_TEXT);

    CHECK(env_random_u64(env) != env_random_u64(env));
    CHECK_EQ(env->log_level, LOG_INFO);
    void *ptr = alloc_new(env->alloc, 10);
    CHECK(ptr != NULL);
    alloc_free(env->alloc, ptr);
    CHECK(env == net_env_system(LOG_INFO, NET_ENV_TEXT));
}

TEST_MAIN(TEST(a_line_is_one_line_whatever_it_holds), TEST(a_line_that_is_too_long_still_ends_well),
    TEST(the_system_is_random_and_has_memory))
