// TURN's options: what texts and files mean, and what is refused with a sentence.

#include "server/turn_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "net/env.h"

#define NOW_S 1700000000u

static const struct env *env(void)
{
    return net_env_system(LOG_ERROR, NET_ENV_TEXT);
}

static char why[SERVER_ERROR_MAX];

// A server on loopback, which has a relay of its own wherever this runs.
static enum yodel_err read_setup(
    struct server_turn_setup *setup, const struct server_turn_options *options)
{
    struct yodel_addr local = addr_v4(127, 0, 0, 1, 3478);

    why[0] = 0;
    return server_turn_setup_read(setup, options, env(), &local, why);
}

static void expect_refusal(const struct server_turn_options *options, const char *part)
{
    struct server_turn_setup setup;

    CHECK(read_setup(&setup, options) != YODEL_OK);
    CHECK(strstr(why, part));
}

// How many keys a name may be sealed by, and whether one of them is vouched for.
static bool is_user(const struct server_turn_setup *setup, const char *name)
{
    struct stun_auth_key keys[TURN_CREDENTIALS_SECRETS_MAX + 1];
    struct turn_voucher grants[TURN_CREDENTIALS_SECRETS_MAX + 1];
    size_t count =
        turn_credentials_find_keys(setup->credentials, 0, bytes_of_text(name), keys, grants);

    for (size_t i = 0; i < count; i++) {
        if (grants[i].id != 0) {
            return true;
        }
    }
    return false;
}

// ---- files

struct file {
    char path[32];
};

static void write_file(const struct file *file, const char *text)
{
    FILE *stream = fopen(file->path, "wbe");

    CHECK(stream && fputs(text, stream) >= 0 && fclose(stream) == 0);
}

static struct file new_file(const char *text)
{
    struct file file = {"/tmp/yodel-setup-XXXXXX"};
    int fd = mkstemp(file.path);

    CHECK(fd >= 0);
    (void)close(fd);
    write_file(&file, text);
    return file;
}

static void users_are_named_with_a_password(void)
{
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"alice:wonder", true},
        {"alice:won:der", true}, // The first colon parts them.
        {"alice:", false},
        {":wonder", false},
        {"alice", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server_turn_options options = {.users = &rows[i].text, .user_count = 1};
        struct server_turn_setup setup;

        if (!rows[i].want) {
            expect_refusal(&options, "NAME:PASSWORD");
            CHECK(!strstr(why, "wonder")); // It may be a password.
            continue;
        }
        CHECK_EQ(read_setup(&setup, &options), YODEL_OK);
        CHECK(is_user(&setup, "alice"));
        CHECK(!is_user(&setup, "bob"));
        server_turn_setup_free(&setup, env());
    }
}

static void a_file_of_users_has_a_line_each(void)
{
    struct file file = new_file("# who may\n\nalice:wonder\r\n  \nbob:builder");
    struct server_turn_options options = {.user_file = file.path};
    struct server_turn_setup setup;

    CHECK_EQ(read_setup(&setup, &options), YODEL_OK);
    CHECK(is_user(&setup, "alice") && is_user(&setup, "bob"));
    CHECK(!is_user(&setup, "# who may"));
    server_turn_setup_free(&setup, env());
    write_file(&file, "alice:wonder\nbob");
    expect_refusal(&options, "lines of NAME:PASSWORD");
    (void)unlink(file.path);
    expect_refusal(&options, file.path);
}

