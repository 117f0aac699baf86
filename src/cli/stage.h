// The stage of `yodel publish`, `play` and `call`: all that they have in common, from the command line to the end.
//
//   options ──► sources (asked for) ──► room or endpoint ──► party ◄──► the others
//                                             each second: figures ──► a line, or JSON
//
// Ownership   the caller owns the struct, which must not move (it is large: static)

#ifndef CLI_STAGE_H
#define CLI_STAGE_H

#include "cli/life.h"
#include "cli/party.h"
#include "cli/room.h"
#include "cli/sources.h"
#include "cli/whip_session.h"

#define CLI_STAGE_SERVER_MAX 512
#define CLI_STAGE_CODECS_MAX 4

// What all three are asked for; CLI_STAGE_OPTIONS are rows of their tables, for a static struct of this type.
struct cli_stage_common {
    const char *server, *room;
    const char *endpoint, *token; // Of WHIP or WHEP, in place of a room.
    const char *ice, *proxy;
    struct cli_list turn, interfaces;
    uint32_t duration;
    bool hides_addresses, is_insecure, is_json;
};

#define CLI_STAGE_DURATION_MAX 31536000 // A year.
#define CLI_STAGE_OPTIONS(common)                                                                  \
    {"server", 's', "URL",                                                                         \
        "the Yodel server (default: the link's, $YODEL_SERVER, or "                                \
        "http://localhost:8080)",                                                                  \
        .text = &(common).server},                                                                 \
        {"room", 'r', "NAME", "the room on it", .text = &(common).room},                           \
        {"duration", 'd', "SECONDS", "end after so long", .number = &(common).duration, .min = 1,  \
            .max = CLI_STAGE_DURATION_MAX},                                                        \
        {"json", 0, NULL, "report as JSON, an object a line, on standard output",                  \
            .flag = &(common).is_json},                                                            \
        {"ice", 0, "all|udp|relay", "which paths may be used (default all)",                       \
            .text = &(common).ice},                                                                \
        {"turn", 0, "URL,NAME,PASSWORD", "a TURN server of your own; may be repeated",             \
            .list = &(common).turn},                                                               \
        {"interface", 0, "PATTERN",                                                                \
            "use these network interfaces only, by name or address (eth0, wl*, 192.0.2.*),\n"      \
            "or all but these (!tun*); may be repeated",                                           \
            .list = &(common).interfaces},                                                         \
        {"hide-addresses", 0, NULL,                                                                \
            "tell the other side random names in place of this machine's addresses",               \
            .flag = &(common).hides_addresses},                                                    \
        {"proxy", 0, "URL",                                                                        \
            "the HTTP proxy for TURN over TCP and TLS: http://[USER:PASSWORD@]HOST:PORT",          \
            .text = &(common).proxy},                                                              \
    {                                                                                              \
        "insecure", 'k', NULL, "take any certificate of the server's",                             \
            .flag = &(common).is_insecure                                                          \
    }

struct cli_stage;

struct cli_stage_options {
    const struct cli_stage_common *common;
    enum signaling_call_role role;
    struct cli_sources_options sources; // What is sent, but for what the stage fills in itself.
    struct cli_party_options party;     // Codecs and kinds, likewise.

    // What a command does besides; each may be NULL.
    void (*on_begin)(void *ctx); // Everything is there, and the loop is about to run.
    void (*on_track)(void *ctx, yodel_track *track);
    void (*on_frame)(void *ctx, yodel_transceiver *transceiver, const struct yodel_frame *frame);
    void (*on_gone)(void *ctx); // The tracks that came end.
    void (*on_chat)(void *ctx, struct bytes text);
    void (*on_remote)(void *ctx, enum signaling_call_audio audio, enum signaling_call_video video);
    void (*on_line)(void *ctx, const char *line); // The figures that are drawn.
    void (*on_end)(void *ctx); // Before everything goes; the loop runs once more afterwards.
    void *ctx;
};

struct cli_stage {
    struct cli_stage_options options;
    char server[CLI_STAGE_SERVER_MAX];
    char name[SIGNALING_ROOM_MAX + 1]; // The room's.
    struct cli_life life;
    uv_timer_t ticker, ending;
    yodel_time began;
    bool was_connected;
    bool is_muted, is_off; // Our sound, our picture.
    bool hides_figures;    // No line of them is drawn.
    struct cli_peering peering;
    struct cli_sources sources;
    struct cli_party party;
    struct cli_room room;
    struct cli_whip_session session; // In its place, where there is an endpoint.
};

// Takes "https://host/#call=ROOM" apart, for --server and --room. False where it is none.
bool cli_stage_take_link(
    struct cli_stage *stage, struct cli_stage_common *common, const char *link);

// The whole life of a command. Returns its exit code.
int cli_stage_run(struct cli_stage *stage, const struct cli_stage_options *options);

// Says what we send now: to those who are here, and to who comes.
void cli_stage_tell_state(struct cli_stage *stage);

// An end without a word.
void cli_stage_stop(struct cli_stage *stage, enum cli_exit exit);

#endif
