// A WHIP or WHEP client between an endpoint that answers anything, or nothing, and an owner that calls
// anything at any time, sometimes without memory. Whatever they do: the token stays with whom it is for,
// nothing secure goes out in the open, no header can be split, a session is left once, offers are not
// posted without end, and closing ends it in time.

#include "signaling/whip.h"

#include <stdio.h>

#include "capped_alloc.h"
#include "fuzz.h"

#define STEPS_MAX 300
#define HOST "a.example"
#define OFFER(ufrag)                                                                               \
    "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:" ufrag                      \
    "\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=candidate:1 1 udp 9 192.0.2.1 9 typ host\r\n"

static const char *const urls[] = {"https://" HOST "/w?key=k", "http://" HOST "/w"};
static const char *const offers[] = {OFFER("a"), OFFER("b"), ""};
static const char *const statuses[] = {"200", "201", "204", "301", "307", "308", "401", "404",
    "405", "406", "409", "412", "503", "500", "100", "599"};
static const char *const locations[] = {"/s/1", "s?x", "https://" HOST ":8443/b",
    "http://" HOST "/b", "https://b.example/c", "http://b.example/c", "", "file:///d"};
static const char *const etags[] = {"\"a\"", "W/\"b\"", "a b", ""};
static const char *const bodies[] = {
    OFFER("c"), "a=ice-ufrag:d\r\na=ice-pwd:e\r\n", "v=", "<html>", "", "a=ice-ufrag:d\r\n"};

static struct capped_alloc memory;
static struct signaling_whip whip;
static struct signaling_whip_request request;
static bool has_request, is_secure;
static bool is_open; // A session of which the owner was told.
static bool is_left; // The latest one was deleted.
static bool is_closed;
static uint32_t post_count; // Of one offer.
static yodel_time now, close_at;

static uint8_t take(struct reader *r)
{
    return r->left > 0 ? read_u8(r) : 0;
}

// ---- what comes of it

static bool is_header_text(const char *text, size_t max)
{
    size_t len = 0;

    for (; text && text[len]; len++) {
        if (text[len] <= ' ' || text[len] > '~') {
            return false;
        }
    }
    return len <= max;
}

static void check_request(void)
{
    const struct signaling_http_request *http = &request.http;
    bool is_ours = strcmp(http->url->host, HOST) == 0;

    FUZZ_CHECK(!is_closed && whip.request_id == request.id);
    FUZZ_CHECK(!is_secure || http->url->is_secure);
    FUZZ_CHECK(!http->token || is_ours);
    FUZZ_CHECK(is_header_text(http->url->path, SIGNALING_HTTP_PATH_MAX));
    FUZZ_CHECK(is_header_text(http->if_match, SIGNALING_WHIP_ETAG_MAX));
    FUZZ_CHECK((http->body.len > 0) <= (http->content_type != NULL));
    if (strcmp(http->method, "POST") == 0) {
        FUZZ_CHECK(!is_open && ++post_count <= SIGNALING_WHIP_REDIRECTS_MAX + 1);
        is_left = false;
    } else if (strcmp(http->method, "PATCH") == 0) {
        FUZZ_CHECK(is_open);
    } else if (strcmp(http->method, "DELETE") == 0) {
        FUZZ_CHECK(!is_left);
        is_left = true;
        is_open = false;
    }
}

static void check_event(const struct signaling_whip_event *event)
{
    FUZZ_CHECK(!is_closed);
    switch (event->type) {
    case SIGNALING_WHIP_EVENT_OFFER_WANTED:
        FUZZ_CHECK(!is_open && close_at == YODEL_NEVER && event->servers);
        post_count = 0;
        break;
    case SIGNALING_WHIP_EVENT_ANSWER:
        FUZZ_CHECK(strncmp(event->text, "v=", 2) == 0 && close_at == YODEL_NEVER);
        FUZZ_CHECK(strlen(event->text) <= SIGNALING_WHIP_SDP_MAX);
        is_open = true;
        break;
    case SIGNALING_WHIP_EVENT_WAITING:
        FUZZ_CHECK(event->wait > 0 && event->wait <= SIGNALING_WHIP_RETRY_MAX);
        FUZZ_CHECK(event->text[0] && close_at == YODEL_NEVER);
        break;
    case SIGNALING_WHIP_EVENT_FAILED:
        FUZZ_CHECK(event->text[0] && close_at == YODEL_NEVER);
        break;
    case SIGNALING_WHIP_EVENT_CLOSED:
        FUZZ_CHECK(!is_open);
        is_closed = true;
        break;
    }
}

static void drain(void)
{
    struct signaling_whip_event event;

    signaling_whip_tick(&whip, now);
    while (signaling_whip_next_event(&whip, &event)) {
        check_event(&event);
    }
    while (signaling_whip_next_request(&whip, &request)) {
        has_request = true;
        check_request();
    }
    FUZZ_CHECK(signaling_whip_next_timeout(&whip) > now);
    FUZZ_CHECK(is_closed || now < close_at);
}