static void a_file_of_secrets_has_one_or_two(void)
{
    static const struct {
        const char *text;
        size_t want; // 0: refused.
    } rows[] = {
        {"first", 1},
        {"new\nold\n", 2},
        {"# all of them\nfirst\n\n", 1},
        {"", 0},
        {"# none\n", 0},
        {"one\ntwo\nthree\n", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct file file = new_file(rows[i].text);
        struct server_turn_options options = {.secret_file = file.path};
        struct server_turn_setup setup;

        if (rows[i].want == 0) {
            expect_refusal(&options, "one or 2 lines");
        } else {
            CHECK_EQ(read_setup(&setup, &options), YODEL_OK);
            CHECK_EQ(setup.credentials->realms[0].secret_count, rows[i].want);
            server_turn_setup_free(&setup, env());
        }
        (void)unlink(file.path);
    }
}

static void a_file_has_a_bound(void)
{
    static char text[SERVER_TURN_FILE_MAX + 1];
    memset(text, '#', sizeof text - 1);
    struct file file = new_file(text);
    struct server_turn_options options = {.user_file = file.path};

    expect_refusal(&options, "longer than");
    (void)unlink(file.path);
}

// ---- limits and rules

static void ports_are_a_range(void)
{
    static const struct {
        const char *text;
        uint16_t min, max; // 0: refused.
    } rows[] = {
        {"49152-65535", 49152, 65535},
        {"1024-1025", 1024, 1025},
        {"1023-2000", 0, 0},
        {"5000-5000", 0, 0},
        {"6000-5000", 0, 0},
        {"5000-65536", 0, 0},
        {"5000", 0, 0},
        {"5000-6000x", 0, 0},
        {"a-b", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server_turn_options options = {.ports = rows[i].text};
        struct server_turn_setup setup;

        if (rows[i].min == 0) {
            expect_refusal(&options, "--turn-ports");
            continue;
        }
        CHECK_EQ(read_setup(&setup, &options), YODEL_OK);
        CHECK_EQ(setup.core.limits.port_min, rows[i].min);
        CHECK_EQ(setup.core.limits.port_max, rows[i].max);
        server_turn_setup_free(&setup, env());
    }
}

// A rule that cannot be read would leave open what it was to close.
static void a_bad_rule_aborts_the_start(void)
{
    const char *allow[] = {"10.0.0.0/8", "10.0.0.0/33"};
    struct server_turn_options options = {.allow = allow, .allow_count = 1};
    struct server_turn_setup setup;

    CHECK_EQ(read_setup(&setup, &options), YODEL_OK);
    server_turn_setup_free(&setup, env());
    options.allow_count = 2;
    expect_refusal(&options, "10.0.0.0/33");
}

static void a_realm_is_short(void)
{
    struct server_turn_options options = {.realm = ""};

    expect_refusal(&options, "--turn-realm");
    options.realm = "a realm that is longer than any challenge has room for";
    expect_refusal(&options, "--turn-realm");
}

// ---- later

static void a_file_is_read_again_where_it_changed(void)
{
    struct file file = new_file("alice:wonder\n");
    struct server_turn_options options = {.user_file = file.path};
    struct server_turn_setup setup;

    CHECK_EQ(read_setup(&setup, &options), YODEL_OK);
    CHECK(!server_turn_setup_reload(&setup, env()));
    write_file(&file, "robert:builder\n");
    CHECK(server_turn_setup_reload(&setup, env()));
    CHECK(is_user(&setup, "robert") && !is_user(&setup, "alice"));
    CHECK(setup.old); // Until the core has the new ones.
    server_turn_setup_forget(&setup, env());
    CHECK(!setup.old);
    write_file(&file, "neither a name nor a password\n");
    CHECK(!server_turn_setup_reload(&setup, env()));
    CHECK(is_user(&setup, "robert"));
    (void)unlink(file.path);
    CHECK(!server_turn_setup_reload(&setup, env()));
    CHECK(is_user(&setup, "robert"));
    server_turn_setup_free(&setup, env());
}

static void signaling_grants_by_a_secret_of_its_own(void)
{
    struct server_turn_options options = {0};
    struct server_turn_setup setup;
    struct server_turn_grant first, second;
    uint8_t room[TURN_CREDENTIALS_PASSWORD_SIZE];
    struct writer w = writer_of(span_of(room, sizeof room));

    CHECK_EQ(read_setup(&setup, &options), YODEL_OK);
    CHECK(server_turn_setup_grant(&setup, env(), NOW_S, &first));
    CHECK(server_turn_setup_grant(&setup, env(), NOW_S, &second));
    CHECK(strcmp(first.name, second.name) != 0);
    CHECK_EQ(strtoull(first.name, NULL, 10), NOW_S + SERVER_TURN_GRANT_S);
    CHECK(is_user(&setup, first.name));
    turn_credentials_put_password(
        &w, bytes_of(setup.own_secret, sizeof setup.own_secret), bytes_of_text(first.name));
    CHECK_EQ(strlen(first.password), TURN_CREDENTIALS_PASSWORD_SIZE);
    CHECK_EQ(memcmp(first.password, room, sizeof room), 0);
    server_turn_setup_free(&setup, env());
}

static void without_relays_nothing_is_granted(void)
{
    struct server_turn_options options = {.is_off = true};
    struct server_turn_setup setup;
    struct server_turn_grant grant;

    CHECK_EQ(read_setup(&setup, &options), YODEL_OK);
    CHECK(!server_turn_setup_grant(&setup, env(), NOW_S, &grant));
    server_turn_setup_free(&setup, env());
}

TEST_MAIN(TEST(users_are_named_with_a_password), TEST(a_file_of_users_has_a_line_each),
    TEST(a_file_of_secrets_has_one_or_two), TEST(a_file_has_a_bound), TEST(ports_are_a_range),
    TEST(a_bad_rule_aborts_the_start), TEST(a_realm_is_short),
    TEST(a_file_is_read_again_where_it_changed), TEST(signaling_grants_by_a_secret_of_its_own),
    TEST(without_relays_nothing_is_granted))
