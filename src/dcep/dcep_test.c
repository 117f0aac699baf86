// Data channels: two ends of an association, their channels, and peers that do not keep to the
// rules.

#include "dcep/dcep.h"

#include "check.h"
#include "dcep/message.h"
#include "sctp/pair.h"

static struct pair pair;
static struct dcep ends[2];

#define LOG_MAX 4096

// What each end was told, in order.
static struct told {
    enum dcep_event_type type;
    uint32_t channel;
    bool is_binary;
    size_t len;
    uint8_t head[8];
} told[2][LOG_MAX];
static size_t told_count[2];

static void listen(struct pair *network, int end)
{
    struct dcep_event event;

    (void)network;
    while (dcep_next_event(&ends[end], &event)) {
        struct told *entry = &told[end][told_count[end]++ % LOG_MAX];

        *entry = (struct told){.type = event.type,
            .channel = event.channel,
            .is_binary = event.is_binary,
            .len = event.data.len};
        memcpy(entry->head, event.data.ptr ? (const char *)event.data.ptr : "",
            event.data.len < 8 ? event.data.len : 8);
    }
}

static void run_for(yodel_duration wait)
{
    pair_run_for(&pair, wait, listen);
}

static size_t count_of(int end, enum dcep_event_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < told_count[end] && i < LOG_MAX; i++) {
        count += told[end][i].type == type;
    }
    return count;
}

static const struct told *find(int end, enum dcep_event_type type, size_t which)
{
    for (size_t i = 0; i < told_count[end]; i++) {
        if (told[end][i].type == type && which-- == 0) {
            return &told[end][i];
        }
    }
    CHECK(false);
    return NULL;
}

static void forget(void)
{
    memset(told, 0, sizeof told);
    memset(told_count, 0, sizeof told_count);
}

static void begin(void)
{
    forget();
    pair_init(&pair, 7, &(struct sctp_config){0});
    for (int i = 0; i < 2; i++) {
        dcep_init(&ends[i], &pair.env, &pair.peers[i]);
        dcep_set_max_message_size(&ends[i], 262144);
    }
}

static void connect_pair(void)
{
    for (int i = 0; i < 2; i++) {
        dcep_set_role(&ends[i], i == 0);
        sctp_start(&pair.peers[i]);
    }
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(count_of(0, DCEP_EVENT_ASSOCIATION_CONNECTED), 1);
    CHECK_EQ(count_of(1, DCEP_EVENT_ASSOCIATION_CONNECTED), 1);
}

static void end(void)
{
    for (int i = 0; i < 2; i++) {
        dcep_deinit(&ends[i]);
    }
    pair_deinit(&pair);
    CHECK_EQ(pair.alloc.blocks, 0);
}

static uint32_t open_channel(int end, const char *label)
{
    uint32_t handle = 0;
    struct dcep_options options = {.label = bytes_of_text(label)};

    CHECK_EQ(dcep_open(&ends[end], &options, &handle), YODEL_OK);
    return handle;
}

// One open channel; returns the handles at both ends.
static void begin_with_channel(uint32_t *ours, uint32_t *theirs)
{
    begin();
    *ours = open_channel(0, "chat");
    connect_pair();
    CHECK_EQ(count_of(0, DCEP_EVENT_OPENED), 1);
    *theirs = find(1, DCEP_EVENT_INCOMING, 0)->channel;
}

// Bytes on a stream that no honest data channel would send.
static void inject(uint16_t stream, uint32_t ppid, const void *bytes, size_t len)
{
    CHECK_EQ(sctp_send(&pair.peers[0], stream, ppid, bytes_of(bytes, len),
                 &(struct sctp_send_options){0}),
        YODEL_OK);
}

