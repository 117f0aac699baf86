// TURN client: from the first Allocate to the last Refresh, and data both ways.
//
// Implements  RFC 8656 §7 (allocating), §8 (refreshing), §9.1, §10 (permissions), §11 (Send and
//             Data), §12 (channels); RFC 8489 §9.2.3.2, §9.2.5, §10

#include "turn/client.h"

#include "base/assert.h"
#include "crypto/secret.h"

// Before there is an allocation: over at 7.5 s. With one, RFC 8489's own schedule outlasts outages.
static const struct stun_txn_schedule start_schedule = {YODEL_MS(500), 2, 5, 4};
// RFC 8489 §6.2.2: a stream repeats by itself.
static const struct stun_txn_schedule stream_schedule = {YODEL_SECONDS(30), 0, 1, 1};

static bool is_stream(const struct turn_client *client)
{
    return client->path.transport != YODEL_UDP;
}

// ---- Life.

void turn_client_init(
    struct turn_client *client, const struct env *env, const struct turn_client_config *config)
{
    *client = (struct turn_client){.env = env,
        .config = *config,
        .path = config->path,
        .give_up_at = YODEL_NEVER,
        .refresh_at = YODEL_NEVER,
        .ends_at = YODEL_NEVER};
    client->tried[0] = config->path.remote;
}

void turn_client_deinit(struct turn_client *client)
{
    secret_wipe_span(span_of(client, sizeof *client));
}

static void drop_stream(struct turn_client *client)
{
    if (is_stream(client) && (client->is_connected || client->state == TURN_CLIENT_CONNECTING)) {
        client->has_old_stream = !client->has_new_stream; // If it was not even told of: neither.
        client->has_new_stream = false;
        client->old_stream = client->path;
    }
    client->is_connected = false;
}

static void stop(struct turn_client *client, enum turn_client_state state)
{
    client->state = state;
    client->txn.state = STUN_TXN_IDLE;
    client->give_up_at = YODEL_NEVER;
}

static void fail(struct turn_client *client, const char *why)
{
    drop_stream(client);
    stop(client, TURN_CLIENT_FAILED);
    client->failure = why;
}

static void open_stream(struct turn_client *client)
{
    client->state = is_stream(client) ? TURN_CLIENT_CONNECTING : TURN_CLIENT_ALLOCATING;
    client->has_new_stream = is_stream(client);
}

void turn_client_start(struct turn_client *client, yodel_time now)
{
    YODEL_ASSERT(client->state == TURN_CLIENT_NEW);
    client->give_up_at = time_after(now, TURN_CLIENT_START_MAX);
    open_stream(client);
}

void turn_client_connected(struct turn_client *client, const struct yodel_path *path)
{
    if (client->state == TURN_CLIENT_CONNECTING && path_equal(path, &client->path)) {
        client->state = TURN_CLIENT_ALLOCATING;
        client->is_connected = true;
    }
}

void turn_client_disconnected(struct turn_client *client, const struct yodel_path *path)
{
    bool was_connected = client->is_connected;

    if (!path_equal(path, &client->path) ||
        (!was_connected && client->state != TURN_CLIENT_CONNECTING)) {
        return;
    }
    client->is_connected = false;
    client->has_new_stream = false;
    stop(client, TURN_CLIENT_FAILED);
    client->failure = was_connected ? "the TURN server closed the connection"
                                    : "the TURN server cannot be connected to";
}

void turn_client_close(struct turn_client *client)
{
    if (client->state == TURN_CLIENT_FAILED || client->state == TURN_CLIENT_CLOSED) {
        return;
    }
    client->is_farewell_due = client->state == TURN_CLIENT_READY;
    if (!client->is_farewell_due) {
        drop_stream(client);
    }
    stop(client, TURN_CLIENT_CLOSED);
}

void turn_client_doubt(struct turn_client *client, yodel_time now)
{
    if (client->state == TURN_CLIENT_READY) {
        client->refresh_at = time_min(client->refresh_at, now);
    }
}

bool turn_client_next_stream(struct turn_client *client, struct yodel_path *path, bool *opens)
{
    *opens = !client->has_old_stream && client->has_new_stream;
    if (client->has_old_stream) {
        client->has_old_stream = false;
        *path = client->old_stream;
        return true;
    }
    if (*opens) {
        client->has_new_stream = false;
        *path = client->path;
    }
    return *opens;
}

// ---- Credentials.

