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
    pair_run_for(&pair, wait, watch);
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

static void an_abort_of_ours_is_told_here_too(void)
{
    begin(5);
    connect_pair();
    sctp_abort(&pair.peers[0]);
    sctp_abort(&pair.peers[0]);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(seen[0].closed, 1);
    CHECK_EQ(seen[0].failed, 0);
    CHECK_EQ(sctp_send(&pair.peers[0], 0, 0, bytes_of("x", 1), &(struct sctp_send_options){0}),
        YODEL_ERR_INVALID_STATE);
    end();
}

static void what_cannot_be_sent_is_refused(void)
{
    struct sctp_send_options options = {0};

    begin(6);
    CHECK_EQ(sctp_send(&pair.peers[0], 0, 0, bytes_of("", 0), &options), YODEL_ERR_TYPE);
    CHECK_EQ(sctp_send(&pair.peers[0], 65535, 0, bytes_of("x", 1), &options), YODEL_ERR_RANGE);
    sctp_shutdown(&pair.peers[0]);
    CHECK_EQ(sctp_send(&pair.peers[0], 0, 0, bytes_of("x", 1), &options), YODEL_ERR_INVALID_STATE);
    end();
}

// One packet of each kind, so that they can be counted.
static size_t chunks_of_type(struct bytes packet, uint8_t type)
{
    struct sctp_header header;
    struct sctp_chunk chunk;
    struct reader r;
    size_t count = 0;

    CHECK_EQ(sctp_packet_open(packet, &header, &r), YODEL_OK);
    while (sctp_packet_next_chunk(&r, &chunk)) {
        count += chunk.type == type;
    }
    return count;
}

// Hands all that 0 has to say to 1; returns how many SACKs 1 answers with.
static size_t turn_without_delay(void)
{
    uint8_t out[1500];
    size_t len;
    size_t sacks = 0;

    while ((len = sctp_emit(&pair.peers[0], span_of(out, sizeof out), pair.now)) > 0) {
        sctp_recv(&pair.peers[1], bytes_of(out, len), pair.now);
    }
    while ((len = sctp_emit(&pair.peers[1], span_of(out, sizeof out), pair.now)) > 0) {
        sacks += chunks_of_type(bytes_of(out, len), SCTP_SACK);
        sctp_recv(&pair.peers[0], bytes_of(out, len), pair.now);
    }
    return sacks;
}

static void a_batch_is_acknowledged_once_and_a_single_packet_waits(void)
{
    begin(7);
    connect_pair();
    send_pattern(0, 0, 0, 9000);
    CHECK_EQ(turn_without_delay(), 1);
    CHECK_EQ(pair.peers[0].tx.flight, 0);
    send_pattern(0, 0, 0, 10);
    CHECK_EQ(turn_without_delay(), 0);
    CHECK_EQ(sctp_next_timeout(&pair.peers[1]), pair.now + SCTP_RX_ACK_DELAY);
    send_pattern(1, 0, 0, 10); // Data takes it along.
    CHECK_EQ(turn_without_delay(), 1);
    end();
}

static void a_small_message_does_not_wait_behind_large_ones(void)
{
    begin(8);
    connect_pair();
    for (uint32_t i = 0; i < 50; i++) {
        send_pattern(0, 1, i, 200000);
    }
    send_pattern(0, 2, 0, 10);
    while (seen[1].messages < 2) {
        run_for(YODEL_MS(1));
    }
    CHECK(sctp_buffered(&pair.peers[0], 2) == 0);
    CHECK(sctp_buffered(&pair.peers[0], 1) > 9000000); // It went after the first.
    run_for(YODEL_SECONDS(60));
    CHECK_EQ(seen[1].messages, 51);
    end();
}

static bool loses_first_data(struct pair *network, int to, struct bytes packet)
{
    size_t *left = network->ctx;

    if (to == 1 && chunks_of_type(packet, SCTP_DATA) > 0 && *left > 0) {
        (*left)--;
        return false;
    }
    return true;
}

static void a_lost_stream_does_not_hold_up_another(void)
{
    size_t left = 1;

    begin(9);
    connect_pair();
    pair.passes = loses_first_data;
    pair.ctx = &left;
    send_pattern(0, 1, 0, 1000);
    send_pattern(0, 2, 0, 5000);
    run_for(YODEL_MS(30));
    CHECK_EQ(seen[1].messages, 1); // The second, whole, while the first is missing.
    CHECK_EQ(seen[1].bytes, 5000);
    run_for(YODEL_SECONDS(2));
    CHECK_EQ(seen[1].messages, 2);
    end();
}

