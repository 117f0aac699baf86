// Trace: an event as a line of JSON, in qlog's order: time, name, data.
//
// Implements  RFC 8259 §7 (which characters of a string are escaped)

#include "base/trace.h"

#include <inttypes.h>

#include "base/addr.h"

static void put_string(struct writer *w, const char *text)
{
    put_u8(w, '"');
    for (; *text; text++) {
        uint8_t c = (uint8_t)*text;
        if (c == '"' || c == '\\') {
            put_u8(w, '\\');
            put_u8(w, c);
        } else if (c < 0x20) {
            put_format(w, "\\u%04x", c);
        } else {
            put_u8(w, c);
        }
    }
    put_u8(w, '"');
}

static void put_value(struct writer *w, const struct trace_field *field)
{
    char room[ADDR_TEXT_MAX];

    switch (field->kind) {
    case TRACE_NUMBER:
        put_format(w, "%" PRIu64, field->number);
        break;
    case TRACE_TEXT:
        put_string(w, field->text);
        break;
    case TRACE_ADDR:
        put_string(w, addr_text(field->addr, room));
        break;
    }
}

void trace_write(struct writer *w, const struct trace_event *event)
{
    put_format(w, "{\"time\":%" PRIu64 ",\"name\":\"%s:%s\",\"data\":{", event->at, event->module,
        event->name);
    for (size_t i = 0; i < event->field_count; i++) {
        put_text(w, i > 0 ? "," : "");
        put_string(w, event->fields[i].name);
        put_u8(w, ':');
        put_value(w, &event->fields[i]);
    }
    put_text(w, "}}");
}
