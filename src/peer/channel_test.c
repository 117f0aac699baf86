// Data channels: every kind, every way to make, use and end one, and what is told of it.

#include "peer/channel.h"

#include "check.h"
#include "peer/pair.h"

static struct peer_pair pair;
static yodel_channel *channels[2];

static void open_pair(uint64_t seed)
{
    peer_pair_open(&pair, seed);
    peer_pair_connect(&pair, NULL, channels);
    peer_pair_forget(&pair);
}

static yodel_channel *create(
    int side, const char *label, const struct yodel_channel_options *options)
{
    yodel_channel *channel = NULL;

    CHECK_EQ(
        yodel_peer_create_data_channel(pair.side[side].peer, label, options, &channel), YODEL_OK);
    return channel;
}

static void every_kind_of_channel_arrives_as_it_was_made(void)
{
    static const struct yodel_channel_options rows[] = {
        {.protocol = NULL},
        {.unordered = true},
        {.has_max_retransmits = true, .max_retransmits = 0},
        {.unordered = true, .has_max_retransmits = true, .max_retransmits = 7},
        {.has_max_packet_life_time = true, .max_packet_life_time = 0},
        {.unordered = true, .has_max_packet_life_time = true, .max_packet_life_time = 65535},
        {.has_max_retransmits = true, .max_retransmits = 65535, .protocol = "chat"},
    };

    open_pair(1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct yodel_channel_options *want = &rows[i];
        yodel_channel *ours = create(0, "a", want);
        peer_pair_settle(&pair);
        yodel_channel *theirs = pair.side[1].incoming;
        yodel_channel *both[] = {ours, theirs};

        for (size_t k = 0; k < 2; k++) {
            CHECK_EQ(yodel_channel_ordered(both[k]), !want->unordered);
            CHECK_EQ(yodel_channel_max_retransmits(both[k]),
                want->has_max_retransmits ? want->max_retransmits : -1);
            CHECK_EQ(yodel_channel_max_packet_life_time(both[k]),
                want->has_max_packet_life_time ? want->max_packet_life_time : -1);
            CHECK_TEXT(yodel_channel_label(both[k]), "a");
            CHECK_TEXT(yodel_channel_protocol(both[k]), want->protocol ? want->protocol : "");
            CHECK(!yodel_channel_negotiated(both[k]));
            CHECK_EQ(yodel_channel_ready_state(both[k]), YODEL_CHANNEL_OPEN);
            CHECK(yodel_channel_peer(both[k]) == pair.side[k].peer);
        }
        CHECK_EQ(yodel_channel_id(ours), yodel_channel_id(theirs));
        CHECK_EQ(yodel_channel_send(ours, "there", 5), YODEL_OK);
        CHECK_EQ(yodel_channel_send_text(theirs, "back", 4), YODEL_OK);
        peer_pair_settle(&pair);
        CHECK_EQ(pair.side[1].message_len, 5);
        CHECK(!pair.side[1].message_is_text);
        CHECK_EQ(pair.side[0].message_len, 4);
        CHECK(pair.side[0].message_is_text);
    }
    peer_pair_close(&pair);
}

static void sides_number_their_channels_by_their_roles(void)
{
    open_pair(2);
    // Side 1 answered and so begins DTLS: it has the even numbers.
    int ids[] = {yodel_channel_id(create(0, "", NULL)), yodel_channel_id(create(1, "", NULL))};
    CHECK_EQ(ids[0] % 2, 1);
    CHECK_EQ(ids[1] % 2, 0);
    peer_pair_close(&pair);

    peer_pair_open(&pair, 3);
    CHECK_EQ(yodel_channel_id(create(0, "", NULL)), -1); // No role yet, and no number.
    peer_pair_close(&pair);
}

static void options_that_contradict_themselves_are_refused(void)
{
    static char long_text[65537];
    static const struct {
        const char *why;
        const char *label;
        struct yodel_channel_options options;
    } rows[] = {
        {"both limits", "", {.has_max_retransmits = true, .has_max_packet_life_time = true}},
        {"the id that does not exist", "", {.negotiated = true, .id = 65535}},
        {"a label that is too long", long_text, {.protocol = NULL}},
        {"a protocol that is too long", "", {.protocol = long_text}},
        {"a label that is not UTF-8", "\xc0\x80", {.protocol = NULL}},
        {"a protocol that is not UTF-8", "", {.protocol = "\xff"}},
    };
    yodel_channel *channel = NULL;

    memset(long_text, 'x', 65536);
    peer_pair_open(&pair, 4);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(yodel_peer_create_data_channel(
                     pair.side[0].peer, rows[i].label, &rows[i].options, &channel),
            YODEL_ERR_TYPE);
        CHECK(!channel);
        CHECK(strlen(yodel_peer_error_text(pair.side[0].peer)) > 0);
    }
    peer_pair_close(&pair);
}

