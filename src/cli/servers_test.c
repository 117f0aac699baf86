// ICE servers: what the command line and the signaling server may say.

#include "cli/servers.h"

#include "check.h"

static struct cli_servers servers;
static char why[CLI_WHY_MAX];

static enum yodel_err take(const char *ice, const char *turn)
{
    struct cli_list list = {.count = turn != NULL, .items = {turn}};

    return cli_servers_init(&servers, ice, &list, why);
}

static void a_turn_server_is_a_url_a_name_and_a_password(void)
{
    static const char *const wrong[] = {"", "turn:host", "turn:host,name", "stun:host,name,pass",
        ",name,pass", "turn:,name,pass", "turn:host?transport=sctp,name,pass",
        "turns:host?transport=udp,name,pass", "turn:host:0,name,pass"};

    CHECK_EQ(take("relay", "turns:turn.example.org:443,me,a,b,c"), YODEL_OK);
    CHECK(servers.is_relay_only);
    CHECK_EQ(servers.count, 1);
    CHECK_TEXT(servers.items[0].url, "turns:turn.example.org:443");
    CHECK_TEXT(servers.items[0].username, "me");
    CHECK_TEXT(servers.items[0].credential, "a,b,c");
    for (size_t i = 0; i < COUNT(wrong); i++) {
        CHECK_EQ(take(NULL, wrong[i]), YODEL_ERR_SYNTAX);
        CHECK(!strstr(why, "pass,") && strstr(why, "--turn"));
    }
    CHECK_EQ(take("both", NULL), YODEL_ERR_SYNTAX);
    CHECK_TEXT(why, "--ice wants all, udp or relay, not \"both\"");
    CHECK_EQ(take("all", NULL), YODEL_OK);
    CHECK(!servers.is_relay_only && !servers.is_udp_only);
    CHECK_EQ(take("udp", NULL), YODEL_OK);
    CHECK(!servers.is_relay_only && servers.is_udp_only);
}

static void what_signaling_tells_is_taken_where_it_makes_sense(void)
{
    struct cli_servers_config room;
    struct yodel_peer_config config = {0};
    json_error_t error;
    json_t *list = json_loads(
        "[{\"urls\": [\"stun:stun.example.org\", 7, \"gopher:hole\"]}, 3, {\"urls\": {}},"
        " {\"urls\": [\"turn:turn.example.org\"]},"
        " {\"urls\": \"turn:turn.example.org\", \"username\": \"1:me\", \"credential\": \"c\"}]",
        0, &error);

    CHECK(list);
    CHECK_EQ(take(NULL, "turn:192.0.2.1,a,b"), YODEL_OK);
    cli_servers_take(&servers, list);
    cli_servers_use(&servers, &room, &config);
    CHECK_EQ(config.ice_server_count, 4); // TURN without a name fails later, with a sentence.
    CHECK_TEXT(config.ice_servers[1].urls[0], "stun:stun.example.org");
    CHECK_TEXT(config.ice_servers[3].username, "1:me");
    for (int i = 0; i < 10; i++) {
        cli_servers_take(&servers, list);
    }
    CHECK_EQ(servers.count, CLI_SERVERS_MAX);
    json_decref(list);
}

TEST_MAIN(TEST(a_turn_server_is_a_url_a_name_and_a_password),
    TEST(what_signaling_tells_is_taken_where_it_makes_sense))
