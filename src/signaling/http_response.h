// HTTP: one answer, put together from a connection's bytes.
//
//   HEAD ──► BODY ──► DONE          An interim answer (1xx) leads from HEAD to HEAD.
//     └────────┴────► FAILED
//
// Implements  RFC 9112 §4 (status line), §5 (fields), §6 (how long a body is), §7.1 (chunks), §8 (ends)
// Not here    the connection (signaling/http_client.h); compression, which is not asked for
// Ownership   owns the answer until deinit; what find gives borrows from it
// Limits      SIGNALING_HTTP_HEAD_MAX bytes of head, SIGNALING_HTTP_BODY_MAX of body,
//             SIGNALING_HTTP_FIELDS_MAX fields, SIGNALING_HTTP_INTERIM_MAX interim answers,
//             SIGNALING_HTTP_LINE_MAX bytes a line between chunks

#ifndef SIGNALING_HTTP_RESPONSE_H
#define SIGNALING_HTTP_RESPONSE_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

#define SIGNALING_HTTP_HEAD_MAX 16384
#define SIGNALING_HTTP_BODY_MAX (256u * 1024)
#define SIGNALING_HTTP_FIELDS_MAX 100
#define SIGNALING_HTTP_INTERIM_MAX 8
#define SIGNALING_HTTP_LINE_MAX 256 // Between chunks.

enum signaling_http_state {
    SIGNALING_HTTP_HEAD,
    SIGNALING_HTTP_BODY,
    SIGNALING_HTTP_DONE,
    SIGNALING_HTTP_FAILED, // `why` says so, in a clause.
};

enum signaling_http_framing {
    SIGNALING_HTTP_LENGTH, // `left` bytes.
    SIGNALING_HTTP_CHUNKS,
    SIGNALING_HTTP_UNTIL_END, // Of the connection.
};

// What comes next of chunks.
enum signaling_http_chunk_step {
    SIGNALING_HTTP_CHUNK_SIZE,
    SIGNALING_HTTP_CHUNK_DATA,
    SIGNALING_HTTP_CHUNK_END,
    SIGNALING_HTTP_CHUNK_TRAILER,
};

struct signaling_http_field {
    struct bytes name, value; // Without spaces around them.
};

struct signaling_http_response {
    struct alloc *alloc;
    enum signaling_http_state state;
    const char *why;
    uint32_t status; // This and the fields once the head is there,
    uint32_t field_count;
    struct signaling_http_field fields[SIGNALING_HTTP_FIELDS_MAX];
    struct bytes body; // and this once DONE.

    uint8_t *head;
    size_t head_len;
    uint32_t interim_count; // And of a trailer's fields.
    enum signaling_http_framing framing;
    enum signaling_http_chunk_step step;
    uint64_t left;   // Of the body, or of the chunk.
    size_t line_len; // Of the line that has come so far, between chunks:
    uint8_t line[SIGNALING_HTTP_LINE_MAX];
    uint8_t *room; // For the body.
    size_t room_len, body_len;
};

void signaling_http_response_init(struct signaling_http_response *response, struct alloc *alloc);
void signaling_http_response_deinit(struct signaling_http_response *response);

// What came; then that nothing comes any more.
void signaling_http_response_recv(struct signaling_http_response *response, struct bytes data);
void signaling_http_response_end(struct signaling_http_response *response);

// The value of the field with this name, in lower case; of several the one with `index`. NULL bytes
// where there is none.
struct bytes signaling_http_response_find(
    const struct signaling_http_response *response, const char *name, uint32_t index);

#endif
