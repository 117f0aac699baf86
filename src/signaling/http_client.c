// An HTTP client over streams: a name's addresses in turn, then the request, then its answer.

#include "signaling/http_client.h"

#include <uv.h>

#include "net/dns.h"
#include "net/stream.h"

#define ADDRS_MAX 2
#define TRY_TIMEOUT YODEL_SECONDS(4) // Per address, so that there is time for the other.

struct signaling_http_client {
    struct signaling_http_client_options options;
    struct ssl_ctx_st *tls;
    struct dns_query *query; // Under way.
    struct stream *stream;   // Likewise.
    bool is_open;
    bool is_secure;
    char host[SIGNALING_HTTP_HOST_MAX];
    struct yodel_addr addrs[ADDRS_MAX];
    size_t addr_count, addr_next;
    struct signaling_http_response response;
    size_t text_len;
    uint8_t text[SIGNALING_HTTP_REQUEST_MAX];
};

void signaling_http_client_stop(struct signaling_http_client *client)
{
    if (client->query) {
        dns_cancel(client->query);
        client->query = NULL;
    }
    if (client->stream) {
        stream_abandon(client->stream);
        client->stream = NULL;
    }
    signaling_http_response_deinit(&client->response);
}

// ---- how it ends

static void trouble(struct signaling_http_client *client, const char *why)
{
    signaling_http_client_stop(client);
    client->options.on_trouble(client->options.ctx, why);
}

static void settle(struct signaling_http_client *client)
{
    struct signaling_http_response response = client->response;

    if (response.state == SIGNALING_HTTP_FAILED) {
        trouble(client, response.why);
    } else if (response.state == SIGNALING_HTTP_DONE) {
        // Whoever hears of it may ask for the next thing at once.
        signaling_http_response_init(&client->response, response.alloc);
        signaling_http_client_stop(client);
        client->options.on_answer(client->options.ctx, &response);
        signaling_http_response_deinit(&response);
    }
}

// ---- the connection

static enum yodel_err connect_next(struct signaling_http_client *client);

static void on_open(void *ctx)
{
    struct signaling_http_client *client = ctx;

    client->is_open = true;
}

static void on_data(void *ctx, struct span data)
{
    struct signaling_http_client *client = ctx;

    signaling_http_response_recv(&client->response, bytes_of_span(data));
    settle(client);
}

static void on_closed(void *ctx, const char *why)
{
    struct signaling_http_client *client = ctx;

    client->stream = NULL;
    if (client->is_open) {
        signaling_http_response_end(&client->response);
        settle(client);
    } else if (client->addr_next == client->addr_count || connect_next(client) != YODEL_OK) {
        trouble(client, why);
    }
}

static enum yodel_err connect_next(struct signaling_http_client *client)
{
    static const struct stream_handler handler = {
        .on_open = on_open, .on_data = on_data, .on_closed = on_closed};
    struct stream_target target = {.remote = client->addrs[client->addr_next++],
        .connect_timeout = TRY_TIMEOUT,
        .host = client->host,
        .tls = client->is_secure ? client->tls : NULL,
        .is_insecure = client->options.is_insecure,
        .alpn = "http/1.1"};
    struct bytes text = bytes_of(client->text, client->text_len);

    client->is_open = false;
    enum yodel_err err = stream_connect(
        &client->stream, client->options.loop, client->options.env, &target, &handler, client);
    if (err == YODEL_OK && !stream_write(client->stream, &text, 1)) {
        err = YODEL_ERR_NO_MEMORY;
    }
    return err;
}

static void on_found(void *ctx, const struct yodel_addr *addrs, size_t count)
{
    struct signaling_http_client *client = ctx;
    uint16_t port = client->addrs[0].port;

    client->query = NULL;
    for (size_t i = 0; i < count && i < ADDRS_MAX; i++) {
        client->addrs[i] = addrs[i];
        client->addrs[i].port = port;
        client->addr_count = i + 1;
    }
    if (count == 0) {
        trouble(client, "there is no host of that name");
    } else if (connect_next(client) != YODEL_OK) {
        trouble(client, "there is no memory left");
    }
}

// ---- asking

static enum yodel_err find_host(struct signaling_http_client *client, uint16_t port)
{
    client->addr_count = 0;
    client->addr_next = 0;
    if (addr_parse_ip(&client->addrs[0], bytes_of_text(client->host)) == YODEL_OK) {
        client->addrs[0].port = port;
        client->addr_count = 1;
        return connect_next(client);
    }
    client->addrs[0] = (struct yodel_addr){.port = port};
    return dns_start(&client->query, client->options.loop, client->options.env->alloc, client->host,
        on_found, client);
}

enum yodel_err signaling_http_client_ask(
    struct signaling_http_client *client, const struct signaling_http_request *request)
{
    struct writer w = writer_of(span_of(client->text, sizeof client->text));

    signaling_http_client_stop(client);
    signaling_http_request_put(&w, request);
    put_bytes(&w, request->body);
    if (w.failed) {
        return YODEL_ERR_TOO_LARGE;
    }
    client->text_len = w.len;
    client->is_secure = request->url->is_secure;
    memcpy(client->host, request->url->host, sizeof client->host);
    enum yodel_err err = find_host(client, request->url->port);
    if (err != YODEL_OK) {
        signaling_http_client_stop(client);
    }
    return err;
}

enum yodel_err signaling_http_client_new(
    const struct signaling_http_client_options *options, struct signaling_http_client **out)
{
    struct signaling_http_client *client = alloc_new(options->env->alloc, sizeof *client);

    if (!client) {
        return YODEL_ERR_NO_MEMORY;
    }
    client->options = *options;
    client->tls = stream_tls_new();
    signaling_http_response_init(&client->response, options->env->alloc);
    if (!client->tls) {
        alloc_free(options->env->alloc, client);
        return YODEL_ERR_NO_MEMORY;
    }
    *out = client;
    return YODEL_OK;
}

void signaling_http_client_free(struct signaling_http_client *client)
{
    if (client) {
        signaling_http_client_stop(client);
        stream_tls_free(client->tls);
        alloc_free(client->options.env->alloc, client);
    }
}