static void a_channel_opened_before_the_role_is_known_opens_everywhere(void)
{
    begin();
    uint32_t first = open_channel(0, "first");
    uint32_t second = open_channel(0, "second");
    uint32_t other = open_channel(1, "other");
    CHECK(!dcep_get(&ends[0], first)->has_id);
    connect_pair();
    CHECK_EQ(count_of(0, DCEP_EVENT_OPENED), 2);
    CHECK_EQ(count_of(1, DCEP_EVENT_OPENED), 1);
    CHECK_EQ(count_of(0, DCEP_EVENT_INCOMING), 1);
    CHECK_EQ(count_of(1, DCEP_EVENT_INCOMING), 2);
    CHECK_EQ(dcep_get(&ends[0], first)->id, 0); // RFC 8832 §6: the client's are even.
    CHECK_EQ(dcep_get(&ends[0], second)->id, 2);
    CHECK_EQ(dcep_get(&ends[1], other)->id, 1);
    const struct dcep_channel *theirs =
        dcep_get(&ends[1], find(1, DCEP_EVENT_INCOMING, 0)->channel);
    CHECK_BYTES(theirs->options.label, bytes_of_text("first"));
    CHECK(dcep_get(&ends[0], first)->is_acknowledged);
    end();
}

static void every_option_reaches_the_other_side(void)
{
    static const struct dcep_options rows[] = {
        {.unordered = true},
        {.has_max_retransmits = true, .max_retransmits = 0},
        {.has_max_retransmits = true, .max_retransmits = 65535, .unordered = true},
        {.has_max_lifetime = true, .max_lifetime_ms = 1500},
        {.has_max_lifetime = true, .max_lifetime_ms = 0, .unordered = true},
    };

    begin();
    connect_pair();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dcep_options options = rows[i];
        uint32_t handle;

        options.label = bytes_of_text("l\xc3\xa4"
                                      "bel");
        options.protocol = bytes_of_text("p");
        CHECK_EQ(dcep_open(&ends[1], &options, &handle), YODEL_OK);
    }
    run_for(YODEL_SECONDS(1));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct dcep_channel *got =
            dcep_get(&ends[0], find(0, DCEP_EVENT_INCOMING, i)->channel);

        CHECK_EQ(got->options.unordered, rows[i].unordered);
        CHECK_EQ(got->options.has_max_retransmits, rows[i].has_max_retransmits);
        CHECK_EQ(got->options.max_retransmits, rows[i].max_retransmits);
        CHECK_EQ(got->options.has_max_lifetime, rows[i].has_max_lifetime);
        CHECK_EQ(got->options.max_lifetime_ms, rows[i].max_lifetime_ms);
        CHECK_BYTES(got->options.label, bytes_of_text("l\xc3\xa4"
                                                      "bel"));
        CHECK_BYTES(got->options.protocol, bytes_of_text("p"));
    }
    end();
}

static void text_binary_and_empty_messages_arrive_as_what_they_are(void)
{
    uint32_t ours;
    uint32_t theirs;

    begin_with_channel(&ours, &theirs);
    CHECK_EQ(dcep_send(&ends[0], ours, false, bytes_of_text("text")), YODEL_OK);
    CHECK_EQ(dcep_send(&ends[0], ours, true, bytes_of("\xff\0\xff", 3)), YODEL_OK);
    CHECK_EQ(dcep_buffered(&ends[0], ours), 7);
    CHECK_EQ(dcep_send(&ends[0], ours, false, bytes_of("", 0)), YODEL_OK);
    CHECK_EQ(dcep_send(&ends[0], ours, true, bytes_of("", 0)), YODEL_OK);
    CHECK_EQ(dcep_buffered(&ends[0], ours), 7); // What stands for nothing does not count.
    CHECK_EQ(dcep_send(&ends[1], theirs, false, bytes_of_text("back")), YODEL_OK);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(dcep_buffered(&ends[0], ours), 0);
    static const struct {
        bool is_binary;
        size_t len;
    } want[] = {{false, 4}, {true, 3}, {false, 0}, {true, 0}};
    CHECK_EQ(count_of(1, DCEP_EVENT_MESSAGE), COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        const struct told *got = find(1, DCEP_EVENT_MESSAGE, i);

        CHECK_EQ(got->channel, theirs);
        CHECK_EQ(got->is_binary, want[i].is_binary);
        CHECK_EQ(got->len, want[i].len);
    }
    CHECK_EQ(find(0, DCEP_EVENT_MESSAGE, 0)->channel, ours);
    end();
}

