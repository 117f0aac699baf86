// TURN, shared: ports, holders and reservations.
//
// Implements  RFC 8656 §7.2

#include "turn/shared.h"

#include "base/assert.h"
#include "stun/auth.h"

#define PORT_MIN 49152 // RFC 6335 §6: what nobody registers.
#define PORT_MAX 65535
#define NAME_MAX_LEN (TURN_CREDENTIALS_REALM_MAX + STUN_AUTH_USERNAME_MAX)

// ---- who holds how many

static struct turn_holder *holder_of(struct map_entry *entry)
{
    return entry ? CONTAINER_OF(entry, struct turn_holder, by_name) : NULL;
}

// `realm_len` bytes of a name are a realm.
static struct turn_holder *hold(struct turn_shared *shared, struct map *map, struct bytes name,
    size_t realm_len, uint32_t max, bool *is_full)
{
    struct turn_holder *holder = holder_of(map_find(map, name));

    *is_full = holder && holder->held >= max;
    if (*is_full) {
        return NULL;
    }
    if (!holder) {
        holder = alloc_new(shared->env->alloc, sizeof *holder + name.len);
        if (!holder) {
            return NULL;
        }
        holder->realm_len = (uint32_t)realm_len;
        memcpy(holder->name, name.ptr, name.len);
        if (map_insert(map, &holder->by_name, bytes_of(holder->name, name.len)) != YODEL_OK) {
            alloc_free(shared->env->alloc, holder);
            return NULL;
        }
    }
    holder->held++;
    return holder;
}

static void let_go(struct turn_shared *shared, struct map *map, struct turn_holder *holder)
{
    if (holder && --holder->held == 0) {
        map_remove(map, &holder->by_name);
        alloc_free(shared->env->alloc, holder);
    }
}

// A realm is at most TURN_CREDENTIALS_REALM_MAX long, an identity is part of a STUN username.
struct turn_holder *turn_shared_hold_user(struct turn_shared *shared, struct bytes realm,
    struct bytes identity, uint32_t max, bool *is_full)
{
    uint8_t room[NAME_MAX_LEN];
    struct writer w = writer_of(span_of(room, sizeof room));

    put_bytes(&w, realm);
    put_bytes(&w, identity);
    YODEL_ASSERT(!w.failed);
    return hold(shared, &shared->users, writer_bytes(&w), realm.len, max, is_full);
}

struct turn_holder *turn_shared_hold_source(
    struct turn_shared *shared, const struct yodel_addr *client, uint32_t max, bool *is_full)
{
    uint8_t name[ADDR_SOURCE_SIZE];

    return hold(shared, &shared->sources, addr_source(name, client), 0, max, is_full);
}

void turn_shared_let_user_go(struct turn_shared *shared, struct turn_holder *user)
{
    let_go(shared, &shared->users, user);
}

void turn_shared_let_source_go(struct turn_shared *shared, struct turn_holder *source)
{
    let_go(shared, &shared->sources, source);
}

// ---- reservations

enum yodel_err turn_shared_reserve(struct turn_shared *shared, struct turn_holder *user, int family,
    uint16_t port, struct turn_reservation **reservation, yodel_time now)
{
    struct turn_reservation *made = alloc_new(shared->env->alloc, sizeof *made);

    if (!made) {
        return YODEL_ERR_NO_MEMORY;
    }
    env_random(shared->env, span_of(made->token, sizeof made->token));
    enum yodel_err err =
        map_insert(&shared->tokens, &made->by_token, bytes_of(made->token, sizeof made->token));
    if (err != YODEL_OK) {
        alloc_free(shared->env->alloc, made);
        return err;
    }
    made->family = (uint8_t)family;
    made->port = port;
    made->expires = time_after(now, TURN_SERVER_RESERVATION_LIFETIME);
    made->user = user;
    user->held++;
    list_push_back(&shared->reservations, &made->by_age);
    *reservation = made;
    return YODEL_OK;
}

static bool is_user(const struct turn_holder *user, struct bytes realm, struct bytes identity)
{
    struct bytes name = user->by_name.key;

    return bytes_equal(bytes_sub(name, 0, user->realm_len), realm) &&
           bytes_equal(bytes_sub(name, user->realm_len, name.len), identity);
}

struct turn_reservation *turn_shared_find_reservation(
    struct turn_shared *shared, struct bytes token, struct bytes realm, struct bytes identity)
{
    struct map_entry *entry = map_find(&shared->tokens, token);
    struct turn_reservation *found =
        entry ? CONTAINER_OF(entry, struct turn_reservation, by_token) : NULL;

    return found && is_user(found->user, realm, identity) ? found : NULL;
}

void turn_shared_free_reservation(
    struct turn_shared *shared, struct turn_reservation *reservation, bool gives_port)
{
    if (gives_port) {
        turn_ports_give(&shared->ports[reservation->family], reservation->port);
    }
    map_remove(&shared->tokens, &reservation->by_token);
    list_remove(&reservation->by_age);
    turn_shared_let_user_go(shared, reservation->user);
    alloc_free(shared->env->alloc, reservation);
}

static struct turn_reservation *oldest_reservation(const struct turn_shared *shared)
{
    struct list_node *node = list_first(&shared->reservations);

    return node ? CONTAINER_OF(node, struct turn_reservation, by_age) : NULL;
}

void turn_shared_tick(struct turn_shared *shared, yodel_time now)
{
    struct turn_reservation *reservation;

    while ((reservation = oldest_reservation(shared)) && reservation->expires <= now) {
        turn_shared_free_reservation(shared, reservation, true);
    }
}

yodel_time turn_shared_next_timeout(const struct turn_shared *shared)
{
    const struct turn_reservation *reservation = oldest_reservation(shared);

    return reservation ? reservation->expires : YODEL_NEVER;
}

// ---- its life

enum yodel_err turn_shared_new(struct turn_shared **shared, const struct env *env,
    uint16_t port_min, uint16_t port_max, const struct turn_lock *lock)
{
    struct turn_shared *made = alloc_new(env->alloc, sizeof *made);
    enum yodel_err err = YODEL_OK;

    if (!made) {
        return YODEL_ERR_NO_MEMORY;
    }
    made->env = env;
    made->lock = lock ? *lock : made->lock;
    map_init(&made->users, env);
    map_init(&made->sources, env);
    map_init(&made->tokens, env);
    list_init(&made->reservations);
    port_min = port_min == 0 ? PORT_MIN : port_min;
    port_max = port_max == 0 ? PORT_MAX : port_max;
    for (int family = 0; err == YODEL_OK && family < TURN_FAMILIES; family++) {
        err = turn_ports_init(&made->ports[family], env, port_min, port_max);
    }
    if (err != YODEL_OK) {
        turn_shared_free(made);
        return err;
    }
    *shared = made;
    return YODEL_OK;
}

void turn_shared_free(struct turn_shared *shared)
{
    if (!shared) {
        return;
    }
    YODEL_ASSERT(shared->allocations == 0); // The servers are gone.
    turn_shared_tick(shared, YODEL_NEVER);
    for (int family = 0; family < TURN_FAMILIES; family++) {
        turn_ports_deinit(&shared->ports[family]);
    }
    map_deinit(&shared->users);
    map_deinit(&shared->sources);
    map_deinit(&shared->tokens);
    alloc_free(shared->env->alloc, shared);
}
