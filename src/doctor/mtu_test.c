// MTU: what passes a path, in virtual time.

#include "doctor/mtu.h"

#include "check.h"
#include "stun/attr.h"

static void count_up(void *ctx, struct span out)
{
    static uint8_t next;

    (void)ctx;
    memset(out.ptr, ++next, out.len);
}

static const struct env env = {.random = count_up};
static const struct yodel_addr server = {
    .family = YODEL_ADDR_V4, .ip = {192, 0, 2, 7}, .port = 3478};

// Runs against a path that carries `limit` bytes and an interface that takes `interface` of them.
static struct doctor_mtu run(size_t limit, size_t interface, uint16_t class)
{
    uint8_t room[DOCTOR_MTU_MAX], reply[64];
    yodel_time now = 1;
    struct doctor_mtu mtu;
    size_t len;

    doctor_mtu_init(&mtu, &env, &server, now);
    while (!doctor_mtu_is_done(&mtu)) {
        while ((len = doctor_mtu_emit(&mtu, span_of(room, sizeof room), now)) > 0) {
            struct stun_msg msg;
            struct writer w = writer_of(span_of(reply, sizeof reply));
            CHECK_EQ(stun_msg_parse(&msg, bytes_of(room, len)), YODEL_OK);
            if (len > interface) {
                doctor_mtu_refuse(&mtu, len);
            } else if (len <= limit) {
                stun_msg_put_header(&w, STUN_BINDING | class, msg.id);
                doctor_mtu_recv(&mtu, &server, writer_bytes(&w));
            }
        }
        now = doctor_mtu_is_done(&mtu) ? now : doctor_mtu_next_timeout(&mtu);
        doctor_mtu_tick(&mtu, now);
    }
    CHECK(now < YODEL_SECONDS(3));
    return mtu;
}

static void the_largest_that_is_answered_has_passed(void)
{
    static const struct {
        size_t limit, interface, passed, lost;
    } cases[] = {
        {2000, 2000, 1472, 0},
        {1472, 1472, 1472, 0},
        {1471, 2000, 1464, 1472},
        {1252, 2000, 1232, 1372},
        {2000, 1252, 1232, 1372},
        {1199, 2000, 548, 1200},
        {0, 2000, 0, 548},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct doctor_mtu mtu = run(cases[i].limit, cases[i].interface, STUN_SUCCESS);
        CHECK_EQ(doctor_mtu_passed(&mtu), cases[i].passed);
        CHECK_EQ(doctor_mtu_lost(&mtu), cases[i].lost);
    }
}

static void a_refusal_is_an_answer_and_a_request_or_a_stranger_is_none(void)
{
    struct doctor_mtu mtu = run(1400, 2000, STUN_ERROR);

    CHECK_EQ(doctor_mtu_passed(&mtu), 1392);
    mtu = run(1400, 2000, STUN_INDICATION);
    CHECK_EQ(doctor_mtu_passed(&mtu), 0);
}

TEST_MAIN(TEST(the_largest_that_is_answered_has_passed),
    TEST(a_refusal_is_an_answer_and_a_request_or_a_stranger_is_none))