static void a_message_over_the_peers_limit_is_refused_and_harms_nothing(void)
{
    static uint8_t large[262145];
    uint32_t ours;
    uint32_t theirs;

    begin_with_channel(&ours, &theirs);
    CHECK_EQ(dcep_send(&ends[0], ours, true, bytes_of(large, sizeof large)), YODEL_ERR_TOO_LARGE);
    CHECK_EQ(dcep_send(&ends[0], ours, true, bytes_of(large, sizeof large - 1)), YODEL_OK);
    CHECK_EQ(dcep_send(&ends[0], ours, false, bytes_of("\xff", 1)), YODEL_ERR_TYPE);
    run_for(YODEL_SECONDS(2));
    CHECK_EQ(find(1, DCEP_EVENT_MESSAGE, 0)->len, sizeof large - 1);
    end();
}

static void closing_sends_what_waits_and_then_both_are_told(void)
{
    static uint8_t data[100000];
    uint32_t ours;
    uint32_t theirs;

    begin_with_channel(&ours, &theirs);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(dcep_send(&ends[0], ours, true, bytes_of(data, sizeof data)), YODEL_OK);
    }
    dcep_close(&ends[0], ours);
    dcep_close(&ends[0], ours);
    CHECK_EQ(dcep_send(&ends[0], ours, true, bytes_of(data, 1)), YODEL_ERR_INVALID_STATE);
    run_for(YODEL_SECONDS(5));
    CHECK_EQ(count_of(1, DCEP_EVENT_MESSAGE), 10);
    CHECK_EQ(count_of(1, DCEP_EVENT_CLOSING), 1);
    CHECK_EQ(count_of(1, DCEP_EVENT_CLOSED), 1);
    CHECK_EQ(count_of(0, DCEP_EVENT_CLOSING), 0);
    CHECK_EQ(count_of(0, DCEP_EVENT_CLOSED), 1);
    CHECK(!dcep_get(&ends[0], ours) && !dcep_get(&ends[1], theirs));
    CHECK_EQ(ends[0].channel_count + ends[1].channel_count, 0);
    CHECK_EQ(dcep_send(&ends[0], ours, true, bytes_of(data, 1)), YODEL_ERR_NOT_FOUND);
    end();
}

static void a_number_is_used_again_after_closing(void)
{
    begin();
    connect_pair();
    pair.loss = 100;
    for (int i = 0; i < 50; i++) {
        uint32_t handle = open_channel(0, "again");
        forget();
        run_for(YODEL_SECONDS(4));
        CHECK_EQ(dcep_get(&ends[0], handle)->id, 0);
        CHECK_EQ(dcep_send(&ends[0], handle, false, bytes_of_text("x")), YODEL_OK);
        dcep_close(&ends[0], handle);
        run_for(YODEL_SECONDS(10));
        CHECK_EQ(count_of(1, DCEP_EVENT_INCOMING), 1);
        CHECK_EQ(count_of(1, DCEP_EVENT_MESSAGE), 1);
        CHECK_EQ(count_of(1, DCEP_EVENT_CLOSED), 1);
        CHECK_EQ(count_of(0, DCEP_EVENT_CLOSED), 1);
    }
    end();
}

static void negotiated_channels_need_no_message(void)
{
    struct dcep_options options = {.negotiated = true, .id = 1000};
    uint32_t handles[2];
    uint32_t again;

    begin();
    CHECK_EQ(dcep_open(&ends[0], &options, &handles[0]), YODEL_OK);
    CHECK_EQ(dcep_open(&ends[0], &options, &again), YODEL_ERR_EXISTS);
    CHECK_EQ(dcep_open(&ends[1], &options, &handles[1]), YODEL_OK);
    connect_pair();
    CHECK_EQ(count_of(0, DCEP_EVENT_OPENED), 1);
    CHECK_EQ(count_of(1, DCEP_EVENT_OPENED), 1);
    CHECK_EQ(dcep_send(&ends[1], handles[1], false, bytes_of_text("hello")), YODEL_OK);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(find(0, DCEP_EVENT_MESSAGE, 0)->channel, handles[0]);
    CHECK_EQ(count_of(0, DCEP_EVENT_INCOMING), 0);
    end();
}

