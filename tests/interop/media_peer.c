// The library's end of a call with another implementation: shows numbered pictures, sounds a tone, and tells
// what it saw and heard of the other side's.
//
//   media_peer offer|answer vp8|h264 HZ      signaling as in examples/paste.h; HZ is the other side's tone
//
// It goes on for MEDIA_SECONDS from the moment of being connected, and ends with a line of JSON.

#include "media.h"
#include "paste.h"

#define MEDIA_SECONDS 3
#define TICK 20 // ms, a piece of sound,
#define TICKS_PER_PICTURE 3
#define PATIENCE 15000 // ms, for a connection.
#define OUR_HZ 440

struct media_peer {
    uv_loop_t loop;
    uv_timer_t timer, end;
    yodel_peer *peer;
    yodel_runtime *runtime;
    yodel_transceiver *sound, *video;
    struct yodel_encoder *encoders[2]; // By enum yodel_media_kind,
    struct yodel_decoder *decoders[2];
    struct media_tone tone;
    struct media_picture picture;
    uint32_t ticks, number;
    bool is_connected, is_key_wanted;
    uint32_t key_requests, failures;
    uint64_t bitrate;
    struct media_seen seen;
};

// ---- sending

static void encode(struct media_peer *p, enum yodel_media_kind kind, const struct yodel_raw *raw)
{
    yodel_transceiver *transceiver = kind == YODEL_VIDEO ? p->video : p->sound;
    bool is_key = kind == YODEL_VIDEO && p->is_key_wanted;
    struct yodel_frame frame;

    must(yodel_encoder_encode(p->encoders[kind], raw, is_key), "encoder", NULL);
    while (yodel_encoder_next(p->encoders[kind], &frame)) {
        if (yodel_transceiver_send_frame(transceiver, &frame) == YODEL_OK && frame.is_key) {
            p->is_key_wanted &= kind != YODEL_VIDEO;
        }
    }
}

static void send_sound(struct media_peer *p, yodel_time now)
{
    int16_t samples[MEDIA_PIECE];

    media_tone_make(&p->tone, 1, samples, MEDIA_PIECE);
    encode(p, YODEL_AUDIO,
        &(struct yodel_raw){.kind = YODEL_AUDIO,
            .timestamp = (uint64_t)p->ticks * MEDIA_PIECE,
            .captured = now,
            .sound = {MEDIA_RATE, 1, MEDIA_PIECE, samples}});
}

static void send_picture(struct media_peer *p, yodel_time now)
{
    media_pattern_draw(&p->picture, p->number++);
    encode(p, YODEL_VIDEO,
        &(struct yodel_raw){.kind = YODEL_VIDEO,
            .timestamp = (uint64_t)p->ticks * TICK * 90,
            .captured = now,
            .picture = p->picture.view});
}

static void on_tick(uv_timer_t *timer)
{
    struct media_peer *p = timer->data;
    yodel_time now = yodel_runtime_now(p->runtime);

    send_sound(p, now);
    if (p->ticks % TICKS_PER_PICTURE == 0 && p->bitrate > 0) {
        send_picture(p, now);
    }
    p->ticks++;
}

// ---- receiving

static void take_frame(struct media_peer *p, const struct yodel_event *event)
{
    enum yodel_media_kind kind = yodel_transceiver_kind(event->transceiver);
    struct yodel_raw raw;

    if (yodel_decoder_decode(p->decoders[kind], event->frame) != YODEL_OK) {
        p->failures++;
        yodel_transceiver_request_key_frame(event->transceiver);
        return;
    }
    while (yodel_decoder_next(p->decoders[kind], &raw)) {
        if (kind == YODEL_VIDEO) {
            media_see(&p->seen, &raw.picture);
        } else {
            media_hear(&p->seen, &raw.sound);
        }
    }
}

static void on_end(uv_timer_t *timer)
{
    struct media_peer *p = timer->data;

    uv_stop(&p->loop);
}

