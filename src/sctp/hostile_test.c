// SCTP against a peer that means harm: each case leaves the association as it was, or ends it, and
// nothing worse.

#include <stdio.h>

#include "check.h"
#include "sctp/assoc.h"
#include "sctp/pair.h"

static struct pair pair;
static size_t messages[2];
static size_t connected[2];
static enum sctp_failure failure[2];
static size_t closed[2];

static void listen(struct pair *network, int peer)
{
    struct sctp_event event;

    while (sctp_next_event(&network->peers[peer], &event)) {
        messages[peer] += event.type == SCTP_EVENT_MESSAGE;
        connected[peer] += event.type == SCTP_EVENT_CONNECTED;
        closed[peer] += event.type == SCTP_EVENT_CLOSED;
        failure[peer] = event.type == SCTP_EVENT_FAILED ? event.failure : failure[peer];
    }
}

static void run_for(yodel_duration wait)
{
    pair_run_for(&pair, wait, listen);
}

static void begin(void)
{
    memset(messages, 0, sizeof messages);
    memset(connected, 0, sizeof connected);
    memset(failure, 0, sizeof failure);
    memset(closed, 0, sizeof closed);
    pair_init(&pair, 3, &(struct sctp_config){0});
}

static void begin_connected(void)
{
    begin();
    sctp_start(&pair.peers[0]);
    sctp_start(&pair.peers[1]);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(connected[0] + connected[1], 2);
}

static void end(void)
{
    pair_deinit(&pair);
    CHECK_EQ(pair.alloc.blocks, 0);
}

// A message still goes both ways.
static void check_alive(void)
{
    size_t before[2] = {messages[0], messages[1]};
    struct sctp_send_options options = {0};

    for (int i = 0; i < 2; i++) {
        CHECK_EQ(sctp_send(&pair.peers[i], 77, 1, bytes_of("alive", 5), &options), YODEL_OK);
    }
    run_for(YODEL_SECONDS(5));
    CHECK_EQ(messages[0], before[0] + 1);
    CHECK_EQ(messages[1], before[1] + 1);
}

// ---- packets by hand, from peer 0 to peer 1

static uint8_t room[70000];
static const uint8_t zeros[65000];
static struct writer packet;

static void start_with_tag(uint32_t tag)
{
    packet = writer_of(span_of(room, sizeof room));
    sctp_packet_start(
        &packet, &(struct sctp_header){.source_port = 5000, .destination_port = 5000, .tag = tag});
}

static void start(void)
{
    start_with_tag(pair.peers[1].our_tag);
}

static void deliver(void)
{
    CHECK(!packet.failed);
    store_u32(packet.start + 8, 0); // It may be delivered twice.
    sctp_packet_seal(span_of(packet.start, packet.len));
    sctp_recv(&pair.peers[1], writer_bytes(&packet), pair.now);
}

static void put_chunk(uint8_t type, uint8_t flags, const void *value, size_t len)
{
    size_t at = sctp_packet_begin_chunk(&packet, type, flags);

    put_bytes(&packet, bytes_of(value, len));
    sctp_packet_end_chunk(&packet, at);
}

static void deliver_chunk(uint8_t type, uint8_t flags, const void *value, size_t len)
{
    start();
    put_chunk(type, flags, value, len);
    deliver();
}

// `ahead` of the next TSN that peer 1 expects: 0 is that one.
static void deliver_data(uint64_t ahead, uint16_t stream, uint16_t ssn, uint8_t flags, size_t len)
{
    start();
    sctp_chunk_put_data(&packet, &(struct sctp_data){.flags = flags,
                                     .stream = stream,
                                     .ssn = ssn,
                                     .tsn = (uint32_t)(pair.peers[1].rx.cumulative + 1 + ahead),
                                     .user = bytes_of(zeros, len)});
    deliver();
}

static void deliver_words(uint8_t type, const uint32_t *words, size_t count)
{
    start();
    size_t at = sctp_packet_begin_chunk(&packet, type, 0);
    for (size_t i = 0; i < count; i++) {
        put_u32(&packet, words[i]);
    }
    sctp_packet_end_chunk(&packet, at);
    deliver();
}

#define WHOLE (SCTP_DATA_BEGIN | SCTP_DATA_END)

static uint64_t drops(enum sctp_drop why)
{
    return pair.peers[1].stats.drops[why];
}

// What peer 1 says next, or 0.
static size_t answer(uint8_t out[1500])
{
    return sctp_emit(&pair.peers[1], span_of(out, 1500), pair.now);
}

static uint8_t first_chunk_of_answer(void)
{
    uint8_t out[1500] = {0};

    return answer(out) > SCTP_HEADER_SIZE ? out[SCTP_HEADER_SIZE] : 255;
}

// ----

