// What commands that connect tell.

#include "cli/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/columns.h"
#include "transfer/name.h"

#define DRAW_EACH YODEL_MS(100)
#define DRAW_EACH_JSON YODEL_MS(500)
#define SAMPLE_EACH YODEL_MS(250)
#define BAR_COLUMNS 30
#define BAR_COLUMNS_MIN 10
#define NAME_COLUMNS 24
#define NAME_COLUMNS_MIN 8

void cli_report_init(struct cli_report *report, bool is_json)
{
    *report =
        (struct cli_report){.is_json = is_json, .is_terminal = !is_json && isatty(STDERR_FILENO)};
}

const char *cli_report_size(int64_t bytes, char room[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < COUNT(units)) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(room, 32, unit > 0 && value < 100 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return room;
}

const char *cli_report_duration(uint64_t seconds, char room[32])
{
    unsigned hours = (unsigned)(seconds / 3600 % 10000), minutes = (unsigned)(seconds / 60 % 60);
    unsigned rest = (unsigned)(seconds % 60);

    if (hours > 0) {
        (void)snprintf(room, 32, "%u:%02u:%02u", hours, minutes, rest);
    } else {
        (void)snprintf(room, 32, "%u:%02u", minutes, rest);
    }
    return room;
}

// ---- JSON

static void print_json(json_t *object)
{
    // stdout may be a pipe that is read line by line: flush each.
    (void)json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    json_decref(object);
}

// Text of ours or of a peer's; what is not UTF-8 becomes fit to show.
static json_t *json_text(const char *text)
{
    char shown[TRANSFER_NAME_PATH_MAX];
    json_t *value = json_string(text);

    if (!value) {
        transfer_name_show(bytes_of_text(text), shown, sizeof shown);
        value = json_string(shown);
    }
    return value;
}

static json_t *event_of(const char *event)
{
    json_t *object = json_object();

    json_object_set_new(object, "event", json_string(event));
    return object;
}

// ---- the line that is drawn over itself

static void clear_line(struct cli_report *report)
{
    if (report->has_line) {
        fputs("\r\x1b[K", stderr);
        report->has_line = false;
    }
}

void cli_report_say(struct cli_report *report, const char *event, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (report->is_json) {
        json_t *object = event_of(event);
        json_object_set_new(object, "text", json_text(text));
        print_json(object);
        return;
    }
    clear_line(report);
    (void)fprintf(stderr, "%s\n", text);
}

void cli_report_code(struct cli_report *report, const char *code, const char *link)
{
    if (report->is_json) {
        json_t *object = event_of("code");
        json_object_set_new(object, "code", json_text(code));
        json_object_set_new(object, "link", link ? json_text(link) : json_null());
        print_json(object);
        return;
    }
    clear_line(report);
    bool bold = report->is_terminal;
    (void)fprintf(stderr, "\nOn the other machine:  %syodel receive %s%s\n", bold ? "\x1b[1m" : "",
        code, bold ? "\x1b[0m" : "");
    if (link) {
        (void)fprintf(stderr, "or in any browser:     %s%s%s\n\n", bold ? "\x1b[4m" : "", link,
            bold ? "\x1b[0m" : "");
    }
}

void cli_report_link(struct cli_report *report, const char *server, const char *room)
{
    char link[1024];

    (void)snprintf(link, sizeof link, "%s/#call=%s", server, room);
    if (report->is_json) {
        json_t *object = event_of("room");
        json_object_set_new(object, "room", json_text(room));
        json_object_set_new(object, "link", json_text(link));
        print_json(object);
        return;
    }
    clear_line(report);
    (void)fprintf(stderr, "In any browser:  %s%s%s\n", report->is_terminal ? "\x1b[4m" : "", link,
        report->is_terminal ? "\x1b[0m" : "");
}

void cli_report_event(struct cli_report *report, const char *event, json_t *object)
{
    json_t *whole = event_of(event);

    if (report->is_json && json_object_update(whole, object) == 0) {
        print_json(whole);
    } else {
        json_decref(whole);
    }
    json_decref(object);
}

void cli_report_file(struct cli_report *report, const char *event, const char *path, int64_t bytes,
    const uint8_t *sha256)
{
    char hex[65] = "", size[32], shown[TRANSFER_NAME_PATH_MAX];
    struct writer w = writer_of(span_of(hex, sizeof hex - 1));

    if (sha256) {
        hex_write(&w, bytes_of(sha256, 32));
    }
    if (report->is_json) {
        json_t *object = event_of(event);
        json_object_set_new(object, "path", json_text(path));
        json_object_set_new(object, "bytes", json_integer(bytes));
        json_object_set_new(object, "sha256", sha256 ? json_string(hex) : json_null());
        print_json(object);
        return;
    }
    clear_line(report);
    transfer_name_show(bytes_of_text(path), shown, sizeof shown);
    (void)fprintf(stderr, "%s  %s  %s%s\n", strcmp(event, "done") == 0 ? "Done:" : "     ", shown,
        cli_report_size(bytes, size), sha256 ? "" : " in all");
    if (sha256) {
        (void)fprintf(stderr, "       sha256 %s\n", hex);
    }
}

void cli_report_error(struct cli_report *report, const char *code, const char *text)
{
    char shown[512];

    if (report->is_json) {
        json_t *object = event_of("error");
        json_object_set_new(object, "code", json_text(code));
        json_object_set_new(object, "text", json_text(text));
        print_json(object);
        return;
    }
    clear_line(report);
    transfer_name_show(bytes_of_text(text), shown, sizeof shown);
    (void)fprintf(stderr, "yodel: %s\n", shown);
}

// ---- progress

static int columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void cli_report_line(struct cli_report *report, const char *text)
{
    char cut[1024];

    if (!report->is_terminal) {
        return;
    }
    (void)snprintf(cut, sizeof cut, "%s", text);
    (void)cli_columns_cut(cut, columns() - 1);
    clear_line(report);
    (void)fputs(cut, stderr);
    (void)fflush(stderr);
    report->has_line = true;
}

// Bytes a second, over the samples kept: the last four seconds.
static double speed_of(
    struct cli_report *report, const struct cli_report_progress *progress, yodel_time now)
{
    if (report->started == 0) {
        report->started = now;
        report->started_bytes = progress->bytes;
    }
    uint32_t newest = report->sample_count - 1;
    if (report->sample_count == 0 ||
        now - report->samples[newest % CLI_REPORT_SAMPLES].at >= SAMPLE_EACH) {
        newest = report->sample_count++;
        report->samples[newest % CLI_REPORT_SAMPLES].at = now;
        report->samples[newest % CLI_REPORT_SAMPLES].bytes = progress->bytes;
    }
    uint32_t oldest = newest < CLI_REPORT_SAMPLES ? 0 : newest - CLI_REPORT_SAMPLES + 1;
    yodel_time since = report->samples[oldest % CLI_REPORT_SAMPLES].at;
    int64_t from = report->samples[oldest % CLI_REPORT_SAMPLES].bytes;
    if (now <= since || progress->bytes <= from) {
        return 0;
    }
    return (double)(progress->bytes - from) * 1e6 / (double)(now - since);
}

static void print_progress(const struct cli_report_progress *progress, double speed, json_t *left)
{
    json_t *object = event_of("progress");

    json_object_set_new(object, "name", json_text(progress->name));
    json_object_set_new(object, "item", json_integer(progress->item));
    json_object_set_new(object, "items", json_integer(progress->count));
    json_object_set_new(object, "bytes", json_integer(progress->bytes));
    json_object_set_new(
        object, "total", progress->total < 0 ? json_null() : json_integer(progress->total));
    json_object_set_new(object, "bytes_per_s", json_integer((json_int_t)speed));
    json_object_set_new(object, "seconds_left", left);
    json_object_set_new(object, "path", json_text(progress->path));
    print_json(object);
}

static void draw_bar(double part, int width)
{
    int filled = (int)(part * width);

    fputs("\x1b[36m", stderr);
    for (int i = 0; i < width; i++) {
        fputs(i < filled ? "━" : i == filled ? "╸" : "\x1b[2m─\x1b[22m", stderr);
    }
    fputs("\x1b[0m ", stderr);
}

// Takes `text` away, "" being in its place, where it does not fit any more.
static void fit(char *text, int *room)
{
    int width = cli_columns_of(text);

    if (width > *room) {
        text[0] = '\0';
    } else {
        *room -= width;
    }
}

// The name and how far it is; what does not fit into the line is left out, the least needed first.
static void draw(struct cli_report *report, const struct cli_report_progress *progress,
    double speed, int64_t left)
{
    char percent[8] = "", done[32], rate[40], wait[48] = "", path[64], name[256], size[32];
    double part = progress->total > 0 ? (double)progress->bytes / (double)progress->total : 1;
    int room = columns() - 1;

    if (progress->total >= 0) {
        (void)snprintf(percent, sizeof percent, "%3d%% ", (int)(part * 100));
    }
    cli_report_size(progress->bytes, done);
    (void)snprintf(rate, sizeof rate, "  %s/s", cli_report_size((int64_t)speed, size));
    if (left >= 0) {
        (void)snprintf(wait, sizeof wait, "  %s left", cli_report_duration((uint64_t)left, size));
    }
    (void)snprintf(path, sizeof path, "  %s", progress->path);
    fit(percent, &room);
    fit(done, &room);
    fit(rate, &room);
    fit(wait, &room);
    name[0] = '\0';
    if (room > NAME_COLUMNS_MIN) {
        int taken = progress->count > 1
                        ? snprintf(name, sizeof name, "%u/%u ", progress->item, progress->count)
                        : 0;
        transfer_name_show(
            bytes_of_text(progress->name), name + taken, sizeof name - (size_t)taken);
        room -= cli_columns_cut(name, room - 1 < NAME_COLUMNS ? room - 1 : NAME_COLUMNS) + 1;
    }
    fit(path, &room);

    clear_line(report);
    (void)fprintf(stderr, "%s%s%s", name, *name ? " " : "", percent);
    if (progress->total > 0 && room > BAR_COLUMNS_MIN) {
        draw_bar(part, room - 1 < BAR_COLUMNS ? room - 1 : BAR_COLUMNS);
    }
    (void)fprintf(stderr, "%s%s%s%s", done, rate, wait, path);
    (void)fflush(stderr);
    report->has_line = true;
}

void cli_report_progress(struct cli_report *report, const struct cli_report_progress *progress,
    bool is_last, yodel_time now)
{
    yodel_duration each = report->is_json ? DRAW_EACH_JSON : DRAW_EACH;

    if (!is_last && report->drawn > 0 && now - report->drawn < each) {
        return;
    }
    report->drawn = now;
    double speed = speed_of(report, progress, now);
    int64_t left = -1;
    if (progress->total >= 0 && speed > 0) {
        left = (int64_t)((double)(progress->total - progress->bytes) / speed);
    }
    if (report->is_json) {
        print_progress(progress, speed, left < 0 ? json_null() : json_integer(left));
    } else if (report->is_terminal) {
        draw(report, progress, speed, left);
    }
}
