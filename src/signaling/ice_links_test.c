// Link fields: which ICE servers they tell of.

#include "signaling/ice_links.h"

#include <stdio.h>

#include "check.h"

#define ICE "; rel=\"ice-server\""
#define TURN "<turn:t.example>" ICE "; username=\"u\"; credential=\"p\""

// A row's servers as "url name password" and a semicolon each.
static const struct {
    const char *field;
    const char *want;
} rows[] = {
    {"<stun:stun.example.net>; rel=\"ice-server\"", "stun:stun.example.net  ;"},
    {"<stun:a>;rel=ice-server", "stun:a  ;"},
    {"  <stun:a>  ;\t rel = ice-server  ", "stun:a  ;"},
    {"<stun:a>; REL=\"Ice-Server\"", "stun:a  ;"},
    {"<stun:a>; rel=\"next ice-server\"", "stun:a  ;"},
    {"<stun:a>;;rel=ice-server;", "stun:a  ;"},
    {"<turn:t.example?transport=udp>" ICE "; username=\"user\"; credential=\"myPassword\"; "
     "credential-type=\"password\"",
        "turn:t.example?transport=udp user myPassword;"},
    {TURN, "turn:t.example u p;"},
    {TURN "; credential-type=PASSWORD", "turn:t.example u p;"},
    {"<turns:t:443?transport=tcp>" ICE "; credential=p; username=\"1600000000:u\"",
        "turns:t:443?transport=tcp 1600000000:u p;"},
    // Several in one field, with what separates them inside of quotes.
    {"<stun:a>" ICE ", <stun:b>" ICE, "stun:a  ;stun:b  ;"},
    {"<stun:a>" ICE ",<turn:b>" ICE
     "; username=\"a, <b>; c\"; credential=\"x\\\"y\\\\z,\",<stun:c>" ICE,
        "stun:a  ;turn:b a, <b>; c x\"y\\z,;stun:c  ;"},
    {"<https://example.org/sse>; rel=\"urn:ietf:params:whip:ext:sse\", <stun:a>" ICE, "stun:a  ;"},
    {", ,<stun:a>" ICE ",", "stun:a  ;"},
    // The first of each counts.
    {"<stun:a>; rel=next; rel=ice-server", ""},
    {TURN "; credential=other; username=other", "turn:t.example u p;"},
    // What is wrong is left out, and the rest is not.
    {"stun:a; rel=ice-server, <stun:b>" ICE, "stun:b  ;"},
    {"<stun:a; rel=ice-server", ""},
    {"<stun:a> x; rel=ice-server, <stun:b>" ICE, "stun:b  ;"},
    {"<stun:a>; rel=\"ice-server", ""},
    {"<stun:a>; rel=\"x\\", ""},
    {"<stun:a>; =x" ICE ", <stun:b>" ICE, "stun:b  ;"},
    {"<stun:a>; x=\",\" y, <stun:b>" ICE, "stun:b  ;"},
    {"<stun:a>; rel=", ""},
    {"<stun:a>", ""},
    {"<stun:a>; rel", ""},
    {"<stun:a>; rel=ice-servers", ""},
    {"<stun:a>; rel=\"\"", ""},
    {"<stun:>" ICE, ""},
    {"<stuns:a>" ICE, ""},
    {"<http://a>" ICE, ""},
    {"<stun:a b>" ICE, ""},
    {"<stun:\xc3\xa4>" ICE, ""},
    {"<turn:t>" ICE, ""},
    {"<turn:t>" ICE "; username=u", ""},
    {"<turn:t>" ICE "; username=u; credential=\"\"", ""},
    {TURN "; credential-type=oauth", ""},
    {"", ""},
};

static void a_link_field_tells_of_ice_servers(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct signaling_ice_links links = {0};
        char got[2048] = "";
        size_t len = 0;

        signaling_ice_links_take(&links, bytes_of_text(rows[i].field));
        for (size_t j = 0; j < links.count; j++) {
            const struct signaling_ice_link *item = &links.items[j];
            len += (size_t)snprintf(got + len, sizeof got - len, "%s %s %s;", item->url,
                item->username, item->credential);
        }
        if (strcmp(got, rows[i].want) != 0) {
            fprintf(stderr, "%s: ", rows[i].field);
        }
        CHECK_TEXT(got, rows[i].want);
    }
}

static void no_text_is_longer_than_its_room(void)
{
    static const struct {
        size_t url, name, credential;
        size_t want;
    } lengths[] = {
        {299, 508, 511, 1},
        {300, 1, 1, 0},
        {10, 509, 1, 0},
        {10, 1, 512, 0},
        {10, 5000, 5000, 0},
    };
    static char x[5001];

    memset(x, 'x', sizeof x - 1);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        static char field[16000];
        struct signaling_ice_links links = {0};
        (void)snprintf(field, sizeof field,
            "<turn:%.*s>" ICE "; username=%.*s; credential=\"%.*s\"", (int)lengths[i].url - 5, x,
            (int)lengths[i].name, x, (int)lengths[i].credential, x);
        signaling_ice_links_take(&links, bytes_of_text(field));
        CHECK_EQ(links.count, lengths[i].want);
    }
}

static void eight_are_taken_from_all_fields(void)
{
    struct signaling_ice_links links = {0};

    for (int i = 0; i < 6; i++) {
        signaling_ice_links_take(&links, bytes_of_text("<stun:a>" ICE ", <stun:b>" ICE));
    }
    CHECK_EQ(links.count, 8);
    CHECK_TEXT(links.items[7].url, "stun:b");
}

TEST_MAIN(TEST(a_link_field_tells_of_ice_servers), TEST(no_text_is_longer_than_its_room),
    TEST(eight_are_taken_from_all_fields))
