// yodel send: files, folders or a pipe, to whoever has the code.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "cli/life.h"
#include "cli/options.h"
#include "cli/qr.h"
#include "net/clock.h"
#include "transfer/files.h"

#define BUFFERED_MAX (2u << 20) // Bytes in the channel; less waits when it says that it is low.
#define PUMP_MAX 64             // Messages before the loop gets its turn.
#define WAIT_FOR_MAX 600000     // Milliseconds for a receiver that was lost to come back.

static const char *server;
static const char *name, *ice;
static const char *proxy;
static struct cli_list turn, interfaces;
static bool is_json, is_insecure, has_no_qr, hides_addresses;

static const struct cli_option options[] = {
    {"server", 's', "URL", "the Yodel server (default $YODEL_SERVER, or http://localhost:8080)",
        .text = &server},
    {"name", 'n', "NAME", "what the other side sees; for a single path, or for -", .text = &name},
    {"json", 0, NULL, "report as JSON, an object a line, on standard output", .flag = &is_json},
    {"no-qr", 0, NULL, "print no QR code", .flag = &has_no_qr},
    {"ice", 0, "all|udp|relay", "which paths may be used (default all)", .text = &ice},
    {"turn", 0, "URL,NAME,PASSWORD", "a TURN server of your own; may be repeated", .list = &turn},
    {"interface", 0, "PATTERN",
        "use these network interfaces only, by name or address (eth0, wl*, 192.0.2.*),\n"
        "or all but these (!tun*); may be repeated",
        .list = &interfaces},
    {"hide-addresses", 0, NULL,
        "tell the other side random names in place of this machine's addresses, as browsers do;\n"
        "only its own network can look them up",
        .flag = &hides_addresses},
    {"proxy", 0, "URL",
        "the HTTP proxy for TURN over TCP and TLS: http://[USER:PASSWORD@]HOST:PORT",
        .text = &proxy},
    {"insecure", 'k', NULL, "take any certificate of the server's; the code still proves the peer",
        .flag = &is_insecure},
};

struct send {
    struct cli_life life;
    uv_idle_t pump;    // Active while there is work and room.
    uv_timer_t ticker; // Draws progress.
    uv_timer_t waiter; // For a receiver that was lost.
    uv_poll_t input;   // A pipe that had nothing yet.
    bool has_input;
    int input_flags; // As they were: who else has the pipe or the terminal gets it back so.
    struct cli_connection connection;
    struct transfer_files files;
    struct transfer_sender sender;
    bool is_open; // The sender is at work.
};

static void show_progress(struct send *send, bool is_last)
{
    const struct transfer_sender *sender = &send->sender;
    uint32_t item = sender->item < sender->count ? sender->item : sender->count - 1;

    if (!send->is_open || sender->state < TRANSFER_SENDER_SENDING) {
        return;
    }
    cli_report_progress(&send->life.report,
        &(struct cli_report_progress){
            .name = send->files.items[item].path,
            .item = item + 1,
            .count = sender->count,
            .bytes = sender->confirmed,
            .total = sender->total,
            .path = cli_connection_path(&send->connection),
        },
        is_last, clock_now());
}

// ---- the end

static void report_done(struct send *send)
{
    const struct transfer_sender *sender = &send->sender;

    show_progress(send, true);
    for (uint32_t i = 0; i < sender->count && sender->count > 1; i++) {
        if (!send->files.items[i].is_folder && send->life.report.is_json) {
            cli_report_file(&send->life.report, "sent", send->files.items[i].path,
                send->files.items[i].size, sender->resumes[i].sha256);
        }
    }
    bool is_one = sender->count == 1;
    cli_report_file(&send->life.report, "done", send->files.items[0].path, sender->sent,
        is_one ? sender->resumes[0].sha256 : NULL);
}

// Whether the sender is at its end, one way or the other.
static bool judge(struct send *send)
{
    struct transfer_sender *sender = &send->sender;

    if (sender->state == TRANSFER_SENDER_DONE) {
        report_done(send);
        signaling_meet_release(&send->connection.meet);
        cli_life_stop(&send->life, CLI_OK);
        return true;
    }
    // The last words go out first.
    if (sender->state == TRANSFER_SENDER_FAILED && !sender->has_text) {
        char text[400];

        (void)snprintf(text, sizeof text, "%s%s", sender->reason,
            strcmp(sender->code, "declined") == 0 ? " (declined by the receiver)" : "");
        cli_life_fail(&send->life, cli_life_exit_of(sender->code), sender->code, text);
        return true;
    }
    return false;
}

