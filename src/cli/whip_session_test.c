// Sessions with an endpoint that is a server in the same loop: on loopback, with peers of our own at both
// ends, and a frame that has to arrive.

#include "cli/whip_session.h"

#include <stdio.h>

#include "base/addr.h"
#include "check.h"
#include "net/clock.h"
#include "signaling/whip_fragment.h"

#define TOKEN "sesame"
#define PATIENCE YODEL_SECONDS(10)
#define TEXT_MAX 70000

// ---- a network that goes away, and comes back

struct lost {
    struct yodel_addr addrs[4];
    size_t count;
};

static void lose_addresses(yodel_peer *peer, struct lost *lost)
{
    struct yodel_description description;
    char ip[64];

    lost->count = 0;
    CHECK(yodel_peer_local_description(peer, &description));
    for (const char *line = description.sdp; (line = strstr(line, "a=candidate:")); line++) {
        struct yodel_addr addr;
        uint16_t port;
        if (sscanf(line, "a=candidate:%*s 1 udp %*s %63s %hu", ip, &port) == 2) {
            CHECK(lost->count < COUNT(lost->addrs));
            CHECK_EQ(addr_parse_ip(&addr, bytes_of_text(ip)), YODEL_OK);
            addr.port = port;
            lost->addrs[lost->count++] = addr;
            yodel_peer_remove_local_address(peer, &addr);
        }
    }
}

static void regain_addresses(yodel_peer *peer, struct lost *lost)
{
    for (size_t i = 0; i < lost->count; i++) {
        yodel_peer_add_local_address(peer, &lost->addrs[i]);
    }
    lost->count = 0;
}

// ---- the endpoint

struct endpoint {
    uv_loop_t *loop;
    uv_tcp_t server, client; // One connection at a time.
    bool has_client;
    char request[TEXT_MAX];
    size_t request_len;
    const char *refusal;   // What a POST gets, instead of an answer.
    bool takes_no_restart; // PATCH is not allowed.
    bool has_no_media;     // Every section is refused.

    yodel_runtime *runtime;
    yodel_peer *peer;
    struct lost lost;
    char offer[TEXT_MAX];
    bool is_restarted;
    uint32_t posts, patches, deletes, frames;
    bool had_token; // In each of them.
};

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    alloc_free(alloc_system(), write);
}

static void on_client_closed(uv_handle_t *handle)
{
    ((struct endpoint *)handle->data)->has_client = false;
}

static void reply(struct endpoint *e, const char *text)
{
    size_t len = strlen(text);
    uv_write_t *write = alloc_new(alloc_system(), sizeof *write + len);
    uv_buf_t buf = uv_buf_init((char *)(write + 1), (unsigned)len);

    memcpy(write + 1, text, len);
    uv_write(write, (uv_stream_t *)&e->client, &buf, 1, on_written);
    uv_close((uv_handle_t *)&e->client, on_client_closed);
}

// Once all candidates are there, as an endpoint on the open internet would.
static void reply_with_answer(struct endpoint *e)
{
    char text[TEXT_MAX], fragment[8192];
    struct yodel_description answer;
    struct writer w = writer_of(span_of(fragment, sizeof fragment - 1));

    CHECK(yodel_peer_local_description(e->peer, &answer));
    signaling_whip_fragment_put_restart(&w, bytes_of_text(answer.sdp));
    fragment[w.len] = '\0';
    (void)snprintf(text, sizeof text,
        "HTTP/1.1 %s\r\nLocation: /session\r\nETag: \"1\"\r\nContent-Type: "
        "application/%s\r\n\r\n%s",
        e->is_restarted ? "200 OK" : "201 Created", e->is_restarted ? "trickle-ice-sdpfrag" : "sdp",
        e->is_restarted ? fragment : answer.sdp);
    reply(e, text);
}

static void on_endpoint_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct endpoint *e = ctx;

    CHECK(peer == e->peer);
    if (event->type == YODEL_EVENT_ICE_CANDIDATE && event->candidate.candidate[0] == '\0') {
        reply_with_answer(e);
    }
    e->frames += event->type == YODEL_EVENT_FRAME;
}

static void take_offer(struct endpoint *e)
{
    struct yodel_description offer = {.type = YODEL_SDP_OFFER, .sdp = e->offer};

    CHECK_EQ(yodel_peer_set_remote_description(e->peer, &offer), YODEL_OK);
    yodel_transceiver *sound = yodel_peer_transceiver(e->peer, 0);
    if (sound) {
        CHECK_EQ(yodel_transceiver_set_direction(sound, YODEL_SENDRECV), YODEL_OK);
    }
    CHECK_EQ(yodel_peer_set_local_description(e->peer, NULL), YODEL_OK);
}

