// The doctor's look at a server's front door: its name, TCP over both families, TLS, and HTTP.
//
// Ownership   the caller owns the struct, keeps it until its handles are closed, and the URL's host
// Limits      DOCTOR_WEB_STEP_MS for each step; DOCTOR_HTTP_HEAD_MAX bytes of an answer are looked at

#ifndef CLI_DOCTOR_WEB_H
#define CLI_DOCTOR_WEB_H

#include <uv.h>

#include "doctor/http.h"
#include "doctor/verdict.h"
#include "signaling/link.h"

#define DOCTOR_WEB_STEP_MS 5000

// A connection to one address of the server's.
struct doctor_web_way {
    struct doctor_web_probe *web;
    uv_tcp_t tcp;
    uv_connect_t connect;
    struct doctor_tcp facts;
    uint64_t started;
    bool is_open;    // The handle is there.
    bool is_pending; // No outcome yet.
};

struct doctor_web_probe {
    uv_loop_t *loop;
    const struct signaling_url *url;
    uv_getaddrinfo_t lookup;
    bool is_looking_up;
    uv_timer_t timer;
    uint64_t started;
    struct doctor_dns dns;
    struct doctor_web_way ways[2]; // IPv4 and IPv6.
    struct doctor_web_way *taken;  // Which came first: TLS and HTTP go along it.
    bool has_tls;
    struct doctor_tls tls;
    uint8_t head[DOCTOR_HTTP_HEAD_MAX];
    size_t head_len;
    uint8_t room[16384];        // What is read at once.
    bool is_asked, is_answered; // For /healthz.
    struct doctor_web web;
    struct doctor_http http;
    int64_t answered_at; // Our clock then.
    bool is_done;
    void (*on_done)(void *ctx);
    void *ctx;
};

void doctor_web_start(struct doctor_web_probe *web, uv_loop_t *loop,
    const struct signaling_url *url, void (*on_done)(void *ctx), void *ctx);
void doctor_web_close(struct doctor_web_probe *web); // Its handles; on_done does not come any more.

#endif
