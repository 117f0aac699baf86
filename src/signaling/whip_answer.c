// What an endpoint's answer says of a session.

#include "signaling/whip_answer.h"

bool signaling_whip_answer_is_sdp(const struct signaling_http_response *response)
{
    struct bytes body = response->body;

    return body.len > 2 && memcmp(body.ptr, "v=", 2) == 0 && !memchr(body.ptr, '\0', body.len);
}

bool signaling_whip_answer_take_location(
    struct signaling_whip *whip, const struct signaling_http_response *response)
{
    struct bytes location = signaling_http_response_find(response, "location", 0);
    struct signaling_http_url session;

    if (!location.ptr ||
        signaling_http_url_resolve(&session, &whip->target, location) != YODEL_OK) {
        return false;
    }
    if (whip->target.is_secure && !session.is_secure) {
        if (!signaling_http_url_has_host_of(&session, &whip->target)) {
            return false;
        }
        session.is_secure = true;
        session.port = whip->target.port;
    }
    whip->target = session;
    return true;
}

void signaling_whip_answer_take_etag(
    struct signaling_whip *whip, const struct signaling_http_response *response)
{
    struct bytes etag = signaling_http_response_find(response, "etag", 0);
    bool is_usable = etag.len < sizeof whip->etag && signaling_whip_text_is_visible(etag);

    memset(whip->etag, 0, sizeof whip->etag);
    if (is_usable && etag.len > 0) {
        memcpy(whip->etag, etag.ptr, etag.len);
    }
}

void signaling_whip_answer_take_servers(
    struct signaling_whip *whip, const struct signaling_http_response *response)
{
    struct signaling_ice_links servers = {0};
    struct bytes link;

    for (uint32_t i = 0; (link = signaling_http_response_find(response, "link", i)).ptr; i++) {
        signaling_ice_links_take(&servers, link);
    }
    if (servers.count > 0) {
        whip->servers = servers; // Else those from before are better than none.
    }
}