static bool take_text(uint8_t *room, uint16_t *len, const struct stun_msg *msg, uint16_t type)
{
    const struct stun_attr *attr = stun_msg_find(msg, type);

    if (!attr || attr->value.len == 0 || attr->value.len > STUN_AUTH_REALM_MAX) {
        return false;
    }
    memcpy(room, attr->value.ptr, attr->value.len);
    *len = (uint16_t)attr->value.len;
    return true;
}

static bool take_realm(struct turn_client *client, const struct stun_msg *msg)
{
    return take_text(client->realm, &client->realm_len, msg, STUN_REALM) &&
           stun_auth_long_term_key(&client->key, STUN_AUTH_MD5,
               bytes_of_text(client->config.username), bytes_of(client->realm, client->realm_len),
               bytes_of_text(client->config.password)) == YODEL_OK;
}

// The same request again, with what was learnt.
static void retry(struct turn_client *client, yodel_time now)
{
    const struct stun_txn_schedule schedule = client->txn.schedule;

    stun_txn_start(&client->txn, client->env, &schedule, now);
}

// RFC 8489 §9.2.5: the first 401 asks who we are, a second says that we are not.
static void recv_unauthenticated(
    struct turn_client *client, const struct stun_msg *msg, yodel_time now)
{
    if (client->is_signed) {
        fail(client, "the TURN server refused the user name or the password");
        return;
    }
    if (!take_realm(client, msg) ||
        !take_text(client->nonce, &client->nonce_len, msg, STUN_NONCE)) {
        fail(client, "the TURN server asks for credentials in a way that makes no sense");
        return;
    }
    client->has_credentials = true;
    retry(client, now);
}

static void recv_stale_nonce(struct turn_client *client, const struct stun_msg *msg, yodel_time now)
{
    if (!client->is_signed || ++client->stale_count > TURN_CLIENT_STALE_MAX ||
        !take_text(client->nonce, &client->nonce_len, msg, STUN_NONCE)) {
        fail(client, "the TURN server takes no nonce, not even its own");
        return;
    }
    if (stun_msg_find(msg, STUN_REALM) && !take_realm(client, msg)) {
        fail(client, "the TURN server's realm is too long");
        return;
    }
    retry(client, now);
}

// ---- Redirection.

static bool was_tried(const struct turn_client *client, const struct yodel_addr *server)
{
    for (uint32_t i = 0; i <= client->hops; i++) {
        if (addr_equal(&client->tried[i], server)) {
            return true;
        }
    }
    return false;
}

// RFC 8489 §10, and what it does not say: a server cannot make us attack our own host or link.
static bool is_acceptable(const struct turn_client *client, const struct yodel_addr *server)
{
    const struct yodel_addr *first = &client->tried[0];

    return server->family == client->path.local.family && server->port != 0 &&
           !addr_is_any(server) && !addr_is_multicast(server) &&
           (!addr_is_loopback(server) || addr_is_loopback(first)) &&
           (!addr_is_link_local(server) || addr_is_link_local(first)) && !was_tried(client, server);
}

static void recv_alternate(struct turn_client *client, const struct stun_msg *msg)
{
    struct yodel_addr server;

    if (client->state != TURN_CLIENT_ALLOCATING || client->hops == TURN_CLIENT_HOPS_MAX ||
        !stun_attr_read_addr(msg, STUN_ALTERNATE_SERVER, &server)) {
        fail(client, "the TURN server sends us on and on");
        return;
    }
    server = addr_unmap(&server);
    if (!is_acceptable(client, &server)) {
        fail(client, "the TURN server sends us to where we do not go");
        return;
    }
    drop_stream(client);
    client->tried[++client->hops] = server;
    client->path.remote = server;
    client->has_credentials = false;
    client->txn.state = STUN_TXN_IDLE;
    open_stream(client);
}

// ---- Answers.

static bool is_usable(const struct turn_client *client, const struct yodel_addr *relayed)
{
    return relayed->port != 0 && !addr_is_any(relayed) && !addr_is_multicast(relayed) &&
           (!addr_is_loopback(relayed) || addr_is_loopback(&client->tried[0]));
}