static void the_longest_label_and_protocol_arrive_whole(void)
{
    static char label[65536], protocol[65536];
    struct yodel_channel_options options = {.protocol = protocol};

    memset(label, 'l', 65535);
    memset(protocol, 'p', 65535);
    open_pair(5);
    create(0, label, &options);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_DATA_CHANNEL), 1);
    CHECK_TEXT(yodel_channel_label(pair.side[1].incoming), label);
    CHECK_TEXT(yodel_channel_protocol(pair.side[1].incoming), protocol);
    peer_pair_close(&pair);
}

static void negotiated_channels_need_no_announcement(void)
{
    struct yodel_channel_options options = {.negotiated = true, .id = 7};
    yodel_channel *ours, *theirs, *again;

    peer_pair_open(&pair, 6);
    ours = create(0, "mine", &options);
    theirs = create(1, "yours", &options);
    CHECK_EQ(yodel_peer_create_data_channel(pair.side[0].peer, "", &options, &again),
        YODEL_ERR_OPERATION);
    CHECK_EQ(peer_pair_negotiate(&pair, 0), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(peer_pair_count(&pair.side[i], YODEL_EVENT_CHANNEL_OPEN), 1);
        CHECK_EQ(peer_pair_count(&pair.side[i], YODEL_EVENT_DATA_CHANNEL), 0);
    }
    CHECK(yodel_channel_negotiated(ours));
    CHECK_EQ(yodel_channel_id(ours), 7);
    CHECK_TEXT(yodel_channel_label(theirs), "yours");
    CHECK_EQ(yodel_channel_send(ours, "x", 1), YODEL_OK);
    CHECK_EQ(yodel_channel_send(theirs, "xy", 2), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(pair.side[1].message_len, 1);
    CHECK_EQ(pair.side[0].message_len, 2);
    peer_pair_close(&pair);
}

// ---- messages

static void messages_arrive_as_what_they_are(void)
{
    static const struct {
        const char *data;
        size_t len;
        bool is_text;
    } rows[] = {{"", 0, false}, {"", 0, true}, {"\0\1\2", 3, false},
        {"gr\xc3\xbc\xc3\x9f", 6, true}, {"\xff", 1, false}, {"a\0b", 3, true}};

    open_pair(7);
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum yodel_err err = rows[i].is_text
                                 ? yodel_channel_send_text(channels[0], rows[i].data, rows[i].len)
                                 : yodel_channel_send(channels[0], rows[i].data, rows[i].len);
        CHECK_EQ(err, YODEL_OK);
        peer_pair_settle(&pair);
        CHECK_EQ(pair.side[1].message_count, i + 1);
        CHECK_EQ(pair.side[1].message_is_text, rows[i].is_text);
        CHECK_BYTES(bytes_of(pair.side[1].message, pair.side[1].message_len),
            bytes_of(rows[i].data, rows[i].len));
    }
    CHECK_EQ(yodel_channel_send_text(channels[0], "\xff", 1), YODEL_ERR_TYPE);
    peer_pair_settle(&pair);
    CHECK_EQ(pair.side[1].message_count, COUNT(rows));
    peer_pair_close(&pair);
}

