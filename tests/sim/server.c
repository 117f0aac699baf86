// The simulator's servers.

#include "server.h"

#include "base/addr.h"
#include "base/assert.h"
#include "sim.h"
#include "stun/attr.h"
#include "stun/auth.h"
#include "stun/server.h"
#include "turn/msg.h"

struct sim_server *server_add(struct sim *sim, const struct yodel_addr *addr)
{
    for (int i = 0; i < SIM_SERVERS_MAX; i++) {
        struct sim_server *server = &sim->servers[i];

        if (!server->is_used) {
            int link = network_attach(&sim->network, NETWORK_INTERNET, addr, SIM_SERVER_OWNER + i);
            *server = (struct sim_server){.is_used = true, .link = link, .addr = *addr};
            return server;
        }
    }
    sim_fail(sim, "there is room for a server", __FILE__, __LINE__);
}

// ---- TURN

static void random_bytes(void *ctx, struct span out)
{
    struct sim *sim = ctx;

    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] = (uint8_t)prng_next(&sim->prng);
    }
}

static void start(struct sim_server *server, const struct turn_limits *limits)
{
    struct turn_server_config config = {.env = &server->env,
        .credentials = &server->credentials,
        .v4.bound = server->addr,
        .listeners = {server->addr},
        .listener_count = 1,
        .limits = *limits};

    enum yodel_err err = turn_server_new(&server->turn, &config);
    YODEL_ASSERT(err == YODEL_OK);
}

void server_limit(struct sim_server *server, const struct turn_limits *limits)
{
    turn_server_free(server->turn);
    start(server, limits);
}

struct sim_server *server_add_turn(struct sim *sim, const struct yodel_addr *addr)
{
    struct sim_server *server = server_add(sim, addr);

    server->env = (struct env){
        .alloc = alloc_system(), .random = random_bytes, .ctx = sim, .log_level = LOG_ERROR};
    turn_credentials_init(&server->credentials, &server->env);
    enum yodel_err err = turn_credentials_add_realm(&server->credentials, bytes_of_text("sim"));
    YODEL_ASSERT(err == YODEL_OK);
    err = turn_credentials_add_user(
        &server->credentials, bytes_of_text("alice"), bytes_of_text("secret"));
    YODEL_ASSERT(err == YODEL_OK);
    start(server, &(struct turn_limits){0});
    return server;
}

void server_deinit(struct sim *sim)
{
    for (int i = 0; i < SIM_SERVERS_MAX; i++) {
        if (sim->servers[i].turn) {
            turn_server_free(sim->servers[i].turn);
            turn_credentials_deinit(&sim->servers[i].credentials);
        }
    }
}

// Sends what an input led to, by a stream where the client has one; what is carried on is still from who sent it at first.
static void put(
    struct sim *sim, const struct sim_server *server, const struct turn_output *out, int origin)
{
    struct yodel_path path = {.local = out->relay ? out->relay->bound : out->client.local,
        .remote = out->relay ? out->peer : out->client.addr};
    uint8_t room[YODEL_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));

    put_bytes(&w, out->head);
    put_bytes(&w, out->body);
    put_zeros(&w, out->padding);
    if (!out->relay && out->client.stream != 0) {
        stream_answer(sim, out->client.stream, writer_bytes(&w));
        return;
    }
    if (out->body.len > 0) {
        network_relay(&sim->network, server->link, origin, &path, writer_bytes(&w), sim->now);
    } else {
        network_send(&sim->network, server->link, &path, room, writer_bytes(&w).len, sim->now);
    }
}

static struct turn_relay **find_relay(struct sim_server *server, const struct turn_relay *relay)
{
    for (size_t i = 0; i < SIM_RELAYS_MAX; i++) {
        if (server->relays[i] == relay) {
            return &server->relays[i];
        }
    }
    return NULL;
}

static void settle(struct sim *sim, struct sim_server *server)
{
    struct turn_server_event event;
    uint8_t room[TURN_SERVER_ROOM];

    while (turn_server_next_event(server->turn, &event)) {
        bool is_open = event.type == TURN_SERVER_OPEN;
        struct turn_relay **at = find_relay(server, is_open ? NULL : event.relay);
        struct turn_output out;

        if (at) {
            *at = is_open ? event.relay : NULL;
        }
        if (is_open && turn_server_opened(server->turn, event.relay, at != NULL,
                           span_of(room, sizeof room), &out, sim->now)) {
            put(sim, server, &out, 0);
        }
    }
}

static struct turn_client_id client_of(const struct yodel_path *path, uint64_t stream)
{
    enum yodel_transport by = path->local.port == SIM_SERVER_TLS ? YODEL_TLS : YODEL_TCP;

    return (struct turn_client_id){.addr = path->remote,
        .local = path->local,
        .transport = stream == 0 ? YODEL_UDP : by,
        .stream = stream};
}

