// SCTP: two engines talk to each other.

#include "sctp/sctp.h"

#include "check.h"
#include "sctp/pair.h"

static struct {
    size_t connected;
    size_t messages;
    size_t bytes;
    size_t closed;
    size_t failed;
    enum sctp_failure failure;
    uint32_t next; // Of the pattern.
    bool is_wrong;
} seen[2];

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static void watch(struct pair *pair, int peer)
{
    struct sctp_event event;

    while (sctp_next_event(&pair->peers[peer], &event)) {
        switch (event.type) {
        case SCTP_EVENT_CONNECTED:
            seen[peer].connected++;
            break;
        case SCTP_EVENT_MESSAGE:
            seen[peer].messages++;
            seen[peer].bytes += event.data.len;
            for (size_t i = 0; i < event.data.len; i++) {
                seen[peer].is_wrong |= event.data.ptr[i] != pattern(i + event.ppid);
            }
            break;
        case SCTP_EVENT_CLOSED:
            seen[peer].closed++;
            break;
        case SCTP_EVENT_FAILED:
            seen[peer].failed++;
            seen[peer].failure = event.failure;
            break;
        case SCTP_EVENT_STREAM_RESET_INCOMING:
        case SCTP_EVENT_STREAM_RESET_DONE:
        case SCTP_EVENT_BUFFERED_LOW:
            break;
        }
    }
}

static struct pair pair;

static void begin(uint64_t seed)
{
    memset(seen, 0, sizeof seen);
    pair_init(&pair, seed, &(struct sctp_config){0});
}

static void end(void)
{
    pair_deinit(&pair);
    CHECK_EQ(pair.alloc.blocks, 0);
    CHECK(!seen[0].is_wrong && !seen[1].is_wrong);
}

static void run_for(yodel_duration wait)
{
    yodel_time until = pair.now + wait;

    while (pair.now < until && pair_turn(&pair, watch)) {
    }
}

static void send_pattern(int from, uint16_t stream, uint32_t ppid, size_t len)
{
    uint8_t *data = malloc(len);

    for (size_t i = 0; i < len; i++) {
        data[i] = pattern(i + ppid);
    }
    CHECK_EQ(sctp_send(&pair.peers[from], stream, ppid, bytes_of(data, len),
                 &(struct sctp_send_options){0}),
        YODEL_OK);
    free(data);
}

static void connect_pair(void)
{
    sctp_start(&pair.peers[0]);
    sctp_start(&pair.peers[1]);
    run_for(YODEL_SECONDS(2));
    CHECK_EQ(seen[0].connected, 1);
    CHECK_EQ(seen[1].connected, 1);
}

static void both_may_begin_or_one_alone(void)
{
    for (int who = 1; who <= 3; who++) {
        begin((uint64_t)who);
        for (int i = 0; i < 2; i++) {
            if (who & 1 << i) {
                sctp_start(&pair.peers[i]);
            }
        }
        run_for(YODEL_SECONDS(1));
        CHECK_EQ(seen[0].connected, 1);
        CHECK_EQ(seen[1].connected, 1);
        end();
    }
}

static void messages_of_any_size_arrive_whole(void)
{
    static const size_t sizes[] = {
        1, 2, 3, 4, 5, 1131, 1132, 1133, 1135, 1136, 2264, 65536, 262144};
    size_t total = 0;

    begin(1);
    connect_pair();
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (int from = 0; from < 2; from++) {
            send_pattern(from, (uint16_t)i, (uint32_t)i, sizes[i]);
        }
        total += sizes[i];
    }
    run_for(YODEL_SECONDS(5));
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(seen[i].messages, COUNT(sizes));
        CHECK_EQ(seen[i].bytes, total);
    }
    end();
}

static void what_is_lost_is_repeated(void)
{
    begin(2);
    connect_pair();
    pair.loss = 50;
    pair.jitter = YODEL_MS(2);
    for (uint32_t i = 0; i < 100; i++) {
        send_pattern(0, (uint16_t)(i % 3), i, 20000);
    }
    run_for(YODEL_SECONDS(120));
    CHECK_EQ(seen[1].messages, 100);
    CHECK_EQ(seen[1].bytes, 2000000);
    CHECK(pair.peers[0].tx.chunks_repeated > 20);
    end();
}

static void shutting_down_delivers_what_waits(void)
{
    begin(3);
    connect_pair();
    for (uint32_t i = 0; i < 10; i++) {
        send_pattern(0, 0, i, 100000);
        send_pattern(1, 0, i, 100000);
    }
    sctp_shutdown(&pair.peers[0]);
    run_for(YODEL_SECONDS(20));
    CHECK_EQ(seen[1].messages, 10);
    CHECK_EQ(seen[0].messages, 10);
    CHECK_EQ(seen[0].closed, 1);
    CHECK_EQ(seen[1].closed, 1);
    CHECK_EQ(sctp_next_timeout(&pair.peers[0]), YODEL_NEVER);
    CHECK_EQ(sctp_next_timeout(&pair.peers[1]), YODEL_NEVER);
    end();
}

static void an_abort_is_heard(void)
{
    begin(4);
    connect_pair();
    sctp_abort(&pair.peers[0]);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(seen[1].failed, 1);
    CHECK_EQ(seen[1].failure, SCTP_FAIL_ABORTED);
    end();
}

TEST_MAIN(TEST(both_may_begin_or_one_alone), TEST(messages_of_any_size_arrive_whole),
    TEST(what_is_lost_is_repeated), TEST(shutting_down_delivers_what_waits),
    TEST(an_abort_is_heard))
