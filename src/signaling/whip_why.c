// Why there is no session, for a person.

#include "signaling/whip_why.h"

#include "base/port.h"

// ---- the endpoint's own words

static bool is_type(const struct signaling_http_response *response, const char *type)
{
    struct bytes value = signaling_http_response_find(response, "content-type", 0);
    size_t len = strlen(type);

    for (size_t i = 0; i < len; i++) {
        if (i >= value.len || (value.ptr[i] | (type[i] == '/' ? 0 : 0x20)) != (uint8_t)type[i]) {
            return false;
        }
    }
    return value.len == len || value.ptr[len] == ';' || value.ptr[len] == ' ';
}

// Pages are for browsers. Whatever is not visible could do things to a terminal.
static void put_excerpt(struct writer *why, const struct signaling_http_response *response)
{
    struct bytes body = bytes_sub(response->body, 0, SIGNALING_WHIP_WHY_EXCERPT);

    if (body.len == 0 || is_type(response, "text/html")) {
        return;
    }
    put_text(why, ": \"");
    for (size_t i = 0; i < body.len; i++) {
        uint8_t c = body.ptr[i];
        put_u8(why, c >= ' ' && c <= '~' ? c : ' ');
    }
    put_text(why, "\"");
}

// ---- statuses

static void put_token(struct writer *why, const struct signaling_whip_why_context *context,
    const struct signaling_http_response *response)
{
    if (context->is_token_kept) {
        put_format(why,
            "the endpoint sends on to %s, which wants a token (HTTP %u) and is not sent the one "
            "for "
            "another host; give the URL there itself",
            context->host, (unsigned)response->status);
    } else if (context->has_token) {
        put_format(why,
            "the endpoint refused the token (HTTP %u); check it, or give another one with --token",
            (unsigned)response->status);
    } else {
        put_format(why, "the endpoint wants a token (HTTP %u); give it with --token",
            (unsigned)response->status);
    }
}

static void put_not_found(struct writer *why, const struct signaling_whip_why_context *context,
    const struct signaling_http_response *response)
{
    put_format(why, "there is no such endpoint (HTTP %u)%s; check the URL's path",
        (unsigned)response->status, context->is_whep ? ", or nobody publishes to it yet" : "");
}

static enum signaling_whip_hope put_conflict(
    struct writer *why, const struct signaling_whip_why_context *context)
{
    if (context->is_whep) { // The WHEP draft's §4.2.
        put_text(why, "nobody publishes to the endpoint yet (HTTP 409)");
        return SIGNALING_WHIP_HOPE_SOON;
    }
    put_text(why, "somebody publishes to the endpoint already (HTTP 409)");
    return SIGNALING_WHIP_HOPE_ONCE_OPEN;
}

static void put_success(struct writer *why, const struct signaling_whip_why_context *context,
    const struct signaling_http_response *response)
{
    const char *name = context->is_whep ? "WHEP" : "WHIP";

    if (is_type(response, "text/html")) {
        put_format(why,
            "%s answered with a web page, not with a %s answer: is it the endpoint's URL?",
            context->host, name);
    } else {
        put_format(why,
            "%s answered with HTTP %u, and not with a %s answer: is it the endpoint's URL?",
            context->host, (unsigned)response->status, name);
    }
}

static void put_redirection(struct writer *why, const struct signaling_http_response *response)
{
    put_format(why,
        "the endpoint is elsewhere (HTTP %u), by a redirection that takes no offers along; give "
        "the "
        "URL there itself",
        (unsigned)response->status);
}

// What is left: the endpoint understood, and does not want to.
static void put_refusal(struct writer *why, const struct signaling_http_response *response)
{
    bool is_counter_offer = response->status == 406 && is_type(response, "application/sdp");

    put_format(why, "the endpoint refused the offer (HTTP %u)%s", (unsigned)response->status,
        is_counter_offer ? ": it wants to make the offer itself, which is not supported here" : "");
    if (!is_counter_offer) {
        put_excerpt(why, response);
    }
}

static struct signaling_whip_verdict judge_class(struct writer *why,
    const struct signaling_whip_why_context *context,
    const struct signaling_http_response *response)
{
    uint32_t status = response->status;

    if (status < 300) {
        put_success(why, context, response);
        return (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_NONE, "not-ours"};
    }
    if (status < 400) {
        put_redirection(why, response);
        return (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_NONE, "not-there"};
    }
    if (status < 500) {
        put_refusal(why, response);
        return (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_NONE, "refused"};
    }
    put_format(why, "the endpoint failed (HTTP %u)", (unsigned)status);
    put_excerpt(why, response);
    return (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_ONCE_OPEN, "refused"};
}

struct signaling_whip_verdict signaling_whip_why_refused(struct writer *why,
    const struct signaling_whip_why_context *context,
    const struct signaling_http_response *response)
{
    uint32_t status = response->status;

    switch (status) {
    case 401:
    case 403:
        put_token(why, context, response);
        return (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_NONE, "token"};
    case 404:
    case 410:
        put_not_found(why, context, response);
        return (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_ONCE_OPEN, "not-there"};
    case 405:
    case 501:
        put_format(why, "what is there takes no offers (HTTP %u): is it the endpoint's URL?",
            (unsigned)status);
        return (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_NONE, "not-ours"};
    case 409:
        return (struct signaling_whip_verdict){put_conflict(why, context), "busy"};
    case 429:
    case 503:
        put_format(why, "the endpoint has too much to do (HTTP %u)", (unsigned)status);
        return (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_SOON, "busy"};
    default:
        return judge_class(why, context, response);
    }
}

struct signaling_whip_verdict signaling_whip_why_unanswered(
    struct writer *why, const struct signaling_whip_why_context *context, const char *clause)
{
    const char *advice = strstr(clause, "certificate")
                             ? "; if it is meant to be so, add --insecure"
                             : "; is it the endpoint's URL, and does it run?";

    put_format(why, "cannot use %s: %s%s", context->host, clause, advice);
    return (struct signaling_whip_verdict){SIGNALING_WHIP_HOPE_ONCE_OPEN, "no-server"};
}

yodel_duration signaling_whip_why_retry_after(const struct signaling_http_response *response)
{
    struct bytes text = signaling_http_response_find(response, "retry-after", 0);
    uint64_t seconds = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return 0;
        }
        seconds = seconds < 100000 ? seconds * 10 + (text.ptr[i] - (uint64_t)'0') : seconds;
    }
    return YODEL_SECONDS(seconds);
}
