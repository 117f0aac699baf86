// What `yodel doctor` tells: a table for a person, an object a line for a script.
//
// Lines are kept, and written at the end in the order of doctor_report.c's table: what a script
// compares does not depend on which answer came first. A terminal shows meanwhile that work goes on.
//
// Limits      DOCTOR_REPORT_MAX lines; more are left out, the last of them

#ifndef CLI_DOCTOR_REPORT_H
#define CLI_DOCTOR_REPORT_H

#include "doctor/verdict.h"

#define DOCTOR_REPORT_MAX 96

struct doctor_report {
    bool is_json;
    bool is_terminal; // Of stdout: colours.
    bool draws;       // Of stderr: progress.
    uint32_t count;
    struct doctor_line lines[DOCTOR_REPORT_MAX];
};

void doctor_report_init(struct doctor_report *report, bool is_json);
void doctor_report_add(struct doctor_report *report, const struct doctor_line *line);

// One line, drawn over itself: "Looking at http://localhost:8080 … 3 to go".
void doctor_report_progress(struct doctor_report *report, const char *server, uint32_t left);

// Writes everything. Returns whether nothing failed.
bool doctor_report_write(struct doctor_report *report, const char *server);

// Takes the progress line away, where nothing is to be written any more.
void doctor_report_forget(struct doctor_report *report);

#endif
