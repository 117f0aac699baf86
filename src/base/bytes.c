// Bytes: the one cursor function that is too long to be inline.

#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

void put_format(struct writer *w, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof text) {
        w->failed = true;
        return;
    }
    put_bytes(w, bytes_of(text, (size_t)len));
}