static void what_cannot_be_a_channel_is_refused(void)
{
    static const struct {
        struct dcep_options options;
        enum yodel_err want;
    } rows[] = {
        {{.label = {(const uint8_t *)"\xff", 1}}, YODEL_ERR_TYPE},
        {{.protocol = {(const uint8_t *)"\xed\xa0\x80", 3}}, YODEL_ERR_TYPE},
        {{.has_max_lifetime = true, .has_max_retransmits = true}, YODEL_ERR_TYPE},
        {{.negotiated = true, .id = 65535}, YODEL_ERR_TYPE},
    };

    begin();
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t handle;

        CHECK_EQ(dcep_open(&ends[0], &rows[i].options, &handle), rows[i].want);
    }
    CHECK_EQ(ends[0].channel_count, 0);
    end();
}

static void a_refused_message_is_announced_when_there_is_room(void)
{
    static uint8_t data[262144];
    uint32_t ours;
    uint32_t theirs;
    size_t sent = 0;
    enum yodel_err err;

    begin_with_channel(&ours, &theirs);
    uint32_t other = open_channel(0, "other");
    run_for(YODEL_SECONDS(1));
    forget();
    while ((err = dcep_send(&ends[0], ours, true, bytes_of(data, sizeof data))) == YODEL_OK) {
        sent++;
    }
    CHECK_EQ(err, YODEL_ERR_WOULD_BLOCK);
    CHECK(sent >= 60 && sent <= 64);
    CHECK_EQ(dcep_send(&ends[0], other, true, bytes_of(data, sizeof data)), YODEL_ERR_WOULD_BLOCK);
    run_for(YODEL_SECONDS(60));
    CHECK_EQ(count_of(1, DCEP_EVENT_MESSAGE), sent);
    bool other_told = false;
    for (size_t i = 0; i < told_count[0]; i++) {
        other_told |= told[0][i].type == DCEP_EVENT_BUFFERED_LOW && told[0][i].channel == other;
    }
    CHECK(other_told);
    end();
}

static void channels_end_with_their_association(void)
{
    uint32_t ours;
    uint32_t theirs;
    uint32_t late;

    begin_with_channel(&ours, &theirs);
    sctp_abort(&pair.peers[0]);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(count_of(1, DCEP_EVENT_ASSOCIATION_FAILED), 1);
    CHECK_EQ(count_of(1, DCEP_EVENT_CLOSED), 1);
    CHECK_EQ(dcep_open(&ends[1], &(struct dcep_options){0}, &late), YODEL_ERR_INVALID_STATE);
    end();
}

// ---- memory

static uint32_t open_stubbornly(const char *label)
{
    struct dcep_options options = {.label = bytes_of_text(label)};
    uint32_t handle = 0;

    if (dcep_open(&ends[0], &options, &handle) != YODEL_OK) {
        CHECK_EQ(dcep_open(&ends[0], &options, &handle), YODEL_OK);
    }
    return handle;
}

// Returns whether the allocation that was to fail was made at all.
static bool live_a_life(size_t fail_at)
{
    begin();
    pair.alloc.fail_at = fail_at;
    uint32_t first = open_stubbornly("first");
    connect_pair();
    uint32_t second = open_stubbornly("second");
    run_for(YODEL_SECONDS(5));
    uint32_t handles[] = {first, second};
    for (size_t i = 0; i < COUNT(handles); i++) {
        if (dcep_send(&ends[0], handles[i], false, bytes_of_text("text")) == YODEL_ERR_NO_MEMORY) {
            CHECK_EQ(dcep_send(&ends[0], handles[i], false, bytes_of_text("text")), YODEL_OK);
        }
    }
    run_for(YODEL_SECONDS(5));
    // A channel may be closed before it opened, or refused for lack of memory; every other has carried its message.
    CHECK_EQ(
        count_of(1, DCEP_EVENT_MESSAGE) + ends[1].stats.refused, count_of(0, DCEP_EVENT_OPENED));
    CHECK(count_of(0, DCEP_EVENT_OPENED) >= 1);
    for (size_t i = 0; i < COUNT(handles); i++) {
        dcep_close(&ends[0], handles[i]);
    }
    run_for(YODEL_SECONDS(10));
    CHECK_EQ(ends[0].channel_count, 0);
    CHECK_EQ(ends[1].channel_count, 0);
    end();
    return pair.alloc.has_failed;
}

