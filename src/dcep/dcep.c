// Data channels: opening, sending, closing, and what the association says translated into the W3C's events.

#include "dcep/dcep.h"

#include "base/assert.h"
#include "base/utf8.h"
#include "dcep/channel.h"

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

// ---- what could not be sent at once is owed

static bool owes(const struct dcep_channel *channel)
{
    return channel->owes_open || channel->owes_ack || channel->owes_reset;
}

static enum yodel_err send_control(struct dcep *dcep, uint16_t id, struct bytes message)
{
    return sctp_send(
        dcep->sctp, id, DCEP_PPID_CONTROL, message, &(struct sctp_send_options){.uncounted = true});
}

static enum yodel_err send_open(struct dcep *dcep, struct dcep_channel *channel)
{
    const struct dcep_options *options = &channel->options;
    size_t len = DCEP_OPEN_SIZE + options->label.len + options->protocol.len;
    uint8_t *room = alloc_resize(dcep->env->alloc, NULL, len);

    if (!room) {
        return YODEL_ERR_NO_MEMORY;
    }
    struct writer w = writer_of(span_of(room, len));
    dcep_message_put_open(
        &w, &(struct dcep_open){.unordered = options->unordered,
                .has_max_retransmits = options->has_max_retransmits,
                .has_max_lifetime = options->has_max_lifetime,
                .reliability = options->has_max_retransmits ? options->max_retransmits
                                                            : options->max_lifetime_ms,
                .label = options->label,
                .protocol = options->protocol});
    enum yodel_err err = send_control(dcep, channel->id, writer_bytes(&w));
    alloc_free(dcep->env->alloc, room);
    return err;
}

static enum yodel_err send_ack(struct dcep *dcep, const struct dcep_channel *channel)
{
    uint8_t room[1];
    struct writer w = writer_of(span_of(room, sizeof room));

    dcep_message_put_ack(&w);
    return send_control(dcep, channel->id, writer_bytes(&w));
}

static void tell(struct dcep *dcep, bool *flag)
{
    dcep->news += !*flag;
    *flag = true;
}

static void on_sendable(struct dcep *dcep, struct dcep_channel *channel)
{
    if (dcep->is_connected && channel->state == DCEP_CONNECTING && !channel->owes_open) {
        channel->state = DCEP_OPENED;
        dcep->stats.channels_opened++;
        tell(dcep, &channel->tell_opened);
    }
}

static void pay(struct dcep *dcep, struct dcep_channel *channel)
{
    bool owed = owes(channel);

    if (channel->owes_open && send_open(dcep, channel) == YODEL_OK) {
        channel->owes_open = false;
        on_sendable(dcep, channel);
    }
    if (channel->owes_ack && send_ack(dcep, channel) == YODEL_OK) {
        channel->owes_ack = false;
    }
    if (channel->owes_reset && !channel->owes_open &&
        sctp_reset_stream(dcep->sctp, channel->id) == YODEL_OK) {
        channel->owes_reset = false;
    }
    dcep->owed -= owed && !owes(channel);
}

static void pay_all(struct dcep *dcep)
{
    for (uint32_t i = 0; i < dcep->channel_room && dcep->owed > 0; i++) {
        if (dcep->channels[i] && owes(dcep->channels[i])) {
            pay(dcep, dcep->channels[i]);
        }
    }
}

static void owe(struct dcep *dcep, struct dcep_channel *channel, bool *what)
{
    dcep->owed += !owes(channel);
    *what = true;
    pay(dcep, channel);
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
        on_sendable(dcep, channel);
    } else if (channel->has_id) {
        owe(dcep, channel, &channel->owes_open);
    }
    return YODEL_OK;
}

// Ends a channel without asking the peer.
static void end_channel(struct dcep *dcep, struct dcep_channel *channel)
{
    if (channel->state != DCEP_CLOSED) {
        channel->state = DCEP_CLOSED;
        dcep->owed -= owes(channel);
        channel->owes_open = channel->owes_ack = channel->owes_reset = false;
        dcep->stats.channels_closed++;
        tell(dcep, &channel->tell_closed);
    }
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
            owe(dcep, first, &first->owes_open);
        } else {
            end_channel(dcep, first);
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
        end_channel(dcep, channel); // The peer has never heard of it.
        return;
    }
    channel->state = DCEP_CLOSING;
    owe(dcep, channel, &channel->owes_reset);
}

// ---- what the peer does

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
    owe(dcep, channel, &channel->owes_reset);
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
    owe(dcep, channel, &channel->owes_ack);
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
        end_channel(dcep, channel);
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
            end_channel(dcep, channel);
        } else if (channel && channel->has_id) {
            on_sendable(dcep, channel);
        }
    }
}

static void on_ended(struct dcep *dcep)
{
    dcep->has_ended = true;
    dcep->is_connected = false;
    for (uint32_t i = 0; i < dcep->channel_room; i++) {
        if (dcep->channels[i]) {
            end_channel(dcep, dcep->channels[i]);
        }
    }
}

// Returns whether there is something to tell.
static bool translate(struct dcep *dcep, const struct sctp_event *from, struct dcep_event *event)
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
    pay_all(dcep);
    while (!next_news(dcep, event)) {
        if (!sctp_next_event(dcep->sctp, &from)) {
            return false;
        }
        if (translate(dcep, &from, event)) {
            return true;
        }
    }
    return true;
}
