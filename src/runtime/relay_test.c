// Real peers whose only way is a relay that is reached over TCP or TLS: coturn, another's
// implementation, on the loopback interface. Where it is not installed, nothing is tried, and said.

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

#include "base/addr.h"
#include "check.h"
#include "net/clock.h"
#include "net/socket.h"
#include "yodel/runtime.h"

#define PROGRAM "/usr/bin/turnserver"

struct side {
    struct side *other;
    yodel_peer *peer;
    yodel_channel *channel;
    bool is_open;
    bool is_broken; // The connection was.
    uint32_t heard;
    uint32_t foreign; // Candidates that are no relay's.
};

struct scene {
    uv_loop_t loop;
    yodel_runtime *runtime;
    pid_t server;
    uint16_t port, tls_port;
    char folder[64];
    struct side caller, callee;
};

// ---- the server

static uint16_t free_port(void)
{
    struct yodel_addr addr = addr_v4(127, 0, 0, 1, 0);
    int fd = socket_listen_tcp(&addr);

    CHECK(fd >= 0);
    socket_close(fd);
    return addr.port;
}

static const char *path_in(const struct scene *s, const char *name, char room[128])
{
    (void)snprintf(room, 128, "%s/%s", s->folder, name);
    return room;
}

// Self-signed: the peers are told to take it.
static void write_certificate(const struct scene *s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    char path[128];

    CHECK(key && x && ASN1_INTEGER_set(X509_get_serialNumber(x), 1));
    CHECK(X509_gmtime_adj(X509_getm_notBefore(x), -3600));
    CHECK(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
    CHECK(X509_set_pubkey(x, key) && X509_sign(x, key, EVP_sha256()) > 0);
    FILE *file = fopen(path_in(s, "cert.pem", path), "we");
    CHECK(file && PEM_write_X509(file, x) == 1 && fclose(file) == 0);
    file = fopen(path_in(s, "key.pem", path), "we");
    CHECK(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    CHECK_EQ(fclose(file), 0);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void start_server(struct scene *s)
{
    char options[1000];

    (void)snprintf(options, sizeof options,
        "exec " PROGRAM " -n --listening-ip=127.0.0.1 --relay-ip=127.0.0.1 --listening-port=%u "
        "--tls-listening-port=%u --lt-cred-mech --user=ann:secret --realm=test --no-cli "
        "--allow-loopback-peers --cert=%s/cert.pem --pkey=%s/key.pem --pidfile=%s/pid "
        "--userdb=%s/db --log-file=stdout >/dev/null 2>&1",
        s->port, s->tls_port, s->folder, s->folder, s->folder, s->folder);
    s->server = fork();
    CHECK(s->server >= 0);
    if (s->server == 0) {
        execl("/bin/sh", "sh", "-c", options, (char *)NULL);
        _exit(127);
    }
    // Until it listens.
    struct yodel_addr addr = addr_v4(127, 0, 0, 1, s->port);
    struct yodel_addr none = {0};
    yodel_time end = clock_now() + YODEL_SECONDS(10);
    bool is_there = false;
    while (!is_there && clock_now() < end) {
        int fd = socket_connect_tcp(&none, &addr);
        (void)usleep(50000);
        is_there = fd >= 0 && socket_remote(fd).family != YODEL_ADDR_NONE;
        if (fd >= 0) {
            socket_close(fd);
        }
    }
    CHECK(is_there);
}

static void stop_server(struct scene *s)
{
    if (s->server > 0) {
        kill(s->server, SIGKILL);
        waitpid(s->server, NULL, 0);
        s->server = 0;
    }
}

// ---- the peers

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct side *side = ctx;

    if (event->type == YODEL_EVENT_ICE_CANDIDATE) {
        bool is_end = event->candidate.candidate[0] == '\0';
        side->foreign += !is_end && !strstr(event->candidate.candidate, " typ relay");
        CHECK_EQ(yodel_peer_add_ice_candidate(side->other->peer, &event->candidate), YODEL_OK);
    } else if (event->type == YODEL_EVENT_CHANNEL_OPEN) {
        side->channel = event->channel;
        side->is_open = true;
    } else if (event->type == YODEL_EVENT_CHANNEL_MESSAGE) {
        side->heard++;
    } else if (event->type == YODEL_EVENT_ICE_CONNECTION_STATE_CHANGE) {
        enum yodel_ice_connection_state state = yodel_peer_ice_connection_state(peer);
        side->is_broken =
            side->is_open && state != YODEL_ICE_CONNECTED && state != YODEL_ICE_COMPLETED;
    }
}

static void scene_open(struct scene *s)
{
    struct yodel_runtime_config config = {
        .loop = &s->loop, .loopback = YODEL_LOOPBACK_ONLY, .takes_any_certificate = true};

    if (access(PROGRAM, X_OK) != 0) {
        print_message("without " PROGRAM " (Debian: coturn) no relay is tried\n");
        skip();
    }
    *s = (struct scene){.port = free_port(), .tls_port = free_port()};
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/yodel-relay-XXXXXX");
    CHECK(mkdtemp(s->folder) != NULL);
    write_certificate(s);
    start_server(s);
    s->caller.other = &s->callee;
    s->callee.other = &s->caller;
    CHECK_EQ(uv_loop_init(&s->loop), 0);
    CHECK_EQ(yodel_runtime_new(&config, &s->runtime), YODEL_OK);
}

static void scene_close(struct scene *s)
{
    static const char *const files[] = {"cert.pem", "key.pem", "pid", "db"};
    struct side *sides[] = {&s->caller, &s->callee};
    char path[128];

    for (size_t i = 0; i < COUNT(sides); i++) {
        yodel_runtime_remove(s->runtime, sides[i]->peer);
        yodel_peer_free(sides[i]->peer);
    }
    yodel_runtime_free(s->runtime);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&s->loop), 0);
    stop_server(s);
    for (size_t i = 0; i < COUNT(files); i++) {
        (void)unlink(path_in(s, files[i], path));
    }
    (void)rmdir(s->folder);
}

