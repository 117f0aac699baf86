// A mirror for a web page: what its camera and its microphone give comes back.
//
//   cc mirror.c -o mirror $(pkg-config --cflags --libs yodel libuv)
//   ./mirror
//
// Then open mirror.html in a browser, paste its offer here, and the answer that follows there. No
// picture is decoded here: encoded frames go back as they came. The mirror ends when the page does.

#include "paste.h"

struct mirror {
    uv_loop_t loop;
    bool was_connected;
    unsigned long frames, refused;
};

static void on_connection_state(struct mirror *mirror, yodel_peer *peer)
{
    enum yodel_connection_state state = yodel_peer_connection_state(peer);

    fprintf(stderr, "connection: %s\n", yodel_connection_state_name(state));
    if (state == YODEL_CONNECTION_CONNECTED) {
        mirror->was_connected = true;
    } else if (mirror->was_connected && state == YODEL_CONNECTION_DISCONNECTED) {
        uv_stop(&mirror->loop); // The page is gone.
    }
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct mirror *mirror = ctx;

    switch ((int)event->type) {
    case YODEL_EVENT_ICE_CANDIDATE:
        if (paste_is_last(event)) {
            uv_stop(&mirror->loop); // The answer is complete.
        }
        break;
    case YODEL_EVENT_CONNECTION_STATE_CHANGE:
        on_connection_state(mirror, peer);
        break;
    case YODEL_EVENT_FRAME:
        mirror->frames++;
        if (yodel_transceiver_send_frame(event->transceiver, event->frame) != YODEL_OK) {
            mirror->refused++; // The way back is jammed. A key frame will be asked for.
        }
        break;
    case YODEL_EVENT_KEY_FRAME_NEEDED:
        yodel_transceiver_request_key_frame(event->transceiver);
        break;
    }
}

int main(void)
{
    static struct mirror mirror;
    yodel_transceiver *transceiver;
    yodel_runtime *runtime;
    yodel_peer *peer;

    uv_loop_init(&mirror.loop);
    must(yodel_runtime_new(&(struct yodel_runtime_config){.loop = &mirror.loop}, &runtime),
        "runtime", NULL);
    must(yodel_peer_new(NULL, &peer), "peer", NULL);
    must(yodel_runtime_add(runtime, peer, on_event, &mirror), "peer", NULL);

    // What is there to be sent before the offer comes is answered with sending.
    must(yodel_peer_add_track(peer, YODEL_AUDIO, NULL, &transceiver), "sound", peer);
    must(yodel_peer_add_track(peer, YODEL_VIDEO, NULL, &transceiver), "video", peer);
    paste_meet(&mirror.loop, peer, false);
    uv_run(&mirror.loop, UV_RUN_DEFAULT); // Until the page is gone.

    fprintf(stderr, "%lu frames, %lu of them not sent back\n", mirror.frames, mirror.refused);
    yodel_peer_close(peer);
    yodel_runtime_remove(runtime, peer);
    yodel_peer_free(peer);
    yodel_runtime_free(runtime);
    uv_run(&mirror.loop, UV_RUN_DEFAULT);
    uv_loop_close(&mirror.loop);
    return 0;
}
