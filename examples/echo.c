// An echo for a web page: whatever the page says, comes back.
//
//   cc echo.c -o echo $(pkg-config --cflags --libs yodel libuv)
//   ./echo
//
// Then open echo.html in a browser, paste its offer here, and the answer that follows there. The
// echo ends when the page closes its channel, or half a minute after the page is gone.

#include "paste.h"

struct echo {
    uv_loop_t loop;
    bool was_connected;
    int exit_code;
};

static void finish(struct echo *echo, const char *why, int exit_code)
{
    fprintf(stderr, "%s\n", why);
    echo->exit_code = exit_code;
    uv_stop(&echo->loop); // uv_run returns, and main goes on behind it.
}

// A message is ours to read until the next event; sending copies it. So an echo is one line.
static void on_message(yodel_channel *channel, const struct yodel_event *event)
{
    const void *data = event->message.data;
    size_t len = event->message.len;
    enum yodel_err err = event->message.is_text ? yodel_channel_send_text(channel, data, len)
                                                : yodel_channel_send(channel, data, len);

    if (err != YODEL_OK) { // The page sends without reading, or a message is too large for it.
        fprintf(stderr, "not echoed: %s\n", yodel_err_text(err));
    }
}

static void on_connection_state(struct echo *echo, yodel_peer *peer)
{
    enum yodel_connection_state state = yodel_peer_connection_state(peer);

    fprintf(stderr, "connection: %s\n", yodel_connection_state_name(state));
    if (state == YODEL_CONNECTION_CONNECTED) {
        echo->was_connected = true;
    } else if (state == YODEL_CONNECTION_FAILED && echo->was_connected) {
        finish(echo, "The page is gone.", 1);
    }
    // A failure before that only means that the answer was not pasted yet: people take their time.
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct echo *echo = ctx;

    switch ((int)event->type) {
    case YODEL_EVENT_ICE_CANDIDATE:
        if (paste_is_last(event)) {
            uv_stop(&echo->loop); // The answer is complete.
        }
        break;
    case YODEL_EVENT_CONNECTION_STATE_CHANGE:
        on_connection_state(echo, peer);
        break;
    case YODEL_EVENT_DATA_CHANNEL:
        fprintf(stderr, "channel: %s\n", yodel_channel_label(event->channel));
        break;
    case YODEL_EVENT_CHANNEL_MESSAGE:
        on_message(event->channel, event);
        break;
    case YODEL_EVENT_CHANNEL_CLOSE:
        finish(echo, "The page has closed the channel.", 0);
        break;
    }
}

int main(void)
{
    static struct echo echo;
    yodel_runtime *runtime;
    yodel_peer *peer;

    // The runtime has the sockets and the clock, in a loop of ours.
    uv_loop_init(&echo.loop);
    must(yodel_runtime_new(&(struct yodel_runtime_config){.loop = &echo.loop}, &runtime), "runtime",
        NULL);
    must(yodel_peer_new(&(struct yodel_peer_config){0}, &peer), "peer", NULL);
    must(yodel_runtime_add(runtime, peer, on_event, &echo), "peer", NULL);

    paste_meet(&echo.loop, peer, false);
    uv_run(&echo.loop, UV_RUN_DEFAULT); // Until the channel closes.

    yodel_peer_close(peer);
    yodel_runtime_remove(runtime, peer); // Says goodbye first.
    yodel_peer_free(peer);
    yodel_runtime_free(runtime);
    uv_run(&echo.loop, UV_RUN_DEFAULT); // Lets the runtime's handles close.
    uv_loop_close(&echo.loop);
    return echo.exit_code;
}