static void drop_session(struct endpoint *e)
{
    if (e->peer) {
        yodel_runtime_remove(e->runtime, e->peer);
        yodel_peer_free(e->peer);
        e->peer = NULL;
    }
}

static void take_post(struct endpoint *e, const char *body)
{
    struct yodel_peer_config config = {.no_media = e->has_no_media};

    e->posts++;
    if (e->refusal) {
        reply(e, e->refusal);
        return;
    }
    drop_session(e);
    e->is_restarted = false;
    (void)snprintf(e->offer, sizeof e->offer, "%s", body);
    CHECK_EQ(yodel_peer_new(&config, &e->peer), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(e->runtime, e->peer, on_endpoint_event, e), YODEL_OK);
    take_offer(e);
}

// A restart; there are no candidates to come later, as gathering takes no time here.
static void take_patch(struct endpoint *e, const char *body)
{
    static char text[TEXT_MAX];
    struct writer w = writer_of(span_of(text, sizeof text - 1));

    e->patches++;
    if (e->takes_no_restart) {
        reply(e, "HTTP/1.1 405 Method Not Allowed\r\n\r\n");
    } else if (!strstr(e->request, "If-Match: *")) {
        reply(e, "HTTP/1.1 204 No Content\r\n\r\n");
    } else {
        CHECK_EQ(signaling_whip_fragment_merge(&w, bytes_of_text(e->offer), bytes_of_text(body)),
            YODEL_OK);
        memcpy(e->offer, text, w.len + 1);
        e->is_restarted = true;
        regain_addresses(e->peer, &e->lost);
        take_offer(e);
    }
}

static void take_request(struct endpoint *e, const char *body)
{
    e->had_token &= strstr(e->request, "Authorization: Bearer " TOKEN "\r\n") != NULL;
    if (strncmp(e->request, "POST /whip ", 11) == 0) {
        take_post(e, body);
    } else if (strncmp(e->request, "PATCH /session ", 15) == 0) {
        take_patch(e, body);
    } else if (strncmp(e->request, "DELETE /session ", 16) == 0) {
        e->deletes++;
        reply(e, "HTTP/1.1 200 OK\r\n\r\n");
    } else {
        reply(e, "HTTP/1.1 204 No Content\r\n\r\n");
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct endpoint *e = handle->data;

    (void)suggested;
    *buf = uv_buf_init(
        e->request + e->request_len, (unsigned)(sizeof e->request - 1 - e->request_len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct endpoint *e = stream->data;
    unsigned body_len = 0;

    (void)buf;
    if (len <= 0) {
        return;
    }
    e->request_len += (size_t)len;
    e->request[e->request_len] = '\0';
    const char *field = strstr(e->request, "Content-Length: ");
    const char *end = strstr(e->request, "\r\n\r\n");
    if (field) {
        (void)sscanf(field, "Content-Length: %u", &body_len);
    }
    if (end && e->request_len == (size_t)(end + 4 - e->request) + body_len) {
        e->request_len = 0;
        uv_read_stop(stream);
        take_request(e, end + 4);
    }
}

static void on_connection(uv_stream_t *server, int status)
{
    struct endpoint *e = server->data;

    CHECK(status == 0 && !e->has_client);
    e->has_client = true;
    uv_tcp_init(e->loop, &e->client);
    e->client.data = e;
    uv_accept(server, (uv_stream_t *)&e->client);
    uv_read_start((uv_stream_t *)&e->client, on_alloc, on_read);
}

// ---- the scene: the endpoint, and a command

struct scene {
    uv_loop_t loop;
    struct endpoint endpoint;
    struct cli_peering peering;
    struct cli_whip_session session;
    char url[64];
    bool is_whep;

    yodel_peer *peer;
    struct lost lost;
    yodel_peer_handler *handler;
    void *handler_ctx;
    uint32_t peers, gone, connected, frames;
    enum cli_exit exit;
    char code[32], text[600], state[600];
};

static struct scene s;

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    (void)ctx;
    s.frames += event->type == YODEL_EVENT_FRAME;
    s.handler(s.handler_ctx, peer, event);
}

static enum yodel_err on_peer(
    void *ctx, yodel_peer *peer, yodel_peer_handler *handler, void *handler_ctx)
{
    struct yodel_transceiver_init init = {.direction = s.is_whep ? YODEL_RECVONLY : YODEL_SENDONLY};
    yodel_transceiver *sound;

    CHECK(ctx == &s && !s.peer);
    s.peer = peer;
    s.handler = handler;
    s.handler_ctx = handler_ctx;
    s.peers++;
    CHECK_EQ(yodel_peer_add_transceiver(peer, YODEL_AUDIO, &init, &sound), YODEL_OK);
    return yodel_runtime_add(s.peering.runtime, peer, on_event, &s);
}

static void on_gone(void *ctx, yodel_peer *peer)
{
    CHECK(ctx == &s && peer == s.peer);
    yodel_runtime_remove(s.peering.runtime, peer);
    s.peer = NULL;
    s.gone++;
}

static void on_state(void *ctx, const char *sentence)
{
    CHECK(ctx == &s);
    s.connected += strncmp(sentence, "connected", 9) == 0;
    (void)snprintf(s.state, sizeof s.state, "%s", sentence);
}

static void on_failed(void *ctx, enum cli_exit exit, const char *code, const char *text)
{
    CHECK(ctx == &s && s.exit == CLI_OK);
    s.exit = exit;
    (void)snprintf(s.code, sizeof s.code, "%s", code);
    (void)snprintf(s.text, sizeof s.text, "%s", text);
}

static void listen_on_loopback(void)
{
    struct sockaddr_in addr;
    int len = sizeof addr;

    uv_ip4_addr("127.0.0.1", 0, &addr);
    uv_tcp_init(&s.loop, &s.endpoint.server);
    s.endpoint.server.data = &s.endpoint;
    CHECK_EQ(uv_tcp_bind(&s.endpoint.server, (struct sockaddr *)&addr, 0), 0);
    CHECK_EQ(uv_listen((uv_stream_t *)&s.endpoint.server, 8, on_connection), 0);
    CHECK_EQ(uv_tcp_getsockname(&s.endpoint.server, (struct sockaddr *)&addr, &len), 0);
    (void)snprintf(s.url, sizeof s.url, "http://127.0.0.1:%u/whip", ntohs(addr.sin_port));
}

static void open_scene(void)
{
    struct cli_list interfaces = {1, {"lo"}};
    struct cli_peering_options options = {.ice = "udp", .interfaces = &interfaces};
    char why[CLI_WHY_MAX];

    s = (struct scene){0};
    CHECK_EQ(uv_loop_init(&s.loop), 0);
    CHECK_EQ(cli_peering_init(&s.peering, &s.loop, &options, why), YODEL_OK);
    s.endpoint.loop = &s.loop;
    s.endpoint.runtime = s.peering.runtime;
    s.endpoint.had_token = true;
    listen_on_loopback();
}

static void open_session(bool is_whep)
{
    struct cli_whip_session_options options = {.url = s.url,
        .token = TOKEN,
        .is_whep = is_whep,
        .handler = {on_peer, on_gone, on_state, on_failed, &s}};
    char why[CLI_WHY_MAX];

    s.is_whep = is_whep;
    CHECK_EQ(cli_whip_session_init(&s.session, &s.peering, &options, why), YODEL_OK);
}

static void close_scene(void)
{
    cli_whip_session_deinit(&s.session);
    CHECK(!s.peer);
    CHECK_EQ(s.gone, s.peers);
    CHECK(s.endpoint.had_token);
    drop_session(&s.endpoint);
    cli_peering_deinit(&s.peering);
    uv_close((uv_handle_t *)&s.endpoint.server, NULL);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&s.loop), 0);
}

