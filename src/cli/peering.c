// What commands that show and play have in common.

#include "cli/peering.h"

#include <stdio.h>
#include <string.h>

#include "net/clock.h"

static enum yodel_err make_runtime(
    struct cli_peering *peering, const struct cli_peering_options *options)
{
    // Browsers only ever connect: where UDP is blocked, it is our listening that lets them reach us.
    bool may_listen = !options->ice || strcmp(options->ice, "all") == 0;
    struct yodel_runtime_config config = {.loop = peering->loop,
        .interfaces = options->interfaces ? options->interfaces->items : NULL,
        .interface_count = options->interfaces ? options->interfaces->count : 0,
        .tcp = may_listen,
        .hide_addresses = options->hides_addresses,
        .proxy = options->proxy,
        .takes_any_certificate = options->is_insecure};

    return yodel_runtime_new(&config, &peering->runtime);
}

enum yodel_err cli_peering_init(struct cli_peering *peering, uv_loop_t *loop,
    const struct cli_peering_options *options, char why[CLI_WHY_MAX])
{
    *peering = (struct cli_peering){.loop = loop};
    enum yodel_err err = cli_servers_init(&peering->own, options->ice, options->turn, why);
    if (err) {
        return err;
    }
    err = yodel_certificate_generate(clock_wall_seconds(), &peering->certificate);
    if (err) {
        (void)snprintf(why, CLI_WHY_MAX, "%s", yodel_err_text(err));
        return err;
    }
    err = make_runtime(peering, options);
    if (err) {
        (void)snprintf(why, CLI_WHY_MAX, "%s", yodel_runtime_error_text(NULL));
    }
    return err;
}

void cli_peering_deinit(struct cli_peering *peering)
{
    if (peering->runtime) {
        yodel_runtime_free(peering->runtime);
    }
    yodel_certificate_free(peering->certificate);
    *peering = (struct cli_peering){.loop = peering->loop};
}

enum yodel_err cli_peering_new_peer(
    const struct cli_peering *peering, const struct cli_servers *servers, yodel_peer **peer)
{
    struct cli_servers_config room;
    struct yodel_peer_config config = {.certificate = peering->certificate};

    cli_servers_use(servers, &room, &config);
    return yodel_peer_new(&config, peer);
}
