// Fuzzes two live engines: the input is a list of orders to the application, the network and an
// attacker who knows the tags.

#include "sctp/pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PACKETS_MAX 64

static struct pair pair;

static struct held {
    size_t len;
    uint8_t data[PAIR_PACKET_MAX];
} held[2][PACKETS_MAX]; // On their way to each peer.
static size_t held_count[2];

static void speak(int from)
{
    if (sctp_next_timeout(&pair.peers[from]) <= pair.now) {
        sctp_tick(&pair.peers[from], pair.now);
    }
    while (held_count[!from] < PACKETS_MAX) {
        struct held *packet = &held[!from][held_count[!from]];

        packet->len =
            sctp_emit(&pair.peers[from], span_of(packet->data, sizeof packet->data), pair.now);
        if (packet->len == 0) {
            YODEL_ASSERT(sctp_next_timeout(&pair.peers[from]) > pair.now);
            return;
        }
        held_count[!from]++;
    }
}

static void arrive(int to, size_t which, bool keeps)
{
    if (held_count[to] == 0) {
        return;
    }
    which %= held_count[to];
    struct held packet = held[to][which];
    if (!keeps) {
        held_count[to]--;
        memmove(
            &held[to][which], &held[to][which + 1], (held_count[to] - which) * sizeof held[to][0]);
    }
    sctp_recv(&pair.peers[to], bytes_of(packet.data, packet.len), pair.now);
    speak(to);
}

static void mutate(int to, struct reader *r)
{
    if (held_count[to] == 0) {
        return;
    }
    struct held *packet = &held[to][read_u8(r) % held_count[to]];
    size_t at = read_u16(r) % packet->len;
    packet->data[at] = read_u8(r);
    store_u32(packet->data + 8, 0);
    sctp_packet_seal(span_of(packet->data, packet->len));
}

static void inject(int to, struct reader *r)
{
    uint8_t room[512];
    struct writer w = writer_of(span_of(room, sizeof room));
    uint8_t head = read_u8(r);

    sctp_packet_start(&w, &(struct sctp_header){5000, 5000, head & 1 ? 0 : pair.peers[to].our_tag});
    size_t len = read_u8(r);
    put_bytes(&w, read_bytes(r, len < r->left ? len : r->left));
    if (w.failed) {
        return;
    }
    if (head & 2 && w.len >= SCTP_HEADER_SIZE + 8) { // A TSN that is near.
        store_u32(
            w.start + SCTP_HEADER_SIZE + 4, (uint32_t)pair.peers[to].rx.cumulative + (head >> 4));
    }
    if (head & 4 && w.len >= SCTP_HEADER_SIZE + 8) {
        store_u32(w.start + SCTP_HEADER_SIZE + 4, (uint32_t)pair.peers[to].tx.first + (head >> 4));
    }
    sctp_packet_seal(span_of(w.start, w.len));
    sctp_recv(&pair.peers[to], writer_bytes(&w), pair.now);
    speak(to);
}

static void send_message(int from, struct reader *r)
{
    static const uint8_t bytes[20000];
    uint8_t head = read_u8(r);
    size_t len = 1 + read_u16(r) % sizeof bytes;
    struct sctp_send_options options = {.unordered = head & 1,
        .has_max_retransmits = head & 2,
        .has_max_lifetime = head & 4,
        .max_lifetime = YODEL_MS(head)};

    if (sctp_send(&pair.peers[from], head >> 4, 1, bytes_of(bytes, len), &options) == YODEL_OK) {
        speak(from);
    }
}

static void drain(int peer)
{
    struct sctp_event event;
    volatile uint8_t sum = 0;

    while (sctp_next_event(&pair.peers[peer], &event)) {
        for (size_t i = 0; i < event.data.len; i += 97) {
            sum = (uint8_t)(sum + event.data.ptr[i]);
        }
    }
    speak(peer);
}

static void obey(uint8_t order, struct reader *r)
{
    int peer = order & 1;

    switch (order >> 1 & 15) {
    case 0:
    case 1:
        send_message(peer, r);
        break;
    case 2:
    case 3:
    case 4:
        arrive(peer, 0, false);
        break;
    case 5:
        arrive(peer, read_u8(r), order & 0x80);
        break;
    case 6:
        mutate(peer, r);
        break;
    case 7:
    case 8:
        inject(peer, r);
        break;
    case 9:
        pair.now += YODEL_MS(read_u8(r));
        speak(peer);
        break;
    case 10:
        pair.now = time_min(pair_next(&pair), pair.now + YODEL_SECONDS(40));
        speak(0);
        speak(1);
        break;
    case 11:
        drain(peer);
        break;
    case 12:
        if (sctp_reset_stream(&pair.peers[peer], read_u8(r) & 15) == YODEL_OK) {
            speak(peer);
        }
        break;
    case 13:
        held_count[peer] = 0; // A burst is lost.
        break;
    case 14:
        pair.alloc.fail_at = pair.alloc.calls + 1 + read_u8(r) % 16;
        break;
    default:
        if (order & 0x80) {
            sctp_shutdown(&pair.peers[peer]);
        } else if (order & 0x40) {
            sctp_abort(&pair.peers[peer]);
        } else {
            sctp_set_mtu(&pair.peers[peer], 512 + 4u * read_u8(r));
        }
        speak(peer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));

    held_count[0] = held_count[1] = 0;
    pair_init(&pair, 1, &(struct sctp_config){.max_message_size = 20000});
    sctp_start(&pair.peers[0]);
    if (read_u8(&r) & 1) {
        sctp_start(&pair.peers[1]);
    }
    speak(0);
    speak(1);
    for (int i = 0; i < 4; i++) {
        arrive(1, 0, false);
        arrive(0, 0, false);
    }
    while (!r.failed && r.left > 0) {
        obey(read_u8(&r), &r);
    }
    pair_deinit(&pair);
    YODEL_ASSERT(pair.alloc.blocks == 0);
    return 0;
}
