// SDP attributes: the table of those that are understood, each with how it is read and written.
//
// Implements  RFC 8839 §5, 8840 §4, 8122 §5, 8842 §5, 5888 §4, 5, 9143 §6, 8841 §5, 6, 8285 §6
// Not here    those of RTP (sdp/media.h); the other lines (sdp/parse.c)
// Ownership   as sdp/sdp.h
// Limits      as sdp/sdp.h

#ifndef SDP_ATTR_H
#define SDP_ATTR_H

#include "sdp/sdp.h"

// Where a parser is: what it reads goes to `media`, or to the session where that is NULL.
struct sdp_parser {
    struct arena *arena;
    struct sdp *sdp;
    struct sdp_media *media;
    struct sdp_common *common; // Of the session or of `media`.
    struct sdp_error *error;
    enum yodel_err err;
    const char *what; // "a=mid", for the error's text.
    unsigned line;
    struct bytes rest; // Of the text.
};

// Note what is wrong, and return false. The text is a sentence's end: "odd hex digit".
bool sdp_attr_fail(struct sdp_parser *p, const char *why);
bool sdp_attr_no_memory(struct sdp_parser *p);

// For what may stand once in a section: false where `text` is not empty.
YODEL_MUST_USE bool sdp_attr_set(struct sdp_parser *p, struct bytes *text, struct bytes value);

// Room for one more at the end of an array that only this has made, or NULL: there are `max`
// already, or there is no memory.
YODEL_MUST_USE void *sdp_attr_grow(
    struct sdp_parser *p, void *items, size_t count, size_t size, size_t max);

// Reads what follows "a=". False where that is wrong; what is not understood is dropped.
YODEL_MUST_USE bool sdp_attr_parse(struct sdp_parser *p, struct bytes line);

// Write the attributes of the session, or of a media section.
void sdp_attr_write_session(const struct sdp *sdp, struct writer *w);
void sdp_attr_write_media(const struct sdp_media *media, struct writer *w);

#endif