// RFC 8656 §7.3: one address, or with ADDITIONAL-ADDRESS-FAMILY one of each family.
static bool take_relayed(struct turn_client *client, const struct stun_msg *msg)
{
    bool has_any = false;

    for (uint32_t i = 0; i < msg->attr_count; i++) {
        struct stun_msg one = *msg;
        struct yodel_addr relayed;

        if (msg->attrs[i].type != TURN_ATTR_XOR_RELAYED_ADDRESS) {
            continue;
        }
        one.attrs[0] = msg->attrs[i];
        one.attr_count = 1;
        if (!stun_attr_read_addr(&one, TURN_ATTR_XOR_RELAYED_ADDRESS, &relayed) ||
            !is_usable(client, &relayed)) {
            return false;
        }
        client->relayed[relayed.family == YODEL_ADDR_V6] = relayed;
        has_any = true;
    }
    return has_any;
}

static bool take_lifetime(struct turn_client *client, const struct stun_msg *msg, yodel_time now)
{
    uint32_t lifetime = TURN_CLIENT_LIFETIME;

    if (!stun_attr_read_u32(msg, TURN_ATTR_LIFETIME, &lifetime) ||
        lifetime < TURN_CLIENT_LIFETIME_MIN) {
        return false;
    }
    lifetime = lifetime > TURN_CLIENT_LIFETIME_MAX ? TURN_CLIENT_LIFETIME_MAX : lifetime;
    // §8: a minute before its end; of a short life, half.
    uint32_t margin = lifetime >= 120 ? 60 : lifetime / 2;
    client->refresh_at = time_after(now, YODEL_SECONDS((yodel_duration)lifetime - margin));
    client->ends_at = time_after(now, YODEL_SECONDS((yodel_duration)lifetime));
    return true;
}

static void recv_allocated(struct turn_client *client, const struct stun_msg *msg, yodel_time now)
{
    if (!take_relayed(client, msg)) {
        fail(client, "the TURN server's relayed address cannot be one");
        return;
    }
    if (!take_lifetime(client, msg, now)) {
        fail(client, "the TURN server gives an allocation without a lifetime");
        return;
    }
    if (stun_attr_read_addr(msg, STUN_XOR_MAPPED_ADDRESS, &client->mapped)) {
        client->mapped = addr_unmap(&client->mapped);
    }
    client->state = TURN_CLIENT_READY;
    client->give_up_at = YODEL_NEVER;
}

static void recv_success(struct turn_client *client, const struct stun_msg *msg, yodel_time now)
{
    client->stale_count = 0;
    switch (client->method) {
    case TURN_ALLOCATE:
        recv_allocated(client, msg, now);
        break;
    case TURN_REFRESH:
        if (!take_lifetime(client, msg, now)) {
            fail(client, "the TURN server ended the allocation");
        }
        break;
    default:
        turn_grants_given(&client->grants, now);
        break;
    }
}

static const char *reason_of(uint32_t code)
{
    switch (code) {
    case TURN_FORBIDDEN:
        return "the TURN server forbids it";
    case TURN_ALLOCATION_MISMATCH:
        return "the TURN server does not know the allocation, or knows another from here";
    case TURN_FAMILY_UNSUPPORTED:
        return "the TURN server has no address of this family";
    case TURN_WRONG_CREDENTIALS:
        return "the TURN server says that the allocation is somebody else's";
    case TURN_TRANSPORT_UNSUPPORTED:
        return "the TURN server does not relay UDP";
    case TURN_QUOTA_REACHED:
        return "the TURN server allows this user no more allocations";
    case TURN_CAPACITY_REACHED:
        return "the TURN server has no relay left";
    default:
        return "the TURN server refused the request";
    }
}

static void recv_error(
    struct turn_client *client, const struct stun_msg *msg, uint32_t code, yodel_time now)
{
    bool is_about_grants =
        client->method == TURN_CREATE_PERMISSION || client->method == TURN_CHANNEL_BIND;

    if (code == STUN_UNAUTHENTICATED) {
        recv_unauthenticated(client, msg, now);
    } else if (code == STUN_STALE_NONCE) {
        recv_stale_nonce(client, msg, now);
    } else if (code == STUN_TRY_ALTERNATE) {
        recv_alternate(client, msg);
    } else if (is_about_grants && code != TURN_ALLOCATION_MISMATCH) {
        turn_grants_refused(&client->grants); // These peers cannot be reached; others can.
    } else {
        fail(client, reason_of(code));
    }
}

// §9.2.5: who answers a signed request signs.
static bool is_authentic(
    const struct turn_client *client, const struct stun_msg *msg, uint32_t error)
{
    if (!client->is_signed) {
        return true;
    }
    enum yodel_err err = stun_auth_check(msg, stun_auth_key_bytes(&client->key));
    bool may_be_unsigned = error != 0 && error != STUN_TRY_ALTERNATE;
    return err == YODEL_OK || (err == YODEL_ERR_NOT_FOUND && may_be_unsigned);
}