static void a_message_over_the_limit_is_refused_and_the_channel_stays_usable(void)
{
    static uint8_t big[PEER_MESSAGE_SIZE + 1];
    struct yodel_peer_config small = {.max_message_size = 1000};

    open_pair(8);
    CHECK_EQ(yodel_peer_max_message_size(pair.side[0].peer), PEER_MESSAGE_SIZE);
    CHECK_EQ(yodel_channel_send(channels[0], big, sizeof big), YODEL_ERR_TOO_LARGE);
    CHECK_EQ(yodel_channel_send(channels[0], big, sizeof big - 1), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK_EQ(pair.side[1].message_len, sizeof big - 1);
    peer_pair_close(&pair);

    peer_pair_open_with(&pair, 9, NULL, &small);
    peer_pair_connect(&pair, NULL, channels);
    CHECK_EQ(yodel_peer_max_message_size(pair.side[0].peer), 1000);
    CHECK_EQ(yodel_peer_max_message_size(pair.side[1].peer), PEER_MESSAGE_SIZE);
    CHECK_EQ(yodel_channel_send(channels[0], big, 1001), YODEL_ERR_TOO_LARGE);
    CHECK_EQ(yodel_channel_send(channels[0], big, 1000), YODEL_OK);
    CHECK_EQ(yodel_channel_send(channels[1], big, 1001), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(pair.side[1].message_len, 1000);
    CHECK_EQ(pair.side[0].message_len, 1001);
    peer_pair_close(&pair);
}

static void the_buffered_amount_counts_what_has_not_left(void)
{
    static const uint8_t data[50000];

    open_pair(10);
    CHECK_EQ(yodel_channel_buffered_amount(channels[0]), 0);
    CHECK_EQ(yodel_channel_buffered_amount_low_threshold(channels[0]), 0);
    yodel_channel_set_buffered_amount_low_threshold(channels[0], 20000);
    CHECK_EQ(yodel_channel_buffered_amount_low_threshold(channels[0]), 20000);
    CHECK_EQ(yodel_channel_send(channels[0], data, sizeof data), YODEL_OK);
    CHECK_EQ(yodel_channel_send(channels[0], data, 10), YODEL_OK);
    CHECK_EQ(yodel_channel_buffered_amount(channels[0]), sizeof data + 10);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK_EQ(yodel_channel_buffered_amount(channels[0]), 0);
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW), 1);
    // Never above the threshold: never told.
    peer_pair_forget(&pair);
    CHECK_EQ(yodel_channel_send(channels[0], data, 20000), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW), 0);
    peer_pair_close(&pair);
}

static void a_full_buffer_blocks_until_it_runs_low(void)
{
    static const uint8_t data[10000];
    struct yodel_peer_config small = {.send_buffer = 100000};
    enum yodel_err err = YODEL_OK;
    uint32_t sent = 0;

    peer_pair_open_with(&pair, 11, &small, NULL);
    peer_pair_connect(&pair, NULL, channels);
    peer_pair_forget(&pair);
    while (!err && sent < 100) {
        err = yodel_channel_send(channels[0], data, sizeof data);
        sent += !err;
    }
    CHECK_EQ(err, YODEL_ERR_WOULD_BLOCK);
    CHECK(sent >= 5 && sent <= 10);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK(peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW) >= 1);
    CHECK_EQ(pair.side[1].message_count, sent);
    CHECK_EQ(yodel_channel_send(channels[0], data, sizeof data), YODEL_OK);
    peer_pair_close(&pair);
}

// ---- the end of a channel

static void check_closed_once(int side)
{
    CHECK_EQ(peer_pair_count(&pair.side[side], YODEL_EVENT_CHANNEL_CLOSE), 1);
    CHECK_EQ(peer_pair_count(&pair.side[side], YODEL_EVENT_CHANNEL_ERROR), 0);
}

static void either_side_may_close(void)
{
    for (int closer = 0; closer < 2; closer++) {
        open_pair(12);
        yodel_channel_close(channels[closer]);
        CHECK_EQ(yodel_channel_ready_state(channels[closer]), YODEL_CHANNEL_CLOSING);
        CHECK_EQ(yodel_channel_send(channels[closer], "x", 1), YODEL_ERR_INVALID_STATE);
        yodel_channel_close(channels[closer]);
        peer_pair_run(&pair, YODEL_SECONDS(1));
        check_closed_once(0);
        check_closed_once(1);
        // The one that did not ask is told that it closes first.
        CHECK_EQ(peer_pair_count(&pair.side[1 - closer], YODEL_EVENT_CHANNEL_CLOSING), 1);
        CHECK_EQ(peer_pair_count(&pair.side[closer], YODEL_EVENT_CHANNEL_CLOSING), 0);
        CHECK(peer_pair_is_connected(&pair));
        peer_pair_close(&pair);
    }
}

static void both_sides_may_close_at_once(void)
{
    open_pair(13);
    yodel_channel_close(channels[0]);
    yodel_channel_close(channels[1]);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    check_closed_once(0);
    check_closed_once(1);
    peer_pair_close(&pair);
}

