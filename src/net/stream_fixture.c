// Two ends, and the loop between them.

#include "net/stream_fixture.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/socket.h>

#include "check.h"
#include "net/clock.h"
#include "net/env.h"
#include "net/socket.h"

// Before libuv's: time runs as fast as a test wants it to.
uint64_t hurry = 1;

int uv_timer_start(uv_timer_t *timer, uv_timer_cb callback, uint64_t timeout, uint64_t repeat)
{
    int (*next)(uv_timer_t *, uv_timer_cb, uint64_t, uint64_t);

    *(void **)&next = dlsym(RTLD_NEXT, "uv_timer_start");
    return next(timer, callback, timeout / hurry, repeat);
}

// Before the system's: so many bytes at once, each way.
size_t at_once = SIZE_MAX;

ssize_t recv(int fd, void *room, size_t len, int flags)
{
    return recvfrom(fd, room, len < at_once ? len : at_once, flags, NULL, NULL);
}

// ---- one end

void on_open(void *ctx)
{
    struct end *end = ctx;

    CHECK(!end->is_open && !end->is_closed);
    end->is_open = true;
    if (end->closes_on_open) {
        stream_close(end->stream);
    }
}

static void on_data(void *ctx, struct span data)
{
    struct end *end = ctx;

    CHECK(end->is_open && !end->is_closed && data.len > 0);
    CHECK(end->heard_len + data.len <= HEARD_MAX);
    memcpy(end->heard + end->heard_len, data.ptr, data.len);
    end->heard_len += data.len;
    end->calls++;
    if (end->pauses_on_data) {
        stream_pause(end->stream);
    }
    if (end->closes_on_data) {
        stream_close(end->stream);
        stream_close(end->stream);
    }
}

static void on_room(void *ctx)
{
    ((struct end *)ctx)->has_room = true;
}

static void on_closed(void *ctx, const char *why)
{
    struct end *end = ctx;

    CHECK(!end->is_closed); // Once.
    end->is_closed = true;
    end->has_why = why != NULL;
    (void)snprintf(end->why, sizeof end->why, "%s", why ? why : "");
    end->stream = NULL;
}

const struct stream_handler handler = {on_open, on_data, on_room, on_closed};

// ---- certificates

static EVP_PKEY *key;

static X509 *new_certificate(const char *names)
{
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);
    X509V3_CTX ctx;

    CHECK(X509_set_version(x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x), 7));
    CHECK(X509_gmtime_adj(X509_getm_notBefore(x), -3600));
    CHECK(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
    CHECK(X509_NAME_add_entry_by_txt(
        subject, "CN", MBSTRING_ASC, (const uint8_t *)"localhost", -1, -1, 0));
    CHECK(X509_set_issuer_name(x, subject) && X509_set_pubkey(x, key));
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *alt = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, names);
    CHECK(alt && X509_add_ext(x, alt, -1));
    X509_EXTENSION_free(alt);
    CHECK(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

// A server's context for these names; the client trusts it where `is_trusted`.
void certify(struct scene *s, const char *names, bool is_trusted)
{
    key = key ? key : EVP_EC_gen("P-256");
    X509 *x = new_certificate(names);

    s->server_tls = SSL_CTX_new(TLS_server_method());
    s->client_tls = stream_tls_new();
    CHECK(s->server_tls && s->client_tls);
    CHECK(SSL_CTX_use_certificate(s->server_tls, x) == 1);
    CHECK(SSL_CTX_use_PrivateKey(s->server_tls, key) == 1);
    if (is_trusted) {
        CHECK(X509_STORE_add_cert(SSL_CTX_get_cert_store(s->client_tls), x) == 1);
    }
    X509_free(x);
}

// ---- the scene

void scene_open(struct scene *s)
{
    *s = (struct scene){.proxy_fd = -1, .addr = addr_v4(127, 0, 0, 1, 0)};
    s->near.scene = s->far.scene = s;
    s->near.heard = test_malloc(HEARD_MAX);
    s->far.heard = test_malloc(HEARD_MAX);
    CHECK_EQ(uv_loop_init(&s->loop), 0);
    s->listener = socket_listen_tcp(&s->addr);
    CHECK(s->listener >= 0);
}

static void accept_one(struct scene *s)
{
    int fd = socket_accept(s->listener);

    if (fd >= 0 && s->proxy) {
        s->proxy_fd = fd;
    } else if (fd >= 0) {
        CHECK(!s->far.stream);
        CHECK_EQ(stream_accept(&s->far.stream, &s->loop, net_env_system(LOG_ERROR, NET_ENV_TEXT),
                     fd, s->server_tls, &handler, &s->far),
            YODEL_OK);
    }
}

void turn(struct scene *s)
{
    accept_one(s);
    uv_run(&s->loop, UV_RUN_NOWAIT);
}

void turn_until(struct scene *s, const bool *is_done)
{
    yodel_time end = clock_now() + YODEL_SECONDS(8);

    while (!*is_done && clock_now() < end) {
        turn(s);
    }
    CHECK(*is_done);
}

void turn_until_heard(struct scene *s, const struct end *end, size_t len)
{
    yodel_time give_up = clock_now() + YODEL_SECONDS(20);

    while (end->heard_len < len && !end->is_closed && clock_now() < give_up) {
        turn(s);
    }
    CHECK_EQ(end->heard_len, len);
}

void turns(struct scene *s, int count)
{
    for (int i = 0; i < count; i++) {
        turn(s);
    }
}

struct stream_target target_of(const struct scene *s)
{
    return (struct stream_target){.local = addr_v4(127, 0, 0, 1, 0),
        .remote = s->addr,
        .host = "localhost",
        .tls = s->client_tls,
        .alpn = "stun.turn"};
}

void connect_to(struct scene *s, const struct stream_target *target)
{
    CHECK_EQ(stream_connect(&s->near.stream, &s->loop, net_env_system(LOG_ERROR, NET_ENV_TEXT),
                 target, &handler, &s->near),
        YODEL_OK);
    CHECK(!s->near.is_open && !s->near.is_closed); // All is told from the loop.
}

void connect_both(struct scene *s)
{
    struct stream_target target = target_of(s);

    connect_to(s, &target);
    turn_until(s, &s->near.is_open);
    turn_until(s, &s->far.is_open);
}

void scene_close(struct scene *s)
{
    if (s->near.stream) {
        stream_close(s->near.stream);
    }
    if (s->far.stream) {
        stream_close(s->far.stream);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT); // Until the last handle is closed.
    CHECK(!s->near.stream && !s->far.stream);
    CHECK_EQ(uv_loop_close(&s->loop), 0);
    socket_close(s->listener);
    if (s->proxy_fd >= 0) {
        socket_close(s->proxy_fd);
    }
    stream_tls_free(s->client_tls);
    SSL_CTX_free(s->server_tls);
    test_free(s->near.heard);
    test_free(s->far.heard);
    hurry = 1;
    at_once = SIZE_MAX;
}

bool say(struct end *end, const char *text)
{
    struct bytes piece = bytes_of_text(text);

    return stream_write(end->stream, &piece, 1);
}

void expect_why(const struct end *end, const char *part)
{
    if (!strstr(end->why, part)) {
        print_message("\"%s\" does not say \"%s\"\n", end->why, part);
    }
    CHECK(end->has_why && strstr(end->why, part));
}

void expect_failure(struct scene *s, const char *part)
{
    turn_until(s, &s->near.is_closed);
    CHECK(!s->near.is_open);
    expect_why(&s->near, part);
}
