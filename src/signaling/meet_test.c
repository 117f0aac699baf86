// Meeting by a code, both ends against the server's own core: right words, wrong ones, and a server
// in the middle.

#include "signaling/meet.h"

#include "check.h"
#include "signaling/fixture.h"

#define PRINT_A                                                                                    \
    "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:"   \
    "AA:AA"
#define PRINT_B                                                                                    \
    "BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:"   \
    "BB:BB"

struct end {
    struct signaling_meet meet;
    struct signaling_client *client;
    struct signaling_meet_event last; // Its texts are copied below.
    char text[256], code[32];
    bool has[SIGNALING_MEET_EVENT_FAILED + 1];
};

static struct fixture f;
static struct end a, b;
static const char *swap_from, *swap_to; // What a hostile server changes, of equal length.

static void take_events(struct end *end)
{
    struct signaling_meet_event event;

    while (signaling_meet_next_event(&end->meet, &event)) {
        end->has[event.type] = true;
        (void)snprintf(end->text, sizeof end->text, "%s", event.text);
        (void)snprintf(end->code, sizeof end->code, "%s", event.code);
    }
}

static void deliver(struct end *end, struct bytes text)
{
    char room[8192];

    CHECK(text.len < sizeof room);
    memcpy(room, text.ptr, text.len);
    room[text.len] = '\0';
    char *at = swap_from ? strstr(room, swap_from) : NULL;
    if (at) {
        memcpy(at, swap_to, strlen(swap_to));
    }
    signaling_meet_recv(&end->meet, bytes_of(room, text.len));
    take_events(end);
}

static bool move_one(struct end *end)
{
    const char *out = signaling_meet_next_out(&end->meet);
    struct signaling_output to_us = signaling_core_next_output(end->client);

    if (out) {
        signaling_core_recv(&f.core, end->client, bytes_of_text(out), f.now);
    }
    if (to_us.text.len > 0) {
        deliver(end, to_us.text);
        signaling_core_sent(&f.core, end->client);
    }
    return out || to_us.text.len > 0;
}

static void move(void)
{
    bool moved = true;

    while (moved) {
        moved = a.client && move_one(&a);
        moved = (b.client && move_one(&b)) || moved;
    }
}

static void arrive_slowly(struct end *end, const char *print, const struct signaling_phrase *code)
{
    struct yodel_addr addr = addr_v4(10, 0, 0, 1, 1);

    *end = (struct end){0};
    signaling_meet_init(&end->meet, &f.env, print, code);
    CHECK_EQ(signaling_core_connect(&f.core,
                 &(struct signaling_arrival){.addr = &addr, .user = end}, &end->client, f.now),
        YODEL_OK);
}

static void arrive(struct end *end, const char *print, const struct signaling_phrase *code)
{
    arrive_slowly(end, print, code);
    move();
}

static void begin(void)
{
    swap_from = NULL;
    b = (struct end){0};
    fixture_init(&f);
    arrive(&a, PRINT_A, NULL);
    CHECK(a.has[SIGNALING_MEET_EVENT_CODE]);
}

static void leave(struct end *end)
{
    if (end->client) {
        signaling_core_disconnect(&f.core, end->client, f.now);
        end->client = NULL;
        signaling_meet_deinit(&end->meet);
    }
}

static void end_all(void)
{
    leave(&a);
    leave(&b);
    signaling_core_deinit(&f.core);
    CHECK_EQ(f.heap.blocks, 0);
}

static struct signaling_phrase code_of(const char *text)
{
    struct signaling_phrase code;
    char why[SIGNALING_WHY_MAX];

    CHECK_EQ(signaling_phrase_parse(&code, bytes_of_text(text), why), YODEL_OK);
    return code;
}