static void three_packets_above_a_hole_repeat_it_without_a_timeout(void)
{
    size_t left = 1;

    begin(10);
    connect_pair();
    pair.passes = loses_first_data;
    pair.ctx = &left;
    yodel_time began = pair.now;
    send_pattern(0, 1, 0, 8000);
    while (seen[1].messages < 1) {
        run_for(YODEL_MS(1));
    }
    CHECK(pair.now - began < YODEL_MS(60)); // Three ways of 10 ms, and some; the RTO is 250 ms.
    CHECK_EQ(pair.peers[0].tx.chunks_repeated, 1);
    CHECK_EQ(left, 0);
    end();
}

static void send_partial(uint16_t stream, uint32_t ppid, size_t len, uint32_t retransmits)
{
    static uint8_t data[300000];
    struct sctp_send_options options = {
        .has_max_retransmits = true, .max_retransmits = retransmits};

    for (size_t i = 0; i < len; i++) {
        data[i] = pattern(i + ppid);
    }
    CHECK_EQ(sctp_send(&pair.peers[0], stream, ppid, bytes_of(data, len), &options), YODEL_OK);
}

static void a_message_is_repeated_as_often_as_it_may_be(void)
{
    for (uint32_t allowed = 0; allowed < 3; allowed++) {
        for (uint32_t losses = 0; losses < 4; losses++) {
            size_t left = losses;

            begin(11);
            connect_pair();
            pair.passes = loses_first_data;
            pair.ctx = &left;
            send_partial(1, 0, 100, allowed);
            run_for(YODEL_SECONDS(10));
            CHECK_EQ(seen[1].messages, losses <= allowed);
            left = 0;
            send_partial(1, 1, 100, 0); // Whatever became of it, the next one arrives.
            run_for(YODEL_SECONDS(2));
            CHECK_EQ(seen[1].messages, 1 + (losses <= allowed));
            CHECK(sctp_tx_is_empty(&pair.peers[0].tx));
            end();
        }
    }
}

static void an_expired_message_is_not_sent_and_holds_nothing_up(void)
{
    struct sctp_send_options options = {.has_max_lifetime = true, .max_lifetime = YODEL_MS(100)};
    static uint8_t data[200000];

    begin(12);
    connect_pair();
    pair.loss = 1000;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = pattern(i);
    }
    for (int i = 0; i < 3; i++) { // The first is cut and on its way when its time is over.
        CHECK_EQ(sctp_send(&pair.peers[0], 1, 0, bytes_of(data, sizeof data), &options), YODEL_OK);
    }
    run_for(YODEL_SECONDS(3));
    pair.loss = 0;
    send_pattern(0, 1, 0, 10);
    run_for(YODEL_SECONDS(5));
    CHECK_EQ(seen[1].messages, 1);
    CHECK_EQ(seen[1].bytes, 10);
    CHECK_EQ(sctp_buffered(&pair.peers[0], 1), 0);
    CHECK(sctp_tx_is_empty(&pair.peers[0].tx));
    CHECK_EQ(pair.peers[1].rx.assembly.held, 0);
    end();
}

static void chunks_cut_for_a_larger_mtu_still_arrive(void)
{
    begin(13);
    connect_pair();
    pair.loss = 1000;
    send_pattern(0, 1, 0, 30000);
    run_for(YODEL_MS(100));
    pair.loss = 0;
    sctp_set_mtu(&pair.peers[0], 600);
    run_for(YODEL_SECONDS(10));
    CHECK_EQ(seen[1].messages, 1);
    end();
}

static void a_reader_that_looks_away_closes_the_window_and_opens_it_again(void)
{
    begin(14);
    connect_pair();
    for (uint32_t i = 0; i < 60; i++) {
        send_pattern(0, 1, i, 250000);
    }
    pair_run_for(&pair, YODEL_SECONDS(20), NULL);
    CHECK_EQ(seen[1].messages, 0);
    CHECK(pair.peers[1].rx.assembly.held <= 2 * pair.peers[1].rx.window);
    CHECK(pair.peers[0].tx.flight <= SCTP_MTU_DEFAULT); // A probe.
    uint8_t out[1500];
    CHECK_EQ(sctp_emit(&pair.peers[1], span_of(out, sizeof out), pair.now), 0);
    watch(&pair,
        1); // Having looked, it says at once that there is room, and does not wait for a probe.
    size_t len = sctp_emit(&pair.peers[1], span_of(out, sizeof out), pair.now);
    CHECK_EQ(chunks_of_type(bytes_of(out, len), SCTP_SACK), 1);
    run_for(YODEL_SECONDS(60));
    CHECK_EQ(seen[1].messages, 60);
    end();
}