static void recv_answer(struct turn_client *client, const struct stun_msg *msg, yodel_time now)
{
    bool is_success = stun_msg_class(msg) == STUN_SUCCESS;
    uint32_t error = 0;

    if (!turn_client_matches(client, msg) || stun_msg_method(msg) != client->method) {
        client->drops[TURN_CLIENT_DROP_TRANSACTION]++;
        return;
    }
    if (!is_success && !stun_attr_read_error(msg, &error)) {
        client->drops[TURN_CLIENT_DROP_MALFORMED]++;
        return;
    }
    if (!is_authentic(client, msg, error)) {
        client->drops[TURN_CLIENT_DROP_INTEGRITY]++;
        return;
    }
    if (!stun_txn_recv(&client->txn, msg)) {
        client->drops[TURN_CLIENT_DROP_TRANSACTION]++;
        return;
    }
    client->error = error;
    if (is_success) {
        recv_success(client, msg, now);
    } else {
        recv_error(client, msg, error, now);
    }
}

bool turn_client_matches(const struct turn_client *client, const struct stun_msg *msg)
{
    return client->txn.state == STUN_TXN_WAITING && stun_txn_matches(&client->txn, msg);
}

// ---- Data.

bool turn_client_relayed(
    const struct turn_client *client, const struct yodel_addr *peer, struct yodel_addr *relayed)
{
    const struct yodel_addr *at = &client->relayed[peer->family == YODEL_ADDR_V6];

    if (client->state != TURN_CLIENT_READY || at->family == YODEL_ADDR_NONE) {
        return false;
    }
    *relayed = *at;
    return true;
}

static bool recv_channel_data(
    struct turn_client *client, struct span datagram, struct turn_client_data *data)
{
    struct turn_channel_data message;

    if (!turn_msg_read_channel_data(&message, bytes_of_span(datagram))) {
        client->drops[TURN_CLIENT_DROP_MALFORMED]++;
        return false;
    }
    const struct turn_grant *grant = turn_grants_find_number(&client->grants, message.channel);
    if (!grant || !turn_client_relayed(client, &grant->peer, &data->relayed)) {
        client->drops[TURN_CLIENT_DROP_PEER]++;
        return false;
    }
    data->peer = grant->peer;
    data->payload = span_sub(datagram, TURN_CHANNEL_HEADER_SIZE, message.data.len);
    return true;
}

static bool recv_data(struct turn_client *client, const struct stun_msg *msg, struct span datagram,
    struct turn_client_data *data)
{
    const struct stun_attr *attr = stun_msg_find(msg, TURN_ATTR_DATA);

    if (!attr || !stun_attr_read_addr(msg, TURN_ATTR_XOR_PEER_ADDRESS, &data->peer)) {
        client->drops[TURN_CLIENT_DROP_MALFORMED]++;
        return false;
    }
    // §11.4: only from whom we asked to hear.
    if (!turn_grants_is_permitted(&client->grants, &data->peer) ||
        !turn_client_relayed(client, &data->peer, &data->relayed)) {
        client->drops[TURN_CLIENT_DROP_PEER]++;
        return false;
    }
    size_t at = attr->value.len > 0 ? (size_t)(attr->value.ptr - datagram.ptr) : 0;
    data->payload = span_sub(datagram, at, attr->value.len);
    return true;
}

bool turn_client_recv(
    struct turn_client *client, struct span datagram, struct turn_client_data *data, yodel_time now)
{
    struct stun_msg msg;

    if (turn_msg_is_channel_data(bytes_of_span(datagram))) {
        return recv_channel_data(client, datagram, data);
    }
    turn_client_tick(client, now);
    if (stun_msg_parse(&msg, bytes_of_span(datagram)) != YODEL_OK) {
        client->drops[TURN_CLIENT_DROP_MALFORMED]++;
    } else if (stun_auth_check_fingerprint(&msg) == YODEL_ERR_UNAUTHENTIC) {
        client->drops[TURN_CLIENT_DROP_FINGERPRINT]++;
    } else if (msg.type == (TURN_DATA | STUN_INDICATION)) {
        return recv_data(client, &msg, datagram, data);
    } else {
        recv_answer(client, &msg, now);
    }
    return false;
}

