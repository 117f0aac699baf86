// RTP history, fuzzed: whatever is put and asked for, what comes out is what was put, and no more
// than was put.

#include "fuzz.h"
#include "rtp/history.h"

#define SIZE 4096
#define PLACES 32

static size_t len_of(uint64_t seq)
{
    return 1 + (size_t)(seq * 2654435761u % 700);
}

static void check_packet(uint64_t seq, struct bytes packet)
{
    FUZZ_CHECK(packet.len == len_of(seq));
    for (size_t i = 0; i < packet.len; i++) {
        FUZZ_CHECK(packet.ptr[i] == (uint8_t)(seq + i));
    }
}

static uint64_t put(struct rtp_history *history, uint64_t seq, yodel_time now)
{
    uint8_t packet[1024];
    size_t len = len_of(seq);

    for (size_t i = 0; i < len; i++) {
        packet[i] = (uint8_t)(seq + i);
    }
    rtp_history_put(history, seq, bytes_of(packet, len), now);
    return len;
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    struct rtp_history history;
    uint64_t seq = 0x10000, sent = 0;
    yodel_time now = 0;
    struct bytes packet;

    FUZZ_CHECK(rtp_history_init(&history, alloc_system(), SIZE, PLACES) == YODEL_OK);
    while (r.left >= 2) {
        uint8_t what = read_u8(&r), value = read_u8(&r);
        uint64_t asked = seq - value % 64;
        now += (what >> 4) * YODEL_MS(1);
        switch (what & 3) {
        case 0:
        case 1:
            seq += value % 8 == 7 ? value : 1;
            sent += put(&history, seq, now);
            break;
        case 2:
            rtp_history_recv_nack(&history, &(struct rtcp_nack){(uint16_t)asked, value}, now);
            break;
        default:
            if (rtp_history_take(&history, &asked, &packet, now)) {
                check_packet(asked, packet);
            }
        }
        FUZZ_CHECK(history.again_bytes <= sent + RTP_HISTORY_RESERVE);
        FUZZ_CHECK(history.first <= history.end && history.end - history.first <= PLACES);
    }
    rtp_history_deinit(&history);
}
