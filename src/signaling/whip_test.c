// WHIP and WHEP: which requests a client makes, and what it tells, in virtual time.

#include "signaling/whip.h"

#include <stdio.h>

#include "check.h"

#define URL "https://example.org/whip/live?key=a"
#define OFFER(ufrag)                                                                               \
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"                    \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:" ufrag                             \
    "\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"                                                   \
    "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\nm=video 9 UDP/TLS/RTP/SAVPF "      \
    "96\r\na=mid:1\r\n"
#define ANSWER(ufrag)                                                                              \
    "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:" ufrag                      \
    "\r\na=ice-pwd:0b66f472495ef0ccac7bda653ab6be49\r\n"
#define CREATED "HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\nLocation: /session/7\r\n"
#define ETAG "ETag: \"xyzzy\"\r\n"
#define STATUS(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"

static struct signaling_whip whip;
static struct signaling_whip_request request;
static struct signaling_whip_event event;
static yodel_time now;

// ---- the scene

static void open_scene(const char *url, const char *token, bool is_whep, bool asks_servers)
{
    struct signaling_whip_options options = {alloc_system(), url, token, is_whep, asks_servers};

    now = YODEL_SECONDS(1000);
    CHECK_EQ(signaling_whip_init(&whip, &options, now), YODEL_OK);
}

static void close_scene(void)
{
    CHECK(!signaling_whip_next_request(&whip, &request));
    CHECK(!signaling_whip_next_event(&whip, &event));
    signaling_whip_deinit(&whip);
}

static void check_event(enum signaling_whip_event_type type)
{
    CHECK(signaling_whip_next_event(&whip, &event));
    CHECK_EQ(event.type, type);
}

static void check_request(const char *method, const char *path)
{
    CHECK(signaling_whip_next_request(&whip, &request));
    CHECK_TEXT(request.http.method, method);
    CHECK_TEXT(request.http.url->path, path);
}

static void answer(const char *text)
{
    struct signaling_http_response response;

    signaling_http_response_init(&response, alloc_system());
    signaling_http_response_recv(&response, bytes_of_text(text));
    signaling_http_response_end(&response);
    CHECK_EQ(response.state, SIGNALING_HTTP_DONE);
    signaling_whip_recv(&whip, request.id, &response, now);
    signaling_http_response_deinit(&response);
}

static void sleep_for(yodel_duration duration)
{
    now += duration;
    signaling_whip_tick(&whip, now);
}

static void offer(void)
{
    check_event(SIGNALING_WHIP_EVENT_OFFER_WANTED);
    CHECK_EQ(signaling_whip_offer(&whip, OFFER("EsAw"), now), YODEL_OK);
    check_request("POST", "/whip/live?key=a");
}

static void open_session(const char *fields)
{
    char text[2048];

    (void)snprintf(text, sizeof text, CREATED "%s\r\n" ANSWER("old"), fields);
    offer();
    answer(text);
    check_event(SIGNALING_WHIP_EVENT_ANSWER);
    CHECK_TEXT(event.text, ANSWER("old"));
}

static void end_session(void)
{
    signaling_whip_close(&whip, now);
    check_request("DELETE", "/session/7");
    answer(STATUS("200 OK"));
    check_event(SIGNALING_WHIP_EVENT_CLOSED);
    CHECK_EQ(signaling_whip_next_timeout(&whip), YODEL_NEVER);
    close_scene();
}

static void candidate(const char *mid, const char *ufrag, const char *line)
{
    struct yodel_ice_candidate it = {.candidate = line, .sdp_mid = mid, .username_fragment = ufrag};

    signaling_whip_candidate(&whip, &it, now);
}

static void check_body(const char *want)
{
    char text[4096];
    struct bytes body = request.http.body;

    CHECK(body.len < sizeof text);
    memcpy(text, body.ptr, body.len);
    text[body.len] = '\0';
    CHECK_TEXT(text, want);
}

// ---- publishing

