// Meeting by a code.
//
// Implements  docs/SIGNALING.md, Rendezvous codes; docs/SPAKE2.md

#include "signaling/meet.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/hex.h"

#define PROTOCOL 1
#define SHARE_TEXT_MAX (2 * SPAKE2_MESSAGE_SIZE)

void signaling_meet_init(struct signaling_meet *meet, const struct env *env,
    const char *fingerprint, const struct signaling_phrase *code)
{
    *meet = (struct signaling_meet){.env = env, .is_creator = code == NULL};
    (void)snprintf(meet->fingerprint, sizeof meet->fingerprint, "%s", fingerprint);
    if (code) {
        meet->code = *code;
    }
}

void signaling_meet_deinit(struct signaling_meet *meet)
{
    spake2_free(meet->spake2);
    while (signaling_meet_next_out(meet)) {
    }
    alloc_free(alloc_system(), meet->given);
    while (meet->news_count > 0) {
        json_decref(meet->news[meet->news_first].data);
        meet->news_first = (meet->news_first + 1) % SIGNALING_MEET_NEWS_MAX;
        meet->news_count--;
    }
    json_decref(meet->told.data);
    *meet = (struct signaling_meet){.state = SIGNALING_MEET_OVER};
}

// ---- out

// Queues a message for the server, and takes it over. Those over the limit are lost, as on a
// connection that breaks: nobody sends so many.
static void say(struct signaling_meet *meet, json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);

    json_decref(message);
    if (!text || meet->out_count == SIGNALING_MEET_OUT_MAX) {
        alloc_free(alloc_system(), text);
        return;
    }
    meet->out[(meet->out_first + meet->out_count++) % SIGNALING_MEET_OUT_MAX] = text;
}

const char *signaling_meet_next_out(struct signaling_meet *meet)
{
    if (meet->out_count == 0) {
        return NULL;
    }
    alloc_free(alloc_system(), meet->given);
    meet->given = meet->out[meet->out_first];
    meet->out_first = (meet->out_first + 1) % SIGNALING_MEET_OUT_MAX;
    meet->out_count--;
    return meet->given;
}

static void say_number(struct signaling_meet *meet, const char *type)
{
    say(meet, json_pack("{s:s, s:i}", "type", type, "number", (int)meet->code.number));
}

// To the other side, whether it is proven yet or not.
static void say_to_peer(struct signaling_meet *meet, json_t *data)
{
    say(meet, json_pack("{s:s, s:s, s:o}", "type", "signal", "to", meet->peer, "data", data));
}

static json_t *json_hex(struct bytes value)
{
    char text[SHARE_TEXT_MAX];
    struct writer w = writer_of(span_of(text, sizeof text));

    hex_write(&w, value);
    return json_stringn(text, w.len);
}

// ---- events

static void tell(struct signaling_meet *meet, enum signaling_meet_event_type type, const char *code,
    const char *text, const json_t *data)
{
    if (meet->news_count == SIGNALING_MEET_NEWS_MAX) {
        return; // The caller takes events after each message; so many come only from a bad server.
    }
    struct signaling_meet_news *news =
        &meet->news[(meet->news_first + meet->news_count++) % SIGNALING_MEET_NEWS_MAX];
    *news = (struct signaling_meet_news){.type = type, .data = json_deep_copy(data)};
    (void)snprintf(news->code, sizeof news->code, "%s", code);
    (void)snprintf(news->text, sizeof news->text, "%s", text);
}

bool signaling_meet_next_event(struct signaling_meet *meet, struct signaling_meet_event *event)
{
    if (meet->news_count == 0) {
        return false;
    }
    json_decref(meet->told.data);
    meet->told = meet->news[meet->news_first];
    meet->news_first = (meet->news_first + 1) % SIGNALING_MEET_NEWS_MAX;
    meet->news_count--;
    *event = (struct signaling_meet_event){
        meet->told.type, meet->told.code, meet->told.text, meet->told.data};
    return true;
}

static void fail(struct signaling_meet *meet, const char *code, const char *text)
{
    if (meet->state != SIGNALING_MEET_OVER) {
        meet->state = SIGNALING_MEET_OVER;
        tell(meet, SIGNALING_MEET_EVENT_FAILED, code, text, NULL);
    }
}

// ---- the code

static void forget_peer(struct signaling_meet *meet)
{
    spake2_free(meet->spake2);
    meet->spake2 = NULL;
    meet->has_share = false;
    meet->peer[0] = '\0';
    meet->other_fingerprint[0] = '\0';
}

static void ask(struct signaling_meet *meet)
{
    meet->state = SIGNALING_MEET_ASKING;
    if (meet->is_creator) {
        say(meet, json_pack("{s:s}", "type", "create-code"));
    } else {
        say_number(meet, "use-code");
    }
}

