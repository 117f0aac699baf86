// A small world for tests of the agent: streams between the two.
//
// Order and wholeness are TCP's promise; with one delay for all, the world's flights keep it.

#include "base/assert.h"
#include "ice/world.h"

static struct ice_world_stream *find(
    struct ice_world *world, size_t agent, const struct yodel_path *path)
{
    for (size_t i = 0; i < ICE_WORLD_STREAMS_MAX; i++) {
        struct ice_world_stream *stream = &world->streams[i];
        if (stream->is_used && path_equal(&stream->ends[agent], path)) {
            return stream;
        }
    }
    return NULL;
}

static bool is_listening(const struct ice_world *world, size_t agent, const struct yodel_addr *addr)
{
    const struct ice *ice = &world->agents[agent].ice;
    uint8_t at = ice_local_find_base(ice, YODEL_TCP, addr);

    return at != ICE_NONE && ice->locals[at].tcp_type == ICE_TCP_PASSIVE && !world->is_tcp_refused;
}

void ice_world_connect(struct ice_world *world, size_t agent, const struct ice_event *event)
{
    size_t at = world->stream_count++;
    struct ice_world_stream stream = {
        .is_used = true, .opener = agent, .opens_at = world->now + world->delay};

    if (event->framing != YODEL_FRAMING_ICE || at >= ICE_WORLD_STREAMS_MAX ||
        !is_listening(world, 1 - agent, &event->path.remote)) {
        ice_disconnected(&world->agents[agent].ice, &event->path);
        return;
    }
    stream.ends[agent] = event->path;
    stream.ends[1 - agent] = (struct yodel_path){
        .local = event->path.remote, .remote = event->path.local, .transport = YODEL_TCP};
    stream.ends[1 - agent].remote.port = (uint16_t)(40000 + at);
    world->streams[at] = stream;
}

void ice_world_disconnect(struct ice_world *world, size_t agent, const struct yodel_path *path)
{
    struct ice_world_stream *stream = find(world, agent, path);

    if (stream) {
        stream->is_used = false;
        world->closed_count++;
        ice_disconnected(&world->agents[1 - agent].ice, &stream->ends[1 - agent]);
    }
}

void ice_world_cut(struct ice_world *world)
{
    for (size_t i = 0; i < ICE_WORLD_STREAMS_MAX; i++) {
        struct ice_world_stream *stream = &world->streams[i];
        if (stream->is_used) {
            stream->is_used = false;
            ice_disconnected(&world->agents[0].ice, &stream->ends[0]);
            ice_disconnected(&world->agents[1].ice, &stream->ends[1]);
        }
    }
}

bool ice_world_other_end(
    struct ice_world *world, size_t agent, const struct yodel_path *path, struct yodel_path *other)
{
    const struct ice_world_stream *stream = find(world, agent, path);

    if (stream && stream->is_open) {
        *other = stream->ends[1 - agent];
    }
    return stream && stream->is_open;
}

void ice_world_open_due(struct ice_world *world)
{
    for (size_t i = 0; i < ICE_WORLD_STREAMS_MAX; i++) {
        struct ice_world_stream *stream = &world->streams[i];
        if (stream->is_used && !stream->is_open && stream->opens_at <= world->now) {
            stream->is_open = true;
            ice_connected(&world->agents[stream->opener].ice, &stream->ends[stream->opener]);
        }
    }
}

yodel_time ice_world_next_opening(const struct ice_world *world)
{
    yodel_time next = YODEL_NEVER;

    for (size_t i = 0; i < ICE_WORLD_STREAMS_MAX; i++) {
        const struct ice_world_stream *stream = &world->streams[i];
        if (stream->is_used && !stream->is_open) {
            next = time_min(next, stream->opens_at);
        }
    }
    return next;
}
