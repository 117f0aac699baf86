// Routes: two maps, by path and by user name.

#include "runtime/route.h"

#include "base/addr.h"
#include "stun/attr.h"
#include "stun/msg.h"

struct route {
    struct map_entry entry;
    struct list_node link;
    struct route_owner *owner;
    uint8_t key[ROUTE_KEY_SIZE];
};

static void put_addr(struct writer *w, const struct yodel_addr *addr)
{
    put_bytes(w, bytes_of(addr->ip, sizeof addr->ip));
    put_u32(w, addr->scope_id);
}

// The local port is the same for all, and both ends are of one family.
static struct bytes key_of(uint8_t room[ROUTE_KEY_SIZE], const struct yodel_path *path)
{
    struct writer w = writer_of(span_of(room, ROUTE_KEY_SIZE));

    put_u8(&w, (uint8_t)path->local.family);
    put_addr(&w, &path->local);
    put_addr(&w, &path->remote);
    put_u16(&w, path->remote.port);
    return writer_bytes(&w);
}

static struct route *find_route(const struct routes *routes, const struct yodel_path *path)
{
    uint8_t key[ROUTE_KEY_SIZE];
    struct map_entry *entry = map_find(&routes->by_path, key_of(key, path));

    return entry ? CONTAINER_OF(entry, struct route, entry) : NULL;
}

void routes_init(struct routes *routes, const struct env *env)
{
    routes->env = env;
    map_init(&routes->by_path, env);
    map_init(&routes->by_name, env);
}

void routes_deinit(struct routes *routes)
{
    map_deinit(&routes->by_path);
    map_deinit(&routes->by_name);
}

void route_start(struct route_owner *owner, const yodel_peer *peer)
{
    *owner = (struct route_owner){.peer = peer};
    list_init(&owner->routes);
    owner->names[0].owner = owner;
    owner->names[1].owner = owner;
}

static void drop(struct routes *routes, struct route *route)
{
    map_remove(&routes->by_path, &route->entry);
    list_remove(&route->link);
    route->owner->route_count--;
    alloc_free(routes->env->alloc, route);
}

void route_forget(struct routes *routes, struct route_owner *owner)
{
    struct list_node *node;

    while ((node = list_first(&owner->routes))) {
        drop(routes, CONTAINER_OF(node, struct route, link));
    }
    map_remove(&routes->by_name, &owner->names[0].entry);
    map_remove(&routes->by_name, &owner->names[1].entry);
}

// The local fragment in the USERNAME of a binding request; empty for anything else.
static struct bytes local_name(struct bytes datagram)
{
    struct stun_msg msg;

    // RFC 7983 §7: STUN begins with a byte below four. Most datagrams are told apart by that.
    if (datagram.len < STUN_HEADER_SIZE || datagram.ptr[0] > 3 ||
        stun_msg_parse(&msg, datagram) != YODEL_OK || msg.type != (STUN_BINDING | STUN_REQUEST)) {
        return (struct bytes){0};
    }
    const struct stun_attr *name = stun_msg_find(&msg, STUN_USERNAME);
    if (!name) {
        return (struct bytes){0};
    }
    const uint8_t *colon = memchr(name->value.ptr, ':', name->value.len);
    return colon ? bytes_of(name->value.ptr, (size_t)(colon - name->value.ptr)) : (struct bytes){0};
}

static struct route_owner *owner_named(const struct routes *routes, struct bytes name)
{
    struct map_entry *entry = name.len > 0 ? map_find(&routes->by_name, name) : NULL;

    return entry ? CONTAINER_OF(entry, struct route_name, entry)->owner : NULL;
}

struct route_owner *route_find_named(const struct routes *routes, struct bytes datagram)
{
    return owner_named(routes, local_name(datagram));
}

struct route_owner *route_find(
    const struct routes *routes, const struct yodel_path *path, struct bytes datagram)
{
    struct bytes name = local_name(datagram);

    if (name.len > 0) {
        return owner_named(routes, name);
    }
    struct route *route = find_route(routes, path);
    return route ? route->owner : NULL;
}

static bool is_carried(const struct route_owner *owner, const struct yodel_path *path)
{
    struct yodel_path selected;
    const char *local_type, *remote_type;

    return yodel_peer_selected_path(owner->peer, &selected, &local_type, &remote_type) &&
           path_equal(&selected, path);
}

static void hand_over(struct route *route, struct route_owner *to)
{
    list_remove(&route->link);
    route->owner->route_count--;
    route->owner->last = (struct yodel_path){0};
    route->owner = to;
    list_push_back(&to->routes, &route->link);
    to->route_count++;
}

static void add(struct routes *routes, struct route_owner *owner, const struct yodel_path *path)
{
    struct route *route = alloc_new(routes->env->alloc, sizeof *route);

    if (!route) {
        return;
    }
    route->owner = owner;
    if (map_insert(&routes->by_path, &route->entry, key_of(route->key, path)) != YODEL_OK) {
        alloc_free(routes->env->alloc, route);
        return;
    }
    list_push_back(&owner->routes, &route->link);
    owner->route_count++;
}

// The oldest, unless that is the connection itself.
static void make_room(struct routes *routes, struct route_owner *owner)
{
    struct yodel_path selected;
    const char *local_type, *remote_type;
    struct route *oldest = CONTAINER_OF(list_first(&owner->routes), struct route, link);

    if (yodel_peer_selected_path(owner->peer, &selected, &local_type, &remote_type) &&
        find_route(routes, &selected) == oldest) {
        list_remove(&oldest->link);
        list_push_back(&owner->routes, &oldest->link);
        oldest = CONTAINER_OF(list_first(&owner->routes), struct route, link);
    }
    drop(routes, oldest);
}

void route_learn(struct routes *routes, struct route_owner *owner, const struct yodel_path *path)
{
    if (path_equal(&owner->last, path)) {
        return;
    }
    struct route *route = find_route(routes, path);
    if (!route) {
        if (owner->route_count == ROUTES_PER_PEER) {
            make_room(routes, owner);
        }
        add(routes, owner, path);
    } else if (route->owner != owner) {
        if (is_carried(route->owner, path)) {
            return;
        }
        hand_over(route, owner);
    }
    owner->last = *path;
}

static void rename_one(struct routes *routes, struct route_name *name, const char *text)
{
    size_t len = strlen(text);

    if (strcmp(name->text, text) == 0) {
        return;
    }
    map_remove(&routes->by_name, &name->entry);
    name->text[0] = '\0';
    if (len == 0 || len > ROUTE_NAME_MAX) {
        return;
    }
    memcpy(name->text, text, len + 1);
    if (map_insert(&routes->by_name, &name->entry, bytes_of(name->text, len)) != YODEL_OK) {
        name->text[0] = '\0'; // Tried again at the next occasion.
    }
}

void route_rename(struct routes *routes, struct route_owner *owner)
{
    const char *current, *previous;

    yodel_peer_local_ufrags(owner->peer, &current, &previous);
    if (strcmp(owner->names[0].text, current) == 0 && strcmp(owner->names[1].text, previous) == 0) {
        return;
    }
    // What was the current one is now the previous: out with both before either goes in.
    rename_one(routes, &owner->names[0], "");
    rename_one(routes, &owner->names[1], "");
    rename_one(routes, &owner->names[0], current);
    rename_one(routes, &owner->names[1], previous);
}
