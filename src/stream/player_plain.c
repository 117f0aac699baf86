// Players where the library was built without devices: there are none.

#include "base/port.h"
#include "yodel/player.h"

YODEL_API enum yodel_err yodel_player_new(
    yodel_runtime *runtime, const struct yodel_player_config *config, yodel_player **player)
{
    (void)runtime, (void)config, (void)player;
    return YODEL_ERR_NOT_SUPPORTED;
}

YODEL_API void yodel_player_free(yodel_player *player)
{
    (void)player;
}

YODEL_API enum yodel_err yodel_player_add(yodel_player *player, yodel_track *track)
{
    (void)player, (void)track;
    return YODEL_ERR_NOT_SUPPORTED;
}

YODEL_API enum yodel_err yodel_player_add_own(yodel_player *player, yodel_track *track)
{
    (void)player, (void)track;
    return YODEL_ERR_NOT_SUPPORTED;
}

YODEL_API void yodel_player_remove(yodel_player *player, yodel_track *track)
{
    (void)player, (void)track;
}

YODEL_API enum yodel_err yodel_player_set_volume(
    yodel_player *player, const yodel_track *track, double volume)
{
    (void)player, (void)track, (void)volume;
    return YODEL_ERR_NOT_SUPPORTED;
}

YODEL_API void yodel_player_set_text(yodel_player *player, const char *line)
{
    (void)player, (void)line;
}

YODEL_API enum yodel_err yodel_player_cancel_echo(
    yodel_player *player, yodel_track *microphone, yodel_track **clean)
{
    (void)player, (void)microphone, (void)clean;
    return YODEL_ERR_NOT_SUPPORTED;
}
