// WHIP and WHEP, the client's side.

#include "signaling/whip.h"

#include "base/assert.h"
#include "signaling/whip_answer.h"
#include "signaling/whip_ask.h"
#include "signaling/whip_patch.h"
#include "signaling/whip_why.h"

#define BIT(type) (1u << (type))

bool signaling_whip_next_request(
    struct signaling_whip *whip, struct signaling_whip_request *request)
{
    if (!whip->has_request || whip->is_told) {
        return false;
    }
    whip->is_told = true;
    *request = (struct signaling_whip_request){whip->request_id, whip->request};
    return true;
}

// ---- events

static void tell(struct signaling_whip *whip, enum signaling_whip_event_type type)
{
    whip->news |= BIT(type);
}

static bool take_news(struct signaling_whip *whip, enum signaling_whip_event_type type)
{
    bool is_there = (whip->news & BIT(type)) != 0;

    whip->news &= ~BIT(type);
    return is_there;
}

// WAITING comes before the OFFER_WANTED that it speaks of.
bool signaling_whip_next_event(struct signaling_whip *whip, struct signaling_whip_event *event)
{
    if (take_news(whip, SIGNALING_WHIP_EVENT_WAITING)) {
        *event = (struct signaling_whip_event){
            .type = SIGNALING_WHIP_EVENT_WAITING, .text = whip->why, .wait = whip->wait};
    } else if (take_news(whip, SIGNALING_WHIP_EVENT_OFFER_WANTED)) {
        *event = (struct signaling_whip_event){
            .type = SIGNALING_WHIP_EVENT_OFFER_WANTED, .servers = &whip->servers};
    } else if (take_news(whip, SIGNALING_WHIP_EVENT_ANSWER)) {
        *event = (struct signaling_whip_event){
            .type = SIGNALING_WHIP_EVENT_ANSWER, .text = whip->answer.ptr};
    } else if (take_news(whip, SIGNALING_WHIP_EVENT_FAILED)) {
        *event = (struct signaling_whip_event){
            .type = SIGNALING_WHIP_EVENT_FAILED, .code = whip->code, .text = whip->why};
    } else if (take_news(whip, SIGNALING_WHIP_EVENT_CLOSED)) {
        *event = (struct signaling_whip_event){.type = SIGNALING_WHIP_EVENT_CLOSED};
    } else {
        return false;
    }
    return true;
}

// ---- the end

static bool is_closing(const struct signaling_whip *whip)
{
    return whip->close_at != YODEL_NEVER;
}

static void end(struct signaling_whip *whip)
{
    whip->state = SIGNALING_WHIP_CLOSED;
    whip->has_request = false;
    whip->has_session = false;
    whip->news = BIT(SIGNALING_WHIP_EVENT_CLOSED);
}

// RFC 9725 §4.2: whoever goes says so.
static void leave(struct signaling_whip *whip, yodel_time now)
{
    YODEL_ASSERT(whip->has_session);
    whip->has_session = false;
    whip->wants_restart = false;
    whip->state = SIGNALING_WHIP_LEAVING;
    signaling_whip_ask_delete(whip, now);
}

void signaling_whip_close(struct signaling_whip *whip, yodel_time now)
{
    if (whip->state == SIGNALING_WHIP_CLOSED || is_closing(whip)) {
        return;
    }
    whip->close_at = time_after(now, SIGNALING_WHIP_CLOSE_WAIT);
    whip->news = 0;
    if (whip->has_session) {
        leave(whip, now);
    } else if (whip->state != SIGNALING_WHIP_POSTING && whip->state != SIGNALING_WHIP_LEAVING) {
        end(whip); // Else there may be a session by the answer that is awaited.
    }
}

static void fail(struct signaling_whip *whip, const char *code)
{
    whip->code = code;
    whip->state = SIGNALING_WHIP_FAILED;
    whip->news = BIT(SIGNALING_WHIP_EVENT_FAILED);
}

void signaling_whip_reject(struct signaling_whip *whip, const char *why)
{
    struct writer w = writer_of(span_of(whip->why, sizeof whip->why - 1));

    if (whip->state != SIGNALING_WHIP_OPEN || is_closing(whip)) {
        return;
    }
    put_format(&w, "the endpoint's answer cannot be used: %.300s", why);
    whip->why[w.len] = '\0';
    whip->has_request = false;
    fail(whip, "bad-answer");
}

// ---- waiting

