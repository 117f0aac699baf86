// MTU: requests of several sizes, and which of them are answered.
//
// Implements  RFC 5780 §7.6

#include "doctor/mtu.h"

#include "stun/attr.h"

// Payloads. What a path carries at least (RFC 8200 §5: 1280 with IPv6's headers), what we send at
// most, and what remains of common links: 1400 (mobile networks), 1420 (WireGuard), 1460, 1492
// (PPPoE) and 1500 (Ethernet).
static const uint16_t sizes[DOCTOR_MTU_SIZES] = {
    548, 1200, 1232, 1372, 1392, 1432, 1464, DOCTOR_MTU_MAX};

static const struct stun_txn_schedule schedule = {YODEL_MS(300), 1, 3, 4};

void doctor_mtu_init(
    struct doctor_mtu *mtu, const struct env *env, const struct yodel_addr *server, yodel_time now)
{
    *mtu = (struct doctor_mtu){.server = *server};
    for (int i = 0; i < DOCTOR_MTU_SIZES; i++) {
        stun_txn_start(&mtu->txns[i], env, &schedule, now);
    }
}

void doctor_mtu_recv(struct doctor_mtu *mtu, const struct yodel_addr *from, struct bytes datagram)
{
    struct stun_msg msg;

    if (!addr_equal(from, &mtu->server) || stun_msg_parse(&msg, datagram) != YODEL_OK ||
        stun_msg_method(&msg) != STUN_BINDING || !(stun_msg_class(&msg) & STUN_SUCCESS)) {
        return;
    }
    for (int i = 0; i < DOCTOR_MTU_SIZES; i++) {
        (void)stun_txn_recv(&mtu->txns[i], &msg);
    }
}

void doctor_mtu_tick(struct doctor_mtu *mtu, yodel_time now)
{
    for (int i = 0; i < DOCTOR_MTU_SIZES; i++) {
        stun_txn_tick(&mtu->txns[i], now);
    }
}

size_t doctor_mtu_emit(struct doctor_mtu *mtu, struct span room, yodel_time now)
{
    for (int i = 0; i < DOCTOR_MTU_SIZES; i++) {
        struct writer w = writer_of(span_sub(room, 0, sizes[i]));

        if (stun_txn_emit(&mtu->txns[i], now)) {
            stun_msg_put_header(&w, STUN_BINDING | STUN_REQUEST, mtu->txns[i].id);
            size_t len = writer_left(&w) - 4; // All sizes are whole words: no padding of padding.
            uint8_t *padding = stun_msg_put_attr_room(&w, STUN_PADDING, len);
            if (padding) {
                memset(padding, 0, len);
            }
            return writer_bytes(&w).len;
        }
    }
    return 0;
}

yodel_time doctor_mtu_next_timeout(const struct doctor_mtu *mtu)
{
    yodel_time next = YODEL_NEVER;

    for (int i = 0; i < DOCTOR_MTU_SIZES; i++) {
        next = time_min(next, stun_txn_next_timeout(&mtu->txns[i]));
    }
    return next;
}

void doctor_mtu_refuse(struct doctor_mtu *mtu, size_t len)
{
    for (int i = 0; i < DOCTOR_MTU_SIZES; i++) {
        if (sizes[i] >= len && mtu->txns[i].state == STUN_TXN_WAITING) {
            mtu->txns[i].state = STUN_TXN_TIMED_OUT;
        }
    }
}

bool doctor_mtu_is_done(const struct doctor_mtu *mtu)
{
    return doctor_mtu_next_timeout(mtu) == YODEL_NEVER;
}

size_t doctor_mtu_passed(const struct doctor_mtu *mtu)
{
    size_t passed = 0;

    for (int i = 0; i < DOCTOR_MTU_SIZES; i++) {
        if (mtu->txns[i].state == STUN_TXN_ANSWERED) {
            passed = sizes[i];
        }
    }
    return passed;
}

size_t doctor_mtu_lost(const struct doctor_mtu *mtu)
{
    for (int i = 0; i < DOCTOR_MTU_SIZES; i++) {
        if (mtu->txns[i].state == STUN_TXN_TIMED_OUT) {
            return sizes[i];
        }
    }
    return 0;
}
