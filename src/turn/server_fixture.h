// For the tests and fuzzers of the server: a server with its credentials in memory that is counted,
// clients that say what they are told to, and sockets that always or never open.
//
// Not here    anything that ships

#ifndef TURN_SERVER_FIXTURE_H
#define TURN_SERVER_FIXTURE_H

#include "base/assert.h"
#include "capped_alloc.h"
#include "stun/auth.h"
#include "turn/frame.h"
#include "turn/msg.h"
#include "turn/server.h"

#define WORLD_RELAYS 72
#define WORLD_CONNECTIONS 4100

struct world {
    struct capped_alloc memory;
    uint64_t seed;
    struct env env;
    struct turn_credentials credentials;
    struct turn_server_config config;
    struct turn_server *server;
    yodel_time now;
    struct turn_client_id client; // Who speaks.
    const char *user, *password, *realm;
    uint8_t nonce[64];
    size_t nonce_len;
    bool is_open_refused, is_connect_refused, is_connect_slow;
    uint8_t next_id;
    struct turn_relay *relays[WORLD_RELAYS]; // That are open, the latest last.
    size_t relay_count;
    uint32_t closed;
    struct turn_connection *connections[WORLD_CONNECTIONS]; // With peers, the latest last.
    size_t connection_count;
    uint32_t hung_up;
    uint8_t asked[70000], answered[TURN_SERVER_ROOM];
    struct writer w; // What is asked next.
    struct turn_output out;
    struct stun_msg answer;
    bool has_answer;
};

static inline void world_random(void *ctx, struct span out)
{
    uint64_t *state = ctx;

    for (size_t i = 0; i < out.len; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        out.ptr[i] = (uint8_t)(*state >> 56);
    }
}

static inline struct yodel_addr world_addr(const char *text)
{
    struct yodel_addr addr;

    YODEL_ASSERT(addr_parse(&addr, bytes_of_text(text)) == YODEL_OK);
    return addr;
}

static inline void world_prepare(struct world *s)
{
    *s = (struct world){.memory = capped_alloc(SIZE_MAX),
        .seed = 7,
        .now = YODEL_SECONDS(100000),
        .user = "alice",
        .password = "secret",
        .realm = "yodel"};
    s->env = (struct env){.alloc = &s->memory.alloc, .random = world_random, .ctx = &s->seed};
    s->client.addr = world_addr("198.18.0.7:40000");
    s->client.local = world_addr("192.0.2.1:3478");
    turn_credentials_init(&s->credentials, &s->env);
    s->config = (struct turn_server_config){.env = &s->env,
        .credentials = &s->credentials,
        .v4.bound = world_addr("192.0.2.1:0"),
        .v6.bound = world_addr("[2001:db8::1]:0"),
        .listeners = {s->client.local},
        .listener_count = 1};
}

// Fails where memory does.
static inline enum yodel_err world_add_users(struct world *s)
{
    enum yodel_err err = turn_credentials_add_realm(&s->credentials, bytes_of_text("yodel"));

    if (err == YODEL_OK) {
        err = turn_credentials_add_user(
            &s->credentials, bytes_of_text("alice"), bytes_of_text("secret"));
    }
    if (err == YODEL_OK) {
        err = turn_credentials_add_user(
            &s->credentials, bytes_of_text("bob"), bytes_of_text("hunter2"));
    }
    return err;
}

static inline void world_start(struct world *s)
{
    YODEL_ASSERT(world_add_users(s) == YODEL_OK);
    YODEL_ASSERT(turn_server_new(&s->server, &s->config) == YODEL_OK);
}

static inline void world_init(struct world *s)
{
    world_prepare(s);
    world_start(s);
}

static inline void world_deinit(struct world *s)
{
    turn_server_free(s->server);
    turn_credentials_deinit(&s->credentials);
    YODEL_ASSERT(s->memory.held == 0);
}

static inline void world_keep_answer(struct world *s, bool is_said)
{
    if (is_said && !s->out.relay && s->out.body.len == 0) {
        YODEL_ASSERT(stun_msg_parse(&s->answer, s->out.head) == YODEL_OK);
        s->has_answer = true;
        const struct stun_attr *nonce = stun_msg_find(&s->answer, STUN_NONCE);
        if (nonce) {
            YODEL_ASSERT(nonce->value.len <= sizeof s->nonce);
            memcpy(s->nonce, nonce->value.ptr, nonce->value.len);
            s->nonce_len = nonce->value.len;
        }
    }
}

