// Relays: their life, their candidates, and the boundary between the agent's paths and the wire's.
//
// Implements  RFC 8445 §5.1.1.2, RFC 8656 §5

#include "ice/relay.h"

#include "ice/checks.h"
#include "ice/ice.h"

// ---- Coming and going.

static uint32_t count_of_server(const struct ice *ice, uint8_t server)
{
    uint32_t count = 0;

    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        count += ice->relays[i] && ice->relays[i]->server == server;
    }
    return count;
}

static struct yodel_path path_to(
    const struct yodel_addr *base, const struct ice_turn_server *server)
{
    struct yodel_path path = {
        .local = *base, .remote = server->addr, .transport = server->transport};

    if (server->transport != YODEL_UDP) {
        path.local.port = 0; // The stream's own.
    }
    path.remote.scope_id = base->scope_id;
    return path;
}

static struct ice_relay *find_path(const struct ice *ice, const struct yodel_path *path)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i] && path_equal(&ice->relays[i]->client.path, path)) {
            return ice->relays[i];
        }
    }
    return NULL;
}

static void begin(struct ice *ice, struct ice_relay *relay)
{
    const struct ice_turn_server *server = &ice->turn_servers[relay->server];
    struct turn_client_config config = {
        .path = path_to(&ice->locals[relay->local].addr, server),
        .username = server->username,
        .password = server->password,
    };

    turn_client_init(&relay->client, ice->env, &config);
    relay->is_started = false;
}

// A server on this very host is reached from any of its addresses; from loopback, no other one is.
static bool is_reachable(const struct yodel_addr *base, const struct yodel_addr *server)
{
    return base->family == server->family &&
           addr_is_link_local(base) == addr_is_link_local(server) &&
           (!addr_is_loopback(base) || addr_is_loopback(server));
}

static void add(struct ice *ice, uint8_t local, uint8_t server)
{
    struct yodel_path path = path_to(&ice->locals[local].addr, &ice->turn_servers[server]);
    size_t at = 0;

    if (!is_reachable(&path.local, &path.remote) || find_path(ice, &path) ||
        count_of_server(ice, server) == ICE_RELAYS_PER_SERVER_MAX) {
        return;
    }
    while (at < ICE_RELAYS_MAX && ice->relays[at]) {
        at++;
    }
    struct ice_relay *relay =
        at < ICE_RELAYS_MAX ? alloc_new(ice->env->alloc, sizeof *relay) : NULL;
    if (!relay) {
        ice->stats.drops[ICE_DROP_LIMIT]++;
        return;
    }
    *relay = (struct ice_relay){
        .local = local, .server = server, .settle_at = YODEL_NEVER, .retry_at = YODEL_NEVER};
    ice->relays[at] = relay;
    begin(ice, relay);
}

void ice_relay_add_server(struct ice *ice, const struct ice_turn_server *server)
{
    if (ice->config.is_lite || ice->turn_server_count == ICE_TURN_SERVERS_MAX ||
        server->addr.port == 0 || addr_is_any(&server->addr) || addr_is_multicast(&server->addr)) {
        ice->stats.drops[ICE_DROP_LIMIT]++;
        return;
    }
    ice->turn_servers[ice->turn_server_count++] = *server;
    for (uint8_t i = 0; i < ICE_LOCALS_MAX; i++) {
        if (ice_local_is_udp_host(&ice->locals[i])) {
            add(ice, i, (uint8_t)(ice->turn_server_count - 1));
        }
    }
}

void ice_relay_add_base(struct ice *ice, uint8_t local)
{
    for (uint8_t server = 0; server < ice->turn_server_count; server++) {
        add(ice, local, server);
    }
}

static void remove_candidates(struct ice *ice, size_t at)
{
    for (uint8_t i = 0; i < ICE_LOCALS_MAX; i++) {
        if (ice->locals[i].is_used && ice->locals[i].type == ICE_RELAY &&
            ice->locals[i].relay == at) {
            ice_local_remove(ice, i);
        }
    }
    ice->relays[at]->has_candidates = false;
}

