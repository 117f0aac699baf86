// A peer for the runtime's tests.

#include "runtime/fake_peer.h"

#include <stdio.h>
#include <string.h>

#include "base/port.h"

void fake_wake(yodel_peer *peer)
{
    if (peer->wake) {
        peer->wake(peer->wake_ctx);
    }
}

YODEL_API void yodel_peer_recv(
    yodel_peer *peer, const struct yodel_path *path, void *datagram, size_t len, yodel_time now)
{
    (void)now;
    peer->heard++;
    peer->last_path = *path;
    (void)snprintf(
        peer->last_heard, sizeof peer->last_heard, "%.*s", (int)len, (const char *)datagram);
}

YODEL_API void yodel_peer_tick(yodel_peer *peer, yodel_time now)
{
    peer->ticks++;
    peer->ticked_at = now;
    if (peer->timeout && peer->timeout <= now) {
        peer->timeout = 0;
    }
}

YODEL_API bool yodel_peer_next_event(yodel_peer *peer, struct yodel_event *event)
{
    *event = (struct yodel_event){0};
    if (peer->wants_addresses) {
        peer->wants_addresses = false;
        event->type = YODEL_EVENT_GATHER;
        return true;
    }
    if (peer->wants_name) {
        event->type = YODEL_EVENT_RESOLVE;
        event->name = peer->wants_name;
        peer->wants_name = NULL;
        return true;
    }
    if (peer->wants_stream || peer->wants_no_stream) {
        event->type = peer->wants_stream ? YODEL_EVENT_CONNECT : YODEL_EVENT_DISCONNECT;
        event->stream.path = peer->stream_path;
        event->stream.framing = peer->stream_framing;
        event->stream.host = peer->stream_host;
        peer->wants_stream = peer->wants_no_stream = false;
        return true;
    }
    if (peer->events_to_tell > 0) {
        peer->events_to_tell--;
        event->type = YODEL_EVENT_NEGOTIATION_NEEDED;
        return true;
    }
    return false;
}

YODEL_API size_t yodel_peer_emit(
    yodel_peer *peer, void *room, size_t room_len, struct yodel_path *path, yodel_time now)
{
    (void)now;
    peer->emits++;
    if (peer->to_say == 0 && !peer->says_without_end) {
        return 0;
    }
    peer->to_say -= peer->to_say > 0;
    int len = snprintf(room, room_len, "%s", peer->text ? peer->text : "hello");
    *path = peer->to;
    return peer->size ? peer->size : (size_t)len;
}

YODEL_API yodel_time yodel_peer_next_timeout(const yodel_peer *peer)
{
    return peer->timeout ? peer->timeout : YODEL_NEVER;
}

YODEL_API void yodel_peer_add_local_address(yodel_peer *peer, const struct yodel_addr *addr)
{
    if (peer->addr_count < FAKE_ADDRS_MAX) {
        peer->addrs[peer->addr_count++] = *addr;
    }
}

YODEL_API void yodel_peer_add_local_name(
    yodel_peer *peer, const struct yodel_addr *addr, const char *name)
{
    peer->named = *addr;
    (void)snprintf(peer->name, sizeof peer->name, "%s", name);
}

YODEL_API void yodel_peer_remove_local_address(yodel_peer *peer, const struct yodel_addr *addr)
{
    if (peer->removed_count < FAKE_ADDRS_MAX) {
        peer->removed[peer->removed_count++] = *addr;
    }
}

YODEL_API void yodel_peer_add_local_tcp_address(
    yodel_peer *peer, const struct yodel_addr *listening)
{
    if (peer->tcp_addr_count < FAKE_ADDRS_MAX) {
        peer->tcp_addrs[peer->tcp_addr_count++] = *listening;
    }
}

YODEL_API void yodel_peer_connected(yodel_peer *peer, const struct yodel_path *path)
{
    peer->last_path = *path;
    peer->connects++;
}

YODEL_API void yodel_peer_disconnected(yodel_peer *peer, const struct yodel_path *path)
{
    peer->last_path = *path;
    peer->disconnects++;
}

YODEL_API void yodel_peer_end_local_addresses(yodel_peer *peer)
{
    peer->addrs_ended = true;
}

YODEL_API void yodel_peer_resolved(
    yodel_peer *peer, const char *name, const struct yodel_addr *addr)
{
    (void)name;
    peer->is_resolved = true;
    peer->resolved = addr ? *addr : (struct yodel_addr){0};
}

YODEL_API void yodel_peer_set_wake(yodel_peer *peer, void (*wake)(void *ctx), void *ctx)
{
    peer->wake = wake;
    peer->wake_ctx = ctx;
}

YODEL_API void yodel_peer_local_ufrags(
    const yodel_peer *peer, const char **current, const char **previous)
{
    *current = peer->ufrag ? peer->ufrag : "";
    *previous = peer->old_ufrag ? peer->old_ufrag : "";
}

YODEL_API bool yodel_peer_selected_path(const yodel_peer *peer, struct yodel_path *path,
    const char **local_type, const char **remote_type)
{
    *local_type = "host";
    *remote_type = "host";
    *path = peer->selected;
    return peer->has_selected;
}
