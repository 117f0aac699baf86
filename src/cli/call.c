// yodel call: the two of a room see and hear each other.

#include <stdio.h>
#include <string.h>

#include "base/port.h"
#include "cli/keys.h"
#include "cli/stage.h"
#include "cli/watch.h"
#include "transfer/name.h"

static struct cli_stage_common common;
static const char *file;
static bool shows_screen, shows_test, has_no_microphone, has_no_camera, is_headless, says_yes;

static const struct cli_option options[] = {
    CLI_STAGE_OPTIONS(common),
    {"screen", 0, NULL, "show the screen in the camera's place", .flag = &shows_screen},
    {"file", 'f', "FILE", "show and play a file, again and again", .text = &file},
    {"test", 0, NULL, "show a test picture, and sound a tone", .flag = &shows_test},
    {"no-camera", 0, NULL, "show nothing", .flag = &has_no_camera},
    {"no-microphone", 0, NULL, "say nothing", .flag = &has_no_microphone},
    {"headless", 0, NULL, "show and play nothing of the other side: decode it, and report",
        .flag = &is_headless},
    {"yes", 'y', NULL, "let devices be used without asking", .flag = &says_yes},
};

struct call {
    struct cli_stage stage;
    struct cli_watch watch;
    struct cli_keys keys;
    yodel_track *clean; // The microphone without an echo; NULL: as it is.
    bool shows_figures;
    bool has_remote;
    enum signaling_call_audio audio; // What they say of themselves.
    enum signaling_call_video video;
};

static struct cli_report *report_of(struct call *call)
{
    return &call->stage.life.report;
}

// ---- what we send

static void mute(struct call *call)
{
    yodel_track *track = call->clean ? call->clean : call->stage.sources.tracks[YODEL_AUDIO];

    if (track) {
        call->stage.is_muted = !call->stage.is_muted;
        yodel_track_set_enabled(track, !call->stage.is_muted);
        cli_stage_tell_state(&call->stage);
        cli_report_say(report_of(call), "state", "Your microphone is %s.",
            call->stage.is_muted ? "muted" : "on");
    }
}

static void turn_off(struct call *call)
{
    yodel_track *track = call->stage.sources.tracks[YODEL_VIDEO];

    if (track) {
        call->stage.is_off = !call->stage.is_off;
        cli_party_send(&call->stage.party, YODEL_VIDEO, call->stage.is_off ? NULL : track);
        cli_stage_tell_state(&call->stage);
        cli_report_say(
            report_of(call), "state", "Your picture is %s.", call->stage.is_off ? "off" : "on");
    }
}

// ---- keys

static void on_key(void *ctx, int key)
{
    struct call *call = ctx;

    switch (key) {
    case 'm':
        mute(call);
        break;
    case 'v':
        turn_off(call);
        break;
    case 's':
        call->shows_figures = !call->shows_figures;
        call->stage.hides_figures = !call->shows_figures;
        cli_report_line(report_of(call), "");
        cli_watch_show(&call->watch, "");
        break;
    case 't':
    case CLI_KEYS_ENTER:
        call->stage.hides_figures = true; // The line is for what is typed.
        cli_keys_ask(&call->keys);
        break;
    case 'q':
        cli_stage_stop(&call->stage, CLI_OK);
        break;
    case CLI_KEYS_INTERRUPT:
        cli_stage_stop(&call->stage, CLI_INTERRUPTED);
        break;
    default:
        break;
    }
}

// A line is written on the terminal, if there is one.
static void on_window_key(void *ctx, int key)
{
    struct call *call = ctx;

    if (call->keys.is_open || (key != 't' && key != CLI_KEYS_ENTER)) {
        on_key(call, key);
    }
}

static void on_typed(void *ctx, struct bytes text)
{
    struct call *call = ctx;

    call->stage.hides_figures = !call->shows_figures;
    if (text.len == 0) {
        return;
    }
    if (cli_room_chat(&call->stage.room, text)) {
        cli_report_say(report_of(call), "said", "You: %.*s", (int)text.len, (const char *)text.ptr);
    } else {
        cli_report_say(report_of(call), "state", "Nobody can read it now.");
    }
}

// ---- what the other side tells

static void on_chat(void *ctx, struct bytes text)
{
    struct call *call = ctx;
    char shown[4 * SIGNALING_CALL_CHAT_MAX];

    transfer_name_show(text, shown, sizeof shown);
    cli_report_say(report_of(call), "chat", "The other side: %s", shown);
}

