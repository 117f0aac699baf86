// Fuzzes data channels with messages that only a broken or hostile peer sends, on any stream and in
// any order.

#include "dcep/dcep.h"
#include "sctp/pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pair pair;
static struct dcep dcep;
static uint32_t handles[16];

static void round_trip(struct bytes message)
{
    uint8_t room[4096];
    struct writer w = writer_of(span_of(room, sizeof room));
    enum dcep_message_type type;
    struct dcep_open open;
    struct dcep_open again;

    if (dcep_message_parse(message, &type, &open) == YODEL_OK && type == DCEP_OPEN &&
        message.len <= sizeof room) {
        dcep_message_put_open(&w, &open);
        YODEL_ASSERT(dcep_message_parse(writer_bytes(&w), &type, &again) == YODEL_OK);
        YODEL_ASSERT(bytes_equal(open.label, again.label));
    }
}

static void listen(struct pair *network, int peer)
{
    struct dcep_event event;
    struct sctp_event raw;

    if (peer == 0) {
        while (sctp_next_event(&network->peers[0], &raw)) {
        }
        return;
    }
    while (dcep_next_event(&dcep, &event)) {
        if (event.type == DCEP_EVENT_INCOMING || event.type == DCEP_EVENT_OPENED) {
            handles[event.channel % 16] = event.channel;
        }
    }
}

static void turns(int count)
{
    while (count-- > 0 && pair_turn(&pair, listen)) {
    }
}

static void obey(uint8_t order, struct reader *r)
{
    static const uint32_t ppids[] = {50, 50, 50, 50, 51, 53, 56, 57};
    uint32_t handle = handles[order & 15];
    struct dcep_options options = {
        .negotiated = order & 1, .id = order, .label = bytes_of(&order, 1)};

    switch (order >> 5) {
    case 0:
    case 1:
    case 2: {
        uint8_t head = read_u8(r);
        size_t len = read_u8(r);
        struct bytes message = read_bytes(r, len < r->left ? len : r->left);

        round_trip(message);
        if (sctp_send(&pair.peers[0], order & 15, ppids[head & 7], message,
                &(struct sctp_send_options){.unordered = head & 8}) == YODEL_OK &&
            head & 16) {
            turns(4);
        }
        break;
    }
    case 3:
        if (sctp_reset_stream(&pair.peers[0], order & 15) == YODEL_OK) {
            turns(2);
        }
        break;
    case 4:
        dcep_close(&dcep, handle);
        break;
    case 5:
        if (dcep_open(&dcep, &options, &handle) == YODEL_OK) {
            handles[handle % 16] = handle;
        }
        break;
    case 6:
        if (dcep_send(&dcep, handle, order & 1, bytes_of("message", 7)) == YODEL_OK) {
            turns(1);
        }
        break;
    default:
        if (order & 16) {
            pair.alloc.fail_at = pair.alloc.calls + 1 + (order & 15);
        }
        turns(order & 15);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));

    pair_init(&pair, 1, &(struct sctp_config){0});
    dcep_init(&dcep, &pair.env, &pair.peers[1]);
    memset(handles, 0, sizeof handles);
    sctp_start(&pair.peers[0]);
    sctp_start(&pair.peers[1]);
    uint8_t head = read_u8(&r);
    if (head & 1) {
        dcep_set_role(&dcep, head & 2);
    }
    turns(head & 4 ? 20 : 0);
    while (!r.failed && r.left > 0) {
        obey(read_u8(&r), &r);
    }
    dcep_set_role(&dcep, true);
    turns(20);
    dcep_deinit(&dcep);
    pair_deinit(&pair);
    YODEL_ASSERT(pair.alloc.blocks == 0);
    return 0;
}