static inline void world_forget_relay(struct world *s, const struct turn_relay *relay)
{
    for (size_t i = 0; i < s->relay_count; i++) {
        if (s->relays[i] == relay) {
            memmove(&s->relays[i], &s->relays[i + 1],
                (--s->relay_count - i) * sizeof(struct turn_relay *));
            s->closed++;
            return;
        }
    }
}

static inline void world_forget_connection(
    struct world *s, const struct turn_connection *connection)
{
    for (size_t i = 0; i < s->connection_count; i++) {
        if (s->connections[i] == connection) {
            memmove(&s->connections[i], &s->connections[i + 1],
                (--s->connection_count - i) * sizeof(struct turn_connection *));
            s->hung_up++;
            return;
        }
    }
}

static inline void world_keep_late(struct world *s, bool is_said, const struct turn_output *out)
{
    if (is_said) {
        s->out = *out;
        world_keep_answer(s, true);
    }
}

static inline void world_open(struct world *s, struct turn_relay *relay)
{
    struct turn_output out;

    if (!s->is_open_refused && s->relay_count < WORLD_RELAYS) {
        s->relays[s->relay_count++] = relay;
    }
    bool is_said = turn_server_opened(s->server, relay, !s->is_open_refused,
        span_of(s->answered, sizeof s->answered), &out, s->now);
    world_keep_late(s, is_said, &out);
}

// How a connection that was begun went.
static inline void world_connected(struct world *s, struct turn_connection *connection)
{
    struct turn_output out;
    bool is_said = turn_server_connected(s->server, connection, !s->is_connect_refused,
        span_of(s->answered, sizeof s->answered), &out, s->now);

    world_keep_late(s, is_said, &out);
}

// The glue's part: opens and closes what the server wants.
static inline void world_settle(struct world *s)
{
    struct turn_server_event event;

    while (turn_server_next_event(s->server, &event)) {
        switch (event.type) {
        case TURN_SERVER_OPEN:
            world_open(s, event.relay);
            break;
        case TURN_SERVER_CLOSE:
            world_forget_relay(s, event.relay);
            break;
        case TURN_SERVER_CONNECT:
            YODEL_ASSERT(s->connection_count < WORLD_CONNECTIONS);
            s->connections[s->connection_count++] = event.connection;
            if (!s->is_connect_slow) {
                world_connected(s, event.connection);
            }
            break;
        case TURN_SERVER_HANG_UP:
            world_forget_connection(s, event.connection);
            break;
        }
    }
}

// Gives bytes to the server; whether something came out.
static inline bool world_say(struct world *s, struct bytes datagram)
{
    s->has_answer = false;
    bool is_said = turn_server_recv(
        s->server, &s->client, datagram, span_of(s->answered, sizeof s->answered), &s->out, s->now);
    world_keep_answer(s, is_said);
    world_settle(s);
    return is_said || s->has_answer;
}

static inline void world_begin(struct world *s, uint16_t type)
{
    uint8_t id[STUN_ID_SIZE] = {[11] = ++s->next_id};

    s->w = writer_of(span_of(s->asked, sizeof s->asked));
    stun_msg_put_header(&s->w, type, id);
}

static inline void world_seal(struct world *s, bool is_sha256)
{
    struct stun_auth_key key;

    stun_msg_put_attr(&s->w, STUN_USERNAME, bytes_of_text(s->user));
    stun_msg_put_attr(&s->w, STUN_REALM, bytes_of_text(s->realm));
    stun_msg_put_attr(&s->w, STUN_NONCE, bytes_of(s->nonce, s->nonce_len));
    enum yodel_err err = stun_auth_long_term_key(&key, STUN_AUTH_MD5, bytes_of_text(s->user),
        bytes_of_text(s->realm), bytes_of_text(s->password));
    YODEL_ASSERT(err == YODEL_OK);
    if (is_sha256) {
        stun_auth_put_sha256(&s->w, stun_auth_key_bytes(&key));
    } else {
        stun_auth_put_sha1(&s->w, stun_auth_key_bytes(&key));
    }
}

// What came of it: 0 for success, an error's code, UINT32_MAX for silence.
static inline uint32_t world_outcome(struct world *s, bool is_said)
{
    uint32_t code = 0;

    if (!is_said || !s->has_answer) {
        return UINT32_MAX;
    }
    return stun_attr_read_error(&s->answer, &code) ? code : 0;
}

static inline uint32_t world_send_plain(struct world *s)
{
    return world_outcome(s, world_say(s, writer_bytes(&s->w)));
}

static inline uint32_t world_send(struct world *s)
{
    world_seal(s, false);
    return world_send_plain(s);
}