// ---- sending

static void on_input(uv_poll_t *poll, int status, int events)
{
    struct send *send = poll->data;

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    transfer_sender_unblock(&send->sender);
    cli_connection_touch(&send->connection);
}

// Waits for a pipe; a plain file, which cannot be polled, always has something.
static void wait_for_input(struct send *send)
{
    if (send->has_input) {
        uv_poll_start(&send->input, UV_READABLE | UV_DISCONNECT, on_input);
    } else {
        transfer_sender_unblock(&send->sender);
    }
}

// Sends one message; false where there is none, or no room.
static bool send_one(struct send *send)
{
    yodel_channel *channel = send->connection.channel;
    struct transfer_sender_out out;
    enum yodel_err err;

    // An end in the middle does not wait for room.
    bool has_room = channel && (send->sender.state == TRANSFER_SENDER_FAILED ||
                                   yodel_channel_buffered_amount(channel) < BUFFERED_MAX);
    if (!has_room || !transfer_sender_next(&send->sender, &out)) {
        return false;
    }
    if (out.is_text) {
        err = yodel_channel_send_text(channel, (const char *)out.message.ptr, out.message.len);
    } else {
        err = yodel_channel_send(channel, out.message.ptr, out.message.len);
    }
    if (err) {
        cli_life_fail(&send->life, CLI_NETWORK, "io", yodel_err_text(err));
    }
    return !err;
}

static void pump(struct send *send)
{
    for (int i = 0; i < PUMP_MAX && send->is_open && !send->life.has_ended; i++) {
        if (!send_one(send)) {
            break;
        }
    }
    if (!send->is_open || send->life.has_ended || judge(send)) {
        uv_idle_stop(&send->pump);
        return;
    }
    if (send->sender.is_blocked) {
        wait_for_input(send);
    }
    yodel_channel *channel = send->connection.channel;
    bool has_room = channel && yodel_channel_buffered_amount(channel) < BUFFERED_MAX;
    if (!has_room || !(transfer_sender_is_busy(&send->sender) || send->sender.has_text)) {
        uv_idle_stop(&send->pump);
    }
}

static void on_pump(uv_idle_t *idle)
{
    pump(idle->data);
}

static void wake(struct send *send)
{
    if (send->is_open && !send->life.has_ended) {
        uv_idle_start(&send->pump, on_pump);
    }
}

static void on_tick(uv_timer_t *timer)
{
    show_progress(timer->data, false);
}

// ---- what the connection tells

static void on_code(void *ctx, const char *code)
{
    struct send *send = ctx;
    char link[512];

    (void)snprintf(link, sizeof link, "%s/#%s", server, code);
    cli_report_code(&send->life.report, code, link);
    if (send->life.report.is_terminal && !has_no_qr) {
        (void)cli_qr_print(stderr, link);
        (void)fputc('\n', stderr);
    }
}

static void on_wrong_code(void *ctx)
{
    struct send *send = ctx;

    cli_report_say(&send->life.report, "wrong-code",
        "Somebody came with a wrong code, so that code is used up. Here is another:");
}

static void on_open(void *ctx)
{
    struct send *send = ctx;
    struct transfer_source source = transfer_files_source(&send->files);

    uv_timer_stop(&send->waiter);
    if (transfer_sender_init(&send->sender, send->files.items, send->files.count, &source) !=
        YODEL_OK) {
        cli_life_fail(&send->life, CLI_FAILED, "io", "there is no memory left");
        return;
    }
    send->is_open = true;
    cli_report_say(&send->life.report, "connected",
        "Connected (%s). Waiting for the other side's yes.",
        cli_connection_path(&send->connection));
    uv_timer_start(&send->ticker, on_tick, 100, 100);
    wake(send);
}

static void on_message(void *ctx, const struct yodel_event *event)
{
    struct send *send = ctx;

    if (send->is_open && event->message.is_text) {
        transfer_sender_recv_text(&send->sender, bytes_of(event->message.data, event->message.len));
        (void)judge(send);
        wake(send);
    }
}

static void on_low(void *ctx)
{
    wake(ctx);
}

static void end_sender(struct send *send)
{
    uv_timer_stop(&send->ticker);
    uv_idle_stop(&send->pump);
    if (send->is_open) {
        send->is_open = false;
        transfer_sender_deinit(&send->sender);
    }
}

static void on_wait_over(uv_timer_t *timer)
{
    struct send *send = timer->data;

    cli_life_fail(&send->life, CLI_NETWORK, "peer-gone",
        "the receiver did not come back; send again: what has arrived there is kept");
}

