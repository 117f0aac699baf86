// Fuzzes the whole peer connection: the input is a list of orders to two live peers' applications,
// to the network between them, to a stranger on it, and to a peer who has the keys and lies.
//
// The first byte says how far they get before: nothing set, negotiated, or connected. Assertions
// are on: nothing that comes from outside may reach one.

#include "fuzz.h"
#include "peer/pair.h"
#include "sctp/packet.h"
#include "yodel/transceiver.h"

#define HELD_MAX 16

static struct peer_pair pair;
static yodel_certificate *certificate;
static struct reader orders;

static uint32_t to_bend; // So many of the next datagrams are changed, as the orders say.

static struct held {
    int from;
    struct yodel_path path;
    size_t len;
    uint8_t data[YODEL_DATAGRAM_MAX];
} held[HELD_MAX];
static uint32_t held_count;

// So many bytes as the next two say, below `max`.
static struct bytes read_some(size_t max)
{
    size_t len = read_u16(&orders) % max;

    return read_bytes(&orders, len < orders.left ? len : orders.left);
}

static void bend(uint8_t *data, size_t *len)
{
    uint8_t how = read_u8(&orders);
    size_t at = read_u16(&orders) % *len;

    if (how % 4 == 0) {
        data[at] ^= (uint8_t)(1u << how / 4 % 8);
    } else if (how % 4 == 1) {
        data[at] = read_u8(&orders);
    } else if (how % 4 == 2) {
        *len = at + 1;
    } else {
        for (size_t i = at; i < *len && i < at + 8; i++) {
            data[i] = read_u8(&orders);
        }
    }
}

// Everything that is sent may be held for later, changed or lost.
static bool network(
    struct peer_pair *p, int from, const struct yodel_path *path, uint8_t *data, size_t *len)
{
    (void)p;
    if (held_count < HELD_MAX) {
        struct held *kept = &held[held_count++];

        kept->from = from;
        kept->path = *path;
        kept->len = *len;
        memcpy(kept->data, data, *len);
    }
    if (to_bend == 0) {
        return true;
    }
    to_bend--;
    uint8_t how = read_u8(&orders);
    if (how < 64) {
        return false;
    }
    if (how < 200) {
        bend(data, len);
    }
    return true;
}

static void replay(void)
{
    if (held_count == 0) {
        return;
    }
    struct held copy = held[read_u8(&orders) % held_count];
    struct yodel_path path = {.local = copy.path.remote, .remote = copy.path.local};
    uint8_t how = read_u8(&orders);
    if (how % 2) {
        bend(copy.data, &copy.len);
    }
    if (how & 2) {
        path.remote.port++; // From elsewhere.
    }
    yodel_peer_recv(pair.side[1 - copy.from].peer, &path, copy.data, copy.len, pair.now);
}

// A stranger's datagram.
static void inject(void)
{
    int to = read_u8(&orders) % 2;
    struct yodel_path path = {.local = pair.side[to].addr, .remote = pair.side[1 - to].addr};
    struct bytes given = read_some(512);
    uint8_t copy[512];

    if (given.len > 0) {
        memcpy(copy, given.ptr, given.len);
    }
    yodel_peer_recv(pair.side[to].peer, &path, copy, given.len, pair.now);
}

static void give_sealed(int from, uint8_t *room, size_t len)
{
    struct peer_pair_side *to = &pair.side[1 - from];
    struct yodel_path path = {.local = to->addr, .remote = pair.side[from].addr};

    sctp_packet_seal(span_of(room + DTLS_SEAL_HEAD, len));
    size_t sealed = dtls_seal(&pair.side[from].peer->dtls, span_of(room, YODEL_DATAGRAM_MAX), len);
    if (sealed > 0) {
        yodel_peer_recv(to->peer, &path, room, sealed, pair.now);
    }
}

// Chunks of the input's own, by a peer who has the keys.
static void lie(void)
{
    int from = read_u8(&orders) % 2;
    uint8_t room[YODEL_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room + DTLS_SEAL_HEAD, PEER_SCTP_PACKET_MAX));
    struct bytes chunks = read_some(512);

    sctp_packet_start(&w,
        &(struct sctp_header){PEER_SCTP_PORT, PEER_SCTP_PORT, pair.side[from].peer->sctp.peer_tag});
    put_bytes(&w, chunks);
    give_sealed(from, room, w.len);
}

// The next real packet, changed before it is sealed.
static void bend_sctp(void)
{
    int from = read_u8(&orders) % 2;
    uint8_t room[YODEL_DATAGRAM_MAX];
    struct span inside = span_of(room + DTLS_SEAL_HEAD, PEER_SCTP_PACKET_MAX);

    if (pair.side[from].peer->dtls.state != DTLS_CONNECTED) {
        return;
    }
    size_t len = sctp_emit(&pair.side[from].peer->sctp, inside, pair.now);
    if (len > 12) {
        size_t rest = len - 12;
        bend(inside.ptr + 12, &rest);
        give_sealed(from, room, rest + 12);
    }
}

// ---- the applications

static yodel_channel *any_channel(yodel_peer *peer)
{
    uint8_t skip = read_u8(&orders) % 8;
    struct list_node *node = list_first(&peer->channels);

    while (node && skip-- > 0 && list_next(&peer->channels, node)) {
        node = list_next(&peer->channels, node);
    }
    return node ? CONTAINER_OF(node, struct yodel_channel, node) : NULL;
}