size_t turn_client_head(const struct turn_client *client, const struct yodel_addr *peer)
{
    size_t addr_size = peer->family == YODEL_ADDR_V6 ? 20 : 8;

    return turn_grants_find_channel(&client->grants, peer)
               ? TURN_CHANNEL_HEADER_SIZE
               : STUN_HEADER_SIZE + 4 + addr_size + 4; // XOR-PEER-ADDRESS, and DATA's beginning.
}

// The data lies where DATA's value has its place, and putting the attribute leaves it alone.
static void put_indication(
    struct turn_client *client, struct writer *w, const struct yodel_addr *peer, size_t len)
{
    uint8_t id[STUN_ID_SIZE];

    env_random(client->env, span_of(id, sizeof id));
    stun_msg_put_header(w, TURN_SEND | STUN_INDICATION, id);
    stun_attr_put_xor_addr(w, TURN_ATTR_XOR_PEER_ADDRESS, peer);
    (void)stun_msg_put_attr_room(w, TURN_ATTR_DATA, len);
}

size_t turn_client_wrap(struct turn_client *client, struct span room, const struct yodel_addr *peer,
    size_t len, yodel_time now)
{
    const struct turn_grant *channel = turn_grants_find_channel(&client->grants, peer);
    struct writer w = writer_of(room);

    if (client->state != TURN_CLIENT_READY || len > UINT16_MAX) {
        return 0;
    }
    if (channel) {
        turn_msg_put_channel_header(&w, channel->channel, len);
        (void)put_room(&w, len);
        put_zeros(&w, is_stream(client) ? -len & 3u : 0); // §12.5.
    } else {
        put_indication(client, &w, peer, len);
    }
    if (w.failed) {
        return 0;
    }
    client->sent_at = now;
    return writer_bytes(&w).len;
}

// ---- Peers.

enum turn_grant_state turn_client_permit(struct turn_client *client, const struct yodel_addr *peer)
{
    return turn_grants_permit(&client->grants, peer);
}

void turn_client_bind(struct turn_client *client, const struct yodel_addr *peer)
{
    turn_grants_bind(&client->grants, peer);
}

void turn_client_release_all(struct turn_client *client)
{
    turn_grants_release(&client->grants);
}

// ---- Requests.

static bool is_busy(const struct turn_client *client)
{
    return client->txn.state == STUN_TXN_WAITING;
}

static void begin(struct turn_client *client, uint16_t method, yodel_time now)
{
    struct stun_txn_schedule schedule = stun_txn_defaults();

    if (is_stream(client)) {
        schedule = stream_schedule;
    } else if (method == TURN_ALLOCATE) {
        schedule = start_schedule;
    }
    client->method = method;
    stun_txn_start(&client->txn, client->env, &schedule, now);
}

static void begin_next(struct turn_client *client, yodel_time now)
{
    if (client->state == TURN_CLIENT_ALLOCATING) {
        begin(client, TURN_ALLOCATE, now);
    } else if (client->state != TURN_CLIENT_READY) {
        return;
    } else if (now >= client->refresh_at) {
        begin(client, TURN_REFRESH, now);
    } else if (turn_grants_ask_permissions(&client->grants, now)) {
        begin(client, TURN_CREATE_PERMISSION, now);
    } else if (turn_grants_ask_channel(&client->grants, now)) {
        begin(client, TURN_CHANNEL_BIND, now);
    }
}

static void put_lifetime(struct turn_client *client, struct writer *w)
{
    bool is_last = client->state == TURN_CLIENT_CLOSED;

    stun_attr_put_u32(w, TURN_ATTR_LIFETIME, is_last ? 0 : TURN_CLIENT_LIFETIME);
}

static void put_allocate(struct turn_client *client, struct writer *w)
{
    turn_msg_put_byte(w, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_UDP);
    put_lifetime(client, w);
    // §7.1: an IPv6 address beside the IPv4 one, where the server has both.
    turn_msg_put_byte(w, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY, TURN_FAMILY_V6);
}

static void put_permissions(struct turn_client *client, struct writer *w)
{
    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        if (client->grants.permissions[i].is_asked) {
            stun_attr_put_xor_addr(
                w, TURN_ATTR_XOR_PEER_ADDRESS, &client->grants.permissions[i].peer);
        }
    }
}

static void put_channel(struct turn_client *client, struct writer *w)
{
    for (size_t i = 0; i < TURN_GRANTS_CHANNELS_MAX; i++) {
        const struct turn_grant *grant = &client->grants.channels[i];
        if (grant->is_asked) {
            turn_msg_put_channel(w, grant->channel);
            stun_attr_put_xor_addr(w, TURN_ATTR_XOR_PEER_ADDRESS, &grant->peer);
        }
    }
}

