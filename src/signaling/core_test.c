// The core: rooms, signals, codes, limits and pings, as docs/SIGNALING.md has them.

#include "signaling/core.h"

#include "check.h"
#include "signaling/fixture.h"

#define CLIENTS 4

static struct fixture f;
static struct signaling_client *client[CLIENTS];
static const char *id[CLIENTS];

static void connect_all(void)
{
    for (uint32_t i = 0; i < CLIENTS; i++) {
        client[i] = fixture_connect(&f, i + 1);
        CHECK(client[i]);
        id[i] = signaling_core_id(client[i]);
        (void)fixture_hear(&f, client[i]); // hello
    }
}

static void start(void)
{
    fixture_init(&f);
    connect_all();
}

static void end(void)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        if (client[i]) {
            signaling_core_disconnect(&f.core, client[i], f.now);
        }
    }
    signaling_core_deinit(&f.core);
    CHECK_EQ(f.heap.blocks, 0); // Nothing leaks.
}

static void leave(size_t index)
{
    signaling_core_disconnect(&f.core, client[index], f.now);
    client[index] = NULL;
}

static void say(size_t index, const char *format, const char *text)
{
    char whole[4096];
    snprintf(whole, sizeof whole, format, text);
    fixture_say(&f, client[index], whole);
}

static void hears(size_t index, const char *format, const char *text)
{
    char want[4096];
    snprintf(want, sizeof want, format, text);
    CHECK_TEXT(fixture_hear(&f, client[index]), want);
}

static void hears_nothing(size_t index)
{
    hears(index, "%s", "");
}

static void hears_error(size_t index, const char *code)
{
    const char *heard = fixture_hear(&f, client[index]);
    char want[100];
    snprintf(want, sizeof want, "{\"type\":\"error\",\"code\":\"%s\",", code);
    if (strncmp(heard, want, strlen(want)) != 0) {
        CHECK_TEXT(heard, want);
    }
}

static void the_server_speaks_first(void)
{
    fixture_init(&f);
    struct yodel_addr addr = addr_v4(10, 0, 0, 1, 1);
    CHECK_EQ(signaling_core_connect(&f.core,
                 &(struct signaling_arrival){&addr, "[{\"urls\":[\"stun:a:1\"]}]", &addr},
                 &client[0], f.now),
        YODEL_OK);
    CHECK(signaling_core_next_ready(&f.core) == client[0]);
    CHECK(!signaling_core_next_ready(&f.core));
    CHECK(signaling_core_user(client[0]) == &addr);
    char want[300];
    snprintf(want, sizeof want,
        "{\"type\":\"hello\",\"protocol\":1,\"server\":\"yodel/test\",\"id\":\"%s\","
        "\"ice_servers\":[{\"urls\":[\"stun:a:1\"]}]}",
        signaling_core_id(client[0]));
    hears(0, "%s", want);
    CHECK_EQ(strlen(signaling_core_id(client[0])), 32);
    leave(0);
    signaling_core_deinit(&f.core);
    CHECK_EQ(f.heap.blocks, 0);
}

