// A room of a Yodel server, for commands that show and play.

#include "cli/room.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/room_peer.h"
#include "net/clock.h"
#include "net/env.h"
#include "transfer/name.h"

// ---- telling

void cli_room_say(struct cli_room *room, const char *format, ...)
{
    char text[2 * CLI_ROOM_WHY_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!room->is_over) {
        room->options.handler.on_state(room->options.handler.ctx, text);
    }
}

static void fail(struct cli_room *room, enum cli_exit exit, const char *code, const char *text)
{
    if (!room->is_over) {
        room->is_over = true;
        room->options.handler.on_failed(room->options.handler.ctx, exit, code, text);
    }
}

// What another member, or a server, has written.
static const char *shown(const char *text, char out[256])
{
    transfer_name_show(bytes_of_text(text), out, 256);
    return out;
}

static void say_waiting(struct cli_room *room)
{
    static const char *const whom[] = {
        [SIGNALING_CALL_ROLE_CALL] = "somebody to join",
        [SIGNALING_CALL_ROLE_PUBLISH] = "somebody to watch",
        [SIGNALING_CALL_ROLE_PLAY] = "somebody who sends",
    };
    cli_room_say(room, "Waiting for %s.", whom[room->options.role]);
}

// ---- the link

static void on_link_open(void *ctx)
{
    struct cli_room *room = ctx;

    signaling_member_connected(&room->member, clock_now());
    cli_room_wake(room);
}

static void on_link_message(void *ctx, struct bytes text)
{
    struct cli_room *room = ctx;

    signaling_member_recv(&room->member, text, clock_now());
    cli_room_wake(room);
}

static void on_link_close(void *ctx, const char *why)
{
    struct cli_room *room = ctx;

    (void)snprintf(room->why, sizeof room->why, "%s", why);
    signaling_member_disconnected(&room->member, clock_now());
    if (!room->member.was_greeted) {
        fail(room, CLI_NETWORK, "no-server", room->why);
    } else if (!room->is_away) {
        room->is_away = true;
        cli_room_say(room, "The server is away; what is connected stays so, and we try it again.");
    }
    cli_room_wake(room);
}

static void connect_link(struct cli_room *room)
{
    struct signaling_link_options options = {.loop = room->peering->loop,
        .url = room->options.server,
        .is_insecure = room->options.is_insecure,
        .on_open = on_link_open,
        .on_message = on_link_message,
        .on_close = on_link_close,
        .ctx = room};
    enum yodel_err err =
        room->link ? signaling_link_again(room->link) : signaling_link_new(&options, &room->link);

    if (err) {
        signaling_member_disconnected(&room->member, clock_now()); // It asks again later.
    }
}

// ---- what the member tells

static void take_hello(struct cli_room *room, const json_t *servers)
{
    room->servers = room->peering->own;
    cli_servers_take(&room->servers, servers);
    if (room->is_away) {
        room->is_away = false;
        cli_room_say(room, "The server is back.");
    }
}

static void begin_partner(struct cli_room *room, uint32_t number)
{
    const struct signaling_member_partner *partner = signaling_member_find(&room->member, number);

    cli_room_say(room, "Somebody is here; connecting.");
    room->reason[0] = '\0';
    enum yodel_err err = partner ? cli_room_peer_begin(room, number, partner->is_polite) : YODEL_OK;
    if (err) {
        fail(room, CLI_FAILED, "io", yodel_err_text(err));
    }
}

static void tell_no_path(struct cli_room *room, const char *theirs)
{
    char text[2 * CLI_ROOM_WHY_MAX], why[256];

    (void)snprintf(text, sizeof text,
        "the two machines cannot reach each other directly; try another network on one side (a "
        "firewall or a strict NAT is between them), or a TURN server (--turn)%s%s",
        *theirs         ? ": the other side says: "
        : *room->reason ? ": "
                        : "",
        shown(*theirs ? theirs : room->reason, why));
    if (room->options.role == SIGNALING_CALL_ROLE_PUBLISH) {
        cli_room_say(room, "Somebody who wanted to watch cannot be reached: %s.", text);
    } else {
        fail(room, CLI_NETWORK, "no-connection", text);
    }
}

