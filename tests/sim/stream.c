// The simulator's streams.

#include "stream.h"

#include "base/addr.h"
#include "sim.h"

#define READ_MAX 4096
#define STRANGER_TIMEOUT YODEL_SECONDS(5) // As STREAMS_STRANGER_TIMEOUT of runtime/streams.h.

void stream_init(struct sim *sim)
{
    tcp_init(&sim->streams.tcp, &sim->network);
}

void stream_deinit(struct sim *sim)
{
    for (size_t i = 0; i < SIM_STREAMS_MAX; i++) {
        frames_deinit(&sim->streams.all[i].frames);
    }
    tcp_deinit(&sim->streams.tcp);
}

static struct sim_stream *add(struct sim *sim, int owner, struct tcp_socket *socket,
    const struct yodel_path *path, enum yodel_framing framing)
{
    for (size_t i = 0; socket && i < SIM_STREAMS_MAX; i++) {
        struct sim_stream *stream = &sim->streams.all[i];

        if (!stream->socket) {
            *stream = (struct sim_stream){
                .socket = socket, .owner = owner, .path = *path, .since = sim->now};
            frames_init(&stream->frames, framing, alloc_system());
            return stream;
        }
    }
    sim_fail(sim, "there is room for a stream", __FILE__, __LINE__);
}

static void forget(struct sim_stream *stream)
{
    frames_deinit(&stream->frames);
    *stream = (struct sim_stream){0};
}

static struct sim_stream *find(struct sim *sim, int owner, const struct yodel_path *path)
{
    for (size_t i = 0; i < SIM_STREAMS_MAX; i++) {
        struct sim_stream *stream = &sim->streams.all[i];

        if (stream->socket && stream->owner == owner && path_equal(&stream->path, path)) {
            return stream;
        }
    }
    return NULL;
}

static void send_message(struct sim *sim, struct sim_stream *stream, struct bytes message)
{
    uint8_t room[FRAMES_PREFIX_SIZE + YODEL_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));

    if (stream->frames.framing == YODEL_FRAMING_ICE) {
        put_u16(&w, (uint16_t)message.len);
    }
    put_bytes(&w, message);
    SIM_CHECK(sim, !w.failed);
    sim->streams.dropped +=
        !tcp_write(&sim->streams.tcp, stream->socket, writer_bytes(&w), sim->now);
}

// ---- of sides

void stream_connect(struct sim_side *side, const struct yodel_event *event)
{
    struct sim *sim = side->sim;
    const struct sim_interface *interface = sim_find_interface(side, &event->stream.path.local);

    SIM_CHECK(sim, interface && !find(sim, side->index, &event->stream.path));
    struct tcp_socket *socket =
        tcp_connect(&sim->streams.tcp, interface->link, &event->stream.path, sim->now);
    (void)add(sim, side->index, socket, &event->stream.path, event->stream.framing);
}

void stream_disconnect(struct sim_side *side, const struct yodel_path *path)
{
    struct sim_stream *stream = find(side->sim, side->index, path);

    if (stream) {
        tcp_close(&side->sim->streams.tcp, stream->socket, side->sim->now);
        forget(stream);
    }
}

void stream_send(struct sim_side *side, const struct yodel_path *path, struct bytes message)
{
    struct sim_stream *stream = find(side->sim, side->index, path);

    if (stream) {
        send_message(side->sim, stream, message);
    }
}

// ---- of servers

static bool is_of_server(const struct sim_stream *stream)
{
    return stream->owner >= SIM_SERVER_OWNER;
}

void stream_answer(struct sim *sim, uint64_t id, struct bytes message)
{
    for (size_t i = 0; i < SIM_STREAMS_MAX; i++) {
        struct sim_stream *stream = &sim->streams.all[i];

        if (stream->socket && stream->socket->id == id) {
            send_message(sim, stream, message);
        }
    }
}