static void free_relay(struct ice *ice, size_t at)
{
    turn_client_deinit(&ice->relays[at]->client);
    alloc_free(ice->env->alloc, ice->relays[at]);
    ice->relays[at] = NULL;
}

void ice_relay_remove_base(struct ice *ice, uint8_t local)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i] && ice->relays[i]->local == local) {
            remove_candidates(ice, i);
            free_relay(ice, i);
        }
    }
}

void ice_relay_deinit(struct ice *ice)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i]) {
            free_relay(ice, i);
        }
    }
}

void ice_relay_restart(struct ice *ice)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        struct ice_relay *relay = ice->relays[i];

        if (relay && relay->client.state == TURN_CLIENT_FAILED) {
            begin(ice, relay);
            relay->is_settled = false;
            relay->retries = 0;
            relay->retry_at = YODEL_NEVER;
        } else if (relay) {
            turn_client_release_all(&relay->client);
        }
    }
}

// ---- Gathering.

bool ice_relay_has_unstarted(const struct ice *ice)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i] && !ice->relays[i]->is_started) {
            return true;
        }
    }
    return false;
}

void ice_relay_start_next(struct ice *ice, yodel_time now)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        struct ice_relay *relay = ice->relays[i];

        if (relay && !relay->is_started) {
            relay->is_started = true;
            relay->settle_at = time_after(now, ICE_RELAY_WAIT);
            turn_client_start(&relay->client, now);
            return;
        }
    }
}

bool ice_relay_is_gathered(const struct ice *ice)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i] && !ice->relays[i]->is_settled) {
            return false;
        }
    }
    return true;
}

bool ice_relay_is_hopeless(const struct ice *ice)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        const struct ice_relay *relay = ice->relays[i];
        if (relay &&
            (relay->client.state != TURN_CLIENT_FAILED || relay->retry_at != YODEL_NEVER)) {
            return false;
        }
    }
    return true;
}

const char *ice_relay_failure(const struct ice *ice)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i] && ice->relays[i]->client.failure) {
            return ice->relays[i]->client.failure;
        }
    }
    return NULL;
}

const char *ice_relay_loss(const struct ice *ice)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i] && ice->relays[i]->loss) {
            return ice->relays[i]->loss;
        }
    }
    return NULL;
}

// What the server sees us as is a candidate too, and what we are to tell of a relayed one.
static void add_candidates(struct ice *ice, uint8_t at, yodel_time now)
{
    struct ice_relay *relay = ice->relays[at];
    const struct turn_client *client = &relay->client;

    relay->has_candidates = true;
    relay->was_ready = true;
    relay->ready_at = now;
    relay->loss = NULL;
    relay->retries = 0;
    if (client->path.transport == YODEL_UDP && client->mapped.family != YODEL_ADDR_NONE) {
        ice_local_add_mapped(ice, relay->local, &client->mapped, &client->path.remote);
    }
    for (size_t i = 0; i < COUNT(client->relayed); i++) {
        if (client->relayed[i].family != YODEL_ADDR_NONE) {
            ice_local_add_relayed(ice, at, &client->relayed[i], &client->mapped);
        }
    }
}

// From when the next try counts: what stood for long, and then was another's, as after a NAT's change
// of address, is asked for at once. Over a stream the end of the old one has to be told of before.
static yodel_time retries_since(const struct ice_relay *relay, yodel_time now)
{
    bool is_udp = relay->client.path.transport == YODEL_UDP;

    return is_udp && relay->has_candidates ? relay->ready_at : now;
}

// One that worked once; and one that gave no answer, while there is no path without it. Where there
// can be none, that is a failure, and a restart asks again. What is answered along a path that another
// was sent on to, that one hears.
static bool is_worth_asking(const struct ice *ice, const struct ice_relay *relay)
{
    bool is_silent = relay->client.error == 0 && find_path(ice, &relay->client.path) == relay;
    bool is_missed = !ice->selected.is_used && !ice->is_failed && !ice->config.is_relay_only;

    return relay->was_ready || (is_silent && is_missed);
}