static void the_right_words_prove_both_fingerprints(void)
{
    begin();
    struct signaling_phrase code = code_of(a.text);
    arrive(&b, PRINT_B, &code);
    CHECK(a.has[SIGNALING_MEET_EVENT_MET] && b.has[SIGNALING_MEET_EVENT_MET]);
    CHECK_TEXT(a.text, PRINT_B);
    CHECK_TEXT(b.text, PRINT_A);
    signaling_meet_signal(&a.meet, json_pack("{s:n}", "candidate"));
    move();
    CHECK(b.has[SIGNALING_MEET_EVENT_SIGNAL]);
    leave(&b);
    move();
    CHECK(a.has[SIGNALING_MEET_EVENT_PEER_LEFT]);
    end_all();
}

// The number with other words.
static struct signaling_phrase wrong_code(void)
{
    struct signaling_phrase code = code_of(a.text);

    (void)snprintf(code.text, sizeof code.text, "%u-zoo-zoo", code.number);
    return code;
}

static void a_wrong_word_costs_the_code(void)
{
    begin();
    struct signaling_phrase right = code_of(a.text), wrong = wrong_code();
    arrive(&b, PRINT_B, &wrong);
    CHECK(a.has[SIGNALING_MEET_EVENT_WRONG_CODE] && b.has[SIGNALING_MEET_EVENT_WRONG_CODE]);
    CHECK(!a.has[SIGNALING_MEET_EVENT_MET] && !b.has[SIGNALING_MEET_EVENT_MET]);
    leave(&b);
    arrive(&b, PRINT_B, &right); // Too late: one guess, one code.
    CHECK(b.has[SIGNALING_MEET_EVENT_FAILED]);
    CHECK_TEXT(b.code, "unknown-code");
    signaling_meet_renew(&a.meet);
    move();
    struct signaling_phrase fresh = code_of(a.text);
    CHECK(strcmp(fresh.text, right.text) != 0);
    leave(&b);
    arrive(&b, PRINT_B, &fresh);
    CHECK(b.has[SIGNALING_MEET_EVENT_MET]);
    end_all();
}

static void a_server_that_swaps_a_fingerprint_is_found_out(void)
{
    begin();
    struct signaling_phrase code = code_of(a.text);
    swap_from = "\"" PRINT_A;
    swap_to = "\"" PRINT_B;
    arrive(&b, PRINT_B, &code);
    CHECK(a.has[SIGNALING_MEET_EVENT_WRONG_CODE] || b.has[SIGNALING_MEET_EVENT_WRONG_CODE]);
    CHECK(!a.has[SIGNALING_MEET_EVENT_MET]);
    end_all();
}

static void who_was_there_may_come_back(void)
{
    begin();
    struct signaling_phrase code = code_of(a.text);
    arrive(&b, PRINT_B, &code);
    leave(&b);
    move();
    signaling_meet_reopen(&a.meet);
    move();
    a.has[SIGNALING_MEET_EVENT_MET] = false;
    arrive(&b, PRINT_B, &code);
    CHECK(a.has[SIGNALING_MEET_EVENT_MET] && b.has[SIGNALING_MEET_EVENT_MET]);
    end_all();
}

// Our confirmation is enough to check one guess against: who takes it and leaves has spent it.
static void a_guesser_who_leaves_has_spent_the_code(void)
{
    begin();
    struct signaling_phrase right = code_of(a.text), wrong = wrong_code();
    arrive_slowly(&b, PRINT_B, &wrong);
    while (!a.meet.has_share) {
        (void)move_one(&b);
        (void)move_one(&a);
    }
    leave(&b);
    move();
    CHECK(a.has[SIGNALING_MEET_EVENT_WRONG_CODE]);
    arrive(&b, PRINT_B, &right);
    CHECK_TEXT(b.code, "unknown-code");
    end_all();
}

// A hostile server may pair whom it likes as often as it likes: it is one guess all the same.
static void a_joiner_takes_no_second_guess(void)
{
    begin();
    struct signaling_phrase wrong = wrong_code();
    arrive(&b, PRINT_B, &wrong);
    CHECK(b.has[SIGNALING_MEET_EVENT_WRONG_CODE]);
    signaling_meet_recv(
        &b.meet, bytes_of_text("{\"type\":\"paired\",\"number\":1,\"peer\":\"x\"}"));
    CHECK(!signaling_meet_next_out(&b.meet));
    end_all();
}

