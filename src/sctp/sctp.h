// SCTP: one association, sans-IO, as data channels use it: over DTLS, with one path and one peer.
//
// Implements  RFC 9260 (SCTP) as profiled by RFC 8831 §5, §6 and RFC 8261 (over DTLS); RFC 3758
//             (partial reliability); RFC 6525 (stream reset)
// Not here    data channels (src/dcep); I-DATA (RFC 8260), which we do not offer; path MTU
//             discovery; more than one path
// Ownership   the caller owns the struct. A message of an event lives until the next recv, tick or
//             next_event; sending does not end it
// Time        every `now` must be at least the one before it. Calls that a user makes take none:
//             what they start begins at the next tick or emit
// Threads     none: any thread may call, one at a time
// Limits      sctp_config names them; inside, each file names its own

#ifndef SCTP_SCTP_H
#define SCTP_SCTP_H

#include "sctp/cookie.h"
#include "sctp/reset.h"
#include "sctp/rx.h"
#include "sctp/tx.h"

#define SCTP_PORT_DEFAULT 5000
#define SCTP_MTU_DEFAULT 1163
#define SCTP_MTU_MIN 512
#define SCTP_MESSAGE_MAX_DEFAULT ((size_t)256 << 10)
#define SCTP_WINDOW_DEFAULT ((size_t)2 << 20)
#define SCTP_SEND_BUFFER_DEFAULT ((size_t)16 << 20)
#define SCTP_RETRANSMITS_MAX                                                                       \
    60 // In a row without an answer; each is about a second apart (sctp/rto.h).
#define SCTP_HEARTBEAT_INTERVAL YODEL_SECONDS(30)
#define SCTP_HEARTBEAT_INFO_MAX 256
#define SCTP_REPORT_MAX 128 // Bytes that we quote of what we do not know.

// Zero means the default.
struct sctp_config {
    uint16_t local_port;
    uint16_t remote_port;
    size_t mtu;              // The longest packet, without DTLS and what is below.
    size_t max_message_size; // The largest message to accept.
    size_t receive_window;   // At least twice that is used.
    size_t send_buffer;      // Bytes that may wait to be sent.
};

enum sctp_state {
    SCTP_CLOSED,
    SCTP_COOKIE_WAIT,
    SCTP_COOKIE_ECHOED,
    SCTP_ESTABLISHED,
    SCTP_SHUTDOWN_PENDING,
    SCTP_SHUTDOWN_SENT,
    SCTP_SHUTDOWN_RECEIVED,
    SCTP_SHUTDOWN_ACK_SENT,
    SCTP_ENDED, // For good: closed, aborted or failed.
};

enum sctp_failure {
    SCTP_FAIL_NONE,
    SCTP_FAIL_TIMEOUT,   // The peer does not answer.
    SCTP_FAIL_ABORTED,   // The peer aborted.
    SCTP_FAIL_PROTOCOL,  // The peer broke the protocol, and we aborted.
    SCTP_FAIL_TOO_LARGE, // The peer sent a message over our limit, and we aborted.
    SCTP_FAIL_RESTARTED, // The peer forgot the association and began another.
};

// Why a packet or a chunk was not used.
enum sctp_drop {
    SCTP_DROP_SHORT,
    SCTP_DROP_CHECKSUM,
    SCTP_DROP_PORT,
    SCTP_DROP_TAG,
    SCTP_DROP_MALFORMED,
    SCTP_DROP_STATE, // Not in this state.
    SCTP_DROP_UNKNOWN,
    SCTP_DROP_COOKIE,
    SCTP_DROP_DUPLICATE,
    SCTP_DROP_NO_ROOM,
    SCTP_DROP_COUNT,
};

struct sctp_stats {
    uint64_t packets_received;
    uint64_t packets_sent;
    uint64_t drops[SCTP_DROP_COUNT];
};

enum sctp_event_type {
    SCTP_EVENT_CONNECTED,
    SCTP_EVENT_MESSAGE,
    SCTP_EVENT_STREAM_RESET_INCOMING, // The peer sends nothing more on it, or anew from the
                                      // beginning.
    SCTP_EVENT_STREAM_RESET_DONE,     // Our reset of it has been performed.
    SCTP_EVENT_BUFFERED_LOW,
    SCTP_EVENT_CLOSED, // Shut down in order.
    SCTP_EVENT_FAILED,
};

struct sctp_event {
    enum sctp_event_type type;
    uint16_t stream;
    uint32_t ppid;
    struct bytes data;
    enum sctp_failure failure;
};