static void create(yodel_peer *peer)
{
    uint8_t kind = read_u8(&orders);
    struct yodel_channel_options options = {.unordered = kind & 1,
        .has_max_retransmits = kind & 2,
        .max_retransmits = kind >> 4,
        .has_max_packet_life_time = kind & 4,
        .max_packet_life_time = kind,
        .negotiated = kind & 8,
        .id = kind >> 4};
    yodel_transceiver *transceiver;
    yodel_channel *channel;

    if (kind >= 0xf0) {
        (void)yodel_peer_add_track(peer, kind & 1 ? YODEL_AUDIO : YODEL_VIDEO, NULL, &transceiver);
        return;
    }
    (void)yodel_peer_create_data_channel(peer, "label", &options, &channel);
}

// A transceiver is sent with, turned or stopped.
static void use_media(yodel_peer *peer)
{
    static const uint8_t frame[5000] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 1, 0, 1, 0};
    uint8_t what = read_u8(&orders);
    yodel_transceiver *t = yodel_peer_transceiver(peer, what >> 6);

    if (!t) {
        return;
    }
    if (what % 64 == 0) {
        yodel_transceiver_stop(t);
    } else if (what % 64 < 8) {
        (void)yodel_transceiver_set_direction(t, (enum yodel_direction)(what % 4));
    } else {
        bool is_video = yodel_transceiver_kind(t) == YODEL_VIDEO;
        (void)yodel_transceiver_send_frame(t, &(struct yodel_frame){.data = frame,
                                                  .len = is_video ? sizeof frame : what,
                                                  .codec = is_video ? YODEL_VP8 : YODEL_OPUS,
                                                  .is_key = what & 32});
    }
}

static void use(yodel_peer *peer)
{
    static const uint8_t data[60000];
    yodel_channel *channel = any_channel(peer);
    uint8_t what = read_u8(&orders);

    if (what >= 240) {
        use_media(peer);
    }
    if (!channel) {
        return;
    }
    if (what < 16) {
        yodel_channel_close(channel);
    } else if (what < 32) {
        yodel_channel_set_buffered_amount_low_threshold(channel, what * 100u);
    } else if (what < 128) {
        (void)yodel_channel_send(channel, data, read_u16(&orders) % sizeof data);
    } else {
        (void)yodel_channel_send_text(channel, "text", what % 5);
    }
}

// Text of the input's own, as a description or as a candidate.
static void signal_garbage(yodel_peer *peer)
{
    uint8_t what = read_u8(&orders);
    struct bytes given = read_some(1024);
    char text[1025] = "";

    if (given.len > 0) {
        memcpy(text, given.ptr, given.len);
    }
    if (what % 2) {
        struct yodel_ice_candidate candidate = {.candidate = text, .sdp_mid = "0"};
        (void)yodel_peer_add_ice_candidate(peer, &candidate);
    } else {
        struct yodel_description description = {(enum yodel_sdp_type)(what / 2 % 4), text};
        (void)yodel_peer_set_remote_description(peer, &description);
    }
}

static void act(void)
{
    uint8_t order = read_u8(&orders);
    struct peer_pair_side *side = &pair.side[order >> 7];

    switch (order % 16) {
    case 0:
    case 1:
        pair.now += YODEL_MS(read_u16(&orders) % 4096);
        break;
    case 2:
        inject();
        break;
    case 3:
    case 4:
        replay();
        break;
    case 5:
    case 6:
        lie();
        break;
    case 7:
    case 8:
        bend_sctp();
        break;
    case 9:
        create(side->peer);
        break;
    case 10:
    case 11:
        use(side->peer);
        break;
    case 12:
        to_bend = read_u8(&orders) % 32;
        break;
    case 13:
        side->is_deaf = !side->is_deaf;
        break;
    case 14:
        signal_garbage(side->peer);
        break;
    default:
        if (order / 16 % 8 == 0) {
            yodel_peer_close(side->peer);
        } else if (order / 16 % 8 < 4) {
            yodel_peer_restart_ice(side->peer);
        } else {
            // Either side may be in no state for it.
            (void)peer_pair_negotiate(&pair, side->index);
        }
        break;
    }
    peer_pair_settle(&pair);
}

static void begin(uint8_t stage)
{
    struct yodel_peer_config config = {.certificate = certificate, .send_buffer = 200000};
    yodel_channel *channels[2];

    peer_pair_open_with(&pair, 1, &config, &config);
    pair.filter = network;
    held_count = to_bend = 0;
    if (stage % 4 == 1) {
        create(pair.side[0].peer);
        (void)yodel_peer_set_local_description(pair.side[0].peer, NULL);
    } else if (stage % 4 == 2) {
        enum yodel_err err =
            yodel_peer_create_data_channel(pair.side[0].peer, "", NULL, &channels[0]);
        YODEL_ASSERT(err == YODEL_OK);
        err = peer_pair_negotiate(&pair, 0);
        YODEL_ASSERT(err == YODEL_OK);
    } else if (stage % 4 == 3) {
        peer_pair_connect(&pair, NULL, channels);
    }
}

FUZZ(input)
{
    if (!certificate) {
        enum yodel_err err = yodel_certificate_generate(VIRTUAL_CLOCK_WALL, &certificate);
        YODEL_ASSERT(err == YODEL_OK);
    }
    orders = reader_of(input);
    begin(read_u8(&orders));
    for (uint32_t i = 0; i < 200 && orders.left > 0; i++) {
        act();
    }
    peer_pair_run(&pair, YODEL_SECONDS(2));
    peer_pair_close(&pair);
}
