// What the browsers that we know really wrote: the files of tests/vectors/sdp.

#ifndef TESTS_SDP_VECTOR_H
#define TESTS_SDP_VECTOR_H

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "sdp/sdp.h"

// The text of one, until the next is read.
static inline const char *vector(const char *name)
{
    static char text[SDP_TEXT_MAX];
    char path[512];

    CHECK(getenv("YODEL_VECTORS") != NULL);
    snprintf(path, sizeof path, "%s/sdp/%s", getenv("YODEL_VECTORS"), name);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

#endif
