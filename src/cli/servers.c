// ICE servers for a connection.
//
// Implements  W3C webrtc §4.2.4 (RTCIceServer), docs/SIGNALING.md (`hello`)

#include "cli/servers.h"

#include <stdio.h>
#include <string.h>

#define TURN_FORM "--turn wants URL,NAME,PASSWORD, like turn:example.org:3478,me,secret"

static bool copy(char *room, size_t size, const char *text, size_t len)
{
    if (len >= size) {
        return false;
    }
    memcpy(room, text, len);
    room[len] = '\0';
    return true;
}

void cli_servers_use(const struct cli_servers *servers, struct cli_servers_config *room,
    struct yodel_peer_config *config)
{
    for (size_t i = 0; i < servers->count; i++) {
        const struct cli_server *server = &servers->items[i];

        room->urls[i] = server->url;
        room->items[i] = (struct yodel_ice_server){.urls = &room->urls[i],
            .url_count = 1,
            .username = server->username,
            .credential = server->credential};
    }
    config->ice_servers = room->items;
    config->ice_server_count = servers->count;
    config->ice_transport_policy = servers->is_relay_only ? YODEL_ICE_RELAY : YODEL_ICE_ALL;
    config->no_ice_tcp = servers->is_udp_only;
}

// The library knows best what a URL is: it is asked with a peer that is thrown away.
static bool is_usable(const struct cli_server *server)
{
    struct cli_servers one = {.count = 1, .items = {*server}};
    struct cli_servers_config room;
    struct yodel_peer_config config = {0};
    yodel_peer *peer = NULL;

    cli_servers_use(&one, &room, &config);
    bool is_good = yodel_peer_new(&config, &peer) == YODEL_OK;
    yodel_peer_free(peer);
    return is_good;
}

static bool add(struct cli_servers *servers, const struct cli_server *server)
{
    if (servers->count == CLI_SERVERS_MAX || !is_usable(server)) {
        return false;
    }
    servers->items[servers->count++] = *server;
    return true;
}

// A password may hold commas; a URL and a name do not.
static bool add_turn(struct cli_servers *servers, const char *text)
{
    struct cli_server server = {0};
    size_t url_len = strcspn(text, ",");
    const char *name = text + url_len + (text[url_len] != '\0');
    size_t name_len = strcspn(name, ",");

    return name[name_len] == ',' && strncmp(text, "turn", 4) == 0 &&
           copy(server.url, sizeof server.url, text, url_len) &&
           copy(server.username, sizeof server.username, name, name_len) &&
           copy(server.credential, sizeof server.credential, name + name_len + 1,
               strlen(name + name_len + 1)) &&
           add(servers, &server);
}

enum yodel_err cli_servers_init(struct cli_servers *servers, const char *ice,
    const struct cli_list *turn, char why[CLI_WHY_MAX])
{
    *servers = (struct cli_servers){.is_relay_only = ice && strcmp(ice, "relay") == 0,
        .is_udp_only = ice && strcmp(ice, "udp") == 0};
    if (ice && !servers->is_relay_only && !servers->is_udp_only && strcmp(ice, "all") != 0) {
        (void)snprintf(why, CLI_WHY_MAX, "--ice wants all, udp or relay, not \"%.100s\"", ice);
        return YODEL_ERR_SYNTAX;
    }
    for (size_t i = 0; turn && i < turn->count; i++) {
        if (!add_turn(servers, turn->items[i])) {
            (void)snprintf(why, CLI_WHY_MAX, "%s", TURN_FORM); // Without what may be a password.
            return YODEL_ERR_SYNTAX;
        }
    }
    return YODEL_OK;
}

void cli_servers_add(
    struct cli_servers *servers, const char *url, const char *username, const char *credential)
{
    struct cli_server server = {0};

    if (copy(server.url, sizeof server.url, url, strlen(url)) &&
        copy(server.username, sizeof server.username, username, strlen(username)) &&
        copy(server.credential, sizeof server.credential, credential, strlen(credential))) {
        (void)add(servers, &server);
    }
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static void take_url(struct cli_servers *servers, const json_t *object, const char *url)
{
    if (url) {
        cli_servers_add(servers, url, text_of(object, "username"), text_of(object, "credential"));
    }
}

void cli_servers_take(struct cli_servers *servers, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *object = json_array_get(list, i);
        const json_t *urls = json_object_get(object, "urls");

        if (json_is_string(urls)) {
            take_url(servers, object, json_string_value(urls));
        }
        for (size_t j = 0; j < json_array_size(urls); j++) {
            take_url(servers, object, json_string_value(json_array_get(urls, j)));
        }
    }
}