static void a_creator_takes_no_second_guess_after_a_reopening(void)
{
    char number[64];

    begin();
    struct signaling_phrase right = code_of(a.text), wrong = wrong_code();
    arrive(&b, PRINT_B, &right);
    leave(&b);
    move();
    signaling_meet_reopen(&a.meet);
    move();
    arrive(&b, PRINT_B, &wrong);
    CHECK(a.has[SIGNALING_MEET_EVENT_WRONG_CODE]);
    (void)snprintf(number, sizeof number, "{\"type\":\"code\",\"number\":%u}", right.number);
    signaling_meet_recv(&a.meet, bytes_of_text(number));
    CHECK(strcmp(a.meet.code.text, right.text) != 0);
    end_all();
}

static void a_stranger_who_only_looks_in_spends_nothing(void)
{
    begin();
    struct signaling_phrase right = code_of(a.text), wrong = wrong_code();
    arrive_slowly(&b, PRINT_B, &wrong);
    while (b.meet.state < SIGNALING_MEET_PROVING) {
        (void)move_one(&b);
    }
    leave(&b); // Before it has told its share.
    move();
    CHECK(a.has[SIGNALING_MEET_EVENT_PEER_LEFT] && !a.has[SIGNALING_MEET_EVENT_WRONG_CODE]);
    signaling_meet_reopen(&a.meet);
    move();
    arrive(&b, PRINT_B, &right);
    CHECK(b.has[SIGNALING_MEET_EVENT_MET]);
    end_all();
}

static void a_code_in_use_says_so_and_may_be_asked_for_again(void)
{
    static struct end c;

    begin();
    struct signaling_phrase code = code_of(a.text);
    arrive(&b, PRINT_B, &code);
    arrive(&c, PRINT_B, &code);
    for (int i = 0; i < 4; i++) {
        (void)move_one(&c);
    }
    CHECK_TEXT(c.code, "used-code");
    leave(&b); // It is free again, a moment later.
    signaling_meet_reopen(&a.meet);
    move();
    a.has[SIGNALING_MEET_EVENT_MET] = false;
    signaling_meet_retry(&c.meet);
    while (move_one(&c) || move_one(&a)) {
    }
    CHECK(c.has[SIGNALING_MEET_EVENT_MET] && a.has[SIGNALING_MEET_EVENT_MET]);
    leave(&c);
    end_all();
}

static void another_server_is_not_ours(void)
{
    static const char *const rows[] = {
        "", "hello", "{}", "[]", "{\"type\":\"welcome\"}", "{\"type\":\"hello\",\"protocol\":2}"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct signaling_meet_event event;

        fixture_init(&f);
        signaling_meet_init(&a.meet, &f.env, PRINT_A, NULL);
        signaling_meet_recv(&a.meet, bytes_of_text(rows[i]));
        CHECK(signaling_meet_next_event(&a.meet, &event));
        CHECK_EQ(event.type, SIGNALING_MEET_EVENT_FAILED);
        CHECK_TEXT(event.code, "not-ours");
        signaling_meet_deinit(&a.meet);
        signaling_core_deinit(&f.core);
    }
}

TEST_MAIN(TEST(the_right_words_prove_both_fingerprints), TEST(a_wrong_word_costs_the_code),
    TEST(a_server_that_swaps_a_fingerprint_is_found_out), TEST(who_was_there_may_come_back),
    TEST(a_guesser_who_leaves_has_spent_the_code), TEST(a_joiner_takes_no_second_guess),
    TEST(a_creator_takes_no_second_guess_after_a_reopening),
    TEST(a_stranger_who_only_looks_in_spends_nothing),
    TEST(a_code_in_use_says_so_and_may_be_asked_for_again), TEST(another_server_is_not_ours))
