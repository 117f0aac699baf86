// TURN over streams, fuzzed: what is whole lies within its stream, is the same with more bytes
// behind it and is not there with fewer; and ChannelData that is whole can be read.

#include "fuzz.h"
#include "turn/frame.h"
#include "turn/msg.h"

FUZZ(input)
{
    while (input.len > 0) {
        size_t len = 0, again = 0;

        if (turn_frame_length(input, &len) != TURN_FRAME_WHOLE) {
            return;
        }
        FUZZ_CHECK(len > 0 && len <= input.len && len <= TURN_FRAME_MAX && len % 4 == 0);
        struct bytes message = bytes_sub(input, 0, len);
        FUZZ_CHECK(turn_frame_length(message, &again) == TURN_FRAME_WHOLE && again == len);
        FUZZ_CHECK(turn_frame_length(bytes_sub(input, 0, len - 1), &again) == TURN_FRAME_MORE);

        struct turn_channel_data data;
        struct stun_msg msg;
        uint8_t byte = 0;
        uint16_t channel = 0;
        FUZZ_CHECK(turn_msg_is_channel_data(message) == turn_msg_read_channel_data(&data, message));
        if (stun_msg_parse(&msg, message) == YODEL_OK) {
            (void)turn_msg_read_byte(&msg, TURN_ATTR_REQUESTED_TRANSPORT, &byte);
            (void)turn_msg_read_byte(&msg, TURN_ATTR_EVEN_PORT, &byte);
            (void)turn_msg_read_channel(&msg, &channel);
        }
        input = bytes_sub(input, len, input.len);
    }
}