static void on_remote(void *ctx, enum signaling_call_audio audio, enum signaling_call_video video)
{
    static const char *const sounds[] = {"is heard", "is muted", "has no microphone"};
    static const char *const pictures[] = {
        "shows its camera", "shows its screen", "has its camera off", "has no camera"};
    struct call *call = ctx;

    if (!call->has_remote || audio != call->audio || video != call->video) {
        cli_report_say(report_of(call), "remote", "The other side %s, and %s.", sounds[audio],
            pictures[video]);
    }
    call->has_remote = true;
    call->audio = audio;
    call->video = video;
}

static void on_track(void *ctx, yodel_track *track)
{
    cli_watch_take(&((struct call *)ctx)->watch, track);
}

static void on_gone(void *ctx)
{
    struct call *call = ctx;

    call->has_remote = false;
    cli_watch_drop(&call->watch);
}

// ---- the command

// Our own picture beside theirs; and what the loudspeaker plays is not sent back to who said it.
static void show_own(struct call *call)
{
    yodel_player *player = call->watch.player;
    yodel_track **own = call->stage.sources.tracks;
    bool is_device = !file && !shows_test;

    if (!player) {
        return;
    }
    if (own[YODEL_VIDEO]) {
        (void)yodel_player_add_own(player, own[YODEL_VIDEO]);
    }
    if (own[YODEL_AUDIO] && is_device &&
        yodel_player_cancel_echo(player, own[YODEL_AUDIO], &call->clean) == YODEL_OK) {
        cli_party_send(&call->stage.party, YODEL_AUDIO, call->clean);
    }
}

static void on_begin(void *ctx)
{
    struct call *call = ctx;
    struct cli_keys_options keys = {report_of(call), on_key, on_typed, call};
    struct cli_watch_options watch = {.life = &call->stage.life,
        .runtime = call->stage.peering.runtime,
        .is_headless = is_headless,
        .on_key = on_window_key,
        .ctx = call};
    char why[CLI_WHY_MAX];

    if (cli_watch_begin(&call->watch, &watch, why)) {
        cli_life_fail(&call->stage.life, CLI_FAILED, "no-window", why);
        return;
    }
    show_own(call);

    cli_keys_open(&call->keys, &call->stage.life.loop, &keys);
    if (call->keys.is_open && !common.is_json) {
        cli_report_say(report_of(call), "keys",
            "m: microphone, v: picture, s: statistics, t: write a line, q: leave.");
    }
}

static void on_line(void *ctx, const char *line)
{
    cli_watch_show(&((struct call *)ctx)->watch, line);
}

static void on_end(void *ctx)
{
    struct call *call = ctx;

    cli_keys_close(&call->keys);
    if (call->watch.player && call->stage.sources.tracks[YODEL_VIDEO]) {
        yodel_player_remove(call->watch.player, call->stage.sources.tracks[YODEL_VIDEO]);
    }
    yodel_track_stop(call->clean);
    cli_watch_end(&call->watch);
}

static int usage(const char *text)
{
    struct cli_report report;

    cli_report_init(&report, common.is_json);
    cli_report_error(&report, "usage", text);
    return CLI_USAGE;
}

static int run(int count, char **arguments)
{
    static struct call call;

    if (count > 1 || (count == 1 && !cli_stage_take_link(&call.stage, &common, arguments[0]))) {
        return usage("that is no link to a call; one looks like https://example.org/#call=NAME");
    }
    if (shows_screen + shows_test + has_no_camera + (file != NULL) > 1) {
        return usage("one of --screen, --file, --test and --no-camera at a time");
    }
    call.stage.hides_figures = true;
    struct cli_stage_options stage_options = {.common = &common,
        .role = SIGNALING_CALL_ROLE_CALL,
        .sources = {.source = file            ? file
                              : shows_test    ? "test"
                              : shows_screen  ? "screen"
                              : has_no_camera ? NULL
                                              : "camera",
            .has_microphone = true,
            .says_yes = says_yes,
            .is_lenient = true,
            .is_looped = true,
            .has_no_audio = has_no_microphone},
        .party = {.sends = true, .receives = true, .has_kind = {true, true}},
        .on_begin = on_begin,
        .on_track = on_track,
        .on_gone = on_gone,
        .on_chat = on_chat,
        .on_remote = on_remote,
        .on_line = on_line,
        .on_end = on_end,
        .ctx = &call};
    return cli_stage_run(&call.stage, &stage_options);
}

const struct cli_command cli_call = {
    .name = "call",
    .arguments = "[LINK]",
    .summary = "See and hear each other: with a browser, or another terminal",
    .help = "Without a link and without --room a room that nobody guesses is made up; the link "
            "that is\n"
            "printed is for the other side. Camera, screen and microphone are asked for first; "
            "what is\n"
            "not there is left out.\n",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