static void what_was_sent_before_a_close_arrives_before_it(void)
{
    static const uint8_t data[100000];

    open_pair(14);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(yodel_channel_send(channels[0], data, sizeof data), YODEL_OK);
    }
    yodel_channel_close(channels[0]);
    peer_pair_run(&pair, YODEL_SECONDS(2));
    CHECK_EQ(pair.side[1].message_count, 20);
    check_closed_once(0);
    check_closed_once(1);
    CHECK_EQ(pair.side[1].seen[pair.side[1].seen_count - 1].type, YODEL_EVENT_CHANNEL_CLOSE);
    peer_pair_close(&pair);
}

static void a_number_serves_again_after_a_close(void)
{
    open_pair(15);
    int id = yodel_channel_id(channels[0]);

    for (int i = 0; i < 50; i++) {
        yodel_channel_close(i % 2 ? channels[0] : channels[1]);
        peer_pair_run(&pair, YODEL_MS(500));
        channels[0] = create(0, "again", NULL);
        CHECK_EQ(yodel_channel_id(channels[0]), id);
        peer_pair_settle(&pair);
        channels[1] = pair.side[1].incoming;
        CHECK_EQ(yodel_channel_send(channels[0], "x", 1), YODEL_OK);
        peer_pair_settle(&pair);
        CHECK_EQ(pair.side[1].message_count, (uint32_t)i + 1);
    }
    peer_pair_close(&pair);
}

static void a_channel_that_never_opened_closes_all_the_same(void)
{
    peer_pair_open(&pair, 16);
    yodel_channel *channel = create(0, "", NULL);
    CHECK_EQ(yodel_channel_send(channel, "x", 1), YODEL_ERR_INVALID_STATE);
    yodel_channel_close(channel);
    peer_pair_listen(&pair.side[0]);
    check_closed_once(0);
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_OPEN), 0);
    peer_pair_close(&pair);
}

// ---- what is told, and in which order

static void an_incoming_channel_is_announced_then_open_then_heard(void)
{
    open_pair(17);
    pair.side[1].is_deaf = true;
    yodel_channel *channel = create(0, "", NULL);
    peer_pair_settle(&pair);
    CHECK_EQ(yodel_channel_send(channel, "x", 1), YODEL_OK);
    peer_pair_settle(&pair);
    pair.side[1].is_deaf = false;
    peer_pair_settle(&pair);
    CHECK_EQ(pair.side[1].seen_count, 3);
    CHECK_EQ(pair.side[1].seen[0].type, YODEL_EVENT_DATA_CHANNEL);
    CHECK_EQ(pair.side[1].seen[1].type, YODEL_EVENT_CHANNEL_OPEN);
    CHECK_EQ(pair.side[1].seen[2].type, YODEL_EVENT_CHANNEL_MESSAGE);
    peer_pair_close(&pair);
}

static void closes_what_is_announced(struct peer_pair_side *side, const struct yodel_event *event)
{
    (void)side;
    if (event->type == YODEL_EVENT_DATA_CHANNEL) {
        yodel_channel_close(event->channel);
    }
}

static void a_channel_that_is_closed_when_announced_is_not_told_open(void)
{
    open_pair(18);
    pair.listener = closes_what_is_announced;
    create(0, "", NULL);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_DATA_CHANNEL), 1);
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_CHANNEL_OPEN), 0);
    check_closed_once(0);
    check_closed_once(1);
    peer_pair_close(&pair);
}

static void a_channel_that_is_closed_before_it_is_told_open_stays_closing(void)
{
    open_pair(19);
    pair.side[0].is_deaf = true;
    yodel_channel *channel = create(0, "", NULL);
    peer_pair_settle(&pair);
    yodel_channel_close(channel); // Dcep has it open; the application was not told.
    pair.side[0].is_deaf = false;
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_OPEN), 0);
    check_closed_once(0);
    check_closed_once(1);
    peer_pair_close(&pair);
}

static void echoes(struct peer_pair_side *side, const struct yodel_event *event)
{
    if (event->type == YODEL_EVENT_CHANNEL_MESSAGE && side->index == 1) {
        CHECK_EQ(yodel_channel_send(event->channel, event->message.data, event->message.len), 0);
    }
}