static void lose(struct ice *ice, uint8_t at, yodel_time now)
{
    struct ice_relay *relay = ice->relays[at];
    yodel_time since = retries_since(relay, now);

    if (relay->has_candidates) {
        remove_candidates(ice, at);
        relay->loss = relay->client.failure;
    }
    if (is_worth_asking(ice, relay) && relay->retry_at == YODEL_NEVER &&
        relay->retries < ICE_RELAY_RETRIES_MAX) {
        relay->retry_at = time_after(since, ICE_RELAY_RETRY << relay->retries);
        relay->retries++;
    }
    if (now >= relay->retry_at) {
        relay->retry_at = YODEL_NEVER;
        begin(ice, relay);
    }
}

// ---- Peers.

// The relay that a local candidate is, or NULL.
static struct ice_relay *relay_of(const struct ice *ice, uint8_t local)
{
    return ice->locals[local].type == ICE_RELAY ? ice->relays[ice->locals[local].relay] : NULL;
}

bool ice_relay_is_open(const struct ice *ice, const struct ice_pair *pair)
{
    const struct ice_relay *relay = relay_of(ice, pair->local);

    return !relay ||
           turn_grants_is_permitted(&relay->client.grants, &ice->remotes[pair->remote].addr);
}

// What is to be reached is asked for before its turn to be checked comes.
static void ask_for_peers(struct ice *ice)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];
        struct ice_relay *relay = pair->is_used ? relay_of(ice, pair->local) : NULL;

        if (relay && pair->state != ICE_PAIR_FAILED &&
            turn_client_permit(&relay->client, &ice->remotes[pair->remote].addr) ==
                TURN_GRANT_REFUSED) {
            ice_checks_fail(pair);
        }
    }
}

void ice_relay_doubt(struct ice *ice, yodel_time now)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i]) {
            turn_client_doubt(&ice->relays[i]->client, now);
        }
    }
}

// The path in use has a channel; and where it is of before a restart, no pair.
static void ask_for_selected(struct ice *ice)
{
    const struct yodel_path *path = &ice->selected.path;
    uint8_t local =
        ice->selected.is_used ? ice_local_find_base(ice, path->transport, &path->local) : ICE_NONE;
    struct ice_relay *relay = local != ICE_NONE ? relay_of(ice, local) : NULL;

    if (relay) {
        (void)turn_client_permit(&relay->client, &path->remote);
        turn_client_bind(&relay->client, &path->remote);
    }
}

void ice_relay_run(struct ice *ice, yodel_time now)
{
    if (ice->turn_server_count == 0) {
        return;
    }
    for (uint8_t i = 0; i < ICE_RELAYS_MAX; i++) {
        struct ice_relay *relay = ice->relays[i];

        if (!relay || !relay->is_started) {
            continue;
        }
        turn_client_tick(&relay->client, now);
        bool is_ready = relay->client.state == TURN_CLIENT_READY;
        bool is_lost = relay->client.state == TURN_CLIENT_FAILED;
        relay->is_settled = relay->is_settled || is_ready || is_lost || now >= relay->settle_at;
        if (is_ready && !relay->has_candidates) {
            add_candidates(ice, i, now);
        } else if (is_lost) {
            lose(ice, i, now);
        }
    }
    ask_for_peers(ice);
    ask_for_selected(ice);
}

yodel_time ice_relay_next_timeout(const struct ice *ice)
{
    yodel_time earliest = YODEL_NEVER;

    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        const struct ice_relay *relay = ice->relays[i];

        if (relay && relay->is_started) {
            earliest = time_min(earliest, turn_client_next_timeout(&relay->client));
            earliest = time_min(earliest, relay->retry_at);
            earliest = relay->is_settled ? earliest : time_min(earliest, relay->settle_at);
        }
    }
    return earliest;
}

// ---- Datagrams.

size_t ice_relay_emit(struct ice *ice, struct span room, struct yodel_path *path, yodel_time now)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        struct ice_relay *relay = ice->relays[i];
        size_t len = relay && relay->is_started ? turn_client_emit(&relay->client, room, now) : 0;

        if (len > 0) {
            *path = relay->client.path;
            return len;
        }
    }
    return 0;
}