static void wait(struct signaling_whip *whip, yodel_duration at_least, yodel_time now)
{
    yodel_duration backoff = YODEL_SECONDS(1u << (whip->attempts < 5 ? whip->attempts : 5));

    whip->attempts++;
    if (backoff > SIGNALING_WHIP_BACKOFF_MAX) {
        backoff = SIGNALING_WHIP_BACKOFF_MAX;
    }
    whip->wait = backoff > at_least ? backoff : at_least;
    if (whip->wait > SIGNALING_WHIP_RETRY_MAX) {
        whip->wait = SIGNALING_WHIP_RETRY_MAX;
    }
    whip->retry_at = time_after(now, whip->wait);
    whip->state = SIGNALING_WHIP_WAITING;
    whip->news = BIT(SIGNALING_WHIP_EVENT_WAITING);
}

// There is no session, for the reason in `why`.
static void refuse(struct signaling_whip *whip, struct signaling_whip_verdict verdict,
    yodel_duration retry_after, yodel_time now)
{
    bool may_hope = verdict.hope == SIGNALING_WHIP_HOPE_SOON ||
                    (verdict.hope == SIGNALING_WHIP_HOPE_ONCE_OPEN && whip->has_had_session);

    if (is_closing(whip)) {
        end(whip);
    } else if (may_hope) {
        wait(whip, retry_after, now);
    } else {
        fail(whip, verdict.code);
    }
}

static struct signaling_whip_why_context context_of(const struct signaling_whip *whip)
{
    return (struct signaling_whip_why_context){.is_whep = whip->is_whep,
        .has_token = whip->token.ptr != NULL,
        .is_token_kept = signaling_whip_ask_keeps_token(whip),
        .host = whip->target.host};
}

static void refuse_unanswered(struct signaling_whip *whip, const char *clause, yodel_time now)
{
    struct writer w = writer_of(span_of(whip->why, sizeof whip->why - 1));
    struct signaling_whip_why_context context = context_of(whip);

    struct signaling_whip_verdict verdict = signaling_whip_why_unanswered(&w, &context, clause);

    whip->why[w.len] = '\0';
    refuse(whip, verdict, 0, now);
}

static void refuse_answer(
    struct signaling_whip *whip, const struct signaling_http_response *response, yodel_time now)
{
    struct writer w = writer_of(span_of(whip->why, sizeof whip->why - 1));
    struct signaling_whip_why_context context = context_of(whip);
    struct signaling_whip_verdict verdict = signaling_whip_why_refused(&w, &context, response);

    whip->why[w.len] = '\0';
    refuse(whip, verdict, signaling_whip_why_retry_after(response), now);
}

// Its answer is one that no endpoint should give; `what` is a clause about it.
static void refuse_misfit(struct signaling_whip *whip, const char *what, yodel_time now)
{
    struct writer w = writer_of(span_of(whip->why, sizeof whip->why - 1));

    put_format(&w, "the endpoint at %s %s; is it a %s endpoint?", whip->target.host, what,
        whip->is_whep ? "WHEP" : "WHIP");
    whip->why[w.len] = '\0';
    refuse(whip, (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_NONE, "not-ours"}, 0, now);
}

// ---- from the beginning to the offer

static void want_offer(struct signaling_whip *whip)
{
    whip->state = SIGNALING_WHIP_OFFERING;
    tell(whip, SIGNALING_WHIP_EVENT_OFFER_WANTED);
}

static void begin(struct signaling_whip *whip, yodel_time now)
{
    whip->target = whip->endpoint;
    whip->redirect_count = 0;
    if (whip->asks_servers) {
        whip->state = SIGNALING_WHIP_ASKING;
        signaling_whip_ask_options(whip, now);
    } else {
        want_offer(whip);
    }
}

enum yodel_err signaling_whip_init(
    struct signaling_whip *whip, const struct signaling_whip_options *options, yodel_time now)
{
    struct bytes token = bytes_of_text(options->token ? options->token : "");

    *whip = (struct signaling_whip){.alloc = options->alloc,
        .is_whep = options->is_whep,
        .asks_servers = options->asks_servers,
        .close_at = YODEL_NEVER};
    if (signaling_http_url_parse(&whip->endpoint, bytes_of_text(options->url)) != YODEL_OK) {
        return YODEL_ERR_SYNTAX;
    }
    if (token.len > SIGNALING_WHIP_TOKEN_MAX || !signaling_whip_text_is_visible(token)) {
        return YODEL_ERR_TYPE;
    }
    if (token.len > 0 && !signaling_whip_text_set(&whip->token, whip->alloc, token)) {
        return YODEL_ERR_NO_MEMORY;
    }
    begin(whip, now);
    return YODEL_OK;
}

