// Data channels: what the application does with them, and the events it takes.

#include "dcep/dcep.h"

#include "base/utf8.h"
#include "dcep/channel.h"
#include "dcep/debt.h"
#include "dcep/inbound.h"

#define TEXT_LEN_MAX 65535

void dcep_init(struct dcep *dcep, const struct env *env, struct sctp *sctp)
{
    *dcep = (struct dcep){.env = env, .sctp = sctp};
}

void dcep_deinit(struct dcep *dcep)
{
    dcep_channel_deinit_all(dcep);
}

void dcep_set_max_message_size(struct dcep *dcep, size_t bytes)
{
    dcep->peer_max_message = bytes;
}

const struct dcep_channel *dcep_get(const struct dcep *dcep, uint32_t handle)
{
    return dcep_channel_find(dcep, handle);
}

// ---- opening

static bool is_sound(const struct dcep_options *options)
{
    return options->label.len <= TEXT_LEN_MAX && options->protocol.len <= TEXT_LEN_MAX &&
           utf8_is_valid(options->label) && utf8_is_valid(options->protocol) &&
           !(options->has_max_retransmits && options->has_max_lifetime) &&
           !(options->negotiated && options->id > DCEP_ID_MAX);
}

static enum yodel_err number(struct dcep *dcep, struct dcep_channel *channel)
{
    enum yodel_err err = YODEL_OK;

    if (channel->options.negotiated) {
        err = channel->options.id < sctp_stream_count(dcep->sctp)
                  ? dcep_channel_set_id(dcep, channel, channel->options.id)
                  : YODEL_ERR_TOO_LARGE;
    } else if (dcep->has_role) {
        err = dcep_channel_choose_id(dcep, channel);
    }
    if (err == YODEL_OK && channel->has_id) {
        sctp_set_low_threshold(dcep->sctp, channel->id, channel->low_threshold);
    }
    return err;
}

enum yodel_err dcep_open(struct dcep *dcep, const struct dcep_options *options, uint32_t *handle)
{
    struct dcep_channel *channel;

    if (dcep->has_ended) {
        return YODEL_ERR_INVALID_STATE;
    }
    if (!is_sound(options)) {
        return YODEL_ERR_TYPE;
    }
    enum yodel_err err = dcep_channel_new(dcep, options, &channel);
    if (err != YODEL_OK) {
        return err;
    }
    err = number(dcep, channel);
    if (err != YODEL_OK) {
        dcep_channel_free(dcep, channel);
        return err;
    }
    *handle = channel->handle;
    channel->is_acknowledged = options->negotiated;
    if (options->negotiated) {
        dcep_debt_on_sendable(dcep, channel);
    } else if (channel->has_id) {
        dcep_debt_owe(dcep, channel, &channel->owes_open);
    }
    return YODEL_OK;
}

void dcep_set_role(struct dcep *dcep, bool is_dtls_client)
{
    if (dcep->has_role) {
        return;
    }
    dcep->has_role = true;
    dcep->is_client = is_dtls_client;
    // In the order in which they were made, which is that of the generations, not of the places.
    for (uint32_t done = 0; done < dcep->channel_count; done++) {
        struct dcep_channel *first = NULL;

        for (uint32_t i = 0; i < dcep->channel_room; i++) {
            struct dcep_channel *channel = dcep->channels[i];

            if (channel && !channel->has_id && channel->state == DCEP_CONNECTING &&
                (!first || channel->handle >> 16 < first->handle >> 16)) {
                first = channel;
            }
        }
        if (!first) {
            return;
        }
        if (number(dcep, first) == YODEL_OK) {
            dcep_debt_owe(dcep, first, &first->owes_open);
        } else {
            dcep_debt_end_channel(dcep, first);
        }
    }
}

// ---- sending and closing

static struct sctp_send_options send_options(const struct dcep_channel *channel, bool is_empty)
{
    const struct dcep_options *options = &channel->options;

