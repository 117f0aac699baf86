// Meeting against a hostile server and a hostile other side, as creator and as joiner: they know the
// protocol and say its parts in any order, with shares and proofs that are right, of other words,
// thrown back at us, or noise. Whatever they say: who has not proven the words is not met, what is
// met is the fingerprint that was proven, and a code that cost a guess is never tried again.

#include "fuzz.h"
#include "signaling/fixture.h"
#include "signaling/meet.h"

#define STEPS_MAX 40
#define TEN "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:"
#define OURS TEN TEN TEN "AB:01"
#define THEIRS TEN TEN TEN "AB:02"
#define ANOTHER TEN TEN TEN "AB:03"

static struct fixture f;
static struct signaling_meet meet;
static struct spake2 *right, *wrong; // The other side, with our words and with others.
static uint8_t our_share[SPAKE2_MESSAGE_SIZE];
static char our_share_text[2 * SPAKE2_MESSAGE_SIZE + 1];
static char our_proof_text[2 * SPAKE2_CONFIRMATION_SIZE + 1];
static const char *said_print; // The fingerprint that came with the share that was taken.
static bool said_right_share, said_right_proof, has_shares;
static bool is_burnt; // This code cost a guess.

static uint8_t take(struct reader *r)
{
    return r->left > 0 ? read_u8(r) : 0;
}

static void write_hex(char *text, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", (unsigned)bytes[i]);
    }
}

static struct spake2 *new_other(const char *password)
{
    struct spake2 *spake2 = NULL;
    struct spake2_options options = {.role = meet.is_creator ? SPAKE2_B : SPAKE2_A,
        .password = bytes_of_text(password),
        .id_a = bytes_of_text(meet.is_creator ? OURS : THEIRS),
        .id_b = bytes_of_text(meet.is_creator ? THEIRS : OURS)};

    FUZZ_CHECK(spake2_new(&f.env, &options, &spake2) == YODEL_OK);
    return spake2;
}

static void forget_others(void)
{
    spake2_free(right);
    spake2_free(wrong);
    right = wrong = NULL;
    said_print = NULL;
    said_right_share = said_right_proof = has_shares = false;
}

// ---- what we say

static void hear_share(const char *text)
{
    FUZZ_CHECK(!is_burnt); // One guess, one code.
    forget_others();
    (void)snprintf(our_share_text, sizeof our_share_text, "%s", text);
    for (size_t i = 0; i < sizeof our_share; i++) {
        unsigned byte = 0;
        FUZZ_CHECK(sscanf(text + 2 * i, "%2x", &byte) == 1);
        our_share[i] = (uint8_t)byte;
    }
    right = new_other(meet.code.text);
    wrong = new_other("1-zoo-zoo");
    has_shares = true;
}

static void drain(void)
{
    const char *text;

    while ((text = signaling_meet_next_out(&meet))) {
        json_t *message = json_loads(text, 0, NULL);
        const json_t *data = json_object_get(message, "data");
        const char *share =
            json_string_value(json_object_get(json_object_get(data, "pake"), "share"));
        const char *proof = json_string_value(json_object_get(data, "confirm"));
        FUZZ_CHECK(message && json_string_value(json_object_get(message, "type")));
        if (share) {
            hear_share(share);
        }
        if (proof) {
            (void)snprintf(our_proof_text, sizeof our_proof_text, "%s", proof);
        }
        json_decref(message);
    }
}

static void take_event(const struct signaling_meet_event *event, bool is_lazy)
{
    if (event->type == SIGNALING_MEET_EVENT_CODE) {
        is_burnt = false;
    } else if (event->type == SIGNALING_MEET_EVENT_MET) {
        FUZZ_CHECK(said_right_share && said_right_proof);
        FUZZ_CHECK(said_print && strcmp(said_print, THEIRS) == 0);
        FUZZ_CHECK(strcmp(event->text, said_print) == 0);
    } else if (event->type == SIGNALING_MEET_EVENT_SIGNAL) {
        FUZZ_CHECK(said_right_proof);
    } else if (event->type == SIGNALING_MEET_EVENT_WRONG_CODE) {
        is_burnt = true;
        if (meet.is_creator && !is_lazy) {
            signaling_meet_renew(&meet);
        }
    } else if (event->type == SIGNALING_MEET_EVENT_PEER_LEFT && meet.is_creator && !is_lazy) {
        signaling_meet_reopen(&meet);
    }
}

static void settle(bool is_lazy)
{
    struct signaling_meet_event event;

    drain();
    while (signaling_meet_next_event(&meet, &event)) {
        take_event(&event, is_lazy);
    }
    drain();
}

// ---- what they say

static void say(const char *format, ...) YODEL_PRINTF(1, 2);
static void say(const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    FUZZ_CHECK(len > 0 && (size_t)len < sizeof text);
    signaling_meet_recv(&meet, bytes_of(text, (size_t)len));
}

