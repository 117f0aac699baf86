// SCTP with somebody else: an association between us and usrsctp, in one thread and in virtual
// time.

#include "check.h"
#include "sctp/sctp.h"
#include "sctp/usrsctp_fixture.h"

#define STEP_MS 5
#define QUEUE_MAX 4096
#define PACKET_MAX 1500

static struct sctp us;
static struct env env;
static yodel_time now;
static uint64_t noise = 1;
static uint32_t loss; // Of 1000.
static uint8_t message[200000];

static struct {
    size_t messages;
    size_t bytes;
    size_t resets;
    size_t resets_done;
    bool is_connected;
    bool has_ended;
    bool is_wrong;
} seen;

static uint32_t draw(void)
{
    noise = noise * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(noise >> 33);
}

static void fill(void *ctx, struct span out)
{
    (void)ctx;
    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] = (uint8_t)draw();
    }
}

// What it sends waits here until the next step: it must not be entered from within.
static struct {
    size_t len;
    uint8_t data[PACKET_MAX];
} queue[QUEUE_MAX];
static size_t queued;

static void on_output(const void *data, size_t len)
{
    if (queued < QUEUE_MAX && len <= PACKET_MAX && draw() % 1000 >= loss) {
        queue[queued].len = len;
        memcpy(queue[queued++].data, data, len);
    }
}

static void listen(void)
{
    struct sctp_event event;

    while (sctp_next_event(&us, &event)) {
        seen.is_connected |= event.type == SCTP_EVENT_CONNECTED;
        seen.has_ended |= event.type == SCTP_EVENT_CLOSED || event.type == SCTP_EVENT_FAILED;
        seen.resets += event.type == SCTP_EVENT_STREAM_RESET_INCOMING;
        seen.resets_done += event.type == SCTP_EVENT_STREAM_RESET_DONE;
        if (event.type == SCTP_EVENT_MESSAGE) {
            seen.messages++;
            seen.bytes += event.data.len;
            for (size_t i = 0; i < event.data.len; i++) {
                seen.is_wrong |= event.data.ptr[i] != oracle_pattern(i);
            }
        }
    }
}

static void step(void)
{
    uint8_t room[PACKET_MAX];
    size_t count = queued;
    size_t len;

    for (size_t i = 0; i < count; i++) {
        sctp_recv(&us, bytes_of(queue[i].data, queue[i].len), now);
    }
    queued = 0;
    listen();
    if (sctp_next_timeout(&us) <= now) {
        sctp_tick(&us, now);
    }
    while ((len = sctp_emit(&us, span_of(room, sizeof room), now)) > 0) {
        if (draw() % 1000 >= loss) {
            oracle_recv(room, len);
        }
    }
    oracle_step(STEP_MS);
    now += YODEL_MS(STEP_MS);
}

static void run_for(yodel_duration wait)
{
    for (yodel_time until = now + wait; now < until;) {
        step();
    }
}

enum who { WE = 1, IT = 2, BOTH = 3 };

static void begin(enum who begins)
{
    memset(&seen, 0, sizeof seen);
    loss = 0;
    queued = 0;
    now = YODEL_SECONDS(1);
    env = (struct env){.alloc = alloc_system(), .random = fill};
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = oracle_pattern(i);
    }
    sctp_init(&us, &env, &(struct sctp_config){0});
    oracle_init(on_output);
    if (begins & IT) {
        oracle_connect();
    }
    if (begins & WE) {
        sctp_start(&us);
    }
    run_for(YODEL_SECONDS(2));
    CHECK(seen.is_connected);
    CHECK(oracle_seen().is_connected);
}

static void end(void)
{
    CHECK(!seen.is_wrong && !oracle_seen().is_wrong);
    sctp_deinit(&us);
    oracle_deinit();
}

static void exchange(size_t count)
{
    static const size_t lens[] = {1, 1000, 1131, 1132, 1133, 5000, 65536, 200000};
    size_t sent_by_it = 0;
    size_t sent_by_us = 0;
    size_t before[2] = {seen.messages, oracle_seen().messages};

    for (int i = 0; i < 4000 && (sent_by_it < count || sent_by_us < count); i++) {
        size_t len = lens[sent_by_it % COUNT(lens)];
        if (sent_by_it < count &&
            oracle_send((uint16_t)(sent_by_it % 5), message, len, sent_by_it % 3 == 0, false)) {
            sent_by_it++;
        }
        len = lens[sent_by_us % COUNT(lens)];
        if (sent_by_us < count &&
            sctp_send(&us, (uint16_t)(sent_by_us % 5), 53, bytes_of(message, len),
                &(struct sctp_send_options){.unordered = sent_by_us % 3 == 0}) == YODEL_OK) {
            sent_by_us++;
        }
        step();
    }
    run_for(YODEL_SECONDS(60));
    CHECK_EQ(seen.messages - before[0], count);
    CHECK_EQ(oracle_seen().messages - before[1], count);
}

static void messages_go_both_ways(void)
{
    begin(BOTH);
    exchange(40);
    end();
}

static void losses_are_made_good(void)
{
    begin(BOTH);
    loss = 30;
    exchange(40);
    end();
}

static void what_is_given_up_holds_nothing_up(void)
{
    begin(IT);
    loss = 100;
    for (uint16_t i = 0; i < 100; i++) {
        CHECK(oracle_send(i % 3, message, 3000, i % 2, true));
        CHECK_EQ(sctp_send(&us, i % 3, 53, bytes_of(message, 3000),
                     &(struct sctp_send_options){.unordered = i % 2, .has_max_retransmits = true}),
            YODEL_OK);
        run_for(YODEL_MS(20));
    }
    run_for(YODEL_SECONDS(30));
    CHECK(seen.messages > 20 && seen.messages < 100);
    CHECK(oracle_seen().messages > 20 && oracle_seen().messages < 100);
    CHECK(sctp_tx_is_empty(&us.tx));
    CHECK_EQ(us.rx.assembly.held, 0);
    loss = 0;
    run_for(YODEL_SECONDS(30));
    exchange(10);
    end();
}

static void streams_are_reset_both_ways(void)
{
    begin(BOTH);
    exchange(10);
    CHECK_EQ(sctp_reset_stream(&us, 1), YODEL_OK);
    run_for(YODEL_SECONDS(2));
    CHECK_EQ(oracle_seen().resets, 1);
    CHECK_EQ(seen.resets_done, 1);
    oracle_reset_stream(1);
    run_for(YODEL_SECONDS(2));
    CHECK_EQ(oracle_seen().resets_done, 1);
    CHECK_EQ(seen.resets, 1);
    exchange(10); // The numbers begin again at both ends.
    end();
}

static void either_may_shut_down(void)
{
    for (int who = 0; who < 2; who++) {
        begin(BOTH);
        CHECK_EQ(sctp_send(&us, 0, 53, bytes_of(message, 50000), &(struct sctp_send_options){0}),
            YODEL_OK);
        if (who == 0) {
            sctp_shutdown(&us);
        } else {
            run_for(YODEL_SECONDS(1));
            oracle_shutdown();
        }
        run_for(YODEL_SECONDS(5));
        CHECK_EQ(oracle_seen().messages, 1);
        CHECK(seen.has_ended);
        end();
    }
}

TEST_MAIN(TEST(messages_go_both_ways), TEST(losses_are_made_good),
    TEST(what_is_given_up_holds_nothing_up), TEST(streams_are_reset_both_ways),
    TEST(either_may_shut_down))
