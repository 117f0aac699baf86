// Data channels: the W3C's, over one SCTP association.
//
// A channel is a pair of streams with one number. It is opened by a message on it (or by both sides
// knowing its number),
// and closed by resetting both streams.
//
// Implements  RFC 8831 §6 (channels, closing), RFC 8832 §6 (opening), W3C webrtc §6.1, §6.2
// Not here    the wire format (dcep/message.h); driving the association: its owner calls sctp_recv,
//             sctp_tick, sctp_emit, and takes events from here alone
// Ownership   borrows the association; owns its channels. What an event points to lives until the
//             next recv, tick or next_event
// Time        none: the association has it
// Limits      DCEP_CHANNELS_MAX channels; DCEP_TEXT_MAX bytes of labels and protocols in all
// Departs     a channel that we open is open once its OPEN message is on its way, without waiting
//             for the ACK, as RFC 8832 §6 allows and browsers do; until the ACK its messages are
//             sent in order

#ifndef DCEP_DCEP_H
#define DCEP_DCEP_H

#include "dcep/message.h"
#include "sctp/sctp.h"

#define DCEP_CHANNELS_MAX 1024
#define DCEP_TEXT_MAX ((size_t)4 << 20)
#define DCEP_ID_MAX 65534

struct dcep_options {
    struct bytes label; // UTF-8, at most 65535 bytes, and copied.
    struct bytes protocol;
    bool unordered;
    bool has_max_retransmits; // At most one of the two.
    bool has_max_lifetime;
    uint16_t max_retransmits;
    uint16_t max_lifetime_ms;
    bool negotiated; // Both sides open it with the same `id`.
    uint16_t id;
};

enum dcep_state { DCEP_CONNECTING, DCEP_OPENED, DCEP_CLOSING, DCEP_CLOSED };

enum dcep_event_type {
    DCEP_EVENT_ASSOCIATION_CONNECTED,
    DCEP_EVENT_ASSOCIATION_CLOSED,
    DCEP_EVENT_ASSOCIATION_FAILED, // `failure`.
    DCEP_EVENT_OPENED,             // A channel of ours.
    DCEP_EVENT_INCOMING,           // The peer opened one: it is open; ask dcep_get for the rest.
    DCEP_EVENT_MESSAGE,            // `data`; text is valid UTF-8.
    DCEP_EVENT_CLOSING,            // The peer closes it.
    DCEP_EVENT_CLOSED,             // The handle is good until the next dcep_next_event.
    DCEP_EVENT_BUFFERED_LOW,
};

struct dcep_event {
    enum dcep_event_type type;
    uint32_t channel; // The handle.
    bool is_binary;
    struct bytes data;
    enum sctp_failure failure;
};

struct dcep_channel {
    uint32_t handle;
    enum dcep_state state;
    bool has_id;
    uint16_t id;
    struct dcep_options options; // `label` and `protocol` point into `text`.

    bool is_acknowledged; // Or known to the peer in another way.
    bool owes_open;       // What could not be sent yet.
    bool owes_ack;
    bool owes_reset;
    bool our_half_ended;
    bool peer_half_ended;
    bool tell_opened;
    bool tell_closed;
    size_t low_threshold;
    uint8_t text[];
};

struct dcep_stats {
    uint64_t dropped; // Messages without a channel, of an unknown kind, or malformed.
    uint64_t refused; // Channels that the peer wanted and did not get.
    uint64_t messages_sent;
    uint64_t messages_received;
    uint64_t channels_opened;
    uint64_t channels_closed;
};

struct dcep {
    const struct env *env;
    struct sctp *sctp;
    struct dcep_channel **channels; // By the low half of the handle.
    uint32_t channel_room;
    uint32_t channel_count;
    uint16_t *by_id; // Index plus 1, or 0.
    uint32_t by_id_room;
    uint32_t generation; // The high half of the next handle.
    size_t text_len;
    size_t peer_max_message; // 0: no limit.
    bool has_role;
    bool is_client;
    bool is_connected;
    bool has_ended;
    uint32_t owed; // Channels that owe something, and those with something to tell.
    uint32_t news;
    struct dcep_channel *dying; // Its last event is out.
    struct dcep_stats stats;
};

void dcep_init(struct dcep *dcep, const struct env *env, struct sctp *sctp);
void dcep_deinit(struct dcep *dcep);

// The DTLS client opens channels with even numbers, the server with odd ones. Channels that were opened before get theirs
// now.
void dcep_set_role(struct dcep *dcep, bool is_dtls_client);

// The other side's a=max-message-size; 0 means that it takes any.
void dcep_set_max_message_size(struct dcep *dcep, size_t bytes);

// Fails with TYPE (text too long or not UTF-8, both limits, an id of 65535), EXISTS (the id is taken), TOO_LARGE (no more
// channels, text or ids), INVALID_STATE (the association has ended), NO_MEMORY.
YODEL_MUST_USE enum yodel_err dcep_open(
    struct dcep *dcep, const struct dcep_options *options, uint32_t *handle);

// Fails with INVALID_STATE (not open), TOO_LARGE (over the peer's limit), TYPE (text that is not UTF-8), WOULD_BLOCK
// (BUFFERED_LOW follows), NOT_FOUND, NO_MEMORY.
YODEL_MUST_USE enum yodel_err dcep_send(
    struct dcep *dcep, uint32_t handle, bool is_binary, struct bytes message);

// Sends what waits and ends both halves; CLOSED follows.
void dcep_close(struct dcep *dcep, uint32_t handle);

// NULL where there is no such channel, or none any more.
const struct dcep_channel *dcep_get(const struct dcep *dcep, uint32_t handle);
size_t dcep_buffered(const struct dcep *dcep, uint32_t handle);
void dcep_set_low_threshold(struct dcep *dcep, uint32_t handle, size_t bytes);

bool dcep_next_event(struct dcep *dcep, struct dcep_event *event);

#endif
