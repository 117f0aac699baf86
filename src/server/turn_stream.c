// TURN's clients over TCP and TLS.

#include "server/turn_stream.h"

#include <unistd.h>

#include "base/assert.h"
#include "net/clock.h"
#include "net/stream.h"
#include "server/turn_tcp.h"
#include "turn/frame.h"

#define ALLOCATED 0x0103 // Of an Allocate's success, as a message begins.
#define PADDING_MAX 3

// Where streams come from.
struct source {
    struct map_entry by_addr;
    uint8_t key[ADDR_SOURCE_SIZE];
    uint32_t count;
};

struct server_turn_stream {
    struct server_turn_outlet outlet; // First: it is found from there.
    struct list_node node;
    struct map_entry by_number;
    struct server_turn *turn;
    struct stream *stream;
    struct turn_client_id id;
    struct source *source; // NULL: it was too many.
    yodel_time heard;      // The last whole message.
    yodel_time started;    // The first byte of `partial`.
    uint8_t *partial;      // The beginning of a message; NULL: none.
    size_t partial_len;
    bool has_allocation;
    struct server_turn_pipe *pipe; // A peer's connection, which it carries; NULL: messages.
};

// ---- to the client

static bool write_item(struct server_turn_stream *client, const struct server_turn_item *item)
{
    static const uint8_t zeros[PADDING_MAX];
    const struct bytes pieces[] = {item->head, item->body, bytes_of(zeros, item->padding)};

    YODEL_ASSERT(item->padding <= PADDING_MAX);
    return stream_write(client->stream, pieces, COUNT(pieces));
}

static void send_chain(struct server_turn_outlet *outlet, struct server_turn_batch *batch)
{
    struct server_turn_stream *client = (struct server_turn_stream *)outlet;
    struct server_turn *turn = client->turn;
    const struct server_turn_item *item;

    stream_hold(client->stream); // All of it with one write, and in few TLS records.
    while ((item = server_turn_batch_take(batch, outlet))) {
        turn->streams_lost += !write_item(client, item);
    }
    stream_release(client->stream);
}

static struct server_turn_stream *find(const struct server_turn *turn, uint64_t number)
{
    struct map_entry *entry = map_find(&turn->streams, bytes_of(&number, sizeof number));

    return entry ? CONTAINER_OF(entry, struct server_turn_stream, by_number) : NULL;
}

void server_turn_stream_put(struct server_turn *turn, const struct turn_output *out)
{
    struct server_turn_stream *client = find(turn, out->client.stream);
    struct server_turn_item item = {
        .head = out->head, .body = out->body, .padding = (uint16_t)out->padding};
    struct server_turn_route route = {.to = out->client.addr};

    if (!client) {
        return;
    }
    if (!client->has_allocation && out->head.len >= 2) {
        client->has_allocation = (out->head.ptr[0] << 8 | out->head.ptr[1]) == ALLOCATED;
    }
    server_turn_batch_put(turn->batch, &client->outlet, &item, &route);
}

// ---- from the client

static void recv_message(struct server_turn_stream *client, struct bytes message, yodel_time now)
{
    client->heard = now;
    struct turn_connection *joined = server_turn_recv(client->turn, &client->id, message, now);
    if (joined) {
        server_turn_batch_flush(client->turn->batch); // The answer goes before what the peer says.
        client->pipe = server_turn_tcp_join(joined, client->stream);
    }
}

// Takes whole messages off the front of `bytes`, and nothing that is for a peer; false: what is there is no
// TURN.
static bool take_messages(struct server_turn_stream *client, struct bytes *bytes, yodel_time now)
{
    enum turn_frame frame = TURN_FRAME_MORE;
    size_t len;

    while (!client->pipe && (frame = turn_frame_length(*bytes, &len)) == TURN_FRAME_WHOLE) {
        recv_message(client, bytes_sub(*bytes, 0, len), now);
        *bytes = bytes_sub(*bytes, len, bytes->len);
    }
    return client->pipe || frame == TURN_FRAME_MORE;
}

