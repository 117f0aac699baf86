// Data channels as the W3C sees them, over dcep's.
//
// Implements  W3C webrtc §6.2 (RTCDataChannel), §6.1.1.3 (what ends with the association)

#include "peer/channel.h"

#include "base/assert.h"
#include "base/utf8.h"

// A dcep handle's low half is an index, and so small.
#define INDEX_OF(handle) ((handle)&0xffffu)

static const struct dcep_channel *dcep_of(const yodel_channel *channel)
{
    const struct dcep_channel *found = dcep_get(&channel->peer->dcep, channel->handle);

    YODEL_ASSERT(found);
    return found;
}

static bool make_room(yodel_peer *peer, uint32_t index)
{
    uint32_t room = peer->by_index_room ? peer->by_index_room : 4;

    while (room <= index) {
        room *= 2;
    }
    if (room == peer->by_index_room) {
        return true;
    }
    yodel_channel **by_index =
        alloc_resize(peer->env->alloc, peer->by_index, room * sizeof(yodel_channel *));
    if (!by_index) {
        return false;
    }
    for (uint32_t i = peer->by_index_room; i < room; i++) {
        by_index[i] = NULL;
    }
    peer->by_index = by_index;
    peer->by_index_room = room;
    return true;
}

// The W3C's side of a channel that dcep has.
static yodel_channel *add_channel(yodel_peer *peer, uint32_t handle)
{
    uint32_t index = INDEX_OF(handle);
    yodel_channel *channel =
        make_room(peer, index) ? alloc_new(peer->env->alloc, sizeof *channel) : NULL;

    if (!channel) {
        return NULL;
    }
    channel->peer = peer;
    channel->handle = handle;
    channel->number = peer->channels_made++;
    list_push_back(&peer->channels, &channel->node);
    peer->by_index[index] = channel;
    return channel;
}

static void free_channel(yodel_channel *channel)
{
    yodel_peer *peer = channel->peer;

    list_remove(&channel->node);
    peer->by_index[INDEX_OF(channel->handle)] = NULL;
    alloc_free(peer->env->alloc, channel);
}

static yodel_channel *find_channel(yodel_peer *peer, uint32_t handle)
{
    uint32_t index = INDEX_OF(handle);
    yodel_channel *channel = index < peer->by_index_room ? peer->by_index[index] : NULL;

    return channel && channel->handle == handle ? channel : NULL;
}

// ---- making

static enum yodel_err check_options(
    yodel_peer *peer, const char *label, const struct yodel_channel_options *options)
{
    const char *protocol = options->protocol ? options->protocol : "";

    if (options->has_max_packet_life_time && options->has_max_retransmits) {
        return peer_fail(
            peer, YODEL_ERR_TYPE, "a channel has a life time or retransmits, not both");
    }
    if (strlen(label) > UINT16_MAX || strlen(protocol) > UINT16_MAX) {
        return peer_fail(peer, YODEL_ERR_TYPE, "a label or a protocol is over 65535 bytes");
    }
    if (!utf8_is_valid(bytes_of_text(label)) || !utf8_is_valid(bytes_of_text(protocol))) {
        return peer_fail(peer, YODEL_ERR_TYPE, "a label or a protocol is not UTF-8");
    }
    if (options->negotiated && options->id == UINT16_MAX) {
        return peer_fail(peer, YODEL_ERR_TYPE, "the id 65535 does not exist");
    }
    return YODEL_OK;
}

YODEL_API enum yodel_err yodel_peer_create_data_channel(yodel_peer *peer, const char *label,
    const struct yodel_channel_options *options, yodel_channel **out)
{
    static const struct yodel_channel_options defaults;

    options = options ? options : &defaults;
    if (peer->is_closed) {
        return peer_fail(peer, YODEL_ERR_INVALID_STATE, "the peer connection is closed");
    }
    enum yodel_err err = check_options(peer, label, options);
    if (err) {
        return err;
    }
    struct dcep_options opened = {
        .label = bytes_of_text(label),
        .protocol = bytes_of_text(options->protocol ? options->protocol : ""),
        .unordered = options->unordered,
        .has_max_retransmits = options->has_max_retransmits,
        .has_max_lifetime = options->has_max_packet_life_time,
        .max_retransmits = options->max_retransmits,
        .max_lifetime_ms = options->max_packet_life_time,
        .negotiated = options->negotiated,
        .id = options->id,
    };
    uint32_t handle;
    err = dcep_open(&peer->dcep, &opened, &handle);
    if (err) {
        bool is_taken = err == YODEL_ERR_EXISTS || err == YODEL_ERR_TOO_LARGE;
        return peer_fail(peer, is_taken ? YODEL_ERR_OPERATION : err, "no channel can be opened: %s",
            yodel_err_text(err));
    }
    yodel_channel *channel = add_channel(peer, handle);
    if (!channel) {
        dcep_close(&peer->dcep, handle);
        return YODEL_ERR_NO_MEMORY;
    }
    *out = channel;
    peer_changed(peer);
    return YODEL_OK;
}

