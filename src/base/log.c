// Log: formats a line when somebody listens at its level.

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/env.h"

void log_line(
    const struct env *env, enum log_level level, const char *module, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    va_list args;

    if (!env->log || level > env->log_level) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    env->log(env->ctx, level, module, line);
}