static void x1_short_packets_are_dropped(void)
{
    begin_connected();
    for (size_t len = 0; len < SCTP_HEADER_SIZE; len++) {
        sctp_recv(&pair.peers[1], bytes_of(room, len), pair.now);
    }
    CHECK_EQ(drops(SCTP_DROP_SHORT), SCTP_HEADER_SIZE);
    check_alive();
    end();
}

static void x2_wrong_or_zero_checksums_are_dropped(void)
{
    begin_connected();
    start();
    put_chunk(SCTP_ABORT, 0, "", 0);
    sctp_recv(&pair.peers[1], writer_bytes(&packet), pair.now); // Zero checksum, never negotiated.
    for (size_t bit = 0; bit < 8 * packet.len; bit++) {
        sctp_packet_seal(span_of(packet.start, packet.len));
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sctp_recv(&pair.peers[1], writer_bytes(&packet), pair.now);
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        store_u32(room + 8, 0);
    }
    CHECK_EQ(drops(SCTP_DROP_CHECKSUM), 1 + 8 * packet.len);
    check_alive();
    end();
}

static void x3_other_ports_are_not_ours(void)
{
    static const uint16_t ports[][2] = {{0, 5000}, {5000, 0}, {5001, 5000}, {5000, 5001}};

    begin_connected();
    for (size_t i = 0; i < COUNT(ports); i++) {
        packet = writer_of(span_of(room, sizeof room));
        sctp_packet_start(
            &packet, &(struct sctp_header){ports[i][0], ports[i][1], pair.peers[1].our_tag});
        put_chunk(SCTP_ABORT, 0, "", 0);
        deliver();
    }
    CHECK_EQ(drops(SCTP_DROP_PORT), COUNT(ports));
    check_alive();
    end();
}

static void x4_wrong_tags_are_dropped(void)
{
    begin_connected();
    uint32_t tags[] = {0, pair.peers[1].our_tag + 1, pair.peers[0].our_tag};
    static const uint8_t types[] = {SCTP_DATA, SCTP_SACK, SCTP_ABORT, SCTP_SHUTDOWN,
        SCTP_SHUTDOWN_ACK, SCTP_SHUTDOWN_COMPLETE, SCTP_INIT_ACK, SCTP_FORWARD_TSN};
    for (size_t i = 0; i < COUNT(tags); i++) {
        for (size_t k = 0; k < COUNT(types); k++) {
            start_with_tag(tags[i]);
            put_chunk(types[k], 0, zeros, 16);
            deliver();
        }
    }
    CHECK_EQ(drops(SCTP_DROP_TAG), COUNT(tags) * COUNT(types));
    check_alive();
    end();
}

static void put_init(uint32_t tag, uint32_t window, uint16_t out, uint16_t in)
{
    struct sctp_init init = {
        .tag = tag, .a_rwnd = window, .out_streams = out, .in_streams = in, .tsn = 1};

    sctp_chunk_put_init(&packet, SCTP_INIT, &init);
}

static void x5_init_that_cannot_be_is_not_answered(void)
{
    static const struct {
        uint32_t tag;
        uint32_t window;
        uint16_t out;
        uint16_t in;
    } rows[] = {{0, 65536, 1, 1}, {1, 1499, 1, 1}, {1, 65536, 0, 1}, {1, 65536, 1, 0}};

    begin();
    for (size_t i = 0; i < COUNT(rows); i++) {
        start_with_tag(0);
        put_init(rows[i].tag, rows[i].window, rows[i].out, rows[i].in);
        deliver();
        CHECK_EQ(drops(SCTP_DROP_MALFORMED), i + 1);
        CHECK_EQ(first_chunk_of_answer(), 255);
    }
    start_with_tag(0); // Bundled.
    put_init(1, 65536, 1, 1);
    put_chunk(SCTP_SACK, 0, zeros, 12);
    deliver();
    CHECK_EQ(first_chunk_of_answer(), 255);
    start_with_tag(0); // The measure of it all: a good one is answered.
    put_init(1, 1500, 1, 1);
    deliver();
    CHECK_EQ(first_chunk_of_answer(), SCTP_INIT_ACK);
    end();
}

static void deliver_init_with_params(const void *params, size_t len)
{
    start_with_tag(0);
    size_t at = sctp_packet_begin_chunk(&packet, SCTP_INIT, 0);
    put_u32(&packet, 1);
    put_u32(&packet, 65536);
    put_u32(&packet, 0x00010001);
    put_u32(&packet, 1);
    put_bytes(&packet, bytes_of(params, len));
    sctp_packet_end_chunk(&packet, at);
    deliver();
}

static void x6_parameters_that_do_not_parse_are_not_answered(void)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {{"\x80\0\0\0", 4}, {"\x80\0\0\3", 4}, {"\x80\0\0\5", 4}, {"\x80\0\xff\xff", 4},
        {"\x80\0", 2}, {"\x80\0\0\4\x80\0\0\1", 8}};

    begin();
    for (size_t i = 0; i < COUNT(rows); i++) {
        deliver_init_with_params(rows[i].bytes, rows[i].len);
        CHECK_EQ(drops(SCTP_DROP_MALFORMED), i + 1);
        CHECK_EQ(first_chunk_of_answer(), 255);
    }
    end();
}

