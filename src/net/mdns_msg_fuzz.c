// Fuzzer: no response makes the parser read outside, and what it finds is well-formed.

#include "base/assert.h"
#include "net/mdns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mdns mdns;
    struct mdns_msg msg;
    struct yodel_addr from = {.family = YODEL_ADDR_V4, .port = MDNS_PORT};
    struct mdns_answer answer;

    if (mdns_msg_parse(&msg, bytes_of(data, size)) == YODEL_OK) {
        for (uint32_t i = 0; i < msg.record_count; i++) {
            YODEL_ASSERT(strlen(msg.records[i].name) < MDNS_NAME_MAX);
            YODEL_ASSERT(msg.records[i].addr.family != YODEL_ADDR_NONE);
        }
    }
    mdns_init(&mdns);
    if (mdns_ask(&mdns, "a.local", 1) == YODEL_OK) {
        mdns_recv(&mdns, &from, bytes_of(data, size), 2);
    }
    while (mdns_next_answer(&mdns, &answer)) {
        YODEL_ASSERT(answer.is_found);
    }
    return 0;
}