    return (struct sctp_send_options){// RFC 8832 §6: nothing may overtake the OPEN message.
        .unordered = options->unordered && channel->is_acknowledged,
        .uncounted = is_empty,
        .has_max_retransmits = options->has_max_retransmits,
        .max_retransmits = options->max_retransmits,
        .has_max_lifetime = options->has_max_lifetime,
        .max_lifetime = YODEL_MS(options->max_lifetime_ms)};
}

enum yodel_err dcep_send(struct dcep *dcep, uint32_t handle, bool is_binary, struct bytes message)
{
    struct dcep_channel *channel = dcep_channel_find(dcep, handle);

    if (!channel) {
        return YODEL_ERR_NOT_FOUND;
    }
    if (channel->state != DCEP_OPENED) {
        return YODEL_ERR_INVALID_STATE;
    }
    if (dcep->peer_max_message != 0 && message.len > dcep->peer_max_message) {
        return YODEL_ERR_TOO_LARGE;
    }
    if (!is_binary && !utf8_is_valid(message)) {
        return YODEL_ERR_TYPE;
    }
    bool is_empty = message.len == 0;
    uint32_t ppid = is_binary ? (is_empty ? DCEP_PPID_BINARY_EMPTY : DCEP_PPID_BINARY)
                              : (is_empty ? DCEP_PPID_STRING_EMPTY : DCEP_PPID_STRING);
    struct sctp_send_options options = send_options(channel, is_empty);
    enum yodel_err err =
        sctp_send(dcep->sctp, channel->id, ppid, is_empty ? bytes_of("", 1) : message, &options);
    dcep->stats.messages_sent += err == YODEL_OK;
    return err;
}

size_t dcep_buffered(const struct dcep *dcep, uint32_t handle)
{
    const struct dcep_channel *channel = dcep_channel_find(dcep, handle);

    return channel && channel->has_id ? sctp_buffered(dcep->sctp, channel->id) : 0;
}

void dcep_set_low_threshold(struct dcep *dcep, uint32_t handle, size_t bytes)
{
    struct dcep_channel *channel = dcep_channel_find(dcep, handle);

    if (channel) {
        channel->low_threshold = bytes;
        if (channel->has_id) {
            sctp_set_low_threshold(dcep->sctp, channel->id, bytes);
        }
    }
}

void dcep_close(struct dcep *dcep, uint32_t handle)
{
    struct dcep_channel *channel = dcep_channel_find(dcep, handle);

    if (!channel || channel->state >= DCEP_CLOSING) {
        return;
    }
    if (!channel->has_id || dcep->has_ended) {
        dcep_debt_end_channel(dcep, channel); // The peer has never heard of it.
        return;
    }
    channel->state = DCEP_CLOSING;
    dcep_debt_owe(dcep, channel, &channel->owes_reset);
}

static bool next_news(struct dcep *dcep, struct dcep_event *event)
{
    for (uint32_t i = 0; i < dcep->channel_room && dcep->news > 0; i++) {
        struct dcep_channel *channel = dcep->channels[i];

        if (channel && channel->tell_opened) {
            channel->tell_opened = false;
            dcep->news--;
            *event = (struct dcep_event){.type = DCEP_EVENT_OPENED, .channel = channel->handle};
            return true;
        }
        if (channel && channel->tell_closed) {
            channel->tell_closed = false;
            dcep->news--;
            dcep->dying = channel;
            *event = (struct dcep_event){.type = DCEP_EVENT_CLOSED, .channel = channel->handle};
            return true;
        }
    }
    return false;
}

bool dcep_next_event(struct dcep *dcep, struct dcep_event *event)
{
    struct sctp_event from;

    if (dcep->dying) {
        dcep_channel_free(dcep, dcep->dying);
        dcep->dying = NULL;
    }
    dcep_debt_pay_all(dcep);
    while (!next_news(dcep, event)) {
        if (!sctp_next_event(dcep->sctp, &from)) {
            return false;
        }
        if (dcep_inbound_translate(dcep, &from, event)) {
            return true;
        }
    }
    return true;
}