// ---- waiting

static void on_time_over(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

// Runs the loop until `counter` is `want`, or an end came; `sends` is given a frame now and then.
static void run_until(const uint32_t *counter, uint32_t want, yodel_peer *const *sender)
{
    static const uint8_t silence[] = {0xf8, 0xff, 0xfe}; // Opus.
    yodel_time end = clock_now() + PATIENCE;
    bool is_over = false;
    uv_timer_t timer;

    uv_timer_init(&s.loop, &timer);
    timer.data = &is_over;
    uv_timer_start(&timer, on_time_over, 20, 20);
    while (*counter < want && s.exit == CLI_OK && clock_now() < end) {
        uv_run(&s.loop, UV_RUN_ONCE);
        if (is_over && sender && *sender) {
            struct yodel_frame frame = {.codec = YODEL_OPUS, .data = silence, .len = 3};
            (void)yodel_transceiver_send_frame(yodel_peer_transceiver(*sender, 0), &frame);
        }
        is_over = false;
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&s.loop, UV_RUN_NOWAIT);
}

static void connect_session(bool is_whep)
{
    open_session(is_whep);
    run_until(&s.connected, 1, NULL);
    CHECK_TEXT(s.text, "");
    CHECK_EQ(s.connected, 1);
}

// ---- the claims

static void what_is_published_arrives_and_the_end_is_told(void)
{
    open_scene();
    connect_session(false);
    run_until(&s.endpoint.frames, 1, &s.peer);
    CHECK(s.endpoint.frames > 0);
    close_scene();
    CHECK_EQ(s.endpoint.posts, 1);
    CHECK_EQ(s.endpoint.deletes, 1);
}

static void what_is_watched_arrives(void)
{
    open_scene();
    connect_session(true);
    run_until(&s.frames, 1, &s.endpoint.peer);
    CHECK(s.frames > 0);
    close_scene();
    CHECK_EQ(s.endpoint.deletes, 1);
}

static void a_refusal_is_told_once_with_its_exit_code(void)
{
    static const struct {
        const char *reply;
        enum cli_exit exit;
        const char *code, *says;
    } rows[] = {
        {"HTTP/1.1 401 Oh\r\n\r\n", CLI_DECLINED, "token", "refused the token"},
        {"HTTP/1.1 403 Oh\r\n\r\n", CLI_DECLINED, "token", "refused the token"},
        {"HTTP/1.1 422 Oh\r\n\r\nno", CLI_DECLINED, "refused", "\"no\""},
        {"HTTP/1.1 404 Oh\r\n\r\n", CLI_NETWORK, "not-there", "no such endpoint"},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", CLI_NETWORK, "not-ours",
            "a web page"},
        {"HTTP/1.1 307 Oh\r\nLocation: /whip\r\n\r\n", CLI_NETWORK, "not-ours", "on and on"},
        {"SSH-2.0-x\r\n\r\n", CLI_NETWORK, "no-server", "127.0.0.1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_scene();
        s.endpoint.refusal = rows[i].reply;
        open_session(false);
        run_until(&s.connected, 1, NULL);
        CHECK_EQ(s.exit, rows[i].exit);
        CHECK_TEXT(s.code, rows[i].code);
        CHECK(strstr(s.text, rows[i].says));
        close_scene();
        CHECK_EQ(s.endpoint.deletes, 0);
    }
}

static void an_endpoint_that_takes_no_codec_is_told_of(void)
{
    open_scene();
    s.endpoint.has_no_media = true;
    open_session(false);
    run_until(&s.connected, 1, NULL);
    CHECK_EQ(s.exit, CLI_FAILED);
    CHECK_TEXT(s.code, "bad-answer");
    CHECK(strstr(s.text, "none of the codecs"));
    close_scene();
    CHECK_EQ(s.endpoint.deletes, 1);
}

static void where_nobody_listens_is_told(void)
{
    open_scene();
    (void)snprintf(s.url, sizeof s.url, "http://127.0.0.1:1/");
    open_session(false);
    run_until(&s.connected, 1, NULL);
    CHECK_EQ(s.exit, CLI_NETWORK);
    CHECK_TEXT(s.code, "no-server");
    close_scene();
}

static void what_is_no_url_and_no_token_is_told_at_once(void)
{
    static const struct {
        const char *url, *token, *says;
    } rows[] = {
        {"example.org", NULL, "is no endpoint's URL"},
        {"https://example.org", "a b", "the token"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cli_whip_session_options options = {.url = rows[i].url, .token = rows[i].token};
        char why[CLI_WHY_MAX];
        open_scene();
        CHECK(cli_whip_session_init(&s.session, &s.peering, &options, why) != YODEL_OK);
        CHECK(strstr(why, rows[i].says));
        close_scene();
    }
}

// As a network that goes away: from both sides, or they would find each other again by themselves.
static void break_path(void)
{
    lose_addresses(s.peer, &s.lost);
    lose_addresses(s.endpoint.peer, &s.endpoint.lost);
}

static void a_broken_path_is_mended_in_the_same_session(void)
{
    open_scene();
    connect_session(false);
    break_path();
    run_until(&s.endpoint.patches, 1, NULL);
    regain_addresses(s.peer, &s.lost);
    run_until(&s.connected, 2, NULL);
    CHECK_EQ(s.connected, 2);
    CHECK_TEXT(s.state, "connected again");
    s.endpoint.frames = 0;
    run_until(&s.endpoint.frames, 1, &s.peer);
    CHECK(s.endpoint.frames > 0);
    close_scene();
    CHECK_EQ(s.endpoint.posts, 1);
    CHECK(s.endpoint.patches > 0);
    CHECK_EQ(s.peers, 1);
}

static void where_it_cannot_be_mended_another_session_begins(void)
{
    open_scene();
    s.endpoint.takes_no_restart = true;
    connect_session(false);
    break_path();
    run_until(&s.connected, 2, NULL);
    CHECK_EQ(s.connected, 2);
    CHECK_TEXT(s.state, "connected");
    close_scene();
    CHECK_EQ(s.endpoint.posts, 2);
    CHECK_EQ(s.endpoint.deletes, 2);
    CHECK_EQ(s.peers, 2);
}

TEST_MAIN(TEST(what_is_published_arrives_and_the_end_is_told), TEST(what_is_watched_arrives),
    TEST(a_refusal_is_told_once_with_its_exit_code),
    TEST(an_endpoint_that_takes_no_codec_is_told_of), TEST(where_nobody_listens_is_told),
    TEST(what_is_no_url_and_no_token_is_told_at_once),
    TEST(a_broken_path_is_mended_in_the_same_session),
    TEST(where_it_cannot_be_mended_another_session_begins))
