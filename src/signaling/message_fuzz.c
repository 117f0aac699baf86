// A client's message: what is read is within the limits and has what its type needs; what is not
// has a reason, and never more of itself in the answer than is harmless.

#include "signaling/message.h"

#include "fuzz.h"

static void check_members(const struct signaling_message *message)
{
    switch (message->type) {
    case SIGNALING_JOIN:
        FUZZ_CHECK(message->room);
        break;
    case SIGNALING_SIGNAL:
        FUZZ_CHECK(message->to && message->data);
        break;
    case SIGNALING_USE_CODE:
    case SIGNALING_REOPEN_CODE:
    case SIGNALING_RELEASE_CODE:
        FUZZ_CHECK(message->number > 0);
        break;
    case SIGNALING_UNKNOWN:
    case SIGNALING_LEAVE:
    case SIGNALING_CREATE_CODE:
    case SIGNALING_UNPAIR:
        break;
    }
}

FUZZ(input)
{
    struct signaling_message message;

    if (signaling_message_parse(&message, input) == YODEL_OK) {
        FUZZ_CHECK(input.len <= SIGNALING_TEXT_MAX && json_is_object(message.root));
        check_members(&message);
    } else {
        FUZZ_CHECK(message.why);
    }
    FUZZ_CHECK(strspn(message.type_text, "abcdefghijklmnopqrstuvwxyz-") <= SIGNALING_TYPE_MAX);
    FUZZ_CHECK(!strpbrk(message.type_text, "\"\\<>&\r\n"));
    signaling_message_deinit(&message);
}