// ---- using

static enum yodel_err send_message(yodel_channel *channel, bool is_binary, struct bytes message)
{
    if (channel->state != YODEL_CHANNEL_OPEN) {
        return YODEL_ERR_INVALID_STATE;
    }
    enum yodel_err err = dcep_send(&channel->peer->dcep, channel->handle, is_binary, message);
    if (err) {
        return err;
    }
    channel->messages_sent++;
    channel->bytes_sent += message.len;
    peer_wake(channel->peer);
    return YODEL_OK;
}

YODEL_API enum yodel_err yodel_channel_send(yodel_channel *channel, const void *data, size_t len)
{
    return send_message(channel, true, bytes_of(data, len));
}

YODEL_API enum yodel_err yodel_channel_send_text(
    yodel_channel *channel, const char *text, size_t len)
{
    return send_message(channel, false, bytes_of(text, len));
}

YODEL_API void yodel_channel_close(yodel_channel *channel)
{
    if (channel->state == YODEL_CHANNEL_CLOSING || channel->state == YODEL_CHANNEL_CLOSED) {
        return;
    }
    channel->state = YODEL_CHANNEL_CLOSING;
    dcep_close(&channel->peer->dcep, channel->handle);
    peer_wake(channel->peer);
}

YODEL_API enum yodel_channel_state yodel_channel_ready_state(const yodel_channel *channel)
{
    return channel->state;
}

YODEL_API const char *yodel_channel_label(const yodel_channel *channel)
{
    return (const char *)dcep_of(channel)->options.label.ptr;
}

YODEL_API const char *yodel_channel_protocol(const yodel_channel *channel)
{
    return (const char *)dcep_of(channel)->options.protocol.ptr;
}

YODEL_API bool yodel_channel_ordered(const yodel_channel *channel)
{
    return !dcep_of(channel)->options.unordered;
}

YODEL_API int yodel_channel_id(const yodel_channel *channel)
{
    return dcep_of(channel)->has_id ? dcep_of(channel)->id : -1;
}

YODEL_API int yodel_channel_max_packet_life_time(const yodel_channel *channel)
{
    const struct dcep_options *options = &dcep_of(channel)->options;

    return options->has_max_lifetime ? options->max_lifetime_ms : -1;
}

YODEL_API int yodel_channel_max_retransmits(const yodel_channel *channel)
{
    const struct dcep_options *options = &dcep_of(channel)->options;

    return options->has_max_retransmits ? options->max_retransmits : -1;
}

YODEL_API bool yodel_channel_negotiated(const yodel_channel *channel)
{
    return dcep_of(channel)->options.negotiated;
}

YODEL_API yodel_peer *yodel_channel_peer(const yodel_channel *channel)
{
    return channel->peer;
}

YODEL_API size_t yodel_channel_buffered_amount(const yodel_channel *channel)
{
    return dcep_buffered(&channel->peer->dcep, channel->handle);
}

YODEL_API void yodel_channel_set_buffered_amount_low_threshold(yodel_channel *channel, size_t bytes)
{
    channel->low_threshold = bytes;
    dcep_set_low_threshold(&channel->peer->dcep, channel->handle, bytes);
}

YODEL_API size_t yodel_channel_buffered_amount_low_threshold(const yodel_channel *channel)
{
    return channel->low_threshold;
}

YODEL_API void yodel_channel_set_user(yodel_channel *channel, void *user)
{
    channel->user = user;
}

YODEL_API void *yodel_channel_user(const yodel_channel *channel)
{
    return channel->user;
}

// ---- events

static void depart(yodel_channel *channel)
{
    channel->state = YODEL_CHANNEL_CLOSED;
    channel->peer->departed = channel;
    channel->peer->channels_closed++;
}

void channel_free_departed(yodel_peer *peer)
{
    if (peer->departed) {
        free_channel(peer->departed);
        peer->departed = NULL;
    }
}

static bool take_incoming(yodel_peer *peer, struct yodel_event *event, uint32_t handle)
{
    yodel_channel *channel = add_channel(peer, handle);

    if (!channel) {
        dcep_close(&peer->dcep, handle); // No memory: as if it had been refused.
        return false;
    }
    channel->state = YODEL_CHANNEL_OPEN;
    peer->channels_opened++;
    peer->announced = channel;
    event->type = YODEL_EVENT_DATA_CHANNEL;
    event->channel = channel;
    return true;
}