void server_disconnected(struct sim *sim, int owner, const struct yodel_path *path, uint64_t stream)
{
    struct sim_server *server = &sim->servers[owner - SIM_SERVER_OWNER];
    struct turn_client_id client = client_of(path, stream);

    turn_server_stream_closed(server->turn, &client);
    settle(sim, server);
}

// RFC 8489 §10. Nobody has signed anything yet.
static bool redirect(
    struct sim *sim, struct sim_server *server, const struct network_arrival *arrival)
{
    uint8_t room[128];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct stun_msg msg;

    if (server->alternate.family == YODEL_ADDR_NONE ||
        stun_msg_parse(&msg, bytes_of(arrival->datagram, arrival->len)) != YODEL_OK ||
        msg.type != (TURN_ALLOCATE | STUN_REQUEST)) {
        return false;
    }
    server->redirected++;
    stun_msg_put_header(&w, TURN_ALLOCATE | STUN_ERROR, msg.id);
    stun_attr_put_error(&w, STUN_TRY_ALTERNATE, "Try Alternate");
    stun_attr_put_addr(&w, STUN_ALTERNATE_SERVER, &server->alternate);
    stun_auth_put_fingerprint(&w);
    struct turn_output out = {
        .client = client_of(&arrival->path, arrival->stream), .head = writer_bytes(&w)};
    put(sim, server, &out, 0);
    return true;
}

static void take_turn(
    struct sim *sim, struct sim_server *server, const struct network_arrival *arrival)
{
    struct turn_client_id client = client_of(&arrival->path, arrival->stream);
    struct bytes datagram = bytes_of(arrival->datagram, arrival->len);
    uint8_t room[TURN_SERVER_ROOM];
    struct span span = span_of(room, sizeof room);
    struct turn_output out;
    bool is_said = false;

    if (arrival->stream != 0 || arrival->path.local.port == server->addr.port) {
        is_said = turn_server_recv(server->turn, &client, datagram, span, &out, sim->now);
    }
    for (size_t i = 0; arrival->stream == 0 && i < SIM_RELAYS_MAX; i++) {
        struct turn_relay *relay = server->relays[i];

        if (relay && relay->bound.port == arrival->path.local.port) {
            is_said = turn_server_recv_peer(
                server->turn, relay, &arrival->path.remote, datagram, span, &out, sim->now);
        }
    }
    if (is_said) {
        put(sim, server, &out, arrival->origin);
    }
    settle(sim, server);
}

void server_tick(struct sim *sim)
{
    for (int i = 0; i < SIM_SERVERS_MAX; i++) {
        struct sim_server *server = &sim->servers[i];

        if (server->turn && !server->is_dead) {
            turn_server_tick(server->turn, sim->now);
            settle(sim, server);
        }
    }
}

yodel_time server_next_at(const struct sim *sim)
{
    yodel_time at = YODEL_NEVER;

    for (int i = 0; i < SIM_SERVERS_MAX; i++) {
        const struct sim_server *server = &sim->servers[i];

        if (server->turn && !server->is_dead) {
            at = time_min(at, turn_server_next_timeout(server->turn));
        }
    }
    return at;
}

// ---- all of them

static void cut_off(struct sim *sim, const struct sim_server *server)
{
    struct network_link *link = &sim->network.links[server->link];

    link->is_cut_in = link->is_cut_out = true;
}

void server_kill(struct sim *sim, struct sim_server *server)
{
    server->is_dead = true;
    cut_off(sim, server);
}

void server_crash(struct sim *sim, struct sim_server *server)
{
    server->is_dead = true;
    stream_reset_all(sim, SIM_SERVER_OWNER + (int)(server - sim->servers));
}

bool server_is_listening(const struct sim *sim, int owner, const struct yodel_addr *local)
{
    const struct sim_server *server = &sim->servers[owner - SIM_SERVER_OWNER];

    return server->turn && !server->is_dead &&
           (local->port == server->addr.port || local->port == SIM_SERVER_TLS);
}

bool server_is_at(const struct sim *sim, const struct yodel_addr *addr)
{
    struct yodel_addr v4 = *addr;

    (void)nat_extract(&v4); // As one with IPv6 alone sees it.
    for (int i = 0; i < SIM_SERVERS_MAX; i++) {
        if (sim->servers[i].is_used && addr_same_ip(&sim->servers[i].addr, &v4)) {
            return true;
        }
    }
    return false;
}

void server_take(struct sim *sim, const struct network_arrival *arrival)
{
    struct sim_server *server =
        &sim->servers[sim->network.links[arrival->link].owner - SIM_SERVER_OWNER];
    uint8_t room[STUN_SERVER_ANSWER_MAX];

    if (server->turn && !server->is_dead && !redirect(sim, server, arrival)) {
        take_turn(sim, server, arrival);
    }
    if (server->turn || server->is_dead || arrival->path.local.port != server->addr.port) {
        return;
    }
    size_t len = stun_server_answer(bytes_of(arrival->datagram, arrival->len),
        &arrival->path.remote, span_of(room, sizeof room));
    if (len > 0) {
        network_send(&sim->network, server->link, &arrival->path, room, len, sim->now);
    }
}
