// Descriptions for tests: parsed into a tree of their own.

#ifndef TESTS_SDP_PARSED_H
#define TESTS_SDP_PARSED_H

#include <stdio.h>

#include "check.h"
#include "sdp/sdp.h"

#define SESSION "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"

struct parsed {
    struct arena arena;
    struct sdp sdp;
    struct sdp_error error;
    enum yodel_err err;
};

static inline struct parsed *parse_bytes(struct bytes text)
{
    static struct parsed p;

    p = (struct parsed){0};
    arena_init(&p.arena, alloc_system(), SDP_TREE_MAX);
    p.err = sdp_parse(&p.sdp, &p.arena, text, &p.error);
    return &p;
}

static inline struct parsed *parse(const char *text)
{
    return parse_bytes(bytes_of_text(text));
}

static inline void check_text(struct bytes got, const char *want)
{
    CHECK_BYTES(got, bytes_of_text(want));
}

// Each row is a text and what its error says; NULL is a text that is accepted.
struct row {
    const char *text;
    const char *want;
};

static inline void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct parsed *p = parse(rows[i].text);

        if ((p->err == YODEL_OK) != (rows[i].want == NULL)) {
            fprintf(stderr, "row %zu: %s\n", i, p->error.text);
        }
        CHECK_EQ(p->err, rows[i].want ? YODEL_ERR_SYNTAX : YODEL_OK);
        CHECK_TEXT(p->error.text, rows[i].want ? rows[i].want : "");
        arena_deinit(&p->arena);
    }
}

// Repeats `part` after a session until the text is `len` long.
static inline struct bytes repeat(const char *part, size_t len)
{
    static char text[2 << 20];
    size_t at = (size_t)snprintf(text, sizeof text, "%s", SESSION);

    while (at < len) {
        memcpy(text + at, part, strlen(part));
        at += strlen(part);
    }
    return bytes_of(text, at);
}

#endif
