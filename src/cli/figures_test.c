// Figures of what a peer's statistics say, from one second to the next.

#include "cli/figures.h"

#include "check.h"

// What the library would tell, instead of a peer.
static struct yodel_stats_member members[64];
static size_t member_count;

void yodel_media_stats(yodel_media *media,
    void (*visit)(void *ctx, const struct yodel_stats_member *member), void *ctx)
{
    (void)media;
    for (size_t i = 0; i < member_count; i++) {
        visit(ctx, &members[i]);
    }
}

static void tell(
    const char *id, const char *type, const char *name, const char *text, double number)
{
    CHECK(member_count < COUNT(members));
    members[member_count++] = (struct yodel_stats_member){id, type, name, text, number};
}

// A second of pictures: 25 of them, 100000 bytes, 90 packets and 10 lost.
static void tell_pictures(const char *id, const char *type, bool is_in, double seconds)
{
    tell(id, type, "codecId", "CV96", 0);
    tell(id, type, is_in ? "bytesReceived" : "bytesSent", NULL, 90000 * seconds);
    tell(id, type, is_in ? "headerBytesReceived" : "headerBytesSent", NULL, 10000 * seconds);
    tell(id, type, is_in ? "packetsReceived" : "packetsSent", NULL, 90 * seconds);
    tell(id, type, is_in ? "framesDecoded" : "framesEncoded", NULL, 25 * seconds);
    tell(id, type, "frameWidth", NULL, 640);
    tell(id, type, "frameHeight", NULL, 360);
    if (is_in) {
        tell(id, type, "packetsLost", NULL, 10 * seconds);
        tell(id, type, "jitterBufferDelay", NULL, 0.04 * 25 * seconds);
        tell(id, type, "jitterBufferEmittedCount", NULL, 25 * seconds);
    } else {
        tell(id, type, "qualityLimitationReason", "bandwidth", 0);
        tell("RIV1", "remote-inbound-rtp", "packetsLost", NULL, 10 * seconds);
    }
}

static void tell_sound(double seconds)
{
    tell("IA2", "inbound-rtp", "codecId", "CA111", 0);
    tell("IA2", "inbound-rtp", "totalAudioEnergy", NULL, 0.25 * seconds);
    tell("IA2", "inbound-rtp", "totalSamplesDuration", NULL, seconds);
}

static void tell_rest(void)
{
    tell("CV96", "codec", "mimeType", "video/VP8", 0);
    tell("CA111", "codec", "mimeType", "audio/opus", 0);
    tell("P0", "candidate-pair", "currentRoundTripTime", NULL, 0.02);
}

// Two samples with a second between them, of one peer that sends and receives.
static void add_second(struct cli_figures *figures)
{
    struct cli_figures_sample samples[2];

    for (int i = 0; i < 2; i++) {
        member_count = 0;
        tell_pictures("IV3", "inbound-rtp", true, i + 1);
        tell_pictures("OV1", "outbound-rtp", false, i + 1);
        tell_sound(i + 1);
        tell_rest();
        cli_figures_take(&samples[i], NULL, YODEL_SECONDS(i + 1));
    }
    cli_figures_add(figures, &samples[0], &samples[1]);
}

static double number(const json_t *object, const char *kind, const char *name)
{
    const json_t *value = json_object_get(json_object_get(object, kind), name);

    CHECK(json_is_number(value));
    return json_number_value(value);
}

static const char *text(const json_t *object, const char *kind, const char *name)
{
    const char *value = json_string_value(json_object_get(json_object_get(object, kind), name));

    CHECK(value);
    return value;
}

static void a_second_of_pictures_and_sound_is_told_in_few_numbers(void)
{
    struct cli_figures figures = {0};
    char line[CLI_FIGURES_LINE_MAX];

    add_second(&figures);
    json_t *in = cli_figures_json(&figures, false), *out = cli_figures_json(&figures, true);
    CHECK_TEXT(text(in, "video", "codec"), "VP8");
    CHECK_TEXT(text(in, "audio", "codec"), "opus");
    CHECK(number(in, "video", "bitrate_bps") == 800000);
    CHECK(number(in, "video", "frames_per_second") == 25);
    CHECK(number(in, "video", "frames_decoded") == 50);
    CHECK(number(in, "video", "packets_lost") == 20);
    CHECK(number(in, "video", "loss") == 0.1);
    CHECK(number(in, "video", "jitter_buffer_ms") == 40);
    CHECK(number(in, "audio", "level") == 0.5);
    CHECK_TEXT(text(out, "video", "limited_by"), "bandwidth");
    CHECK(number(out, "video", "packets_lost") == 20);
    CHECK(!json_object_get(out, "audio"));
    json_decref(in);
    json_decref(out);
    cli_figures_line(&figures, false, line);
    CHECK_TEXT(line, "800 kbit/s  VP8 640x360 25/s  opus  loss 10.0 %  rtt 20 ms");
}

static void those_who_watch_are_added_up_and_the_worst_is_told(void)
{
    struct cli_figures figures = {0};

    add_second(&figures);
    add_second(&figures);
    CHECK_EQ(figures.peers, 2);
    CHECK(figures.out[YODEL_VIDEO].bitrate_bps == 1600000);
    CHECK(figures.out[YODEL_VIDEO].rate == 25);
    CHECK(figures.out[YODEL_VIDEO].loss == 0.1);
}

static void the_first_sample_has_no_rates(void)
{
    struct cli_figures figures = {0};
    struct cli_figures_sample before = {0}, sample;

    member_count = 0;
    tell_pictures("IV3", "inbound-rtp", true, 100);
    tell_rest();
    cli_figures_take(&sample, NULL, YODEL_SECONDS(100));
    cli_figures_add(&figures, &before, &sample);
    CHECK(figures.in[YODEL_VIDEO].bitrate_bps == 0);
    CHECK(figures.in[YODEL_VIDEO].rate == 0);
    CHECK(figures.in[YODEL_VIDEO].frames == 2500);
}

TEST_MAIN(TEST(a_second_of_pictures_and_sound_is_told_in_few_numbers),
    TEST(those_who_watch_are_added_up_and_the_worst_is_told), TEST(the_first_sample_has_no_rates))
