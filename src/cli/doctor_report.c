// What `yodel doctor` tells.

#include "cli/doctor_report.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/port.h"
#include "transfer/name.h"

#define CHECK_COLUMNS 18 // The longest name, and two.
#define MARK_COLUMNS 6
#define COLUMNS_MIN 60
#define COLUMNS_MAX 110

// In the order of reading: this machine, the way to the server, what is between, the relays.
static const char *const order[] = {"interfaces", "ipv6", "dns", "tcp", "certificate", "http",
    "clock", "signaling", "stun", "udp", "nat", "hairpin", "mtu", "turn", "turn-udp", "turn-tcp",
    "turn-tls", "credentials", "external-address"};

void doctor_report_init(struct doctor_report *report, bool is_json)
{
    report->is_json = is_json;
    report->is_terminal = !is_json && isatty(STDOUT_FILENO);
    report->draws = !is_json && isatty(STDERR_FILENO);
    report->count = 0;
}

// Texts come from servers: whatever could change a terminal goes, here and nowhere else.
static void tame(char text[DOCTOR_TEXT_MAX])
{
    char shown[DOCTOR_TEXT_MAX];

    transfer_name_show(bytes_of_text(text), shown, sizeof shown);
    (void)snprintf(text, DOCTOR_TEXT_MAX, "%s", shown);
}

void doctor_report_add(struct doctor_report *report, const struct doctor_line *line)
{
    if (report->count < DOCTOR_REPORT_MAX) {
        struct doctor_line *kept = &report->lines[report->count++];
        *kept = *line;
        tame(kept->detail);
        tame(kept->fix);
    }
}

void doctor_report_progress(struct doctor_report *report, const char *server, uint32_t left)
{
    if (report->draws) {
        (void)fprintf(stderr, "\r\x1b[KLooking at %.60s … %u to go", server, (unsigned)left);
        (void)fflush(stderr);
    }
}

void doctor_report_forget(struct doctor_report *report)
{
    if (report->draws) {
        fputs("\r\x1b[K", stderr);
        (void)fflush(stderr);
    }
}

static void print_json(const struct doctor_line *line)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "check", line->check, "verdict",
        doctor_verdict_name(line->verdict), "detail", line->detail, "fix", line->fix);

    (void)json_dumpf(object, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(object);
}

static int columns(void)
{
    struct winsize size;
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    int width = is_known ? size.ws_col : 80;

    return width < COLUMNS_MIN ? COLUMNS_MIN : width > COLUMNS_MAX ? COLUMNS_MAX : width;
}

// Text in lines of at most `width`, the first where the cursor is, the others behind `indent` spaces.
static void print_wrapped(const char *text, int indent, int width)
{
    int at = 0;

    while (*text) {
        int len = (int)strcspn(text, " ");
        if (at > 0 && at + 1 + len > width) {
            printf("\n%*s", indent, "");
            at = 0;
        } else if (at > 0) {
            (void)putchar(' ');
            at++;
        }
        printf("%.*s", len, text);
        at += len;
        text += len;
        text += strspn(text, " ");
    }
    (void)putchar('\n');
}

static void print_line(const struct doctor_report *report, const struct doctor_line *line)
{
    static const char *const colours[] = {"\x1b[32m", "\x1b[33m", "\x1b[31;1m"};
    const char *colour = report->is_terminal ? colours[line->verdict] : "";
    const char *plain = report->is_terminal ? "\x1b[0m" : "";
    int indent = MARK_COLUMNS + CHECK_COLUMNS;

    printf("%s%-*s%s%-*s", colour, MARK_COLUMNS, doctor_verdict_name(line->verdict), plain,
        CHECK_COLUMNS, line->check);
    print_wrapped(line->detail, indent, columns() - indent);
    if (line->fix[0]) {
        printf("%*s%s→%s ", indent, "", colour, plain);
        print_wrapped(line->fix, indent + 2, columns() - indent - 2);
    }
}

static void print_sum(const struct doctor_report *report)
{
    uint32_t counts[3] = {0};

    for (uint32_t i = 0; i < report->count; i++) {
        counts[report->lines[i].verdict]++;
    }
    printf("\n%u checks: %u ok, %u %s, %u failed\n", (unsigned)report->count,
        (unsigned)counts[DOCTOR_OK], (unsigned)counts[DOCTOR_WARN],
        counts[DOCTOR_WARN] == 1 ? "warning" : "warnings", (unsigned)counts[DOCTOR_FAIL]);
}

bool doctor_report_write(struct doctor_report *report, const char *server)
{
    bool is_healthy = true;

    doctor_report_forget(report);
    if (!report->is_json) {
        char shown[128];
        transfer_name_show(bytes_of_text(server), shown, sizeof shown);
        printf("This machine, and %s\n\n", shown);
    }
    for (size_t i = 0; i < COUNT(order); i++) {
        for (uint32_t j = 0; j < report->count; j++) {
            const struct doctor_line *line = &report->lines[j];
            if (strcmp(line->check, order[i]) == 0) {
                report->is_json ? print_json(line) : print_line(report, line);
                is_healthy = is_healthy && line->verdict != DOCTOR_FAIL;
            }
        }
    }
    if (!report->is_json) {
        print_sum(report);
    }
    (void)fflush(stdout);
    return is_healthy;
}