static void x6_a_thousand_unknown_parameters_make_a_short_answer(void)
{
    static uint8_t params[8000];
    uint8_t out[1500];

    begin();
    for (size_t i = 0; i < sizeof params; i += 8) {
        memcpy(params + i, "\xc1\x23\0\x08zzzz", 8);
    }
    deliver_init_with_params(params, sizeof params);
    size_t len = answer(out);
    CHECK(len > 0 && len < 400);
    CHECK_EQ(out[SCTP_HEADER_SIZE], SCTP_INIT_ACK);
    CHECK(memmem(out, len, "\xc1\x23\0\x08zzzz", 8)); // §3.2.1: it is reported.
    end();
}

static void x7_forged_and_stale_cookies_are_refused(void)
{
    uint8_t out[1500];
    struct sctp_init ack;
    struct sctp_chunk chunk;
    struct sctp_header header;
    struct reader r;

    begin();
    start_with_tag(0);
    put_init(99, 65536, 10, 10);
    deliver();
    size_t len = answer(out);
    CHECK_EQ(sctp_packet_open(bytes_of(out, len), &header, &r), YODEL_OK);
    CHECK(sctp_packet_next_chunk(&r, &chunk));
    CHECK_EQ(sctp_chunk_parse_init(&ack, &chunk), YODEL_OK);
    uint8_t cookie[SCTP_COOKIE_SIZE];
    CHECK_EQ(ack.cookie.len, sizeof cookie);
    memcpy(cookie, ack.cookie.ptr, sizeof cookie);
    for (size_t i = 0; i <= sizeof cookie; i++) { // Each byte changed, and then one cut off.
        cookie[i % sizeof cookie] ^= 1;
        start_with_tag(ack.tag);
        put_chunk(SCTP_COOKIE_ECHO, 0, cookie, i < sizeof cookie ? sizeof cookie : i - 1);
        deliver();
        cookie[i % sizeof cookie] ^= 1;
    }
    start_with_tag(ack.tag + 1); // §5.1.5 step 3.
    put_chunk(SCTP_COOKIE_ECHO, 0, cookie, sizeof cookie);
    deliver();
    CHECK_EQ(drops(SCTP_DROP_COOKIE), sizeof cookie + 2);
    CHECK_EQ(pair.peers[1].state, SCTP_CLOSED);
    pair.now += SCTP_COOKIE_LIFETIME + 1;
    start_with_tag(ack.tag);
    put_chunk(SCTP_COOKIE_ECHO, 0, cookie, sizeof cookie);
    deliver();
    CHECK_EQ(pair.peers[1].state, SCTP_CLOSED);
    CHECK_EQ(first_chunk_of_answer(), SCTP_ERROR);
    pair.now -= SCTP_COOKIE_LIFETIME + 1;
    deliver();
    CHECK_EQ(pair.peers[1].state, SCTP_ESTABLISHED);
    end();
}

// A peer that has lost its memory begins again; whoever only guesses a tag gets nowhere.
static void x7_a_restart_ends_the_association_and_a_guess_does_not(void)
{
    struct sctp reborn;

    begin_connected();
    start_with_tag(0);
    put_init(12345, 65536, 10, 10);
    deliver();
    CHECK_EQ(first_chunk_of_answer(), SCTP_INIT_ACK);
    check_alive();
    sctp_init(&reborn, &pair.env, &(struct sctp_config){0});
    struct sctp old = pair.peers[0];
    pair.peers[0] = reborn;
    pair.peers[0].rx.assembly.streams = &pair.peers[0].streams;
    pair.peers[0].tx.streams = &pair.peers[0].streams;
    sctp_start(&pair.peers[0]);
    run_for(YODEL_SECONDS(2));
    CHECK_EQ(failure[1], SCTP_FAIL_RESTARTED);
    sctp_deinit(&old);
    end();
}

static uint32_t loss_mask;
static uint32_t packets_seen;

static bool passes_mask(struct pair *network, int to, struct bytes bytes)
{
    (void)network;
    (void)to;
    (void)bytes;
    return packets_seen >= 10 || !(loss_mask >> packets_seen++ & 1);
}

static void x8_crossing_inits_connect_whatever_is_lost(void)
{
    for (loss_mask = 0; loss_mask < 1024; loss_mask++) {
        for (uint32_t who = 1; who <= 3; who++) {
            begin();
            packets_seen = 0;
            pair.passes = passes_mask;
            if (who & 1) {
                sctp_start(&pair.peers[0]);
            }
            if (who & 2) {
                sctp_start(&pair.peers[1]);
            }
            run_for(YODEL_SECONDS(15));
            if (connected[0] != 1 || connected[1] != 1) {
                fprintf(stderr, "mask %x, who %u\n", loss_mask, who);
            }
            CHECK_EQ(connected[0], 1);
            CHECK_EQ(connected[1], 1);
            check_alive();
            end();
        }
    }
}

