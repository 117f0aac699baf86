// Demultiplexing: see the header.

#include "peer/demux.h"

static bool receives(const struct yodel_transceiver *t)
{
    return t->is_agreed && t->agreed.receives;
}

static struct demux_source *find_source(struct demux *demux, uint32_t ssrc)
{
    for (size_t i = 0; i < DEMUX_SOURCES_MAX; i++) {
        if (demux->sources[i].transceiver && demux->sources[i].ssrc == ssrc) {
            return &demux->sources[i];
        }
    }
    return NULL;
}

static void remember(struct demux *demux, uint32_t ssrc, struct yodel_transceiver *t)
{
    struct demux_source *source = find_source(demux, ssrc);

    if (!source) {
        source = &demux->sources[demux->next];
        demux->next = (demux->next + 1) % DEMUX_SOURCES_MAX;
    }
    *source = (struct demux_source){ssrc, t};
}

void demux_forget(struct demux *demux, const struct yodel_transceiver *transceiver)
{
    for (size_t i = 0; i < DEMUX_SOURCES_MAX; i++) {
        if (demux->sources[i].transceiver == transceiver) {
            demux->sources[i] = (struct demux_source){0};
        }
    }
}

static struct yodel_transceiver *find_mid(const struct jsep *jsep, struct bytes mid)
{
    struct yodel_transceiver *t = jsep_transceiver_next(jsep, NULL);

    while (t && !bytes_equal(bytes_of_text(t->mid), mid)) {
        t = jsep_transceiver_next(jsep, t);
    }
    return t;
}

static bool has_announced(const struct yodel_transceiver *t, uint32_t ssrc)
{
    for (size_t i = 0; i < t->agreed.source_count; i++) {
        const struct jsep_source *source = &t->agreed.sources[i];

        if (source->ssrc == ssrc || (source->rtx_ssrc != 0 && source->rtx_ssrc == ssrc)) {
            return true;
        }
    }
    return false;
}

static struct yodel_transceiver *find_announced(const struct jsep *jsep, uint32_t ssrc)
{
    struct yodel_transceiver *t = jsep_transceiver_next(jsep, NULL);

    while (t && !(receives(t) && has_announced(t, ssrc))) {
        t = jsep_transceiver_next(jsep, t);
    }
    return t;
}

static bool has_payload_type(const struct yodel_transceiver *t, uint8_t payload_type)
{
    for (size_t i = 0; i < t->agreed.codec_count; i++) {
        const struct jsep_codec *codec = &t->agreed.codecs[i];

        if (codec->payload_type == payload_type || (codec->has_rtx && codec->rtx == payload_type) ||
            (codec->has_red && codec->red == payload_type)) {
            return true;
        }
    }
    return false;
}

// The only one that has agreed on the payload type.
static struct yodel_transceiver *find_payload_type(const struct jsep *jsep, uint8_t payload_type)
{
    struct yodel_transceiver *found = NULL;

    for (struct yodel_transceiver *t = NULL; (t = jsep_transceiver_next(jsep, t)) != NULL;) {
        if (receives(t) && has_payload_type(t, payload_type)) {
            if (found) {
                return NULL;
            }
            found = t;
        }
    }
    return found;
}

struct yodel_transceiver *demux_find(struct demux *demux, const struct jsep *jsep,
    const struct rtp_packet *packet, const struct rtp_ext_values *values)
{
    struct demux_source *known = find_source(demux, packet->ssrc);
    struct yodel_transceiver *t = NULL;

    if (rtp_ext_has(values, RTP_EXT_MID)) {
        t = find_mid(jsep, values->mid); // A MID of nobody's ends the search.
    } else if (known) {
        t = known->transceiver;
    } else {
        t = find_announced(jsep, packet->ssrc);
        t = t ? t : find_payload_type(jsep, packet->payload_type);
    }
    if (!t || !receives(t)) {
        return NULL;
    }
    if (!known || known->transceiver != t) {
        remember(demux, packet->ssrc, t);
    }
    return t;
}