static void a_room_tells_who_is_there_and_who_comes_and_goes(void)
{
    start();
    say(0, "{\"type\":\"join\",\"room\":\"%s\"}", "den");
    hears(0, "{\"type\":\"joined\",\"room\":\"den\",\"peers\":[%s]}", "");
    say(1, "{\"type\":\"join\",\"room\":\"%s\"}", "den");
    char both[100];
    snprintf(both, sizeof both, "\"%s\"", id[0]);
    hears(1, "{\"type\":\"joined\",\"room\":\"den\",\"peers\":[%s]}", both);
    hears(0, "{\"type\":\"peer-joined\",\"peer\":\"%s\"}", id[1]);
    say(2, "{\"type\":\"join\",\"room\":\"%s\"}", "den");
    snprintf(both, sizeof both, "\"%s\",\"%s\"", id[0], id[1]);
    hears(2, "{\"type\":\"joined\",\"room\":\"den\",\"peers\":[%s]}", both);
    hears(0, "{\"type\":\"peer-joined\",\"peer\":\"%s\"}", id[2]);
    hears(1, "{\"type\":\"peer-joined\",\"peer\":\"%s\"}", id[2]);

    say(1, "{\"type\":\"%s\"}", "leave");
    hears_nothing(1);
    hears(0, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", id[1]);
    hears(2, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", id[1]);
    char gone[SIGNALING_ID_SIZE + 1];
    memcpy(gone, id[2], sizeof gone);
    leave(2);
    hears(0, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", gone);
    hears_nothing(1);
    end();
}

static void a_signal_reaches_only_those_who_share_a_room(void)
{
    start();
    say(0, "{\"type\":\"join\",\"room\":\"%s\"}", "a");
    say(1, "{\"type\":\"join\",\"room\":\"%s\"}", "a");
    say(2, "{\"type\":\"join\",\"room\":\"%s\"}", "b");
    for (size_t i = 0; i < CLIENTS; i++) {
        while (*fixture_hear(&f, client[i])) {
        }
    }
    say(0, "{\"type\":\"signal\",\"to\":\"%s\",\"data\":{\"x\":[1,null,\"\\u00e9\"]},\"more\":1}",
        id[1]);
    hears(1, "{\"type\":\"signal\",\"from\":\"%s\",\"data\":{\"x\":[1,null,\"\xc3\xa9\"]}}", id[0]);
    hears_nothing(0);
    say(0, "{\"type\":\"signal\",\"to\":\"%s\",\"data\":null}", id[1]);
    hears(1, "{\"type\":\"signal\",\"from\":\"%s\",\"data\":null}", id[0]);

    // N9: another room, no room, oneself, nobody; and nobody can speak in another's name.
    const char *others[] = {id[2], id[3], id[0], "", "no such id"};
    for (size_t i = 0; i < COUNT(others); i++) {
        say(0, "{\"type\":\"signal\",\"to\":\"%s\",\"data\":1}", others[i]);
        hears_error(0, "no-such-peer");
    }
    hears_nothing(2);
    hears_nothing(3);
    say(0, "{\"type\":\"signal\",\"from\":\"0\",\"to\":\"%s\",\"data\":1}", id[1]);
    hears(1, "{\"type\":\"signal\",\"from\":\"%s\",\"data\":1}", id[0]);
    end();
}

static void a_code_pairs_two_once(void)
{
    start();
    say(0, "{\"type\":\"%s\"}", "create-code");
    hears(0, "%s", "{\"type\":\"code\",\"number\":1}");
    say(1, "{\"type\":\"use-code\",\"number\":%s}", "1");
    hears(0, "{\"type\":\"paired\",\"number\":1,\"peer\":\"%s\"}", id[1]);
    hears(1, "{\"type\":\"paired\",\"number\":1,\"peer\":\"%s\"}", id[0]);
    say(1, "{\"type\":\"signal\",\"to\":\"%s\",\"data\":2}", id[0]);
    hears(0, "{\"type\":\"signal\",\"from\":\"%s\",\"data\":2}", id[1]);
    say(2, "{\"type\":\"use-code\",\"number\":%s}", "1");
    hears_error(2, "used-code");
    say(2, "{\"type\":\"signal\",\"to\":\"%s\",\"data\":2}", id[0]);
    hears_error(2, "no-such-peer");

    // When the pair is apart the code stays used, until its creator opens it again.
    say(1, "{\"type\":\"%s\"}", "unpair");
    hears(0, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", id[1]);
    say(1, "{\"type\":\"signal\",\"to\":\"%s\",\"data\":2}", id[0]);
    hears_error(1, "no-such-peer");
    say(2, "{\"type\":\"use-code\",\"number\":%s}", "1");
    hears_error(2, "used-code");
    say(0, "{\"type\":\"reopen-code\",\"number\":%s}", "1");
    hears(0, "%s", "{\"type\":\"code\",\"number\":1}");
    say(2, "{\"type\":\"use-code\",\"number\":%s}", "1");
    hears(2, "{\"type\":\"paired\",\"number\":1,\"peer\":\"%s\"}", id[0]);
    hears(0, "{\"type\":\"paired\",\"number\":1,\"peer\":\"%s\"}", id[2]);
    say(0, "{\"type\":\"reopen-code\",\"number\":%s}", "1");
    hears(0, "%s", "{\"type\":\"code\",\"number\":1}");
    hears(2, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", id[0]);
    end();
}

static void a_code_ends_with_its_release_or_its_creator(void)
{
    start();
    say(0, "{\"type\":\"%s\"}", "create-code");
    say(0, "{\"type\":\"%s\"}", "create-code");
    hears(0, "%s", "{\"type\":\"code\",\"number\":1}");
    hears(0, "%s", "{\"type\":\"code\",\"number\":2}");
    say(1, "{\"type\":\"release-code\",\"number\":%s}", "1"); // Not its creator.
    hears_error(1, "unknown-code");
    say(1, "{\"type\":\"reopen-code\",\"number\":%s}", "1");
    hears_error(1, "unknown-code");
    say(1, "{\"type\":\"use-code\",\"number\":%s}", "2");
    hears(1, "{\"type\":\"paired\",\"number\":2,\"peer\":\"%s\"}", id[0]);
    hears(0, "{\"type\":\"paired\",\"number\":2,\"peer\":\"%s\"}", id[1]);
    say(0, "{\"type\":\"release-code\",\"number\":%s}", "2");
    hears(0, "%s", "{\"type\":\"code-released\",\"number\":2}");
    hears(1, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", id[0]);
    leave(0);
    say(1, "{\"type\":\"use-code\",\"number\":%s}", "1");
    hears_error(1, "unknown-code");
    end();
}

static void a_freed_number_waits_ten_minutes_and_the_lowest_free_is_next(void)
{
    start();
    say(0, "{\"type\":\"%s\"}", "create-code");
    hears(0, "%s", "{\"type\":\"code\",\"number\":1}");
    say(0, "{\"type\":\"release-code\",\"number\":%s}", "1");
    hears(0, "%s", "{\"type\":\"code-released\",\"number\":1}");
    say(1, "{\"type\":\"%s\"}", "create-code");
    hears(1, "%s", "{\"type\":\"code\",\"number\":2}");
    f.now += YODEL_SECONDS(600) - 1;
    say(1, "{\"type\":\"%s\"}", "create-code");
    hears(1, "%s", "{\"type\":\"code\",\"number\":3}");
    f.now += 1;
    say(1, "{\"type\":\"%s\"}", "create-code");
    hears(1, "%s", "{\"type\":\"code\",\"number\":1}");
    say(1, "{\"type\":\"%s\"}", "create-code");
    hears(1, "%s", "{\"type\":\"code\",\"number\":4}");
    end();
}

static void nobody_uses_a_code_of_ones_own_or_two_at_once(void)
{
    start();
    for (size_t i = 0; i < 3; i++) {
        say(i, "{\"type\":\"%s\"}", "create-code");
        (void)fixture_hear(&f, client[i]);
    }
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
    hears_error(0, "unknown-code");
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "2");
    hears(0, "{\"type\":\"paired\",\"number\":2,\"peer\":\"%s\"}", id[1]);
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "3");
    hears_error(0, "too-many");
    hears(1, "{\"type\":\"paired\",\"number\":2,\"peer\":\"%s\"}", id[0]);
    leave(0);
    CHECK(strstr(fixture_hear(&f, client[1]), "peer-left"));
    hears_nothing(1);
    end();
}

static void unpair_with_a_number_ends_that_pair_alone(void)
{
    start();
    say(0, "{\"type\":\"%s\"}", "create-code");
    say(0, "{\"type\":\"%s\"}", "create-code");
    say(1, "{\"type\":\"use-code\",\"number\":%s}", "1");
    say(2, "{\"type\":\"use-code\",\"number\":%s}", "2");
    (void)fixture_hear(&f, client[1]);
    (void)fixture_hear(&f, client[2]);
    say(0, "{\"type\":\"unpair\",\"number\":%s}", "1");
    hears(1, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", id[0]);
    hears_nothing(2);
    say(0, "{\"type\":\"%s\"}", "unpair");
    hears(2, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", id[0]);
    hears_nothing(1);
    end();
}

// ---- limits

static void a_client_has_sixteen_codes_and_one_room(void)
{
    start();
    for (int i = 0; i < SIGNALING_CLIENT_CODES_MAX; i++) {
        say(0, "{\"type\":\"%s\"}", "create-code");
        CHECK(strstr(fixture_hear(&f, client[0]), "\"code\""));
    }
    say(0, "{\"type\":\"%s\"}", "create-code");
    hears_error(0, "too-many");
    say(0, "{\"type\":\"release-code\",\"number\":%s}", "3");
    hears(0, "%s", "{\"type\":\"code-released\",\"number\":3}");
    say(0, "{\"type\":\"%s\"}", "create-code");
    hears(0, "%s", "{\"type\":\"code\",\"number\":17}");

    // N10: join twice, leave twice.
    say(0, "{\"type\":\"join\",\"room\":\"%s\"}", "a");
    (void)fixture_hear(&f, client[0]);
    say(0, "{\"type\":\"join\",\"room\":\"%s\"}", "a");
    hears_error(0, "too-many");
    say(0, "{\"type\":\"%s\"}", "leave");
    say(0, "{\"type\":\"%s\"}", "leave");
    hears_nothing(0);
    say(0, "{\"type\":\"join\",\"room\":\"%s\"}", "b");
    CHECK(strstr(fixture_hear(&f, client[0]), "joined"));
    end();
}

static void a_room_holds_512(void)
{
    static struct signaling_client *many[SIGNALING_MEMBERS_MAX];
    start();
    for (uint32_t i = 0; i < SIGNALING_MEMBERS_MAX; i++) {
        many[i] = fixture_connect(&f, 100 + i);
        fixture_say(&f, many[i], "{\"type\":\"join\",\"room\":\"a\"}");
        for (uint32_t j = 0; j <= i; j++) {
            while (*fixture_hear(&f, many[j])) {
            }
        }
    }
    say(0, "{\"type\":\"join\",\"room\":\"%s\"}", "a");
    hears_error(0, "too-many");
    say(0, "{\"type\":\"join\",\"room\":\"%s\"}", "b");
    CHECK(strstr(fixture_hear(&f, client[0]), "joined"));
    for (uint32_t i = 0; i < SIGNALING_MEMBERS_MAX; i++) {
        signaling_core_disconnect(&f.core, many[i], f.now);
    }
    end();
}

static void five_wrong_codes_a_minute_from_one_address(void)
{
    start();
    struct signaling_client *twin = fixture_connect(&f, 1); // From client 0's address.
    (void)fixture_hear(&f, twin);
    for (int i = 0; i < SIGNALING_WRONG_CODES_MAX; i++) {
        say(0, "{\"type\":\"use-code\",\"number\":%s}", "9");
        hears_error(0, "unknown-code");
    }
    say(1, "{\"type\":\"%s\"}", "create-code");
    (void)fixture_hear(&f, client[1]);
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "1"); // Even a right one.
    hears_error(0, "rate-limited");
    fixture_say(&f, twin, "{\"type\":\"use-code\",\"number\":1}");
    CHECK(strstr(fixture_hear(&f, twin), "rate-limited"));
    say(2, "{\"type\":\"use-code\",\"number\":%s}", "9"); // Another address is free to err.
    hears_error(2, "unknown-code");

    // Coming again does not help; waiting does.
    leave(0);
    signaling_core_disconnect(&f.core, twin, f.now);
    client[0] = fixture_connect(&f, 1);
    (void)fixture_hear(&f, client[0]);
    f.now += YODEL_SECONDS(60) - 1;
    signaling_core_tick(&f.core, f.now);
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
    hears_error(0, "rate-limited");
    f.now += 1;
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
    CHECK(strstr(fixture_hear(&f, client[0]), "paired"));
    end();
}

// A page that is reloaded asks until the sender has noticed: that is not guessing, from that address.
static void coming_back_is_no_wrong_code(void)
{
    start();
    say(1, "{\"type\":\"%s\"}", "create-code");
    (void)fixture_hear(&f, client[1]);
    for (int reload = 0; reload < 3; reload++) {
        say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
        CHECK(strstr(fixture_hear(&f, client[0]), "paired"));
        leave(0);
        client[0] = fixture_connect(&f, 1);
        (void)fixture_hear(&f, client[0]);
        for (int i = 0; i < SIGNALING_WRONG_CODES_MAX; i++) {
            say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
            hears_error(0, "used-code");
        }
        say(1, "{\"type\":\"reopen-code\",\"number\":%s}", "1");
        f.now += YODEL_SECONDS(5);
    }
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
    CHECK(strstr(fixture_hear(&f, client[0]), "paired"));
    for (int i = 0; i < SIGNALING_WRONG_CODES_MAX; i++) {
        say(2, "{\"type\":\"use-code\",\"number\":%s}", "1");
        hears_error(2, "used-code");
    }
    say(2, "{\"type\":\"use-code\",\"number\":%s}", "1"); // Who never was its user guesses.
    hears_error(2, "rate-limited");
    end();
}

// Every pair is right by itself, and every one may burn somebody's code.
static void so_many_used_codes_a_minute_from_one_address(void)
{
    start();
    say(1, "{\"type\":\"%s\"}", "create-code");
    (void)fixture_hear(&f, client[1]);
    for (int i = 0; i < SIGNALING_USED_CODES_MAX; i++) {
        f.now += YODEL_MS(100); // Below the rate of messages.
        say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
        CHECK(strstr(fixture_hear(&f, client[0]), "paired"));
        say(1, "{\"type\":\"reopen-code\",\"number\":%s}", "1");
        while (*fixture_hear(&f, client[0]) || *fixture_hear(&f, client[1])) {
        }
    }
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
    hears_error(0, "rate-limited");
    say(2, "{\"type\":\"use-code\",\"number\":%s}", "1"); // Another address may.
    CHECK(strstr(fixture_hear(&f, client[2]), "paired"));
    say(1, "{\"type\":\"reopen-code\",\"number\":%s}", "1");
    while (*fixture_hear(&f, client[1])) {
    }
    f.now += YODEL_SECONDS(60);
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
    CHECK(strstr(fixture_hear(&f, client[0]), "paired"));
    end();
}

// Below the minute's limit an address would still have 7200 guesses an hour.
static void so_many_used_codes_an_hour_from_one_address(void)
{
    start();
    say(1, "{\"type\":\"%s\"}", "create-code");
    (void)fixture_hear(&f, client[1]);
    for (int i = 0; i < SIGNALING_USED_CODES_LONG_MAX; i++) {
        f.now += YODEL_SECONDS(1);
        say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
        CHECK(strstr(fixture_hear(&f, client[0]), "paired"));
        say(1, "{\"type\":\"reopen-code\",\"number\":%s}", "1");
        while (*fixture_hear(&f, client[0]) || *fixture_hear(&f, client[1])) {
        }
    }
    // Neither going for a while nor waiting a minute helps; the hour over does.
    leave(0);
    f.now += YODEL_SECONDS(1800);
    signaling_core_tick(&f.core, f.now);
    client[0] = fixture_connect(&f, 1);
    (void)fixture_hear(&f, client[0]);
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
    hears_error(0, "rate-limited");
    f.now += YODEL_SECONDS(1201);
    say(0, "{\"type\":\"use-code\",\"number\":%s}", "1");
    CHECK(strstr(fixture_hear(&f, client[0]), "paired"));
    end();
}

static void codes_are_not_hoarded(void)
{
    start();
    char release[64];
    for (unsigned i = 1; i <= SIGNALING_CREATED_CODES_MAX; i++) {
        f.now += YODEL_MS(20); // Within the messages of a second.
        say(0, "{\"type\":\"%s\"}", "create-code");
        CHECK(strstr(fixture_hear(&f, client[0]), "\"code\""));
        snprintf(release, sizeof release, "{\"type\":\"release-code\",\"number\":%u}", i);
        fixture_say(&f, client[0], release);
        CHECK(strstr(fixture_hear(&f, client[0]), "code-released"));
    }
    f.now += YODEL_SECONDS(1);
    say(0, "{\"type\":\"%s\"}", "create-code");
    hears_error(0, "rate-limited");
    end();
}

static void a_hundred_messages_a_second_are_enough(void)
{
    start();
    for (int i = 0; i < SIGNALING_MESSAGES_A_SECOND; i++) {
        say(0, "{\"type\":\"%s\"}", "leave");
    }
    hears_nothing(0);
    say(0, "{\"type\":\"%s\"}", "create-code");
    hears_error(0, "rate-limited");
    say(0, "{\"type\":\"%s\"}", "create-code");
    hears_nothing(0); // One error a second, or errors would be the flood.
    f.now += YODEL_SECONDS(1);
    say(0, "{\"type\":\"%s\"}", "create-code");
    hears(0, "%s", "{\"type\":\"code\",\"number\":1}");
    for (int i = 0; i < SIGNALING_FLOOD_A_SECOND; i++) {
        say(0, "{\"type\":\"%s\"}", "leave");
    }
    CHECK_EQ(signaling_core_next_output(client[0]).close, SIGNALING_CLOSE_FLOOD);
    end();
}

static void ten_bad_messages_close_the_connection(void)
{
    start();
    for (int i = 0; i < SIGNALING_BAD_MESSAGES_MAX; i++) {
        CHECK_EQ(signaling_core_next_output(client[0]).close, SIGNALING_CLOSE_NONE);
        say(0, "%s", "hello?");
        hears_error(0, "bad-message");
    }
    CHECK_EQ(signaling_core_next_output(client[0]).close, SIGNALING_CLOSE_BAD_MESSAGES);
    say(0, "{\"type\":\"%s\"}", "create-code"); // Not heard any more.
    hears_nothing(0);
    end();
}

static void who_does_not_read_is_closed_and_costs_nothing_more(void)
{
    start();
    static char big[60000];
    say(0, "{\"type\":\"join\",\"room\":\"%s\"}", "a");
    say(1, "{\"type\":\"join\",\"room\":\"%s\"}", "a");
    int len = snprintf(big, 100, "{\"type\":\"signal\",\"to\":\"%s\",\"data\":\"", id[1]);
    memset(big + len, 'x', sizeof big - (size_t)len - 3);
    memcpy(big + sizeof big - 3, "\"}", 3);
    for (int i = 0; i < 4; i++) {
        fixture_say(&f, client[0], big);
    }
    CHECK_EQ(signaling_core_next_output(client[1]).close, SIGNALING_CLOSE_NONE);
    fixture_say(&f, client[0], big);
    CHECK_EQ(signaling_core_next_output(client[1]).close, SIGNALING_CLOSE_SLOW);
    hears_nothing(1);
    CHECK_EQ(signaling_core_next_output(client[0]).close, SIGNALING_CLOSE_NONE);
    end();
}

static void an_address_has_a_number_of_connections(void)
{
    struct signaling_client *some[2];
    struct yodel_addr addr = addr_v4(10, 0, 0, 9, 1);
    fixture_init(&f);
    f.core.config.clients_per_source = 2;
    some[0] = fixture_connect(&f, 9);
    some[1] = fixture_connect(&f, 9);
    CHECK(some[0] && some[1]);
    CHECK(!signaling_core_has_room(&f.core, &addr));
    CHECK(!fixture_connect(&f, 9));
    client[0] = fixture_connect(&f, 10);
    CHECK(client[0]);
    signaling_core_disconnect(&f.core, some[0], f.now);
    some[0] = fixture_connect(&f, 9);
    CHECK(some[0]);
    f.core.config.clients_max = 3;
    CHECK(!fixture_connect(&f, 11));
    signaling_core_disconnect(&f.core, some[0], f.now);
    signaling_core_disconnect(&f.core, some[1], f.now);
    leave(0);
    signaling_core_deinit(&f.core);
    CHECK_EQ(f.heap.blocks, 0);
}

// ---- pings

static void a_ping_comes_each_twenty_seconds_and_silence_ends_it(void)
{
    start();
    leave(1), leave(2), leave(3);
    yodel_time begun = f.now;
    int pings = 0;
    while (f.now < begun + YODEL_SECONDS(101)) { // Answered: it stays.
        f.now = signaling_core_next_timeout(&f.core);
        signaling_core_tick(&f.core, f.now);
        struct signaling_output output = signaling_core_next_output(client[0]);
        CHECK_EQ(output.close, SIGNALING_CLOSE_NONE);
        if (output.wants_ping) {
            CHECK_EQ((f.now - begun) % YODEL_SECONDS(20), 0);
            CHECK(!signaling_core_next_output(client[0]).wants_ping);
            signaling_core_pong(client[0]);
            pings++;
        }
    }
    CHECK_EQ(pings, 5);
    yodel_time asked = 0;
    enum signaling_close close = SIGNALING_CLOSE_NONE;
    while (close == SIGNALING_CLOSE_NONE) {
        f.now = signaling_core_next_timeout(&f.core);
        signaling_core_tick(&f.core, f.now);
        struct signaling_output output = signaling_core_next_output(client[0]);
        asked = output.wants_ping && asked == 0 ? f.now : asked;
        close = output.close;
    }
    CHECK_EQ(close, SIGNALING_CLOSE_GONE);
    CHECK_EQ(f.now - asked, SIGNALING_PONG_TIMEOUT);
    end();
}

// Every allocation fails once: nothing crashes, nothing leaks, and the others go on.
static void memory_may_end_at_any_place(void)
{
    for (size_t n = 1; n < 60; n++) {
        fixture_init(&f);
        f.heap.fail_at = n;
        for (uint32_t i = 0; i < CLIENTS; i++) {
            client[i] = fixture_connect(&f, i);
        }
        for (uint32_t i = 0; i < CLIENTS; i++) {
            if (client[i]) {
                id[0] = signaling_core_id(client[i]);
                say(i, "{\"type\":\"join\",\"room\":\"%s\"}", "a");
                say(i, "{\"type\":\"%s\"}", "create-code");
                say(i, "{\"type\":\"use-code\",\"number\":%s}", "1");
            }
        }
        for (uint32_t i = 0; i < CLIENTS; i++) {
            if (client[i]) {
                say(i, "{\"type\":\"signal\",\"to\":\"%s\",\"data\":1}", id[0]);
            }
        }
        end();
    }
}

TEST_MAIN(TEST(the_server_speaks_first), TEST(a_room_tells_who_is_there_and_who_comes_and_goes),
    TEST(a_signal_reaches_only_those_who_share_a_room), TEST(a_code_pairs_two_once),
    TEST(a_code_ends_with_its_release_or_its_creator),
    TEST(a_freed_number_waits_ten_minutes_and_the_lowest_free_is_next),
    TEST(nobody_uses_a_code_of_ones_own_or_two_at_once),
    TEST(unpair_with_a_number_ends_that_pair_alone), TEST(a_client_has_sixteen_codes_and_one_room),
    TEST(a_room_holds_512), TEST(five_wrong_codes_a_minute_from_one_address),
    TEST(coming_back_is_no_wrong_code), TEST(so_many_used_codes_a_minute_from_one_address),
    TEST(so_many_used_codes_an_hour_from_one_address), TEST(codes_are_not_hoarded),
    TEST(a_hundred_messages_a_second_are_enough), TEST(ten_bad_messages_close_the_connection),
    TEST(who_does_not_read_is_closed_and_costs_nothing_more),
    TEST(an_address_has_a_number_of_connections),
    TEST(a_ping_comes_each_twenty_seconds_and_silence_ends_it), TEST(memory_may_end_at_any_place))
