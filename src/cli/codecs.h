// The codecs that a command line names.

#ifndef CLI_CODECS_H
#define CLI_CODECS_H

#include "cli/options.h"
#include "cli/party.h"

struct cli_codecs {
    bool has_no_audio;
    bool has[2];                // By enum yodel_media_kind: one was named,
    enum yodel_codec codecs[2]; // which is this.
};

// NULL: none was named. Fails with a sentence: SYNTAX (no such codec), NOT_SUPPORTED (not in this build).
YODEL_MUST_USE enum yodel_err cli_codecs_read(
    struct cli_codecs *codecs, const char *audio, const char *video, char why[CLI_WHY_MAX]);

// `party` points to `codecs` then.
void cli_codecs_use(const struct cli_codecs *codecs, struct cli_party_options *party);

#endif
