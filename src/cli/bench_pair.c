// Two connected peers for measurements.

#include "cli/bench_pair.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/port.h"

#define BUFFERED_HIGH (4u * 1024 * 1024) // Where the sender pauses,
#define BUFFERED_LOW (2u * 1024 * 1024)  // and where it goes on.
#define OPEN_TIMEOUT_MS 10000

// ---- signaling in memory: a letter from one thread to the other

struct letter {
    struct bench_end *to;
    bool is_candidate;
    enum yodel_sdp_type type;
    char text[];
};

static void read_letter(void *ctx);

static void send_letter(
    struct bench_end *to, bool is_candidate, enum yodel_sdp_type type, const char *text)
{
    size_t len = strlen(text) + 1;
    struct letter *letter = alloc_new(alloc_system(), sizeof *letter + len);

    if (!letter) {
        return; // Then the pair does not connect, which is told.
    }
    letter->to = to;
    letter->is_candidate = is_candidate;
    letter->type = type;
    memcpy(letter->text, text, len);
    if (yodel_runtime_post(to->runtime, read_letter, letter) != YODEL_OK) {
        alloc_free(alloc_system(), letter);
    }
}

static void note_error(struct bench_end *end, const char *what, enum yodel_err err)
{
    if (err != YODEL_OK && end->error[0] == '\0') {
        (void)snprintf(end->error, sizeof end->error, "%s: %s (%.80s)", what, yodel_err_text(err),
            yodel_peer_error_text(end->peer));
    }
}

static void describe(struct bench_end *end)
{
    struct yodel_description local;
    enum yodel_err err = yodel_peer_set_local_description(end->peer, NULL);

    note_error(end, "set_local_description", err);
    if (err == YODEL_OK && yodel_peer_local_description(end->peer, &local)) {
        send_letter(end->other, false, local.type, local.sdp);
    }
}

static void read_letter(void *ctx)
{
    struct letter *letter = ctx;
    struct bench_end *end = letter->to;

    if (end->peer && letter->is_candidate) {
        struct yodel_ice_candidate candidate = {.candidate = letter->text, .sdp_mid = "0"};
        note_error(end, "add_ice_candidate", yodel_peer_add_ice_candidate(end->peer, &candidate));
    } else if (end->peer) {
        struct yodel_description remote = {letter->type, letter->text};
        enum yodel_err err = yodel_peer_set_remote_description(end->peer, &remote);
        note_error(end, "set_remote_description", err);
        if (err == YODEL_OK && letter->type == YODEL_SDP_OFFER) {
            describe(end);
        }
    }
    alloc_free(alloc_system(), letter);
}

// ---- what happens to an end

static void fill(struct bench_end *end)
{
    while (end->is_flooding && yodel_channel_buffered_amount(end->channel) < BUFFERED_HIGH) {
        enum yodel_err err = yodel_channel_send(end->channel, end->payload, end->payload_len);
        if (err == YODEL_ERR_WOULD_BLOCK) {
            return;
        }
        note_error(end, "send", err);
        end->is_flooding = end->is_flooding && err == YODEL_OK;
    }
}

static void on_state(struct bench_end *end)
{
    if (yodel_peer_connection_state(end->peer) == YODEL_CONNECTION_FAILED) {
        note_error(end, "connect", YODEL_ERR_NETWORK);
    }
}

static void on_open(struct bench_end *end, yodel_channel *channel)
{
    end->channel = channel;
    end->is_open = true;
    end->opened_at = yodel_runtime_now(end->runtime);
    yodel_channel_set_buffered_amount_low_threshold(channel, BUFFERED_LOW);
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct bench_end *end = ctx;

    (void)peer;
    if (event->type == YODEL_EVENT_CHANNEL_MESSAGE) {
        end->received += event->message.len;
    } else if (event->type == YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW) {
        fill(end);
    } else if (event->type == YODEL_EVENT_CHANNEL_OPEN) {
        on_open(end, event->channel);
    } else if (event->type == YODEL_EVENT_ICE_CANDIDATE) {
        send_letter(end->other, true, YODEL_SDP_OFFER, event->candidate.candidate);
    } else if (event->type == YODEL_EVENT_CONNECTION_STATE_CHANGE) {
        on_state(end);
    }
}

