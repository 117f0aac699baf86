// What comes from the peer: messages, resets and the association's own events, made into those of
// channels.

#include "dcep/inbound.h"

#include "base/utf8.h"
#include "dcep/channel.h"
#include "dcep/debt.h"

// Refuses a channel: RFC 8832 §6 says to close it at once.
static bool refuse(struct dcep *dcep, uint16_t id)
{
    dcep->stats.refused++;
    if (sctp_reset_stream(dcep->sctp, id) != YODEL_OK) {
        dcep->stats.dropped++; // Without memory the peer keeps a channel that nobody reads.
    }
    return false;
}

static bool on_closing(struct dcep *dcep, struct dcep_channel *channel, struct dcep_event *event)
{
    channel->state = DCEP_CLOSING;
    dcep_debt_owe(dcep, channel, &channel->owes_reset);
    *event = (struct dcep_event){.type = DCEP_EVENT_CLOSING, .channel = channel->handle};
    return true;
}

static bool on_open(
    struct dcep *dcep, uint16_t id, const struct dcep_open *open, struct dcep_event *event)
{
    struct dcep_channel *channel = dcep_channel_of_stream(dcep, id);
    uint32_t reliability = open->reliability < UINT16_MAX ? open->reliability : UINT16_MAX;

    if (channel) { // E3: on a stream that is in use.
        dcep->stats.refused++;
        return channel->state < DCEP_CLOSING && on_closing(dcep, channel, event);
    }
    if (id > DCEP_ID_MAX || (dcep->has_role && (id % 2 == 0) == dcep->is_client)) {
        return refuse(dcep, id);
    }
    struct dcep_options options = {.label = open->label,
        .protocol = open->protocol,
        .unordered = open->unordered,
        .has_max_retransmits = open->has_max_retransmits,
        .has_max_lifetime = open->has_max_lifetime,
        .max_retransmits = (uint16_t)(open->has_max_retransmits ? reliability : 0),
        .max_lifetime_ms = (uint16_t)(open->has_max_lifetime ? reliability : 0)};
    if (dcep_channel_new(dcep, &options, &channel) != YODEL_OK) {
        return refuse(dcep, id);
    }
    if (dcep_channel_set_id(dcep, channel, id) != YODEL_OK) {
        dcep_channel_free(dcep, channel);
        return refuse(dcep, id);
    }
    channel->is_acknowledged = true;
    channel->state = DCEP_OPENED;
    dcep->stats.channels_opened++;
    sctp_set_low_threshold(dcep->sctp, id, 0);
    dcep_debt_owe(dcep, channel, &channel->owes_ack);
    *event = (struct dcep_event){.type = DCEP_EVENT_INCOMING, .channel = channel->handle};
    return true;
}

static bool on_control(struct dcep *dcep, const struct sctp_event *from, struct dcep_event *event)
{
    struct dcep_channel *channel = dcep_channel_of_stream(dcep, from->stream);
    enum dcep_message_type type;
    struct dcep_open open;

    if (dcep_message_parse(from->data, &type, &open) != YODEL_OK) {
        dcep->stats.dropped++; // E1, E5
        return channel ? false : refuse(dcep, from->stream);
    }
    if (type == DCEP_OPEN) {
        return on_open(dcep, from->stream, &open, event);
    }
    if (channel) {
        channel->is_acknowledged = true; // E4: a second one says nothing new.
    } else {
        dcep->stats.dropped++;
    }
    return false;
}

static bool on_message(struct dcep *dcep, const struct sctp_event *from, struct dcep_event *event)
{
    struct dcep_channel *channel = dcep_channel_of_stream(dcep, from->stream);
    bool is_text = from->ppid == DCEP_PPID_STRING || from->ppid == DCEP_PPID_STRING_EMPTY;
    bool is_empty = from->ppid == DCEP_PPID_STRING_EMPTY || from->ppid == DCEP_PPID_BINARY_EMPTY;

    if (from->ppid == DCEP_PPID_CONTROL) {
        return on_control(dcep, from, event);
    }
    if (!channel || channel->state != DCEP_OPENED ||
        (!is_text && !is_empty && from->ppid != DCEP_PPID_BINARY)) {
        dcep->stats.dropped++; // E5, E7
        return false;
    }
    if (is_text && !is_empty && !utf8_is_valid(from->data)) {
        dcep->stats
            .dropped++; // E8: what is not text is not handed out as text, and nothing is silently missing.
        return on_closing(dcep, channel, event);
    }
    channel->is_acknowledged = true; // Who answers has seen the OPEN message.
    dcep->stats.messages_received++;
    *event = (struct dcep_event){.type = DCEP_EVENT_MESSAGE,
        .channel = channel->handle,
        .is_binary = !is_text,
        .data = is_empty ? bytes_of(from->data.ptr, 0) : from->data};
    return true;
}