static void a_silent_peer_is_given_up_in_the_end(void)
{
    begin(15);
    connect_pair();
    pair.loss = 1000;
    send_pattern(0, 1, 0, 10);
    run_for(YODEL_SECONDS(29));
    CHECK_EQ(seen[0].failed, 0); // An outage that ICE consent survives is survived here too.
    run_for(YODEL_SECONDS(60));
    CHECK_EQ(seen[0].failed, 1);
    CHECK_EQ(seen[0].failure, SCTP_FAIL_TIMEOUT);
    end();
}

static void after_an_outage_data_flows_within_a_second(void)
{
    begin(16);
    connect_pair();
    pair.loss = 1000;
    send_pattern(0, 1, 0, 100000);
    run_for(YODEL_SECONDS(29));
    pair.loss = 0;
    run_for(YODEL_MS(1500));
    CHECK_EQ(seen[1].messages, 1);
    end();
}

static void an_idle_association_measures_its_path(void)
{
    begin(17);
    connect_pair();
    run_for(YODEL_SECONDS(61));
    CHECK_EQ(pair.peers[0].tx.rto.srtt, YODEL_MS(20));
    end();
}

// After three timeouts the timer stands at a second; who knows that the path works again says so.
static void what_a_path_swallowed_is_sent_again_at_once_when_it_works(void)
{
    begin(45);
    pair.delay = YODEL_MS(20);
    connect_pair();
    pair.loss = 1000;
    send_pattern(0, 1, 0, 1000);
    run_for(YODEL_MS(1800));
    pair.loss = 0;
    CHECK(sctp_next_timeout(&pair.peers[0]) > pair.now + YODEL_MS(100));
    sctp_hurry(&pair.peers[0], true, pair.now);
    run_for(2 * pair.delay + YODEL_MS(1));
    CHECK_EQ(seen[1].bytes, 1000);
    end();
}

// What was sent a moment ago is on its way, unless its path is known to be dead.
static void what_may_be_on_its_way_is_not_sent_again(void)
{
    for (int is_all_lost = 0; is_all_lost < 2; is_all_lost++) {
        begin(46);
        pair.delay = YODEL_MS(20);
        connect_pair();
        send_pattern(0, 1, 0, 1000);
        run_for(pair.delay / 2);
        sctp_hurry(&pair.peers[0], is_all_lost, pair.now);
        run_for(YODEL_SECONDS(1));
        CHECK_EQ(seen[1].bytes, 1000);
        CHECK_EQ(pair.peers[0].tx.chunks_repeated, is_all_lost);
        end();
    }
}

TEST_MAIN(TEST(what_a_path_swallowed_is_sent_again_at_once_when_it_works),
    TEST(what_may_be_on_its_way_is_not_sent_again), TEST(both_may_begin_or_one_alone),
    TEST(messages_of_any_size_arrive_whole), TEST(what_is_lost_is_repeated),
    TEST(shutting_down_delivers_what_waits), TEST(an_abort_is_heard),
    TEST(an_abort_of_ours_is_told_here_too), TEST(what_cannot_be_sent_is_refused),
    TEST(a_batch_is_acknowledged_once_and_a_single_packet_waits),
    TEST(a_small_message_does_not_wait_behind_large_ones),
    TEST(a_lost_stream_does_not_hold_up_another),
    TEST(three_packets_above_a_hole_repeat_it_without_a_timeout),
    TEST(a_message_is_repeated_as_often_as_it_may_be),
    TEST(an_expired_message_is_not_sent_and_holds_nothing_up),
    TEST(chunks_cut_for_a_larger_mtu_still_arrive),
    TEST(a_reader_that_looks_away_closes_the_window_and_opens_it_again),
    TEST(a_silent_peer_is_given_up_in_the_end), TEST(after_an_outage_data_flows_within_a_second),
    TEST(an_idle_association_measures_its_path))