void stream_reset_all(struct sim *sim, int owner)
{
    for (size_t i = 0; i < SIM_STREAMS_MAX; i++) {
        struct sim_stream *stream = &sim->streams.all[i];

        if (stream->socket && stream->owner == owner) {
            tcp_reset(&sim->streams.tcp, stream->socket, sim->now);
            forget(stream);
        }
    }
}

// ---- what arrives

static bool is_listening(const struct sim *sim, int owner, const struct yodel_addr *local)
{
    if (owner == NETWORK_STRANGER) {
        return false;
    }
    if (owner >= SIM_SERVER_OWNER) {
        return server_is_listening(sim, owner, local);
    }
    const struct sim_interface *interface = sim_find_address(&sim->sides[owner], local);
    return interface && interface->is_listening && interface->is_up && !interface->is_taken;
}

void stream_take(struct sim *sim, const struct network_arrival *arrival)
{
    int owner = sim->network.links[arrival->link].owner;
    bool is_open = is_listening(sim, owner, &arrival->path.local);
    struct tcp_socket *socket = tcp_take(&sim->streams.tcp, arrival, is_open, sim->now);

    if (socket) {
        bool is_peer = owner < SIM_SERVER_OWNER;
        struct sim_stream *stream = add(
            sim, owner, socket, &socket->path, is_peer ? YODEL_FRAMING_ICE : YODEL_FRAMING_TURN);
        stream->is_stranger = is_peer;
    }
}

// Who it is from at first: who called; or who is called, or makes a server carry on what it sends:
// there are no other peers than the other side.
static int origin_of(const struct sim_stream *stream, const struct network_arrival *arrival)
{
    if (stream->socket->is_passive) {
        return stream->socket->origin;
    }
    bool is_of_peer = arrival->is_relayed || stream->frames.framing == YODEL_FRAMING_ICE;
    return is_of_peer ? 1 - stream->owner : SIM_SERVER_OWNER;
}

static bool can_carry(const struct sim_stream *stream)
{
    return !is_of_server(stream) && stream->frames.framing == YODEL_FRAMING_TURN;
}

static bool is_carried(struct bytes message)
{
    return message.ptr[0] >> 6 == 1 || (message.ptr[0] == 0 && message.ptr[1] == 0x17); // Data.
}

static void deliver(struct sim *sim, const struct sim_stream *stream, struct span message)
{
    struct network_arrival arrival = {.path = stream->path,
        .link = stream->socket->link,
        .stream = stream->socket->id,
        .len = message.len};

    SIM_CHECK(sim, message.len > 0 && message.len <= sizeof arrival.datagram);
    memcpy(arrival.datagram, message.ptr, message.len);
    arrival.is_relayed = can_carry(stream) && is_carried(bytes_of_span(message));
    arrival.origin = origin_of(stream, &arrival);
    sim_take(sim, &arrival);
}

// Whoever gets a message may end the stream: then the rest is nobody's.
static bool is_still(const struct sim_stream *stream, uint64_t id)
{
    return stream->socket && stream->socket->id == id;
}

// RFC 6544 §7.1: the first message is a check, whose user name says for whom.
static bool is_introduced(
    const struct sim *sim, struct sim_stream *stream, const struct span *message)
{
    if (stream->is_stranger) {
        stream->is_stranger =
            message->len > YODEL_DATAGRAM_MAX ||
            !yodel_peer_claims(sim->sides[stream->owner].peer, message->ptr, message->len);
    }
    return !stream->is_stranger;
}

// Nobody has heard of it.
static void drop(struct sim *sim, struct sim_stream *stream)
{
    tcp_reset(&sim->streams.tcp, stream->socket, sim->now);
    forget(stream);
}

static enum frames_result read_frames(struct sim *sim, struct sim_stream *stream, uint64_t id)
{
    enum frames_result result = FRAMES_MORE;
    struct span message;

    while (
        is_still(stream, id) && (result = frames_next(&stream->frames, &message)) == FRAMES_WHOLE) {
        if (!is_introduced(sim, stream, &message)) {
            return FRAMES_FOREIGN;
        }
        deliver(sim, stream, message);
    }
    return result;
}