static void say_share(uint8_t how)
{
    static const char *const prints[] = {THEIRS, THEIRS, THEIRS, OURS, ANOTHER, "AB", ""};
    char text[sizeof our_share_text];
    uint8_t share[SPAKE2_MESSAGE_SIZE];
    const char *print = prints[how / 4 % COUNT(prints)];
    bool is_first = meet.state == SIGNALING_MEET_PROVING && !meet.has_share;

    if (!has_shares) {
        return;
    }
    (void)snprintf(text, sizeof text, "%s", our_share_text); // Thrown back.
    if (how % 4 < 2) {
        spake2_message(how % 4 == 0 ? right : wrong, share);
        write_hex(text, share, sizeof share);
    } else if (how % 4 == 2) {
        text[how / 28 % (sizeof text - 1)] ^= 1;
    }
    if (is_first) {
        said_print = print;
        said_right_share = how % 4 == 0 && strcmp(print, THEIRS) == 0;
    }
    say("{\"type\":\"signal\",\"from\":\"p\",\"data\":{\"pake\":{\"version\":1,\"share\":\"%s\","
        "\"fingerprint\":\"%s\"}}}",
        text, print);
}

static void say_proof(uint8_t how)
{
    struct spake2 *from = how % 4 == 0 ? right : wrong;
    uint8_t proof[SPAKE2_CONFIRMATION_SIZE] = {how};
    char text[sizeof our_proof_text];

    if (!has_shares) {
        return;
    }
    if (how % 4 < 2) {
        enum yodel_err err = spake2_finish(from, bytes_of(our_share, sizeof our_share));
        FUZZ_CHECK(err == YODEL_OK || err == YODEL_ERR_INVALID_STATE); // Or it was before.
        FUZZ_CHECK(spake2_confirmation(from, proof) == YODEL_OK);
        said_right_proof = said_right_proof || from == right;
    }
    write_hex(text, proof, sizeof proof);
    say("{\"type\":\"signal\",\"from\":\"p\",\"data\":{\"confirm\":\"%s\"}}",
        how % 4 == 2 ? our_proof_text : text);
}

static void say_one(uint8_t op, struct reader *r)
{
    static const char *const texts[] = {
        "{\"type\":\"hello\",\"protocol\":1,\"ice_servers\":[{\"urls\":[\"stun:a\"]}]}",
        "{\"type\":\"paired\",\"number\":7,\"peer\":\"p\"}",
        "{\"type\":\"peer-left\",\"peer\":\"p\"}",
        "{\"type\":\"signal\",\"from\":\"p\",\"data\":{\"abort\":{\"code\":\"wrong-code\"}}}",
        "{\"type\":\"signal\",\"from\":\"p\",\"data\":{\"candidate\":null}}",
        "{\"type\":\"signal\",\"from\":\"q\",\"data\":{\"confirm\":\"00\"}}",
        "{\"type\":\"signal\",\"from\":\"p\",\"data\":{\"pake\":7,\"confirm\":[]}}",
        "{\"type\":\"error\",\"code\":\"no-such-peer\"}",
        "{\"type\":\"error\",\"code\":\"used-code\"}",
    };
    uint8_t how = take(r);

    if (op < 3) {
        say_share(how);
    } else if (op < 6) {
        say_proof(how);
    } else if (op == 6) {
        say("{\"type\":\"code\",\"number\":%d}", how % 4 + 5);
    } else if (op == 7) {
        struct bytes noise = read_bytes(r, how < r->left ? how : r->left);
        signaling_meet_recv(&meet, noise);
    } else if (op == 8) {
        signaling_meet_signal(&meet, json_pack("{s:n}", "candidate"));
    } else {
        say("%s", texts[how % COUNT(texts)]);
    }
}

FUZZ(input)
{
    static const struct signaling_phrase code = {.number = 7, .text = "7-amber-falcon"};
    struct reader r = reader_of(input);
    uint8_t mode = take(&r);

    fixture_init(&f);
    is_burnt = false;
    signaling_meet_init(&meet, &f.env, OURS, mode & 1 ? &code : NULL);
    if (mode & 2) { // The usual beginning, which noise would seldom find.
        say("{\"type\":\"hello\",\"protocol\":1}");
        say("{\"type\":\"code\",\"number\":7}");
        say("{\"type\":\"paired\",\"number\":7,\"peer\":\"p\"}");
        settle(false);
    }
    for (int i = 0; i < STEPS_MAX && r.left > 0; i++) {
        uint8_t op = take(&r);
        say_one(op & 15, &r);
        settle(op & 16);
    }
    forget_others();
    signaling_meet_deinit(&meet);
    signaling_core_deinit(&f.core);
    FUZZ_CHECK(f.heap.blocks == 0);
}
