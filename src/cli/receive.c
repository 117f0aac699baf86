// yodel receive: what somebody sends, by a code or a link, into a folder.

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#include "cli/life.h"
#include "cli/options.h"
#include "net/clock.h"
#include "transfer/folder.h"
#include "transfer/pipe.h"

#define FAREWELL_MAX 2000 // Milliseconds for the last words to arrive.
#define LISTED_MAX 8      // Names in the question.

static const char *server, *ice, *output = ".";
static const char *proxy;
static struct cli_list turn, interfaces;
static bool is_json, is_insecure, says_yes, hides_addresses;

static const struct cli_option options[] = {
    {"output", 'o', "FOLDER", "where the files go (default: here); - is standard output",
        .text = &output},
    {"yes", 'y', NULL, "take whatever is offered, without asking", .flag = &says_yes},
    {"server", 's', "URL",
        "the Yodel server (default: the link's, $YODEL_SERVER, or http://localhost:8080)",
        .text = &server},
    {"json", 0, NULL, "report as JSON, an object a line, on standard output", .flag = &is_json},
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

struct receive {
    struct cli_life life;
    uv_idle_t worker;    // Active while parts are hashed.
    uv_timer_t ticker;   // Draws progress, and tells the sender.
    uv_timer_t farewell; // For the sender to close.
    uv_poll_t input;     // The answer to the question.
    bool has_input;
    struct cli_connection connection;
    struct transfer_folder folder;
    struct transfer_pipe pipe;
    struct transfer_receiver receiver;
    bool is_open;
    bool was_asked;
    bool has_resumed; // Told.
    bool is_done;     // Reported; only the farewell is left.
};

static void fail(struct receive *receive, enum cli_exit exit, const char *code, const char *text)
{
    if (!receive->is_done) {
        cli_life_fail(&receive->life, exit, code, text);
    }
}

static void show_progress(struct receive *receive, bool is_last)
{
    const struct transfer_receiver *receiver = &receive->receiver;
    uint32_t item = receiver->item < receiver->count ? receiver->item : receiver->count - 1;

    if (!receive->is_open || receiver->count == 0 ||
        receiver->state < TRANSFER_RECEIVER_RECEIVING) {
        return;
    }
    cli_report_progress(&receive->life.report,
        &(struct cli_report_progress){
            .name = receiver->items[item].path,
            .item = item + 1,
            .count = receiver->count,
            .bytes = receiver->received,
            .total = receiver->total,
            .path = cli_connection_path(&receive->connection),
        },
        is_last, clock_now());
}

// ---- sending what the receiver says

static void flush(struct receive *receive)
{
    yodel_channel *channel = receive->connection.channel;
    struct bytes text;

    while (channel && receive->is_open && transfer_receiver_next(&receive->receiver, &text)) {
        if (yodel_channel_send_text(channel, (const char *)text.ptr, text.len) != YODEL_OK) {
            return; // It is closing: CLOSE follows.
        }
    }
}

// ---- the end

// The file's name as a person would type it.
static void path_of(const char *final, char room[4096])
{
    bool is_here = strcmp(output, ".") == 0 || strcmp(output, "-") == 0;

    (void)snprintf(room, 4096, is_here ? "%.0s%s" : "%s/%s", output, final);
}

static void report_done(struct receive *receive)
{
    const struct transfer_receiver *receiver = &receive->receiver;
    char path[4096];

    show_progress(receive, true);
    for (uint32_t i = 0; i < receiver->count && receiver->count > 1; i++) {
        const struct transfer_receiver_item *item = &receiver->items[i];

        if (!item->offered.is_folder) {
            path_of(item->final, path);
            cli_report_file(&receive->life.report, "saved", path, item->size, item->sha256);
        }
    }
    path_of(receiver->items[0].final, path);
    cli_report_file(&receive->life.report, "done", path, receiver->received,
        receiver->count == 1 ? receiver->items[0].sha256 : NULL);
    receive->is_done = true;
}

static void on_farewell_over(uv_timer_t *timer)
{
    struct receive *receive = timer->data;

    cli_life_stop(&receive->life, CLI_OK);
}

static void judge(struct receive *receive)
{
    struct transfer_receiver *receiver = &receive->receiver;
    char size[32];

    flush(receive);
    if (receiver->resumed > 0 && !receive->has_resumed) {
        receive->has_resumed = true;
        cli_report_say(&receive->life.report, "resumed",
            "Going on from the %s that are here already.",
            cli_report_size(receiver->resumed, size));
    }
    if (receiver->state == TRANSFER_RECEIVER_DONE && !receive->is_done) {
        // The sender closes once it has our last word.
        report_done(receive);
        uv_timer_start(&receive->farewell, on_farewell_over, FAREWELL_MAX, 0);
    } else if (receiver->state == TRANSFER_RECEIVER_FAILED) {
        fail(receive, cli_life_exit_of(receiver->code), receiver->code, receiver->reason);
    }
}

// ---- the question

static void on_work(uv_idle_t *idle)
{
    struct receive *receive = idle->data;

    if (!receive->is_open || !transfer_receiver_work(&receive->receiver)) {
        uv_idle_stop(idle);
    }
    judge(receive);
}

static void take_offer(struct receive *receive)
{
    transfer_receiver_accept(&receive->receiver);
    uv_idle_start(&receive->worker, on_work);
}

static void refuse_offer(struct receive *receive, const char *reason)
{
    transfer_receiver_decline(&receive->receiver, reason);
    judge(receive);
}

static void on_answer(uv_poll_t *poll, int status, int events)
{
    struct receive *receive = poll->data;
    char line[64];
    ssize_t len = read(STDIN_FILENO, line, sizeof line);

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    if (!receive->is_open || receive->receiver.state != TRANSFER_RECEIVER_ASKING) {
        return;
    }
    if (len > 0 && (line[0] == '\n' || line[0] == 'y' || line[0] == 'Y')) {
        take_offer(receive);
    } else {
        refuse_offer(receive, "the receiver said no");
    }
}

static void list_items(const struct transfer_receiver *receiver)
{
    uint32_t shown = 0, files = 0;
    char name[256], size[32];

    for (uint32_t i = 0; i < receiver->count; i++) {
        const struct transfer_item *item = &receiver->items[i].offered;

        files += !item->is_folder;
        if (item->is_folder || shown == LISTED_MAX) {
            continue;
        }
        shown++;
        transfer_name_show(bytes_of_text(receiver->items[i].path), name, sizeof name);
        (void)fprintf(stderr, "  %s  %s\n", name,
            item->size < 0 ? "(unknown size)" : cli_report_size(item->size, size));
    }
    if (files > shown) {
        (void)fprintf(stderr, "  and %u more\n", files - shown);
    }
    (void)fprintf(stderr, "%u file%s, %s, into %s. Receive? [Y/n] ", files, files == 1 ? "" : "s",
        receiver->total < 0 ? "of unknown size" : cli_report_size(receiver->total, size), output);
    (void)fflush(stderr);
}

// False where it cannot fit, which is better said before than in the middle.
static bool fits(struct receive *receive)
{
    int64_t space = receive->folder.root >= 0 ? transfer_folder_space(&receive->folder) : -1;

    if (space < 0 || receive->receiver.total <= space) {
        return true;
    }
    char need[32], have[32];
    cli_report_say(&receive->life.report, "little-room",
        "Only %s are free in %s, for %s: what fits is kept, and goes on when there is room.",
        cli_report_size(space, have), output, cli_report_size(receive->receiver.total, need));
    return false;
}

static void ask(struct receive *receive)
{
    receive->was_asked = true;
    (void)fits(receive);
    if (says_yes) {
        take_offer(receive);
        return;
    }
    if (!receive->has_input || is_json) {
        transfer_receiver_decline(&receive->receiver, "the receiver cannot be asked");
        flush(receive);
        fail(receive, CLI_DECLINED, "no-terminal",
            "there is no terminal to ask on; add --yes to take whatever is offered");
        return;
    }
    list_items(&receive->receiver);
    uv_poll_start(&receive->input, UV_READABLE | UV_DISCONNECT, on_answer);
}

// ---- what the connection tells

static void on_open(void *ctx)
{
    struct receive *receive = ctx;
    bool is_pipe = strcmp(output, "-") == 0;
    struct transfer_sink sink =
        is_pipe ? transfer_pipe_sink(&receive->pipe) : transfer_folder_sink(&receive->folder);

    if (transfer_receiver_init(&receive->receiver, &sink) != YODEL_OK) {
        fail(receive, CLI_FAILED, "io", "there is no memory left");
        return;
    }
    receive->is_open = true;
    cli_report_say(&receive->life.report, "connected", "Connected (%s).",
        cli_connection_path(&receive->connection));
}

static void on_message(void *ctx, const struct yodel_event *event)
{
    struct receive *receive = ctx;
    struct bytes message = bytes_of(event->message.data, event->message.len);

    if (!receive->is_open) {
        return;
    }
    if (event->message.is_text) {
        transfer_receiver_recv_text(&receive->receiver, message);
    } else {
        transfer_receiver_recv_piece(&receive->receiver, message);
    }
    if (receive->receiver.state == TRANSFER_RECEIVER_ASKING && !receive->was_asked) {
        ask(receive);
    }
    judge(receive);
}

static void on_low(void *ctx)
{
    (void)ctx;
}

static void on_code(void *ctx, const char *code)
{
    (void)ctx; // The sender's affair, as the next.
    (void)code;
}

static void on_wrong_code(void *ctx)
{
    (void)ctx;
}

static void on_tick(uv_timer_t *timer)
{
    struct receive *receive = timer->data;

    show_progress(receive, false);
    if (receive->is_open) {
        transfer_receiver_report(&receive->receiver);
        flush(receive);
    }
}

static void on_lost(void *ctx, const char *why)
{
    struct receive *receive = ctx;
    char text[400];

    if (receive->is_done) {
        cli_life_stop(&receive->life, CLI_OK);
        return;
    }
    (void)snprintf(text, sizeof text,
        "%s; receive again with the same code, or with a new one: what has arrived is kept", why);
    fail(receive, CLI_NETWORK, "peer-gone", text);
}

static void on_failed(void *ctx, enum cli_exit exit, const char *code, const char *text)
{
    fail(ctx, exit, code, text);
}

static void on_interrupt(uv_signal_t *handle, int number)
{
    struct receive *receive = handle->data;

    (void)number;
    if (receive->is_open && receive->connection.channel) {
        transfer_receiver_abort(&receive->receiver, "cancelled", "the receiver stopped it");
        flush(receive);
    }
    fail(receive, CLI_INTERRUPTED, "cancelled", "stopped; what has arrived is kept");
    cli_life_stop(&receive->life, CLI_INTERRUPTED);
}

// ---- the command

static void init(struct receive *receive)
{
    cli_life_init(&receive->life, on_interrupt, receive);
    uv_idle_init(&receive->life.loop, &receive->worker);
    uv_timer_init(&receive->life.loop, &receive->ticker);
    uv_timer_init(&receive->life.loop, &receive->farewell);
    receive->worker.data = receive->ticker.data = receive->farewell.data = receive;
    uv_timer_start(&receive->ticker, on_tick, 100, 100);
    // libuv makes what it polls non-blocking, and with it whatever else has the terminal open.
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    receive->has_input = !says_yes && isatty(STDIN_FILENO) &&
                         uv_poll_init(&receive->life.loop, &receive->input, STDIN_FILENO) == 0;
    if (receive->has_input) {
        (void)fcntl(STDIN_FILENO, F_SETFL, flags);
    }
    receive->input.data = receive;
}

static void deinit(struct receive *receive)
{
    if (receive->is_open) {
        receive->is_open = false;
        transfer_receiver_deinit(&receive->receiver);
    }
    uv_close((uv_handle_t *)&receive->worker, NULL);
    uv_close((uv_handle_t *)&receive->ticker, NULL);
    uv_close((uv_handle_t *)&receive->farewell, NULL);
    if (receive->has_input) {
        uv_close((uv_handle_t *)&receive->input, NULL);
    }
    cli_life_ignore_interrupts(&receive->life);
    cli_connection_deinit(&receive->connection);
    cli_life_deinit(&receive->life);
    transfer_folder_deinit(&receive->folder);
}

static void receive_all(struct receive *receive, const struct signaling_phrase *code)
{
    struct cli_connection_options connection = {
        .server = cli_connection_server(server            ? server
                                        : code->server[0] ? code->server
                                                          : NULL),
        .is_insecure = is_insecure,
        .ice = ice,
        .turn = &turn,
        .interfaces = &interfaces,
        .hides_addresses = hides_addresses,
        .proxy = proxy,
        .code = code,
        .on_code = on_code,
        .on_wrong_code = on_wrong_code,
        .on_open = on_open,
        .on_message = on_message,
        .on_low = on_low,
        .on_lost = on_lost,
        .on_failed = on_failed,
        .ctx = receive,
    };

    init(receive);
    cli_life_run(&receive->life, &receive->connection, &connection);
    deinit(receive);
}

// The code may be typed as three words.
static void join_words(char **words, int count, char room[SIGNALING_SERVER_MAX])
{
    struct writer w = writer_of(span_of(room, SIGNALING_SERVER_MAX - 1));

    for (int i = 0; i < count; i++) {
        put_text(&w, i > 0 ? " " : "");
        put_text(&w, words[i]);
    }
    room[w.failed ? 0 : w.len] = '\0';
}

static int run(int count, char **words)
{
    static struct receive receive = {.folder = {.root = -1, .parent = -1, .file = -1}};
    struct signaling_phrase code;
    char typed[SIGNALING_SERVER_MAX], why[SIGNALING_WHY_MAX];

    cli_report_init(&receive.life.report, is_json);
    join_words(words, count, typed);
    if (signaling_phrase_parse(&code, bytes_of_text(typed), why) != YODEL_OK) {
        cli_report_error(&receive.life.report, "bad-code", why);
        return CLI_USAGE;
    }
    if (is_json && strcmp(output, "-") == 0) {
        cli_report_error(
            &receive.life.report, "usage", "--json and the file cannot both go to standard output");
        return CLI_USAGE;
    }
    transfer_pipe_init(&receive.pipe);
    if (strcmp(output, "-") != 0 && transfer_folder_init(&receive.folder, output) != YODEL_OK) {
        cli_report_error(&receive.life.report, "unwritable", receive.folder.text);
        return CLI_FAILED;
    }
    receive_all(&receive, &code);
    return (int)receive.life.exit;
}

const struct cli_command cli_receive = {
    .name = "receive",
    .arguments = "CODE|LINK",
    .summary = "Receive what somebody sends",
    .help = "Files never overwrite others, and a transfer that broke goes on where it stopped.\n",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