static void x9_data_without_bytes_ends_it(void)
{
    begin_connected();
    deliver_data(0, 0, 0, WHOLE, 0);
    CHECK_EQ(first_chunk_of_answer(), SCTP_ABORT);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(failure[1], SCTP_FAIL_PROTOCOL);
    end();
}

static void x9_old_and_far_tsns_do_no_harm(void)
{
    begin_connected();
    deliver_data(0, 0, 0, WHOLE, 10);
    deliver_data((uint64_t)-1, 0, 0, WHOLE, 10);
    deliver_data((uint64_t)-1000, 0, 0, WHOLE, 10);
    deliver_data((uint64_t)1 << 31, 0, 0, WHOLE, 10);
    CHECK_EQ(drops(SCTP_DROP_DUPLICATE), 3);
    listen(&pair, 1);
    CHECK_EQ(messages[1], 1);
    // A TSN that far ahead stays as a gap, and is acknowledged as none, being out of a SACK's reach.
    deliver_data((1u << 31) - 2, 0, 1, WHOLE, 10);
    CHECK_EQ(pair.peers[1].rx.run_count, 1);
    CHECK_EQ(first_chunk_of_answer(), SCTP_SACK);
    end();
}

static void x10_a_flood_of_gaps_is_bounded(void)
{
    begin_connected();
    for (uint32_t i = 1; i <= 100000; i++) {
        deliver_data(2 * i, 0, 0, WHOLE | SCTP_DATA_UNORDERED, 1);
    }
    CHECK(pair.peers[1].rx.run_count <= SCTP_RX_GAPS_MAX);
    CHECK(drops(SCTP_DROP_NO_ROOM) >= 100000 - SCTP_RX_GAPS_MAX);
    CHECK(first_chunk_of_answer() == SCTP_SACK);
    listen(&pair, 1);
    CHECK(messages[1] <= SCTP_RX_GAPS_MAX);
    end();
}

static void x11_fragments_that_cannot_be_end_it(void)
{
    static const struct {
        const char *why;
        uint8_t first;
        uint8_t second;
        uint16_t second_stream;
        uint16_t second_ssn;
    } rows[] = {
        {"end without beginning", SCTP_DATA_END, 0, 0, 0},
        {"middle without beginning", 0, 0, 0, 0},
        {"beginning twice", SCTP_DATA_BEGIN, SCTP_DATA_BEGIN, 0, 0},
        {"whole within another", SCTP_DATA_BEGIN, WHOLE, 0, 1}, // Its turn never comes.
        {"another stream within", SCTP_DATA_BEGIN, SCTP_DATA_END, 1, 0},
        {"another number within", SCTP_DATA_BEGIN, SCTP_DATA_END, 0, 1},
        {"another order within", SCTP_DATA_BEGIN, SCTP_DATA_END | SCTP_DATA_UNORDERED, 0, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int turned = 0; turned < 2; turned++) {
            begin_connected();
            if (turned) {
                deliver_data(1, rows[i].second_stream, rows[i].second_ssn, rows[i].second, 5);
                deliver_data(0, 0, 0, rows[i].first, 5);
            } else {
                deliver_data(0, 0, 0, rows[i].first, 5);
                deliver_data(0, rows[i].second_stream, rows[i].second_ssn, rows[i].second, 5);
            }
            listen(&pair, 1);
            CHECK_EQ(messages[1], 0);
            if (!turned || rows[i].second != WHOLE) {
                CHECK_EQ(failure[1], SCTP_FAIL_PROTOCOL);
            }
            end();
        }
    }
}

static void x11_a_skipped_number_waits_and_one_used_twice_is_dropped(void)
{
    begin_connected();
    deliver_data(0, 0, 1, WHOLE, 5);
    deliver_data(0, 0, 1, WHOLE, 5);
    deliver_data(0, 0, 40000, WHOLE, 5); // Behind, by serial arithmetic.
    listen(&pair, 1);
    CHECK_EQ(messages[1], 0);
    deliver_data(0, 0, 0, WHOLE, 5);
    listen(&pair, 1);
    CHECK_EQ(messages[1], 2);
    CHECK_EQ(pair.peers[1].rx.assembly.held, 0);
    end();
}

