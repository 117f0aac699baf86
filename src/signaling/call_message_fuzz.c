// A message of a call's channel: what is read is within the limits, and is read the same again once
// it is written. The same bytes as a member's introduction.

#include "signaling/call_message.h"

#include "base/utf8.h"
#include "fuzz.h"
#include "signaling/message.h"

static void check_chat(struct bytes text)
{
    FUZZ_CHECK(text.len > 0 && utf8_is_valid(text) && !memchr(text.ptr, 0, text.len));
    FUZZ_CHECK(text.len <= 3 * SIGNALING_CALL_CHAT_MAX);
}

static void check_again(const struct signaling_call_message *message)
{
    static char room[SIGNALING_CALL_WRITTEN_MAX];
    struct signaling_call_message again;
    size_t len = 0;

    FUZZ_CHECK(signaling_call_message_write(message, span_of(room, sizeof room), &len) == YODEL_OK);
    if (signaling_call_message_parse(&again, bytes_of(room, len)) != YODEL_OK) {
        FUZZ_CHECK(message->type == SIGNALING_CALL_CHAT); // The cut has left blanks alone.
        return;
    }
    FUZZ_CHECK(again.type == message->type && again.audio == message->audio);
    FUZZ_CHECK(again.video == message->video && bytes_equal(again.text, message->text));
    signaling_call_message_deinit(&again);
}

static void try_member(struct bytes input)
{
    json_t *json = signaling_message_read(input);
    struct signaling_call_member member;

    if (signaling_call_message_read_member(&member, json)) {
        FUZZ_CHECK(signaling_call_message_is_id(member.id));
        FUZZ_CHECK(member.role <= SIGNALING_CALL_ROLE_PLAY);
        (void)signaling_call_message_names(&member, member.id);
    }
    json_decref(json);
}

FUZZ(input)
{
    struct signaling_call_message message;

    try_member(input);
    if (signaling_call_message_parse(&message, input) != YODEL_OK) {
        return;
    }
    FUZZ_CHECK(input.len <= SIGNALING_CALL_MESSAGE_MAX);
    if (message.type == SIGNALING_CALL_CHAT) {
        check_chat(message.text);
    }
    check_again(&message);
    signaling_call_message_deinit(&message);
}