static void on_connection_state(struct media_peer *p)
{
    enum yodel_connection_state state = yodel_peer_connection_state(p->peer);

    fprintf(stderr, "connection: %s %s\n", yodel_connection_state_name(state),
        yodel_peer_error_text(p->peer));
    if (state == YODEL_CONNECTION_CONNECTED && !p->is_connected) {
        p->is_connected = true;
        uv_timer_start(&p->timer, on_tick, 0, TICK);
        uv_timer_start(&p->end, on_end, MEDIA_SECONDS * 1000, 0);
    }
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct media_peer *p = ctx;

    (void)peer;
    switch ((int)event->type) {
    case YODEL_EVENT_ICE_CANDIDATE:
        if (paste_is_last(event)) {
            uv_stop(&p->loop); // What the other side needs to know is complete.
        }
        break;
    case YODEL_EVENT_CONNECTION_STATE_CHANGE:
        on_connection_state(p);
        break;
    case YODEL_EVENT_FRAME:
        take_frame(p, event);
        break;
    case YODEL_EVENT_KEY_FRAME_NEEDED:
        p->is_key_wanted = true;
        p->key_requests++;
        break;
    case YODEL_EVENT_BITRATE:
        p->bitrate = event->bitrate;
        yodel_encoder_set_target(
            p->encoders[YODEL_VIDEO], &(struct yodel_encoder_target){.bitrate = event->bitrate});
        break;
    }
}

// ---- life

static void open_codecs(struct media_peer *p, enum yodel_codec video)
{
    const enum yodel_codec codecs[] = {[YODEL_AUDIO] = YODEL_OPUS, [YODEL_VIDEO] = video};

    for (int i = 0; i < 2; i++) {
        must(yodel_encoder_new(codecs[i], NULL, &p->encoders[i]), "encoder", NULL);
        must(yodel_decoder_new(codecs[i], NULL, &p->decoders[i]), "decoder", NULL);
    }
    p->tone = (struct media_tone){.hz = OUR_HZ, .rate = MEDIA_RATE, .amplitude = 0.5};
    media_picture_init(&p->picture, alloc_system());
    must(media_picture_resize(&p->picture, MEDIA_WIDTH, MEDIA_HEIGHT), "picture", NULL);
}

static void open_peer(struct media_peer *p, enum yodel_codec video)
{
    must(yodel_runtime_new(&(struct yodel_runtime_config){.loop = &p->loop}, &p->runtime),
        "runtime", NULL);
    must(yodel_peer_new(NULL, &p->peer), "peer", NULL);
    must(yodel_runtime_add(p->runtime, p->peer, on_event, p), "peer", NULL);
    must(yodel_peer_add_track(p->peer, YODEL_AUDIO, NULL, &p->sound), "sound", p->peer);
    must(yodel_peer_add_track(p->peer, YODEL_VIDEO, NULL, &p->video), "video", p->peer);
    must(yodel_transceiver_set_codec_preferences(p->video, &video, 1), "codec", p->peer);
    p->bitrate = 300000; // Until there is an estimate.
}

static void close_all(struct media_peer *p)
{
    yodel_peer_close(p->peer);
    yodel_runtime_remove(p->runtime, p->peer);
    yodel_peer_free(p->peer);
    yodel_runtime_free(p->runtime);
    uv_close((uv_handle_t *)&p->timer, NULL);
    uv_close((uv_handle_t *)&p->end, NULL);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    uv_loop_close(&p->loop);
    for (int i = 0; i < 2; i++) {
        yodel_encoder_free(p->encoders[i]);
        yodel_decoder_free(p->decoders[i]);
    }
    media_picture_deinit(&p->picture);
}

int main(int argc, char **argv)
{
    static struct media_peer p;

    if (argc != 4) {
        fprintf(stderr, "media_peer: offer|answer vp8|h264 HZ\n");
        return 2;
    }
    enum yodel_codec video = strcmp(argv[2], "h264") == 0 ? YODEL_H264 : YODEL_VP8;
    p.seen.hz = (uint32_t)strtoul(argv[3], NULL, 10);
    uv_loop_init(&p.loop);
    uv_timer_init(&p.loop, &p.timer);
    uv_timer_init(&p.loop, &p.end);
    p.timer.data = p.end.data = &p;
    open_codecs(&p, video);
    open_peer(&p, video);
    paste_meet(&p.loop, p.peer, strcmp(argv[1], "offer") == 0);
    uv_timer_start(&p.end, on_end, PATIENCE, 0);
    uv_run(&p.loop, UV_RUN_DEFAULT);

    fprintf(stderr, "%u key frames asked for, %u failures, %llu bit/s\n", p.key_requests,
        p.failures, (unsigned long long)p.bitrate);
    media_print(&p.seen);
    close_all(&p);
    return p.is_connected ? 0 : 1;
}
