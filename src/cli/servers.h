// ICE servers: those that the command line names, and those that the signaling server tells of.
//
// Ownership   copies
// Limits      CLI_SERVERS_MAX URLs; CLI_SERVERS_URL_MAX and CLI_SERVERS_NAME_MAX bytes; what is more
//             is left out

#ifndef CLI_SERVERS_H
#define CLI_SERVERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/options.h"
#include "yodel/peer.h"

#define CLI_SERVERS_MAX 8
#define CLI_SERVERS_URL_MAX 300
#define CLI_SERVERS_NAME_MAX 512

struct cli_server {
    char url[CLI_SERVERS_URL_MAX];
    char username[CLI_SERVERS_NAME_MAX];
    char credential[CLI_SERVERS_NAME_MAX];
};

struct cli_servers {
    bool is_relay_only, is_udp_only;
    size_t count;
    struct cli_server items[CLI_SERVERS_MAX];
};

// What a peer's configuration points to.
struct cli_servers_config {
    const char *urls[CLI_SERVERS_MAX];
    struct yodel_ice_server items[CLI_SERVERS_MAX];
};

// "all" or "relay" (NULL: all), and each "URL,NAME,PASSWORD" of a list. SYNTAX with a sentence.
YODEL_MUST_USE enum yodel_err cli_servers_init(struct cli_servers *servers, const char *ice,
    const struct cli_list *turn, char why[CLI_WHY_MAX]);

// One that a server told of; "" where there is no name. What is malformed, or of a kind that we do not
// speak, is skipped.
void cli_servers_add(
    struct cli_servers *servers, const char *url, const char *username, const char *credential);

// RTCIceServer objects of a hello, likewise.
void cli_servers_take(struct cli_servers *servers, const json_t *list);

// Fills what concerns servers in `config`, which then points to `servers` and to `room`.
void cli_servers_use(const struct cli_servers *servers, struct cli_servers_config *room,
    struct yodel_peer_config *config);

#endif