static void put_credentials(struct turn_client *client, struct writer *w)
{
    if (client->has_credentials) {
        stun_msg_put_attr(w, STUN_USERNAME, bytes_of_text(client->config.username));
        stun_msg_put_attr(w, STUN_REALM, bytes_of(client->realm, client->realm_len));
        stun_msg_put_attr(w, STUN_NONCE, bytes_of(client->nonce, client->nonce_len));
        stun_auth_put_sha1(w, stun_auth_key_bytes(&client->key));
    }
    stun_auth_put_fingerprint(w);
    client->is_signed = client->has_credentials;
}

static size_t put_request(struct turn_client *client, struct span room, yodel_time now)
{
    struct writer w = writer_of(room);

    stun_msg_put_header(&w, client->method | STUN_REQUEST, client->txn.id);
    switch (client->method) {
    case TURN_ALLOCATE:
        put_allocate(client, &w);
        break;
    case TURN_REFRESH:
        put_lifetime(client, &w);
        break;
    case TURN_CREATE_PERMISSION:
        put_permissions(client, &w);
        break;
    default:
        put_channel(client, &w);
        break;
    }
    put_credentials(client, &w);
    if (w.failed) {
        fail(client, "the TURN server's realm and nonce are too long");
        return 0;
    }
    client->sent_at = now;
    return writer_bytes(&w).len;
}

// §8: a Refresh of no length gives the allocation back. Nobody waits for what is said to that.
static size_t emit_farewell(struct turn_client *client, struct span room, yodel_time now)
{
    if (!client->is_farewell_due) {
        return 0;
    }
    client->is_farewell_due = false;
    begin(client, TURN_REFRESH, now);
    size_t len = put_request(client, room, now);
    drop_stream(client);
    client->txn.state = STUN_TXN_IDLE;
    return len;
}

static bool needs_keep_alive(const struct turn_client *client)
{
    return client->state == TURN_CLIENT_READY && !is_stream(client);
}

static size_t emit_keep_alive(struct turn_client *client, struct span room, yodel_time now)
{
    uint8_t id[STUN_ID_SIZE];
    struct writer w = writer_of(room);

    if (!needs_keep_alive(client) || now < time_after(client->sent_at, TURN_CLIENT_KEEP_ALIVE)) {
        return 0;
    }
    env_random(client->env, span_of(id, sizeof id));
    stun_msg_put_header(&w, STUN_BINDING | STUN_INDICATION, id);
    client->sent_at = now;
    return writer_bytes(&w).len;
}

void turn_client_tick(struct turn_client *client, yodel_time now)
{
    stun_txn_tick(&client->txn, now);
    turn_grants_tick(&client->grants, now);
    if (client->txn.state == STUN_TXN_TIMED_OUT || now >= client->give_up_at) {
        fail(client, "the TURN server does not answer");
    }
    if (client->state == TURN_CLIENT_READY && now >= client->ends_at) {
        fail(client, "the allocation on the TURN server ended"); // The machine slept, say.
    }
}

size_t turn_client_emit(struct turn_client *client, struct span room, yodel_time now)
{
    turn_client_tick(client, now);
    if (client->state == TURN_CLIENT_CLOSED) {
        return emit_farewell(client, room, now);
    }
    if (!is_busy(client)) {
        begin_next(client, now);
    }
    if (stun_txn_emit(&client->txn, now)) {
        return put_request(client, room, now);
    }
    return emit_keep_alive(client, room, now);
}

static yodel_time request_timeout(const struct turn_client *client)
{
    if (is_busy(client)) {
        return stun_txn_next_timeout(&client->txn);
    }
    if (client->state == TURN_CLIENT_ALLOCATING) {
        return 0;
    }
    return client->state == TURN_CLIENT_READY
               ? time_min(client->refresh_at, turn_grants_next_timeout(&client->grants))
               : YODEL_NEVER;
}

yodel_time turn_client_next_timeout(const struct turn_client *client)
{
    yodel_time earliest = time_min(request_timeout(client), client->give_up_at);

    if (client->is_farewell_due) {
        return 0;
    }
    if (client->state == TURN_CLIENT_READY) {
        earliest = time_min(earliest, client->ends_at);
    }
    return needs_keep_alive(client)
               ? time_min(earliest, time_after(client->sent_at, TURN_CLIENT_KEEP_ALIVE))
               : earliest;
}