static void x12_a_message_without_end_stops_at_the_limit(void)
{
    begin_connected();
    deliver_data(0, 0, 0, SCTP_DATA_BEGIN, 1);
    for (size_t i = 0; i < 100000; i++) {
        deliver_data(0, 0, 0, 0, 1);
    }
    CHECK_EQ(pair.peers[1].state, SCTP_ESTABLISHED); // 100 kB are below the limit of 256 KiB.
    for (size_t i = 0; i < 10; i++) {
        deliver_data(0, 0, 0, 0, 60000);
    }
    listen(&pair, 1);
    CHECK_EQ(failure[1], SCTP_FAIL_TOO_LARGE);
    CHECK(pair.peers[1].rx.assembly.held <= 2 * SCTP_MESSAGE_MAX_DEFAULT);
    end();
}

// Peer 1 has `count` chunks on their way; what was the last TSN before them?
static uint32_t send_into_the_dark(size_t count)
{
    uint8_t out[1500];
    uint32_t before = (uint32_t)pair.peers[1].tx.next - 1;

    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(
            sctp_send(&pair.peers[1], 0, 0, bytes_of(zeros, 1000), &(struct sctp_send_options){0}),
            YODEL_OK);
    }
    while (answer(out) > 0) {
    }
    CHECK_EQ(pair.peers[1].tx.next, (uint64_t)1 << 32 | (before + count + 1));
    return before;
}

static void x13_acknowledging_what_was_never_sent_ends_it(void)
{
    begin_connected();
    uint32_t before = send_into_the_dark(5);
    deliver_words(SCTP_SACK, (uint32_t[]){before + 6, 100000, 0}, 3);
    listen(&pair, 1);
    CHECK_EQ(failure[1], SCTP_FAIL_PROTOCOL);
    end();
}

static void x13_sacks_that_make_no_sense_do_no_harm(void)
{
    begin_connected();
    uint32_t before = send_into_the_dark(5);
    const struct sctp_tx *tx = &pair.peers[1].tx;
    size_t flight = tx->flight;

    deliver_words(SCTP_SACK, (uint32_t[]){before - 1, 100000, 0}, 3);               // Goes back.
    deliver_words(SCTP_SACK, (uint32_t[]){before, 100000, 1 << 16, 0x00040003}, 4); // Ends first.
    deliver_words(SCTP_SACK, (uint32_t[]){before, 100000, 1 << 16, 0x00010002}, 4); // No hole.
    deliver_words(SCTP_SACK, (uint32_t[]){before, 100000, 1 << 16, 0x0002ffff}, 4); // Unsent.
    deliver_words(SCTP_SACK, (uint32_t[]){before, 100000, 0xffffffff}, 3); // Counts too many.
    CHECK_EQ(tx->flight, flight);
    CHECK_EQ(drops(SCTP_DROP_MALFORMED), 1);
    deliver_words(SCTP_SACK, (uint32_t[]){before, 100000, 2 << 16, 0x00020003, 0x00030004}, 5);
    CHECK_EQ(tx->flight, flight - 2000); // Overlapping: the first block alone.
    deliver_words(
        SCTP_SACK, (uint32_t[]){before, 100000, 0}, 3); // Taken back: sent again in the end.
    run_for(YODEL_SECONDS(20));
    CHECK_EQ(messages[0], 5);
    check_alive();
    end();
}

static void x13_three_hundred_blocks_cost_little(void)
{
    static uint32_t words[303];

    begin_connected();
    uint32_t before = send_into_the_dark(8);
    words[0] = before;
    words[1] = 100000;
    words[2] = 300 << 16;
    for (uint32_t i = 0; i < 300; i++) {
        words[3 + i] = (2 * i + 2) << 16 | (2 * i + 2);
    }
    deliver_words(SCTP_SACK, words, COUNT(words));
    CHECK_EQ(pair.peers[1].tx.lost_count,
        4); // 2, 4, 6 and 8 have arrived, and so many that the rest is lost.
    CHECK_EQ(pair.peers[1].tx.flight, 0);
    end();
}

static void x13_a_closed_window_is_probed_for_ever(void)
{
    begin_connected();
    uint32_t before = send_into_the_dark(2);
    pair.loss = 1000;
    for (int i = 0; i < 200; i++) {
        run_for(YODEL_SECONDS(1));
        deliver_words(SCTP_SACK, (uint32_t[]){before, 0, 0}, 3);
        CHECK_EQ(pair.peers[1].state, SCTP_ESTABLISHED);
        CHECK(i < 3 || pair.peers[1].tx.flight <= 1000); // Once it has heard that it is closed.
    }
    pair.loss = 0;
    deliver_words(SCTP_SACK, (uint32_t[]){before, 100000, 0}, 3);
    run_for(YODEL_SECONDS(5));
    check_alive();
    end();
}