void signaling_whip_deinit(struct signaling_whip *whip)
{
    signaling_whip_text_drop(&whip->token, whip->alloc);
    signaling_whip_text_drop(&whip->offer, whip->alloc);
    signaling_whip_text_drop(&whip->answer, whip->alloc);
    signaling_whip_text_drop(&whip->fragment, whip->alloc);
}

static enum yodel_err set_offer(struct signaling_whip *whip, const char *sdp)
{
    struct bytes text = bytes_of_text(sdp);

    if (text.len > SIGNALING_WHIP_SDP_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    if (!signaling_whip_text_set(&whip->offer, whip->alloc, text)) {
        return YODEL_ERR_NO_MEMORY;
    }
    whip->candidates_len = 0;
    return YODEL_OK;
}

static void post(struct signaling_whip *whip, yodel_time now)
{
    whip->state = SIGNALING_WHIP_POSTING;
    signaling_whip_ask_post(whip, now);
}

enum yodel_err signaling_whip_offer(struct signaling_whip *whip, const char *sdp, yodel_time now)
{
    if (whip->state != SIGNALING_WHIP_OFFERING) {
        return YODEL_ERR_INVALID_STATE;
    }
    enum yodel_err err = set_offer(whip, sdp);
    if (err == YODEL_OK) {
        whip->is_trickle_over = false;
        post(whip, now);
    }
    return err;
}

void signaling_whip_candidate(
    struct signaling_whip *whip, const struct yodel_ice_candidate *candidate, yodel_time now)
{
    if (whip->state == SIGNALING_WHIP_POSTING || whip->state == SIGNALING_WHIP_OPEN) {
        signaling_whip_patch_add(whip, candidate, now);
    }
}

// ---- the answer to it

static void redirect(
    struct signaling_whip *whip, const struct signaling_http_response *response, yodel_time now)
{
    struct bytes location = signaling_http_response_find(response, "location", 0);
    struct signaling_http_url to;