// ---- coming and going, each on its own thread

static void open_end(void *ctx)
{
    struct bench_end *end = ctx;
    struct yodel_peer_config config = {.no_media = true};
    enum yodel_err err = yodel_peer_new(&config, &end->peer);

    if (err != YODEL_OK) {
        (void)snprintf(end->error, sizeof end->error, "new: %s", yodel_err_text(err));
        return;
    }
    note_error(end, "add", yodel_runtime_add(end->runtime, end->peer, on_event, end));
    if (end->is_offerer) {
        err = yodel_peer_create_data_channel(end->peer, "bench", NULL, &end->channel);
        note_error(end, "create_data_channel", err);
        if (err == YODEL_OK) {
            describe(end);
        }
    }
}

static void close_end(void *ctx)
{
    struct bench_end *end = ctx;

    if (end->peer) {
        yodel_peer_close(end->peer);
        yodel_runtime_remove(end->runtime, end->peer);
        yodel_peer_free(end->peer);
        end->peer = NULL;
    }
}

static void do_nothing(void *ctx)
{
    (void)ctx;
}

struct look {
    struct bench_end *end;
    bool is_open;
    bool has_failed;
    uint64_t received;
};

static void look_at(void *ctx)
{
    struct look *look = ctx;

    look->is_open = look->end->is_open;
    look->has_failed = look->end->error[0] != '\0';
    look->received = look->end->received;
}

static struct look look_at_end(struct bench_end *end)
{
    struct look look = {.end = end};

    if (yodel_runtime_call(end->runtime, look_at, &look) != YODEL_OK) {
        look.has_failed = true;
    }
    return look;
}

static enum yodel_err wait_until_open(struct bench_end *end, int *left_ms)
{
    const struct timespec a_millisecond = {.tv_nsec = 1000000};
    struct look look = look_at_end(end);

    for (; *left_ms > 0 && !look.is_open && !look.has_failed; look = look_at_end(end)) {
        (void)nanosleep(&a_millisecond, NULL);
        --*left_ms;
    }
    return look.is_open ? YODEL_OK : look.has_failed ? YODEL_ERR_OPERATION : YODEL_ERR_TIMEOUT;
}

enum yodel_err bench_pair_open(struct bench_pair *pair, yodel_runtime *first, yodel_runtime *second)
{
    struct bench_end *a = &pair->ends[0], *b = &pair->ends[1];
    int left_ms = OPEN_TIMEOUT_MS;

    *a = (struct bench_end){.runtime = first, .other = b, .is_offerer = true};
    *b = (struct bench_end){.runtime = second, .other = a};
    enum yodel_err err = yodel_runtime_call(second, open_end, b); // There before the offer comes.
    if (err == YODEL_OK) {
        err = yodel_runtime_call(first, open_end, a);
    }
    if (err == YODEL_OK) {
        err = wait_until_open(a, &left_ms);
    }
    return err == YODEL_OK ? wait_until_open(b, &left_ms) : err;
}

void bench_pair_close(struct bench_pair *pair)
{
    struct bench_end *a = &pair->ends[0], *b = &pair->ends[1];

    (void)yodel_runtime_call(a->runtime, close_end, a);
    (void)yodel_runtime_call(b->runtime, close_end, b);
    (void)yodel_runtime_call(a->runtime, do_nothing, NULL); // Letters that were on their way.
}

static void start_flood(void *ctx)
{
    struct bench_end *end = ctx;

    end->is_flooding = true;
    fill(end);
}

static void stop_flood(void *ctx)
{
    ((struct bench_end *)ctx)->is_flooding = false;
}

enum yodel_err bench_pair_flood(struct bench_pair *pair, const uint8_t *payload, size_t len)
{
    pair->ends[0].payload = payload; // Nobody looks at it yet.
    pair->ends[0].payload_len = len;
    return yodel_runtime_call(pair->ends[0].runtime, start_flood, &pair->ends[0]);
}

void bench_pair_rest(struct bench_pair *pair)
{
    (void)yodel_runtime_call(pair->ends[0].runtime, stop_flood, &pair->ends[0]);
}

uint64_t bench_pair_received(struct bench_pair *pair)
{
    return look_at_end(&pair->ends[1]).received;
}
