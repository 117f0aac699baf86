// NAT discovery, fuzzed: a server that says anything makes us send little, and only to unicast
// addresses of its own kind, and it always ends.

#include "doctor/nat.h"
#include "fuzz.h"
#include "stun/attr.h"

static void zeros(void *ctx, struct span out)
{
    static uint8_t next;

    (void)ctx;
    memset(out.ptr, ++next, out.len);
}

static const struct env env = {.random = zeros};

FUZZ(input)
{
    struct doctor_nat_config config = {.server = addr_v4(198, 51, 100, 7, 3478),
        .local = {addr_v4(192, 168, 1, 2, 5000), addr_v4(192, 168, 1, 2, 5001)}};
    struct reader r = reader_of(input);
    uint8_t room[DOCTOR_NAT_DATAGRAM_MAX];
    struct doctor_nat nat;
    struct yodel_addr to;
    uint32_t socket, sent = 0;
    yodel_time now = 1;
    size_t len;

    doctor_nat_init(&nat, &env, &config, now);
    for (int turns = 0; !doctor_nat_is_done(&nat); turns++) {
        FUZZ_CHECK(turns < 100);
        while ((len = doctor_nat_emit(&nat, span_of(room, sizeof room), &socket, &to, now)) > 0) {
            struct bytes answer = read_bytes(&r, r.left < 32 ? r.left : 32);
            uint8_t copy[32 + STUN_HEADER_SIZE] = {0};
            FUZZ_CHECK(++sent <= DOCTOR_NAT_QUESTIONS * 4);
            FUZZ_CHECK(!addr_is_multicast(&to) && !addr_is_any(&to));
            // A header that fits, and whatever the input says behind it.
            memcpy(copy, room, STUN_HEADER_SIZE);
            memcpy(copy + STUN_HEADER_SIZE, answer.ptr ? answer.ptr : copy, answer.len);
            store_u16(copy, STUN_BINDING | (r.left % 2 ? STUN_SUCCESS : STUN_ERROR));
            store_u16(copy + 2, (uint16_t)answer.len);
            struct bytes datagram = bytes_of(copy, STUN_HEADER_SIZE + answer.len);
            doctor_nat_recv(&nat, socket, &to, datagram, now);
        }
        now = doctor_nat_next_timeout(&nat) == YODEL_NEVER ? now : doctor_nat_next_timeout(&nat);
        doctor_nat_tick(&nat, now);
    }
    (void)doctor_nat_facts(&nat);
}