static void read_all(struct sim *sim, struct sim_stream *stream)
{
    uint64_t id = stream->socket->id;
    uint8_t room[READ_MAX];
    struct span span = span_of(room, sizeof room);
    size_t len;

    while (is_still(stream, id) &&
           (len = tcp_read(&sim->streams.tcp, stream->socket, span, sim->now)) > 0) {
        frames_put(&stream->frames, span_of(room, len));
        enum frames_result result = read_frames(sim, stream, id);
        if (is_still(stream, id) && result != FRAMES_MORE) {
            SIM_CHECK(sim, stream->socket->origin == NETWORK_STRANGER);
            drop(sim, stream);
        }
    }
}

// ---- a stream's life

static void tell_open(struct sim *sim, struct sim_stream *stream)
{
    stream->is_told = true;
    if (!is_of_server(stream) && !stream->socket->is_passive) {
        yodel_peer_connected(sim->sides[stream->owner].peer, &stream->path);
    }
}

static struct tcp_socket *tell_end(struct sim *sim, struct sim_stream *stream)
{
    struct sim_stream ended = *stream;

    forget(stream);
    if (is_of_server(&ended)) {
        server_disconnected(sim, ended.owner, &ended.path, ended.socket->id);
    } else if (!ended.is_stranger) {
        yodel_peer_disconnected(sim->sides[ended.owner].peer, &ended.path);
    }
    return ended.socket;
}

static bool is_between_sides(const struct sim_stream *stream)
{
    return stream->socket && !is_of_server(stream) && stream->frames.framing == YODEL_FRAMING_ICE;
}

void stream_cut_sides(struct sim *sim)
{
    for (size_t i = 0; i < SIM_STREAMS_MAX; i++) {
        if (is_between_sides(&sim->streams.all[i])) {
            tcp_reset(&sim->streams.tcp, tell_end(sim, &sim->streams.all[i]), sim->now);
        }
    }
}

int stream_count_sides(const struct sim *sim)
{
    int count = 0;

    for (size_t i = 0; i < SIM_STREAMS_MAX; i++) {
        count += is_between_sides(&sim->streams.all[i]);
    }
    return count;
}

static bool is_mute(const struct sim *sim, const struct sim_stream *stream)
{
    return stream->is_stranger &&
           sim_find_address(&sim->sides[stream->owner], &stream->path.local)->is_mute;
}

static yodel_time stranger_until(const struct sim_stream *stream)
{
    return stream->socket && stream->is_stranger ? stream->since + STRANGER_TIMEOUT : YODEL_NEVER;
}

static void run(struct sim *sim, struct sim_stream *stream)
{
    const struct tcp_socket *socket = stream->socket;
    uint64_t id = socket->id;

    if (!is_of_server(stream) && sim_is_paused(&sim->sides[stream->owner])) {
        return; // Its kernel goes on.
    }
    if (is_mute(sim, stream)) {
        return;
    }
    if (sim->now >= stranger_until(stream)) {
        drop(sim, stream);
        return;
    }
    if (socket->state == TCP_OPEN && !stream->is_told) {
        tell_open(sim, stream);
    }
    read_all(sim, stream);
    if (is_still(stream, id) && (socket->state > TCP_OPEN || tcp_is_at_end(socket))) {
        tcp_close(&sim->streams.tcp, tell_end(sim, stream), sim->now);
    }
}

void stream_run(struct sim *sim)
{
    tcp_tick(&sim->streams.tcp, sim->now);
    for (size_t i = 0; i < SIM_STREAMS_MAX; i++) {
        if (sim->streams.all[i].socket) {
            run(sim, &sim->streams.all[i]);
        }
    }
}

yodel_time stream_next_at(const struct sim *sim)
{
    yodel_time at = tcp_next_at(&sim->streams.tcp);

    for (size_t i = 0; i < SIM_STREAMS_MAX; i++) {
        yodel_time until = stranger_until(&sim->streams.all[i]);
        at = until > sim->now ? time_min(at, until) : at;
    }
    return at;
}
