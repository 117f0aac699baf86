// For the tests of streams: two ends over real sockets of the loopback interface, with a loop that is turned by
// hand. Certificates are made here, and a proxy is a socket that says what a test wants.
//
// Not here    anything that ships

#ifndef NET_STREAM_FIXTURE_H
#define NET_STREAM_FIXTURE_H

#include "net/stream.h"

#define HEARD_MAX (8u * 1024 * 1024) // More than the system keeps on its way.

extern uint64_t hurry; // How many times as fast timers run.
extern size_t at_once; // Bytes that one recv brings at the most.

struct end {
    struct scene *scene;
    struct stream *stream; // NULL once it is closed.
    bool is_open, is_closed, has_why, has_room;
    bool closes_on_open, closes_on_data, pauses_on_data;
    char why[200];
    uint8_t *heard;
    size_t heard_len;
    uint32_t calls;
};

struct scene {
    uv_loop_t loop;
    int listener;
    struct yodel_addr addr;
    struct ssl_ctx_st *server_tls; // NULL: plain.
    struct ssl_ctx_st *client_tls;
    bool proxy; // What is accepted is spoken to by hand.
    int proxy_fd;
    struct end near, far;
};

extern const struct stream_handler handler; // Its context is an end.
void on_open(void *ctx);

// When it closes, `hurry` and `at_once` are again as they began.
void scene_open(struct scene *s);
void scene_close(struct scene *s);

// A server's context for these names; the client trusts it where `is_trusted`.
void certify(struct scene *s, const char *names, bool is_trusted);

struct stream_target target_of(const struct scene *s);
void connect_to(struct scene *s, const struct stream_target *target);
void connect_both(struct scene *s); // Until they are open.

// The loop, once; until something is so, which it must become; so many times.
void turn(struct scene *s);
void turn_until(struct scene *s, const bool *is_done);
void turn_until_heard(struct scene *s, const struct end *end, size_t len);
void turns(struct scene *s, int count);

bool say(struct end *end, const char *text);

// It closed, and said `part` of why; it failed before it was open.
void expect_why(const struct end *end, const char *part);
void expect_failure(struct scene *s, const char *part);

#endif