static void an_offer_is_posted_and_its_answer_told(void)
{
    open_scene(URL, "secret", false, false);
    offer();
    CHECK_TEXT(request.http.url->host, "example.org");
    CHECK_TEXT(request.http.token, "secret");
    CHECK_TEXT(request.http.content_type, "application/sdp");
    CHECK(request.http.if_match == NULL);
    check_body(OFFER("EsAw"));
    CHECK(!signaling_whip_next_request(&whip, &request));
    answer(CREATED "\r\n" ANSWER("old"));
    check_event(SIGNALING_WHIP_EVENT_ANSWER);
    CHECK_TEXT(event.text, ANSWER("old"));
    CHECK_EQ(signaling_whip_next_timeout(&whip), YODEL_NEVER);

    signaling_whip_close(&whip, now);
    check_request("DELETE", "/session/7");
    CHECK_TEXT(request.http.token, "secret");
    CHECK(request.http.content_type == NULL);
    answer(STATUS("200 OK"));
    check_event(SIGNALING_WHIP_EVENT_CLOSED);
    close_scene();
}

static void a_token_and_a_url_must_fit_into_a_header(void)
{
    static const struct {
        const char *url, *token;
        enum yodel_err want;
    } rows[] = {
        {"ftp://example.org", NULL, YODEL_ERR_SYNTAX},
        {"https://example.org/a b", NULL, YODEL_ERR_SYNTAX},
        {URL, "a b", YODEL_ERR_TYPE},
        {URL, "a\r\nX: y", YODEL_ERR_TYPE},
        {URL, "\xc3\xa4", YODEL_ERR_TYPE},
        {URL, "", YODEL_OK},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct signaling_whip_options options = {
            alloc_system(), rows[i].url, rows[i].token, false, false};
        CHECK_EQ(signaling_whip_init(&whip, &options, 1), rows[i].want);
        signaling_whip_deinit(&whip);
    }
}

