// A WHIP or WHEP client in a libuv loop.

#include "signaling/whip_client.h"

#include <uv.h>

#include "net/clock.h"
#include "signaling/http_client.h"

struct signaling_whip_client {
    struct signaling_whip_client_options options;
    struct signaling_whip core;
    struct signaling_http_client *http;
    uint32_t request_id;
    bool is_freed;
    uv_timer_t timer;
};

static void on_timer(uv_timer_t *timer);

// At the loop's next turn.
static void wake(struct signaling_whip_client *client)
{
    if (!client->is_freed) {
        (void)uv_timer_start(&client->timer, on_timer, 0, 0);
    }
}

static void sleep_until_due(struct signaling_whip_client *client)
{
    yodel_time due = signaling_whip_next_timeout(&client->core), now = clock_now();

    if (due == YODEL_NEVER) {
        (void)uv_timer_stop(&client->timer);
    } else {
        uv_update_time(client->timer.loop);
        yodel_duration wait = due > now ? due - now : 0;
        (void)uv_timer_start(&client->timer, on_timer, wait / 1000 + (wait > 0), 0);
    }
}

static void send_request(
    struct signaling_whip_client *client, const struct signaling_whip_request *request)
{
    client->request_id = request->id;
    enum yodel_err err = signaling_http_client_ask(client->http, &request->http);
    if (err != YODEL_OK) {
        signaling_whip_unanswered(&client->core, request->id, yodel_err_text(err), clock_now());
    }
}

// All requests, then all events; whoever is told may ask for more, or free.
static void pump(struct signaling_whip_client *client)
{
    struct signaling_whip_request request;
    struct signaling_whip_event event;
    bool is_more = true;

    while (is_more && !client->is_freed) {
        is_more = false;
        if (signaling_whip_next_request(&client->core, &request)) {
            send_request(client, &request);
            is_more = true;
        } else if (signaling_whip_next_event(&client->core, &event)) {
            client->options.on_event(client->options.ctx, &event);
            is_more = true;
        }
    }
    if (!client->is_freed) {
        sleep_until_due(client);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct signaling_whip_client *client = CONTAINER_OF(timer, struct signaling_whip_client, timer);

    signaling_whip_tick(&client->core, clock_now());
    pump(client);
}

static void on_answer(void *ctx, const struct signaling_http_response *response)
{
    struct signaling_whip_client *client = ctx;

    signaling_whip_recv(&client->core, client->request_id, response, clock_now());
    wake(client);
}

static void on_trouble(void *ctx, const char *why)
{
    struct signaling_whip_client *client = ctx;

    signaling_whip_unanswered(&client->core, client->request_id, why, clock_now());
    wake(client);
}

// ---- beginning and ending

static enum yodel_err set_up(struct signaling_whip_client *client)
{
    const struct signaling_whip_client_options *options = &client->options;
    struct signaling_whip_options core = {.alloc = options->env->alloc,
        .url = options->url,
        .token = options->token,
        .is_whep = options->is_whep,
        .asks_servers = options->asks_servers};
    struct signaling_http_client_options http = {.loop = options->loop,
        .env = options->env,
        .is_insecure = options->is_insecure,
        .on_answer = on_answer,
        .on_trouble = on_trouble,
        .ctx = client};
    enum yodel_err err = signaling_http_client_new(&http, &client->http);

    return err == YODEL_OK ? signaling_whip_init(&client->core, &core, clock_now()) : err;
}

enum yodel_err signaling_whip_client_new(
    const struct signaling_whip_client_options *options, struct signaling_whip_client **out)
{
    struct signaling_whip_client *client = alloc_new(options->env->alloc, sizeof *client);

    if (!client) {
        return YODEL_ERR_NO_MEMORY;
    }
    client->options = *options;
    enum yodel_err err = set_up(client);
    if (err != YODEL_OK) {
        signaling_http_client_free(client->http);
        alloc_free(options->env->alloc, client);
        return err;
    }
    (void)uv_timer_init(options->loop, &client->timer);
    wake(client);
    *out = client;
    return YODEL_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct signaling_whip_client *client =
        CONTAINER_OF((uv_timer_t *)handle, struct signaling_whip_client, timer);

    signaling_whip_deinit(&client->core);
    alloc_free(client->options.env->alloc, client);
}

void signaling_whip_client_free(struct signaling_whip_client *client)
{
    if (client && !client->is_freed) {
        client->is_freed = true;
        signaling_http_client_free(client->http);
        uv_close((uv_handle_t *)&client->timer, on_timer_closed);
    }
}

// ---- the owner's

enum yodel_err signaling_whip_client_offer(struct signaling_whip_client *client, const char *sdp)
{
    enum yodel_err err = signaling_whip_offer(&client->core, sdp, clock_now());

    wake(client);
    return err;
}

void signaling_whip_client_candidate(
    struct signaling_whip_client *client, const struct yodel_ice_candidate *candidate)
{
    signaling_whip_candidate(&client->core, candidate, clock_now());
    wake(client);
}

enum yodel_err signaling_whip_client_restart(struct signaling_whip_client *client, const char *sdp)
{
    enum yodel_err err = signaling_whip_restart(&client->core, sdp, clock_now());

    wake(client);
    return err;
}

void signaling_whip_client_lost(struct signaling_whip_client *client, const char *why)
{
    signaling_whip_lost(&client->core, why, clock_now());
    wake(client);
}

void signaling_whip_client_reject(struct signaling_whip_client *client, const char *why)
{
    signaling_whip_reject(&client->core, why);
    wake(client);
}

void signaling_whip_client_close(struct signaling_whip_client *client)
{
    signaling_whip_close(&client->core, clock_now());
    wake(client);
}
