// The doctor's lines: what was found, as verdicts, in the order in which a person would look.
//
// Not here    the verdicts themselves (doctor/verdict.h), how a line looks (cli/doctor_report.h)

#ifndef CLI_DOCTOR_LINES_H
#define CLI_DOCTOR_LINES_H

#include "cli/doctor_run.h"

// This machine's interfaces, which are known before anything is asked.
void doctor_lines_interfaces(struct doctor_run *run);

// All others. What could not be looked at has no line.
void doctor_lines_all(struct doctor_run *run);

#endif