void signaling_meet_reopen(struct signaling_meet *meet)
{
    YODEL_ASSERT(meet->is_creator);
    forget_peer(meet);
    meet->is_reopening = true;
    meet->state = SIGNALING_MEET_ASKING;
    say_number(meet, "reopen-code");
}

void signaling_meet_renew(struct signaling_meet *meet)
{
    YODEL_ASSERT(meet->is_creator);
    forget_peer(meet);
    meet->is_reopening = false;
    ask(meet);
}

void signaling_meet_retry(struct signaling_meet *meet)
{
    YODEL_ASSERT(!meet->is_creator);
    forget_peer(meet);
    ask(meet);
}

void signaling_meet_release(struct signaling_meet *meet)
{
    if (meet->is_creator && meet->code.number > 0) {
        say_number(meet, "release-code");
    }
}

static void take_hello(struct signaling_meet *meet, const json_t *message)
{
    const json_t *protocol = json_object_get(message, "protocol");

    if (meet->state != SIGNALING_MEET_HELLO) {
        return;
    }
    if (json_integer_value(protocol) != PROTOCOL) {
        fail(meet, "not-ours", "the server speaks another version of the protocol; update Yodel");
        return;
    }
    tell(meet, SIGNALING_MEET_EVENT_HELLO, "", "", json_object_get(message, "ice_servers"));
    ask(meet);
}

static void take_code(struct signaling_meet *meet, const json_t *message)
{
    json_int_t number = json_integer_value(json_object_get(message, "number"));

    if (meet->state != SIGNALING_MEET_ASKING || !meet->is_creator || number <= 0 ||
        number > 999999) {
        return;
    }
    meet->state = SIGNALING_MEET_WAITING;
    if (meet->is_reopening && (uint32_t)number == meet->code.number) {
        return; // The same words: who proved them once may come back with them.
    }
    signaling_phrase_make(&meet->code, meet->env, (uint32_t)number);
    tell(meet, SIGNALING_MEET_EVENT_CODE, "", meet->code.text, NULL);
}

// ---- the proof

static void take_paired(struct signaling_meet *meet, const json_t *message)
{
    const char *peer = json_string_value(json_object_get(message, "peer"));
    uint8_t share[SPAKE2_MESSAGE_SIZE];
    struct spake2_options options = {
        .role = meet->is_creator ? SPAKE2_A : SPAKE2_B,
        .password = bytes_of_text(meet->code.text),
    };
    bool is_expected = meet->is_creator ? meet->state == SIGNALING_MEET_WAITING
                                        : meet->state == SIGNALING_MEET_ASKING;

    if (!is_expected || !peer || strlen(peer) >= sizeof meet->peer) {
        return;
    }
    forget_peer(meet);
    (void)snprintf(meet->peer, sizeof meet->peer, "%s", peer);
    if (spake2_new(meet->env, &options, &meet->spake2) != YODEL_OK) {
        fail(meet, "io", "there is no memory left");
        return;
    }
    meet->state = SIGNALING_MEET_PROVING;
    spake2_message(meet->spake2, share);
    say_to_peer(
        meet, json_pack("{s:{s:i, s:o, s:s}}", "pake", "version", 1, "share",
                  json_hex(bytes_of(share, sizeof share)), "fingerprint", meet->fingerprint));
    tell(meet, SIGNALING_MEET_EVENT_PAIRED, "", "", NULL);
}

// A guess was spent: there, by an abort, or by leaving with our confirmation, against which one
// guess can be checked, without having given its own. A server that pairs us again gets no second
// one: the creator's next code has other words, and the joiner's words are used up.
static void burn(struct signaling_meet *meet)
{
    if (meet->is_creator) {
        say_number(meet, "release-code");
    }
    meet->state = meet->is_creator ? SIGNALING_MEET_ASKING : SIGNALING_MEET_OVER;
    meet->is_reopening = false;
    forget_peer(meet);
    tell(meet, SIGNALING_MEET_EVENT_WRONG_CODE, "wrong-code",
        "the code does not match; it is used up now", NULL);
}

// The proof failed: a wrong word was typed, or somebody is in between. One guess, one code.
static void refuse(struct signaling_meet *meet)
{
    say_to_peer(meet, json_pack("{s:{s:s, s:s}}", "abort", "code", "wrong-code", "text",
                          "the codes of the two sides differ"));
    burn(meet);
}

static bool is_fingerprint(const char *text)
{
    return text && strlen(text) == 95 && strspn(text, "0123456789ABCDEF:") == 95;
}