static void on_lost(void *ctx, const char *why)
{
    struct send *send = ctx;

    if (send->life.has_ended) {
        return;
    }
    bool can_resume = !transfer_files_has_pipe(&send->files);
    end_sender(send);
    if (!can_resume || !cli_connection_reopen(&send->connection)) {
        char text[400];

        (void)snprintf(text, sizeof text, "%s; send again: what has arrived there is kept", why);
        cli_life_fail(&send->life, CLI_NETWORK, "peer-gone", text);
        return;
    }
    cli_report_say(
        &send->life.report, "waiting", "%s. The same code goes on where it stopped; waiting.", why);
    uv_timer_start(&send->waiter, on_wait_over, WAIT_FOR_MAX, 0);
}

static void on_failed(void *ctx, enum cli_exit exit, const char *code, const char *text)
{
    struct send *send = ctx;

    cli_life_fail(&send->life, exit, code, text);
}

static void on_interrupt(uv_signal_t *handle, int number)
{
    struct send *send = handle->data;

    (void)number;
    if (send->is_open && send->connection.channel) {
        transfer_sender_abort(&send->sender, "cancelled", "the sender stopped it");
        while (send_one(send)) {
        }
    }
    cli_life_fail(&send->life, CLI_INTERRUPTED, "cancelled", "stopped");
}

// ---- the command

static void init(struct send *send)
{
    cli_life_init(&send->life, on_interrupt, send);
    uv_idle_init(&send->life.loop, &send->pump);
    uv_timer_init(&send->life.loop, &send->ticker);
    uv_timer_init(&send->life.loop, &send->waiter);
    send->pump.data = send->ticker.data = send->waiter.data = send;
    send->input_flags = fcntl(STDIN_FILENO, F_GETFL);
    send->has_input = transfer_files_has_pipe(&send->files) &&
                      uv_poll_init(&send->life.loop, &send->input, STDIN_FILENO) == 0;
    send->input.data = send;
}

static void deinit(struct send *send)
{
    end_sender(send);
    uv_close((uv_handle_t *)&send->pump, NULL);
    uv_close((uv_handle_t *)&send->ticker, NULL);
    uv_close((uv_handle_t *)&send->waiter, NULL);
    if (send->has_input) {
        uv_close((uv_handle_t *)&send->input, NULL);
        (void)fcntl(STDIN_FILENO, F_SETFL, send->input_flags);
    }
    cli_life_ignore_interrupts(&send->life);
    cli_connection_deinit(&send->connection);
    cli_life_deinit(&send->life);
    transfer_files_deinit(&send->files);
}

static bool collect(struct send *send, int count, char **paths)
{
    for (int i = 0; i < count; i++) {
        if (transfer_files_add(&send->files, paths[i], count == 1 ? name : NULL)) {
            cli_report_error(&send->life.report, "unreadable", send->files.text);
            return false;
        }
    }
    if (send->files.left_out > 0) {
        cli_report_say(&send->life.report, "left-out",
            "%u links or devices inside the folders are left out.", send->files.left_out);
    }
    return true;
}

static int run(int count, char **paths)
{
    static struct send send;

    cli_report_init(&send.life.report, is_json);
    if (count == 0) {
        cli_report_error(&send.life.report, "usage", "name what to send: yodel send FILE");
        return CLI_USAGE;
    }
    transfer_files_init(&send.files);
    if (!collect(&send, count, paths)) {
        transfer_files_deinit(&send.files);
        return CLI_FAILED;
    }
    server = cli_connection_server(server);
    init(&send);
    struct cli_connection_options connection = {
        .server = server,
        .is_insecure = is_insecure,
        .ice = ice,
        .turn = &turn,
        .interfaces = &interfaces,
        .hides_addresses = hides_addresses,
        .proxy = proxy,
        .on_code = on_code,
        .on_wrong_code = on_wrong_code,
        .on_open = on_open,
        .on_message = on_message,
        .on_low = on_low,
        .on_lost = on_lost,
        .on_failed = on_failed,
        .ctx = &send,
    };
    cli_life_run(&send.life, &send.connection, &connection);
    deinit(&send);
    return (int)send.life.exit;
}

const struct cli_command cli_send = {
    .name = "send",
    .arguments = "PATH...",
    .summary = "Send files or folders to a terminal or a browser",
    .help = "Prints a code, a link and a QR code. Whoever runs `yodel receive CODE`, or opens the "
            "link\n"
            "in a browser, gets the files directly from this machine. - sends standard input.\n",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
