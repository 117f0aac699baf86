// Routes: which peer a datagram is for, by name and by path, and who may take a path over.

#include "runtime/route.h"

#include "base/addr.h"
#include "check.h"
#include "net/env.h"
#include "runtime/fake_peer.h"
#include "stun/attr.h"
#include "stun/msg.h"

struct scene {
    struct routes routes;
    yodel_peer ann, bob;
    struct route_owner to_ann, to_bob;
};

static struct yodel_path path_from(uint16_t port)
{
    return (struct yodel_path){
        .local = addr_v4(127, 0, 0, 1, 1), .remote = addr_v4(192, 0, 2, 1, port)};
}

static void scene_open(struct scene *s)
{
    *s = (struct scene){.ann = {.ufrag = "ann"}, .bob = {.ufrag = "bob"}};
    routes_init(&s->routes, net_env_system(LOG_ERROR, NET_ENV_TEXT));
    route_start(&s->to_ann, &s->ann);
    route_start(&s->to_bob, &s->bob);
    route_rename(&s->routes, &s->to_ann);
    route_rename(&s->routes, &s->to_bob);
}

static void scene_close(struct scene *s)
{
    route_forget(&s->routes, &s->to_ann);
    route_forget(&s->routes, &s->to_bob);
    routes_deinit(&s->routes);
}

static struct route_owner *find(struct scene *s, uint16_t port, const char *datagram)
{
    struct yodel_path path = path_from(port);

    return route_find(&s->routes, &path, bytes_of_text(datagram));
}

static struct route_owner *find_request(struct scene *s, uint16_t port, const char *name)
{
    static const uint8_t id[STUN_ID_SIZE] = "abcdefghijk";
    struct yodel_path path = path_from(port);
    uint8_t room[512];
    struct writer w = writer_of(span_of(room, sizeof room));

    stun_msg_put_header(&w, STUN_BINDING | STUN_REQUEST, id);
    if (name) {
        stun_msg_put_attr(&w, STUN_USERNAME, bytes_of_text(name));
    }
    return route_find(&s->routes, &path, writer_bytes(&w));
}

static void learn(struct scene *s, struct route_owner *owner, uint16_t port)
{
    struct yodel_path path = path_from(port);

    route_learn(&s->routes, owner, &path);
}

static void a_request_is_the_peers_whose_name_it_bears(void)
{
    struct scene s;

    scene_open(&s);
    learn(&s, &s.to_bob, 7);
    CHECK(find_request(&s, 5, "ann:x") == &s.to_ann);
    CHECK(find_request(&s, 5, "bob:x") == &s.to_bob);
    CHECK(find_request(&s, 7, "ann:x") == &s.to_ann); // Even along another's path.
    CHECK(find_request(&s, 7, "eve:x") == NULL);
    CHECK(find_request(&s, 7, "annx") == &s.to_bob); // No name at all: by its path.
    CHECK(find_request(&s, 7, ":ann") == &s.to_bob);
    CHECK(find_request(&s, 5, NULL) == NULL);
    scene_close(&s);
}

static void anything_else_goes_by_its_path(void)
{
    struct scene s;

    scene_open(&s);
    CHECK(find(&s, 7, "\x16hello") == NULL); // A stranger.
    learn(&s, &s.to_ann, 7);
    learn(&s, &s.to_bob, 8);
    CHECK(find(&s, 7, "\x16hello") == &s.to_ann);
    CHECK(find(&s, 8, "\x16hello") == &s.to_bob);
    CHECK(find(&s, 9, "\x16hello") == NULL);
    route_forget(&s.routes, &s.to_ann);
    CHECK(find(&s, 7, "\x16hello") == NULL);
    CHECK(find_request(&s, 7, "ann:x") == NULL);
    scene_close(&s);
}

static void a_connections_path_is_not_given_away(void)
{
    struct scene s;

    scene_open(&s);
    learn(&s, &s.to_ann, 7);
    s.ann.has_selected = true;
    s.ann.selected = path_from(7);
    learn(&s, &s.to_bob, 7);
    CHECK(find(&s, 7, "data") == &s.to_ann);
    s.ann.has_selected = false; // It was only a check: who spoke last is answered.
    learn(&s, &s.to_bob, 7);
    CHECK(find(&s, 7, "data") == &s.to_bob);
    learn(&s, &s.to_ann, 7);
    CHECK(find(&s, 7, "data") == &s.to_ann);
    scene_close(&s);
}

static void names_follow_a_restart(void)
{
    struct scene s;

    scene_open(&s);
    s.ann.ufrag = "new";
    s.ann.old_ufrag = "ann";
    route_rename(&s.routes, &s.to_ann);
    CHECK(find_request(&s, 5, "new:x") == &s.to_ann);
    CHECK(find_request(&s, 5, "ann:x") == &s.to_ann);
    s.ann.old_ufrag = "";
    route_rename(&s.routes, &s.to_ann);
    CHECK(find_request(&s, 5, "new:x") == &s.to_ann);
    CHECK(find_request(&s, 5, "ann:x") == NULL);
    s.ann.ufrag = "bob"; // Taken: the first keeps it.
    route_rename(&s.routes, &s.to_ann);
    CHECK(find_request(&s, 5, "bob:x") == &s.to_bob);
    scene_close(&s);
}

static void a_peer_keeps_so_many_routes_and_its_connections(void)
{
    struct scene s;

    scene_open(&s);
    s.ann.has_selected = true;
    s.ann.selected = path_from(1);
    for (uint16_t port = 1; port <= ROUTES_PER_PEER + 10; port++) {
        learn(&s, &s.to_ann, port);
    }
    CHECK_EQ(s.to_ann.route_count, ROUTES_PER_PEER);
    CHECK(find(&s, 1, "data") == &s.to_ann);
    CHECK(find(&s, 2, "data") == NULL);
    CHECK(find(&s, ROUTES_PER_PEER + 10, "data") == &s.to_ann);
    scene_close(&s);
}

TEST_MAIN(TEST(a_request_is_the_peers_whose_name_it_bears), TEST(anything_else_goes_by_its_path),
    TEST(a_connections_path_is_not_given_away), TEST(names_follow_a_restart),
    TEST(a_peer_keeps_so_many_routes_and_its_connections))