static void x14_forward_tsn_backwards_far_or_odd(void)
{
    begin_connected();
    uint32_t at = (uint32_t)pair.peers[1].rx.cumulative;
    deliver_words(SCTP_FORWARD_TSN, (uint32_t[]){at - 5}, 1);
    deliver_words(SCTP_FORWARD_TSN, (uint32_t[]){at}, 1);
    deliver_chunk(SCTP_FORWARD_TSN, 0, "abc", 3);
    deliver_chunk(SCTP_FORWARD_TSN, 0, "\0\0\0\0ab", 6);
    CHECK_EQ((uint32_t)pair.peers[1].rx.cumulative, at);
    CHECK_EQ(drops(SCTP_DROP_MALFORMED), 2);
    check_alive();
    at = (uint32_t)pair.peers[1].rx.cumulative;
    deliver_data(3, 0, 0, WHOLE, 5);
    deliver_data(1, 0, 0, SCTP_DATA_BEGIN, 5);
    // Far ahead, with streams that were never used, and one of them twice.
    deliver_words(
        SCTP_FORWARD_TSN, (uint32_t[]){at + 1000000, 0xffff0005, 0xffff0004, 0x00010000}, 4);
    CHECK_EQ((uint32_t)pair.peers[1].rx.cumulative, at + 1000000);
    CHECK_EQ(pair.peers[1].rx.run_count, 0);
    CHECK_EQ(pair.peers[1].rx.assembly.piece_count, 0);
    deliver_data(0, 65535, 6, WHOLE, 5);
    listen(&pair, 1);
    CHECK_EQ(messages[1], 3); // The one that waited, this one, and the one from before.
    end();
}

static void deliver_reset(uint32_t seq, uint32_t last_tsn, const uint16_t *streams, size_t count)
{
    start();
    size_t chunk = sctp_packet_begin_chunk(&packet, SCTP_RE_CONFIG, 0);
    size_t param = sctp_packet_begin_param(&packet, 13);
    put_u32(&packet, seq);
    put_u32(&packet, 0);
    put_u32(&packet, last_tsn);
    for (size_t i = 0; i < count; i++) {
        put_u16(&packet, streams[i]);
    }
    sctp_packet_end_param(&packet, param);
    sctp_packet_end_chunk(&packet, chunk);
    deliver();
}

static uint32_t reset_result(void)
{
    uint8_t out[1500];

    size_t len = answer(out);
    for (size_t i = SCTP_HEADER_SIZE; i + 16 <= len; i += 4) {
        if (out[i] == SCTP_RE_CONFIG && out[i + 5] == 16) {
            return out[i + 15];
        }
    }
    return 255;
}

static void x15_requests_to_reset(void)
{
    begin_connected();
    uint32_t seq = pair.peers[1].reset.peer_seq;
    uint32_t tsn = (uint32_t)pair.peers[1].rx.cumulative;
    static const uint16_t unknown[] = {9, 65535};

    deliver_reset(seq + 5, tsn, unknown, 2);
    CHECK_EQ(reset_result(), SCTP_RESET_BAD_SEQUENCE);
    deliver_reset(seq - 2, tsn, unknown, 2);
    CHECK_EQ(reset_result(), SCTP_RESET_BAD_SEQUENCE);
    deliver_reset(seq, tsn, unknown, 2);
    CHECK_EQ(reset_result(), SCTP_RESET_PERFORMED);
    deliver_reset(seq, tsn, unknown, 2); // Our answer was lost.
    CHECK_EQ(reset_result(), SCTP_RESET_PERFORMED);
    deliver_reset(seq + 1, tsn + 1, unknown, 1); // Its last data is on its way.
    CHECK_EQ(reset_result(), SCTP_RESET_IN_PROGRESS);
    deliver_reset(seq + 2, tsn + 1, unknown, 1);
    CHECK_EQ(reset_result(), SCTP_RESET_IN_PROGRESS);
    deliver_data(0, 9, 0, WHOLE, 5);
    deliver_reset(seq + 2, tsn + 1, unknown, 1); // The old number, as some repeat it...
    CHECK_EQ(reset_result(), SCTP_RESET_PERFORMED);
    deliver_reset(seq + 3, tsn + 1, unknown, 1); // ... and a new one, as others do.
    CHECK_EQ(reset_result(), SCTP_RESET_PERFORMED);

    size_t resets = 0;
    struct sctp_event event;
    while (sctp_next_event(&pair.peers[1], &event)) {
        resets += event.type == SCTP_EVENT_STREAM_RESET_INCOMING;
    }
    CHECK_EQ(resets, 3); // 9 and 65535, and 9 once more.
    CHECK_EQ(pair.peers[1].state, SCTP_ESTABLISHED);
    end();
}

static void x15_a_thousand_parameters_and_unknown_requests(void)
{
    begin_connected();
    for (uint8_t type = 14; type <= 18; type++) {
        if (type == 16) {
            continue;
        }
        start();
        size_t chunk = sctp_packet_begin_chunk(&packet, SCTP_RE_CONFIG, 0);
        for (size_t i = 0; i < 1000; i++) {
            size_t param = sctp_packet_begin_param(&packet, type);
            put_u32(&packet, pair.peers[1].reset.peer_seq);
            put_u32(&packet, 1);
            sctp_packet_end_param(&packet, param);
        }
        sctp_packet_end_chunk(&packet, chunk);
        deliver();
        CHECK_EQ(reset_result(), SCTP_RESET_DENIED);
    }
    check_alive();
    end();
}

