// HTTP: the head of an answer.

#include "doctor/http.h"

static bool take_number(struct bytes text, size_t at, size_t digits, uint32_t *value)
{
    uint32_t number = 0;

    if (at + digits > text.len) {
        return false;
    }
    for (size_t i = at; i < at + digits; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        number = number * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *value = number;
    return true;
}

static uint32_t month_of(struct bytes text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (uint32_t i = 0; i < 12 && text.len == 3; i++) {
        if (memcmp(names + (size_t)i * 3, text.ptr, 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

// Days from 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March.
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

//  Sun, 06 Nov 1994 08:49:37 GMT        RFC 9110 §5.6.7, IMF-fixdate
//  0    5  8   12   17 20 23 26
enum yodel_err doctor_http_parse_date(int64_t *seconds, struct bytes text)
{
    uint32_t day = 0, year = 0, hour = 0, minute = 0, second = 0;
    uint32_t month = month_of(bytes_sub(text, 8, 3));

    if (text.len != 29 || !take_number(text, 5, 2, &day) || !take_number(text, 12, 4, &year) ||
        !take_number(text, 17, 2, &hour) || !take_number(text, 20, 2, &minute) ||
        !take_number(text, 23, 2, &second) || memcmp(text.ptr + 25, " GMT", 4) != 0) {
        return YODEL_ERR_MALFORMED;
    }
    if (month == 0 || day < 1 || day > 31 || year < 1970 || hour > 23 || minute > 59 ||
        second > 60) {
        return YODEL_ERR_MALFORMED;
    }
    *seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return YODEL_OK;
}

// The next line without its end; false where it has none yet.
static bool take_line(struct bytes *rest, struct bytes *line)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;

    if (!end) {
        return false;
    }
    size_t len = (size_t)(end - rest->ptr);
    *line = bytes_of(rest->ptr, len > 0 && rest->ptr[len - 1] == '\r' ? len - 1 : len);
    *rest = bytes_sub(*rest, len + 1, rest->len);
    return true;
}

static bool is_date(struct bytes line)
{
    static const char name[] = "date:";

    for (size_t i = 0; i < sizeof name - 1; i++) {
        if (i >= line.len || (line.ptr[i] | (name[i] == ':' ? 0 : 0x20)) != name[i]) {
            return false;
        }
    }
    return true;
}

static struct bytes trim(struct bytes text)
{
    while (text.len > 0 && text.ptr[0] == ' ') {
        text = bytes_sub(text, 1, text.len);
    }
    while (text.len > 0 && text.ptr[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

static void take_field(struct doctor_http *http, struct bytes line)
{
    if (is_date(line) && !http->has_date) {
        struct bytes value = trim(bytes_sub(line, 5, line.len));
        http->has_date = doctor_http_parse_date(&http->date, value) == YODEL_OK;
    }
}

enum yodel_err doctor_http_parse(struct doctor_http *http, struct bytes stream)
{
    struct bytes rest = bytes_sub(stream, 0, DOCTOR_HTTP_HEAD_MAX), line;
    struct doctor_http parsed = {0};
    bool is_first = true;

    if (memcmp("HTTP/1.", rest.len > 0 ? (const char *)rest.ptr : "",
            rest.len < 7 ? rest.len : 7) != 0) {
        return YODEL_ERR_MALFORMED; // Known by its first bytes: nobody need wait for the rest.
    }
    while (take_line(&rest, &line)) {
        if (is_first && !take_number(line, 9, 3, &parsed.status)) {
            return YODEL_ERR_MALFORMED;
        }
        if (!is_first && line.len == 0) {
            *http = parsed;
            return YODEL_OK;
        }
        if (!is_first) {
            take_field(&parsed, line);
        }
        is_first = false;
    }
    return stream.len >= DOCTOR_HTTP_HEAD_MAX ? YODEL_ERR_MALFORMED : YODEL_ERR_WOULD_BLOCK;
}