static void every_allocation_may_fail_once(void)
{
    size_t fail_at = 1;

    while (live_a_life(fail_at)) {
        fail_at++;
    }
    CHECK(fail_at > 15);
}

// ---- Cases E1 to E9

#define OPEN_HEAD "\3\0\0\0\0\0\0\0"

static void e1_e2_open_that_does_not_parse_is_refused(void)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
    } rows[] = {
        {"cut short", OPEN_HEAD "\0\0\0", 11},
        {"label beyond the end", OPEN_HEAD "\0\2\0\0x", 13},
        {"protocol beyond the end", OPEN_HEAD "\0\1\0\1x", 13},
        {"bytes behind it", OPEN_HEAD "\0\1\0\0xy", 14},
        {"lengths of 65535", OPEN_HEAD "\xff\xff\xff\xff", 12},
        {"label not UTF-8", OPEN_HEAD "\0\1\0\0\xff", 13},
        {"protocol not UTF-8", OPEN_HEAD "\0\0\0\2\xc3(", 14},
        {"channel type 0x7f", "\3\x7f\0\0\0\0\0\0\0\0\0\0", 12},
        {"channel type 3", "\3\3\0\0\0\0\0\0\0\0\0\0", 12},
        {"message type 1", "\1\0\0\0\0\0\0\0\0\0\0\0", 12},
    };

    begin();
    connect_pair();
    for (size_t i = 0; i < COUNT(rows); i++) {
        inject((uint16_t)(2 * i), DCEP_PPID_CONTROL, rows[i].bytes, rows[i].len);
        run_for(YODEL_SECONDS(1));
        CHECK_EQ(count_of(1, DCEP_EVENT_INCOMING), 0);
        CHECK_EQ(ends[1].stats.refused, i + 1);
        CHECK(sctp_is_connected(&pair.peers[1]));
    }
    end();
}

static void e2_a_label_of_65535_bytes_with_a_nul_and_a_script_is_only_text(void)
{
    static uint8_t label[65535] = "<script>\0</script>";
    struct dcep_options options = {.label = {label, sizeof label}};
    uint32_t handle;

    begin();
    connect_pair();
    CHECK_EQ(dcep_open(&ends[0], &options, &handle), YODEL_OK);
    run_for(YODEL_SECONDS(2));
    CHECK_BYTES(dcep_get(&ends[1], find(1, DCEP_EVENT_INCOMING, 0)->channel)->options.label,
        bytes_of(label, sizeof label));
    end();
}

static void e2_labels_do_not_eat_all_memory(void)
{
    static uint8_t label[65535];
    struct dcep_options options = {.label = {label, sizeof label}};
    uint32_t handle;
    size_t opened = 0;

    begin();
    while (dcep_open(&ends[0], &options, &handle) == YODEL_OK) {
        opened++;
    }
    CHECK_EQ(opened, DCEP_TEXT_MAX / sizeof label);
    end();
}

static void e3_open_on_a_used_stream_or_of_the_wrong_parity_is_refused(void)
{
    uint32_t ours;
    uint32_t theirs;

    begin_with_channel(&ours, &theirs);
    inject(1, DCEP_PPID_CONTROL, OPEN_HEAD "\0\0\0\0", 12); // Odd, from the client.
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(ends[1].stats.refused, 1);
    CHECK_EQ(ends[1].channel_count, 1);
    inject(0, DCEP_PPID_CONTROL, OPEN_HEAD "\0\0\0\0", 12);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(count_of(1, DCEP_EVENT_INCOMING), 1);
    CHECK_EQ(count_of(1, DCEP_EVENT_CLOSING), 1); // RFC 8832 §6.
    CHECK_EQ(count_of(1, DCEP_EVENT_CLOSED), 1);
    CHECK_EQ(count_of(0, DCEP_EVENT_CLOSED), 1);
    end();
}

