// The server under load: what names one, and what a process takes.

#include "cli/bench_target.h"

#include <unistd.h>

#include "check.h"

static void a_target_is_four_words(void)
{
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"127.0.0.1:3478,u,p,42", true},
        {"[::1]:3478,u,p,42", true},
        {"127.0.0.1:3478,u,p", false},
        {"127.0.0.1:3478,u,p,", false},
        {"127.0.0.1:3478,u,p,x", false},
        {"127.0.0.1:3478,u,p,0", false},
        {"127.0.0.1:3478,u,p,-1", false}, // kill(2) would take it for everybody.
        {"127.0.0.1:3478,u,p,42x", false},
        {"127.0.0.1:3478,,p,42", false},
        {"127.0.0.1:0,u,p,42", false},
        {"example.org:3478,u,p,42", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bench_target target = {.transport = YODEL_TLS, .pid = 7};
        bool is_good = bench_target_parse(&target, rows[i].text);
        CHECK_EQ(is_good, rows[i].want);
        CHECK_EQ(target.pid, is_good ? 42 : 7);
        CHECK_EQ(target.transport, YODEL_TLS);
        CHECK(!target.is_ours);
        if (is_good) {
            CHECK_TEXT(target.name, "u");
            CHECK_TEXT(target.password, "p");
            CHECK_EQ(target.addr.port, 3478);
        }
    }
}

static void transports_have_names(void)
{
    static const char *const names[] = {"udp", "tcp", "tls"};
    enum yodel_transport transport;

    for (size_t i = 0; i < COUNT(names); i++) {
        CHECK(bench_target_parse_transport(&transport, names[i]));
        CHECK_TEXT(bench_target_transport_name(transport), names[i]);
    }
    CHECK(!bench_target_parse_transport(&transport, "TLS"));
    CHECK(!bench_target_parse_transport(&transport, ""));
}

static void work_takes_a_processor_and_memory_is_there(void)
{
    uint64_t before = bench_target_processor_ns(getpid()), after = before;

    while (after == before) { // The system counts when it looks.
        after = bench_target_processor_ns(getpid());
    }
    CHECK(after > before);
    CHECK(bench_target_resident_kib(getpid()) > 100);
}

TEST_MAIN(TEST(a_target_is_four_words), TEST(transports_have_names),
    TEST(work_takes_a_processor_and_memory_is_there))
