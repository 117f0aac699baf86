// The server's core against a model: five clients from three addresses say whatever the input makes
// of them, valid messages and broken ones in any order, while they come, go and time passes. What
// each client hears, message by message, is what the model says it should, and nothing is left over.
//
// An input that starts with an odd byte makes one allocation fail instead: then there is no model,
// only the promise that nothing is lost and nothing crashes.

#include "fuzz.h"
#include "signaling/core_model.h"

#define STEPS_MAX 150 // Less than MODEL_CODES: no number is out of the model's reach.

static const char *const rooms[] = {"den", "attic", "a b", ""};

static struct fixture f;
static struct model model;
static struct signaling_client *clients[MODEL_CLIENTS];
static bool is_exact;
static uint64_t chance;

// Where the input ends, chance goes on: short inputs get far, too.
static uint8_t take(struct reader *r)
{
    uint8_t byte = 0;

    if (r->left > 0) {
        byte = read_u8(r);
        chance = chance * 31 + byte;
    } else {
        fixture_random(&chance, span_of(&byte, 1));
    }
    return byte;
}

// What a client hears is what the model expects, in that order; who is closed is taken out.
static void settle(void)
{
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        model.clients[i].expected_count *= is_exact;
        if (!clients[i]) {
            continue;
        }
        const char *heard;
        while (*(heard = fixture_hear(&f, clients[i]))) {
            FUZZ_CHECK(!is_exact || model_expects(&model, i, heard));
        }
        FUZZ_CHECK(!is_exact || model.clients[i].expected_count == 0);
        bool is_closed = signaling_core_close(clients[i]) != SIGNALING_CLOSE_NONE;
        FUZZ_CHECK(!is_exact || is_closed == model.clients[i].is_closed);
    }
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        if (clients[i] && signaling_core_close(clients[i]) != SIGNALING_CLOSE_NONE) {
            signaling_core_disconnect(&f.core, clients[i], f.now);
            clients[i] = NULL;
            model_disconnect(&model, i, f.now);
            settle(); // Once more for each that goes: MODEL_CLIENTS at most.
        }
    }
    FUZZ_CHECK(!is_exact || (f.core.codes.count == model_code_count(&model) &&
                                f.core.rooms.by_name.count == model_room_count(&model)));
}

static void come_or_go(int i)
{
    if (clients[i]) {
        signaling_core_disconnect(&f.core, clients[i], f.now);
        clients[i] = NULL;
        model_disconnect(&model, i, f.now);
        return;
    }
    clients[i] = fixture_connect(&f, (uint32_t)i / 2);
    if (clients[i]) {
        const char *heard = fixture_hear(&f, clients[i]);
        FUZZ_CHECK(!is_exact || strstr(heard, "\"type\":\"hello\""));
        model_connect(&model, i, signaling_core_id(clients[i]));
    }
}

static void pass_time(uint8_t how_long)
{
    static const yodel_time steps[] = {1, YODEL_MS(10), YODEL_MS(300), YODEL_SECONDS(1),
        YODEL_SECONDS(15), YODEL_SECONDS(61), YODEL_SECONDS(300), YODEL_SECONDS(600)};

    f.now += steps[how_long % COUNT(steps)];
    signaling_core_tick(&f.core, f.now);
    FUZZ_CHECK(signaling_core_next_timeout(&f.core) > f.now);
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        if (clients[i]) {
            signaling_core_pong(clients[i]);
        }
    }
}

// A message that is right by its form, from three bytes.
static size_t write_message(char *text, size_t room, uint8_t kind, struct reader *r)
{
    static const char *const numbered[] = {"use-code", "reopen-code", "release-code", "unpair"};
    unsigned value = take(r);
    int len;

    if (kind < 2) {
        len = snprintf(
            text, room, "{\"type\":\"join\",\"room\":\"%s\"}", rooms[value % COUNT(rooms)]);
    } else if (kind == 2) {
        len = snprintf(text, room, "{\"type\":\"leave\"}");
    } else if (kind == 3) {
        const char *id = value < MODEL_CLIENTS ? model.clients[value].id : "nobody";
        len = snprintf(text, room,
            "{\"type\":\"signal\",\"to\":\"%s\",\"data\":[%u, {\"b\":null, \"a\":1e3}]}", id,
            value);
    } else if (kind == 4) {
        len = snprintf(text, room, "{\"type\":\"create-code\"}");
    } else if (kind == 5) {
        len = snprintf(text, room, "{\"type\":\"unpair\"}");
    } else {
        len =
            snprintf(text, room, "{\"type\":\"%s\",\"number\":%u}", numbered[kind % 4], value % 12);
    }
    return (size_t)len;
}

static void speak(int i, uint8_t kind, struct reader *r)
{
    char text[400];
    size_t len = write_message(text, sizeof text, kind & 15, r);

    if (kind / 32 == 7) { // Broken somewhere.
        uint8_t at = take(r), how = take(r);
        text[at % len] = (char)(text[at % len] ^ (how | 1));
        len = how & 64 ? at % len : len;
    }
    if (!clients[i]) {
        return;
    }
    struct signaling_message message;
    enum yodel_err err = signaling_message_parse(&message, bytes_of(text, len));
    model_recv(&model, i, err == YODEL_OK ? &message : NULL, f.now);
    signaling_message_deinit(&message);
    signaling_core_recv(&f.core, clients[i], bytes_of(text, len), f.now);
}

static void step(struct reader *r)
{
    uint8_t op = take(r), kind = take(r);
    int i = op % MODEL_CLIENTS;

    if (op / MODEL_CLIENTS < 2) { // Seldom, or nothing would come to anything.
        come_or_go(i);
    } else if (op / MODEL_CLIENTS % 8 == 1) {
        pass_time(kind);
    } else {
        speak(i, kind, r);
    }
}

FUZZ(input)
{
    struct reader r = reader_of(input);

    fixture_init(&f);
    chance = 0;
    uint8_t mode = take(&r);
    is_exact = mode % 2 == 0;
    f.heap.fail_at = is_exact ? 0 : (size_t)mode / 2 + 1;
    model_init(&model);
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        come_or_go(i);
    }
    for (int i = 0; i < STEPS_MAX; i++) {
        step(&r);
        settle();
    }
    for (int i = 0; i < MODEL_CLIENTS; i++) {
        if (clients[i]) {
            signaling_core_disconnect(&f.core, clients[i], f.now);
            clients[i] = NULL;
        }
    }
    signaling_core_deinit(&f.core);
    FUZZ_CHECK(f.heap.blocks == 0);
}