static void e4_ack_without_open_and_a_second_ack_change_nothing(void)
{
    uint32_t ours;
    uint32_t theirs;

    begin_with_channel(&ours, &theirs);
    inject(0, DCEP_PPID_CONTROL, "\2", 1);
    inject(0, DCEP_PPID_CONTROL, "\2", 1);
    inject(8, DCEP_PPID_CONTROL, "\2", 1);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(ends[1].channel_count, 1);
    CHECK_EQ(dcep_get(&ends[1], theirs)->state, DCEP_OPENED);
    end();
}

static void e5_unknown_identifiers_are_dropped(void)
{
    uint32_t ours;
    uint32_t theirs;

    begin_with_channel(&ours, &theirs);
    inject(0, 0, "x", 1);
    inject(0, 52, "x", 1);
    inject(0, 54, "x", 1);
    inject(0, UINT32_MAX, "x", 1);
    inject(0, DCEP_PPID_CONTROL, "\x7f", 1);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(count_of(1, DCEP_EVENT_MESSAGE), 0);
    CHECK_EQ(ends[1].stats.dropped, 5);
    CHECK_EQ(dcep_get(&ends[1], theirs)->state, DCEP_OPENED);
    end();
}

static void e6_channels_beyond_the_limit_are_refused(void)
{
    begin();
    connect_pair();
    for (uint16_t i = 0; i < DCEP_CHANNELS_MAX + 100; i++) {
        inject((uint16_t)(2 * i), DCEP_PPID_CONTROL, OPEN_HEAD "\0\0\0\0", 12);
        if (i % 50 == 0) {
            run_for(YODEL_MS(100));
        }
    }
    run_for(YODEL_SECONDS(2));
    CHECK_EQ(ends[1].channel_count, DCEP_CHANNELS_MAX);
    CHECK_EQ(ends[1].stats.refused, 100);
    end();
}

static void e7_data_before_the_ack_is_delivered_and_on_no_channel_dropped(void)
{
    begin();
    connect_pair();
    struct dcep_options options = {.unordered = true};
    uint32_t handle;
    CHECK_EQ(dcep_open(&ends[0], &options, &handle), YODEL_OK);
    CHECK_EQ(dcep_send(&ends[0], handle, false, bytes_of_text("at once")), YODEL_OK);
    inject(100, DCEP_PPID_STRING, "nobody", 6);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(count_of(1, DCEP_EVENT_MESSAGE), 1);
    CHECK_EQ(ends[1].stats.dropped, 1);
    end();
}

static uint8_t text_flags; // Of the last DATA chunk that carried text.

static bool notes_flags(struct pair *network, int to, struct bytes packet)
{
    struct sctp_header header;
    struct sctp_chunk chunk;
    struct sctp_data data;
    struct reader r;

    (void)network;
    (void)to;
    CHECK_EQ(sctp_packet_open(packet, &header, &r), YODEL_OK);
    while (sctp_packet_next_chunk(&r, &chunk)) {
        if (chunk.type == SCTP_DATA && sctp_chunk_parse_data(&data, &chunk) == YODEL_OK &&
            data.ppid == DCEP_PPID_STRING) {
            text_flags = data.flags;
        }
    }
    return true;
}

static void e7_nothing_overtakes_the_open_message(void)
{
    struct dcep_options options = {.unordered = true};
    uint32_t handle;

    begin();
    connect_pair();
    pair.passes = notes_flags;
    CHECK_EQ(dcep_open(&ends[0], &options, &handle), YODEL_OK);
    CHECK_EQ(dcep_send(&ends[0], handle, false, bytes_of_text("before the ACK")), YODEL_OK);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(text_flags & SCTP_DATA_UNORDERED, 0);
    CHECK_EQ(dcep_send(&ends[0], handle, false, bytes_of_text("after it")), YODEL_OK);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(text_flags & SCTP_DATA_UNORDERED, SCTP_DATA_UNORDERED);
    end();
}

