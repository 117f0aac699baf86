// The few compiler attributes that Yodel uses, behind names.
//
// Not here    platform differences: those are whole files, chosen by the build

#ifndef BASE_PORT_H
#define BASE_PORT_H

#include <stddef.h>
#include <stdint.h>

#define YODEL_MUST_USE __attribute__((warn_unused_result))
#define YODEL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define YODEL_NORETURN __attribute__((noreturn))
#define YODEL_LIKELY(x) __builtin_expect(!!(x), 1)
#define YODEL_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define YODEL_API __attribute__((visibility("default")))
#define YODEL_TARGET(features) __attribute__((target(features))) // Instructions it may use.

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// The struct that holds `member`, from a pointer to that member (intrusive containers).
#define CONTAINER_OF(ptr, type, member) ((type *)((uintptr_t)(ptr)-offsetof(type, member)))

#endif
