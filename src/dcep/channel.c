// The table of channels: an array by handle, and one by stream number.

#include "dcep/channel.h"

#include "base/assert.h"

#define ROOM_FIRST 8

#define INDEX_BITS 16
#define INDEX_MASK 0xffffu

void dcep_channel_deinit_all(struct dcep *dcep)
{
    for (uint32_t i = 0; i < dcep->channel_room; i++) {
        alloc_free(dcep->env->alloc, dcep->channels[i]);
    }
    alloc_free(dcep->env->alloc, dcep->channels);
    alloc_free(dcep->env->alloc, dcep->by_id);
}

struct dcep_channel *dcep_channel_find(const struct dcep *dcep, uint32_t handle)
{
    uint32_t index = handle & INDEX_MASK;
    struct dcep_channel *channel = index < dcep->channel_room ? dcep->channels[index] : NULL;

    return channel && channel->handle == handle ? channel : NULL;
}

struct dcep_channel *dcep_channel_of_stream(const struct dcep *dcep, uint16_t id)
{
    uint16_t entry = id < dcep->by_id_room ? dcep->by_id[id] : 0;

    return entry != 0 ? dcep->channels[entry - 1] : NULL;
}

// Finds a free place, making more of them where needed.
static enum yodel_err find_place(struct dcep *dcep, uint32_t *index)
{
    if (dcep->channel_count == DCEP_CHANNELS_MAX) {
        return YODEL_ERR_TOO_LARGE; // E6
    }
    if (dcep->channel_count == dcep->channel_room) {
        uint32_t room = dcep->channel_room == 0 ? ROOM_FIRST : 2 * dcep->channel_room;
        struct dcep_channel **channels =
            alloc_resize(dcep->env->alloc, dcep->channels, room * sizeof(struct dcep_channel *));

        if (!channels) {
            return YODEL_ERR_NO_MEMORY;
        }
        for (uint32_t i = dcep->channel_room; i < room; i++) {
            channels[i] = NULL;
        }
        dcep->channels = channels;
        dcep->channel_room = room;
    }
    *index = 0;
    while (dcep->channels[*index]) {
        (*index)++;
    }
    return YODEL_OK;
}

enum yodel_err dcep_channel_new(
    struct dcep *dcep, const struct dcep_options *options, struct dcep_channel **made)
{
    size_t text_len = options->label.len + options->protocol.len;
    uint32_t index;

    if (text_len > DCEP_TEXT_MAX - dcep->text_len) {
        return YODEL_ERR_TOO_LARGE; // E2
    }
    enum yodel_err err = find_place(dcep, &index);
    if (err != YODEL_OK) {
        return err;
    }
    struct dcep_channel *channel = alloc_new(dcep->env->alloc, sizeof *channel + text_len + 2);
    if (!channel) {
        return YODEL_ERR_NO_MEMORY;
    }
    struct writer w = writer_of(span_of(channel->text, text_len + 2));
    put_bytes(&w, options->label); // Each with a NUL behind it, for C.
    put_u8(&w, 0);
    put_bytes(&w, options->protocol);
    put_u8(&w, 0);
    channel->options = *options;
    channel->options.label = bytes_of(channel->text, options->label.len);
    channel->options.protocol =
        bytes_of(channel->text + options->label.len + 1, options->protocol.len);
    channel->handle = ++dcep->generation << INDEX_BITS | index;
    dcep->channels[index] = channel;
    dcep->channel_count++;
    dcep->text_len += text_len;
    *made = channel;
    return YODEL_OK;
}

void dcep_channel_free(struct dcep *dcep, struct dcep_channel *channel)
{
    if (channel->has_id) {
        dcep->by_id[channel->id] = 0;
    }
    dcep->channels[channel->handle & INDEX_MASK] = NULL;
    dcep->channel_count--;
    dcep->text_len -= channel->options.label.len + channel->options.protocol.len;
    alloc_free(dcep->env->alloc, channel);
}

enum yodel_err dcep_channel_set_id(struct dcep *dcep, struct dcep_channel *channel, uint16_t id)
{
    YODEL_ASSERT(!channel->has_id && id <= DCEP_ID_MAX);
    if (id >= dcep->by_id_room) {
        uint32_t room = dcep->by_id_room == 0 ? ROOM_FIRST : dcep->by_id_room;

        while (room <= id) {
            room *= 2;
        }
        uint16_t *by_id = alloc_resize(dcep->env->alloc, dcep->by_id, room * sizeof *by_id);
        if (!by_id) {
            return YODEL_ERR_NO_MEMORY;
        }
        memset(by_id + dcep->by_id_room, 0, (room - dcep->by_id_room) * sizeof *by_id);
        dcep->by_id = by_id;
        dcep->by_id_room = room;
    }
    if (dcep->by_id[id] != 0) {
        return YODEL_ERR_EXISTS;
    }
    dcep->by_id[id] = (uint16_t)((channel->handle & INDEX_MASK) + 1);
    channel->id = id;
    channel->has_id = true;
    return YODEL_OK;
}

enum yodel_err dcep_channel_choose_id(struct dcep *dcep, struct dcep_channel *channel)
{
    uint32_t count = sctp_stream_count(dcep->sctp);

    for (uint32_t id = dcep->is_client ? 0 : 1; id < count && id <= DCEP_ID_MAX; id += 2) {
        // A stream may still be in the middle of the reset of a channel that we refused.
        if (!dcep_channel_of_stream(dcep, (uint16_t)id) &&
            !sctp_is_resetting(dcep->sctp, (uint16_t)id)) {
            return dcep_channel_set_id(dcep, channel, (uint16_t)id);
        }
    }
    return YODEL_ERR_TOO_LARGE;
}
