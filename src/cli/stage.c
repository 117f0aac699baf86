// The stage of `yodel publish`, `play` and `call`.

#include "cli/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/env.h"

#define CALL "#call="

// ---- what is told

static void on_state(void *ctx, const char *sentence)
{
    struct cli_stage *stage = ctx;

    cli_report_say(&stage->life.report, "state", "%s", sentence);
}

static void on_failed(void *ctx, enum cli_exit exit, const char *code, const char *text)
{
    struct cli_stage *stage = ctx;

    cli_life_fail(&stage->life, exit, code, text);
}

static json_t *figures_json(const struct cli_stage *stage, const struct cli_figures *figures)
{
    bool sends = stage->options.party.sends, receives = stage->options.party.receives;
    json_t *object = sends && receives ? json_object() : cli_figures_json(figures, sends);

    if (sends && receives) {
        json_object_set_new(object, "sent", cli_figures_json(figures, true));
        json_object_set_new(object, "received", cli_figures_json(figures, false));
    }
    json_object_set_new(object, "t",
        json_integer(
            (json_int_t)((clock_now() - stage->began + YODEL_MS(500)) / YODEL_SECONDS(1))));
    json_object_set_new(object, "peers", json_integer(figures->peers));
    if (figures->has_rtt) {
        json_object_set_new(object, "rtt_ms", json_integer((json_int_t)(figures->rtt_ms + 0.5)));
    }
    return object;
}