// Asks for a challenge, and keeps its nonce.
static inline void world_learn_nonce(struct world *s)
{
    world_begin(s, TURN_ALLOCATE);
    turn_msg_put_byte(&s->w, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_UDP);
    YODEL_ASSERT(world_send_plain(s) == 401);
}

static inline void world_begin_allocate(struct world *s)
{
    world_begin(s, TURN_ALLOCATE);
    turn_msg_put_byte(&s->w, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_UDP);
}

// With a nonce of its own.
static inline uint32_t world_allocate(struct world *s)
{
    world_learn_nonce(s);
    world_begin_allocate(s);
    return world_send(s);
}

// For TCP, from a client that came over it.
static inline uint32_t world_allocate_tcp(struct world *s)
{
    world_learn_nonce(s);
    world_begin(s, TURN_ALLOCATE);
    turn_msg_put_byte(&s->w, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_TCP);
    return world_send(s);
}

static inline uint32_t world_connect(struct world *s, const char *peer)
{
    struct yodel_addr addr = world_addr(peer);

    world_begin(s, TURN_CONNECT);
    stun_attr_put_xor_addr(&s->w, TURN_ATTR_XOR_PEER_ADDRESS, &addr);
    return world_send(s);
}

static inline uint32_t world_bind_connection(struct world *s, uint32_t id)
{
    world_begin(s, TURN_CONNECTION_BIND);
    stun_attr_put_u32(&s->w, TURN_ATTR_CONNECTION_ID, id);
    return world_send(s);
}

// Somebody connects to the relay; what tells the client is the answer then. NULL: it is closed at once.
static inline struct turn_connection *world_come(
    struct world *s, struct turn_relay *relay, const char *peer)
{
    struct yodel_addr addr = world_addr(peer);
    struct turn_output out;
    struct turn_connection *made = turn_server_accepted(
        s->server, relay, &addr, span_of(s->answered, sizeof s->answered), &out, s->now);

    if (made) {
        YODEL_ASSERT(s->connection_count < WORLD_CONNECTIONS);
        s->connections[s->connection_count++] = made;
        world_keep_late(s, true, &out);
    }
    return made;
}

static inline uint32_t world_permit(struct world *s, const char *peer)
{
    struct yodel_addr addr = world_addr(peer);

    world_begin(s, TURN_CREATE_PERMISSION);
    stun_attr_put_xor_addr(&s->w, TURN_ATTR_XOR_PEER_ADDRESS, &addr);
    return world_send(s);
}

static inline uint32_t world_bind(struct world *s, uint16_t channel, const char *peer)
{
    struct yodel_addr addr = world_addr(peer);

    world_begin(s, TURN_CHANNEL_BIND);
    turn_msg_put_channel(&s->w, channel);
    stun_attr_put_xor_addr(&s->w, TURN_ATTR_XOR_PEER_ADDRESS, &addr);
    return world_send(s);
}

static inline uint32_t world_refresh(struct world *s, uint32_t lifetime_s)
{
    world_begin(s, TURN_REFRESH);
    stun_attr_put_u32(&s->w, TURN_ATTR_LIFETIME, lifetime_s);
    return world_send(s);
}

// Whether a Send of "hello" leaves for `peer`.
static inline bool world_send_data(struct world *s, const char *peer)
{
    struct yodel_addr addr = world_addr(peer);

    world_begin(s, TURN_SEND | STUN_INDICATION);
    stun_attr_put_xor_addr(&s->w, TURN_ATTR_XOR_PEER_ADDRESS, &addr);
    stun_msg_put_attr(&s->w, TURN_ATTR_DATA, bytes_of_text("hello"));
    return world_say(s, writer_bytes(&s->w)) && s->out.relay;
}

static inline bool world_send_channel(struct world *s, uint16_t channel, struct bytes data)
{
    s->w = writer_of(span_of(s->asked, sizeof s->asked));
    turn_msg_put_channel_header(&s->w, channel, data.len);
    put_bytes(&s->w, data);
    return world_say(s, writer_bytes(&s->w)) && s->out.relay;
}

// Whether a datagram from `peer` at the latest relay leaves for the client.
static inline bool world_hear(struct world *s, const char *peer, struct bytes data)
{
    struct yodel_addr addr = world_addr(peer);

    return turn_server_recv_peer(s->server, s->relays[s->relay_count - 1], &addr, data,
        span_of(s->answered, sizeof s->answered), &s->out, s->now);
}

static inline void world_pass(struct world *s, yodel_duration time)
{
    s->now += time;
    turn_server_tick(s->server, s->now);
    world_settle(s);
    YODEL_ASSERT(turn_server_next_timeout(s->server) > s->now);
}

#endif