static void end_partner(struct cli_room *room, const struct signaling_member_event *event)
{
    struct cli_room_partner *partner = cli_room_peer_find(room, event->partner);

    if (partner) {
        cli_room_peer_end(room, partner);
    }
    switch (event->why) {
    case SIGNALING_MEMBER_LEFT:
        cli_room_say(room, "The other side has left.");
        break;
    case SIGNALING_MEMBER_CLOSED:
    case SIGNALING_MEMBER_LOST:
        cli_room_say(room, "The other side is gone; it may come back.");
        break;
    case SIGNALING_MEMBER_NO_PATH:
        tell_no_path(room, event->text);
        break;
    case SIGNALING_MEMBER_REFUSED:
        cli_room_say(room, "The other side is with somebody else.");
        break;
    case SIGNALING_MEMBER_AFRESH:
        break; // PARTNER follows.
    }
}

static void take_partner_event(struct cli_room *room, const struct signaling_member_event *event)
{
    struct cli_room_partner *partner = cli_room_peer_find(room, event->partner);

    if (!partner) {
        return;
    }
    if (event->type == SIGNALING_MEMBER_EVENT_SIGNAL) {
        cli_room_peer_take_signal(room, partner, event->data);
    } else if (event->type == SIGNALING_MEMBER_EVENT_RESTART) {
        cli_room_peer_restart(partner);
    } else {
        cli_room_peer_roll_back(partner);
    }
}

static void take_event(struct cli_room *room, const struct signaling_member_event *event)
{
    char text[256];

    switch (event->type) {
    case SIGNALING_MEMBER_EVENT_CONNECT:
        connect_link(room);
        break;
    case SIGNALING_MEMBER_EVENT_HELLO:
        take_hello(room, event->data);
        break;
    case SIGNALING_MEMBER_EVENT_FOREIGN:
        signaling_link_close(room->link);
        break;
    case SIGNALING_MEMBER_EVENT_WAITING:
        say_waiting(room);
        break;
    case SIGNALING_MEMBER_EVENT_PARTNER:
        begin_partner(room, event->partner);
        break;
    case SIGNALING_MEMBER_EVENT_SIGNAL:
    case SIGNALING_MEMBER_EVENT_ROLLBACK:
    case SIGNALING_MEMBER_EVENT_RESTART:
        take_partner_event(room, event);
        break;
    case SIGNALING_MEMBER_EVENT_GONE:
        end_partner(room, event);
        break;
    case SIGNALING_MEMBER_EVENT_FULL:
        fail(room, CLI_DECLINED, "room-full",
            "this call is for two, and two are in it: ask them, or make another room");
        break;
    case SIGNALING_MEMBER_EVENT_FAILED:
        fail(room, CLI_NETWORK, event->code, shown(event->text, text));
        break;
    }
}

// ---- time

static void flush(struct cli_room *room)
{
    const char *text;

    while ((text = signaling_member_next_out(&room->member, clock_now())) != NULL) {
        if (!room->link || signaling_link_send(room->link, bytes_of_text(text)) != YODEL_OK) {
            return; // It is closing, and says so itself.
        }
    }
}

static void on_timer(uv_timer_t *timer);

