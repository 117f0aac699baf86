// What getStats says of sound and pictures, as a few figures.

#include "cli/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/port.h"

// ---- a sample

struct codec {
    char id[CLI_FIGURES_TEXT_MAX], name[CLI_FIGURES_TEXT_MAX];
};

struct visit {
    struct cli_figures_sample *sample;
    struct codec codecs[CLI_FIGURES_CODECS];
    size_t codec_count;
};

static void copy(char out[CLI_FIGURES_TEXT_MAX], const char *text)
{
    (void)snprintf(out, CLI_FIGURES_TEXT_MAX, "%s", text ? text : "");
}

// "OV…", "IA…": in or out, and the kind. The first stream of a kind counts, as on the page.
static struct cli_figures_stream *stream_of(
    struct visit *visit, const struct yodel_stats_member *member)
{
    struct cli_figures_stream *streams = NULL;
    const char *id = member->id;

    if (strcmp(member->type, "outbound-rtp") == 0) {
        streams = visit->sample->out;
    } else if (strcmp(member->type, "inbound-rtp") == 0) {
        streams = visit->sample->in;
    } else if (strcmp(member->type, "remote-inbound-rtp") == 0) {
        streams = visit->sample->out;
        id += 1;
    }
    return !streams ? NULL : &streams[id[1] == 'V' ? YODEL_VIDEO : YODEL_AUDIO];
}

static void take_number(struct cli_figures_stream *stream, const char *name, double number)
{
    const struct {
        const char *name;
        double *to;
    } rows[] = {
        {"packetsSent", &stream->packets},
        {"packetsReceived", &stream->packets},
        {"packetsLost", &stream->packets_lost},
        {"fractionLost", &stream->loss},
        {"frameWidth", &stream->width},
        {"frameHeight", &stream->height},
        {"framesEncoded", &stream->frames},
        {"framesDecoded", &stream->frames},
        {"freezeCount", &stream->freezes},
        {"totalAudioEnergy", &stream->energy},
        {"totalSamplesDuration", &stream->seconds},
        {"jitterBufferDelay", &stream->delay},
        {"jitterBufferEmittedCount", &stream->emitted},
    };
    bool is_size = strcmp(name, "bytesSent") == 0 || strcmp(name, "bytesReceived") == 0 ||
                   strncmp(name, "headerBytes", 11) == 0;

    stream->bytes += is_size ? number : 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *rows[i].to = number;
        }
    }
}

static void take_codec(struct visit *visit, const struct yodel_stats_member *member)
{
    const char *slash = member->text ? strchr(member->text, '/') : NULL;

    if (slash && strcmp(member->name, "mimeType") == 0 &&
        visit->codec_count < COUNT(visit->codecs)) {
        struct codec *codec = &visit->codecs[visit->codec_count++];
        copy(codec->id, member->id);
        copy(codec->name, slash + 1);
    }
}

static void on_member(void *ctx, const struct yodel_stats_member *member)
{
    struct visit *visit = ctx;
    struct cli_figures_stream *stream = stream_of(visit, member);

    if (stream) {
        stream->is_there = true;
        if (strcmp(member->name, "codecId") == 0) {
            copy(stream->codec, member->text); // Its name follows.
        } else if (strcmp(member->name, "qualityLimitationReason") == 0) {
            copy(stream->limit, strcmp(member->text, "none") == 0 ? "" : member->text);
        } else if (!member->text) {
            take_number(stream, member->name, member->number);
        }
    } else if (strcmp(member->type, "codec") == 0) {
        take_codec(visit, member);
    } else if (strcmp(member->name, "currentRoundTripTime") == 0) {
        visit->sample->has_rtt = true;
        visit->sample->rtt_ms = member->number * 1e3;
    }
}

static void name_codec(const struct visit *visit, struct cli_figures_stream *stream)
{
    const char *name = "";

    for (size_t i = 0; i < visit->codec_count; i++) {
        if (strcmp(visit->codecs[i].id, stream->codec) == 0) {
            name = visit->codecs[i].name;
        }
    }
    copy(stream->codec, name);
}

void cli_figures_take(struct cli_figures_sample *sample, yodel_media *media, yodel_time now)
{
    struct visit visit = {.sample = sample};

    *sample = (struct cli_figures_sample){.at = now};
    yodel_media_stats(media, on_member, &visit);
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        name_codec(&visit, &sample->in[kind]);
        name_codec(&visit, &sample->out[kind]);
    }
}

// ---- since the one before

static double most(double one, double other)
{
    return one > other ? one : other;
}