static void e8_empty_and_invalid_text(void)
{
    uint32_t ours;
    uint32_t theirs;

    begin_with_channel(&ours, &theirs);
    inject(0, DCEP_PPID_STRING_EMPTY, "more", 4);
    inject(0, DCEP_PPID_BINARY_EMPTY, "more", 4);
    inject(0, DCEP_PPID_STRING, "\xc3(", 2);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(count_of(1, DCEP_EVENT_MESSAGE), 2);
    CHECK_EQ(find(1, DCEP_EVENT_MESSAGE, 0)->len, 0);
    CHECK_EQ(find(1, DCEP_EVENT_MESSAGE, 1)->len, 0);
    CHECK_EQ(count_of(1, DCEP_EVENT_CLOSED),
        1); // Not text: the channel is closed, nothing is silently missing.
    end();
}

static void e9_both_sides_close_at_once_many_times(void)
{
    begin();
    connect_pair();
    pair.jitter = YODEL_MS(5);
    for (int i = 0; i < 300; i++) {
        uint32_t handle = open_channel(i % 2, "race");

        forget();
        run_for(YODEL_MS(200));
        uint32_t other = find(1 - i % 2, DCEP_EVENT_INCOMING, 0)->channel;
        dcep_close(&ends[i % 2], handle);
        dcep_close(&ends[1 - i % 2], other);
        run_for(YODEL_SECONDS(2));
        CHECK_EQ(count_of(0, DCEP_EVENT_CLOSED), 1);
        CHECK_EQ(count_of(1, DCEP_EVENT_CLOSED), 1);
    }
    CHECK_EQ(ends[0].channel_count + ends[1].channel_count, 0);
    end();
}

static void e9_the_largest_reliability_is_taken_as_the_largest_we_know(void)
{
    begin();
    connect_pair();
    inject(0, DCEP_PPID_CONTROL, "\3\1\0\0\xff\xff\xff\xff\0\0\0\0", 12);
    run_for(YODEL_SECONDS(1));
    CHECK_EQ(dcep_get(&ends[1], find(1, DCEP_EVENT_INCOMING, 0)->channel)->options.max_retransmits,
        65535);
    end();
}

TEST_MAIN(TEST(a_channel_opened_before_the_role_is_known_opens_everywhere),
    TEST(every_option_reaches_the_other_side),
    TEST(text_binary_and_empty_messages_arrive_as_what_they_are),
    TEST(a_message_over_the_peers_limit_is_refused_and_harms_nothing),
    TEST(closing_sends_what_waits_and_then_both_are_told),
    TEST(a_number_is_used_again_after_closing), TEST(negotiated_channels_need_no_message),
    TEST(what_cannot_be_a_channel_is_refused),
    TEST(a_refused_message_is_announced_when_there_is_room),
    TEST(channels_end_with_their_association), TEST(every_allocation_may_fail_once),
    TEST(e1_e2_open_that_does_not_parse_is_refused),
    TEST(e2_a_label_of_65535_bytes_with_a_nul_and_a_script_is_only_text),
    TEST(e2_labels_do_not_eat_all_memory),
    TEST(e3_open_on_a_used_stream_or_of_the_wrong_parity_is_refused),
    TEST(e4_ack_without_open_and_a_second_ack_change_nothing),
    TEST(e5_unknown_identifiers_are_dropped), TEST(e6_channels_beyond_the_limit_are_refused),
    TEST(e7_data_before_the_ack_is_delivered_and_on_no_channel_dropped),
    TEST(e7_nothing_overtakes_the_open_message), TEST(e8_empty_and_invalid_text),
    TEST(e9_both_sides_close_at_once_many_times),
    TEST(e9_the_largest_reliability_is_taken_as_the_largest_we_know))
