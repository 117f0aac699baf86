// How a peer's bytes travel, in words.

#ifndef CLI_PATH_H
#define CLI_PATH_H

#include "cli/servers.h"
#include "yodel/peer.h"

#define CLI_PATH_MAX (CLI_SERVERS_URL_MAX + 16)

// "this machine", "local network", "direct", "direct over TCP", "relay (turn:example.org)", or "no path"; returns
// `room`.
const char *cli_path_describe(const yodel_peer *peer, char room[CLI_PATH_MAX]);

#endif