static void an_echo_is_one_line(void)
{
    static const uint8_t data[5000] = {1, 2, 3};

    open_pair(20);
    pair.listener = echoes;
    CHECK_EQ(yodel_channel_send(channels[0], data, sizeof data), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_BYTES(
        bytes_of(pair.side[0].message, pair.side[0].message_len), bytes_of(data, sizeof data));
    peer_pair_close(&pair);
}

static void a_user_pointer_is_kept(void)
{
    int user;

    open_pair(21);
    CHECK(yodel_channel_user(channels[0]) == NULL);
    yodel_channel_set_user(channels[0], &user);
    CHECK(yodel_channel_user(channels[0]) == &user);
    peer_pair_close(&pair);
}

static void the_end_of_the_association_ends_every_channel_with_an_error(void)
{
    open_pair(22);
    for (int i = 0; i < 9; i++) {
        create(i % 2, "", NULL);
    }
    peer_pair_settle(&pair);
    peer_pair_forget(&pair);
    yodel_peer_close(pair.side[1].peer);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_ERROR), 10);
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_CLOSE), 10);
    CHECK(list_is_empty(&pair.side[0].peer->channels));
    // W3C webrtc §4.4.2: close is silent on the side that asked for it.
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_CHANNEL_CLOSE), 0);
    peer_pair_close(&pair);
}

// Case E6: a peer opens and opens.
static void a_peer_that_opens_without_end_is_capped(void)
{
    yodel_channel *channel;
    uint32_t made = 1;

    open_pair(23);
    while (yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &channel) == YODEL_OK) {
        made++;
    }
    CHECK_EQ(made, DCEP_CHANNELS_MAX);
    CHECK_EQ(
        yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &channel), YODEL_ERR_OPERATION);
    peer_pair_run(&pair, YODEL_SECONDS(2));
    CHECK_EQ(
        yodel_peer_create_data_channel(pair.side[1].peer, "", NULL, &channel), YODEL_ERR_OPERATION);
    CHECK_EQ(yodel_channel_send(channels[0], "x", 1), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(pair.side[1].message_count, 1);
    peer_pair_close(&pair);
}

// The same without our own limit on the opener's side: 30000 OPEN messages, each on its stream.
static void a_hostile_peer_gets_no_more_channels_than_the_limit(void)
{
    static const uint8_t open[DCEP_OPEN_SIZE] = {3};
    static const struct sctp_send_options options = {.uncounted = true};

    open_pair(24);
    for (uint16_t id = 3; id < 60000; id += 2) {
        enum yodel_err err = sctp_send(
            &pair.side[0].peer->sctp, id, DCEP_PPID_CONTROL, bytes_of(open, sizeof open), &options);
        CHECK(!err || err == YODEL_ERR_WOULD_BLOCK || err == YODEL_ERR_TYPE);
        if (id % 64 == 3) {
            peer_pair_settle(&pair);
        }
    }
    peer_pair_run(&pair, YODEL_SECONDS(5));
    CHECK(pair.side[1].peer->dcep.stats.refused > 20000);
    CHECK_EQ(pair.side[1].peer->dcep.channel_count, DCEP_CHANNELS_MAX);
    CHECK(pair.side[1].memory.held < 10 * DCEP_CHANNELS_MAX);
    CHECK_EQ(yodel_channel_send(channels[1], "x", 1), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(pair.side[0].message_count, 1);
    peer_pair_close(&pair);
}

TEST_MAIN(TEST(every_kind_of_channel_arrives_as_it_was_made),
    TEST(sides_number_their_channels_by_their_roles),
    TEST(options_that_contradict_themselves_are_refused),
    TEST(the_longest_label_and_protocol_arrive_whole),
    TEST(negotiated_channels_need_no_announcement), TEST(messages_arrive_as_what_they_are),
    TEST(a_message_over_the_limit_is_refused_and_the_channel_stays_usable),
    TEST(the_buffered_amount_counts_what_has_not_left),
    TEST(a_full_buffer_blocks_until_it_runs_low), TEST(either_side_may_close),
    TEST(both_sides_may_close_at_once), TEST(what_was_sent_before_a_close_arrives_before_it),
    TEST(a_number_serves_again_after_a_close),
    TEST(a_channel_that_never_opened_closes_all_the_same),
    TEST(an_incoming_channel_is_announced_then_open_then_heard),
    TEST(a_channel_that_is_closed_when_announced_is_not_told_open),
    TEST(a_channel_that_is_closed_before_it_is_told_open_stays_closing), TEST(an_echo_is_one_line),
    TEST(a_user_pointer_is_kept), TEST(the_end_of_the_association_ends_every_channel_with_an_error),
    TEST(a_peer_that_opens_without_end_is_capped),
    TEST(a_hostile_peer_gets_no_more_channels_than_the_limit))
