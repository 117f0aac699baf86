// Assertions: the one place where Yodel ends the process.

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void assert_fail(const char *expression, const char *file, int line)
{
    fprintf(stderr, "yodel: %s:%d: this cannot happen: %s\n", file, line, expression);
    abort();
}
