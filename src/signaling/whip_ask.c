// A WHIP client's requests.

#include "signaling/whip_ask.h"

// The endpoint's token is for its origin, and by https for its host.
static bool may_have_token(const struct signaling_whip *whip)
{
    const struct signaling_http_url *to = &whip->target, *from = &whip->endpoint;

    return signaling_http_url_has_origin_of(to, from) ||
           (to->is_secure && signaling_http_url_has_host_of(to, from));
}

bool signaling_whip_ask_keeps_token(const struct signaling_whip *whip)
{
    return whip->token.ptr && !may_have_token(whip);
}

static void ask(struct signaling_whip *whip, const char *method, yodel_time now)
{
    whip->request_id++;
    whip->has_request = true;
    whip->is_told = false;
    whip->request = (struct signaling_http_request){.method = method,
        .url = &whip->target,
        .token = may_have_token(whip) ? whip->token.ptr : NULL};
    whip->deadline = time_after(now, SIGNALING_WHIP_ANSWER_WAIT);
}

void signaling_whip_ask_options(struct signaling_whip *whip, yodel_time now)
{
    ask(whip, "OPTIONS", now);
}

void signaling_whip_ask_post(struct signaling_whip *whip, yodel_time now)
{
    ask(whip, "POST", now);
    whip->request.body = signaling_whip_text_bytes(&whip->offer);
    whip->request.content_type = "application/sdp";
}

void signaling_whip_ask_delete(struct signaling_whip *whip, yodel_time now)
{
    ask(whip, "DELETE", now);
    whip->deadline = time_after(now, SIGNALING_WHIP_CLOSE_WAIT);
}

void signaling_whip_ask_patch(struct signaling_whip *whip, const char *if_match, yodel_time now)
{
    ask(whip, "PATCH", now);
    whip->request.body = signaling_whip_text_bytes(&whip->fragment);
    whip->request.content_type = "application/trickle-ice-sdpfrag";
    whip->request.if_match = if_match;
}