bool ice_relay_matches(const struct ice *ice, const struct stun_msg *msg)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i] && turn_client_matches(&ice->relays[i]->client, msg)) {
            return true;
        }
    }
    return false;
}

// The relay from whose address a path of the agent's leads, or NULL.
static struct ice_relay *find_inner(const struct ice *ice, const struct yodel_path *path)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX && path->transport == YODEL_UDP; i++) {
        struct yodel_addr relayed;

        if (ice->relays[i] &&
            turn_client_relayed(&ice->relays[i]->client, &path->local, &relayed) &&
            addr_equal(&relayed, &path->local)) {
            return ice->relays[i];
        }
    }
    return NULL;
}

size_t ice_head(const struct ice *ice, const struct yodel_path *path)
{
    const struct ice_relay *relay = ice->turn_server_count > 0 ? find_inner(ice, path) : NULL;

    return relay ? turn_client_head(&relay->client, &path->remote) : 0;
}

size_t ice_wrap(
    struct ice *ice, struct span room, struct yodel_path *path, size_t len, yodel_time now)
{
    struct ice_relay *relay = len > 0 && ice->turn_server_count > 0 ? find_inner(ice, path) : NULL;

    if (!relay) {
        return ice->config.is_relay_only ? 0 : len; // What a relay just lost goes nowhere.
    }
    len = turn_client_wrap(&relay->client, room, &path->remote, len, now);
    *path = relay->client.path;
    return len;
}

// The server may answer Binding requests too, and it may be where the peer is: those go on.
static bool is_for_client(struct bytes datagram)
{
    if (turn_msg_is_channel_data(datagram)) {
        return true;
    }
    return datagram.len >= STUN_HEADER_SIZE && datagram.ptr[0] < 4 &&
           ((datagram.ptr[0] << 8 | datagram.ptr[1]) & ~STUN_CLASS_MASK) != STUN_BINDING;
}

bool ice_unwrap(struct ice *ice, struct yodel_path *path, struct span *datagram, yodel_time now)
{
    bool is_inside = ice->turn_server_count > 0 && is_for_client(bytes_of_span(*datagram));
    struct ice_relay *relay = is_inside ? find_path(ice, path) : NULL;
    struct turn_client_data data;

    if (!relay) {
        return true;
    }
    if (!turn_client_recv(&relay->client, *datagram, &data, now)) {
        ice->quiet_until = 0; // The server has answered: something follows.
        ice->is_dirty = true;
        return false;
    }
    *path = (struct yodel_path){.local = data.relayed, .remote = data.peer, .transport = YODEL_UDP};
    *datagram = data.payload;
    return data.payload.len > 0;
}

size_t ice_emit_farewell(struct ice *ice, struct span room, struct yodel_path *path, yodel_time now)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        if (ice->relays[i]) {
            turn_client_close(&ice->relays[i]->client);
        }
    }
    return ice_relay_emit(ice, room, path, now);
}

// ---- Streams.

bool ice_relay_next_stream(struct ice *ice, struct ice_event *event)
{
    for (size_t i = 0; i < ICE_RELAYS_MAX; i++) {
        struct ice_relay *relay = ice->relays[i];
        struct yodel_path path;
        bool opens;

        if (relay && turn_client_next_stream(&relay->client, &path, &opens)) {
            *event = (struct ice_event){
                .type = opens ? ICE_EVENT_CONNECT : ICE_EVENT_DISCONNECT,
                .path = path,
                .name = ice->turn_servers[relay->server].host,
                .framing = YODEL_FRAMING_TURN,
            };
            return true;
        }
    }
    return false;
}

void ice_relay_connected(struct ice *ice, const struct yodel_path *path)
{
    struct ice_relay *relay = find_path(ice, path);

    if (relay) {
        turn_client_connected(&relay->client, path);
    }
}

void ice_relay_disconnected(struct ice *ice, const struct yodel_path *path)
{
    struct ice_relay *relay = find_path(ice, path);

    if (relay) {
        turn_client_disconnected(&relay->client, path);
    }
}
