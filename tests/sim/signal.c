// The simulator's signaling.
//
// Implements  W3C webrtc §10.7 (perfect negotiation)

#include "signal.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

void signal_deinit(struct sim_signal *signal)
{
    for (size_t i = 0; i < SIM_NOTES_MAX; i++) {
        free(signal->notes[i].text);
    }
}

static struct sim_note *new_note(struct sim_side *side, const char *text, yodel_duration delay)
{
    struct sim *sim = side->sim;

    for (size_t i = 0; i < SIM_NOTES_MAX; i++) {
        struct sim_note *note = &sim->signal.notes[i];

        if (!note->is_used) {
            *note = (struct sim_note){.is_used = true,
                .order = sim->signal.sent++,
                .to = 1 - side->index,
                .at = sim->now + delay,
                .text = strdup(text)};
            return note;
        }
    }
    sim_fail(sim, "there is room for a note", __FILE__, __LINE__);
}

static void send_candidate(struct sim_side *side, const struct yodel_ice_candidate *candidate)
{
    struct sim_signal *signal = &side->sim->signal;
    yodel_duration jitter = prng_below(&side->sim->prng, signal->jitter + 1);
    struct sim_note *note = new_note(side, candidate->candidate, signal->delay + jitter);

    (void)snprintf(note->mid, sizeof note->mid, "%s", candidate->sdp_mid ? candidate->sdp_mid : "");
}

void signal_candidate(struct sim_side *side, const struct yodel_ice_candidate *candidate)
{
    struct sim_signal *signal = &side->sim->signal;

    if (signal->is_dead || prng_chance(&side->sim->prng, signal->loss)) {
        return;
    }
    send_candidate(side, candidate);
    if (prng_chance(&side->sim->prng, signal->duplication)) {
        send_candidate(side, candidate);
    }
}

// Takes the lines with `unknown` in them out.
static void forget(char *text, const char *unknown)
{
    char *found;

    while (unknown && (found = strstr(text, unknown))) {
        char *end = strchr(found, '\n') + 1;
        while (found > text && found[-1] != '\n') {
            found--;
        }
        memmove(found, end, strlen(end) + 1);
    }
}

static void send_description(struct sim_side *side)
{
    struct yodel_description description;

    bool has_one = yodel_peer_local_description(side->peer, &description);
    SIM_CHECK(side->sim, has_one);
    if (!side->sim->signal.is_dead) {
        struct sim_note *note = new_note(side, description.sdp, side->sim->signal.delay);
        forget(note->text, side->sim->signal.unknown);
        note->is_description = true;
        note->type = description.type;
    }
}

void sim_offer(struct sim *sim, int side)
{
    enum yodel_err err = yodel_peer_set_local_description(sim->sides[side].peer, NULL);

    SIM_CHECK(sim, err == YODEL_OK);
    send_description(&sim->sides[side]);
}

static void take_description(struct sim_side *side, const struct sim_note *note)
{
    struct yodel_description description = {note->type, note->text};
    bool is_glare = note->type == YODEL_SDP_OFFER &&
                    yodel_peer_signaling_state(side->peer) != YODEL_SIGNALING_STABLE;

    if (is_glare && !side->is_polite) {
        return;
    }
    enum yodel_err err = yodel_peer_set_remote_description(side->peer, &description);
    SIM_CHECK(side->sim, err == YODEL_OK);
    if (note->type == YODEL_SDP_OFFER) {
        err = yodel_peer_set_local_description(side->peer, NULL);
        SIM_CHECK(side->sim, err == YODEL_OK);
        send_description(side);
    }
}

static void take_note(struct sim *sim, struct sim_note *note)
{
    struct sim_side *side = &sim->sides[note->to];

    if (note->is_description) {
        take_description(side, note);
    } else {
        struct yodel_ice_candidate candidate = {.candidate = note->text, .sdp_mid = note->mid};
        // A candidate of an offer that was ignored, or is yet to come, has nowhere to go.
        (void)yodel_peer_add_ice_candidate(side->peer, &candidate);
    }
    free(note->text);
    *note = (struct sim_note){0};
}

static bool is_before(const struct sim_note *a, const struct sim_note *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static struct sim_note *first_arrived(struct sim *sim)
{
    struct sim_note *first = NULL;

    for (size_t i = 0; i < SIM_NOTES_MAX; i++) {
        struct sim_note *note = &sim->signal.notes[i];

        if (note->is_used && note->at <= sim->now && !sim_is_paused(&sim->sides[note->to]) &&
            (!first || is_before(note, first))) {
            first = note;
        }
    }
    return first;
}

void signal_deliver(struct sim *sim)
{
    struct sim_note *note;

    while ((note = first_arrived(sim))) {
        take_note(sim, note);
    }
}

yodel_time signal_next_at(const struct sim *sim)
{
    yodel_time at = YODEL_NEVER;

    for (size_t i = 0; i < SIM_NOTES_MAX; i++) {
        const struct sim_note *note = &sim->signal.notes[i];

        if (note->is_used && !sim_is_paused(&sim->sides[note->to])) {
            at = time_min(at, note->at);
        }
    }
    return at;
}