static void add_flow(struct cli_figures_flow *flow, const struct cli_figures_stream *before,
    const struct cli_figures_stream *now, double seconds)
{
    if (!now->is_there) {
        return;
    }
    double packets = now->packets - before->packets;
    double lost = most(now->packets_lost - before->packets_lost, 0);
    double emitted = now->emitted - before->emitted;
    if (!flow->is_there || now->width > flow->width) {
        copy(flow->codec, now->codec);
        copy(flow->limit, now->limit);
        flow->width = now->width;
        flow->height = now->height;
        flow->rate = seconds > 0 ? most(now->frames - before->frames, 0) / seconds : 0;
    }
    flow->is_there = true;
    flow->frames = most(flow->frames, now->frames);
    flow->bitrate_bps += seconds > 0 ? most(now->bytes - before->bytes, 0) * 8 / seconds : 0;
    flow->packets_lost = most(flow->packets_lost, now->packets_lost);
    flow->loss = most(flow->loss, packets + lost > 0 ? lost / (packets + lost) : now->loss);
    flow->freezes = most(flow->freezes, now->freezes);
    if (now->seconds > before->seconds) {
        double energy = most(now->energy - before->energy, 0);
        flow->level = most(flow->level, sqrt(energy / (now->seconds - before->seconds)));
    }
    flow->buffer_ms =
        most(flow->buffer_ms, emitted > 0 ? (now->delay - before->delay) * 1e3 / emitted : 0);
}

void cli_figures_add(struct cli_figures *figures, const struct cli_figures_sample *before,
    const struct cli_figures_sample *sample)
{
    double seconds = before->at > 0 ? (double)(sample->at - before->at) / 1e6 : 0;

    figures->peers++;
    figures->has_rtt = figures->has_rtt || sample->has_rtt;
    figures->rtt_ms = most(figures->rtt_ms, sample->rtt_ms);
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        add_flow(&figures->in[kind], &before->in[kind], &sample->in[kind], seconds);
        add_flow(&figures->out[kind], &before->out[kind], &sample->out[kind], seconds);
    }
}

// ---- for a script

static void set(json_t *object, const char *name, double number, double steps)
{
    double rounded = (double)(int64_t)(number * steps + (number < 0 ? -0.5 : 0.5)) / steps;

    json_object_set_new(
        object, name, steps > 1 ? json_real(rounded) : json_integer((json_int_t)rounded));
}

static json_t *flow_json(
    const struct cli_figures_flow *flow, enum yodel_media_kind kind, bool is_sent)
{
    json_t *object = json_object();

    json_object_set_new(object, "codec", flow->codec[0] ? json_string(flow->codec) : json_null());
    set(object, "bitrate_bps", flow->bitrate_bps, 1);
    set(object, "packets_lost", flow->packets_lost, 1);
    set(object, "loss", flow->loss, 1e4);
    if (kind == YODEL_VIDEO) {
        set(object, "width", flow->width, 1);
        set(object, "height", flow->height, 1);
        set(object, is_sent ? "frames_encoded" : "frames_decoded", flow->frames, 1);
        set(object, "frames_per_second", flow->rate, 10);
    } else if (!is_sent) {
        set(object, "level", flow->level, 1e4);
    }
    if (kind == YODEL_VIDEO && is_sent) {
        json_object_set_new(
            object, "limited_by", flow->limit[0] ? json_string(flow->limit) : json_null());
    } else if (kind == YODEL_VIDEO) {
        set(object, "freeze_count", flow->freezes, 1);
    }
    if (!is_sent) {
        set(object, "jitter_buffer_ms", flow->buffer_ms, 10);
    }
    return object;
}

json_t *cli_figures_json(const struct cli_figures *figures, bool is_sent)
{
    const struct cli_figures_flow *flows = is_sent ? figures->out : figures->in;
    json_t *object = json_object();

    if (flows[YODEL_VIDEO].is_there) {
        json_object_set_new(object, "video", flow_json(&flows[YODEL_VIDEO], YODEL_VIDEO, is_sent));
    }
    if (flows[YODEL_AUDIO].is_there) {
        json_object_set_new(object, "audio", flow_json(&flows[YODEL_AUDIO], YODEL_AUDIO, is_sent));
    }
    return object;
}

// ---- for a person

static void put_rate(struct writer *w, double bps)
{
    if (bps < 999500) {
        put_format(w, "%.0f kbit/s", bps / 1e3);
    } else {
        put_format(w, "%.2f Mbit/s", bps / 1e6);
    }
}

void cli_figures_line(
    const struct cli_figures *figures, bool is_sent, char line[CLI_FIGURES_LINE_MAX])
{
    const struct cli_figures_flow *flows = is_sent ? figures->out : figures->in;
    const struct cli_figures_flow *video = &flows[YODEL_VIDEO], *audio = &flows[YODEL_AUDIO];
    struct writer w = writer_of(span_of(line, CLI_FIGURES_LINE_MAX - 1));

    put_rate(&w, video->bitrate_bps + audio->bitrate_bps);
    if (video->width > 0) {
        put_format(
            &w, "  %s %.0fx%.0f %.0f/s", video->codec, video->width, video->height, video->rate);
    }
    if (audio->is_there && audio->codec[0]) {
        put_format(&w, "  %s", audio->codec);
    }
    put_format(&w, "  loss %.1f %%", 100 * most(video->loss, audio->loss));
    if (figures->has_rtt) {
        put_format(&w, "  rtt %.0f ms", figures->rtt_ms);
    }
    if (!is_sent && video->freezes > 0) {
        put_format(&w, "  %.0f freezes", video->freezes);
    }
    line[w.failed ? 0 : w.len] = '\0';
}