static void x15_in_progress_for_ever_is_asked_with_patience(void)
{
    begin_connected();
    struct sctp *sctp = &pair.peers[1];
    size_t asked = 0;
    pair.loss = 1000;
    CHECK_EQ(sctp_reset_stream(sctp, 4), YODEL_OK);
    yodel_time until = pair.now + YODEL_SECONDS(20);
    while (pair.now < until) {
        uint64_t before = pair.sent;
        run_for(YODEL_MS(50));
        asked += pair.sent != before;
        start();
        size_t chunk = sctp_packet_begin_chunk(&packet, SCTP_RE_CONFIG, 0);
        size_t param = sctp_packet_begin_param(&packet, 16);
        put_u32(&packet, sctp->reset.seq);
        put_u32(&packet, SCTP_RESET_IN_PROGRESS);
        sctp_packet_end_param(&packet, param);
        sctp_packet_end_chunk(&packet, chunk);
        deliver();
    }
    CHECK(asked > 5 && asked < 120);
    CHECK(sctp_is_resetting(sctp, 4));
    CHECK_EQ(sctp->state, SCTP_ESTABLISHED);
    end();
}

static void x16_heartbeats_that_are_too_large_or_altered(void)
{
    begin_connected();
    deliver_chunk(SCTP_HEARTBEAT, 0, zeros, 60000);
    CHECK_EQ(first_chunk_of_answer(), 255);
    deliver_chunk(SCTP_HEARTBEAT, 0, "\0\1\0\x08wxyz", 8);
    CHECK_EQ(first_chunk_of_answer(), SCTP_HEARTBEAT_ACK);
    deliver_chunk(SCTP_HEARTBEAT_ACK, 0,
        "\0\1\0\x0c"
        "abcdefgh",
        12);
    CHECK_EQ(drops(SCTP_DROP_MALFORMED), 1);
    pair.now = pair.peers[1].heartbeat_at; // Now it does wait for an answer, but not for this one.
    sctp_tick(&pair.peers[1], pair.now);
    CHECK_EQ(first_chunk_of_answer(), SCTP_HEARTBEAT);
    deliver_chunk(SCTP_HEARTBEAT_ACK, 0,
        "\0\1\0\x0c"
        "abcdefgh",
        12);
    CHECK_EQ(drops(SCTP_DROP_MALFORMED), 2);
    CHECK(pair.peers[1].heartbeat_waits);
    check_alive();
    end();
}

static void x17_shutdown_chunks_in_every_state(void)
{
    static const uint8_t types[] = {SCTP_SHUTDOWN, SCTP_SHUTDOWN_ACK, SCTP_SHUTDOWN_COMPLETE};

    for (enum sctp_state state = SCTP_CLOSED; state <= SCTP_ENDED; state++) {
        for (size_t i = 0; i < COUNT(types); i++) {
            begin();
            if (state >= SCTP_ESTABLISHED) {
                end();
                begin_connected();
            }
            pair.peers[1].state = state;
            start();
            size_t chunk = sctp_packet_begin_chunk(&packet, types[i], 0);
            if (types[i] == SCTP_SHUTDOWN) {
                put_u32(&packet, (uint32_t)pair.peers[1].tx.first - 1);
            }
            sctp_packet_end_chunk(&packet, chunk);
            deliver();
            bool ends = (types[i] == SCTP_SHUTDOWN_ACK &&
                            (state == SCTP_SHUTDOWN_SENT || state == SCTP_SHUTDOWN_ACK_SENT)) ||
                        (types[i] == SCTP_SHUTDOWN_COMPLETE && state == SCTP_SHUTDOWN_ACK_SENT);
            if (state != SCTP_ENDED) {
                CHECK_EQ(pair.peers[1].state == SCTP_ENDED, ends);
            }
            if (types[i] == SCTP_SHUTDOWN && state >= SCTP_ESTABLISHED && state < SCTP_ENDED) {
                CHECK_EQ(pair.peers[1].state, SCTP_SHUTDOWN_ACK_SENT);
            }
            end();
        }
    }
}

static void x18_an_abort_needs_a_tag(void)
{
    begin_connected();
    start_with_tag(pair.peers[0].our_tag); // Reflected, and not saying so.
    put_chunk(SCTP_ABORT, 0, "", 0);
    deliver();
    start_with_tag(pair.peers[0].our_tag + 1);
    put_chunk(SCTP_ABORT, SCTP_FLAG_T, "", 0);
    deliver();
    CHECK_EQ(drops(SCTP_DROP_TAG), 2);
    check_alive();
    start_with_tag(pair.peers[0].our_tag);
    put_chunk(SCTP_ABORT, SCTP_FLAG_T, "", 0);
    deliver();
    listen(&pair, 1);
    CHECK_EQ(failure[1], SCTP_FAIL_ABORTED);
    end();
}