// W3C webrtc §6.2: a channel that the other side made is told of, and then told open, unless it was
// closed at once.
static bool next_open(yodel_peer *peer, struct yodel_event *event)
{
    yodel_channel *channel = peer->announced;

    peer->announced = NULL;
    if (!channel || channel->state != YODEL_CHANNEL_OPEN) {
        return false;
    }
    event->type = YODEL_EVENT_CHANNEL_OPEN;
    event->channel = channel;
    return true;
}

// The association broke: each channel that still stands has an error and a close to tell.
static void take_failure(yodel_peer *peer, enum sctp_failure failure)
{
    static const char *const texts[] = {
        [SCTP_FAIL_NONE] = "the association ended",
        [SCTP_FAIL_TIMEOUT] = "the other side does not answer any more",
        [SCTP_FAIL_ABORTED] = "the other side closed the connection",
        [SCTP_FAIL_PROTOCOL] = "the other side broke the protocol",
        [SCTP_FAIL_TOO_LARGE] = "the other side sent a message over the limit",
        [SCTP_FAIL_RESTARTED] = "the other side began again",
    };

    if (!peer->has_failed) { // What DTLS said is the reason.
        (void)peer_fail(peer, YODEL_ERR_NETWORK, "%s", texts[failure]);
    }
    peer->tells_channel_errors = true;
}

// One channel's error, then (by dcep) its close.
static bool next_error(yodel_peer *peer, struct yodel_event *event)
{
    if (!peer->tells_channel_errors) {
        return false;
    }
    for (struct list_node *node = list_first(&peer->channels); node;
         node = list_next(&peer->channels, node)) {
        yodel_channel *channel = CONTAINER_OF(node, struct yodel_channel, node);

        if (!channel->has_error && channel->state != YODEL_CHANNEL_CLOSED) {
            channel->has_error = true;
            event->type = YODEL_EVENT_CHANNEL_ERROR;
            event->channel = channel;
            event->text = peer->error_text;
            return true;
        }
    }
    peer->tells_channel_errors = false;
    return false;
}

// What happened to a channel that we know; true where it is to be told.
static bool take_event(
    yodel_channel *channel, const struct dcep_event *dcep, struct yodel_event *event)
{
    event->channel = channel;
    switch (dcep->type) {
    case DCEP_EVENT_OPENED:
        if (channel->state != YODEL_CHANNEL_CONNECTING) {
            return false; // It was closed before this could be told.
        }
        channel->state = YODEL_CHANNEL_OPEN;
        channel->peer->channels_opened++;
        event->type = YODEL_EVENT_CHANNEL_OPEN;
        return true;
    case DCEP_EVENT_MESSAGE:
        channel->messages_received++;
        channel->bytes_received += dcep->data.len;
        event->type = YODEL_EVENT_CHANNEL_MESSAGE;
        event->message.data = dcep->data.ptr;
        event->message.len = dcep->data.len;
        event->message.is_text = !dcep->is_binary;
        return true;
    case DCEP_EVENT_CLOSING:
        channel->state = YODEL_CHANNEL_CLOSING;
        event->type = YODEL_EVENT_CHANNEL_CLOSING;
        return true;
    case DCEP_EVENT_CLOSED:
        depart(channel);
        event->type = YODEL_EVENT_CHANNEL_CLOSE;
        return true;
    case DCEP_EVENT_BUFFERED_LOW:
        event->type = YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW;
        return true;
    case DCEP_EVENT_INCOMING:
    case DCEP_EVENT_ASSOCIATION_CONNECTED:
    case DCEP_EVENT_ASSOCIATION_CLOSED:
    case DCEP_EVENT_ASSOCIATION_FAILED:
        break;
    }
    return false;
}

bool channel_next_event(yodel_peer *peer, struct yodel_event *event)
{
    struct dcep_event dcep;

    if (next_open(peer, event) || next_error(peer, event)) {
        return true;
    }
    while (dcep_next_event(&peer->dcep, &dcep)) {
        yodel_channel *channel = find_channel(peer, dcep.channel);

        if (dcep.type == DCEP_EVENT_ASSOCIATION_FAILED) {
            take_failure(peer, dcep.failure);
            if (next_error(peer, event)) {
                return true;
            }
        } else if (dcep.type == DCEP_EVENT_INCOMING) {
            if (take_incoming(peer, event, dcep.channel)) {
                return true;
            }
        } else if (channel && take_event(channel, &dcep, event)) {
            return true;
        }
    }
    return false;
}

void channel_close_all(yodel_peer *peer)
{
    for (struct list_node *node = list_first(&peer->channels); node;
         node = list_next(&peer->channels, node)) {
        CONTAINER_OF(node, struct yodel_channel, node)->state = YODEL_CHANNEL_CLOSED;
    }
}

void channel_free_all(yodel_peer *peer)
{
    struct list_node *node;

    while ((node = list_first(&peer->channels))) {
        free_channel(CONTAINER_OF(node, struct yodel_channel, node));
    }
    alloc_free(peer->env->alloc, peer->by_index);
}