    if (!location.ptr || signaling_http_url_resolve(&to, &whip->target, location) != YODEL_OK) {
        refuse_misfit(whip, "sends on to where no URL leads", now);
    } else if (whip->target.is_secure && !to.is_secure) {
        refuse_misfit(whip, "sends on from https to http, where anybody could listen", now);
    } else if (whip->redirect_count++ == SIGNALING_WHIP_REDIRECTS_MAX) {
        refuse_misfit(whip, "sends on and on", now);
    } else {
        whip->target = to;
        post(whip, now);
    }
}

static void open_session(
    struct signaling_whip *whip, const struct signaling_http_response *response, yodel_time now)
{
    if (!signaling_whip_answer_is_sdp(response)) {
        refuse_answer(whip, response, now);
    } else if (response->body.len > SIGNALING_WHIP_SDP_MAX) {
        refuse_misfit(whip, "answered with more than a description can be", now);
    } else if (!signaling_whip_answer_take_location(whip, response)) {
        refuse_misfit(whip, "did not say where the session is (no usable Location)", now);
    } else if (!signaling_whip_text_set(&whip->answer, whip->alloc, response->body)) {
        refuse_unanswered(whip, "there is no memory left", now);
    } else {
        signaling_whip_answer_take_servers(whip, response);
        signaling_whip_answer_take_etag(whip, response);
        whip->state = SIGNALING_WHIP_OPEN;
        whip->has_session = true;
        whip->has_had_session = true;
        whip->opened_at = now;
        tell(whip, SIGNALING_WHIP_EVENT_ANSWER);
        if (is_closing(whip)) {
            whip->news = 0;
            leave(whip, now);
        }
    }
}

static void take_post(
    struct signaling_whip *whip, const struct signaling_http_response *response, yodel_time now)
{
    if (response->status == 307 || response->status == 308) {
        redirect(whip, response, now);
    } else if (response->status == 200 || response->status == 201) {
        open_session(whip, response, now);
    } else {
        refuse_answer(whip, response, now);
    }
}

// ---- restarting

void signaling_whip_lost(struct signaling_whip *whip, const char *why, yodel_time now)
{
    struct writer w = writer_of(span_of(whip->why, sizeof whip->why - 1));

    if (whip->state != SIGNALING_WHIP_OPEN || is_closing(whip)) {
        return;
    }
    put_format(&w, "the connection to %s is lost: %.300s", whip->endpoint.host, why);
    whip->why[w.len] = '\0';
    whip->has_request = false;
    if (time_since(now, whip->opened_at) >= SIGNALING_WHIP_BACKOFF_MAX) {
        whip->attempts = 0; // It was worth something.
    }
    wait(whip, 0, now);
    if (whip->has_session) {
        leave(whip, now);
    }
}

enum yodel_err signaling_whip_restart(struct signaling_whip *whip, const char *sdp, yodel_time now)
{
    if (whip->state != SIGNALING_WHIP_OPEN || is_closing(whip)) {
        return YODEL_ERR_INVALID_STATE;
    }
    whip->has_request = false; // RFC 9725 §4.3.3: what it was about is over.
    enum yodel_err err = set_offer(whip, sdp);
    return err == YODEL_OK ? signaling_whip_patch_restart(whip, now) : err;
}

static void take_restart(
    struct signaling_whip *whip, const struct signaling_http_response *response, yodel_time now)
{
    if (response->status == 412 && !whip->is_star_quoted) {
        signaling_whip_patch_restart_quoted(whip, now);
        return;
    }
    whip->wants_restart = false;
    if (response->status == 404 || response->status == 410) {
        whip->has_session = false;
    }
    if (response->status == 200 && signaling_whip_patch_merge(whip, response->body)) {
        signaling_whip_answer_take_etag(whip, response);
        whip->is_trickle_over = false; // It does know PATCH.
        tell(whip, SIGNALING_WHIP_EVENT_ANSWER);
    } else {
        signaling_whip_lost(whip, "the endpoint does not restart it", now);
    }
}

// ---- what comes

static void leave_done(struct signaling_whip *whip)
{
    if (is_closing(whip)) {
        end(whip);
    } else {
        whip->state = SIGNALING_WHIP_WAITING;
    }
}

static void go_on(struct signaling_whip *whip, yodel_time now)
{
    if (whip->state == SIGNALING_WHIP_WAITING && now >= whip->retry_at) {
        begin(whip, now);
    }
    if (signaling_whip_patch_is_ready(whip) && now >= whip->batch_at) {
        signaling_whip_patch_send(whip, now);
    }
}

void signaling_whip_recv(struct signaling_whip *whip, uint32_t id,
    const struct signaling_http_response *response, yodel_time now)
{
    if (!whip->has_request || id != whip->request_id) {
        return;
    }
    whip->has_request = false;
    if (whip->state == SIGNALING_WHIP_ASKING) {
        signaling_whip_answer_take_servers(whip, response);
        want_offer(whip);
    } else if (whip->state == SIGNALING_WHIP_POSTING) {
        take_post(whip, response, now);
    } else if (whip->state == SIGNALING_WHIP_LEAVING) {
        leave_done(whip);
    } else if (whip->wants_restart) {
        take_restart(whip, response, now);
    } else {
        signaling_whip_patch_done(whip, response->status);
    }
    go_on(whip, now);
}

void signaling_whip_unanswered(
    struct signaling_whip *whip, uint32_t id, const char *why, yodel_time now)
{
    if (!whip->has_request || id != whip->request_id) {
        return;
    }
    whip->has_request = false;
    if (whip->state == SIGNALING_WHIP_ASKING || whip->state == SIGNALING_WHIP_POSTING) {
        refuse_unanswered(whip, why, now);
    } else if (whip->state == SIGNALING_WHIP_LEAVING) {
        leave_done(whip);
    } else if (whip->wants_restart) {
        whip->wants_restart = false;
        signaling_whip_lost(whip, why, now);
    } else {
        signaling_whip_patch_done(whip, 0);
    }
    go_on(whip, now);
}

void signaling_whip_tick(struct signaling_whip *whip, yodel_time now)
{
    if (now >= whip->close_at && whip->state != SIGNALING_WHIP_CLOSED) {
        end(whip);
    }
    if (whip->has_request && now >= whip->deadline) {
        signaling_whip_unanswered(whip, whip->request_id, "it does not answer", now);
    }
    go_on(whip, now);
}

yodel_time signaling_whip_next_timeout(const struct signaling_whip *whip)
{
    yodel_time next = whip->state == SIGNALING_WHIP_CLOSED ? YODEL_NEVER : whip->close_at;

    if (whip->has_request && whip->deadline < next) {
        next = whip->deadline;
    }
    if (whip->state == SIGNALING_WHIP_WAITING && whip->retry_at < next) {
        next = whip->retry_at;
    }
    if (signaling_whip_patch_is_ready(whip) && whip->batch_at < next) {
        next = whip->batch_at;
    }
    return next;
}