static void take_pake(struct signaling_meet *meet, const json_t *pake)
{
    const char *text = json_string_value(json_object_get(pake, "share"));
    const char *fingerprint = json_string_value(json_object_get(pake, "fingerprint"));
    uint8_t share[SPAKE2_MESSAGE_SIZE], confirmation[SPAKE2_CONFIRMATION_SIZE];
    struct bytes ours = bytes_of_text(meet->fingerprint);
    size_t len = 0;

    if (meet->has_share || !text || !is_fingerprint(fingerprint) ||
        json_integer_value(json_object_get(pake, "version")) != 1 ||
        hex_parse(span_of(share, sizeof share), bytes_of_text(text), &len) != YODEL_OK) {
        refuse(meet);
        return;
    }
    struct bytes theirs = bytes_of_text(fingerprint);
    enum yodel_err err = spake2_identify(
        meet->spake2, meet->is_creator ? ours : theirs, meet->is_creator ? theirs : ours);
    if (!err) {
        err = spake2_finish(meet->spake2, bytes_of(share, len));
    }
    if (!err) {
        err = spake2_confirmation(meet->spake2, confirmation);
    }
    if (err) {
        refuse(meet);
        return;
    }
    meet->has_share = true;
    (void)snprintf(meet->other_fingerprint, sizeof meet->other_fingerprint, "%s", fingerprint);
    say_to_peer(
        meet, json_pack("{s:o}", "confirm", json_hex(bytes_of(confirmation, sizeof confirmation))));
}

static void take_confirm(struct signaling_meet *meet, const char *text)
{
    uint8_t confirmation[SPAKE2_CONFIRMATION_SIZE];
    size_t len = 0;

    if (!meet->has_share || !text ||
        hex_parse(span_of(confirmation, sizeof confirmation), bytes_of_text(text), &len) ||
        spake2_verify(meet->spake2, bytes_of(confirmation, len)) != YODEL_OK) {
        refuse(meet);
        return;
    }
    meet->state = SIGNALING_MEET_MET;
    tell(meet, SIGNALING_MEET_EVENT_MET, "", meet->other_fingerprint, NULL);
}

static void take_signal(struct signaling_meet *meet, const json_t *message)
{
    const char *from = json_string_value(json_object_get(message, "from"));
    const json_t *data = json_object_get(message, "data");

    if (!from || !meet->peer[0] || strcmp(from, meet->peer) != 0) {
        return;
    }
    if (meet->state == SIGNALING_MEET_MET) {
        tell(meet, SIGNALING_MEET_EVENT_SIGNAL, "", "", data);
        return;
    }
    if (meet->state != SIGNALING_MEET_PROVING) {
        return;
    }
    if (json_object_get(data, "pake")) {
        take_pake(meet, json_object_get(data, "pake"));
    } else if (json_object_get(data, "confirm")) {
        take_confirm(meet, json_string_value(json_object_get(data, "confirm")));
    } else if (json_object_get(data, "abort")) {
        burn(meet);
    }
}

void signaling_meet_signal(struct signaling_meet *meet, json_t *data)
{
    if (meet->state != SIGNALING_MEET_MET) {
        json_decref(data);
        return;
    }
    say_to_peer(meet, data);
}

// ---- in

static void take_peer_left(struct signaling_meet *meet, const json_t *message)
{
    const char *peer = json_string_value(json_object_get(message, "peer"));

    if (!peer || !meet->peer[0] || strcmp(peer, meet->peer) != 0) {
        return;
    }
    if (meet->state == SIGNALING_MEET_PROVING && meet->has_share) {
        burn(meet);
    } else {
        tell(meet, SIGNALING_MEET_EVENT_PEER_LEFT, "", "", NULL);
    }
}

static void take_error(struct signaling_meet *meet, const json_t *message)
{
    const char *code = json_string_value(json_object_get(message, "code"));
    const char *text = json_string_value(json_object_get(message, "text"));

    code = code ? code : "server";
    if (strcmp(code, "no-such-peer") == 0) {
        return; // It left while we spoke; peer-left says so.
    }
    if (strcmp(code, "unknown-code") == 0) {
        text =
            "nobody has this code (any more); ask for the one that is shown now, and whether the "
            "server is the same";
    } else if (strcmp(code, "used-code") == 0) {
        text = "this code is in use or was used; ask the sender for a new one";
    }
    fail(meet, code, text ? text : "the server refused");
}

void signaling_meet_recv(struct signaling_meet *meet, struct bytes text)
{
    static const struct {
        const char *type;
        void (*take)(struct signaling_meet *meet, const json_t *message);
    } table[] = {
        {"hello", take_hello},
        {"code", take_code},
        {"paired", take_paired},
        {"signal", take_signal},
        {"peer-left", take_peer_left},
        {"error", take_error},
    };
    json_t *message = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(message, "type"));

    if (meet->state == SIGNALING_MEET_HELLO && (!type || strcmp(type, "hello") != 0)) {
        fail(meet, "not-ours", "this is not a Yodel server; look at the address");
    }
    for (size_t i = 0; type && i < COUNT(table) && meet->state != SIGNALING_MEET_OVER; i++) {
        if (strcmp(table[i].type, type) == 0) {
            table[i].take(meet, message);
        }
    }
    json_decref(message);
}
