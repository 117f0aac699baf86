// How a peer's bytes travel, in words.

#include "cli/path.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"

static void take_relay_url(void *ctx, const struct yodel_stats_member *member)
{
    if (strcmp(member->type, "local-candidate") == 0 && strcmp(member->name, "url") == 0) {
        (void)snprintf(ctx, CLI_PATH_MAX, "relay (%s)", member->text);
    }
}

static const char *whereabouts(const struct yodel_path *path)
{
    if (addr_is_loopback(&path->remote) || addr_same_ip(&path->remote, &path->local)) {
        return "this machine";
    }
    bool is_near = addr_is_private(&path->remote) || addr_is_link_local(&path->remote);
    return is_near ? "local network" : "direct";
}

const char *cli_path_describe(const yodel_peer *peer, char room[CLI_PATH_MAX])
{
    struct yodel_path path;
    const char *local, *remote;

    if (!yodel_peer_selected_path(peer, &path, &local, &remote)) {
        (void)snprintf(room, CLI_PATH_MAX, "no path");
    } else if (strcmp(local, "relay") == 0 || strcmp(remote, "relay") == 0) {
        (void)snprintf(room, CLI_PATH_MAX, "relay (the other side's)");
        yodel_peer_stats(peer, take_relay_url, room);
    } else {
        (void)snprintf(room, CLI_PATH_MAX, "%s%s", whereabouts(&path),
            path.transport == YODEL_UDP ? "" : " over TCP");
    }
    return room;
}