// Completes the message that began earlier with what it lacks, and no more.
static bool complete(struct server_turn_stream *client, struct bytes *bytes, yodel_time now)
{
    while (client->partial_len > 0 && bytes->len > 0) {
        size_t len = 0;
        struct bytes whole = bytes_of(client->partial, client->partial_len);
        enum turn_frame frame = turn_frame_length(whole, &len);

        if (frame == TURN_FRAME_FOREIGN) {
            return false;
        }
        // Its length is in its first four bytes; until those are there, byte by byte.
        client->partial[client->partial_len++] = bytes->ptr[0];
        *bytes = bytes_sub(*bytes, 1, bytes->len);
        whole.len = client->partial_len;
        if (turn_frame_length(whole, &len) == TURN_FRAME_WHOLE) {
            client->partial_len = 0;
            recv_message(client, whole, now);
            server_turn_batch_flush(client->turn->batch); // What leaves lies in `partial`.
        }
    }
    return true;
}

// What remains waits for its rest. False: no memory.
static bool keep(struct server_turn_stream *client, struct bytes rest, yodel_time now)
{
    struct alloc *alloc = client->turn->env->alloc;

    if (client->partial_len > 0) {
        return true; // Everything went there already.
    }
    if (rest.len == 0 || client->pipe) {
        alloc_free(alloc, client->partial);
        client->partial = NULL;
        return true;
    }
    YODEL_ASSERT(rest.len < TURN_FRAME_MAX);
    if (!client->partial) {
        client->partial = alloc_resize(alloc, NULL, TURN_FRAME_MAX);
    }
    if (client->partial) {
        memcpy(client->partial, rest.ptr, rest.len);
        client->partial_len = rest.len;
        client->started = now;
    }
    return client->partial != NULL;
}

static void recv_bytes(struct server_turn_stream *client, struct bytes bytes)
{
    bool is_first = client->heard == 0 && client->partial_len == 0;
    yodel_time now = clock_now();

    if (client->pipe) {
        server_turn_tcp_from_client(client->pipe, bytes);
        return;
    }
    bool is_good = (!is_first || turn_frame_is_stun(bytes)) && complete(client, &bytes, now) &&
                   take_messages(client, &bytes, now) && keep(client, bytes, now);
    server_turn_end_input(client->turn, now); // Before `bytes` end.
    if (!is_good) {
        stream_close(client->stream);
    } else if (client->pipe) { // The rest is the peer's.
        server_turn_tcp_from_client(client->pipe, bytes);
    }
}

static void on_room(void *ctx)
{
    struct server_turn_stream *client = ctx;

    if (client->pipe) {
        server_turn_tcp_client_has_room(client->pipe);
    }
}

static void on_data(void *ctx, struct span data)
{
    recv_bytes(ctx, bytes_of_span(data));
}

// ---- where they come from

// The newcomer has its number already.
static bool has_room(const struct server_turn *turn, const struct source *source)
{
    return turn->streams.count <= SERVER_TURN_STREAMS_MAX && !turn->is_stopping &&
           (!source || source->count < SERVER_TURN_STREAMS_PER_ADDRESS);
}

static struct source *new_source(struct server_turn *turn, struct bytes key)
{
    struct source *source = alloc_new(turn->env->alloc, sizeof *source);

    if (!source) {
        return NULL;
    }
    memcpy(source->key, key.ptr, sizeof source->key);
    if (map_insert(&turn->sources, &source->by_addr, bytes_of(source->key, sizeof source->key)) !=
        YODEL_OK) {
        alloc_free(turn->env->alloc, source);
        return NULL;
    }
    return source;
}

// Counts a stream in; NULL: it is one too many, or there is no memory.
static struct source *join(struct server_turn *turn, const struct yodel_addr *addr)
{
    uint8_t room[ADDR_SOURCE_SIZE];
    struct bytes key = addr_source(room, addr);
    struct map_entry *entry = map_find(&turn->sources, key);
    struct source *source = entry ? CONTAINER_OF(entry, struct source, by_addr) : NULL;

    if (!has_room(turn, source)) {
        return NULL;
    }
    source = source ? source : new_source(turn, key);
    if (source) {
        source->count++;
    }
    return source;
}

static void leave(struct server_turn *turn, struct source *source)
{
    if (source && --source->count == 0) {
        map_remove(&turn->sources, &source->by_addr);
        alloc_free(turn->env->alloc, source);
    }
}

// ---- its life

