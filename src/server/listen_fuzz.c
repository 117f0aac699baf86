// Where to listen: what is read is written as text that reads the same.

#include "server/listen.h"

#include "fuzz.h"

FUZZ(input)
{
    char text[256], written[ADDR_TEXT_MAX];
    struct yodel_addr addr, again;
    size_t len = input.len < sizeof text - 1 ? input.len : sizeof text - 1;

    if (len > 0) {
        memcpy(text, input.ptr, len);
    }
    text[len] = 0;
    if (server_listen_parse(&addr, text) == YODEL_OK) {
        FUZZ_CHECK(server_listen_parse(&again, addr_text(&addr, written)) == YODEL_OK);
        FUZZ_CHECK(again.family == addr.family && again.port == addr.port);
        FUZZ_CHECK(memcmp(again.ip, addr.ip, sizeof addr.ip) == 0);
    }
}