static void draw_figures(struct cli_stage *stage, const struct cli_figures *figures)
{
    char line[2 * CLI_FIGURES_LINE_MAX + 64], part[CLI_FIGURES_LINE_MAX];
    struct writer w = writer_of(span_of(line, sizeof line - 1));

    if (figures->peers == 0 || stage->hides_figures) {
        return; // A sentence says what is waited for.
    }
    // Who watches at an endpoint, only that one knows.
    if (stage->options.role == SIGNALING_CALL_ROLE_PUBLISH && !stage->options.common->endpoint) {
        put_format(&w, "%u watching  ", figures->peers);
    }
    if (stage->options.party.sends) {
        cli_figures_line(figures, true, part);
        put_format(&w, "%s%s", stage->options.party.receives ? "out " : "", part);
    }
    if (stage->options.party.receives) {
        cli_figures_line(figures, false, part);
        put_format(&w, "%s%s", stage->options.party.sends ? "   in " : "", part);
    }
    line[w.len] = '\0';
    cli_report_line(&stage->life.report, line);
    if (stage->options.on_line) {
        stage->options.on_line(stage->options.ctx, line);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct cli_stage *stage = timer->data;
    struct cli_figures figures;

    cli_party_figures(&stage->party, &figures, clock_now());
    stage->was_connected = stage->was_connected || figures.peers > 0;
    if (stage->life.report.is_json) {
        cli_report_event(&stage->life.report, "statistics", figures_json(stage, &figures));
    } else {
        draw_figures(stage, &figures);
    }
}

static bool has(const struct cli_sources *sources, enum yodel_media_kind kind)
{
    return sources->tracks[kind] && !sources->has_ended[kind];
}

void cli_stage_tell_state(struct cli_stage *stage)
{
    const struct cli_sources *sources = &stage->sources;

    if (!stage->room.peering) {
        return; // An endpoint is not told.
    }
    cli_room_set_state(&stage->room,
        !has(sources, YODEL_AUDIO) ? SIGNALING_CALL_AUDIO_NONE
        : stage->is_muted          ? SIGNALING_CALL_AUDIO_MUTED
                                   : SIGNALING_CALL_AUDIO_ON,
        !has(sources, YODEL_VIDEO) ? SIGNALING_CALL_VIDEO_NONE
        : stage->is_off            ? SIGNALING_CALL_VIDEO_OFF
                                   : sources->video);
}

// ---- who comes and goes

static enum yodel_err on_peer(
    void *ctx, yodel_peer *peer, yodel_peer_handler *handler, void *handler_ctx)
{
    return cli_party_take(&((struct cli_stage *)ctx)->party, peer, handler, handler_ctx);
}

static void on_peer_gone(void *ctx, yodel_peer *peer)
{
    cli_party_drop(&((struct cli_stage *)ctx)->party, peer);
}

static void on_track(void *ctx, yodel_track *track)
{
    struct cli_stage *stage = ctx;

    if (stage->options.on_track) {
        stage->options.on_track(stage->options.ctx, track);
    }
}

static void on_gone(void *ctx)
{
    struct cli_stage *stage = ctx;

    if (stage->options.on_gone) {
        stage->options.on_gone(stage->options.ctx);
    }
}

static void on_frame(void *ctx, yodel_transceiver *transceiver, const struct yodel_frame *frame)
{
    struct cli_stage *stage = ctx;

    if (stage->options.on_frame) {
        stage->options.on_frame(stage->options.ctx, transceiver, frame);
    }
}

static void on_chat(void *ctx, struct bytes text)
{
    struct cli_stage *stage = ctx;

    if (stage->options.on_chat) {
        stage->options.on_chat(stage->options.ctx, text);
    }
}

static void on_remote(void *ctx, enum signaling_call_audio audio, enum signaling_call_video video)
{
    struct cli_stage *stage = ctx;

    if (stage->options.on_remote) {
        stage->options.on_remote(stage->options.ctx, audio, video);
    }
}

// A kind that the file does not have ends as well, and the other goes on.
static void on_source_ended(void *ctx, yodel_track *track, const char *why, bool is_last)
{
    struct cli_stage *stage = ctx;

    cli_party_send(&stage->party, yodel_track_kind(track), NULL);
    cli_stage_tell_state(stage);
    if (!is_last) {
        return;
    }
    if (stage->sources.has_given) {
        cli_report_say(&stage->life.report, "ended", "The end: %s.", why);
        cli_stage_stop(stage, CLI_OK);
    } else {
        cli_life_fail(&stage->life, CLI_FAILED, "no-source", why);
    }
}

// ---- the beginning

bool cli_stage_take_link(struct cli_stage *stage, struct cli_stage_common *common, const char *link)
{
    const char *mark = strstr(link, CALL);
    size_t len = mark ? (size_t)(mark - link) : 0;

    if (!mark || len >= sizeof stage->server || strlen(mark + strlen(CALL)) > SIGNALING_ROOM_MAX) {
        return false;
    }
    memcpy(stage->server, link, len);
    stage->server[len] = '\0';
    (void)snprintf(stage->name, sizeof stage->name, "%s", mark + strlen(CALL));
    if (!common->server) {
        common->server = stage->server;
    }
    common->room = stage->name;
    return true;
}

static enum yodel_err open_peering(struct cli_stage *stage, char why[CLI_WHY_MAX])
{
    const struct cli_stage_common *common = stage->options.common;
    struct cli_peering_options options = {.ice = common->ice,
        .turn = &common->turn,
        .interfaces = &common->interfaces,
        .hides_addresses = common->hides_addresses,
        .proxy = common->proxy,
        .is_insecure = common->is_insecure};

    return cli_peering_init(&stage->peering, &stage->life.loop, &options, why);
}

static enum yodel_err open_sources(struct cli_stage *stage, char why[CLI_WHY_MAX])
{
    struct cli_sources_options options = stage->options.sources;

    if (!stage->options.party.sends) {
        return YODEL_OK;
    }
    options.runtime = stage->peering.runtime;
    options.may_ask = isatty(STDIN_FILENO) && !stage->options.common->is_json;
    options.on_ended = on_source_ended;
    options.ctx = stage;
    enum yodel_err err = cli_sources_open(&stage->sources, &options, why);
    if (!err && *why) {
        cli_report_say(&stage->life.report, "without", "Without it: %s.", why);
    }
    return err;
}

static void open_party(struct cli_stage *stage)
{
    struct cli_party_options options = stage->options.party;

    options.runtime = stage->peering.runtime;
    options.on_track = on_track;
    options.on_frame = on_frame;
    options.on_gone = on_gone;
    options.ctx = stage;
    cli_party_init(&stage->party, &options);
    cli_party_send(&stage->party, YODEL_AUDIO, stage->sources.tracks[YODEL_AUDIO]);
    cli_party_send(&stage->party, YODEL_VIDEO, stage->sources.tracks[YODEL_VIDEO]);
}

static enum yodel_err open_room(struct cli_stage *stage, char why[CLI_WHY_MAX])
{
    const struct cli_stage_common *common = stage->options.common;
    char made[SIGNALING_MEMBER_ROOM_SIZE];
    struct cli_room_options options = {.role = stage->options.role,
        .is_insecure = common->is_insecure,
        .handler = {on_peer, on_peer_gone, on_state, on_failed, stage},
        .on_chat = on_chat,
        .on_remote = on_remote};

    signaling_member_make_room(net_env_system(LOG_ERROR, NET_ENV_TEXT), made);
    options.name = common->room ? common->room : made;
    options.server = cli_connection_server(common->server);
    enum yodel_err err = cli_room_init(&stage->room, &stage->peering, &options, why);
    if (!err && stage->options.party.sends) {
        cli_stage_tell_state(stage);
        cli_report_link(&stage->life.report, options.server, options.name);
    }
    return err;
}

static enum yodel_err open_session(struct cli_stage *stage, char why[CLI_WHY_MAX])
{
    const struct cli_stage_common *common = stage->options.common;
    struct cli_whip_session_options options = {.url = common->endpoint,
        .token = common->token ? common->token : getenv("YODEL_TOKEN"),
        .is_whep = !stage->options.party.sends,
        .is_insecure = common->is_insecure,
        .handler = {on_peer, on_peer_gone, on_state, on_failed, stage}};

    if (common->room || common->server) {
        (void)snprintf(why, CLI_WHY_MAX, "an endpoint or a room of a Yodel server, not both");
        return YODEL_ERR_SYNTAX;
    }
    return cli_whip_session_init(&stage->session, &stage->peering, &options, why);
}

// ---- the end

void cli_stage_stop(struct cli_stage *stage, enum cli_exit exit)
{
    cli_life_stop(&stage->life, exit);
}

static void on_interrupt(uv_signal_t *handle, int number)
{
    (void)number;
    cli_stage_stop(handle->data, CLI_INTERRUPTED);
}

static void on_time_over(uv_timer_t *timer)
{
    struct cli_stage *stage = timer->data;

    if (stage->options.role == SIGNALING_CALL_ROLE_PLAY && !stage->was_connected) {
        cli_life_fail(&stage->life, CLI_NETWORK, "nobody", "nobody was there who sends");
    }
    cli_stage_stop(stage, CLI_OK);
}

static void on_long_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

// What is left on the loop closes by itself; a second is plenty.
static void close_loop(struct cli_stage *stage)
{
    uv_timer_start(&stage->ending, on_long_over, 1000, 0);
    uv_unref((uv_handle_t *)&stage->ending);
    uv_run(&stage->life.loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&stage->ending, NULL);
    cli_life_deinit(&stage->life);
}

static void end(struct cli_stage *stage)
{
    cli_life_ignore_interrupts(&stage->life);
    uv_close((uv_handle_t *)&stage->ticker, NULL);
    if (stage->room.peering) {
        cli_room_deinit(&stage->room);
    }
    if (stage->session.peering) {
        cli_whip_session_deinit(&stage->session);
    }
    if (stage->options.on_end) {
        stage->options.on_end(stage->options.ctx);
    }
    cli_sources_deinit(&stage->sources);
    cli_peering_deinit(&stage->peering);
    close_loop(stage);
}

static void start_timers(struct cli_stage *stage)
{
    const struct cli_stage_common *common = stage->options.common;

    stage->began = clock_now();
    uv_timer_start(&stage->ticker, on_tick, 1000, 1000);
    if (common->duration > 0) {
        uv_timer_start(&stage->ending, on_time_over, (uint64_t)common->duration * 1000, 0);
    }
}

static void fail_to_begin(struct cli_stage *stage, enum yodel_err err, const char *why)
{
    if (err == YODEL_ERR_SYNTAX || err == YODEL_ERR_TYPE) { // Whoever wrote the command line.
        cli_life_fail(&stage->life, CLI_USAGE, "usage", why);
    } else if (err == YODEL_ERR_ABORTED) {
        cli_life_fail(&stage->life, CLI_DECLINED, "not-allowed", why);
    } else {
        cli_life_fail(&stage->life, CLI_FAILED, "failed", why);
    }
}

int cli_stage_run(struct cli_stage *stage, const struct cli_stage_options *options)
{
    char why[CLI_WHY_MAX] = "";

    stage->options = *options;
    cli_report_init(&stage->life.report, options->common->is_json);
    cli_life_init(&stage->life, on_interrupt, stage);
    uv_timer_init(&stage->life.loop, &stage->ticker);
    uv_timer_init(&stage->life.loop, &stage->ending);
    stage->ticker.data = stage->ending.data = stage;
    enum yodel_err err = open_peering(stage, why);
    if (!err) {
        err = open_sources(stage, why);
    }
    if (!err) {
        open_party(stage);
        err = options->common->endpoint ? open_session(stage, why) : open_room(stage, why);
    }
    if (err) {
        fail_to_begin(stage, err, why);
    } else {
        start_timers(stage);
        if (options->on_begin) {
            options->on_begin(options->ctx);
        }
        uv_run(&stage->life.loop, UV_RUN_DEFAULT);
    }
    end(stage);
    return (int)stage->life.exit;
}
