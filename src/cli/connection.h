// A connection by a code: the server's link, the meeting, the peer and one data channel, for `yodel
// send` and
// `yodel receive`.
//
// Once the channel stands, the server may die: only what happens between the two peers counts then.
//
// Ownership   the caller owns the struct and its loop; it must not move
// Limits      CONNECTION_… below

#ifndef CLI_CONNECTION_H
#define CLI_CONNECTION_H

#include <uv.h>

#include "cli/command.h"
#include "cli/path.h"
#include "cli/servers.h"
#include "signaling/link.h"
#include "signaling/meet.h"
#include "yodel/yodel.h"

#define CLI_CONNECTION_HELLO_MAX 5000    // Milliseconds for the server's first word.
#define CLI_CONNECTION_CONNECT_MAX 30000 // From the proof to the open channel.
#define CLI_CONNECTION_SILENCE_MAX                                                                 \
    8000                             // Who has left the server, and is silent for so long, is gone;
#define CLI_CONNECTION_OWED_MAX 2000 // and for so long, where there is something to acknowledge.
#define CLI_CONNECTION_RESTART_MS 1000 // Of a broken path, before ICE restarts.
#define CLI_CONNECTION_RETRY_MS 3000   // Before a used code is tried again.
#define CLI_CONNECTION_LABEL "files"
#define CLI_CONNECTION_PROTOCOL "yodel-transfer-1"

struct cli_connection;

struct cli_connection_options {
    const char *server;
    bool is_insecure;
    const struct signaling_phrase *code; // NULL: we create one.
    const char *ice; // "all", "udp", "relay", or NULL; and TURN servers of one's own.
    const struct cli_list *turn;
    const struct cli_list *interfaces; // Patterns, as in yodel/runtime.h.
    bool hides_addresses;              // Behind names of multicast DNS.
    const char *proxy;                 // Or NULL.

    void (*on_code)(void *ctx, const char *code);
    void (*on_wrong_code)(void *ctx); // The creator's; another code follows by itself.
    void (*on_open)(void *ctx);
    void (*on_message)(void *ctx, const struct yodel_event *event);
    void (*on_low)(void *ctx);                   // Less waits in the channel than its threshold.
    void (*on_lost)(void *ctx, const char *why); // The other side is gone; the channel with it.
    void (*on_failed)(void *ctx, enum cli_exit exit, const char *code, const char *text);
    void *ctx;
};

struct cli_connection {
    struct cli_connection_options options;
    uv_loop_t *loop;
    yodel_runtime *runtime;
    yodel_certificate *certificate;
    struct signaling_link *link;
    bool is_alone; // The server is gone.
    struct signaling_meet meet;
    yodel_peer *peer;
    yodel_channel *channel; // NULL unless open.
    bool is_restarting;     // ICE, after the path broke.
    bool has_left;          // The other left the server.
    double packets_heard;   // From it, at the time `heard`.
    yodel_time heard;
    bool has_retried; // The code, which was in use.
    bool has_said_hello;
    bool is_over;
    struct cli_servers own, servers; // The command line's, and with the server's.
    uv_timer_t timer;                // For the step at hand.
    char path[CLI_PATH_MAX];
};

// Begins. Fails with a sentence in `why`.
YODEL_MUST_USE enum yodel_err cli_connection_init(struct cli_connection *connection,
    uv_loop_t *loop, const struct cli_connection_options *options, char why[256]);

// Closes and frees, running the loop until all is gone, at most a second.
void cli_connection_deinit(struct cli_connection *connection);

// The creator's, after on_lost: the same code may be used once more. False where the server is gone too.
bool cli_connection_reopen(struct cli_connection *connection);

// Calls on_low soon, as if the channel had said it.
void cli_connection_touch(struct cli_connection *connection);

// Which server: what was asked for, else $YODEL_SERVER, else http://localhost:8080; without a slash at the end.
const char *cli_connection_server(const char *asked);

// "local network", "direct", "relay (turn:example.org)", …: how the bytes travel.
const char *cli_connection_path(struct cli_connection *connection);

#endif
