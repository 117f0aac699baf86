// The party: each other side with its peer and its tracks. All are sent the same; of each is taken what comes.
//
// As the handler of a room or of a WHIP session (cli/peering.h) it adds sections where we make the offer, and takes
// those of the offer where we answer.
//
// Ownership   the caller owns the struct, which must not move, and the tracks that are sent
// Limits      CLI_PARTY_MAX others; every one has encoders of its own

#ifndef CLI_PARTY_H
#define CLI_PARTY_H

#include "cli/figures.h"
#include "signaling/member.h"

#define CLI_PARTY_MAX SIGNALING_MEMBER_PARTNERS_MAX

struct cli_party_options {
    yodel_runtime *runtime;
    bool sends, receives;
    bool has_kind[2];                  // By enum yodel_media_kind.
    const enum yodel_codec *codecs[2]; // What may be sent and taken, the best first;
    size_t codec_count[2];             // none: all.

    // The other side's track of each kind, the first time; it may be listened to until on_gone.
    void (*on_track)(void *ctx, yodel_track *track);
    // What comes of it, before it is decoded.
    void (*on_frame)(void *ctx, yodel_transceiver *transceiver, const struct yodel_frame *frame);
    void (*on_gone)(void *ctx);
    void *ctx;
};

struct cli_party_one {
    struct cli_party *party;
    yodel_peer *peer; // NULL: the place is free.
    yodel_media *media;
    yodel_transceiver *transceivers[2];
    bool has_come[2];
    yodel_peer_handler *handler;
    void *handler_ctx;
    struct cli_figures_sample before;
};

struct cli_party {
    struct cli_party_options options;
    yodel_track *tracks[2]; // What is sent now; NULL: nothing.
    struct cli_party_one ones[CLI_PARTY_MAX];
};

void cli_party_init(struct cli_party *party, const struct cli_party_options *options);

// What cli/peering.h has a command do.
enum yodel_err cli_party_take(
    struct cli_party *party, yodel_peer *peer, yodel_peer_handler *handler, void *handler_ctx);
void cli_party_drop(struct cli_party *party, yodel_peer *peer);

// From now on this is sent to all. NULL: nothing, of that kind.
void cli_party_send(struct cli_party *party, enum yodel_media_kind kind, yodel_track *track);

// Of all, since it was asked before.
void cli_party_figures(struct cli_party *party, struct cli_figures *figures, yodel_time now);

#endif