// What an INIT asked for, kept until the INIT ACK is written. §5.1.3: nothing else is.
struct sctp_init_reply {
    bool due;
    struct sctp_cookie cookie;
    uint8_t report[SCTP_REPORT_MAX];
    size_t report_len;
};

struct sctp {
    const struct env *env;
    struct sctp_config config;
    enum sctp_state state;
    uint32_t our_tag;
    uint32_t peer_tag; // 0: not known.
    uint32_t our_first_tsn;
    bool is_started;
    bool peer_re_config;
    bool shutdown_wanted;
    uint8_t cookie_key[SCTP_COOKIE_KEY_SIZE];

    // Setting up and shutting down: what is owed, and the timer for what was sent (T1, T2).
    struct sctp_init_reply init_reply;
    uint8_t *peer_cookie;
    size_t peer_cookie_len;
    bool setup_due; // INIT or COOKIE ECHO, SHUTDOWN or SHUTDOWN ACK.
    yodel_time setup_at;
    uint32_t setup_count;
    bool cookie_ack_due;
    bool shutdown_complete_due;
    bool shutdown_complete_reflects; // With the T bit.
    bool stale_cookie_due;
    uint32_t stale_cookie_tag;
    bool abort_due;
    enum sctp_cause abort_cause;

    // Heartbeats and errors.
    yodel_time heartbeat_at;
    bool heartbeat_due;
    bool heartbeat_waits; // For its answer.
    uint64_t heartbeat_nonce;
    yodel_time heartbeat_sent_at;
    uint8_t heartbeat_info[SCTP_HEARTBEAT_INFO_MAX]; // To echo.
    size_t heartbeat_info_len;
    bool heartbeat_ack_due;
    enum sctp_cause error_cause; // To report; 0: nothing.
    uint8_t error_info[SCTP_REPORT_MAX];
    size_t error_info_len;

    bool tell_connected;
    bool tell_closed;
    enum sctp_failure tell_failure;

    struct sctp_streams streams;
    struct sctp_rx rx;
    struct sctp_tx tx;
    struct sctp_reset reset;
    struct sctp_stats stats;
};

void sctp_init(struct sctp *sctp, const struct env *env, const struct sctp_config *config);
void sctp_deinit(struct sctp *sctp);

// Begins the association with the next emit. Both sides of a data channel transport do (RFC 8832 §6
// needs no order).
void sctp_start(struct sctp *sctp);
void sctp_set_mtu(struct sctp *sctp, size_t mtu);

void sctp_recv(struct sctp *sctp, struct bytes packet, yodel_time now);
void sctp_tick(struct sctp *sctp, yodel_time now);

// The path works again: what should have been acknowledged by now is sent again without waiting for
// its timer, which may have backed off, and the peer is told what arrived. Or it is another, and all
// that was on its way along the old one is lost.
void sctp_hurry(struct sctp *sctp, bool is_all_lost, yodel_time now);

// Builds one packet in `room`, which should hold the mtu, and returns its length, or 0.
size_t sctp_emit(struct sctp *sctp, struct span room, yodel_time now);
bool sctp_next_event(struct sctp *sctp, struct sctp_event *event);
yodel_time sctp_next_timeout(const struct sctp *sctp);

// Copies the message, which has at least one byte. Fails with INVALID_STATE (shutting down, ended,
// or the stream is being reset), TYPE (empty), RANGE (no such stream), TOO_LARGE, WOULD_BLOCK
// (BUFFERED_LOW follows for this stream), NO_MEMORY.
YODEL_MUST_USE enum yodel_err sctp_send(struct sctp *sctp, uint16_t stream, uint32_t ppid,
    struct bytes message, const struct sctp_send_options *options);

// Bytes on the stream that have not been sent for the first time. BUFFERED_LOW tells when they fall
// to the threshold.
size_t sctp_buffered(const struct sctp *sctp, uint16_t stream);
enum yodel_err sctp_set_low_threshold(struct sctp *sctp, uint16_t stream, size_t bytes);

// Ends our half of the stream, once all that waits on it has been sent. STREAM_RESET_DONE follows.
YODEL_MUST_USE enum yodel_err sctp_reset_stream(struct sctp *sctp, uint16_t stream);

// Whether a reset of it has been asked for and not been answered; until then it takes no message.
bool sctp_is_resetting(const struct sctp *sctp, uint16_t stream);

// Shuts down once all that waits has arrived; CLOSED follows. Or at once, telling the peer with the
// next emit.
void sctp_shutdown(struct sctp *sctp);
void sctp_abort(struct sctp *sctp);

bool sctp_is_connected(const struct sctp *sctp);

// How many streams we may send on; the most there are before the association is set up.
uint32_t sctp_stream_count(const struct sctp *sctp);

#endif
