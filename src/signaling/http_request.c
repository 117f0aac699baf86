// HTTP requests.

#include "signaling/http_request.h"

static void put_field(struct writer *w, const char *name, const char *value)
{
    put_text(w, name);
    put_text(w, value);
    put_text(w, "\r\n");
}

void signaling_http_request_put(struct writer *w, const struct signaling_http_request *request)
{
    char authority[SIGNALING_HTTP_AUTHORITY_MAX];

    signaling_http_url_authority(request->url, authority);
    put_text(w, request->method);
    put_text(w, " ");
    put_text(w, request->url->path);
    put_text(w, " HTTP/1.1\r\n");
    put_field(w, "Host: ", authority);
    put_field(w, "User-Agent: ", "yodel/" YODEL_VERSION);
    put_field(w, "Accept: ", "application/sdp, application/trickle-ice-sdpfrag, */*;q=0.1");
    if (request->token) {
        put_field(w, "Authorization: Bearer ", request->token);
    }
    if (request->if_match) {
        put_field(w, "If-Match: ", request->if_match);
    }
    if (request->content_type) {
        put_field(w, "Content-Type: ", request->content_type);
        put_format(w, "Content-Length: %zu\r\n", request->body.len);
    }
    put_text(w, "Connection: close\r\n\r\n");
}
