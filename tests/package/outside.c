// Somebody else's program: two peers in one process, connected by copying datagrams, with the
// public headers alone.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yodel/yodel.h>

// Names that the library has inside too. They are ours here: linking would fail if they escaped
// from the static library.
int map_init(void);
int log_line(void);

int map_init(void)
{
    return 1;
}

int log_line(void)
{
    return 2;
}

struct side {
    yodel_peer *peer;
    struct yodel_addr addr;
    char received[16];
};

static void must(enum yodel_err err, const char *what)
{
    if (err != YODEL_OK) {
        fprintf(stderr, "%s: %s, %s\n", what, yodel_err_name(err), yodel_err_text(err));
        exit(1);
    }
}

static void on_event(struct side *self, struct side *other, const struct yodel_event *event)
{
    switch ((int)event->type) {
    case YODEL_EVENT_GATHER:
        yodel_peer_add_local_address(self->peer, &self->addr);
        yodel_peer_end_local_addresses(self->peer);
        break;
    case YODEL_EVENT_ICE_CANDIDATE:
        must(yodel_peer_add_ice_candidate(other->peer, &event->candidate), "candidate");
        break;
    case YODEL_EVENT_CHANNEL_OPEN:
        must(yodel_channel_send_text(event->channel, "hello", 5), "send");
        break;
    case YODEL_EVENT_CHANNEL_MESSAGE:
        if (event->message.len < sizeof self->received) {
            memcpy(self->received, event->message.data, event->message.len);
        }
        break;
    default:
        break;
    }
}

// Takes one side's events and carries its datagrams across. Returns whether there was anything.
static int serve(struct side *self, struct side *other, yodel_time now)
{
    static uint8_t datagram[YODEL_DATAGRAM_MAX];
    struct yodel_event event;
    struct yodel_path path;
    size_t len;
    int busy = 0;

    while (yodel_peer_next_event(self->peer, &event)) {
        on_event(self, other, &event);
        busy = 1;
    }
    while ((len = yodel_peer_emit(self->peer, datagram, sizeof datagram, &path, now)) > 0) {
        struct yodel_path back = {path.remote, path.local, path.transport};
        yodel_peer_recv(other->peer, &back, datagram, len, now);
        busy = 1;
    }
    return busy;
}

static void negotiate(struct side *a, struct side *b)
{
    struct yodel_description description;

    must(yodel_peer_set_local_description(a->peer, NULL), "offer");
    if (yodel_peer_local_description(a->peer, &description)) {
        must(yodel_peer_set_remote_description(b->peer, &description), "remote offer");
    }
    must(yodel_peer_set_local_description(b->peer, NULL), "answer");
    if (yodel_peer_local_description(b->peer, &description)) {
        must(yodel_peer_set_remote_description(a->peer, &description), "remote answer");
    }
}

int main(void)
{
    struct yodel_peer_config config = {0};
    struct side a = {.addr = {YODEL_ADDR_V4, {10, 0, 0, 1}, 0, 5001}};
    struct side b = {.addr = {YODEL_ADDR_V4, {10, 0, 0, 2}, 0, 5002}};
    yodel_channel *channel;

    must(yodel_peer_new(&config, &a.peer), "peer");
    must(yodel_peer_new(&config, &b.peer), "peer");
    must(yodel_peer_create_data_channel(a.peer, "chat", NULL, &channel), "channel");
    negotiate(&a, &b);

    // Ten seconds in steps of a millisecond, as fast as they pass.
    for (yodel_time now = 0; now < YODEL_SECONDS(10) && !b.received[0]; now += YODEL_MS(1)) {
        yodel_peer_tick(a.peer, now);
        yodel_peer_tick(b.peer, now);
        while (serve(&a, &b, now) + serve(&b, &a, now) > 0) {
        }
    }
    printf("received: %s\n", b.received);
    yodel_peer_free(a.peer);
    yodel_peer_free(b.peer);
    return strcmp(b.received, "hello") == 0 && map_init() + log_line() == 3 ? 0 : 1;
}