// ---- what happens

static void write_answer(struct writer *w, struct reader *r)
{
    uint8_t how = take(r);

    put_format(w, "HTTP/1.1 %s Oh\r\n", statuses[how % COUNT(statuses)]);
    put_text(w, how & 16 ? "Content-Type: application/sdp\r\n" : "");
    put_text(w, how & 32 ? "Retry-After: 9\r\n" : "");
    put_text(w, how & 64 ? "Link: <stun:c>; rel=ice-server\r\n" : "");
    how = take(r);
    put_format(w, "Location: %s\r\n", locations[how % COUNT(locations)]);
    put_format(w, "ETag: %s\r\n", etags[how / 8 % COUNT(etags)]);
    put_format(w, "\r\n%s", bodies[how / 32 % COUNT(bodies)]);
    put_bytes(w, read_bytes(r, how & 128 ? take(r) : 0)); // Behind what made sense, noise.
}

static void answer(struct reader *r)
{
    static struct signaling_http_response response;
    uint8_t room[2048];
    struct writer w = writer_of(span_of(room, sizeof room));
    uint32_t id = request.id - (take(r) == 255); // Or of another request.

    write_answer(&w, r);
    signaling_http_response_init(&response, alloc_system());
    signaling_http_response_recv(&response, writer_bytes(&w));
    signaling_http_response_end(&response);
    if (response.state == SIGNALING_HTTP_DONE && has_request) {
        if (id == request.id && (response.status == 404 || response.status == 410)) {
            is_open = is_open && !whip.wants_restart; // Then it was gone already.
        }
        has_request = id != request.id;
        signaling_whip_recv(&whip, id, &response, now);
    }
    signaling_http_response_deinit(&response);
}

static void candidate(struct reader *r)
{
    static const char *const texts[] = {
        "", "candidate:1 1 udp 9 192.0.2.1 9 typ host", "candidate:2 1 udp 9 192.0.2.2 9 typ host"};
    static const char *const names[] = {NULL, "0", "a", "b"};
    uint8_t how = take(r);
    struct yodel_ice_candidate it = {.candidate = texts[how % COUNT(texts)],
        .sdp_mid = names[how / 4 % 2],
        .sdp_mline_index = how / 8 % 2,
        .username_fragment = names[how / 16 % 4 == 1 ? 0 : how / 16 % 4]};

    signaling_whip_candidate(&whip, &it, now);
}

static void close_it(void)
{
    signaling_whip_close(&whip, now);
    if (close_at == YODEL_NEVER && !is_closed) {
        close_at = now + SIGNALING_WHIP_CLOSE_WAIT;
    }
}

static void step(struct reader *r)
{
    static const yodel_time waits[] = {1, YODEL_MS(50), YODEL_SECONDS(1), YODEL_SECONDS(31)};
    uint8_t what = take(r);
    const char *sdp = offers[what / 16 % COUNT(offers)];

    switch (what % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        (void)!signaling_whip_offer(&whip, sdp, now);
        break;
    case 4:
        (void)!signaling_whip_restart(&whip, sdp, now);
        break;
    case 5:
        signaling_whip_lost(&whip, "it is lost", now);
        break;
    case 6:
        if (what >= 128) {
            signaling_whip_reject(&whip, "it is no good");
        }
        break;
    case 7:
        if (what == 7) {
            close_it();
        }
        break;
    case 8:
        signaling_whip_unanswered(&whip, request.id, "nobody listens", now);
        break;
    case 9:
        now += waits[what / 16 % COUNT(waits)];
        break;
    case 10:
        candidate(r);
        break;
    default:
        answer(r);
    }
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    uint8_t mode = take(&r);
    struct signaling_whip_options options = {&memory.alloc, urls[mode % 2],
        mode & 2 ? "secret" : NULL, (mode & 4) != 0, (mode & 8) != 0};

    memory = capped_alloc(mode & 16 ? mode / 32 : SIZE_MAX);
    has_request = is_open = is_left = is_closed = false;
    is_secure = mode % 2 == 0;
    post_count = 0;
    now = YODEL_SECONDS(1);
    close_at = YODEL_NEVER;
    if (signaling_whip_init(&whip, &options, now) == YODEL_OK) {
        drain();
        for (int i = 0; i < STEPS_MAX && r.left > 0; i++) {
            step(&r);
            drain();
        }
        close_it();
        drain();
        now += SIGNALING_WHIP_CLOSE_WAIT;
        drain();
        FUZZ_CHECK(is_closed);
    }
    signaling_whip_deinit(&whip);
    FUZZ_CHECK(memory.held == 0);
}
