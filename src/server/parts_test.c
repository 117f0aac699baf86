// The server's small parts: hosts, origins, ICE servers, assets, listen addresses.

#include <stdio.h>

#include "check.h"
#include "server/assets.h"
#include "server/host.h"
#include "server/ice_servers.h"
#include "server/listen.h"

static void a_host_is_parted_from_its_port(void)
{
    static const struct {
        const char *header;
        const char *want; // NULL: refused.
    } rows[] = {
        {"localhost:8080", "localhost"},
        {"example.org", "example.org"},
        {"10.0.0.7:80", "10.0.0.7"},
        {"[2001:db8::1]:8080", "[2001:db8::1]"},
        {"[::1]", "[::1]"},
        {"", NULL},
        {":80", NULL},
        {"a b", NULL},
        {"a\"b", NULL},
        {"a:8x", NULL},
        {"a:123456", NULL},
        {"[::1", NULL},
        {"[x]", NULL},
        {"[::1]x", NULL},
        {"user@host", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char host[SERVER_HOST_MAX];
        bool is_good = server_host_parse(host, bytes_of_text(rows[i].header));
        CHECK_EQ(is_good, rows[i].want != NULL);
        if (is_good) {
            CHECK_TEXT(host, rows[i].want);
        }
    }
}

static void a_host_may_name_a_port(void)
{
    static const struct {
        const char *header;
        uint16_t want;
    } rows[] = {
        {"localhost:8080", 8080},
        {"[2001:db8::1]:443", 443},
        {"a:65535", 65535},
        {"a:65536", 0},
        {"a:123456", 0},
        {"a:8x", 0},
        {"a:", 0},
        {"a", 0},
        {":80", 0},
        {"[::1]", 0},
        {"", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(server_host_port(bytes_of_text(rows[i].header)), rows[i].want);
    }
}

static void only_our_own_pages_and_listed_ones_may_connect(void)
{
    static const struct {
        const char *origin, *host, *allowed;
        bool want;
    } rows[] = {
        {"", "a:1", NULL, true}, // No browser.
        {"http://a:1", "a:1", NULL, true},
        {"https://A:1", "a:1", NULL, true},
        {"http://a:2", "a:1", NULL, false},
        {"http://a", "a:1", NULL, false},
        {"http://a:1.evil.org", "a:1", NULL, false},
        {"http://evil.org", "a:1", NULL, false},
        {"null", "a:1", NULL, false},
        {"null", "null", NULL, false},
        {"http://", "", NULL, false},
        {"http://b", "a:1", "http://c, http://b", true},
        {"http://b.c", "a:1", "http://b", false},
        {"http://b", "a:1", "*", true},
        {"http://b", "a:1", "", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(server_host_allows(
                     bytes_of_text(rows[i].origin), bytes_of_text(rows[i].host), rows[i].allowed),
            rows[i].want);
    }
}

static void the_last_forwarded_address_is_the_proxys_own_word(void)
{
    struct yodel_addr addr;
    char text[ADDR_TEXT_MAX];

    CHECK(server_host_forwarded(&addr, bytes_of_text("1.2.3.4, 5.6.7.8")));
    CHECK_TEXT(addr_ip_text(&addr, text), "5.6.7.8");
    CHECK(server_host_forwarded(&addr, bytes_of_text("2001:db8::1")));
    CHECK_TEXT(addr_ip_text(&addr, text), "2001:db8::1");
    CHECK(!server_host_forwarded(&addr, bytes_of_text("unknown")));
    CHECK(!server_host_forwarded(&addr, bytes_of_text("")));
}

static void clients_get_our_stun_under_the_name_they_use(void)
{
    char json[SERVER_ICE_SERVERS_MAX];
    struct server_config config = {0};

    server_ice_servers_write(json, &config, &(struct server_ice_offer){"[::1]", .stun = 3478});
    CHECK_TEXT(json, "[{\"urls\":[\"stun:[::1]:3478\"]}]");
    server_ice_servers_write(json, &config, &(struct server_ice_offer){.stun = 3478});
    CHECK_TEXT(json, "[]");
    config.ice_servers = "stun:a:1, stuns:b";
    server_ice_servers_write(json, &config, &(struct server_ice_offer){"host", .stun = 5});
    CHECK_TEXT(
        json, "[{\"urls\":[\"stun:host:5\"]},{\"urls\":[\"stun:a:1\"]},{\"urls\":[\"stuns:b\"]}]");
    server_ice_servers_write(json, &config, &(struct server_ice_offer){.host = "host"});
    CHECK_TEXT(json, "[{\"urls\":[\"stun:a:1\"]},{\"urls\":[\"stuns:b\"]}]");

    CHECK(server_ice_servers_is_valid("stun:a:1,stuns:b"));
    CHECK(!server_ice_servers_is_valid("http://a"));
    CHECK(!server_ice_servers_is_valid("stun:"));
    CHECK(!server_ice_servers_is_valid("stun:a\"b"));

    static char many[SERVER_ICE_SERVERS_MAX * 2];
    for (size_t i = 0; i + 8 < sizeof many; i += 7) {
        memcpy(many + i, "stun:a,", 7);
    }
    config.ice_servers = many;
    server_ice_servers_write(json, &config, &(struct server_ice_offer){0});
    CHECK_TEXT(json + strlen(json) - 3, "]}]"); // Cut between two of them.
}

static void clients_get_relays_with_credentials(void)
{
    char json[SERVER_ICE_SERVERS_MAX];
    struct server_config config = {0};
    struct server_ice_offer offer = {"h", .stun = 1, .turn_udp = 1, .turn_tcp = 2, .turn_tls = 3};

    server_ice_servers_write(json, &config, &offer);
    CHECK_TEXT(json, "[{\"urls\":[\"stun:h:1\"]}]"); // No credentials, no relay.
    offer.username = "9:x";
    offer.credential = "s3c+/=";
    server_ice_servers_write(json, &config, &offer);
    CHECK_TEXT(json, "[{\"urls\":[\"stun:h:1\"]},{\"urls\":[\"turn:h:1?transport=udp\","
                     "\"turns:h:3?transport=tcp\",\"turn:h:2?transport=tcp\"],"
                     "\"username\":\"9:x\",\"credential\":\"s3c+/=\"}]");
    offer = (struct server_ice_offer){"h", .turn_tls = 3, .username = "u", .credential = "c"};
    server_ice_servers_write(json, &config, &offer);
    CHECK_TEXT(json, "[{\"urls\":[\"turns:h:3?transport=tcp\"],"
                     "\"username\":\"u\",\"credential\":\"c\"}]");
    offer.turn_tls = 0;
    server_ice_servers_write(json, &config, &offer);
    CHECK_TEXT(json, "[]");
}

// Three URLs for TURN at the most, those first that lead through the most firewalls.
static void the_webs_port_is_a_relays_too(void)
{
    static const struct {
        struct server_ice_offer offer;
        const char *want;
    } rows[] = {
        {{.web = 80}, "\"turn:h:80?transport=tcp\""},
        {{.web = 443, .is_secure = true}, "\"turns:h:443?transport=tcp\""},
        {{.web = 443, .is_secure = true, .turn_udp = 1, .turn_tcp = 2},
            "\"turn:h:1?transport=udp\",\"turns:h:443?transport=tcp\",\"turn:h:2?transport=tcp\""},
        {{.web = 443, .is_secure = true, .turn_udp = 1, .turn_tcp = 2, .turn_tls = 3},
            "\"turn:h:1?transport=udp\",\"turns:h:3?transport=tcp\",\"turns:h:443?transport=tcp\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char json[SERVER_ICE_SERVERS_MAX], want[300];
        struct server_ice_offer offer = rows[i].offer;

        offer.host = "h";
        offer.username = "u";
        offer.credential = "c";
        server_ice_servers_write(json, &(struct server_config){0}, &offer);
        (void)snprintf(want, sizeof want,
            "[{\"urls\":[%s],\"username\":\"u\",\"credential\":\"c\"}]", rows[i].want);
        CHECK_TEXT(json, want);
    }
}

static void a_path_names_one_file_or_none(void)
{
    static const char *const none[] = {"", "//", "/../etc/passwd", "/index.html/", "/..%2f",
        "index.html", "/INDEX.HTML", "/index.html\n"};

    CHECK(server_assets_find(bytes_of_text("/")));
    CHECK(
        server_assets_find(bytes_of_text("/")) == server_assets_find(bytes_of_text("/index.html")));
    for (size_t i = 0; i < COUNT(none); i++) {
        CHECK(!server_assets_find(bytes_of_text(none[i])));
    }
    struct server_asset asset = {.path = "/app-0123456789.js"};
    CHECK(server_assets_is_immutable(&asset));
    CHECK_TEXT(server_assets_type(&asset), "text/javascript; charset=utf-8");
    asset.path = "/app-012345678.css";
    CHECK(!server_assets_is_immutable(&asset));
    CHECK_TEXT(server_assets_type(&asset), "text/css; charset=utf-8");
    asset.path = "/manifest.webmanifest";
    CHECK_TEXT(server_assets_type(&asset), "application/manifest+json");
    asset.path = "/.js";
    CHECK(!server_assets_is_immutable(&asset));
}

static void where_to_listen_is_understood(void)
{
    static const struct {
        const char *text;
        const char *want; // NULL: refused.
    } rows[] = {
        {":8080", "[::]:8080"},
        {"8080", "[::]:8080"},
        {"localhost:1", "127.0.0.1:1"},
        {"127.0.0.1:0", "127.0.0.1:0"},
        {"[::1]:65535", "[::1]:65535"},
        {":65536", NULL},
        {":", NULL},
        {"", NULL},
        {"localhost", NULL},
        {"localhost:", NULL},
        {"127.0.0.1", NULL},
        {"example.org:80", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct yodel_addr addr;
        char text[ADDR_TEXT_MAX];
        enum yodel_err err = server_listen_parse(&addr, rows[i].text);
        CHECK_EQ(err == YODEL_OK, rows[i].want != NULL);
        if (rows[i].want) {
            CHECK_TEXT(addr_text(&addr, text), rows[i].want);
        }
    }
}

TEST_MAIN(TEST(a_host_is_parted_from_its_port),
    TEST(only_our_own_pages_and_listed_ones_may_connect),
    TEST(the_last_forwarded_address_is_the_proxys_own_word),
    TEST(clients_get_our_stun_under_the_name_they_use), TEST(clients_get_relays_with_credentials),
    TEST(the_webs_port_is_a_relays_too), TEST(a_host_may_name_a_port),
    TEST(a_path_names_one_file_or_none), TEST(where_to_listen_is_understood))