static void add(struct scene *s, struct side *side, const char *url)
{
    struct yodel_ice_server server = {
        .urls = &url, .url_count = 1, .username = "ann", .credential = "secret"};
    struct yodel_peer_config config = {
        .ice_servers = &server, .ice_server_count = 1, .ice_transport_policy = YODEL_ICE_RELAY};

    CHECK_EQ(yodel_peer_new(&config, &side->peer), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(s->runtime, side->peer, on_event, side), YODEL_OK);
}

static void hand_over(struct side *from, struct side *to)
{
    struct yodel_description description;

    CHECK_EQ(yodel_peer_set_local_description(from->peer, NULL), YODEL_OK);
    CHECK(yodel_peer_local_description(from->peer, &description));
    CHECK_EQ(yodel_peer_set_remote_description(to->peer, &description), YODEL_OK);
}

static void turn_until(struct scene *s, const bool *is_done)
{
    yodel_time end = clock_now() + YODEL_SECONDS(15);

    while (!*is_done && clock_now() < end) {
        uv_run(&s->loop, UV_RUN_ONCE);
    }
    CHECK(*is_done);
}

static void connect_both(struct scene *s, const char *caller_url, const char *callee_url)
{
    yodel_channel *channel;

    add(s, &s->caller, caller_url);
    add(s, &s->callee, callee_url);
    CHECK_EQ(yodel_peer_create_data_channel(s->caller.peer, "test", NULL, &channel), YODEL_OK);
    hand_over(&s->caller, &s->callee);
    hand_over(&s->callee, &s->caller);
    turn_until(s, &s->caller.is_open);
    turn_until(s, &s->callee.is_open);
}

static void exchange(struct scene *s)
{
    static uint8_t message[10000];
    yodel_time end = clock_now() + YODEL_SECONDS(15);

    for (int i = 0; i < 50; i++) {
        CHECK_EQ(yodel_channel_send(s->caller.channel, message, sizeof message), YODEL_OK);
        CHECK_EQ(yodel_channel_send(s->callee.channel, message, sizeof message), YODEL_OK);
    }
    while ((s->caller.heard < 50 || s->callee.heard < 50) && clock_now() < end) {
        uv_run(&s->loop, UV_RUN_ONCE);
    }
    CHECK_EQ(s->caller.heard, 50);
    CHECK_EQ(s->callee.heard, 50);
    CHECK_EQ(s->caller.foreign + s->callee.foreign, 0); // Relay only leaks nothing else.
}

static void talk_over(const char *form, bool is_tls)
{
    static struct scene s;
    char url[100], udp[100];

    scene_open(&s);
    (void)snprintf(url, sizeof url, form, is_tls ? s.tls_port : s.port);
    (void)snprintf(udp, sizeof udp, "turn:127.0.0.1:%u?transport=udp", s.port);
    connect_both(&s, url, udp); // The other way to the same server is nobody's concern.
    exchange(&s);
    scene_close(&s);
}

static void a_relay_over_tcp_carries_all(void)
{
    talk_over("turn:127.0.0.1:%u?transport=tcp", false);
}

static void a_relay_over_tls_carries_all(void)
{
    talk_over("turns:127.0.0.1:%u?transport=tcp", true);
}

static void both_may_come_over_streams(void)
{
    static struct scene s;
    char tcp[100], tls[100];

    scene_open(&s);
    (void)snprintf(tcp, sizeof tcp, "turn:127.0.0.1:%u?transport=tcp", s.port);
    (void)snprintf(tls, sizeof tls, "turns:localhost:%u", s.tls_port);
    connect_both(&s, tcp, tls);
    exchange(&s);
    scene_close(&s);
}

static void a_stream_that_breaks_off_breaks_the_connection_soon(void)
{
    static struct scene s;
    char url[100];

    scene_open(&s);
    (void)snprintf(url, sizeof url, "turn:127.0.0.1:%u?transport=tcp", s.port);
    connect_both(&s, url, url);
    exchange(&s);
    stop_server(&s);
    yodel_time start = clock_now();
    turn_until(&s, &s.caller.is_broken);
    turn_until(&s, &s.callee.is_broken);
    CHECK(clock_now() - start < YODEL_SECONDS(3)); // Long before consent would expire.
    scene_close(&s);
}

TEST_MAIN(TEST(a_relay_over_tcp_carries_all), TEST(a_relay_over_tls_carries_all),
    TEST(both_may_come_over_streams), TEST(a_stream_that_breaks_off_breaks_the_connection_soon))
