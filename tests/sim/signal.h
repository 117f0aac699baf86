// The simulator's signaling: descriptions and candidates on their way, and the perfect negotiation.
//
// Descriptions arrive, and in the order in which they were sent. Candidates may be late, lost, or
// come twice, and overtake each other and the descriptions that they belong to.
//
// Ownership   the sim's; texts are freed by signal_deinit
// Limits      SIM_NOTES_MAX on their way

#ifndef SIM_SIGNAL_H
#define SIM_SIGNAL_H

#include "prng.h"
#include "yodel/peer.h"

#define SIM_NOTES_MAX 128

struct sim;
struct sim_side;

// A message of the signaling's on its way.
struct sim_note {
    bool is_used;
    uint64_t order;
    int to;
    yodel_time at;
    bool is_description;
    enum yodel_sdp_type type;
    char *text;
    char mid[32];
};

struct sim_signal {
    yodel_duration delay;
    yodel_duration jitter; // These three are for candidates alone.
    double loss;
    double duplication;
    bool is_dead;
    const char
        *unknown; // Lines of descriptions with this in them do not arrive: who knows nothing of it.
    uint64_t sent;
    struct sim_note notes[SIM_NOTES_MAX];
};

void signal_deinit(struct sim_signal *signal);

// Tells the other side of a local candidate.
void signal_candidate(struct sim_side *side, const struct yodel_ice_candidate *candidate);

// Makes and sends an offer.
void sim_offer(struct sim *sim, int side);

// Gives what has arrived to its side, unless that one stands still.
void signal_deliver(struct sim *sim);
yodel_time signal_next_at(const struct sim *sim);

#endif