static void on_closed(void *ctx, const char *why)
{
    struct server_turn_stream *client = ctx;
    struct server_turn *turn = client->turn;

    (void)why;
    server_turn_batch_flush(turn->batch);
    list_remove(&client->node);
    map_remove(&turn->streams, &client->by_number);
    leave(turn, client->source);
    if (client->pipe) {
        server_turn_tcp_client_closed(client->pipe);
    } else if (turn->core && !turn->is_stopping) {
        turn_server_stream_closed(turn->core, &client->id);
        server_turn_end_input(turn, clock_now());
    }
    alloc_free(turn->env->alloc, client->partial);
    alloc_free(turn->env->alloc, client);
    server_turn_handle_closed(turn);
}

static const struct stream_handler handler = {
    .on_data = on_data, .on_room = on_room, .on_closed = on_closed};

// A client without a stream yet. NULL: no memory.
static struct server_turn_stream *new_client(struct server_turn *turn)
{
    struct server_turn_stream *client = alloc_new(turn->env->alloc, sizeof *client);

    if (!client) {
        return NULL;
    }
    *client = (struct server_turn_stream){.outlet = {.send = send_chain}, .turn = turn};
    client->id.stream = ++turn->last_stream;
    client->started = clock_now();
    if (map_insert(&turn->streams, &client->by_number,
            bytes_of(&client->id.stream, sizeof client->id.stream)) != YODEL_OK) {
        alloc_free(turn->env->alloc, client);
        return NULL;
    }
    return client;
}

// It has its stream, and is let stay where there is room.
static void admit(struct server_turn_stream *client, enum yodel_transport transport)
{
    struct server_turn *turn = client->turn;

    client->id.transport = transport;
    client->id.addr = stream_remote(client->stream);
    client->id.local = stream_local(client->stream);
    client->source = join(turn, &client->id.addr);
    list_push_back(&turn->stream_list, &client->node);
    turn->handle_count++;
    turn->streams_accepted++;
    if (!client->source) {
        turn->streams_refused++;
        stream_close(client->stream);
    }
}

void server_turn_stream_accept(struct server_turn *turn, int fd, struct ssl_ctx_st *tls)
{
    struct server_turn_stream *client = new_client(turn);

    if (!client) {
        close(fd);
        return;
    }
    if (stream_accept(&client->stream, turn->loop, turn->env, fd, tls, &handler, client) !=
        YODEL_OK) {
        map_remove(&turn->streams, &client->by_number);
        alloc_free(turn->env->alloc, client);
        return;
    }
    admit(client, tls ? YODEL_TLS : YODEL_TCP);
}

void server_turn_stream_take(
    struct server_turn *turn, struct stream *stream, struct bytes early, struct span rest)
{
    struct server_turn_stream *client = new_client(turn);

    if (!client) {
        stream_abandon(stream);
        return;
    }
    stream_hand_over(stream, &handler, client);
    client->stream = stream;
    admit(client, YODEL_TLS);
    if (client->source) { // It is welcome.
        recv_bytes(client, early);
        recv_bytes(client, bytes_of_span(rest));
    }
}

static bool is_late(const struct server_turn_stream *client, yodel_time now)
{
    bool is_waiting = client->heard == 0 || client->partial_len > 0;

    return (is_waiting && time_since(now, client->started) > SERVER_TURN_STREAM_MESSAGE) ||
           (!client->has_allocation && client->heard > 0 &&
               time_since(now, client->heard) > SERVER_TURN_STREAM_IDLE) ||
           time_since(now, client->heard > 0 ? client->heard : client->started) >
               YODEL_SECONDS(TURN_SERVER_LIFETIME_MAX);
}

void server_turn_stream_look(struct server_turn *turn, yodel_time now)
{
    struct list_node *node = list_first(&turn->stream_list);

    for (; node; node = list_next(&turn->stream_list, node)) {
        struct server_turn_stream *client = CONTAINER_OF(node, struct server_turn_stream, node);
        // A peer's bytes may be seldom: what they belong to is refreshed elsewhere.
        if (!client->pipe && is_late(client, now)) {
            stream_close(client->stream);
        }
    }
}

void server_turn_stream_close_all(struct server_turn *turn)
{
    struct list_node *node = list_first(&turn->stream_list);

    for (; node; node = list_next(&turn->stream_list, node)) {
        stream_close(CONTAINER_OF(node, struct server_turn_stream, node)->stream);
    }
}