static void end_if_both_halves_did(struct dcep *dcep, struct dcep_channel *channel)
{
    if (channel->our_half_ended && channel->peer_half_ended) {
        dcep_debt_end_channel(dcep, channel);
    }
}

static bool on_peer_reset(struct dcep *dcep, uint16_t id, struct dcep_event *event)
{
    struct dcep_channel *channel = dcep_channel_of_stream(dcep, id);

    if (!channel || channel->state == DCEP_CLOSED) {
        return false; // The other half of one that we refused.
    }
    channel->peer_half_ended = true;
    if (channel->state != DCEP_CLOSING) {
        return on_closing(dcep, channel, event); // RFC 8831 §6.7
    }
    end_if_both_halves_did(dcep, channel);
    return false;
}

static void on_our_reset(struct dcep *dcep, uint16_t id)
{
    struct dcep_channel *channel = dcep_channel_of_stream(dcep, id);

    if (channel && channel->state == DCEP_CLOSING && !channel->owes_reset) {
        channel->our_half_ended = true;
        end_if_both_halves_did(dcep, channel);
    }
}

static bool on_low(struct dcep *dcep, uint16_t id, struct dcep_event *event)
{
    struct dcep_channel *channel = dcep_channel_of_stream(dcep, id);

    if (!channel || channel->state == DCEP_CLOSED) {
        return false;
    }
    *event = (struct dcep_event){.type = DCEP_EVENT_BUFFERED_LOW, .channel = channel->handle};
    return true;
}

static void on_connected(struct dcep *dcep)
{
    dcep->is_connected = true;
    for (uint32_t i = 0; i < dcep->channel_room; i++) {
        struct dcep_channel *channel = dcep->channels[i];

        if (channel && channel->has_id && channel->id >= sctp_stream_count(dcep->sctp)) {
            dcep_debt_end_channel(dcep, channel);
        } else if (channel && channel->has_id) {
            dcep_debt_on_sendable(dcep, channel);
        }
    }
}

static void on_ended(struct dcep *dcep)
{
    dcep->has_ended = true;
    dcep->is_connected = false;
    for (uint32_t i = 0; i < dcep->channel_room; i++) {
        if (dcep->channels[i]) {
            dcep_debt_end_channel(dcep, dcep->channels[i]);
        }
    }
}

bool dcep_inbound_translate(
    struct dcep *dcep, const struct sctp_event *from, struct dcep_event *event)
{
    switch (from->type) {
    case SCTP_EVENT_CONNECTED:
        on_connected(dcep);
        *event = (struct dcep_event){.type = DCEP_EVENT_ASSOCIATION_CONNECTED};
        return true;
    case SCTP_EVENT_MESSAGE:
        return on_message(dcep, from, event);
    case SCTP_EVENT_STREAM_RESET_INCOMING:
        return on_peer_reset(dcep, from->stream, event);
    case SCTP_EVENT_STREAM_RESET_DONE:
        on_our_reset(dcep, from->stream);
        return false;
    case SCTP_EVENT_BUFFERED_LOW:
        return on_low(dcep, from->stream, event);
    case SCTP_EVENT_CLOSED:
        on_ended(dcep);
        *event = (struct dcep_event){.type = DCEP_EVENT_ASSOCIATION_CLOSED};
        return true;
    case SCTP_EVENT_FAILED:
        on_ended(dcep);
        *event =
            (struct dcep_event){.type = DCEP_EVENT_ASSOCIATION_FAILED, .failure = from->failure};
        return true;
    }
    return false;
}
