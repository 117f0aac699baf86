// Trace: what a listener gets, and how an event reads as text.

#include "base/trace.h"

#include "base/addr.h"
#include "check.h"

static char line[TRACE_TEXT_MAX];

static void keep_line(void *ctx, const struct trace_event *event)
{
    struct writer w = writer_of(span_of(line, sizeof line - 1));

    (void)ctx;
    trace_write(&w, event);
    CHECK(!w.failed);
    line[w.len] = 0;
}

static void an_event_reads_as_json(void)
{
    struct env env = {.trace = keep_line};
    struct yodel_addr addr = addr_v4(192, 0, 2, 1, 80);

    trace(&env, 1500, "ice", "pair_state", trace_number("pair", UINT64_MAX),
        trace_text("state", "a \"quoted\"\n\\line"), trace_addr("remote", &addr));
    CHECK_TEXT(line, "{\"time\":1500,\"name\":\"ice:pair_state\",\"data\":{"
                     "\"pair\":18446744073709551615,\"state\":\"a \\\"quoted\\\"\\u000a\\\\line\","
                     "\"remote\":\"192.0.2.1:80\"}}");
}

static void nobody_listening_is_no_harm(void)
{
    struct env env = {0};

    trace(&env, 0, "ice", "nothing", trace_number("x", 1));
}

static void what_does_not_fit_fails(void)
{
    uint8_t room[20];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct trace_event event = {.module = "ice", .name = "a_name_that_is_too_long"};

    trace_write(&w, &event);
    CHECK(w.failed);
}

TEST_MAIN(
    TEST(an_event_reads_as_json), TEST(nobody_listening_is_no_harm), TEST(what_does_not_fit_fails))