// libuv's timers count milliseconds: up, so that none is too early.
static void set_timer(struct cli_room *room)
{
    yodel_time next = signaling_member_next_timeout(&room->member), now = clock_now();

    if (next != YODEL_NEVER) {
        uint64_t wait = next > now ? (uint64_t)(next - now + 999) / 1000 : 0;
        uv_timer_start(&room->timer, on_timer, wait, 0);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct cli_room *room = timer->data;
    struct signaling_member_event event;

    signaling_member_tick(&room->member, clock_now());
    while (!room->is_over && signaling_member_next_event(&room->member, &event)) {
        take_event(room, &event);
    }
    flush(room);
    if (!uv_is_active((uv_handle_t *)timer)) { // Nobody woke us meanwhile.
        set_timer(room);
    }
}

void cli_room_wake(struct cli_room *room)
{
    uv_timer_start(&room->timer, on_timer, 0, 0);
}

// ---- its life

enum yodel_err cli_room_init(struct cli_room *room, struct cli_peering *peering,
    const struct cli_room_options *options, char why[CLI_WHY_MAX])
{
    struct signaling_url url;

    *room = (struct cli_room){.options = *options,
        .peering = peering,
        .servers = peering->own,
        .audio = SIGNALING_CALL_AUDIO_NONE,
        .video = SIGNALING_CALL_VIDEO_NONE};
    uv_timer_init(peering->loop, &room->timer);
    uv_timer_init(peering->loop, &room->goodbye);
    room->timer.data = room;
    if (signaling_link_parse_url(&url, bytes_of_text(options->server)) != YODEL_OK) {
        (void)snprintf(why, CLI_WHY_MAX,
            "\"%.100s\" is no address of a server; one looks like http://localhost:8080",
            options->server);
        return YODEL_ERR_SYNTAX;
    }
    struct signaling_member_options member = {.env = net_env_system(LOG_ERROR, NET_ENV_TEXT),
        .room = options->name,
        .role = options->role};
    if (signaling_member_init(&room->member, &member) != YODEL_OK) {
        (void)snprintf(why, CLI_WHY_MAX,
            "\"%.64s\" is no room's name: it has 1 to 64 of the characters A-Z a-z 0-9 . _ -",
            options->name);
        return YODEL_ERR_SYNTAX;
    }
    cli_room_wake(room);
    return YODEL_OK;
}

static void on_late(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void say_to_all(struct cli_room *room, const struct signaling_call_message *message)
{
    for (size_t i = 0; i < COUNT(room->partners); i++) {
        if (room->partners[i].number) {
            (void)cli_room_peer_say(&room->partners[i], message);
        }
    }
}

// The other side closes once it has heard `leave`.
static bool has_channel(const struct cli_room *room)
{
    for (size_t i = 0; i < COUNT(room->partners); i++) {
        if (room->partners[i].channel && room->partners[i].is_up) {
            return true;
        }
    }
    return false;
}

static void wait_for(
    struct cli_room *room, uint64_t wait_ms, bool (*lasts)(const struct cli_room *))
{
    bool is_late = false;

    room->goodbye.data = &is_late;
    uv_timer_start(&room->goodbye, on_late, wait_ms, 0);
    while (!is_late && lasts(room)) {
        uv_run(room->peering->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&room->goodbye);
}

static bool is_linked(const struct cli_room *room)
{
    return room->link && room->member.was_greeted && !room->is_away;
}

void cli_room_deinit(struct cli_room *room)
{
    room->is_over = true;
    say_to_all(room, &(struct signaling_call_message){.type = SIGNALING_CALL_LEAVE});
    wait_for(room, CLI_ROOM_GOODBYE_MAX, has_channel);
    for (size_t i = 0; i < COUNT(room->partners); i++) {
        if (room->partners[i].number) {
            cli_room_peer_end(room, &room->partners[i]);
        }
    }
    signaling_member_leave(&room->member);
    flush(room);
    if (is_linked(room)) {
        wait_for(room, CLI_ROOM_LAST_WORDS_MS, is_linked);
    }
    uv_close((uv_handle_t *)&room->timer, NULL);
    uv_close((uv_handle_t *)&room->goodbye, NULL);
    signaling_link_free(room->link);
    signaling_member_deinit(&room->member);
}

// ---- the call

void cli_room_set_state(
    struct cli_room *room, enum signaling_call_audio audio, enum signaling_call_video video)
{
    room->audio = audio;
    room->video = video;
    say_to_all(room, &(struct signaling_call_message){
                         .type = SIGNALING_CALL_STATE, .audio = audio, .video = video});
}

bool cli_room_chat(struct cli_room *room, struct bytes text)
{
    bool is_said = false;

    for (size_t i = 0; i < COUNT(room->partners); i++) {
        is_said =
            (room->partners[i].number &&
                cli_room_peer_say(&room->partners[i],
                    &(struct signaling_call_message){.type = SIGNALING_CALL_CHAT, .text = text})) ||
            is_said;
    }
    return is_said;
}
