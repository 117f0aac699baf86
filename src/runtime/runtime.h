// The runtime, from within: what those who work beside it need of it.
//
// Not here    the public calls (yodel/runtime.h)
// Ownership   the runtime's

#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <uv.h>

#include "base/env.h"
#include "yodel/runtime.h"

uv_loop_t *runtime_loop(const yodel_runtime *runtime);
const struct env *runtime_env(const yodel_runtime *runtime);

#endif
