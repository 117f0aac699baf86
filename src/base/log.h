// Log: one line, lower-case, ids first, through the env. Never a secret; addresses only through
// log_redact.
//
// Limits      LOG_LINE_MAX bytes a line; what is longer is cut

#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/port.h"

#define LOG_LINE_MAX 512

struct env;

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_line(const struct env *env, enum log_level level, const char *module, const char *format,
    ...) YODEL_PRINTF(4, 5);

#define log_error(env, module, ...) log_line((env), LOG_ERROR, (module), __VA_ARGS__)
#define log_warn(env, module, ...) log_line((env), LOG_WARN, (module), __VA_ARGS__)
#define log_info(env, module, ...) log_line((env), LOG_INFO, (module), __VA_ARGS__)
#define log_debug(env, module, ...) log_line((env), LOG_DEBUG, (module), __VA_ARGS__)

#endif
