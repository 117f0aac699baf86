// STUN, fuzzed: whatever parses can be read, checked and answered, and never with too much.

#include "base/assert.h"
#include "stun/attr.h"
#include "stun/auth.h"
#include "stun/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct yodel_addr source = addr_v4(203, 0, 113, 7, 40000), addr;
    uint8_t room[2048];
    uint16_t unknown[STUN_ATTRS_MAX];
    uint32_t small = 0;
    uint64_t big = 0;
    struct stun_msg msg;

    size_t answered = stun_server_answer(bytes_of(data, len), &source, span_of(room, sizeof room));
    YODEL_ASSERT(answered * 10 <= len * 16);
    if (stun_msg_parse(&msg, bytes_of(data, len)) != YODEL_OK) {
        YODEL_ASSERT(answered == 0);
        return 0;
    }
    (void)stun_attr_read_addr(&msg, STUN_MAPPED_ADDRESS, &addr);
    (void)stun_attr_read_addr(&msg, STUN_XOR_MAPPED_ADDRESS, &addr);
    (void)stun_attr_read_u32(&msg, STUN_PRIORITY, &small);
    (void)stun_attr_read_u64(&msg, STUN_ICE_CONTROLLING, &big);
    (void)stun_attr_read_error(&msg, &small);
    (void)stun_msg_unknown(&msg, NULL, 0, unknown);
    (void)stun_auth_check_fingerprint(&msg);
    YODEL_ASSERT(stun_auth_check(&msg, bytes_of_text("key")) != YODEL_OK || len >= 44);

    // What was read is written again, framed the same.
    struct writer w = writer_of(span_of(room, sizeof room));
    struct stun_msg again;
    stun_msg_put_header(&w, msg.type, msg.id);
    for (uint32_t i = 0; i < msg.attr_count; i++) {
        stun_msg_put_attr(&w, msg.attrs[i].type, msg.attrs[i].value);
    }
    if (!w.failed) {
        YODEL_ASSERT(stun_msg_parse(&again, writer_bytes(&w)) == YODEL_OK);
        YODEL_ASSERT(again.attr_count == msg.attr_count);
    }
    return 0;
}
