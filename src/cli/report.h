// What commands that connect tell: a bar and sentences for a person, JSON lines for a
// script.
//
// People's lines go to stderr, so that stdout is free for a pipe; JSON goes to stdout, an object a
// line.
//
// Limits      one line of progress a tenth of a second on a terminal, each half second as JSON

#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/port.h"
#include "base/time.h"

#define CLI_REPORT_SAMPLES 16

struct cli_report {
    bool is_json;
    bool is_terminal;   // Progress may be drawn over itself.
    bool has_line;      // It is there now.
    yodel_time drawn;   // When it was drawn last.
    yodel_time started; // When the first byte was counted.
    int64_t started_bytes;
    struct {
        yodel_time at;
        int64_t bytes;
    } samples[CLI_REPORT_SAMPLES]; // A ring, for the speed of the last seconds.
    uint32_t sample_count;
};

struct cli_report_progress {
    const char *name;     // Of the item at hand.
    uint32_t item, count; // From 1.
    int64_t bytes, total; // In all items; total -1: unknown.
    const char *path;     // "direct", "local network", …
};

void cli_report_init(struct cli_report *report, bool is_json);

// `link` may be NULL.
void cli_report_code(struct cli_report *report, const char *code, const char *link);

// Where a browser finds the room: what somebody else opens.
void cli_report_link(struct cli_report *report, const char *server, const char *room);

// One line that is drawn over the one before, on a terminal; cut to its width.
void cli_report_line(struct cli_report *report, const char *text);

// An event for a script, with what is in `object`, which it takes over.
void cli_report_event(struct cli_report *report, const char *event, json_t *object);

// A line for a person, an "info" event for a script; `event` names it.
void cli_report_say(struct cli_report *report, const char *event, const char *format, ...)
    YODEL_PRINTF(3, 4);

// Draws the bar where it is time to; `is_last` draws it in any case.
void cli_report_progress(struct cli_report *report, const struct cli_report_progress *progress,
    bool is_last, yodel_time now);

// One finished file; `event` is "saved" for one of several, "done" for the last word.
void cli_report_file(struct cli_report *report, const char *event, const char *path, int64_t bytes,
    const uint8_t *sha256);

void cli_report_error(struct cli_report *report, const char *code, const char *text);

// "1.5 GiB" and "1:05:09"; both return `room`.
const char *cli_report_size(int64_t bytes, char room[32]);
const char *cli_report_duration(uint64_t seconds, char room[32]);

#endif