static void where_the_session_is_depends_on_where_it_was_asked_for(void)
{
    static const struct {
        const char *url, *location;
        const char *host; // NULL: refused.
        uint16_t port;
        const char *path;
        bool is_secure, has_token;
    } rows[] = {
        {URL, "/s/7", "example.org", 443, "/s/7", true, true},
        {URL, "s/7?x=y", "example.org", 443, "/whip/s/7?x=y", true, true},
        {URL, "https://example.org:8443/s", "example.org", 8443, "/s", true, true},
        {URL, "https://other.example/s", "other.example", 443, "/s", true, false},
        // From behind a proxy.
        {URL, "http://example.org/s", "example.org", 443, "/s", true, true},
        {URL, "http://example.org:8889/s", "example.org", 443, "/s", true, true},
        {URL, "http://other.example/s", NULL, 0, NULL, false, false},
        {URL, "file:///etc/passwd", NULL, 0, NULL, false, false},
        {"http://example.org/", "http://example.org:81/s", "example.org", 81, "/s", false, false},
        {"http://example.org/", "https://example.org/s", "example.org", 443, "/s", true, true},
        {"http://example.org/", "/s", "example.org", 80, "/s", false, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[1024];
        open_scene(rows[i].url, "secret", false, false);
        check_event(SIGNALING_WHIP_EVENT_OFFER_WANTED);
        CHECK_EQ(signaling_whip_offer(&whip, OFFER("EsAw"), now), YODEL_OK);
        CHECK(signaling_whip_next_request(&whip, &request));
        (void)snprintf(text, sizeof text,
            "HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\nLocation: %s\r\n\r\n%s",
            rows[i].location, ANSWER("old"));
        answer(text);
        check_event(rows[i].host ? SIGNALING_WHIP_EVENT_ANSWER : SIGNALING_WHIP_EVENT_FAILED);
        signaling_whip_close(&whip, now);
        if (rows[i].host) {
            check_request("DELETE", rows[i].path);
            CHECK_TEXT(request.http.url->host, rows[i].host);
            CHECK_EQ(request.http.url->port, rows[i].port);
            CHECK_EQ(request.http.url->is_secure, rows[i].is_secure);
            CHECK_EQ(request.http.token != NULL, rows[i].has_token);
            answer(STATUS("200 OK"));
        }
        check_event(SIGNALING_WHIP_EVENT_CLOSED);
        close_scene();
    }
}

#define REDIRECT(status, to) "HTTP/1.1 " status "\r\nLocation: " to "\r\nContent-Length: 0\r\n\r\n"

static void a_redirection_takes_the_offer_along_and_the_token_where_it_may_be(void)
{
    static const struct {
        const char *text;
        const char *path; // NULL: it fails.
        bool has_token;
    } rows[] = {
        {REDIRECT("307 Temporary Redirect", "/b"), "/b", true},
        {REDIRECT("308 Permanent Redirect", "https://example.org:8443/b"), "/b", true},
        {REDIRECT("307 Temporary Redirect", "https://edge.example/b"), "/b", false},
        {REDIRECT("307 Temporary Redirect", "http://example.org/b"), NULL, false},
        {REDIRECT("307 Temporary Redirect", "file:///b"), NULL, false},
        {STATUS("307 Temporary Redirect"), NULL, false},
        {REDIRECT("301 Moved Permanently", "/b"), NULL, false},
        {REDIRECT("302 Found", "/b"), NULL, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_scene(URL, "secret", false, false);
        offer();
        answer(rows[i].text);
        if (rows[i].path) {
            check_request("POST", rows[i].path);
            check_body(OFFER("EsAw"));
            CHECK_EQ(request.http.token != NULL, rows[i].has_token);
        } else {
            check_event(SIGNALING_WHIP_EVENT_FAILED);
        }
        close_scene();
    }
}

static void five_redirections_are_followed(void)
{
    open_scene(URL, "secret", false, false);
    offer();
    for (int i = 0; i < 5; i++) {
        answer(REDIRECT("307 Temporary Redirect", "/on"));
        check_request("POST", "/on");
    }
    answer(REDIRECT("307 Temporary Redirect", "/on"));
    check_event(SIGNALING_WHIP_EVENT_FAILED);
    CHECK_TEXT(event.code, "not-ours");
    CHECK(strstr(event.text, "sends on and on"));
    close_scene();
}

// ---- what is not a session

static void whoever_is_refused_learns_what_to_do(void)
{
    static const struct {
        bool is_whep, has_token;
        const char *text;
        enum signaling_whip_event_type want;
        const char *says;
    } rows[] = {
        {false, true, STATUS("401 Unauthorized"), SIGNALING_WHIP_EVENT_FAILED,
            "the endpoint refused the token (HTTP 401); check it, or give another one with "
            "--token"},
        {false, false, STATUS("401 Unauthorized"), SIGNALING_WHIP_EVENT_FAILED,
            "the endpoint wants a token (HTTP 401); give it with --token"},
        {false, true, STATUS("403 Forbidden"), SIGNALING_WHIP_EVENT_FAILED, "refused the token"},
        {false, true, STATUS("404 Not Found"), SIGNALING_WHIP_EVENT_FAILED,
            "there is no such endpoint (HTTP 404); check the URL's path"},
        {true, true, STATUS("404 Not Found"), SIGNALING_WHIP_EVENT_FAILED,
            "or nobody publishes to it yet"},
        {false, true, STATUS("405 Method Not Allowed"), SIGNALING_WHIP_EVENT_FAILED,
            "takes no offers"},
        {false, true, STATUS("409 Conflict"), SIGNALING_WHIP_EVENT_FAILED,
            "somebody publishes to the endpoint already"},
        {true, true, STATUS("409 Conflict"), SIGNALING_WHIP_EVENT_WAITING, "nobody publishes"},
        {false, true, STATUS("429 Too Many Requests"), SIGNALING_WHIP_EVENT_WAITING, "too much"},
        {false, true, STATUS("503 Service Unavailable"), SIGNALING_WHIP_EVENT_WAITING, "too much"},
        {false, true, "HTTP/1.1 422 X\r\n\r\nno \x1b[31mH264\n here", SIGNALING_WHIP_EVENT_FAILED,
            "the endpoint refused the offer (HTTP 422): \"no  [31mH264  here\""},
        {false, true, "HTTP/1.1 400 X\r\nContent-Type: text/html\r\n\r\n<html>",
            SIGNALING_WHIP_EVENT_FAILED, "the endpoint refused the offer (HTTP 400)"},
        {true, true, "HTTP/1.1 406 X\r\nContent-Type: application/sdp;x=y\r\n\r\nv=0",
            SIGNALING_WHIP_EVENT_FAILED, "wants to make the offer itself"},
        {false, true, STATUS("500 Oh"), SIGNALING_WHIP_EVENT_FAILED, "the endpoint failed"},
        {false, true,
            "HTTP/1.1 201 Created\r\nContent-Type: text/html\r\nLocation: /s\r\n\r\n<html>",
            SIGNALING_WHIP_EVENT_FAILED,
            "example.org answered with a web page, not with a WHIP answer: is it the endpoint's "
            "URL?"},
        {true, true, "HTTP/1.1 200 OK\r\nContent-Type: TEXT/HTML; charset=utf-8\r\n\r\n<html>",
            SIGNALING_WHIP_EVENT_FAILED, "not with a WHEP answer"},
        {false, true, "HTTP/1.1 201 Created\r\nLocation: /s\r\n\r\nhello",
            SIGNALING_WHIP_EVENT_FAILED, "answered with HTTP 201, and not with a WHIP answer"},
        {false, true, CREATED "\r\n", SIGNALING_WHIP_EVENT_FAILED, "not with a WHIP answer"},
        {false, true, STATUS("204 No Content"), SIGNALING_WHIP_EVENT_FAILED, "HTTP 204"},
        {false, true, "HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n",
            SIGNALING_WHIP_EVENT_FAILED, "did not say where the session is"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_scene(URL, rows[i].has_token ? "secret" : NULL, rows[i].is_whep, false);
        offer();
        answer(rows[i].text);
        check_event(rows[i].want);
        CHECK_EQ(event.code != NULL, rows[i].want == SIGNALING_WHIP_EVENT_FAILED);
        if (!strstr(event.text, rows[i].says)) {
            fprintf(stderr, "\"%s\" lacks \"%s\": ", event.text, rows[i].says);
        }
        CHECK(strstr(event.text, rows[i].says));
        CHECK(!strstr(event.text, "secret") && !strstr(event.text, "key=a"));
        close_scene();
    }
}

static void a_token_that_stayed_behind_is_spoken_of(void)
{
    open_scene(URL, "secret", false, false);
    offer();
    answer(REDIRECT("307 Temporary Redirect", "https://edge.example/b"));
    check_request("POST", "/b");
    answer(STATUS("401 Unauthorized"));
    check_event(SIGNALING_WHIP_EVENT_FAILED);
    CHECK_TEXT(event.code, "token");
    CHECK(strstr(event.text, "sends on to edge.example"));
    close_scene();
}

static void an_answer_has_no_more_bytes_than_a_description(void)
{
    static char text[70000];
    int head = snprintf(text, sizeof text, "%s\r\nv=0\r\n", CREATED);

    memset(text + head, 'x', SIGNALING_WHIP_SDP_MAX);
    open_scene(URL, NULL, false, false);
    offer();
    answer(text);
    check_event(SIGNALING_WHIP_EVENT_FAILED);
    CHECK(strstr(event.text, "more than a description"));
    close_scene();
}

static void a_first_connection_that_fails_is_told(void)
{
    static const struct {
        const char *clause, *says;
    } rows[] = {
        {"nobody listens there (connection refused)", "does it run?"},
        {"its certificate is not accepted: it is self-signed", "add --insecure"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_scene(URL, NULL, false, false);
        offer();
        signaling_whip_unanswered(&whip, request.id, rows[i].clause, now);
        check_event(SIGNALING_WHIP_EVENT_FAILED);
        CHECK_TEXT(event.code, "no-server");
        CHECK(strstr(event.text, rows[i].clause) && strstr(event.text, rows[i].says));
        close_scene();
    }
}

static void nobody_waits_longer_than_ten_seconds(void)
{
    open_scene(URL, NULL, false, false);
    offer();
    CHECK_EQ(signaling_whip_next_timeout(&whip), now + YODEL_SECONDS(10));
    sleep_for(YODEL_SECONDS(10) - 1);
    CHECK(!signaling_whip_next_event(&whip, &event));
    sleep_for(1);
    check_event(SIGNALING_WHIP_EVENT_FAILED);
    answer(CREATED "\r\n" ANSWER("late"));
    close_scene();
}

// ---- waiting

static void a_busy_endpoint_is_asked_again_later_and_later(void)
{
    static const uint32_t want[] = {1, 2, 4, 8, 16, 30, 30};

    open_scene(URL, NULL, true, false);
    for (size_t i = 0; i < COUNT(want); i++) {
        offer();
        answer(STATUS("409 Conflict"));
        check_event(SIGNALING_WHIP_EVENT_WAITING);
        CHECK_EQ(event.wait, YODEL_SECONDS(want[i]));
        CHECK_EQ(signaling_whip_next_timeout(&whip), now + event.wait);
        sleep_for(event.wait - 1);
        CHECK(!signaling_whip_next_event(&whip, &event));
        sleep_for(1);
    }
    check_event(SIGNALING_WHIP_EVENT_OFFER_WANTED);
    close_scene();
}

static void an_endpoint_says_how_long_to_wait(void)
{
    static const struct {
        const char *field;
        uint32_t want;
    } rows[] = {
        {"7", 7},
        {"0", 1},
        {"300", 300},
        {"86400", 300},
        {"99999999999999999999999", 300},
        {"-5", 1},
        {"Fri, 31 Dec 1999 23:59:59 GMT", 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[256];
        open_scene(URL, NULL, false, false);
        offer();
        (void)snprintf(text, sizeof text,
            "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", rows[i].field);
        answer(text);
        check_event(SIGNALING_WHIP_EVENT_WAITING);
        CHECK_EQ(event.wait, YODEL_SECONDS(rows[i].want));
        close_scene();
    }
}

static void a_lost_session_is_deleted_and_begun_anew(void)
{
    open_scene(URL, NULL, false, false);
    open_session("");
    signaling_whip_lost(&whip, "nothing comes any more", now);
    check_event(SIGNALING_WHIP_EVENT_WAITING);
    CHECK(strstr(event.text, "nothing comes any more"));
    check_request("DELETE", "/session/7");
    sleep_for(YODEL_SECONDS(2)); // Nobody answers that.
    offer();
    // What was fatal at first is not any more: the network is away.
    signaling_whip_unanswered(&whip, request.id, "there is no way to it", now);
    check_event(SIGNALING_WHIP_EVENT_WAITING);
    CHECK_EQ(event.wait, YODEL_SECONDS(2));
    sleep_for(event.wait);
    offer();
    answer(STATUS("404 Not Found")); // It is starting.
    check_event(SIGNALING_WHIP_EVENT_WAITING);
    sleep_for(event.wait);
    offer();
    answer(STATUS("401 Unauthorized")); // But this stays so.
    check_event(SIGNALING_WHIP_EVENT_FAILED);
    close_scene();
}

static void a_session_that_lasted_makes_waiting_short_again(void)
{
    static const yodel_duration lasted[] = {YODEL_SECONDS(29), YODEL_SECONDS(30)};

    for (size_t i = 0; i < COUNT(lasted); i++) {
        open_scene(URL, NULL, true, false);
        offer();
        answer(STATUS("409 Conflict"));
        check_event(SIGNALING_WHIP_EVENT_WAITING);
        sleep_for(event.wait);
        open_session("");
        now += lasted[i];
        signaling_whip_lost(&whip, "it is gone", now);
        check_event(SIGNALING_WHIP_EVENT_WAITING);
        CHECK_EQ(event.wait, YODEL_SECONDS(i == 0 ? 2 : 1));
        check_request("DELETE", "/session/7");
        close_scene();
    }
}

// ---- ICE servers

static void servers_are_asked_for_before_the_offer(void)
{
    open_scene(URL, "secret", false, true);
    check_request("OPTIONS", "/whip/live?key=a");
    CHECK_TEXT(request.http.token, "secret");
    answer("HTTP/1.1 204 No Content\r\nLink: <stun:a>; rel=ice-server\r\n"
           "Link: <turn:b>; rel=ice-server; username=u; credential=p\r\n\r\n");
    check_event(SIGNALING_WHIP_EVENT_OFFER_WANTED);
    CHECK_EQ(event.servers->count, 2);
    CHECK_TEXT(event.servers->items[1].credential, "p");
    close_scene();
}

static void an_endpoint_without_options_is_offered_to_all_the_same(void)
{
    open_scene(URL, NULL, false, true);
    check_request("OPTIONS", "/whip/live?key=a");
    answer(STATUS("405 Method Not Allowed"));
    check_event(SIGNALING_WHIP_EVENT_OFFER_WANTED);
    CHECK_EQ(event.servers->count, 0);
    close_scene();
}

static void servers_of_a_session_are_there_for_the_next_one(void)
{
    open_scene(URL, NULL, false, false);
    open_session("Link: <stun:a>; rel=ice-server\r\n");
    signaling_whip_lost(&whip, "it is gone", now);
    check_event(SIGNALING_WHIP_EVENT_WAITING);
    check_request("DELETE", "/session/7");
    answer(STATUS("200 OK"));
    sleep_for(YODEL_SECONDS(1));
    check_event(SIGNALING_WHIP_EVENT_OFFER_WANTED);
    CHECK_EQ(event.servers->count, 1);
    close_scene();
}

// ---- candidates

#define HEAD(ufrag)                                                                                \
    "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:" ufrag       \
    "\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
#define C2 "candidate:2 1 udp 2122194687 192.0.2.2 61765 typ host"
#define C3 "candidate:3 1 udp 2122194686 192.0.2.3 61765 typ host"

static void candidates_go_together_and_one_request_at_a_time(void)
{
    open_scene(URL, "secret", false, false);
    offer();
    candidate("0", "EsAw", C2); // While the answer is awaited.
    sleep_for(YODEL_SECONDS(1));
    answer(CREATED ETAG "\r\n" ANSWER("old"));
    check_event(SIGNALING_WHIP_EVENT_ANSWER);
    check_request("PATCH", "/session/7");
    CHECK_TEXT(request.http.content_type, "application/trickle-ice-sdpfrag");
    CHECK_TEXT(request.http.if_match, "\"xyzzy\"");
    CHECK_TEXT(request.http.token, "secret");
    check_body(HEAD("EsAw") "a=" C2 "\r\n");

    candidate("0", "EsAw", C3);
    sleep_for(YODEL_SECONDS(1));
    candidate("0", "EsAw", "");
    CHECK(!signaling_whip_next_request(&whip, &request));
    answer(STATUS("204 No Content"));
    check_request("PATCH", "/session/7");
    check_body(HEAD("EsAw") "a=" C3 "\r\na=end-of-candidates\r\n");
    answer(STATUS("204 No Content"));
    end_session();
}

static void candidates_that_come_together_go_together(void)
{
    open_scene(URL, NULL, false, false);
    open_session("");
    candidate("0", NULL, C2);
    CHECK_EQ(signaling_whip_next_timeout(&whip), now + YODEL_MS(50));
    sleep_for(YODEL_MS(49));
    candidate("0", NULL, C3);
    CHECK(!signaling_whip_next_request(&whip, &request));
    sleep_for(YODEL_MS(1));
    check_request("PATCH", "/session/7");
    CHECK(request.http.if_match == NULL); // There was no ETag.
    check_body(HEAD("EsAw") "a=" C2 "\r\na=" C3 "\r\n");
    answer(STATUS("204 No Content"));
    end_session();
}

static void only_candidates_that_the_endpoint_lacks_are_sent(void)
{
    open_scene(URL, NULL, false, false);
    open_session("");
    candidate("0", "EsAw", "candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host"); // Offered.
    candidate("1", "EsAw", C2);
    candidate("0", "gone", C2);
    sleep_for(YODEL_SECONDS(1));
    end_session();
}

static void an_endpoint_that_takes_no_candidates_is_not_asked_again(void)
{
    static const char *const answers[] = {STATUS("405 Not Allowed"), STATUS("501 Not Implemented"),
        STATUS("404 Not Found"), STATUS("422 Unprocessable"), STATUS("428 Precondition"),
        STATUS("412 Precondition Failed"), NULL};

    for (size_t i = 0; i < COUNT(answers); i++) {
        open_scene(URL, NULL, false, false);
        open_session(ETAG);
        candidate("0", NULL, C2);
        sleep_for(YODEL_MS(50));
        check_request("PATCH", "/session/7");
        if (answers[i]) {
            answer(answers[i]);
        } else {
            signaling_whip_unanswered(&whip, request.id, "it does not answer", now);
        }
        candidate("0", NULL, C3);
        sleep_for(YODEL_SECONDS(1));
        end_session(); // And that was no error.
    }
}

static void more_candidates_than_there_is_room_for_are_left_out(void)
{
    open_scene(URL, NULL, false, false);
    open_session("");
    for (int i = 0; i < 1000; i++) {
        char line[100];
        (void)snprintf(line, sizeof line, "candidate:%d 1 udp 1 192.0.2.9 9 typ host", i);
        candidate("0", NULL, line);
    }
    sleep_for(YODEL_SECONDS(1));
    check_request("PATCH", "/session/7");
    CHECK(request.http.body.len < SIGNALING_WHIP_CANDIDATES_MAX + 1024);
    answer(STATUS("204 No Content"));
    end_session();
}

// ---- restarting

#define FRAGMENT(ufrag)                                                                            \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:" ufrag                             \
    "\r\na=ice-pwd:1b66f472495ef0ccac7bda653ab6be49\r\na=candidate:1 1 udp 1 192.0.2.7 9 typ "     \
    "host\r\n"
#define RESTARTED                                                                                  \
    "HTTP/1.1 200 OK\r\nETag: \"new\"\r\nContent-Type: application/trickle-ice-sdpfrag\r\n\r\n"

static void a_restart_makes_a_new_answer(void)
{
    open_scene(URL, NULL, false, false);
    open_session(ETAG);
    candidate("0", "EsAw", C2);
    sleep_for(YODEL_MS(50));
    check_request("PATCH", "/session/7"); // Not answered any more.
    CHECK_EQ(signaling_whip_restart(&whip, OFFER("ysXw"), now), YODEL_OK);
    check_request("PATCH", "/session/7");
    CHECK_TEXT(request.http.if_match, "*");
    check_body(HEAD("ysXw") "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n");
    candidate("0", "EsAw", C2);
    candidate("0", "ysXw", C3);
    sleep_for(YODEL_SECONDS(1));
    CHECK(!signaling_whip_next_request(&whip, &request));
    answer(RESTARTED FRAGMENT("new"));
    check_event(SIGNALING_WHIP_EVENT_ANSWER);
    CHECK_TEXT(event.text,
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:"
        "1b66f472495ef0ccac7bda653ab6be49\r\na=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\n");
    check_request("PATCH", "/session/7");
    CHECK_TEXT(request.http.if_match, "\"new\"");
    check_body(HEAD("ysXw") "a=" C3 "\r\n");
    answer(STATUS("204 No Content"));
    end_session();
}

static void a_star_is_quoted_for_whoever_wants_it_so(void)
{
    open_scene(URL, NULL, false, false);
    open_session(ETAG);
    CHECK_EQ(signaling_whip_restart(&whip, OFFER("ysXw"), now), YODEL_OK);
    check_request("PATCH", "/session/7");
    answer(STATUS("412 Precondition Failed"));
    check_request("PATCH", "/session/7");
    CHECK_TEXT(request.http.if_match, "\"*\"");
    answer(RESTARTED FRAGMENT("new"));
    check_event(SIGNALING_WHIP_EVENT_ANSWER);
    end_session();
}

static void where_no_restart_is_possible_a_new_session_begins(void)
{
    static const struct {
        const char *text; // NULL: no answer.
        bool is_deleted;
    } rows[] = {
        {STATUS("204 No Content"), true},
        {STATUS("405 Method Not Allowed"), true},
        {STATUS("428 Precondition Required"), true},
        {STATUS("404 Not Found"), false},
        {RESTARTED "a=ice-ufrag:new\r\n", true},
        {RESTARTED, true},
        {NULL, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_scene(URL, NULL, false, false);
        open_session(ETAG);
        CHECK_EQ(signaling_whip_restart(&whip, OFFER("ysXw"), now), YODEL_OK);
        check_request("PATCH", "/session/7");
        if (rows[i].text) {
            answer(rows[i].text);
        } else {
            sleep_for(YODEL_SECONDS(10));
        }
        check_event(SIGNALING_WHIP_EVENT_WAITING);
        if (rows[i].is_deleted) {
            check_request("DELETE", "/session/7");
            answer(STATUS("200 OK"));
        }
        sleep_for(event.wait);
        offer();
        close_scene();
    }
}

// ---- closing

static void who_closes_does_not_wait_for_long(void)
{
    open_scene(URL, NULL, false, false);
    open_session("");
    signaling_whip_close(&whip, now);
    signaling_whip_close(&whip, now);
    check_request("DELETE", "/session/7");
    CHECK_EQ(signaling_whip_next_timeout(&whip), now + YODEL_SECONDS(2));
    sleep_for(YODEL_SECONDS(2));
    check_event(SIGNALING_WHIP_EVENT_CLOSED);
    CHECK_EQ(signaling_whip_next_timeout(&whip), YODEL_NEVER);
    answer(STATUS("200 OK"));
    close_scene();
}

static void a_session_that_comes_while_closing_is_deleted(void)
{
    open_scene(URL, NULL, false, false);
    offer();
    signaling_whip_close(&whip, now);
    CHECK(!signaling_whip_next_event(&whip, &event));
    sleep_for(YODEL_SECONDS(1));
    answer(CREATED "\r\n" ANSWER("old"));
    check_request("DELETE", "/session/7");
    sleep_for(YODEL_SECONDS(1)); // From the call on, not from the answer.
    check_event(SIGNALING_WHIP_EVENT_CLOSED);
    close_scene();
}

static void without_a_session_closing_takes_no_time(void)
{
    open_scene(URL, NULL, false, true);
    check_request("OPTIONS", "/whip/live?key=a");
    signaling_whip_close(&whip, now);
    check_event(SIGNALING_WHIP_EVENT_CLOSED);
    close_scene();

    open_scene(URL, NULL, true, false);
    offer();
    answer(STATUS("409 Conflict"));
    signaling_whip_close(&whip, now);
    check_event(SIGNALING_WHIP_EVENT_CLOSED);
    sleep_for(YODEL_SECONDS(60));
    close_scene();
}

static void an_answer_that_the_peer_refuses_ends_it(void)
{
    open_scene(URL, NULL, false, false);
    open_session("");
    signaling_whip_reject(&whip, "m-line 1: no common codec");
    check_event(SIGNALING_WHIP_EVENT_FAILED);
    CHECK_TEXT(event.text, "the endpoint's answer cannot be used: m-line 1: no common codec");
    end_session();
}

TEST_MAIN(TEST(an_offer_is_posted_and_its_answer_told),
    TEST(a_token_and_a_url_must_fit_into_a_header),
    TEST(where_the_session_is_depends_on_where_it_was_asked_for),
    TEST(a_redirection_takes_the_offer_along_and_the_token_where_it_may_be),
    TEST(five_redirections_are_followed), TEST(whoever_is_refused_learns_what_to_do),
    TEST(a_token_that_stayed_behind_is_spoken_of),
    TEST(an_answer_has_no_more_bytes_than_a_description),
    TEST(a_first_connection_that_fails_is_told), TEST(nobody_waits_longer_than_ten_seconds),
    TEST(a_busy_endpoint_is_asked_again_later_and_later), TEST(an_endpoint_says_how_long_to_wait),
    TEST(a_lost_session_is_deleted_and_begun_anew),
    TEST(a_session_that_lasted_makes_waiting_short_again),
    TEST(servers_are_asked_for_before_the_offer),
    TEST(an_endpoint_without_options_is_offered_to_all_the_same),
    TEST(servers_of_a_session_are_there_for_the_next_one),
    TEST(candidates_go_together_and_one_request_at_a_time),
    TEST(candidates_that_come_together_go_together),
    TEST(only_candidates_that_the_endpoint_lacks_are_sent),
    TEST(an_endpoint_that_takes_no_candidates_is_not_asked_again),
    TEST(more_candidates_than_there_is_room_for_are_left_out), TEST(a_restart_makes_a_new_answer),
    TEST(a_star_is_quoted_for_whoever_wants_it_so),
    TEST(where_no_restart_is_possible_a_new_session_begins),
    TEST(who_closes_does_not_wait_for_long), TEST(a_session_that_comes_while_closing_is_deleted),
    TEST(without_a_session_closing_takes_no_time), TEST(an_answer_that_the_peer_refuses_ends_it))