// §3.2: what the two highest bits of an unknown chunk's type ask for.
static void x19_unknown_chunks_by_their_highest_bits(void)
{
    static const struct {
        uint8_t type;
        bool goes_on;
        bool reports;
    } rows[] = {{0x3f, false, false}, {0x7f, false, true}, {0xbf, true, false}, {0xfe, true, true}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin_connected();
        start();
        put_chunk(rows[i].type, 0, "what", 4);
        sctp_chunk_put_data(&packet, &(struct sctp_data){.flags = WHOLE,
                                         .tsn = (uint32_t)pair.peers[1].rx.cumulative + 1,
                                         .user = bytes_of("x", 1)});
        deliver();
        listen(&pair, 1);
        CHECK_EQ(messages[1], rows[i].goes_on);
        CHECK_EQ(first_chunk_of_answer() == SCTP_ERROR, rows[i].reports);
        end();
    }
}

static void x19_errors_are_never_answered(void)
{
    begin_connected();
    for (uint16_t cause = 0; cause < 20; cause++) {
        uint8_t value[4] = {0, (uint8_t)cause, 0, 4};
        deliver_chunk(SCTP_ERROR, 0, value, sizeof value);
    }
    deliver_chunk(SCTP_ERROR, 0, "\0\6\xff\xff", 4);
    CHECK_EQ(first_chunk_of_answer(), 255);
    check_alive();
    end();
}

static void x20_what_we_do_not_speak_is_ignored(void)
{
    static const uint8_t types[] = {0xc1, 0x80, 0x0f, 0x81, 0x40, 0xc2, SCTP_ECNE, SCTP_CWR};

    begin_connected();
    for (size_t i = 0; i < COUNT(types); i++) {
        uint8_t out[1500];

        deliver_chunk(types[i], 0, "\0\0\0\1\0\0\0\0", 8);
        while (answer(out) > 0) {
        }
    }
    check_alive();
    end();
}

static void x20_data_behind_a_cookie_echo_is_taken(void)
{
    begin();
    sctp_start(&pair.peers[0]);
    while (pair.peers[0].state != SCTP_COOKIE_ECHOED) {
        run_for(YODEL_MS(1));
    }
    start();
    put_chunk(SCTP_COOKIE_ECHO, 0, pair.peers[0].peer_cookie, pair.peers[0].peer_cookie_len);
    sctp_chunk_put_data(&packet,
        &(struct sctp_data){
            .flags = WHOLE, .tsn = pair.peers[0].our_first_tsn, .user = bytes_of("early", 5)});
    deliver();
    listen(&pair, 1);
    CHECK_EQ(connected[1], 1);
    CHECK_EQ(messages[1], 1);
    end();
}

TEST_MAIN(TEST(x1_short_packets_are_dropped), TEST(x2_wrong_or_zero_checksums_are_dropped),
    TEST(x3_other_ports_are_not_ours), TEST(x4_wrong_tags_are_dropped),
    TEST(x5_init_that_cannot_be_is_not_answered),
    TEST(x6_parameters_that_do_not_parse_are_not_answered),
    TEST(x6_a_thousand_unknown_parameters_make_a_short_answer),
    TEST(x7_forged_and_stale_cookies_are_refused),
    TEST(x7_a_restart_ends_the_association_and_a_guess_does_not),
    TEST(x8_crossing_inits_connect_whatever_is_lost), TEST(x9_data_without_bytes_ends_it),
    TEST(x9_old_and_far_tsns_do_no_harm), TEST(x10_a_flood_of_gaps_is_bounded),
    TEST(x11_fragments_that_cannot_be_end_it),
    TEST(x11_a_skipped_number_waits_and_one_used_twice_is_dropped),
    TEST(x12_a_message_without_end_stops_at_the_limit),
    TEST(x13_acknowledging_what_was_never_sent_ends_it),
    TEST(x13_sacks_that_make_no_sense_do_no_harm), TEST(x13_three_hundred_blocks_cost_little),
    TEST(x13_a_closed_window_is_probed_for_ever), TEST(x14_forward_tsn_backwards_far_or_odd),
    TEST(x15_requests_to_reset), TEST(x15_a_thousand_parameters_and_unknown_requests),
    TEST(x15_in_progress_for_ever_is_asked_with_patience),
    TEST(x16_heartbeats_that_are_too_large_or_altered), TEST(x17_shutdown_chunks_in_every_state),
    TEST(x18_an_abort_needs_a_tag), TEST(x19_unknown_chunks_by_their_highest_bits),
    TEST(x19_errors_are_never_answered), TEST(x20_what_we_do_not_speak_is_ignored),
    TEST(x20_data_behind_a_cookie_echo_is_taken))
