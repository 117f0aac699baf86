// Fuzzer: no query makes the responder read outside, say more than its own names, or say it twice.

#include "base/assert.h"
#include "net/env.h"
#include "net/mdns.h"
#include "net/mdns_responder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mdns_responder responder;
    static struct env env;
    struct yodel_addr ip = {.family = YODEL_ADDR_V4, .ip = {192, 0, 2, 1}};
    struct yodel_addr from = {.family = YODEL_ADDR_V4, .port = MDNS_PORT}, to;
    uint8_t room[MDNS_RESPONSE_MAX];
    struct mdns_msg msg;
    uint32_t count = 0;
    size_t len;

    if (size < 1) {
        return 0;
    }
    env = *net_env_system(LOG_ERROR, NET_ENV_TEXT);
    mdns_responder_init(&responder, &env);
    YODEL_ASSERT(mdns_responder_name(&responder, &ip) != NULL);
    memcpy(responder.own[0].name, "a.local", 8); // One that an input can guess.
    from.port = data[0] & 1 ? MDNS_PORT : 9;
    mdns_responder_recv(&responder, &from, bytes_of(data + 1, size - 1), 1);
    while ((len = mdns_responder_emit(&responder, span_of(room, sizeof room), &to, 1)) > 0) {
        YODEL_ASSERT(mdns_msg_parse(&msg, bytes_of(room, len)) == YODEL_OK);
        YODEL_ASSERT(msg.record_count == 1 && addr_same_ip(&msg.records[0].addr, &ip));
        count++;
    }
    YODEL_ASSERT(count <= 2); // To the group, and to one.
    return 0;
}
