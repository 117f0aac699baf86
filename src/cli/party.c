// The party: each other side with its peer and its tracks.

#include "cli/party.h"

#include "base/port.h"

#define STREAM_ID                                                                                  \
    "yodel" // Of both tracks, so that the other side keeps them in sync (RFC 5888 §7).

static const enum yodel_media_kind kinds[] = {YODEL_AUDIO, YODEL_VIDEO};

void cli_party_init(struct cli_party *party, const struct cli_party_options *options)
{
    *party = (struct cli_party){.options = *options};
}

static struct cli_party_one *find(struct cli_party *party, const yodel_peer *peer)
{
    for (size_t i = 0; i < COUNT(party->ones); i++) {
        if (party->ones[i].peer == peer) {
            return &party->ones[i];
        }
    }
    return NULL;
}

// ---- what comes

static void take_track(struct cli_party_one *one, yodel_transceiver *transceiver)
{
    const struct cli_party_options *options = &one->party->options;
    enum yodel_media_kind kind = yodel_transceiver_kind(transceiver);

    if (!options->receives || one->has_come[kind]) {
        return; // There is room for one of each kind.
    }
    yodel_track *track = yodel_media_track(one->media, transceiver);
    if (track) {
        one->has_come[kind] = true;
        options->on_track(options->ctx, track);
    }
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct cli_party_one *one = ctx;

    const struct cli_party_options *options = &one->party->options;

    if (event->type == YODEL_EVENT_TRACK) {
        take_track(one, event->transceiver);
    } else if (event->type == YODEL_EVENT_FRAME && options->receives) {
        options->on_frame(options->ctx, event->transceiver, event->frame);
    }
    one->handler(one->handler_ctx, peer, event); // It may drop us.
}

// ---- sections

static enum yodel_direction direction_of(const struct cli_party *party)
{
    return !party->options.receives ? YODEL_SENDONLY
           : !party->options.sends  ? YODEL_RECVONLY
                                    : YODEL_SENDRECV;
}

static enum yodel_err prepare(struct cli_party_one *one, enum yodel_media_kind kind)
{
    struct cli_party *party = one->party;
    yodel_transceiver *transceiver = one->transceivers[kind];
    enum yodel_err err = YODEL_OK;

    if (party->options.codec_count[kind] > 0) {
        err = yodel_transceiver_set_codec_preferences(
            transceiver, party->options.codecs[kind], party->options.codec_count[kind]);
    }
    if (!err && party->tracks[kind]) {
        err = yodel_media_send(one->media, transceiver, party->tracks[kind]);
    }
    return err;
}

// Who only receives takes an offer's sections as they are: those it would add were for another offer.
static enum yodel_err take_sections(struct cli_party_one *one)
{
    const struct cli_party_options *options = &one->party->options;
    yodel_transceiver *transceiver;
    enum yodel_err err = YODEL_OK;

    for (size_t i = 0; !err && (transceiver = yodel_peer_transceiver(one->peer, i)) != NULL; i++) {
        enum yodel_media_kind kind = yodel_transceiver_kind(transceiver);
        err = yodel_transceiver_set_codec_preferences(
            transceiver, options->codecs[kind], options->codec_count[kind]);
    }
    return err;
}

static enum yodel_err add_sections(struct cli_party_one *one)
{
    const struct cli_party *party = one->party;
    struct yodel_transceiver_init init = {
        .direction = direction_of(party), .stream_id = party->options.sends ? STREAM_ID : NULL};
    enum yodel_err err = YODEL_OK;

    for (size_t i = 0; !err && i < COUNT(kinds); i++) {
        if (!party->options.has_kind[kinds[i]]) {
            continue;
        }
        err = yodel_peer_add_track(one->peer, kinds[i], &init, &one->transceivers[kinds[i]]);
        if (!err) {
            err = prepare(one, kinds[i]);
        }
    }
    return err;
}

// ---- who is there

enum yodel_err cli_party_take(
    struct cli_party *party, yodel_peer *peer, yodel_peer_handler *handler, void *handler_ctx)
{
    struct cli_party_one *one = find(party, NULL);

    if (!one) {
        return YODEL_ERR_NO_MEMORY; // A room has no more places.
    }
    *one = (struct cli_party_one){
        .party = party, .peer = peer, .handler = handler, .handler_ctx = handler_ctx};
    enum yodel_err err = yodel_media_new(party->options.runtime, peer, on_event, one, &one->media);
    if (!err) {
        bool answers = yodel_peer_signaling_state(peer) == YODEL_SIGNALING_HAVE_REMOTE_OFFER;
        err = answers && !party->options.sends ? take_sections(one) : add_sections(one);
        if (err) {
            yodel_media_free(one->media);
        }
    }
    if (err) {
        *one = (struct cli_party_one){0};
    }
    return err;
}

void cli_party_drop(struct cli_party *party, yodel_peer *peer)
{
    struct cli_party_one *one = find(party, peer);

    if (!one) {
        return;
    }
    if (party->options.receives) {
        party->options.on_gone(party->options.ctx);
    }
    yodel_media_free(one->media);
    *one = (struct cli_party_one){0};
}

void cli_party_send(struct cli_party *party, enum yodel_media_kind kind, yodel_track *track)
{
    party->tracks[kind] = track;
    for (size_t i = 0; i < COUNT(party->ones); i++) {
        struct cli_party_one *one = &party->ones[i];
        if (one->peer && one->transceivers[kind]) {
            (void)yodel_media_send(one->media, one->transceivers[kind], track);
        }
    }
}

void cli_party_figures(struct cli_party *party, struct cli_figures *figures, yodel_time now)
{
    struct cli_figures_sample sample;

    *figures = (struct cli_figures){0};
    for (size_t i = 0; i < COUNT(party->ones); i++) {
        struct cli_party_one *one = &party->ones[i];
        if (one->peer && yodel_peer_connection_state(one->peer) == YODEL_CONNECTION_CONNECTED) {
            cli_figures_take(&sample, one->media, now);
            cli_figures_add(figures, &one->before, &sample);
            one->before = sample;
        }
    }
}
