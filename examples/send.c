// A file from one machine to another, as fast as the way between them allows, and no faster.
//
//   cc send.c -o send $(pkg-config --cflags --libs yodel libuv)
//   ./send FILE            here: prints an offer, and waits until the answer is pasted
//   ./send -r FILE         there: waits for the offer, prints the answer, and writes FILE
//
// Or, where both are on one machine, with two named pipes instead of hands:
//
//   mkfifo to fro
//   ./send FILE <fro >to & ./send -r COPY >fro <to
//
// What travels: the file's size as text, the file in binary pieces, and at the end a text from the
// receiver, who alone knows that all of it has arrived.

#include <inttypes.h>

#include "paste.h"

#define PIECE 65536
#define HIGH (1024u * 1024) // While less than this waits, the next piece is read;
#define LOW (256u * 1024)   // when it is down to this, we are told to go on.

struct transfer {
    uv_loop_t loop;
    FILE *file;
    uint64_t size, done;
    bool is_receiver, has_size, was_connected, is_complete, is_over;
    int exit_code;
};

static void finish(struct transfer *t, const char *what, int exit_code)
{
    if (!t->is_over) {
        fprintf(stderr, "%s (%" PRIu64 " of %" PRIu64 " bytes)\n", what, t->done, t->size);
        t->is_over = true;
        t->exit_code = exit_code;
        uv_stop(&t->loop);
    }
}

// ---- the sender

// Sends until enough waits in the channel. Without that limit, the whole file would soon be in
// memory: a disk is faster than a network.
static void send_more(struct transfer *t, yodel_channel *channel)
{
    static char piece[PIECE];

    while (t->done < t->size && yodel_channel_buffered_amount(channel) < HIGH) {
        size_t len = fread(piece, 1, sizeof piece, t->file);
        if (len == 0 || len > t->size - t->done) {
            finish(t, "The file has changed.", 1);
            return;
        }
        must(yodel_channel_send(channel, piece, len), "send", NULL);
        t->done += len;
    }
}

static void begin(struct transfer *t, yodel_channel *channel)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRIu64, t->size);

    must(yodel_channel_send_text(channel, text, (size_t)len), "send", NULL);
    yodel_channel_set_buffered_amount_low_threshold(channel, LOW);
    send_more(t, channel); // And from here on, whenever BUFFERED_AMOUNT_LOW asks for more.
}

// ---- the receiver

// What comes from outside may be anything: it is checked before it is believed.
static bool take_size(struct transfer *t, const struct yodel_event *event)
{
    char text[24] = {0};

    if (!event->message.is_text || event->message.len >= sizeof text) {
        return false;
    }
    memcpy(text, event->message.data, event->message.len);
    t->has_size = sscanf(text, "%" SCNu64, &t->size) == 1;
    return t->has_size;
}

static bool take_piece(struct transfer *t, const struct yodel_event *event)
{
    size_t len = event->message.len;

    if (event->message.is_text || len > t->size - t->done) {
        return false;
    }
    t->done += len;
    return fwrite(event->message.data, 1, len, t->file) == len;
}

static void receive(struct transfer *t, const struct yodel_event *event)
{
    bool is_good = t->has_size ? take_piece(t, event) : take_size(t, event);

    if (!is_good) {
        finish(t, "That is no file, or it cannot be written.", 1);
    } else if (t->done == t->size && fflush(t->file) == 0) {
        t->is_complete = true;
        must(yodel_channel_send_text(event->channel, "received", 8), "send", NULL);
    }
}

// ---- both

static void on_message(struct transfer *t, const struct yodel_event *event)
{
    if (t->is_receiver) {
        receive(t, event);
    } else {
        t->is_complete = true; // There is only one thing that a receiver says.
        yodel_channel_close(event->channel);
    }
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct transfer *t = ctx;

    switch ((int)event->type) {
    case YODEL_EVENT_ICE_CANDIDATE:
        if (paste_is_last(event)) {
            uv_stop(&t->loop); // The description is complete.
        }
        break;
    case YODEL_EVENT_CONNECTION_STATE_CHANGE:
        if (yodel_peer_connection_state(peer) == YODEL_CONNECTION_CONNECTED) {
            t->was_connected = true;
        } else if (yodel_peer_connection_state(peer) == YODEL_CONNECTION_FAILED &&
                   t->was_connected) { // Before, it only means that people take their time.
            finish(t, "The other side is gone.", 1);
        }
        break;
    case YODEL_EVENT_CHANNEL_OPEN:
        if (!t->is_receiver) {
            begin(t, event->channel);
        }
        break;
    case YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW:
        send_more(t, event->channel);
        break;
    case YODEL_EVENT_CHANNEL_MESSAGE:
        if (!t->is_over) {
            on_message(t, event);
        }
        break;
    case YODEL_EVENT_CHANNEL_CLOSE:
        finish(t, t->is_complete ? "Done." : "Cut short.", t->is_complete ? 0 : 1);
        break;
    }
}

static void open_file(struct transfer *t, const char *path)
{
    t->file = fopen(path, t->is_receiver ? "wbx" : "rb"); // "x": never over another file.
    if (!t->file || (!t->is_receiver && fseek(t->file, 0, SEEK_END) != 0)) {
        perror(path);
        exit(1);
    }
    t->size = t->is_receiver ? 0 : (uint64_t)ftell(t->file);
    rewind(t->file);
}

int main(int argc, char **argv)
{
    static struct transfer t;
    yodel_runtime *runtime;
    yodel_channel *channel;
    yodel_peer *peer;

    t.is_receiver = argc == 3 && strcmp(argv[1], "-r") == 0;
    if (argc != 2 && !t.is_receiver) {
        fprintf(stderr, "usage: send FILE | send -r FILE\n");
        return 2;
    }
    open_file(&t, argv[argc - 1]);
    uv_loop_init(&t.loop);
    must(
        yodel_runtime_new(&(struct yodel_runtime_config){.loop = &t.loop}, &runtime), "loop", NULL);
    must(yodel_peer_new(&(struct yodel_peer_config){0}, &peer), "peer", NULL);
    must(yodel_runtime_add(runtime, peer, on_event, &t), "peer", NULL);
    if (!t.is_receiver) { // NULL: an ordered, reliable channel.
        must(yodel_peer_create_data_channel(peer, "file", NULL, &channel), "channel", peer);
    }
    paste_meet(&t.loop, peer, !t.is_receiver);
    uv_run(&t.loop, UV_RUN_DEFAULT); // Until it is over.

    yodel_peer_close(peer);
    yodel_runtime_remove(runtime, peer); // Says goodbye first.
    yodel_peer_free(peer);
    yodel_runtime_free(runtime);
    uv_run(&t.loop, UV_RUN_DEFAULT); // Lets the runtime's handles close.
    uv_loop_close(&t.loop);
    return fclose(t.file) == 0 ? t.exit_code : 1;
}
